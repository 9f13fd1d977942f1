"""What goes wrong on the way to a following desk: order, repetition, poison, bad batches. No list is harmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comity.errors import VerificationError
from comity.v1 import payload_pb2
from comity.watchlists.states import apply_batch
from comity.workflow.terms import Verb

from agents import mailstore
from agents.alarms import AlarmKind
from agents.intake import TRIES
from agents.records import Standing
from agents.sync.following import taking, unpacking
from agents.sync.following.purging import purge
from agents.sync.screening.lists import ListStatus
from tests.agents.following.desks import Desk, desks
from tests.agents.owner.market import Owner, entry

DAY = 86_400_000


async def synced(owner: Owner, desk: Desk) -> None:
    """The desk has subscribed and holds the list."""
    await desk.subscribe()
    await owner.publish(entry(1))
    await owner.hear()
    await desk.pull()
    assert desk.equals(owner)


async def mended(owner: Owner, desk: Desk) -> None:
    """What is missing is asked for and comes."""
    await desk.follower.look()
    await owner.hear()
    await desk.pull()
    assert desk.equals(owner)
    assert desk.listed.status is ListStatus.CURRENT


async def test_D_04_of_two_batches_in_the_wrong_order_none_is_applied_before_its_turn(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await synced(owner, desk)
        before = (desk.listed.sequence, desk.held())
        await owner.publish(entry(2))
        await owner.publish(entry(3))
        await desk.agent.sync()
        with desk.agent.store.begin() as c:
            one, two = [m for m in mailstore.messages(c, outgoing=False) if m.verb is Verb.PUBLISH][-2:]
            mailstore.update_message(c, one.message_hash, log_index=10**6)
            mailstore.update_message(c, two.message_hash, log_index=one.log_index)
            mailstore.update_message(c, one.message_hash, log_index=two.log_index)

        await desk.follower.catch_up()
        # The later one came first and was left; the earlier one was the next and counts; the later one comes again.
        assert desk.listed.sequence == before[0] + 1
        assert len(desk.held()) == len(before[1]) + 1
        assert desk.listed.status is ListStatus.LAGGING
        await mended(owner, desk)


async def test_D_05_a_batch_that_is_delivered_again_after_a_day_or_forty_has_no_effect(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await synced(owner, desk)
        await owner.publish(entry(2))
        await desk.pull()
        held = (desk.listed, desk.held())
        with desk.agent.store.begin() as c:
            last = [m for m in mailstore.messages(c, outgoing=False) if m.verb is Verb.PUBLISH][-1]
            cursor = mailstore.cursor(c)

        def replay() -> None:
            with desk.agent.store.begin() as c:
                mailstore.set_cursor(c, mailstore.Cursor(last.log_index, cursor.number - 1, last.leaf_time))

        desk.subscriber.office.clock.shift = DAY
        replay()
        assert (await desk.agent.sync()).new == ()
        # Forty days later the mailbox has forgotten it, and its time is over.
        desk.subscriber.office.clock.shift = 40 * DAY
        applied = desk.store.applied_index()
        assert purge(desk.agent.store, applied=applied, now=desk.agent.clock(), keep_ms=14 * DAY) > 0
        replay()
        report = await desk.agent.sync()
        assert (report.new, report.quarantined) == ((), 1)
        with desk.agent.store.begin() as c:
            again = mailstore.message(c, last.message_hash)
        assert again is not None
        assert again.standing is Standing.EXPIRED
        await desk.follower.catch_up()
        assert (desk.listed, desk.held()) == held


async def test_D_11_a_batch_that_kills_its_reader_is_left_aside_after_three_tries_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await synced(owner, desk)
        poison = desk.listed.sequence + 1

        def dying(standing: Any, *arguments: Any, **named: Any) -> Any:
            if standing.sequence + 1 == poison:
                raise MemoryError
            return apply_batch(standing, *arguments, **named)

        monkeypatch.setattr(taking, "apply_batch", dying)
        await owner.publish(entry(2))
        await owner.publish(entry(3))
        await desk.agent.sync()
        for _ in range(TRIES):
            desk.begin()
            with pytest.raises(MemoryError):
                await desk.follower.catch_up()
        await desk.follower.catch_up()
        assert desk.store.applied_index() == mailstore_newest(desk)
        assert (desk.listed.sequence, desk.listed.status) == (poison - 1, ListStatus.LAGGING)
        assert {AlarmKind.LIST_REFUSED, AlarmKind.LIST_LAGGING} == {kind for kind, _ in desk.alarms}

        monkeypatch.setattr(taking, "apply_batch", apply_batch)
        await mended(owner, desk)


async def test_a_batch_that_does_not_verify_is_asked_for_once_more_and_never_got_round_until_a_person_subscribes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await synced(owner, desk)
        held = (desk.listed.sequence, desk.held())

        def refusing(*_: Any, **__: Any) -> Any:
            raise VerificationError("a machine did what a machine may not")

        monkeypatch.setattr(taking, "apply_batch", refusing)
        await owner.publish(entry(2))
        await desk.pull()
        assert (desk.listed.sequence, desk.held()) == held
        assert AlarmKind.LIST_REFUSED in {kind for kind, _ in desk.alarms}
        gap = desk.follower.gaps.of(desk.key)
        assert gap is not None
        assert gap.from_sequence == held[0] + 1

        await desk.follower.look()
        await owner.hear()
        await desk.pull()  # the same batch again, and again it does not verify
        gap = desk.follower.gaps.of(desk.key)
        assert gap is not None
        assert (gap.from_sequence, gap.shut) == (held[0] + 1, True)
        # Neither a snapshot of the owner's nor what verifies gets past it, and nothing is asked for any more.
        monkeypatch.setattr(taking, "apply_batch", apply_batch)
        give_all(owner)
        desk.subscriber.office.clock.shift = 90_000
        for _ in range(2):
            await desk.follower.look()
            await owner.hear()
            await desk.pull()
        assert [m.verb for m in inbox(desk)].count(Verb.SNAPSHOT) == 2
        assert (desk.listed.sequence, desk.held(), desk.listed.status) == (*held, ListStatus.LAGGING)
        assert (desk.condition.counts["resyncs"], AlarmKind.LIST_LOST in {kind for kind, _ in desk.alarms}) == (1, True)

        desk.subscriber.office.clock.shift = 0
        await anew(owner, desk)
        assert desk.held() == held[1]  # what was held is seen until the new snapshot is whole
        await owner.hear()
        await desk.pull()
        assert desk.equals(owner)
        assert (desk.listed.status, desk.follower.gaps.of(desk.key)) == (ListStatus.CURRENT, None)


def give_all(owner: Owner) -> None:
    """The week is over: every subscriber is given a snapshot."""
    with owner.publisher.store.write() as c:
        c.execute("UPDATE lists SET snapshot_at = 1")
        c.execute("UPDATE subscribers SET given = 1")


async def anew(owner: Owner, desk: Desk) -> None:
    """The owner offers the list again, and a person takes it."""
    await owner.analyst.send((await owner.analyst.offer_list(desk.agent.desk, owner.row.terms)).id)
    await desk.pull()
    analyst = desk.subscriber.analyst
    await analyst.sync()
    known = desk.listed.terms.case_id.hex()
    case = next(item.case_id for item in analyst.inbox() if item.verb is Verb.OFFER and item.case_id != known)
    body = payload_pb2.SubscribeList(
        list_id=desk.key.list_id, contact=payload_pb2.Contact(name="Lee", telephone="+85211112222")
    )
    await analyst.send((await analyst.subscribe(case, body)).id)
    await desk.pull()
    assert desk.listed.status is ListStatus.SYNCING


def inbox(desk: Desk) -> list[mailstore.Message]:
    with desk.agent.store.begin() as c:
        return mailstore.messages(c, outgoing=False)


def mailstore_newest(desk: Desk) -> int:
    with desk.agent.store.begin() as c:
        return max(m.log_index for m in mailstore.messages(c, outgoing=False))


async def test_a_snapshot_that_is_interrupted_leaves_nothing_and_is_taken_in_whole_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        monkeypatch.setattr(unpacking, "RECORDS_AT_ONCE", 2)
        await owner.publish(*(entry(number) for number in range(1, 9)))
        await desk.subscribe()
        await owner.hear()
        await desk.agent.sync()
        honest = desk.store.add_records

        def told_to_end(generation: int, records: Any) -> None:
            honest(generation, records)
            desk.follower.ending = True

        monkeypatch.setattr(desk.store, "add_records", told_to_end)
        for _ in range(2):
            desk.begin()
            with pytest.raises(InterruptedError):
                await desk.follower.catch_up()
            assert (desk.held(), desk.listed.status) == ({}, ListStatus.SYNCING)
        monkeypatch.setattr(desk.store, "add_records", honest)
        desk.begin()
        await desk.follower.catch_up()
        assert desk.equals(owner)
        while desk.store.clean():
            pass
        (rows,) = desk.store._db.execute("SELECT count(*) FROM records").fetchone()
        assert rows == len(desk.held()) == 8
