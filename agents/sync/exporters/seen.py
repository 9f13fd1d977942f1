"""Remembers which ids were written, so that each object stands once in a file, in little memory for any number.

Never does: outlive the export; what it spills to disk has no name there.
"""

from __future__ import annotations

import sqlite3
from types import TracebackType
from uuid import UUID


class Seen:
    """A set of ids that spills to a temporary file."""

    def __init__(self) -> None:
        """Begins with none."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def __enter__(self) -> Seen:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forgets everything."""
        self._database.close()

    def is_new(self, uuid: UUID) -> bool:
        """Returns whether an id was not asked about before."""
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (uuid.bytes,)).rowcount == 1
