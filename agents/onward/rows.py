"""Grants and forwards as rows. Each function takes the connection of a transaction that its caller began.

Never does: verify; what stands here was.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from comity.receipts import EventKind
from comity.workflow.terms import Verb
from sqlalchemy import Connection, Row, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from agents.onward import schema as s
from agents.schema import events, messages


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant that this desk gave or was given."""

    grant_hash: bytes
    """Of the GRANT_ONWARD."""
    case_id: bytes
    """The original's case."""
    original_hash: bytes
    originator: str
    """The desk that gave it."""
    holder: str
    """The desk that may forward."""
    new_desk: str
    """The desk that may receive."""
    expires: int
    """Unix milliseconds UTC after which it is void."""
    used_by: bytes = b""
    """Hash of the FORWARD, empty while it is unused."""
    revoked_by: bytes = b""
    """Hash of the REVOKE_GRANT, empty while it is not revoked."""
    at: int = 0
    """When it was used or revoked: the leaf's time, Unix milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """A FORWARD that this desk sent, received or consented to."""

    forward_hash: bytes
    grant_hash: bytes
    original_hash: bytes
    original_case: bytes
    originator: str
    case_id: bytes
    """The FORWARD's own case."""
    holder: str
    new_desk: str
    proved: bool
    """The original in it was opened and found to be the originator's words."""
    verb: Verb
    """The original's, as far as that is known; else FORWARD."""


def put_grant(c: Connection, row: GrantRow) -> None:
    """Keeps a grant; one that is known stays as it is."""
    c.execute(insert(s.grants).values(_values(row)).on_conflict_do_nothing())


def grant(c: Connection, grant_hash: bytes) -> GrantRow | None:
    """Returns a grant, or None."""
    row = c.execute(select(s.grants).where(s.grants.c.grant_hash == grant_hash)).first()
    return None if row is None else GrantRow(*row)


def grants(c: Connection, case_id: bytes | None = None) -> list[GrantRow]:
    """Returns the grants of a case, or all, by when they end."""
    query = select(s.grants).order_by(s.grants.c.expires, s.grants.c.grant_hash)
    if case_id is not None:
        query = query.where(s.grants.c.case_id == case_id)
    return [GrantRow(*row) for row in c.execute(query)]


def use_grant(c: Connection, grant_hash: bytes, forward_hash: bytes, at: int) -> None:
    """Marks a grant as used; the first use stays."""
    g = s.grants.c
    where = (g.grant_hash == grant_hash, g.used_by == b"")
    c.execute(update(s.grants).where(*where).values(used_by=forward_hash, at=at))


def revoke_grant(c: Connection, grant_hash: bytes, revoked_by: bytes, at: int) -> None:
    """Marks a grant as revoked, unless it was used."""
    g = s.grants.c
    where = (g.grant_hash == grant_hash, g.used_by == b"", g.revoked_by == b"")
    c.execute(update(s.grants).where(*where).values(revoked_by=revoked_by, at=at))


def put_forward(c: Connection, row: ForwardRow) -> None:
    """Keeps a forward; one that is known stays as it is."""
    c.execute(insert(s.forwards).values(_values(row) | {"verb": int(row.verb)}).on_conflict_do_nothing())


def prove_forward(c: Connection, forward_hash: bytes) -> None:
    """Marks a forward's original as found genuine."""
    c.execute(update(s.forwards).where(s.forwards.c.forward_hash == forward_hash).values(proved=True))


def forward(c: Connection, forward_hash: bytes) -> ForwardRow | None:
    """Returns a forward, or None."""
    row = c.execute(select(s.forwards).where(s.forwards.c.forward_hash == forward_hash)).first()
    return None if row is None else _forward(row)


def forwards_of(c: Connection, original_hash: bytes) -> list[ForwardRow]:
    """Returns how a message was passed on, as far as this desk knows."""
    query = select(s.forwards).where(s.forwards.c.original_hash == original_hash)
    return [_forward(row) for row in c.execute(query.order_by(s.forwards.c.forward_hash))]


def forwards_in(c: Connection, case_id: bytes) -> list[ForwardRow]:
    """Returns the forwards out of a case, and into it."""
    f = s.forwards.c
    query = select(s.forwards).where(or_(f.original_case == case_id, f.case_id == case_id))
    return [_forward(row) for row in c.execute(query.order_by(f.forward_hash))]


def never_read(c: Connection) -> bool:
    """Returns whether the log has mail of this desk that never came whole: withdrawn, erased, or refused unread."""
    e = events.c
    known = select(messages.c.message_hash)
    query = select(e.log_index).where(e.kind == int(EventKind.SUBMITTED), e.message_hash.not_in(known)).limit(1)
    return c.execute(query).first() is not None


def _forward(row: Row[Any]) -> ForwardRow:
    values = dict(row._mapping)  # noqa: SLF001 # SQLAlchemy's public name for a row as a mapping
    return ForwardRow(**values | {"verb": Verb(row.verb)})


def _values(row: GrantRow | ForwardRow) -> dict[str, Any]:
    return {f.name: getattr(row, f.name) for f in fields(row)}
