"""The whole way of a request between two regulators in different time zones and languages, through a real hub."""

from __future__ import annotations

from pathlib import Path

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence, Role, Standing, State, Verb

from agents.records import DraftState
from tests.agents.assisting.bureaus import (
    HOUR,
    SUBJECTS,
    accepted,
    asked,
    day,
    in_writing,
    last,
    notified,
    part,
    request,
    seconded,
    two_bureaus,
)


async def test_a_request_goes_its_whole_way_and_every_part_keeps_its_own_conditions(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        analyst = await bureaus.sfc.as_(Role.ANALYST)
        case = await asked(bureaus, request(urgency_reason="資金正在轉走"), precedence=Precedence.URGENT)
        officer = await accepted(bureaus, case)
        read = next(item for item in officer.inbox() if item.verb is Verb.REQUEST)
        assert officer.peek(read.message).payload.request_assistance.subjects[:] == list(SUBJECTS)

        first = pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_NOT_YET_KNOWN, expected_date=day(9))
        await officer.send((await officer.answer_first(case, first)).id)
        await officer.send((await officer.answer_first(case, pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_HIT))).id)
        laid = pb.Suspend(reason="Die Staatsanwaltschaft prüft.", review_date=day(3))
        await officer.send((await officer.suspend(case, laid)).id)
        assert officer.case(case)[0].state is State.SUSPENDED
        await officer.send((await officer.resume(case, pb.Resume())).id)
        slip = pb.ReportProgress(text="Die Bank braucht länger.", expected_date=day(30), slip_reason="Zwei Filialen")
        await officer.send((await officer.report_progress(case, slip)).id)

        strict = officer.peek(read.message).payload.handling
        strict.tlp = pb.TLP_RED
        await officer.send((await officer.reply_part(case, part(officer.next_part(case), 2), handling=strict)).id)
        assert officer.next_part(case) == 2
        await officer.send((await officer.reply(case, last(2))).id)
        await analyst.sync()
        for item in analyst.inbox(unread_only=True):
            await analyst.open_item(item.message)
        (story,) = analyst.assistance(case)
        assert (story.state, story.rounds, story.unread) == (State.REPLIED, 1, [])
        assert story.first_answer == pb.FIRST_ANSWER_KIND_HIT
        assert (story.expected, story.suspended) == (day(30), "")
        assert [(p.number, p.total, p.last, p.handling.tlp) for p in story.parts] == [
            (1, 2, False, pb.TLP_RED),
            (2, 2, True, pb.TLP_AMBER),
        ]
        assert [p.conditions for p in story.parts] == [
            ("Nur zu Zwecken der Aufsicht",),
            ("Keine Weitergabe ohne Zustimmung",),
        ]
        due = analyst.case(case)[0].respond_by
        assert due is not None
        assert 85 < (due - analyst.clock()) / 86_400_000 < 95

        await analyst.send((await analyst.follow_up(case, pb.FollowUp(questions=["另有其他戶口嗎？"]))).id)
        await officer.sync()
        assert officer.next_part(case) == 1
        await officer.send((await officer.reply(case, last(1))).id)
        await analyst.sync()
        assert analyst.assistance(case)[0].rounds == 2
        await analyst.send((await analyst.feedback(case, pb.Feedback(usefulness=5, used_for=["檢控"]))).id)
        await analyst.send((await analyst.close_case(case, pb.Close())).id)
        await officer.sync()
        assert officer.case(case)[0].state is analyst.case(case)[0].state is State.CLOSED
        assert officer.alarms() == analyst.alarms() == []
        assert all(event.proof for event in officer.timeline(case))


async def test_what_was_asked_by_telephone_is_seconded_put_in_writing_and_answered(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await notified(bureaus)
        analyst, approver = await bureaus.sfc.as_(Role.ANALYST), await bureaus.sfc.as_(Role.APPROVER)
        officer = await accepted(bureaus, case)
        (story,) = officer.assistance(case)
        assert story.provisional
        assert story.orally
        assert story.lapses_at is not None
        assert round((story.lapses_at - officer.clock()) / 3_600_000) == 24

        await approver.sync()
        await approver.send((await approver.confirm_notice(case, pb.Confirm())).id)
        assert approver.assistance(case)[0].standing is Standing.CONFIRMED
        await analyst.sync()
        draft = await analyst.complete_request(case, in_writing(), precedence=Precedence.URGENT)
        assert draft.state is DraftState.AWAITING_APPROVAL
        await seconded(bureaus.sfc, draft)
        await officer.sync()
        assert not officer.assistance(case)[0].provisional

        await bureaus.wait(30 * HOUR)
        await officer.sync()
        assert officer.case(case)[0].state is State.IN_PROGRESS
        await analyst.sync()
        assert analyst.case(case)[0].state is State.IN_PROGRESS
        assert analyst.alarms() == officer.alarms() == []


async def test_a_refusal_says_what_would_make_the_request_acceptable(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await asked(bureaus)
        officer = await accepted(bureaus, case)
        body = pb.RefuseAssistance(
            reason=pb.ASSISTANCE_REFUSAL_REASON_CONFIDENTIALITY_NOT_ASSURED,
            acceptable_if="Eine Zusage, dass der Kontoinhaber nichts erfährt.",
        )
        await seconded(bureaus.bafin, await officer.refuse_assistance(case, body))
        analyst = await bureaus.sfc.as_(Role.ANALYST)
        await analyst.sync()
        (story,) = analyst.assistance(case)
        assert (story.state, story.refusal) == (State.REFUSED, 0)
        for message in story.unread:
            await analyst.open_item(message)
        (story,) = analyst.assistance(case)
        assert story.refusal == pb.ASSISTANCE_REFUSAL_REASON_CONFIDENTIALITY_NOT_ASSURED
        assert story.acceptable_if == body.acceptable_if
        assert {Verb.FEEDBACK, Verb.CLOSE} <= set(analyst.case(case)[0].allowed)
