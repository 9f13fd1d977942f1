"""What nobody can have a repair do: a hub that withholds or took two lines, an import that one person signed alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from comity.errors import Reason
from comity.v1 import feed_pb2

import agents.debts
import hub.exchange.lists
from agents.session import Session
from agents.sync.owner import cutting, lists, publications, publisher, repairing
from agents.sync.owner.repairing import Problem, RepairError, repair
from tests.agents.owner.market import entry, market
from tests.agents.owner.test_false_refusal import _sequence, begun, stripped
from tests.agents.owner.test_put_back import copied, put_back


async def test_what_the_hub_says_was_erased_may_be_a_batch_and_the_list_stays_halted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Session.read_feed
    async with market(tmp_path) as (owner, (follower,)):
        await begun(owner, [follower])
        copy, before = copied(owner, tmp_path / "copy"), owner.now.sequence
        await owner.publish(entry(2))
        async with put_back(owner, copy) as old:
            monkeypatch.setattr(Session, "read_feed", stripped(before))
            with old.publisher.store.write() as c:
                lists.halt(c, old.row.number, Reason.WRONG_SEQUENCE.value)
            with pytest.raises(RepairError) as owed:
                await repair(old.publisher, old.row.number)

            async def erased(self: Session, start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
                async for response in read(self, start, follow=follow):
                    if _sequence(response) > before:
                        response.item.ClearField("envelope")
                        response.item.receipt.event = response.item.receipt.salt = b""
                    yield response

            monkeypatch.setattr(agents.debts, "RETENTION_MS", -60_000)
            monkeypatch.setattr(Session, "read_feed", erased)
            with pytest.raises(RepairError) as gone:
                await repair(old.publisher, old.row.number)

            assert owed.value.problem is gone.value.problem is Problem.WITHHELD
            assert old.now.halted


async def test_a_second_head_in_the_mailbox_counts_however_old_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Session.read_feed
    async with market(tmp_path) as (owner, (follower,)):
        await begun(owner, [follower])
        copy = copied(owner, tmp_path / "copy")
        await owner.publish(entry(2))
        async with put_back(owner, copy) as old:

            async def hidden(self: Session, start: int, *, follow: bool) -> AsyncIterator[Any]:
                async for response in read(self, start, follow=follow):
                    if response.WhichOneof("message") != "item":
                        yield response

            monkeypatch.setattr(Session, "read_feed", hidden)
            monkeypatch.setattr(hub.exchange.lists, "_fits", lambda *_, **__: True)  # it takes a second line
            await old.publish(entry(7))
            monkeypatch.setattr(Session, "read_feed", read)
            await old.analyst.sync()
            assert await old.publisher.begin() == 1
            monkeypatch.setattr(repairing, "BEFORE_MS", -3_600_000)  # both are older than what is read anew

            with pytest.raises(RepairError) as other:
                await repair(old.publisher, old.row.number)

            assert other.value.problem is Problem.OTHER_LINE
            assert old.now.halted


async def test_what_awaits_a_second_person_awaits_him_still_where_a_part_of_it_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "SET_CHANGES", 60)
    monkeypatch.setattr(publisher, "MAX_SETS", 1)
    async with market(tmp_path) as (owner, (follower,)):
        await begun(owner, [follower])
        found = owner.sign(*(entry(number) for number in range(10, 160)))
        copy = copied(owner, tmp_path / "copy")
        owner.approve(found)
        with owner.publisher.store.write() as c:
            assert owner.publisher._next_batch(c, owner.now, publisher.Report())
        await owner.publisher.fanout.pump()
        async with put_back(owner, copy) as old:
            await repair(old.publisher, old.row.number)
            live = old.now.live
            await old.publisher.publish(old.row.number)
            with old.publisher.store.read() as c:
                now = publications.by_prefix(c, found.id.hex())

            assert (now.state, now.approver, old.now.live) == ("AWAITING_APPROVAL", "", live)

            old.approve(now)
            await old.publisher.publish(old.row.number)
            with old.publisher.store.read() as c:
                assert publications.by_prefix(c, found.id.hex()).state == "PUBLISHED"
            assert old.now.live > live
