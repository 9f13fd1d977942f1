"""Figures of a hub: what its tables can tell, on both engines alike, and no word of a case, a message or a person."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub.keeping.counting.figures import figures
from hub.keeping.counting.store import Period
from tests.support.commands import hub_command
from tests.support.hub import hub_settings
from tests.support.lived import BEGINS, live
from tests.support.world import DAY, World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(BEGINS, agencies=("sfc", "hkma"))


async def test_stats_count_what_happened_how_long_it_took_and_what_is_kept(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    lived = await live(migrated_database_url, world, tmp_path / "home" / "blobs")
    settings = hub_settings(migrated_database_url, tmp_path / "home", agency_stored_blobs=7)
    found = figures(settings, world.now + 15 * DAY)

    assert found["logs"]["directory_leaves"] == len(world.statements)
    assert found["logs"]["exchange_leaves"] == found["rows"]["openings"] == 20
    assert found["envelopes"]["by_verb"] == {
        "REFERRAL REFER": 6,
        "REFERRAL ACKNOWLEDGE": 1,
        "REFERRAL WITHDRAW": 1,
    }
    assert found["envelopes"]["by_pair"] == {"hkma > sfc": 1, "sfc > hkma": 7}
    assert found["envelopes"]["by_state"] == {"LIVE": 5, "WITHDRAWN": 1, "EXPIRED": 1, "ERASED": 1}
    assert found["acknowledgements"]["STORED"] == {
        "count": 3,
        "p50_seconds": 0,
        "p95_seconds": 0,
        "p99_seconds": 0,
        "p100_seconds": 0,
    }
    assert found["acknowledgements"]["OPENED"]["count"] == 1
    assert found["acknowledgements"]["REFUSED"] == {"count": 0} | {
        f"p{part}_seconds": None for part in (50, 95, 99, 100)
    }
    assert found["events"]["EXPIRED"] == 1
    assert found["events"]["WITHDRAWN"] == found["events"]["ERASED"] == 1
    assert found["events"]["OVERDUE"] >= 1
    assert found["refusals"] == {"by_recipient": 0, "equivocations": 1}
    assert sum(found["legs"].values()) == 6
    kept = found["attachments"]["sfc"]
    assert (kept["bytes"], kept["blobs"], kept["unfinished"], kept["of_blobs"]) == (14_000, 2, 1, 7)
    assert found["database_bytes"] > 10_000
    assert lived.blob.hex() not in json.dumps(found)

    lately = figures(settings, world.now + 15 * DAY, Period(since=world.now // 1000 + 10 * DAY // 1000))
    assert lately["envelopes"]["by_verb"] == {"REFERRAL REFER": 1}
    assert lately["acknowledgements"]["STORED"]["count"] == 0
    assert lately["logs"] == found["logs"]


async def test_stats_say_nothing_that_names_a_case_a_message_a_member_or_a_key(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    await live(migrated_database_url, world, tmp_path / "home" / "blobs")
    options = ["--home", tmp_path / "home", "--database-url", migrated_database_url]
    shown = await asyncio.to_thread(lambda: hub_command("stats", *options))
    counted = json.loads(await asyncio.to_thread(lambda: hub_command("stats", *options, "--json")))
    for said in (shown, json.dumps(counted)):
        assert "/m-" not in said
        assert "intake" not in said
        for member in (
            m for agency in world.agencies.values() for d in agency.desks.values() for m in d.members.values()
        ):
            assert member.id not in said
            assert member.kid.hex() not in said
    words = {word for word in json.dumps(counted).replace('"', " ").split() if len(word) >= 32}
    assert words == set()
    assert "sfc > hkma" in shown
    assert "24h" in await asyncio.to_thread(lambda: hub_command("stats", *options, "--since", "a day", code=1))
    assert "sfc > hkma" in await asyncio.to_thread(lambda: hub_command("stats", *options, "--since", "2026-08-01"))
    assert "sfc > hkma" not in await asyncio.to_thread(lambda: hub_command("stats", *options, "--since", "90m"))
