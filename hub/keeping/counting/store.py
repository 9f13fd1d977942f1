"""Counts of rows, grouped. Nothing that names a case, a message, a member or a key is read.

Never does: judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from hub.bulk import AnyRow
from hub.keeping.store import lacking, tables
from hub.schema import (
    acks,
    blob_totals,
    deliveries,
    envelopes,
    legs,
    log_batches,
    log_heads,
    metadata,
    openings,
    watchlist_batches,
)

_EXCHANGE = 2
_PAGE = 1000
FOREVER: Final = 1 << 62


class Period(NamedTuple):
    """The leaves that count, by their time: Unix seconds UTC."""

    since: int = 0
    """The first second."""
    until: int = FOREVER
    """The first second that does not count any more."""

    def holds(self, time: Any) -> Any:
        """Returns the condition that a column of Unix seconds lies in it."""
        return (time >= self.since) & (time < self.until)


EVERYTHING: Final = Period()


def heads(connection: Connection) -> dict[int, tuple[int, int]]:
    """Returns (leaves, Unix second of the last) of each log by its number."""
    h = log_heads.c
    return {row[0]: (row[1], row[2]) for row in connection.execute(select(h.log, h.size, h.time_seconds))}


def batches(connection: Connection, period: Period) -> int:
    """Returns how many batches the exchange log was written in."""
    b = log_batches.c
    query = select(func.count()).where(b.log == _EXCHANGE, period.holds(b.time_seconds))
    return int(connection.execute(query).scalar_one())


def envelopes_by_verb(connection: Connection, period: Period) -> Sequence[AnyRow]:
    """Returns (family, verb, how many)."""
    e = envelopes.c
    query = select(e.family, e.verb, func.count()).where(period.holds(e.time_seconds)).group_by(e.family, e.verb)
    return connection.execute(query.order_by(e.family, e.verb)).all()


def envelopes_by_state(connection: Connection, period: Period) -> Sequence[AnyRow]:
    """Returns (state, how many, how many still awaited by somebody)."""
    e = envelopes.c
    query = select(e.state, func.count(), func.count().filter(e.unstored > 0)).where(period.holds(e.time_seconds))
    return connection.execute(query.group_by(e.state).order_by(e.state)).all()


def envelopes_by_recipients(connection: Connection, period: Period) -> Iterator[AnyRow]:
    """Yields (sender's agency, sender desk, recipient desks, how many). Of what was pruned the desks are gone."""
    e = envelopes.c
    query = select(e.sender_agency, e.sender, e.recipients, func.count()).where(period.holds(e.time_seconds))
    grouped = query.group_by(e.sender_agency, e.sender, e.recipients)
    yield from connection.execute(grouped, execution_options={"yield_per": _PAGE})


def waits(connection: Connection, period: Period) -> Iterator[AnyRow]:
    """Yields (acknowledgement's state, seconds from the envelope's leaf to its own, how many)."""
    a, e, o, b = acks.c, envelopes.c, openings.c, log_batches.c
    seconds = b.time_seconds - e.time_seconds
    query = (
        select(a.state, seconds, func.count())
        .select_from(acks)
        .join(envelopes, e.message_hash == a.message_hash)
        .join(openings, o.idx == a.idx)
        .join(log_batches, (b.log == _EXCHANGE) & (b.size == o.batch_size))
        .where(period.holds(b.time_seconds))
        .group_by(a.state, seconds)
        .order_by(a.state, seconds)
    )
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def told(connection: Connection, period: Period) -> Sequence[AnyRow]:
    """Returns (event kind, how many events) of what desks were told, by the deliveries' kind."""
    d, o, b = deliveries.c, openings.c, log_batches.c
    query = (
        select(d.kind, func.count(d.idx.distinct()))
        .select_from(deliveries)
        .join(openings, o.idx == d.idx)
        .join(log_batches, (b.log == _EXCHANGE) & (b.size == o.batch_size))
        .where(period.holds(b.time_seconds))
        .group_by(d.kind)
        .order_by(d.kind)
    )
    return connection.execute(query).all()


def sent(connection: Connection, until: int) -> Iterator[AnyRow]:
    """Yields every envelope up to a moment, in the order of the log. Of what was pruned the desks are empty."""
    e = envelopes.c
    query = (
        select(e.time_seconds, e.family, e.verb, e.opening, e.case_id, e.sender, e.recipients, e.sender_agency)
        .where(e.time_seconds < until)
        .order_by(e.idx)
    )
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def events(connection: Connection, period: Period, kinds: Sequence[int]) -> Iterator[AnyRow]:
    """Yields (leaf, kind, desk that was told, and of the envelope that it is about: family, verb, sender, its agency).

    In the order of the log; one row for each desk.
    """
    d, e, o, b = deliveries.c, envelopes.c, openings.c, log_batches.c
    query = (
        select(d.idx, d.kind, d.desk, e.family, e.verb, e.sender, e.sender_agency)
        .select_from(deliveries)
        .join(envelopes, e.message_hash == d.message_hash)
        .join(openings, o.idx == d.idx)
        .join(log_batches, (b.log == _EXCHANGE) & (b.size == o.batch_size))
        .where(d.kind.in_(kinds), period.holds(b.time_seconds))
        .order_by(d.idx, d.desk)
    )
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def refused(connection: Connection, period: Period, state: int) -> Iterator[AnyRow]:
    """Yields (family, agency of the sender, desk that refused, body of its acknowledgement)."""
    a, e, o, b = acks.c, envelopes.c, openings.c, log_batches.c
    query = (
        select(e.family, e.sender_agency, a.desk, a.body)
        .select_from(acks)
        .join(envelopes, e.message_hash == a.message_hash)
        .join(openings, o.idx == a.idx)
        .join(log_batches, (b.log == _EXCHANGE) & (b.size == o.batch_size))
        .where(a.state == state, period.holds(b.time_seconds))
        .order_by(a.idx)
    )
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def legs_by_state(connection: Connection) -> Sequence[AnyRow]:
    """Returns (family, state, how many)."""
    v = legs.c
    query = select(v.family, v.state, func.count()).group_by(v.family, v.state)
    return connection.execute(query.order_by(v.family, v.state)).all()


def lists(connection: Connection) -> Sequence[AnyRow]:
    """Returns (owner desk, how many watchlists, how many heads of them are kept)."""
    b = watchlist_batches.c
    if watchlist_batches.name in lacking(connection):
        return []
    each = select(b.owner, func.count().label("heads")).group_by(b.owner, b.list_id).subquery()
    query = select(each.c.owner, func.count(), func.sum(each.c.heads)).group_by(each.c.owner)
    return connection.execute(query.order_by(each.c.owner)).all()


def clocks_due(connection: Connection, now_ms: int) -> tuple[int, int]:
    """Returns how many clocks of legs and of envelopes had run out and were not seen to yet."""
    of_legs = select(func.count()).select_from(legs).where(legs.c.next_limit < now_ms)
    of_envelopes = select(func.count()).select_from(envelopes).where(envelopes.c.due < now_ms)
    return int(connection.execute(of_legs).scalar_one()), int(connection.execute(of_envelopes).scalar_one())


def stored(connection: Connection) -> Sequence[AnyRow]:
    """Returns (agency, bytes, attachments, unfinished ones)."""
    t = blob_totals.c
    query = select(t.agency, t.stored_bytes, t.stored, t.unfinished).where(t.stored > 0)
    return connection.execute(query.order_by(t.agency)).all()


def row_counts(connection: Connection) -> dict[str, int]:
    """Returns how many rows each table has."""
    missing = lacking(connection)
    return {
        name: int(connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one())
        for name in tables()
        if name not in missing
    }


def database_bytes(connection: Connection) -> int:
    """Returns the size of the database."""
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
