"""Proofs from what is stored, for members; openings for the parties alone."""

from __future__ import annotations

from typing import Any

import pytest
from comity.checkpoint import verify_checkpoint
from comity.directory import verify_head
from comity.directory.statements import make_entry
from comity.errors import MalformedError, Reason, RefusedError
from comity.merkle import leaf_hash, verify_consistency, verify_inclusion
from comity.receipts import AckState, EventKind
from comity.tiles import split_hashes

from hub.log import store
from hub.log.commands import Record
from hub.log.domain import LogName
from tests.support.core import Core, running_core
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies."""
    return make_world(agencies=("sfc", "hkma", "osr"))


async def grow(core: Core, count: int) -> None:
    ticket = core.sequencer.admit(count, 0)
    core.sequencer.offer([(Record(EventKind.OPERATOR), ticket, slot) for slot in range(count)])
    await ticket.future


async def test_every_leaf_is_proven_at_every_size(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        roots: dict[int, bytes] = {}
        for _ in range(5):
            await grow(core, 3)
            note = await core.logs.checkpoint(LogName.EXCHANGE)
            checkpoint = verify_checkpoint(note, world.exchange_origin, world.log_key.public)
            roots[checkpoint.size] = checkpoint.root
        leaves = await core.logs.leaves(LogName.EXCHANGE, 0, 15)
        for size, root in roots.items():
            assert await core.logs.root_at(2, size) == root
            for index in range(size):
                path = await core.logs.inclusion(LogName.EXCHANGE, index, size)
                verify_inclusion(leaf_hash(leaves[index]), index, size, path, root)
            for first, earlier in roots.items():
                if first <= size:
                    proof = await core.logs.consistency(LogName.EXCHANGE, first, size)
                    verify_consistency(first, size, earlier, root, proof)


async def test_a_long_log_is_proven_from_its_tiles(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        for _ in range(3):
            await grow(core, 230)
        root = await core.logs.root_at(2, 690)
        assert root is not None
        for index in (0, 255, 256, 511, 512, 689):
            (leaf,) = await core.logs.leaves(LogName.EXCHANGE, index, 1)
            path = await core.logs.inclusion(LogName.EXCHANGE, index, 690)
            verify_inclusion(leaf_hash(leaf), index, 690, path, root)
        tile = split_hashes(await core.logs.tile(LogName.EXCHANGE, 0, 1, 256))
        assert tile[0] == leaf_hash((await core.logs.leaves(LogName.EXCHANGE, 256, 1))[0])
        assert len(split_hashes(await core.logs.tile(LogName.EXCHANGE, 1, 0, 2))) == 2
        middle = await core.logs.root_at(2, 300)
        assert middle is not None
        verify_consistency(300, 690, middle, root, await core.logs.consistency(LogName.EXCHANGE, 300, 690))


async def test_what_the_log_does_not_have_is_not_found_and_nonsense_is_malformed(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        await grow(core, 4)
        absent = [
            core.logs.tile(LogName.EXCHANGE, 0, 0, 5),
            core.logs.tile(LogName.EXCHANGE, 1, 0, 1),
            core.logs.leaves(LogName.EXCHANGE, 3, 2),
            core.logs.inclusion(LogName.EXCHANGE, 0, 5),
            core.logs.consistency(LogName.EXCHANGE, 1, 5),
            core.logs.opening("sfc/intake", 99),
        ]
        for call in absent:
            with pytest.raises(RefusedError) as refused:
                await call
            assert refused.value.reason is Reason.NOT_FOUND
        nonsense = [
            core.logs.tile(LogName.EXCHANGE, 6, 0, 1),
            core.logs.tile(LogName.EXCHANGE, 0, 0, 257),
            core.logs.leaves(LogName.EXCHANGE, 0, 257),
            core.logs.inclusion(LogName.EXCHANGE, 4, 4),
            core.logs.consistency(LogName.EXCHANGE, 4, 3),
        ]
        for call in nonsense:
            with pytest.raises(MalformedError):
                await call
        assert await core.logs.root_at(2, 5) is None
        assert await core.logs.root_at(2, 0) is not None


async def test_A_17_an_opening_is_for_its_parties_alone(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        silent = world.envelope(core.directory.view(), own_copy=False)
        taken = await core.take(silent)
        (acked,) = await core.acknowledge(world.ack(taken.event.message_hash, "hkma/intake", AckState.STORED))
        recipient = await core.logs.opening("hkma/intake", 0)
        sender = await core.logs.opening("sfc/intake", 0)
        assert recipient.receipt == sender.receipt == taken.receipt
        assert (recipient.delivery_number, sender.delivery_number, sender.delivery_salt) == (1, 0, b"")
        assert (await core.logs.opening("hkma/intake", 1)).receipt == acked
        assert (await core.logs.opening("sfc/intake", 1)).delivery_number == 1

        messages = set()
        for desk, index in (("osr/intake", 0), ("osr/intake", 1), ("sfc/enforcement", 0), ("osr/intake", 7)):
            with pytest.raises(RefusedError) as refused:
                await core.logs.opening(desk, index)
            messages.add((refused.value.reason, str(refused.value), tuple(refused.value.metadata)))
        assert len(messages) == 1
        assert core.telemetry.counters.value("comity.openings_refused") == 4


async def test_a_head_covers_what_was_committed_before_it_was_asked_for(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        await grow(core, 2)
        signed = await core.logs.current_head(fresh=True)
        head = verify_head(signed.body, signed.sig, world.head_key.public)
        assert (head.exchange_size, head.directory_size) == (2, core.directory.current.size)
        assert head.exchange_root == await core.logs.root_at(2, 2)
        assert head.directory_root == core.directory.current.root == await core.logs.root_at(1, head.directory_size)
        await grow(core, 1)
        assert (await core.logs.current_head()) == signed
        newer = await core.logs.current_head(fresh=True)
        assert verify_head(newer.body, newer.sig, world.head_key.public).exchange_size == 3


async def test_a_head_says_how_both_logs_stood_at_one_moment(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(agencies=("sfc",))
    async with running_core(migrated_database_url, world) as core:
        await grow(core, 2)
        before, read_heads = core.directory.current, store.read_heads
        grown = before.clone()
        grown.apply(make_entry(before.state.times[-1], world.revoke_tls("sfc/intake")))

        def overtaken(connection: Any, sizes: tuple[int, int]) -> store.Heads:
            heads = read_heads(connection, sizes)
            core.directory.publish(grown)  # both are read; before the head is signed this process appends
            return heads

        monkeypatch.setattr(store, "read_heads", overtaken)
        signed = await core.logs.current_head(fresh=True)
        head = verify_head(signed.body, signed.sig, world.head_key.public)
        assert core.directory.current is grown
        assert (head.directory_size, head.directory_root, head.exchange_size) == (before.size, before.root, 2)


async def test_no_head_is_signed_while_the_database_does_not_answer(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        core.faults.arm("log.before_head", _unavailable)
        with pytest.raises(RefusedError):
            await core.logs.current_head(fresh=True)


def _unavailable() -> None:
    raise RefusedError(Reason.UNAVAILABLE, "armed by a test")
