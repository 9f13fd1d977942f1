"""Which cases belong together: named in a message, or by a FORWARD, whose case goes on from the original's.

Both cases show each other, at whichever side the naming message is kept.

Never does: open anything; follow links of links.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.payload import body_of
from sqlalchemy import Connection, or_, select
from sqlalchemy.dialects.sqlite import insert

from agents.contents import Taking
from agents.onward import schema as s


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One case names another."""

    case_id: bytes
    """The case in which it is said."""
    linked: bytes
    """The case that is named."""
    desk: str
    """The desk that opened the named case, as the message has it."""
    message_hash: bytes
    """Which message says so."""


def take_links(c: Connection, taking: Taking) -> None:
    """Keeps which cases a message names."""
    body = body_of(taking.payload)
    for link in getattr(body, "links", ()):
        if link.case_id != taking.header.case_id:
            row = LinkRow(taking.header.case_id, link.case_id, link.desk, taking.message_hash)
            put_link(c, row)


def put_link(c: Connection, row: LinkRow) -> None:
    """Keeps a link; the first message that said it stays named."""
    values = {
        "case_id": row.case_id,
        "linked": row.linked,
        "desk": row.desk,
        "message_hash": row.message_hash,
    }
    c.execute(insert(s.links).values(values).on_conflict_do_nothing())


def links_of(c: Connection, case_id: bytes) -> list[LinkRow]:
    """Returns the links in which a case stands, on either end, in a fixed order."""
    t = s.links.c
    query = select(t.case_id, t.linked, t.desk, t.message_hash).where(or_(t.case_id == case_id, t.linked == case_id))
    return [LinkRow(*row) for row in c.execute(query.order_by(t.case_id, t.linked))]


def linked(c: Connection, case_id: bytes) -> list[bytes]:
    """Returns the ids of the cases that belong to a case, by a message or by a FORWARD, ascending."""
    found = {row.linked if row.case_id == case_id else row.case_id for row in links_of(c, case_id)}
    f = s.forwards.c
    query = select(f.case_id, f.original_case).where(or_(f.case_id == case_id, f.original_case == case_id))
    found |= {row.original_case if row.case_id == case_id else row.case_id for row in c.execute(query)}
    return sorted(found - {case_id})
