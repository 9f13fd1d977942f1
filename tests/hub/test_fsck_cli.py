"""`comity-hub fsck` as it is typed: what it says, how it ends, and what a program can read of it."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from hub.cli import keeping
from tests.hub.test_fsck_workflow import tamper
from tests.support.commands import hub_command
from tests.support.lived import BEGINS, live
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(BEGINS, agencies=("sfc", "hkma"))


async def fsck(home: Path, url: str, *more: str, code: int = 0) -> str:
    """Runs the command in this process."""
    return await asyncio.to_thread(lambda: hub_command("fsck", "--home", home, "--database-url", url, *more, code=code))


async def as_json(home: Path, url: str, *more: str, code: int = 0) -> Any:
    """What it says to a program."""
    return json.loads(await fsck(home, url, "--json", *more, code=code))


async def test_fsck_says_that_all_is_well_or_names_index_table_and_agency(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    url, home = migrated_database_url, tmp_path / "home"
    home.mkdir()
    await live(url, world, home / "blobs", checkpoint_file=home / "checkpoint")
    erased = "  legs judged 5, not judged 1: an envelope of each was erased\n"
    assert await fsck(home, url, "--read-attachments") == f"everything stored verifies\n{erased}"
    whole = await as_json(home, url)
    assert (whole["verifies"], whole["findings"], whole["skipped"]) == (True, [], False)
    assert (whole["exchange_size"], whole["legs"], whole["legs_unjudged"], whole["attachments"]) == (20, 5, 1, 1)

    tamper(url, "UPDATE blob_totals SET stored = stored + 1", "UPDATE legs SET revision = 9 WHERE state = 'EXPIRED'")
    said = await fsck(home, url, code=1)
    assert "index 0: an agency's totals are not the sums of its attachments [blob_totals] [sfc]" in said
    found = (await as_json(home, url, code=1))["findings"]
    assert {(one["log"], one["index"], one["table"], one["subject"]) for one in found} == {
        ("exchange", 0, "blob_totals", "sfc"),
        ("exchange", 0, "legs", ""),
    }
    tamper(url, "UPDATE openings SET path = salt WHERE idx = 7")
    damaged = await as_json(home, url, code=1)
    assert damaged["skipped"]
    assert [(one["index"], one["table"]) for one in damaged["findings"]] == [(7, "openings")]
    assert "were not looked at" in await fsck(home, url, code=1)


async def test_fsck_compares_with_the_checkpoint_outside_and_with_the_bytes_of_attachments(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    url, home = migrated_database_url, tmp_path / "home"
    home.mkdir()
    file = home / "checkpoint"
    await live(url, world, home / "blobs", checkpoint_file=file)
    note = file.read_bytes()
    tamper(url, "DELETE FROM log_leaves WHERE log = 2 AND idx = 19")
    said = await fsck(home, url, code=1)
    assert "index 19: the leaf is missing [log_leaves]" in said
    assert "behind, or beside, the checkpoint that was signed last [signed at 20 leaves, the database has 20]" in said
    lines = note.split(b"\n")
    lines[2] = base64.b64encode(bytes(32))
    file.write_bytes(b"\n".join(lines))
    assert "is not signed by this hub" in await fsck(home, url, code=1)
    file.unlink()
    assert "checkpoint" not in await fsck(home, url, code=1)


async def test_fsck_that_could_not_check_does_not_say_that_anything_is_damaged(tmp_path: Path) -> None:
    nobody = f"postgresql+psycopg://comity@/comity?host={tmp_path}"
    said = await fsck(tmp_path, nobody, code=69)
    assert "could not check" in said


async def test_fsck_tells_how_far_it_has_come(
    migrated_sqlite_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(migrated_sqlite_url, world, tmp_path / "blobs")
    monkeypatch.setattr(keeping, "EVERY_SECONDS", 0.0)
    said = await fsck(tmp_path, migrated_sqlite_url, "--progress")
    for what in ("leaves and deliveries", "pages of events", "pages of envelopes with attachments", "attachments"):
        assert f" {what}\n" in said
