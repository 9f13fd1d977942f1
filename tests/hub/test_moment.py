"""Everything is judged at the leaf's moment, as every recipient will: hub and recipients cannot come apart."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
from comity.envelope import parse_envelope
from comity.receipts import AckState, EventKind
from comity.v1 import directory_pb2, envelope_pb2
from comity.workflow.clocks import MAX_AGE_SECONDED
from comity.workflow.terms import Precedence, Role, Verb

from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.people import Member, make_member
from tests.support.world import DAY, World, certificate_of, make_world

NOW = 1_800_000_000_000


@pytest.fixture
def world() -> World:
    """Two agencies, at a whole second."""
    return make_world(NOW, agencies=("sfc", "hkma"))


async def legs(core: Core) -> list[str]:
    """States of all legs."""
    rows = await core.db.read(lambda c: c.exec_driver_sql("SELECT state FROM legs").scalars().all())
    return [str(row) for row in rows]


def once(core: Core, point: str, action: Callable[[], object]) -> None:
    """Has something happen the next time that a point is passed."""

    def act() -> None:
        core.faults.disarm()
        action()

    core.faults.arm(point, act)


def member(world: World, agency: str, role: Role, desk: str, **changes: int) -> Member:
    """A further member of a desk, whose certificate is valid as told."""
    found = make_member(agency, role)
    content = certificate_of(world, found, [desk])
    for name, value in changes.items():
        setattr(content, name, value)
    world.as_admin(agency, content)
    return found


# --- the agreed profile


@pytest.mark.parametrize("precedence", list(Precedence))
async def test_nobody_is_asked_sooner_than_agreed_not_by_a_millisecond(
    migrated_sqlite_url: str, world: World, precedence: Precedence
) -> None:
    async with running_core(migrated_sqlite_url, world, clock=FakeClock(NOW)) as core:
        view, case = core.directory.view(), os.urandom(16)
        exact = parse_envelope(world.envelope(view, precedence=precedence)).header.respond_by
        sooner = world.envelope(view, precedence=precedence, case_id=case, respond_by=exact - 1)
        assert texts(await core.submit(sooner)) == ["BAD_TIMES"]
        assert await legs(core) == []
        opening = await core.take(world.envelope(view, precedence=precedence, case_id=case, respond_by=exact))
        last = opening.event.message_hash
        await core.acknowledge(world.ack(last, "hkma/intake"))

        def answer(verb: Verb, **changes: Any) -> envelope_pb2.Envelope:
            to = ["sfc/intake"]
            return world.envelope(
                view, "hkma/intake", to, verb=verb, case_id=case, previous=last, precedence=precedence, **changes
            )

        last = (await core.take(answer(Verb.ACKNOWLEDGE))).event.message_hash
        due = parse_envelope(answer(Verb.REQUEST_INFO)).header.respond_by
        assert texts(await core.submit(answer(Verb.REQUEST_INFO, respond_by=due - 1))) == ["BAD_TIMES"]
        assert await legs(core) == ["ACKNOWLEDGED"]
        await core.take(answer(Verb.REQUEST_INFO, respond_by=due))
        assert await legs(core) == ["MORE_INFO"]


# --- the leaf's second


async def test_an_author_is_judged_at_the_leafs_second_not_within_it(migrated_sqlite_url: str, world: World) -> None:
    clock = FakeClock(NOW)
    late = member(world, "sfc", Role.ANALYST, "sfc/intake", valid_from=NOW + 900)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        clock.advance(ms=950)
        envelope = world.envelope(core.directory.view(), author=late)
        assert texts(await core.submit(envelope)) == ["BAD_SIGNATURE"]
        assert await legs(core) == []
        clock.advance(ms=50)
        taken = await core.take(envelope)
        assert taken.leaf.time_seconds * 1000 == NOW + 1000


async def test_whoever_acknowledges_is_judged_at_the_leafs_second(migrated_sqlite_url: str, world: World) -> None:
    clock = FakeClock(NOW)
    late = member(world, "hkma", Role.AGENT, "hkma/intake", valid_from=NOW + 900)
    gone = member(world, "hkma", Role.AGENT, "hkma/intake", valid_until=NOW + 1000)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        clock.advance(ms=950)
        stored = world.ack(opening, "hkma/intake", member=late)
        assert texts(await core.acknowledge(stored)) == ["BAD_SIGNATURE"]
        assert await legs(core) == ["SENT"]
        # Good when it was verified, over when it is entered.
        once(core, "submit.after_queue", lambda: clock.advance(ms=50))
        assert texts(await core.acknowledge(world.ack(opening, "hkma/intake", member=gone))) == ["BAD_SIGNATURE"]
        assert texts(await core.acknowledge(stored)) == ["receipt"]
        # And then a repetition gets it again, whose ever key.
        (again,) = await core.acknowledge(world.ack(opening, "hkma/intake", member=gone))
        assert core.verified(again).event.kids == (late.kid,)


async def test_what_runs_out_in_the_queue_is_refused(migrated_sqlite_url: str, world: World) -> None:
    clock = FakeClock(NOW)
    gone = member(world, "sfc", Role.ANALYST, "sfc/intake", valid_until=NOW + 2000)
    limit = MAX_AGE_SECONDED[Precedence.FLASH]
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        view = core.directory.view()
        world.register_tls("sfc/intake", world.desk("sfc/intake").tls_key)
        await core.catch_up()  # the directory that `view` shows is superseded now
        cases = (
            (world.envelope(view, author=gone), 1, 1, "BAD_SIGNATURE"),
            (world.envelope(view, created=NOW, precedence=Precedence.FLASH), limit // 1000, 1, "CREATED_TOO_OLD"),
            (
                world.envelope(view, created=NOW + limit, precedence=Precedence.FLASH),
                limit // 1000,
                1,
                "DIRECTORY_STALE",
            ),
        )
        for envelope, before, inside, reason in cases:
            clock.now = NOW + before * 1000
            once(core, "submit.after_queue", lambda inside=inside: clock.advance(seconds=inside))  # type: ignore[misc]
            assert texts(await core.submit(envelope)) == [reason]
        assert await legs(core) == []


async def test_each_limit_is_taken_at_its_last_second(migrated_sqlite_url: str, world: World) -> None:
    clock = FakeClock(NOW)
    limit = MAX_AGE_SECONDED[Precedence.FLASH]
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        view = core.directory.view()
        world.register_tls("sfc/intake", world.desk("sfc/intake").tls_key)
        await core.catch_up()
        clock.advance(ms=limit + 999)
        created = world.envelope(view, created=NOW, precedence=Precedence.FLASH)
        directory = world.envelope(view, created=NOW + limit, precedence=Precedence.FLASH)
        assert texts(await core.submit(created, directory)) == ["receipt", "receipt"]


# --- a retry that overtakes nothing


async def test_a_retry_is_never_refused_while_its_first_is_being_taken(migrated_sqlite_url: str, world: World) -> None:
    """The first one is about to be committed; the retry comes so late that it would be refused by itself."""
    clock = FakeClock(NOW)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        envelope = world.envelope(core.directory.view())
        broken = envelope_pb2.Envelope()
        broken.CopyFrom(envelope)
        broken.signatures[1].sig = bytes(64)
        loop = asyncio.get_running_loop()
        retries: list[asyncio.Task[list[object]]] = []

        def retry() -> None:
            clock.advance(days=10)
            retries.extend(loop.create_task(core.submit(one)) for one in (envelope, broken))

        async def wait_and_retry() -> None:
            retry()
            await asyncio.wait(retries, timeout=0.3)

        once(
            core,
            "submit.before_commit",
            lambda: asyncio.run_coroutine_threadsafe(wait_and_retry(), loop).result(10),
        )
        (first,) = await core.submit(envelope)
        core.verified(first)
        assert [result[0] for result in await asyncio.gather(*retries)] == [first, first]


# --- what outlives an agreement


async def test_an_ended_agreement_does_not_block_a_recall(migrated_sqlite_url: str) -> None:
    world = make_world(NOW, agencies=("sfc", "hkma"))
    async with running_core(migrated_sqlite_url, world, clock=FakeClock(NOW)) as core:
        view, cases = core.directory.view(), [os.urandom(16) for _ in range(3)]
        opened = [(await core.take(world.envelope(view, case_id=case))).event.message_hash for case in cases]
        await core.acknowledge(*(world.ack(opening, "hkma/intake") for opening in opened[:2]))
        last = opened[1]
        for verb in (Verb.ACKNOWLEDGE, Verb.DECLINE):
            said = world.envelope(view, "hkma/intake", ["sfc/intake"], verb=verb, case_id=cases[1], previous=last)
            last = (await core.take(said)).event.message_hash
        (agreed,) = view.agreements("sfc")
        world.as_admin("hkma", directory_pb2.AgreementEnded(id=agreed.id))
        await core.catch_up()
        view = core.directory.view()

        def back(verb: Verb, *, previous: bytes = b"", about: bytes = b"") -> envelope_pb2.Envelope:
            link = {"previous": previous, "about": about}
            return world.envelope(view, "hkma/intake", ["sfc/intake"], verb=verb, case_id=cases[0], **link)  # type: ignore[arg-type]

        recall = world.envelope(view, verb=Verb.RECALL, case_id=cases[0], about=opened[0])
        attached = world.envelope(
            view, verb=Verb.RECALL, case_id=cases[0], about=opened[0], blobs=[(os.urandom(32), 5)]
        )
        new = [
            world.envelope(view),
            attached,
            back(Verb.ACKNOWLEDGE, previous=opened[0]),
            back(Verb.REQUEST_INFO, previous=opened[0]),
        ]
        assert texts(await core.submit(new[0], new[1])) == ["NO_AGREEMENT"] * 2
        assert texts(await core.submit(new[2], new[3])) == ["NO_AGREEMENT"] * 2
        recalled = (await core.take(recall)).event.message_hash
        await core.take(back(Verb.ANSWER_RECALL, about=recalled))
        await core.take(world.envelope(view, verb=Verb.CLOSE, case_id=cases[1], previous=last))
        await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=cases[2], about=opened[2]))
        assert sorted(await legs(core)) == ["CLOSED", "RECALLED", "WITHDRAWN"]
        # Where nothing was ever sent there is nothing to recall.
        stray = world.envelope(view, verb=Verb.RECALL, about=opened[0])
        assert texts(await core.submit(stray)) == ["UNKNOWN_CASE"]


# --- who is told of an erasure


async def test_the_sender_is_told_of_an_erasure_and_nobody_else(migrated_sqlite_url: str, world: World) -> None:
    clock = FakeClock(NOW)
    async with running_core(migrated_sqlite_url, world, clock=clock) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake", AckState.STORED))
        clock.advance(ms=15 * DAY)
        while await core.clockwork.tick():
            pass
        told = {
            desk: [item.kind for item in await core.read(desk)].count(EventKind.ERASED)
            for desk in ("sfc/intake", "hkma/intake")
        }
        assert told == {"sfc/intake": 1, "hkma/intake": 0}
