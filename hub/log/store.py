"""Rows of the two logs. What is hot is one statement a batch, over arrays; SQL that differs between engines is here.

Never does: decide what is appended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from comity.merkle import EMPTY_ROOT, Frontier, fold, inclusion_nodes
from comity.tiles import HashRange, NodeReader
from sqlalchemy import Connection, bindparam, select

from hub.bulk import Bulk, Insert, Lookup
from hub.claim import CLAIMS, FOLLOWS
from hub.log.domain import Batch, LogName, LogState, pack_hashes, unpack_hashes
from hub.schema import acks, deliveries, envelopes, log_batches, log_heads, log_leaves, log_nodes

_HEADS_SQLITE = (
    "SELECT h.log, h.size, h.root, h.frontier, h.time_seconds, h.fence, NULL, (SELECT oldest FROM schema_range),"
    " (SELECT b.root FROM log_batches AS b WHERE b.log = h.log AND b.size = CASE h.log WHEN 1 THEN ? ELSE ? END)"
    " FROM log_heads AS h ORDER BY h.log"
)
_HEADS_POSTGRES = (
    "SELECT h.log, h.size, h.root, h.frontier, h.time_seconds, h.fence, NULL, (SELECT oldest FROM schema_range),"
    " (SELECT b.root FROM log_batches AS b"
    " WHERE b.log = h.log AND b.size = CASE h.log WHEN 1 THEN %b::bigint ELSE %b::bigint END)"
    " FROM log_heads AS h ORDER BY h.log"
)
_LOCK_POSTGRES = (
    "WITH h AS MATERIALIZED"
    " (SELECT log, size, root, frontier, time_seconds, fence FROM log_heads ORDER BY log FOR UPDATE)"
    # The clock is read outside: only there it is read after the lock was won. The schema and the batch are read in the
    # statement's snapshot: a contraction waits for this lock, and what was seen was committed before.
    " SELECT h.*, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, (SELECT oldest FROM schema_range),"
    " (SELECT b.root FROM log_batches AS b"
    " WHERE b.log = h.log AND b.size = CASE h.log WHEN 1 THEN %b::bigint ELSE %b::bigint END) FROM h"
)
_MOVE_SQLITE = (
    "UPDATE log_heads SET size = ?, root = ?, frontier = ?, time_seconds = ? WHERE log = ? AND size = ? AND fence = ?"
)
_MOVE_POSTGRES = (
    "UPDATE log_heads SET size = %b, root = %b, frontier = %b, time_seconds = %b"
    " WHERE log = %b AND size = %b AND fence = %b"
)
_KEEP_THEIR_KEYS = (
    "SELECT l.pid, coalesce(host(a.client_addr), '')"
    " FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.mode = 'ShareLock' AND l.granted"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.classid::bigint IN (%b::bigint, %b::bigint)"
    " GROUP BY l.pid, a.client_addr HAVING NOT bool_or(l.classid::bigint = %b::bigint) ORDER BY l.pid"
)
_LEAVES = Insert(
    "INSERT INTO log_leaves (log, idx, leaf, leaf_hash) VALUES (?, ?, ?, ?)",
    "COPY log_leaves (log, idx, leaf, leaf_hash) FROM STDIN (FORMAT BINARY)",
    ("int2", "int8", "bytea", "bytea"),
)
_NODES = Bulk(
    "INSERT INTO log_nodes (log, level, idx, hash) VALUES (?, ?, ?, ?)",
    "INSERT INTO log_nodes (log, level, idx, hash)"
    " SELECT * FROM unnest(%b::smallint[], %b::smallint[], %b::bigint[], %b::bytea[])",
)
_BATCH = Bulk(
    "INSERT INTO log_batches (log, size, root, time_seconds, key) VALUES (?, ?, ?, ?, ?)",
    "INSERT INTO log_batches (log, size, root, time_seconds, key)"
    " SELECT * FROM unnest(%b::smallint[], %b::bigint[], %b::bytea[], %b::bigint[], %b::bytea[])",
)
_OPENINGS = Insert(
    "INSERT INTO openings (idx, batch_size, path, salt, event) VALUES (?, ?, ?, ?, ?)",
    "COPY openings (idx, batch_size, path, salt, event) FROM STDIN (FORMAT BINARY)",
    ("int8", "int8", "bytea", "bytea", "bytea"),
)
_DELIVERIES = Insert(
    "INSERT INTO deliveries (desk, idx, number, kind, salt, message_hash, wrap) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "COPY deliveries (desk, idx, number, kind, salt, message_hash, wrap) FROM STDIN (FORMAT BINARY)",
    ("text", "int8", "int8", "int2", "bytea", "bytea", "bytea"),
)
_HEAD = select(
    log_heads.c.log,
    log_heads.c.size,
    log_heads.c.root,
    log_heads.c.frontier,
    log_heads.c.time_seconds,
    log_heads.c.fence,
).where(log_heads.c.log == bindparam("wanted_log"))
_LEAF_HASHES = (
    select(log_leaves.c.leaf_hash)
    .where(log_leaves.c.log == bindparam("wanted_log"))
    .where(log_leaves.c.idx >= bindparam("start"), log_leaves.c.idx < bindparam("end"))
    .order_by(log_leaves.c.idx)
)
_NODE_HASHES = (
    select(log_nodes.c.hash)
    .where(log_nodes.c.log == bindparam("wanted_log"), log_nodes.c.level == bindparam("wanted_level"))
    .where(log_nodes.c.idx >= bindparam("start"), log_nodes.c.idx < bindparam("end"))
    .order_by(log_nodes.c.idx)
)
_COUNTERS = Lookup(
    "SELECT desk, last_number FROM wanted CROSS JOIN desk_counters ON desk = a",
    "SELECT desk, last_number FROM desk_counters JOIN unnest(%b::text[]) AS wanted (a) ON desk = a",
)
_SAVE_COUNTERS = Bulk(
    "INSERT INTO desk_counters (desk, last_number) VALUES (?, ?)"
    " ON CONFLICT (desk) DO UPDATE SET last_number = excluded.last_number",
    "INSERT INTO desk_counters (desk, last_number) SELECT * FROM unnest(%b::text[], %b::bigint[])"
    " ON CONFLICT (desk) DO UPDATE SET last_number = excluded.last_number",
)
_RECEIPTS = Lookup(
    "SELECT o.idx, o.event, o.salt, o.path, l.leaf, b.size, b.root, b.key FROM wanted w"
    " CROSS JOIN openings o ON o.idx = w.a JOIN log_leaves l ON l.log = 2 AND l.idx = o.idx"
    " JOIN log_batches b ON b.log = 2 AND b.size = o.batch_size",
    "SELECT o.idx, o.event, o.salt, o.path, l.leaf, b.size, b.root, b.key FROM unnest(%b::bigint[]) AS w (a)"
    " JOIN openings o ON o.idx = w.a JOIN log_leaves l ON l.log = 2 AND l.idx = o.idx"
    " JOIN log_batches b ON b.log = 2 AND b.size = o.batch_size",
)


class LostRaceError(Exception):
    """The head row is not what this transaction locked: somebody wrote without the lock."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Both heads as they stand at one moment."""

    directory: LogState
    exchange: LogState
    now_ms: int | None
    """The database's clock, read after the lock was won; None without a lock, or where the engine has no clock."""
    oldest_schema: int
    """The oldest schema that a process must know to write here."""
    directory_before: bytes | None
    """Root of the directory's batch that ended at the size asked for; None where none did."""
    exchange_before: bytes | None
    """The same of the exchange log."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A connection by which somebody is seen to serve a PostgreSQL database."""

    pid: int
    """Of the database server's process for it."""
    address: str
    """Where it comes from; empty where that is the server's own machine, or not told."""


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """All that a receipt is made of. `event` and `salt` are None once erased."""

    index: int
    event: bytes | None
    salt: bytes | None
    path: tuple[bytes, ...]
    leaf: bytes
    batch_size: int
    batch_root: bytes
    key: bytes


def lock_heads(connection: Connection, before: tuple[int, int] = (0, 0)) -> Heads:
    """Locks both head rows until the transaction ends, and reads them.

    Args:
        connection: of a transaction that writes.
        before: sizes of the directory and the exchange log whose batches are looked up.
    """
    statement = _HEADS_SQLITE if connection.dialect.name == "sqlite" else _LOCK_POSTGRES
    return _heads(connection.exec_driver_sql(statement, before).all())


def read_heads(connection: Connection, before: tuple[int, int] = (0, 0)) -> Heads:
    """Reads both head rows; arguments as for `lock_heads`."""
    statement = _HEADS_SQLITE if connection.dialect.name == "sqlite" else _HEADS_POSTGRES
    return _heads(connection.exec_driver_sql(statement, before).all())


def _heads(rows: Sequence[Sequence[Any]]) -> Heads:
    directory, exchange = rows
    return Heads(_state(directory), _state(exchange), exchange[6], exchange[7], directory[8], exchange[8])


def clock_ms(connection: Connection) -> int | None:
    """Returns the database's clock, Unix milliseconds UTC; None where the engine has none of its own."""
    if connection.dialect.name == "sqlite":
        return None
    now: int = connection.exec_driver_sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").scalar_one()
    return now


def keeping_their_keys(connection: Connection) -> list[Claimant]:
    """Returns who serves and goes on with the keys it began with, as processes of releases before this one do."""
    if connection.dialect.name == "sqlite":
        return []  # one process serves it
    return [Claimant(*row) for row in connection.exec_driver_sql(_KEEP_THEIR_KEYS, (CLAIMS, FOLLOWS, FOLLOWS))]


def read_state(connection: Connection, log: LogName) -> LogState:
    """Returns one log's head row."""
    row = connection.execute(_HEAD, {"wanted_log": int(log)}).one()
    return _state(row)


def _state(row: Sequence[object]) -> LogState:
    log, _, root, frontier, time_seconds, fence = row[:6]
    return LogState(LogName(log), Frontier.from_bytes(bytes(frontier)), bytes(root), time_seconds, fence)  # type: ignore[arg-type, call-overload] # the schema says what they are


def move_head(connection: Connection, before: LogState, frontier: Frontier, root: bytes, time_seconds: int) -> None:
    """Sets a head row to what the batch made of it, if it still is what was locked.

    Raises:
        LostRaceError: it is not.
    """
    values = (frontier.size, root, frontier.to_bytes(), time_seconds, int(before.log), before.size, before.fence)
    statement = _MOVE_SQLITE if connection.dialect.name == "sqlite" else _MOVE_POSTGRES
    if connection.exec_driver_sql(statement, values).rowcount != 1:
        raise LostRaceError


def append(
    connection: Connection,
    log: LogName,
    first: int,
    *,
    leaves: Sequence[bytes],
    hashes: Sequence[bytes],
    completed: list[tuple[int, int, bytes]],
) -> None:
    """Stores leaves, their hashes, and the rows of the tree they completed."""
    number = int(log)
    _LEAVES.run(
        connection,
        [(number, first + at, leaf, value) for at, (leaf, value) in enumerate(zip(leaves, hashes, strict=True))],
    )
    if completed:
        _NODES.run(connection, [int(log)] * len(completed), *map(list, zip(*completed, strict=True)))


def save_batch_row(
    connection: Connection, log: LogName, *, size: int, root: bytes, time_seconds: int, key: bytes
) -> None:
    """Stores all that the batch's checkpoint is a function of."""
    _BATCH.run(connection, [int(log)], [size], [root], [time_seconds], [key])


def load_counters(connection: Connection, desks: Sequence[str]) -> dict[str, int]:
    """Returns the last delivery number of each desk that has one."""
    return {row[0]: row[1] for row in _COUNTERS.rows(connection, desks)}


def save_events(connection: Connection, batch: Batch, counters: dict[str, int]) -> None:
    """Stores the batch's openings and deliveries, and the counters as they now are."""
    entries = batch.entries
    _OPENINGS.run(connection, [(e.index, batch.size, pack_hashes(e.path), e.salt, e.event) for e in entries])
    rows = [
        (d.desk, e.index, d.number, int(e.draft.kind), d.salt, e.draft.message_hash, d.wrap)
        for e in entries
        for d in e.deliveries
    ]
    if rows:
        _DELIVERIES.run(connection, rows)
        _SAVE_COUNTERS.run(connection, list(counters), list(counters.values()))


def announce(connection: Connection, size: int) -> None:
    """Tells other processes, once this transaction is committed, that the log has grown. PostgreSQL only."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_notify('comity', %s)", (str(size),))


def load_receipts(connection: Connection, indices: Sequence[int]) -> dict[int, StoredReceipt]:
    """Returns what receipts are made of, by leaf index."""
    return {
        row[0]: StoredReceipt(row[0], row[1], row[2], unpack_hashes(row[3]), row[4], row[5], row[6], row[7])
        for row in _RECEIPTS.rows(connection, list(dict.fromkeys(indices)))
    }


def read_leaves(connection: Connection, log: LogName, start: int, count: int) -> list[bytes]:
    """Returns leaves in order; fewer where rows are missing."""
    rows = connection.execute(
        select(log_leaves.c.leaf)
        .where(log_leaves.c.log == int(log), log_leaves.c.idx >= start, log_leaves.c.idx < start + count)
        .order_by(log_leaves.c.idx)
    )
    return [bytes(leaf) for (leaf,) in rows]


def read_hashes(connection: Connection, log: LogName, wanted: HashRange) -> list[bytes]:
    """Returns consecutive hashes of one level; fewer where rows are missing."""
    end = wanted.start + wanted.count
    between = {"wanted_log": int(log), "start": wanted.start, "end": end}
    if wanted.level == 0:
        return [bytes(item) for (item,) in connection.execute(_LEAF_HASHES, between)]
    return [bytes(item) for (item,) in connection.execute(_NODE_HASHES, between | {"wanted_level": wanted.level})]


def read_batch(connection: Connection, log: LogName, size: int) -> tuple[bytes, bytes] | None:
    """Returns (root, key) of the batch that ended at a size, or None where none did."""
    b = log_batches.c
    row = connection.execute(select(b.root, b.key).where(b.log == int(log), b.size == size)).one_or_none()
    return None if row is None else (bytes(row[0]), bytes(row[1]))


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """One event as a certain desk may see it."""

    receipt: StoredReceipt
    delivery_salt: bytes
    number: int
    """0 where the desk is a party without a delivery: it caused the event."""


def find_opening(connection: Connection, index: int, desk: str) -> OpeningRow | None:
    """Returns an event that a desk is a party to, or None: absent, another's and erased look the same."""
    stored = load_receipts(connection, [index]).get(index)
    d = deliveries.c
    row = connection.execute(select(d.salt, d.number).where(d.desk == desk, d.idx == index)).one_or_none()
    caused = connection.execute(
        select(envelopes.c.idx)
        .where(envelopes.c.idx == index, envelopes.c.sender == desk)
        .union_all(select(acks.c.idx).where(acks.c.idx == index, acks.c.desk == desk))
    ).first()
    if stored is None or stored.event is None or (row is None and caused is None):
        return None
    return OpeningRow(stored, bytes(row[0]), row[1]) if row is not None else OpeningRow(stored, b"", 0)


def root_at(connection: Connection, log: LogName, size: int) -> bytes | None:
    """Returns the root of a log at a size from its stored hashes, or None where it is not that long.

    Raises:
        VerificationError: stored hashes are missing.
    """
    if size == 0:
        return EMPTY_ROOT
    if size > read_state(connection, log).size:
        return None
    wanted = inclusion_nodes(size, size + 1)  # the roots of all complete subtrees left of the next leaf
    reader = NodeReader(lambda level, start, count: read_hashes(connection, log, HashRange(level, start, count)))
    return fold([fold([reader.node(*node) for node in group]) for group in reversed(wanted)])
