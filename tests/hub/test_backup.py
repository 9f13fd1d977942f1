"""A backup is one moment of a hub that goes on serving: whole, named last, with every byte's digest."""

from __future__ import annotations

import asyncio
import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from hub.clock import SystemClock
from hub.config import Settings
from hub.keeping import backup as taking
from hub.keeping.archive import MANIFEST, BackupError, Manifest
from hub.keeping.backup import Backup
from hub.keeping.checking import check_all
from hub.keeping.restore import verify
from tests.support.commands import hub_command
from tests.support.core import running_core
from tests.support.hub import hub_settings
from tests.support.lived import BEGINS, live
from tests.support.world import World, make_world
from tests.system.processes import until


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(BEGINS, agencies=("sfc", "hkma"))


async def take(settings: Settings, target: Path, **options: Any) -> Manifest:
    """Takes a backup."""
    return await Backup(settings, SystemClock()).take(target, **options)


def folders(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if "backup" in path.name)


async def test_a_backup_names_whose_it_is_how_far_it_reaches_and_every_byte(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    settings = hub_settings(migrated_database_url, tmp_path / "home")
    settings.home.mkdir()
    (settings.home / "operators").mkdir()
    (settings.home / "genesis").write_bytes(world.statements[0])
    (settings.home / "operators" / "op-1.pub").write_text("{}")
    (settings.home / "hub.key").write_bytes(b"sealed")
    lived = await live(
        migrated_database_url, world, settings.home / "blobs", checkpoint_file=settings.home / "checkpoint"
    )
    target = tmp_path / "backup"
    manifest = await take(settings, target)

    assert verify(target) == manifest == Manifest.read(target)
    assert (manifest.origin, manifest.exchange_origin) == (world.origin, world.exchange_origin)
    assert manifest.checkpoint == (settings.home / "checkpoint").read_text()
    assert manifest.checkpoint.splitlines()[1] == str(manifest.exchange.size)
    assert (manifest.attachments, manifest.with_keys) == ("copied", False)
    kept = {file.path for file in manifest.files}
    assert {"home/genesis", "home/operators/op-1.pub", "tables/envelopes.jsonl"} <= kept
    on_disk = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert on_disk == kept | {MANIFEST}
    # Without keys: neither the file, nor a word of it.
    assert not [path for path in target.rglob("*") if path.is_file() and b"sealed" in path.read_bytes()]
    (blob,) = [path for path in kept if path.startswith("blobs/")]
    assert (target / blob).read_bytes() == lived.blob
    # The unfinished upload is left out, of its totals too.
    assert [file.rows for file in manifest.files if file.path == "tables/blobs.jsonl"] == [1]
    assert json.loads((target / "tables/blob_totals.jsonl").read_text().splitlines()[1]) == ["sfc", 5000, 1, 0]
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert folders(tmp_path) == ["backup"]

    with_keys = await take(settings, tmp_path / "backup-keys", with_keys=True)
    assert with_keys.with_keys
    assert (tmp_path / "backup-keys" / "home" / "hub.key").read_bytes() == b"sealed"
    with pytest.raises(BackupError, match="exists"):
        await take(settings, target)
    assert verify(target) == manifest


async def test_a_backup_under_load_is_one_moment_and_holds_nobody_up(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    settings = hub_settings(migrated_database_url, tmp_path / "home")
    settings.home.mkdir()
    async with running_core(migrated_database_url, world, checkpoint_file=settings.home / "checkpoint") as core:
        view, taken, stop = core.directory.view(), [], asyncio.Event()

        async def load() -> None:
            while not stop.is_set():
                taken.append(await core.take(world.envelope(view)))

        loading = asyncio.create_task(load())
        await until(lambda: len(taken) >= 20)
        before = len(taken)
        manifests = [await take(settings, tmp_path / f"backup-{n}") for n in range(3)]
        # So is the check of everything: what is appended while it reads is no finding.
        report = await check_all(settings)
        assert report.findings == []
        assert report.legs >= before
        await until(lambda: len(taken) >= before + 20)
        stop.set()
        await loading
        sizes = [manifest.exchange.size for manifest in manifests]
        assert before <= sizes[0] <= sizes[1] <= sizes[2] <= len(taken)
        for number, manifest in enumerate(manifests):
            root = await core.logs.root_at(2, manifest.exchange.size)
            assert root is not None
            assert root.hex() == manifest.exchange.root
            rows = {file.path: file.rows for file in verify(tmp_path / f"backup-{number}").files}
            # One moment: as many envelopes as leaves, and three rows of feeds for each... of two desks.
            assert rows["tables/envelopes.jsonl"] == rows["tables/openings.jsonl"] == manifest.exchange.size
            assert rows["tables/deliveries.jsonl"] == 2 * manifest.exchange.size


async def test_what_was_interrupted_bears_no_backups_name(
    migrated_sqlite_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = hub_settings(migrated_sqlite_url, tmp_path / "home")
    settings.home.mkdir()
    await live(migrated_sqlite_url, world, settings.home / "blobs")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(taking, "sync_tree", full)
        with pytest.raises(OSError, match="No space"):
            await take(settings, tmp_path / "backup")
    assert folders(tmp_path) == []

    # Killed before its end, as no handler can see it: the folder has another name, and no manifest.
    left = tmp_path / ".backup.unfinished-00"
    (left / "tables").mkdir(parents=True)
    with pytest.raises(BackupError, match="interrupted"):
        verify(left)


async def test_a_damaged_attachment_or_a_foreign_checkpoint_is_not_backed_up_as_if_it_were_whole(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    settings = hub_settings(migrated_sqlite_url, tmp_path / "home")
    settings.home.mkdir()
    file = settings.home / "checkpoint"
    await live(migrated_sqlite_url, world, settings.home / "blobs", checkpoint_file=file)
    note = file.read_bytes()
    lines = note.split(b"\n")
    lines[2] = base64.b64encode(bytes(32))
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(BackupError, match="fsck"):
        await take(settings, tmp_path / "backup")
    file.write_bytes(note)
    (blob,) = [path for path in (settings.home / "blobs" / "blobs").rglob("*") if path.is_file()]
    data = blob.read_bytes()
    blob.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    with pytest.raises(BackupError, match="fsck"):
        await take(settings, tmp_path / "backup")
    blob.unlink()
    with pytest.raises(BackupError, match="missing"):
        await take(settings, tmp_path / "backup")
    assert folders(tmp_path) == []


async def test_an_empty_hub_has_nothing_to_back_up(migrated_database_url: str, tmp_path: Path) -> None:
    settings = hub_settings(migrated_database_url, tmp_path / "home")
    settings.home.mkdir()
    with pytest.raises(BackupError, match="no hub yet"):
        await take(settings, tmp_path / "backup")


async def test_the_command_says_what_it_took_and_the_check_what_was_changed_since(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    await live(migrated_database_url, world, home / "blobs")
    options = ["--home", home, "--database-url", migrated_database_url]
    target = tmp_path / "backup"
    said = await asyncio.to_thread(hub_command, "backup", target, *options)
    assert f"directory {len(world.statements)} leaves, exchange 20 leaves" in said
    assert "keys not included" in said
    assert "to restore it, this digest must be given" in said  # no checkpoint was kept outside the database
    again = await asyncio.to_thread(hub_command, "restore", target, "--check")
    assert "every byte is what the manifest says" in again
    assert said.splitlines()[:4] == again.splitlines()[:4]
    assert "exists" in await asyncio.to_thread(lambda: hub_command("backup", target, *options, code=1))
    for name in ("tables/acks.jsonl", MANIFEST):
        path = target / name
        data = path.read_bytes()
        path.write_bytes(data.replace(b"acks", b"adks", 1))
        assert "comity-hub: " in await asyncio.to_thread(lambda: hub_command("restore", target, "--check", code=1))
        path.write_bytes(data)
