"""The publisher: what people signed becomes the next batches of a list, and reaches every subscriber.

One transaction makes a batch: the next sequence, what is live after it, the batch's bytes, and a row for each
subscriber. So two processes of a home that publish at once make two batches in a row, and one that is killed leaves
either all of a batch or nothing. The same `apply_batch` as every subscriber's judges it first.

A machine (role `agent`) may run it: it seals and sends what people signed, and by itself nothing but heartbeats,
digests, suspensions and drops of what is over.

Never does: sign a change; publish what a subscriber would refuse.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import Effects, Standing, apply_batch, digest_after, encode_batch, head_of
from comity.watchlists.batches import MAX_SETS, STATED_EVERY
from comity.watchlists.changes import BEFORE_CREATED, changes_of
from comity.watchlists.states import MAX_USED

from agents.client import Client
from agents.sync.owner import lists, outbox, publications, reports
from agents.sync.owner.answering import Answering
from agents.sync.owner.comparing import Comparing
from agents.sync.owner.fanout import Fanout
from agents.sync.owner.hearing import Hearing
from agents.sync.owner.lists import ListRow
from agents.sync.owner.publications import Publication, PublicationState
from agents.sync.owner.store import OwnerStore

BATCH_CHANGES: Final = 10_000
"""Most changes in one batch."""
BATCH_BYTES: Final = 2 << 20
"""About how many bytes of change sets go into one batch."""
DAY_MS: Final = 86_400_000
SNAPSHOT_MS: Final = 7 * DAY_MS
"""How often every subscriber is given a snapshot: the hub's feed alone can then rebuild its store."""
KEPT_MS: Final = 90 * DAY_MS
"""How long publications that are out are kept."""
REPORTS_MS: Final = 400 * DAY_MS
"""How long sightings, and challenges that were answered, are listed."""
LOGGED_MS: Final = 15 * DAY_MS
"""How long an envelope that was never acknowledged is waited for: the hub keeps it for 14 days."""
PATIENCE_SECONDS: Final = 1.0
"""For so long a pass waits for snapshots that are being packed; then they are there with another."""
HEAD_MS: Final = 4 * 60_000
"""A head that is older is refreshed before anything is sealed."""
PUBLISH_MS: Final = 5_000
"""… and before what people signed goes into a batch, a head that is older than that: the batch is dated by it."""
APART_MS: Final = 1_000
"""So far may the clocks of a hub's processes be apart: one has signed the head, another may log the batch."""
_SETTLING: Final = 16
"""So often, a quarter of a second apart, a person's publishing waits for the second after a colleague's certificate."""


@dataclass(slots=True)
class Report:
    """What a pass of the publisher has done."""

    batches: int = 0
    heard: int = 0
    logged: int = 0
    held: int = 0
    stored: int = 0
    stale: list[str] = field(default_factory=list)
    """Ids of publications of which some fits the list no more."""
    halted: list[str] = field(default_factory=list)
    """Ids of lists of which nothing is published any more."""


class Publisher:
    """Publishes the lists that a home owns. Made by `Publisher.open`; to be closed."""

    def __init__(self, client: Client, store: OwnerStore) -> None:
        self.client, self.store = client, store
        self.fanout = Fanout(store, client)
        self._hearing = Hearing(store, client)
        self._comparing = Comparing(store, client)
        self._answering = Answering(store, client, self.publish_digest)

    @classmethod
    def open(cls, client: Client) -> Publisher:
        """Opens the lists of a client's home.

        Raises:
            OwnerStoreError: made by a newer version, or damaged.
        """
        return cls(client, OwnerStore.open(client.home))

    def close(self) -> None:
        """Closes the database; the client stays the caller's."""
        self._answering.close()
        self.fanout.close()
        self.store.close()

    async def tick(self) -> Report:
        """Does everything that is due: hears subscribers, answers them, publishes, beats, sends.

        To be called each second; the mailbox is read by whoever runs the feed.

        Raises:
            RefusedError: the hub does not answer; nothing is lost.
            VerificationError: the hub cannot prove what it says.
        """
        report = Report()
        await self.begin()
        report.heard = self.hear()
        with self.store.write() as c:
            owned = lists.all_lists(c)
            waiting = bool(outbox.unsent(c, 1) or outbox.wanting(c))
            going = [row for row in owned if not row.halted]
            ready = any(publications.ready(c, row.number) or publications.confirmations(c, row.number) for row in going)
            due = any(self.client.clock() - row.time >= _beat_ms(row) and outbox.active(c, row.number) for row in going)
        if ready or due:
            await self._fresh(PUBLISH_MS if ready else HEAD_MS)
        for row in owned:
            if row.halted:
                report.halted.append(row.list_id.hex())
                continue
            report.batches += self._publish_ready(row, report) + self._beat(row)
        if report.batches or waiting:
            await self._fresh()
        if report.batches:
            await self._pump_into(report)  # a snapshot that is packed holds up no batch
        if report.batches or waiting:
            await self._answering.answer(patience=PATIENCE_SECONDS)
        await self._pump_into(report)
        return report

    async def begin(self) -> int:
        """Compares what the log has of this desk's lists with what this home has: a home that was put back halts.

        To be called before anything is made of a list. After a start the feed is read to its end first.

        Returns:
            How many lists have halted by it.

        Raises:
            RefusedError, VerificationError: the feed cannot be read.
        """
        if not self.client.caught_up_at:
            await self.client.sync()
        return self._comparing.compare()

    def hear(self) -> int:
        """Takes what subscribers wrote and the mailbox holds. Returns how many messages."""
        return self._hearing.hear(self._suspend)

    async def publish(self, number: int) -> Report:
        """Publishes what is ready of one list and sends it, receipts and all; for a person who waits.

        Raises:
            RefusedError: WRONG_SEQUENCE where the list has halted; the hub's reason.
            VerificationError: a receipt does not verify.
        """
        report = Report()
        await self.begin()
        report.heard = self.hear()
        with self.store.write() as c:
            row = lists.by_number(c, number)
        _check_going(row)
        await self._fresh(PUBLISH_MS)
        await self._settled_people(row)
        report.batches = self._publish_ready(row, report)
        await self._answering.answer()
        await self._pump_into(report, settle=True)
        return report

    def heartbeat(self, number: int) -> int:
        """Publishes an empty batch now, with what is over dropped. Returns its sequence."""
        with self.store.write() as c:
            return self._beat_now(c, lists.by_number(c, number)).sequence

    def publish_digest(self, c: sqlite3.Connection, row: ListRow) -> ListRow:
        """Makes the list's newest batch one that states the digest of all that is live, unless it does."""
        if row.sequence and row.stated == row.sequence:
            return row
        return self._batch(c, row, pb.WatchBatch(), state=True)

    def suspend(self, number: int, entry_ids: Sequence[bytes]) -> int:
        """Suspends entries. Returns the sequence of the batch that did it.

        Raises:
            VerificationError: one is not live, or suspended already.
        """
        with self.store.write() as c:
            return self._batch(c, lists.by_number(c, number), pb.WatchBatch(suspends=sorted(entry_ids))).sequence

    # --- how

    async def _fresh(self, limit: int = HEAD_MS) -> None:
        head = self.client.trust.head
        if head is None or abs(self.client.clock() - head.time) > limit:
            await self.client.refresh()

    async def _settled_people(self, row: ListRow) -> None:
        """Waits until everybody whom this agency has certified counts at the time of a batch."""
        for _ in range(_SETTLING):
            if self._are_settled(row):
                return
            await asyncio.sleep(0.25)
            await self.client.refresh()

    def _are_settled(self, row: ListRow) -> bool:
        view, second = self.client.directory(), self._time(row) // 1000 * 1000
        people = view.members_of(self.client.home.agency, self.client.clock())
        return all(view.entered(record) < second for record in people)

    async def _pump_into(self, report: Report, *, settle: bool = False) -> None:
        """Sends what is on its way, and cleans up behind it whether that went well or not."""
        try:
            sending = await self.fanout.pump(settle=settle)
            report.logged, report.held = report.logged + sending.logged, sending.held
        finally:
            report.stored += await self.fanout.collect()

    def _publish_ready(self, row: ListRow, report: Report) -> int:
        """Makes batches of everything that has its signatures. Returns how many."""
        made = 0
        while True:
            with self.store.write() as c:
                row = lists.by_number(c, row.number)
                if not self._next_batch(c, row, report):
                    return made
            made += 1

    def _next_batch(self, c: sqlite3.Connection, row: ListRow, report: Report) -> bool:
        """Makes one batch of what is ready. Returns False where nothing is."""
        if not self._are_settled(row):
            return False  # somebody was certified within the second of the batch: the next one counts them
        confirmations = publications.confirmations(c, row.number)[:MAX_SETS]
        chosen = self._chosen(c, row)
        if not chosen and not confirmations:
            return False
        signed_confirmations = [pb.SignedConfirmation.FromString(data) for _, data in confirmations]
        batch = pb.WatchBatch(sets=[signed for _, _, signed in chosen], confirmations=signed_confirmations)
        if self._tried(c, row, batch) is not None:
            self._done(c, row, chosen, [set_id for set_id, _ in confirmations], report)
            return True
        # Something in it fits the list no more: each by itself, so that one spoils no other.
        for publication, set_id, signed in chosen:
            if self._tried(c, row, pb.WatchBatch(sets=[signed])) is not None:
                self._done(c, row, [(publication, set_id, signed)], [], report)
                row = lists.by_number(c, row.number)
            else:
                publications.set_done(c, set_id, published=False)
                self._settled(c, publication, 0, report)
        for set_id, data in confirmations:
            alone = pb.WatchBatch(confirmations=[pb.SignedConfirmation.FromString(data)])
            self._tried(c, row, alone)
            publications.drop_confirmation(c, set_id)
            row = lists.by_number(c, row.number)
        return True

    def _done(
        self,
        c: sqlite3.Connection,
        row: ListRow,
        chosen: Sequence[tuple[Publication, bytes, pb.SignedChangeSet]],
        confirmed: Sequence[bytes],
        report: Report,
    ) -> None:
        after = lists.by_number(c, row.number)
        used = lists.standing(c, after, self.client.desk).used
        for _, set_id, _ in chosen:
            until = used[set_id].provisional_until if set_id in used else 0
            publications.set_done(c, set_id, published=True, provisional_until=until)
        for publication in {publication.id: publication for publication, _, _ in chosen}.values():
            self._settled(c, publication, after.sequence, report)
        for set_id in confirmed:
            publications.drop_confirmation(c, set_id)

    def _settled(self, c: sqlite3.Connection, publication: Publication, sequence: int, report: Report) -> None:
        if publications.settle(c, publication, sequence) is PublicationState.STALE:
            report.stale.append(publication.id.hex())

    def _tried(self, c: sqlite3.Connection, row: ListRow, batch: pb.WatchBatch) -> ListRow | None:
        """Makes a batch the next one, or returns None where it does not follow from what is live."""
        try:
            return self._batch(c, row, batch)
        except (MalformedError, VerificationError, RefusedError):
            return None

    def _beat(self, row: ListRow) -> int:
        """Publishes the heartbeat, the daily digest and the weekly snapshot where they are due. Returns how many."""
        now = self.client.clock()
        with self.store.write() as c:
            row = lists.by_number(c, row.number)
            if row.halted or not outbox.active(c, row.number):
                return 0
            if now - row.snapshot_at > SNAPSHOT_MS and row.snapshot_at:
                row = self.publish_digest(c, row)
                for subscriber in outbox.active(c, row.number):
                    if not subscriber.wants and now - subscriber.given > outbox.SNAPSHOT_EVERY_MS:
                        outbox.set_wants(c, subscriber.case_id, outbox.SNAPSHOT)
                lists.snapshot_given(c, row, now)
                publications.forget_before(c, now - KEPT_MS)
                reports.forget_before(c, now - REPORTS_MS)
                outbox.forget_before(c, now - LOGGED_MS)
                return 1
            if not row.snapshot_at:
                lists.snapshot_given(c, row, now)
            if self._time(row) - row.time < _beat_ms(row) or outbox.all_wait(c, row.number):
                return 0  # a sign of life that waits for the hub like the one before it would say nothing
            self._beat_now(c, row)
            return 1

    def _beat_now(self, c: sqlite3.Connection, row: ListRow) -> ListRow:
        now = self._time(row)
        over = sorted(lists.expired(c, row.number, now, BATCH_CHANGES // 2))
        return self._batch(c, row, pb.WatchBatch(drops=over), state=now - row.stated_at > DAY_MS)

    def _suspend(self, c: sqlite3.Connection, number: int, entry_id: bytes) -> int:
        """Suspends one entry in a transaction of the caller's. Returns the sequence, 0 where it cannot be."""
        row = lists.by_number(c, number)
        found = None if row.halted else self._tried(c, row, pb.WatchBatch(suspends=[entry_id]))
        return 0 if found is None else found.sequence

    def _time(self, row: ListRow) -> int:
        """Returns the time of a batch made now, Unix milliseconds UTC.

        It is never before the last one's, and never after what the hub has signed of its own time: no leaf that is
        still to come is older than that, and no subscriber takes a batch that is dated after its leaf.
        """
        head = self.client.trust.head
        shown = 0 if head is None else (head.time - APART_MS) // 1000 * 1000  # a leaf bears a second
        return max(row.time, min(self.client.clock(), shown))

    def _chosen(self, c: sqlite3.Connection, row: ListRow) -> list[tuple[Publication, bytes, pb.SignedChangeSet]]:
        """Returns the change sets that go into the next batch, oldest first, as many as it and the list take."""
        chosen: list[tuple[Publication, bytes, pb.SignedChangeSet]] = []
        size = changes = 0
        now = self._time(row)
        most = min(MAX_SETS, MAX_USED - len(lists.standing(c, row, self.client.desk).used))
        for publication in publications.ready(c, row.number):
            for set_id, data in publications.waiting_sets(c, publication):
                signed = pb.SignedChangeSet.FromString(data)
                found = pb.ChangeSet.FromString(signed.body)
                weight = changes_of(found)
                full = size + len(data) > BATCH_BYTES or changes + weight > BATCH_CHANGES
                if len(chosen) >= most or (chosen and full):
                    return chosen
                if found.created - BEFORE_CREATED > now:
                    continue  # its author's clock is ahead of the hub's: it waits for its time
                chosen.append((publication, set_id, signed))
                size, changes = size + len(data), changes + weight
        return chosen

    def _batch(self, c: sqlite3.Connection, row: ListRow, batch: pb.WatchBatch, *, state: bool = False) -> ListRow:
        """Makes a batch the list's next one and puts it on its way.

        Args:
            c: of a writing transaction.
            row: the list, as it stands in that transaction.
            batch: without salt and time.
            state: whether it states the digest of all that is live after it.

        Raises:
            RefusedError: WRONG_SEQUENCE: the list has halted; of the people who signed.
            MalformedError, VerificationError: it does not follow from what is live.
        """
        _check_going(row)
        batch.salt, batch.time = os.urandom(32), self._time(row)
        before, records = lists.standing(c, row, self.client.desk), lists.LiveRecords(c, row.number)
        data = encode_batch(batch)
        effects = apply_batch(before, data, self.client.directory(), records)
        if state or effects.standing.sequence % STATED_EVERY == 0:
            batch.state_digest, batch.live = digest_after(effects, records)
            data = encode_batch(batch)
            effects = _with_head(effects, before, data)
        after = lists.apply(c, row, before, effects, data)
        if batch.state_digest:
            lists.stated(c, after, batch.time)
            after = lists.by_number(c, row.number)
        outbox.add_for_all(c, row.number, after.sequence)
        return after


def _with_head(effects: Effects, before: Standing, data: bytes) -> Effects:
    """Returns the effects of a batch that was given a digest after it had been applied."""
    after = effects.standing
    head = head_of(after.list_id, after.sequence, before.head, data)
    return replace(effects, standing=replace(after, head=head))


def _beat_ms(row: ListRow) -> int:
    return int(row.terms.heartbeat_minutes or 15) * 60_000


def _check_going(row: ListRow) -> None:
    if row.halted:
        raise RefusedError(Reason.WRONG_SEQUENCE, "the list has halted", sequence=str(row.sequence))
