"""Rows of the logs and of what they commit to, page by page, for the check of everything stored.

Never does: judge.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, func, select

from hub.bulk import AnyRow
from hub.log.domain import LogName
from hub.schema import (
    acks,
    deliveries,
    desk_counters,
    envelopes,
    equivocations,
    log_batches,
    log_heads,
    log_leaves,
    log_nodes,
    openings,
)


def leaves(connection: Connection, log: LogName, start: int, count: int) -> Sequence[AnyRow]:
    """Returns (index, leaf, hash) from an index on, in order."""
    v = log_leaves.c
    return connection.execute(
        select(v.idx, v.leaf, v.leaf_hash)
        .where(v.log == int(log), v.idx >= start, v.idx < start + count)
        .order_by(v.idx)
    ).all()


def head_size(connection: Connection, log: LogName) -> int:
    """Returns the size that a head's row names; its frontier has one too."""
    return int(connection.execute(select(log_heads.c.size).where(log_heads.c.log == int(log))).scalar_one())


def beyond(connection: Connection, log: LogName, size: int) -> list[int]:
    """Returns some indices of leaves that the log does not have."""
    v = log_leaves.c
    return [
        row[0]
        for row in connection.execute(select(v.idx).where(v.log == int(log), v.idx >= size).order_by(v.idx).limit(8))
    ]


def nodes(connection: Connection, log: LogName, level: int, start: int, end: int) -> dict[int, bytes]:
    """Returns the hashes of a level by index."""
    n = log_nodes.c
    rows = connection.execute(
        select(n.idx, n.hash).where(n.log == int(log), n.level == level, n.idx >= start, n.idx < end)
    )
    return {row[0]: bytes(row[1]) for row in rows}


def node_count(connection: Connection, log: LogName) -> int:
    """Returns how many hashes above level 0 a log has."""
    return int(connection.execute(select(func.count()).where(log_nodes.c.log == int(log))).scalar_one())


def batches(connection: Connection, log: LogName, after: int, upto: int) -> Sequence[AnyRow]:
    """Returns (size, root, time_seconds, key) of the batches that ended in a range, in order."""
    b = log_batches.c
    return connection.execute(
        select(b.size, b.root, b.time_seconds, b.key)
        .where(b.log == int(log), b.size > after, b.size <= upto)
        .order_by(b.size)
    ).all()


def batch_of(connection: Connection, log: LogName, index: int) -> AnyRow | None:
    """Returns the batch that holds a leaf."""
    b = log_batches.c
    return connection.execute(
        select(b.size, b.root, b.time_seconds, b.key).where(b.log == int(log), b.size > index).order_by(b.size).limit(1)
    ).first()


def by_index(connection: Connection, table: str, start: int, count: int) -> dict[int, AnyRow]:
    """Returns rows of openings, envelopes, acks or equivocations by leaf index."""
    source: Table = {
        "openings": openings,
        "envelopes": envelopes,
        "acks": acks,
        "equivocations": equivocations,
    }[table]
    rows = connection.execute(select(source).where(source.c.idx >= start, source.c.idx < start + count))
    return {row.idx: row for row in rows}


def highest(connection: Connection, table: str) -> int:
    """Returns the greatest leaf index of a table; -1 where it is empty."""
    source: Table = {"openings": openings, "envelopes": envelopes, "acks": acks}[table]
    found = connection.execute(select(func.max(source.c.idx))).scalar()
    return -1 if found is None else int(found)


def desks(connection: Connection) -> list[str]:
    """Returns every desk that has a delivery or a counter."""
    rows = connection.execute(select(deliveries.c.desk).union(select(desk_counters.c.desk)))
    return sorted(row[0] for row in rows)


def counter(connection: Connection, desk: str) -> int:
    """Returns a desk's last delivery number; 0 where it has none."""
    found = connection.execute(select(desk_counters.c.last_number).where(desk_counters.c.desk == desk)).scalar()
    return 0 if found is None else int(found)


def feed(connection: Connection, desk: str, after: int, before: int, count: int) -> Sequence[AnyRow]:
    """Returns a desk's deliveries with the events they belong to, in the order of the log.

    Args:
        connection: to read on.
        desk: whose.
        after: only indices greater than this.
        before: only indices less than this.
        count: at most so many.
    """
    d, o, e = deliveries.c, openings.c, envelopes.c
    return connection.execute(
        select(
            d.idx, d.number, d.kind, d.salt, d.message_hash, d.wrap, o.event, e.state, e.seal, e.recipients, e.sender
        )
        .join_from(deliveries, openings, d.idx == o.idx, isouter=True)
        .join(envelopes, d.idx == e.idx, isouter=True)
        .where(d.desk == desk, d.idx > after, d.idx < before)
        .order_by(d.idx)
        .limit(count)
    ).all()
