"""What the hub keeps of grants and of legs of all families: found by fsck, in backups, in older schemas, to its end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from comity.workflow.terms import Family, Verb
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from hub import claim
from hub.cli import store as serving
from hub.db import Database
from hub.exchange import onward as onwards
from hub.exchange import store
from hub.exchange.audit.checking import WorkflowCheck
from hub.keeping.checking import check_tables
from hub.keeping.counting.figures import figures
from hub.log import batching
from hub.log.commands import Erase
from tests.hub.test_backup import take
from tests.hub.test_freezes import run
from tests.hub.test_fsck_workflow import Inside, tamper
from tests.hub.test_log_is_append_only import as_role, role  # noqa: F401 # the second is a fixture
from tests.hub.test_migrations import contents
from tests.hub.test_restore import written_down
from tests.support.clock import FakeClock
from tests.support.commands import hub_command
from tests.support.core import Core, running_core
from tests.support.databases import alembic_config
from tests.support.exchanges import HOLDER, ORIGINATOR, THIRD, Exchange, NotTakenError, grant, granting, onward
from tests.support.hub import hub_settings
from tests.support.tampering import unguard
from tests.support.world import World, make_world

NOT_THE_LEG = ("legs", "the leg that it opened is not what the log makes of it")
NOT_KEPT = ("grants", "a grant that was spent is not kept as spent")
ANOTHER = ("grants", "a grant is not kept as it was spent")
OF_NOTHING = ("grants", "a grant is kept as spent that no event at its leaf tells of")
DAMAGE: dict[str, tuple[str, tuple[str, str]]] = {
    "standing": ("UPDATE legs SET standing = 0 WHERE standing = 1", NOT_THE_LEG),
    "forwarded": ("UPDATE legs SET forwarded = NOT forwarded WHERE family = 1", NOT_THE_LEG),
    "another FORWARD": ("UPDATE legs SET onward = opening WHERE onward IS NOT NULL", NOT_THE_LEG),
    "no onward leg": (
        "DELETE FROM legs WHERE onward IS NOT NULL",
        ("legs", "the leg that it opened is missing"),
    ),
    "an onward leg of nobody": (
        "UPDATE legs SET recipient = 'osr/intake' WHERE onward IS NOT NULL",
        ("legs", "a leg that no envelope opened"),
    ),
    "a grant unspent": ("DELETE FROM grants WHERE used_by IS NOT NULL", NOT_KEPT),
    "used by another": ("UPDATE grants SET used_by = message_hash WHERE used_by IS NOT NULL", ANOTHER),
    "used instead of revoked": (
        "UPDATE grants SET used_by = revoked_by, revoked_by = NULL, original_hash = message_hash, desk = 'hkpf/cctb'"
        " WHERE revoked_by IS NOT NULL",
        OF_NOTHING,
    ),
    "at another leaf": ("UPDATE grants SET idx = 0", OF_NOTHING),
    "one that never was": (
        "INSERT INTO grants SELECT header, used_by, revoked_by, g.idx, original_hash, desk FROM grants g, envelopes e"
        " WHERE e.idx = 0 AND used_by IS NOT NULL",
        OF_NOTHING,
    ),
    "a recall forgotten": (
        "DELETE FROM recalls WHERE idx = (SELECT max(idx) FROM recalls)",
        ("recalls", "what was recalled is not kept as recalled"),
    ),
    "a recall of something else": (
        "UPDATE recalls SET desk = 'hkpf/cctb'",
        ("recalls", "something is kept as recalled that no RECALL at its leaf names"),
    ),
}


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies."""
    return make_world(agencies=("sfc", "hkma", "hkpf"))


async def spend(core: Core) -> tuple[Exchange, Exchange]:
    """Lets a grant be used and one revoked, and a hold begin; returns the case and the one that was opened with it."""
    case, first = await granting(core)
    passed = onward(case)
    await passed.say(Verb.FORWARD, granted=first)
    second = await grant(case)
    await case.say(Verb.REVOKE_GRANT, about=second.message_hash)
    await Exchange(core, Family.FREEZE).say(Verb.REQUEST_PROVISIONAL)
    return case, passed


async def test_A_01_grants_and_legs_are_derived_again_and_each_difference_is_named(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, _ = await spend(core)
        for verb in (Verb.GRANT_ONWARD, Verb.REVOKE_GRANT):
            await case.say(Verb.RECALL, about=case.said[verb])
        # Unread, untouched, in a part of its own or not: the same.
        for page, at_once in ((512, 100_000), (3, 2), (1, 1)):
            check = WorkflowCheck(core.db, page, at_once)
            for _ in check.steps():
                pass
            assert (check.findings, check.judged, check.unjudged) == ([], 4, 0)
    engine, unseen = create_engine(migrated_database_url), {}
    for name, (statement, expected) in DAMAGE.items():
        with engine.connect() as connection:
            unguard(connection)
            assert connection.exec_driver_sql(statement).rowcount > 0, name
            found = [(finding.table, finding.what) for finding in check_tables(Inside(connection)).findings]
            connection.rollback()
        if expected not in found:
            unseen[name] = found
    engine.dispose()
    assert unseen == {}


async def test_A_01_a_hub_that_lets_a_grant_be_used_twice_is_found_by_its_log(
    migrated_sqlite_url: str, world: World
) -> None:
    # Each keeps its log in good order; what it took it should not have taken.
    async with running_core(migrated_sqlite_url, world) as core:
        case, granted = await granting(core)
        await onward(case).say(Verb.FORWARD, granted=granted)
        tamper(migrated_sqlite_url, "DELETE FROM grants")
        await onward(case).say(Verb.FORWARD, granted=granted)
        whats = {finding.what for finding in check_tables(core.db).findings}
    assert "a grant is spent twice" in whats


async def test_A_01_a_hub_that_lets_something_else_be_passed_on_is_found_by_its_log(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onwards, "check_original", lambda *_, **__: None)
    async with running_core(migrated_sqlite_url, world) as core:
        case, granted = await granting(core)
        passed = onward(case)
        await passed.say(Verb.FORWARD, granted=granted)
        await passed.stored()
        for verb in (Verb.ACKNOWLEDGE, Verb.REQUEST_INFO):
            await passed.say(verb, by="recipient")
        await passed.say(Verb.SUPPLY)
        await passed.say(Verb.ASK_ONWARD, by="recipient", about=Verb.SUPPLY)
        wrong = await grant(passed, original_hash=passed.opening, new_desk=ORIGINATOR)
        assert check_tables(core.db).findings == []
        await onward(passed, ORIGINATOR).say(Verb.FORWARD, granted=wrong)
        whats = {finding.what for finding in check_tables(core.db).findings}
    assert whats == {"a grant is used for what its leg does not hold"}


async def test_A_01_a_hub_that_lets_something_be_passed_on_that_was_recalled_is_found_by_its_log(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        case, granted = await granting(core)
        await case.say(Verb.RECALL, about=granted.message_hash)
        monkeypatch.setattr(onwards, "taken_back", lambda *_: False)
        await onward(case).say(Verb.FORWARD, granted=granted)
        monkeypatch.undo()
        whats = {finding.what for finding in check_tables(core.db).findings}
    assert whats == {"a grant is used for what was recalled"}


async def test_A_01_a_hub_that_lets_something_be_passed_on_beyond_recall_is_found_by_its_log(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_sqlite_url, world) as core:
        case, granted = await granting(core)
        await Exchange(core, Family.REFERRAL, THIRD, ORIGINATOR, case_id=case.case_id).say(Verb.REFER)
        monkeypatch.setattr(onwards, "recallable", lambda *_: True)
        await onward(case).say(Verb.FORWARD, granted=granted)
        whats = {finding.what for finding in check_tables(core.db).findings}
    assert whats == {"a grant is used where no recall runs"}


async def test_A_19_the_database_refuses_to_give_a_spent_grant_back(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        await spend(core)
        before = contents(migrated_database_url)["grants"]
        statements = ["DELETE FROM grants", "UPDATE grants SET used_by = revoked_by", "UPDATE grants SET idx = 0"]
        if core.db.dialect == "sqlite":
            statements += [f"INSERT OR {what} INTO grants SELECT * FROM grants" for what in ("REPLACE", "IGNORE")]
        else:
            statements.append("TRUNCATE grants")
        engine = create_engine(migrated_database_url)
        for statement in statements:
            with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
                connection.exec_driver_sql(statement)
        engine.dispose()
        assert contents(migrated_database_url)["grants"] == before


@pytest.mark.parametrize("ended", [False, True])
async def test_erasure_leaves_a_grant_spent_and_a_year_after_all_ended_it_goes_with_the_legs(
    migrated_database_url: str, world: World, ended: bool
) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        case, passed = await spend(core)
        unused = await grant(case, expires=clock.now + 400 * 86_400_000)
        used = case.said[Verb.GRANT_ONWARD]
        for name in (used, passed.opening, case.opening):
            await core.sequencer.submit(Erase(name))
        assert check_tables(core.db).findings == []
        # Erased is not unused; and one that was never used is good while its row is known.
        await onward(case).say(Verb.FORWARD, granted=unused)
        await passed.stored()
        for one in (case, passed) if ended else (case,):
            await one.say(Verb.ACKNOWLEDGE, by="recipient")
            await one.say(Verb.DECLINE, by="recipient")
            await one.say(Verb.CLOSE)
        for days in (16, 16, 400, 31, 31, 31):
            clock.advance(days=days)
            await run(core)
            assert check_tables(core.db).findings == []
        if ended:
            assert await kept(core) == ([], 0)
        else:
            # What was passed on still runs: what it goes by is kept as long.
            assert await kept(core) == ([(HOLDER, THIRD, "DELIVERED"), (ORIGINATOR, THIRD, "FORWARDED")], 1)


async def test_a_role_that_may_serve_and_no_more_spends_grants_and_lets_them_go(
    migrated_postgres_url: str,
    role: str,  # noqa: F811 # the fixture
    world: World,
) -> None:
    serving.grant(migrated_postgres_url, role)
    clock = FakeClock(world.now)
    async with running_core(as_role(migrated_postgres_url, role), world, clock=clock) as core:
        case, passed = await spend(core)
        await case.say(Verb.RECALL, about=case.opening)
        await passed.say(Verb.WITHDRAW, about=passed.opening)
        for days in (16, 16, 400, 31):
            clock.advance(days=days)
            await run(core)
        assert await kept(core) == ([], 0)
        assert contents(migrated_postgres_url)["recalls"] == []


async def kept(core: Core) -> tuple[list[tuple[str, str, str]], int]:
    """Returns the legs that there are, and how many grants are kept as spent."""
    legs = await core.db.read(lambda c: c.exec_driver_sql("SELECT originator, recipient, state FROM legs").all())
    spent = await core.db.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM grants").scalar_one())
    return sorted((row[0], row[1], row[2]) for row in legs), spent


async def test_what_comes_back_from_a_backup_has_every_grant_and_standing(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, _ = await spend(core)
    before = contents(migrated_database_url)
    await take(hub_settings(migrated_database_url, tmp_path / "home"), tmp_path / "backup")
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    options = ["--home", tmp_path / "other", "--database-url", url, *written_down(tmp_path / "backup")]
    await asyncio.to_thread(hub_command, "restore", tmp_path / "backup", *options)
    after = contents(url)
    assert len(after["grants"]) == len(before["grants"]) == 2
    async with running_core(url, world) as core:
        case.core = core
        assert (await case.row(THIRD))["state"] == "FORWARDED"
        assert (await case.row())["forwarded"]


async def test_A_18_at_the_schema_before_all_else_is_carried_and_there_is_no_way_back_from_a_freeze(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    config = alembic_config(migrated_database_url)
    command.downgrade(config, "0004")
    settings = hub_settings(migrated_database_url, tmp_path / "home")
    async with running_core(migrated_database_url, world) as core:
        case, granted = await granting(core)
        for one, verb in (
            (Exchange(core, Family.FREEZE), Verb.REQUEST),
            (Exchange(core, Family.ASSISTANCE), Verb.REQUEST),
        ):
            with pytest.raises(NotTakenError, match="FAMILY_NOT_OFFERED"):
                await one.say(verb)
        with pytest.raises(NotTakenError, match="FAMILY_NOT_OFFERED"):
            await onward(case).say(Verb.FORWARD, granted=granted)
        await case.say(Verb.ACKNOWLEDGE, by="recipient")
        assert check_tables(core.db).findings == []
        assert "REFERRAL GRANT_ONWARD" in figures(settings, world.now)["envelopes"]["by_verb"]
        rows = {file.path: file.rows for file in (await take(settings, tmp_path / "backup")).files}
        assert (rows["tables/grants.jsonl"], rows["tables/legs.jsonl"]) == (0, 1)
        # It is brought forward while the hub serves: the next batch has the place.
        if core.db.dialect == "postgresql":
            command.upgrade(config, "head")
            await onward(case).say(Verb.FORWARD, granted=granted)
    command.upgrade(config, "head")
    async with running_core(migrated_database_url, world) as core:
        case.core = core
        await spend(core)
        assert check_tables(core.db).findings == []
    with pytest.raises(RuntimeError, match="no way back"):
        command.downgrade(config, "0004")


async def test_the_release_before_goes_on_writing_legs_beside_this_one(
    migrated_database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_database_url, world) as core:
        case, _ = await spend(core)
        before = await case.row()
    # As far as the database sees it: it knows 0004, and its statements name no column of 0005.
    for module in (claim, batching):
        monkeypatch.setattr(module, "NEWEST_SCHEMA", 4)
    monkeypatch.setattr(store, "keeps_grants", lambda _: False)
    async with running_core(migrated_database_url, world) as core:
        core.db.serve()
        case.core = core
        await case.say(Verb.ACKNOWLEDGE, by="recipient")
        new = Exchange(core, Family.REFERRAL)
        await new.say(Verb.REFER)
    monkeypatch.undo()
    async with running_core(migrated_database_url, world) as core:
        case.core = new.core = core
        after = await case.row()
        assert after["state"] == "ACKNOWLEDGED"
        for name in ("standing", "forwarded", "onward"):
            assert after[name] == before[name]
        row = await new.row()
        assert (row["standing"], bool(row["forwarded"]), row["onward"]) == (0, False, None)
        assert check_tables(core.db).findings == []


OPEN_LEGS = 100_000
FILL = {
    "sqlite": (
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) INSERT INTO legs (originator,"
        " case_id, recipient, family, state, revision, opening, previous, opened, deliver_by, question, overdue_logged,"
        " recall, recall_overdue_logged, next_limit) SELECT 'sfc/intake', CAST(i AS BLOB), 'hkma/intake', 3,"
        " 'IN_FORCE', 1, x'00', x'00', 1, 1, x'', 0, x'', 0, 1000000 + i FROM n"
    ),
    "postgresql": (
        "INSERT INTO legs (originator, case_id, recipient, family, state, revision, opening, previous, opened,"
        " deliver_by, question, overdue_logged, recall, recall_overdue_logged, next_limit) SELECT 'sfc/intake',"
        " int4send(i), 'hkma/intake', 3, 'IN_FORCE', 1, '', '', 1, 1, '', false, '', false, 1000000 + i"
        " FROM generate_series(0, 99999) AS i"
    ),
}


def test_among_a_hundred_thousand_open_legs_the_clock_finds_what_is_due_by_its_index(
    migrated_database_url: str,
) -> None:
    database = Database.open(migrated_database_url)

    def read(connection: Any) -> tuple[str, int]:
        pick = 0 if database.dialect == "sqlite" else 1
        explain = ("EXPLAIN QUERY PLAN ", "EXPLAIN ")[pick]
        statement = store.sql.LEGS_DUE[pick]
        rows = connection.exec_driver_sql(explain + statement, (1_000_010, 256)).all()
        return " ".join(str(word) for row in rows for word in row), len(store.due(connection, 1_000_010, 256))

    try:
        database.write(lambda c: c.exec_driver_sql(FILL[database.dialect]))
        if database.dialect == "postgresql":
            database.write(lambda c: c.exec_driver_sql("ANALYZE legs"))
        plan, found = database.read_now(read)
        assert found == 10
        assert "ix_legs_next_limit" in plan
        assert "SCAN" not in plan.replace("Index Scan", "").upper()
        assert "SORT" not in plan.upper().replace("USE TEMP B-TREE", "SORT")
    finally:
        database.close()
