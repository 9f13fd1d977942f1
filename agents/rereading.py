"""The feed read anew, where a log was forgotten that the hub does not have: what had its effect has it once.

Whoever has a replaced key of the hub can put true items far up a log of his own. Once that log is forgotten
(`agents/forgetting.py`) this desk stands in its feed where the true one goes on. What it had read beyond is put aside,
with an index below 0, until the item comes again at its true place: that is written, and nothing else happens.

Never does: forget mail, or what an item did; verify.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from comity.receipts import EventKind, Receipt, encode_receipt, parse_receipt
from sqlalchemy import Connection, delete, select, update

from agents import mailstore as rows
from agents import schema as s
from agents.driver import Driver
from agents.mailstore import Cursor, EventRow
from agents.truststore import get_meta, put_meta

_ASIDE: Final = "SELECT 1 FROM events WHERE log_index < 0 LIMIT 1"
_WENT_BACK: Final = "went_back"
_SUBMITTED: Final = int(EventKind.SUBMITTED)


def go_back(c: Connection, size: int) -> None:
    """Stands behind the last item of the feed before a size of the exchange log; what stands beyond is put aside.

    What had no effect goes: what was owed or erased, and what nobody believed.
    """
    if rows.cursor(c).next_index <= size:
        return
    e = s.events.c
    owed = select(s.debts.c.log_index)
    nothing = e.log_index.in_(owed) | (e.message_hash == b"") | (~e.believed & (e.kind != _SUBMITTED))
    c.execute(delete(s.events).where(e.log_index >= size, nothing))
    for table in (s.debts, s.tries):
        c.execute(delete(table).where(table.c.log_index >= size))
    lowest = min(0, c.execute(select(e.log_index).order_by(e.log_index).limit(1)).scalar() or 0)
    c.execute(update(s.events).where(e.log_index >= size).values(log_index=lowest - 1 - e.log_index))
    last = c.execute(
        select(e.log_index, e.number, e.time).where(e.log_index >= 0).order_by(e.log_index.desc()).limit(1)
    ).first()
    stands = Cursor() if last is None else Cursor(last.log_index + 1, last.number, last.time)
    rows.set_cursor(c, stands)
    put_meta(c, _WENT_BACK, json.dumps([went_back(c)[0] + 1, stands.next_index - 1]).encode())


def went_back(c: Connection) -> tuple[int, int]:
    """Returns how often this desk went back, and behind which place in the log the last time; (0, -1) if never.

    Whoever keeps a place of his own in this mailbox goes back there once for each time.
    """
    found = get_meta(c, _WENT_BACK)
    times, place = json.loads(found) if found else (0, -1)
    return times, place


def is_read_anew(c: Connection) -> bool:
    """Returns whether something is aside that may come again."""
    return Driver(c).exec_driver_sql(_ASIDE).fetchone() is not None


def comes_again(c: Connection, number: int, receipt: Receipt, message_hash: bytes, time: int) -> bool:
    """Takes an item that had its effect out of what is aside, and has it stand at its true place.

    Args:
        c: of the item's one transaction.
        number: of the delivery.
        receipt: of the item, verified.
        message_hash: which its event is about; empty where the hub has erased it.
        time: of the leaf, Unix milliseconds UTC.

    Returns:
        Whether it had its effect; else nothing was done.
    """
    e, a = s.events.c, s.acks.c
    about = (e.message_hash == message_hash) if message_hash else (e.number == number)
    found = [(row, parse_receipt(row.receipt)) for row in c.execute(select(s.events).where(e.log_index < 0, about))]
    again = [(row, kept) for row, kept in found if row.number == number and _same(kept, receipt)]
    for row, kept in again:
        # Of what was erased meanwhile the event is kept here: its receipt stays whole.
        whole = receipt if receipt.event else replace(receipt, event=kept.event, salt=kept.salt)
        data, about_it = encode_receipt(whole), row.message_hash
        c.execute(delete(s.events).where(e.log_index == row.log_index))
        c.execute(update(s.acks).where(a.message_hash == about_it, a.receipt == row.receipt).values(receipt=data))
        if row.kind == _SUBMITTED:
            rows.update_message(c, about_it, log_index=receipt.index, leaf_time=time, receipt=data)
        kind, believed = EventKind(row.kind), bool(row.believed)
        rows.put_event(c, EventRow(receipt.index, number, row.salt, kind, about_it, row.desk, time, data, believed))
    if again and rows.cursor(c).next_index <= receipt.index:
        rows.set_cursor(c, Cursor(receipt.index + 1, number, time))
    return bool(again)


def _same(kept: Receipt, receipt: Receipt) -> bool:
    return kept.leaf == receipt.leaf or (bool(receipt.event) and kept.event == receipt.event)
