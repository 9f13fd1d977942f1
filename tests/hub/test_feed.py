"""The one road out: gap-free, from any index, live and from the database alike, bounded whatever readers do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from comity.directory import verify_head
from comity.receipts import delivery_commitment, parse_event

from hub.clock import SystemClock
from hub.feed.domain import FeedItem, Recent
from hub.feed.store import read_page
from hub.log.commands import SignedHead
from tests.support.core import Core, running_core
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


async def send(core: Core, world: World, count: int) -> list[Any]:
    view = core.directory.view()
    return await core.submit(*(world.envelope(view) for _ in range(count)))


class Reader:
    """Reads a feed live in the background."""

    def __init__(self, core: Core, desk: str, from_index: int = 0) -> None:
        self.items: list[FeedItem] = []
        self.heads: list[SignedHead] = []
        self._task = asyncio.create_task(self._run(core, desk, from_index))

    async def _run(self, core: Core, desk: str, from_index: int) -> None:
        async for message in core.feed.read(desk, from_index, follow=True):
            if isinstance(message, FeedItem):
                self.items.append(message)
            else:
                self.heads.append(message)

    async def until(self, count: int) -> None:
        """Waits for a number of items."""
        async with asyncio.timeout(10):
            while len(self.items) < count:  # noqa: ASYNC110 # the reader is what is tested: it must not be told
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Ends."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_every_item_can_be_read_again_from_any_index(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        await send(core, world, 5)
        all_items = await core.read("hkma/intake")
        assert [item.number for item in all_items] == [1, 2, 3, 4, 5]
        for start in range(6):
            assert await core.read("hkma/intake", start) == all_items[start:]
        assert await core.read("hkma/intake", 10_000) == []
        assert await core.read("sfc/enforcement") == []


async def test_memory_and_database_tell_the_same(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        receipts = await send(core, world, 4)
        opening = core.verified(receipts[0]).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        live = {desk: await core.read(desk) for desk in ("sfc/intake", "hkma/intake")}
        assert core.telemetry.counters.value("comity.feed_pages") == 0
        core.feed._recent = Recent()
        core.feed._recent.start = 1 << 60
        for desk, items in live.items():
            stored = await core.read(desk)
            assert [(i.number, i.receipt, i.content, i.ack, i.kind) for i in stored] == [
                (i.number, i.receipt, i.content, i.ack, i.kind) for i in items
            ]
        assert core.telemetry.counters.value("comity.feed_pages") == 2


async def test_a_live_reader_gets_what_happens_and_a_head_now_and_then(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        await send(core, world, 2)
        reader = Reader(core, "hkma/intake")
        await reader.until(2)
        await send(core, world, 3)
        await reader.until(5)
        await asyncio.sleep(0.5)
        assert [item.number for item in reader.items] == [1, 2, 3, 4, 5]
        sizes = [verify_head(h.body, h.sig, world.head_key.public).exchange_size for h in reader.heads]
        assert sizes[0] in {2, 5}
        assert sizes[-1] == 5
        assert len(sizes) >= 2
        assert core.feed.readers == 1
        await reader.stop()
        assert core.feed.readers == 0


async def test_each_desk_can_open_its_own_delivery_and_no_other(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        await send(core, world, 1)
        (theirs,) = await core.read("hkma/intake")
        (mine,) = await core.read("sfc/intake")
        event = parse_event(theirs.receipt.event)
        for desk, item in (("hkma/intake", theirs), ("sfc/intake", mine)):
            assert delivery_commitment(item.delivery_salt, desk, item.number) in event.deliveries
        assert theirs.content is not None
        assert mine.content is not None
        assert theirs.content.wrap != mine.content.wrap


async def test_a_reader_that_falls_behind_is_served_from_the_database(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        core.feed._recent = Recent(max_items=4)
        stream = core.feed.read("hkma/intake", 0, follow=False)
        for _ in range(6):
            await send(core, world, 2)
        items = [item async for item in stream if isinstance(item, FeedItem)]
        assert [item.number for item in items] == list(range(1, 13))
        assert core.feed._recent.start > 0
        assert [item.number for item in await core.read("hkma/intake", 11)] == [12]


async def test_a_page_is_bounded_in_number_and_in_bytes(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        await send(core, world, 6)

        def pages(count: int, most: int) -> list[list[int]]:
            at, found = 0, []
            while True:
                page = core.db.read_now(lambda c: read_page(c, "hkma/intake", at, count, most))  # noqa: B023
                if page.rows:
                    found.append([row.number for row in page.rows])
                if page.next_index >= page.size:
                    return found
                at = page.next_index

        assert pages(4, 1 << 20) == [[1, 2, 3, 4], [5, 6]]
        assert pages(256, 1) == [[1], [2], [3], [4], [5], [6]]
        two = 2 * (await core.read("hkma/intake"))[0].weight
        assert pages(256, two + 50) == [[1, 2], [3, 4], [5, 6]]


async def test_batches_of_another_process_wake_a_reader(migrated_postgres_url: str, world: World) -> None:
    from hub.log.follower import Follower

    async with (
        running_core(migrated_postgres_url, world, clock=SystemClock()) as one,
        running_core(migrated_postgres_url, world, clock=SystemClock()) as two,
    ):
        failures: list[str] = []
        follower = Follower(
            telemetry=two.telemetry,
            db=two.db,
            directory=two.directory,
            keys=two.keys,
            seen=two.seen,
            on_grown=two.feed.grown,
            on_failure=failures.append,
            poll_seconds=5.0,
        )
        follower.start()
        two.feed._head_seconds = 30.0
        await asyncio.sleep(0.3)
        reader = Reader(two, "hkma/intake")
        await send(one, world, 2)
        await reader.until(2)
        await send(two, world, 1)
        await send(one, world, 1)
        await reader.until(4)
        assert [item.number for item in reader.items] == [1, 2, 3, 4]
        size = one.directory.current.size
        world.suspend("hkma")
        world.resume("hkma")
        await one.catch_up()
        async with asyncio.timeout(4):
            while two.directory.current.size != size + 2:  # noqa: ASYNC110 # nobody announces it here
                await asyncio.sleep(0.01)
        assert failures == []
        await reader.stop()
        await follower.stop()


async def test_the_poll_finds_what_was_not_announced(migrated_sqlite_url: str, world: World) -> None:
    from hub.log.follower import Follower

    async with running_core(migrated_sqlite_url, world) as core:
        seen: list[int] = []
        follower = Follower(
            telemetry=core.telemetry,
            db=core.db,
            directory=core.directory,
            keys=core.keys,
            seen=core.seen,
            on_grown=seen.append,
            on_failure=seen.append,
            poll_seconds=0.02,
        )
        follower.start()
        await send(core, world, 2)
        async with asyncio.timeout(5):
            while not seen or seen[-1] != 2:  # noqa: ASYNC110 # nobody announces it here
                await asyncio.sleep(0.01)
        await follower.stop()


async def test_stopping_ends_every_stream(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        reader = Reader(core, "hkma/intake")
        await send(core, world, 1)
        await reader.until(1)
        core.feed.stop()
        await asyncio.wait_for(reader._task, 5)
        assert reader.heads
