"""The whole way of a freeze between two agencies, through a real hub: nothing is frozen before the holder says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.freezes import write_amount
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents.client import Client, now_ms
from agents.errors import ContentRefusedError
from agents.records import DraftState
from tests.agents.freezing.freezes import (
    DAY,
    accepted,
    both,
    line,
    notice,
    offices,
    report,
    reported,
    request,
    seconded,
)

OUTCOME = [
    pb.LineOutcome(line=1, held="0", released="50", returned="550", forfeited="0"),
    pb.LineOutcome(line=2, held="0", released="0", returned="45.5", forfeited="0"),
]


def sums(client: Client, case: str) -> list[tuple[str, ...]]:
    """The ledger: requested, held, released, gone, outstanding of every line."""
    rows = [found.row for found in client.freeze(case).lines]
    return [
        tuple(write_amount(part) for part in (r.requested or 0, r.held, r.released, r.gone, r.outstanding))  # type: ignore[arg-type]
        for r in rows
    ]


async def test_a_freeze_goes_its_whole_way_and_both_ledgers_agree_at_every_step(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        asked = request(line(1), line(2, token="USDC", amount="", all=True, later_inflows=True))
        draft = await analyst.request_freeze("hkma/intake", asked)
        assert draft.state is DraftState.AWAITING_APPROVAL
        case = (await seconded(sfc, draft)).case_id
        await accepted(hkma, case)
        await analyst.sync()
        assert officer.case(case)[0].state is analyst.case(case)[0].state is State.EXECUTING
        assert not analyst.freeze(case).holds
        assert not analyst.freeze(case).held_since

        first = reported(
            report(requested="1000", held="600", gone="300", outstanding="100"), report(2, requested="40", held="40")
        )
        await officer.send((await officer.report_execution(case, first)).id)
        await both(analyst, officer)
        assert analyst.case(case)[0].state is State.IN_FORCE
        assert analyst.freeze(case).holds
        assert (
            sums(analyst, case)
            == sums(officer, case)
            == [("1000", "600", "0", "300", "100"), ("40", "40", "0", "0", "0")]
        )

        # A top-up, then a variation by 50, as asked or less.
        again = reported(report(2, requested="45.5", held="45.5", inflow="5.5"))
        await officer.send((await officer.report_execution(case, again)).id)
        await analyst.sync()
        wanted = pb.AskVariation(lines=[pb.LineVariation(line=1, release="50")], text="Living expenses.")
        await analyst.send((await analyst.ask_variation(case, wanted)).id)
        await officer.sync()
        less = await officer.vary(case, pb.Vary(lines=[pb.LineVariation(line=1, release="50")]))
        assert less.state is DraftState.AWAITING_APPROVAL
        await seconded(hkma, less)
        await both(analyst, officer)
        assert (
            sums(analyst, case)
            == sums(officer, case)
            == [("1000", "550", "50", "300", "100"), ("45.5", "45.5", "0", "0", "0")]
        )

        # A later end, then a stronger instrument that is in force before the old one ends.
        until = now_ms() + 25 * DAY
        asked_for = await analyst.ask_extension(case, pb.AskExtension(until=until, diligence="Two banks asked."))
        await seconded(sfc, asked_for)
        await officer.sync()
        await officer.send((await officer.extend(case, pb.Extend(until=until))).id)
        await analyst.sync()
        assert analyst.freeze(case).ends == officer.freeze(case).ends == until
        stronger = notice(start=until - DAY, end=until + 30 * DAY)
        await seconded(sfc, await analyst.convert(case, pb.Convert(instrument=stronger)))
        await both(analyst, officer)
        standing = officer.freeze(case)
        assert standing.ends == until + 30 * DAY
        assert standing.freeze is not None
        assert standing.freeze.instrument is not None
        assert standing.freeze.instrument.binding

        # A report answers the conversion; one that says less is held waits for a second person; no outcome ends a hold.
        same = reported(report(requested="1000", held="550", released="50", gone="300", outstanding="100"))
        await officer.send((await officer.report_execution(case, same)).id)
        assert officer.case(case)[0].awaiting is None
        lower = reported(report(requested="1000", held="549", released="50", gone="300", outstanding="101"))
        assert (await officer.report_execution(case, lower)).state is DraftState.AWAITING_APPROVAL
        with pytest.raises(ContentRefusedError) as held:
            await officer.report_freeze_outcome(case, pb.FreezeOutcome(lines=OUTCOME, event_at=1, held_at=now_ms()))
        assert held.value.code == "STILL_HELD"

        challenged = pb.ReportChallenge(
            court="High Court", next_date="2027-12-01", decision=pb.CHALLENGE_DECISION_FILED
        )
        await officer.send((await officer.report_challenge(case, challenged)).id)
        await analyst.sync()
        assert analyst.case(case)[0].state is State.CHALLENGED

        # Release: two people and a call-back on each side.
        everything = [pb.LineRelease(line=1, all=True), pb.LineRelease(line=2, all=True)]
        call = analyst.called_back(case, spoken_to="Duty officer")
        assert (call.desk, call.telephone) == ("hkma/intake", "+85212345678")
        why = pb.AskRelease(lines=everything, ground=pb.RELEASE_GROUND_RETURN_TO_VICTIM, call_back=call)
        assert (await seconded(sfc, await analyst.ask_release(case, why))).log_index
        await officer.sync()
        let_go = pb.Release(
            lines=everything,
            ground=pb.RELEASE_GROUND_RETURN_TO_VICTIM,
            call_back=officer.called_back(case, spoken_to="Chan"),
        )
        waiting = await officer.release(case, let_go)
        assert waiting.state is DraftState.AWAITING_APPROVAL
        await seconded(hkma, waiting)
        await both(analyst, officer)
        assert analyst.case(case)[0].state is State.RELEASED
        assert (
            sums(analyst, case)
            == sums(officer, case)
            == [("1000", "0", "600", "300", "100"), ("45.5", "0", "45.5", "0", "0")]
        )

        ended = pb.FreezeOutcome(
            lines=OUTCOME,
            event_at=now_ms() - DAY,
            held_at=now_ms(),
        )
        outcome = await analyst.report_freeze_outcome(case, ended)
        assert outcome.state is DraftState.READY
        await analyst.send(outcome.id)
        await both(analyst, officer)
        assert officer.case(case)[0].state is State.CLOSED
        assert [row.row.returned for row in officer.freeze(case).lines] == [
            row.row.returned for row in analyst.freeze(case).lines
        ]
        assert analyst.alarms() == officer.alarms() == []
        assert not analyst.freeze(case).broken
        assert Verb.CONVERT in [event.verb for event in officer.timeline(case)]
