"""The database itself refuses to change its log: by triggers, and on PostgreSQL by what the serving role may do."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import uuid_utils
from comity.workflow.terms import Family, Verb
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError

from hub.blobs.objects import open_objects
from hub.cli import store
from hub.cli.failures import CommandError
from hub.db import Database
from hub.log.commands import Erase
from hub.schema import SERVING_PRIVILEGES, metadata
from tests.support.blobs import SFC, fetched, make_blobs, named, pieces
from tests.support.clock import FakeClock
from tests.support.commands import hub_command
from tests.support.core import Core, running_core, texts
from tests.support.postgres import PostgresServer
from tests.support.watchlists import WatchList, subscribe
from tests.support.world import World, make_world

LOGGED = ("log_heads", "log_leaves", "log_nodes", "log_batches", "openings", "envelopes", "deliveries", "acks")
CHANGES = (
    "UPDATE log_leaves SET leaf = leaf_hash",
    "UPDATE log_leaves SET idx = idx + 1000",
    "UPDATE log_nodes SET idx = idx + 1000",
    "UPDATE log_batches SET root = key",
    "UPDATE log_heads SET size = size - 1",
    "UPDATE log_heads SET time_seconds = time_seconds - 1",
    "UPDATE log_heads SET fence = fence - 1",
    "UPDATE log_heads SET root = frontier",
    "UPDATE log_heads SET frontier = root",
    "UPDATE openings SET idx = idx + 1000",
    "UPDATE deliveries SET idx = idx + 1000",
    "UPDATE openings SET event = salt WHERE event IS NOT NULL",
    "UPDATE openings SET path = salt",
    "UPDATE openings SET batch_size = batch_size + 1",
    "UPDATE envelopes SET ciphertext = seal WHERE ciphertext IS NOT NULL",
    "UPDATE envelopes SET header = seal WHERE header IS NOT NULL",
    "UPDATE envelopes SET sender = 'osr/intake'",
    "UPDATE envelopes SET author = message_hash",
    "UPDATE envelopes SET message_hash = envelope_id",
    "UPDATE envelopes SET time_seconds = 0",
    "UPDATE deliveries SET wrap = salt WHERE wrap IS NOT NULL",
    "UPDATE deliveries SET number = number + 1000",
    "UPDATE acks SET body = sig",
    "UPDATE equivocations SET idx = idx + 1",
)
"""One statement for each column that anybody could gain by."""
_REST = ", ".join(metadata.tables["envelopes"].columns.keys()[4:])
SQLITE_CHANGES = (
    *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in (*LOGGED, "equivocations")),
    *(f"INSERT OR IGNORE INTO {table} SELECT * FROM {table}" for table in (*LOGGED, "equivocations")),
    *(
        f"UPDATE {way}{table} SET {number} = {number} + {by} WHERE {number} = 3"
        for table in ("openings", "envelopes", "deliveries")
        for number in ("rowid", "_rowid_", "oid")
        for way, by in (("", 1000), ("OR REPLACE ", 1))
    ),
    "UPDATE acks SET rowid = rowid + 1000",
    # A row of another key that takes a place by what else is unique.
    "INSERT OR REPLACE INTO openings (rowid, batch_size, path) VALUES (1, 1, x'')",
    f"INSERT OR REPLACE INTO envelopes SELECT 5000, message_hash, 'osr', x'00', {_REST} FROM envelopes LIMIT 1",
    f"INSERT OR REPLACE INTO envelopes SELECT 5000, x'00', sender_agency, envelope_id, {_REST} FROM envelopes LIMIT 1",
    "INSERT OR REPLACE INTO deliveries (rowid, desk, idx, number, kind, salt, message_hash)"
    " VALUES (1, 'osr/intake', 5000, 1, 1, x'', x'')",
    "INSERT OR REPLACE INTO acks SELECT 5000, message_hash, desk, state, sig, body FROM acks LIMIT 1",
)
"""What SQLite alone knows: rows that replace others, and other names of a row's number."""


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


@pytest.fixture
def role(shared_postgres: PostgresServer, migrated_postgres_url: str) -> Iterator[str]:
    """A role that may log in and owns nothing."""
    name = f"serving_{uuid.uuid4().hex[:12]}"
    with shared_postgres.connect() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
    yield name
    database = migrated_postgres_url.partition("@/")[2].partition("?")[0]
    with shared_postgres.connect(database) as connection:
        connection.execute(f"DROP OWNED BY {name}")
        connection.execute(f"DROP ROLE {name}")


def as_role(url: str, role: str) -> str:
    return url.replace("postgres@", f"{role}@")


async def everything(core: Core, world: World) -> None:
    """What a hub ever does to its tables: submits, delivers, withdraws, carries lists, erases, lets expire, prunes."""
    assert isinstance(core.clock, FakeClock)
    one, subscription = WatchList(world), await subscribe(core)
    for sequence, how in ((1, Verb.PUBLISH), (4098, Verb.SNAPSHOT)):  # the second forgets the first
        await core.take(one.envelope(core.directory.view(), subscription, one.place(sequence), how))
    await core.take(
        world.envelope(
            core.directory.view(),
            "hkma/intake",
            ["sfc/intake"],
            verb=Verb.UNSUBSCRIBE,
            family=Family.WATCHLIST,
            case_id=subscription,
        )
    )
    view, case = core.directory.view(), os.urandom(16)
    stored = (await core.take(world.envelope(view))).event.message_hash
    await core.acknowledge(world.ack(stored, "hkma/intake"))
    opening = (await core.take(world.envelope(view, case_id=case))).event.message_hash
    await core.take(world.envelope(view, verb=Verb.WITHDRAW, case_id=case, about=opening))
    same = uuid_utils.uuid7().bytes
    await core.take(world.envelope(view, envelope_id=same))
    assert texts(await core.submit(world.envelope(view, envelope_id=same))) != ["receipt"]
    for days in (16, 20, 400, 31):
        core.clock.advance(days=days)
        while await core.clockwork.tick():
            pass


def refusal(engine: Engine, statement: str) -> str:
    """Runs a statement that must be refused; returns the database's words."""
    with pytest.raises(DBAPIError) as refused, engine.begin() as connection:
        connection.exec_driver_sql(statement)
    return str(refused.value.orig)


async def test_A_19_the_database_refuses_to_change_or_remove_what_is_logged(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        view = core.directory.view()
        same = uuid_utils.uuid7().bytes
        opening = (await core.take(world.envelope(view, envelope_id=same))).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        await core.submit(world.envelope(view, envelope_id=same))
        for _ in range(16):  # together more than 256 leaves: there is a row of the tree above them
            await core.submit(*(world.envelope(view) for _ in range(16)))
    engine = create_engine(migrated_database_url)
    deletions = [f"DELETE FROM {table}" for table in (*LOGGED, "equivocations")]
    if engine.dialect.name == "postgresql":
        deletions += [f"TRUNCATE {table}" for table in (*LOGGED, "equivocations")]
    else:
        deletions += SQLITE_CHANGES
    for statement in (*CHANGES, *deletions):
        assert "the log is append-only" in refusal(engine, statement), statement
    engine.dispose()
    async with running_core(migrated_database_url, world):
        pass  # the check of everything at its end finds nothing


async def test_erasure_and_pruning_go_on_under_the_guards(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world, clock=FakeClock(world.now)) as core:
        view = core.directory.view()
        opening = (await core.take(world.envelope(view))).event.message_hash
        await core.sequencer.submit(Erase(opening))
        await everything(core, world)
        rows = core.db.read_now(
            lambda c: c.exec_driver_sql("SELECT DISTINCT state, sender, header FROM envelopes").all()
        )
        assert {row.state for row in rows} == {4, 5}
        assert {(row.state, row.sender) for row in rows if row.state == 5} == {(5, "")}
        assert {row.header for row in rows} == {None}


async def test_A_19_postgres_denies_the_serving_role_everything_but_serving(
    migrated_postgres_url: str, world: World, role: str, shared_postgres: PostgresServer
) -> None:
    url = as_role(migrated_postgres_url, role)
    assert "--grant-to" in hub_command("serve", "--database-url", url, code=1)
    said = hub_command("migrate", "--database-url", migrated_postgres_url, "--grant-to", role)
    assert f"granted to {role}" in said
    async with running_core(url, world, clock=FakeClock(world.now)) as core:
        await everything(core, world)

    tables = [*LOGGED, "equivocations"]
    engine = create_engine(url)
    for table in tables:
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
            assert f"permission denied for table {table}" in refusal(engine, statement)
    for table in ("log_leaves", "log_nodes", "log_batches", "acks", "equivocations"):
        column = metadata.tables[table].columns.keys()[-1]
        assert f"permission denied for table {table}" in refusal(engine, f"UPDATE {table} SET {column} = {column}")
    for statement in (
        "UPDATE log_heads SET fence = 7",
        "UPDATE openings SET path = salt",
        "UPDATE envelopes SET message_hash = seal",
        "UPDATE deliveries SET number = 1",
        "UPDATE schema_range SET oldest = 1",
        "UPDATE alembic_version SET version_num = '0001'",
        "DROP TRIGGER append_only ON log_leaves",
        "ALTER TABLE log_leaves DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (id int)",
    ):
        assert "denied" in (words := refusal(engine, statement)) or "must be owner" in words, statement
    # What it may update, it may only empty.
    assert "append-only" in refusal(engine, "UPDATE envelopes SET sender = 'osr/intake'")
    assert "append-only" in refusal(engine, "UPDATE log_heads SET size = size - 1")
    engine.dispose()
    log = (shared_postgres.home / "log").read_text(encoding="utf-8", errors="replace")
    assert f"UPDATE on envelopes by {role}" in log
    assert "permission denied for table log_leaves" in log


async def test_the_serving_role_can_do_all_that_attachments_need(
    migrated_postgres_url: str, world: World, role: str, tmp_path: Path
) -> None:
    store.grant(migrated_postgres_url, role)
    database = Database.open(as_role(migrated_postgres_url, role))
    clock = FakeClock(world.now)
    blobs = make_blobs(database, open_objects(str(tmp_path)), clock)
    data, other = os.urandom(70_000), os.urandom(9)
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)
    assert await fetched(blobs, SFC, named(data)) == data
    await blobs.upload(SFC, named(other), 20, 0, pieces(other))
    clock.advance(days=3)
    assert await blobs.collect() > 0
    database.close()


def test_every_table_has_its_privileges() -> None:
    assert set(SERVING_PRIVILEGES) == {*metadata.tables, "alembic_version"}


def test_a_grant_that_would_keep_nothing_from_a_role_is_refused(
    migrated_postgres_url: str, sqlite_url: str, role: str, shared_postgres: PostgresServer
) -> None:
    for name, words in (("postgres", "superuser"), ("nobody_here", "no such role")):
        with pytest.raises(CommandError, match=words):
            store.grant(migrated_postgres_url, name)
    database = migrated_postgres_url.partition("@/")[2].partition("?")[0]
    with shared_postgres.connect(database) as connection:
        connection.execute(f"ALTER TABLE log_leaves OWNER TO {role}")
        with pytest.raises(CommandError, match="owns the tables"):
            store.grant(migrated_postgres_url, role)
        connection.execute("ALTER TABLE log_leaves OWNER TO postgres")
    with pytest.raises(CommandError, match="no roles"):
        store.grant(sqlite_url, role)
