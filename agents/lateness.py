"""What a message that is read late still does.

A message that goes on with a case has moved it by its place in the log, at the hub and at its sender, whenever its
recipient reads it. So its lateness is judged there and nowhere else, and what is here and verified counts. What opens
a case, and what is published again and again, does not: a case that was not stored in time is over, and the next batch
brings what this one had.

Never does: judge content; decide what may be delivered (the hub does, by `deliver_by`).
"""

from __future__ import annotations

from comity.envelope import Header
from comity.workflow.families import table_of
from comity.workflow.terms import Family
from sqlalchemy import Connection

from agents.alarms import AlarmKind, raise_alarm
from agents.boardstore import open_legs
from agents.cases import opens_case
from agents.records import PUBLISHED


def counts_late(header: Header) -> bool:
    """Returns whether a message counts whenever it is read, by its place in the log alone.

    Args:
        header: of a verified message.
    """
    return not opens_case(header.family, header.verb) and header.verb not in PUBLISHED


def raise_unread(c: Connection, header: Header, message_hash: bytes, now: int) -> None:
    """Raises the alarm, at either side, where what goes on with a freeze was not read by its recipient.

    Args:
        c: of the transaction that takes the word of it.
        header: of the message.
        message_hash: its hash.
        now: Unix milliseconds UTC.
    """
    if counts_late(header) and table_of(header.family).holds:
        raise_alarm(c, AlarmKind.UNREAD, message_hash.hex(), now)


def raise_unread_anywhere(c: Connection, at: int, now: int) -> None:
    """Raises the alarm of every freeze that goes on here: something was erased unread, and nothing says of which case.

    Args:
        c: of the transaction that takes the word of it.
        at: when it was logged, Unix milliseconds UTC: no freeze that was opened later is meant.
        now: Unix milliseconds UTC.
    """
    for leg in open_legs(c):
        if leg.opened <= at and table_of(Family(leg.family)).holds:
            raise_alarm(c, AlarmKind.UNREAD, leg.case_id.hex(), now)
