"""What one person must not do alone, whatever else let it pass: bring an order into force, end a hold, take back."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents import draftchecks, mailstore
from agents.alarms import AlarmKind
from agents.client import Client, now_ms
from agents.errors import ContentRefusedError
from agents.records import DraftState, Standing
from tests.agents.freezing.freezes import (
    CONTACT,
    DAY,
    both,
    in_force,
    letter,
    line,
    notice,
    offices,
    report,
    reported,
    request,
    seconded,
)
from tests.agents.offices import Office

ACCEPT = pb.Accept(owner="Enforcement", decided_by="Lee, head of section")


async def _acknowledged(sfc: Office, hkma: Office) -> tuple[Client, Client, str]:
    """A binding notice that the holder's side has acknowledged."""
    analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
    asked = await analyst.request_freeze("hkma/intake", request(line(), instrument=notice()))
    case = (await seconded(sfc, asked)).case_id
    await officer.sync()
    note = pb.AcknowledgeCase(reference="HKMA-9", contact=CONTACT, expected_date="2027-12-01")
    await officer.open_item(officer.case(case)[0].opening)
    await officer.send((await officer.acknowledge(case, note)).id)
    return analyst, officer, case


async def test_an_order_that_one_person_accepted_comes_into_force_by_two_people_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer, case = await _acknowledged(sfc, hkma)
        with monkeypatch.context() as without:  # a client without the rules
            without.setattr(draftchecks, "judge", lambda *_: None)
            without.setattr(draftchecks, "needs_two", lambda *_: False)
            accepted = await officer.send((await officer.accept(case, ACCEPT)).id)
            await both(officer, analyst)
            assert analyst.case(case)[0].state is State.EXECUTING  # as the hub has it, which sees no content
            await officer.send((await officer.report_execution(case, reported())).id)
        await both(officer, analyst)
        for client in (analyst, officer):
            standing = client.freeze(case)
            assert (standing.holds, standing.held_since, [row.row.held for row in standing.lines]) == (False, 0, [0])
            assert {alarm.kind for alarm in client.alarms()} == {AlarmKind.CONTRADICTION}

        # The client with the rules asks for a second person, also where a colleague could not read the ACCEPT and
        # judged nothing; and then it counts on both sides.
        with officer.store.begin() as c:
            mailstore.update_message(c, bytes.fromhex(accepted.message_hash), standing=Standing.GOOD.value)
        draft = await officer.report_execution(case, reported())
        assert draft.state is DraftState.AWAITING_APPROVAL
        await seconded(hkma, draft)
        await both(officer, analyst)
        assert [client.freeze(case).holds for client in (analyst, officer)] == [True, True]
        again = await officer.report_execution(case, reported())
        assert again.state is DraftState.READY


async def test_what_was_held_is_neither_gone_nor_over_after_reports_that_hold_less(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        officer = await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=letter()))
        less = await officer.report_execution(case, reported(report(requested="1000", held="0", outstanding="1000")))
        assert less.state is DraftState.AWAITING_APPROVAL
        await seconded(hkma, less)
        await officer.sync()

        gone = reported(report(requested="1000", held="0", gone="1000", next_holder="Platform abroad"))
        with pytest.raises(ContentRefusedError) as lost:
            await officer.report_execution(case, gone)
        nothing = pb.LineOutcome(line=1, held="0", released="0", returned="0", forfeited="0")
        for lines in ([nothing], []):
            said = pb.FreezeOutcome(lines=lines, event_at=now_ms() - DAY)
            with pytest.raises(ContentRefusedError) as over:
                await officer.report_freeze_outcome(case, said)
            assert (lost.value.code, over.value.code) == ("HELD_IS_GONE", "STILL_HELD")
        assert officer.case(case)[0].state is State.IN_FORCE


async def test_one_officer_takes_back_by_a_variation_what_one_asked_and_not_what_two_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=letter()))

        def wanted(amount: str) -> pb.AskVariation:
            return pb.AskVariation(lines=[pb.LineVariation(line=1, release=amount)], text="Costs.")

        await analyst.send((await analyst.ask_variation(case, wanted("10"))).id)
        second = await analyst.ask_variation(case, wanted("20"))  # in the place of the first
        assert second.state is DraftState.READY
        await analyst.send(second.id)
        await officer.sync()
        await seconded(hkma, await officer.vary(case, pb.Vary(lines=wanted("20").lines, text="Costs.")))
        await analyst.sync()

        until = now_ms() + 25 * DAY
        asked = pb.AskExtension(until=until, diligence="Two banks asked.")
        await seconded(sfc, await analyst.ask_extension(case, asked))
        other = await analyst.ask_variation(case, wanted("5"))
        assert other.state is DraftState.AWAITING_APPROVAL
        with pytest.raises(RefusedError) as here:
            await analyst.send(other.id)
        monkeypatch.setattr(draftchecks, "takes_place", lambda *_: False)
        unruled = await analyst.ask_variation(case, wanted("5"))
        with pytest.raises(RefusedError) as at_the_hub:
            await analyst.send(unruled.id)
        assert here.value.reason is at_the_hub.value.reason is Reason.SECOND_PERSON_MISSING
        monkeypatch.undo()

        await officer.sync()
        await officer.send((await officer.extend(case, pb.Extend(until=until))).id)
        await analyst.sync()
        assert [client.freeze(case).ends for client in (analyst, officer)] == [until, until]
        assert [item.verb for item in officer.inbox()].count(Verb.ASK_VARIATION) == 2
        assert not [*analyst.alarms(), *officer.alarms()]
