"""What follows from the log is checked too: acceptance of envelopes, legs, clocks, totals and bytes of attachments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from hub.blobs.objects import open_objects
from hub.db import Database
from hub.exchange import examining
from hub.exchange.audit.checking import WorkflowCheck
from hub.keeping.checking import Report, check_objects, check_tables
from tests.support.core import running_core
from tests.support.lived import BEGINS, live
from tests.support.tampering import unguard
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(BEGINS, agencies=("sfc", "hkma"))


def checked(url: str) -> Report:
    """Checks all tables."""
    database = Database.open(url)
    try:
        return check_tables(database)
    finally:
        database.close()


def tamper(url: str, *statements: str) -> None:
    """Runs statements behind the hub's back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        unguard(connection)
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


NOT_THE_LEG = ("legs", "the leg that it opened is not what the log makes of it")
NOT_THE_STATE = ("envelopes", "the envelope's state is not what the log makes of it")
TOTALS = ("blob_totals", "an agency's totals are not the sums of its attachments")
ONE_LEG = "WHERE state = 'EXPIRED'"
DAMAGE: dict[str, tuple[str, tuple[str, str]]] = {
    "state": (f"UPDATE legs SET state = 'SENT' {ONE_LEG}", NOT_THE_LEG),
    "a state that is none": (f"UPDATE legs SET state = 'SOMETHING' {ONE_LEG}", NOT_THE_LEG),
    "revision": (f"UPDATE legs SET revision = revision + 1 {ONE_LEG}", NOT_THE_LEG),
    "previous": (f"UPDATE legs SET previous = question {ONE_LEG}", NOT_THE_LEG),
    "limit": ("UPDATE legs SET respond_by = respond_by + 1 WHERE respond_by IS NOT NULL", NOT_THE_LEG),
    "lapses": ("UPDATE legs SET lapses_at = 5 WHERE lapses_at IS NULL", NOT_THE_LEG),
    "next limit": ("UPDATE legs SET next_limit = NULL WHERE next_limit IS NOT NULL", NOT_THE_LEG),
    "overdue": ("UPDATE legs SET overdue_logged = NOT overdue_logged", NOT_THE_LEG),
    "finished": (
        "UPDATE legs SET finished_at = finished_at + 1",
        ("legs", "the leg that it opened has another end than in the log"),
    ),
    "no leg": (f"DELETE FROM legs {ONE_LEG}", ("legs", "the leg that it opened is missing")),
    "another's leg": (
        f"UPDATE legs SET recipient = 'osr/intake' {ONE_LEG}",
        ("legs", "a leg that no envelope opened"),
    ),
    "never expired": ("UPDATE envelopes SET state = 3 WHERE state = 1 AND unstored = 0", NOT_THE_STATE),
    "due": ("UPDATE envelopes SET due = due + 1 WHERE state = 2", NOT_THE_STATE),
    "awaited": ("UPDATE envelopes SET unstored = unstored + 1 WHERE state = 2", NOT_THE_STATE),
    "who wrote it": ("UPDATE envelopes SET author_member = 'sfc/m-aaaaaaaa' WHERE state = 2", NOT_THE_STATE),
    "that it opened": ("UPDATE envelopes SET opening = NOT opening WHERE state = 2", NOT_THE_STATE),
    "bytes": ("UPDATE blob_totals SET stored_bytes = stored_bytes + 1", TOTALS),
    "count": ("UPDATE blob_totals SET stored = stored + 1", TOTALS),
    "unfinished": ("UPDATE blob_totals SET unfinished = 0", TOTALS),
    "no totals": ("DELETE FROM blob_totals", TOTALS),
    "length": (
        "UPDATE blobs SET length = length + 1 WHERE complete",
        ("blobs", "an attachment that the envelope names is missing"),
    ),
    "offset": (
        'UPDATE blobs SET "offset" = 0 WHERE complete',
        ("blobs", "a complete attachment is not as long as it was announced"),
    ),
    "not complete": (
        "UPDATE blobs SET complete = NOT complete",
        ("blobs", "an attachment that the envelope names is missing"),
    ),
    "no name": (
        "DELETE FROM envelope_blobs",
        ("envelope_blobs", "the attachments are not those that the envelope names"),
    ),
    "a name too many": (
        "INSERT INTO envelope_blobs SELECT message_hash, message_hash, sender_agency FROM envelopes WHERE state = 4",
        ("envelope_blobs", "an attachment is named by an envelope that is not there, or erased"),
    ),
}


class Inside:
    """Reads inside a transaction that is never committed."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def read_now(self, fn: Any, *, snapshot: bool = False) -> Any:
        return fn(self._connection)


async def test_A_01_what_follows_from_the_log_is_derived_again_and_each_difference_named(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    await live(migrated_database_url, world, tmp_path / "blobs")
    whole = checked(migrated_database_url)
    assert whole.findings == []
    assert (whole.legs, whole.legs_unjudged) == (5, 1)
    engine, unseen = create_engine(migrated_database_url), {}
    for name, (statement, expected) in DAMAGE.items():
        with engine.connect() as connection:
            unguard(connection)
            assert connection.exec_driver_sql(statement).rowcount > 0, name
            findings = [(found.table, found.what) for found in check_tables(Inside(connection)).findings]
            connection.rollback()
        if expected not in findings:
            unseen[name] = findings
    engine.dispose()
    assert unseen == {}


async def test_A_01_each_missing_or_changed_attachment_is_found_where_its_bytes_lie(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    await live(migrated_database_url, world, tmp_path / "blobs")
    objects = open_objects(str(tmp_path / "blobs"))
    (path,) = [found for found in (tmp_path / "blobs" / "blobs").rglob("*") if found.is_file()]
    database = Database.open(migrated_database_url)

    async def found(*, deep: bool) -> list[str]:
        report = Report()
        await check_objects(database, objects, report, deep=deep)
        assert report.attachments == 1
        return [finding.what for finding in report.findings]

    assert await found(deep=True) == []
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert await found(deep=False) == []
    assert await found(deep=True) == ["the bytes of an attachment are not those that were uploaded"]
    path.write_bytes(data[:-1])
    assert await found(deep=False) == ["the bytes of an attachment are missing, or not as many"]
    path.unlink()
    assert await found(deep=True) == ["the bytes of an attachment are missing, or not as many"]
    # Of what was collected meanwhile nothing is said.
    tamper(migrated_database_url, "DELETE FROM blobs")
    database.close()
    database = Database.open(migrated_database_url)
    empty = Report()
    await check_objects(database, objects, empty, deep=True)
    assert (empty.findings, empty.attachments) == ([], 0)
    database.close()


async def test_the_cases_are_checked_in_parts_and_come_to_the_same(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    await live(migrated_database_url, world, tmp_path / "blobs")
    tamper(migrated_database_url, "UPDATE legs SET revision = revision + 1")
    database = Database.open(migrated_database_url)
    outcomes = []
    for page, at_once in ((512, 100_000), (3, 2), (1, 1)):
        check = WorkflowCheck(database, page, at_once)
        for _ in check.steps():
            pass
        outcomes.append((sorted(map(str, check.findings)), check.judged, check.unjudged))
    database.close()
    assert outcomes[0][1:] == (5, 1)
    assert len(outcomes[0][0]) == 5
    assert outcomes[1:] == outcomes[:1] * 2


async def test_an_envelope_that_no_hub_should_have_taken_is_found_by_its_signature(
    migrated_database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = world.envelope(world.directory().view())
    forged.signatures[0].sig = os.urandom(64)
    # A hub that takes what it must not: its own log verifies.
    monkeypatch.setattr(examining, "verify_signatures_by", lambda *_: None)
    async with running_core(migrated_database_url, world) as core:
        (result,) = await core.submit(forged)
        assert not isinstance(result, BaseException), result
    whats = [finding.what for finding in checked(migrated_database_url).findings]
    assert "the envelope would not be taken at its leaf's moment" in whats
