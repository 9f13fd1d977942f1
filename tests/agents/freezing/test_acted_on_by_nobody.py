"""What breaks a rule is counted by neither side, its own desk among them; what nobody acts on is no ground for a verb.

Drafts are judged when they are made, sealed anew, approved, and once more just before they leave: in between something
may have come that changes what they mean.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from comity.errors import ComityError, Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents import draftchecks, mailstore
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import ContradictsError, IncompleteError, SuspectError, UnpinnedError
from agents.home import Home
from agents.keys import LocalKeys
from agents.records import DraftState, Standing
from tests.agents.freezing.freezes import (
    CONTACT,
    both,
    in_force,
    line,
    notice,
    offices,
    provisional,
    request,
    seconded,
)
from tests.agents.freezing.test_forged_releases import COMPROMISED, asked, released
from tests.agents.offices import CHEAP, PASSPHRASE, Office

LESS = [pb.LineVariation(line=1, release="100")]


async def _second_home(office: Office, folder: Path) -> Client:
    """Another home of the desk, as it was copied a moment ago."""
    shutil.copytree(office.home.path, folder)
    home = Home.load(folder)
    keys = LocalKeys.open(home, office.people[Role.ANALYST], PASSPHRASE, CHEAP)
    client = await Client.open(home, keys, clock=office.clock, patience_seconds=2.0)
    office.opened.append(client)
    return client


async def test_what_a_colleagues_client_sends_against_a_rule_is_counted_at_no_home_of_either_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await analyst.send((await analyst.ask_variation(case, pb.AskVariation(lines=LESS, text="Costs."))).id)
        await officer.sync()
        other = await _second_home(hkma, tmp_path / "second")

        # A client without the rules lets go of something, though one person alone has signed.
        monkeypatch.setattr(draftchecks, "judge", lambda *_: None)
        monkeypatch.setattr(draftchecks, "needs_two", lambda *_: False)
        sent = await officer.send((await officer.vary(case, pb.Vary(lines=LESS, text="Costs."))).id)
        monkeypatch.undo()
        await both(analyst, officer, other)
        for client in (analyst, officer, other):
            with client.store.begin() as c:
                varied = mailstore.message(c, bytes.fromhex(sent.message_hash))
            assert varied is not None
            assert varied.standing is Standing.CONTRADICTS
            assert [alarm.kind for alarm in client.alarms()] == [AlarmKind.CONTRADICTION]
            assert client.case(case)[0].state is State.IN_FORCE
            (row,) = client.freeze(case).freeze.ledger.rows  # type: ignore[union-attr]
            assert (str(row.held), str(row.released)) == ("1000", "0")
            assert not client.freeze(case).broken


async def test_nothing_is_drafted_sealed_approved_or_sent_about_what_nobody_acts_on(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        approver, head = await hkma.as_(Role.APPROVER), await hkma.client()
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        stolen = sfc.clock()  # after the request
        body = asked(analyst, case)
        ask = await seconded(sfc, await analyst.ask_release(case, body))
        await both(officer, approver)

        async def drafted() -> str:
            done = released(body, officer.called_back(case, spoken_to="Chan"))
            return (await officer.release(case, done, about=ask.message_hash)).id

        unsigned, signed = await drafted(), await drafted()
        approver.approve(signed, approver.review(signed).info.message_hash)

        async def stopped(error: type[ComityError]) -> None:
            with pytest.raises(error):
                await drafted()
            with pytest.raises(error):
                await officer.reseal(unsigned)
            found = {gap.path for gap in approver.review(unsigned).gaps}
            assert "about" in found
            with pytest.raises(IncompleteError):
                approver.approve(unsigned, approver.review(unsigned).info.message_hash)
            with pytest.raises((IncompleteError, RefusedError)) as refused:
                await approver.send(signed)
            # With a key that is revoked goes the desk key it knew, so that the hub refuses what was sealed to that.
            assert error is SuspectError or isinstance(refused.value, IncompleteError)

        def now_stands(standing: Standing) -> None:
            with officer.store.begin() as c:
                mailstore.update_message(c, bytes.fromhex(ask.message_hash), standing=standing.value)

        now_stands(Standing.CONTRADICTS)
        await stopped(ContradictsError)
        now_stands(Standing.GOOD)
        fingerprint = analyst.fingerprint("sfc")
        head.unpin("sfc")
        await stopped(UnpinnedError)
        head.pin("sfc", fingerprint)
        await Admin(await sfc.client(), sfc.root).revoke(sfc.people[Role.ANALYST], COMPROMISED, suspect_from=stolen)
        await both(officer, approver)
        await stopped(SuspectError)
        assert officer.freeze(case).holds


async def test_what_one_person_drafted_is_not_sent_once_it_takes_two(tmp_path: Path) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        hold = provisional()
        case = (await analyst.send((await analyst.request_hold("hkma/intake", hold)).id)).case_id
        await officer.sync()
        note = pb.AcknowledgeCase(reference="HKMA-9", contact=CONTACT, expected_date="2027-12-01")
        await officer.send((await officer.acknowledge(case, note)).id)
        draft = await officer.accept(case, pb.Accept(owner="Enforcement", decided_by="Lee"))
        assert draft.state is DraftState.READY
        await analyst.sync()
        await seconded(sfc, await analyst.complete_hold(case, request(*hold.lines, instrument=notice())))
        await officer.sync()  # what is accepted binds now

        with pytest.raises(RefusedError) as refused:
            await officer.send(draft.id)
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING
        assert [found.state for found in officer.drafts() if found.id == draft.id] == [DraftState.AWAITING_APPROVAL]
        await seconded(hkma, draft)
        await analyst.sync()
        accepted = [item for item in analyst.inbox() if item.verb is Verb.ACCEPT]
        assert [item.standing for item in accepted] == [Standing.GOOD]
        assert not analyst.alarms()
