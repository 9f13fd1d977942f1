"""The whole way of a referral between two agencies, through a real hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents.records import DraftState, MessageStatus, Standing
from tests.agents.offices import referral, two_offices


async def test_a_referral_goes_its_whole_way_and_every_word_is_proved(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        file = tmp_path / "證據 evidence.txt"
        file.write_bytes(b"x" * 200_000)
        draft = await analyst.refer("hkma/intake", referral(), attachments=[file])
        assert draft.state is DraftState.AWAITING_APPROVAL
        with pytest.raises(RefusedError) as early:
            await analyst.send(draft.id)
        assert early.value.reason is Reason.SECOND_PERSON_MISSING

        await approver.refresh()
        review = approver.review(draft.id)
        assert review.payload.refer.summary == referral().summary
        assert review.gaps == ()
        assert [reader.desk for reader in review.readers] == ["hkma/intake", "sfc/intake"]
        approver.approve(draft.id, review.info.message_hash)
        sent = await analyst.send(draft.id)
        assert sent.status is MessageStatus.SUBMITTED
        assert analyst.verify_receipt(sent.message_hash).receipt.index == sent.log_index
        assert analyst.sent()[0].statuses == {"hkma/intake": MessageStatus.SUBMITTED}
        assert analyst.case(sent.case_id)[0].state is State.SENT

        agent = await hkma.as_(Role.AGENT)
        report = await agent.sync()
        assert [item.verb for item in report.new] == [Verb.REFER]
        assert report.acknowledged == 1
        assert agent.case(sent.case_id)[0].state is State.DELIVERED
        await analyst.sync()
        assert analyst.sent()[0].statuses == {"hkma/intake": MessageStatus.DELIVERED}

        officer = await hkma.as_(Role.ANALYST)
        await officer.refresh()
        opened = await officer.open_item(sent.message_hash)
        assert opened.payload.refer.reference == "SFC/2026/117"
        assert opened.standing is Standing.GOOD
        saved = await officer.save_attachment(sent.message_hash, opened.attachments[0].id, tmp_path / "hkma")
        assert saved.read_bytes() == file.read_bytes()
        await analyst.sync()
        assert analyst.sent()[0].statuses == {"hkma/intake": MessageStatus.OPENED}

        contact = pb.Contact(name="Lee", telephone="+85211112222")
        answer = await officer.acknowledge(
            sent.case_id, pb.AcknowledgeCase(reference="HKMA-9", contact=contact, expected_date="2026-12-01")
        )
        assert answer.state is DraftState.READY
        await officer.send(answer.id)
        await officer.send((await officer.accept(sent.case_id, pb.Accept(owner="Enforcement"))).id)
        outcome = pb.Outcome(kind=pb.OUTCOME_KIND_FREEZE, amount="12.50", currency="USDT")
        await officer.send(
            (await officer.report_outcome(sent.case_id, pb.ReportOutcome(outcomes=[outcome], usefulness=5))).id
        )
        await analyst.sync()
        assert analyst.case(sent.case_id)[0].state is State.OUTCOME_REPORTED
        await analyst.send((await analyst.close_case(sent.case_id, pb.Close(text="thanks"))).id)
        await officer.sync()
        assert officer.case(sent.case_id)[0].state is State.CLOSED
        assert [event.verb for event in officer.timeline(sent.case_id) if event.kind == "SUBMITTED"] == [
            Verb.REFER,
            Verb.ACKNOWLEDGE,
            Verb.ACCEPT,
            Verb.REPORT_OUTCOME,
            Verb.CLOSE,
        ]
        assert all(event.proof for event in officer.timeline(sent.case_id))
        assert officer.alarms() == analyst.alarms() == []
        report_of_log = await analyst.verify_log()
        assert report_of_log.findings == ()
        assert report_of_log.receipts_checked > 5
