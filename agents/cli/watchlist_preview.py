"""What an import comes to, as people and machines see it: what was read, refused and warned of, what would change.

Never does: keep or publish anything; show what a refused row says anywhere but in the owner's own report.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from comity.v1 import payload_pb2 as pb
from comity.v1 import watchlist_pb2

from agents.cli.catalogue import t
from agents.cli.exits import CommandError, NothingFoundError
from agents.cli.session import Session
from agents.cli.times import now_ms
from agents.cli.words import label, sentence
from agents.sync.diff import ChangeKind, diff
from agents.sync.exporters.csv_rows import cell
from agents.sync.importers.rows import Warned
from agents.sync.owner import lists
from agents.sync.owner.cutting import Change
from agents.sync.owner.lists import ListRow
from agents.sync.owner.store import OwnerStore
from agents.sync.progress import ImportInfo, ImportState
from agents.sync.staging import Staging, StagingError

STAGING: Final = "staging.db"
"""Name of the file of imports in a home."""
SHOWN: Final = 20
"""So many rows of a kind are shown."""
LISTED: Final = 1000
"""So many are listed for machines; a report has them all."""


@dataclass(slots=True)
class Preview:
    """What a list would become."""

    counts: Counter[ChangeKind] = field(default_factory=Counter)
    shown: list[tuple[str, str, str]] = field(default_factory=list)
    blocks: int = 0

    @property
    def changes(self) -> int:
        """How many entries change."""
        return sum(count for kind, count in self.counts.items() if kind is not ChangeKind.KEEP)

    def view(self) -> dict[str, int]:
        """Returns the counts for machines."""
        return {
            "added": self.counts[ChangeKind.ADD],
            "changed": self.counts[ChangeKind.CHANGE],
            "removed": self.counts[ChangeKind.REMOVE],
            "unchanged": self.counts[ChangeKind.KEEP],
            "block": self.blocks,
        }


@contextmanager
def staging(session: Session) -> Iterator[Staging]:
    """Opens the imports of this home."""
    with Staging.open(session.home.path / STAGING) as found:
        yield found


def import_named(staged: Staging, prefix: str) -> ImportInfo:
    """Returns the import whose id begins so; the newest where nothing is named.

    Raises:
        NothingFoundError: there is none.
    """
    fitting = [info for info in staged.imports() if info.id.startswith(prefix.lower())]
    if not fitting or (prefix and len(fitting) > 1):
        raise NothingFoundError(t("There is no such import: see `comity watchlist import`."))
    return fitting[-1]


def import_view(info: ImportInfo) -> dict[str, Any]:
    """Returns an import for machines."""
    counts = info.counts
    return {
        "id": info.id,
        "state": info.state.value,
        "format": info.format.value,
        "sha256": info.sha256.hex(),
        "rows": counts.rows,
        "accepted": counts.accepted,
        "entries": counts.entries,
        "merged": counts.merged,
        "left_out": counts.left_out,
        "refused": {code.value: count for code, count in sorted(counts.refused.items())},
        "warned": {flag.name or str(int(flag)): count for flag, count in sorted(counts.warned.items())},
        "fault": info.fault.value if info.fault else None,
        "fault_row": info.fault_row or None,
    }


def previewed(store: OwnerStore, staged: Staging, row: ListRow, info: ImportInfo, remove_absent: list[str]) -> Preview:
    """Returns what a list would become."""
    found = Preview()
    kinds = {ChangeKind.ADD: t("New"), ChangeKind.CHANGE: t("Changed"), ChangeKind.REMOVE: t("Removed")}
    for kind, entry, _ in _lots(store, staged, row, info, remove_absent):
        found.counts[kind] += 1
        if kind is not ChangeKind.KEEP:
            found.blocks += kind is not ChangeKind.REMOVE and entry.action == pb.WATCH_ACTION_BLOCK
            if len(found.shown) < SHOWN:
                subject = entry.account or entry.transaction
                found.shown.append((kinds[kind], subject, f"{entry.giver}: {entry.category}"))
    return found


def _lots(
    store: OwnerStore, staged: Staging, row: ListRow, info: ImportInfo, remove_absent: list[str]
) -> Iterator[tuple[ChangeKind, watchlist_pb2.WatchEntry, bytes]]:
    """Yields every entry's lot with the entry that is put or was live, ascending."""
    try:
        delisted = set(staged.delisted(info.id))
        with store.read() as c:
            live = (
                (bytes(key), watchlist_pb2.WatchRecord.FromString(data)) for key, data in lists.records(c, row.number)
            )
            for change in diff(staged.candidates(info.id), live, remove_absent_of=remove_absent, now_ms=now_ms()):
                kind = change.kind
                if kind is ChangeKind.KEEP and change.entry_id in delisted:
                    kind = ChangeKind.REMOVE
                entry = change.entry or change.before
                if entry is not None:
                    yield kind, entry, change.entry_id
    except StagingError as error:
        raise CommandError(t("The import cannot be used ({code}).", code=error.code.value)) from None


def changes_of(
    store: OwnerStore, staged: Staging, row: ListRow, info: ImportInfo, remove_absent: list[str]
) -> Iterator[Change]:
    """Yields the changes that make a list what the import wants, ascending."""
    for kind, entry, entry_id in _lots(store, staged, row, info, remove_absent):
        if kind is ChangeKind.REMOVE:
            yield watchlist_pb2.Removal(
                entry_id=entry_id, version=entry.version, reason=watchlist_pb2.REMOVAL_REASON_DELISTED
            )
        elif kind is not ChangeKind.KEEP:
            yield entry


def show_import(session: Session, info: ImportInfo) -> None:
    """Shows how an import stands."""
    counts = info.counts
    session.screen.fields(
        [
            (t("Import"), info.id),
            (t("State"), label(info.state)),
            (t("Format"), info.format.value),
            (t("Rows"), str(counts.rows)),
            (t("Entries"), str(counts.entries)),
            (t("Merged"), str(counts.merged)),
            (t("Passed over"), str(counts.left_out)),
            (t("Rows refused"), ", ".join(f"{code}: {n}" for code, n in sorted(counts.refused.items())) or "0"),
            (t("Warnings"), ", ".join(f"{flag.name}: {n}" for flag, n in sorted(counts.warned.items())) or "0"),
        ]
    )


def show_preview(session: Session, preview: Preview) -> None:
    """Shows what would change."""
    counts = preview.view()
    session.screen.heading(t("What would change"))
    session.screen.fields(
        [
            (t("New"), str(counts["added"])),
            (t("Changed"), str(counts["changed"])),
            (t("Removed"), str(counts["removed"])),
            (t("Unchanged"), str(counts["unchanged"])),
            (t("With the action block"), str(counts["block"])),
        ]
    )


def first_refusals(session: Session, staged: Staging, info: ImportInfo) -> list[dict[str, Any]]:
    """Shows the first refused rows and returns them for machines, without what they say."""
    found = []
    for refusal in staged.refusals(info.id):
        found.append({"row": refusal.row, "column": refusal.column, "code": refusal.code.value, "text": refusal.text})
        if len(found) > LISTED - 1:
            break
    if found:
        session.screen.heading(t("Rows refused"))
        rows = [(str(one["row"]), str(one["column"]), f"{one['text']} ({one['code']})") for one in found[:SHOWN]]
        session.screen.table((t("Row"), t("Column"), t("Why")), rows)
        if info.counts.refused.total() > SHOWN:
            session.screen.say(t("… and {n} more.", n=info.counts.refused.total() - SHOWN), "dim")
    return found


def warned_of(staged: Staging, info: ImportInfo) -> list[tuple[str, str, str]]:
    """Returns the entries on the lists of wallets that belong to everybody or nobody."""
    if info.state is not ImportState.DONE:
        return []
    serious = Warned.BURN | Warned.EXCHANGE | Warned.BRIDGE
    found = []
    for desired in staged.candidates(info.id):
        if desired.warned & serious:
            why = ", ".join(sentence(flag.name or "") for flag in desired.warned & serious)
            found.append((str(desired.first_row), desired.entry.account, why))
            if len(found) > LISTED - 1:
                break
    return found


def write_report(staged: Staging, info: ImportInfo, path: Path | None) -> str | None:
    """Writes every refused row to a file of the owner's own. Returns its name."""
    if path is None:
        return None
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "column", "code", "text", "shown"))
        for one in staged.refusals(info.id):
            writer.writerow((one.row, cell(one.column), one.code.value, one.text, cell(one.shown)))
    return str(path)
