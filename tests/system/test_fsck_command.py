"""`comity-hub fsck` and `serve` as a person runs them, on a database that somebody has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from comity.workflow.terms import Verb
from sqlalchemy import LargeBinary, Table, create_engine, select, update

from hub.schema import metadata
from tests.support.core import running_core
from tests.support.tampering import unguard
from tests.support.world import World, make_world
from tests.system.processes import ROOT, HubProcess, environment, hub_home

TAMPERED = (
    ("log_leaves", "leaf", 2),
    ("openings", "event", 4),
    ("envelopes", "ciphertext", 6),
    ("acks", "body", 0),
    ("deliveries", "wrap", 9),
    ("log_batches", "root", 11),
)
"""Table, column, and which of the rows that have it, in the order of their key."""


async def fill(url: str, world: World) -> None:
    """Twelve envelopes, one after another, an acknowledgement and a withdrawal."""
    async with running_core(url, world) as core:
        view, case = core.directory.view(), os.urandom(16)
        opening = (await core.take(world.envelope(view, case_id=case))).event.message_hash
        for _ in range(11):
            await core.take(world.envelope(view))
        await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening))
        other = (await core.take(world.envelope(view))).event.message_hash
        await core.acknowledge(world.ack(other, "hkma/intake"))


def flip(url: str, table: str, column: str, which: int) -> int:
    """Changes one bit of one row; returns the index in the log that it concerns."""
    t: Table = metadata.tables[table]
    assert isinstance(t.c[column].type, LargeBinary)
    engine = create_engine(url)
    with engine.begin() as connection:
        unguard(connection)
        query = select(t).where(t.c[column].is_not(None)).order_by(*t.primary_key.columns)
        if "log" in t.c:
            query = query.where(t.c.log == 2)
        row = connection.execute(query).all()[which]._mapping
        value = bytearray(row[column])
        value[len(value) // 2] ^= 4
        match = [key == row[key.name] for key in t.primary_key.columns]
        connection.execute(update(t).where(*match).values({column: bytes(value)}))
    engine.dispose()
    return int(row["idx"]) if "idx" in row else int(row["size"]) - 1


def fsck(hub: HubProcess) -> subprocess.CompletedProcess[str]:
    """Runs the command."""
    command = [sys.executable, "-m", "hub", "fsck", "--home", str(hub.home), "--database-url", hub.url]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=120, check=False
    )


async def test_A_01_fsck_names_every_tampered_row_and_the_hub_does_not_start(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await fill(hub.url, world)
        good = fsck(hub)
        assert (good.returncode, good.stdout) == (0, "everything stored verifies\n"), good.stdout + good.stderr

        indices = {table: flip(hub.url, table, column, which) for table, column, which in TAMPERED}
        assert len(set(indices.values())) == len(TAMPERED)
        found = fsck(hub)
        assert found.returncode == 1
        for table, index in indices.items():
            assert f"exchange log, index {index}:" in found.stdout, (table, found.stdout)
        assert "Traceback" not in found.stdout + found.stderr

        with pytest.raises(AssertionError, match="does not start"):
            await hub.start()
        assert await hub.ended() == 1
        assert f"index {min(indices.values())}:" in hub.log.read_text(encoding="utf-8")
