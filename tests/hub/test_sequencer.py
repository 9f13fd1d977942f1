"""One road in: several processes, one linear log; clocks, fences and lost connections."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import pytest
from comity.checkpoint import verify_checkpoint
from comity.errors import Reason, RefusedError
from comity.receipts import EventKind
from comity.v1 import directory_pb2

from hub.claim import AlreadyServedError
from hub.clock import SystemClock
from hub.log.commands import Appended, AppendStatements, Record
from hub.log.domain import LogName
from hub.log.guard import ForkGuardError
from hub.log.receipts import note_at
from hub.log.seen import FENCED, LOST
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.world import World, make_world


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


async def test_A_07_two_processes_on_one_database_make_one_linear_log(migrated_postgres_url: str, world: World) -> None:
    async with (
        running_core(migrated_postgres_url, world, clock=SystemClock()) as one,
        running_core(migrated_postgres_url, world, clock=SystemClock()) as two,
    ):
        view = one.directory.view()
        envelopes = [world.envelope(view) for _ in range(120)]
        results = await asyncio.gather(*((one, two)[n % 2].submit(e) for n, e in enumerate(envelopes)))
        again = await asyncio.gather(*((two, one)[n % 2].submit(e) for n, e in enumerate(envelopes)))

        assert results == again
        indices = sorted(result[0].index for result in results)
        assert len(set(indices)) == 120
        feeds = [await core.read("hkma/intake") for core in (one, two)]
        assert [item.number for item in feeds[0]] == list(range(1, 121))
        assert feeds[0] == feeds[1]
        for result in results:
            one.verified(result[0])


async def test_a_statement_of_another_process_holds_in_the_next_batch(migrated_postgres_url: str, world: World) -> None:
    async with (
        running_core(migrated_postgres_url, world) as one,
        running_core(migrated_postgres_url, world) as two,
    ):
        envelope = world.envelope(two.directory.view())
        world.suspend("hkma")
        await one.catch_up()
        assert two.directory.current.size == one.directory.current.size - 1
        assert texts(await two.submit(envelope)) == ["NO_AGREEMENT"]
        assert two.directory.current.size == one.directory.current.size


async def test_statements_stand_or_fall_together(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        size = core.directory.current.size
        good = world.suspend("hkma")
        with pytest.raises(RefusedError) as refused:
            await core.sequencer.submit(AppendStatements((good, good)))
        assert refused.value.reason is Reason.STALE_POSITION
        assert core.directory.current.size == size
        appended = await core.sequencer.submit(AppendStatements((good,)))
        assert isinstance(appended, Appended)
        assert appended.first_index == size
        assert directory_pb2.Head.FromString(appended.head.body).directory_size == size + 1
        assert core.directory.view().suspended("hkma")


async def test_A_09_leaf_times_never_decrease_and_a_clock_far_behind_stops_the_log(
    migrated_sqlite_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        stopped: list[str] = []
        core.sequencer.on_failure(stopped.append)
        first = await core.take(world.envelope(core.directory.view()))
        clock.advance(seconds=-4)
        second = await core.take(world.envelope(core.directory.view()))
        assert second.leaf.time_seconds == first.leaf.time_seconds
        clock.advance(seconds=-3600)
        record = Record(EventKind.OPERATOR)
        with pytest.raises(RefusedError) as refused:
            await core.sequencer.submit(record)
        assert refused.value.reason is Reason.UNAVAILABLE
        await asyncio.sleep(0)
        assert stopped == ["the clock is behind the log"]
        clock.advance(seconds=7200)
        with pytest.raises(RefusedError):
            await core.sequencer.submit(record)


async def test_the_databases_clock_counts_on_postgresql(migrated_postgres_url: str, world: World) -> None:
    clock = FakeClock(world.now - 60_000)
    async with running_core(migrated_postgres_url, world, clock=clock, database_clock=True) as core:
        taken = await core.take(world.envelope(core.directory.view(), created=world.now - 60_000))
        assert abs(taken.leaf.time_seconds - SystemClock().now_ms() // 1000) < 5


async def test_a_changed_fence_or_a_damaged_frontier_stops_the_log(migrated_database_url: str, world: World) -> None:
    for statement, because in (
        ("UPDATE log_heads SET fence = fence + 1 WHERE log = 2", FENCED),
        ("UPDATE log_heads SET size = size + 1, root = frontier WHERE log = 2", LOST),
    ):
        core = Core(migrated_database_url, world, guarded=False)
        await core.start()
        core.db.write(lambda connection, statement=statement: connection.exec_driver_sql(statement))  # type: ignore[misc]
        with pytest.raises(RefusedError):
            await core.sequencer.submit(Record(EventKind.OPERATOR))
        assert core.sequencer.failed == because
        await core.stop()
    # Who begins on it has seen nothing better, and looks at what it hashes to.
    core = Core(migrated_database_url, world, guarded=False)
    with pytest.raises(RefusedError):
        await core.start()
    assert core.sequencer.failed == "the log's frontier does not hash to its root"
    await core.stop()


async def test_S_05_S_07_a_lost_connection_is_unavailable_and_recovers_by_itself(
    migrated_postgres_url: str, world: World
) -> None:
    async with running_core(migrated_postgres_url, world) as core:
        envelope = world.envelope(core.directory.view())
        cut = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for point in ("submit.after_lock", "submit.before_commit"):

            def lose(point: str = point) -> None:
                core.faults.disarm()
                core.db.read_now(lambda connection: connection.exec_driver_sql(cut).all())

            core.faults.arm(point, lose)
            assert texts(await core.submit(envelope)) == ["UNAVAILABLE"]
        # The reading connections are gone too; the pool finds out one by one.
        for _ in range(8):
            if texts(await core.submit(envelope)) == ["receipt"]:
                break
        (receipt,) = await core.submit(envelope)
        assert core.verified(receipt).receipt.index == 0
        lost = 0
        for _ in range(8):
            with contextlib.suppress(RefusedError):
                assert len(await core.read("hkma/intake")) == 1
                break
            lost += 1
        assert lost < 8


async def test_one_process_serves_a_sqlite_database(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world):
        other = Core(migrated_sqlite_url, world)
        with pytest.raises(AlreadyServedError):
            await other.sequencer.start()
        other.db.close()
    again = Core(migrated_sqlite_url, world)
    await again.start()
    await again.stop()


async def test_a_graceful_stop_answers_what_was_queued(migrated_database_url: str, world: World) -> None:
    core = Core(migrated_database_url, world)
    await core.start()
    envelopes = [world.envelope(core.directory.view()) for _ in range(20)]
    calls = [asyncio.create_task(core.submit(envelope)) for envelope in envelopes]
    await asyncio.sleep(0)
    await core.stop()
    results = [call.result()[0] for call in calls if call.done()] + [
        result[0] for result in await asyncio.gather(*(call for call in calls if not call.done()))
    ]
    assert texts(results) == ["receipt"] * 20
    with pytest.raises(RefusedError):
        await core.submit(envelopes[0])


async def test_A_03_a_database_behind_the_last_checkpoint_does_not_start(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoint"
    database = Path(migrated_sqlite_url.removeprefix("sqlite:///"))
    async with running_core(migrated_sqlite_url, world, checkpoint_file=file) as core:
        await core.take(world.envelope(core.directory.view()))
    backup = {name: (database.parent / name).read_bytes() for name in os.listdir(database.parent) if "hub" in name}
    async with running_core(migrated_sqlite_url, world, checkpoint_file=file) as core:
        await core.take(world.envelope(core.directory.view()))
    note = verify_checkpoint(file.read_bytes(), world.exchange_origin, world.log_key.public)
    assert note.size == 3  # envelope, STARTED, envelope

    for name in os.listdir(database.parent):
        if "hub" in name:
            (database.parent / name).unlink()
    for name, data in backup.items():
        (database.parent / name).write_bytes(data)
    rolled_back = Core(migrated_sqlite_url, world, checkpoint_file=file)
    with pytest.raises(ForkGuardError, match="FORK-GUARD"):
        await rolled_back.start()
    assert (
        rolled_back.db.read_now(lambda c: c.exec_driver_sql("SELECT size FROM log_heads WHERE log = 2").scalar()) == 1
    )
    rolled_back.db.close()


async def test_a_forked_database_of_the_same_length_does_not_start(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoint"
    async with running_core(migrated_sqlite_url, world, checkpoint_file=file) as core:
        await core.take(world.envelope(core.directory.view()))
    file.write_bytes(note_at(world.exchange_origin, 1, os.urandom(32), world.log_key))
    twin = Core(migrated_sqlite_url, world, checkpoint_file=file)
    with pytest.raises(ForkGuardError):
        await twin.start()
    twin.db.close()
    file.write_bytes(b"no checkpoint at all\n")
    stranger = Core(migrated_sqlite_url, world, checkpoint_file=file)
    with pytest.raises(ForkGuardError):
        await stranger.start()
    stranger.db.close()


async def test_every_start_is_in_the_log(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world):
        pass
    async with running_core(migrated_database_url, world) as core:
        state = await core.logs.checkpoint(LogName.EXCHANGE)
        assert state.split(b"\n")[1] == b"1"


async def test_S_12_a_batchs_checkpoint_is_the_same_bytes_whenever_it_is_made(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        envelope = world.envelope(core.directory.view())
        first = (await core.submit(envelope))[0]
    note_at.cache_clear()
    async with running_core(migrated_database_url, world) as core:
        assert (await core.submit(envelope))[0] == first
