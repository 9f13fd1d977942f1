"""What a list must change to become as wanted: new and changed entries, unchanged ones, removals. Pure, in one pass.

Both sides come in ascending order of entry ids, so a list of any length takes the memory of two entries.

Never does: sign, keep or publish anything; lift a suspension; loosen an entry's handling.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from comity.v1 import watchlist_pb2
from comity.watchlists.entries import MAX_VALIDITY

from agents.sync.importers.merging import Desired

SLACK_MS: Final = 30 * 86_400_000
"""By how much an end date that no file states may fall behind before it is worth a change, in milliseconds; never more
than a quarter of the time that is left."""


class ChangeKind(StrEnum):
    """What happens to an entry."""

    ADD = "ADD"
    CHANGE = "CHANGE"
    KEEP = "KEEP"
    REMOVE = "REMOVE"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry's lot."""

    kind: ChangeKind
    entry_id: bytes
    entry: watchlist_pb2.WatchEntry | None
    """ADD, CHANGE: what is put, with its version. Otherwise None."""
    before: watchlist_pb2.WatchEntry | None
    """CHANGE, KEEP, REMOVE: what is live now; its version is what a removal names."""
    fields: tuple[str, ...] = ()
    """CHANGE: names of the fields that differ, `version` not counted."""


def _ascending(previous: bytes, entry_id: bytes) -> bytes:
    if entry_id <= previous:
        raise ValueError("entries must come in ascending order of their ids, each once")
    return entry_id


def wanted(desired: Desired, current: watchlist_pb2.WatchEntry, now_ms: int) -> watchlist_pb2.WatchEntry:
    """Returns the entry that is wanted where one is live, with the live one's version.

    What an import does not know stays as it is: handling, and a date of review. A beginning that no file states is no
    reason for a change, nor is an end that no file states while the live one is not more than `SLACK_MS` behind it.

    Args:
        desired: the entry of the import.
        current: the live one of the same id.
        now_ms: Unix milliseconds UTC.
    """
    entry = watchlist_pb2.WatchEntry()
    entry.CopyFrom(desired.entry)
    entry.version = current.version
    if current.HasField("handling"):
        entry.handling.CopyFrom(current.handling)
    entry.review_at = entry.review_at or current.review_at
    slack = min(SLACK_MS, max(0, entry.valid_until - now_ms) // 4)
    if not desired.dated_until and entry.valid_until - slack <= current.valid_until:
        entry.valid_until = current.valid_until
    if not desired.dated_from and current.valid_from < entry.valid_until:
        entry.valid_from = max(current.valid_from, entry.valid_until - MAX_VALIDITY)
    return entry


def _put(desired: Desired, current: watchlist_pb2.WatchEntry, now_ms: int) -> Change:
    entry = wanted(desired, current, now_ms)
    fields = tuple(
        field.name
        for field in watchlist_pb2.WatchEntry.DESCRIPTOR.fields
        if getattr(entry, field.name) != getattr(current, field.name)
    )
    if not fields:
        return Change(ChangeKind.KEEP, desired.entry_id, None, current)
    entry.version = current.version + 1
    return Change(ChangeKind.CHANGE, desired.entry_id, entry, current, fields)


def diff(
    desired: Iterable[Desired],
    current: Iterable[tuple[bytes, watchlist_pb2.WatchRecord]],
    *,
    now_ms: int,
    remove_absent_of: Collection[str] = (),
) -> Iterator[Change]:
    """Yields every entry's lot, in ascending order of entry ids.

    Args:
        desired: the entries wanted.
        current: the live records by their ids, suspended ones included.
        now_ms: Unix milliseconds UTC.
        remove_absent_of: givers whose entries go where they are not wanted any more; of other givers, what is not
            wanted is left alone and yields KEEP.

    Raises:
        ValueError: one of the sides is not in ascending order.
    """
    lives = iter(current)
    live = next(lives, None)
    last_wanted = last_live = b""
    givers = frozenset(remove_absent_of)

    def without(record: watchlist_pb2.WatchRecord, entry_id: bytes) -> Change:
        kind = ChangeKind.REMOVE if record.entry.giver in givers else ChangeKind.KEEP
        return Change(kind, entry_id, None, record.entry)

    for item in desired:
        last_wanted = _ascending(last_wanted, item.entry_id)
        while live is not None and live[0] < item.entry_id:
            last_live = _ascending(last_live, live[0])
            yield without(live[1], live[0])
            live = next(lives, None)
        if live is not None and live[0] == item.entry_id:
            last_live = _ascending(last_live, live[0])
            yield _put(item, live[1].entry, now_ms)
            live = next(lives, None)
        else:
            entry = watchlist_pb2.WatchEntry()
            entry.CopyFrom(item.entry)
            entry.version = 1
            yield Change(ChangeKind.ADD, item.entry_id, entry, None)
    while live is not None:
        last_live = _ascending(last_live, live[0])
        yield without(live[1], live[0])
        live = next(lives, None)
