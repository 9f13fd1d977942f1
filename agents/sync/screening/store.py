"""The screening store: one SQLite file an agency, one writer, any readers, and every step one transaction.

A batch moves records, keys, sequence, head and the log index of the message it came with together. A snapshot is taken
in beside what is there, under a generation of its own that nobody sees, and takes its place in one transaction. So
kill -9 anywhere leaves what was, or what comes next. What a snapshot replaced, and what a killed process left, is
removed in portions (`clean`).

Never does: verify. What it is handed was applied by `apply_batch` or adopted from a snapshot.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import IO, Final, Self

from comity.watchlists.snapshots import StateRecord
from comity.watchlists.states import Effects, Standing, used_part

from agents.sync.screening import statements as sql
from agents.sync.screening.lists import ListKey, ListStatus, ListTerms, bare_tail_of, key_of, tail_of
from agents.sync.screening.reading import ScreeningReader, ScreeningStoreError, connect

KEPT_CHANGES: Final = 100_000
"""So many single changes are remembered for those who keep keys in memory; who missed more reads all keys again."""
PORTION: Final = 20_000
"""Rows that `clean` removes at once."""


class SecondWriterError(ScreeningStoreError):
    """Another process writes this store. Stop it, or follow the lists there."""


class ScreeningStore(ScreeningReader):
    """The store of the one who writes it. Threads that write take turns; what is read is not held back."""

    _lock: IO[bytes]
    _turn: RLock
    _applied: int | None = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens the store for writing, making it where needed.

        Raises:
            SecondWriterError: another process has it open for writing.
            ScreeningStoreError: made by a newer version, or damaged.
        """
        lock = _claim(path.with_name(f"{path.name}.lock"))
        store = None
        try:
            if not path.exists():
                path.touch(mode=0o600)
            store = cls(connect(path.absolute().as_uri()), path)
            store._lock, store._turn = lock, RLock()
            store._prepare()
        except BaseException as error:
            lock.close()
            if store is not None:
                store._db.close()
            if isinstance(error, sqlite3.Error):
                raise ScreeningStoreError("the screening store is damaged, or cannot be written") from None
            raise
        return store

    def applied_index(self) -> int:
        """Returns the log index of the last mailbox message that was applied; -1 for none."""
        if self._applied is None:  # nobody else writes it
            self._applied = super().applied_index()
        return self._applied

    def close(self) -> None:
        """Closes the file and lets another process write."""
        super().close()
        self._lock.close()

    def _prepare(self) -> None:
        for setting in sql.SETTINGS:
            self._db.execute(setting)
        with self._begin() as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if found > sql.VERSION:
                raise ScreeningStoreError("the screening store was made by a newer version")
            if not found:
                for table in sql.TABLES:
                    db.execute(table)
                db.execute(sql.SET_VERSION)
            db.execute(sql.RETIRE_UNFINISHED)

    @contextmanager
    def _begin(self, applied_index: int | None = None) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                if applied_index is not None:
                    self._db.execute(sql.SET_META, ("applied_index", applied_index))
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            if applied_index is not None:
                self._applied = applied_index

    def put_list(self, key: ListKey, terms: ListTerms, status: ListStatus, *, applied_index: int | None = None) -> None:
        """Takes in a list, or new terms of one; its records stay.

        Args:
            key: which.
            terms: what it is offered under.
            status: how it stands.
            applied_index: log index of the message that said so; None to leave it as it is.
        """
        row = (terms.title, terms.default_action, terms.handling, terms.case_id, terms.max_age_ms, status.value)
        with self._begin(applied_index) as db:
            db.execute(sql.PUT_LIST, (key.owner, key.list_id, *row))
            db.execute(sql.BUMP_META, ("epoch",))

    def set_status(
        self, key: ListKey, status: ListStatus, *, silent: bool = False, applied_index: int | None = None
    ) -> None:
        """Says how a list stands.

        Args:
            key: which.
            status: CURRENT says that nothing is missing; LAGGING that something is, unless `silent`.
            silent: the owner was not heard in time, and no more is known: the list's age says what may be called clear.
            applied_index: log index of the message that said so; None to leave it as it is.
        """
        with self._begin(applied_index) as db:
            db.execute(sql.SET_STATUS, (status.value, key.owner, key.list_id))
            if status is ListStatus.CURRENT:
                db.execute(sql.SET_WHOLE, (key.owner, key.list_id))
            elif status is ListStatus.LAGGING and not silent:
                db.execute(sql.SET_MISSING, (0, key.owner, key.list_id))
            db.execute(sql.BUMP_META, ("epoch",))

    def set_missing(self, key: ListKey, newest: int = 0) -> None:
        """Says that something of a list is known to be missing: nothing is clear before it is here.

        Args:
            key: which.
            newest: greatest sequence that was seen of it; 0 where only the next one is known to be missing.
        """
        with self._begin() as db:
            db.execute(sql.SET_MISSING, (min(newest, sql.GREATEST), key.owner, key.list_id))

    def set_wanted(self, keys: Iterable[ListKey]) -> None:
        """Says which lists somebody here must follow, in the place of those that were said before."""
        with self._begin() as db:
            db.execute(sql.DROP_WANTED)
            db.executemany(sql.PUT_WANTED, [(key.owner, key.list_id) for key in keys])

    def set_max_age(self, max_age_ms: int) -> None:
        """Says from which age of a list on nothing is clear for whoever screens here and names no other limit."""
        with self._begin() as db:
            db.execute(sql.SET_META, ("max_age_ms", max_age_ms))

    def set_heard(self, key: ListKey, at_ms: int) -> None:
        """Says when the list's owner was last heard, Unix milliseconds UTC by the own clock."""
        with self._begin() as db:
            db.execute(sql.SET_HEARD, (at_ms, key.owner, key.list_id))

    def set_applied(self, log_index: int) -> None:
        """Says that a message was dealt with that changed nothing here."""
        with self._begin(log_index):
            pass

    def went_back(self) -> int:
        """Returns for how many times that the mailbox went back this store has done so."""
        return self._meta("went_back", 0)

    def go_back(self, times: int, log_index: int) -> None:
        """Stands behind a message, because the mailbox went back for the `times`-th time."""
        with self._begin(log_index) as db:
            db.execute(sql.SET_META, ("went_back", times))

    def drop_list(self, key: ListKey, *, applied_index: int | None = None) -> None:
        """Forgets a list; its records go with the next `clean`."""
        with self._begin(applied_index) as db:
            number, *_ = self._row(key)
            db.execute(sql.RETIRE, (number, -1))
            db.execute(sql.DROP_LIST, (key.owner, key.list_id))
            db.execute(sql.BUMP_META, ("epoch",))

    def apply(
        self, key: ListKey, effects: Effects, *, heard_at: int, leaf_time: int = 0, applied_index: int | None = None
    ) -> None:
        """Stores what a batch made of a list, in one transaction.

        Args:
            key: which list.
            effects: of `apply_batch`, on what this store holds.
            heard_at: Unix milliseconds UTC by the own clock.
            leaf_time: Unix seconds UTC at which the hub logged it.
            applied_index: log index of the message that carried it.

        Raises:
            ScreeningStoreError: the list has moved on meanwhile, or has no snapshot and this is not its first batch.
        """
        after = effects.standing
        with self._begin(applied_index) as db:
            number, generation, sequence, _, _, _, count = self._row(key)
            if sequence != after.sequence - 1 or (sequence and not generation):
                raise ScreeningStoreError("the list has another sequence than the one the batch follows")
            if not generation:
                generation = self._new_generation(number)
                db.execute(sql.LIVE_GENERATION, (generation, number))
                db.execute(sql.SET_GENERATION, (generation, number))
            count += self._change(generation, effects)
            self._move(number, after, heard_at, leaf_time, count)

    def _change(self, generation: int, effects: Effects) -> int:
        """Changes the records and returns by how many they became more."""
        gone = [(generation, entry_id) for entry_id in effects.removed]
        found = [(entry_id, key_of(record.entry)) for entry_id, record in effects.records.items()]
        tails = [tail_of(key) for _, key in found]
        bare = [(generation, entry_id, tail) for entry_id, key in found if (tail := bare_tail_of(key)) is not None]
        fewer = 0
        if gone:
            self._db.executemany(sql.DROP_BARE, gone)
            self._db.executemany(sql.DROP_KEYS, gone)
            fewer = self._db.executemany(sql.DROP_RECORDS, gone).rowcount
        if self._db.execute(sql.ANY_PROVISIONAL, (generation,)).fetchone() is not None:
            touched = [*gone, *((generation, entry_id) for entry_id, _ in found)]
            self._db.executemany(sql.DROP_PROVISIONAL, touched)
        rows = [(generation, *row) for row in zip(effects.puts, tails, effects.puts.values(), strict=True)]
        self._db.executemany(sql.PUT_RECORDS, rows)
        # The key belongs to the id: a record that was there keeps it, so that what is added is what is new.
        keys = [(generation, tail, entry_id) for (_, entry_id, tail, _) in rows]
        more = self._db.executemany(sql.PUT_KEYS, keys).rowcount if keys else 0
        waiting = ((generation, i, record.set_id) for i, record in effects.records.items() if record.set_id)
        self._db.executemany(sql.PUT_PROVISIONAL, waiting)
        self._db.executemany(sql.PUT_BARE, bare)
        self._db.execute(sql.ADD_CHANGES, (json.dumps([*tails, *(tail for _, _, tail in bare)]),))
        self._db.execute(sql.TRIM_CHANGES, (KEPT_CHANGES,))
        return more - fewer

    def _move(self, number: int, after: Standing, heard_at: int, leaf_time: int, count: int) -> None:
        row = (after.sequence, after.head, after.time, used_part(after.used), leaf_time, heard_at)
        self._db.execute(sql.MOVE_LIST, (*row, ListStatus.CURRENT.value, count, number))

    def begin_snapshot(self, key: ListKey) -> int:
        """Begins to take in a snapshot of a list, and returns the generation that its records go to.

        Raises:
            ScreeningStoreError: no such list.
        """
        with self._begin():
            number, *_ = self._row(key)
            return self._new_generation(number)

    def _new_generation(self, number: int) -> int:
        return self._db.execute(sql.NEW_GENERATION, (number,)).lastrowid or 0  # always a row

    def add_records(self, generation: int, records: Iterable[StateRecord]) -> None:
        """Adds a portion of a snapshot, in one transaction. Nobody sees it before `publish_generation`.

        Args:
            generation: of `begin_snapshot`.
            records: ascending by entry id, over all portions; some thousands at once.

        Raises:
            ScreeningStoreError: that generation is not being taken in, or an entry came twice.
        """
        rows, waiting, bare = [], [], []
        for entry_id, data, record in records:
            key = key_of(record.entry)
            rows.append((generation, entry_id, tail_of(key), data))
            if (tail := bare_tail_of(key)) is not None:
                bare.append((generation, entry_id, tail))
            if record.set_id:
                waiting.append((generation, entry_id, record.set_id))
        with self._begin() as db:
            if db.execute(sql.LOADING, (generation,)).fetchone() is None:
                raise ScreeningStoreError("that snapshot is not being taken in")
            try:
                db.executemany(sql.ADD_RECORDS, rows)
                db.executemany(sql.PUT_PROVISIONAL, waiting)
                db.executemany(sql.PUT_BARE, bare)
            except sqlite3.IntegrityError:
                raise ScreeningStoreError("a snapshot holds an entry twice") from None

    def publish_generation(
        self,
        key: ListKey,
        generation: int,
        standing: Standing,
        *,
        heard_at: int,
        leaf_time: int = 0,
        applied_index: int | None = None,
    ) -> None:
        """Puts a snapshot in the place of what the list held, in one transaction.

        Args:
            key: which list.
            generation: of `begin_snapshot`, with all its records.
            standing: after the snapshot's batch, as `adopt` returned it.
            heard_at: Unix milliseconds UTC by the own clock.
            leaf_time: Unix seconds UTC at which the hub logged it.
            applied_index: log index of the message that carried it.

        Raises:
            ScreeningStoreError: that generation is not being taken in for that list.
        """
        with self._begin(applied_index) as db:
            number, *_ = self._row(key)
            if db.execute(sql.LIVE_GENERATION, (generation, number)).rowcount != 1:
                raise ScreeningStoreError("that snapshot is not being taken in")
            count = db.execute(sql.SORT_KEYS, (generation,)).rowcount
            db.execute(sql.RETIRE, (number, generation))
            db.execute(sql.SET_GENERATION, (generation, number))
            self._move(number, standing, heard_at, leaf_time, count)
            db.execute(sql.BUMP_META, ("epoch",))

    def give_up(self, generation: int) -> None:
        """Gives up a snapshot that did not verify or did not come whole; what the list held stays."""
        with self._begin() as db:
            db.execute(sql.RETIRE_ONE, (generation,))

    def clean(self, portion: int = PORTION) -> bool:
        """Removes a portion of what no list holds any more.

        Returns:
            True while there may be more: call again, with other work in between.
        """
        row = self._db.execute(sql.RETIRED).fetchone()
        if row is None:
            return self._shrink()
        (generation,) = row
        with self._begin() as db:
            end = db.execute(sql.OLD_RECORDS_END, (generation, portion)).fetchone()
            if end is not None:
                db.execute(sql.OLD_RECORDS_PART, (generation, *end))
                return True
            db.execute(sql.OLD_RECORDS, (generation,))
            end = db.execute(sql.OLD_KEYS_END, (generation, portion)).fetchone()
            if end is not None:
                db.execute(sql.OLD_KEYS_PART, (generation, *end))
                return True
            db.execute(sql.OLD_KEYS, (generation,))
            db.execute(sql.OLD_PROVISIONAL, (generation,))
            db.execute(sql.OLD_BARE, (generation,))
            db.execute(sql.FORGET_GENERATION, (generation,))
        return True

    def _shrink(self) -> bool:
        """Gives pages back to the disk where more are free than used: the next snapshot needs about as many again."""
        (free,) = self._db.execute(sql.FREE_PAGES).fetchone()
        (pages,) = self._db.execute(sql.ALL_PAGES).fetchone()
        if 2 * free > pages:
            self._db.execute(sql.GIVE_BACK).fetchall()
            return True
        return False

    def shrink_log(self) -> None:
        """Writes the log of transactions into the file and cuts it; for quiet moments."""
        self._db.execute(sql.SHRINK_LOG).fetchall()

    def _row(self, key: ListKey) -> tuple[int, int, int, bytes, int, bytes, int]:
        row: tuple[int, int, int, bytes, int, bytes, int] | None = self._db.execute(
            sql.LIST, (key.owner, key.list_id)
        ).fetchone()
        if row is None:
            raise ScreeningStoreError("no such list is kept here")
        return row


def _claim(path: Path) -> IO[bytes]:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise SecondWriterError("another process writes the screening store") from None
    return file
