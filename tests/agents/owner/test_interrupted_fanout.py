"""Fan-out that is cut off anywhere, twice at once, or too late for a subscriber, ends with everybody equal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError, VerificationError
from comity.receipts import Receipt
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.terms import Verb

from agents import mailstore
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.session import Session
from agents.sync.owner import lists, outbox
from agents.sync.owner.fanout import FIRST, Fanout, Sending
from agents.sync.owner.publisher import Publisher
from agents.sync.owner.uploading import Uploading
from tests.agents.owner.market import Follower, Owner, entry, market
from tests.agents.owner.test_publishing import equal


class KilledError(Exception):
    """The process ends here."""


async def killed(owner: Owner, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Publishes in a process that dies before or after the hub has answered."""
    submit = Session.submit_batch

    async def dies(self: Session, envelopes: list[envelope_pb2.Envelope]) -> list[Receipt | RefusedError]:
        if after:
            await submit(self, envelopes)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Session, "submit_batch", dies)
        with pytest.raises(KilledError):
            await owner.publisher.publish(owner.row.number)
    owner.publisher.close()
    owner.publisher = Publisher.open(owner.analyst)


async def resync(follower: Follower, owner: Owner, first: int) -> list[Verb]:
    """Asks again from a sequence on. Returns what came."""
    body = payload_pb2.Resync(list_id=owner.row.list_id, from_sequence=first, reason="lost")
    await follower.analyst.send((await follower.analyst.resync(follower.case, body)).id)
    await owner.hear()
    before = len(follower.verbs)
    await follower.follow(owner.office.home.desk)
    return follower.verbs[before:]


async def test_what_was_cut_off_goes_out_once_and_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with market(tmp_path, 2) as (owner, followers):
        desk = owner.office.home.desk
        for follower in followers:
            await follower.subscribe(owner.row.list_id)
        await owner.hear()
        owner.sign(entry(1))
        await killed(owner, monkeypatch, after=False)
        owner.sign(entry(2))
        await killed(owner, monkeypatch, after=True)
        with owner.publisher.store.write() as c:
            hashes = [out.message_hash for out in outbox.unsent(c, 100)]
        assert len(hashes) == 4
        await owner.publisher.fanout.pump()
        for follower in followers:
            effects = await follower.follow(desk)
            assert [len(effect.puts) for effect in effects] == [1, 1]
            assert equal(owner, follower)
        for follower in followers:
            with follower.analyst.store.begin() as mail:
                assert len({*hashes} & {*mailstore.message_hashes(mail)}) == 2

        # Two processes of the home at once: two batches in a row, each to everybody once.
        other = Publisher.open(await owner.office.client(owner.analyst.member))
        await other.client.refresh()
        for number in range(3, 9):
            owner.sign(entry(number))
            await asyncio.gather(owner.publisher.publish(owner.row.number), other.publish(owner.row.number))
        owner.publisher.heartbeat(owner.row.number)
        other.heartbeat(owner.row.number)
        await asyncio.gather(owner.publisher.fanout.pump(), other.fanout.pump())
        await other.fanout.pump()
        other.close()
        for follower in followers:
            await follower.follow(desk)
            assert equal(owner, follower)
            assert follower.verbs.count(Verb.PUBLISH) == owner.now.sequence - 1
        assert owner.now.live == 8
        assert owner.analyst.alarms() == []


async def test_a_receipt_that_does_not_verify_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        submit, calls = Session.submit_batch, list[int]()

        async def lies(self: Session, envelopes: list[envelope_pb2.Envelope]) -> list[Receipt | RefusedError]:
            calls.append(len(envelopes))
            answers = await submit(self, envelopes)
            return [replace(one, salt=bytes(32)) if isinstance(one, Receipt) else one for one in answers]

        owner.sign(entry(1))
        with monkeypatch.context() as patch:
            patch.setattr(Session, "submit_batch", lies)
            with pytest.raises(VerificationError):
                await owner.publisher.publish(owner.row.number)
            await owner.publisher.tick()
        assert calls == [1]
        with owner.publisher.store.read() as c:
            (waiting,) = outbox.unsent(c, 10)
        assert waiting.envelope
        assert AlarmKind.INVALID_DELIVERY in [alarm.kind for alarm in owner.analyst.alarms()]
        honest = Publisher.open(owner.analyst)
        assert (await honest.publish(owner.row.number)).logged == 1
        honest.close()


async def test_a_gap_is_replayed_in_portions_and_a_list_that_was_put_back_halts(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        desk = owner.office.home.desk
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        await owner.publish(entry(1))
        # The subscriber's desk has a new key meanwhile: the hub refuses the old one, and the batch is sealed anew.
        await Admin(await follower.office.client()).publish_desk_key(at_once=True)
        for number in (2, 3):
            await owner.publish(entry(number))
        await follower.follow(desk)
        assert equal(owner, follower)
        assert await resync(follower, owner, owner.now.sequence - 1) == [Verb.PUBLISH] * 2
        before = owner.now.sequence
        assert await resync(follower, owner, 0) == []  # it was given one a moment ago
        with owner.publisher.store.write() as c:
            c.execute("UPDATE subscribers SET given = 1")
        assert await resync(follower, owner, 0) == [Verb.SNAPSHOT, *[Verb.PUBLISH] * (before - 1)]
        assert equal(owner, follower)
        assert owner.now.sequence == before  # what was packed for the first serves the second, too
        for _ in range(70):
            owner.publisher.heartbeat(owner.row.number)
        with owner.publisher.store.write() as c:
            outbox.drop_unsent(c, bytes.fromhex(follower.case))
        portions = [await resync(follower, owner, owner.now.sequence - 69)]
        await owner.publisher.tick()
        await owner.publisher.fanout.pump()
        before = len(follower.verbs)
        await follower.follow(desk)
        portions.append(follower.verbs[before:])
        assert portions == [[Verb.PUBLISH] * 64, [Verb.PUBLISH] * 6]
        assert equal(owner, follower)
        assert follower.standing is not None
        assert follower.standing.sequence == owner.now.sequence > 70

        # An older copy of the owner's database must not fork the list: it halts, and somebody looks.
        with owner.publisher.store.write() as c:
            row = owner.now
            c.execute(
                "UPDATE lists SET sequence = ?, head = ? WHERE number = ?", (row.sequence - 5, bytes(32), row.number)
            )
            c.execute("DELETE FROM batches WHERE sequence > ?", (row.sequence - 5,))
        owner.publisher.heartbeat(owner.row.number)
        await owner.publisher.fanout.pump()
        assert owner.now.halted == Reason.WRONG_SEQUENCE
        assert [alarm.kind for alarm in owner.analyst.alarms()] == [AlarmKind.LIST_FORKED]
        with pytest.raises(RefusedError):
            owner.publisher.heartbeat(owner.row.number)
        with owner.publisher.store.write() as c:
            lists.halt(c, owner.row.number, "")
        assert not owner.now.halted


@pytest.mark.parametrize("behind", [0, 1, 10])
async def test_a_home_that_was_put_back_and_has_published_as_far_as_the_hub_knows_halts_too(
    tmp_path: Path, behind: int
) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        await owner.publish(entry(1))
        for _ in range(behind):
            owner.publisher.heartbeat(owner.row.number)
        await owner.publish(entry(2))
        with owner.publisher.store.write() as c:
            row = owner.now
            put_back = (row.sequence - behind, bytes(32), row.number)  # the same length, and another line
            c.execute("UPDATE lists SET sequence = ?, head = ? WHERE number = ?", put_back)
            c.execute("DELETE FROM batches WHERE sequence > ?", (row.sequence - behind,))
        for _ in range(behind + 1):  # past the last that the hub knows: it says which head it has
            owner.publisher.heartbeat(owner.row.number)
        await owner.publisher.fanout.pump()
        assert owner.now.sequence == row.sequence + 1
        assert owner.now.halted == Reason.WRONG_SEQUENCE
        assert [alarm.kind for alarm in owner.analyst.alarms()] == [AlarmKind.LIST_FORKED]


async def test_what_the_hub_refuses_for_now_holds_what_follows_it_and_the_next_is_sealed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        for _ in range(30):
            owner.publisher.heartbeat(owner.row.number)
        submit, seal, calls, sealed = Session.submit_batch, Fanout._seal, list[int](), asyncio.Event()

        async def busy(self: Session, envelopes: list[envelope_pb2.Envelope]) -> list[Receipt | RefusedError]:
            calls.append(len(envelopes))
            if len(calls) > 1:
                return await submit(self, envelopes)
            await asyncio.wait_for(sealed.wait(), 10)
            return [*await submit(self, envelopes[:2]), *[RefusedError(Reason.BUSY, "later")] * (len(envelopes) - 2)]

        def seals(self: Fanout, fresh: list[outbox.Out]) -> list[tuple[outbox.Out, envelope_pb2.Envelope]]:
            if calls:
                sealed.set()
            return seal(self, fresh)

        with monkeypatch.context() as patch:
            patch.setattr(Session, "submit_batch", busy)
            patch.setattr(Fanout, "_seal", seals)
            assert await owner.publisher.fanout.pump() == Sending(2, 28)
            assert calls == [FIRST]
            assert await owner.publisher.fanout.pump() == Sending(28, 0)
        assert calls == [8, 8, 16, 4]
        await follower.follow(owner.office.home.desk)
        assert equal(owner, follower)
        assert owner.analyst.alarms() == []


async def test_what_follows_something_that_is_held_waits_with_it_in_the_calls_behind_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        for _ in range(20):
            owner.publisher.heartbeat(owner.row.number)
        with owner.publisher.store.read() as c:
            fourth = outbox.unsent(c, 100)[3].number

        async def missing(_: Uploading, outs: list[outbox.Out], *, wait: bool) -> dict[int, str]:
            return {out.number: Reason.QUOTA.value for out in outs if out.number == fourth}

        with monkeypatch.context() as patch:
            patch.setattr(Uploading, "missing", missing)
            assert await owner.publisher.fanout.pump() == Sending(3, 17)
        assert await owner.publisher.fanout.pump() == Sending(17, 0)
        await follower.follow(owner.office.home.desk)
        assert equal(owner, follower)
