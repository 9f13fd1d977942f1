"""Of writers that go on from the same head one wins, whatever became of their locks: the head row itself compares."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hub.db import Database
from hub.log import store
from hub.log.domain import LogState
from hub.log.store import LostRaceError
from tests.support.core import running_core
from tests.support.world import make_world


async def test_A_07_a_writer_that_goes_on_from_a_head_of_before_loses_and_writes_nothing(
    migrated_database_url: str,
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with running_core(migrated_database_url, world) as core:
        stale = (await core.db.read(store.read_heads)).exchange
        await core.take(world.envelope(core.directory.view()))
        now = (await core.db.read(store.read_heads)).exchange
        paused = Database.open(migrated_database_url)

        def go_on(before: LogState) -> None:
            with paused.writing() as connection:
                connection.exec_driver_sql("UPDATE desk_counters SET last_number = last_number + 7")
                store.move_head(connection, before, now.frontier, now.root, now.time_seconds)

        # From a head that has moved since, and from one of a database that was promoted or restored since.
        for before in (stale, replace(now, fence=now.fence + 1)):
            with pytest.raises(LostRaceError):
                await asyncio.to_thread(go_on, before)
        paused.close()
        assert (await core.db.read(store.read_heads)).exchange == now
        # The running core goes on, its numbers without a gap: nothing of the losers was kept.
        await core.take(world.envelope(core.directory.view()))
        assert [item.number for item in await core.read("hkma/intake")] == [1, 2]
