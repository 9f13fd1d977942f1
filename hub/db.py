"""The database: opened with settings that keep promises, read in a small pool of threads, written by one thread.

Everything is synchronous: one hop to a thread a batch costs less than one a statement. A connection that is lost is a
`RefusedError` with UNAVAILABLE for whoever waited; the next call opens a new one, so that the hub recovers by itself.

Never does: repair, migrate, retry. A database configured to lose committed transactions is refused by name.
"""

from __future__ import annotations

import asyncio
import fcntl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, TypeVar

import psycopg
from comity.errors import Reason, RefusedError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

T = TypeVar("T")
Reading: TypeAlias = Connection
"""What `Database.read` hands to a function; opaque to every module but the stores."""

CHANNEL: Final = "comity"
"""PostgreSQL's channel on which every batch is announced."""
MAX_WAITING_READS: Final = 512
"""Reads that may wait for a thread; more are refused with BUSY rather than piled up."""
_SAFE_SQLITE = frozenset({"2", "3", "FULL", "EXTRA"})
_SESSION: Final = (
    # A process that was paused inside a batch must not hold the head for longer than this.
    "SET lock_timeout = '10s'",
    "SET statement_timeout = '60s'",
    "SET idle_in_transaction_session_timeout = '15s'",
)


class UnsafeSettingError(Exception):
    """The database is set to lose what it said was durable. The hub does not start on it."""

    setting: str
    """Name of the setting."""

    def __init__(self, setting: str) -> None:
        super().__init__(f"unsafe database setting: {setting}")
        self.setting = setting


class AlreadyServedError(Exception):
    """Another process serves this SQLite database."""

    def __init__(self) -> None:
        super().__init__("another process serves this database")


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
            "PRAGMA journal_mode=WAL",
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
    engine = create_engine(url, pool_size=pool, max_overflow=0, pool_timeout=10)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
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
        self._lock: IO[str] | None = None
        self._listener: threading.Thread | None = None
        self._closing = threading.Event()
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
            except DatabaseError:
                connection.invalidate()
                raise

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
        """Claims the database for this process where only one may serve it: SQLite, by a lock file beside it.

        Raises:
            AlreadyServedError: another process has it.
        """
        path = self._engine.url.database
        if self.dialect != "sqlite" or not path or self._lock is not None:
            return
        lock = Path(f"{path}.lock").open("a", encoding="ascii")  # noqa: SIM115 # held for the life of the process
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise AlreadyServedError from None
        self._lock = lock

    def listen(self, wake: Callable[[], None]) -> None:
        """Calls `wake`, on a thread of its own, whenever any process committed a batch. PostgreSQL only.

        A lost connection is opened anew; what was announced meanwhile is found by the caller's own poll.
        """
        if self.dialect != "postgresql" or self._listener is not None:
            return
        self._listener = threading.Thread(target=self._listen, args=(wake,), name="hub-listen", daemon=True)
        self._listener.start()

    def _listen(self, wake: Callable[[], None]) -> None:
        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        while not self._closing.is_set():
            try:
                with psycopg.connect(*arguments, **options, autocommit=True) as connection:
                    connection.execute("LISTEN comity")
                    while not self._closing.is_set():
                        for _ in connection.notifies(timeout=0.5, stop_after=1):
                            wake()
            except psycopg.Error:
                self._closing.wait(1)

    def close(self) -> None:
        """Closes every connection and gives the lock file back. Waits for reads that run."""
        self._closing.set()
        self._pool.shutdown(wait=True)
        if self._listener is not None:
            self._listener.join(timeout=5)
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


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
