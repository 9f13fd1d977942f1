"""Clocks: overdue once, expired in time, never delivered late, erased after its time, and forgotten a year later."""

from __future__ import annotations

import asyncio
import os

import pytest
from comity.envelope import message_hash, signatures_digest
from comity.errors import Reason
from comity.receipts import AckState, EventKind, parse_event
from comity.workflow.terms import Family, Verb

from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.exchanges import Exchange
from tests.support.world import World, make_world

DAY = 86_400_000


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


async def kinds(core: Core, desk: str) -> list[str]:
    return [item.kind.name for item in await core.read(desk)]


async def run(core: Core) -> None:
    """Lets the clockwork do all there is to do."""
    while await core.clockwork.tick():
        pass


async def test_an_unanswered_question_is_overdue_once_and_both_sides_are_told(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        await run(core)
        assert "OVERDUE" not in await kinds(core, "hkma/intake")
        clock.advance(days=13)
        await run(core)
        await run(core)

        for desk in ("sfc/intake", "hkma/intake"):
            told = [item for item in await core.read(desk) if item.kind is EventKind.OVERDUE]
            assert len(told) == 1
            event = core.verified(told[0].receipt).event
            assert event.message_hash == opening
            assert world.now < event.effective_time <= clock.now
            numbers = [item.number for item in await core.read(desk)]
            assert numbers == list(range(1, len(numbers) + 1))


async def test_D_08_D_09_what_was_not_stored_in_time_expires_and_is_not_delivered(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        clock.advance(days=15)
        # Before the clockwork came by: it is withheld all the same. What is left shows that its time went by.
        (withheld,) = await core.read("hkma/intake")
        assert withheld.content is None
        assert withheld.remains is not None
        assert message_hash(*withheld.remains) == opening
        named = core.verified(withheld.receipt).event
        assert signatures_digest(withheld.remains_signed) == named.signatures_digest
        assert (await core.read("sfc/intake"))[0].content is not None
        assert texts(await core.acknowledge(world.ack(opening, "hkma/intake"))) == ["TOO_LATE"]
        assert texts(await core.acknowledge(world.ack(opening, "hkma/intake", AckState.OPENED))) == ["TOO_LATE"]
        await run(core)

        for desk in ("sfc/intake", "hkma/intake"):
            told = [core.verified(item.receipt).event for item in await core.read(desk)]
            assert [event.kind.name for event in told].count("EXPIRED") == 1
            assert told[0].kind is EventKind.SUBMITTED
        again = (await core.read("hkma/intake"))[0]
        assert (again.remains, again.remains_signed) == (withheld.remains, withheld.remains_signed)
        refused = world.ack(opening, "hkma/intake", AckState.REFUSED, reason="EXPIRED")
        assert texts(await core.acknowledge(refused)) == ["receipt"]
        assert texts(await core.acknowledge(world.ack(opening, "hkma/intake"))) == ["TOO_LATE"]


async def test_of_what_was_withdrawn_nothing_is_told_before_its_time_went_by(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        view, case = core.directory.view(), os.urandom(16)
        opening = (await core.take(world.envelope(view, case_id=case))).event.message_hash
        await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening))
        tombstone = (await core.read("hkma/intake"))[0]
        assert (tombstone.content, tombstone.remains, tombstone.remains_signed) == (None, None, ())
        clock.advance(days=15)
        tombstone = (await core.read("hkma/intake"))[0]
        assert tombstone.remains is not None
        assert message_hash(*tombstone.remains) == opening


async def test_rows_that_say_what_is_not_due_are_mended_and_hold_nothing_up(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        stale = [Exchange(core, Family.REFERRAL) for _ in range(3)]
        for case in stale:
            await case.say(Verb.REFER)
        right = [(await case.row())["next_limit"] for case in stale]
        core.db.write(lambda c: c.exec_driver_sql("UPDATE legs SET next_limit = 1000"))
        assert await core.clockwork.tick() == 3
        assert [(await case.row())["next_limit"] for case in stale] == right
        assert await core.clockwork.tick() == 0


async def test_an_answer_that_was_not_stored_expires_too(migrated_database_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        view, case = core.directory.view(), os.urandom(16)
        opening = (await core.take(world.envelope(view, case_id=case))).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        answer = world.envelope(
            view, "hkma/intake", ["sfc/intake"], verb=Verb.ACKNOWLEDGE, case_id=case, previous=opening
        )
        said = (await core.take(answer)).event.message_hash
        clock.advance(days=15)
        await run(core)

        for desk in ("sfc/intake", "hkma/intake"):
            events = [core.verified(item.receipt).event for item in await core.read(desk) if item.receipt.salt]
            expired = [event for event in events if event.kind is EventKind.EXPIRED]
            assert [event.message_hash for event in expired] == [said]
        assert texts(await core.acknowledge(world.ack(said, "sfc/intake"))) == ["TOO_LATE"]


async def test_content_is_erased_a_fortnight_after_everybody_stored_it(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        envelope = world.envelope(core.directory.view())
        taken = await core.take(envelope)
        opening = taken.event.message_hash
        clock.advance(seconds=60)
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        clock.advance(days=13)
        await run(core)
        assert (await core.read("hkma/intake"))[0].content is not None
        clock.advance(days=2)
        await run(core)

        (retry,) = await core.submit(envelope)
        assert retry.reason is Reason.ERASED
        assert retry.metadata == {"index": "0"}
        row = await core.db.read(
            lambda c: c.exec_driver_sql(
                "SELECT header, seal, signatures, ciphertext, sender, verb, state FROM envelopes"
            ).one()
        )
        assert tuple(row) == (None, None, None, None, "sfc/intake", int(Verb.REFER), 4)
        tombstone = (await core.read("hkma/intake"))[0]
        assert (tombstone.number, tombstone.content, tombstone.delivery_salt) == (1, None, b"")
        assert tombstone.remains is None
        assert (tombstone.receipt.event, tombstone.receipt.salt) == (b"", b"")
        assert tombstone.receipt.leaf == taken.receipt.leaf
        assert parse_event((await core.read("sfc/intake"))[-1].receipt.event).kind is EventKind.ERASED
        with pytest.raises(Exception, match="no such thing"):
            await core.logs.opening("hkma/intake", 0)


async def test_a_year_after_the_leg_ended_little_is_left(migrated_database_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        view, case = core.directory.view(), os.urandom(16)
        envelope = world.envelope(view, case_id=case)
        opening = (await core.take(envelope)).event.message_hash
        await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening))
        clock.advance(days=16)
        await run(core)
        clock.advance(days=20)
        await run(core)
        clock.advance(days=400)
        await run(core)
        clock.advance(days=31)
        await run(core)

        rows = await core.db.read(
            lambda c: c.exec_driver_sql("SELECT sender, recipients, author_member, state FROM envelopes").all()
        )
        assert [tuple(row) for row in rows] == [("", "", "", 5)] * 2
        assert await core.db.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM legs").scalar()) == 0
        assert texts(await core.submit(envelope)) == ["ERASED"]


async def test_two_processes_log_each_clock_once(migrated_postgres_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with (
        running_core(migrated_postgres_url, world, clock=clock) as one,
        running_core(migrated_postgres_url, world, clock=clock) as two,
    ):
        view = one.directory.view()
        for _ in range(5):
            await one.take(world.envelope(view))
        clock.advance(days=15)
        await asyncio.gather(one.clockwork.tick(), two.clockwork.tick(), one.clockwork.tick(), two.clockwork.tick())
        await run(one)
        assert (await kinds(two, "hkma/intake")).count("EXPIRED") == 5
