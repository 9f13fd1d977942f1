"""A key of the hub that was replaced: whoever has it ends no hub, and signs no batch that a check takes for its own."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
from comity.checkpoint import parse_checkpoint
from comity.directory import Head, sign_head
from comity.errors import CannotOpenError, Reason, RefusedError
from comity.keyfile import Cost
from comity.keys import SigningKey
from comity.receipts import encode_receipt
from comity.v1 import directory_pb2 as pb
from comity.v1.directory_pb2_grpc import DirectoryServiceStub

from hub.building import StartError
from hub.claim import CLAIMS, FOLLOWS, NEWEST_SCHEMA
from hub.cli.renewing import with_next
from hub.cli.rpc import HubKeyUse
from hub.cli.store import migrate
from hub.db import Database
from hub.directory.service import ROLLED_BACK, HubDirectory
from hub.faults import Faults
from hub.founding import found
from hub.keeping.backup import _checkpoint
from hub.keeping.checking import check_outside
from hub.keeping.restore import _check_signed
from hub.log.commands import AppendStatements
from hub.log.domain import NOT_HELD, LogKeys, note_of
from hub.log.guard import ForkGuardError, Guard, read_signed
from hub.vault import HubKeys
from tests.support.commands import hub_command, passphrase_pipe
from tests.support.core import Core, running_core, texts
from tests.support.hub import RunningHub, hub_keys, hub_settings, reason_of, running_hub
from tests.support.world import World, make_world

CHEAP = Cost(1, 8192)


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


def log_replaced(world: World) -> bytes:
    """Two operators name the next log key."""
    return world.as_operators(pb.LogKeyReplaced(new_key=world.next_log_key.public))


def head_replaced(world: World) -> bytes:
    """Two operators name the next head key."""
    return world.as_operators(pb.HeadKeyReplaced(new_key=world.next_head_key.public))


def head_at(hub: RunningHub, directory_size: int) -> Head:
    """A head of an exchange log that this hub never had."""
    view = hub.hub.directory.current.view(directory_size)
    world = hub.world
    return Head(world.origin, view.size, view.root, world.exchange_origin, 10**6, b"x" * 32, world.now)


async def presented(hub: RunningHub, head: pb.SignedHead) -> Reason | None:
    """What a hub says to a head that a client shows it; None where it takes it."""
    async with hub.as_desk("sfc/intake") as channel:
        try:
            await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest(seen=head), timeout=5)
        except grpc.aio.AioRpcError as error:
            # A hub that stops may cut the call before it has said so.
            stopping = error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
            return Reason.UNAVAILABLE if stopping else reason_of(error)
    return None


async def test_a_head_under_a_replaced_key_that_does_not_fit_is_refused_and_stops_no_hub(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:
        async with hub.as_desk("sfc/intake") as channel:
            honest = (await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest())).head
        await hub.append(head_replaced(world))
        size = hub.view().size
        for directory_size in (size - 1, size, size + 1):
            forged = replace(head_at(hub, min(size, directory_size)), directory_size=directory_size)
            body, sig = sign_head(forged, world.head_key)
            assert await presented(hub, pb.SignedHead(body=body, sig=sig)) is Reason.BAD_SIGNATURE
        assert hub.hub._failure == ""
        # What it signed in its time is still known as the hub's own.
        assert await presented(hub, honest) is None


async def test_a_hub_that_lost_the_entry_of_its_head_key_stops_when_a_client_shows_it_a_head_of_it(
    world: World, tmp_path: Path
) -> None:
    url, file = f"sqlite:///{tmp_path}/hub.sqlite", tmp_path / "hub.sqlite"
    migrate(url)
    before = list(world.statements)
    async with running_hub(url, world, home=tmp_path / "home") as hub:
        one, two = sqlite3.connect(file), sqlite3.connect(tmp_path / "standby")
        one.backup(two)
        one.close()
        two.close()
        await hub.append(head_replaced(world))
        async with hub.as_desk("sfc/intake") as channel:
            head = (await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest())).head
    for left in ("-wal", "-shm"):
        file.with_name(file.name + left).unlink(missing_ok=True)
    file.write_bytes((tmp_path / "standby").read_bytes())
    other = replace(world, statements=before, positions=dict(world.positions))
    with pytest.raises(StartError, match="FORK-GUARD: the last checkpoint was signed at 2 leaves; the database has 1"):
        async with running_hub(url, other, home=tmp_path / "home"):
            pass
    (tmp_path / "home" / "checkpoint").unlink()  # where the home was lost, too, it is for agencies to show it
    async with running_hub(url, other, home=tmp_path / "home") as hub:
        assert await presented(hub, head) is Reason.UNAVAILABLE
        assert hub.hub._failure == ROLLED_BACK


async def test_a_process_that_has_not_read_the_entry_takes_a_head_of_the_key_that_it_names(
    migrated_postgres_url: str, world: World, tmp_path: Path
) -> None:
    other = replace(world, next_head_key=SigningKey.generate())
    async with (
        running_hub(migrated_postgres_url, world, home=tmp_path / "a") as ahead,
        running_hub(migrated_postgres_url, world, home=tmp_path / "b") as behind,
        running_hub(migrated_postgres_url, other, home=tmp_path / "c") as lacking,
        ahead.as_desk("sfc/intake") as channel,
    ):
        for process in (behind, lacking):
            await process.hub._follower.stop()
        statement = pb.Statement.FromString(head_replaced(world))
        request = pb.AppendStatementsRequest(statements=[statement])
        head = (await DirectoryServiceStub(channel).AppendStatements(request)).head
        assert behind.hub.directory.current.size < ahead.hub.directory.current.size
        assert await presented(behind, head) is None
        # Nor is the client to blame where that process does not hold the key: it goes on elsewhere.
        assert await presented(lacking, head) is Reason.UNAVAILABLE


@pytest.mark.parametrize("asked", ["the feed", "an opening"])
async def test_a_process_makes_no_receipt_of_a_batch_whose_key_it_lacks(
    migrated_postgres_url: str, world: World, asked: str
) -> None:
    async with running_core(migrated_postgres_url, world, keys=hub_keys(world).logs) as ready:
        lacking = Core(migrated_postgres_url, world)
        await lacking.start()
        log_replaced(world)
        await ready.catch_up()
        (receipt,) = await ready.submit(world.envelope(ready.directory.view()))
        feed, opening = lacking.read("hkma/intake"), lacking.logs.opening("hkma/intake", receipt.index)
        answer, other = (feed, opening) if asked == "the feed" else (opening, feed)
        other.close()
        with pytest.raises(RefusedError) as refused:
            await answer
        assert refused.value.reason is Reason.UNAVAILABLE
        assert lacking.sequencer.failed == NOT_HELD
        await lacking.stop()


async def test_a_retry_is_not_answered_with_another_key_than_the_one_of_its_batch(
    migrated_sqlite_url: str, world: World
) -> None:
    keys = hub_keys(world).logs
    async with running_core(migrated_sqlite_url, world, keys=keys) as core:
        early = world.envelope(core.directory.view())
        (before,) = await core.submit(early)
        log_replaced(world)
        await core.catch_up()
        (again,) = await core.submit(early)
        assert encode_receipt(again) == encode_receipt(before)
    async with running_core(migrated_sqlite_url, world, keys=LogKeys(world.next_log_key, world.head_key)) as core:
        late = world.envelope(core.directory.view())
        assert texts(await core.submit(early, late)) == ["UNAVAILABLE"] * 2
        assert core.sequencer.failed == NOT_HELD


async def test_a_batch_that_is_signed_with_a_replaced_key_is_found_and_counts_neither_outside_nor_in_a_backup(
    migrated_database_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signed(size: int, root: bytes) -> list[bytes]:
        return [note_of(world.exchange_origin, size, root, key) for key in (world.log_key, world.next_log_key)]

    core = Core(migrated_database_url, world, keys=hub_keys(world).logs)
    await core.start()
    (before,) = await core.submit(world.envelope(core.directory.view()))
    first = parse_checkpoint(before.checkpoint)[0]
    log_replaced(world)
    await core.catch_up()
    # A process of the release before, or a thief's, which goes on with the key that it has.
    monkeypatch.setattr(LogKeys, "named_log", lambda _self, _public: world.log_key)
    (after,) = await core.submit(world.envelope(core.directory.view()))
    last = parse_checkpoint(after.checkpoint)[0]
    assert [(one.index, one.what) for one in core.fsck()] == [
        (last.size - 1, "the batch that ends here is signed with another log key than its directory names")
    ]
    file, state = tmp_path / "checkpoint", core.directory.current.state
    (old, new), (stolen, right) = signed(first.size, first.root), signed(last.size, last.root)
    for note in (old, new, right):
        assert core.db.read_now(lambda c, note=note: read_signed(c, note, state)).size
        assert core.db.read_now(lambda c, note=note: _checkpoint(c, note)) == note.decode()
        core.db.read_now(lambda c, note=note: _check_signed(c, [note]))
        file.write_bytes(note)
        assert check_outside(core.db, file) == []
    with pytest.raises(ForkGuardError):
        core.db.read_now(lambda c: read_signed(c, stolen, state))
    for judge in (lambda c: _checkpoint(c, stolen), lambda c: _check_signed(c, [stolen])):
        with pytest.raises(Exception, match=r"not its own|signs this backup"):
            core.db.read_now(judge)
    file.write_bytes(stolen)
    (finding,) = check_outside(core.db, file)
    assert finding.what == "the checkpoint kept outside the database is not signed by this hub"
    await core.stop()


async def test_a_database_without_the_entry_that_names_the_key_of_the_checkpoint_outside_is_said_to_be_behind(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoint"
    async with running_core(migrated_sqlite_url, world) as core:
        await core.take(world.envelope(core.directory.view()))
        for origin, behind in ((world.exchange_origin, True), ("other.example/exchange", False)):
            file.write_bytes(note_of(origin, 7, b"r" * 32, world.next_log_key))
            (finding,) = check_outside(core.db, file)
            assert ("behind" in finding.what, "does not name" in finding.subject) == (behind, behind)
        file.write_bytes(b"no checkpoint at all\n")
        assert "not signed by this hub" in check_outside(core.db, file)[0].what


def test_a_process_without_the_next_key_does_not_put_back_the_checkpoint_that_another_keeps(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    file, origin = tmp_path / "checkpoint", world.exchange_origin
    database = Database.open(migrated_sqlite_url)
    ready, lacking = (
        Guard(database, HubDirectory(), keys, file, Faults())
        for keys in (hub_keys(world).logs, LogKeys(world.log_key, world.head_key))
    )
    lacking.remember(note_of(origin, 10, b"r" * 32, world.log_key))
    ready.remember(note_of(origin, 20, b"q" * 32, world.next_log_key))
    ready.keep_up(force=True)
    lacking.keep_up(force=True)
    assert parse_checkpoint(file.read_bytes())[0].size == 20
    # One of another log is in nobody's way.
    file.write_bytes(note_of("other.example/exchange", 30, b"q" * 32, world.log_key))
    lacking.remember(note_of(origin, 10, b"r" * 32, world.log_key))
    lacking.keep_up(force=True)
    assert parse_checkpoint(file.read_bytes())[0].size == 10
    database.close()


@pytest.mark.parametrize("use", list(HubKeyUse))
def test_a_next_key_is_made_anew_where_somebody_may_have_the_one_that_lies_there(world: World, use: HubKeyUse) -> None:
    def public(keys: HubKeys) -> bytes:
        made = keys.logs.next_log if use is HubKeyUse.LOG else keys.logs.next_head
        assert made is not None
        return made.public

    keys = replace(hub_keys(world), logs=LogKeys(world.log_key, world.head_key))
    january = with_next(keys, use, 1_700_000_000)
    kept = HubKeys.open(b"p", january.seal(b"p", CHEAP), CHEAP)
    assert (public(kept), kept.next_made) == (public(january), {use.value: 1_700_000_000})
    assert with_next(kept, use, 1_800_000_000) is kept
    june = with_next(kept, use, 1_800_000_000, anew=True)
    assert public(june) != public(january)
    assert june.next_made == {use.value: 1_800_000_000}
    assert june.logs.retired == june.logs.retired_heads == ()


async def test_a_head_under_a_next_key_in_whose_place_another_was_made_stops_no_hub(
    migrated_sqlite_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = with_next(hub_keys(world), HubKeyUse.HEAD, 1, anew=True)
    monkeypatch.setattr("tests.support.hub.hub_keys", lambda _world: keys)
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:
        forged = head_at(hub, hub.view().size)
        body, sig = sign_head(forged, world.next_head_key)
        assert await presented(hub, pb.SignedHead(body=body, sig=sig)) is Reason.BAD_SIGNATURE
        assert hub.hub._failure == ""
        assert keys.logs.next_head is not None
        body, sig = sign_head(forged, keys.logs.next_head)
        assert await presented(hub, pb.SignedHead(body=body, sig=sig)) is Reason.UNAVAILABLE


async def test_next_key_anew_makes_another_says_when_and_seals_the_file_under_another_passphrase(
    migrated_sqlite_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HubKeys.open.__func__, "__defaults__", (CHEAP,))  # type: ignore[attr-defined] # a classmethod has one
    monkeypatch.setattr(HubKeys.seal, "__defaults__", (CHEAP,))
    file, keys = tmp_path / "hub.key", hub_keys(world)
    await found(hub_settings(migrated_sqlite_url, tmp_path), keys, world.statements[0])
    file.write_bytes(keys.seal(b"stolen with it"))
    typed = ["next-key", "log", "--home", tmp_path, "--database-url", migrated_sqlite_url]

    def run(old: str, *more: object) -> str:
        return hub_command(*typed, *more, passphrase=old)

    said = await asyncio.to_thread(run, "stolen with it")
    assert (world.next_log_key.public.hex() in said, "made at a time that is not known" in said) == (True, True)
    with passphrase_pipe("of today, and longer") as descriptor:
        said = await asyncio.to_thread(run, "stolen with it", "--anew", "--new-passphrase-fd", descriptor)
    assert world.next_log_key.public.hex() not in said
    assert await asyncio.to_thread(run, "of today, and longer") == said
    with pytest.raises(CannotOpenError):
        HubKeys.open(b"stolen with it", file.read_bytes())
    made = HubKeys.open(b"of today, and longer", file.read_bytes())
    assert made.logs.next_log is not None
    assert made.logs.next_head is not None
    assert f"next log key: {made.logs.next_log.public.hex()}\nmade 20" in said
    assert made.logs.next_head.public == world.next_head_key.public


async def test_no_key_is_replaced_while_a_process_serves_that_would_sign_on_with_the_one_before(
    migrated_postgres_url: str, world: World
) -> None:
    def claimed(*classes: int) -> psycopg.Connection[Any]:
        connection = psycopg.connect(migrated_postgres_url.replace("postgresql+psycopg://", "postgresql://"))
        for number in classes:
            connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", (number, NEWEST_SCHEMA))
        return connection

    async with AsyncExitStack() as stack:
        core = await stack.enter_async_context(running_core(migrated_postgres_url, world, keys=hub_keys(world).logs))
        older = stack.enter_context(closing(await asyncio.to_thread(claimed, CLAIMS)))
        stack.enter_context(closing(await asyncio.to_thread(claimed, CLAIMS, FOLLOWS)))
        for made in (log_replaced, head_replaced):
            statement = made(replace(world, statements=[], positions=dict(world.positions)))
            with pytest.raises(RefusedError) as refused:
                await core.sequencer.submit(AppendStatements((statement,)))
            assert refused.value.metadata == {"rule": "older_release"}
        # Whoever has the database's password can look like that: who it is stands in the log.
        seen = ("no key is replaced beside it", {"pid": older.info.backend_pid, "address": older.info.hostaddr})
        assert core.log.lines == [seen] * 2
        world.revoke_tls("hkma/intake")  # all else goes on
        await core.catch_up()
        older.execute("SELECT pg_advisory_unlock_all()")  # the server hears of a closed connection only by and by
        log_replaced(world)
        await core.catch_up()
        assert core.directory.view().log_key() == world.next_log_key.public
