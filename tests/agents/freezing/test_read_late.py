"""What is read late, or never: both sides add up the same, or both are told that their sums may differ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from comity.errors import CannotOpenError
from comity.v1 import feed_pb2
from comity.v1 import payload_pb2 as pb
from comity.v1.payload_pb2 import Payload
from comity.workflow.terms import Role, State, Verb
from sqlalchemy import Connection

from agents import contentrules, draftchecks, mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.debts import RETENTION_MS
from agents.drafts import Drafts
from agents.errors import ContentRefusedError, IncompleteError
from agents.intake import Intake
from agents.opening import KeptReader
from agents.records import DraftInfo, Standing
from hub.log.commands import EnvelopeDue, Erase
from tests.agents.assisting.bureaus import MovedClock
from tests.agents.freezing.freezes import (
    DAY,
    MINUTE,
    both,
    in_force,
    line,
    notice,
    offices,
    report,
    reported,
    request,
    seconded,
)
from tests.agents.freezing.test_forged_releases import asked, released
from tests.agents.offices import Office
from tests.agents.onward.test_recalls import QUARANTINED, RECALL, answer
from tests.attack.test_hub_withholds import feed_through, kinds, owed

LET_GO = pb.Vary(lines=[pb.LineVariation(line=1, release="400")], text="by consent")
ASKED = pb.AskVariation(lines=LET_GO.lines, text="by consent")


def _lines(client: Client, case: str) -> list[tuple[str, str]]:
    return [(str(found.row.held), str(found.row.released)) for found in client.freeze(case).lines]


def _state(client: Client, case: str) -> State:
    return client.case(case)[0].state


def _standing(client: Client, case: str, verb: Verb) -> list[Standing]:
    with client.store.begin() as c:
        return [m.standing for m in mailstore.messages_of_case(c, bytes.fromhex(case)) if m.verb is verb]


async def _released(officer: Client, case: str, **arguments: Any) -> DraftInfo:
    call = officer.called_back(case, spoken_to="Chan Tai Man")
    lines, ground = [pb.LineRelease(line=1, all=True)], pb.RELEASE_GROUND_COURT_ORDER
    return await officer.release(case, pb.Release(lines=lines, ground=ground, call_back=call), **arguments)


async def _ended(officer: Client, hkma: Office, case: str) -> None:
    """The holder's next word: an outcome, which follows from the release."""
    line = pb.LineOutcome(line=1, held="0", released="1000", returned="0", forfeited="0")
    now = officer.clock()
    body = pb.FreezeOutcome(lines=[line], event_at=now, held_at=now)
    draft = await officer.report_freeze_outcome(case, body)
    await (officer.send(draft.id) if draft.state.value == "READY" else seconded(hkma, draft))


async def test_a_release_that_nobody_could_read_in_time_moves_the_case_and_both_sides_are_told(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    async with offices(tmp_path, clock) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await officer.sync()
        draft = await _released(officer, case, deliver_by=clock() + MINUTE)
        release = (await seconded(hkma, draft)).message_hash
        clock.shift += 2 * MINUTE
        await sfc.town.hub.sequencer.submit(EnvelopeDue(bytes.fromhex(release)))
        await _ended(officer, hkma, case)

        def unsigned(item: feed_pb2.FeedItem) -> None:
            if not item.envelope.ciphertext:
                item.envelope.ClearField("signatures")

        # An unsigned header moves nothing, and what goes on from there waits.
        restore = feed_through(analyst, unsigned)
        await analyst.sync()
        assert (_state(analyst, case), len(owed(analyst))) == (State.IN_FORCE, 2)
        assert kinds(analyst) == [AlarmKind.INVALID_DELIVERY]
        restore()
        await both(analyst, officer)
        for client in (analyst, officer):
            assert _state(client, case) is State.RELEASED
            assert client.freeze(case).broken
        assert _standing(analyst, case, Verb.RELEASE) == [Standing.EXPIRED]
        assert _standing(analyst, case, Verb.REPORT_OUTCOME) == [Standing.GOOD]
        assert (owed(analyst), kinds(officer)) == ([], [AlarmKind.UNREAD])
        assert sorted(kinds(analyst)) == [
            AlarmKind.INVALID_DELIVERY,
            AlarmKind.UNREAD,
        ]  # none of them for what came now


async def test_what_was_erased_before_it_was_read_raises_the_alarm_of_every_freeze_that_goes_on(tmp_path: Path) -> None:
    clock = MovedClock()
    async with offices(tmp_path, clock) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await both(analyst, officer)
        release = (await seconded(hkma, await _released(officer, case))).message_hash
        await sfc.town.hub.sequencer.submit(Erase(bytes.fromhex(release)))
        await analyst.sync()
        assert AlarmKind.UNREAD not in kinds(analyst)  # it is owed as yet
        clock.shift += 5 * MINUTE
        later = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await both(analyst, officer)
        assert later != case  # which was not open then
        clock.shift += RETENTION_MS - 4 * MINUTE
        await analyst.sync()
        assert owed(analyst) == []
        assert [alarm.subject for alarm in analyst.alarms() if alarm.kind is AlarmKind.UNREAD] == [case]


async def test_what_was_read_and_acknowledged_too_late_counts_and_both_sides_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MovedClock()
    async with offices(tmp_path, clock) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await officer.sync()
        release = (await seconded(hkma, await _released(officer, case, deliver_by=clock() + MINUTE))).message_hash

        async def cut(*_: object) -> int:
            return 0

        monkeypatch.setattr("agents.acks.Acks.flush", cut)
        await analyst.sync()
        monkeypatch.undo()
        clock.shift += 5 * MINUTE
        await sfc.town.hub.sequencer.submit(EnvelopeDue(bytes.fromhex(release)))
        await both(analyst, officer)
        for client in (analyst, officer):
            assert (_state(client, case), _lines(client, case)) == (State.RELEASED, [("0", "1000")])
            assert kinds(client) == [AlarmKind.UNREAD]
        assert (analyst.freeze(case).broken, officer.freeze(case).broken) == (False, True)


async def test_who_refused_a_message_and_whose_it_was_are_both_told_and_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await analyst.send((await analyst.ask_variation(case, ASKED)).id)
        await officer.sync()
        await seconded(hkma, await officer.vary(case, LET_GO))

        def spoilt(*_: object) -> None:
            raise CannotOpenError

        monkeypatch.setattr(Intake, "_open", spoilt)
        await analyst.sync()
        monkeypatch.undo()
        await officer.sync()
        # What the holder says next fits its sums, and not those of whoever has not read what went before.
        said = reported(report(requested="1000", held="600", released="400"))
        await officer.send((await officer.report_execution(case, said)).id)
        await both(analyst, officer)
        assert _standing(analyst, case, Verb.REPORT_EXECUTION) == [Standing.GOOD, Standing.GOOD]
        assert (_lines(officer, case), _lines(analyst, case)) == ([("600", "400")], [("1000", "0")])
        for client in (analyst, officer):
            assert (client.freeze(case).broken, kinds(client)) == (True, [AlarmKind.UNREAD])

        # While that is so nothing is held against what comes, and one person's word lets go of nothing all the same.
        lower = reported(report(requested="1000", held="100", outstanding="900"))
        with monkeypatch.context() as tampered:
            tampered.setattr(draftchecks, "judge", lambda *_: None)
            tampered.setattr(contentrules, "SECONDS", ())
            await officer.send((await officer.report_execution(case, lower)).id)
        await both(analyst, officer)
        assert (_lines(officer, case), _lines(analyst, case)) == ([("600", "400")], [("1000", "0")])


async def test_a_member_who_cannot_read_a_report_and_whose_clock_is_ahead_spoils_nothing_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await analyst.send((await analyst.ask_variation(case, ASKED)).id)
        await officer.sync()
        await seconded(hkma, await officer.vary(case, LET_GO))
        reports = {bytes.fromhex(item.message) for item in analyst.inbox() if item.verb is Verb.REPORT_EXECUTION}
        honest = KeptReader.__call__

        def partly(reader: KeptReader, c: Connection, message_hash: bytes) -> Payload | None:
            return None if message_hash in reports else honest(reader, c, message_hash)

        monkeypatch.setattr(KeptReader, "__call__", partly)  # as where the archive key of its time is not granted
        sfc.clock.shift = 15 * DAY
        await analyst.sync()
        sfc.clock.shift = 0
        await analyst.sync()
        with pytest.raises(ContentRefusedError) as refused:
            await analyst.ask_variation(case, ASKED)
        assert refused.value.code == "NOT_READABLE"
        monkeypatch.undo()
        colleague = await sfc.as_(Role.APPROVER)
        await both(colleague, officer)
        for client in (colleague, officer):
            assert (_lines(client, case), client.freeze(case).broken) == ([("600", "400")], False)
            assert AlarmKind.UNREAD not in kinds(client)


async def test_answers_count_at_both_sides_where_what_they_answer_was_set_aside_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        approver = await hkma.as_(Role.APPROVER)
        case = await in_force(sfc, hkma, request(line(), instrument=notice()))
        await officer.sync()
        sums = {Verb.EXTEND: ("1000", "0"), Verb.VARY: ("600", "400"), Verb.RELEASE: ("0", "1000")}
        for verb, expected in sums.items():
            question, answering = await _question(analyst, officer, case, verb)
            asking = await (analyst.send(question.id) if question.state.value == "READY" else seconded(sfc, question))
            await both(officer, approver)
            ready = await answering()
            if ready.state.value != "READY":
                approver.approve(ready.id, approver.review(ready.id).info.message_hash)
            await analyst.sync()
            await analyst.send((await analyst.recall(case, RECALL, about=asking.message_hash)).id)
            await officer.sync()
            await answer(officer, case, QUARANTINED)

            with pytest.raises(IncompleteError):  # who knows of it does not answer
                await approver.send(ready.id)
            with monkeypatch.context() as late:  # who does not know yet has answered
                late.setattr(Drafts, "check_sending", lambda *_: None)
                await approver.send(ready.id)
            await both(officer, analyst)
            for client in (analyst, officer):
                assert (_lines(client, case), client.freeze(case).broken) == ([expected], False)
                assert kinds(client) == []


async def _question(
    analyst: Client, officer: Client, case: str, verb: Verb
) -> tuple[DraftInfo, Callable[[], Awaitable[DraftInfo]]]:
    """A draft that asks something, and what drafts its answer."""
    if verb is Verb.VARY:
        return await analyst.ask_variation(case, ASKED), lambda: officer.vary(case, LET_GO)
    if verb is Verb.EXTEND:
        until = analyst.clock() + 120 * DAY
        later = pb.AskExtension(until=until, diligence="Two more accounts were found.")
        return await analyst.ask_extension(case, later), lambda: officer.extend(case, pb.Extend(until=until))
    body = asked(analyst, case)
    call = officer.called_back(case, spoken_to="Chan Tai Man")
    return await analyst.ask_release(case, body), lambda: officer.release(case, released(body, call))
