"""Exports lists to one file: what may leave is written as it is read, what stays is counted.

Steps: (1) the lists that may leave at all; none, and nothing is written; (2) each record that is in force, under its
list's handling merged with its own; (3) the format; (4) the file, whole or not at all.

Never does: hold a list in memory, write a row that the handling keeps, ask a network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from comity.handling import Handling
from comity.v1 import watchlist_pb2 as wl
from comity.watchlists.entries import entry_id

from agents.sync.exporters import csv_rows, misp, stix, tagpack
from agents.sync.exporters.files import write_whole
from agents.sync.exporters.policy import Destination, ExportRefusedError, Withheld, standing
from agents.sync.exporters.rows import Listed, ListHead, Row, limits, place
from agents.sync.screening.handled import of_entry

EVERY: Final = 1000
"""Rows between two words of progress."""

Progress = Callable[[str, int, int], None]
"""Takes the name of what is worked on, what is done and what there is to do."""


class Format(StrEnum):
    """What is written."""

    CSV = "csv"
    STIX = "stix"
    TAGPACK = "tagpack"
    MISP = "misp"


@dataclass(frozen=True, slots=True)
class ListReport:
    """What became of one list."""

    head: ListHead
    """The list."""
    refused: Withheld | None
    """Why it stays as a whole; None where it does not."""
    written: int
    """Entries in the file."""
    withheld: Mapping[Withheld, int]
    """Entries that stay, by code."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What became of an export."""

    path: Path
    """The file."""
    length: int
    """Its length in bytes."""
    lists: tuple[ListReport, ...]
    """Each list that was asked for, in its order."""


def export(
    lists: Sequence[Listed],
    form: Format,
    destination: Destination,
    path: Path,
    *,
    now_ms: int,
    progress: Progress | None = None,
) -> ExportReport:
    """Writes lists to a file.

    Args:
        lists: what was asked for.
        form: of the file.
        destination: whom it is for.
        path: of the file; replaced where there is one.
        now_ms: Unix milliseconds UTC; what is in force then is written.
        progress: told a list's title, how many of its records were read and how many there are, every thousand.

    Raises:
        ExportRefusedError: no list may leave. Nothing was written.
        OSError: the file cannot be written. Nothing was changed.
    """
    sections = [_Section(one, destination, now_ms, progress) for one in lists]
    leaving = [section for section in sections if section.refused is None]
    if not leaving:  # step 1
        raise ExportRefusedError(tuple(section.refused for section in sections if section.refused is not None))
    heads = [section.head for section in leaving]
    pieces = _pieces(form, heads, ((section.head, section.rows()) for section in leaving), destination)
    length = write_whole(path, pieces)  # step 4
    return ExportReport(path, length, tuple(section.report() for section in sections))


class _Section:
    """One list on its way into the file, and the counts of it."""

    def __init__(self, listed: Listed, destination: Destination, now_ms: int, progress: Progress | None) -> None:
        self.head = listed.head
        self.refused = destination.withheld(listed.head.handling, listed.head.owner, now_ms)
        self._listed, self._destination, self._now_ms, self._progress = listed, destination, now_ms, progress
        self._written = 0
        self._withheld: Counter[Withheld] = Counter()
        self._merged: dict[bytes, tuple[Handling, Withheld | None]] = {}

    def report(self) -> ListReport:
        """Returns what became of it so far."""
        return ListReport(self.head, self.refused, self._written, dict(self._withheld))

    def rows(self) -> Iterator[Row]:
        """Yields what may leave (step 2)."""
        for number, record in enumerate(self._listed.records(), start=1):
            if number % EVERY == 0 and self._progress is not None:
                self._progress(self.head.title, number, self._listed.count)
            entry = record.entry
            handling, why = self._handling(entry)
            why = standing(record, self._now_ms) or why
            if why is not None:
                self._withheld[why] += 1
                continue
            self._written += 1
            chain, value = place(entry)
            yield Row(self.head, entry_id(entry), entry, handling, chain, value)

    def _handling(self, entry: wl.WatchEntry) -> tuple[Handling, Withheld | None]:
        if not entry.HasField("handling"):
            return self.head.handling, None
        key = entry.handling.SerializeToString(deterministic=True)
        if key not in self._merged:  # few handlings serve very many entries
            if len(self._merged) >= EVERY:
                self._merged.clear()
            both = of_entry(self.head.handling, entry)
            self._merged[key] = (both, self._destination.withheld(both, self.head.owner, self._now_ms))
        return self._merged[key]


def _pieces(
    form: Format,
    heads: Sequence[ListHead],
    sections: Iterable[tuple[ListHead, Iterable[Row]]],
    destination: Destination,
) -> Iterable[str]:
    """Returns the text of the file, made as it is read (step 3)."""
    match form:
        case Format.CSV:
            return csv_rows.write(sections)
        case Format.STIX:
            positions = [f"{head.list_id.hex()} {head.sequence}" for head in heads]
            return stix.write(sections, name="\n".join([destination.to, *positions]))
        case Format.TAGPACK:
            named = [f"{head.title} ({head.owner_desk}, batch {head.sequence})" for head in heads]
            said = sorted({limits(head.handling) for head in heads})
            return tagpack.write(
                sections,
                title="; ".join(head.title for head in heads),
                creator=destination.own,
                description="; ".join(named + said),
            )
        case Format.MISP:
            return misp.write(sections, several=len(heads) > 1)
