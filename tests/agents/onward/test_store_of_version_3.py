"""A home of version 3 goes on: its cases are read, and what came with version 4 is there."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from comity.workflow.terms import Family, State
from comity.workflow.terms import Standing as LegStanding

from agents import mailstore
from agents.onward import links, rows
from agents.store import TABLES_4, VERSION, Store

OLD_LEG = {
    "originator": "sfc/intake",
    "case_id": "11" * 16,
    "recipient": "hkma/intake",
    "family": int(Family.REFERRAL),
    "state": State.IN_PROGRESS.value,
    "revision": 4,
    "opening": "22" * 32,
    "previous": "22" * 32,
    "opened": 1_800_000_000_000,
    "deliver_by": 1_800_000_000_001,
    "question": "",
    "respond_by": None,
    "awaiting": None,
    "overdue_logged": False,
    "recall": "",
    "recall_respond_by": None,
    "recall_overdue_logged": False,
    "lapses_at": None,
    "ended_at": None,
    "resume_state": None,
}


def test_a_home_of_version_3_opens_with_its_cases_and_the_tables_of_version_4(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    Store.open(path).close()
    with sqlite3.connect(path) as connection:
        for table in TABLES_4:
            connection.execute(f"DROP TABLE {table.name}")
        key = ("sfc/intake", bytes.fromhex("11" * 16), "hkma/intake", json.dumps(OLD_LEG))
        connection.execute("INSERT INTO legs VALUES (?, ?, ?, ?)", key)
        connection.execute("PRAGMA user_version = 3")
    connection.close()

    store = Store.open(path)
    with store.begin() as c:
        (leg,) = mailstore.legs(c)
        assert (leg.state, leg.standing, leg.onward, leg.forwarded) == (
            State.IN_PROGRESS,
            LegStanding.FULL,
            b"",
            False,
        )
        assert rows.grants(c) == []
        assert links.linked(c, leg.case_id) == []
    store.leave_nothing()
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert {table.name for table in TABLES_4} <= found
