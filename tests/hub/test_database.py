"""The database: settings that lose promises are refused, and so is a flood of reads."""

from __future__ import annotations

import asyncio
import threading

import pytest
from comity.errors import Reason, RefusedError
from sqlalchemy.exc import IntegrityError

from hub.db import MAX_WAITING_READS, Database, UnsafeSettingError
from tests.support.postgres import postgres_server


@pytest.mark.parametrize("value", ["NORMAL", "off", "1"])
def test_S_11_sqlite_that_does_not_wait_for_the_disk_is_refused(sqlite_url: str, value: str) -> None:
    with pytest.raises(UnsafeSettingError, match="synchronous") as refused:
        Database.open(f"{sqlite_url}?synchronous={value}")
    assert refused.value.setting == "synchronous"


def test_S_11_postgresql_that_loses_commits_is_refused_by_name() -> None:
    with postgres_server() as server:
        for setting in ("synchronous_commit", "fsync", "full_page_writes"):
            with server.connect() as connection:
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            server.restart()
            with pytest.raises(UnsafeSettingError) as refused:
                Database.open(server.url())
            assert refused.value.setting == setting
            with server.connect() as connection:
                connection.execute(f"ALTER SYSTEM RESET {setting}")
            server.restart()
        Database.open(server.url()).close()


def test_a_safe_database_opens(database_url: str) -> None:
    database = Database.open(database_url)
    assert database.read_now(lambda connection: connection.exec_driver_sql("SELECT 1").scalar()) == 1
    assert database.dialect in {"sqlite", "postgresql"}
    database.close()


def test_a_database_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(RefusedError) as refused:
        Database.open("postgresql+psycopg://nobody@/nothing?host=/tmp/no-such-folder")
    assert refused.value.reason is Reason.UNAVAILABLE


def test_a_failed_transaction_leaves_nothing(database_url: str) -> None:
    database = Database.open(database_url)
    database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE wall (brick INTEGER PRIMARY KEY)"))

    def twice(connection) -> None:  # type: ignore[no-untyped-def]
        connection.exec_driver_sql("INSERT INTO wall VALUES (1)")
        connection.exec_driver_sql("INSERT INTO wall VALUES (1)")

    with pytest.raises(IntegrityError):
        database.write(twice)
    assert database.read_now(lambda c: c.exec_driver_sql("SELECT count(*) FROM wall").scalar()) == 0
    database.close()


async def test_S_13_reads_do_not_pile_up(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    gate = threading.Event()
    slow = [asyncio.create_task(database.read(lambda _: gate.wait(20))) for _ in range(MAX_WAITING_READS)]
    await asyncio.sleep(0)
    with pytest.raises(RefusedError) as refused:
        await database.read(lambda _: None)
    assert refused.value.reason is Reason.BUSY
    gate.set()
    assert all(await asyncio.gather(*slow))
    assert database.waiting_reads == 0
    database.close()
