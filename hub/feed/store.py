"""Rows of the feed: a desk's deliveries with their receipts, envelopes and acknowledgements, a page at a time.

Never does: decide who may read.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.envelope import Signature
from comity.receipts import AckState, EventKind
from sqlalchemy import Connection, and_, func, select

from hub.bulk import Lookup
from hub.feed.domain import ITEM_BYTES, Content, Signed
from hub.log.domain import LogName
from hub.log.signatures import unpack_signatures
from hub.log.store import StoredReceipt, load_receipts, read_state
from hub.schema import acks, deliveries, envelopes

_CIPHERTEXTS = Lookup(
    "SELECT e.idx, e.ciphertext FROM wanted w JOIN envelopes e ON e.idx = w.a WHERE e.ciphertext IS NOT NULL",
    "SELECT e.idx, e.ciphertext FROM unnest(%b::bigint[]) AS w (a)"
    " JOIN envelopes e ON e.idx = w.a WHERE e.ciphertext IS NOT NULL",
)
_FORWARDS = Lookup(
    "SELECT k.message_hash, e.header, e.seal, e.signatures FROM wanted w JOIN grants k ON k.message_hash = w.a"
    " JOIN envelopes e ON e.message_hash = k.used_by WHERE e.header IS NOT NULL",
    "SELECT k.message_hash, e.header, e.seal, e.signatures FROM unnest(%b::bytea[]) AS w (a)"
    " JOIN grants k ON k.message_hash = w.a"
    " JOIN envelopes e ON e.message_hash = k.used_by WHERE e.header IS NOT NULL",
)
"""What was signed of the FORWARDs that used these grants."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One delivery as it is stored."""

    number: int
    salt: bytes
    kind: EventKind
    receipt: StoredReceipt
    content: Content | None
    remains: tuple[bytes, bytes] | None
    """(header, seal) where the envelope's content is not here any more and they still are."""
    remains_signed: tuple[Signature, ...]
    """The signatures over `remains`."""
    deliver_by: int
    """Of the envelope; 0 where there is none."""
    ack: tuple[bytes, bytes] | None
    passed_on: Signed | None
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
        most_bytes: no further row is returned once all that is read of them would exceed this; at least one is.
    """
    size = read_state(connection, LogName.EXCHANGE).size
    d, e, k, s = deliveries.c, envelopes.c, acks.c, acks.alias().c
    # Only what fits the page is read: a page of the largest envelopes would not fit in memory.
    taken, next_index = _fitting(connection, desk, range(index, size), count=count, most_bytes=most_bytes)
    if not taken:
        return Page([], next_index, size)
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
            d.message_hash,
        )
        .join_from(deliveries, envelopes, and_(e.idx == d.idx, d.kind == int(EventKind.SUBMITTED)), isouter=True)
        .join(acks, k.idx == d.idx, isouter=True)
        .join(
            s.idx.table,
            and_(s.message_hash == d.message_hash, s.desk == d.desk, s.state == int(AckState.STORED)),
            isouter=True,
        )
        .where(d.desk == desk, d.idx >= taken[0], d.idx <= taken[-1])
        .order_by(d.idx)
    ).all()
    receipts = load_receipts(connection, [row[0] for row in rows])
    wanted = [row[0] for row in rows if row[4] is not None]
    ciphertexts = {row[0]: row[1] for row in _CIPHERTEXTS.rows(connection, wanted)}
    used = [row[13] for row in rows if row[3] == EventKind.GRANT_USED]
    forwards = {bytes(f[0]): Signed(f[1], f[2], unpack_signatures(f[3])) for f in _FORWARDS.rows(connection, used)}
    found: list[FeedRow] = []
    for idx, number, salt, kind, wrap, header, seal, signatures, sender, deliver_by, body, sig, stored, about in rows:
        ciphertext = ciphertexts.get(idx)
        content = None
        if wrap is not None and header is not None and ciphertext is not None:
            content = Content(header, seal, ciphertext, wrap, unpack_signatures(signatures))
        # Of an erased FORWARD what was signed is kept for another desk: here it is gone.
        remains = (header, seal) if content is None and header is not None and receipts[idx].event else None
        signed = () if remains is None else unpack_signatures(signatures)
        expires = 0 if content is None or stored is not None or sender == desk else deliver_by
        ack = None if body is None else (body, sig)
        what = EventKind(kind)
        passed_on = forwards.get(bytes(about)) if what is EventKind.GRANT_USED else None
        row = FeedRow(
            number, salt, what, receipts[idx], content, remains, signed, deliver_by or 0, ack, passed_on, expires
        )
        found.append(row)
    return Page(found, next_index, size)


def _fitting(connection: Connection, desk: str, within: range, *, count: int, most_bytes: int) -> tuple[list[int], int]:
    """Returns the leaves of the deliveries that fit a page, by their lengths alone, and from where to read on."""
    d, e, k = deliveries.c, envelopes.c, acks.c
    parts = (d.wrap, e.header, e.seal, e.signatures, k.body, k.sig)
    lengths = [func.coalesce(func.length(part), 0) for part in parts]
    rows = connection.execute(
        select(d.idx, d.wrap.is_not(None), func.coalesce(func.length(e.ciphertext), 0), *lengths)
        .join_from(deliveries, envelopes, and_(e.idx == d.idx, d.kind == int(EventKind.SUBMITTED)), isouter=True)
        .join(acks, k.idx == d.idx, isouter=True)
        .where(d.desk == desk, d.idx >= within.start, d.idx < within.stop)
        .order_by(d.idx)
        .limit(count)
    ).all()
    taken: list[int] = []
    total = 0
    for idx, wrapped, ciphertext, *others in rows:
        length = ITEM_BYTES + sum(others) + (ciphertext if wrapped else 0)
        if taken and total + length > most_bytes:
            return taken, idx
        taken.append(idx)
        total += length
    return taken, taken[-1] + 1 if len(rows) == count else within.stop
