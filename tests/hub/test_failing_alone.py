"""One thing that fails stops nothing else, is written down without content, is counted, and shows in the health."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import verify_checkpoint
from comity.checks import verify_signatures_by
from comity.envelope import Envelope
from comity.errors import Reason, RefusedError
from comity.receipts import EventKind
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1.health_pb2_grpc import HealthStub

from hub import server
from hub.exchange import clockwork
from hub.exchange.examining import ExaminationError
from hub.exchange.expiring import leg_due as honest_leg_due
from hub.exchange.work import ExchangeWork
from hub.log.commands import Record
from hub.log.scrub import Scrub
from hub.log.store import LostRaceError
from hub.server import Hub
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.hub import running_hub
from tests.support.world import DAY, World, make_world

POISON = b"x" * 16
SERVING, NOT_SERVING = pb.HealthCheckResponse.SERVING, pb.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


async def eventually(condition: Callable[[], object]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 # what is waited for tells nobody
            await asyncio.sleep(0.005)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits until something that must be asked for is so."""
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 # what is waited for tells nobody
            await asyncio.sleep(0.02)


def failures(core: Core, what: str) -> float:
    """How often something failed."""
    return core.telemetry.counters.value("comity.failures", what=what)


# --- clocks


async def test_a_clock_that_fails_is_put_off_and_the_others_go_on(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, broken, tries = FakeClock(world.now), True, list[int]()

    def leg_due(book: Any, key: tuple[str, bytes, str], moment: Any) -> Any:
        if key[1] == POISON:
            tries.append(moment.now_ms)
            if broken:
                raise ValueError("poison")
        return honest_leg_due(book, key, moment)

    monkeypatch.setattr("hub.exchange.work.leg_due", leg_due)
    monkeypatch.setattr(clockwork, "PAGE", 1)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        view = core.directory.view()
        bad = await core.take(world.envelope(view, case_id=POISON, respond_by=world.now + 10 * DAY))
        good = await core.take(world.envelope(view, case_id=b"y" * 16, respond_by=world.now + 10 * DAY + 1))
        core.clockwork._interval = 0.01
        core.clockwork.start()
        clock.advance(days=11)

        async def overdue(*expected: bytes) -> bool:
            events = [core.verified(item.receipt).event for item in await core.read("sfc/intake")]
            return [event.message_hash for event in events if event.kind is EventKind.OVERDUE] == [*expected]

        # The poison is due first, and there is room for one a round.
        await until(lambda: overdue(good.event.message_hash))
        await asyncio.sleep(0.1)
        assert core.clockwork.alive
        assert len(tries) == 1
        assert failures(core, "a clock was put off") == 1
        assert ("a clock was put off", {"error": "ValueError"}) in core.log.lines
        clock.advance(ms=clockwork.PUT_OFF_MS)
        await eventually(lambda: len(tries) == 2)
        clock.advance(ms=clockwork.PUT_OFF_MS)
        await asyncio.sleep(0.1)
        assert len(tries) == 2  # twice as long now
        broken = False
        clock.advance(ms=clockwork.PUT_OFF_MS)
        await until(lambda: overdue(good.event.message_hash, bad.event.message_hash))
        assert core.clockwork._put_off == {}
        await core.clockwork.stop()
        assert not core.clockwork.alive


async def test_the_clockwork_survives_whatever_a_round_raises(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        await core.take(world.envelope(core.directory.view()))
        clock.advance(days=15)
        honest = core.clockwork._db.read
        monkeypatch.setattr(core.clockwork._db, "read", lambda _: 1 / 0)
        core.clockwork._interval = 0.01
        core.clockwork.start()
        await eventually(lambda: failures(core, "clocks failed") > 1)
        monkeypatch.setattr(core.clockwork._db, "read", honest)
        await eventually(lambda: core.telemetry.counters.value("comity.clocks"))
        await core.clockwork.stop()
        assert ("clocks failed", {"error": "ZeroDivisionError"}) in core.log.lines


async def test_the_scrub_survives_whatever_a_pass_raises(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        scrub = Scrub(db=core.db, telemetry=core.telemetry, on_damage=core.sequencer.fail, pass_seconds=0.01)
        monkeypatch.setattr("hub.log.scrub.Fsck", lambda _: 1 / 0)
        scrub.start()
        await eventually(lambda: failures(core, "scrub failed") > 1)
        monkeypatch.undo()
        await eventually(lambda: scrub.passes)
        assert scrub.alive
        await scrub.stop()


# --- verification and sequencing


async def test_what_the_verifier_stumbles_over_is_answered_alone(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:

        def stumble(envelope: Envelope, key_of: Any) -> None:
            if envelope.header.case_id == POISON:
                raise KeyError("poison")
            verify_signatures_by(envelope, key_of)

        monkeypatch.setattr("hub.exchange.examining.verify_signatures_by", stumble)
        view = core.directory.view()
        results = await core.submit(world.envelope(view), world.envelope(view, case_id=POISON), world.envelope(view))
        assert texts(results[::2]) == ["receipt", "receipt"]
        assert isinstance(results[1], ExaminationError)
        assert ("not examined", {"error": "KeyError"}) in core.log.lines
        monkeypatch.setattr("hub.exchange.verifier.envelope_of", lambda sent, facts: 1 / 0)
        (failed,) = await core.submit(world.envelope(view))
        assert isinstance(failed, ZeroDivisionError)
        monkeypatch.undo()
        assert texts(await core.submit(world.envelope(view, case_id=POISON))) == ["receipt"]
        assert core.verifier.alive
        assert core.sequencer.waiting == 0


async def test_a_lost_race_costs_nobody_else_the_batch(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ExchangeWork.save

    def save(self: ExchangeWork, connection: Any, done: Any, batch: Any) -> None:
        if any(draft.other_hash == bytes(32) for draft in done.drafts):
            raise LostRaceError
        honest(self, connection, done, batch)

    monkeypatch.setattr(ExchangeWork, "save", save)
    async with running_core(migrated_sqlite_url, world) as core:
        good, bad = Record(EventKind.OPERATOR), Record(EventKind.OPERATOR, other_hash=bytes(32))
        ticket = core.sequencer.admit(3, 0)
        core.sequencer.offer([(good, ticket, 0), (bad, ticket, 1), (good, ticket, 2)])
        first, lost, last = await ticket.future
        assert [first.index, last.index] == [0, 1]
        assert isinstance(lost, RefusedError)
        assert lost.reason is Reason.UNAVAILABLE


async def test_whoever_cannot_be_told_of_a_batch_costs_nobody_an_answer(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        core.sequencer.on_batch(lambda _: 1 / 0)  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            assert texts(await core.submit(world.envelope(core.directory.view()))) == ["receipt"]
        assert failures(core, "a batch was not told") == 1
        assert core.sequencer.waiting == 0


async def test_a_checkpoint_that_cannot_be_kept_is_kept_later(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "folder" / "checkpoint"
    async with running_core(migrated_sqlite_url, world, checkpoint_file=file) as core:
        await core.take(world.envelope(core.directory.view()))
        await eventually(lambda: failures(core, "the checkpoint was not kept"))
        await core.take(world.envelope(core.directory.view()))
        assert core.sequencer.alive
        file.parent.mkdir()
        await eventually(file.exists)
        note = verify_checkpoint(file.read_bytes(), world.exchange_origin, world.log_key.public)
        assert note.size == 2


# --- the whole hub


async def test_a_collection_that_fails_is_tried_again(
    migrated_sqlite_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COLLECT_SECONDS", 0.01)
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as running:
        counters = running.hub.telemetry.counters
        monkeypatch.setattr(running.hub.blobs, "collect", lambda: 1 / 0)
        await eventually(lambda: counters.value("comity.failures", what="attachments not collected") > 1)
        monkeypatch.undo()
        async with running.as_desk("sfc/intake") as channel:
            assert await says(HealthStub(channel), SERVING)


async def says(stub: HealthStub, status: object) -> bool:
    """Whether the hub says so of itself."""
    return bool((await stub.Check(pb.HealthCheckRequest())).status == status)


async def _end_collection(hub: Hub) -> None:
    hub._tasks[0].cancel()


ENDS: dict[str, Callable[[Hub], Awaitable[None]]] = {
    "sequencer": lambda hub: hub.sequencer.stop(),
    "verifier": lambda hub: hub._verifier.stop(),
    "clockwork": lambda hub: hub._clockwork.stop(),
    "scrub": lambda hub: hub._scrub.stop(),
    "tasks": _end_collection,
}


@pytest.mark.parametrize("part", ENDS)
async def test_a_part_that_has_ended_shows_in_the_health(
    migrated_sqlite_url: str, world: World, tmp_path: Path, part: str
) -> None:
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as running,
        running.as_desk("sfc/intake") as channel,
    ):
        stub = HealthStub(channel)
        assert await says(stub, SERVING)
        await ENDS[part](running.hub)
        await until(lambda: says(stub, NOT_SERVING))


async def test_a_follower_that_has_ended_shows_in_the_health(
    migrated_postgres_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        running_hub(migrated_postgres_url, world, home=tmp_path) as running,
        running.as_desk("sfc/intake") as channel,
    ):
        follower, stub = running.hub._follower, HealthStub(channel)
        counters = running.hub.telemetry.counters
        monkeypatch.setattr(follower, "_on_grown", lambda _: 1 / 0)
        await eventually(lambda: counters.value("comity.failures", what="not followed"))
        assert follower.alive
        await follower.stop()
        await until(lambda: says(stub, NOT_SERVING))
