"""What the hub refuses of a freeze, this side's agent refuses before anything is sent; and each by its name."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from comity.errors import ComityError, Reason, RefusedError
from comity.v1 import directory_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.engine import apply
from comity.workflow.families import table_of
from comity.workflow.terms import Family, Role, Side, Standing, State, Verb

from agents import composing
from agents.admin import Admin
from agents.client import Client, now_ms
from agents.composing import Wish, default_handling
from agents.errors import ContentRefusedError, IncompleteError
from agents.records import DraftInfo, DraftState
from tests.agents.freezing.freezes import (
    CONTACT,
    DAY,
    both,
    in_force,
    letter,
    line,
    notice,
    offices,
    report,
    reported,
    request,
    seconded,
)
from tests.agents.offices import Office
from tests.support.acting import act, standing_leg
from tests.support.legs import NOW

NO_ROW = {Reason.WRONG_STATE, Reason.TOO_LATE, Reason.NO_GRANT}


def hub_has_a_row(state: State, standing: Standing, side: Side, verb: Verb) -> bool:
    """Whether the engine, which the hub runs, has a row for it; signatures and the rest aside."""
    try:
        apply(standing_leg(Family.FREEZE, state, standing), act(Family.FREEZE, verb, side), NOW)
    except RefusedError as error:
        return error.reason not in NO_ROW
    return True


def agent_has_a_row(state: State, standing: Standing, side: Side, verb: Verb) -> bool:
    """Whether this side's agent would go on to seal it."""
    leg = standing_leg(Family.FREEZE, state, standing)
    desk = leg.originator if side is Side.ORIGINATOR else leg.recipient
    wish = Wish(verb, pb.Confirm(), default_handling(), (), leg, family=Family.FREEZE)
    try:
        composing._rule(wish, desk, NOW)
    except RefusedError as error:
        return error.reason not in NO_ROW
    return True


def test_hub_and_agent_have_the_same_rows_in_every_state_standing_and_side() -> None:
    verbs = [verb for verb in table_of(Family.FREEZE).verbs if table_of(Family.FREEZE).opening(verb) is None]
    taken = 0
    for state, standing, side, verb in itertools.product(State, Standing, Side, verbs):
        ours = agent_has_a_row(state, standing, side, verb)
        assert ours == hub_has_a_row(state, standing, side, verb), (state, standing, side, verb)
        taken += ours
    assert taken > 300  # so that the agreement is about something


def release(client: Client, case: str) -> pb.Release:
    """A release of everything, after a call."""
    lines = [pb.LineRelease(line=1, all=True)]
    call = client.called_back(case, spoken_to="Duty officer")
    return pb.Release(lines=lines, ground=pb.RELEASE_GROUND_CASE_ENDED, call_back=call)


def ask(client: Client, case: str) -> pb.AskRelease:
    """The request of one."""
    lines = [pb.LineRelease(line=1, all=True)]
    call = client.called_back(case, spoken_to="Duty officer")
    return pb.AskRelease(lines=lines, ground=pb.RELEASE_GROUND_CASE_ENDED, call_back=call)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Office, Office]]:
    """Two offices for all that needs no clock and no revocation of its own."""
    async with offices(tmp_path_factory.mktemp("offices")) as pair:
        yield pair


async def refused(saying: Awaitable[DraftInfo]) -> str:
    """The reason, code or first gap for which nothing was drafted."""
    with pytest.raises(ComityError) as error:
        await saying
    match error.value:
        case RefusedError():
            return error.value.reason.value
        case ContentRefusedError():
            return error.value.code
        case IncompleteError():
            return error.value.gaps[0].path
    raise error.value


@pytest.mark.asyncio(loop_scope="module")
async def test_each_step_is_refused_from_the_wrong_side_by_one_person_or_in_the_wrong_role(
    shared: tuple[Office, Office],
) -> None:
    sfc, hkma = shared
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    machine, approver = await hkma.as_(Role.AGENT), await hkma.as_(Role.APPROVER)
    case = await in_force(sfc, hkma, request(line(), instrument=notice()))
    await machine.sync()
    await approver.sync()
    until = now_ms() + 100 * DAY
    wrong_side: list[Callable[[], Awaitable[DraftInfo]]] = [
        lambda: officer.convert(case, pb.Convert(instrument=letter())),
        lambda: officer.ask_extension(case, pb.AskExtension(until=until, diligence="x")),
        lambda: officer.ask_release(case, ask(officer, case)),
        lambda: officer.confirm_hold(case),
        lambda: analyst.report_execution(case, reported()),
        lambda: analyst.extend(case, pb.Extend(until=until)),
        lambda: analyst.release(case, release(analyst, case)),
        lambda: analyst.refuse_freeze(case, pb.RefuseFreeze(reason=pb.FREEZE_REFUSAL_REASON_NO_LINK)),
    ]
    assert {await refused(saying()) for saying in wrong_side} == {"WRONG_STATE"}
    for unfit in (machine, approver):  # a machine is nobody, an approver alone writes nothing
        assert await refused(unfit.report_execution(case, reported())) == "WRONG_ROLE"
    assert await refused(officer.confirm_hold(case)) == "WRONG_STATE"

    # One signature, and the same person twice.
    head = await sfc.client()
    await head.sync()
    for draft in (
        await head.ask_release(case, ask(head, case)),
        await head.convert(case, pb.Convert(instrument=notice())),
    ):
        assert draft.state is DraftState.AWAITING_APPROVAL
        with pytest.raises(RefusedError) as one:
            await head.send(draft.id)
        assert one.value.reason is Reason.SECOND_PERSON_MISSING
        with pytest.raises(RefusedError) as twice:
            head.approve(draft.id, head.review(draft.id).info.message_hash)
        assert twice.value.reason is Reason.SECOND_PERSON_MISSING
        head.discard(draft.id)
    assert {draft.state for client in (officer, analyst) for draft in client.drafts() if draft.case_id == case} == {
        DraftState.SENT,
        DraftState.DISCARDED,
    }


@pytest.mark.asyncio(loop_scope="module")
async def test_who_accepts_what_binds_takes_a_second_person_and_what_does_not_bind_takes_none(
    shared: tuple[Office, Office],
) -> None:
    sfc, hkma = shared
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    states = []
    for instrument in (notice(), letter()):
        draft = await analyst.request_freeze("hkma/intake", request(line(), instrument=instrument))
        case = (await seconded(sfc, draft)).case_id
        await officer.sync()
        note = pb.AcknowledgeCase(reference="H-1", contact=CONTACT, expected_date="2027-12-01")
        await officer.send((await officer.acknowledge(case, note)).id)
        mine = await officer.accept(case, pb.Accept(owner="Enforcement", decided_by="Lee"))
        states.append(mine.state)
    assert states == [DraftState.AWAITING_APPROVAL, DraftState.READY]


@pytest.mark.asyncio(loop_scope="module")
async def test_two_officers_at_once_one_wins_and_the_other_is_told(shared: tuple[Office, Office]) -> None:
    sfc, hkma = shared
    analyst, officer, head = (
        await sfc.as_(Role.ANALYST),
        await hkma.as_(Role.ANALYST),
        await hkma.client(),
    )
    asked = await analyst.request_freeze("hkma/intake", request())
    case = (await seconded(sfc, asked)).case_id
    await both(officer, head)
    note = pb.AcknowledgeCase(reference="H-1", contact=CONTACT, expected_date="2027-12-01")
    await officer.send((await officer.acknowledge(case, note)).id)
    await head.sync()
    first = await officer.accept(case, pb.Accept(owner="Enforcement", decided_by="Lee"))
    second = await head.refuse_freeze(case, pb.RefuseFreeze(reason=pb.FREEZE_REFUSAL_REASON_NO_LINK))
    await officer.send(first.id)
    approver = await hkma.as_(Role.APPROVER)
    await approver.sync()
    review = approver.review(second.id)
    assert any("WRONG_STATE" in gap.problem for gap in review.gaps)
    with pytest.raises(IncompleteError):
        approver.approve(second.id, review.info.message_hash)
    assert officer.case(case)[0].state is State.EXECUTING


async def test_a_revoked_key_signs_nothing_and_after_the_end_nothing_is_said(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=letter()))
        waiting = await analyst.ask_release(case, ask(analyst, case))

        for office, client in ((sfc, analyst), (hkma, officer)):
            office.clock.shift = 21 * DAY  # the letter's end by this side's own clock
            assert client.case(case)[0].state is State.EXPIRED
            rule = {Verb.REPORT_EXECUTION, Verb.ASK_RELEASE, Verb.CONVERT, Verb.RELEASE, Verb.EXTEND}
            assert not rule & set(client.case(case)[0].allowed)
            office.clock.shift = 0

        head = await sfc.client()
        reason = directory_pb2.REVOCATION_REASON_LEFT
        await Admin(head, sfc.root).revoke(sfc.people[Role.ANALYST], reason)
        with pytest.raises(RefusedError) as unknown:
            await analyst.refresh()
        assert unknown.value.reason is Reason.UNKNOWN_TLS_KEY
        approver = await sfc.as_(Role.APPROVER)
        await approver.sync()
        review = approver.review(waiting.id)
        assert "keys" in {gap.path for gap in review.gaps}
        with pytest.raises(IncompleteError):
            approver.approve(waiting.id, review.info.message_hash)


@pytest.mark.asyncio(loop_scope="module")
async def test_what_does_not_add_up_or_breaks_what_was_agreed_is_refused_by_its_name_and_nothing_is_sent(
    shared: tuple[Office, Office],
) -> None:
    sfc, hkma = shared
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    begun = now_ms()
    for begins in (begun - 2 * DAY, begun + 10 * DAY):  # one that is still to come gains no time
        asked = request(line(), instrument=letter(start=begins, end=max(begins, begun) + 31 * DAY))
        assert await refused(analyst.request_freeze("hkma/intake", asked)) == "TOO_LONG"
    cases: dict[str, Any] = {
        "TOO_LONG": letter(end=begun + 40 * DAY),
        "NO_END": letter(end=0, review=begun + 20 * DAY),
        "request_freeze.instrument.binding": letter(binding=True, legal_text="x", authority="x", number="x"),
        "request_freeze.instrument.legal_text": notice(legal_text=""),
        "request_freeze.instrument.end": letter(start=begun - 2 * DAY, end=begun - DAY),
    }
    for expected, instrument in cases.items():
        asked = request(line(), instrument=instrument)
        assert await refused(analyst.request_freeze("hkma/intake", asked)) == expected
    for amount in ("1.0000001", "-1", "1e3", str(2**256), "0"):
        asked = request(line(amount=amount))
        assert await refused(analyst.request_freeze("hkma/intake", asked)) == "request_freeze.lines[0].amount"

    case = await in_force(sfc, hkma, request(line(), instrument=notice(end=begun + 80 * DAY)))
    wrong: dict[str, Callable[[], Awaitable[DraftInfo]]] = {
        "NOT_THE_TOTALS": lambda: officer.report_execution(case, reported(report(requested="900", held="900"))),
        "RELEASED_WITHOUT_RELEASE": lambda: officer.report_execution(
            case, reported(report(requested="1000", held="900", released="100"))
        ),
        "UNKNOWN_LINE": lambda: officer.report_execution(case, reported(report(2, requested="1", held="1"))),
        "TOO_MANY_DECIMALS": lambda: officer.report_execution(
            case, reported(report(requested="1000", held="999.9999999", outstanding="0.0000001"))
        ),
        "report_execution.lines[0]": lambda: officer.report_execution(
            case, reported(report(requested="1000", held="900", gone="50"))
        ),
        "GAP_BETWEEN": lambda: analyst.convert(case, pb.Convert(instrument=notice(start=begun + 81 * DAY))),
        "NO_END": lambda: analyst.convert(case, pb.Convert(instrument=letter(end=0, review=begun + 20 * DAY))),
        "NOT_LATER": lambda: analyst.ask_extension(case, pb.AskExtension(until=begun + 50 * DAY, diligence="x")),
        "MORE_THAN_HELD": lambda: analyst.ask_variation(
            case, pb.AskVariation(lines=[pb.LineVariation(line=1, release="1000.5")], text="x")
        ),
    }
    for expected, saying in wrong.items():
        assert await refused(saying()) == expected
    assert officer.freeze(case).holds
    assert {draft.state for draft in officer.drafts() if draft.case_id == case} == {DraftState.SENT}
