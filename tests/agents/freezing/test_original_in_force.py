"""What a desk passed on is in force: one person's answer to a recall does not take the original from under it."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Role, State

from agents import draftchecks, mailstore
from agents.client import Client
from agents.errors import ContentRefusedError
from agents.records import Standing
from tests.agents.freezing.freezes import CONTACT, in_force, line, notice, reported, request, seconded
from tests.agents.onward.chain import three_in_a_row
from tests.agents.onward.test_recalls import DESTROYED, RECALL


def _standing(client: Client, message: str) -> Standing:
    with client.store.begin() as c:
        found = mailstore.message(c, bytes.fromhex(message))
    assert found is not None
    return found.standing


async def test_the_original_of_what_was_passed_on_stays_as_long_as_that_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with three_in_a_row(tmp_path, (Family.FREEZE,)) as here:
        sfc, hkma, hkpf = here.offices.values()
        analyst, middle, last = [await office.as_(Role.ANALYST) for office in (sfc, hkma, hkpf)]
        asked = request(line(), instrument=notice())
        before = await in_force(sfc, hkma, asked)
        original = middle.case(before)[0].opening
        ask = pb.AskOnward(desk="hkpf/intake", purpose="Execution", facts="The whole request")
        question = await middle.send((await middle.ask_onward(original, ask)).id)
        await analyst.sync()
        grant = await seconded(sfc, await analyst.grant_onward(question.message_hash, pb.GrantOnward()))
        await middle.sync()
        passed = await seconded(hkma, await middle.forward(grant.message_hash, "As agreed"))
        case = passed.case_id
        await last.sync()
        last.pin("sfc", (await sfc.client()).fingerprint("sfc"))
        await last.open_item(passed.message_hash)
        note = pb.AcknowledgeCase(reference="P-1", contact=CONTACT, expected_date="2027-12-01")
        await last.send((await last.acknowledge(case, note)).id)
        await seconded(hkpf, await last.accept(case, pb.Accept(owner="Enforcement", decided_by="Lee")))
        await last.sync()
        await last.send((await last.report_execution(case, reported())).id)

        # Its own freeze is over: only what was passed on rests on the original now.
        await middle.sync()
        done = pb.Release(
            lines=[pb.LineRelease(line=1, all=True)],
            ground=pb.RELEASE_GROUND_COURT_ORDER,
            text="The court has set it aside.",
            call_back=middle.called_back(before, spoken_to="Chan Tai Man"),
        )
        await seconded(hkma, await middle.release(before, done))
        for client in (middle, analyst):
            await client.sync()
        await analyst.send((await analyst.recall(before, RECALL, to=("hkma/intake",))).id)
        await middle.sync()
        with pytest.raises(ContentRefusedError) as refused:
            await middle.answer_recall(before, DESTROYED, to=("sfc/intake",))
        assert refused.value.code == "STILL_IN_FORCE"
        monkeypatch.setattr(draftchecks, "judge", lambda *_: None)  # a client without that rule
        await middle.send((await middle.answer_recall(before, DESTROYED, to=("sfc/intake",))).id)
        monkeypatch.undo()
        for client in (middle, last):
            await client.sync()
            found = client.freeze(case)
            assert (found.state, found.holds, found.broken) == (State.IN_FORCE, True, False)
            assert [str(one.row.held) for one in found.lines] == ["1000"]
        for message in (original, passed.message_hash):
            assert _standing(middle, message) is Standing.RECALLED
