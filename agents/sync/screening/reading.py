"""Reading the screening store: any number of readers, in any number of processes, none of which the writer waits for.

Never does: write, believe a short hash (`lists.tail_of`) without comparing the key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

from comity.errors import ComityError
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists.entries import parse_record
from comity.watchlists.states import Standing

from agents.sync.screening import statements as sql
from agents.sync.screening.lists import ListKey, ListStatus, ListTerms, WatchedList, key_of, tail_of

FILE: Final = "screening.db"
"""Name of the store in a home."""
_PORTION: Final = 2_000
_ASKED: Final = 32
"""Ids in one question."""
_SOUGHT: Final = 16
"""Keys in one question."""
_WAIT_SECONDS: Final = 30.0


class ScreeningStoreError(ComityError):
    """The screening store cannot be used: not there, made by a newer version, damaged, or not as was expected."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record that was found under a key."""

    key: ListKey
    """In which list."""
    entry_id: bytes
    """The entry, 16 bytes."""
    record: pb.WatchRecord
    """What the list says."""


class HeldRecords:
    """The records of one list by entry id, as `comity.watchlists.states.Records` asks for them."""

    def __init__(self, connection: sqlite3.Connection, generation: int) -> None:
        """Takes where they are; generation 0 holds none."""
        self._connection = connection
        self._generation = generation

    def get(self, entry_id: bytes) -> pb.WatchRecord | None:
        """Returns a record, or None where the list has none of that id."""
        row = self._connection.execute(sql.RECORD, (self._generation, entry_id)).fetchone()
        return None if row is None else parse_record(row[0], checked=False)

    def among(self, entry_ids: Sequence[bytes]) -> dict[bytes, pb.WatchRecord]:
        """Returns those of some ids that the list has."""
        found: dict[bytes, pb.WatchRecord] = {}
        for start in range(0, len(entry_ids), _ASKED):
            asked = [*entry_ids[start : start + _ASKED]]
            asked += [b""] * (_ASKED - len(asked))  # one text, so that the statement is found prepared
            rows = self._connection.execute(sql.AMONG, (self._generation, *asked))
            found |= {entry_id: parse_record(record, checked=False) for entry_id, record in rows}
        return found

    def of_set(self, set_id: bytes) -> list[bytes]:
        """Returns the entry ids of the records that came with an urgent change set and are not confirmed."""
        return [found for (found,) in self._connection.execute(sql.OF_SET, (self._generation, set_id))]

    def digests(self) -> Iterator[tuple[bytes, bytes]]:
        """Yields entry id and SHA-256 of every record, ascending by id, in bounded memory."""
        for found, record in self.bytes():
            yield found, sha256(record).digest()

    def bytes(self) -> Iterator[tuple[bytes, bytes]]:
        """Yields entry id and serialised record of all, ascending by id, in bounded memory."""
        after = b""
        while portion := self._connection.execute(sql.PORTION, (self._generation, after, _PORTION)).fetchall():
            yield from portion
            after = portion[-1][0]


class ScreeningReader:
    """A store that is only read."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens a store that its writer has made.

        Args:
            path: the file, `screening.db` in a home.

        Raises:
            ScreeningStoreError: not there, made by a newer version, or damaged.
        """
        try:
            connection = connect(f"{path.absolute().as_uri()}?mode=ro")
        except sqlite3.Error:
            raise ScreeningStoreError("there is no screening store") from None
        try:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error:
            found = 0
        if found != sql.VERSION:
            connection.close()
            raise ScreeningStoreError("the screening store is damaged, or of another version of this program")
        return cls(connection, path)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Everything that is read in the block is of one moment. The writer does not wait for it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    def lists(self) -> tuple[WatchedList, ...]:
        """Returns every list that is known, by owner and id."""
        return tuple(_list_of(row) for row in self._db.execute(sql.LISTS))

    def wanted(self) -> tuple[ListKey, ...]:
        """Returns the lists that somebody here must follow: without them nothing is clear."""
        return tuple(ListKey(owner, list_id) for owner, list_id in self._db.execute(sql.WANTED))

    def max_age_ms(self) -> int:
        """Returns the age of a list from which nothing is clear, as the agent's settings say; 0 where none has said."""
        return max(0, self._meta("max_age_ms", 0))

    def list_named(self, key: ListKey) -> WatchedList | None:
        """Returns one list, or None where it is not known."""
        return next((found for found in self.lists() if found.key == key), None)

    def standing(self, key: ListKey) -> Standing | None:
        """Returns where a list stands for `apply_batch`; None where no record of it was ever here."""
        row = self._db.execute(sql.LIST, (key.owner, key.list_id)).fetchone()
        if row is None or not row[1]:
            return None
        _, _, sequence, head, time, used, _ = row
        sets = {item.id: item for item in pb.SnapshotPreamble.FromString(used).used}
        return Standing(key.list_id, key.owner, sequence, head, time, sets)

    def records(self, key: ListKey) -> HeldRecords:
        """Returns the records of a list by entry id; none where the list is not known."""
        row = self._db.execute(sql.LIST, (key.owner, key.list_id)).fetchone()
        return HeldRecords(self._db, row[1] if row else 0)

    def found(self, key: str) -> list[Found]:
        """Returns every record that is kept under a screening key, in the lists that are asked."""
        rows = self._db.execute(sql.FOUND, (tail_of(key),)).fetchall()
        found = [
            Found(ListKey(owner, list_id), entry_id, parse_record(record, checked=False))
            for owner, list_id, entry_id, record in rows
        ]
        return [one for one in found if key_of(one.record.entry) == key]

    def kept(self, keys: Sequence[str]) -> set[str]:
        """Returns the screening keys, out of some, under which any record is kept in the lists that are asked."""
        found: set[str] = set()
        for start in range(0, len(keys), _SOUGHT):
            tails = list(map(tail_of, keys[start : start + _SOUGHT]))
            tails += tails[:1] * (_SOUGHT - len(tails))  # one text, so that the statement is found prepared
            rows = self._db.execute(sql.KEPT, tails)
            found.update(key_of(pb.WatchRecord.FromString(record).entry) for (record,) in rows)
        return found.intersection(keys)

    def applied_index(self) -> int:
        """Returns the log index of the last mailbox message that was applied; -1 for none."""
        return self._meta("applied_index", -1)

    def version(self) -> int:
        """Returns a number that differs after any other connection has written."""
        (number,) = self._db.execute(sql.DATA_VERSION).fetchone()
        return int(number)

    def epoch(self) -> int:
        """Returns a number that differs after more than single records were exchanged."""
        return self._meta("epoch", 0)

    def last_change(self) -> int:
        """Returns the number of the newest single change."""
        row = self._db.execute(sql.LAST_CHANGE).fetchone()
        return row[0] if row else 0

    def changed_since(self, number: int) -> list[int] | None:
        """Returns the hashes of keys that came after a change; None where some of them are no longer known."""
        (first,) = self._db.execute(sql.FIRST_CHANGE).fetchone()
        if first is not None and first > number + 1:
            return None
        return [tail for (tail,) in self._db.execute(sql.CHANGES_AFTER, (number,))]

    def tails(self) -> set[int]:
        """Returns the hash of every key of the lists that are asked."""
        return set(chain.from_iterable(self._db.execute(sql.TAILS)))

    def _meta(self, name: str, default: int) -> int:
        row = self._db.execute(sql.GET_META, (name,)).fetchone()
        return row[0] if row else default


def connect(uri: str) -> sqlite3.Connection:
    """Opens a file of SQLite by its address."""
    # Used by one thread at a time; which one differs.
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT_SECONDS, check_same_thread=False)


def _list_of(row: tuple[Any, ...]) -> WatchedList:
    owner, list_id, title, action, handling, case_id, max_age, status, *rest = row
    generation, sequence, head, batch_time, leaf_time, last_heard, count, seen = rest
    return WatchedList(
        ListKey(owner, list_id),
        ListTerms(title, action, handling, case_id, max_age),
        ListStatus(status),
        generation,
        sequence,
        head,
        batch_time,
        leaf_time,
        last_heard,
        count,
        seen,
    )
