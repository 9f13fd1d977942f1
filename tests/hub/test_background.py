"""What runs by itself, and what must not disturb it: loops that survive a lost database, commands that are poison."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest
from comity.errors import Reason, RefusedError
from comity.receipts import AckState, EventKind, parse_ack
from comity.workflow.terms import Role, Verb

from hub.exchange.clockwork import Clockwork
from hub.log import store
from hub.log.commands import Acknowledge, Erase, Record
from hub.log.domain import LogName
from hub.log.scrub import Scrub
from tests.support.clock import FakeClock
from tests.support.core import running_core, texts
from tests.support.tampering import unguard
from tests.support.world import World, make_world


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


async def eventually(condition: Callable[[], object]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 # what is waited for tells nobody
            await asyncio.sleep(0.005)


async def test_a_poisonous_command_fails_alone(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        poison = Record(EventKind.OPERATOR, kids=("not bytes",))  # type: ignore[arg-type]
        good = Record(EventKind.OPERATOR)
        ticket = core.sequencer.admit(3, 0)
        core.sequencer.offer([(good, ticket, 0), (poison, ticket, 1), (good, ticket, 2)])
        first, failed, last = await ticket.future

        assert isinstance(failed, TypeError)
        assert sorted([first.index, last.index]) == [0, 1]
        assert ("command failed", {"error": "TypeError", "kind": "Record"}) in core.log.lines


async def test_a_lost_race_is_unavailable_and_nothing_is_written(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        honest = store.move_head

        def lost(*_: object, **__: object) -> None:
            raise store.LostRaceError

        store.move_head = lost  # type: ignore[assignment]
        try:
            with pytest.raises(RefusedError) as refused:
                await core.sequencer.submit(Record(EventKind.OPERATOR))
        finally:
            store.move_head = honest
        assert refused.value.reason is Reason.UNAVAILABLE
        assert (await core.sequencer.submit(Record(EventKind.OPERATOR))).index == 0


async def test_the_clockwork_runs_by_itself_and_survives_a_fault(migrated_sqlite_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        clockwork = Clockwork(
            db=core.db,
            clock=clock,
            faults=core.faults,
            sequencer=core.sequencer,
            telemetry=core.telemetry,
            interval_seconds=0.01,
        )
        await core.take(world.envelope(core.directory.view()))
        clock.advance(days=15)
        failures: list[int] = []

        def fail() -> None:
            failures.append(1)
            raise RefusedError(Reason.UNAVAILABLE, "armed by a test")

        core.faults.arm("clockwork.before_commands", fail)
        clockwork.start()
        await eventually(lambda: len(failures) > 2)
        core.faults.disarm()
        await eventually(lambda: core.telemetry.counters.value("comity.clocks"))
        await clockwork.stop()
        assert [item.kind.name for item in await core.read("hkma/intake")].count("EXPIRED") == 1


async def test_the_scrub_runs_again_and_again(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        damage: list[str] = []
        scrub = Scrub(db=core.db, telemetry=core.telemetry, on_damage=damage.append, pass_seconds=0.01)
        scrub.start()
        await eventually(lambda: scrub.passes >= 2)
        await scrub.stop()
        assert damage == []


async def test_the_scrub_ends_with_the_first_damage(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        await core.take(world.envelope(core.directory.view()))
        salt = core.db.read_now(lambda c: c.exec_driver_sql("SELECT salt FROM openings").scalar())
        core.db.write(unguard)
        core.db.write(lambda c: c.exec_driver_sql("UPDATE openings SET salt = zeroblob(32)"))
        damage: list[str] = []
        scrub = Scrub(db=core.db, telemetry=core.telemetry, on_damage=damage.append, pass_seconds=0.01)
        scrub.start()
        await eventually(lambda: damage)
        await asyncio.sleep(0.05)
        await scrub.stop()
        assert len(damage) == 1
        core.db.write(lambda c: c.exec_driver_sql("UPDATE openings SET salt = ?", (salt,)))


async def test_an_early_erasure_leaves_the_proof_and_nothing_else(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        envelope = world.envelope(core.directory.view())
        taken = await core.take(envelope)
        message_hash = taken.event.message_hash
        erased = core.verified(await core.sequencer.submit(Erase(message_hash)))
        assert erased.event.kind is EventKind.ERASED
        assert erased.event.message_hash == message_hash
        for command in (Erase(message_hash), Erase(os.urandom(32))):
            with pytest.raises(RefusedError) as refused:
                await core.sequencer.submit(command)
            assert refused.value.reason in {Reason.ERASED, Reason.UNKNOWN_MESSAGE}
        assert texts(await core.submit(envelope)) == ["ERASED"]
        path = await core.logs.inclusion(LogName.EXCHANGE, 0, 2)
        assert path
        broken = world.envelope(core.directory.view())
        broken.CopyFrom(envelope)
        broken.signatures[0].sig = bytes(64)
        assert texts(await core.submit(broken)) == ["ERASED"]


async def test_an_acknowledging_key_that_was_revoked_meanwhile_is_refused(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        world.revoke("hkma", world.member("hkma/intake", Role.AGENT).kid)
        body, sig = world.ack(opening, "hkma/intake")
        command = Acknowledge(parse_ack(body), body, sig)
        await core.catch_up()
        with pytest.raises(RefusedError) as refused:
            await core.sequencer.submit(command)
        assert refused.value.reason is Reason.BAD_SIGNATURE


async def test_a_withdrawn_envelope_cannot_be_opened(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        view, case = core.directory.view(), os.urandom(16)
        opening = (await core.take(world.envelope(view, case_id=case))).event.message_hash
        await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening))
        opened = world.ack(opening, "hkma/intake", AckState.OPENED)
        assert texts(await core.acknowledge(opened)) == ["WRONG_STATE"]
