"""The database: opened with settings that keep promises, read in a small pool of threads, written by one thread.

Everything is synchronous: one hop to a thread a batch costs less than one a statement. A connection that is lost is a
`RefusedError` with UNAVAILABLE for whoever waited; the next call opens a new one, so that the hub recovers by itself.

A process that stops in the middle of a transaction, or whose host is gone, holds what it locked for a few seconds: then
PostgreSQL ends its session, and a process that wakes up again finds its transaction gone. One case PostgreSQL does not
end by itself: a session that cannot send its rows to a process that does not read. Who waits for it in vain ends it.

Never does: repair, migrate, retry. A database configured to lose committed transactions is refused by name.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, TypeVar

from comity.errors import Reason, RefusedError
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool, QueuePool

from hub.claim import FileClaim, SharedClaim, check_schema

T = TypeVar("T")
Reading: TypeAlias = Connection
"""What `Database.read` hands to a function; opaque to every module but the stores."""

MAX_WAITING_READS: Final = 512
"""Reads that may wait for a thread; more are refused with BUSY rather than piled up."""
_CLOSE_SECONDS: Final = 5.0
_SAFE_SQLITE = frozenset({"2", "3", "FULL", "EXTRA"})
PAUSED_SECONDS: Final = 5
"""For how long a process that does nothing inside a transaction keeps what it locked. The others wait longer."""
_SESSION: Final = (
    "SET idle_in_transaction_session_timeout = '5s';"
    # Longer than a paused process can keep the heads: whoever waits for them gets them.
    "SET lock_timeout = '10s';"
    "SET statement_timeout = '60s';"
    # A host that is gone says nothing: its sessions end, and with them its locks and claims.
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    "SET tcp_user_timeout = '10s'; SET client_connection_check_interval = '5s'"
)
_CONNECT: Final = {
    "application_name": "comity-hub",
    "connect_timeout": 10,
    # The same from this side, for a database host that is gone.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What libpq is told where the address says nothing else."""


_FREE: Final = (
    "SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity AS a"
    " WHERE a.datname = current_database() AND a.application_name = 'comity-hub' AND a.wait_event = 'ClientWrite'"
    " AND a.xact_start < clock_timestamp() - interval '5 seconds' AND EXISTS (SELECT 1 FROM pg_locks AS l"
    " WHERE l.pid = a.pid AND l.granted AND l.relation = to_regclass('log_heads') AND l.mode = 'RowShareLock')"
)
"""Ends sessions that hold the heads and cannot send what they read; an honest batch takes no such time to be read."""
_WAITED_IN_VAIN: Final = "55P03"
"""lock_not_available: the time to wait for a lock went by."""


class UnsafeSettingError(Exception):
    """The database is set to lose what it said was durable. The hub does not start on it."""

    setting: str
    """Name of the setting."""

    def __init__(self, setting: str) -> None:
        super().__init__(f"unsafe database setting: {setting}")
        self.setting = setting


def is_unavailable(error: BaseException) -> bool:
    """Returns whether an error of the database says nothing against the statement: trying again may help."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or not isinstance(error, IntegrityError | DataError | ProgrammingError)


def unavailable() -> RefusedError:
    """Returns the one refusal while nothing can be made durable or read."""
    return RefusedError(Reason.UNAVAILABLE, "the database does not answer; try again")


def _sqlite_engine(url: URL, pool: int) -> Engine:
    setting = url.query.get("synchronous")
    if setting is not None and str(setting).upper() not in _SAFE_SQLITE:
        raise UnsafeSettingError("synchronous")
    engine = create_engine(
        url.difference_update_query(["synchronous"]),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=10,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says, not where sqlite3 guesses
        for pragma in (
            # Of a new file: an envelope with its wraps fills two pages instead of four and its overflow lists.
            "PRAGMA page_size=8192",
            "PRAGMA journal_mode=WAL",
            # 32 MiB: what is copied from the journal is copied, and synced, once in thousands of messages.
            "PRAGMA wal_autocheckpoint=4096",
            "PRAGMA synchronous=FULL",
            "PRAGMA foreign_keys=ON",
            "PRAGMA busy_timeout=10000",
            "PRAGMA temp_store=MEMORY",
            "PRAGMA cache_size=-65536",
        ):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("comity_write", False)
        if writes:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif connection.get_execution_options().get("comity_snapshot", False):
            connection.exec_driver_sql("BEGIN")

    return engine


def _postgres_engine(url: URL, pool: int) -> Engine:
    """Returns an engine; `pool` is the number of its connections, 0 for one that keeps none."""
    kept: dict[str, Any] = {"pool_size": pool, "max_overflow": 0, "pool_timeout": 10} if pool else {}
    given = {name: value for name, value in _CONNECT.items() if name not in url.query}
    engine = create_engine(url, poolclass=None if pool else NullPool, connect_args=given, **kept)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        # For bytes psycopg would else take the one of its DB-API types, which asks in Python what each value is.
        connection.adapters.register_dumper(bytes, BytesBinaryDumper)
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
        connection.commit()

    return engine


class Database:
    """One database, on either engine."""

    dialect: str
    """`sqlite` or `postgresql`."""

    def __init__(self, engine: Engine, read_threads: int) -> None:
        """Use `open`."""
        self._engine = engine
        self._reads = engine.execution_options(isolation_level="AUTOCOMMIT") if _is_postgres(engine) else engine
        self._pool = ThreadPoolExecutor(read_threads, thread_name_prefix="hub-read")
        self._waiting = 0
        self._claim: FileClaim | SharedClaim | None = None
        self.dialect = engine.dialect.name

    @classmethod
    def open(cls, url: str, *, read_threads: int = 4) -> Database:
        """Opens a database and refuses one that could lose what it promised.

        Args:
            url: SQLAlchemy address, `sqlite:///…` or `postgresql+psycopg://…`.
            read_threads: threads, with a connection each, that read.

        Raises:
            UnsafeSettingError: a setting lets committed transactions be lost.
            RefusedError: UNAVAILABLE: it does not answer.
        """
        parsed = make_url(url)
        # Beside the readers: the writer, the verifier's look-ups, the background check, one to spare.
        pool = read_threads + 4
        sqlite = parsed.get_backend_name() == "sqlite"
        engine = _sqlite_engine(parsed, pool) if sqlite else _postgres_engine(parsed, pool)
        database = cls(engine, read_threads)
        try:
            database.read_now(_check_settings)
        except BaseException:
            database.close()
            raise
        return database

    def read_now(self, fn: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        """Reads on the calling thread.

        Args:
            fn: reads on a connection; each statement sees what was committed before it.
            snapshot: True where all its statements must see one moment.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        try:
            if not snapshot:
                with self._reads.connect() as connection:
                    return fn(connection)
            options = (
                {"isolation_level": "REPEATABLE READ"} if _is_postgres(self._engine) else {"comity_snapshot": True}
            )
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                return fn(connection)
        except (DatabaseError, PoolTimeoutError) as error:
            if is_unavailable(error):
                raise unavailable() from error
            raise

    async def read(self, fn: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        """Reads in the pool of threads.

        Args:
            fn: reads on a connection.
            snapshot: True where all its statements must see one moment.

        Raises:
            RefusedError: UNAVAILABLE; BUSY where too many reads wait already.
        """
        if self._waiting >= MAX_WAITING_READS:
            raise RefusedError(Reason.BUSY, "too many reads wait; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, lambda: self.read_now(fn, snapshot=snapshot)
            )
        finally:
            self._waiting -= 1

    @property
    def waiting_reads(self) -> int:
        """Reads that run or wait for a thread."""
        return self._waiting

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the right to write from its beginning; rolled back where the block raises.

        A connection whose transaction failed is thrown away: nobody can tell what state it is in.
        """
        with self._engine.connect().execution_options(comity_write=True) as connection:
            try:
                with connection.begin():
                    yield connection
            except DatabaseError as error:
                connection.invalidate()
                if getattr(error.orig, "sqlstate", None) == _WAITED_IN_VAIN:
                    self._free()
                raise

    def _free(self) -> None:
        with contextlib.suppress(DatabaseError, PoolTimeoutError), self._reads.connect() as connection:
            connection.exec_driver_sql(_FREE)

    def write(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` in one transaction of its own, on the calling thread.

        Raises:
            RefusedError: UNAVAILABLE; whether it was committed is then unknown.
        """
        try:
            with self.writing() as connection:
                return fn(connection)
        except (DatabaseError, PoolTimeoutError) as error:
            if is_unavailable(error):
                raise unavailable() from error
            raise

    def serve(self) -> None:
        """Claims the database for this process, until `close` or the process's end. Once.

        Raises:
            AlreadyServedError: another process has it, and it is SQLite.
            SchemaError: this release cannot serve its schema.
            RefusedError: UNAVAILABLE.
        """
        if self._claim is not None:
            return
        path = self._engine.url.database
        if self.dialect == "sqlite":
            self._claim = FileClaim(path) if path else None
            self.read_now(check_schema)
            return
        alone = _postgres_engine(self._engine.url, 0).execution_options(isolation_level="AUTOCOMMIT")
        claim = SharedClaim(alone.connect)
        try:
            claim.take()
        except DatabaseError as error:
            raise unavailable() from error
        self._claim = claim

    def listen(self, wake: Callable[[], None], lost: Callable[[str], None]) -> None:
        """Tells of other processes, on a thread of its own, once the database is claimed. PostgreSQL only.

        A lost connection is opened anew; what was announced meanwhile is found by the caller's own poll.

        Args:
            wake: called whenever any process committed a batch.
            lost: called with the reason where this process must not serve any more.
        """
        if isinstance(self._claim, SharedClaim):
            self._claim.watch(wake, lost)

    def close(self) -> None:
        """Closes every connection and gives the claim back. Waits for what runs, on whatever thread, a few seconds."""
        self._pool.shutdown(wait=True)
        end, kept = time.monotonic() + _CLOSE_SECONDS, self._engine.pool
        while isinstance(kept, QueuePool) and kept.checkedout() and time.monotonic() < end:
            time.sleep(0.01)
        if self._claim is not None:
            self._claim.close()
            self._claim = None
        self._engine.dispose()


def _is_postgres(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def _check_settings(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        if str(connection.exec_driver_sql("PRAGMA synchronous").scalar()) not in _SAFE_SQLITE:
            raise UnsafeSettingError("synchronous")
        return
    rows = connection.exec_driver_sql(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
    )
    for name, setting in sorted(tuple(row) for row in rows):
        if setting == "off":
            raise UnsafeSettingError(name)
