"""Rows of the exchange as the check of legs and clocks reads them, page by page, without what is sealed.

Never does: judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Side, Standing, State, Verb
from sqlalchemy import Connection, Select, and_, false, func, inspect, literal, null, select, tuple_

from hub.bulk import AnyRow
from hub.exchange.domain import LegKey
from hub.exchange.store import keeps_grants
from hub.schema import acks, envelopes, grants, legs, log_leaves, openings, watchlist_batches, watchlist_legs
from hub.schema import recalls as recalls_table

_PAGE: Final = 512


def events(connection: Connection, start: int, end: int) -> Sequence[AnyRow]:
    """Returns (index, leaf, event or None) of the exchange log's leaves in a range, in order."""
    v, o = log_leaves.c, openings.c
    return connection.execute(
        select(v.idx, v.leaf, o.event)
        .join(openings, o.idx == v.idx)
        .where(v.log == 2, v.idx >= start, v.idx < end)
        .order_by(v.idx)
    ).all()


def sent(connection: Connection, start: int, end: int) -> dict[int, AnyRow]:
    """Returns envelopes by index, without their ciphertexts."""
    e = envelopes.c
    rows = connection.execute(
        select(
            e.idx, e.message_hash, e.sender, e.recipients, e.case_id, e.verb, e.header, e.seal, e.signatures, e.state
        ).where(e.idx >= start, e.idx < end)
    )
    return {row.idx: row for row in rows}


def acknowledged(connection: Connection, start: int, end: int) -> dict[int, AnyRow]:
    """Returns acknowledgements by index."""
    a = acks.c
    return {row.idx: row for row in connection.execute(select(acks).where(a.idx >= start, a.idx < end))}


def count(connection: Connection) -> int:
    """Returns how many envelopes there are."""
    return int(connection.execute(select(func.count()).select_from(envelopes)).scalar_one())


def states(connection: Connection) -> Iterator[AnyRow]:
    """Yields what the tables say of each envelope's state."""
    e = envelopes.c
    query = select(
        e.idx, e.message_hash, e.case_id, e.state, e.unstored, e.due, e.opening, e.author_member, e.deliver_by
    )
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def select_legs(connection: Connection) -> Select[Any]:
    """Returns the query for all legs with all columns, also where the schema is of before 0005."""
    if keeps_grants(connection):
        return select(legs)
    before = [column for column in legs.c if column.name not in ("standing", "forwarded", "onward")]
    return select(*before, literal(0).label("standing"), false().label("forwarded"), null().label("onward"))


def stored_legs(connection: Connection) -> Iterator[tuple[LegKey, Leg | None, int | None, int | None]]:
    """Yields (key, leg, next limit, when it was finished) of every leg; None where its words mean nothing."""
    for row in connection.execute(select_legs(connection), execution_options={"yield_per": _PAGE}).mappings():
        key = (row["originator"], bytes(row["case_id"]), row["recipient"])
        try:
            leg: Leg | None = _leg(row)
        except ValueError:
            leg = None
        yield key, leg, row["next_limit"], row["finished_at"]


def _leg(row: Any) -> Leg:
    return Leg(
        originator=row["originator"],
        case_id=bytes(row["case_id"]),
        recipient=row["recipient"],
        family=Family(row["family"]),
        state=State(row["state"]),
        revision=row["revision"],
        opening=bytes(row["opening"]),
        previous=bytes(row["previous"]),
        opened=row["opened"],
        deliver_by=row["deliver_by"],
        question=bytes(row["question"]),
        respond_by=row["respond_by"],
        awaiting=None if row["awaiting"] is None else Side(row["awaiting"]),
        overdue_logged=bool(row["overdue_logged"]),
        recall=bytes(row["recall"]),
        recall_respond_by=row["recall_respond_by"],
        recall_overdue_logged=bool(row["recall_overdue_logged"]),
        lapses_at=row["lapses_at"],
        ended_at=row["ended_at"],
        resume_state=None if row["resume_state"] is None else State(row["resume_state"]),
        standing=Standing(row["standing"]),
        forwarded=bool(row["forwarded"]),
        onward=bytes(row["onward"] or b""),
    )


def spent_grant(connection: Connection, message_hash: bytes) -> AnyRow | None:
    """Returns what is kept of a grant that is spent."""
    if not keeps_grants(connection):
        return None
    return connection.execute(select(grants).where(grants.c.message_hash == message_hash)).first()


def spent_grants(connection: Connection) -> Iterator[AnyRow]:
    """Yields what is kept of grants that are spent, each with the event at its leaf and the verb of its envelope."""
    if not keeps_grants(connection):
        return
    g, o, e = grants.c, openings.c, envelopes.c
    query = (
        select(grants, o.event, e.verb)
        .join(openings, o.idx == g.idx, isouter=True)
        .join(envelopes, e.message_hash == g.message_hash, isouter=True)
        .order_by(g.message_hash)
    )
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def is_recalled(connection: Connection, message_hash: bytes, desk: str) -> bool:
    """Returns whether an envelope is kept as recalled of a desk."""
    if not keeps_grants(connection):
        return False
    r = recalls_table.c
    query = select(r.idx).where(r.message_hash == message_hash, r.desk == desk)
    return connection.execute(query).first() is not None


def first_recall(connection: Connection) -> int | None:
    """Returns the leaf of the first RECALL that is kept; None where none is."""
    if not keeps_grants(connection):
        return None
    return connection.execute(select(func.min(recalls_table.c.idx))).scalar_one_or_none()


def recalls(connection: Connection) -> Iterator[AnyRow]:
    """Yields what is kept as recalled, each with verb and header of the envelope at its leaf."""
    if not keeps_grants(connection):
        return
    r, e = recalls_table.c, envelopes.c
    query = select(recalls_table, e.verb, e.header).join(envelopes, e.idx == r.idx, isouter=True)
    query = query.order_by(r.message_hash, r.desk)
    yield from connection.execute(query, execution_options={"yield_per": _PAGE})


def state_of(connection: Connection, message_hash: bytes) -> int | None:
    """Returns an envelope's state; None where there is no such envelope."""
    e = envelopes.c
    return connection.execute(select(e.state).where(e.message_hash == message_hash)).scalar_one_or_none()


def keeps_lists(connection: Connection) -> bool:
    """Returns whether the schema has a place for watchlists."""
    return inspect(connection).has_table(watchlist_batches.name)


def list_batches(connection: Connection, after: tuple[str, bytes, int], limit: int) -> Sequence[AnyRow]:
    """Returns what is kept of lists by their key, each with the newest sequence of its list and the leaf's envelope.

    The envelope's sender, family, verb and header are None where the leaf is of none, the header where it is erased.
    """
    b, e = watchlist_batches.c, envelopes.c
    of_list = watchlist_batches.alias("of_list")
    newest = (
        select(func.max(of_list.c.sequence))
        .where(of_list.c.owner == b.owner, of_list.c.list_id == b.list_id)
        .scalar_subquery()
        .label("newest")
    )
    query = (
        select(watchlist_batches, newest, e.sender, e.family, e.verb, e.header)
        .join(envelopes, e.idx == b.idx, isouter=True)
        .where(tuple_(b.owner, b.list_id, b.sequence) > after)
        .order_by(b.owner, b.list_id, b.sequence)
    )
    return connection.execute(query.limit(limit)).all()


def placed(connection: Connection, start: int, end: int) -> Sequence[AnyRow]:
    """Returns (index, sender, recipients, case, header) of envelopes with a batch of a list that are not erased."""
    e = envelopes.c
    return connection.execute(
        select(e.idx, e.sender, e.recipients, e.case_id, e.header)
        .where(e.idx >= start, e.idx < end, e.family == int(Family.WATCHLIST), e.header.is_not(None))
        .where(e.verb.in_([int(Verb.PUBLISH), int(Verb.SNAPSHOT)]))
        .order_by(e.idx)
    ).all()


def list_batch(connection: Connection, owner: str, list_id: bytes, sequence: int) -> tuple[int, AnyRow | None]:
    """Returns a list's newest sequence, 0 where it is unknown, and what is kept of one sequence."""
    b = watchlist_batches.c
    of_it = (b.owner == owner, b.list_id == list_id)
    newest = connection.execute(select(func.max(b.sequence)).where(*of_it)).scalar_one() or 0
    return newest, connection.execute(select(watchlist_batches).where(*of_it, b.sequence == sequence)).first()


def list_of_leg(connection: Connection, originator: str, case_id: bytes, recipient: str) -> bytes | None:
    """Returns which list a subscription carries."""
    v = watchlist_legs.c
    query = select(v.list_id).where(v.originator == originator, v.case_id == case_id, v.recipient == recipient)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else bytes(found)


def list_legs(connection: Connection, after: LegKey, limit: int) -> Sequence[AnyRow]:
    """Returns subscriptions that carry a list, by their key: with the leg's family, None where there is no leg."""
    v, g = watchlist_legs.c, legs.c
    same = and_(g.originator == v.originator, g.case_id == v.case_id, g.recipient == v.recipient)
    query = (
        select(v.originator, v.case_id, v.recipient, g.family)
        .join(legs, same, isouter=True)
        .where(tuple_(v.originator, v.case_id, v.recipient) > after)
        .order_by(v.originator, v.case_id, v.recipient)
    )
    return connection.execute(query.limit(limit)).all()
