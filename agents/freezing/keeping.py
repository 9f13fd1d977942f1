"""What a freeze that goes on rests on is not destroyed, whoever recalls it: without it nothing adds up any more.

One person recalls and one person answers, while a hold takes two people and a call to be ended. So as long as a freeze
is executed or in force, a recall of what counts is answered by QUARANTINED or CANNOT_COMPLY; by DESTROYED once it is
over, here and where this desk passed it on to. What changes a request stays from the beginning; the request itself may
go before it is executed, for nobody can go on with a case whose request cannot be read.

Never does: destroy; end a freeze.
"""

from __future__ import annotations

from typing import Final

from comity.freezes import may_destroy
from comity.v1 import payload_pb2 as pb
from comity.workflow.families import table_of
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Verb
from comity.workflow.timers import settle
from sqlalchemy import Connection

from agents import mailstore
from agents.assisting.earlier import serves
from agents.contents import Said
from agents.errors import ContentRefusedError
from agents.freezing.standing import ASKS, COUNTS
from agents.mailstore import Message
from agents.onward import rows
from agents.onward.recalled import recalled_by

_GOES_ON: Final = frozenset(table_of(Family.FREEZE).ends)
"""Where a freeze is not over."""


def must_stay(c: Connection, message: Message, desk: str, now: int) -> bool:
    """Returns whether a freeze at a desk rests on a message, also one that it passed the message on for.

    Args:
        c: to look with.
        message: any that is kept.
        desk: who would destroy it: legs of other desks count for nothing.
        now: the leaf's time, Unix milliseconds UTC.
    """
    if _held_up(c, message, desk, now):
        return True
    # What a desk passed on rests on the original: its own FORWARD says what is held by that alone.
    passed_on = [mailstore.message(c, row.forward_hash) for row in rows.forwards_of(c, message.message_hash)]
    return any(_held_up(c, forward, desk, now) for forward in passed_on if forward is not None)


def _held_up(c: Connection, message: Message, desk: str, now: int) -> bool:
    """Returns whether a freeze of a message's own case rests on it."""
    return any(
        leg.family is Family.FREEZE
        and desk in (leg.originator, leg.recipient)
        and _rests_on(message, settle(leg, now).leg)
        and serves(c, message, leg)
        for leg in mailstore.legs(c, message.case_id)
    )


def _rests_on(message: Message, leg: Leg) -> bool:
    changes = message.verb in COUNTS | ASKS and message.message_hash != leg.opening
    return (changes and leg.state in _GOES_ON) or not may_destroy(leg.state, message.verb)


def judge_destruction(c: Connection, said: Said) -> None:
    """Holds the answer to a recall against the rule above.

    Raises:
        ContentRefusedError: STILL_IN_FORCE.
    """
    if said.header.verb is not Verb.ANSWER_RECALL:
        return
    recall, desk = mailstore.message(c, said.header.about), said.header.sender
    if recall is None or said.payload.answer_recall.kind != pb.RECALL_ANSWER_KIND_DESTROYED:
        return
    if any(must_stay(c, message, desk, said.now) for message in recalled_by(c, recall, desk)):
        raise ContentRefusedError(
            "STILL_IN_FORCE", "answer_recall.kind", "destroys what a freeze that goes on rests on: quarantine it"
        )
