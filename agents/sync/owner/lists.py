"""A list's rows: where it stands, its live records, its batches.

Never does: judge a change (`comity.watchlists`).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import Effects, Standing, parse_record

from agents.errors import NotUniqueError

KEPT_BATCHES: Final = 4096
"""How many batches are kept, the newest."""
_PUT_LIST: Final = (
    "INSERT INTO lists (list_id, title, terms, handling, created, sequence, head, time, stated, stated_at,"
    " snapshot_at, live, halted) VALUES (?, ?, ?, ?, ?, 0, x'', 0, 0, 0, 0, 0, '')"
)
_LISTS: Final = "SELECT * FROM lists ORDER BY number"
_LIST: Final = "SELECT * FROM lists WHERE number = ?"
_LIST_BY_ID: Final = "SELECT * FROM lists WHERE list_id = ?"
_ADVANCE: Final = "UPDATE lists SET sequence = ?, head = ?, time = ?, live = ? WHERE number = ?"
_STATED: Final = "UPDATE lists SET stated = ?, stated_at = ? WHERE number = ?"
_SNAPSHOT: Final = "UPDATE lists SET snapshot_at = ? WHERE number = ?"
_HALT: Final = "UPDATE lists SET halted = ? WHERE number = ?"
_RECORD: Final = "SELECT record FROM records WHERE list = ? AND entry_id = ?"
_RECORDS: Final = "SELECT entry_id, record FROM records WHERE list = ? ORDER BY entry_id"
_HOLDING: Final = "SELECT entry_id, record FROM records WHERE list = ? AND instr(record, ?) > 0 ORDER BY entry_id"
_OF_SET: Final = "SELECT entry_id FROM records WHERE list = ? AND set_id = ? AND set_id != x''"
_DIGESTS: Final = "SELECT entry_id, digest FROM records WHERE list = ? ORDER BY entry_id"
_IS_LIVE: Final = "SELECT 1 FROM records WHERE list = ? AND entry_id = ?"
_EXPIRED: Final = "SELECT entry_id FROM records WHERE list = ? AND valid_until < ? ORDER BY valid_until LIMIT ?"
_PUT_RECORD: Final = (
    "INSERT OR REPLACE INTO records (list, entry_id, record, digest, valid_until, set_id) VALUES (?, ?, ?, ?, ?, ?)"
)
_REMOVE_RECORD: Final = "DELETE FROM records WHERE list = ? AND entry_id = ?"
_USED: Final = "SELECT set_id, data FROM used WHERE list = ?"
_PUT_USED: Final = "INSERT OR REPLACE INTO used (list, set_id, data) VALUES (?, ?, ?)"
_REMOVE_USED: Final = "DELETE FROM used WHERE list = ? AND set_id = ?"
_PUT_BATCH: Final = "INSERT INTO batches (list, sequence, previous_head, head, time, data) VALUES (?, ?, ?, ?, ?, ?)"
_BATCH: Final = "SELECT previous_head, head, time, data FROM batches WHERE list = ? AND sequence = ?"
_TRIM_BATCHES: Final = "DELETE FROM batches WHERE list = ? AND sequence <= ?"


@dataclass(frozen=True, slots=True)
class ListRow:
    """One list that this home owns. Times are Unix milliseconds UTC."""

    number: int
    list_id: bytes
    title: str
    terms: payload_pb2.OfferList
    handling: payload_pb2.Handling
    created: int
    sequence: int
    """0 before the first batch."""
    head: bytes
    time: int
    """Of the last batch."""
    stated: int
    """Sequence of the last batch with a state digest."""
    stated_at: int
    snapshot_at: int
    """When every subscriber was last given a snapshot."""
    live: int
    """How many entries are live."""
    halted: str
    """Why nothing is published any more; empty where it is."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch as it was published."""

    sequence: int
    previous_head: bytes
    head: bytes
    time: int
    data: bytes


class LiveRecords:
    """The live records of one list in one transaction, as `comity.watchlists` asks for them."""

    def __init__(self, c: sqlite3.Connection, number: int) -> None:
        self._c, self._number = c, number

    def get(self, entry_id: bytes) -> pb.WatchRecord | None:
        """Returns a live record, or None."""
        row = self._c.execute(_RECORD, (self._number, entry_id)).fetchone()
        return None if row is None else parse_record(row[0], checked=False)

    def among(self, entry_ids: Sequence[bytes]) -> dict[bytes, pb.WatchRecord]:
        """Returns those of some ids that are live."""
        return {entry_id: held for entry_id in entry_ids if (held := self.get(entry_id)) is not None}

    def of_set(self, set_id: bytes) -> list[bytes]:
        """Returns the entry ids of the live records that came with a change set and wait for its confirmation."""
        return [row[0] for row in self._c.execute(_OF_SET, (self._number, set_id))]

    def digests(self) -> Iterator[tuple[bytes, bytes]]:
        """Yields (entry id, SHA-256 of the record's bytes) of all that is live, ascending by entry id."""
        yield from self._c.execute(_DIGESTS, (self._number,))


def create(
    c: sqlite3.Connection, *, title: str, terms: payload_pb2.OfferList, handling: payload_pb2.Handling, now: int
) -> ListRow:
    """Adds a list; its id is in the terms."""
    data = terms.SerializeToString(deterministic=True)
    c.execute(_PUT_LIST, (terms.list_id, title, data, handling.SerializeToString(deterministic=True), now))
    return by_id(c, terms.list_id)


def all_lists(c: sqlite3.Connection) -> list[ListRow]:
    """Returns every list."""
    return [_row(row) for row in c.execute(_LISTS)]


def by_number(c: sqlite3.Connection, number: int) -> ListRow:
    """Returns a list by its row."""
    return _row(c.execute(_LIST, (number,)).fetchone())


def by_id(c: sqlite3.Connection, list_id: bytes) -> ListRow:
    """Returns a list by its id.

    Raises:
        NotUniqueError: this home owns none of that id.
    """
    row = c.execute(_LIST_BY_ID, (list_id,)).fetchone()
    if row is None:
        raise NotUniqueError("this home owns no such list")
    return _row(row)


def named(c: sqlite3.Connection, text: str) -> ListRow:
    """Returns the one list whose id begins so, or whose title it is.

    Raises:
        NotUniqueError: none does, or several do.
    """
    found = [row for row in all_lists(c) if text and (row.list_id.hex().startswith(text.lower()) or row.title == text)]
    if len(found) != 1:
        raise NotUniqueError("no list, or more than one, is called so")
    return found[0]


def standing(c: sqlite3.Connection, row: ListRow, desk: str) -> Standing:
    """Returns where a list stands, as `comity.watchlists` takes it."""
    used = {bytes(set_id): pb.UsedSet.FromString(data) for set_id, data in c.execute(_USED, (row.number,))}
    return Standing(
        list_id=row.list_id, owner_desk=desk, sequence=row.sequence, head=row.head, time=row.time, used=used
    )


def apply(c: sqlite3.Connection, row: ListRow, before: Standing, effects: Effects, data: bytes) -> ListRow:
    """Makes a batch the list's newest: its effects, itself, and what is too old to be kept."""
    after = effects.standing
    number = row.number
    live = row.live + sum(c.execute(_IS_LIVE, (number, entry_id)).fetchone() is None for entry_id in effects.puts)
    c.executemany(
        _PUT_RECORD,
        (
            (number, entry_id, data, hashlib.sha256(data).digest(), found.entry.valid_until, found.set_id)
            for (entry_id, data), found in zip(effects.puts.items(), effects.records.values(), strict=True)
        ),
    )
    for entry_id in effects.removed:
        live -= c.execute(_REMOVE_RECORD, (number, entry_id)).rowcount
    c.executemany(_REMOVE_USED, ((number, set_id) for set_id in before.used.keys() - after.used.keys()))
    c.executemany(
        _PUT_USED,
        (
            (number, set_id, used.SerializeToString(deterministic=True))
            for set_id, used in after.used.items()
            if before.used.get(set_id) != used
        ),
    )
    c.execute(_PUT_BATCH, (number, after.sequence, before.head, after.head, after.time, data))
    c.execute(_TRIM_BATCHES, (number, after.sequence - KEPT_BATCHES))
    c.execute(_ADVANCE, (after.sequence, after.head, after.time, live, number))
    return by_number(c, number)


def stated(c: sqlite3.Connection, row: ListRow, now: int) -> None:
    """Notes that the newest batch states the digest of the whole list."""
    c.execute(_STATED, (row.sequence, now, row.number))


def snapshot_given(c: sqlite3.Connection, row: ListRow, now: int) -> None:
    """Notes that every subscriber was given a snapshot."""
    c.execute(_SNAPSHOT, (now, row.number))


def halt(c: sqlite3.Connection, number: int, why: str) -> None:
    """Has nothing be published any more of a list; an empty text lets it go on."""
    c.execute(_HALT, (why, number))


def records(c: sqlite3.Connection, number: int) -> Iterator[tuple[bytes, bytes]]:
    """Yields (entry id, record) of every live record in the order of the ids."""
    yield from c.execute(_RECORDS, (number,))


def holding(c: sqlite3.Connection, number: int, text: str) -> list[tuple[bytes, bytes]]:
    """Returns (entry id, record) of the live records whose bytes hold a text: some of them by chance."""
    return c.execute(_HOLDING, (number, text.encode())).fetchall()


def record(c: sqlite3.Connection, number: int, entry_id: bytes) -> pb.WatchRecord | None:
    """Returns one live record, or None."""
    return LiveRecords(c, number).get(entry_id)


def expired(c: sqlite3.Connection, number: int, now: int, limit: int) -> list[bytes]:
    """Returns entries whose time is over."""
    return [row[0] for row in c.execute(_EXPIRED, (number, now, limit))]


def batch(c: sqlite3.Connection, number: int, sequence: int) -> BatchRow | None:
    """Returns a batch, or None where it is not kept."""
    row = c.execute(_BATCH, (number, sequence)).fetchone()
    return None if row is None else BatchRow(sequence, *row)


def _row(row: tuple[Any, ...]) -> ListRow:
    number, list_id, title, terms, handling, *rest = row
    return ListRow(
        number,
        list_id,
        title,
        payload_pb2.OfferList.FromString(terms),
        payload_pb2.Handling.FromString(handling),
        *rest,
    )
