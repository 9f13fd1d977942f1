"""What a process that stops in the middle keeps from the others, and for how long: PostgreSQL's locks on the heads."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from hub.db import PAUSED_SECONDS, Database
from hub.log.store import lock_heads


def move(connection: Connection) -> int:
    """What every batch does: takes the heads."""
    return lock_heads(connection).exchange.size


def test_a_transaction_that_sleeps_on_the_heads_is_ended_and_the_next_writer_goes_on(
    migrated_postgres_url: str,
) -> None:
    asleep, other = Database.open(migrated_postgres_url), Database.open(migrated_postgres_url)
    went_on: list[int] = []

    def sleep_and_write(connection: Connection) -> None:
        lock_heads(connection)
        began = time.monotonic()
        went_on.append(other.write(move))  # waits, and is not refused
        assert time.monotonic() - began < PAUSED_SECONDS + 4
        connection.exec_driver_sql("UPDATE log_heads SET fence = fence + 1")  # awake again: too late

    with pytest.raises(RefusedError) as ended:
        asleep.write(sleep_and_write)
    assert ended.value.reason is Reason.UNAVAILABLE
    assert went_on == [0]
    assert other.read_now(lambda c: c.exec_driver_sql("SELECT sum(fence) FROM log_heads").scalar()) == 0
    # It goes on with a new connection.
    assert asleep.write(move) == 0
    asleep.close()
    other.close()


def test_a_session_that_cannot_send_to_a_process_asleep_is_ended_by_who_waits_in_vain(
    migrated_postgres_url: str,
) -> None:
    asleep, other = Database.open(migrated_postgres_url), Database.open(migrated_postgres_url)
    tries: list[object] = []
    began = time.monotonic()

    def attempt() -> object:
        try:
            return other.write(move)
        except RefusedError as error:
            return error.reason

    with contextlib.suppress(DBAPIError), asleep.writing() as connection:
        lock_heads(connection)
        # More rows than the buffers between take; nobody reads them.
        driver: Any = connection.connection.driver_connection
        driver.pgconn.send_query(b"SELECT repeat('x', 1000000) FROM generate_series(1, 40)")
        driver.pgconn.flush()
        tries = [attempt(), attempt()]
        driver.pgconn.finish()
    assert tries == [Reason.UNAVAILABLE, 0]
    assert time.monotonic() - began < 3 * PAUSED_SECONDS
    asleep.close()
    other.close()


def test_a_writer_that_works_for_long_is_not_ended_by_those_who_wait(migrated_postgres_url: str) -> None:
    busy, other = Database.open(migrated_postgres_url), Database.open(migrated_postgres_url)
    with busy.writing() as connection:
        lock_heads(connection)
        # Longer than the others wait, yet never idle.
        driver: Any = connection.connection.driver_connection
        driver.pgconn.send_query(b"SELECT pg_sleep(11)")
        with pytest.raises(RefusedError):
            other.write(move)
        while driver.pgconn.get_result() is not None:
            pass
        connection.exec_driver_sql("UPDATE log_heads SET fence = fence + 1")
    assert other.read_now(lambda c: c.exec_driver_sql("SELECT sum(fence) FROM log_heads").scalar()) == 2
    busy.close()
    other.close()
