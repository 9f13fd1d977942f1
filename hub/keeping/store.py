"""Rows of every table as backups read and write them, and the transactions they do it in.

Never does: judge, know a backup's format.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Connection,
    Integer,
    LargeBinary,
    Table,
    func,
    insert,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from hub.exchange.audit.store import select_legs
from hub.schema import blob_totals, blobs, legs, log_heads, metadata

_OF_MIGRATIONS: Final = frozenset({"schema_range"})
"""Tables whose rows are the schema's own."""
_PAGE: Final = 64
"""Rows read at once: an envelope is a megabyte at most."""
_FENCES: Final = 1 << 48
"""By as much, at most, a restore raises the fence: two restores of one backup draw one number once in 2^48 times, and a
log is restored from restores thirty thousand times before the column is full."""


def tables() -> list[str]:
    """Returns the name of every table that a backup holds."""
    return sorted(set(metadata.tables) - _OF_MIGRATIONS)


def lacking(connection: Connection) -> set[str]:
    """Returns the tables that a database has not got: it is at an older schema, which this release serves too."""
    return set(tables()) - set(inspect(connection).get_table_names())


def columns(name: str) -> list[tuple[str, str]]:
    """Returns (name, kind) of a table's columns."""
    return [(column.name, _kind(column.type)) for column in metadata.tables[name].columns]


def _kind(of: Any) -> str:
    if isinstance(of, LargeBinary):
        return "bytes"
    if isinstance(of, Boolean):
        return "bool"
    return "int" if isinstance(of, Integer) else "text"


def patient(connection: Connection) -> None:
    """Lets this transaction take its time: it holds nothing that a batch waits for. PostgreSQL only."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '10min'")


def schema(connection: Connection) -> str:
    """Returns the revision of the schema."""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def rows(connection: Connection, name: str) -> Iterator[Sequence[Any]]:
    """Yields the rows of a table in the order of their key.

    Of attachments only complete ones: what is left of an unfinished upload is begun again by whoever wants it.
    """
    table = metadata.tables[name]
    if name in lacking(connection):
        return  # nothing was ever put there
    query: Any = (select_legs(connection) if table is legs else select(table)).order_by(*table.primary_key.columns)
    if table is blobs:
        query = query.where(blobs.c.complete)
    elif table is blob_totals:
        b = blobs.c
        query = select(b.agency, func.sum(b.length), func.count(), literal(0)).where(b.complete)
        query = query.group_by(b.agency).order_by(b.agency)
        for agency, stored_bytes, stored, unfinished in connection.execute(query):
            yield agency, int(stored_bytes), stored, unfinished
        return
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def filled(connection: Connection) -> list[str]:
    """Returns the tables that hold anything."""
    found = []
    for name in tables():
        table = metadata.tables[name]
        query = select(literal(1)).select_from(table)
        if table is log_heads:
            query = query.where(log_heads.c.size > 0)
        if connection.execute(query.limit(1)).first() is not None:
            found.append(name)
    return found


def add(connection: Connection, name: str, some: Sequence[dict[str, Any]]) -> None:
    """Adds rows. The rows of the heads are there already: they are set, under a fence like no other restore's.

    Raises:
        ValueError: they do not fit.
    """
    table: Table = metadata.tables[name]
    try:
        if table is not log_heads:
            connection.execute(insert(table), some)
            return
        raised = 1 + secrets.randbelow(_FENCES)
        for row in some:
            values = {key: value for key, value in row.items() if key != "log"} | {"fence": row["fence"] + raised}
            connection.execute(update(log_heads).where(log_heads.c.log == row["log"]).values(**values))
    except (IntegrityError, DataError, StatementError, TypeError, KeyError, OverflowError) as error:
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | DataError):
            raise
        raise ValueError("the rows do not fit") from error
