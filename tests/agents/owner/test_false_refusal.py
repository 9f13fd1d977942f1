"""A list that halted on a hub's false word goes on once the log shows it, and never because the hub says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.header import parse_header
from comity.receipts import Receipt
from comity.v1 import envelope_pb2, feed_pb2, payload_pb2

from agents.alarms import AlarmKind
from agents.session import Session
from agents.sync.owner import lists, outbox, publications
from agents.sync.owner.repairing import Problem, Repaired, RepairError, repair
from tests.agents.owner.market import Follower, Owner, entry, market
from tests.agents.owner.test_publishing import equal
from tests.agents.owner.test_put_back import copied, kinds, put_back

Reads = Callable[..., AsyncIterator[feed_pb2.ReadFeedResponse]]


class Liar:
    """A hub that refuses every envelope for a reason that is not true, for as long as it lies."""

    def __init__(self) -> None:
        self.lies, self.calls, self._submit = True, 0, Session.submit_batch

    async def submit_batch(
        self, session: Session, envelopes: list[envelope_pb2.Envelope]
    ) -> list[Receipt | RefusedError]:
        self.calls += 1
        if not self.lies:
            return await self._submit(session, envelopes)
        error = RefusedError(Reason.WRONG_SEQUENCE, "another head", sequence="99", head="00" * 32)
        return [error] * len(envelopes)

    def patched(self, patch: pytest.MonkeyPatch) -> Liar:
        liar = self

        async def submit(session: Session, envelopes: list[envelope_pb2.Envelope]) -> list[Receipt | RefusedError]:
            return await liar.submit_batch(session, envelopes)

        patch.setattr(Session, "submit_batch", submit)
        return self


async def begun(owner: Owner, followers: list[Follower]) -> None:
    for follower in followers:
        await follower.subscribe(owner.row.list_id)
    await owner.hear()
    await owner.publish(entry(1))
    await owner.hear()


async def test_a_list_that_halted_on_a_false_word_goes_on_once_the_log_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await begun(owner, [follower])
        liar = Liar().patched(monkeypatch)
        await owner.publish(entry(2))
        assert owner.now.halted == Reason.WRONG_SEQUENCE
        # Of a list that has halted nothing leaves, whatever the hub would say to it by now.
        calls = liar.calls
        await owner.publisher.tick()
        assert (await owner.publisher.fanout.pump()).logged == 0
        assert liar.calls == calls
        with pytest.raises(RepairError) as refused:
            await repair(owner.publisher, owner.row.number)
        assert refused.value.problem is Problem.NOT_SHOWN
        assert owner.now.halted == Reason.WRONG_SEQUENCE
        assert kinds(owner.analyst) == [AlarmKind.LIST_FORKED]

        liar.lies = False
        assert await repair(owner.publisher, owner.row.number) == Repaired(0, 0, 0)
        assert not owner.now.halted
        assert owner.analyst.alarms() == []
        await owner.publish(entry(3))
        await follower.follow(owner.office.home.desk)
        assert equal(owner, follower)

        # Also where everything was sent: its newest batch goes to a follower once more, who has it.
        with owner.publisher.store.write() as c:
            lists.halt(c, owner.row.number, Reason.WRONG_SEQUENCE.value)
        assert await repair(owner.publisher, owner.row.number) == Repaired(0, 0, 0)
        await follower.follow(owner.office.home.desk)
        assert equal(owner, follower)
        with owner.publisher.store.write() as c:
            lists.halt(c, owner.row.number, Reason.WRONG_SEQUENCE.value)
            outbox.revoke(c, bytes.fromhex(follower.case))
        with pytest.raises(RepairError) as nobody:
            await repair(owner.publisher, owner.row.number)
        assert nobody.value.problem is Problem.NOT_SHOWN
        assert owner.now.halted


def stripped(after: int) -> Reads:
    """A feed in which the hub keeps back what the batches behind a sequence say."""
    read = Session.read_feed

    async def reads(self: Session, start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        async for response in read(self, start, follow=follow):
            if _sequence(response) > after:
                response.item.ClearField("envelope")
            yield response

    return reads


def hidden(after: int) -> Reads:
    """A feed in which the batches behind a sequence are left out."""
    read = Session.read_feed

    async def reads(self: Session, start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        async for response in read(self, start, follow=follow):
            if _sequence(response) <= after:
                yield response

    return reads


def _sequence(response: feed_pb2.ReadFeedResponse) -> int:
    header = response.item.envelope.header
    at = parse_header(header).watchlist if header else None
    return 0 if at is None else at.sequence


@pytest.mark.parametrize(
    ("keeps_back", "alarm"), [(stripped, AlarmKind.INVALID_DELIVERY), (hidden, AlarmKind.DELIVERY_GAP)]
)
async def test_a_hub_that_keeps_batches_back_lets_no_list_go_on_of_which_the_log_has_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps_back: Callable[[int], Reads], alarm: AlarmKind
) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await begun(owner, [follower])
        copy = copied(owner, tmp_path / "copy")
        before = owner.now.sequence
        await owner.publish(entry(2))
        async with put_back(owner, copy) as old:
            monkeypatch.setattr(Session, "read_feed", keeps_back(before))
            with old.publisher.store.write() as c:
                lists.halt(c, old.row.number, Reason.WRONG_SEQUENCE.value)
            # The hub takes its newest batch, which the log has: that shows nothing.
            with pytest.raises(RepairError) as kept_back:
                await repair(old.publisher, old.row.number)
            assert kept_back.value.problem is Problem.WITHHELD
            assert {alarm} <= set(kinds(old.analyst))
            assert (old.now.sequence, old.now.halted) == (before, Reason.WRONG_SEQUENCE)


def without_others(owner: Owner) -> Reads:
    """A feed in which the hub has lost what others have sent."""
    read = Session.read_feed

    async def reads(self: Session, start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        async for response in read(self, start, follow=follow):
            header = response.item.envelope.header
            if header and parse_header(header).sender != owner.analyst.desk:
                response.item.ClearField("envelope")
            yield response

    return reads


async def test_what_another_agency_has_signed_and_the_hub_has_lost_holds_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await begun(owner, [follower])
        await follower.analyst.sync()
        body = payload_pb2.Resync(list_id=owner.row.list_id, from_sequence=1)
        await follower.analyst.send((await follower.analyst.resync(follower.case, body)).id)
        with owner.publisher.store.write() as c:
            lists.halt(c, owner.row.number, Reason.WRONG_SEQUENCE.value)
        monkeypatch.setattr(Session, "read_feed", without_others(owner))
        assert await repair(owner.publisher, owner.row.number) == Repaired(0, 0, 0)
        assert kinds(owner.analyst) == [AlarmKind.INVALID_DELIVERY]


async def test_what_was_confirmed_in_what_is_read_back_is_asked_of_nobody_again(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await begun(owner, [follower])
        hurried = owner.sign(entry(2, action=payload_pb2.WATCH_ACTION_BLOCK), urgent=True)
        await owner.publisher.publish(owner.row.number)
        copy = copied(owner, tmp_path / "copy")
        _confirm(owner, hurried)
        await owner.publisher.publish(owner.row.number)
        await owner.hear()
        async with put_back(owner, copy) as old:
            assert await old.publisher.begin() == 1
            await repair(old.publisher, old.row.number)
            assert old.now.head == owner.now.head
            with pytest.raises(RefusedError) as again:
                _confirm(old, hurried)
            assert again.value.reason is Reason.WRONG_STATE


def _confirm(owner: Owner, found: publications.Publication) -> None:
    client, desk = owner.approver, owner.analyst.desk
    with owner.publisher.store.write() as c:
        view, now = owner.analyst.directory(), client.clock()
        row = lists.by_number(c, owner.row.number)
        publications.confirm(c, found, row, found.digest, keys=client.keys, desk=desk, view=view, now=now)
