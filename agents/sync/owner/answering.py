"""Answering subscribers: what is missing to who missed some, the whole list to who joins or lost its store.

Whoever follows a list takes nothing but batches, every one: a gap is filled with what is kept, in portions. A snapshot
is for newcomers, and a comparison for the others: the state after a batch that states its digest, and that batch. It is
packed beside everything else, once for all who want one within ten minutes, and nobody is given two in that time.

Never does: send (`agents/sync/owner/fanout.py`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from typing import Final

from comity.errors import Reason, RefusedError
from comity.watchlists import write_state
from comity.workflow.terms import Verb

from agents.client import Client
from agents.sync.owner import lists, outbox
from agents.sync.owner.bodies import pack_body
from agents.sync.owner.lists import ListRow
from agents.sync.owner.outbox import SNAPSHOT, SNAPSHOT_EVERY_MS, Blob, Part, Subscriber, SubscriberState
from agents.sync.owner.store import OwnerStore

REPLAYED: Final = 64
"""Batches that are sent again at once; the next portion follows when these are at the hub."""
_TRIES: Final = 5

StateDigest = Callable[[sqlite3.Connection, ListRow], ListRow]
"""Makes the newest batch of a list one that states the digest of what is live."""


class Answering:
    """Puts on its way what subscribers wait for."""

    def __init__(self, store: OwnerStore, client: Client, state_digest: StateDigest) -> None:
        self._store, self._client, self._state_digest = store, client, state_digest
        self._packing: dict[int, asyncio.Task[None]] = {}

    async def answer(self, *, patience: float | None = None) -> int:
        """Answers everybody who waits. Returns how many that are.

        Args:
            patience: for how many seconds snapshots are waited for; what is not packed then is there another time.
                None for as long as it takes.

        Raises:
            RefusedError: of a list of which no more may be published; the others were answered.
        """
        with self._store.write() as c:
            waiting = outbox.wanting(c)
            for subscriber in waiting:
                if subscriber.wants != SNAPSHOT:
                    self._replay(c, subscriber)
            whole = {one.list for one in outbox.wanting(c) if self._is_due(one)}
            going = [number for number in sorted(whole) if not lists.by_number(c, number).halted]
        for number in going:
            if number not in self._packing:
                self._packing[number] = asyncio.create_task(self._snapshot(number))
        if self._packing:
            await asyncio.wait(self._packing.values(), timeout=patience)
        self._collect()
        return len(waiting)

    def close(self) -> None:
        """Gives up what is being packed."""
        for task in self._packing.values():
            task.cancel()

    def _collect(self) -> None:
        done = [number for number, task in self._packing.items() if task.done()]
        errors = [task.exception() for task in (self._packing.pop(number) for number in done) if not task.cancelled()]
        for error in errors:
            busy = isinstance(error, RefusedError) and error.reason is Reason.BUSY
            if error is not None and not busy and not isinstance(error, OSError):
                raise error  # a list that moves on too fast, or has no room on the disk, is packed another time

    def _is_due(self, subscriber: Subscriber) -> bool:
        if subscriber.state is not SubscriberState.ACTIVE or subscriber.wants != SNAPSHOT:
            return False
        return abs(self._client.clock() - subscriber.given) >= SNAPSHOT_EVERY_MS

    def _replay(self, c: sqlite3.Connection, subscriber: Subscriber) -> None:
        """Sends a portion again, from a sequence on, where that is kept."""
        row, first, case_id = lists.by_number(c, subscriber.list), int(subscriber.wants), subscriber.case_id
        if first < 1 or (first <= row.sequence and lists.batch(c, row.number, first) is None):
            outbox.set_wants(c, case_id, SNAPSHOT)
            return
        if outbox.unsent_count(c, case_id):
            return  # the portion before is on its way
        last = min(row.sequence, first + REPLAYED - 1)
        self._batches(c, row, case_id, first, last)
        outbox.set_wants(c, case_id, "" if last == row.sequence else str(last + 1))

    def _batches(self, c: sqlite3.Connection, row: ListRow, case_id: bytes, first: int, last: int) -> None:
        for sequence in range(first, last + 1):
            outbox.add(c, row.number, case_id, Verb.PUBLISH, sequence)

    async def _snapshot(self, number: int) -> None:
        for _ in range(_TRIES):
            with self._store.write() as c:
                row = lists.by_number(c, number)
                state = self._packed_before(c, row)
                if state is None:
                    row = self._state_digest(c, row)
                    state = outbox.blob(c, number, row.sequence, Part.STATE)
            if state is None:
                state = await asyncio.to_thread(self._packed_state, row)
            if state is None:
                continue
            with self._store.write() as c:
                now = lists.by_number(c, number)
                if now.sequence - state.sequence > REPLAYED:
                    continue
                outbox.put_blob(c, state)
                for subscriber in filter(self._is_due, outbox.subscribers(c, number)):
                    outbox.give(c, subscriber.case_id, number, state.sequence, self._client.clock())
                    self._batches(c, now, subscriber.case_id, state.sequence + 1, now.sequence)
            return
        raise RefusedError(Reason.BUSY, "the list moved on each time while its state was packed")

    def _packed_before(self, c: sqlite3.Connection, row: ListRow) -> Blob | None:
        """Returns a state that was packed a moment ago: who asks for it costs the others nothing, not even a batch."""
        if row.sequence and row.stated == row.sequence:
            return None  # the newest batch states its digest already
        found = outbox.newest_state(c, row.number, self._client.clock() - SNAPSHOT_EVERY_MS)
        return None if found is None or row.sequence - found.sequence > REPLAYED else found

    def _packed_state(self, row: ListRow) -> Blob | None:
        """Packs what is live, as one moment has it. Returns None where the list has moved on from the batch."""
        with self._store.read() as c:
            present = lists.by_number(c, row.number)
            if present.sequence != row.sequence:
                return None
            standing = lists.standing(c, present, self._client.desk)
            chunks = write_state(standing, _data(c, row.number), count=present.live)
            packed, attachment = pack_body(self._client.home, chunks, f"{row.list_id.hex()[:8]}-{row.sequence}-state")
            return Blob(row.number, row.sequence, Part.STATE, packed, attachment, uploaded=False, count=present.live)


def _data(c: sqlite3.Connection, number: int) -> Iterator[bytes]:
    for _, data in lists.records(c, number):
        yield data
