"""A hub that hands out deliveries without their envelopes, and an honest one that has to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from comity.errors import VerificationError
from comity.v1 import feed_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State

from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.debts import RETENTION_MS
from agents.records import MessageStatus
from hub.log.commands import Erase
from tests.agents.offices import Office, referral, send_referral, two_offices

DAY = 86_400_000
Change = Callable[[feed_pb2.FeedItem], None]


def feed_through(client: Client, change: Change) -> Callable[[], None]:
    """Lets the hub's feed reach the client changed; returns what makes it honest again."""
    honest = client.session.read_feed

    async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        async for response in honest(start, follow=follow):
            if response.WhichOneof("message") == "item":
                change(response.item)
            yield response

    client.session.read_feed = lying  # type: ignore[method-assign]

    def restore() -> None:
        client.session.read_feed = honest  # type: ignore[method-assign]

    return restore


def kinds(client: Client) -> list[AlarmKind]:
    return [alarm.kind for alarm in client.alarms()]


def owed(client: Client) -> list[int]:
    with client.store.begin() as c:
        return [debt.log_index for debt in mailstore.debts(c)]


def without(item: feed_pb2.FeedItem) -> None:
    item.ClearField("envelope")


def remains(item: feed_pb2.FeedItem) -> None:
    """What an honest hub hands out of an envelope whose time went by."""
    for part in ("ciphertext", "wraps", "signatures"):
        item.envelope.ClearField(part)


def erased(item: feed_pb2.FeedItem) -> None:
    """What an honest hub hands out of an envelope that it has erased."""
    without(item)
    item.delivery_salt = item.receipt.event = item.receipt.salt = b""


async def late_hub(office: Office, monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Lets days go by for the hub's feed and for both offices."""

    class Late:
        def now_ms(self) -> int:
            return office.clock()

    monkeypatch.setattr(office.town.hub.feed, "_clock", Late())
    for one in office.town.offices.values():
        one.clock.shift += int(days * DAY)


@pytest.mark.parametrize("lie", [without, remains, erased])
async def test_a_withheld_envelope_raises_an_alarm_stops_nothing_and_is_taken_when_it_comes(
    tmp_path: Path, lie: Change
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        withheld = await send_referral(sfc, "hkma/intake", referral(reference="withheld"))
        sound = await send_referral(sfc, "hkma/intake", referral(reference="sound"))
        reader = await hkma.as_(Role.AGENT)
        restore = feed_through(reader, lambda item: lie(item) if item.number == 1 else None)
        for _ in range(2):
            await reader.sync()
        assert [item.message for item in reader.inbox()] == [sound]
        assert kinds(reader) == [AlarmKind.INVALID_DELIVERY]
        assert list(hkma.home.evidence_path.glob("invalid_delivery-*.json"))
        assert len(owed(reader)) == 1

        restore()
        report = await reader.sync()
        assert ([item.message for item in report.new], report.acknowledged) == ([withheld], 1)
        assert (owed(reader), kinds(reader)) == ([], [AlarmKind.INVALID_DELIVERY])
        assert [event.proof for event in reader.timeline(reader.inbox()[0].case_id)] == [True, True]
        await send_referral(sfc, "hkma/intake")
        assert len((await reader.sync()).new) == 1
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        assert {item.statuses["hkma/intake"] for item in sender.sent()} == {MessageStatus.DELIVERED}
        assert kinds(sender) == []


async def test_what_the_hub_shows_in_place_of_what_it_owes_changes_nothing(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        restore = feed_through(reader, without)
        await reader.sync()
        restore()

        def forging(item: feed_pb2.FeedItem) -> None:
            item.envelope.ciphertext = item.envelope.ciphertext[:-1] + b"\x00"

        restore = feed_through(reader, forging)
        for _ in range(4):
            await reader.sync()  # it is owed, and that stops nothing else
        assert (reader.inbox(), len(owed(reader))) == ([], 1)
        restore()
        assert [item.message for item in (await reader.sync()).new] == [message]


async def test_what_is_owed_is_asked_for_by_a_live_reader_too(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        restore = feed_through(reader, without)
        await reader.sync()
        restore()
        async for item in reader.live():
            assert item is not None
            assert item.message == message
            break
        assert owed(reader) == []


async def test_what_expired_before_it_was_read_is_explained_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        await reader.refresh()
        await late_hub(sfc, monkeypatch, 14.1)
        report = await reader.sync()
        assert (report.new, report.quarantined) == ((), 0)
        assert (owed(reader), reader.inbox()) == ([], [])
        assert AlarmKind.INVALID_DELIVERY not in kinds(reader)


async def test_a_header_of_another_message_explains_nothing(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        await reader.refresh()
        kept = []

        def swapping(item: feed_pb2.FeedItem) -> None:
            remains(item)
            kept.append(feed_pb2.FeedItem.FromString(item.SerializeToString()))
            item.envelope.CopyFrom(kept[0].envelope)

        restore = feed_through(reader, swapping)
        hkma.clock.shift = 14 * DAY + 60_000
        await reader.sync()
        assert len(owed(reader)) == 1
        assert AlarmKind.INVALID_DELIVERY in kinds(reader)
        restore()


@pytest.mark.parametrize(("after", "alarm"), [(RETENTION_MS - 300_000, True), (RETENTION_MS + 1_000, False)])
async def test_what_was_erased_is_explained_by_its_age_alone(tmp_path: Path, after: int, alarm: bool) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        await sfc.town.hub.sequencer.submit(Erase(bytes.fromhex(message)))
        sound = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        hkma.clock.shift = after
        await reader.sync()
        assert [item.message for item in reader.inbox()] == [sound]
        assert (AlarmKind.INVALID_DELIVERY in kinds(reader), len(owed(reader))) == (alarm, int(alarm))
        # Once it is old enough, that explains it.
        hkma.clock.shift = RETENTION_MS + 1_000
        await reader.sync()
        assert owed(reader) == []


async def test_the_place_of_what_was_erased_must_be_proved(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)

        def lying(item: feed_pb2.FeedItem) -> None:
            erased(item)
            item.receipt.leaf = item.receipt.leaf[:-1] + bytes([item.receipt.leaf[-1] ^ 1])

        feed_through(reader, lying)
        with pytest.raises(VerificationError):
            await reader.sync()
        assert kinds(reader) == [AlarmKind.INVALID_DELIVERY]


async def test_a_late_home_of_the_sender_takes_acknowledgements_of_what_was_erased_without_an_alarm(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        await (await hkma.as_(Role.AGENT)).sync()
        await sfc.town.hub.sequencer.submit(Erase(bytes.fromhex(message)))
        late = await sfc.as_(Role.AGENT)
        with late.store.begin() as c:  # as in a home that was made anew
            for table in ("messages", "statuses", "events", "legs", "meta WHERE name = 'cursor'"):
                c.exec_driver_sql(f"DELETE FROM {table}")
        sfc.clock.shift = RETENTION_MS + 1_000
        await late.sync()
        assert (owed(late), [kind for kind in kinds(late) if kind is not AlarmKind.HEAD_STALE]) == ([], [])


async def test_a_withdrawal_explains_what_it_withdrew_whatever_else_became_of_it(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        sender = await sfc.as_(Role.ANALYST)
        case = sender.sent()[0].case_id
        await sender.send((await sender.withdraw(case, pb.Withdraw(text="wrong desk"))).id)
        reader = await hkma.as_(Role.AGENT)
        seen: list[Any] = []

        def counting(item: feed_pb2.FeedItem) -> None:
            seen.append((item.number, item.HasField("envelope")))

        feed_through(reader, counting)
        await reader.sync()
        # The first is a tombstone; the hub was not asked for it again.
        assert seen == [(1, False), (2, True), (3, False)]
        assert (owed(reader), kinds(reader)) == ([], [])
        assert reader.cases()[0].state is State.WITHDRAWN
