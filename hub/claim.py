"""Who serves a database, and whether this release may: the schemas it knows, and a claim that ends with its process.

SQLite has one process, by a lock file beside it. On PostgreSQL there may be any number. Each keeps one connection open
for as long as it serves, which holds a shared advisory lock with the number of the newest schema that the process
knows: a migration that takes something away looks for older numbers first. The same connection hears of every batch.
The server drops all of it when the process is gone, however it went; a process that lost the connection claims anew,
and ends where the schema has moved on without it. Meanwhile it is not seen: so whoever writes looks at the schema's
range under the lock of each batch too (`hub/log/batching.py`).

Never does: write, migrate.
"""

from __future__ import annotations

import contextlib
import fcntl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

OLDEST_SCHEMA: Final = 2
"""The oldest revision that this release's statements fit. Watchlists are carried from 0004 on, all else from 0005."""
NEWEST_SCHEMA: Final = 5
"""The newest revision that this release knows. It serves later ones too, as long as they say that it can."""
NEWER_RELEASE: Final = "the database is at the schema of a newer release: run that one"
"""Why this release cannot serve a database, or go on serving it."""
CLAIMS: Final = 0x636F6D69  # "comi"
"""Class of the advisory locks; the number is the newest revision that the process knows."""
FOLLOWS: Final = 0x636F6D6B  # "comk"
"""Class of a second one, shared too: the process signs with the keys that the directory names, whichever it began with.
One that claims without it is of a release that looks at its keys only when it starts."""


class AlreadyServedError(Exception):
    """Another process serves this SQLite database."""

    def __init__(self) -> None:
        super().__init__("another process serves this database")


class SchemaError(Exception):
    """The database's schema is not one that this release can serve. The message says what to do."""


def check_schema(connection: Connection) -> None:
    """Looks whether this release can serve a database.

    Raises:
        SchemaError: its schema is too old, too new, or there is none.
        SQLAlchemyError: it does not answer.
    """
    if not inspect(connection).has_table("alembic_version"):
        raise SchemaError("the database is empty: `comity-hub init` or `comity-hub migrate` makes its tables")
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if version is None or int(version) < OLDEST_SCHEMA:
        raise SchemaError("the database is at an older schema than this release serves: run `comity-hub migrate`")
    oldest = connection.exec_driver_sql("SELECT oldest FROM schema_range").scalar_one()
    if oldest > NEWEST_SCHEMA:
        raise SchemaError(NEWER_RELEASE)


class FileClaim:
    """A lock file beside a SQLite database."""

    def __init__(self, path: str) -> None:
        """Takes the database's path and claims it.

        Raises:
            AlreadyServedError: another process has it.
        """
        self._file: IO[str] = Path(f"{path}.lock").open("a", encoding="ascii")  # noqa: SIM115 # held while it is served
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise AlreadyServedError from None

    def close(self) -> None:
        """Gives it back, also where a program that is being started has a copy of the open file for an instant."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._file.close()


class SharedClaim:
    """The connection by which a process is known to serve a PostgreSQL database."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        """Takes what opens a connection of its own, in autocommit mode; it belongs to no pool."""
        self._connect = connect
        self._connection: Connection | None = None
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> None:
        """Claims. Waits for a migration that is going on, as long as the connection waits for locks.

        Raises:
            SchemaError: this release cannot serve it.
            SQLAlchemyError: the database does not answer.
        """
        connection = self._connect()
        try:
            connection.exec_driver_sql("SELECT pg_advisory_lock_shared(%s, 1)", (FOLLOWS,))
            connection.exec_driver_sql("SELECT pg_advisory_lock_shared(%s, %s)", (CLAIMS, NEWEST_SCHEMA))
            check_schema(connection)  # under the lock: from here on nothing is taken away
            connection.exec_driver_sql("LISTEN comity")
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def watch(self, wake: Callable[[], None], lost: Callable[[str], None]) -> None:
        """Begins a thread that hears of batches, and that claims anew where the connection was lost.

        Args:
            wake: called on that thread whenever any process has committed a batch, and after each new claim: what was
                announced meanwhile went unheard.
            lost: called on that thread, at most once, with the reason why this process must not serve any more.
        """
        self._thread = threading.Thread(target=self._watch, args=(wake, lost), name="hub-listen", daemon=True)
        self._thread.start()

    def _watch(self, wake: Callable[[], None], lost: Callable[[str], None]) -> None:
        while not self._closing.is_set():
            try:
                if self._connection is None:
                    self.take()
                    wake()
                self._hear(wake)
            except SchemaError as error:
                lost(str(error))
                return
            except (psycopg.Error, SQLAlchemyError):
                self._drop()
                self._closing.wait(1)

    def _hear(self, wake: Callable[[], None]) -> None:
        if self._connection is None:
            return
        driver: Any = self._connection.connection.driver_connection
        while not self._closing.is_set():
            for _ in driver.notifies(timeout=0.5, stop_after=1):
                wake()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, SQLAlchemyError):
                connection.invalidate()
                connection.close()

    def close(self) -> None:
        """Gives it back and ends the thread."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._drop()
