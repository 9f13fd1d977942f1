"""Migrations: the newest is the schema, up and down from empty, and nothing stored changes on the way."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, create_engine, inspect, select

from hub.schema import metadata
from tests.support.core import running_core
from tests.support.databases import alembic_config
from tests.support.world import make_world


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


def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


async def test_A_18_migrating_a_database_in_use_changes_no_stored_byte(migrated_database_url: str) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with running_core(migrated_database_url, world) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        await core.acknowledge(world.ack(opening, "hkma/intake"))
        root = await core.logs.root_at(2, 2)
    before = contents(migrated_database_url)
    config = alembic_config(migrated_database_url)
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    # Below the first revision there is nothing to keep: each later one goes down and up again under the data.
    for earlier in revisions[1:]:
        command.downgrade(config, earlier)
        command.upgrade(config, "head")
        assert contents(migrated_database_url) == before
    command.stamp(config, "head")
    command.upgrade(config, "head")

    assert contents(migrated_database_url) == before
    async with running_core(migrated_database_url, world) as core:
        assert await core.logs.root_at(2, 2) == root
