"""Records of a list in a dict: for tests, vectors and small lists.

Never does: I/O.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from comity.v1 import watchlist_pb2 as pb
from comity.watchlists.states import Effects


class MemoryRecords:
    """The plainest Records: a dict. For tests and small lists."""

    __slots__ = ("kept",)

    kept: dict[bytes, bytes]
    """Record bytes by entry id."""

    def __init__(self, kept: Mapping[bytes, bytes] | None = None) -> None:
        self.kept = dict(kept or {})

    def get(self, entry_id: bytes) -> pb.WatchRecord | None:
        """Returns a live record, None where there is none."""
        data = self.kept.get(entry_id)
        return None if data is None else pb.WatchRecord.FromString(data)

    def among(self, entry_ids: Sequence[bytes]) -> dict[bytes, pb.WatchRecord]:
        """Returns those of some ids that are live."""
        return {key: pb.WatchRecord.FromString(self.kept[key]) for key in entry_ids if key in self.kept}

    def of_set(self, set_id: bytes) -> list[bytes]:
        """Returns the entry ids of the live records whose `set_id` is that one."""
        return [key for key, data in self.kept.items() if pb.WatchRecord.FromString(data).set_id == set_id]

    def digests(self) -> list[tuple[bytes, bytes]]:
        """Returns (entry id, SHA-256 of the record's bytes) of all that is live, ascending by entry id."""
        return [(key, hashlib.sha256(self.kept[key]).digest()) for key in sorted(self.kept)]

    def store(self, effects: Effects) -> None:
        """Makes a batch's effects live."""
        for key in effects.removed:
            self.kept.pop(key, None)
        self.kept.update(effects.puts)
