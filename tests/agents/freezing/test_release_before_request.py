"""A release that comes before the request it ends: it waits, and is never applied alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from comity.v1 import feed_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State

from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import now_ms
from tests.agents.freezing.freezes import accepted, both, offices, reported, request, seconded


async def test_D_10_a_release_that_comes_before_its_request_waits_for_it_and_the_case_ends_released(
    tmp_path: Path,
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        approver = await sfc.as_(Role.APPROVER)
        await both(analyst, approver, officer)
        withheld, honest = True, approver.session.read_feed

        async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            async for response in honest(start, follow=follow):
                if withheld and response.item.number == 1:  # the request, as this desk's own feed has it
                    response.item.ClearField("envelope")
                yield response

        approver.session.read_feed = lying  # type: ignore[method-assign]
        case = (await seconded(sfc, await analyst.request_freeze("hkma/intake", request()), approver)).case_id
        await accepted(hkma, case)
        await officer.send((await officer.report_execution(case, reported())).id)
        everything = [pb.LineRelease(line=1, all=True)]
        call = officer.called_back(case, spoken_to="Chan")
        ordered = pb.Release(lines=everything, ground=pb.RELEASE_GROUND_COURT_ORDER, call_back=call)
        await seconded(hkma, await officer.release(case, ordered))

        await approver.sync()
        assert approver.cases() == []
        assert approver.inbox() == []
        assert [alarm.kind for alarm in approver.alarms()] == [AlarmKind.INVALID_DELIVERY]  # the one that is owed
        with approver.store.begin() as c:
            assert len(mailstore.debts(c)) == 5

        withheld = False
        await approver.sync()
        standing = approver.freeze(case)
        assert standing.state is State.RELEASED
        assert not standing.holds
        assert not standing.broken
        assert [item.verb.name for item in approver.inbox()] == ["ACKNOWLEDGE", "ACCEPT", "REPORT_EXECUTION", "RELEASE"]
        with approver.store.begin() as c:
            assert mailstore.debts(c) == []
        assert abs(standing.held_since - now_ms()) < 120_000
