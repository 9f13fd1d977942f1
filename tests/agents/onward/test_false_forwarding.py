"""A forwarder that lies about what it passes on, and a hub that claims what nobody has done."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.receipts import EventKind, parse_event
from comity.v1 import envelope_pb2, feed_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Role, Verb

import hub.exchange.grants
import hub.exchange.onward
from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import ContentRefusedError, ContradictsError
from agents.onward.granting import _proof
from agents.onward.originals import embed, is_original
from agents.records import Standing
from agents.story import UNPROVED
from tests.agents.offices import agree, pin, referral, send_referral
from tests.agents.onward.chain import chain, granted_by_hash, raw_forward
from tests.agents.onward.test_recalls import DESTROYED, RECALL, answer
from tests.agents.test_dishonest_hub_mail import feed_through


def contradictions(client: Client) -> list[str]:
    return [a.subject.partition(" ")[2] for a in client.alarms() if a.kind is AlarmKind.CONTRADICTION]


async def test_G_08_what_a_grant_is_not_for_is_shown_as_contradicting_and_nobody_acts_on_it(tmp_path: Path) -> None:
    def loosened(_: pb.Forward, handling: pb.Handling) -> None:
        handling.tlp = pb.TLP_CLEAR

    def unproved(body: pb.Forward, _: pb.Handling) -> None:
        body.grant_receipt = body.grant_receipt[:-1]

    async with chain(tmp_path) as there:
        await pin(there.hkpf, there.sfc)
        other = await send_referral(there.sfc, "hkma/intake", referral(reference="SFC/2026/118"))
        found = []
        for arguments in ({"original": other}, {"change": loosened}, {"change": unproved}):
            grant = await granted_by_hash(there, await there.grant(await there.ask()))
            await raw_forward(there, grant, **arguments)  # type: ignore[arg-type]
            hkpf, _ = await there.both(there.hkpf)
            found.append(contradictions(hkpf)[-1])
        assert sorted(found) == ["HANDLING_LOWERED", "ORIGINAL_FALSE", "UNPROVED"]
        items = hkpf.inbox()
        assert {item.standing for item in items} == {Standing.CONTRADICTS}
        opened = await hkpf.open_item(items[0].message)  # shown
        with pytest.raises(ContentRefusedError):
            await hkpf.open_original(items[0].message)
        contact = pb.Contact(name="Wong", telephone="+85211112222")
        answer = pb.AcknowledgeCase(reference="HKPF-1", contact=contact, expected_date="2027-01-01")
        with pytest.raises(ContradictsError):
            await hkpf.acknowledge(opened.header.case_id.hex(), answer)


async def test_somebodys_message_goes_nowhere_but_in_a_forward(tmp_path: Path) -> None:
    async with chain(tmp_path) as there:
        hkma, _ = await there.both(there.hkma)
        with hkma.store.begin() as c:
            message = mailstore.message(c, bytes.fromhex(there.message))
        assert message is not None
        stolen = tmp_path / "holiday.jpg"
        stolen.write_bytes(embed(message, hkma.archive.open(message.message_hash, message.archive)))
        assert is_original(stolen.read_bytes())
        with pytest.raises(ContentRefusedError) as refused:
            await hkma.refer("hkpf/intake", referral(), attachments=[stolen])
        assert (refused.value.code, refused.value.path) == ("EMBEDDED_ORIGINAL", "attachments[0]")


async def test_a_hub_that_claims_a_grant_was_used_is_not_believed_without_proof(tmp_path: Path) -> None:
    async with chain(tmp_path) as there:
        await there.forward(await there.grant(await there.ask()))
        sfc = await there.sfc.as_(Role.ANALYST)
        await sfc.refresh()
        (used,) = [item async for item in items(sfc) if kind_of(item) is EventKind.GRANT_USED]

        def proof(change: Callable[[envelope_pb2.Envelope], object]) -> bool:
            wire = envelope_pb2.Envelope.FromString(used.envelope.SerializeToString())
            change(wire)
            return _proof(wire, parse_event(used.receipt.event), sfc.directory(), sfc.clock()) is not None

        assert proof(lambda _: None)
        assert not proof(lambda wire: wire.ClearField("header"))
        assert not proof(lambda wire: wire.signatures.pop())
        assert not proof(lambda wire: wire.signatures[1].CopyFrom(wire.signatures[0]))
        assert not proof(lambda wire: wire.__setattr__("seal", wire.seal + b"\0"))

        def claimed(item: feed_pb2.FeedItem) -> feed_pb2.FeedItem:
            if kind_of(item) is EventKind.GRANT_USED:
                item.ClearField("envelope")
            return item

        feed_through(sfc, claimed)
        await sfc.sync()
        assert [grant.state for grant in sfc.onward_grants()] == ["OPEN"]
        assert [leg.recipient for leg in sfc.case(there.case)] == ["hkma/intake"]
        assert [alarm.kind for alarm in sfc.alarms()] == [AlarmKind.INVALID_DELIVERY]
        assert [event.kind for event in sfc.timeline(there.case)][-1] == UNPROVED


async def test_G_08_a_grant_that_a_hub_lets_be_used_twice_is_used_once_by_whoever_sees_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chain(tmp_path) as there:
        await pin(there.hkpf, there.sfc)
        grant = await granted_by_hash(there, await there.grant(await there.ask()))
        monkeypatch.setattr(hub.exchange.grants.Grants, "spend", lambda *_: None)
        for _ in range(2):
            await raw_forward(there, grant)
        hkpf, hkma, sfc = [(await there.both(office))[0] for office in (there.hkpf, there.hkma, there.sfc)]
        assert [item.standing for item in hkpf.inbox()] == [Standing.GOOD, Standing.CONTRADICTS]
        for client in (hkpf, hkma):
            assert contradictions(client) == ["GRANT_USED"]
        assert [alarm.kind for alarm in sfc.alarms()] == [AlarmKind.INVALID_DELIVERY]
        # Both copies of the original are here, and a recall takes both.
        await pin(there.sfc, there.hkpf)
        await sfc.send((await sfc.recall(there.case, RECALL, to=("hkpf/intake",))).id)
        await answer(hkpf, there.case, DESTROYED)
        assert [item.standing for item in hkpf.inbox() if item.verb is Verb.FORWARD] == [Standing.DESTROYED] * 2


async def test_what_a_hub_lets_be_passed_on_to_where_no_recall_runs_is_acted_on_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chain(tmp_path) as there:
        await agree(there.sfc, there.hkpf, (Family.REFERRAL,))
        await pin(there.hkpf, there.sfc)
        grant = await there.grant(await there.ask())
        (hkpf, _), random = await there.both(there.hkpf), os.urandom
        with monkeypatch.context() as chosen:  # the new desk opens a case of its own under that of the original
            chosen.setattr(os, "urandom", lambda size: bytes.fromhex(there.case) if size == 16 else random(size))
            own = await hkpf.refer("sfc/intake", referral())
        await there.send(there.hkpf, own)
        with pytest.raises(RefusedError) as refused:
            await there.forward(grant)
        assert refused.value.reason is Reason.NO_GRANT
        monkeypatch.setattr(hub.exchange.onward, "recallable", lambda *_: True)
        await raw_forward(there, await granted_by_hash(there, grant))
        hkpf, sfc = [(await there.both(office))[0] for office in (there.hkpf, there.sfc)]
        assert [(item.verb, item.standing) for item in hkpf.inbox()] == [(Verb.FORWARD, Standing.CONTRADICTS)]
        assert contradictions(hkpf) == ["NO_GRANT"]
        assert [one.state for one in sfc.onward_grants()] == ["OPEN"]
        assert [alarm.kind for alarm in sfc.alarms()] == [AlarmKind.INVALID_DELIVERY]


async def items(client: Client) -> AsyncIterator[feed_pb2.FeedItem]:
    async for response in client.session.read_feed(0, follow=False):
        if response.WhichOneof("message") == "item":
            yield response.item


def kind_of(item: feed_pb2.FeedItem) -> EventKind:
    return parse_event(item.receipt.event).kind
