"""One person recalls and one person answers: that takes nothing away that a freeze in force rests on."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents import draftchecks, mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import ContentRefusedError
from agents.records import Standing
from tests.agents.freezing.freezes import both, in_force, offices, request, seconded
from tests.agents.freezing.test_forged_releases import asked, released
from tests.agents.onward.test_recalls import DESTROYED, QUARANTINED, RECALL, answer


def _standings(client: Client, case: str, *verbs: Verb) -> list[Standing]:
    with client.store.begin() as c:
        mail = mailstore.messages_of_case(c, bytes.fromhex(case))
    return [message.standing for message in mail if message.verb in verbs]


async def test_what_is_in_force_is_set_aside_at_most_and_destroyed_once_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request())
        for draft in await analyst.recall_all(case, RECALL):
            await analyst.send(draft.id)
        with pytest.raises(ContentRefusedError) as refused:
            await answer(officer, case, DESTROYED)
        assert refused.value.code == "STILL_IN_FORCE"

        # A client without that rule says it all the same: nothing goes, and the other side knows better.
        monkeypatch.setattr(draftchecks, "judge", lambda *_: None)
        await answer(officer, case, DESTROYED)
        monkeypatch.undo()
        await both(analyst, officer)
        for client in (analyst, officer):
            assert client.case(case)[0].state is State.IN_FORCE
            assert client.freeze(case).holds
            assert not client.freeze(case).broken
        assert _standings(officer, case, Verb.REQUEST) == [Standing.RECALLED]
        assert _standings(analyst, case, Verb.ANSWER_RECALL) == [Standing.CONTRADICTS]
        assert [alarm.kind for alarm in analyst.alarms()] == [AlarmKind.CONTRADICTION]

        await answer(officer, case, QUARANTINED)
        body = asked(analyst, case)
        await seconded(sfc, await analyst.ask_release(case, body))
        await officer.sync()
        done: pb.Release = released(body, officer.called_back(case, spoken_to="Chan Tai Man"))
        await seconded(hkma, await officer.release(case, done))
        await both(analyst, officer)
        for draft in await analyst.recall_all(case, RECALL):  # now that it is over
            await analyst.send(draft.id)
        await answer(officer, case, DESTROYED)
        await both(analyst, officer)
        assert set(_standings(officer, case, Verb.REQUEST, Verb.ASK_RELEASE)) == {Standing.DESTROYED}
        assert analyst.recall_list(case)[0].answer == "DESTROYED"
