"""Another key of the hub signs from the entry on that names it: in every process, and in none that does not hold it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from comity.checkpoint import verify_checkpoint
from comity.directory import verify_head
from comity.errors import CannotOpenError, Reason, RefusedError, VerificationError
from comity.keyfile import Cost, open_keyfile, seal_keyfile
from comity.keys import SigningKey
from comity.receipts import EventKind, Receipt, encode_receipt, verify_receipt
from comity.v1 import directory_pb2 as pb

from hub.building import StartError, check_keys
from hub.log.commands import AppendStatements, Record
from hub.log.domain import NOT_HELD, KeyNotHeldError, LogKeys, LogName
from hub.log.follower import Follower
from hub.vault import HubKeys
from tests.support.core import Core, running_core, texts
from tests.support.hub import hub_keys
from tests.support.world import World, make_world

CHEAP = Cost(1, 8192)


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


def held(world: World) -> LogKeys:
    """The keys of a hub that is ready for the next ones."""
    return hub_keys(world).logs


async def verified_head(core: Core, key: SigningKey) -> None:
    """The newest head is signed by a key."""
    head = await core.logs.current_head(fresh=True)
    verify_head(head.body, head.sig, key.public)


async def replace_both(core: Core, world: World) -> None:
    """Two operators say that other keys sign checkpoints and heads."""
    world.as_operators(pb.LogKeyReplaced(new_key=world.next_log_key.public))
    world.as_operators(pb.HeadKeyReplaced(new_key=world.next_head_key.public))
    await core.catch_up()


async def test_from_its_entry_on_the_next_key_signs_and_what_was_signed_before_stays_the_same_bytes(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    old, new = world.log_key.public, world.next_log_key.public
    file = tmp_path / "checkpoint"
    async with running_core(migrated_database_url, world, keys=held(world), checkpoint_file=file) as core:
        early = world.envelope(core.directory.view())
        (before,) = await core.submit(early)
        assert verify_receipt(before, world.exchange_origin, [old])
        await verified_head(core, world.head_key)

        await replace_both(core, world)
        for log, origin in ((LogName.EXCHANGE, world.exchange_origin), (LogName.DIRECTORY, world.origin)):
            note = await core.logs.checkpoint(log)
            assert verify_checkpoint(note, origin, new).size
            with pytest.raises(VerificationError):
                verify_checkpoint(note, origin, old)
        await verified_head(core, world.next_head_key)
        (after,) = await core.submit(world.envelope(core.directory.view()))
        assert verify_receipt(after, world.exchange_origin, [new])
        (again,) = await core.submit(early)
        assert encode_receipt(again) == encode_receipt(before)
        assert core.fsck() == []
        (reread, _) = [item.receipt for item in await core.read("hkma/intake")]
        assert encode_receipt(reread) == encode_receipt(before)

    # The next start finds the checkpoint outside the database signed by the new key, and each receipt as it was.
    settled = held(world).settled(new, world.next_head_key.public)
    assert (settled.log_key.public, settled.next_log, settled.next_head) == (new, None, None)
    async with running_core(migrated_database_url, world, keys=settled, checkpoint_file=file) as core:
        assert verify_checkpoint(file.read_bytes(), world.exchange_origin, new).size
        (again,) = await core.submit(early)
        assert encode_receipt(again) == encode_receipt(before)
        check_keys(core.directory, replace(hub_keys(world), logs=settled))
        with pytest.raises(StartError, match="not the one the directory names"):
            check_keys(core.directory, replace(hub_keys(world), logs=LogKeys(world.log_key, world.head_key)))


async def test_a_key_that_the_hub_does_not_hold_is_not_named(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        size = core.directory.current.size
        for content in (pb.LogKeyReplaced, pb.HeadKeyReplaced):
            statement = replace(world, statements=[], positions=dict(world.positions)).as_operators(
                content(new_key=SigningKey.generate().public)
            )
            with pytest.raises(RefusedError) as refused:
                await core.sequencer.submit(AppendStatements((statement,)))
            assert (refused.value.reason, refused.value.metadata) == (
                Reason.STATEMENT_REFUSED,
                {"rule": "key_not_held"},
            )
        assert core.directory.current.size == size
        await core.take(world.envelope(core.directory.view()))


@pytest.mark.parametrize("first", ["a batch", "a checkpoint", "a head"])
async def test_a_process_without_the_key_that_others_were_given_signs_nothing_more(
    migrated_postgres_url: str, world: World, first: str
) -> None:
    async with running_core(migrated_postgres_url, world, keys=held(world)) as ready:
        lacking = Core(migrated_postgres_url, world)
        await lacking.start()
        told: list[str] = []
        lacking.sequencer.on_failure(told.append)
        await lacking.take(world.envelope(ready.directory.view()))
        await replace_both(ready, world)
        size = len(await ready.read("hkma/intake"))
        if first == "a batch":
            assert texts(await lacking.submit(world.envelope(ready.directory.view()))) == ["UNAVAILABLE"]
        else:
            looking = (
                lacking.logs.checkpoint(LogName.EXCHANGE)
                if first == "a checkpoint"
                else lacking.logs.current_head(fresh=True)
            )
            with pytest.raises(RefusedError) as refused:
                await looking
            assert refused.value.reason is Reason.UNAVAILABLE
        with pytest.raises(RefusedError):
            await lacking.sequencer.submit(Record(EventKind.STARTED))
        assert lacking.sequencer.failed == NOT_HELD
        assert told == [NOT_HELD]
        assert len(await ready.read("hkma/intake")) == size
        await lacking.stop()
        (taken,) = await ready.submit(world.envelope(ready.directory.view()))
        assert isinstance(taken, Receipt)


async def test_a_process_without_the_key_ends_before_anything_is_asked_of_it(
    migrated_postgres_url: str, world: World
) -> None:
    async with running_core(migrated_postgres_url, world, keys=held(world)) as ready:
        lacking = Core(migrated_postgres_url, world, keys=replace(held(world), next_head=None))
        await lacking.start()
        told: asyncio.Queue[str] = asyncio.Queue()
        follower = Follower(
            db=lacking.db,
            directory=lacking.directory,
            keys=lacking.keys,
            seen=lacking.seen,
            on_grown=lacking.feed.grown,
            on_failure=told.put_nowait,
            telemetry=lacking.telemetry,
            poll_seconds=0.05,
        )
        follower.start()
        world.as_operators(pb.LogKeyReplaced(new_key=world.next_log_key.public))
        await ready.catch_up()
        assert isinstance((await lacking.submit(world.envelope(ready.directory.view())))[0], Receipt)
        assert told.empty()
        world.as_operators(pb.HeadKeyReplaced(new_key=world.next_head_key.public))
        await ready.catch_up()
        assert await asyncio.wait_for(told.get(), 20) == NOT_HELD
        await follower.stop()
        await lacking.stop()


def test_a_key_file_keeps_next_keys_and_one_of_the_release_before_has_none(world: World) -> None:
    sealed = hub_keys(world).seal(b"p", CHEAP)
    logs = HubKeys.open(b"p", sealed, CHEAP).logs
    assert logs.next_log is not None
    assert logs.next_head is not None
    assert logs.next_log.seed == world.next_log_key.seed
    assert logs.next_head.seed == world.next_head_key.seed

    content = json.loads(open_keyfile(b"p", sealed, CHEAP))
    del content["next"]
    before = HubKeys.open(b"p", seal_keyfile(b"p", json.dumps(content).encode(), CHEAP), CHEAP).logs
    assert (before.next_log, before.next_head) == (None, None)
    content["next"] = {"other": world.log_key.seed.hex()}
    with pytest.raises(CannotOpenError):
        HubKeys.open(b"p", seal_keyfile(b"p", json.dumps(content).encode(), CHEAP), CHEAP)


def test_keys_take_their_place_one_after_the_other_and_none_is_taken_that_is_not_held(world: World) -> None:
    keys = held(world)
    old, head = world.log_key.public, world.head_key.public
    assert keys.settled(old, head) is keys
    log_only = keys.settled(world.next_log_key.public, head)
    assert (log_only.log_key, log_only.retired, log_only.next_head) == (
        world.next_log_key,
        (world.log_key,),
        world.next_head_key,
    )
    both = log_only.settled(world.next_log_key.public, world.next_head_key.public)
    assert (both.head_key, both.next_head, both.signer_of(old)) == (world.next_head_key, None, world.log_key)
    assert both.retired_heads == (world.head_key,)
    with pytest.raises(KeyNotHeldError):
        keys.signer_of(head)
    with pytest.raises(KeyNotHeldError):
        keys.settled(old, old)
    with pytest.raises(KeyNotHeldError):
        keys.settled(head, head)
