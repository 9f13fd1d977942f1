"""A hub that logs what did not happen, hands out one message for another, or answers with another's receipt."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.errors import VerificationError
from comity.receipts import AckState, EventKind, ack_digest, parse_ack
from comity.v1 import feed_pb2
from comity.workflow.terms import Role

from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import SplitViewError
from agents.home import Home
from agents.keys import LocalKeys
from agents.records import MessageStatus, Standing
from agents.story import UNPROVED
from hub.exchange.work import ExchangeWork
from hub.log.commands import SubmitEnvelope
from hub.log.domain import Draft, Party
from tests.agents.offices import CHEAP, PASSPHRASE, Office, referral, send_referral, two_offices

SIDES = (Party("sfc/intake"), Party("hkma/intake"))
JUNK = {
    "kids": (b"k" * 32,),
    "other_hash": b"o" * 32,
    "signatures_digest": b"s" * 32,
    "ack_state": AckState.OPENED,
}


@dataclass(frozen=True)
class Forged:
    """A command that only a dishonest hub knows: it logs whatever event it is given."""

    draft: Draft
    weight: int = 256


@pytest.fixture(autouse=True)
def dishonest(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ExchangeWork._one

    def one(self: ExchangeWork, book: Any, command: Any, moment: Any, view: Any) -> Any:
        if isinstance(command, Forged):
            return book.draft(command.draft)
        return honest(self, book, command, moment, view)

    monkeypatch.setattr(ExchangeWork, "_one", one)


async def forge(office: Office, draft: Draft) -> Any:
    return await office.town.hub.sequencer.submit(Forged(draft))  # type: ignore[arg-type]


def kinds(client: Client) -> list[AlarmKind]:
    return [alarm.kind for alarm in client.alarms()]


def told(client: Client, case: str) -> list[tuple[str, bool]]:
    return [(event.kind, event.proof) for event in client.timeline(case) if not event.own_clock]


@pytest.mark.parametrize(
    ("kind", "alarm"),
    [
        (EventKind.OVERDUE, AlarmKind.INVALID_DELIVERY),
        (EventKind.LAPSED, AlarmKind.INVALID_DELIVERY),
        (EventKind.EXPIRED, AlarmKind.INVALID_DELIVERY),
        (EventKind.WITHDRAWN, AlarmKind.INVALID_DELIVERY),
        (EventKind.ACKNOWLEDGED, AlarmKind.ACK_FORGED),
        (EventKind.REFUSED, AlarmKind.ACK_FORGED),
    ],
)
async def test_a_timeline_shows_no_event_as_proved_that_the_hub_alone_tells_of(
    tmp_path: Path, kind: EventKind, alarm: AlarmKind
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = bytes.fromhex(await send_referral(sfc, "hkma/intake"))
        acknowledged = kind in (EventKind.ACKNOWLEDGED, EventKind.REFUSED)
        extra: dict[str, Any] = JUNK if acknowledged else {"effective_time": 1}
        await forge(sfc, Draft(kind, SIDES[:1] if acknowledged else SIDES, message_hash=message, **extra))
        sender, reader = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        for client in (sender,) if acknowledged else (sender, reader):
            await client.sync()
            case = client.cases()[0].case_id
            assert (UNPROVED, False) in told(client, case)
            assert [
                shown for shown, proof in told(client, case) if proof and shown not in ("SUBMITTED", "STORED")
            ] == []
            assert kinds(client) == [alarm]


async def test_overdue_is_proved_where_its_limit_has_gone_by_and_only_once_and_for_the_right_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = bytes.fromhex(await send_referral(sfc, "hkma/intake"))
        sender, reader = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        await reader.sync()
        await sender.sync()
        limit = reader.inbox()[0].respond_by
        for office in (sfc, hkma):
            office.clock.shift = limit + 5_000 - office.clock()

        class Late:
            def now_ms(self) -> int:
                return sfc.clock()

        monkeypatch.setattr(sfc.town.hub.sequencer._batching, "_clock", Late())
        await forge(sfc, Draft(EventKind.OVERDUE, SIDES, message_hash=message, effective_time=limit))
        for client in (sender, reader):
            await client.sync()
            assert told(client, client.cases()[0].case_id)[-1] == ("OVERDUE", True)
            assert AlarmKind.INVALID_DELIVERY not in kinds(client)
        # Once more: both sides know already. Of another limit: it is none.
        await forge(sfc, Draft(EventKind.OVERDUE, SIDES, message_hash=message, effective_time=limit))
        await sender.sync()
        assert AlarmKind.INVALID_DELIVERY not in kinds(sender)
        await forge(sfc, Draft(EventKind.OVERDUE, SIDES, message_hash=message, effective_time=limit - 1))
        await sender.sync()
        assert told(sender, sender.cases()[0].case_id)[-1] == (UNPROVED, False)
        assert AlarmKind.INVALID_DELIVERY in kinds(sender)


async def test_what_every_recipient_has_stored_does_not_expire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = bytes.fromhex(await send_referral(sfc, "hkma/intake"))
        sender, reader = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        await reader.sync()
        await sender.sync()
        limit = reader.inbox()[0].deliver_by
        for office in (sfc, hkma):
            office.clock.shift = limit + 5_000 - office.clock()

        class Late:
            def now_ms(self) -> int:
                return sfc.clock()

        monkeypatch.setattr(sfc.town.hub.sequencer._batching, "_clock", Late())
        await forge(sfc, Draft(EventKind.EXPIRED, SIDES, message_hash=message, effective_time=limit))
        for client in (sender, reader):
            await client.sync()
            assert told(client, client.cases()[0].case_id)[-1] == (UNPROVED, False)
            assert AlarmKind.INVALID_DELIVERY in kinds(client)
        assert reader.inbox()[0].standing is Standing.GOOD
        assert sender.sent()[0].statuses == {"hkma/intake": MessageStatus.DELIVERED}


async def test_what_is_logged_without_its_signers_signature_is_not_kept_where_a_replay_would_be_known_by_it(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        author, second = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await author.refer("hkma/intake", referral())
        await second.refresh()
        second.approve(draft.id, second.review(draft.id).info.message_hash)
        envelope = author._drafts.open(draft.id).envelope
        signatures = tuple(replace(signature, sig=bytes(64)) for signature in envelope.signatures)
        await sfc.town.hub.sequencer.submit(SubmitEnvelope(replace(envelope, signatures=signatures)))

        reader = await hkma.as_(Role.AGENT)
        report = await reader.sync()
        assert (report.quarantined, report.acknowledged, kinds(reader)) == (1, 1, [AlarmKind.INVALID_DELIVERY])
        assert (reader.inbox(), reader.cases()) == ([], [])
        with reader.store.begin() as c:
            assert mailstore.envelope_seen(c, "sfc", envelope.header.envelope_id) is None


async def test_a_message_handed_out_for_another_says_nothing_of_either(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        first = await send_referral(sfc, "hkma/intake", referral(reference="A"))
        second = await send_referral(sfc, "hkma/intake", referral(reference="B"))
        reader = await hkma.as_(Role.AGENT)
        honest = reader.session.read_feed
        items = [found.item async for found in honest(0, follow=False) if found.WhichOneof("message") == "item"]

        async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            async for response in honest(start, follow=follow):
                if response.WhichOneof("message") == "item" and response.item.number == 1:
                    response.item.envelope.CopyFrom(items[1].envelope)
                yield response

        reader.session.read_feed = lying  # type: ignore[method-assign]
        for _ in range(5):
            with pytest.raises(VerificationError):
                await reader.sync()
        assert (reader.inbox(), kinds(reader)) == ([], [AlarmKind.INVALID_DELIVERY])
        reader.session.read_feed = honest  # type: ignore[method-assign]
        report = await reader.sync()
        assert ([item.message for item in report.new], report.quarantined) == ([first, second], 0)
        assert {item.standing for item in reader.inbox()} == {Standing.GOOD}
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        assert {item.statuses["hkma/intake"] for item in sender.sent()} == {MessageStatus.DELIVERED}


async def test_a_message_of_another_home_of_this_desk_shows_what_the_hub_has_shown_there(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        await send_referral(sfc, "hkma/intake")
        await sfc.close()
        sfc.opened.clear()
        shutil.copytree(sfc.home.path, tmp_path / "second")
        sender, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        world = sfc.town.world
        forked = Checkpoint(world.exchange_origin, 2, b"\x07" * 32)
        note = sign_checkpoint(forked, forked.origin, world.log_key.sign, world.log_key.public)
        honest = sender.trust.newest_note
        sender.trust.newest_note = lambda: note  # type: ignore[method-assign]
        draft = await sender.refer("hkma/intake", referral())
        await approver.refresh()
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        await sender.send(draft.id)
        sender.trust.newest_note = honest  # type: ignore[method-assign]

        keys = LocalKeys.open(Home.load(tmp_path / "second"), sfc.people[Role.ANALYST], PASSPHRASE, CHEAP)
        async with await Client.open(Home.load(tmp_path / "second"), keys, clock=sfc.clock) as other:
            for _ in range(4):
                with pytest.raises(SplitViewError):
                    await other.sync()
            assert kinds(other) == [AlarmKind.SPLIT_VIEW]
            assert list(other.home.evidence_path.glob("split_view-*.json"))


async def test_a_second_home_takes_honest_own_messages_and_the_first_homes_word_with_its_proof(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await hkma.close()
        hkma.opened.clear()
        shutil.copytree(hkma.home.path, tmp_path / "second")
        home = Home.load(tmp_path / "second")
        await send_referral(sfc, "hkma/intake")
        await (await hkma.as_(Role.AGENT)).sync()
        keys = LocalKeys.open(home, hkma.people[Role.AGENT], PASSPHRASE, CHEAP)
        async with await Client.open(home, keys, clock=hkma.clock) as other:
            report = await other.sync()
            assert (len(report.new), report.acknowledged, kinds(other)) == (1, 1, [])
            shown = told(other, other.cases()[0].case_id)
            assert shown == [("SUBMITTED", True), ("STORED", True)]
        first = await hkma.as_(Role.AGENT)
        assert told(first, first.cases()[0].case_id) == [("SUBMITTED", True), ("STORED", True)]


@pytest.mark.parametrize("lie", ["nobody", "a colleague of another desk", "other signature"])
async def test_the_receipt_of_an_acknowledgement_names_that_acknowledgement(tmp_path: Path, lie: str) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = bytes.fromhex(await send_referral(sfc, "hkma/intake"))
        reader = await hkma.as_(Role.AGENT)
        await reader.refresh()
        honest = reader.session.acknowledge

        async def lying(acks: Any) -> list[Any]:
            body = acks[0][0]
            names: dict[str, Any] = JUNK | {"ack_state": AckState.STORED}
            if lie == "a colleague of another desk":
                names["kids"] = (reader.directory().members_of("sfc", sfc.clock())[0].sign_kid,)
            elif lie == "other signature":
                names |= {"kids": (parse_ack(body).kid,), "other_hash": ack_digest(body)}
            return [
                await forge(sfc, Draft(EventKind.ACKNOWLEDGED, (Party("sfc/intake"),), message_hash=message, **names))
            ]

        reader.session.acknowledge = lying  # type: ignore[method-assign]
        with pytest.raises(VerificationError):
            await reader.sync()
        with reader.store.begin() as c:
            (ack,) = mailstore.acks_of(c, message)
        assert (ack.settled, ack.receipt) == (False, b"")
        assert kinds(reader) == [AlarmKind.INVALID_DELIVERY]
        reader.session.acknowledge = honest  # type: ignore[method-assign]
        assert (await reader.sync()).acknowledged == 1
