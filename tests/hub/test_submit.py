"""The submit path: what is taken, what is refused and why, what a retry gets, what a fault leaves behind."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

import pytest
from comity.directory import View
from comity.envelope import parse_envelope
from comity.errors import Reason, RefusedError
from comity.keys import SigningKey
from comity.receipts import AckState, EventKind
from comity.v1 import envelope_pb2
from comity.workflow.terms import Precedence, Role, Verb

from hub.db import Database
from hub.log.commands import AppendStatements
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.world import World, certificate_of, make_world

TWO = ("sfc", "hkma")


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=TWO)


def view_of(core: Core):  # type: ignore[no-untyped-def]
    return core.directory.view()


async def test_an_envelope_is_taken_and_its_receipt_proves_it(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        envelope = world.envelope(view_of(core))
        taken = await core.take(envelope)

        parsed = parse_envelope(envelope)
        assert taken.event.kind is EventKind.SUBMITTED
        assert taken.event.message_hash == parsed.message_hash
        assert taken.event.kids == tuple(s.kid for s in parsed.signatures)
        assert len(taken.event.deliveries) == 2
        assert taken.leaf.directory_root == core.directory.current.root
        assert taken.checkpoint.size == taken.receipt.index + 1


async def test_S_01_a_fault_between_commit_and_reply_leaves_one_message(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        for place, point in enumerate(("submit.after_commit", "submit.after_checkpoint", "submit.after_wake")):
            envelope = world.envelope(view_of(core))
            core.faults.disarm()
            core.faults.arm(point, _raise)
            assert texts(await core.submit(envelope)) == ["UNAVAILABLE"]
            core.faults.disarm()
            (first,) = await core.submit(envelope)
            (second,) = await core.submit(envelope)

            assert first == second
            assert core.verified(first).receipt.index == place
        assert [item.number for item in await core.read("hkma/intake")] == [1, 2, 3]


async def test_S_02_a_fault_before_commit_leaves_nothing(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        envelope = world.envelope(view_of(core))
        points = (
            "submit.after_parties",
            "submit.after_signatures",
            "submit.after_queue",
            "submit.after_lock",
            "submit.after_workflow",
            "submit.before_commit",
        )
        for point in points:
            core.faults.disarm()
            core.faults.arm(point, _raise)
            assert texts(await core.submit(envelope)) == ["UNAVAILABLE"]
            assert await core.read("hkma/intake") == []
        core.faults.disarm()

        assert (await core.take(envelope)).receipt.index == 0
        assert [item.number for item in await core.read("hkma/intake")] == [1]


async def test_S_08_a_hundred_parallel_duplicates_are_one_message(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        envelope = world.envelope(view_of(core))
        results = await asyncio.gather(*(core.submit(envelope) for _ in range(100)))

        assert len({result[0].leaf for result in results}) == 1
        assert all(result[0] == results[0][0] for result in results)
        assert len(await core.read("hkma/intake")) == 1


async def test_S_09_another_content_under_the_same_id_is_refused_and_recorded_once(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        first = world.envelope(view_of(core))
        envelope_id = parse_envelope(first).header.envelope_id
        second = world.envelope(view_of(core), envelope_id=envelope_id, payload=b"other")
        third = world.envelope(view_of(core), envelope_id=envelope_id, payload=b"third")
        results = await core.submit(first, second, second)
        assert texts(results) == ["receipt", "ALREADY_EXISTS", "ALREADY_EXISTS"]
        assert texts(await core.submit(second, third)) == ["ALREADY_EXISTS"] * 2

        feed = await core.read("sfc/intake")
        events = [core.verified(item.receipt).event for item in feed]
        assert [event.kind for event in events] == [EventKind.SUBMITTED] + [EventKind.EQUIVOCATION] * 2
        assert events[1].message_hash == parse_envelope(first).message_hash
        assert events[1].other_hash == parse_envelope(second).message_hash
        assert events[2].other_hash == parse_envelope(third).message_hash
        assert [item.kind for item in await core.read("hkma/intake")] == [EventKind.SUBMITTED]


async def test_a_badly_signed_other_content_is_no_equivocation(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        first = world.envelope(view_of(core))
        forged = world.envelope(view_of(core), envelope_id=parse_envelope(first).header.envelope_id)
        forged.signatures[0].sig = bytes(64)

        assert texts(await core.submit(first, forged)) == ["receipt", "BAD_SIGNATURE"]
        assert len(await core.read("sfc/intake")) == 1


async def test_a_retry_gets_the_first_receipt_whatever_has_changed(migrated_database_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        envelope = world.envelope(view_of(core))
        (first,) = await core.submit(envelope)
        broken = envelope_pb2.Envelope()
        broken.CopyFrom(envelope)
        broken.signatures[1].sig = bytes(64)
        world.suspend("hkma")
        await core.catch_up()
        clock.advance(days=10)

        assert await core.submit(envelope, broken) == [first, first]
        assert texts(await core.submit(world.envelope(view_of(core), created=clock.now))) == ["NO_AGREEMENT"]


async def test_a_bad_message_fails_alone(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        view = view_of(core)
        case = os.urandom(16)
        good = [world.envelope(view) for _ in range(3)]
        stray = world.envelope(view, verb=Verb.CLOSE, case_id=case, previous=os.urandom(32))
        results = await core.submit(good[0], stray, good[1], envelope_pb2.Envelope(header=b"x"), good[2])

        assert texts(results) == ["receipt", "UNKNOWN_CASE", "receipt", "MALFORMED", "receipt"]
        assert [result.index for result in results if not isinstance(result, Exception)] == [0, 1, 2]


async def test_each_check_has_its_reason(migrated_sqlite_url: str) -> None:
    world = make_world(agencies=("sfc", "hkma", "osr"))
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        view = view_of(core)
        analyst = world.member("sfc/enforcement", Role.ANALYST)
        single = world.envelope(view)
        del single.signatures[1]
        cases = {
            "WRONG_ORIGIN": world.envelope(view, origin="other.example/exchange"),
            "CREATED_TOO_OLD": world.envelope(view, created=world.now - 97 * 3_600_000),
            "CREATED_IN_FUTURE": world.envelope(view, created=world.now + 121_000),
            "DIRECTORY_STALE": world.envelope(view, directory_root=os.urandom(32)),
            "BAD_SIGNATURE": world.envelope(view, author=analyst),
            "SECOND_PERSON_MISSING": single,
            "UNKNOWN_BLOB": world.envelope(view, blobs=[(os.urandom(32), 5)]),
            "UNKNOWN_CASE": world.envelope(view, verb=Verb.SUPPLY, previous=os.urandom(32)),
            "BAD_TIMES": world.envelope(view, deliver_by=world.now + 15 * 86_400_000),
        }
        for reason, envelope in cases.items():
            assert texts(await core.submit(envelope)) == [reason]
        assert texts(await core.submit(world.envelope(view), desk="hkma/intake")) == ["WRONG_SENDER"]
        world.rotate_desk("hkma/intake")
        fresh = world.envelope(view)
        await core.catch_up()
        assert texts(await core.submit(world.envelope(view_of(core)), fresh)) == ["receipt", "receipt"]
        assert len(await core.read("hkma/intake")) == 2
        assert len(await core.read("osr/intake")) == 0


async def test_an_old_directory_may_be_sealed_under_for_a_day_and_fifteen_minutes_when_it_is_urgent(
    migrated_sqlite_url: str, world: World
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        old = view_of(core)
        clock.advance(seconds=60)
        world.suspend("sfc")
        world.resume("sfc")
        await core.catch_up()
        clock.advance(seconds=61 * 60)
        seconded = world.envelope(old, created=clock.now)
        flash = world.envelope(old, created=clock.now, precedence=Precedence.FLASH)
        assert texts(await core.submit(seconded, flash)) == ["receipt", "DIRECTORY_STALE"]


async def test_keys_are_checked_again_where_the_directory_moved_before_the_batch(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        envelope = world.envelope(view_of(core))
        author = world.member("sfc/intake", Role.ANALYST)
        before = core.directory.current.size

        def revoke_first() -> None:
            # After the signatures were found good: the directory moves before the sequencer looks.
            core.faults.disarm()
            statements = tuple(core.world.statements[before:])
            core.sequencer.offer([(AppendStatements(statements), core.sequencer.admit(1, 1024), 0)])

        world.revoke("sfc", author.kid)
        core.faults.arm("submit.after_signatures", revoke_first)
        assert texts(await core.submit(envelope)) == ["BAD_SIGNATURE"]
        assert core.directory.current.size == before + 1


async def test_a_key_that_came_into_the_directory_after_the_signatures_were_looked_at_is_known_under_the_lock(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        before = core.directory.current.size
        author = replace(world.member("sfc/intake", Role.ANALYST), sign_key=SigningKey.generate())
        world.as_root("sfc", certificate_of(world, author, ["sfc/intake"]))
        # Sealed where the new key is known already, as through another process of this hub.
        envelope = world.envelope(View(world.directory().state), author=author)

        def enlist_first() -> None:
            core.faults.disarm()
            statements = tuple(core.world.statements[before:])
            core.sequencer.offer([(AppendStatements(statements), core.sequencer.admit(1, 1024), 0)])

        core.faults.arm("submit.after_signatures", enlist_first)
        assert texts(await core.submit(envelope)) == ["receipt"]


async def test_a_referral_runs_from_opening_to_close(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        view, case = view_of(core), os.urandom(16)

        async def say(sender: str, verb: Verb, previous: bytes) -> bytes:
            other = "hkma/intake" if sender == "sfc/intake" else "sfc/intake"
            envelope = world.envelope(view, sender, [other], verb=verb, case_id=case, previous=previous)
            return (await core.take(envelope)).event.message_hash

        opening = await say("sfc/intake", Verb.REFER, b"")
        early = world.envelope(
            view, "hkma/intake", ["sfc/intake"], verb=Verb.ACKNOWLEDGE, case_id=case, previous=opening
        )
        assert texts(await core.submit(early)) == ["WRONG_STATE"]
        (stored,) = await core.acknowledge(world.ack(opening, "hkma/intake"))
        assert core.verified(stored).event.ack_state is AckState.STORED
        last = await say("hkma/intake", Verb.ACKNOWLEDGE, opening)
        last = await say("hkma/intake", Verb.REQUEST_INFO, last)
        last = await say("sfc/intake", Verb.SUPPLY, last)
        last = await say("hkma/intake", Verb.ACCEPT, last)
        last = await say("hkma/intake", Verb.REPORT_OUTCOME, last)
        await say("sfc/intake", Verb.CLOSE, last)
        again = world.envelope(view, "sfc/intake", verb=Verb.CLOSE, case_id=case, previous=last)
        (refused,) = await core.submit(again)

        assert refused.reason is Reason.WRONG_STATE
        assert refused.metadata["state"] == "CLOSED"


async def test_several_envelopes_of_one_leg_work_in_one_batch(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        view, case = view_of(core), os.urandom(16)
        refer = world.envelope(view, case_id=case)
        opening = parse_envelope(refer).message_hash
        withdraw = world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening)
        recall = world.envelope(view, verb=Verb.RECALL, case_id=case, about=opening)
        results = await core.submit(refer, withdraw, recall)

        assert texts(results) == ["receipt"] * 3
        kinds = [item.kind.name for item in await core.read("hkma/intake")]
        assert kinds == ["SUBMITTED", "SUBMITTED", "WITHDRAWN", "SUBMITTED"]


async def test_a_withdrawn_envelope_is_a_tombstone_and_its_ciphertext_is_gone(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        view, case = view_of(core), os.urandom(16)
        opening = (await core.take(world.envelope(view, case_id=case))).event.message_hash
        await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening))

        for desk in ("hkma/intake", "sfc/intake"):
            feed = await core.read(desk)
            assert [item.number for item in feed] == [1, 2, 3]
            assert [item.content is None for item in feed] == [True, False, True]
            assert feed[2].kind is EventKind.WITHDRAWN
            assert core.verified(feed[2].receipt).event.message_hash == opening
        assert texts(await core.acknowledge(world.ack(opening, "hkma/intake"))) == ["WRONG_STATE"]
        left = await core.db.read(
            lambda c: c.exec_driver_sql("SELECT ciphertext FROM envelopes WHERE opening ORDER BY idx").scalars().all()
        )
        assert left == [None]


async def test_a_joint_referral_is_one_leg_for_each_recipient(migrated_database_url: str) -> None:
    world = make_world(agencies=("sfc", "hkma", "osr"))
    async with running_core(migrated_database_url, world) as core:
        view, case = view_of(core), os.urandom(16)
        both = ["hkma/intake", "osr/intake"]
        opening = (await core.take(world.envelope(view, recipients=both, case_id=case, joint=True))).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        withdraw = world.envelope(view, recipients=["osr/intake"], verb=Verb.WITHDRAW, case_id=case, about=opening)
        late = world.envelope(view, recipients=["hkma/intake"], verb=Verb.WITHDRAW, case_id=case, about=opening)

        assert texts(await core.submit(withdraw, late)) == ["receipt", "WRONG_STATE"]
        assert (await core.read("osr/intake"))[0].content is None
        assert (await core.read("hkma/intake"))[0].content is not None


async def test_a_cancelled_call_never_poisons_its_batch(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        envelopes = [world.envelope(view_of(core)) for _ in range(6)]
        calls = [asyncio.create_task(core.submit(envelope)) for envelope in envelopes]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)

        assert [type(r) is asyncio.CancelledError for r in results] == [True, False] * 3
        assert texts([r[0] for r in results[1::2]]) == ["receipt"] * 3  # type: ignore[index]
        retried = [(await core.submit(envelope))[0] for envelope in envelopes]
        assert sorted(receipt.index for receipt in retried) == [0, 1, 2, 3, 4, 5]
        assert core.sequencer.waiting == 0


async def test_a_full_queue_is_refused_before_it_costs_memory(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world, queue_size=2) as core:
        envelopes = [world.envelope(view_of(core)) for _ in range(4)]
        results = await asyncio.gather(*(core.submit(e) for e in envelopes), return_exceptions=True)

        refused = [r for r in results if isinstance(r, RefusedError)]
        assert [r.reason for r in refused] == [Reason.BUSY] * 2
        assert texts(await core.submit(envelopes[3])) == ["receipt"]


async def test_an_attachment_must_be_uploaded_whole_by_the_sender(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        mine, theirs, partial = (os.urandom(32) for _ in range(3))
        rows = [("sfc", mine, 10, True), ("hkma", theirs, 10, True), ("sfc", partial, 10, False)]

        def upload(database: Database) -> None:
            def insert(connection) -> None:  # type: ignore[no-untyped-def]
                for agency, sha256, length, complete in rows:
                    connection.exec_driver_sql(
                        "INSERT INTO blobs VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)".replace("%s", "?")
                        if database.dialect == "sqlite"
                        else "INSERT INTO blobs VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                        (agency, sha256, b"n", "", length, length if complete else 3, 1, complete, 1),
                    )

            database.write(insert)

        await asyncio.to_thread(upload, core.db)
        view = view_of(core)
        results = await core.submit(
            world.envelope(view, blobs=[(mine, 10)]),
            world.envelope(view, blobs=[(mine, 11)]),
            world.envelope(view, blobs=[(theirs, 10)]),
            world.envelope(view, blobs=[(partial, 10)]),
        )
        assert texts(results) == ["receipt", "UNKNOWN_BLOB", "UNKNOWN_BLOB", "UNKNOWN_BLOB"]
        named = await core.db.read(lambda c: c.exec_driver_sql("SELECT agency, sha256 FROM envelope_blobs").all())
        assert [tuple(row) for row in named] == [("sfc", mine)]


async def test_the_approver_must_be_another_person(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        supervisor = world.member("sfc/intake", Role.SUPERVISOR)
        same = world.envelope(view_of(core), author=supervisor, approver=supervisor)

        assert texts(await core.submit(same))[0] in {"SECOND_PERSON_MISSING", "WRONG_ROLE"}


def _raise() -> None:
    from hub.faults import FaultError

    raise FaultError
