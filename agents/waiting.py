"""What is waited for: messages that nobody has stored, urgent ones that no person has seen, a head that grows old.

Computed anew each time from what is proved, so that an alarm ends by itself when the proof comes.

Never does: trust that silence means success.
"""

from __future__ import annotations

from typing import Final

from comity.workflow.terms import Precedence

from agents import mailstore as rows
from agents.alarms import Alarm, AlarmKind, alarm_id
from agents.mailstore import Message
from agents.records import PUBLISHED, MessageStatus
from agents.store import Store
from agents.trust import HEAD_MAX_AGE_MS, Clock, Trust

STORED_WITHIN_MS: Final = {
    Precedence.ROUTINE: 5 * 60_000,
    Precedence.URGENT: 60_000,
    Precedence.FLASH: 60_000,
}
"""How long a recipient's machine may take before the sender is told."""


def waiting_alarms(store: Store, trust: Trust, clock: Clock) -> list[Alarm]:
    """Returns what stands out now."""
    now, found = clock(), list[Alarm]()
    with store.begin() as c:
        sent = sorted(rows.unproved(c), key=lambda one: (one[0].log_index, one[1]))
    for message, desk, status in sent:
        if message.verb in PUBLISHED:
            continue  # the list's owner sees by the subscription how far each subscriber has come
        kind = _missing(message, status, now)
        if kind is not None:
            found.append(_alarm(kind, f"{message.message_hash.hex()} {desk}", message.leaf_time))
    if trust.head is not None and now - trust.head.time > HEAD_MAX_AGE_MS:
        found.append(_alarm(AlarmKind.HEAD_STALE, "head", trust.head.time))
    return found


def _missing(message: Message, status: MessageStatus, now: int) -> AlarmKind | None:
    if status is MessageStatus.SUBMITTED and now - message.leaf_time > STORED_WITHIN_MS[message.precedence]:
        return AlarmKind.NOT_STORED
    unseen = message.precedence is Precedence.FLASH and status is MessageStatus.DELIVERED
    if unseen and now - message.leaf_time > STORED_WITHIN_MS[Precedence.FLASH]:
        return AlarmKind.NOT_OPENED
    return None


def _alarm(kind: AlarmKind, subject: str, since: int) -> Alarm:
    return Alarm(alarm_id(kind, subject), kind, subject, since)
