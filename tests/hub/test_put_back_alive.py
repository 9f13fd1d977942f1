"""A database that is put back while a process serves it: the process signs nothing more and leaves the evidence."""

from __future__ import annotations

import asyncio
import fcntl
from pathlib import Path

import pytest
from comity.checkpoint import parse_checkpoint
from comity.directory.heads import parse_head
from comity.errors import RefusedError

from hub.claim import NEWER_RELEASE, NEWEST_SCHEMA
from hub.cli.store import _connected, _nobody_below
from hub.db import Database
from hub.log.domain import LogName
from hub.log.follower import Follower
from hub.log.guard import Guard
from hub.log.receipts import note_at
from hub.log.seen import FENCED, LOST, FatalError, Seen
from tests.hub.test_restore import backed_up, later, restore
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.hub import hub_settings
from tests.support.lived import BEGINS
from tests.support.postgres import PostgresServer
from tests.support.world import DAY, World, make_world
from tests.system.processes import until


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(BEGINS, agencies=("sfc", "hkma"))


def name_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def put_back(server: PostgresServer, url: str, template: str = "template1") -> None:
    """Drops a database, with everybody's connections to it, and makes it anew."""
    server.drop_database(url)
    server.create_database(template, name_of(url))


def outside(home: Path) -> int:
    """Leaves that the checkpoint outside the database names."""
    return parse_checkpoint((home / "checkpoint").read_bytes())[0].size


async def takes_nothing(core: Core) -> None:
    """Submits an envelope that must get no receipt."""
    try:
        results = await core.submit(core.world.envelope(core.directory.view(), created=core.clock.now_ms()))
    except RefusedError as error:  # it has stopped
        results = [error]
    assert texts(results) == ["UNAVAILABLE"]


async def signs_nothing(core: Core, because: str) -> None:
    """Asks for everything that is signed, more often than there are connections that were cut."""
    for _ in range(9):
        for asked in (core.logs.current_head(fresh=True), core.logs.checkpoint(LogName.EXCHANGE)):
            with pytest.raises(RefusedError):
                await asked
        await takes_nothing(core)
    assert core.sequencer.failed == because


@pytest.mark.parametrize("reads_first", [True, False])
async def test_A_03_a_backup_restored_twice_under_a_living_process_is_not_signed_again(
    migrated_sqlite_url: str,
    postgres_url: str,
    shared_postgres: PostgresServer,
    world: World,
    tmp_path: Path,
    *,
    reads_first: bool,
) -> None:
    _, folder = await backed_up(migrated_sqlite_url, world, tmp_path)
    other = hub_settings(postgres_url, tmp_path / "second")
    await restore(other, folder)
    core = later(postgres_url, world, other.home)
    await core.start()
    for _ in range(3):
        await core.take(world.envelope(core.directory.view(), created=core.clock.now_ms()))
    signed = parse_head((await core.logs.current_head(fresh=True)).body).exchange_size
    assert signed == 24
    await until(lambda: outside(other.home) == signed)

    await asyncio.to_thread(put_back, shared_postgres, postgres_url)
    await restore(other, folder, "--behind", code=76)
    if not reads_first:
        for _ in range(9):
            await takes_nothing(core)
        assert core.sequencer.failed == FENCED
    await signs_nothing(core, FENCED)
    await core.stop()
    assert outside(other.home) == signed
    database = Database.open(postgres_url)
    assert database.read_now(lambda c: c.exec_driver_sql("SELECT size FROM log_heads WHERE log = 2").scalar()) == 20
    database.close()


@pytest.mark.parametrize("grown_by", [0, 1, 3, 6])
async def test_A_03_a_database_recovered_to_an_earlier_moment_under_a_living_process_is_noticed_also_once_it_has_grown(
    migrated_postgres_url: str, shared_postgres: PostgresServer, world: World, tmp_path: Path, grown_by: int
) -> None:
    async with running_core(migrated_postgres_url, world) as core:
        await core.take(world.envelope(core.directory.view()))
    earlier = shared_postgres.create_database(template=name_of(migrated_postgres_url))
    core = Core(migrated_postgres_url, world, checkpoint_file=tmp_path / "checkpoint")
    await core.start()
    for _ in range(3):
        await core.take(world.envelope(core.directory.view()))
    await asyncio.to_thread(put_back, shared_postgres, migrated_postgres_url, name_of(earlier))
    if grown_by:
        # Another process, which has seen nothing, goes on: the log is as long as it was, and longer.
        async with running_core(migrated_postgres_url, world, clock=FakeClock(world.now + DAY)) as twin:
            for _ in range(grown_by - 1):
                await twin.take(world.envelope(twin.directory.view(), created=twin.clock.now_ms()))
    await signs_nothing(core, LOST)
    await core.stop()
    shared_postgres.drop_database(earlier)


async def test_whoever_reads_locks_or_follows_compares_both_logs_with_what_was_seen(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        for _ in range(3):
            await core.take(world.envelope(core.directory.view()))
        heads = core.db.read_now(Seen().look)
        size, root = heads.exchange.size, heads.exchange.root
        earlier = await core.logs.root_at(2, size - 1)
        assert earlier is not None
        fine = [(LogName.EXCHANGE, size, root), (LogName.EXCHANGE, size - 1, earlier)]
        fine.append((LogName.DIRECTORY, heads.directory.size, heads.directory.root))
        other = bytes(32)
        lost = [(LogName.EXCHANGE, size + 1, other), (LogName.EXCHANGE, size, other), (LogName.EXCHANGE, 1, other)]
        lost += [(LogName.DIRECTORY, heads.directory.size + at, other) for at in (1, 0, -1)]
        for one in (*fine, *lost):
            for way in ("look", "lock", "follow"):
                seen, told = Seen(), list[str]()
                seen.on_lost(told.append)
                seen.reached(*one)
                follower = Follower(
                    db=core.db,
                    directory=core.directory,
                    keys=core.keys,
                    seen=seen,
                    on_grown=told.append,  # type: ignore[arg-type] # a number among the words
                    on_failure=told.append,
                    telemetry=core.telemetry,
                    poll_seconds=0.01,
                )
                if way == "follow":
                    follower.start()
                    async with asyncio.timeout(10):
                        while not told:  # noqa: ASYNC110 # nobody announces it here
                            await asyncio.sleep(0.01)
                        while follower.alive and one in lost:  # noqa: ASYNC110 # as above
                            await asyncio.sleep(0.01)
                    await follower.stop()
                    assert set(told) == ({size} if one in fine else {LOST})
                    continue
                read = {"look": core.db.read_now, "lock": core.db.write}[way]
                for _ in range(2):
                    if one in fine:
                        read(getattr(seen, way))
                        continue
                    with pytest.raises(FatalError, match=LOST):
                        read(getattr(seen, way))
                assert told == ([] if one in fine else [LOST])


async def test_a_schema_that_this_release_does_not_know_ends_writing_under_the_lock(
    migrated_database_url: str, world: World
) -> None:
    core = Core(migrated_database_url, world)
    await core.start()
    await core.take(world.envelope(core.directory.view()))
    raised = f"UPDATE schema_range SET oldest = {NEWEST_SCHEMA + 1}"
    core.db.write(lambda connection: connection.exec_driver_sql(raised))
    await takes_nothing(core)
    assert core.sequencer.failed == NEWER_RELEASE
    await core.stop()


async def test_a_process_whose_claim_was_cut_writes_nothing_once_the_schema_was_contracted(
    migrated_postgres_url: str, shared_postgres: PostgresServer, world: World
) -> None:
    core = Core(migrated_postgres_url, world)
    await core.start()
    await core.take(world.envelope(core.directory.view()))
    with shared_postgres.connect(name_of(migrated_postgres_url)) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )

    def contract() -> None:
        with _connected(migrated_postgres_url) as migrating, _nobody_below(migrating, NEWEST_SCHEMA + 1):
            migrating.exec_driver_sql("LOCK TABLE log_heads IN EXCLUSIVE MODE")
            migrating.exec_driver_sql("UPDATE schema_range SET oldest = %s", (NEWEST_SCHEMA + 1,))
            migrating.commit()

    await asyncio.to_thread(contract)
    await takes_nothing(core)
    assert core.sequencer.failed == NEWER_RELEASE
    await core.stop()


async def test_two_processes_on_one_checkpoint_file_never_put_an_older_one_over_a_newer_one(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoint"

    def note(size: int) -> bytes:
        return note_at(world.exchange_origin, size, bytes([size]) * 32, world.log_key)

    async with running_core(migrated_sqlite_url, world) as core:
        slow, fast = (Guard(core.db, core.directory, core.keys, file, core.faults) for _ in range(2))
        slow.remember(note(10))
        fast.remember(note(200))
        fast.keep_up()
        slow.keep_up()  # awake again
        assert outside(tmp_path) == 200
        slow.remember(note(201))
        slow.keep_up(force=True)
        assert outside(tmp_path) == 201
        # One that is stopped while it holds the file keeps the others out, and they say so and try again.
        with (tmp_path / "checkpoint.lock").open("a", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            fast.remember(note(202))
            with pytest.raises(OSError, match="unavailable"):
                fast.keep_up(force=True)
            assert outside(tmp_path) == 201
        fast.keep_up(force=True)
        assert outside(tmp_path) == 202
        # What this hub did not sign says nothing about its log.
        file.write_bytes(b"no checkpoint at all\n")
        fast.remember(note(203))
        fast.keep_up(force=True)
        assert outside(tmp_path) == 203
    left = await asyncio.to_thread(lambda: sorted(path.name for path in tmp_path.glob("checkpoint*")))
    assert left == ["checkpoint", "checkpoint.lock"]
