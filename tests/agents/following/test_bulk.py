"""Many at once: a desk that was away for long takes everything in order; equal time-stamps by the ten thousand."""

from __future__ import annotations

from pathlib import Path

from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import entry_id

from agents.sync.owner import publications
from agents.sync.screening.lists import ListStatus
from tests.agents.following.desks import desks
from tests.agents.owner.market import Owner, entry

MANY = 10_000
BACKLOG = 70


def sign_many(owner: Owner, count: int) -> None:
    """The analyst and the approver sign so many entries, all with the same times."""
    one = entry(0)
    changes = []
    for number in range(count):
        other = pb.WatchEntry()
        other.CopyFrom(one)
        other.account = f"eip155:1:0x{number:040d}"
        changes.append(other)
    changes.sort(key=entry_id)
    store = owner.publisher.store
    analyst = owner.analyst
    found = publications.create(store, owner.row, changes, keys=analyst.keys, desk=analyst.desk, now=analyst.clock())
    owner.approve(found)


async def test_ten_thousand_entries_of_one_moment_all_arrive_by_snapshot_and_by_batch(
    tmp_path: Path,
) -> None:
    async with desks(tmp_path, 2) as (owner, (first, second)):
        await first.subscribe()
        await owner.hear()
        await first.pull()
        sign_many(owner, MANY)
        await owner.publisher.publish(owner.row.number)
        await second.subscribe()
        await owner.hear()
        for desk in (first, second):
            await desk.pull()
            assert desk.equals(owner)
            assert len(desk.held()) == MANY
            assert desk.listed.status is ListStatus.CURRENT


async def test_D_07_a_desk_that_was_away_takes_a_long_backlog_in_order_with_one_clock_tick_for_all(
    tmp_path: Path,
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.hear()
        # Every batch has the same time, and most leaves the same second.
        moment = owner.analyst.clock()
        owner.analyst.clock = lambda: moment
        for _ in range(BACKLOG):
            owner.publisher.heartbeat(owner.row.number)
        await owner.publisher.fanout.pump()

        await desk.pull()
        assert desk.equals(owner)
        assert desk.listed.sequence >= BACKLOG
        assert desk.condition.counts["batches"] >= BACKLOG
        assert (desk.alarms, desk.follower.gaps.of(desk.key)) == ([], None)
