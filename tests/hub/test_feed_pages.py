"""What readers hold: pages within one budget however many take nothing, and the same told from memory and database."""

from __future__ import annotations

import os
from typing import Any

import pytest
from comity.receipts import EventKind
from comity.workflow.terms import Precedence

from hub.feed.domain import FeedItem, Recent
from hub.feed.pages import Pages
from hub.feed.service import PAGE_BYTES
from hub.feed.store import read_page
from tests.support.core import Core, running_core
from tests.support.world import World, make_world


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


def forget(core: Core) -> None:
    """Lets a feed begin as after a restart: nothing is in memory."""
    core.feed._recent = Recent()
    core.feed._recent.start = 1 << 60


async def send(core: Core, world: World, count: int, size: int = 100) -> None:
    view = core.directory.view()
    await core.submit(*(world.envelope(view, payload=os.urandom(size)) for _ in range(count)))


@pytest.mark.parametrize("size", [100, 90_000, 700_000])
async def test_readers_that_take_nothing_hold_no_more_than_the_budget_and_may_go_on(
    migrated_sqlite_url: str, world: World, size: int
) -> None:
    budget, count = 1_200_000, 8
    async with running_core(migrated_sqlite_url, world) as core:
        await send(core, world, count, size)
        forget(core)
        core.feed._pages = Pages(budget)
        readers = [core.feed.read("hkma/intake", 0, follow=False) for _ in range(100)]
        first, held = [], []
        for reader in readers:
            first.append(await anext(reader))
            held.append(core.feed._pages.held)
        assert max(held) <= budget
        assert max(held) == held[-1] or size > PAGE_BYTES // 2, "pages are kept as long as there is room"
        for reader, item in zip(readers, first, strict=True):
            rest = [message async for message in reader]
            assert isinstance(item, FeedItem)
            assert [item.number, *(i.number for i in rest if isinstance(i, FeedItem))] == list(range(1, count + 1))
            assert not isinstance(rest[-1], FeedItem), "a head comes at the end"
        assert core.feed._pages.held == 0


async def test_a_reader_that_goes_away_leaves_nothing(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        await send(core, world, 4)
        forget(core)
        reader: Any = core.feed.read("hkma/intake", 0, follow=True)
        await anext(reader)
        assert core.feed._pages.held > 0
        await reader.aclose()
        assert (core.feed._pages.held, core.feed.readers) == (0, 0)


async def test_a_page_counts_everything_it_reads_and_not_the_ciphertext_alone(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        await send(core, world, 6)
        items = await core.read("hkma/intake")
        item = items[0]
        assert item.content is not None
        parts = (item.content.header, item.content.seal, item.content.ciphertext, item.content.wrap)
        assert item.weight > sum(map(len, parts)) > len(item.content.ciphertext)
        for fitting in (1, 2, 5):
            most = fitting * item.weight + 50
            page = core.db.read_now(lambda c: read_page(c, "hkma/intake", 0, 256, most))  # noqa: B023
            assert len(page.rows) == fitting
            assert page.next_index == page.rows[-1].receipt.index + 1
        (told,) = await core.acknowledge(world.ack(core.verified(item.receipt).event.message_hash, "hkma/intake"))
        assert core.verified(told).event.kind is EventKind.ACKNOWLEDGED
        page = core.db.read_now(lambda c: read_page(c, "sfc/intake", 6, 256, 1))
        assert [row.kind for row in page.rows] == [EventKind.ACKNOWLEDGED]


async def test_memory_and_database_tell_the_same_of_what_was_stored_in_time_and_of_what_was_not(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        view = core.directory.view()
        stored = await core.take(world.envelope(view, precedence=Precedence.FLASH))
        await core.take(world.envelope(view, precedence=Precedence.FLASH))
        await core.acknowledge(world.ack(stored.event.message_hash, "hkma/intake"))
        core.clock.advance(days=1, seconds=5)  # type: ignore[attr-defined]
        assert core.feed._recent.end == 3, "both are in memory still"
        from_memory = await core.read("hkma/intake")
        forget(core)
        from_database = await core.read("hkma/intake")

        def content(items: list[FeedItem]) -> list[tuple[bool, bool]]:
            return [(item.content is not None, item.remains is not None) for item in items]

        assert content(from_memory) == [(True, False), (False, True)]
        assert content(from_database) == content(from_memory)
        assert [item.receipt for item in from_memory] == [item.receipt for item in from_database]


def test_the_page_used_longest_ago_makes_room() -> None:
    class Weighted:
        def __init__(self, weight: int) -> None:
            self.weight = weight

    pages = Pages(100)
    one, two, three = object(), object(), object()
    pages.keep(one, [Weighted(20), Weighted(20)])  # type: ignore[list-item] # all that a page looks at
    pages.keep(two, [Weighted(40)])  # type: ignore[list-item]
    assert pages.take(one) is not None
    pages.keep(three, [Weighted(60)])  # type: ignore[list-item]

    assert pages.held == 80
    assert pages.take(two) is None
    assert pages.take(one) is not None
    assert pages.take(three) is not None
    pages.keep(one, [Weighted(101)])  # type: ignore[list-item]
    pages.keep(two, [])
    assert (pages.take(one), pages.take(two), pages.held) == (None, None, 0)
