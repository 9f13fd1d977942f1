"""Figures for oversight: between whom, how much, how soon, what ran out, what was refused; from the log alone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from comity.receipts import AckState
from comity.workflow.terms import Family, Verb

from hub.cli.failures import CommandError
from hub.cli.periods import begin_of, end_of
from hub.keeping.counting.figures import figures
from hub.keeping.counting.store import FOREVER, Period
from tests.hub.test_freezes import run
from tests.support.clock import FakeClock
from tests.support.commands import hub_command
from tests.support.core import Core, running_core
from tests.support.exchanges import HOLDER, Exchange, grant, granting, onward
from tests.support.hub import hub_settings
from tests.support.world import World, make_world

MINUTE = 60


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies."""
    return make_world(agencies=("sfc", "hkma", "hkpf"))


async def lived(core: Core, clock: FakeClock) -> None:
    """Freezes quick, slow and refused, a lapse, an assistance answered in two phases, grants used and revoked."""
    for minutes in (1, 3):
        case = Exchange(core, Family.FREEZE)
        await case.say(Verb.REQUEST)
        await case.stored()
        clock.advance(seconds=minutes * MINUTE)
        await case.say(Verb.ACKNOWLEDGE, by="recipient")
        await case.say(Verb.ACCEPT, by="recipient")
        clock.advance(seconds=10 * MINUTE)
        await case.say(Verb.REPORT_EXECUTION, by="recipient")
        await case.say(Verb.REPORT_EXECUTION, by="recipient")  # anew: measured once
    no = Exchange(core, Family.FREEZE)
    await no.say(Verb.REQUEST)
    await no.say(Verb.ACKNOWLEDGE, by="recipient")
    await no.say(Verb.REFUSE, by="recipient")
    await Exchange(core, Family.FREEZE).say(Verb.REQUEST_PROVISIONAL)
    bad = Exchange(core, Family.FREEZE)
    await bad.say(Verb.REQUEST)
    await core.acknowledge(core.world.ack(bad.opening, HOLDER, AckState.REFUSED, reason="CANNOT_OPEN", at=clock.now))
    await bad.say(Verb.RECALL, about=bad.opening)

    asked = Exchange(core, Family.ASSISTANCE)
    await asked.say(Verb.REQUEST)
    await asked.stored()
    await asked.say(Verb.ACKNOWLEDGE, by="recipient")
    clock.advance(seconds=30 * MINUTE)
    await asked.say(Verb.ANSWER_FIRST, by="recipient")
    await asked.say(Verb.ACCEPT, by="recipient")
    clock.advance(seconds=30 * MINUTE)
    await asked.say(Verb.REPLY, by="recipient")

    case, first = await granting(core)
    await onward(case).say(Verb.FORWARD, granted=first)
    second = await grant(case)
    await case.say(Verb.REVOKE_GRANT, about=second.message_hash)
    await case.say(Verb.ASK_ONWARD, by="recipient", about=case.opening)
    await case.say(Verb.REFUSE_ONWARD, about=Verb.ASK_ONWARD)
    clock.advance(hours=2)
    await run(core)


async def test_each_pair_is_told_by_what_was_asked_answered_and_left(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        await lived(core, clock)
        clock.advance(seconds=1)
        middle = clock.now
        # A hold that hkma acknowledged and never decided: its own promise is broken, not that of who asked.
        late = Exchange(core, Family.FREEZE)
        await late.say(Verb.REQUEST)
        await late.stored()
        await late.say(Verb.ACKNOWLEDGE, by="recipient")
        clock.advance(hours=10)
        await run(core)
    settings, steps = hub_settings(migrated_database_url, tmp_path / "home"), []
    found = figures(settings, clock.now, progress=lambda what, count: steps.append((what, count)))
    asked = found["pairs"]["sfc > hkma"]
    freeze = asked["FREEZE"]
    assert freeze["sent"] == {"RECALL": 1, "REQUEST": 5, "REQUEST_PROVISIONAL": 1}
    assert freeze["to_acknowledge"] == {"count": 4, "p50_seconds": 0, "p95_seconds": 3 * MINUTE}
    assert freeze["to_execute"] == {"count": 2, "p50_seconds": 11 * MINUTE, "p95_seconds": 13 * MINUTE}
    assert (freeze["lapsed"], freeze["recalls"]) == (1, 1)
    assert freeze["overdue"] >= 2  # the hold, and the one that was acknowledged and never decided
    assert (freeze["refused"], freeze["not_taken"]) == ({"REFUSE": 1}, {"CANNOT_OPEN": 1})
    assert "overdue" not in found["pairs"]["hkma > sfc"]["FREEZE"]
    assert asked["ASSISTANCE"]["to_first_answer"] == {"count": 1, "p50_seconds": 1800, "p95_seconds": 1800}
    assert asked["ASSISTANCE"]["to_reply"] == {"count": 1, "p50_seconds": 3600, "p95_seconds": 3600}
    referred = asked["REFERRAL"]
    assert (referred["grants_used"], referred["grants_revoked"]) == (1, 1)
    assert found["pairs"]["hkma > sfc"]["REFERRAL"]["refused"] == {"REFUSE_ONWARD": 1}
    assert found["pairs"]["hkma > hkpf"]["REFERRAL"]["sent"] == {"FORWARD": 1}
    assert (found["events"]["GRANT_USED"], found["events"]["GRANT_REVOKED"]) == (1, 1)
    assert steps == []  # few enough

    # A period counts what came to an end in it, whenever it began.
    latest = figures(settings, clock.now, Period(since=middle // 1000))["pairs"]
    assert latest["sfc > hkma"] == {
        "FREEZE": {
            "sent": {"REQUEST": 1},
            "to_acknowledge": {"count": 1, "p50_seconds": 0, "p95_seconds": 0},
            "overdue": 1,
        }
    }
    earliest = figures(settings, clock.now, Period(until=world.now // 1000 + 30))["pairs"]
    assert earliest["sfc > hkma"] == {"FREEZE": {"sent": {"REQUEST": 1}}}


async def test_what_the_command_says_names_no_desk_case_message_or_person(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        await lived(core, clock)
    options = ["--home", tmp_path / "home", "--database-url", migrated_sqlite_url]
    shown = await asyncio.to_thread(lambda: hub_command("stats", *options, "--progress"))
    counted = await asyncio.to_thread(lambda: hub_command("stats", *options, "--json", "--since", "2020-01-01"))
    assert "count 4, p50 seconds 0" in shown, shown
    for said in (shown, counted):
        assert "intake" not in said
        assert "cctb" not in said
        assert "/m-" not in said
        assert not [word for word in said.replace('"', " ").split() if len(word) >= 32]
    empty = await asyncio.to_thread(lambda: hub_command("stats", *options, "--json", "--until", "2020-01-01"))
    assert json.loads(empty)["pairs"] == {}
    helped = await asyncio.to_thread(lambda: hub_command("stats", "--help"))
    assert "sealed" in helped


def test_periods_are_spans_dates_and_times_in_utc() -> None:
    midnight = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    assert (begin_of("", 5), end_of("")) == (0, FOREVER)
    assert begin_of("24h", 100_000) == 13_600
    assert begin_of("2026-11-01", 5) == end_of("2026-11-01") == midnight
    assert end_of("2026-11-01T08:30") == midnight + 8 * 3600 + 1800
    assert begin_of("2026-11-01T08:00+08:00", 5) == midnight
    for wrong in ("a day", "1w", "2026-13-01"):
        with pytest.raises(CommandError, match="24h"):
            begin_of(wrong, 5)
        with pytest.raises(CommandError, match="2026-12-01"):
            end_of(wrong)
