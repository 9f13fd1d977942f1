"""What is passed on no more: what was recalled, ended, or has one person behind it; and how its use stays proved."""

from __future__ import annotations

import asyncio

import pytest
from comity.envelope import message_hash
from comity.receipts import EventKind
from comity.workflow.terms import Family, Verb

from tests.hub.test_onward_grants import DAY, NO_GRANT, refused, whole, world_now
from tests.support.clock import FakeClock
from tests.support.core import running_core, texts
from tests.support.exchanges import HOLDER, ORIGINATOR, THIRD, Exchange, grant, granting, onward
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies that agreed with one another."""
    return make_world(agencies=("sfc", "hkma", "hkpf"))


async def test_what_was_recalled_after_the_consent_is_not_passed_on_though_its_case_goes_on(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, first = await granting(core)
        for verb in (Verb.ACKNOWLEDGE, Verb.REQUEST_INFO):
            await case.say(verb, by="recipient")
        supply = await case.say(Verb.SUPPLY)
        await case.say(Verb.ASK_ONWARD, by="recipient", about=supply)
        over_supply = await grant(case, original_hash=supply)
        await case.say(Verb.RECALL, about=supply)
        assert await refused(onward(case), Verb.FORWARD, granted=over_supply) == NO_GRANT
        # Nor under a consent that is itself recalled; what was not is passed on.
        again = await grant(case)
        await case.say(Verb.RECALL, about=again.message_hash)
        await case.say(Verb.RECALL, about=again.message_hash)
        assert await refused(onward(case), Verb.FORWARD, granted=again) == NO_GRANT
        await onward(case).say(Verb.FORWARD, granted=first)
        whole(core)
        # A freeze in force stays so when its request is recalled, and is passed on no more all the same.
        frozen, granted = await granting(core, Family.FREEZE)
        for verb in (Verb.ACKNOWLEDGE, Verb.ACCEPT):
            await frozen.say(verb, by="recipient")
        await frozen.say(Verb.RECALL, about=frozen.opening)
        assert await refused(onward(frozen), Verb.FORWARD, granted=granted) == NO_GRANT
        whole(core)


async def test_within_one_batch_a_recall_is_before_what_follows_it(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        case, granted = await granting(core, Family.FREEZE)
        for verb in (Verb.ACKNOWLEDGE, Verb.ACCEPT):
            await case.say(verb, by="recipient")
        recall = case.envelope(Verb.RECALL, about=case.opening)
        forward = onward(case).envelope(Verb.FORWARD, granted=granted)
        calls = [(ORIGINATOR, recall), (HOLDER, forward)]
        results = await asyncio.gather(*(core.submit(envelope, desk=desk) for desk, envelope in calls))
        assert [texts(one)[0] for one in results] == ["receipt", "NO_GRANT"]
        whole(core)


async def test_a_second_original_at_the_same_desk_is_recalled_by_itself(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, first = await granting(core)
        for verb in (Verb.ACKNOWLEDGE, Verb.REQUEST_INFO):
            await case.say(verb, by="recipient")
        supply = await case.say(Verb.SUPPLY)
        await case.say(Verb.ASK_ONWARD, by="recipient", about=supply)
        second = await grant(case, original_hash=supply)
        await onward(case).say(Verb.FORWARD, granted=first)
        direct = Exchange(core, Family.REFERRAL, ORIGINATOR, THIRD, case_id=case.case_id)
        direct.opening, direct.opened = case.opening, world_now(core)
        taking = {"about": supply, "respond_by": core.clock.now_ms() + 9 * DAY}
        assert (await refused(direct, Verb.RECALL, **taking))[0] == "WRONG_ABOUT"
        await onward(case).say(Verb.FORWARD, granted=second)
        recall = await direct.say(Verb.RECALL, **taking)
        assert (await case.row(THIRD))["state"] == "FORWARDED"
        await direct.say(Verb.ANSWER_RECALL, by="recipient", about=recall)
        await direct.say(Verb.RECALL, **taking | {"about": case.opening})
        assert (await case.row(THIRD))["state"] == "RECALLED"
        whole(core)


async def test_the_use_of_a_grant_is_proved_as_long_as_anything_is_known_of_it(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case, granted = await granting(core)
        passed = onward(case)
        name = await passed.say(Verb.FORWARD, granted=granted)
        await passed.stored()
        clock.advance(days=15)
        while await core.clockwork.tick():
            pass
        core.feed._recent._clear(core.feed._recent.end)
        (item,) = [item for item in await core.read(ORIGINATOR) if item.kind is EventKind.GRANT_USED]
        assert item.passed_on is not None
        assert message_hash(item.passed_on.header, item.passed_on.seal) == name
        # Of what it held nothing is left, and nothing of it is shown to those whose copy was erased.
        (row,) = await core.db.read(
            lambda c: c.exec_driver_sql("SELECT state, ciphertext FROM envelopes WHERE verb = 20").all()
        )
        assert tuple(row) == (4, None)
        for desk in (HOLDER, THIRD):
            erased = [i for i in await core.read(desk) if i.kind is EventKind.SUBMITTED and not i.receipt.event]
            assert erased
            assert all((i.content, i.remains) == (None, None) for i in erased)
        whole(core)


@pytest.mark.parametrize("ended", ["lapsed", "released"])
async def test_a_freeze_that_ended_or_has_one_person_behind_it_is_passed_on_no_more(
    migrated_sqlite_url: str, world: World, ended: str
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        if ended == "lapsed":
            case = Exchange(core, Family.FREEZE)
            await case.say(Verb.REQUEST_PROVISIONAL, to=[HOLDER, ORIGINATOR])
            await case.stored()
            await case.say(Verb.ASK_ONWARD, by="recipient", about=case.opening)
            granted = await grant(case, expires=clock.now_ms() + 9 * 3_600_000)
            assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
            clock.advance(seconds=7320)
        else:
            case, granted = await granting(core, Family.FREEZE)
            for verb in (Verb.ACKNOWLEDGE, Verb.ACCEPT, Verb.REPORT_EXECUTION):
                await case.say(verb, by="recipient")
            await case.say(Verb.ASK_RELEASE)
            await case.say(Verb.RELEASE, by="recipient", about=Verb.ASK_RELEASE)
        assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
        whole(core)


async def test_a_freeze_that_is_passed_on_ends_no_later_than_it_would_have(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        end = core.clock.now_ms() + 20 * DAY
        case = Exchange(core, Family.FREEZE)
        await case.say(Verb.REQUEST, lapses_at=end)
        await case.stored()
        await case.say(Verb.ASK_ONWARD, by="recipient", about=case.opening)
        granted = await grant(case)
        for wrong in (0, end + 1):
            told = await refused(onward(case), Verb.FORWARD, granted=granted, lapses_at=wrong)
            assert told == ("BAD_TIMES", {"limit": str(end)})
        await onward(case).say(Verb.FORWARD, granted=granted, lapses_at=end)
        whole(core)
