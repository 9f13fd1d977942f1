"""One batch, one transaction: steps 6 to 8 of the submit path.

The heads are locked, everything is read and checked under that lock, all is written with a few statements over arrays,
and only then is anything signed. Called on the sequencer's writer thread alone.

Never does: queues, threads, answers (`sequencer.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from comity.directory import Directory, View
from comity.errors import ComityError
from comity.keys import SigningKey
from comity.receipts import EventKind

from hub.claim import NEWER_RELEASE, NEWEST_SCHEMA
from hub.clock import Clock
from hub.db import Database
from hub.faults import Faults
from hub.log import store
from hub.log.commands import Appended, AppendStatements, Command, Record
from hub.log.domain import (
    MAX_BACKWARDS_SECONDS,
    NOT_HELD,
    Batch,
    DirectorySource,
    Draft,
    Existing,
    KeyNotHeldError,
    LogKeys,
    LogName,
    LogState,
    Moment,
    New,
    salts_needed,
    sequence,
)
from hub.log.growing import grow_directory, replaces_key
from hub.log.receipts import head_of, note_at, receipt_of
from hub.log.seen import FatalError, Seen


class Done(Protocol):
    """What a batch of commands comes to."""

    @property
    def outcomes(self) -> Sequence[ComityError | Existing | New | None]:
        """One a command."""

    @property
    def drafts(self) -> list[Draft]:
        """The events, in the order of the log."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to save."""


class Work(Protocol):
    """Who understands the commands (`hub/exchange/work.py`)."""

    def apply(self, connection: Any, commands: Sequence[Command], moment: Moment, view: View) -> Any:
        """Returns what the commands come to, a `Done`; nothing is written."""

    def save(self, connection: Any, done: Any, batch: Batch) -> None:
        """Stores what the batch came to."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What became durable."""

    batch: Batch | None
    """None where nothing was appended."""
    results: list[Any]
    """One a command: a receipt, an error, or None."""


class Batching:
    """Makes batches of commands durable."""

    def __init__(
        self,
        *,
        db: Database,
        directory: DirectorySource,
        keys: LogKeys,
        clock: Clock,
        faults: Faults,
        work: Work,
        seen: Seen,
        trust_database_clock: bool,
    ) -> None:
        """Takes its collaborators, as the sequencer's constructor describes them."""
        self._db, self._directory, self._keys, self._clock = db, directory, keys, clock
        self._faults, self._work, self._trust_database_clock = faults, work, trust_database_clock
        self._seen = seen
        self._reached = 0
        self.shared = False
        """Whether another process had written since this one's last batch, when the newest batch began."""

    def process(self, commands: Sequence[Command]) -> Committed:
        """Makes commands durable; no AppendStatements among them.

        Raises:
            FatalError: this process must not write any more.
            DatabaseError, LostRaceError: nothing may have been committed, or all of it.
        """
        faults = self._faults
        batch: Batch | None = None
        stored: dict[int, store.StoredReceipt] = {}
        # 6. One transaction, a few statements over arrays; a bad message fails alone.
        with self._db.writing() as connection:
            exchange, moment = self._lock(connection)
            signer = self._signer()
            self.shared = exchange.size > self._reached
            if faults.armed:
                faults.hit("submit.after_lock")
            done: Done = self._work.apply(connection, commands, moment, self._directory.view())
            if faults.armed:
                faults.hit("submit.after_workflow")
            existing = [o.index for o in done.outcomes if isinstance(o, Existing)]
            if existing:
                stored = store.load_receipts(connection, existing)
                self._check_held(stored.values())
            if done.changed:
                batch = self._write(connection, exchange, moment, done, signer)
            if faults.armed:
                faults.hit("submit.before_commit")
        # 7. Committed: from here on every retry gets what is answered below.
        if faults.armed:
            faults.hit("submit.after_commit")
        # 8. The checkpoint is a function of what is stored.
        origin = self._directory.current.state.exchange_origin
        self._reached = exchange.size
        if batch is not None and batch.entries:
            self._reached = batch.size
            self._seen.reached(LogName.EXCHANGE, batch.size, batch.root)
            batch.checkpoint = note_at(origin, batch.size, batch.root, signer)
        if faults.armed:
            faults.hit("submit.after_checkpoint")
        results: list[Any] = []
        for outcome in done.outcomes:
            if isinstance(outcome, New) and batch is not None:
                results.append(batch.entries[outcome.position].receipt(batch.checkpoint))
            elif isinstance(outcome, Existing):
                results.append(receipt_of(stored[outcome.index], origin, self._keys))
            else:
                results.append(outcome)
        return Committed(batch, results)

    def _lock(self, connection: Any) -> tuple[LogState, Moment]:
        """Locks the heads, follows the directory, and says what time it is.

        Raises:
            FatalError: this process must not write.
        """
        locked = self._seen.lock(connection)
        self._check(locked, locked.exchange)
        directory = self._follow(connection, locked)
        return locked.exchange, Moment(self._time(locked), directory.size, directory.root)

    def _follow(self, connection: Any, locked: store.Heads) -> Directory:
        """Reads on where another process has added to the directory.

        Raises:
            FatalError: what is there is not what this process has read.
        """
        if locked.directory.size != self._directory.current.size:
            try:
                self._directory.refresh(connection)
            except ComityError:
                raise FatalError("a stored entry of the directory breaks its rules") from None
        directory = self._directory.current
        if (directory.size, directory.root) != (locked.directory.size, locked.directory.root):
            raise FatalError("the directory in memory is not the one in the database")
        return directory

    def _check(self, locked: store.Heads, state: LogState) -> None:
        # The claim says so too, but its connection may have been cut while the schema was changed (`hub/claim.py`).
        if locked.oldest_schema > NEWEST_SCHEMA:
            raise FatalError(NEWER_RELEASE)
        if state.frontier.root() != state.root:
            raise FatalError("the log's frontier does not hash to its root")

    def _time(self, locked: store.Heads) -> int:
        # Both logs go by one time: no leaf is from before an entry that it follows, and no entry from before a leaf.
        last = max(locked.exchange.time_seconds, locked.directory.time_seconds)
        now_ms = locked.now_ms if locked.now_ms is not None and self._trust_database_clock else self._clock.now_ms()
        now = now_ms // 1000
        if now < last - MAX_BACKWARDS_SECONDS:
            raise FatalError("the clock is behind the log")
        return max(last, now)

    def _signer(self) -> SigningKey:
        """Returns the log key that the directory names, under the lock: every process comes to the same.

        Raises:
            FatalError: it is not held; nothing was written.
        """
        try:
            return self._keys.named_log(self._directory.view().log_key())
        except KeyNotHeldError:
            raise FatalError(NOT_HELD) from None

    def _check_held(self, stored: Iterable[store.StoredReceipt]) -> None:
        """Looks whether receipts of earlier batches can be made again, before anything is written.

        Raises:
            FatalError: the key of one is not held.
        """
        try:
            for row in stored:
                self._keys.signer_of(row.key)
        except KeyNotHeldError:
            raise FatalError(NOT_HELD) from None

    def _write(self, connection: Any, exchange: LogState, moment: Moment, done: Done, signer: SigningKey) -> Batch:
        drafts = done.drafts
        desks = sorted({party.desk for draft in drafts for party in draft.parties})
        counters = store.load_counters(connection, desks)
        batch = sequence(exchange.frontier, drafts, counters, moment, os.urandom(salts_needed(drafts)))
        if batch.entries:
            store.append(
                connection,
                LogName.EXCHANGE,
                batch.first,
                leaves=[entry.leaf for entry in batch.entries],
                hashes=[entry.leaf_hash for entry in batch.entries],
                completed=batch.completed,
            )
            store.save_events(connection, batch, counters)
            store.save_batch_row(
                connection,
                LogName.EXCHANGE,
                size=batch.size,
                root=batch.root,
                time_seconds=moment.time_seconds,
                key=signer.public,
            )
            store.move_head(connection, exchange, batch.frontier, batch.root, moment.time_seconds)
            store.announce(connection, batch.size)
        self._work.save(connection, done, batch)
        return batch

    def append(self, command: AppendStatements) -> Committed:
        """Adds directory statements, all or none, in a transaction of their own; its result is an `Appended`.

        Where they replace a key of the hub, the exchange log gets a leaf that names them, under the key in force from
        here on. What the replaced key signs from now on cannot stand before it, so it shows, whatever its leaves say.

        Raises:
            ComityError: the directory's rules refuse one.
            FatalError, DatabaseError, LostRaceError: as for `process`.
        """
        with self._db.writing() as connection:
            locked = self._seen.lock(connection)
            self._check(locked, locked.directory)
            current = self._follow(connection, locked)
            now = self._time(locked)
            grown = grow_directory(connection, locked.directory, current, command, now=now, keys=self._keys)
            batch: Batch | None = None
            if replaces_key(current, grown):
                self._check(locked, locked.exchange)
                batch = self._mark(connection, locked.exchange, Moment(now, grown.size, grown.root), grown.view())
            else:
                store.announce(connection, locked.exchange.size)
            if self._faults.armed:
                self._faults.hit("submit.before_commit")
        self._seen.reached(LogName.DIRECTORY, grown.size, grown.root)
        self._directory.publish(grown)
        exchange = locked.exchange
        if batch is not None:
            self._reached = batch.size
            self._seen.reached(LogName.EXCHANGE, batch.size, batch.root)
            signer = self._keys.named_log(grown.view().log_key())
            batch.checkpoint = note_at(grown.state.exchange_origin, batch.size, batch.root, signer)
            exchange = replace(exchange, frontier=batch.frontier, root=batch.root, time_seconds=now)
        head = head_of(grown.state, exchange, self._clock.now_ms(), self._keys)
        return Committed(batch, [Appended(locked.directory.size, head)])

    def _mark(self, connection: Any, exchange: LogState, moment: Moment, view: View) -> Batch:
        done: Done = self._work.apply(connection, [Record(EventKind.OPERATOR)], moment, view)
        return self._write(connection, exchange, moment, done, self._keys.named_log(view.log_key()))
