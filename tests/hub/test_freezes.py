"""Freezes at the hub: from the call at night to the outcome, by the right people, in time, and never ended by one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from comity.envelope import parse_envelope
from comity.receipts import EventKind
from comity.workflow.terms import Family, Precedence, Role, Standing, Verb

from hub.keeping.checking import check_tables
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.exchanges import HOLDER, ORIGINATOR, Exchange, NotTakenError
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


async def told(core: Core, desk: str) -> list[tuple[str, int]]:
    """Returns (kind, effective time) of the clock events that a desk was told of."""
    clocks = (EventKind.OVERDUE, EventKind.LAPSED, EventKind.EXPIRED)
    items = [item for item in await core.read(desk) if item.kind in clocks]
    return [(item.kind.name, core.verified(item.receipt).event.effective_time) for item in items]


async def run(core: Core) -> None:
    """Lets the clockwork do all there is to do."""
    while await core.clockwork.tick():
        pass


async def refusal(case: Exchange, verb: Verb, **options: Any) -> str:
    """Returns why the hub refuses an envelope."""
    with pytest.raises(NotTakenError) as refused:
        await case.say(verb, **options)
    return refused.value.reason


async def state(case: Exchange) -> tuple[str, Standing]:
    """Returns a leg's state and standing as the database has them."""
    row = await case.row()
    return row["state"], Standing(row["standing"])


async def in_force(core: Core, clock: FakeClock, **options: Any) -> Exchange:
    """Returns a freeze that two people asked for and that is in force."""
    case = Exchange(core, Family.FREEZE)
    await case.say(Verb.REQUEST, **options)
    await case.stored()
    for verb in (Verb.ACKNOWLEDGE, Verb.ACCEPT, Verb.REPORT_EXECUTION):
        clock.advance(seconds=60)
        await case.say(verb, by="recipient")
    return case


async def test_a_provisional_hold_becomes_a_freeze_and_ends_by_a_release_of_two(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case = Exchange(core, Family.FREEZE)
        await case.say(Verb.REQUEST_PROVISIONAL)
        assert await state(case) == ("SENT", Standing.PROVISIONAL)
        await case.stored()
        clock.advance(seconds=120)
        await case.say(Verb.ACKNOWLEDGE, by="recipient")
        await case.say(Verb.REQUEST_INFO, by="recipient")
        clock.advance(seconds=1800)
        # A chatty counterpart blocks neither the second person nor the full form.
        await case.say(Verb.CONFIRM, about=case.opening)
        assert await state(case) == ("MORE_INFO", Standing.CONFIRMED)
        clock.advance(hours=3)
        await case.say(Verb.COMPLETE, about=case.opening)
        await case.say(Verb.SUPPLY)
        assert await state(case) == ("ACKNOWLEDGED", Standing.COMPLETED)
        for verb in (Verb.ACCEPT, Verb.REPORT_EXECUTION, Verb.REPORT_PROGRESS):
            await case.say(verb, by="recipient")
        assert await state(case) == ("IN_FORCE", Standing.COMPLETED)
        assert await refusal(case, Verb.ASK_EXTENSION) == "WRONG_STATE"  # not before it is full
        days = [clock.now + day * 86_400_000 for day in (30, 60)]
        await case.say(Verb.CONVERT, lapses_at=days[0])
        assert await state(case) == ("IN_FORCE", Standing.FULL)
        await case.say(Verb.ASK_EXTENSION)
        await case.say(Verb.EXTEND, by="recipient", about=Verb.ASK_EXTENSION, lapses_at=days[1])
        await case.say(Verb.REPORT_CHALLENGE, by="recipient")
        assert (await state(case))[0] == "CHALLENGED"
        await case.say(Verb.ASK_VARIATION)
        await case.say(Verb.VARY, by="recipient", about=Verb.ASK_VARIATION)
        await case.say(Verb.REPORT_CHALLENGE, by="recipient")
        await case.say(Verb.ASK_RELEASE)
        await case.say(Verb.RELEASE, by="recipient", about=Verb.ASK_RELEASE)
        assert (await state(case))[0] == "RELEASED"
        await case.say(Verb.REPORT_OUTCOME, by="recipient", previous=b"")
        await case.say(Verb.REPORT_OUTCOME)
        assert (await state(case))[0] == "CLOSED"
        assert await told(core, HOLDER) == []
        assert check_tables(core.db).findings == []


async def test_D_09_a_hold_that_nobody_confirmed_while_the_hub_was_down_lapsed_at_its_own_minute(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case, unread = Exchange(core, Family.FREEZE), Exchange(core, Family.FREEZE)
        for one in (case, unread):
            await one.say(Verb.REQUEST_PROVISIONAL)
        await case.stored()
        late = case.envelope(Verb.CONFIRM, about=case.opening)
        limit = parse_envelope(case.envelope(Verb.REQUEST_PROVISIONAL)).header.lapses_at
    clock.advance(hours=2)  # nobody serves
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case.core = unread.core = core
        # What counts is its own limit, whether anybody has logged it yet or not.
        assert texts(await core.submit(late)) == ["TOO_LATE"]
        await run(core)
        await run(core)
        assert [await state(one) for one in (case, unread)] == [("LAPSED", Standing.PROVISIONAL)] * 2
        for desk in (ORIGINATOR, HOLDER):
            assert (await told(core, desk)).count(("LAPSED", limit)) == 2
        for verb in (Verb.ACKNOWLEDGE, Verb.ACCEPT):
            assert await refusal(case, verb, by="recipient") == "TOO_LATE"
        # Whoever was away keeps the mail, and it is not live.
        await unread.stored()
        assert await state(unread) == ("LAPSED", Standing.PROVISIONAL)
        assert check_tables(core.db).findings == []


async def test_D_08_a_freeze_that_was_never_stored_expires_and_one_with_an_end_ends_by_it(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        end = (clock.now // 1000 + 20 * 86_400) * 1000
        held = await in_force(core, clock, lapses_at=end)
        unread = Exchange(core, Family.FREEZE)
        await unread.say(Verb.REQUEST)
        short = Exchange(core, Family.FREEZE)
        brief = (clock.now // 1000 + 86_400) * 1000
        asked = await short.say(Verb.REQUEST, lapses_at=brief)
        clock.advance(days=15)
        await run(core)
        assert (await state(unread))[0] == "EXPIRED"
        # It reached its end before its delivery did: both are told.
        assert await state(short) == ("EXPIRED", Standing.FULL)
        assert ("LAPSED", brief) in await told(core, HOLDER)
        items = [i for i in await core.read(HOLDER) if i.kind is EventKind.EXPIRED]
        assert asked in [core.verified(i.receipt).event.message_hash for i in items]
        assert (await core.read(HOLDER))[-1].content is None
        assert (await state(held))[0] == "IN_FORCE"
        clock.advance(days=6)
        await run(core)
        # A full freeze has reached its end: that is no lapse of anybody's.
        assert await state(held) == ("EXPIRED", Standing.FULL)
        assert ("LAPSED", end) in await told(core, ORIGINATOR)
        assert await refusal(held, Verb.ASK_RELEASE) == "TOO_LATE"
        await held.say(Verb.REPORT_OUTCOME, by="recipient", previous=b"")
        assert check_tables(core.db).findings == []


async def test_one_person_ends_no_hold(migrated_sqlite_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        case = await in_force(core, clock)
        for verb, by, about in (
            (Verb.RELEASE, "recipient", case.opening),
            (Verb.REPORT_OUTCOME, "recipient", b""),
            (Verb.ASK_RELEASE, "originator", b""),
            (Verb.CONVERT, "originator", b""),
        ):
            sealed = case.envelope(verb, by=by, about=about, approver=world.member(HOLDER, Role.APPROVER))
            del sealed.signatures[1:]
            assert texts(await core.submit(sealed)) == ["SECOND_PERSON_MISSING"], verb
        # The same person twice is one person.
        desk = world.desk(HOLDER)
        both = case.envelope(Verb.RELEASE, by="recipient", about=case.opening, approver=desk.members[Role.ANALYST])
        assert texts(await core.submit(both)) != ["receipt"]
        # A recall destroys what was sent, and releases nothing; a withdrawal comes too late.
        assert await refusal(case, Verb.WITHDRAW, about=case.opening) == "WRONG_STATE"
        await case.say(Verb.RECALL, about=case.opening)
        assert (await state(case))[0] == "IN_FORCE"
        assert check_tables(core.db).findings == []


async def test_a_hold_of_one_person_is_flash_and_somebody_else_confirms_it(
    migrated_sqlite_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        case = Exchange(core, Family.FREEZE)
        assert await refusal(case, Verb.REQUEST_PROVISIONAL, precedence=Precedence.URGENT) == "WRONG_PRECEDENCE"
        await case.say(Verb.REQUEST_PROVISIONAL, author=world.member(ORIGINATOR, Role.SUPERVISOR))
        # Its own author is no second person, an analyst no approver, and the other side confirms nothing.
        for who in (Role.SUPERVISOR, Role.ANALYST, Role.AGENT):
            reason = await refusal(case, Verb.CONFIRM, about=case.opening, author=world.member(ORIGINATOR, who))
            assert reason in {"WRONG_ROLE", "SECOND_PERSON_MISSING"}
        assert await refusal(case, Verb.CONFIRM, by="recipient", about=case.opening) == "WRONG_STATE"
        await case.say(Verb.CONFIRM, about=case.opening)
        assert await refusal(case, Verb.CONFIRM, about=case.opening) == "WRONG_STATE"  # once


async def test_of_two_officers_at_once_one_wins_and_the_other_is_told(migrated_postgres_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_postgres_url, world, clock=clock) as core:
        other = Core(migrated_postgres_url, world, clock=clock)
        await other.start()
        case = Exchange(core, Family.FREEZE)
        await case.say(Verb.REQUEST)
        await case.stored()
        await case.say(Verb.ACKNOWLEDGE, by="recipient")
        asked, accepted = (case.envelope(verb, by="recipient") for verb in (Verb.REQUEST_INFO, Verb.ACCEPT))
        said = await asyncio.gather(core.submit(asked), other.submit(accepted))
        first, second = (texts(one)[0] for one in said)
        # ACCEPT runs from MORE_INFO too: what stops it there is that it answers another envelope than the last.
        assert (first, second) in {("receipt", "WRONG_PREVIOUS"), ("WRONG_STATE", "receipt")}
        await other.stop()


async def test_two_processes_log_the_end_of_a_freeze_once(migrated_postgres_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with (
        running_core(migrated_postgres_url, world, clock=clock) as one,
        running_core(migrated_postgres_url, world, clock=clock) as two,
    ):
        for _ in range(5):
            await Exchange(one, Family.FREEZE).say(Verb.REQUEST_PROVISIONAL)
        clock.advance(hours=2)
        await asyncio.gather(one.clockwork.tick(), two.clockwork.tick(), one.clockwork.tick(), two.clockwork.tick())
        await run(two)
        for desk in (ORIGINATOR, HOLDER):
            kinds = [kind for kind, _ in await told(two, desk)]
            assert (kinds.count("LAPSED"), kinds.count("OVERDUE")) == (5, 5)
