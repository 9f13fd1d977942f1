"""What the hub keeps of watchlists is found again: by fsck in every row, in backups, figures and older schemas."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine

from hub import claim
from hub.db import Database
from hub.exchange.audit.lists import ListCheck
from hub.keeping.checking import Report, check_tables
from hub.keeping.counting.figures import figures
from hub.log import batching
from tests.hub.test_backup import take
from tests.hub.test_fsck_workflow import Inside
from tests.hub.test_migrations import contents
from tests.hub.test_restore import written_down
from tests.support.commands import hub_command
from tests.support.core import running_core, texts
from tests.support.databases import alembic_config
from tests.support.hub import hub_settings
from tests.support.tampering import unguard
from tests.support.watchlists import WatchList, carry, subscribe
from tests.support.world import World, make_world

TABLES = ("watchlist_batches", "watchlist_legs")
NOT_SHOWN = ("watchlist_batches", "a head is kept that no envelope showed at its leaf")
NOT_NEXT = ("watchlist_batches", "the head that it showed first does not follow the one before in its list")
NOT_KEPT = ("watchlist_batches", "the head that it showed is not kept")
ANOTHER = ("watchlist_batches", "another head is kept than the one that it showed")
LATER = ("watchlist_batches", "the head that it showed is kept as a later envelope's")
NOT_ITS = ("watchlist_legs", "its subscription is not kept as one to its list")
OF_NOBODY = ("watchlist_legs", "a list is carried by a subscription that is not there")
OF_ONE = "WHERE owner = 'sfc/intake' AND sequence"
DAMAGE: dict[str, tuple[str, tuple[str, str]]] = {
    "a head": (f"UPDATE watchlist_batches SET head = previous_head {OF_ONE} = 3", ANOTHER),
    "a head, seen from the row": (f"UPDATE watchlist_batches SET head = previous_head {OF_ONE} = 3", NOT_SHOWN),
    "a head whose envelope is erased": (f"UPDATE watchlist_batches SET head = previous_head {OF_ONE} = 1", NOT_NEXT),
    "a previous head": (f"UPDATE watchlist_batches SET previous_head = head {OF_ONE} = 7", ANOTHER),
    "one less": (f"DELETE FROM watchlist_batches {OF_ONE} = 2", NOT_KEPT),
    "the newest gone": (f"DELETE FROM watchlist_batches {OF_ONE} = 8", NOT_KEPT),
    "all gone": ("DELETE FROM watchlist_batches", NOT_KEPT),
    "a gap": (f"DELETE FROM watchlist_batches {OF_ONE} = 1", NOT_NEXT),
    "a leaf": (f"UPDATE watchlist_batches SET idx = 0 {OF_ONE} = 8", NOT_SHOWN),
    "the leaf of a repetition": (f"UPDATE watchlist_batches SET idx = idx + 1 {OF_ONE} = 3", LATER),
    "an order of leaves": (f"UPDATE watchlist_batches SET idx = 0 {OF_ONE} = 7", NOT_NEXT),
    "another's list": ("UPDATE watchlist_batches SET owner = 'osr/intake' WHERE owner = 'hkma/intake'", NOT_SHOWN),
    "one that never was": (
        f"INSERT INTO watchlist_batches SELECT owner, list_id, 9, head, previous_head, idx + 1 FROM watchlist_batches"
        f" {OF_ONE} = 8",
        NOT_SHOWN,
    ),
    "no binding": ("DELETE FROM watchlist_legs", NOT_ITS),
    "a binding to another list": ("UPDATE watchlist_legs SET list_id = case_id", NOT_ITS),
    "a binding of nobody": (
        "INSERT INTO watchlist_legs SELECT 'osr/intake', case_id, recipient, list_id FROM watchlist_legs"
        " WHERE originator = 'hkma/intake'",
        OF_NOBODY,
    ),
}


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies."""
    return make_world(agencies=("sfc", "hkma", "hkpf"))


def checked(url: str) -> Report:
    database = Database.open(url)
    try:
        return check_tables(database)
    finally:
        database.close()


def of_lists(url: str) -> dict[str, list[Any]]:
    found = contents(url)
    return {name: found[name] for name in TABLES}


def findings(connection: Any, page: int) -> list[tuple[str, str, int]]:
    check = ListCheck(Inside(connection), page)
    for _ in check.steps():
        pass
    return sorted((finding.table, finding.what, finding.index) for finding in check.findings)


async def test_A_01_lists_are_compared_with_what_showed_them_and_each_difference_is_named(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        await carry(core, erase=True)
    whole = checked(migrated_database_url)
    assert (whole.findings, whole.list_heads) == ([], 6)
    engine, unseen = create_engine(migrated_database_url), {}
    for name, (statement, expected) in DAMAGE.items():
        with engine.connect() as connection:
            unguard(connection)
            assert connection.exec_driver_sql(statement).rowcount > 0, name
            found = findings(connection, 512)
            if name in ("a gap", "all gone"):
                assert findings(connection, 1) == findings(connection, 2) == found
            connection.rollback()
        if expected not in [row[:2] for row in found]:
            unseen[name] = found
    engine.dispose()
    assert unseen == {}


async def test_a_restored_hub_goes_on_with_each_list_where_it_stood(
    migrated_database_url: str, request: pytest.FixtureRequest, world: World, tmp_path: Path
) -> None:
    # Onto the other engine.
    onto_sqlite = migrated_database_url.startswith("postgresql")
    other = f"sqlite:///{tmp_path / 'other.sqlite'}" if onto_sqlite else request.getfixturevalue("postgres_url")
    settings = hub_settings(migrated_database_url, tmp_path / "home")
    settings.home.mkdir()
    async with running_core(migrated_database_url, world, checkpoint_file=settings.home / "checkpoint") as core:
        listed = await carry(core)
    await take(settings, tmp_path / "backup")
    options = ["--home", tmp_path / "second", "--database-url", other]
    said = await asyncio.to_thread(lambda: hub_command("restore", tmp_path / "backup", *options))
    assert "everything restored verifies" in said
    assert of_lists(other) == of_lists(migrated_database_url)
    async with running_core(other, world) as core:
        view, one = core.directory.view(), listed.one
        fork = one.envelope(view, listed.case, one.place(8, head=os.urandom(32)))
        following = one.envelope(view, listed.case, one.place(9))
        assert texts(await core.submit(fork, following)) == ["WRONG_SEQUENCE", "receipt"]


async def test_figures_count_lists_by_agency_and_name_none(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        listed = await carry(core)
    found = figures(hub_settings(migrated_database_url, Path("unused")), world.now)
    assert found["watchlists"] == {"hkma": {"lists": 1, "heads": 1}, "sfc": {"lists": 1, "heads": 5}}
    assert found["rows"]["watchlist_legs"] == 3
    assert listed.one.list_id.hex() not in json.dumps(found)


async def test_A_18_going_back_and_coming_again_keeps_every_list_that_is_not_erased(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    async with running_core(migrated_database_url, world) as core:
        listed = await carry(core)
    before, config = contents(migrated_database_url), alembic_config(migrated_database_url)
    command.downgrade(config, "0003")
    assert set(contents(migrated_database_url)) == set(before) - set(TABLES) - {"grants", "recalls"}
    command.upgrade(config, "head")
    assert contents(migrated_database_url) == before

    # This release serves the schema before, and everything but watchlists; what looks after a hub works on it too.
    command.downgrade(config, "0003")
    async with running_core(migrated_database_url, world) as core:
        view, one = core.directory.view(), listed.one
        batch = one.envelope(view, listed.case, one.place(9))
        assert texts(await core.submit(batch)) == ["FAMILY_NOT_OFFERED"]
        await core.take(world.envelope(view))
        assert checked(migrated_database_url).findings == []
        settings = hub_settings(migrated_database_url, tmp_path / "home")
        assert figures(settings, world.now)["watchlists"] == {}
        rows = {file.path: file.rows for file in (await take(settings, tmp_path / "backup")).files}
        assert [rows[f"tables/{name}.jsonl"] for name in TABLES] == [0, 0]
    command.upgrade(config, "head")
    async with running_core(migrated_database_url, world) as core:
        assert texts(await core.submit(batch)) == ["receipt"]
        assert checked(migrated_database_url).findings == []


async def test_a_restore_brings_an_older_schema_forward_where_nothing_was_ever_logged_and_else_says_what_to_do(
    migrated_sqlite_url: str, world: World, tmp_path: Path
) -> None:
    async with running_core(migrated_sqlite_url, world):
        pass
    await take(hub_settings(migrated_sqlite_url, tmp_path / "home"), tmp_path / "backup")
    for logged in (False, True):
        url = f"sqlite:///{tmp_path / f'old-{logged}.sqlite'}"
        command.upgrade(alembic_config(url), "0003")
        if logged:
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
                database.execute("UPDATE log_heads SET size = 1 WHERE log = 1")
        options = ["--home", tmp_path / f"home-{logged}", "--database-url", url, *written_down(tmp_path / "backup")]
        said = await asyncio.to_thread(hub_command, "restore", tmp_path / "backup", *options, code=int(logged))
        assert ("comity-hub migrate" in said) == logged


async def test_the_release_before_serves_the_schema_of_this_one(
    migrated_database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_database_url, world) as core:
        await carry(core)
    before = of_lists(migrated_database_url)
    # As far as the database sees it: it knows 0003 and no more, and carries no watchlists.
    for module in (claim, batching):
        monkeypatch.setattr(module, "NEWEST_SCHEMA", 3)
    async with running_core(migrated_database_url, world) as core:
        core.db.serve()
        await core.take(world.envelope(core.directory.view()))
    assert of_lists(migrated_database_url) == before
    monkeypatch.undo()
    async with running_core(migrated_database_url, world) as core:
        one, case = WatchList(world), await subscribe(core)
        await core.take(one.envelope(core.directory.view(), case, one.place(1)))
