"""The hold of one officer lapses by itself on both sides, hub or no hub, unless a second person stands behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence, Role, Standing, State, Verb

from agents.alarms import AlarmKind
from agents.client import Client, now_ms
from agents.errors import ContentRefusedError, IncompleteError
from agents.freezing import prefilled
from agents.records import DraftState
from tests.agents.assisting.bureaus import Bureaus, MovedClock
from tests.agents.freezing.freezes import (
    DAY,
    HOUR,
    MINUTE,
    accepted,
    both,
    offices,
    provisional,
    report,
    reported,
    request,
    seconded,
)

ADDRESS = provisional().lines[0].account.rpartition(":")[2]
HELD = reported(report(requested="700", held="700"))


def came_back(client: Client) -> bool:
    """Whether the alarm stands that asks to report anew."""
    return any(alarm.kind is AlarmKind.CAME_BACK for alarm in client.alarms())


async def test_a_hold_leaves_at_once_and_a_colleague_reads_confirms_and_completes_it(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await analyst.request_hold("hkma/intake", provisional())
        assert (draft.state, draft.precedence) == (DraftState.READY, Precedence.FLASH)
        sent = await analyst.send(draft.id)
        case = sent.case_id
        hour = analyst.freeze(case).ends
        assert hour is not None
        assert abs(hour - now_ms() - HOUR) < 5 * MINUTE

        # Whoever wrote it is no second person; whoever is none may not be one.
        with pytest.raises(RefusedError) as refused:
            await (await sfc.as_(Role.ANALYST)).confirm_hold(case)
        assert refused.value.reason is Reason.WRONG_ROLE
        own = await sfc.client()
        mine = (await own.send((await own.request_hold("hkma/intake", _elsewhere())).id)).case_id
        with pytest.raises(RefusedError) as refused:
            await own.confirm_hold(mine)
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING

        await approver.sync()
        assert approver.peek(sent.message_hash).payload.request_hold.victim_reference == "V-1"
        await approver.send((await approver.confirm_hold(case)).id)
        await both(analyst, approver)
        standing = approver.freeze(case)
        assert standing.standing is Standing.CONFIRMED
        assert standing.ends is not None
        assert abs(standing.ends - now_ms() - 24 * HOUR) < 5 * MINUTE
        with pytest.raises(RefusedError) as again:
            await approver.confirm_hold(case)
        assert again.value.reason is Reason.WRONG_STATE

        # The full form begins with the hold. What the hold did not say, the form names.
        begun = prefilled.completed(approver.peek(sent.message_hash).payload.request_hold)
        assert (begun.victim_reference, begun.lines[0].account) == ("V-1", provisional().lines[0].account)
        with pytest.raises(IncompleteError) as gaps:
            await analyst.complete_hold(case, begun)
        assert "request_freeze.necessity" in {gap.path for gap in gaps.value.gaps}
        full = request(*begun.lines)
        with pytest.raises(ContentRefusedError) as changed:
            await analyst.complete_hold(case, request(pb.AssetLine(**_other(begun.lines[0]))))
        assert changed.value.code == "CHANGED_LINE"
        await seconded(sfc, await analyst.complete_hold(case, full))
        officer = await hkma.as_(Role.ANALYST)
        await both(analyst, officer)
        unread = officer.freeze(case)
        assert (unread.withheld, unread.asked, unread.lines) == (True, None, ())
        await officer.open_item(officer.case(case)[0].opening)
        for client in (analyst, officer):
            assert client.freeze(case).standing is Standing.COMPLETED
            assert client.freeze(case).asked == full
        # A short hold is not extended; a stronger instrument takes its place.
        with pytest.raises(RefusedError):
            await analyst.ask_extension(case, pb.AskExtension(until=now_ms() + 9 * DAY, diligence="More time."))


def _elsewhere(platforms: str = "K-4711", account: str = "") -> pb.ProvisionalHold:
    """A hold on another account."""
    body = provisional()
    body.lines[0].account, body.lines[0].account_as_received = account, account.rpartition(":")[2]
    body.lines[0].platform_account = platforms
    return body


async def test_the_next_hold_on_an_account_takes_two_people_for_three_days(tmp_path: Path) -> None:
    clock = MovedClock()
    async with offices(tmp_path, clock) as (sfc, hkma):
        analyst = await sfc.as_(Role.ANALYST)
        named = provisional()
        named.lines[0].platform_account = "acct 77"
        first = await analyst.send((await analyst.request_hold("hkma/intake", named)).id)
        other = await analyst.request_hold("hkma/intake", _elsewhere())
        assert other.state is DraftState.READY
        colleague = await sfc.client()
        await colleague.sync()
        again = await colleague.request_hold("hkma/intake", provisional())
        assert again.state is DraftState.AWAITING_APPROVAL  # whoever writes it
        with pytest.raises(RefusedError) as alone:
            await colleague.send(again.id)
        assert alone.value.reason is Reason.SECOND_PERSON_MISSING
        second = await seconded(sfc, again)
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        assert {one.case_id for one in officer.inbox()} == {first.case_id, second.case_id}

        # By whichever of its names it is held again: the platform's, in another case, or on another EVM chain.
        for renamed in (_elsewhere("ACCT 77"), _elsewhere(ADDRESS.lower()), _elsewhere("", f"eip155:10:{ADDRESS}")):
            assert (await colleague.request_hold("hkma/intake", renamed)).state is DraftState.AWAITING_APPROVAL
        assert (await colleague.request_hold("hkma/intake", _elsewhere("acct-78"))).state is DraftState.READY

        await Bureaus(sfc, hkma, clock).wait(72 * HOUR + MINUTE)
        assert (await analyst.request_hold("hkma/intake", provisional())).state is DraftState.READY


def _other(line: pb.AssetLine) -> dict[str, object]:
    return {field.name: value for field, value in line.ListFields()} | {"token": "DAI"}


async def test_D_09_a_hold_lapses_by_each_sides_own_clock_and_nobody_acts_on_it_any_more(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = (await analyst.send((await analyst.request_hold("hkma/intake", provisional())).id)).case_id
        await accepted(hkma, case)
        await officer.send((await officer.report_execution(case, HELD)).id)
        await analyst.sync()
        assert officer.freeze(case).holds
        assert analyst.freeze(case).holds

        await sfc.town.hub.stop()
        for office, client in ((sfc, analyst), (hkma, officer)):
            office.clock.shift = 61 * MINUTE
            assert client.case(case)[0].state is State.LAPSED
            assert not client.freeze(case).holds
            assert Verb.REPORT_EXECUTION not in client.case(case)[0].allowed
            office.clock.shift = 0
        hkma.clock.shift = 61 * MINUTE
        with pytest.raises(RefusedError) as refused:
            await officer.report_execution(case, HELD)
        assert refused.value.reason in {Reason.WRONG_STATE, Reason.TOO_LATE, Reason.UNAVAILABLE}


async def test_a_confirmation_in_time_that_arrives_late_brings_the_case_back_and_asks_to_report_anew(
    tmp_path: Path,
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, approver, officer = (
            await sfc.as_(Role.ANALYST),
            await sfc.as_(Role.APPROVER),
            await hkma.as_(Role.ANALYST),
        )
        case = (await analyst.send((await analyst.request_hold("hkma/intake", provisional())).id)).case_id
        await accepted(hkma, case)
        await officer.send((await officer.report_execution(case, HELD)).id)
        await approver.sync()
        await approver.send((await approver.confirm_hold(case)).id)  # in time, by the log

        hkma.clock.shift = 61 * MINUTE  # and this side was cut off
        assert officer.case(case)[0].state is State.LAPSED
        assert not came_back(officer)
        await officer.sync()
        standing = officer.freeze(case)
        assert (standing.state, standing.standing) == (State.IN_FORCE, Standing.CONFIRMED)
        assert standing.report_anew
        assert not standing.holds
        assert came_back(officer)

        hkma.clock.shift = 0
        await officer.send((await officer.report_execution(case, HELD)).id)
        assert not officer.freeze(case).report_anew
        assert officer.freeze(case).holds
        await analyst.sync()
        assert analyst.freeze(case).holds
