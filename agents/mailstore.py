"""Mail as rows: messages, acknowledgements, legs, the feed's items and its cursor."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from comity.receipts import AckState, EventKind
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, Side, State, Verb
from comity.workflow.terms import Standing as LegStanding
from sqlalchemy import Connection, Row, delete, literal, select, update
from sqlalchemy.dialects.sqlite import insert

from agents import schema as s
from agents.boardstore import put_open
from agents.driver import Driver
from agents.records import MessageStatus, Standing
from agents.truststore import get_meta, put_meta


@dataclass(frozen=True, slots=True)
class Message:
    """A message's row. Times are Unix milliseconds UTC."""

    message_hash: bytes
    agency: str
    """Of the sender; with `envelope_id` it is what a replay is known by."""
    envelope_id: bytes
    sender: str
    outgoing: bool
    verb: Verb
    case_id: bytes
    precedence: Precedence
    created: int
    deliver_by: int
    respond_by: int
    author: str
    """Member id of who wrote it (CONFIRM: of who approved), empty where unknown."""
    signers: bytes
    """Key ids of everyone who signed, 32 bytes each."""
    envelope: bytes
    """Serialised Envelope as it travelled, an incoming one with this desk's wrap alone; empty in a list."""
    archive: bytes
    """Box with the content key; empty where it could not be opened, and in a list."""
    standing: Standing
    received: int
    opened: int = 0
    log_index: int = -1
    leaf_time: int = 0
    receipt: bytes = b""


@dataclass(frozen=True, slots=True)
class AckRow:
    """An acknowledgement's row."""

    message_hash: bytes
    desk: str
    state: AckState
    body: bytes
    sig: bytes
    own: bool
    """This desk made it."""
    settled: bool
    """Own ones: the hub has logged it, or refused it for good."""
    receipt: bytes


@dataclass(frozen=True, slots=True)
class EventRow:
    """One item of the feed."""

    log_index: int
    number: int
    salt: bytes
    kind: EventKind
    message_hash: bytes
    desk: str
    """Who acknowledged, empty elsewhere."""
    time: int
    receipt: bytes
    believed: bool
    """What the hub logged was found true: signed by whom it names, or due by the bytes that are here."""


@dataclass(frozen=True, slots=True)
class Debt:
    """A delivery that came without its envelope and without a reason."""

    log_index: int
    number: int
    """This desk's running number."""
    message_hash: bytes
    """Empty where the hub says it was erased."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where this desk stands in its feed."""

    next_index: int = 0
    """First log index not yet taken."""
    number: int = 0
    """Running number of the last item taken."""
    time: int = 0
    """Leaf time of the last item taken."""


# What every message asks for is constant text: putting such a statement together would cost more than running it.
_IS_OWED: Final = "SELECT 1 FROM debts WHERE log_index = ?"
_END_DEBT: Final = "DELETE FROM debts WHERE log_index = ?"
_COUNT_TRY: Final = (
    "INSERT INTO tries (log_index, count) VALUES (?, 1) ON CONFLICT (log_index) DO UPDATE SET count = count + 1"
)
_TRIES: Final = "SELECT count FROM tries WHERE log_index = ?"
_END_TRIES: Final = "DELETE FROM tries WHERE log_index = ?"
_ENVELOPE_SEEN: Final = "SELECT message_hash FROM messages WHERE agency = ? AND envelope_id = ?"
_SETTLE_ACK: Final = (
    "UPDATE acks SET settled = 1, receipt = ?, body = ?, sig = ? WHERE message_hash = ? AND desk = ? AND state = ?"
)
_PENDING: Final = """SELECT message_hash, desk, state, body, sig, own, settled, receipt FROM acks
    WHERE own = 1 AND settled = 0 ORDER BY state LIMIT ?"""
_IS_PENDING: Final = "SELECT 1 FROM acks WHERE message_hash = ? AND own AND NOT settled"
_PUT_EVENT: Final = (
    "INSERT OR REPLACE INTO events (log_index, number, salt, kind, message_hash, desk, time, receipt, believed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD_ACK: Final = (
    "INSERT OR IGNORE INTO acks (message_hash, desk, state, body, sig, own, settled, receipt)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_MESSAGE_COLUMNS: Final = tuple(f.name for f in fields(Message))
_PUT_MESSAGE: Final = """INSERT INTO messages (message_hash, agency, envelope_id, sender, outgoing, verb, case_id,
    precedence, created, deliver_by, respond_by, author, signers, envelope, archive, standing, received, opened,
    log_index, leaf_time, receipt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_MESSAGE: Final = """SELECT message_hash, agency, envelope_id, sender, outgoing, verb, case_id, precedence, created,
    deliver_by, respond_by, author, signers, envelope, archive, standing, received, opened, log_index, leaf_time,
    receipt FROM messages WHERE message_hash = ?"""
_LEGS: Final = "SELECT fields FROM legs ORDER BY recipient"
_LEGS_OF_CASE: Final = "SELECT fields FROM legs WHERE case_id = ? ORDER BY recipient"
_PUT_LEG: Final = "INSERT OR REPLACE INTO legs (originator, case_id, recipient, fields) VALUES (?, ?, ?, ?)"

_LISTED: Final = [
    literal(b"").label(column.name) if column.name in ("envelope", "archive") else column for column in s.messages.c
]
"""Columns of a message in a list: a mailbox of years must fit in memory."""
_M, _ST = s.messages.c, s.statuses.c
_SENT: Final = select(*_LISTED, _ST.desk, _ST.status).where(_ST.message_hash == _M.message_hash, _M.log_index >= 0)
_UNPROVED: Final = (  # built once: an agent asks every few seconds, and building costs more than asking
    _SENT.where(_ST.status == MessageStatus.SUBMITTED.value),
    _SENT.where((_M.precedence == int(Precedence.FLASH)) & (_ST.status == MessageStatus.DELIVERED.value)),
)


def put_message(c: Connection, m: Message) -> None:
    """Adds a message. One with that hash must not be there."""
    values = {f.name: getattr(m, f.name) for f in fields(m)}
    values |= {"verb": int(m.verb), "precedence": int(m.precedence), "standing": m.standing.value}
    Driver(c).exec_driver_sql(_PUT_MESSAGE, tuple(values[name] for name in _MESSAGE_COLUMNS))


def message(c: Connection, message_hash: bytes) -> Message | None:
    """Returns a message, or None."""
    row = Driver(c).exec_driver_sql(_MESSAGE, (message_hash,)).fetchone()
    return None if row is None else _message_of(dict(zip(_MESSAGE_COLUMNS, row, strict=True)))


def messages(c: Connection, *, outgoing: bool, without: Collection[Verb] = ()) -> list[Message]:
    """Returns all mail of one direction, without its bytes, in the order of the log, pending ones last.

    Args:
        c: to look with.
        outgoing: which direction.
        without: verbs that are left out.
    """
    m = s.messages.c
    query = select(*_LISTED).where(m.outgoing == outgoing, m.verb.not_in([int(verb) for verb in without]))
    return [_message(row) for row in c.execute(query.order_by(m.log_index < 0, m.log_index, m.created))]


def unproved(c: Connection) -> list[tuple[Message, str, MessageStatus]]:
    """Returns own logged mail, without its bytes, with each desk where it has not come as far as it should."""
    found = []
    for row in [*c.execute(_UNPROVED[0]), *c.execute(_UNPROVED[1])]:
        *columns, desk, status = row
        found.append((_message_of(dict(zip(_MESSAGE_COLUMNS, columns, strict=True))), str(desk), MessageStatus(status)))
    return found


def messages_of_case(c: Connection, case_id: bytes) -> list[Message]:
    """Returns a case's mail, without its bytes."""
    m = s.messages.c
    return [_message(row) for row in c.execute(select(*_LISTED).where(m.case_id == case_id).order_by(m.log_index))]


def message_hashes(c: Connection) -> list[bytes]:
    """Returns every message's hash."""
    return list(c.execute(select(s.messages.c.message_hash)).scalars())


def envelope_seen(c: Connection, agency: str, envelope_id: bytes) -> bytes | None:
    """Returns the hash of the message that used an envelope id, or None: the store against replays."""
    found = Driver(c).exec_driver_sql(_ENVELOPE_SEEN, (agency, envelope_id)).fetchone()
    return None if found is None else bytes(found[0])


def update_message(c: Connection, message_hash: bytes, **values: Any) -> None:
    """Changes columns of a message."""
    c.execute(update(s.messages).where(s.messages.c.message_hash == message_hash).values(values))


def remove_message(c: Connection, message_hash: bytes) -> None:
    """Removes a message that was never logged, with its statuses."""
    c.execute(delete(s.statuses).where(s.statuses.c.message_hash == message_hash))
    c.execute(delete(s.messages).where(s.messages.c.message_hash == message_hash, s.messages.c.log_index < 0))


def set_status(c: Connection, message_hash: bytes, desk: str, status: MessageStatus) -> None:
    """Sets how far a message has come at a desk."""
    row = {"message_hash": message_hash, "desk": desk, "status": status.value}
    statement = insert(s.statuses).values(row)
    c.execute(statement.on_conflict_do_update(index_elements=["message_hash", "desk"], set_=row))


def statuses(c: Connection, message_hash: bytes) -> dict[str, MessageStatus]:
    """Returns how far a message has come, by desk."""
    query = select(s.statuses.c.desk, s.statuses.c.status).where(s.statuses.c.message_hash == message_hash)
    return {row.desk: MessageStatus(row.status) for row in c.execute(query.order_by(s.statuses.c.desk))}


def add_ack(c: Connection, ack: AckRow) -> bool:
    """Adds an acknowledgement. Returns False where the desk has said the same before: the first one stays."""
    a = ack
    row = (a.message_hash, a.desk, int(a.state), a.body, a.sig, a.own, a.settled, a.receipt)
    return Driver(c).exec_driver_sql(_ADD_ACK, row).rowcount == 1


def replace_ack(c: Connection, ack: AckRow) -> None:
    """Puts an own acknowledgement in the place of one that the hub has not logged."""
    a = s.acks.c
    same = (a.message_hash == ack.message_hash) & (a.desk == ack.desk) & (a.state == int(ack.state))
    c.execute(update(s.acks).where(same, a.own, ~a.settled).values(body=ack.body, sig=ack.sig))


def acks_of(c: Connection, message_hash: bytes) -> list[AckRow]:
    """Returns the acknowledgements of a message."""
    query = select(s.acks).where(s.acks.c.message_hash == message_hash)
    return [_ack(row) for row in c.execute(query.order_by(s.acks.c.desk, s.acks.c.state))]


def pending_acks(c: Connection, limit: int) -> list[AckRow]:
    """Returns own acknowledgements that the hub has not settled, oldest first."""
    return [_ack(row) for row in c.exec_driver_sql(_PENDING, (limit,))]


def is_pending(c: Connection, message_hash: bytes) -> bool:
    """Returns whether the hub has not settled what this desk has said of a message."""
    return Driver(c).exec_driver_sql(_IS_PENDING, (message_hash,)).fetchone() is not None


def settle_ack(c: Connection, ack: AckRow, receipt: bytes) -> None:
    """Marks an own acknowledgement as logged (with its receipt, and as it is in the log) or refused (without one)."""
    Driver(c).exec_driver_sql(_SETTLE_ACK, (receipt, ack.body, ack.sig, ack.message_hash, ack.desk, int(ack.state)))


def put_leg(c: Connection, leg: Leg) -> None:
    """Keeps a leg; an older form of it is replaced."""
    Driver(c).exec_driver_sql(_PUT_LEG, (leg.originator, leg.case_id, leg.recipient, json.dumps(_leg_fields(leg))))
    put_open(c, leg)


def legs(c: Connection, case_id: bytes | None = None) -> list[Leg]:
    """Returns the legs of a case, or all."""
    run = Driver(c)
    found = run.exec_driver_sql(_LEGS) if case_id is None else run.exec_driver_sql(_LEGS_OF_CASE, (case_id,))
    return [_leg(json.loads(text)) for (text,) in found]


def put_event(c: Connection, event: EventRow) -> None:
    """Adds an item of the feed; one that came late takes the place of its tombstone."""
    e = event
    place = (e.log_index, e.number, e.salt, int(e.kind), e.message_hash, e.desk, e.time, e.receipt, e.believed)
    Driver(c).exec_driver_sql(_PUT_EVENT, place)


def events(c: Connection, message_hashes: list[bytes] | None = None) -> list[EventRow]:
    """Returns the items of the feed, all or those about some messages, in the order of the log."""
    query = select(s.events).where(s.events.c.log_index >= 0).order_by(s.events.c.log_index)
    if message_hashes is not None:
        query = query.where(s.events.c.message_hash.in_(message_hashes))
    return [
        EventRow(
            r.log_index, r.number, r.salt, EventKind(r.kind), r.message_hash, r.desk, r.time, r.receipt, r.believed
        )
        for r in c.execute(query)
    ]


def believe(c: Connection, log_index: int) -> None:
    """Marks an item as found true after all."""
    c.execute(update(s.events).where(s.events.c.log_index == log_index).values(believed=True))


def add_debt(c: Connection, debt: Debt) -> None:
    """Remembers a delivery that the hub still owes."""
    c.execute(insert(s.debts).values({f.name: getattr(debt, f.name) for f in fields(debt)}).on_conflict_do_nothing())


def debts(c: Connection) -> list[Debt]:
    """Returns what the hub owes, in the order of the log."""
    return [
        Debt(r.log_index, r.number, r.message_hash) for r in c.execute(select(s.debts).order_by(s.debts.c.log_index))
    ]


def end_debt(c: Connection, log_index: int) -> None:
    """Forgets that a delivery is owed."""
    Driver(c).exec_driver_sql(_END_DEBT, (log_index,))


def is_owed(c: Connection, log_index: int) -> bool:
    """Returns whether a delivery is owed."""
    return Driver(c).exec_driver_sql(_IS_OWED, (log_index,)).fetchone() is not None


def next_debt(c: Connection) -> int:
    """Returns from which log index on debts are asked for next."""
    return int(get_meta(c, "next_debt") or b"0")


def set_next_debt(c: Connection, log_index: int) -> None:
    """Remembers from which log index on debts are asked for next."""
    put_meta(c, "next_debt", str(log_index).encode())


def to_be_taken(c: Connection, log_index: int) -> bool:
    """Returns whether an item has not had its effect yet: it lies ahead, or is owed."""
    return is_owed(c, log_index) or cursor(c).next_index <= log_index


def cursor(c: Connection) -> Cursor:
    """Returns where this desk stands in its feed."""
    found = get_meta(c, "cursor")
    return Cursor(*json.loads(found)) if found else Cursor()


def set_cursor(c: Connection, at: Cursor) -> None:
    """Moves on in the feed."""
    put_meta(c, "cursor", json.dumps([at.next_index, at.number, at.time]).encode())


def count_try(c: Connection, log_index: int) -> int:
    """Counts that an item is begun. Returns how often it was, this time included."""
    run = Driver(c)
    run.exec_driver_sql(_COUNT_TRY, (log_index,))
    return int(run.exec_driver_sql(_TRIES, (log_index,)).fetchone()[0])


def take_back_try(c: Connection, log_index: int) -> None:
    """Counts one try less: it ended in order, and not through the item."""
    c.execute(update(s.tries).where(s.tries.c.log_index == log_index).values(count=s.tries.c.count - 1))


def end_tries(c: Connection, log_index: int) -> None:
    """Forgets the count: the item is done."""
    Driver(c).exec_driver_sql(_END_TRIES, (log_index,))


def _message(row: Row[Any]) -> Message:
    return _message_of(dict(row._mapping))  # noqa: SLF001 # SQLAlchemy's public name for a row as a mapping


def _message_of(values: dict[str, Any]) -> Message:
    values |= {"outgoing": bool(values["outgoing"]), "verb": Verb(values["verb"])}
    values |= {"precedence": Precedence(values["precedence"]), "standing": Standing(values["standing"])}
    return Message(**values)


def _ack(row: Row[Any]) -> AckRow:
    found = AckRow(**row._mapping)  # noqa: SLF001 # SQLAlchemy's public name for a row as a mapping
    return replace(found, state=AckState(row.state), own=bool(row.own), settled=bool(row.settled))


def _leg_fields(leg: Leg) -> dict[str, Any]:
    values = {f.name: getattr(leg, f.name) for f in fields(leg)}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def _leg(values: dict[str, Any]) -> Leg:
    for name in ("case_id", "opening", "previous", "question", "recall", "onward"):
        values[name] = bytes.fromhex(values.get(name, ""))
    values["standing"] = LegStanding(values.get("standing", 0))
    values["family"] = Family(values["family"])
    values["state"] = State(values["state"])
    values["awaiting"] = Side(values["awaiting"]) if values["awaiting"] else None
    values["resume_state"] = State(values["resume_state"]) if values["resume_state"] else None
    return Leg(**values)
