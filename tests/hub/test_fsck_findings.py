"""Further damage that the check of everything finds: tiles, rows that nobody put there, content that came back."""

from __future__ import annotations

from typing import Any

import pytest
from comity.receipts import EventKind
from sqlalchemy import Connection

from hub.log.commands import Erase, Record
from hub.log.domain import LogName
from tests.support.core import Core
from tests.support.tampering import unguard
from tests.support.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


def write(core: Core, statement: str, *values: Any) -> None:
    """Runs one statement behind the hub's back."""

    def run(connection: Connection) -> None:
        unguard(connection)
        connection.exec_driver_sql(statement, values)

    core.db.write(run)


def found(core: Core) -> list[tuple[int, str]]:
    """(index, what) of every finding in the exchange log."""
    return [(f.index, f.what) for f in core.fsck() if f.log is LogName.EXCHANGE]


async def test_A_01_a_changed_or_missing_tile_row_is_found(migrated_sqlite_url: str, world: World) -> None:
    core = Core(migrated_sqlite_url, world)
    await core.start()
    for _ in range(3):
        ticket = core.sequencer.admit(256, 0)
        core.sequencer.offer([(Record(EventKind.OPERATOR), ticket, slot) for slot in range(256)])
        await ticket.future
    assert found(core) == []
    (honest,) = core.db.read_now(
        lambda c: c.exec_driver_sql("SELECT hash FROM log_nodes WHERE log = 2 AND idx = 1").all()
    )
    write(core, "UPDATE log_nodes SET hash = zeroblob(32) WHERE log = 2 AND idx = 1")
    assert (256, "the tile row of level 1 is missing or another") in found(core)
    write(core, "DELETE FROM log_nodes WHERE log = 2 AND idx = 1")
    assert (256, "the tile row of level 1 is missing or another") in found(core)
    write(core, "INSERT INTO log_nodes VALUES (2, 1, 1, ?)", honest[0])
    assert found(core) == []
    write(core, "INSERT INTO log_nodes VALUES (2, 2, 0, ?)", honest[0])
    assert found(core) == [(767, "there are more or fewer tile rows than the log has")]
    await core.stop()


@pytest.mark.parametrize(
    ("statement", "index", "what"),
    [
        ("UPDATE envelopes SET idx = 99 WHERE idx = 0", 4, "a row of envelopes beyond the end"),
        (
            "UPDATE openings SET salt = NULL, event = NULL WHERE idx = 0",
            0,
            "the opening is erased and the envelope is not",
        ),
        ("UPDATE openings SET event = x'ffff' WHERE idx = 0", 0, "the leaf does not commit to the opening"),
        (
            "UPDATE envelopes SET header = NULL WHERE idx = 0",
            0,
            "header, seal or signatures of the envelope are missing",
        ),
        ("UPDATE envelopes SET ciphertext = NULL WHERE idx = 0", 0, "the ciphertext is missing"),
        ("UPDATE envelopes SET signatures = x'00' WHERE idx = 0", 0, "the envelope is malformed"),
        ("UPDATE deliveries SET wrap = NULL WHERE idx = 0", 0, "the wrap of a live envelope is missing"),
        ("UPDATE acks SET body = x'00' WHERE idx = 1", 1, "the acknowledgement is malformed"),
        (
            "UPDATE acks SET idx = 0 WHERE idx = 1",
            0,
            "an acknowledgement is missing, or stands at another event's index",
        ),
        ("UPDATE envelopes SET idx = 2 WHERE idx = 0", 2, "an envelope stands at another event's index"),
        (
            "INSERT INTO equivocations VALUES ('sfc', x'00', zeroblob(32), 2)",
            2,
            "an equivocation is missing, or stands at another event's index",
        ),
        (
            "INSERT INTO deliveries SELECT 'osr/intake', 0, 1, kind, salt, message_hash, wrap FROM deliveries"
            " WHERE idx = 0 LIMIT 1",
            0,
            "the event does not commit to a delivery",
        ),
        ("UPDATE log_leaves SET leaf = x'00' WHERE log = 2 AND idx = 2", 2, "the leaf is malformed"),
        ("DELETE FROM log_batches WHERE log = 2 AND size = 4", 3, "the leaf belongs to no batch"),
        ("DELETE FROM openings WHERE idx = 3", 3, "the opening is missing"),
        ("UPDATE log_heads SET time_seconds = 5 WHERE log = 2", 3, "the head's time is not that of the last leaf"),
        ("UPDATE envelopes SET message_hash = zeroblob(32)", 0, "the envelope is not the one that was submitted"),
    ],
)
async def test_A_01_A_02_each_kind_of_damage_has_its_words(
    migrated_sqlite_url: str, world: World, statement: str, index: int, what: str
) -> None:
    core = Core(migrated_sqlite_url, world)
    await core.start()
    taken = await core.take(world.envelope(core.directory.view()))
    await core.acknowledge(world.ack(taken.event.message_hash, "hkma/intake"))
    for _ in range(2):
        await core.sequencer.submit(Record(EventKind.OPERATOR))
    assert found(core) == []
    write(core, statement)

    assert (index, what) in found(core)
    await core.stop()


async def test_what_was_erased_does_not_come_back(migrated_sqlite_url: str, world: World) -> None:
    core = Core(migrated_sqlite_url, world)
    await core.start()
    taken = await core.take(world.envelope(core.directory.view()))
    header = core.db.read_now(lambda c: c.exec_driver_sql("SELECT header FROM envelopes").scalar())
    await core.sequencer.submit(Erase(taken.event.message_hash))
    assert found(core) == []
    write(core, "UPDATE envelopes SET header = ?", header)
    assert found(core) == [(0, "the opening is erased and the envelope is not")]
    await core.stop()


async def test_an_entry_that_breaks_the_directorys_rules_is_named(migrated_sqlite_url: str, world: World) -> None:
    core = Core(migrated_sqlite_url, world)
    await core.start()
    write(
        core,
        "UPDATE log_leaves SET leaf = (SELECT leaf FROM log_leaves WHERE log = 1 AND idx = 2)"
        " WHERE log = 1 AND idx = 5",
    )
    findings = [(f.log, f.index, f.what) for f in core.fsck()]
    assert (LogName.DIRECTORY, 5, "the entry breaks the directory's rules") in findings
    assert (LogName.DIRECTORY, 5, "the leaf is not the one that was hashed") in findings
    await core.stop()
