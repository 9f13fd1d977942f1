"""Assistance at the hub: two-phase answers, a notice by telephone that needs its writing, parts, a follow-up."""

from __future__ import annotations

import pytest
from comity.v1 import directory_pb2
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import AgencyKind, Family, Standing, Verb

from hub.keeping.checking import check_tables
from tests.hub.test_freezes import refusal, run, state, told
from tests.support.clock import FakeClock
from tests.support.core import running_core
from tests.support.exchanges import HOLDER, ORIGINATOR, THIRD, Exchange
from tests.support.world import World, admit_agency, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two authorities, and a holder that both agreed with."""
    world = make_world(agencies=("sfc", "hkma"))
    admit_agency(world, "hkpf", AgencyKind.HOLDER)
    admins = [world.agencies[agency].admin for agency in ("hkpf", "sfc")]
    agreed = directory_pb2.AgreementSigned(
        id=bytes(16),
        first="hkpf",
        second="sfc",
        families=[int(Family.FREEZE)],  # type: ignore[list-item]
        direction=directory_pb2.AGREEMENT_DIRECTION_SECOND_TO_FIRST,
        legal_basis="memorandum of understanding",
        valid_until=world.now + 86_400_000,
        profile_sha256=standard_profile().sha256,
    )
    world.state(agreed, ["hkpf", "sfc"], [(admin.kid, admin.sign_key) for admin in admins])
    return world


async def test_a_request_is_answered_in_two_phases_and_parts_followed_up_and_closed(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case = Exchange(core, Family.ASSISTANCE)
        await case.say(Verb.REQUEST)
        await case.stored()
        walk = (
            ("recipient", Verb.ACKNOWLEDGE, "ACKNOWLEDGED"),
            ("recipient", Verb.ANSWER_FIRST, "ACKNOWLEDGED"),
            ("recipient", Verb.REQUEST_INFO, "MORE_INFO"),
            ("originator", Verb.SUPPLY, "ACKNOWLEDGED"),
            ("recipient", Verb.ACCEPT_IN_PART, "IN_PROGRESS"),
            ("recipient", Verb.REQUEST_INFO, "MORE_INFO"),
            ("originator", Verb.SUPPLY, "IN_PROGRESS"),  # where the question came from
            ("recipient", Verb.SUSPEND, "SUSPENDED"),
            ("recipient", Verb.REPORT_PROGRESS, "SUSPENDED"),
            ("recipient", Verb.RESUME, "IN_PROGRESS"),
            ("recipient", Verb.REPLY_PART, "IN_PROGRESS"),
            ("recipient", Verb.REPLY, "REPLIED"),
            ("originator", Verb.FOLLOW_UP, "IN_PROGRESS"),
            ("recipient", Verb.REPLY, "REPLIED"),
            ("originator", Verb.FEEDBACK, "REPLIED"),
            ("originator", Verb.CLOSE, "CLOSED"),
        )
        for by, verb, expected in walk:
            clock.advance(seconds=300)
            await case.say(verb, by=by)
            assert await state(case) == (expected, Standing.FULL), verb
        assert check_tables(core.db).findings == []


async def test_an_oral_notice_is_written_down_in_time_or_lapses(migrated_database_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        written, spoken = Exchange(core, Family.ASSISTANCE), Exchange(core, Family.ASSISTANCE)
        for case in (written, spoken):
            await case.say(Verb.ORAL_NOTICE)
            await case.stored()
            assert await state(case) == ("DELIVERED", Standing.PROVISIONAL)
        await spoken.say(Verb.CONFIRM, about=spoken.opening)  # gains no time
        clock.advance(hours=23)
        await written.say(Verb.COMPLETE, about=written.opening)
        clock.advance(hours=2)
        await run(core)
        assert await state(spoken) == ("LAPSED", Standing.CONFIRMED)
        assert await state(written) == ("DELIVERED", Standing.FULL)
        assert (await written.row())["lapses_at"] is None
        assert [kind for kind, _ in await told(core, HOLDER)].count("LAPSED") == 1
        assert await refusal(spoken, Verb.COMPLETE, about=spoken.opening) == "TOO_LATE"
        assert check_tables(core.db).findings == []


async def test_assistance_is_between_authorities_and_a_freeze_may_go_to_a_holder(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        asked = Exchange(core, Family.ASSISTANCE, ORIGINATOR, THIRD)
        assert await refusal(asked, Verb.REQUEST) == "NO_AGREEMENT"  # there can be none
        await Exchange(core, Family.FREEZE, ORIGINATOR, THIRD).say(Verb.REQUEST)
        back = Exchange(core, Family.FREEZE, THIRD, ORIGINATOR)
        assert await refusal(back, Verb.REQUEST) == "NO_AGREEMENT"


async def test_a_case_of_one_family_is_none_of_another(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        case = Exchange(core, Family.ASSISTANCE)
        await case.say(Verb.REQUEST)
        other = Exchange(core, Family.FREEZE, case_id=case.case_id)
        for verb in (Verb.REQUEST, Verb.COMPLETE, Verb.ASK_RELEASE):
            assert await refusal(other, verb, about=case.opening if verb is Verb.COMPLETE else b"") == "UNKNOWN_CASE"
