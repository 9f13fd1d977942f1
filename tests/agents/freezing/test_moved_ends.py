"""A freeze ends when its last word says so: whoever moved the end, the log's LAPSED is believed on both sides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from comity.receipts import EventKind
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State

from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import Client, now_ms
from tests.agents.assisting.bureaus import Bureaus, MovedClock
from tests.agents.freezing.freezes import (
    DAY,
    MINUTE,
    accepted,
    in_force,
    notice,
    offices,
    provisional,
    report,
    reported,
    request,
    seconded,
)
from tests.agents.offices import Office

HELD = reported(report(requested="700", held="700"))


async def _hold(sfc: Office, hkma: Office) -> str:
    """A provisional hold that is in force."""
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    draft = await analyst.request_hold("hkma/intake", provisional())
    sent = await (seconded(sfc, draft) if draft.state.value == "AWAITING_APPROVAL" else analyst.send(draft.id))
    await accepted(hkma, sent.case_id)
    await officer.send((await officer.report_execution(sent.case_id, HELD)).id)
    for role in (Role.ANALYST, Role.APPROVER):
        await (await sfc.as_(role)).sync()
    return sent.case_id


async def _confirmed(sfc: Office, hkma: Office) -> str:
    case = await _hold(sfc, hkma)
    approver = await sfc.as_(Role.APPROVER)
    await approver.send((await approver.confirm_hold(case)).id)
    return case


async def _completed(sfc: Office, hkma: Office) -> str:
    case = await _hold(sfc, hkma)
    analyst = await sfc.as_(Role.ANALYST)
    await seconded(sfc, await analyst.complete_hold(case, request(*provisional().lines)))
    return case


async def _converted(sfc: Office, hkma: Office) -> str:
    case = await _hold(sfc, hkma)
    analyst = await sfc.as_(Role.ANALYST)
    await seconded(sfc, await analyst.convert(case, pb.Convert(instrument=notice(end=now_ms() + 2 * DAY))))
    return case


async def _extended(sfc: Office, hkma: Office) -> str:
    case = await in_force(sfc, hkma, request(instrument=notice(end=now_ms() + 2 * DAY)))
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    asked = pb.AskExtension(until=now_ms() + 3 * DAY, diligence="The bank's records came.")
    await seconded(sfc, await analyst.ask_extension(case, asked))
    await officer.sync()
    await officer.send((await officer.extend(case, pb.Extend(until=asked.until))).id)
    return case


MOVED: tuple[tuple[Callable[[Office, Office], Awaitable[str]], State], ...] = (
    (_confirmed, State.LAPSED),
    (_completed, State.LAPSED),
    (_converted, State.EXPIRED),
    (_extended, State.EXPIRED),
)
"""Who moves the end, and how the case ends by it."""


def _ends(client: Client) -> list[tuple[str, bool]]:
    """The cases that the log says have ended by themselves, and whether that was found true."""
    with client.store.begin() as c:
        openings = {leg.opening: leg.case_id.hex() for leg in mailstore.legs(c)}
        events = [event for event in mailstore.events(c, list(openings)) if event.kind is EventKind.LAPSED]
        return [(openings[event.message_hash], event.believed) for event in events]


async def test_the_end_that_was_moved_is_believed_when_it_comes_and_no_other(tmp_path: Path) -> None:
    clock = MovedClock()
    async with offices(tmp_path, clock) as (sfc, hkma):
        ended = {await move(sfc, hkma): state for move, state in MOVED}
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        bureaus = Bureaus(sfc, hkma, clock)
        for client in (analyst, officer):
            await client.sync()
        await bureaus.wait(61 * MINUTE)  # the hour of the opening: nothing ends by it any more
        for client in (analyst, officer):
            await client.sync()
            assert _ends(client) == []
            assert {State.IN_FORCE} == {client.case(case)[0].state for case in ended}
        await bureaus.wait(4 * DAY)
        while len(_ends(analyst)) < len(ended):
            await analyst.sync()
        await officer.sync()
        for client in (analyst, officer):
            assert dict(_ends(client)) == dict.fromkeys(ended, True)
            assert {case: client.case(case)[0].state for case in ended} == ended
            assert AlarmKind.INVALID_DELIVERY not in {alarm.kind for alarm in client.alarms()}
