"""Numbers, races and poison from a member desk, against the hub."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from comity.receipts import EventKind
from comity.workflow.terms import Role, Verb

from hub.clock import SystemClock
from hub.exchange import submitting, work
from hub.log.commands import SubmitEnvelope
from tests.support.core import Core, running_core, texts
from tests.support.world import World, make_world


@pytest.fixture
def world() -> World:
    return make_world(agencies=("sfc", "hkma"))


async def test_a_withdrawal_event_names_the_envelope_that_withdrew(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        view, case = core.directory.view(), os.urandom(16)
        opening = (await core.take(world.envelope(view, case_id=case))).event.message_hash
        taken = await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening))
        event = core.verified((await core.read("hkma/intake"))[-1].receipt).event
        assert (event.kind, event.message_hash) == (EventKind.WITHDRAWN, opening)
        assert event.other_hash == taken.event.message_hash


@pytest.mark.parametrize("index", [2**63 - 1, 2**63, 2**64 - 1])
async def test_an_index_beyond_every_log_is_no_fault_of_the_hub(
    migrated_database_url: str, world: World, index: int
) -> None:
    async with running_core(migrated_database_url, world) as core:
        await core.take(world.envelope(core.directory.view()))
        with pytest.raises(RefusedError) as refused:
            await core.logs.opening("sfc/intake", index)
        assert refused.value.reason is Reason.NOT_FOUND
        assert await core.read("sfc/intake", index) == []


async def test_an_envelope_that_breaks_the_batch_takes_no_other_with_it(
    migrated_database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_database_url, world) as core:
        view = core.directory.view()
        envelopes = [world.envelope(view) for _ in range(5)]
        poison = envelopes[2].header
        honest = submitting.submit

        def breaking(book: Any, command: SubmitEnvelope, moment: Any, at: Any) -> Any:
            if command.envelope.header_bytes == poison:
                raise ZeroDivisionError
            return honest(book, command, moment, at)

        monkeypatch.setattr(work, "submit", breaking)
        results = await core.submit(*envelopes)
        assert [isinstance(r, ZeroDivisionError) for r in results] == [False, False, True, False, False]
        assert len(await core.read("hkma/intake")) == 4


async def test_two_processes_that_race_for_one_leg_and_one_id_have_one_effect(
    migrated_postgres_url: str, world: World
) -> None:
    async with running_core(migrated_postgres_url, world, clock=SystemClock()) as one:
        other = Core(migrated_postgres_url, world, clock=SystemClock())
        await other.start()
        try:
            for _ in range(5):
                view, case = one.directory.view(), os.urandom(16)
                same = world.envelope(view, case_id=case)
                opened = await asyncio.gather(*(core.submit(same) for core in (one, other) * 4))
                indices = {one.verified(result[0]).receipt.index for result in opened}
                assert len(indices) == 1
                opening = one.verified(opened[0][0]).event.message_hash
                withdraw = world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening)
                stored = world.ack(opening, "hkma/intake")
                first, second = await asyncio.gather(one.submit(withdraw), other.acknowledge(stored))
                assert sorted(texts([*first, *second])) == ["WRONG_STATE", "receipt"]
            numbers = [item.number for item in await one.read("hkma/intake")]
            assert numbers == list(range(1, len(numbers) + 1))
        finally:
            await other.stop()


async def test_a_machine_writes_nothing_that_needs_a_person(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        view = core.directory.view()
        agent = world.member("sfc/intake", Role.AGENT)
        assert texts(await core.submit(world.envelope(view, author=agent))) == ["WRONG_ROLE"]
