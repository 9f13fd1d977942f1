"""A release that somebody forges: right in form, and refused for its number, its people, its key, or its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State

from agents import draftchecks
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client, now_ms
from agents.errors import ContentRefusedError, ContradictsError, SuspectError
from agents.records import Standing
from tests.agents.freezing.freezes import (
    HOUR,
    both,
    in_force,
    line,
    notice,
    offices,
    request,
    seconded,
)
from tests.agents.offices import Office

FORGED = "+85290001111"
COMPROMISED = directory_pb2.REVOCATION_REASON_COMPROMISED


def asked(client: Client, case: str, **changes: Any) -> pb.AskRelease:
    """A request to release everything, after a call; some field of the call may be another."""
    call = client.called_back(case, spoken_to="Duty officer")
    for name, value in changes.items():
        setattr(call, name, value)
    lines = [pb.LineRelease(line=1, all=True)]
    return pb.AskRelease(lines=lines, ground=pb.RELEASE_GROUND_CASE_ENDED, call_back=call)


def released(body: pb.AskRelease, call: pb.CallBack, **changes: Any) -> pb.Release:
    """The release that answers it."""
    return pb.Release(lines=body.lines, ground=changes.get("ground", body.ground), call_back=call)


async def frozen(sfc: Office, hkma: Office) -> str:
    """A freeze under a notice, in force for 1,000."""
    return await in_force(sfc, hkma, request(line(), instrument=notice()))


async def test_a_release_without_the_directorys_number_is_refused_here_there_and_by_the_recipient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await frozen(sfc, hkma)
        wrong: tuple[dict[str, Any], ...] = (
            {"telephone": FORGED},
            {"desk": "sfc/intake"},
            {"called_at": now_ms() - 30 * HOUR},
        )
        for changes in wrong:
            with pytest.raises(ContentRefusedError) as refused:
                await analyst.ask_release(case, asked(analyst, case, **changes))
            assert refused.value.code == "WRONG_CALL_BACK"
        assert analyst.whom_to_call(case).telephone != FORGED

        # A client that was tampered with sends it all the same, with two stolen signatures.
        monkeypatch.setattr(draftchecks, "judge", lambda *_: None)
        await seconded(sfc, await analyst.ask_release(case, asked(analyst, case, telephone=FORGED)))
        monkeypatch.undo()
        await officer.sync()
        forged = officer.inbox()[-1]
        assert forged.standing is Standing.CONTRADICTS
        assert [alarm.kind for alarm in officer.alarms()] == [AlarmKind.CONTRADICTION]
        assert officer.freeze(case).holds
        # The number to call is the directory's, whatever the message says; and what contradicts asks for nothing.
        assert officer.whom_to_call(case).telephone == "+85212345678"
        body = asked(analyst, case)
        call = officer.called_back(case, spoken_to="Chan")
        with pytest.raises(ContentRefusedError) as nobody:
            await officer.release(case, released(body, call))
        assert nobody.value.code == "NOT_ASKED"
        with pytest.raises(ContradictsError):
            await officer.release(case, released(body, call), about=forged.message)

        # By order of its own court the holder may, after a call, and by two people.
        draft = await officer.release(case, released(body, call, ground=pb.RELEASE_GROUND_COURT_ORDER))
        with pytest.raises(RefusedError) as alone:
            await officer.send(draft.id)
        assert alone.value.reason is Reason.SECOND_PERSON_MISSING
        await seconded(hkma, draft)
        await both(analyst, officer)
        assert analyst.case(case)[0].state is State.RELEASED


async def test_K_07_a_release_under_a_stolen_key_backdated_before_its_revocation_releases_nothing(
    tmp_path: Path,
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer, head = (
            await sfc.as_(Role.ANALYST),
            await hkma.as_(Role.ANALYST),
            await sfc.client(),
        )
        case = await frozen(sfc, hkma)
        body = asked(analyst, case)
        sent = await seconded(sfc, await analyst.ask_release(case, body))
        await officer.sync()
        held_back = await analyst.ask_variation(
            case, pb.AskVariation(lines=[pb.LineVariation(line=1, release="5")], text="Costs.")
        )
        approver = await sfc.as_(Role.APPROVER)  # it takes the place of what two people asked
        await approver.sync()
        approver.approve(held_back.id, approver.review(held_back.id).info.message_hash)

        # The analyst's key was stolen an hour ago: what it asked for must not be acted on, and it asks for no more.
        await Admin(head, sfc.root).revoke(sfc.people[Role.ANALYST], COMPROMISED, suspect_from=now_ms() - HOUR)
        await officer.sync()
        assert officer.inbox()[-1].message == sent.message_hash
        assert officer.inbox()[-1].standing is Standing.SUSPECT
        call = officer.called_back(case, spoken_to="Chan")
        with pytest.raises(SuspectError):
            await officer.release(case, released(body, call), about=sent.message_hash)
        with pytest.raises((SuspectError, ContentRefusedError, RefusedError)):
            await officer.release(case, released(body, call))
        assert officer.freeze(case).holds

        await head.sync()
        with pytest.raises(RefusedError) as refused:  # sealed before the revocation, logged after it
            await head.send(held_back.id)
        assert refused.value.reason in {Reason.BAD_SIGNATURE, Reason.DESK_KEY_STALE, Reason.DIRECTORY_STALE}
        await officer.sync()
        assert officer.inbox()[-1].message == sent.message_hash
