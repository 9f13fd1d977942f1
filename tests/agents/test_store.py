"""A store of an earlier version goes on: nothing is lost, and nothing is believed that nobody has looked at."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from comity.directory import Head, sign_head
from comity.keys import SigningKey
from comity.receipts import EventKind

from agents import mailstore, truststore
from agents.alarms import AlarmKind, alarm_id
from agents.schema import INDEXES_3
from agents.store import VERSION, Store, StoreError

_TABLES_1 = """
CREATE TABLE heads (id INTEGER NOT NULL PRIMARY KEY, body BLOB NOT NULL, sig BLOB NOT NULL);
CREATE TABLE events (log_index INTEGER NOT NULL PRIMARY KEY, number INTEGER NOT NULL, salt BLOB NOT NULL,
  kind INTEGER NOT NULL, message_hash BLOB NOT NULL, desk VARCHAR NOT NULL, time INTEGER NOT NULL,
  receipt BLOB NOT NULL);
CREATE TABLE meta (name VARCHAR NOT NULL PRIMARY KEY, value BLOB NOT NULL);
PRAGMA user_version = 1;
"""


def version(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_store_has_the_newest_version_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    for _ in range(2):
        Store.open(path).close()
        assert version(path) == VERSION


def test_a_store_of_version_1_keeps_its_head_and_shows_as_proved_only_what_was_checked(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    head = Head("h.example/d", 5, bytes(32), "h.example/e", 9, bytes(32), 1_800_000_000_000)
    body, sig = sign_head(head, SigningKey.generate())
    rows = [
        (0, EventKind.SUBMITTED, ""),
        (1, EventKind.ACKNOWLEDGED, "hkma/intake"),
        (2, EventKind.ACKNOWLEDGED, ""),
        (3, EventKind.OVERDUE, ""),
        (4, EventKind.EXPIRED, ""),
    ]
    with sqlite3.connect(path) as connection:
        connection.executescript(_TABLES_1)
        connection.execute("INSERT INTO heads VALUES (1, ?, ?)", (body, sig))
        connection.executemany(
            "INSERT INTO events VALUES (?, 1, x'', ?, x'', ?, 0, x'')", [(i, int(kind), desk) for i, kind, desk in rows]
        )
    connection.close()

    store = Store.open(path)
    assert version(path) == VERSION
    with store.begin() as c:
        newest = truststore.newest_head(c)
        believed = [event.believed for event in mailstore.events(c)]
        assert mailstore.debts(c) == []
    store.close()
    assert newest is not None
    assert (newest.head, newest.body, newest.sig) == (head, body, sig)
    assert believed == [True, True, False, False, False]


def test_a_store_of_version_2_is_given_the_indexes_of_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    Store.open(path).close()
    names = {str(index.name) for index in INDEXES_3}
    with sqlite3.connect(path) as connection:
        for name in names:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("PRAGMA user_version = 2")
    connection.close()

    Store.open(path).close()
    with sqlite3.connect(path) as connection:
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    connection.close()
    assert names <= found
    assert version(path) == VERSION


_GOSSIP_DUE_4 = """
DROP TABLE gossip_due;
CREATE TABLE gossip_due (size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, PRIMARY KEY (size, root));
INSERT INTO gossip_due VALUES (7, x'00', x'01');
PRAGMA user_version = 4;
"""
_GOSSIP_DUE_5 = """
DROP TABLE gossip_due;
CREATE TABLE gossip_due (size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (size, root));
INSERT INTO gossip_due VALUES (7, x'00', x'01', 5), (8, x'00', x'01', -1);
INSERT INTO alarms VALUES ('8cfc520c6829628e', 'SPLIT_VIEW', 'exchange 8 00', 1, 2);
PRAGMA user_version = 5;
"""


@pytest.mark.parametrize(("tables", "told"), [(_GOSSIP_DUE_4, []), (_GOSSIP_DUE_5, [8])])
def test_checkpoints_that_wait_in_an_earlier_store_wait_on_and_by_their_signature(
    tmp_path: Path, tables: str, told: list[int]
) -> None:
    path = tmp_path / "store.sqlite"
    Store.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript(tables)
    connection.close()

    store = Store.open(path)
    assert version(path) == VERSION
    by_another = truststore.TrustedSize(7, b"\0", b"\2")
    with store.begin() as c:
        waiting = truststore.gossip_due(c)
        truststore.put_gossip_due(c, by_another)
        truststore.drop_gossip_due(c, waiting[0].found)
        left = truststore.gossip_due(c)
        alarms = c.exec_driver_sql("SELECT id, subject, dismissed FROM alarms").all()
    store.close()
    # Dismissed because a proof was missing, it would hide the proof of a fork.
    assert alarms == [(alarm_id(AlarmKind.SPLIT_VIEW, "unproved 8 00"), "unproved 8 00", 2)] * len(told)
    assert waiting[0] == truststore.GossipDue(truststore.TrustedSize(7, b"\0", b"\1"), 0, 0)
    assert [one.found.size for one in waiting if one.waited == truststore.TOLD] == told
    assert left[0] == truststore.GossipDue(by_another, 0, 0)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError):
        Store.open(path)
    assert version(path) == VERSION + 1


@pytest.mark.parametrize("lasting", [True, False])
def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_goes_on(tmp_path: Path, lasting: bool) -> None:
    store = Store.open(tmp_path / "store.sqlite")

    def cut_off() -> None:
        with store.begin(lasting=lasting) as c:
            truststore.put_meta(c, "cut", b"off")
            raise KeyError

    with pytest.raises(KeyError):
        cut_off()
    with store.begin(lasting=lasting) as c:
        assert truststore.get_meta(c, "cut") == b""
        truststore.put_meta(c, "whole", b"one")
        with sqlite3.connect(tmp_path / "store.sqlite") as other:
            assert other.execute("SELECT value FROM meta WHERE name = 'whole'").fetchone() is None
        other.close()
    with store.begin(lasting=not lasting) as c:
        assert truststore.get_meta(c, "whole") == b"one"
    store.close()
