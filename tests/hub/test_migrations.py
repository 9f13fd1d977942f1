"""Migrations: the newest is the schema, up and down from empty, and nothing stored changes on the way."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, MetaData, create_engine, inspect, select

from hub.claim import CLAIMS, NEWEST_SCHEMA, AlreadyServedError, SchemaError
from hub.cli import store
from hub.cli.failures import CommandError
from hub.db import Database
from hub.schema import metadata
from tests.support.commands import hub_command
from tests.support.core import running_core
from tests.support.databases import alembic_config
from tests.support.world import World, make_world


def test_the_newest_migration_is_the_schema(migrated_database_url: str) -> None:
    engine = create_engine(migrated_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    inspector = inspect(engine)
    for table in metadata.sorted_tables:
        checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
        expected = {c.name for c in table.constraints if isinstance(c, CheckConstraint)}
        assert checks == expected, table.name
    engine.dispose()


def test_every_migration_goes_up_and_down_from_empty(database_url: str) -> None:
    config = alembic_config(database_url)
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    for revision in revisions:
        command.upgrade(config, revision)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)
    command.downgrade(config, "base")
    engine = create_engine(database_url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    engine.dispose()


OF_0005 = frozenset({"standing", "forwarded", "onward"})
"""Columns that a table of before has had since."""


def contents(url: str, without: Collection[str] = ()) -> dict[str, list[Any]]:
    """Every row of every table that there is, whatever the schema."""
    engine = create_engine(url)
    present = MetaData()
    present.reflect(engine)
    with engine.connect() as connection:
        found = {
            table.name: sorted(
                str(sorted(item for item in row._mapping.items() if item[0] not in without))
                for row in connection.execute(select(table))
            )
            for table in present.sorted_tables
        }
    engine.dispose()
    return found


async def populate(url: str, world: World) -> bytes:
    """Several batches of each log; returns the exchange log's root."""
    async with running_core(url, world) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        await core.submit(*(world.envelope(core.directory.view()) for _ in range(5)))
        root = await core.logs.root_at(2, 7)
        assert root is not None
        return root


async def test_A_18_migrating_a_database_in_use_changes_no_stored_byte(migrated_database_url: str) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    root = await populate(migrated_database_url, world)
    newest, earliest = contents(migrated_database_url), contents(migrated_database_url, OF_0005)
    config = alembic_config(migrated_database_url)
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    seen = {}
    for earlier in revisions[1:]:
        command.downgrade(config, earlier)
        seen[earlier] = contents(migrated_database_url)
    # What both schemas have, is the same in both.
    for table, rows in seen["0001"].items():
        if table not in ("alembic_version", "log_batches"):
            assert rows == earliest[table]
    # And going forward again gives what was there, step by step; below the first there is nothing to keep.
    for later in revisions[::-1][1:]:
        command.upgrade(config, later)
        if later in seen:
            # 0001 wrote where each batch began; since 0002 it may be left out, and is given back on the way down.
            assert {**contents(migrated_database_url), "log_batches": []} == {**seen[later], "log_batches": []}
    assert contents(migrated_database_url) == newest

    async with running_core(migrated_database_url, world) as core:
        assert await core.logs.root_at(2, 7) == root


async def test_A_18_going_back_gives_the_release_before_what_it_would_have_written(migrated_database_url: str) -> None:
    await populate(migrated_database_url, make_world(agencies=("sfc", "hkma")))
    command.downgrade(alembic_config(migrated_database_url), "0001")
    engine = create_engine(migrated_database_url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql('SELECT log, size, "first" FROM log_batches ORDER BY log, size').all()
    engine.dispose()
    ends: dict[int, int] = {}
    for log, size, first in rows:
        assert first == ends.get(log, 0) < size
        ends[log] = size
    assert len(rows) >= 4


def at(url: str, revision: str) -> str:
    command.upgrade(alembic_config(url), revision)
    return url


def test_migrate_expands_by_itself_and_contracts_only_when_asked(database_url: str) -> None:
    url = at(database_url, "0001")
    assert store.migrate(url) == store.Migrated("0002", contracts=True)
    assert store.migrate(url) == store.Migrated("0002", contracts=True)
    said = hub_command("migrate", "--database-url", url)
    assert "0002" in said
    assert "migrate --contract" in said
    assert hub_command("migrate", "--database-url", url, "--contract").strip() == "database at schema 0005"
    assert store.migrate(url, contract=True) == store.Migrated("0005", contracts=False)


def test_where_nothing_is_left_to_contract_a_database_is_expanded_to_the_newest(database_url: str) -> None:
    url = at(database_url, "0003")
    assert hub_command("migrate", "--database-url", url).strip() == "database at schema 0005"
    assert store.migrate(url) == store.Migrated("0005", contracts=False)


def test_an_empty_database_gets_the_newest_schema_at_once(database_url: str) -> None:
    assert store.migrate(database_url) == store.Migrated("0005", contracts=False)


def test_postgres_is_not_contracted_while_an_older_release_serves(postgres_url: str) -> None:
    url = at(postgres_url, "0002")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    # A process that knows 0001 and no more, and one of the first release, which claims nothing but listens.
    for statement in (f"SELECT pg_advisory_lock_shared({CLAIMS}, 1)", "LISTEN comity"):
        with engine.connect() as old:
            old.exec_driver_sql(statement)
            with pytest.raises(CommandError, match=r"older release still serve .*\(1\)"):
                store.migrate(url, contract=True)
        engine.dispose()
    database = Database.open(url)
    database.serve()  # of this release: it needs nothing of what is taken away
    assert store.migrate(url, contract=True).revision == "0005"
    database.close()


def test_sqlite_is_not_contracted_while_it_is_served(sqlite_url: str) -> None:
    url = at(sqlite_url, "0002")
    database = Database.open(url)
    database.serve()
    with pytest.raises(AlreadyServedError):
        store.migrate(url, contract=True)
    database.close()
    assert store.migrate(url, contract=True).revision == "0005"


def test_a_release_serves_the_schemas_it_says_and_no_other(database_url: str) -> None:
    def serve() -> None:
        database = Database.open(database_url)
        try:
            database.serve()
        finally:
            database.close()

    def say(statement: str) -> None:
        engine = create_engine(database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    with pytest.raises(SchemaError, match="comity-hub init"):
        serve()
    at(database_url, "0001")
    with pytest.raises(SchemaError, match="comity-hub migrate"):
        serve()
    for revision in ("0002", "0003", "0004", "0005"):
        at(database_url, revision)
        serve()
    # A later release has expanded it, then taken away what this one needs.
    say("UPDATE alembic_version SET version_num = '0006'")
    serve()
    with pytest.raises(CommandError, match="newer release"):
        store.migrate(database_url)
    say("UPDATE schema_range SET oldest = 6")
    with pytest.raises(SchemaError, match="newer release"):
        serve()
    assert "newer release" in hub_command("serve", "--database-url", database_url, code=1)


def test_a_process_that_begins_waits_for_a_contraction_that_goes_on(postgres_url: str) -> None:
    url = at(postgres_url, "0003")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    database = Database.open(url)
    with engine.connect() as migrating, ThreadPoolExecutor(1) as thread:
        migrating.exec_driver_sql("SELECT pg_advisory_lock(%s, %s)", (CLAIMS, NEWEST_SCHEMA))
        beginning = thread.submit(database.serve)
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"
        while not migrating.exec_driver_sql(waiting, (NEWEST_SCHEMA,)).scalar_one():
            assert not beginning.done()
        migrating.exec_driver_sql("UPDATE schema_range SET oldest = %s", (NEWEST_SCHEMA + 1,))
        migrating.exec_driver_sql("SELECT pg_advisory_unlock(%s, %s)", (CLAIMS, NEWEST_SCHEMA))
        with pytest.raises(SchemaError, match="newer release"):
            beginning.result(timeout=30)
    database.close()
    engine.dispose()


def test_every_migration_says_whether_it_expands_or_contracts() -> None:
    scripts = list(ScriptDirectory.from_config(alembic_config("")).walk_revisions())
    assert max(int(script.revision) for script in scripts) == NEWEST_SCHEMA
    for script in scripts:
        kind = getattr(script.module, "kind", "expand")  # the first one, which is released, says nothing
        assert kind in ("expand", "contract")
        if kind == "contract":
            assert 1 < script.module.oldest <= int(script.revision)
