"""Recall: it reaches the third holder, a list says who has answered what, and what is said to be gone is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import envelope_pb2, feed_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents import mailstore
from agents.acks import Acks
from agents.client import Client
from agents.errors import SetAsideError
from agents.records import DraftState, MessageStatus, Standing
from tests.agents.offices import pin, referral, send_referral, two_offices
from tests.agents.onward.chain import chain

RECALL = pb.Recall(reason=pb.RECALL_REASON_FALSE_POSITIVE, text="The wallet was mistaken")
DESTROYED = pb.AnswerRecall(kind=pb.RECALL_ANSWER_KIND_DESTROYED)
QUARANTINED = pb.AnswerRecall(kind=pb.RECALL_ANSWER_KIND_QUARANTINED)
CANNOT = pb.AnswerRecall(kind=pb.RECALL_ANSWER_KIND_CANNOT_COMPLY, text="In the court's file")


async def answer(client: Client, case: str, body: pb.AnswerRecall) -> None:
    await client.sync()
    await client.send((await client.answer_recall(case, body)).id)


def told(client: Client, case: str) -> list[tuple[str, str, str, bool]]:
    return [(line.desk, line.through, line.answer, line.overdue) for line in client.recall_list(case)]


async def test_a_recall_reaches_the_third_holder_and_what_is_destroyed_is_gone(tmp_path: Path) -> None:
    async with chain(tmp_path, body=referral(summary="Platform Kestrel took deposits.")) as there:
        sent = await there.forward(await there.grant(await there.ask()))
        unsent = await (await there.hkma.as_(Role.ANALYST)).forward(await there.grant(await there.ask()))
        await pin(there.hkpf, there.sfc)
        hkpf, _ = await there.both(there.hkpf)
        await hkpf.open_original(sent.message_hash)
        sfc, _ = await there.both(there.sfc)
        hkma, _ = await there.both(there.hkma)
        assert told(sfc, there.case) == [
            ("hkma/intake", "", "", False),
            ("hkpf/intake", "hkma/intake", "", False),
        ]
        # hkpf is nobody that sfc knows: an officer calls first
        assert [draft.to for draft in await sfc.recall_all(there.case, RECALL)] == [("hkma/intake",)]
        await pin(there.sfc, there.hkpf)
        for draft in await sfc.recall_all(there.case, RECALL):
            await sfc.send(draft.id)
        assert await sfc.recall_all(there.case, RECALL) == []  # everybody was asked
        there.sfc.clock.shift = 40 * 86_400_000
        assert [line[3] for line in told(sfc, there.case)] == [True, True]
        there.sfc.clock.shift = 0

        await answer(hkma, there.case, DESTROYED)
        await answer(hkpf, there.case, QUARANTINED)
        await sfc.sync()
        assert told(sfc, there.case) == [
            ("hkma/intake", "", "DESTROYED", False),
            ("hkpf/intake", "hkma/intake", "QUARANTINED", False),
        ]
        assert {leg.recipient: leg.state for leg in sfc.case(there.case)} == {
            "hkma/intake": State.RECALLED,
            "hkpf/intake": State.RECALLED,
        }

        # at hkma both the referral and what it passed on are gone; the proof that they were there is not
        with hkma.store.begin() as c:
            for message in (there.message, sent.message_hash):
                row = mailstore.message(c, bytes.fromhex(message))
                assert row is not None
                assert (row.archive, row.standing) == (b"", Standing.DESTROYED)
                assert len(row.envelope) < 4096
        for message in (there.message, sent.message_hash):
            with pytest.raises(RefusedError) as gone:
                hkma.peek(message)
            assert gone.value.reason is Reason.NOT_FOUND
            assert hkma.verify_receipt(message).receipt.index > 0
        assert next(one.state for one in hkma.drafts() if one.id == unsent.id) is DraftState.DISCARDED
        assert hkma.verify_receipt(there.message).event.message_hash.hex() == there.message

        # at hkpf it stands behind a second look; then that is gone, too
        with pytest.raises(SetAsideError):
            hkpf.peek(sent.message_hash)
        with pytest.raises(SetAsideError):
            await hkpf.open_original(sent.message_hash)
        assert hkpf.peek(sent.message_hash, second_look=True).standing is Standing.RECALLED
        assert list((there.hkpf.home.path / "originals").iterdir()) != []
        await answer(hkpf, there.case, DESTROYED)
        with pytest.raises(RefusedError):
            hkpf.peek(sent.message_hash, second_look=True)
        assert list((there.hkpf.home.path / "originals").iterdir()) == []
        for client in (sfc, hkma, hkpf):
            assert client.alarms() == []


async def test_who_cannot_comply_says_why_and_keeps_it_and_what_was_not_stored_is_withdrawn(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        first = await send_referral(sfc, "hkma/intake")
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = analyst.sent()[0].case_id
        await analyst.send((await analyst.withdraw(case, pb.Withdraw(text="wrong desk"))).id)
        await officer.sync()
        assert officer.inbox() == [item for item in officer.inbox() if item.verb is Verb.WITHDRAW]
        assert analyst.case(case)[0].state is State.WITHDRAWN
        assert analyst.sent()[0].statuses == {"hkma/intake": MessageStatus.WITHDRAWN}

        second = await send_referral(sfc, "hkma/intake", referral(reference="SFC/2026/118"))
        await officer.sync()
        await officer.open_item(second)
        await analyst.sync()
        later = next(item.case_id for item in analyst.sent() if item.message == second)
        with pytest.raises(RefusedError) as stored:
            await analyst.withdraw(later, pb.Withdraw(text="too late"))
        assert stored.value.reason is Reason.WRONG_STATE
        await analyst.send((await analyst.recall(later, RECALL)).id)
        await answer(officer, later, CANNOT)
        await analyst.sync()
        line = analyst.recall_list(later)[0]
        assert (line.answer, line.text, line.status) == ("CANNOT_COMPLY", CANNOT.text, MessageStatus.DELIVERED)
        assert officer.peek(second).payload.refer.reference == "SFC/2026/118"
        assert first != second


async def test_what_was_withdrawn_and_what_comes_late_is_gone_with_what_was_destroyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)

        # This desk has stored it, and it is withdrawn before the hub hears so.
        withdrawn = await send_referral(sfc, "hkma/intake")
        with monkeypatch.context() as silent:
            silent.setattr(Acks, "flush", _nothing)
            await officer.sync()
        await analyst.sync()
        case = analyst.sent()[0].case_id
        await analyst.send((await analyst.withdraw(case, pb.Withdraw(text="wrong desk"))).id)
        await officer.sync()
        assert officer.inbox()[0].standing is Standing.WITHDRAWN
        await analyst.send((await analyst.recall(case, RECALL)).id)
        await answer(officer, case, DESTROYED)

        # The hub keeps back what was sent before the recall, and hands it over after the answer.
        await send_referral(sfc, "hkma/intake", referral(reference="SFC/2026/118"))
        await officer.sync()
        case = officer.inbox()[-1].case_id
        note = pb.AcknowledgeCase(reference="9", contact=referral().contact, expected_date="2027-12-01")
        await officer.send((await officer.acknowledge(case, note)).id)
        question = pb.Question(gap=pb.INFO_GAP_FACTS, text="Which wallet?")
        await officer.send((await officer.request_info(case, pb.RequestInfo(questions=[question]))).id)
        await analyst.sync()
        late = await analyst.send((await analyst.supply(case, pb.Supply(text="Kestrel's."))).id)
        withheld, honest = {late.log_index}, officer.session.read_feed

        async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            async for response in honest(start, follow=follow):
                if response.item.receipt.index in withheld:
                    response.item.ClearField("envelope")
                yield response

        officer.session.read_feed = lying  # type: ignore[method-assign]
        await analyst.send((await analyst.recall(case, RECALL)).id)
        await answer(officer, case, DESTROYED)
        withheld.clear()
        await officer.sync()

        with officer.store.begin() as c:
            kept = [mailstore.message(c, bytes.fromhex(one)) for one in (withdrawn, late.message_hash)]
        for message in kept:
            assert message is not None
            wire = envelope_pb2.Envelope.FromString(message.envelope)
            assert (message.standing, message.archive, wire.ciphertext, len(wire.wraps)) == (
                Standing.DESTROYED,
                b"",
                b"",
                0,
            )


async def _nothing(*_: object) -> int:
    return 0
