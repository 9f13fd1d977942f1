"""Hosts whose clocks differ a little cost nothing; one that goes far back stops, whatever it did before."""

from __future__ import annotations

import asyncio

import pytest
from comity.errors import Reason, RefusedError
from comity.receipts import EventKind

from hub.log.commands import Record
from tests.support.clock import FakeClock
from tests.support.core import running_core
from tests.support.world import make_world


async def test_A_09_two_hosts_two_hundred_milliseconds_apart_write_one_log_in_which_time_never_goes_back(
    migrated_postgres_url: str,
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    ahead, behind = FakeClock(world.now + 200), FakeClock(world.now)
    async with (
        running_core(migrated_postgres_url, world, clock=ahead, database_clock=False) as one,
        running_core(migrated_postgres_url, world, clock=behind, database_clock=False) as two,
    ):
        view, times = one.directory.view(), {}
        for _ in range(12):
            for clock in (ahead, behind):
                clock.advance(ms=170)
            envelopes = [world.envelope(view) for _ in range(4)]
            results = await asyncio.gather(*((one, two)[n % 2].submit(e) for n, e in enumerate(envelopes)))
            for core, (result,) in zip((one, two) * 2, results, strict=True):
                verified = core.verified(result)
                times[verified.receipt.index] = verified.leaf.time_seconds
        first = min(times)  # before it the second host has told that it started
        assert sorted(times) == list(range(first, first + 48))
        ordered = [times[index] for index in sorted(times)]
        assert ordered == sorted(ordered)
        assert len(set(ordered)) > 1


async def test_A_09_a_clock_a_day_ahead_goes_on_and_stops_when_it_is_put_right(migrated_database_url: str) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        first = await core.take(world.envelope(core.directory.view()))
        clock.advance(days=1)
        later = await core.take(world.envelope(core.directory.view(), created=clock.now))
        assert later.leaf.time_seconds - first.leaf.time_seconds >= 86_400
        clock.advance(days=-1)
        stopped: list[str] = []
        core.sequencer.on_failure(stopped.append)
        with pytest.raises(RefusedError) as refused:
            await core.sequencer.submit(Record(EventKind.OPERATOR))
        assert refused.value.reason is Reason.UNAVAILABLE
        await asyncio.sleep(0)
        assert stopped == ["the clock is behind the log"]
        with pytest.raises(RefusedError):
            await core.submit(world.envelope(core.directory.view()))
