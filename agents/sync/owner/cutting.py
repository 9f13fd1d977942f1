"""Cutting: many changes become change sets of a size that a person's key process signs at once.

Never does: sign, keep.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from comity.errors import MalformedError
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import entry_id

SET_CHANGES: Final = 2_000
"""Most changes in one change set."""
SET_BYTES: Final = 192 << 10
"""Greatest length of a change set, in bytes: it is signed whole, by a key process that takes no more at once."""
ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Lift:
    """Ends the suspension of an entry."""

    entry_id: bytes


Change = pb.WatchEntry | pb.Removal | Lift
"""One change of a list."""


def cut(
    list_id: bytes, changes: Iterable[Change], now: int, *, note: str, counts: dict[str, int]
) -> Iterator[pb.ChangeSet]:
    """Yields change sets of bounded size and counts what is in them."""

    def fresh() -> pb.ChangeSet:
        return pb.ChangeSet(list_id=list_id, id=os.urandom(ID_BYTES), created=now, note=note)

    present, size, items = fresh(), 0, 0
    last = b""
    for change in changes:
        match change:
            case pb.WatchEntry():
                weight, key = change.ByteSize() + 4, entry_id(change)
                counts["puts"] += 1
                counts["new"] += change.version == 1
                counts["block"] += change.action == payload_pb2.WATCH_ACTION_BLOCK
            case pb.Removal():
                weight, key = change.ByteSize() + 4, change.entry_id
                counts["removals"] += 1
            case Lift():
                weight, key = ID_BYTES + 2, change.entry_id
                counts["lifts"] += 1
        if key <= last:
            raise MalformedError("the changes are not in the order of their entries")
        last = key
        if items and (items >= SET_CHANGES or size + weight > SET_BYTES):
            yield present
            present, size, items = fresh(), 0, 0
        if isinstance(change, pb.WatchEntry):
            present.puts.append(change)
        elif isinstance(change, pb.Removal):
            present.removals.append(change)
        else:
            present.lifts.append(change.entry_id)
        size, items = size + weight, items + 1
    if items:
        yield present
