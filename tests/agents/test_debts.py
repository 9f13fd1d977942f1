"""What a hub never hands over keeps nothing else from being asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import feed_pb2
from comity.workflow.terms import Role

from agents import debts, mailstore
from agents.asides import Taken
from agents.keys import UnknownKeyError
from agents.mailstore import Cursor
from agents.session import Session
from tests.agents.offices import send_referral, two_offices


async def test_D_03_deliveries_that_never_come_do_not_keep_later_ones_from_being_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debts, "ASKED_AT_ONCE", 2)
    async with two_offices(tmp_path) as (sfc, hkma):
        sent = [await send_referral(sfc, "hkma/intake") for _ in range(5)]
        reader = await hkma.as_(Role.AGENT)
        withheld, honest, asked = {1, 2, 3, 4, 5}, reader.session.read_feed, list[int]()

        async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            async for response in honest(start, follow=follow):
                if response.item.number in withheld:
                    response.item.ClearField("envelope")
                asked.append(response.item.number)
                yield response

        reader.session.read_feed = lying  # type: ignore[method-assign]
        await reader.sync()
        withheld.discard(5)  # the hub hands over the last one after all, the others never
        taken = list[str]()
        for _ in range(2):
            again = await reader.sync()
            taken += [item.message for item in again.new]

        assert taken == [sent[4]]
        with reader.store.begin() as c:
            assert len(mailstore.debts(c)) == 4
        asked.clear()
        for _ in range(2):
            await reader.sync()
        assert sorted(number for number in asked if number) == [1, 2, 3, 4]


async def test_what_is_asked_for_in_one_pass_is_taken_in_the_order_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debts, "ASKED_AT_ONCE", 3)
    async with two_offices(tmp_path) as (sfc, hkma):
        sent = [await send_referral(sfc, "hkma/intake") for _ in range(4)]
        reader = await hkma.as_(Role.AGENT)
        lies, honest = True, reader.session.read_feed

        async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            async for response in honest(start, follow=follow):
                if lies and response.WhichOneof("message") == "item":
                    response.item.ClearField("envelope")
                yield response

        reader.session.read_feed = lying  # type: ignore[method-assign]
        await reader.sync()  # has asked for the first three: the next pass begins with the fourth and goes round
        lies = False
        report = await reader.sync()

        assert [item.message for item in report.new] == [sent[0], sent[1], sent[3]]
        assert [item.message for item in (await reader.sync()).new] == [sent[2]]


@pytest.mark.parametrize("failing", ["the asking", "the taking", "the key"])
async def test_a_debt_whose_asking_fails_stops_no_other_and_raises_its_alarm(tmp_path: Path, failing: str) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        sent = [await send_referral(sfc, "hkma/intake") for _ in range(3)]
        reader = await hkma.as_(Role.AGENT)
        withheld, asked, honest, take = {1, 2, 3}, list[int](), reader.session.read_feed, reader._intake._take
        places = dict[int, int]()

        async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            if start in places:
                asked.append(places[start])
                if failing == "the asking" and asked[-1] == 1:
                    raise RefusedError(Reason.INTERNAL, "no")
            async for response in honest(start, follow=follow):
                if response.item.number in withheld:
                    places[response.item.receipt.index] = response.item.number
                    response.item.ClearField("envelope")
                yield response

        async def taking(session: Session, wire: feed_pb2.FeedItem, at: Cursor) -> Taken:
            if asked and wire.number == 1 and failing == "the taking":
                raise RefusedError(Reason.INTERNAL, "no")
            if asked and wire.number == 1 and failing == "the key":
                raise UnknownKeyError("this desk's key was not granted to this member")
            return await take(session, wire, at)

        reader.session.read_feed = lying  # type: ignore[method-assign]
        reader._intake._take = taking  # type: ignore[method-assign]
        raised = UnknownKeyError if failing == "the key" else RefusedError
        with pytest.raises(raised):
            await reader.sync()
        assert asked == [1, 2, 3]
        assert {alarm.subject for alarm in reader.alarms()} == {str(place) for place in places}

        withheld.clear()
        asked.clear()
        with pytest.raises(raised):  # and what was stored is acknowledged all the same
            await reader.sync()
        assert [item.message for item in reader.inbox()] == sent[1:]
        with reader.store.begin() as c:
            assert mailstore.pending_acks(c, 9) == []
            assert len(mailstore.debts(c)) == 1
