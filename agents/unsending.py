"""What went to a thief of a replaced hub key goes out again: the log that he showed it in is none.

What this desk said or acknowledged to him looks logged here, or refused, and nobody else has it. Once that log is
forgotten (`agents/forgetting.py`) its receipts go, and it is on its way as before: the hub that has it all the same
gives the first receipt again. Of a refusal there is no receipt, so that nobody can tell his from the hub's: what was
ever refused is said once more, and the hub refuses it again.

Never does: send (`agents/acks.py`, `agents/outgoing.py`, `agents/sync/owner/fanout.py`).
"""

from __future__ import annotations

from comity.receipts import AckState, parse_receipt
from sqlalchemy import Connection, select, update

from agents import mailstore as rows
from agents import schema as s
from agents.cases import stored
from agents.records import MessageStatus, Standing


def take_back(c: Connection, size: int) -> None:
    """Has everything go out again whose receipt is of a place beyond a size of the exchange log.

    What the other side has signed for it has, whatever log that came by: it stays delivered.

    Args:
        c: of the transaction that forgets the log.
        size: of the exchange log, as far as it stands.
    """
    m, st, a = s.messages.c, s.statuses.c, s.acks.c
    beyond = select(m.message_hash).where(m.outgoing, m.log_index >= size)
    back = st.message_hash.in_(beyond) & (st.status == MessageStatus.SUBMITTED.value)
    c.execute(update(s.statuses).where(back).values(status=MessageStatus.PENDING.value))
    c.execute(update(s.messages).where(m.outgoing, m.log_index >= size).values(log_index=-1, leaf_time=0, receipt=b""))
    settled = select(a.message_hash, a.desk, a.state, a.receipt).where(a.own, a.settled)
    for message_hash, desk, state, receipt in c.execute(settled).all():
        if not receipt or parse_receipt(receipt).index >= size:
            one = (a.message_hash == message_hash) & (a.desk == desk) & (a.state == state)
            c.execute(update(s.acks).where(one).values(settled=False, receipt=b""))
            if not receipt and state == AckState.STORED:
                _stands(c, message_hash)


def _stands(c: Connection, message_hash: bytes) -> None:
    """Has a case that a message opens stand as before the hub, or the thief, took no acknowledgement of it."""
    message = rows.message(c, message_hash)
    if message is not None and message.standing is Standing.GOOD:
        for leg in rows.legs(c, message.case_id):
            rows.put_leg(c, stored(leg, message_hash))
