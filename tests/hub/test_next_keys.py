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

from hub.building import StartError, check_keys, read_directory
from hub.cli.renewing import with_next
from hub.cli.rpc import HubKeyUse
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.founding import found
from hub.log.commands import AppendStatements, Record
from hub.log.domain import NOT_HELD, KeyNotHeldError, KeyRetiredError, LogKeys, LogName
from hub.log.follower import Follower
from hub.vault import HubKeys
from tests.support.commands import HUB_PASSPHRASE, hub_command, hub_process
from tests.support.core import Core, running_core, texts
from tests.support.hub import hub_keys, hub_settings
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


async def test_a_log_goes_on_whose_next_key_was_made_anew_while_the_statement_was_under_way(
    migrated_postgres_url: str, world: World
) -> None:
    before = hub_keys(world)
    on_disk = HubKeys.open(b"p", with_next(before, HubKeyUse.LOG, 2, anew=True).seal(b"p", CHEAP), CHEAP)
    async with running_core(migrated_postgres_url, world, keys=before.logs) as not_yet_restarted:
        async with running_core(migrated_postgres_url, world, keys=on_disk.logs) as restarted:
            # Somebody may have it: a process that knows so accepts no statement that names it.
            statement = replace(world, statements=[], positions=dict(world.positions)).as_operators(
                pb.LogKeyReplaced(new_key=world.next_log_key.public)
            )
            with pytest.raises(RefusedError) as refused:
                await restarted.sequencer.submit(AppendStatements((statement,)))
            assert refused.value.metadata == {"rule": "key_not_held"}
            world.as_operators(pb.LogKeyReplaced(new_key=world.next_log_key.public))
            await not_yet_restarted.catch_up()
            # Named all the same it signs, in each of them.
            for core in (restarted, not_yet_restarted):
                (receipt,) = await core.submit(world.envelope(core.directory.view()))
                assert verify_receipt(receipt, world.exchange_origin, [world.next_log_key.public])
        view = not_yet_restarted.directory.view()
        check_keys(not_yet_restarted.directory, on_disk)
    settled = on_disk.logs.settled(view.log_key(), view.head_key())
    assert (settled.log_key.public, settled.next_log) == (world.next_log_key.public, on_disk.logs.next_log)
    assert ([key.public for key in settled.retired], settled.dropped) == ([world.log_key.public], ())


@pytest.mark.parametrize("use", list(HubKeyUse))
def test_a_next_key_made_anew_leaves_the_one_before_in_the_file_and_it_can_be_named_no_more(
    world: World, use: HubKeyUse
) -> None:
    first = hub_keys(world)
    twice = with_next(with_next(first, use, 1, anew=True), use, 2, anew=True)
    logs = HubKeys.open(b"p", twice.seal(b"p", CHEAP), CHEAP).logs
    dropped = logs.dropped if use is HubKeyUse.LOG else logs.dropped_heads
    given = dropped[-1]
    assert given.public == (world.next_log_key if use is HubKeyUse.LOG else world.next_head_key).public
    assert len(dropped) == 2
    assert logs.is_past(given.public)
    assert [key.public for key in logs.own_heads] == [key.public for key in twice.logs.own_heads]
    # Once the last one is named, no statement can name the others: they are with what is past.
    made = (logs.next_log, logs.head_key) if use is HubKeyUse.LOG else (logs.log_key, logs.next_head)
    assert None not in made
    settled = logs.settled(*(key.public for key in made if key is not None))
    past = settled.retired if use is HubKeyUse.LOG else settled.retired_heads
    assert (settled.dropped, settled.dropped_heads) == ((), ())
    assert past[1:] == dropped
    # Where one was named before that, it is settled as that; what it signed is signed again.
    named = (given, logs.head_key) if use is HubKeyUse.LOG else (logs.log_key, given)
    settled = logs.settled(*(key.public for key in named))
    assert (settled.log_key, settled.head_key) == named
    assert (settled.next_log, settled.next_head) == (logs.next_log, logs.next_head)


@pytest.mark.parametrize("use", list(HubKeyUse))
async def test_a_key_file_that_lists_the_key_in_force_as_replaced_starts_no_hub_on_that_database(
    migrated_sqlite_url: str, world: World, tmp_path: Path, use: HubKeyUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = world.next_log_key if use is HubKeyUse.LOG else world.log_key
    head = world.head_key if use is HubKeyUse.LOG else world.next_head_key
    keys = hub_keys(world)
    settled = replace(keys, logs=keys.logs.settled(log.public, head.public))
    kept = HubKeys.open(b"p", settled.seal(b"p", CHEAP), CHEAP)
    # The database is from before the entry, and so is, or is lost, the checkpoint that would say so.
    await found(hub_settings(migrated_sqlite_url, tmp_path), keys, world.statements[0])
    database, directory = Database.open(migrated_sqlite_url), HubDirectory()
    await read_directory(database, directory)
    check_keys(directory, keys)
    with pytest.raises(StartError, match=r"FORK-GUARD: .* lists as replaced.*rolled-back\.md") as refused:
        check_keys(directory, kept)
    assert isinstance(refused.value.__cause__, KeyRetiredError)
    database.close()
    if use is HubKeyUse.HEAD:  # one is enough to see how a process ends
        (tmp_path / "hub.key").write_bytes(settled.seal(HUB_PASSPHRASE.encode()))
        with hub_process(tmp_path, migrated_sqlite_url) as process:
            assert await asyncio.to_thread(process.process.wait, 60) == 76
            assert "does not start: FORK-GUARD: the directory names a key that the key file lists" in process.output()
    monkeypatch.setattr(HubKeys.open.__func__, "__defaults__", (CHEAP,))  # type: ignore[attr-defined] # a classmethod has one
    (tmp_path / "hub.key").write_bytes(settled.seal(HUB_PASSPHRASE.encode(), CHEAP))
    typed = ("next-key", use.value, "--home", tmp_path, "--database-url", migrated_sqlite_url)
    said = await asyncio.to_thread(hub_command, *typed, passphrase=HUB_PASSPHRASE, code=1)
    assert "the database is older" in said


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
    with pytest.raises(KeyRetiredError):
        both.settled(old, world.next_head_key.public)
    with pytest.raises(KeyNotHeldError):
        keys.settled(old, old)
    with pytest.raises(KeyNotHeldError):
        keys.settled(head, head)
