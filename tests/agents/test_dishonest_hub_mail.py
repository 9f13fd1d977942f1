"""A hub that lies about mail, and readers that die in the middle, against the unchanged client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from comity.encoding import parse, serialise
from comity.envelope import parse_envelope, signing_bytes
from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.hpke import hpke_seal
from comity.keys import SigningKey, WrapKey
from comity.receipts import (
    AckState,
    Event,
    EventKind,
    ack_digest,
    ack_signature_digest,
    ack_signing_bytes,
)
from comity.sealing import open_wrap, wrap_info
from comity.v1 import envelope_pb2, feed_pb2
from comity.workflow.terms import Role, SignatureRole, State

from agents import intake, mailstore
from agents.acks import check_ack
from agents.alarms import AlarmKind
from agents.client import Client
from agents.records import MessageStatus, Standing
from tests.agents.offices import Office, referral, send_referral, two_offices

Change = Callable[[feed_pb2.FeedItem], feed_pb2.FeedItem | None]


def feed_through(client: Client, change: Change) -> None:
    """Lets the hub's feed reach the client changed; None leaves an item out."""
    honest = client.session.read_feed

    async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        async for response in honest(start, follow=follow):
            if response.WhichOneof("message") == "item":
                item = change(feed_pb2.FeedItem.FromString(response.item.SerializeToString()))
                if item is None:
                    continue
                yield feed_pb2.ReadFeedResponse(item=item)
            else:
                yield response

    client.session.read_feed = lying  # type: ignore[method-assign]


def kinds(client: Client) -> list[AlarmKind]:
    return [alarm.kind for alarm in client.alarms()]


async def test_D_01_a_reader_that_dies_before_its_acknowledgement_is_sent_has_one_effect(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        dying = await hkma.as_(Role.AGENT)

        async def killed(acks: object) -> list[Any]:
            raise asyncio.CancelledError

        dying.session.acknowledge = killed  # type: ignore[method-assign,assignment]
        with pytest.raises(asyncio.CancelledError):
            await dying.sync()
        assert [item.message for item in dying.inbox()] == [message]

        again = await hkma.as_(Role.AGENT)
        report = await again.sync()
        assert (report.new, report.acknowledged) == ((), 1)
        assert [item.message for item in again.inbox()] == [message]
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        assert sender.sent()[0].statuses == {"hkma/intake": MessageStatus.DELIVERED}


async def test_D_02_a_reader_that_dies_between_opening_and_commit_takes_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        dying = await hkma.as_(Role.AGENT)

        def killed(*_: object) -> bool:
            raise asyncio.CancelledError

        with monkeypatch.context() as patch:
            patch.setattr(mailstore, "add_ack", killed)
            with pytest.raises(asyncio.CancelledError):
                await dying.sync()
        assert dying.inbox() == []
        assert dying.cases() == []

        again = await hkma.as_(Role.AGENT)
        report = await again.sync()
        assert [item.message for item in report.new] == [message]
        assert report.acknowledged == 1


async def test_D_11_a_message_that_kills_its_reader_is_quarantined_after_three_tries_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        poison = await send_referral(sfc, "hkma/intake", referral(reference="poison"))
        sound = await send_referral(sfc, "hkma/intake", referral(reference="sound"))
        honest = intake.parse_payload

        def crashing(data: bytes, header: Any) -> Any:
            payload = honest(data, header)
            if payload.refer.reference == "poison":
                raise MemoryError
            return payload

        monkeypatch.setattr(intake, "parse_payload", crashing)
        for _ in range(3):
            reader = await hkma.as_(Role.AGENT)
            with pytest.raises(MemoryError):
                await reader.sync()
        reader = await hkma.as_(Role.AGENT)
        report = await reader.sync()

        assert report.quarantined == 1
        assert [item.message for item in report.new] == [sound]
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        statuses = {item.message: item.statuses["hkma/intake"] for item in sender.sent()}
        assert statuses == {poison: MessageStatus.REFUSED, sound: MessageStatus.DELIVERED}


async def test_D_13_two_readers_of_one_mailbox_have_one_effect_each_message(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        sent = [await send_referral(sfc, "hkma/intake") for _ in range(3)]
        readers = [await hkma.as_(Role.AGENT), await hkma.as_(Role.ANALYST)]
        reports = await asyncio.gather(*(reader.sync() for reader in readers))

        assert [item.message for item in readers[0].inbox()] == sent
        assert sorted(item.message for report in reports for item in report.new) == sorted(sent)
        sender = await sfc.as_(Role.ANALYST)
        report = await sender.sync()
        assert report.events == 3
        assert sender.alarms() == []


async def test_D_03_a_delivery_that_the_hub_leaves_out_is_missed_by_both_sides(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        reader, dropped = await hkma.as_(Role.AGENT), list[int]()

        def dropping(item: feed_pb2.FeedItem) -> feed_pb2.FeedItem | None:
            dropped.append(item.number)
            return None if item.number == 1 else item

        feed_through(reader, dropping)
        await reader.sync()
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        assert AlarmKind.NOT_STORED not in kinds(sender)
        sfc.clock.shift = 5 * 60_000 + 5_000
        assert kinds(sender) == [AlarmKind.NOT_STORED]
        sfc.clock.shift = 0

        await send_referral(sfc, "hkma/intake")
        await reader.sync()
        assert kinds(reader) == [AlarmKind.DELIVERY_GAP]
        assert dropped


async def test_D_12_an_acknowledgement_that_the_hub_forged_changes_nothing_but_raises_an_alarm(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        await (await hkma.as_(Role.AGENT)).sync()
        sender = await sfc.as_(Role.ANALYST)

        def forging(item: feed_pb2.FeedItem) -> feed_pb2.FeedItem:
            if item.HasField("ack"):
                item.ack.sig = bytes(64)
            return item

        feed_through(sender, forging)
        await sender.sync()

        assert sender.sent()[0].statuses == {"hkma/intake": MessageStatus.SUBMITTED}
        assert sender.case(sender.sent()[0].case_id)[0].state is State.SENT
        assert AlarmKind.ACK_FORGED in kinds(sender)
        assert message


async def test_D_12_an_acknowledgement_counts_by_its_recipients_live_key_alone(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message_hash = await send_referral(sfc, "hkma/intake")
        agent = await hkma.as_(Role.AGENT)
        await agent.sync()
        sender = await sfc.as_(Role.ANALYST)
        with sender.store.begin() as c:
            message = mailstore.message(c, bytes.fromhex(message_hash))
        with agent.store.begin() as c:
            ack = mailstore.acks_of(c, bytes.fromhex(message_hash))[0]
        assert message is not None
        await sender.refresh()
        kid = agent.directory().member(agent.member, agent.clock())
        assert kid is not None

        def event(body: bytes, sig: bytes, key_id: bytes) -> Event:
            return Event(
                EventKind.ACKNOWLEDGED,
                bytes.fromhex(message_hash),
                ack_signature_digest(key_id, sig),
                (key_id,),
                other_hash=ack_digest(body),
                ack_state=AckState.STORED,
            )

        view, now = sender.directory(), sender.clock()
        good = event(ack.body, ack.sig, kid.sign_kid)
        assert check_ack(ack.body, ack.sig, good, message, view=view, now=now).desk == "hkma/intake"
        forged = SigningKey.generate().sign(ack_signing_bytes(ack.body))
        with pytest.raises(VerificationError):
            check_ack(ack.body, forged, event(ack.body, forged, kid.sign_kid), message, view=view, now=now)
        with pytest.raises(VerificationError):
            check_ack(b"garbage", ack.sig, good, message, view=view, now=now)
        own = sender.trust.exchange_origin.encode()
        elsewhere = ack.body.replace(own, own[:-1] + b"x")
        with pytest.raises(VerificationError):
            check_ack(elsewhere, ack.sig, event(elsewhere, ack.sig, kid.sign_kid), message, view=view, now=now)


async def test_a_genuine_acknowledgement_of_what_this_home_does_not_have_is_not_called_forged(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        hashes = [await send_referral(sfc, "hkma/intake") for _ in range(2)]
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        with sender.store.begin() as c:  # as at a home that never had them
            for message_hash in hashes:
                c.exec_driver_sql("DELETE FROM messages WHERE message_hash = ?", (bytes.fromhex(message_hash),))
        await (await hkma.as_(Role.AGENT)).sync()
        await sender.sync()
        assert [(a.kind, a.subject) for a in sender.alarms()] == [(AlarmKind.ACK_UNKNOWN, "hkma/intake")]
        assert len(list((sender.home.path / "evidence").iterdir())) == 1


async def envelope_of(office: Office, message: str) -> envelope_pb2.Envelope:
    client = await office.as_(Role.ANALYST)
    with client.store.begin() as c:
        found = mailstore.message(c, bytes.fromhex(message))
    assert found is not None
    return parse(envelope_pb2.Envelope, found.envelope, 1 << 20)


async def test_C_04_a_content_key_wrapped_again_for_an_outsider_is_refused_there(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        holder = await hkma.as_(Role.AGENT)
        await holder.sync()
        wire = await envelope_of(hkma, message)
        envelope = parse_envelope(wire, reader="hkma/intake")
        desk_key_id, wrap = envelope.wrap_for("hkma/intake") or (b"", b"")
        content_key = open_wrap(
            wire.header, desk_key_id, wrap, lambda info, data: holder.keys.unwrap(desk_key_id, info, data)
        )
        outsider = hpke_seal(WrapKey.generate().public, wrap_info(wire.header, desk_key_id), content_key)
        passed_on = envelope_pb2.Envelope.FromString(serialise(wire))
        passed_on.wraps[0].desk, passed_on.wraps[0].data = "hkpf/intake", outsider
        with pytest.raises(MalformedError):
            parse_envelope(passed_on, reader="hkpf/intake")
        in_its_name = envelope_pb2.Envelope.FromString(serialise(wire))
        in_its_name.wraps[0].data = outsider
        with pytest.raises(MalformedError):
            parse_envelope(in_its_name, reader="hkma/intake")


async def test_C_05_a_header_signed_by_another_member_as_author_is_refused(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        colleague = await sfc.client()
        entry = colleague.keys.entries()[0]
        reader = await hkma.as_(Role.AGENT)

        def resigning(item: feed_pb2.FeedItem) -> feed_pb2.FeedItem:
            e = item.envelope
            e.signatures[0].kid = entry.kid
            e.signatures[0].sig = colleague.keys.sign(entry.kid, signing_bytes(e.header, e.seal, SignatureRole.AUTHOR))
            return item

        feed_through(reader, resigning)
        with pytest.raises(VerificationError):
            await reader.sync()
        assert (reader.inbox(), reader.cases()) == ([], [])
        assert kinds(reader) == [AlarmKind.INVALID_DELIVERY]


@pytest.mark.parametrize("part", ["header", "seal", "ciphertext", "wraps", "signatures"])
async def test_C_01_an_envelope_changed_on_its_way_is_refused_whatever_was_changed(tmp_path: Path, part: str) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)

        def flipping(item: feed_pb2.FeedItem) -> feed_pb2.FeedItem:
            e = item.envelope
            if part == "wraps":
                e.wraps[0].data = e.wraps[0].data[:-1] + bytes([e.wraps[0].data[-1] ^ 1])
            elif part == "signatures":
                e.signatures[1].sig = e.signatures[1].sig[:-1] + bytes([e.signatures[1].sig[-1] ^ 1])
            else:
                data = getattr(e, part)
                setattr(e, part, data[:-1] + bytes([data[-1] ^ 1]))
            return item

        honest = reader.session.read_feed
        feed_through(reader, flipping)
        for _ in range(5):  # whatever the hub shows in its place says nothing of the message, however often
            with pytest.raises(VerificationError):
                await reader.sync()
        assert (reader.inbox(), kinds(reader)) == ([], [AlarmKind.INVALID_DELIVERY])
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        assert {i.message: i.statuses for i in sender.sent()} == {message: {"hkma/intake": MessageStatus.SUBMITTED}}
        reader.session.read_feed = honest  # type: ignore[method-assign]
        assert [item.message for item in (await reader.sync()).new] == [message]


@pytest.mark.parametrize("lie", ["salt", "number", "receipt", "path"])
async def test_an_item_that_the_hub_cannot_prove_stops_reading_and_leaves_evidence(tmp_path: Path, lie: str) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)

        def lying(item: feed_pb2.FeedItem) -> feed_pb2.FeedItem:
            if lie == "salt":
                item.delivery_salt = bytes(32)
            elif lie == "number":
                item.number += 1
            elif lie == "receipt":
                item.receipt.leaf = b"garbage"
            else:
                item.receipt.salt = bytes(32)
            return item

        feed_through(reader, lying)
        with pytest.raises(VerificationError):
            await reader.sync()
        assert reader.inbox() == []
        assert kinds(reader) == [AlarmKind.INVALID_DELIVERY]
        assert len(list(hkma.home.evidence_path.glob("invalid_delivery-*.json"))) == 1


async def test_a_receipt_of_something_else_is_not_submitted(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        first = await send_referral(sfc, "hkma/intake")
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        other = analyst.verify_receipt(first).receipt
        draft = await analyst.refer("hkma/intake", referral())
        await approver.refresh()
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        honest = analyst.session.submit

        async def lying(envelope: Any) -> Any:
            await honest(envelope)
            return other

        analyst.session.submit = lying  # type: ignore[method-assign]
        with pytest.raises(VerificationError):
            await analyst.send(draft.id)
        assert analyst.sent()[-1].statuses == {"hkma/intake": MessageStatus.PENDING}

        analyst.session.submit = honest  # type: ignore[method-assign]
        assert (await analyst.send(draft.id)).status is MessageStatus.SUBMITTED
        assert analyst.sent()[-1].statuses == {"hkma/intake": MessageStatus.SUBMITTED}


async def test_an_answer_lost_on_the_way_is_asked_for_again_with_the_same_envelope(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await analyst.refer("hkma/intake", referral())
        await approver.refresh()
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        honest = analyst.session.submit

        async def lost(envelope: Any) -> Any:
            await honest(envelope)
            raise RefusedError(Reason.UNAVAILABLE, "the answer was lost")

        analyst.session.submit = lost  # type: ignore[method-assign]
        with pytest.raises(RefusedError):
            await analyst.send(draft.id)
        assert analyst.sent()[0].statuses == {"hkma/intake": MessageStatus.PENDING}
        analyst.session.submit = honest  # type: ignore[method-assign]
        first = await analyst.send(draft.id)
        again = await analyst.send(draft.id)

        assert first == again
        reader = await hkma.as_(Role.AGENT)
        assert len((await reader.sync()).new) == 1
        assert reader.inbox()[0].standing is Standing.GOOD
