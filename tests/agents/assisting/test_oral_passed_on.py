"""What one person said by telephone is not passed on as a request in full: the form in writing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, Role

import agents.draftchecks
import agents.onward.granting
import hub.exchange.onward
from agents import mailstore
from agents.alarms import AlarmKind
from agents.errors import ContentRefusedError
from agents.records import Standing
from tests.agents.assisting.bureaus import DAY, Bureaus, MovedClock, in_writing, notice, seconded
from tests.agents.offices import Office
from tests.agents.onward.chain import three_in_a_row


def _unchanged(leg: Leg, *_: Any) -> Leg:
    return leg


async def _granted(sfc: Office, hkma: Office, sent: str) -> str:
    """hkma asks to pass something on, and sfc grants it. Returns the grant."""
    analyst, middle = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    await middle.sync()
    await middle.open_item(sent)
    ask = pb.AskOnward(desk="hkpf/intake", purpose="Records", facts="The whole notice")
    question = await middle.send((await middle.ask_onward(sent, ask)).id)
    await analyst.sync()
    granted = await seconded(sfc, await analyst.grant_onward(question.message_hash, pb.GrantOnward()))
    await middle.sync()
    return granted.message_hash


async def test_an_oral_notice_is_passed_on_neither_before_nor_after_it_lapsed_nor_once_it_is_in_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MovedClock()
    async with three_in_a_row(tmp_path, (Family.ASSISTANCE,), clock=clock) as here:
        sfc, hkma, hkpf = here.offices.values()
        for office in (sfc, hkma, hkpf):
            office.clock = clock
        analyst, middle, last = [await office.as_(Role.ANALYST) for office in (sfc, hkma, hkpf)]
        await sfc.hire(Role.AGENT)
        last.pin("sfc", (await sfc.client()).fingerprint("sfc"))
        draft = await analyst.oral_notice("hkma/intake", notice(), precedence=Precedence.URGENT)
        alone = await analyst.send(draft.id)
        grant = await _granted(sfc, hkma, alone.message_hash)
        draft = await analyst.oral_notice("hkma/intake", notice(), precedence=Precedence.URGENT)
        said = await analyst.send(draft.id)
        of_said = await _granted(sfc, hkma, said.message_hash)
        full = await analyst.complete_request(said.case_id, in_writing(), precedence=Precedence.URGENT)
        written = await seconded(sfc, full)
        await middle.sync()
        with pytest.raises(ContentRefusedError) as completed:
            await middle.forward(of_said)
        assert completed.value.code == "PROVISIONAL"
        good = await seconded(hkma, await middle.forward(await _granted(sfc, hkma, written.message_hash)))
        for passed in (0, 2 * DAY):
            await Bureaus(sfc, hkma, clock).wait(passed)
            await middle.sync()
            with pytest.raises(RefusedError) as refused:
                await middle.forward(grant)
            assert refused.value.reason is Reason.NO_GRANT

        for module in (hub.exchange.onward, agents.draftchecks, agents.onward.granting):
            monkeypatch.setattr(module, "apply_forwarded", _unchanged)  # hub and forwarder are of one mind
        monkeypatch.setattr(agents.draftchecks, "check_hold", _unchanged)
        monkeypatch.setattr(hub.exchange.onward, "check_original", lambda *_, **__: None)
        false = await seconded(hkma, await middle.forward(grant))
        await last.sync()
        with last.store.begin() as c:
            kept = [mailstore.message(c, bytes.fromhex(one.message_hash)) for one in (good, false)]
        assert [one and one.standing for one in kept] == [Standing.GOOD, Standing.CONTRADICTS]
        (alarm,) = [alarm for alarm in last.alarms() if alarm.kind is AlarmKind.CONTRADICTION]
        assert alarm.subject == f"{false.message_hash} PROVISIONAL"
