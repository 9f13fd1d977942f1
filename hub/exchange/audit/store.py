"""Rows of the exchange as the check of legs and clocks reads them, page by page, without what is sealed.

Never does: judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Side, State
from sqlalchemy import Connection, func, select

from hub.bulk import AnyRow
from hub.exchange.domain import LegKey
from hub.schema import acks, envelopes, legs, log_leaves, openings

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
        select(e.idx, e.message_hash, e.sender, e.recipients, e.case_id, e.header, e.seal, e.signatures, e.state).where(
            e.idx >= start, e.idx < end
        )
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


def stored_legs(connection: Connection) -> Iterator[tuple[LegKey, Leg | None, int | None, int | None]]:
    """Yields (key, leg, next limit, when it was finished) of every leg; None where its words mean nothing."""
    for row in connection.execute(select(legs), execution_options={"yield_per": _PAGE}).mappings():
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
    )
