"""Clocks at an agency: who is reminded of what and when, what lapses with no hub there, who is paged and alarmed."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, Role, Side, Standing, State

from agents import mailstore
from agents.alarms import AlarmKind
from agents.cli.waiting import tasks
from agents.cli.watching import line_of, view_of
from agents.client import Client
from agents.home import Home
from agents.paging import PAGE_SECONDS, Paging
from agents.records import LimitKind, Reminder
from agents.watch import WatchEvent, watch
from tests.agents.offices import Office, two_offices

MINUTE = 60_000
SESSION = cast("Any", SimpleNamespace(command=lambda text, member="": f"comity {text}"))
FAMILIES = (Family.REFERRAL, Family.FREEZE)


def hold() -> pb.ProvisionalHold:
    """A provisional hold that is complete."""
    line = pb.AssetLine(number=1, holder="X", platform_account="u-1", token="USDT", decimals=6, amount="1200.5")
    contact = pb.Contact(name="Duty officer", telephone="+85212345678")
    return pb.ProvisionalHold(
        loss_amount="1200.5",
        loss_currency="USDT",
        transaction="0xabc",
        victim_reference="V-1",
        offence="Fraud",
        contact=contact,
        lines=[line],
    )


async def send_hold(office: Office, to: str = "hkma/intake") -> str:
    """One officer sends it. Returns the case."""
    officer = await office.as_(Role.ANALYST)
    await officer.refresh()
    draft = await officer.request_hold(to, hold())
    return (await officer.send(draft.id)).case_id


def told(reminders: Sequence[Reminder], kind: LimitKind) -> list[tuple[bool, int]]:
    return [(one.ours, one.percent) for one in reminders if one.kind is kind]


def told_anew(client: Client) -> list[Reminder]:
    """What a watch would say now, and remembers as said."""
    found = client.new_reminders()
    for one in found:
        client.reminded(one)
    return found


async def test_both_sides_are_reminded_of_an_answer_and_of_a_lapse_once_each_across_restarts(tmp_path: Path) -> None:
    async with two_offices(tmp_path, families=FAMILIES) as (sfc, hkma):
        await send_hold(sfc)
        await (await hkma.as_(Role.ANALYST)).sync()
        for office, ours in ((sfc, LimitKind.LAPSE), (hkma, LimitKind.ANSWER)):
            first = await office.as_(Role.ANALYST)
            row = first.board()[0]
            limits = {LimitKind.ANSWER: row.respond_by, LimitKind.LAPSE: row.lapses_at}
            for kind, limit in limits.items():
                assert limit is not None
                seen = []
                for percent in (49, 50, 60, 80, 95, 99, 101):
                    moment = row.opened + (limit - row.opened) * percent // 100
                    office.clock.shift += moment - first.clock()
                    again = await office.as_(Role.ANALYST)
                    found = told_anew(again)
                    assert told_anew(again) == []
                    seen += told(found, kind)
                    await again.close()
                assert seen == [(kind is ours, percent) for percent in (50, 80, 95, 100)]
            office.clock.shift = 0
            colleague = await office.as_(Role.APPROVER)
            office.clock.shift = 40 * MINUTE
            assert len(colleague.new_reminders()) == 2  # each member is told


async def test_restarts_and_clock_jumps_neither_lose_a_reminder_nor_say_one_twice(tmp_path: Path) -> None:
    chance = Random(5)
    async with two_offices(tmp_path, hire=False) as (sfc, _):
        client = await sfc.client()
        start = client.clock()
        cases = [chance.randbytes(16) for _ in range(20)]
        limits = {case: start + chance.randrange(5, 300) * MINUTE for case in cases}
        with client.store.begin() as c:
            for case, limit in limits.items():
                mailstore.put_leg(c, leg(case, start, limit))
        said: dict[tuple[str, int], list[int]] = {}
        farthest = 0
        for _ in range(120):
            sfc.clock.shift = max(0, sfc.clock.shift + chance.randrange(-20, 25) * MINUTE)
            farthest = max(farthest, sfc.clock.shift)
            if chance.random() < 0.2:
                await client.close()
                client = await sfc.client()
            for one in told_anew(client):
                said.setdefault((one.case_id, one.respond_by), []).append(one.percent)
        assert all(percents == sorted(set(percents)) for percents in said.values())
        now = start + farthest
        for case, limit in limits.items():
            newest = max(
                (percent for percent in (50, 80, 95) if start + (limit - start) * percent // 100 <= now), default=0
            )
            assert (said.get((case.hex(), limit)) or [0])[-1] == (100 if now > limit else newest)


def leg(case_id: bytes, opened: int, limit: int) -> Leg:
    """A case whose answer is due."""
    return Leg(
        originator="sfc/intake",
        case_id=case_id,
        recipient="hkma/intake",
        family=Family.REFERRAL,
        state=State.DELIVERED,
        revision=2,
        opening=case_id * 2,
        previous=case_id * 2,
        opened=opened,
        deliver_by=opened + 14 * 1440 * MINUTE,
        question=case_id * 2,
        respond_by=limit,
        awaiting=Side.RECIPIENT,
    )


async def test_D_09_a_provisional_hold_lapses_by_each_sides_own_clock_while_the_hub_is_away(tmp_path: Path) -> None:
    async with two_offices(tmp_path, families=FAMILIES) as (sfc, hkma):
        case = await send_hold(sfc)
        await (await hkma.as_(Role.ANALYST)).sync()
        for office in (sfc, hkma):
            office.home = office.home.changed(endpoints=["127.0.0.1:9"])
            officer = await office.as_(Role.ANALYST)
            lapses_at = officer.board()[0].lapses_at
            assert lapses_at is not None
            office.clock.shift = lapses_at - officer.clock() + 1_000
            row = officer.board()[0]
            assert (row.state, row.own_clock) == (State.LAPSED, True)
            event = officer.timeline(case)[-1]
            assert (event.kind, event.own_clock, event.proof, event.time) == ("LAPSED", True, False, lapses_at)
            assert officer.unconfirmed() == []
            assert officer.case(case)[0].state is State.LAPSED

            reminder = await watched(officer)
            assert (reminder.kind, reminder.percent) == (LimitKind.LAPSE, 100)


async def watched(client: Client) -> Reminder:
    """Returns the first reminder that a watch tells with no hub there."""
    heard, stop = list[WatchEvent](), asyncio.Event()

    def hear(event: WatchEvent) -> None:
        heard.append(event)
        if event.reminder is not None and event.reminder.kind is LimitKind.LAPSE:
            stop.set()

    async with asyncio.timeout(15):
        await watch(client, on_event=hear, stop=stop)
    found = next(event for event in heard if event.reminder is not None and event.reminder.kind is LimitKind.LAPSE)
    assert "by this desk's clock" in line_of(found)[0]
    assert view_of(found)["reminder"]["kind"] == "LAPSE"
    assert found.reminder is not None
    return found.reminder


def pager(folder: Path, name: str) -> list[str]:
    """A program that notes under its name what it was told."""
    program = folder / f"{name}.sh"
    program.write_text(f'#!/bin/sh\necho {name} "$@" >> {folder / "paged"}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return [str(program)]


async def noted(folder: Path, count: int) -> list[str]:
    """Waits until so many pagers have run, and returns what they noted."""
    note = folder / "paged"
    async with asyncio.timeout(15):
        while not note.exists() or note.read_text().count("\n") < count:  # noqa: ASYNC110 # another program
            await asyncio.sleep(0.01)
    return note.read_text().splitlines()


async def test_pagers_run_down_their_list_across_a_restart_until_a_person_has_opened_the_item(tmp_path: Path) -> None:
    async with two_offices(tmp_path, families=FAMILIES) as (sfc, hkma):
        first, *further = (pager(tmp_path, name) for name in ("first", "second", "third"))
        hkma.home = hkma.home.changed(pager=first, further_pagers=further)
        assert Home.load(hkma.home.path) == hkma.home
        await send_hold(sfc)
        agent = await hkma.as_(Role.AGENT)
        (item,) = (await agent.sync()).new
        paging = Paging(agent)
        paging.arrived(item)
        paging.look()  # the same turn: once
        await noted(tmp_path, 1)
        for minute in range(1, 5):
            hkma.clock.shift = int(minute * PAGE_SECONDS * 1000)
            if minute == 2:
                await noted(tmp_path, 2)
                paging = Paging(agent)
            paging.look()
            lines = await noted(tmp_path, minute + 1)
        assert [text.split()[0] for text in lines] == ["first", "second", "third", "first", "second"]
        assert all(text.split()[1:3] == ["FLASH", "FREEZE"] and len(text.split()) == 4 for text in lines)

        await (await hkma.as_(Role.ANALYST)).open_item(item.message)
        hkma.clock.shift = int(6 * PAGE_SECONDS * 1000)
        paging.look()
        assert agent.unopened_flash() == []
        await paging.close()
        assert len(await noted(tmp_path, 5)) == 5


async def test_approvers_are_paged_until_a_second_person_of_their_own_desk_has_confirmed(tmp_path: Path) -> None:
    async with two_offices(tmp_path, families=FAMILIES) as (sfc, hkma):
        sfc.home = sfc.home.changed(pager=pager(tmp_path, "desk"), approver_pagers=[pager(tmp_path, "approver")])
        case = await send_hold(sfc)
        approver = await sfc.as_(Role.APPROVER)
        await approver.sync()
        paging = Paging(approver)
        paging.look()
        assert (await noted(tmp_path, 1))[0].split()[:3] == ["approver", "FLASH", "FREEZE"]
        other = await hkma.as_(Role.AGENT)
        assert other.unconfirmed() == []  # nobody of the other side must confirm
        waiting = [(task.kind, task.command) for task in tasks(SESSION, approver)]
        assert waiting[0] == ("confirm", f"comity freeze confirm {case[:8]}")

        draft = await approver.confirm_hold(case)
        await approver.send(draft.id)
        assert approver.board()[0].standing is Standing.CONFIRMED
        assert [task for task in tasks(SESSION, approver) if task.kind == "confirm"] == []
        sfc.clock.shift = int(2 * PAGE_SECONDS * 1000)
        paging.look()
        await paging.close()
        assert len(await noted(tmp_path, 1)) == 1


async def test_where_approvers_have_no_pagers_of_their_own_the_desks_run(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "h", agency="sfc", desk="sfc/intake", pager=["page"])
    assert home.pagers(approvers=True) == (("page",),)
    home = home.changed(further_pagers=[["next", "-x"]], approver_pagers=[["boss"]])
    assert home.pagers() == (("page",), ("next", "-x"))
    assert home.pagers(approvers=True) == (("boss",),)
    assert Home.load(home.path) == home


async def test_both_sides_alarm_where_nobody_opened_a_flash_item_before_its_answer_was_due(tmp_path: Path) -> None:
    async with two_offices(tmp_path, families=FAMILIES) as (sfc, hkma):
        await send_hold(sfc)
        sender, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        (item,) = (await officer.sync()).new
        await sender.sync()
        assert item.precedence is Precedence.FLASH
        assert [alarm.kind for alarm in (*sender.alarms(), *officer.alarms())] == []
        row = sender.board()[0]
        assert (row.unseen, row.telephone) == ("DELIVERED", "+85212345678")
        for office in (sfc, hkma):
            office.clock.shift = item.respond_by - office.clock() + office.clock.shift + 1
        there = {alarm.kind: alarm.telephone for alarm in sender.alarms()}
        assert there == {AlarmKind.NOT_OPENED: "+85212345678", AlarmKind.NOBODY_THERE: "+85212345678"}
        assert [alarm.kind for alarm in officer.alarms()] == [AlarmKind.NOBODY_THERE]

        await officer.open_item(item.message)
        await sender.sync()
        assert [alarm.kind for alarm in (*sender.alarms(), *officer.alarms())] == []
        assert sender.board()[0].telephone == ""
