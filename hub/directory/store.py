"""Reads the directory's entries from the log. Written they are by the sequencer alone.

Never does: judge them.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from hub.schema import log_leaves

DIRECTORY_LOG = 1
"""Number of the directory among the two logs."""


def read_entries(connection: Connection, first: int, most: int, most_bytes: int) -> list[bytes]:
    """Returns entries in order, as they were hashed.

    Args:
        connection: to read on.
        first: index of the first one wanted.
        most: greatest number returned.
        most_bytes: no further entry is returned once these are reached; at least one is where there is one.
    """
    rows = connection.execute(
        select(log_leaves.c.leaf)
        .where(log_leaves.c.log == DIRECTORY_LOG, log_leaves.c.idx >= first)
        .order_by(log_leaves.c.idx)
        .limit(most)
    )
    entries: list[bytes] = []
    size = 0
    for (leaf,) in rows:
        if entries and size + len(leaf) > most_bytes:
            break
        entries.append(bytes(leaf))
        size += len(leaf)
    return entries
