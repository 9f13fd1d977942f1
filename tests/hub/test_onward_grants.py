"""Onward consent at the hub: used once, by its holder, for its desk, in its time; and a recall reaches the third."""

from __future__ import annotations

import asyncio
import marshal
from typing import Any

import pytest
from comity.envelope import message_hash, parse_envelope
from comity.header import GrantedBy
from comity.receipts import EventKind
from comity.workflow.terms import Family, Precedence, Verb

from hub.exchange.examining import envelope_of, read_verdict, verdict_on
from hub.keeping.checking import check_tables
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, sent, texts
from tests.support.exchanges import HOLDER, ORIGINATOR, THIRD, Exchange, NotTakenError, grant, granting, onward, used
from tests.support.world import World, admit_agency, agree, begin_world, make_world

DAY = 86_400_000


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies that agreed with one another."""
    return make_world(agencies=("sfc", "hkma", "hkpf"))


@pytest.fixture(scope="module")
def strangers() -> World:
    """Three agencies of which the first and the last agreed on nothing."""
    world = begin_world()
    for agency in ("sfc", "hkma", "hkpf"):
        admit_agency(world, agency)
    agree(world, "sfc", "hkma")
    agree(world, "hkma", "hkpf")
    return world


async def refused(case: Exchange, verb: Verb, **options: Any) -> tuple[str, dict[str, str]]:
    """Returns why the hub refuses an envelope, and what it names."""
    with pytest.raises(NotTakenError) as told:
        await case.say(verb, **options)
    return told.value.reason, dict(told.value.metadata)


NO_GRANT = ("NO_GRANT", {"verb": "FORWARD"})


async def events(core: Core, desk: str, kind: EventKind) -> list[Any]:
    """Returns (message hash, other hash) of what a desk was told of one kind."""
    told = [core.verified(item.receipt).event for item in await core.read(desk) if item.kind is kind]
    return [(event.message_hash, event.other_hash) for event in told]


def whole(core: Core) -> None:
    """Everything stored follows from the log."""
    assert check_tables(core.db).findings == []


@pytest.mark.parametrize("family", [Family.REFERRAL, Family.FREEZE, Family.ASSISTANCE])
async def test_a_grant_is_used_once_and_its_originator_is_told_with_what_was_signed(
    migrated_database_url: str, world: World, family: Family
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core, family)
        passed = onward(case)
        forward = passed.envelope(Verb.FORWARD, granted=granted)
        name = await passed.send(forward)
        for desk in (ORIGINATOR, HOLDER):
            assert await events(core, desk, EventKind.GRANT_USED) == [(granted.message_hash, name)]
            (item,) = [item for item in await core.read(desk) if item.kind is EventKind.GRANT_USED]
            signed = item.passed_on
            assert signed is not None
            assert message_hash(signed.header, signed.seal) == name
            assert [s.sig for s in signed.signatures] == [s.sig for s in forward.signatures]
            # From the database as from memory.
            core.feed._recent._clear(core.feed._recent.end)
            assert [i.passed_on for i in await core.read(desk) if i.kind is EventKind.GRANT_USED] == [signed]
        assert await events(core, THIRD, EventKind.GRANT_USED) == []
        assert (await case.row())["forwarded"]
        made = await case.row(THIRD)
        assert (made["state"], bytes(made["onward"]), bytes(made["opening"])) == ("FORWARDED", name, case.opening)
        # A second use, in a case of its own; the first one again is the first one.
        assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
        assert texts(await core.submit(forward)) == ["receipt"]
        whole(core)


async def test_G_07_a_grant_is_its_holders_for_its_desk_in_its_family_until_it_expires(
    migrated_database_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case, granted = await granting(core)
        for wrong in (
            onward(case, ORIGINATOR),  # another desk
            onward(case, HOLDER, holder=THIRD),  # another holder
            onward(case, family=Family.ASSISTANCE),  # another family
        ):
            assert await refused(wrong, Verb.FORWARD, granted=granted) == NO_GRANT
        clock.advance(hours=1, seconds=1)
        assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
        # Until its last second it counts.
        again = await grant(case)
        clock.advance(hours=1)
        await onward(case).say(Verb.FORWARD, granted=again)
        whole(core)


async def test_G_08_a_grant_is_what_is_in_the_log_and_about_what_was_sent_on_its_leg(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core)
        terms = granted.header.grant
        assert terms is not None
        # Sealed and signed by the originator's own people, and never submitted.
        unlogged = used(case.envelope(Verb.GRANT_ONWARD, about=Verb.ASK_ONWARD, grant=terms))
        assert await refused(onward(case), Verb.FORWARD, granted=unlogged) == NO_GRANT
        # Another inner header under the signatures of the true one; and the true one under others' signatures.
        forged = GrantedBy(
            unlogged.header_bytes, granted.seal_bytes, granted.signatures, unlogged.header, granted.message_hash
        )
        assert (await refused(onward(case), Verb.FORWARD, granted=forged))[0] == "BAD_SIGNATURE"
        stolen = GrantedBy(
            granted.header_bytes, granted.seal_bytes, unlogged.signatures, granted.header, granted.message_hash
        )
        assert (await refused(onward(case), Verb.FORWARD, granted=stolen))[0] == "BAD_SIGNATURE"
        # Granted over what was sent on another leg, over what the holder itself sent, over what nobody sent.
        elsewhere = Exchange(core, Family.REFERRAL)
        await elsewhere.say(Verb.REFER)
        for original in (elsewhere.opening, case.said[Verb.ASK_ONWARD], bytes(32)):
            wrong = await grant(case, original_hash=original)
            assert await refused(onward(case), Verb.FORWARD, granted=wrong) == NO_GRANT
        # None of it used the true one up.
        await onward(case).say(Verb.FORWARD, granted=granted)
        whole(core)


async def test_G_07_what_was_passed_on_is_not_its_new_holders_to_grant_on(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        case, granted = await granting(core)
        passed = onward(case)
        await passed.say(Verb.FORWARD, granted=granted)
        await passed.stored()
        for verb in (Verb.ACKNOWLEDGE, Verb.REQUEST_INFO):
            await passed.say(verb, by="recipient")
        await passed.say(Verb.SUPPLY)
        assert (await refused(passed, Verb.ASK_ONWARD, by="recipient", about=passed.opening))[0] == "WRONG_ABOUT"
        await passed.say(Verb.ASK_ONWARD, by="recipient", about=Verb.SUPPLY)
        # Asked about something of its own, and granted over what is another's.
        wrong = await grant(passed, original_hash=passed.opening, new_desk=ORIGINATOR)
        assert await refused(onward(passed, ORIGINATOR), Verb.FORWARD, granted=wrong) == NO_GRANT
        own = await grant(passed, original_hash=passed.said[Verb.SUPPLY], new_desk=ORIGINATOR)
        await onward(passed, ORIGINATOR).say(Verb.FORWARD, granted=own)
        whole(core)


async def test_a_grant_that_was_revoked_is_used_no_more_and_one_that_was_used_is_not_revoked(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, first = await granting(core)
        revoking = await case.say(Verb.REVOKE_GRANT, about=first.message_hash)
        for desk in (ORIGINATOR, HOLDER):
            assert await events(core, desk, EventKind.GRANT_REVOKED) == [(first.message_hash, revoking)]
        assert await refused(onward(case), Verb.FORWARD, granted=first) == NO_GRANT
        gone = ("WRONG_STATE", {"state": "REVOKED", "allowed": ""})
        assert await refused(case, Verb.REVOKE_GRANT, about=first.message_hash) == gone
        second = await grant(case)
        await onward(case).say(Verb.FORWARD, granted=second)
        gone = ("WRONG_STATE", {"state": "USED", "allowed": ""})
        assert await refused(case, Verb.REVOKE_GRANT, about=second.message_hash) == gone
        assert (await refused(case, Verb.REVOKE_GRANT, about=case.opening))[0] == "WRONG_ABOUT"
        # Of a grant on another leg nobody learns whether it was used.
        other, _ = await granting(core)
        assert (await refused(other, Verb.REVOKE_GRANT, about=second.message_hash))[0] == "WRONG_ABOUT"
        assert not await events(core, THIRD, EventKind.GRANT_REVOKED)
        whole(core)


async def test_within_one_batch_whichever_comes_first_spends_the_grant(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        for revoked_first in (True, False):
            case, granted = await granting(core)
            forward = onward(case).envelope(Verb.FORWARD, granted=granted)
            other = onward(case).envelope(Verb.FORWARD, granted=granted)
            revoke = case.envelope(Verb.REVOKE_GRANT, about=granted.message_hash)
            calls = [(ORIGINATOR, revoke), (HOLDER, forward), (HOLDER, other)]
            ordered = calls if revoked_first else [calls[1], calls[0], calls[2]]
            batches = core.db.read_now(lambda c: c.exec_driver_sql("SELECT count(*) FROM log_batches").scalar_one())
            results = await asyncio.gather(*(core.submit(envelope, desk=desk) for desk, envelope in ordered))
            after = core.db.read_now(lambda c: c.exec_driver_sql("SELECT count(*) FROM log_batches").scalar_one())
            assert after == batches + 1
            said = [texts(one)[0] for one in results]
            assert said == ["receipt", "NO_GRANT" if revoked_first else "WRONG_STATE", "NO_GRANT"]
        whole(core)


async def test_two_processes_let_a_grant_be_used_or_revoked_and_never_both(
    migrated_postgres_url: str, world: World
) -> None:
    async with running_core(migrated_postgres_url, world) as core:
        other = Core(migrated_postgres_url, world)
        await other.start()
        for _ in range(5):
            case, granted = await granting(core)
            forward = onward(case).envelope(Verb.FORWARD, granted=granted)
            revoke = case.envelope(Verb.REVOKE_GRANT, about=granted.message_hash)
            told = await asyncio.gather(core.submit(forward), other.submit(revoke))
            said = [texts(one)[0] for one in told]
            assert said in (["receipt", "WRONG_STATE"], ["NO_GRANT", "receipt"])
        await other.stop()
        whole(core)


async def test_a_recall_reaches_the_third_holder_without_an_agreement_and_nothing_else_does(
    migrated_database_url: str, strangers: World
) -> None:
    async with running_core(migrated_database_url, strangers) as core:
        case, granted = await granting(core)
        direct = Exchange(core, Family.REFERRAL, ORIGINATOR, THIRD, case_id=case.case_id)
        assert (await refused(direct, Verb.REFER))[0] == "NO_AGREEMENT"
        assert (await refused(direct, Verb.RECALL, about=case.opening))[0] == "NO_AGREEMENT"
        await onward(case).say(Verb.FORWARD, granted=granted)
        direct.opening, direct.opened = case.opening, world_now(core)
        for verb in (Verb.CLOSE, Verb.WITHDRAW, Verb.REVOKE_GRANT):
            assert (await refused(direct, verb, about=case.opening))[0] in {"NO_AGREEMENT", "WRONG_STATE"}
        # Not by the holder, and not about anything but the original.
        holder = Exchange(core, Family.REFERRAL, HOLDER, THIRD, case_id=case.case_id)
        holder.opening = case.opening
        assert (await refused(holder, Verb.RECALL, about=case.opening))[0] == "UNKNOWN_CASE"
        taking = {"about": case.opening, "respond_by": core.clock.now_ms() + 2 * DAY}
        assert (await refused(direct, Verb.RECALL, by="recipient", **taking))[0] == "WRONG_STATE"
        assert (await refused(direct, Verb.RECALL, **taking | {"about": granted.message_hash}))[0] == "WRONG_ABOUT"
        assert (await refused(direct, Verb.RECALL, **taking | {"respond_by": core.clock.now_ms() + DAY - 9999}))[0] == (
            "BAD_TIMES"
        )
        recall = await direct.say(Verb.RECALL, **taking)
        # One at a time, and nobody is woken for it: a used grant is no way to send without end.
        assert (await refused(direct, Verb.RECALL, **taking))[0] == "WRONG_STATE"
        for precedence in (Precedence.URGENT, Precedence.FLASH):
            urgent = taking | {"precedence": precedence}
            assert (await refused(direct, Verb.RECALL, **urgent))[0] in {"WRONG_STATE", "WRONG_PRECEDENCE"}
        assert (await case.row(THIRD))["state"] == "RECALLED"
        assert recall in [core.verified(i.receipt).event.message_hash for i in await core.read(THIRD)]
        await direct.say(Verb.ANSWER_RECALL, by="recipient", about=recall)
        assert (await case.row(THIRD))["recall_respond_by"] is None
        # What was taken back of the holder too is not passed on any more.
        await case.say(Verb.RECALL, about=case.opening)
        later = await refused_grant(case)
        assert later == "WRONG_STATE"
        whole(core)


def world_now(core: Core) -> int:
    """Now, as the hub has it."""
    return core.clock.now_ms()


async def refused_grant(case: Exchange) -> str:
    """Returns why no further grant is given."""
    with pytest.raises(NotTakenError) as told:
        await grant(case)
    return told.value.reason


async def test_what_was_recalled_after_the_consent_is_not_passed_on(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core)
        await case.say(Verb.RECALL, about=case.opening)
        assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
        whole(core)


async def test_a_redirect_follows_a_used_grant_and_nothing_else(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core)
        await case.say(Verb.ACKNOWLEDGE, by="recipient")
        assert await refused(case, Verb.REDIRECT, by="recipient") == ("NO_GRANT", {"verb": "REDIRECT"})
        await onward(case).say(Verb.FORWARD, granted=granted)
        await case.say(Verb.REDIRECT, by="recipient")
        assert (await case.row())["state"] == "REDIRECTED"
        whole(core)


async def test_where_the_desks_have_that_case_already_no_second_leg_is_made(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core)
        direct = Exchange(core, Family.REFERRAL, ORIGINATOR, THIRD, case_id=case.case_id)
        await direct.say(Verb.REFER)
        before = await case.row(THIRD)
        await onward(case).say(Verb.FORWARD, granted=granted)
        assert await case.row(THIRD) == before
        whole(core)


@pytest.mark.parametrize("family", [Family.REFERRAL, Family.FREEZE])
async def test_nothing_is_passed_on_to_where_a_leg_of_that_case_lets_no_recall_run(
    migrated_database_url: str, world: World, family: Family
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core)
        # The new desk opened it towards the originator; or the originator itself did, in another family.
        desks = (THIRD, ORIGINATOR) if family is Family.REFERRAL else (ORIGINATOR, THIRD)
        there = Exchange(core, family, *desks, case_id=case.case_id)
        await there.say(Verb.REFER if family is Family.REFERRAL else Verb.REQUEST)
        assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
        assert not (await case.row())["forwarded"]
        whole(core)


@pytest.mark.parametrize("late", [False, True])
async def test_an_oral_notice_of_one_person_is_not_passed_on_nor_when_it_lapsed(
    migrated_database_url: str, world: World, late: bool
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case = Exchange(core, Family.ASSISTANCE)
        await case.say(Verb.ORAL_NOTICE)
        await case.stored()
        await case.say(Verb.ASK_ONWARD, by="recipient", about=case.opening)
        granted = await grant(case, expires=clock.now_ms() + 9 * DAY)
        if late:
            clock.advance(hours=25)
        assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
        if not late:  # nor once two people have put it in writing: it is that which may be passed on
            await case.say(Verb.COMPLETE, about=case.opening)
            assert await refused(onward(case), Verb.FORWARD, granted=granted) == NO_GRANT
            await case.say(Verb.ASK_ONWARD, by="recipient", about=Verb.COMPLETE)
            await onward(case).say(Verb.FORWARD, granted=await grant(case, original_hash=case.said[Verb.COMPLETE]))
        whole(core)


async def test_attachments_of_the_original_are_the_forwarders_own_uploads(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core)
        passed = onward(case)
        with pytest.raises(NotTakenError, match="UNKNOWN_BLOB"):
            await passed.say(Verb.FORWARD, granted=granted, blobs=[(b"\x07" * 32, 5000)])
        # Whoever uploaded the same bytes before it, is another agency.
        core.db.write(lambda c: upload(c, "sfc"))
        with pytest.raises(NotTakenError, match="UNKNOWN_BLOB"):
            await passed.say(Verb.FORWARD, granted=granted, blobs=[(b"\x07" * 32, 5000)])
        core.db.write(lambda c: upload(c, "hkma"))
        await passed.say(Verb.FORWARD, granted=granted, blobs=[(b"\x07" * 32, 5000)])


def upload(connection: Any, agency: str) -> None:
    """Puts a complete attachment where an upload would."""
    whole = "x'" + "07" * 32 + "'" if connection.dialect.name == "sqlite" else "decode('" + "07" * 32 + "', 'hex')"
    connection.exec_driver_sql(
        'INSERT INTO blobs (agency, sha256, nonce, desk, length, "offset", parts, complete, created)'
        f" SELECT '{agency}', {whole}, {whole}, '{agency}/intake', 5000, 5000, 0, 1 = 1, 1"
    )
    connection.exec_driver_sql(f"INSERT INTO blob_totals VALUES ('{agency}', 5000, 1, 0)")


async def test_a_forward_reads_the_same_wherever_it_is_examined(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        case, granted = await granting(core)
        forward = onward(case).envelope(Verb.FORWARD, granted=granted)
        key_of, origin = core.directory.view().sign_key, world.exchange_origin
        verdict = marshal.loads(marshal.dumps(verdict_on(sent(forward), HOLDER, origin, key_of)))
        examined = read_verdict(verdict)
        assert examined.genuine
        read = envelope_of(sent(forward), examined.facts)
        assert (read.header, read.message_hash) == (
            parse_envelope(forward).header,
            parse_envelope(forward).message_hash,
        )
        await onward(case).send(forward)
