"""The mailbox as the publisher sees it: rows of what it sends, kept lean, and what subscribers have sent.

Of a published envelope header and seal are kept, without ciphertext, wrap and content key: enough to hold an
acknowledgement against; what it said stands in `watchlists.db`.

Never does: open anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from comity.encoding import serialise
from comity.header import Header, parse_header
from comity.receipts import Leaf, Receipt, encode_receipt
from comity.v1 import envelope_pb2
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.records import PUBLISHES, MessageStatus, Standing
from agents.truststore import put_meta

_PUT: Final = (
    "INSERT OR IGNORE INTO messages (message_hash, agency, envelope_id, sender, outgoing, verb, case_id, precedence,"
    " created, deliver_by, respond_by, author, signers, envelope, archive, standing, received, opened, log_index,"
    " leaf_time, receipt) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'', ?, ?, 0, -1, 0, x'')"
)
_PUT_STATUS: Final = "INSERT OR IGNORE INTO statuses (message_hash, desk, status) VALUES (?, ?, ?)"
_LOGGED: Final = "UPDATE messages SET log_index = ?, leaf_time = ?, receipt = ? WHERE message_hash = ?"
_SUBMITTED: Final = "UPDATE statuses SET status = 'SUBMITTED' WHERE message_hash = ? AND status = 'PENDING'"
_PUBLISHED: Final = (
    "SELECT log_index, envelope FROM messages WHERE log_index > ? AND log_index < ? AND verb IN (33, 34) AND outgoing"
    " ORDER BY log_index LIMIT ?"
)
"""PUBLISH and SNAPSHOT."""
_PLACE_BEFORE: Final = "SELECT log_index FROM leaves WHERE time_seconds < ? ORDER BY log_index DESC LIMIT 1"
_REMOVE: Final = "DELETE FROM messages WHERE message_hash = ? AND log_index < 0"
_REMOVE_STATUS: Final = "DELETE FROM statuses WHERE message_hash = ?"
_STATUS: Final = "SELECT status FROM statuses WHERE message_hash = ?"
_NEW: Final = (
    "SELECT log_index, message_hash, verb, case_id, sender, outgoing, standing, leaf_time, respond_by FROM messages"
    " WHERE log_index > ? AND log_index < ? AND verb IN (31, 32, 35, 36, 38) ORDER BY log_index LIMIT ?"
)
"""SUBSCRIBE, UNSUBSCRIBE, RESYNC, CHALLENGE and SIGHTING."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message about a list that has its place in the log."""

    log_index: int
    message_hash: bytes
    verb: Verb
    case_id: bytes
    sender: str
    outgoing: bool
    standing: Standing
    leaf_time: int
    respond_by: int


def put(c: Connection, items: Iterable[tuple[bytes, Header, envelope_pb2.Envelope]], *, author: str, now: int) -> None:
    """Adds rows of (message hash, header, envelope) that are about to be sent; those that are there stay."""
    rows, statuses = [], []
    for message_hash, header, wire in items:
        kept = envelope_pb2.Envelope(header=wire.header, seal=wire.seal, signatures=wire.signatures)
        rows.append(
            (
                message_hash,
                header.sender_agency,
                header.envelope_id,
                header.sender,
                int(header.verb),
                header.case_id,
                int(header.precedence),
                header.created,
                header.deliver_by,
                header.respond_by,
                author,
                b"".join(signature.kid for signature in wire.signatures),
                serialise(kept),
                Standing.GOOD.value,
                now,
            )
        )
        statuses += [(message_hash, desk, MessageStatus.PENDING.value) for desk in header.counterparts]
    if rows:
        put_meta(c, PUBLISHES, b"1")
        c.exec_driver_sql(_PUT, rows)
        c.exec_driver_sql(_PUT_STATUS, statuses)


def logged(c: Connection, items: Sequence[tuple[bytes, Receipt, Leaf]]) -> None:
    """Keeps verified receipts: the messages are SUBMITTED."""
    if items:
        rows = [(r.index, leaf.time_seconds * 1000, encode_receipt(r), message_hash) for message_hash, r, leaf in items]
        c.exec_driver_sql(_LOGGED, rows)
        c.exec_driver_sql(_SUBMITTED, [(message_hash,) for message_hash, _, _ in items])


def remove(c: Connection, message_hash: bytes) -> None:
    """Removes what was refused and never logged."""
    if c.exec_driver_sql(_REMOVE, (message_hash,)).rowcount:
        c.exec_driver_sql(_REMOVE_STATUS, (message_hash,))


def statuses(c: Connection, message_hashes: Iterable[bytes]) -> dict[bytes, MessageStatus]:
    """Returns how far published envelopes have come; each has one recipient."""
    found = {}
    for message_hash in message_hashes:
        row = c.exec_driver_sql(_STATUS, (message_hash,)).first()
        if row is not None:
            found[message_hash] = MessageStatus(row[0])
    return found


def arrived(c: Connection, after: int, limit: int) -> list[Arrived]:
    """Returns what subscribers have sent, and what ended subscriptions, after a place in the log.

    What lies before the feed's own cursor is complete; this desk's own mail has its place sooner than that.
    """
    rows = c.exec_driver_sql(_NEW, (after, mailstore.cursor(c).next_index, limit)).all()
    return [
        Arrived(index, found, Verb(verb), case_id, sender, bool(outgoing), Standing(standing), leaf_time, respond_by)
        for index, found, verb, case_id, sender, outgoing, standing, leaf_time, respond_by in rows
    ]


def published(c: Connection, after: int, limit: int) -> list[tuple[int, Header]]:
    """Returns place and header of what this desk has published, and the feed has come to, after a place in the log."""
    rows = c.exec_driver_sql(_PUBLISHED, (after, mailstore.cursor(c).next_index, limit)).all()
    return [(index, parse_header(envelope_pb2.Envelope.FromString(data).header)) for index, data in rows]


def place_before(c: Connection, time: int) -> int:
    """Returns a place in the log that is older than a time, Unix milliseconds UTC: the newest that is known here."""
    return int(c.exec_driver_sql(_PLACE_BEFORE, (time // 1000,)).scalar() or 0)
