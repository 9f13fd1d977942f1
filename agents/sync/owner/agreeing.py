"""Agreeing: whether the hub's log has a list as this home has it, shown by the log and not by the hub's word.

A list halts on a refusal that nobody has signed. So one envelope of it goes to the hub again: to one subscriber after
another, until the hub takes it for one. Every envelope bears a copy for this desk: once the feed has come to that one's
own place, nothing that this desk was ever delivered before it is left out, or its running number would show the gap.
All that the log has of the list up to there was compared then.

Never does: let a list go on; send more than one envelope to a subscriber; keep one on its way that was not on it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from comity.names import agency_of
from comity.receipts import EventKind, parse_event, parse_receipt
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.sync.owner import lists, outbox
from agents.sync.owner.fanout import Fanout
from agents.sync.owner.sealing import Sealer
from agents.sync.owner.store import OwnerStore

_GAPS: Final = (
    "SELECT 1 FROM alarms JOIN events e ON subject = 'gap after ' || e.number WHERE alarms.kind = ? AND ? <= coalesce("
    "(SELECT after.log_index FROM events after WHERE after.number > e.number ORDER BY after.number LIMIT 1), ?) LIMIT 1"
)
"""A gap's subject names the delivery before it, and what is left out may be all that lies up to the one after it; one
that somebody dismissed is a gap still."""
_UNKNOWN: Final = (
    "SELECT log_index FROM events e WHERE log_index >= ? AND (kind = ? OR message_hash = x'')"
    " AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.message_hash = e.message_hash)"
)
"""What was submitted, or is said to be erased, and is not here: of a debt that ended nobody has seen the message."""
_RECEIPT: Final = "SELECT receipt, time FROM events WHERE log_index = ?"


async def place_taken(store: OwnerStore, client: Client, fanout: Fanout, number: int) -> int | None:
    """Sends one envelope of a list that has halted, and reads the feed. Returns its proved place in the log.

    A subscriber whose desk has no live key, or with whose agency an agreement has ended, keeps nobody else waiting.

    Args:
        store: of the home.
        client: of a member who may publish for the desk.
        fanout: of the home.
        number: of the list.

    Returns:
        None where nobody follows the list, or the hub took it for nobody.

    Raises:
        RefusedError: WRONG_ROLE: this member may not send it; or the hub does not answer.
        VerificationError: the receipt does not verify.
    """
    Sealer(client)  # whoever may not publish learns that, not that the hub refused
    with store.read() as c:
        cases = [found.case_id for found in outbox.active(c, number)]
    for case_id in cases:
        if (message_hash := await _taken(store, fanout, number, case_id)) is None:
            continue
        await client.sync()
        with client.store.begin(lasting=False) as mail:
            message = mailstore.message(mail, message_hash)
            place = -1 if message is None else message.log_index
            return place if 0 <= place < mailstore.cursor(mail).next_index else None
    return None


def is_withheld(c: Connection, client: Client, start: int) -> bool:
    """Returns whether the hub withholds something of this desk's feed that may be a batch of its own.

    Args:
        c: to the mailbox.
        client: of the home.
        start: place in the log from which on a delivery that was left out counts.
    """
    for debt in mailstore.debts(c):
        known = debt.message_hash and mailstore.message(c, debt.message_hash) is not None
        if not known and not _is_anothers(c, client, debt.log_index):
            return True
    unknown = c.exec_driver_sql(_UNKNOWN, (start, int(EventKind.SUBMITTED))).all()
    if not all(_is_anothers(c, client, place) for (place,) in unknown):
        return True
    gaps = c.exec_driver_sql(_GAPS, (AlarmKind.DELIVERY_GAP.value, start, start)).first()
    return gaps is not None


def _is_anothers(c: Connection, client: Client, place: int) -> bool:
    row = c.exec_driver_sql(_RECEIPT, (place,)).first()
    event = b"" if row is None else parse_receipt(row[0]).event
    if row is None or not event:
        return False  # the hub says that it was erased: nobody knows whose it was
    records = [client.directory().member_key(kid, row[1]) for kid in parse_event(event).kids]
    return bool(records) and all(record is not None and agency_of(record.member) != client.agency for record in records)


async def _taken(store: OwnerStore, fanout: Fanout, number: int, case_id: bytes) -> bytes | None:
    """Sends a subscriber one envelope. Returns its message hash, None where the hub did not take it.

    What was on its way stays so; what was put there to be tried does not.
    """
    with store.write() as c:
        trial, own = _trial(c, number, case_id)
    if trial is None:
        return None
    logged = b""
    try:
        await fanout.pump(only=trial)
    finally:
        with store.write() as c:
            out = outbox.present(c, trial)
            if out is not None and out.logged:
                logged = out.message_hash
            elif out is not None and own:
                outbox.drop(c, out)
    return logged or None


def _trial(c: sqlite3.Connection, number: int, case_id: bytes) -> tuple[int | None, bool]:
    """Returns the envelope to be sent: the first on its way to a subscriber, else the newest batch once more.

    Returns:
        Its number, None where nothing was ever published; and whether it was put on its way for this alone.
    """
    waiting = outbox.first_unsent(c, case_id)
    if waiting is not None:
        outbox.sealed(c, [(waiting.number, b"", b"")])  # a release before made it without the copy
        return waiting.number, False
    row = lists.by_number(c, number)
    return (outbox.add(c, number, case_id, Verb.PUBLISH, row.sequence), True) if row.sequence else (None, False)
