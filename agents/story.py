"""The story of a case: what happened in it, and in every case that it is linked with, in the one order of the log.

Links are followed onward: of a freeze that a request carries, of that request's follow-on elsewhere, of what was passed
on under a grant. Each event has its place in the log and whether its proof is held; what this side's own clock has seen
and the log has not said yet stands at the end, and says so.

Never does: open anything; believe the hub's word alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from comity.receipts import EventKind, parse_event, parse_leaf, parse_receipt
from comity.workflow.legs import Leg
from comity.workflow.terms import Family
from comity.workflow.timers import settle
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.acks import proves
from agents.mailstore import AckRow, EventRow, Message
from agents.onward.links import linked
from agents.records import TimelineEvent
from agents.store import Store
from agents.trust import Clock

UNPROVED: Final = "UNPROVED"
"""What a timeline calls an event that the hub has logged and that was not found true."""
_PROVED: Final = frozenset(
    {
        EventKind.ACKNOWLEDGED,
        EventKind.REFUSED,
        EventKind.WITHDRAWN,
        EventKind.GRANT_USED,
        EventKind.GRANT_REVOKED,
        EventKind.OVERDUE,
        EventKind.LAPSED,
        EventKind.EXPIRED,
    }
)
"""Events that are told by their name only where they were found true."""
MOST_CASES: Final = 64
"""How many linked cases one story tells: whoever links more to it cannot make it endless."""


class Story:
    """What happened, as one home has it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def linked(self, case_id: bytes) -> list[bytes]:
        """Returns a case and all that it is linked with, directly or through others, those that are nearest first."""
        with self._store.begin(lasting=False) as c:
            return _linked(c, case_id)

    def timeline(self, case_id: bytes, *, alone: bool = True) -> list[TimelineEvent]:
        """Returns what happened in a case, in the order of the log, each with its proof.

        Args:
            case_id: of a case that is known here.
            alone: without the cases that it is linked with.
        """
        now = self._clock()
        with self._store.begin(lasting=False) as c:
            cases = [case_id] if alone else _linked(c, case_id)
            found = [event for case in cases for event in _of_case(c, case, now)]
        return sorted(found, key=lambda event: (event.log_index < 0, event.log_index, event.time))


def _linked(c: Connection, case_id: bytes) -> list[bytes]:
    found = [case_id]
    for case in found:  # grows while it is read
        found += [other for other in linked(c, case) if other not in found]
        if len(found) >= MOST_CASES:
            break
    return found[:MOST_CASES]


def _of_case(c: Connection, case_id: bytes, now: int) -> Iterable[TimelineEvent]:
    legs = rows.legs(c, case_id)
    family = legs[0].family if legs else None
    messages = {m.message_hash: m for m in rows.messages_of_case(c, case_id)}
    told = rows.events(c, list(messages))
    for event in told:
        message = messages[event.message_hash]
        yield TimelineEvent(
            time=event.time,
            kind=_kind(event),
            message=event.message_hash.hex(),
            verb=message.verb,
            sender=message.sender,
            desk=event.desk,
            log_index=event.log_index,
            proof=event.believed,
            case_id=case_id.hex(),
            family=family,
        )
    for message_hash, message in messages.items():
        for ack in rows.acks_of(c, message_hash):
            if ack.own and ack.receipt:
                yield _own_ack(ack, message, family)
    known = {(event.kind.name, event.message_hash) for event in told}
    for leg in legs:
        yield from _own_clock(leg, messages, known, now)


def _own_clock(
    leg: Leg, messages: dict[bytes, Message], known: set[tuple[str, bytes]], now: int
) -> Iterable[TimelineEvent]:
    """Yields what this side's own clock has seen go by and the log has not said."""
    for event in settle(leg, now).events:
        if (event.kind.name, event.message_hash) in known:
            continue
        message = messages.get(event.message_hash)
        yield TimelineEvent(
            time=event.limit,
            kind=event.kind.name,
            message=event.message_hash.hex(),
            verb=None if message is None else message.verb,
            sender="" if message is None else message.sender,
            desk="",
            log_index=-1,
            proof=False,
            case_id=leg.case_id.hex(),
            family=leg.family,
            own_clock=True,
        )


def _kind(event: EventRow) -> str:
    """Returns what happened: of an acknowledgement how far it goes. What the hub says alone has not happened."""
    if event.kind in _PROVED and not event.believed:
        return UNPROVED
    if event.kind is not EventKind.ACKNOWLEDGED:
        return event.kind.name
    state = parse_event(parse_receipt(event.receipt).event).ack_state
    return event.kind.name if state is None else state.name


def _own_ack(ack: AckRow, message: Message, family: Family | None) -> TimelineEvent:
    receipt = parse_receipt(ack.receipt)
    return TimelineEvent(
        time=parse_leaf(receipt.leaf).time_seconds * 1000,
        kind=ack.state.name,
        message=ack.message_hash.hex(),
        verb=message.verb,
        sender=message.sender,
        desk=ack.desk,
        log_index=receipt.index,
        proof=proves(parse_event(receipt.event), ack),
        case_id=message.case_id.hex(),
        family=family,
    )
