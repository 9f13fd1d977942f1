"""What boards, clocks and statistics ask of the store: of all open cases at once.

Of each leg that is not over the table `open_legs` holds what a board shows, written in the transaction that writes the
leg, so that ten thousand of them are read in one pass; nothing is decrypted.

Never does: change a leg.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Standing, State
from sqlalchemy import Connection

from agents.driver import Driver


class OpenLeg(NamedTuple):
    """A leg that is not over, as it is stored. Times are Unix milliseconds UTC; names and hashes as in `Leg`."""

    originator: str
    case_id: bytes
    recipient: str
    family: int
    state: str
    standing: int
    opening: bytes
    opened: int
    deliver_by: int
    question: bytes
    respond_by: int | None
    awaiting: str | None
    recall: bytes
    recall_respond_by: int | None
    lapses_at: int | None


class Told(NamedTuple):
    """That a member was reminded of a limit, up to some percent of its time."""

    member: str
    originator: str
    case_id: bytes
    recipient: str
    kind: str
    limit_at: int
    percent: int


class SaidRow(NamedTuple):
    """A message in the log, without what machines publish to machines."""

    message_hash: bytes
    case_id: bytes
    sender: str
    verb: int
    leaf_time: int
    """Unix milliseconds UTC."""


ENDED: Final = frozenset(
    {State.CLOSED, State.WITHDRAWN, State.EXPIRED, State.LAPSED, State.REVOKED, State.RECALLED, State.FORWARDED}
)
"""States in which nothing is left to do but to answer a recall."""
_OPEN: Final = """SELECT originator, case_id, recipient, family, state, standing, opening, opened, deliver_by, question,
    respond_by, awaiting, recall, recall_respond_by, lapses_at FROM open_legs"""
_PROVISIONAL: Final = """SELECT originator, case_id, recipient, family, state, standing, opening, opened, deliver_by,
    question, respond_by, awaiting, recall, recall_respond_by, lapses_at FROM open_legs
    WHERE standing = ? AND originator = ? ORDER BY lapses_at"""
_NEAR: Final = """SELECT originator, case_id, recipient, family, state, standing, opening, opened, deliver_by, question,
    respond_by, awaiting, recall, recall_respond_by, lapses_at FROM open_legs
    WHERE ? >= opened + (respond_by - opened) * ? / 100 OR ? >= opened + (recall_respond_by - opened) * ? / 100
    OR ? >= opened + (lapses_at - opened) * ? / 100"""
_PUT: Final = """INSERT OR REPLACE INTO open_legs (originator, case_id, recipient, family, state, standing, opening,
    opened, deliver_by, question, respond_by, awaiting, recall, recall_respond_by, lapses_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_END: Final = "DELETE FROM open_legs WHERE originator = ? AND case_id = ? AND recipient = ?"
_FLASH_CASES: Final = "SELECT case_id FROM messages WHERE precedence = 3"
_UNOPENED: Final = """SELECT message_hash FROM messages
    WHERE precedence = 3 AND outgoing = 0 AND opened = 0 AND standing = 'GOOD' ORDER BY received"""
_UNSEEN: Final = """SELECT m.message_hash, m.case_id, s.desk, s.status FROM messages m
    JOIN statuses s ON s.message_hash = m.message_hash
    WHERE m.precedence = 3 AND m.outgoing = 1 AND m.log_index >= 0 AND s.status IN ('SUBMITTED', 'DELIVERED')"""
_CASES_FROM: Final = "SELECT DISTINCT case_id FROM legs WHERE case_id >= ? AND case_id <= ? LIMIT 2"
_AWAITED: Final = """SELECT question FROM open_legs WHERE respond_by IS NOT NULL
    UNION SELECT recall FROM open_legs WHERE recall_respond_by IS NOT NULL"""
_FAMILIES: Final = "SELECT DISTINCT case_id, json_extract(fields, '$.family') FROM legs"
_CREATED: Final = "SELECT created FROM messages WHERE message_hash = ?"
_ENVELOPES_OF_CASE: Final = "SELECT envelope FROM messages WHERE case_id = ?"
_TOLD: Final = """SELECT percent FROM told
    WHERE member = ? AND originator = ? AND case_id = ? AND recipient = ? AND kind = ? AND limit_at = ?"""
_TELL: Final = """INSERT OR REPLACE INTO told (member, originator, case_id, recipient, kind, limit_at, percent)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_FORGET: Final = """DELETE FROM told WHERE member = ? AND NOT EXISTS (SELECT 1 FROM open_legs o
    WHERE o.originator = told.originator AND o.case_id = told.case_id AND o.recipient = told.recipient)"""
_SAID: Final = """SELECT message_hash, case_id, sender, verb, leaf_time FROM messages
    WHERE log_index >= 0 AND verb NOT IN (33, 34, 35) ORDER BY log_index"""
_CLOCKS: Final = """SELECT m.case_id, m.outgoing FROM events e
    JOIN messages m ON m.message_hash = e.message_hash WHERE e.kind = ? AND e.believed = 1"""


def put_open(c: Connection, leg: Leg) -> None:
    """Keeps what boards and clocks need of a leg, or forgets it where the leg is over."""
    if leg.state in ENDED and leg.recall_respond_by is None:
        Driver(c).exec_driver_sql(_END, leg.key)
        return
    row = OpenLeg(
        *leg.key,
        int(leg.family),
        leg.state.value,
        int(leg.standing),
        leg.opening,
        leg.opened,
        leg.deliver_by,
        leg.question,
        leg.respond_by,
        None if leg.awaiting is None else leg.awaiting.value,
        leg.recall,
        leg.recall_respond_by,
        leg.lapses_at,
    )
    Driver(c).exec_driver_sql(_PUT, row)


def fill_open(c: Connection, legs: Iterable[Leg]) -> None:
    """Keeps what boards and clocks need of all legs: for a store that had no place for it."""
    for leg in legs:
        put_open(c, leg)


def open_legs(c: Connection) -> list[OpenLeg]:
    """Returns every leg that is not over, in no order."""
    return list(map(OpenLeg._make, Driver(c).exec_driver_sql(_OPEN)))


def legs_near(c: Connection, now: int, percent: int) -> list[OpenLeg]:
    """Returns the open legs of which some limit can be as near as that by now.

    Args:
        c: to look with.
        now: Unix milliseconds UTC.
        percent: how much of the time since the case was opened must have gone by. A limit's own time began then or
            later, so none is left out of which that much of its own time has gone.
    """
    found = Driver(c).exec_driver_sql(_NEAR, (now, percent, now, percent, now, percent))
    return [OpenLeg._make(row) for row in found]


def provisional(c: Connection, originator: str) -> list[OpenLeg]:
    """Returns the open legs of a desk that one person opened and no second one has confirmed, the next to end first."""
    found = Driver(c).exec_driver_sql(_PROVISIONAL, (int(Standing.PROVISIONAL), originator))
    return [OpenLeg._make(row) for row in found]


def flash_cases(c: Connection) -> set[bytes]:
    """Returns the cases with a FLASH message."""
    return {bytes(row[0]) for row in Driver(c).exec_driver_sql(_FLASH_CASES)}


def unopened_flash(c: Connection) -> list[bytes]:
    """Returns the FLASH messages that came to this desk and that no person has opened, the longest waiting first."""
    return [bytes(row[0]) for row in Driver(c).exec_driver_sql(_UNOPENED)]


def unseen_flash(c: Connection) -> list[tuple[bytes, bytes, str, str]]:
    """Returns own FLASH messages that no person there has opened: (hash, case, desk, status)."""
    return [(bytes(h), bytes(case), desk, status) for h, case, desk, status in Driver(c).exec_driver_sql(_UNSEEN)]


def cases_from(c: Connection, prefix: str) -> list[bytes]:
    """Returns the cases whose id begins so, two at most.

    Args:
        c: to look with.
        prefix: lower-case hexadecimal digits.
    """
    low, high = bytes.fromhex(prefix.ljust(32, "0")), bytes.fromhex(prefix.ljust(32, "f"))
    return [bytes(row[0]) for row in Driver(c).exec_driver_sql(_CASES_FROM, (low, high))]


def awaited(c: Connection) -> frozenset[bytes]:
    """Returns the hash of every message whose answer is still awaited, whoever owes it."""
    return frozenset(bytes(row[0]) for row in Driver(c).exec_driver_sql(_AWAITED))


def families(c: Connection) -> dict[bytes, Family]:
    """Returns the family of every case, by its id."""
    return {bytes(case_id): Family(family) for case_id, family in Driver(c).exec_driver_sql(_FAMILIES)}


def created_of(c: Connection, message_hash: bytes) -> int | None:
    """Returns when a message was sealed, Unix milliseconds UTC, or None where it is not here."""
    row = Driver(c).exec_driver_sql(_CREATED, (message_hash,)).fetchone()
    return None if row is None else int(row[0])


def envelopes_of(c: Connection, case_id: bytes) -> list[bytes]:
    """Returns the envelopes of a case, serialised, without those that are not kept."""
    return [bytes(row[0]) for row in Driver(c).exec_driver_sql(_ENVELOPES_OF_CASE, (case_id,)) if row[0]]


def percent_told(c: Connection, told: Told) -> int:
    """Returns up to which percent a member was reminded of a limit, 0 where not yet."""
    row = Driver(c).exec_driver_sql(_TOLD, tuple(told)[:6]).fetchone()
    return 0 if row is None else int(row[0])


def tell(c: Connection, told: Told) -> None:
    """Remembers that a member was reminded."""
    Driver(c).exec_driver_sql(_TELL, tuple(told))


def forget_told(c: Connection, member: str) -> None:
    """Forgets what a member was told of legs that are over."""
    Driver(c).exec_driver_sql(_FORGET, (member,))


def said(c: Connection) -> list[SaidRow]:
    """Returns who said what in every case, in the order of the log."""
    return [SaidRow._make(row) for row in Driver(c).exec_driver_sql(_SAID)]


def clock_events(c: Connection, kind: int) -> list[tuple[bytes, bool]]:
    """Returns of every event of a kind that was found true its case, and whether the message it is about was ours."""
    return [(bytes(case_id), bool(own)) for case_id, own in Driver(c).exec_driver_sql(_CLOCKS, (kind,))]
