"""A list's life at its owner: two people sign, every subscriber ends with the same, who left gets nothing newer."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from comity.errors import CannotOpenError, RefusedError, VerificationError
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import apply_batch, encode_batch, entry_id
from comity.workflow.terms import State, Verb

from agents.client import Client
from agents.sync.owner import lists, outbox, publications, reports
from agents.sync.owner.desk import answer, revoke
from agents.sync.owner.publications import PublicationState
from tests.agents.owner.market import Follower, Owner, entry, market, removal
from tests.support.world import DAY

BLOCK = payload_pb2.WATCH_ACTION_BLOCK


def equal(owner: Owner, follower: Follower) -> bool:
    """Whether a follower holds what the owner published."""
    assert follower.standing is not None
    with owner.publisher.store.read() as c:
        held = {bytes(key): bytes(data) for key, data in lists.records(c, owner.row.number)}
    return (follower.standing.head, follower.records.kept) == (owner.now.head, held)


async def test_G_01_who_left_gets_nothing_newer_and_the_others_hold_all(tmp_path: Path) -> None:
    async with market(tmp_path, 2) as (owner, (first, second)):
        desk = owner.office.home.desk
        await owner.publish(entry(1), entry(2))
        await first.subscribe(owner.row.list_id)
        await owner.hear()
        await first.follow(desk)
        assert first.verbs == [Verb.SNAPSHOT]
        await owner.publish(entry(3))
        await second.subscribe(owner.row.list_id)
        await owner.hear()
        await owner.publish(removal(entry(1)))
        for follower in (first, second):
            await follower.follow(desk)
            assert equal(owner, follower)
        assert owner.now.live == 2
        states = [leg.state for follower in (first, second) for leg in owner.analyst.case(follower.case)]
        assert states == [State.CURRENT] * 2
        await owner.analyst.sync()
        assert await owner.publisher.fanout.collect() > 0

        left = second.standing
        await revoke(owner.publisher, bytes.fromhex(second.case), "the agreement ends")
        await owner.publish(entry(4))
        before = len(second.verbs)
        await second.follow(desk)
        await first.follow(desk)
        assert second.analyst.case(second.case)[0].state is State.REVOKED
        assert (second.standing, second.verbs[before:]) == (left, [])
        assert equal(owner, first)
        with owner.publisher.store.read() as c:  # nothing was even made for it, let alone refused by the hub
            ended = outbox.subscriber(c, bytes.fromhex(second.case))
        assert ended is not None
        assert (ended.sent, ended.fault) == (left.sequence if left else 0, "")
        assert owner.analyst.alarms() == first.analyst.alarms() == second.analyst.alarms() == []


async def test_nobody_blocks_a_wallet_alone(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        store = owner.publisher.store
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        found = owner.sign(entry(1, action=BLOCK))
        assert (found.state, found.people) == (PublicationState.AWAITING_APPROVAL, 2)
        with pytest.raises(RefusedError):
            owner.approve(found, owner.analyst)
        await owner.publisher.publish(owner.row.number)
        assert owner.now.live == 0
        view, now = owner.analyst.directory(), owner.analyst.clock()
        with store.write() as c, pytest.raises(CannotOpenError):
            publications.approve(
                c, found, bytes(32), keys=owner.approver.keys, desk=owner.approver.desk, view=view, now=now
            )
        owner.approve(found)
        await owner.publisher.publish(owner.row.number)
        await follower.follow(owner.office.home.desk)
        assert equal(owner, follower)
        assert owner.now.live == 1

        alone = owner.sign(entry(2, action=BLOCK))
        with store.read() as c:
            (_, data) = publications.waiting_sets(c, alone)[0]
        assert follower.standing is not None
        forged = pb.WatchBatch(salt=bytes(32), time=owner.analyst.clock(), sets=[pb.SignedChangeSet.FromString(data)])
        with pytest.raises(RefusedError):  # a machine of the owner's that publishes it gets nowhere
            apply_batch(follower.standing, encode_batch(forged), follower.analyst.directory(), follower.records)

        urgent = owner.sign(entry(3, action=BLOCK), urgent=True)

        def confirmed(c: sqlite3.Connection, who: Client, digest: bytes) -> int:
            view, keys, at = owner.analyst.directory(), who.keys, owner.analyst.clock()
            return publications.confirm(c, urgent, owner.row, digest, keys=keys, desk=who.desk, view=view, now=at)

        assert urgent.state is PublicationState.READY
        await owner.publisher.publish(owner.row.number)
        with store.write() as c:
            (record,) = (lists.record(c, owner.row.number, entry_id(entry(3))),)
            assert record is not None
            assert record.provisional_until > owner.analyst.clock()
            with pytest.raises(RefusedError):
                confirmed(c, owner.analyst, urgent.digest)
            with pytest.raises(CannotOpenError):  # it is not what was shown
                confirmed(c, owner.approver, bytes(32))
            assert confirmed(c, owner.approver, urgent.digest) == 1
        await owner.publisher.publish(owner.row.number)
        await follower.follow(owner.office.home.desk)
        assert equal(owner, follower)
        assert [not found.provisional_until for found in map(follower.records.get, follower.records.kept) if found]


async def test_a_silent_list_beats_drops_what_is_over_and_gives_a_snapshot_each_week(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        desk, store, number = owner.office.home.desk, owner.publisher.store, owner.row.number
        now = owner.analyst.clock()
        await owner.publish(entry(1), entry(2, valid_from=now - 2 * DAY, valid_until=now - DAY))
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        await follower.follow(desk)
        await owner.publisher.tick()
        quiet = owner.now.sequence
        await owner.publisher.tick()
        assert owner.now.sequence == quiet

        with store.write() as c:
            c.execute("UPDATE lists SET time = time - 16 * 60000, stated_at = 1")
        assert (await owner.publisher.tick()).batches == 1
        await owner.publisher.fanout.pump()
        (beat,) = await follower.follow(desk)
        assert list(beat.batch.drops) == [entry_id(entry(2))]
        assert beat.batch.live == owner.now.live == 1
        assert equal(owner, follower)

        with store.write() as c:
            c.execute("UPDATE lists SET snapshot_at = 1")
            c.execute("UPDATE subscribers SET given = 1")
        assert (await owner.publisher.tick()).batches == 1
        await owner.publisher.fanout.pump()
        before = len(follower.verbs)
        await follower.follow(desk)
        assert follower.verbs[before:] == [Verb.SNAPSHOT]
        assert equal(owner, follower)

        def unreachable(number: int) -> bool:
            with store.write() as c:
                c.execute("UPDATE lists SET time = time - 16 * 60000")
            beats = owner.publisher._beat(owner.now)
            with store.read() as c:
                return (beats, outbox.all_wait(c, number)) == (1, True)

        assert unreachable(number)  # the first sign of life waits for the hub, and no second one is made
        assert not unreachable(number)


async def test_two_agencies_that_challenge_a_block_suspend_it_and_a_person_answers(tmp_path: Path) -> None:
    async with market(tmp_path, 2) as (owner, followers):
        await owner.publish(entry(1, action=BLOCK), entry(2))
        for follower in followers:
            await follower.subscribe(owner.row.list_id)
        await owner.hear()
        listed = entry(1)
        for number, follower in enumerate(followers):
            body = payload_pb2.ChallengeEntry(
                list_id=owner.row.list_id,
                entry_id=entry_id(listed),
                entry_version=1,
                ground=payload_pb2.CHALLENGE_GROUND_SERVICE_WALLET,
                text="The hot wallet of an exchange.",
            )
            await follower.follow(owner.office.home.desk)
            await follower.analyst.send((await follower.analyst.challenge_entry(follower.case, body)).id)
            await owner.hear()
            with owner.publisher.store.read() as c:
                record = lists.record(c, owner.row.number, entry_id(listed))
            assert record is not None
            assert record.suspended is (number == 1)
        with owner.publisher.store.read() as c:
            first, _ = reports.challenges(c, owner.row.number)
        _, publication = await answer(owner.publisher, first, payload_pb2.CHALLENGE_RESULT_RETRACTED, "an exchange")
        assert publication is not None
        for follower in followers:
            await follower.follow(owner.office.home.desk)
            assert equal(owner, follower)
            assert list(follower.records.kept) == [entry_id(entry(2))]
        told = [item.verb for item in followers[0].analyst.inbox()] + [i.verb for i in followers[1].analyst.inbox()]
        assert told.count(Verb.ANSWER) == 1
        with pytest.raises(VerificationError):
            owner.publisher.suspend(owner.row.number, [entry_id(listed)])
        with owner.publisher.store.read() as c:
            assert [one.stored > 0 for one in outbox.active(c, owner.row.number)]
