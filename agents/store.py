"""The agency's own store: one SQLite file a home, written durably, one writer at a time.

Queries live beside their subject: `truststore`, `mailstore`, `draftstore`. Each takes the connection of a transaction
that its caller began, so that what belongs together becomes durable together.

Never does: cryptography, network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as DriverConnection
from typing import Any, Final, cast

from comity.directory.heads import parse_head
from comity.errors import ComityError
from comity.receipts import EventKind
from sqlalchemy import Connection, Engine, Table, create_engine, event

from agents import owing, schema
from agents.alarms import AlarmKind, alarm_id
from agents.boardstore import fill_open
from agents.mailstore import legs
from agents.onward import schema as onward
from agents.schema import INDEXES_3, METADATA, gossip_due, heads
from agents.truststore import TOLD, unproved

VERSION: Final = 6
"""Version of the tables; `_STEPS` leads from each to the next."""
_SET_VERSION: Final = "PRAGMA user_version = 6"  # a PRAGMA takes no parameter

TABLES_4: Final[tuple[Table, ...]] = (
    onward.grants,
    onward.forwards,
    onward.links,
    onward.fact_keys,
    onward.facts,
    schema.told,
    schema.open_legs,
    owing.debt_cases,
)
"""Tables that came with version 4. Naming them here puts them among those that are made."""
_LAST: Final = "INSERT OR REPLACE INTO meta (name, value) VALUES ('lasting', x'')"
"""Something to write: a commit of nothing waits for nothing."""


class StoreError(ComityError):
    """The store cannot be used: made by a newer version, or damaged."""


class Store:
    """A home's database."""

    def __init__(self, engine: Engine, quick: Engine) -> None:
        self._engine, self._quick = engine, quick
        self._idle: dict[bool, list[tuple[Connection, DriverConnection]]] = {True: [], False: []}

    @classmethod
    def open(cls, path: Path) -> Store:
        """Opens the store, making or migrating it where needed.

        Raises:
            StoreError: made by a newer version, or damaged.
        """
        if not path.exists():
            path.touch(mode=0o600)
        store = cls(_engine(path, _prepare), _engine(path, _prepare_quick))
        try:
            store._migrate()
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def begin(self, *, lasting: bool = True) -> Iterator[Connection]:
        """Runs a transaction: committed where the block ends, rolled back where it raises.

        Args:
            lasting: whether it must outlive a power cut by itself. One that need not outlives the death of this
                process all the same, and a power cut from the next lasting one on.
        """
        idle = self._idle[lasting]
        try:
            connection, driver = idle.pop()
        except IndexError:
            connection, driver = _connect(self._engine if lasting else self._quick)
        try:
            driver.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                driver.execute("COMMIT")
            except BaseException:
                if driver.in_transaction:  # a full disk has ended it already
                    driver.execute("ROLLBACK")
                raise
        except BaseException:
            connection.close()
            raise
        # Kept at hand: to take one from the engine's pool and give it back costs as much as a short transaction.
        idle.append((connection, driver))

    def make_lasting(self) -> None:
        """Has everything that was committed outlive a power cut, whoever of this home's processes has written it."""
        with self.begin() as connection:
            connection.exec_driver_sql(_LAST)

    def leave_nothing(self) -> None:
        """Has what was deleted leave the journal too, as far as nobody is reading: pages are overwritten when freed."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout = 500")  # whoever reads longer leaves it to the next checkpoint
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cursor.execute("PRAGMA busy_timeout = 30000")
        finally:
            connection.close()

    def close(self) -> None:
        """Closes the file."""
        for idle in self._idle.values():
            while idle:
                idle.pop()[0].close()
        self._engine.dispose()
        self._quick.dispose()

    def _migrate(self) -> None:
        with self.begin() as connection:
            found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            if found > VERSION:
                raise StoreError("the store was made by a newer version")
            if found == VERSION:
                return
            for step in _STEPS[found:] if found else ():
                step(connection)
            METADATA.create_all(connection)
            connection.exec_driver_sql(_SET_VERSION)


def _to_2(connection: Connection) -> None:
    """Several heads are kept, and of each event whether it was believed; of old clocks and ends nobody knows."""
    connection.exec_driver_sql("ALTER TABLE events ADD COLUMN believed BOOLEAN NOT NULL DEFAULT 0")
    connection.exec_driver_sql(
        "UPDATE events SET believed = 1 WHERE desk != '' OR kind IN (?, ?)",
        (int(EventKind.SUBMITTED), int(EventKind.ERASED)),
    )
    old = connection.exec_driver_sql("SELECT body, sig FROM heads").all()
    connection.exec_driver_sql("DROP TABLE heads")
    heads.create(connection)
    for body, sig in old:
        head = parse_head(body)
        row = {"exchange_size": head.exchange_size, "directory_size": head.directory_size, "time": head.time}
        connection.execute(heads.insert().values(**row, body=body, sig=sig))


def _to_3(connection: Connection) -> None:
    """Mail is found by its place in the log, and what is open by that: neither is looked for in all the rest."""
    METADATA.create_all(connection)
    for index in INDEXES_3:
        index.create(connection, checkfirst=True)


def _to_4(connection: Connection) -> None:
    """Grants, forwards, links, facts and what clocks look at are kept beside the mail; what was there stays."""
    METADATA.create_all(connection)
    fill_open(connection, legs(connection))


def _to_5(connection: Connection) -> None:
    """Of each checkpoint that waits for its proof it is known since when; of those that wait now, since now."""
    if not {"since", "waited"} & _due_columns(connection):
        connection.exec_driver_sql("ALTER TABLE gossip_due ADD COLUMN since INTEGER NOT NULL DEFAULT 0")
        connection.exec_driver_sql("UPDATE gossip_due SET since = CAST(strftime('%s', 'now') AS INTEGER) * 1000")


def _to_6(connection: Connection) -> None:
    """What waits for its proof waits by its signature, too, and by the time in which it was asked for: from now on."""
    if "waited" in _due_columns(connection):
        return
    old = connection.exec_driver_sql("SELECT size, root, note, since FROM gossip_due").all()
    connection.exec_driver_sql("DROP TABLE gossip_due")
    gossip_due.create(connection)
    for size, root, note, since in old:
        waited = TOLD if since < 0 else 0
        connection.execute(gossip_due.insert().values(size=size, root=root, note=note, waited=waited, asked=0))
        if waited == TOLD:  # its alarm was that of a proved fork: dismissed, it would hide one
            was, subject = f"exchange {size} {root.hex()}", unproved(size, root)
            kind, t = AlarmKind.SPLIT_VIEW, schema.alarms
            moved = {"id": alarm_id(kind, subject), "subject": subject}
            connection.execute(t.update().where(t.c.id == alarm_id(kind, was)).values(moved))


def _due_columns(connection: Connection) -> set[str]:
    return {str(row[1]) for row in connection.exec_driver_sql("PRAGMA table_info(gossip_due)")}


_STEPS: Final[tuple[Callable[[Connection], None], ...]] = (METADATA.create_all, _to_2, _to_3, _to_4, _to_5, _to_6)
"""Step n leads from version n to n + 1."""


def _engine(path: Path, prepare: Callable[[DriverConnection, Any], None]) -> Engine:
    # Every transaction is ended by `begin`: there is nothing to take back when its connection is returned.
    engine = create_engine(f"sqlite+pysqlite:///{path}", connect_args={"timeout": 30}, pool_reset_on_return=None)
    event.listen(engine, "connect", prepare)
    return engine


def _connect(engine: Engine) -> tuple[Connection, DriverConnection]:
    """Returns a connection, and the driver's own beneath it, on which `begin` begins and ends transactions.

    SQLAlchemy takes what runs on it for one transaction that never ends: beginning and ending one itself costs it more
    than all that most of them do.
    """
    connection = engine.connect()
    connection.begin()
    return connection, cast("DriverConnection", connection.connection.driver_connection)


def _prepare_quick(connection: DriverConnection, record: Any) -> None:
    _prepare(connection, record)
    connection.execute("PRAGMA synchronous = NORMAL")


def _prepare(connection: DriverConnection, _record: Any) -> None:
    # `Store.begin` begins transactions: the driver's own begin is too late for a lock.
    connection.isolation_level = None
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",
    ):
        connection.execute(statement)
