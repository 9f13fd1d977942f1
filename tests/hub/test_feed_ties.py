"""The proof that comes with an item: right where the hub has seen what its reader holds, absent where it has not."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.merkle import verify_consistency
from comity.workflow.terms import Role

from tests.agents.offices import send_referral, two_offices
from tests.support.core import running_core
from tests.support.world import make_world

KEY = b"\x01" * 32


async def test_a_tie_is_the_proof_between_what_a_reader_was_given_and_the_checkpoint(
    migrated_database_url: str,
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with running_core(migrated_database_url, world) as core:
        view = core.directory.view()
        proved = [core.verified((await core.submit(world.envelope(view)))[0]).checkpoint for _ in range(4)]
        low, high = proved[1], proved[3]
        assert await core.feed.tie(KEY, high.size) is None  # who reads nothing is not remembered
        core.feed.shown.note(KEY, low.size)
        assert core.feed.shown.of(KEY) == 0
        with core.feed.shown.reading(KEY), core.feed.shown.reading(KEY):
            assert await core.feed.tie(KEY, high.size) is None
            core.feed.shown.note(KEY, low.size)
            assert await core.feed.tie(KEY, low.size) is None
            onwards = await core.feed.tie(KEY, high.size)
            backwards = await core.feed.tie(KEY, low.size)
            beyond = await core.feed.tie(KEY, high.size + 1)
        assert onwards is not None
        assert backwards is not None
        assert beyond is None
        assert (onwards.size, backwards.size) == (low.size, high.size)
        for tie in (onwards, backwards):
            verify_consistency(low.size, high.size, low.root, high.root, tie.path)
        assert core.feed.shown.of(KEY) == 0


@pytest.mark.parametrize("broken", [False, True])
async def test_a_reader_asks_for_no_proof_that_came_with_its_item_and_for_one_where_it_does_not_fit(
    tmp_path: Path, broken: bool
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        await reader.sync()
        asked, offered = 0, list[int]()
        honest, feed = reader.session.get_consistency, reader.session.read_feed

        async def counted(log: str, first: int, second: int) -> list[bytes]:
            nonlocal asked
            asked += 1
            return await honest(log, first, second)

        async def told(start: int, *, follow: bool):  # type: ignore[no-untyped-def]
            async for response in feed(start, follow=follow):
                offered.append(response.item.consistency_size)
                if broken and response.item.consistency_size:
                    response.item.consistency_path[0] = bytes(32)
                yield response

        reader.session.get_consistency = counted  # type: ignore[method-assign]
        reader.session.read_feed = told  # type: ignore[method-assign,assignment]
        message = await send_referral(sfc, "hkma/intake")
        reading = reader.live_unseen()
        while message not in {item.message for item in reader.inbox()}:
            await anext(reading)
        await reader.flush()
        second = await send_referral(sfc, "hkma/intake")
        while second not in {item.message for item in reader.inbox()}:
            before = asked
            await anext(reading)
        assert offered[-1]
        # Whoever reads it all again, however often, has the hub prove nothing.
        offered.clear()
        async for _ in told(0, follow=False):
            pass
        assert len(offered) > 2
        assert set(offered) == {0}
        await reading.aclose()  # type: ignore[attr-defined]
        assert asked - before == int(broken)
        assert not reader.alarms()
