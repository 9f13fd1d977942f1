"""What is stored is what the logs commit to: one changed byte is found, named by its index, and stops the hub."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from comity.merkle import leaf_hash, verify_inclusion
from comity.receipts import AckState
from comity.workflow.terms import Verb
from sqlalchemy import Table, create_engine, func, insert, select, update

from hub.db import Database
from hub.log.domain import LogName
from hub.log.fsck import Fsck, LogDamagedError
from hub.log.scrub import Scrub
from hub.schema import metadata
from tests.support.core import Core, running_core, texts
from tests.support.tampering import unguard
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(agencies=("sfc", "hkma"))


async def fill(core: Core, world: World) -> None:
    """A little of everything: envelopes, an acknowledgement, an equivocation, a withdrawal."""
    view, case = core.directory.view(), os.urandom(16)
    first = world.envelope(view)
    opening = (await core.take(first)).event.message_hash
    await core.acknowledge(world.ack(opening, "hkma/intake"), world.ack(opening, "hkma/intake", AckState.OPENED))
    envelope_id = first_id(first)
    assert texts(await core.submit(world.envelope(view, envelope_id=envelope_id))) == ["ALREADY_EXISTS"]
    taken_back = (await core.take(world.envelope(view, case_id=case))).event.message_hash
    await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=taken_back))
    for _ in range(3):
        await core.submit(*(world.envelope(view) for _ in range(2)))


def first_id(envelope: Any) -> bytes:
    from comity.envelope import parse_envelope

    return parse_envelope(envelope).header.envelope_id


def flipped(value: Any) -> Any:
    """Returns the value with one bit of one byte, or one thing, changed."""
    if isinstance(value, bytes):
        at = len(value) // 2
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return value[:-1] + ("x" if value[-1] != "x" else "y")


COLUMNS = [
    ("log_leaves", "leaf", 2),
    ("log_leaves", "leaf_hash", 2),
    ("log_leaves", "leaf", 1),
    ("log_leaves", "leaf_hash", 1),
    ("log_batches", "root", 2),
    ("log_batches", "root", 1),
    ("log_batches", "time_seconds", 2),
    ("log_batches", "key", 2),
    ("log_heads", "size", 2),
    ("log_heads", "root", 2),
    ("log_heads", "frontier", 2),
    ("log_heads", "time_seconds", 2),
    ("openings", "salt", 2),
    ("openings", "event", 2),
    ("openings", "path", 2),
    ("envelopes", "header", 2),
    ("envelopes", "seal", 2),
    ("envelopes", "signatures", 2),
    ("envelopes", "ciphertext", 2),
    ("envelopes", "message_hash", 2),
    ("envelopes", "sender", 2),
    ("envelopes", "recipients", 2),
    ("envelopes", "case_id", 2),
    ("envelopes", "verb", 2),
    ("envelopes", "deliver_by", 2),
    ("envelopes", "time_seconds", 2),
    ("deliveries", "salt", 2),
    ("deliveries", "number", 2),
    ("deliveries", "kind", 2),
    ("deliveries", "message_hash", 2),
    ("deliveries", "wrap", 2),
    ("desk_counters", "last_number", 2),
    ("acks", "body", 2),
    ("acks", "sig", 2),
    ("acks", "desk", 2),
    ("equivocations", "other_hash", 2),
]


def change(url: str, table: str, column: str, log: int) -> int | None:
    """Changes one byte of one row in the middle; returns its index where it has one."""
    t: Table = metadata.tables[table]
    engine = create_engine(url)
    with engine.begin() as connection:
        unguard(connection)
        query = select(t).where(t.c[column].is_not(None)).order_by(*t.primary_key.columns)
        if "log" in t.c:
            query = query.where(t.c.log == log)
        rows = connection.execute(query).all()
        row = rows[len(rows) // 2]._mapping
        match = [c == row[c.name] for c in t.primary_key.columns]
        connection.execute(update(t).where(*match).values({column: flipped(row[column])}))
    engine.dispose()
    if "idx" in row:
        return int(row["idx"])
    return int(row["size"]) - 1 if "size" in row else None


@asynccontextmanager
async def filled(url: str, world: World) -> AsyncIterator[Core]:
    async with running_core(url, world) as core:
        await fill(core, world)
        yield core


@pytest.mark.parametrize(("table", "column", "log"), COLUMNS, ids=[f"{t}.{c}.{n}" for t, c, n in COLUMNS])
async def test_A_01_one_changed_byte_is_found_and_named(
    migrated_sqlite_url: str, world: World, table: str, column: str, log: int
) -> None:
    async with filled(migrated_sqlite_url, world):
        pass
    index = change(migrated_sqlite_url, table, column, log)

    core = Core(migrated_sqlite_url, world)
    findings = core.fsck()
    assert findings
    if index is not None:
        assert (LogName(log), index) in [(finding.log, finding.index) for finding in findings], findings
    with pytest.raises(LogDamagedError, match="index") as refused:
        await core.sequencer.start()
    assert refused.value.findings == findings
    core.db.close()


async def test_A_01_on_postgresql_start_and_scrub_stop_the_hub(migrated_postgres_url: str, world: World) -> None:
    async with running_core(migrated_postgres_url, world) as core:
        await fill(core, world)
        stopped: list[str] = []
        scrub = Scrub(db=core.db, telemetry=core.telemetry, on_damage=stopped.append)
        assert await scrub.check_once()
        ciphertext = await core.db.read(
            lambda c: c.exec_driver_sql("SELECT ciphertext FROM envelopes WHERE idx = 0").scalar()
        )
        await asyncio.to_thread(change, migrated_postgres_url, "envelopes", "ciphertext", 2)
        assert not await scrub.check_once()
        assert len(stopped) == 1
        named = [fields["index"] for event, fields in core.log.lines if event == "stored data damaged"]
        assert named
        other = Core(migrated_postgres_url, world)
        with pytest.raises(LogDamagedError, match=f"index {named[0]}"):
            await other.sequencer.start()
        other.db.close()
        await asyncio.to_thread(change, migrated_postgres_url, "envelopes", "ciphertext", 2)
        assert ciphertext


async def test_A_01_a_client_that_asks_for_the_changed_range_finds_it(migrated_sqlite_url: str, world: World) -> None:
    async with filled(migrated_sqlite_url, world) as core:
        index = change(migrated_sqlite_url, "log_leaves", "leaf", 2)
        assert index is not None
        size = (await core.logs.checkpoint(LogName.EXCHANGE)).split(b"\n")[1]
        root = await core.logs.root_at(2, int(size))
        (leaf,) = await core.logs.leaves(LogName.EXCHANGE, index, 1)
        path = await core.logs.inclusion(LogName.EXCHANGE, index, int(size))
        assert root is not None
        with pytest.raises(Exception, match="does not lead to the root"):
            verify_inclusion(leaf_hash(leaf), index, int(size), path, root)
        change(migrated_sqlite_url, "log_leaves", "leaf", 2)


@pytest.mark.parametrize("log", [1, 2])
async def test_A_02_a_deleted_or_inserted_leaf_is_found(migrated_database_url: str, world: World, log: int) -> None:
    async with filled(migrated_database_url, world):
        pass
    leaves = metadata.tables["log_leaves"]
    engine = create_engine(migrated_database_url)
    with engine.begin() as connection:
        unguard(connection)
        row = connection.execute(select(leaves).where(leaves.c.log == log, leaves.c.idx == 3)).one()
        connection.execute(leaves.delete().where(leaves.c.log == log, leaves.c.idx == 3))
    database = Database.open(migrated_database_url)
    deleted = Fsck(database).run()
    assert (log, 3) in [(int(f.log), f.index) for f in deleted]

    with engine.begin() as connection:
        connection.execute(insert(leaves).values(**row._mapping))
    assert Fsck(database).run() == []
    with engine.begin() as connection:
        end = connection.execute(select(func.max(leaves.c.idx)).where(leaves.c.log == log)).scalar_one() + 1
        connection.execute(insert(leaves).values(**{**row._mapping, "idx": end}))
    assert (log, end) in [(int(f.log), f.index) for f in Fsck(database).run()]
    database.close()
    engine.dispose()


@pytest.mark.parametrize("table", ["openings", "envelopes", "deliveries", "acks", "equivocations", "log_batches"])
async def test_A_02_a_deleted_row_beside_the_leaves_is_found(
    migrated_sqlite_url: str, world: World, table: str
) -> None:
    async with filled(migrated_sqlite_url, world):
        pass
    t = metadata.tables[table]
    engine = create_engine(migrated_sqlite_url)
    with engine.begin() as connection:
        unguard(connection)
        rows = connection.execute(select(t).order_by(*t.primary_key.columns)).all()
        row = rows[len(rows) // 2]._mapping
        connection.execute(t.delete().where(*[c == row[c.name] for c in t.primary_key.columns]))
    engine.dispose()
    database = Database.open(migrated_sqlite_url)
    assert Fsck(database).run()
    database.close()


async def test_a_log_of_several_pages_and_tiles_verifies(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        view = core.directory.view()
        opening = (await core.take(world.envelope(view))).event.message_hash
        for start in range(3):
            acks = [world.ack(opening, "hkma/intake", at=world.now + start * 300 + i) for i in range(2)]
            await core.acknowledge(*acks)
        from comity.receipts import EventKind

        from hub.log.commands import Record

        for _ in range(3):
            ticket = core.sequencer.admit(200, 0)
            core.sequencer.offer([(Record(EventKind.OPERATOR), ticket, slot) for slot in range(200)])
            await ticket.future
        database = core.db
        assert Fsck(database, page=64).run() == []
        assert Fsck(database, page=7).run() == []
        nodes = await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM log_nodes").scalar())
        assert nodes == 2
