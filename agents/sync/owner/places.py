"""Where a list's owner stands in its mailbox: what it has heard, what it has compared, how often it went back.

Never does: read mail.
"""

from __future__ import annotations

import sqlite3
from typing import Final

_CURSOR: Final = "SELECT value FROM meta WHERE name = 'cursor'"
_SET_CURSOR: Final = "INSERT OR REPLACE INTO meta (name, value) VALUES ('cursor', ?)"
_WENT_BACK: Final = "SELECT value FROM meta WHERE name = 'went_back'"
_SET_WENT_BACK: Final = "INSERT OR REPLACE INTO meta (name, value) VALUES ('went_back', ?)"
_COMPARED: Final = "SELECT value FROM meta WHERE name = 'compared'"
_SET_COMPARED: Final = "INSERT OR REPLACE INTO meta (name, value) VALUES ('compared', ?)"


def cursor(c: sqlite3.Connection) -> int:
    """Returns the place in the log of the last message of a subscriber that had its effect; -1 before the first."""
    row = c.execute(_CURSOR).fetchone()
    return -1 if row is None else int(row[0])


def set_cursor(c: sqlite3.Connection, log_index: int) -> None:
    """Moves on in the mailbox."""
    c.execute(_SET_CURSOR, (log_index,))


def went_back(c: sqlite3.Connection) -> int:
    """Returns for how many times that the mailbox went back (`agents/rereading.py`) this desk's lists have done so."""
    row = c.execute(_WENT_BACK).fetchone()
    return 0 if row is None else int(row[0])


def go_back(c: sqlite3.Connection, times: int, log_index: int) -> None:
    """Stands behind a place, because the mailbox went back for the `times`-th time."""
    set_cursor(c, min(cursor(c), log_index))
    set_compared(c, min(compared(c), log_index))
    c.execute(_SET_WENT_BACK, (times,))


def compared(c: sqlite3.Connection) -> int:
    """Returns the place in the log up to which what this desk has published was compared; -1 before the first."""
    row = c.execute(_COMPARED).fetchone()
    return -1 if row is None else int(row[0])


def set_compared(c: sqlite3.Connection, log_index: int) -> None:
    """Moves on in what this desk has published."""
    c.execute(_SET_COMPARED, (log_index,))
