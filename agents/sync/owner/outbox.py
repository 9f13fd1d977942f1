"""Rows of what is on its way: subscribers, envelopes, large bodies.

Never does: seal or send (`agents/sync/owner/fanout.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from comity.v1 import payload_pb2
from comity.workflow.terms import Verb

SNAPSHOT: Final = "SNAPSHOT"
"""What a subscriber wants that wants the whole list."""
SNAPSHOT_EVERY_MS: Final = 10 * 60_000
"""One subscription is given no two snapshots within that time, and one that was packed serves for so long."""
_PUT_SUBSCRIBER: Final = (
    "INSERT INTO subscribers (case_id, list, desk, state, reference, since, sent, stored, wants, fault, given)"
    " VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, '', 0) ON CONFLICT (case_id) DO UPDATE SET state = excluded.state,"
    " reference = excluded.reference, wants = excluded.wants"
)
_SUBSCRIBER: Final = "SELECT * FROM subscribers WHERE case_id = ?"
_SUBSCRIBERS: Final = "SELECT * FROM subscribers WHERE list = ? ORDER BY since, case_id"
_WANTING: Final = "SELECT * FROM subscribers WHERE wants != '' AND state = 'ACTIVE' ORDER BY since"
_SET_STATE: Final = "UPDATE subscribers SET state = ?, wants = '' WHERE case_id = ?"
_SET_WANTS: Final = "UPDATE subscribers SET wants = ? WHERE case_id = ? AND state = 'ACTIVE'"
_SET_FAULT: Final = "UPDATE subscribers SET fault = ? WHERE case_id = ?"
_SENT: Final = "UPDATE subscribers SET sent = max(sent, ?), fault = '' WHERE case_id = ?"
_STORED: Final = "UPDATE subscribers SET stored = max(stored, ?) WHERE case_id = ?"
_ADD: Final = (
    "INSERT INTO outbox (list, case_id, verb, sequence, message_hash, envelope, logged)"
    " VALUES (?, ?, ?, ?, x'', x'', 0)"
)
_TO_SUBSCRIBERS: Final = (
    "INSERT INTO outbox (list, case_id, verb, sequence, message_hash, envelope, logged)"
    " SELECT list, case_id, ?, ?, x'', x'', 0 FROM subscribers"
    " WHERE list = ? AND state = 'ACTIVE' AND wants = '' ORDER BY since, case_id"
)
_PRESENT: Final = "SELECT * FROM outbox WHERE number = ?"
_UNSENT: Final = "SELECT * FROM outbox WHERE logged = 0 ORDER BY number LIMIT ?"
_FREE: Final = (
    "SELECT 1 FROM subscribers WHERE list = ? AND state = 'ACTIVE'"
    " AND case_id NOT IN (SELECT case_id FROM outbox WHERE logged = 0) LIMIT 1"
)
_FIRST_OF_CASE: Final = "SELECT * FROM outbox WHERE logged = 0 AND case_id = ? ORDER BY number LIMIT 1"
_UNSENT_COUNT: Final = "SELECT count(*) FROM outbox WHERE logged = 0 AND case_id = ?"
_LOGGED: Final = "SELECT * FROM outbox WHERE logged > 0 ORDER BY number"
_DROP_UNSENT: Final = "DELETE FROM outbox WHERE logged = 0 AND case_id = ?"
_DROP_UNSENT_FROM: Final = "DELETE FROM outbox WHERE logged = 0 AND case_id = ? AND sequence >= ?"
_FIRST_UNSENT: Final = "SELECT min(sequence), max(verb = ?) FROM outbox WHERE logged = 0 AND case_id = ?"
_GIVEN: Final = "UPDATE subscribers SET given = ?, wants = '' WHERE case_id = ?"
_DROP: Final = "DELETE FROM outbox WHERE number = ?"
_SEALED: Final = "UPDATE outbox SET message_hash = ?, envelope = ? WHERE number = ? AND logged = 0"
_SET_LOGGED: Final = "UPDATE outbox SET logged = ?, envelope = x'' WHERE number = ?"
_AGAIN: Final = (
    "UPDATE outbox SET logged = 0, message_hash = x'', envelope = x''"
    " WHERE number = ? AND logged > 0 AND message_hash = ?"
)
_FORGET_OLD: Final = "DELETE FROM outbox WHERE logged > 0 AND logged < ?"
_WAITING: Final = "SELECT 1 FROM outbox WHERE logged = 0 AND list = ? AND sequence = ? LIMIT 1"
_PUT_BLOB: Final = (
    "INSERT OR REPLACE INTO blobs (list, sequence, part, packed, attachment, uploaded, count)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_BLOB: Final = "SELECT packed, attachment, uploaded, count FROM blobs WHERE list = ? AND sequence = ? AND part = ?"
_BLOBS: Final = (
    "SELECT list, sequence, part, packed, attachment, uploaded, count FROM blobs ORDER BY list, sequence, part"
)
_NEWEST_STATE: Final = (
    "SELECT blobs.sequence FROM blobs JOIN batches USING (list, sequence)"
    " WHERE list = ? AND part = 1 AND time > ? ORDER BY sequence DESC LIMIT 1"
)
_FRESH: Final = "SELECT list, sequence FROM blobs JOIN batches USING (list, sequence) WHERE part = 1 AND time > ?"
_NOT_UPLOADED: Final = "UPDATE blobs SET uploaded = 0 WHERE list = ? AND sequence = ?"
_UPLOADED: Final = "UPDATE blobs SET uploaded = 1 WHERE list = ? AND sequence = ? AND part = ?"
_DROP_BLOB: Final = "DELETE FROM blobs WHERE list = ? AND sequence = ? AND part = ?"


class SubscriberState(StrEnum):
    """Where a subscription stands at its owner."""

    OFFERED = "OFFERED"
    """Nobody there has subscribed yet."""
    ACTIVE = "ACTIVE"
    """It is sent every batch."""
    REVOKED = "REVOKED"
    """Either side has ended it: nothing is sent any more."""


class Part:
    """Which body of an envelope a large one is."""

    BATCH = 0
    STATE = 1


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscription."""

    case_id: bytes
    list: int
    desk: str
    state: SubscriberState
    reference: str
    since: int
    sent: int
    """Last sequence that is in the log."""
    stored: int
    """Last sequence that the subscriber has acknowledged."""
    wants: str
    """`SNAPSHOT`, the first sequence it lacks, or empty."""
    fault: str
    """Why the last envelope could not be sent, a code; empty where it could."""
    given: int
    """When a snapshot was last put on its way, Unix milliseconds UTC; 0 for never."""


@dataclass(frozen=True, slots=True)
class Out:
    """One envelope on its way."""

    number: int
    list: int
    case_id: bytes
    verb: Verb
    sequence: int
    message_hash: bytes
    envelope: bytes
    """Serialised; empty until it is sealed, and once it is logged."""
    logged: int
    """When its receipt was verified, Unix milliseconds UTC; 0 before."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A large body, sealed once for all subscribers."""

    list: int
    sequence: int
    part: int
    packed: payload_pb2.Packed
    attachment: payload_pb2.Attachment | None
    """None where the body stands in the envelope."""
    uploaded: bool
    count: int = 0
    """Of a state: how many records it holds."""


def put_subscriber(
    c: sqlite3.Connection,
    *,
    case_id: bytes,
    number: int,
    desk: str,
    state: SubscriberState,
    now: int,
    reference: str = "",
    wants: str = "",
) -> None:
    """Adds a subscription, or changes its state."""
    c.execute(_PUT_SUBSCRIBER, (case_id, number, desk, state.value, reference, now, wants))


def subscriber(c: sqlite3.Connection, case_id: bytes) -> Subscriber | None:
    """Returns a subscription, or None."""
    row = c.execute(_SUBSCRIBER, (case_id,)).fetchone()
    return None if row is None else _subscriber(row)


def subscribers(c: sqlite3.Connection, number: int) -> list[Subscriber]:
    """Returns the subscriptions of a list, oldest first."""
    return [_subscriber(row) for row in c.execute(_SUBSCRIBERS, (number,))]


def active(c: sqlite3.Connection, number: int) -> list[Subscriber]:
    """Returns those who are sent every batch of a list."""
    return [found for found in subscribers(c, number) if found.state is SubscriberState.ACTIVE]


def wanting(c: sqlite3.Connection) -> list[Subscriber]:
    """Returns those who wait for a snapshot or for batches that they lack."""
    return [_subscriber(row) for row in c.execute(_WANTING)]


def revoke(c: sqlite3.Connection, case_id: bytes) -> None:
    """Ends a subscription: what was not sent never will be."""
    c.execute(_SET_STATE, (SubscriberState.REVOKED.value, case_id))
    c.execute(_DROP_UNSENT, (case_id,))


def set_wants(c: sqlite3.Connection, case_id: bytes, wants: str) -> None:
    """Notes what an active subscriber wants; what is on its way to it stays so."""
    c.execute(_SET_WANTS, (wants, case_id))


def give(c: sqlite3.Connection, case_id: bytes, number: int, sequence: int, now: int) -> None:
    """Puts a snapshot on its way, behind the batches before it and in the place of those that it brings."""
    c.execute(_DROP_UNSENT_FROM, (case_id, sequence))
    add(c, number, case_id, Verb.SNAPSHOT, sequence)
    c.execute(_GIVEN, (now, case_id))


def fall_back(c: sqlite3.Connection, case_id: bytes) -> None:
    """Forgets what waits for a subscriber for too long: it is put on its way anew, in portions, from where it began."""
    first, whole = c.execute(_FIRST_UNSENT, (int(Verb.SNAPSHOT), case_id)).fetchone()
    if first is not None:
        c.execute(_DROP_UNSENT, (case_id,))
        c.execute(_SET_WANTS, (SNAPSHOT if whole else str(first), case_id))


def set_fault(c: sqlite3.Connection, case_id: bytes, fault: str) -> None:
    """Notes why an envelope could not be sent."""
    c.execute(_SET_FAULT, (fault, case_id))


def add(c: sqlite3.Connection, number: int, case_id: bytes, verb: Verb, sequence: int) -> int:
    """Puts one envelope, still to be sealed, on its way. Returns its number."""
    return int(c.execute(_ADD, (number, case_id, int(verb), sequence)).lastrowid or 0)


def add_for_all(c: sqlite3.Connection, number: int, sequence: int) -> None:
    """Puts a batch on its way to every active subscriber that waits for nothing else."""
    c.execute(_TO_SUBSCRIBERS, (int(Verb.PUBLISH), sequence, number))


def drop_unsent(c: sqlite3.Connection, case_id: bytes) -> None:
    """Forgets what is on its way to one subscriber and not in the log."""
    c.execute(_DROP_UNSENT, (case_id,))


def unsent(c: sqlite3.Connection, limit: int) -> list[Out]:
    """Returns what is not in the log yet, oldest first."""
    return [_out(row) for row in c.execute(_UNSENT, (limit,))]


def first_unsent(c: sqlite3.Connection, case_id: bytes) -> Out | None:
    """Returns the oldest envelope to a subscriber that is not in the log yet, None where there is none."""
    row = c.execute(_FIRST_OF_CASE, (case_id,)).fetchone()
    return None if row is None else _out(row)


def present(c: sqlite3.Connection, number: int) -> Out | None:
    """Returns one envelope as it stands now, None where it is on its way no more."""
    row = c.execute(_PRESENT, (number,)).fetchone()
    return None if row is None else _out(row)


def all_wait(c: sqlite3.Connection, number: int) -> bool:
    """Returns whether something still waits for every active subscriber of a list."""
    return c.execute(_FREE, (number,)).fetchone() is None


def unsent_count(c: sqlite3.Connection, case_id: bytes) -> int:
    """Returns how many envelopes wait for one subscriber."""
    return int(c.execute(_UNSENT_COUNT, (case_id,)).fetchone()[0])


def logged(c: sqlite3.Connection) -> list[Out]:
    """Returns what is in the log and not acknowledged yet, oldest first."""
    return [_out(row) for row in c.execute(_LOGGED)]


def sealed(c: sqlite3.Connection, rows: Iterable[tuple[int, bytes, bytes]]) -> None:
    """Keeps (number, message hash, envelope) of what was sealed; an empty envelope has it sealed anew."""
    c.executemany(_SEALED, ((message_hash, envelope, number) for number, message_hash, envelope in rows))


def was_logged(c: sqlite3.Connection, outs: Iterable[Out], now: int) -> None:
    """Notes that envelopes are in the log."""
    for out in outs:
        c.execute(_SET_LOGGED, (now, out.number))
        c.execute(_SENT, (out.sequence, out.case_id))


def was_stored(c: sqlite3.Connection, out: Out) -> None:
    """Notes that a subscriber has an envelope."""
    c.execute(_STORED, (out.sequence, out.case_id))
    c.execute(_DROP, (out.number,))


def again(c: sqlite3.Connection, out: Out) -> None:
    """Has an envelope go out anew that only the log of a replaced key's thief has: its bytes are kept no more."""
    c.execute(_AGAIN, (out.number, out.message_hash))


def drop(c: sqlite3.Connection, out: Out) -> None:
    """Forgets an envelope."""
    c.execute(_DROP, (out.number,))


def forget_before(c: sqlite3.Connection, before: int) -> None:
    """Forgets what was logged before a time and never acknowledged: the hub has it no more."""
    c.execute(_FORGET_OLD, (before,))


def put_blob(c: sqlite3.Connection, found: Blob) -> None:
    """Keeps a body."""
    attachment = b"" if found.attachment is None else found.attachment.SerializeToString(deterministic=True)
    packed = found.packed.SerializeToString(deterministic=True)
    c.execute(_PUT_BLOB, (found.list, found.sequence, found.part, packed, attachment, found.uploaded, found.count))


def blob(c: sqlite3.Connection, number: int, sequence: int, part: int) -> Blob | None:
    """Returns a body, or None."""
    row = c.execute(_BLOB, (number, sequence, part)).fetchone()
    return None if row is None else _blob((number, sequence, part, *row))


def blob_uploaded(c: sqlite3.Connection, found: Blob) -> None:
    """Notes that the hub holds a body."""
    c.execute(_UPLOADED, (found.list, found.sequence, found.part))


def not_uploaded(c: sqlite3.Connection, out: Out) -> None:
    """Notes that the hub does not hold the bodies of an envelope."""
    c.execute(_NOT_UPLOADED, (out.list, out.sequence))


def newest_state(c: sqlite3.Connection, number: int, since: int) -> Blob | None:
    """Returns the newest state that was packed for a batch after a time, Unix milliseconds UTC, or None."""
    row = c.execute(_NEWEST_STATE, (number, since)).fetchone()
    return None if row is None else blob(c, number, row[0], Part.STATE)


def done_blobs(c: sqlite3.Connection, since: int) -> list[Blob]:
    """Removes and returns the bodies that no envelope on its way needs any more.

    Args:
        c: of a writing transaction.
        since: the bodies of snapshots after that time, Unix milliseconds UTC, stay: another may want them.
    """
    fresh = set(c.execute(_FRESH, (since,)).fetchall())
    kept = [_blob(row) for row in c.execute(_BLOBS).fetchall() if (row[0], row[1]) not in fresh]
    done = [b for b in kept if c.execute(_WAITING, (b.list, b.sequence)).fetchone() is None]
    for found in done:
        c.execute(_DROP_BLOB, (found.list, found.sequence, found.part))
    return done


def _subscriber(row: tuple[Any, ...]) -> Subscriber:
    case_id, number, desk, state, *rest = row
    return Subscriber(case_id, number, desk, SubscriberState(state), *rest)


def _out(row: tuple[Any, ...]) -> Out:
    number, owner, case_id, verb, *rest = row
    return Out(number, owner, case_id, Verb(verb), *rest)


def _blob(row: tuple[Any, ...]) -> Blob:
    number, sequence, part, packed, attachment, uploaded, count = row
    return Blob(
        number,
        sequence,
        part,
        payload_pb2.Packed.FromString(packed),
        payload_pb2.Attachment.FromString(attachment) if attachment else None,
        bool(uploaded),
        count,
    )
