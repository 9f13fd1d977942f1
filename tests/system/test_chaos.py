"""A short chaos run on each database, as `make chaos` does by the thousand; and what a cut of the power would show."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from hub.faults import POINTS
from tests.chaos.arena import Outcome, run_era
from tests.chaos.faults import PASSED, SHARES, Fault, plan
from tests.chaos.history import Entry
from tests.chaos.powercut import commits, cut_power, possible, survivors, unwritten
from tests.chaos.processes import Zygote
from tests.support.postgres import PostgresServer

needs_cachestat = pytest.mark.skipif(
    not possible(Path("/tmp")), reason="this kernel does not say what is not on the disk (cachestat)"
)


@contextlib.asynccontextmanager
async def zygote(folder: Path) -> AsyncIterator[Zygote]:
    begun = await Zygote.begin(folder / "zygote.log")
    try:
        yield begun
    finally:
        await begun.end()


async def run(folder: Path, server: PostgresServer | None, faults: Sequence[Fault], rate: float) -> Outcome:
    history: list[Entry] = []
    async with zygote(folder) as begun:
        return await run_era(begun, server, faults, random.Random(20), history, rate=rate)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_S_03_kills_under_load_lose_nothing_that_was_acknowledged_and_double_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    faults = [
        Fault("point", "submit.before_commit", 5),
        Fault("point", "submit.after_commit", 3),
        Fault("kill"),
        Fault("full" if engine == "sqlite" else "cut"),
    ]
    server = request.getfixturevalue("shared_postgres") if engine == "postgres" else None
    outcome = await run(tmp_path, server, faults, 40)
    assert outcome.violations == []
    assert outcome.cycles == len(faults)
    assert outcome.kills >= 3
    assert outcome.submitted >= 20
    assert outcome.delivered >= outcome.submitted


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder where chaos has its own, wherever the tests' temporary files lie: that may be in memory."""
    with tempfile.TemporaryDirectory(prefix="disk-", dir="/tmp") as folder:
        yield Path(folder)


@needs_cachestat
async def test_S_04_what_was_acknowledged_outlives_the_loss_of_every_page_that_was_not_on_the_disk(
    tmp_path: Path,
) -> None:
    outcome = await run(tmp_path, None, [Fault("power")], 40)
    assert outcome.violations == []
    assert outcome.cycles == 1
    assert outcome.submitted >= 10


@needs_cachestat
@pytest.mark.parametrize("synchronous", ["OFF", "FULL"])
def test_a_cut_of_the_power_costs_whoever_does_not_wait_for_the_disk_what_was_promised(
    disk: Path, synchronous: str
) -> None:
    database, copy = disk / "wall.sqlite", disk / "cut.sqlite"
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE wall (brick INTEGER PRIMARY KEY)")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.execute(f"PRAGMA synchronous={synchronous}")
        for _ in range(100):
            writer.execute("INSERT INTO wall DEFAULT VALUES")
        lost = cut_power(database, copy, random.Random(1))
        assert writer.execute("SELECT count(*) FROM wall").fetchone() == (100,)
    with contextlib.closing(sqlite3.connect(copy)) as reader:
        (bricks,) = reader.execute("SELECT count(*) FROM wall").fetchone()
    assert (bricks, lost) == (100, 0) if synchronous == "FULL" else bricks < 100 < lost


@needs_cachestat
def test_a_page_counts_as_lost_until_it_was_waited_for(disk: Path) -> None:
    path = disk / "file"
    with path.open("wb", buffering=0) as file:
        file.write(bytes(5 * 4096))
        assert unwritten(path) == {0, 1, 2, 3, 4}


def test_what_is_left_of_a_file_is_what_was_written_before() -> None:
    data = bytes([1]) * 4096 + bytes([2]) * 4096 + bytes([3]) * 100
    for seed in range(8):
        left = survivors(data, {1, 2}, random.Random(seed), [4096 + 50])
        assert left[: 4096 + 50] == data[: 4096 + 50]
        assert left[4096 + 50 :].count(2) < 100
    assert survivors(data, set(), random.Random(1), []) == data


def test_the_ends_of_transactions_are_found_in_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "wall.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE wall (brick INTEGER PRIMARY KEY)")
        writer.execute("INSERT INTO wall DEFAULT VALUES")
        log = Path(f"{path}-wal").read_bytes()
    ends = commits(log)
    assert ends[-1] == len(log)
    assert all((end - 32) % (24 + 4096) == 0 for end in ends)
    assert commits(log[: ends[-1] - 1]) == ends[:-1]


def test_a_plan_kills_at_every_point_first_and_is_the_same_for_the_same_seed() -> None:
    for engine, kinds in SHARES.items():
        faults = plan(engine, 200, random.Random(7))
        assert len(faults) == 200
        assert {fault.point for fault in faults[: len(PASSED)]} == set(PASSED)
        assert {fault.kind for fault in faults} == set(kinds)
        assert faults == plan(engine, 200, random.Random(7))
    assert set(PASSED) < POINTS
    assert {point for point in POINTS if point.startswith("submit.")} < set(PASSED)
