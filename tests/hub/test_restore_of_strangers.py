"""A backup that somebody else made: what it may bring into a home, and who must have signed it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.keys import SigningKey

from hub.cli.store import migrate
from hub.keeping.archive import MANIFEST, BackupError
from hub.keeping.restore import restore as put_back
from hub.keeping.restore import verify
from tests.hub.test_restore import backed_up, is_empty, restore, written_down
from tests.support.commands import hub_command
from tests.support.hub import hub_settings
from tests.support.lived import BEGINS
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(BEGINS, agencies=("sfc", "hkma"))


@pytest.fixture(params=["sqlite", "postgres"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A second, empty database without a schema, on either engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'other.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


def added(folder: Path, name: str, data: bytes, **said: Any) -> None:
    """Adds a file to a backup and to the manifest."""
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / MANIFEST).read_bytes()) | said
    digest = hashlib.sha256(data).hexdigest()
    manifest["files"].append({"path": name, "bytes": len(data), "sha256": digest, "rows": 0})
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "name",
    [
        "home/hub.sqlite-journal",
        "home/hub.sqlite-wal",
        "home/hub.sqlite",
        "home/comity-hub.toml",
        "home/checkpoint",
        "home/hub.key",
        "home/tls/key.pem",
        "home/operators/op-1.key",
        "home/operators/deeper/op-1.pub",
        "home/.genesis.new",
        "blobs/sfc/anything",
        "tables/../home.jsonl",
        "anything",
    ],
)
async def test_what_no_backup_writes_is_refused_before_anything_is_written(
    migrated_sqlite_url: str, world: World, tmp_path: Path, name: str
) -> None:
    _, folder = await backed_up(migrated_sqlite_url, world, tmp_path)
    added(folder, name, b"an attacker's")
    other = hub_settings(f"sqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "second")
    # Not even where the manifest is the one that was written down.
    said = await restore(other, folder, *written_down(folder), code=1)
    assert "names a file that no backup holds" in said or "outside the backup" in said
    assert not other.home.exists()
    assert not (tmp_path / "other.sqlite").exists()
    assert not (await asyncio.to_thread(lambda: hub_command("restore", folder, "--check", code=1))).startswith("backup")


async def test_a_home_gets_no_more_of_a_backup_than_it_needs(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    _, folder = await backed_up(migrated_sqlite_url, world, tmp_path)
    other = hub_settings(f"sqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "second")
    for name, size, more, words in (
        ("home/operators/op-1.pub", (1 << 20) + 1, {}, "no backup holds"),
        ("home/hub.key", 5, {}, "no backup holds"),
        ("home/genesis", 5, {}, "twice"),
    ):
        evil = tmp_path / "evil"
        shutil.copytree(folder, evil)
        added(evil, name, bytes(size), **more)
        assert words in await restore(other, evil, code=1), name
        assert not other.home.exists()
        shutil.rmtree(evil)
    added(folder, "home/hub.key", b"sealed", with_keys=True)
    added(folder, "home/operators/op-1.crt", b"public")
    await restore(other, folder)
    kept = {str(path.relative_to(other.home)) for path in other.home.rglob("*") if path.is_file()}
    assert {path for path in kept if not path.startswith("blobs/")} == {
        "genesis",
        "checkpoint",
        "hub.key",
        "operators/op-1.crt",
    }
    assert (other.home / "hub.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["home/genesis", "home", "tables/acks.jsonl", "tables", "blobs", MANIFEST])
async def test_a_link_in_a_backup_is_not_followed(
    migrated_sqlite_url: str, world: World, tmp_path: Path, name: str
) -> None:
    _, folder = await backed_up(migrated_sqlite_url, world, tmp_path)
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    other = hub_settings(f"sqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "second")
    assert "is a link" in await restore(other, folder, code=1)
    assert not other.home.exists()


async def test_what_belongs_into_the_home_is_compared_once_more_before_anything_is_kept(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    _, folder = await backed_up(migrated_sqlite_url, world, tmp_path)
    manifest = verify(folder)
    (folder / "home" / "genesis").write_bytes(b"another")
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    other = hub_settings(url, tmp_path / "second")
    other.home.mkdir()
    migrate(url)
    with pytest.raises(BackupError, match="changed while it was read"):
        put_back(other, folder, manifest, 0, lambda _what, _count: None)
    assert is_empty(url)
    assert not (other.home / "genesis").exists()


async def test_a_backup_that_the_hub_never_signed_to_its_end_needs_the_digest_that_was_written_down(
    migrated_database_url: str, other_url: str, world: World, tmp_path: Path
) -> None:
    settings, folder = await backed_up(migrated_database_url, world, tmp_path)
    size, root = verify(folder).exchange.size, bytes.fromhex(verify(folder).exchange.root)
    said, evil = json.loads((folder / MANIFEST).read_bytes()), tmp_path / "evil"
    shutil.copytree(folder, evil)
    forger, name = SigningKey.generate(), world.exchange_origin
    forged = sign_checkpoint(Checkpoint(name, size, root), name, forger.sign, forger.public).decode()
    behind = Checkpoint(name, size - 1, root)
    older = sign_checkpoint(behind, name, world.log_key.sign, world.log_key.public).decode()
    other = hub_settings(other_url, tmp_path / "second")
    for checkpoint in ("", "nothing", older, forged):
        (evil / MANIFEST).write_text(json.dumps(said | {"checkpoint": checkpoint}))
        assert "--manifest-sha256" in await restore(other, evil, code=1)
        # Only a signature has to be looked at with the restored directory.
        assert checkpoint != forged or is_empty(other_url)
        assert checkpoint == forged or not other.home.exists()
    assert "another digest" in await restore(other, evil, *written_down(folder), code=1)
    assert "64 hexadecimal" in await restore(other, evil, "--manifest-sha256", "c69b", code=1)

    # Signed by the hub where the home still has its word, or known by who wrote it down.
    (evil / MANIFEST).write_text(json.dumps(said | {"checkpoint": ""}))
    assert "everything restored verifies" in await restore(other, evil, *written_down(evil))
    assert not (other.home / "checkpoint").exists()
    third = hub_settings(f"sqlite:///{tmp_path / 'third.sqlite'}", tmp_path / "third")
    third.home.mkdir()
    (third.home / "checkpoint").write_bytes((settings.home / "checkpoint").read_bytes())
    assert "everything restored verifies" in await restore(third, evil)
