"""The driver's own connection beneath a transaction: for the constant statements that every message asks for.

Putting a statement through SQLAlchemy costs several times what SQLite needs to run it. What runs here is a part of the
transaction that its caller began, like everything else in it.

Never does: begin or end a transaction; take a statement that is not constant text.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection


class Driver:
    """Runs constant statements in a transaction."""

    __slots__ = ("_connection",)

    def __init__(self, c: Connection) -> None:
        """Takes the connection of a transaction that its caller began."""
        self._connection = cast("sqlite3.Connection", c.connection.driver_connection)

    def exec_driver_sql(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Runs a statement and returns the driver's cursor: rows are tuples.

        Args:
            statement: constant text.
            parameters: for its question marks.
        """
        return self._connection.execute(statement, parameters)
