"""A restore is whole and checked, or nothing: on either engine, receipts to the byte, never behind what was signed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comity.receipts import encode_receipt

from hub.config import Settings
from hub.db import Database
from hub.keeping.archive import MANIFEST
from hub.keeping.checking import check_all
from hub.log.domain import LogKeys, LogName
from hub.log.receipts import receipt_of
from hub.log.store import load_receipts, read_state
from tests.hub.test_backup import take
from tests.support.clock import FakeClock
from tests.support.commands import hub_command
from tests.support.core import Core
from tests.support.hub import hub_settings
from tests.support.lived import BEGINS, live
from tests.support.world import DAY, World, make_world


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


def receipts(url: str, world: World) -> dict[int, bytes]:
    """Every receipt, to the byte."""
    keys, database = LogKeys(world.log_key, world.head_key), Database.open(url)
    try:
        size = database.read_now(lambda c: read_state(c, LogName.EXCHANGE)).size
        stored = database.read_now(lambda c: load_receipts(c, range(size)))
        return {index: encode_receipt(receipt_of(row, world.exchange_origin, keys)) for index, row in stored.items()}
    finally:
        database.close()


def heads(url: str) -> list[tuple[Any, ...]]:
    database = Database.open(url)
    try:
        return database.read_now(
            lambda c: [tuple(r) for r in c.exec_driver_sql("SELECT * FROM log_heads ORDER BY log")]
        )
    finally:
        database.close()


def later(url: str, world: World, home: Path) -> Core:
    """A hub's core, fifteen days after the world began."""
    return Core(url, world, clock=FakeClock(world.now + 15 * DAY), checkpoint_file=home / "checkpoint")


async def restore(settings: Settings, folder: Path, *more: object, code: int = 0) -> str:
    """Runs the command."""
    options = ["--home", settings.home, "--database-url", settings.database_url]
    return await asyncio.to_thread(lambda: hub_command("restore", folder, *options, *more, code=code))


async def backed_up(url: str, world: World, folder: Path) -> tuple[Settings, Path]:
    """A hub that has lived, and a backup of it."""
    settings = hub_settings(url, folder / "home")
    settings.home.mkdir()
    (settings.home / "genesis").write_bytes(world.statements[0])
    await live(url, world, settings.home / "blobs", checkpoint_file=settings.home / "checkpoint")
    await take(settings, folder / "backup")
    return settings, folder / "backup"


async def test_what_comes_back_is_the_same_to_the_byte_on_either_engine_and_goes_on(
    migrated_database_url: str, other_url: str, world: World, tmp_path: Path
) -> None:
    settings, folder = await backed_up(migrated_database_url, world, tmp_path)
    other = hub_settings(other_url, tmp_path / "second")
    said = await restore(other, folder)

    assert "everything restored verifies" in said
    before, after = receipts(migrated_database_url, world), receipts(other_url, world)
    assert before == after
    assert len(after) == 20
    assert [row[:5] for row in heads(migrated_database_url)] == [row[:5] for row in heads(other_url)]
    # A new fence: whoever still held the old heads can write nothing, nor whoever served an earlier restore of this.
    again = hub_settings(f"sqlite:///{tmp_path / 'again.sqlite'}", tmp_path / "again")
    await restore(again, folder)
    fences = [{row[5] for row in heads(url)} for url in (migrated_database_url, other_url, again.database_url)]
    assert [len(set(both)) for both in fences] == [1, 1, 1]
    assert len(set.union(*fences)) == 3
    assert min(set.union(*fences)) == min(fences[0])
    assert (other.home / "genesis").read_bytes() == world.statements[0]
    assert (other.home / "checkpoint").read_bytes() == (settings.home / "checkpoint").read_bytes()
    report = await check_all(other, deep=True)
    assert (report.findings, report.attachments, report.legs) == ([], 1, 5)

    core = later(other_url, world, other.home)
    await core.start()
    taken = await core.take(world.envelope(core.directory.view(), created=core.clock.now_ms()))
    assert taken.receipt.index == len(after) + 1  # after STARTED
    await core.stop()
    third = hub_settings(other_url, tmp_path / "third")
    assert "not empty" in await restore(third, folder, code=1)


def seen(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def rewritten(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Changes a file of a backup and the manifest with it, as somebody would who knows how."""
    path, manifest = folder / name, json.loads((folder / MANIFEST).read_bytes())
    seen(path, change)
    (file,) = [one for one in manifest["files"] if one["path"] == name]
    file["sha256"], file["bytes"] = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
    (folder / MANIFEST).write_text(json.dumps(manifest))


def written_down(folder: Path) -> list[str]:
    """The option that names the digest of a backup's manifest."""
    return ["--manifest-sha256", hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()]


def is_empty(url: str) -> bool:
    database = Database.open(url)
    try:
        return database.read_now(lambda c: c.exec_driver_sql("SELECT count(*) FROM log_leaves").scalar() == 0) and all(
            row[1] == 0 for row in heads(url)
        )
    finally:
        database.close()


def one_bit(line: bytes) -> Callable[[bytes], bytes]:
    """Swaps two base64 letters in the last row of a table."""

    def change(data: bytes) -> bytes:
        at = data.rindex(line)
        letter = data[at + 3 : at + 4]
        return data[: at + 3] + (b"A" if letter != b"A" else b"B") + data[at + 4 :]

    return change


async def test_a_backup_that_was_changed_is_refused_and_the_database_stays_empty(
    migrated_database_url: str, other_url: str, world: World, tmp_path: Path
) -> None:
    _, folder = await backed_up(migrated_database_url, world, tmp_path)
    other = hub_settings(other_url, tmp_path / "second")
    plain = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def again() -> None:
        for path, data in plain.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    for path in plain:
        if path.name != MANIFEST:
            seen(path, lambda data: data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
            assert "not what was written" in await restore(other, folder, code=1)
            path.unlink()
            assert "missing" in await restore(other, folder, code=1)
            again()
    damaged = {
        "tables/openings.jsonl": ("does not commit", one_bit(b',"')),
        "tables/legs.jsonl": ("not what the log makes of it", lambda data: data.replace(b'"EXPIRED"', b'"SENT"')),
        "tables/log_heads.jsonl": ("head's size", lambda data: data.replace(b"[2,", b"[2,1")),
        "tables/deliveries.jsonl": ("rows that do not fit", lambda data: data.replace(b",1,", b",0,", 1)),
        "tables/acks.jsonl": ("changed while it was read", lambda data: data[: data[:-1].rindex(b"\n") + 1]),
    }
    for name, (words, change) in damaged.items():
        rewritten(folder, name, change)
        assert words in await restore(other, folder, code=1), name
        assert is_empty(other_url)
        again()
    manifest = json.loads(plain[folder / MANIFEST])
    manifest["exchange"]["size"] += 1
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert "other heads" in await restore(other, folder, *written_down(folder), code=1)
    (folder / MANIFEST).write_text(plain[folder / MANIFEST].decode().replace("tables/acks.jsonl", "../acks.jsonl"))
    assert "outside the backup" in await restore(other, folder, code=1)
    again()
    # And after all of that it is still there to be restored.
    assert "everything restored verifies" in await restore(other, folder)


async def test_A_03_a_backup_behind_the_checkpoint_outside_is_refused_and_where_it_is_restored_nothing_is_signed(
    migrated_database_url: str, other_url: str, world: World, tmp_path: Path
) -> None:
    settings, folder = await backed_up(migrated_database_url, world, tmp_path)
    held = len(receipts(migrated_database_url, world))
    core = later(migrated_database_url, world, settings.home)
    await core.start()
    await core.take(world.envelope(core.directory.view(), created=core.clock.now_ms()))
    await core.stop()
    # The home outlived the database.
    other = hub_settings(other_url, settings.home)
    said = await restore(other, folder, code=76)
    assert "FORK-GUARD" in said
    assert f"signed at {held + 2} leaves; this backup has {held}" in said
    assert "rolled-back.md" in said

    note = (settings.home / "checkpoint").read_bytes()
    said = await restore(other, folder, "--behind", code=76)
    assert f"signed at {held + 2} leaves, the database has {held}" in said
    assert len(receipts(other_url, world)) == held
    rolled_back = later(other_url, world, settings.home)
    with pytest.raises(Exception, match=f"signed at {held + 2} leaves; the database has {held}. Nothing was signed"):
        await rolled_back.start()
    rolled_back.db.close()
    assert len(receipts(other_url, world)) == held
    assert (settings.home / "checkpoint").read_bytes() == note
    report = await check_all(other)
    assert ["behind" in finding.what for finding in report.findings] == [True]


async def test_attachments_in_a_bucket_are_listed_and_looked_for(
    migrated_sqlite_url: str,
    world: World,
    tmp_path: Path,
    s3_endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import boto3  # type: ignore[import-untyped]

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("COMITY_HUB_BLOBS_S3_ENDPOINT", s3_endpoint)
    monkeypatch.setenv("COMITY_HUB_BLOBS_S3_REGION", "us-east-1")
    monkeypatch.setenv("COMITY_HUB_BLOBS_URL", "s3://kept/attachments")
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="kept")
    settings = hub_settings(migrated_sqlite_url, tmp_path / "home")
    settings.home.mkdir()
    lived = await live(migrated_sqlite_url, world, tmp_path / "blobs", checkpoint_file=settings.home / "checkpoint")
    (blob,) = [path for path in (tmp_path / "blobs" / "blobs").rglob("*") if path.is_file()]
    key = f"attachments/{blob.relative_to(tmp_path / 'blobs').as_posix()}"
    client.put_object(Bucket="kept", Key=key, Body=blob.read_bytes())

    manifest = await take(settings, tmp_path / "backup")
    assert manifest.attachments == "listed"
    assert not (tmp_path / "backup" / "blobs").exists()
    copied = await take(settings, tmp_path / "backup-copied", copied=True)
    assert [(tmp_path / "backup-copied" / f.path).read_bytes() for f in copied.files if "blobs/" in f.path] == [
        lived.blob
    ]
    client.delete_object(Bucket="kept", Key=key)
    other = hub_settings(f"sqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "second")
    assert "not in the store" in await restore(other, tmp_path / "backup", code=1)
    assert is_empty(other.database_url)
    assert "verifies" in await restore(other, tmp_path / "backup-copied")
    assert client.get_object(Bucket="kept", Key=key)["Body"].read() == lived.blob


async def test_a_key_file_comes_back_where_it_was_asked_for_and_is_never_written_over(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    settings, _ = await backed_up(migrated_sqlite_url, world, tmp_path)
    (settings.home / "hub.key").write_bytes(b"sealed")
    await take(settings, tmp_path / "with-keys", with_keys=True)
    for number, present in enumerate((b"", b"another")):
        other = hub_settings(f"sqlite:///{tmp_path / f'other{number}.sqlite'}", tmp_path / f"home{number}")
        other.home.mkdir()
        if present:
            (other.home / "hub.key").write_bytes(present)
        await restore(other, tmp_path / "with-keys")
        assert (other.home / "hub.key").read_bytes() == (present or b"sealed")
        assert (other.home / "hub.key").stat().st_mode & 0o077 == 0 or present
