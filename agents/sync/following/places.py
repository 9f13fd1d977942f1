"""Where watchlist mail lies in the mailbox: by its place in the log, so that it is taken in the log's order.

Messages of this desk have their place too, once the log has shown them. What lies before the feed's own cursor is
complete, but for debts, and those come late: an offer is looked for again, a batch is asked for again.

Never does: open a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore, rereading
from agents.records import Standing
from agents.store import Store

PORTION: Final = 256
"""Messages that are looked at in one query."""
_AFTER: Final = """SELECT log_index, message_hash, verb, outgoing, sender, case_id, leaf_time, standing FROM messages
    WHERE log_index > ? AND log_index < ? AND log_index >= 0 ORDER BY log_index LIMIT ?"""
_OFFERS: Final = """SELECT log_index, message_hash, verb, outgoing, sender, case_id, leaf_time, standing FROM messages
    WHERE verb = ? AND log_index >= 0 AND NOT outgoing ORDER BY log_index"""
_AT: Final = """SELECT log_index, message_hash, verb, outgoing, sender, case_id, leaf_time, standing FROM messages
    WHERE log_index = ? AND NOT outgoing"""
_OF_CASE: Final = """SELECT log_index, message_hash, verb, outgoing, sender, case_id, leaf_time, standing FROM messages
    WHERE case_id = ? AND log_index > ? AND log_index <= ? ORDER BY log_index LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Place:
    """A message and its place."""

    log_index: int
    message_hash: bytes
    verb: int
    outgoing: bool
    sender: str
    case_id: bytes
    leaf_time: int
    """Unix milliseconds UTC."""
    good: bool
    """Whether it was stored as live mail."""


def after(store: Store, log_index: int, limit: int = PORTION) -> list[Place]:
    """Returns mail behind a place and before the feed's cursor, in the order of the log."""
    with store.begin(lasting=False) as c:
        rows = c.exec_driver_sql(_AFTER, (log_index, mailstore.cursor(c).next_index, limit))
        return [_place(row) for row in rows]


def went_back(store: Store, seen: int) -> tuple[int, int]:
    """Returns how often the mailbox went back in the log, and how far since `seen` times (`agents/rereading.py`)."""
    with store.begin(lasting=False) as c:
        return rereading.went_back(c, seen)


def at(store: Store, log_index: int) -> Place | None:
    """Returns received mail by its place, or None where it is here no more."""
    with store.begin(lasting=False) as c:
        row = c.exec_driver_sql(_AT, (log_index,)).first()
        return None if row is None else _place(row)


def of_case(store: Store, case_id: bytes, log_index: int, last: int, limit: int = PORTION) -> list[Place]:
    """Returns mail of one case behind a place and up to another, in the order of the log."""
    with store.begin(lasting=False) as c:
        return [_place(row) for row in c.exec_driver_sql(_OF_CASE, (case_id, log_index, last, limit))]


def newest(store: Store) -> int:
    """Returns the place of the last item that the feed has brought; -1 for none."""
    with store.begin(lasting=False) as c:
        return mailstore.cursor(c).next_index - 1


def offers(store: Store) -> list[Place]:
    """Returns every offer that was ever received, in the order of the log."""
    with store.begin(lasting=False) as c:
        return [_place(row) for row in c.exec_driver_sql(_OFFERS, (int(Verb.OFFER),))]


def opening_of(c: Connection, case_id: bytes) -> bytes:
    """Returns the message that opened a case, empty where that is not known."""
    return next((leg.opening for leg in mailstore.legs(c, case_id)), b"")


def _place(row: Sequence[Any]) -> Place:
    log_index, message_hash, verb, outgoing, sender, case_id, leaf_time, standing = row
    good = standing == Standing.GOOD.value
    return Place(log_index, message_hash, verb, bool(outgoing), sender, case_id, leaf_time, good)
