"""`comity-hub backup` and `restore` as processes that are killed, beside a hub that serves."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from alembic import command
from comity.receipts import encode_receipt, verify_receipt
from comity.v1 import directory_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub

from hub.keeping.restore import verify
from tests.support.databases import alembic_config
from tests.support.world import make_world
from tests.system.processes import ROOT, HubProcess, environment, hub_home, twin, until

TWO = ("sfc", "hkma")


def written_down(backup: Path) -> list[str]:
    """The option that names the digest of a backup's manifest: the hub signs on while one is taken."""
    return ["--manifest-sha256", hashlib.sha256((backup / "manifest.json").read_bytes()).hexdigest()]


def begin(*words: object) -> subprocess.Popen[str]:
    """Starts a command."""
    return subprocess.Popen(
        [sys.executable, "-m", "hub", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
    )


async def run(*words: object) -> tuple[int, str]:
    """Runs a command; returns its exit code and all it said."""
    process = begin(*words)
    out, err = await asyncio.to_thread(process.communicate)
    return process.returncode, out + err


async def test_a_backup_or_restore_that_is_killed_leaves_nothing_that_could_be_taken_for_whole(
    migrated_database_url: str, postgres_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await hub.start()
        session = hub.session("sfc/intake")
        receipts = await asyncio.gather(*(session.submit(world.envelope(hub.view())) for _ in range(60)))
        options = ["--home", hub.home, "--database-url", hub.url]
        target = tmp_path / "kept" / "backup"
        target.parent.mkdir()

        killed = begin("backup", target, *options)
        await until(lambda: list(target.parent.iterdir()))  # it has begun to write
        killed.send_signal(signal.SIGKILL)
        await asyncio.to_thread(killed.communicate)
        assert not target.exists()
        for left in target.parent.iterdir():
            assert left.name.startswith(".backup.unfinished-")
            assert not (left / "manifest.json").exists()

        code, said = await run("backup", target, *options)
        assert code == 0, said
        manifest = verify(target)
        assert manifest.exchange.size >= 60
        # The hub served all the while, and goes on.
        receipts.append(await session.submit(world.envelope(hub.view())))
        await hub.stop()

        for number, url in enumerate((f"sqlite:///{tmp_path / 'other.sqlite'}", postgres_url)):
            other = HubProcess(tmp_path / f"other-{number}", url, world)
            into = ["--home", other.home, "--database-url", url, *written_down(target)]
            restoring = begin("restore", target, *into, "--progress")
            await until(lambda home=other.home: home.exists())  # type: ignore[misc] # the default binds the loop's value
            restoring.send_signal(signal.SIGKILL)
            await asyncio.to_thread(restoring.communicate)
            # What is there is empty, or not there at all: the same command again does it.
            code, said = await run("restore", target, *into)
            assert code == 0, said
            assert other.fsck() == []
            assert len(other.rows("SELECT idx FROM envelopes")) >= 60
        # Whatever migration it was killed over, nothing was ever logged there.
        begun = f"sqlite:///{tmp_path / 'begun.sqlite'}"
        command.upgrade(alembic_config(begun), "0001")
        code, said = await run(
            "restore", target, "--home", tmp_path / "begun", "--database-url", begun, *written_down(target)
        )
        assert code == 0, said
        for receipt in receipts[:60]:
            verify_receipt(receipt, world.exchange_origin, [world.log_key.public])
        assert len({encode_receipt(receipt) for receipt in receipts}) == 61


async def test_A_03_a_hub_restored_to_a_state_behind_the_checkpoint_outside_says_so_and_signs_nothing(
    migrated_database_url: str, postgres_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await hub.start()
        session = hub.session("sfc/intake")
        await session.submit(world.envelope(hub.view()))
        options = ["--home", hub.home, "--database-url", hub.url]
        assert (await run("backup", tmp_path / "backup", *options))[0] == 0
        size = verify(tmp_path / "backup").exchange.size
        for _ in range(3):
            await session.submit(world.envelope(hub.view()))
        assert await hub.stop() == 0
        note = (hub.home / "checkpoint").read_bytes()
        signed = int(note.split(b"\n")[1])
        assert signed == size + 3

        # The database is lost, the home is not.
        into = ["--home", hub.home, "--database-url", postgres_url, *written_down(tmp_path / "backup")]
        code, said = await run("restore", tmp_path / "backup", *into)
        assert code == 76
        assert f"signed at {signed} leaves; this backup has {size}" in said
        code, said = await run("restore", tmp_path / "backup", *into, "--behind")
        assert code == 76
        hub.url = postgres_url
        assert hub.rows("SELECT size FROM log_heads WHERE log = 2") == [(size,)]
        with pytest.raises(AssertionError, match="FORK-GUARD"):
            await hub.start()
        assert await hub.ended() == 76
        told = hub.log.read_text(encoding="utf-8")
        assert f"FORK-GUARD: the last checkpoint was signed at {signed} leaves; the database has {size}" in told
        assert "rolled-back.md" in told
        assert (hub.home / "checkpoint").read_bytes() == note
        assert hub.rows("SELECT max(size) FROM log_batches WHERE log = 2") == [(size,)]


async def test_A_03_a_hub_that_lost_the_outside_checkpoint_too_stops_at_the_first_client_that_has_seen_more(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await hub.start()
        assert (await run("backup", tmp_path / "backup", "--home", hub.home, "--database-url", hub.url))[0] == 0
        await hub.session("sfc/intake").submit(world.envelope(hub.view()))
        async with hub.as_desk("hkma/intake") as channel:
            seen = (await DirectoryServiceStub(channel).GetHead(directory_pb2.GetHeadRequest())).head
        assert await hub.stop() == 0

        again = twin(hub, "again")
        again.url = f"sqlite:///{tmp_path / 'again.sqlite'}"
        into = ["--home", again.home, "--database-url", again.url, *written_down(tmp_path / "backup")]
        code, said = await run("restore", tmp_path / "backup", *into, "--behind")
        assert code == 0, said
        (again.home / "checkpoint").unlink()
        try:
            await again.start()
            async with again.as_desk("hkma/intake") as channel:
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await DirectoryServiceStub(channel).GetHead(directory_pb2.GetHeadRequest(seen=seen))
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            assert await again.ended() == 76
            told = again.log.read_text(encoding="utf-8")
            assert "comity-hub: stopped serving: own signature on another log" in told
            assert "rolled-back.md" in told
        finally:
            await again.close()
