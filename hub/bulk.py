"""Statements over many rows at once, each written once for SQLite and once for PostgreSQL.

Never does: open, begin or commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError, OperationalError

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
"""A row whose columns the schema knows and the type checker does not."""
_ROWS_A_STEP = 32
_KEYS_A_QUERY = 128


@cache
def _several(statement: str, rows: int) -> str:
    """Returns an INSERT of one row as one of several."""
    head, word, values = statement.rpartition("VALUES ")
    return head + word + ", ".join([values] * rows)


@cache
def _wanting(statement: str, parts: int, keys: int) -> str:
    """Returns a query with its table of wanted keys before it."""
    key = f"({', '.join('?' * parts)})"
    return f"WITH wanted ({', '.join('abc'[:parts])}) AS (VALUES {', '.join([key] * keys)}) {statement}"


@dataclass(frozen=True, slots=True)
class Bulk:
    """One statement over many rows, written once for each engine: PostgreSQL takes a column an array."""

    sqlite: str
    """For each row, with `?` a column."""
    postgres: str
    """For all rows at once, `unnest(%b::type[], …)` in the order of the columns."""

    def run(self, connection: Connection, *columns: Sequence[object]) -> int:
        """Runs it; returns how many rows were touched. Columns are lists of one length; none does nothing."""
        if not columns[0]:
            return 0
        if connection.dialect.name == "sqlite":
            result = connection.exec_driver_sql(self.sqlite, list(zip(*columns, strict=True)))
        else:
            result = connection.exec_driver_sql(self.postgres, columns)
        return result.rowcount


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of one table, many at once. PostgreSQL takes them as a binary COPY: half the work of arrays."""

    sqlite: str
    """For each row, with `?` a column."""
    copy: str
    """`COPY table (columns) FROM STDIN (FORMAT BINARY)`."""
    types: tuple[str, ...]
    """PostgreSQL's names of the columns' types."""

    def run(self, connection: Connection, rows: list[tuple[Any, ...]]) -> None:
        """Inserts the rows, or none where there are none."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            # Many rows a step: sqlite3 hands the interpreter to other threads, and waits for it again, at each one.
            together = len(rows) - len(rows) % _ROWS_A_STEP
            for at in range(0, together, _ROWS_A_STEP):
                values = tuple(chain.from_iterable(rows[at : at + _ROWS_A_STEP]))
                connection.exec_driver_sql(_several(self.sqlite, _ROWS_A_STEP), values)
            if together < len(rows):
                connection.exec_driver_sql(self.sqlite, rows[together:])
            return
        driver: Any = connection.connection
        try:
            with driver.cursor() as cursor, cursor.copy(self.copy) as copy:
                copy.set_types(self.types)
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            # SQLAlchemy wraps what goes through it; a COPY goes past it.
            wrong = isinstance(error, psycopg.IntegrityError | psycopg.DataError | psycopg.ProgrammingError)
            raise (IntegrityError if wrong else OperationalError)(self.copy, None, error) from error


@dataclass(frozen=True, slots=True)
class Lookup:
    """One query for many keys of up to three parts, written once for each engine."""

    sqlite: str
    """Joins `wanted` with its columns a, b, c, as many as the keys have parts."""
    postgres: str
    """Joins `unnest(%b::type[], …) AS wanted (a, …)`."""

    def rows(self, connection: Connection, *columns: Sequence[object]) -> Sequence[AnyRow]:
        """Returns the rows found, in no order. Columns are lists of one length; no key finds nothing."""
        if not columns[0]:
            return []
        if connection.dialect.name == "sqlite":
            keys = list(zip(*columns, strict=True))
            found: list[AnyRow] = []
            for at in range(0, len(keys), _KEYS_A_QUERY):
                some = keys[at : at + _KEYS_A_QUERY]
                # Few different lengths, so that the statement is found prepared; what fills up equals nothing.
                length = 1 << (len(some) - 1).bit_length()
                some += [(None,) * len(columns)] * (length - len(some))
                query = _wanting(self.sqlite, len(columns), length)
                found += connection.exec_driver_sql(query, tuple(chain.from_iterable(some))).all()
            return found
        return connection.exec_driver_sql(self.postgres, columns).all()
