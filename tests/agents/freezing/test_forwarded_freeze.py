"""A request that was passed on with consent: the holder after next reports against the original's lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Role, State

from agents.errors import ContentRefusedError
from tests.agents.freezing.freezes import CONTACT, DAY, line, notice, report, reported, request, seconded
from tests.agents.onward.chain import three_in_a_row


async def test_a_forwarded_request_is_added_up_at_its_new_desk_and_at_the_one_that_passed_it_on(tmp_path: Path) -> None:
    async with three_in_a_row(tmp_path, (Family.FREEZE,)) as here:
        sfc, hkma, hkpf = here.offices.values()
        analyst, middle, last = [await office.as_(Role.ANALYST) for office in (sfc, hkma, hkpf)]
        asked = request(line(), instrument=notice())
        sent = await seconded(sfc, await analyst.request_freeze("hkma/intake", asked))
        await middle.sync()
        await middle.open_item(sent.message_hash)
        ask = pb.AskOnward(desk="hkpf/intake", purpose="Execution", facts="The whole request")
        question = await middle.send((await middle.ask_onward(sent.message_hash, ask)).id)
        await analyst.sync()
        granted = await seconded(
            sfc, await analyst.grant_onward(question.message_hash, pb.GrantOnward(conditions="Once"))
        )
        await middle.sync()
        end = asked.instrument.end
        with pytest.raises(RefusedError) as longer:
            await middle.forward(granted.message_hash, "As agreed", lapses_at=end + DAY)
        assert longer.value.reason is Reason.BAD_TIMES
        passed = await seconded(hkma, await middle.forward(granted.message_hash, "As agreed"))  # it ends with the first

        await last.sync()
        case = passed.case_id
        last.pin("sfc", (await sfc.client()).fingerprint("sfc"))
        # Nobody has opened it yet; and once somebody has, nobody has compared whose words it brings.
        assert (last.freeze(case).withheld, last.freeze(case).asked, last.freeze(case).lines) == (True, None, ())
        await last.open_item(passed.message_hash)
        last.unpin("sfc")
        assert (last.freeze(case).withheld, last.freeze(case).asked, last.freeze(case).lines) == (True, None, ())
        last.pin("sfc", (await sfc.client()).fingerprint("sfc"))
        assert last.freeze(case).asked == asked
        note = pb.AcknowledgeCase(reference="P-1", contact=CONTACT, expected_date="2027-12-01")
        await last.send((await last.acknowledge(case, note)).id)
        accepted = await last.accept(case, pb.Accept(owner="Enforcement", decided_by="Lee"))
        await seconded(hkpf, accepted)  # the notice in the original binds: two people
        await last.sync()
        with pytest.raises(ContentRefusedError) as refused:
            await last.report_execution(case, reported(report(requested="900", held="900")))
        assert refused.value.code == "NOT_THE_TOTALS"
        await last.send((await last.report_execution(case, reported())).id)
        await middle.sync()
        for client in (middle, last):
            standing = client.freeze(case)
            assert (standing.state, standing.holds, standing.broken) == (State.IN_FORCE, True, False)
            assert standing.ends == end
        for until in (end + DAY, end + 60 * DAY):  # the original's end is not the forwarder's to move
            with pytest.raises(ContentRefusedError) as outlived:
                await middle.ask_extension(case, pb.AskExtension(until=until, diligence="The bank's records came."))
            assert outlived.value.code == "NOT_ITS_OWN"
        await seconded(hkma, await middle.convert(case, pb.Convert(instrument=notice(end=end + DAY))))
        await last.sync()
        assert [client.freeze(case).ends for client in (middle, last)] == [end + DAY] * 2
        await middle.sync()
        asked_anew = pb.AskExtension(until=end + 2 * DAY, diligence="The bank's records came.")
        assert (await middle.ask_extension(case, asked_anew)).id
