"""How an import stands: its state, how far it came, and what its rows came to.

Never does: keep anything (`staging`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from agents.sync.importers.faults import FaultCode
from agents.sync.importers.policy import ImportPolicy
from agents.sync.importers.rows import Format, RefusalCode, Warned


class ImportState(StrEnum):
    """Where an import stands."""

    RUNNING = "RUNNING"
    """In progress, or cut off: it can be taken up."""
    DONE = "DONE"
    """At its end; its entries can be published."""
    STOPPED = "STOPPED"
    """A row was refused and the owner wished to stop; nothing can be published."""
    REFUSED = "REFUSED"
    """The file turned out to be unusable; nothing can be published."""


class StagingCode(StrEnum):
    """Why an import cannot be used as asked."""

    UNKNOWN_IMPORT = "UNKNOWN_IMPORT"
    NOT_COMPLETE = "NOT_COMPLETE"
    BUSY = "BUSY"
    NEWER_VERSION = "NEWER_VERSION"

    @property
    def text(self) -> str:
        """One constant sentence."""
        return {
            StagingCode.UNKNOWN_IMPORT: "there is no such import",
            StagingCode.NOT_COMPLETE: "the import did not come to its end; nothing of it can be published",
            StagingCode.BUSY: "another process runs this import",
            StagingCode.NEWER_VERSION: "the staging file was made by a newer version",
        }[self]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run came."""

    rows: int
    bytes_done: int
    """Bytes of the file on disk. A file that is read twice begins anew."""
    bytes_total: int


@dataclass(slots=True)
class ImportCounts:
    """What the rows came to."""

    rows: int = 0
    """Rows read."""
    accepted: int = 0
    """Rows that say something of an entry."""
    entries: int = 0
    """Different entries among them, delisted ones included; counted at the end."""
    left_out: int = 0
    """Events after the moment that the policy asks for, and what is passed over: remarks, objects without a wallet."""
    refused: Counter[RefusalCode] = field(default_factory=Counter)
    """Rows refused, by code."""
    warned: Counter[Warned] = field(default_factory=Counter)
    """Rows accepted with a warning, by warning."""

    @property
    def merged(self) -> int:
        """Accepted rows beyond the first of their entry, once the import has come to its end."""
        return self.accepted - self.entries if self.entries else 0

    def stored(self) -> dict[str, Any]:
        """Returns the counts for storage."""
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "entries": self.entries,
            "left_out": self.left_out,
            "refused": {code.value: count for code, count in self.refused.items()},
            "warned": {str(int(flag)): count for flag, count in self.warned.items()},
        }


def counts_of(stored: dict[str, Any]) -> ImportCounts:
    """Returns stored counts."""
    return ImportCounts(
        stored["rows"],
        stored["accepted"],
        stored["entries"],
        stored["left_out"],
        Counter({RefusalCode(code): count for code, count in stored["refused"].items()}),
        Counter({Warned(int(flag)): count for flag, count in stored["warned"].items()}),
    )


@dataclass(frozen=True, slots=True)
class ImportInfo:
    """An import as it stands."""

    key: int
    """Number in the staging file."""
    id: str
    created: int
    """Unix milliseconds UTC."""
    path: Path
    """Where the file was."""
    size: int
    """Bytes of the file."""
    sha256: bytes
    """Of the file."""
    format: Format
    policy: ImportPolicy
    state: ImportState
    rows: int
    """Rows judged; where it goes on."""
    bytes_done: int
    counts: ImportCounts
    fault: FaultCode | None
    """REFUSED: why."""
    fault_row: int
    """REFUSED: the row where it shows, 0 for the file as such."""
