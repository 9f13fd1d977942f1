"""The owner's database: opened, made, written by one process at a time, read by any.

Rows live beside their subject: `lists`, `publications`, `subscribers`, `outbox`. Each function takes the connection of
a transaction that its caller began, so that what belongs together becomes durable together.

Never does: cryptography, network.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from comity.errors import ComityError, Reason, RefusedError

from agents.home import Home
from agents.sync.owner.schema import STATEMENTS, VERSION

FILE: Final = "watchlists.db"
"""Name of the file in a home."""
BUSY_SECONDS: Final = 60.0
"""How long a writer waits for another process of this home."""
_GET_VERSION: Final = "PRAGMA user_version"
_SET_VERSION: Final = f"PRAGMA user_version = {VERSION}"


class OwnerStoreError(ComityError):
    """The owner's database cannot be used: made by a newer version, or damaged."""


class OwnerStore:
    """The database of the lists that a home owns."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, home: Home) -> OwnerStore:
        """Opens the database of a home, making it where there is none.

        Raises:
            OwnerStoreError: made by a newer version, or damaged.
        """
        path = home.path / FILE
        if not path.exists():
            path.touch(mode=0o600)
        try:
            connection = _connect(path)
        except sqlite3.DatabaseError:
            raise OwnerStoreError("the watchlist database is damaged") from None
        store = cls(path, connection)
        try:
            with store.write() as c:
                found = int(c.execute(_GET_VERSION).fetchone()[0])
                if found > VERSION:
                    raise OwnerStoreError("the watchlist database was made by a newer version")
                if found < VERSION:
                    for statement in STATEMENTS:
                        c.execute(statement)
                    c.execute(_SET_VERSION)
        except sqlite3.DatabaseError:
            connection.close()
            raise OwnerStoreError("the watchlist database is damaged") from None
        except BaseException:
            connection.close()
            raise
        return store

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Runs a writing transaction: committed where the block ends, rolled back where it raises.

        Raises:
            RefusedError: BUSY: another process of this home does not let go.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                raise RefusedError(Reason.BUSY, "another process of this home is writing: try again") from None
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Runs a reading transaction: what it sees is the state of one moment, and no writer waits for it."""
        with closing(_connect(self._path)) as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    # The driver's own begin is too late for a lock: transactions are begun by hand.
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection
