"""What was said before on a leg, as far as this home keeps it and it counts.

Never does: judge; say OPENED to anybody.
"""

from __future__ import annotations

from collections.abc import Collection

from comity.workflow.legs import Leg
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.cases import header_of
from agents.mailstore import Message
from agents.records import Standing

_COUNTED: frozenset[Standing] = frozenset({Standing.GOOD, Standing.RECALLED, Standing.DESTROYED})
"""What broke no rule when it came; a recall afterwards does not make it unsaid."""


def earlier(c: Connection, leg: Leg, verbs: Collection[Verb], before: int | None = None) -> list[Message]:
    """Returns what was said on a leg with some verbs, in the order of the log and without its bytes.

    Args:
        c: to look with.
        leg: the leg; of a case with several desks what serves another one is left out.
        verbs: which.
        before: a place in the log; None for all that is logged.
    """
    return [
        message
        for message in rows.messages_of_case(c, leg.case_id)
        if message.verb in verbs
        and message.standing in _COUNTED
        and message.log_index >= 0
        and (before is None or message.log_index < before)
        and serves(c, message, leg)
    ]


def serves(c: Connection, message: Message, leg: Leg) -> bool:
    """Returns whether a message of a leg's case was said on that leg, and not on another one of the case."""
    if message.sender not in (leg.originator, leg.recipient):
        return False
    if not message.outgoing:
        return True
    whole = rows.message(c, message.message_hash)
    if whole is None or not whole.envelope:
        return False
    return bool({leg.originator, leg.recipient} & set(header_of(whole).counterparts))
