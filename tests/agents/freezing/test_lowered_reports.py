"""A report after which less is held than before: two people say so, and one person's counts for nothing anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.terms import Role

from agents import contentrules, draftchecks
from agents.alarms import AlarmKind
from agents.records import DraftState, Standing
from tests.agents.freezing.freezes import both, in_force, line, notice, offices, report, reported, request, seconded

LOWER = reported(report(requested="1000", held="400", outstanding="600"))


async def test_a_report_that_lowers_what_is_held_is_refused_from_one_person_here_and_at_the_other_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)

        waiting = await officer.report_execution(case, LOWER)
        assert waiting.state is DraftState.AWAITING_APPROVAL
        with pytest.raises(RefusedError) as alone:
            await officer.send(waiting.id)
        assert alone.value.reason is Reason.SECOND_PERSON_MISSING

        # A client that was tampered with sends it all the same: the hub reads no sums, the other side does.
        with monkeypatch.context() as tampered:
            tampered.setattr(draftchecks, "judge", lambda *_: None)
            tampered.setattr(contentrules, "SECONDS", ())
            forged = await officer.report_execution(case, LOWER)
            assert forged.state is DraftState.READY
            await officer.send(forged.id)
        await analyst.sync()
        assert analyst.inbox()[-1].standing is Standing.CONTRADICTS
        assert [alarm.kind for alarm in analyst.alarms()] == [AlarmKind.CONTRADICTION]
        (held,) = analyst.freeze(case).lines
        assert str(held.row.held) == "1000"

        # Two people may say it.
        await both(analyst, officer)
        officer.discard(waiting.id)
        await seconded(hkma, await officer.report_execution(case, LOWER))
        await both(analyst, officer)
        assert [str(one.freeze(case).lines[0].row.held) for one in (analyst, officer)] == ["400", "400"]
