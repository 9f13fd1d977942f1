"""What is waited for: messages that nobody has stored, urgent ones that no person has seen, a head that grows old.

Computed anew each time from what is proved, so that an alarm ends by itself when the proof comes.

Never does: trust that silence means success.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from comity.workflow.terms import Precedence

from agents import mailstore as rows
from agents.alarms import Alarm, AlarmKind, alarm_id
from agents.boardstore import unopened_flash
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


def waiting_alarms(store: Store, trust: Trust, desk_of_home: str, clock: Clock) -> list[Alarm]:
    """Returns what stands out now, with whom to call."""
    now, found = clock(), list[Alarm]()
    with store.begin() as c:
        sent = sorted(rows.unproved(c), key=lambda one: (one[0].log_index, one[1]))
        unopened = [rows.message(c, message_hash) for message_hash in unopened_flash(c)]
    for message, desk, status in sent:
        if message.verb in PUBLISHED:
            continue  # the list's owner sees by the subscription how far each subscriber has come
        contact = trust.view().contact(desk)
        telephone = "" if contact is None else contact.telephone
        subject = f"{message.message_hash.hex()} {desk}"
        for kind, since in _missing(message, status, now):
            found.append(_alarm(kind, subject, since, telephone))
    for waits in unopened:
        if waits is not None and 0 < waits.respond_by < now:
            subject = f"{waits.message_hash.hex()} {desk_of_home}"
            found.append(_alarm(AlarmKind.NOBODY_THERE, subject, waits.respond_by))
    if trust.head is not None and now - trust.head.time > HEAD_MAX_AGE_MS:
        found.append(_alarm(AlarmKind.HEAD_STALE, "head", trust.head.time))
    return found


def _missing(message: Message, status: MessageStatus, now: int) -> Iterator[tuple[AlarmKind, int]]:
    """Yields what a message lacks at a desk, and since when."""
    late = now - message.leaf_time > STORED_WITHIN_MS[message.precedence]
    if status is MessageStatus.SUBMITTED and late:
        yield AlarmKind.NOT_STORED, message.leaf_time
    if message.precedence is not Precedence.FLASH:
        return
    if status is MessageStatus.DELIVERED and late:
        yield AlarmKind.NOT_OPENED, message.leaf_time
    if 0 < message.respond_by < now:
        yield AlarmKind.NOBODY_THERE, message.respond_by


def _alarm(kind: AlarmKind, subject: str, since: int, telephone: str = "") -> Alarm:
    return Alarm(alarm_id(kind, subject), kind, subject, since, telephone)
