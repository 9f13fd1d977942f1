"""What an assistance case refuses, whoever tries it: before anything is sent, and again at the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence, Role, State, Verb

from agents.errors import UnpinnedError
from agents.records import DraftState
from tests.agents.assisting.bureaus import (
    BAFIN,
    HOUR,
    MINUTE,
    accepted,
    asked,
    day,
    hired,
    in_writing,
    last,
    notice,
    notified,
    part,
    request,
    seconded,
    two_bureaus,
)

ORIGINATORS: dict[Verb, Any] = {
    Verb.COMPLETE: in_writing(),
    Verb.FOLLOW_UP: pb.FollowUp(questions=["另有其他戶口嗎？"]),
    Verb.FEEDBACK: pb.Feedback(usefulness=3),
    Verb.SUPPLY: pb.Supply(text="見附件"),
    Verb.CLOSE: pb.Close(),
}
RECIPIENTS: dict[Verb, Any] = {
    Verb.ANSWER_FIRST: pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_HIT),
    Verb.ACCEPT: pb.Accept(owner="x"),
    Verb.SUSPEND: pb.Suspend(reason="x", review_date=day(2)),
    Verb.RESUME: pb.Resume(),
    Verb.REFUSE: pb.RefuseAssistance(reason=pb.ASSISTANCE_REFUSAL_REASON_NOT_HELD, acceptable_if="x"),
    Verb.REPORT_PROGRESS: pb.ReportProgress(text="x"),
    Verb.REPLY_PART: part(1, 2),
    Verb.REPLY: last(1),
}


async def test_what_is_the_other_sides_to_say_is_refused_with_what_may_be_said_and_the_draft_is_kept(
    tmp_path: Path,
) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await asked(bureaus)
        officer, analyst = await accepted(bureaus, case), await bureaus.sfc.as_(Role.ANALYST)
        await analyst.sync()
        with pytest.raises(UnpinnedError):
            await analyst.request_assistance("hkma/intake", request())
        for client, bodies in ((officer, ORIGINATORS), (analyst, RECIPIENTS)):
            for verb, body in bodies.items():
                with pytest.raises(RefusedError) as refused:
                    await client.draft(verb, body, case=case)
                assert refused.value.reason is Reason.WRONG_STATE, verb
                assert verb.name not in refused.value.metadata["allowed"].split(",")
        assert {info.state for info in officer.drafts()} == {DraftState.SENT}
        refusal = RECIPIENTS[Verb.REFUSE]
        draft = await officer.refuse_assistance(case, refusal)
        with pytest.raises(RefusedError) as refused:
            await officer.send(draft.id)
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING
        assert [info.state for info in officer.drafts() if info.id == draft.id] == [DraftState.AWAITING_APPROVAL]
        await seconded(bureaus.bafin, draft)
        assert officer.case(case)[0].state is State.REFUSED


async def test_one_signature_the_same_person_twice_and_a_wrong_role_are_refused(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        analyst, agent = await bureaus.sfc.as_(Role.ANALYST), await bureaus.sfc.as_(Role.AGENT)
        for client in (analyst, agent):
            await client.sync()
        draft = await analyst.request_assistance(BAFIN, request())
        with pytest.raises(RefusedError) as refused:
            await analyst.send(draft.id)
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING
        with pytest.raises(RefusedError) as refused:
            analyst.approve(draft.id, draft.message_hash)
        assert refused.value.reason is Reason.WRONG_ROLE
        both = await hired(bureaus.sfc, Role.ANALYST, Role.APPROVER)
        own = await both.request_assistance(BAFIN, request())
        with pytest.raises(RefusedError) as refused:
            both.approve(own.id, own.message_hash)
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING
        with pytest.raises(RefusedError) as refused:
            await agent.oral_notice(BAFIN, notice())
        assert refused.value.reason is Reason.WRONG_ROLE

        spoken = await both.oral_notice(BAFIN, notice(), precedence=Precedence.URGENT)
        case = (await both.send(spoken.id)).case_id
        with pytest.raises(RefusedError) as refused:
            await both.confirm_notice(case, pb.Confirm())
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING
        with pytest.raises(RefusedError) as refused:
            await analyst.confirm_notice(case, pb.Confirm())
        assert refused.value.reason is Reason.WRONG_ROLE
        assert {info.state for info in analyst.drafts()} == {
            DraftState.AWAITING_APPROVAL,
            DraftState.SENT,
        }


async def test_of_two_officers_at_once_one_wins_and_the_other_is_told(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await asked(bureaus)
        officer = await accepted(bureaus, case)
        colleague = await hired(bureaus.bafin, Role.SUPERVISOR)
        mine = await officer.answer_first(case, pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_HIT))
        theirs = await colleague.suspend(case, pb.Suspend(reason="x", review_date=day(2)))
        await officer.send(mine.id)
        with pytest.raises(RefusedError) as refused:
            await colleague.send(theirs.id)
        assert refused.value.reason is Reason.WRONG_PREVIOUS
        assert [event.verb for event in colleague.timeline(case) if event.kind == "SUBMITTED"][-1] is Verb.ANSWER_FIRST
        assert [info.state for info in colleague.drafts() if info.id == theirs.id] == [DraftState.READY]
        resealed = await colleague.reseal(theirs.id)
        await colleague.send(resealed.id)
        assert colleague.case(case)[0].state is State.SUSPENDED


async def test_an_oral_notice_lapses_on_both_sides_unless_it_is_completed_in_time(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await notified(bureaus)
        analyst, officer = await bureaus.sfc.as_(Role.ANALYST), await accepted(bureaus, case)
        await analyst.sync()
        late = await analyst.complete_request(case, in_writing(), precedence=Precedence.URGENT)
        approver = await bureaus.sfc.as_(Role.APPROVER)
        approver.approve(late.id, late.message_hash)
        bureaus.clock.shift = 24 * HOUR - MINUTE
        assert officer.case(case)[0].state is State.IN_PROGRESS
        bureaus.clock.shift = 24 * HOUR + MINUTE
        # Nobody has asked the hub since: each side lapses by its own clock.
        assert officer.case(case)[0].state is analyst.case(case)[0].state is State.LAPSED

        await bureaus.wait(0)
        with pytest.raises(RefusedError) as refused:
            await approver.send(late.id)
        assert refused.value.reason in {Reason.TOO_LATE, Reason.CREATED_TOO_OLD}
        for verb, body, client in (
            (Verb.COMPLETE, in_writing(), analyst),
            (Verb.REPLY, last(1), officer),
            (Verb.ANSWER_FIRST, pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_HIT), officer),
        ):
            with pytest.raises(RefusedError) as refused:
                await client.draft(verb, body, case=case, precedence=Precedence.URGENT)
            assert refused.value.reason in {Reason.TOO_LATE, Reason.WRONG_STATE}
        again = await analyst.oral_notice(BAFIN, notice(), precedence=Precedence.URGENT)
        await analyst.send(again.id)
        await officer.sync()
        assert officer.alarms() == []
