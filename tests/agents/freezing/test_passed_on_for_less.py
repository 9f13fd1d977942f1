"""What a FORWARD may make of a freeze where the hub lets everything through: its new desk judges by the original."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Role

import agents.draftchecks
import agents.onward.granting
import hub.exchange.onward
from agents import mailstore
from agents.alarms import AlarmKind
from agents.cases import header_of
from agents.client import Client
from agents.errors import ContentRefusedError
from agents.onward.originals import check_hold
from agents.records import Standing
from tests.agents.freezing.freezes import DAY, notice, provisional, request, seconded
from tests.agents.offices import Office
from tests.agents.onward.chain import three_in_a_row


def _unchanged(leg: Leg, *_: Any) -> Leg:
    return leg


async def _passed_on(sfc: Office, hkma: Office, sent: str, lapses_at: int | None = None) -> str:
    """hkma asks, sfc grants, and hkma passes on. Returns the FORWARD's hash."""
    analyst, middle = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    await middle.sync()
    await middle.open_item(sent)
    ask = pb.AskOnward(desk="hkpf/intake", purpose="Execution", facts="The whole request")
    question = await middle.send((await middle.ask_onward(sent, ask)).id)
    await analyst.sync()
    granted = await seconded(sfc, await analyst.grant_onward(question.message_hash, pb.GrantOnward(conditions="Once")))
    await middle.sync()
    return (await seconded(hkma, await middle.forward(granted.message_hash, "", lapses_at=lapses_at))).message_hash


def _kept(client: Client, message: str) -> mailstore.Message:
    with client.store.begin() as c:
        found = mailstore.message(c, bytes.fromhex(message))
    assert found is not None
    return found


async def test_a_hub_that_lets_a_forward_through_gives_a_freeze_no_longer_life_at_its_new_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with three_in_a_row(tmp_path, (Family.FREEZE,)) as here:
        sfc, hkma, hkpf = here.offices.values()
        analyst, last = await sfc.as_(Role.ANALYST), await hkpf.as_(Role.ANALYST)
        await last.refresh()
        last.pin("sfc", (await sfc.client()).fingerprint("sfc"))
        asked = request(instrument=notice())
        whole = (await seconded(sfc, await analyst.request_freeze("hkma/intake", asked))).message_hash
        good = await _passed_on(sfc, hkma, whole)

        for module in (hub.exchange.onward, agents.draftchecks, agents.onward.granting):
            monkeypatch.setattr(module, "apply_forwarded", _unchanged)  # hub and forwarder are of one mind
        monkeypatch.setattr(agents.draftchecks, "check_hold", _unchanged)
        monkeypatch.setattr(hub.exchange.onward, "check_original", lambda *_, **__: None)
        hold = (await analyst.send((await analyst.request_hold("hkma/intake", provisional())).id)).message_hash
        longer = (await seconded(sfc, await analyst.request_freeze("hkma/intake", asked))).message_hash
        false = [await _passed_on(sfc, hkma, hold), await _passed_on(sfc, hkma, longer, asked.instrument.end + DAY)]
        await last.sync()
        assert [_kept(last, message).standing for message in (good, *false)] == [
            Standing.GOOD,
            Standing.CONTRADICTS,
            Standing.CONTRADICTS,
        ]
        subjects = [alarm.subject for alarm in last.alarms() if alarm.kind is AlarmKind.CONTRADICTION]
        wanted = [f"{false[0]} PROVISIONAL", f"{false[1]} OUTLIVES_ORIGINAL"]
        assert sorted(subjects) == sorted(wanted)

        header = header_of(_kept(analyst, whole))
        end = header.lapses_at
        for lapses_at in (end, end - DAY):
            check_hold(header, lapses_at)
        for lapses_at in (0, end + 1):
            with pytest.raises(ContentRefusedError) as outlives:
                check_hold(header, lapses_at)
            assert outlives.value.code == "OUTLIVES_ORIGINAL"
