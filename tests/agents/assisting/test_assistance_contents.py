"""Rules that only the two sides can hold: what breaks one never leaves; what comes all the same counts for nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence, Role, Verb

from agents import contentrules
from agents.alarms import AlarmKind
from agents.contents import ContentRefusedError
from agents.errors import IncompleteError
from agents.records import Standing
from tests.agents.assisting.bureaus import (
    BAFIN,
    SFC,
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
from tests.agents.freezing import freezes

WIDER: dict[str, tuple[Callable[[], pb.AssistanceRequest], str, str]] = {
    "another kind": (
        lambda: in_writing(kinds=[pb.ASSISTANCE_KIND_INFORMATION_HELD, pb.ASSISTANCE_KIND_RECORDS]),
        "BEYOND_ORAL_NOTICE",
        "request_assistance.beyond_oral",
    ),
    "another instrument": (
        lambda: in_writing(instrument=pb.ASSISTANCE_INSTRUMENT_COURTESY),
        "BEYOND_ORAL_NOTICE",
        "request_assistance.beyond_oral",
    ),
    "a further subject": (
        lambda: in_writing(subjects=SUBJECTS[:2]),
        "BEYOND_ORAL_NOTICE",
        "request_assistance.beyond_oral",
    ),
    "another subject": (lambda: in_writing(subjects=SUBJECTS[:1]), "OTHER_SUBJECT", "request_assistance.subjects"),
    "never said to be oral": (
        lambda: in_writing(made_orally=False),
        "NOT_SAID_TO_BE_ORAL",
        "request_assistance.made_orally",
    ),
}


async def test_the_written_form_of_an_oral_notice_has_its_subject_and_scope_or_says_what_is_more(
    tmp_path: Path,
) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await notified(bureaus)
        analyst = await bureaus.sfc.as_(Role.ANALYST)
        for name, (body, code, path) in WIDER.items():
            with pytest.raises(ContentRefusedError) as refused:
                await analyst.complete_request(case, body(), precedence=Precedence.URGENT)
            assert (refused.value.code, refused.value.path) == (code, path), name
        # The same person, written in full-width letters and with another case; and more than was asked, but said so.
        same = pb.Subject(name="ＮＧ　ＫＡ　ＭＩＮＧ")
        wider = in_writing(
            subjects=[same, SUBJECTS[0]],
            kinds=[pb.ASSISTANCE_KIND_INFORMATION_HELD, pb.ASSISTANCE_KIND_RECORDS],
            beyond_oral="另請提供開戶記錄。",
        )
        await seconded(bureaus.sfc, await analyst.complete_request(case, wider, precedence=Precedence.URGENT))
        await bureaus.all_see()
        officer = await bureaus.bafin.as_(Role.AGENT)
        assert {item.standing for item in officer.inbox()} == {Standing.GOOD}


async def test_parts_out_of_order_are_refused_at_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await asked(bureaus)
        officer, analyst = await accepted(bureaus, case), await bureaus.sfc.as_(Role.ANALYST)
        for body, code in (
            (part(2, 3), "PART_OUT_OF_ORDER"),
            (part(1, 1), "LAST_IS_A_REPLY"),
            (last(2), "PART_OUT_OF_ORDER"),
        ):
            verb = Verb.REPLY if isinstance(body, pb.Reply) else Verb.REPLY_PART
            with pytest.raises(ContentRefusedError) as refused:
                await officer.draft(verb, body, case=case)
            assert refused.value.code == code
        await officer.send((await officer.reply_part(case, part(1, 3))).id)
        for body, code in ((part(2, 4), "TOTAL_CHANGED"), (part(3, 3), "PART_OUT_OF_ORDER")):
            with pytest.raises(ContentRefusedError) as refused:
                await officer.reply_part(case, body)
            assert refused.value.code == code

        with monkeypatch.context() as tampered:
            tampered.setattr(contentrules, "JUDGES", ())
            await officer.send((await officer.reply_part(case, part(3, 3))).id)
        await analyst.sync()
        bad = [item for item in analyst.inbox() if item.standing is Standing.CONTRADICTS]
        assert [item.verb for item in bad] == [Verb.REPLY_PART]
        assert [alarm.kind for alarm in analyst.alarms()] == [AlarmKind.CONTRADICTION]
        for item in analyst.inbox(unread_only=True):
            await analyst.open_item(item.message)
        assert [found.number for found in analyst.assistance(case)[0].parts] == [1]
        assert analyst.next_part(case) == 2


async def test_a_slip_needs_a_later_date_and_a_reason_and_a_first_answer_is_not_unsaid(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        case = await asked(bureaus)
        officer = await accepted(bureaus, case)
        for days in (5, 20):
            with pytest.raises(ContentRefusedError) as refused:
                await officer.report_progress(
                    case, pb.ReportProgress(text="x", expected_date=day(days), slip_reason="Urlaub")
                )
            assert (refused.value.code, refused.value.path) == ("SLIP_NOT_LATER", "report_progress.expected_date")
        with pytest.raises(IncompleteError) as incomplete:
            await officer.report_progress(case, pb.ReportProgress(text="x", expected_date=day(21)))
        assert [gap.path for gap in incomplete.value.gaps] == ["report_progress.slip_reason"]
        for days in (21, 30):
            body = pb.ReportProgress(text="x", expected_date=day(days), slip_reason="Urlaub")
            await officer.send((await officer.report_progress(case, body)).id)
        with pytest.raises(ContentRefusedError):
            await officer.report_progress(
                case, pb.ReportProgress(text="x", expected_date=day(25), slip_reason="Urlaub")
            )

        await officer.send((await officer.answer_first(case, pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_NO_HIT))).id)
        unknown = pb.AnswerFirst(kind=pb.FIRST_ANSWER_KIND_NOT_YET_KNOWN, expected_date=day(3))
        with pytest.raises(ContentRefusedError) as refused:
            await officer.answer_first(case, unknown)
        assert refused.value.code == "ALREADY_ANSWERED"
        late = pb.Suspend(reason="x", review_date=day(9))
        with pytest.raises(ContentRefusedError) as refused:
            await officer.suspend(case, late, respond_by=officer.clock() + 2 * 86_400_000)
        assert refused.value.code == "REVIEW_AFTER_CLOCK"


async def test_a_freeze_that_a_request_carries_is_a_freeze_of_the_same_desks(tmp_path: Path) -> None:
    async with two_bureaus(tmp_path) as bureaus:
        other = await asked(bureaus)
        analyst = await bureaus.sfc.as_(Role.ANALYST)
        relation, freeze = pb.CASE_RELATION_CARRIES_FREEZE, [pb.ASSISTANCE_KIND_FREEZE]

        def carrying(case: str, desk: str = SFC, **changes: Any) -> pb.AssistanceRequest:
            link = pb.CaseLink(case_id=bytes.fromhex(case), desk=desk, relation=relation)
            return request(**({"kinds": freeze, "links": [link]} | changes))

        for body, code in (
            (carrying("ab" * 16), "NO_SUCH_FREEZE"),
            (carrying(other), "NO_SUCH_FREEZE"),
            (carrying(other, kinds=[pb.ASSISTANCE_KIND_RECORDS]), "FREEZE_WITHOUT_KIND"),
        ):
            with pytest.raises(ContentRefusedError) as refused:
                await analyst.request_assistance(BAFIN, body)
            assert refused.value.code == code
        with pytest.raises(IncompleteError):
            await analyst.request_assistance(BAFIN, request(kinds=freeze))

        held = await analyst.request_freeze(BAFIN, freezes.request())
        hold = (await seconded(bureaus.sfc, held)).case_id
        await analyst.sync()
        with pytest.raises(ContentRefusedError):  # it is the SFC's freeze
            await analyst.request_assistance(BAFIN, carrying(hold, BAFIN))
        case = await asked(bureaus, carrying(hold))
        reader = await bureaus.bafin.as_(Role.AGENT)
        for client in (analyst, reader):
            assert client.assistance(case)[0].linked == (hold,)
            assert set(client.story_cases(hold)) == {hold, case}
            assert client.alarms() == []
