"""The feed read anew, where a log was forgotten that the hub does not have: what had its effect has it once.

Whoever has a replaced key of the hub can put true items far up a log of his own. Once that log is forgotten
(`agents/forgetting.py`) this desk stands in its feed where the true one goes on. What it had read beyond is put aside,
with an index below 0, until the item comes again at its true place: that is written, and nothing else happens. What was
refused there is judged anew: the thief can make true mail come late, or out of turn. What went to the thief goes out
again (`agents/unsending.py`).

Never does: forget mail that had its effect, or what an item did; verify.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from comity.receipts import AckState, EventKind, Receipt, encode_receipt, parse_event, parse_receipt
from comity.workflow.terms import Verb
from sqlalchemy import Connection, Row, delete, select, update

from agents import mailstore as rows
from agents import schema as s
from agents.driver import Driver
from agents.mailstore import Cursor, EventRow
from agents.records import MessageStatus, Standing
from agents.truststore import get_meta, put_meta
from agents.unsending import take_back

_ASIDE: Final = "SELECT 1 FROM events WHERE log_index < 0 LIMIT 1"
_MOVE: Final = "UPDATE events SET log_index = ? WHERE log_index = ?"
_MOVE_MAIL: Final = (
    "UPDATE messages SET log_index = ? WHERE log_index = ? AND NOT outgoing"
    " AND message_hash = (SELECT message_hash FROM events WHERE log_index = ? AND kind = ?)"
)
_WENT_BACK: Final = "went_back"
"""A place for each time, in order."""
_SUBMITTED: Final = int(EventKind.SUBMITTED)
_REFUSED: Final = frozenset({Standing.QUARANTINED, Standing.EXPIRED})


def go_back(c: Connection, size: int) -> None:
    """Stands behind the last item of the feed before a size of the exchange log; what stands beyond is put aside.

    What had no effect goes: what was owed or erased, and what nobody believed.
    """
    take_back(c, size)
    if rows.cursor(c).next_index <= size:
        return
    e = s.events.c
    _judge_anew(c, size)
    owed = select(s.debts.c.log_index)
    nothing = e.log_index.in_(owed) | (e.message_hash == b"") | ~e.believed
    c.execute(delete(s.events).where(e.log_index >= size, nothing))
    for table in (s.debts, s.tries):
        c.execute(delete(table).where(table.c.log_index >= size))
    _put_aside(c, size)
    last = c.execute(
        select(e.log_index, e.number, e.time).where(e.log_index >= 0).order_by(e.log_index.desc()).limit(1)
    ).first()
    stands = Cursor() if last is None else Cursor(last.log_index + 1, last.number, last.time)
    rows.set_cursor(c, stands)
    put_meta(c, _WENT_BACK, json.dumps([*_places(c), stands.next_index - 1]).encode())


def went_back(c: Connection, seen: int) -> tuple[int, int]:
    """Returns how often this desk went back, and behind which place in the log it stood at the furthest.

    Whoever keeps a place of his own in this mailbox goes back there. He may have missed several times, and what was
    read anew after one of them is not what another has put aside: the least place since then is his.

    Args:
        c: to look with.
        seen: for how many times he has gone back.

    Returns:
        (times, place); the place is -1 where there was none since.
    """
    places = _places(c)
    return len(places), min(places[seen:], default=-1)


def is_read_anew(c: Connection) -> bool:
    """Returns whether something is aside that may come again."""
    return Driver(c).exec_driver_sql(_ASIDE).fetchone() is not None


def comes_again(  # noqa: PLR0917 # one item, as it is verified
    c: Connection, number: int, receipt: Receipt, message_hash: bytes, time: int, salt: bytes
) -> bool:
    """Takes an item that had its effect out of what is aside, and has it stand at its true place.

    A message had its effect whichever event has brought it: the thief can put one into an event of his own.

    Args:
        c: of the item's one transaction.
        number: of the delivery.
        receipt: of the item, verified.
        message_hash: which its event is about; empty where the hub has erased it.
        time: of the leaf, Unix milliseconds UTC.
        salt: opens this desk's entry in the event; empty where the hub has erased it.

    Returns:
        Whether it had its effect; else nothing was done.
    """
    e, a = s.events.c, s.acks.c
    about = (e.message_hash == message_hash) if message_hash else (e.number == number)
    found = [(row, parse_receipt(row.receipt)) for row in c.execute(select(s.events).where(e.log_index < 0, about))]
    submitted = bool(receipt.event) and parse_event(receipt.event).kind is EventKind.SUBMITTED
    again = [
        (row, kept)
        for row, kept in found
        if (submitted and row.kind == _SUBMITTED) or _same(row, kept, number, receipt)
    ]
    for row, kept in again:
        # Of what was erased meanwhile the event is kept here: its receipt stays whole.
        whole = receipt if receipt.event else replace(receipt, event=kept.event, salt=kept.salt)
        data, about_it = encode_receipt(whole), row.message_hash
        c.execute(delete(s.events).where(e.log_index == row.log_index))
        c.execute(update(s.acks).where(a.message_hash == about_it, a.receipt == row.receipt).values(receipt=data))
        if row.kind == _SUBMITTED:
            rows.update_message(c, about_it, log_index=receipt.index, leaf_time=time, receipt=data)
            for desk, status in rows.statuses(c, about_it).items():
                if status is MessageStatus.PENDING:
                    rows.set_status(c, about_it, desk, MessageStatus.SUBMITTED)
        kind, believed = EventKind(row.kind), bool(row.believed)
        own = salt or row.salt
        rows.put_event(c, EventRow(receipt.index, number, own, kind, about_it, row.desk, time, data, believed))
    if again and rows.cursor(c).next_index <= receipt.index:
        rows.set_cursor(c, Cursor(receipt.index + 1, number, time))
    return bool(again)


def _same(row: Row[Any], kept: Receipt, number: int, receipt: Receipt) -> bool:
    same = kept.leaf == receipt.leaf or (bool(receipt.event) and kept.event == receipt.event)
    return same and int(row.number) == number


def _places(c: Connection) -> list[int]:
    """Returns behind which place this desk stood each time that it went back, in order."""
    found = get_meta(c, _WENT_BACK)
    return [int(place) for place in json.loads(found)] if found else []


def _put_aside(c: Connection, size: int) -> None:
    """Gives what stands beyond a size an index below 0: the next ones that are free, however far up it stood.

    Received mail has its event's: whoever goes through the mailbox by place does not meet it before it comes again.
    """
    e, run = s.events.c, Driver(c)
    lowest = min(0, c.execute(select(e.log_index).order_by(e.log_index).limit(1)).scalar() or 0)
    beyond = list(c.execute(select(e.log_index).where(e.log_index >= size).order_by(e.log_index)).scalars())
    for at, index in enumerate(beyond, 1):
        run.exec_driver_sql(_MOVE_MAIL, (lowest - at, index, index, _SUBMITTED))
        run.exec_driver_sql(_MOVE, (lowest - at, index))


def _judge_anew(c: Connection, size: int) -> None:
    """Forgets that incoming mail beyond a size was refused here: its event, its row and what was said of it.

    Not where its refusal stands in the log that is left, nor where it has moved a case on that stood already: it would
    move it twice. The case that it opened, and in which nothing has happened since, goes with it.
    """
    e, a = s.events.c, s.acks.c
    refused = select(a.message_hash).where(a.own, ~a.settled, a.state == int(AckState.REFUSED))
    beyond = select(e.log_index, e.message_hash).where(e.log_index >= size, e.kind == _SUBMITTED)
    for index, message_hash in c.execute(beyond.where(e.message_hash.in_(refused))).all():
        message = rows.message(c, message_hash)
        if message is not None:
            kept = message.standing not in _REFUSED or message.log_index < size
            if kept or message.verb is Verb.FORWARD:  # of which more is kept, whatever its standing
                continue
            moved = [leg for leg in rows.legs(c, message.case_id) if message_hash in (leg.opening, leg.previous)]
            if any((leg.opening, leg.previous) != (message_hash, message_hash) for leg in moved):
                continue
            for leg in moved:
                for table in (s.legs, s.open_legs):
                    one = (table.c.originator, table.c.case_id, table.c.recipient)
                    c.execute(
                        delete(table).where(*(column == value for column, value in zip(one, leg.key, strict=True)))
                    )
            c.execute(delete(s.messages).where(s.messages.c.message_hash == message_hash))
        c.execute(delete(s.acks).where(a.message_hash == message_hash, a.own, a.state == int(AckState.REFUSED)))
        c.execute(delete(s.events).where(e.log_index == index))
