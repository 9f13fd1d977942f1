"""Rows of the feed: a desk's deliveries with their receipts, envelopes and acknowledgements, a page at a time.

Never does: decide who may read.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.receipts import AckState, EventKind
from sqlalchemy import Connection, and_, func, select

from hub.bulk import Lookup
from hub.feed.domain import Content
from hub.log.domain import LogName
from hub.log.signatures import unpack_signatures
from hub.log.store import StoredReceipt, load_receipts, read_state
from hub.schema import acks, deliveries, envelopes

_CIPHERTEXTS = Lookup(
    "SELECT e.idx, e.ciphertext FROM wanted w JOIN envelopes e ON e.idx = w.a WHERE e.ciphertext IS NOT NULL",
    "SELECT e.idx, e.ciphertext FROM unnest(%b::bigint[]) AS w (a)"
    " JOIN envelopes e ON e.idx = w.a WHERE e.ciphertext IS NOT NULL",
)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One delivery as it is stored."""

    number: int
    salt: bytes
    kind: EventKind
    receipt: StoredReceipt
    content: Content | None
    ack: tuple[bytes, bytes] | None
    expires: int
    """`deliver_by` where the desk has not acknowledged the envelope as STORED; 0 elsewhere."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries of a desk."""

    rows: list[FeedRow]
    next_index: int
    """From where to read on."""
    size: int
    """Of the log when the page was read; beyond it nothing was looked for."""


def read_page(connection: Connection, desk: str, index: int, count: int, most_bytes: int) -> Page:
    """Returns a desk's deliveries in the order of the log.

    Args:
        connection: to read on.
        desk: whose.
        index: the first leaf that matters.
        count: at most so many.
        most_bytes: no further row is returned once the ciphertexts would exceed this; at least one is.
    """
    size = read_state(connection, LogName.EXCHANGE).size
    d, e, k, s = deliveries.c, envelopes.c, acks.c, acks.alias().c
    rows = connection.execute(
        select(
            d.idx,
            d.number,
            d.salt,
            d.kind,
            d.wrap,
            e.header,
            e.seal,
            e.signatures,
            e.sender,
            e.deliver_by,
            k.body,
            k.sig,
            s.idx,
            func.length(e.ciphertext),
        )
        .join_from(deliveries, envelopes, and_(e.idx == d.idx, d.kind == int(EventKind.SUBMITTED)), isouter=True)
        .join(acks, k.idx == d.idx, isouter=True)
        .join(
            s.idx.table,
            and_(s.message_hash == d.message_hash, s.desk == d.desk, s.state == int(AckState.STORED)),
            isouter=True,
        )
        .where(d.desk == desk, d.idx >= index, d.idx < size)
        .order_by(d.idx)
        .limit(count)
    ).all()
    # Only what fits the page is read: a page of the largest envelopes would not fit in memory.
    taken, total, next_index = 0, 0, size
    for row in rows:
        length = 0 if row[4] is None or row[13] is None else row[13]
        if taken and total + length > most_bytes:
            next_index = row[0]
            break
        taken, total = taken + 1, total + length
    else:
        if len(rows) == count:
            next_index = rows[-1][0] + 1
    rows = rows[:taken]
    receipts = load_receipts(connection, [row[0] for row in rows])
    wanted = [row[0] for row in rows if row[4] is not None and row[13] is not None]
    ciphertexts = {row[0]: row[1] for row in _CIPHERTEXTS.rows(connection, wanted)}
    found: list[FeedRow] = []
    for idx, number, salt, kind, wrap, header, seal, signatures, sender, deliver_by, body, sig, stored, _ in rows:
        ciphertext = ciphertexts.get(idx)
        content = None
        if wrap is not None and header is not None and ciphertext is not None:
            content = Content(header, seal, ciphertext, wrap, unpack_signatures(signatures))
        expires = 0 if content is None or stored is not None or sender == desk else deliver_by
        ack = None if body is None else (body, sig)
        found.append(FeedRow(number, salt, EventKind(kind), receipts[idx], content, ack, expires))
    return Page(found, next_index, size)
