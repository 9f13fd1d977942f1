"""What the feed brings besides envelopes: acknowledgements, clocks, withdrawals, and what the hub noticed.

Acknowledgements count only when they verify. Clock events are computed again from the bytes: the log says when a limit
went by, this side knows itself that it did.

Never does: open anything.
"""

from __future__ import annotations

from typing import Final

from comity.encoding import serialise
from comity.errors import RefusedError, VerificationError
from comity.receipts import AckState, EventKind
from comity.workflow.engine import apply_stored
from comity.workflow.legs import ClockKind
from comity.workflow.terms import State
from comity.workflow.timers import apply_clock
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.acks import check_ack, raise_status, status_of
from agents.alarms import AlarmKind, raise_alarm
from agents.cases import leg_between, not_stored
from agents.evidence import save_evidence
from agents.home import Home
from agents.mailstore import AckRow, Cursor, EventRow, Message
from agents.records import MessageStatus, Standing
from agents.store import Store
from agents.trust import Clock
from agents.verifying import Item, kept_receipt

_CLOCKS: Final = {
    EventKind.OVERDUE: ClockKind.OVERDUE,
    EventKind.EXPIRED: ClockKind.EXPIRED,
    EventKind.LAPSED: ClockKind.LAPSED,
}
_ENDS: Final = {
    EventKind.EXPIRED: (MessageStatus.EXPIRED, Standing.EXPIRED),
    EventKind.WITHDRAWN: (MessageStatus.WITHDRAWN, Standing.WITHDRAWN),
}


class Occurrences:
    """Takes the items that carry no envelope."""

    def __init__(self, home: Home, store: Store, clock: Clock) -> None:
        self._home, self._store, self._clock = home, store, clock

    def take(self, item: Item) -> None:
        """Takes a verified item and records it."""
        event = item.verified.event
        with self._store.begin() as c:
            if rows.cursor(c).next_index > item.index:
                return
            message = rows.message(c, event.message_hash)
            desk = ""
            if event.kind in (EventKind.ACKNOWLEDGED, EventKind.REFUSED):
                desk = self._acknowledged(c, item, message)
            elif event.kind is EventKind.EQUIVOCATION:
                raise_alarm(c, AlarmKind.EQUIVOCATION, event.message_hash.hex(), self._clock())
            elif message is not None:
                self._clocked(c, item, message)
            finish(c, item, desk)

    def _acknowledged(self, c: Connection, item: Item, message: Message | None) -> str:
        """Takes a counterpart's acknowledgement. Returns its desk, empty where it does not count."""
        body, sig = item.wire.ack.body, item.wire.ack.sig
        try:
            if message is None or not message.outgoing:
                raise VerificationError("the acknowledgement is of no message of this desk")
            ack = check_ack(body, sig, item.verified.event, message, view=item.view, now=item.time)
        except VerificationError:
            now = self._clock()
            save_evidence(self._home, AlarmKind.ACK_FORGED, now, {"feed_item": serialise(item.wire)})
            raise_alarm(c, AlarmKind.ACK_FORGED, str(item.index), now)
            return ""
        row = AckRow(
            ack.message_hash, ack.desk, ack.state, body, sig, own=False, settled=True, receipt=kept_receipt(item)
        )
        rows.add_ack(c, row)
        raise_status(c, ack.message_hash, ack.desk, status_of(ack.state))
        leg = leg_between(c, message.case_id, message.sender, ack.desk)
        if leg is not None and ack.state is AckState.STORED:
            try:
                rows.put_leg(c, apply_stored(leg, ack.message_hash, item.time).leg)
            except RefusedError:
                raise_alarm(c, AlarmKind.INVALID_DELIVERY, str(item.index), self._clock())
        return ack.desk

    def _clocked(self, c: Connection, item: Item, message: Message) -> None:
        event = item.verified.event
        if event.kind in _ENDS:
            if not _ended(c, item, message):
                save_evidence(
                    self._home, AlarmKind.INVALID_DELIVERY, self._clock(), {"feed_item": serialise(item.wire)}
                )
                raise_alarm(c, AlarmKind.INVALID_DELIVERY, str(item.index), self._clock())
                return
            status, standing = _ENDS[event.kind]
            if not message.outgoing:
                rows.update_message(c, message.message_hash, standing=standing.value)
            elif event.kind is EventKind.EXPIRED:  # a withdrawal's own copy has said of which desk it is
                for desk in rows.statuses(c, message.message_hash):
                    raise_status(c, message.message_hash, desk, status)
        kind = _CLOCKS.get(event.kind)
        if kind is None:
            return
        for leg in rows.legs(c, message.case_id):
            # Where our STORED came too late at the hub, the log is right and we are not.
            late = event.kind is EventKind.EXPIRED and not message.outgoing
            try:
                found = not_stored(leg, message.message_hash) if late else leg
                rows.put_leg(c, apply_clock(found, kind, event.message_hash, item.time).leg)
            except RefusedError:
                continue  # known already, or not due on this leg
            return


def _ended(c: Connection, item: Item, message: Message) -> bool:
    """Returns whether a message ended as the log says. Nobody signs such an event: the hub's word alone ends nothing.

    A withdrawal was signed, and its verified envelope, which stands before the event, has moved the case. What expired
    was not stored in time: its limit is in the header, and no STORED of ours is in the log.
    """
    event = item.verified.event
    if event.kind is EventKind.WITHDRAWN:
        legs = rows.legs(c, message.case_id)
        return any(leg.opening == message.message_hash and leg.state is State.WITHDRAWN for leg in legs)
    acks = rows.acks_of(c, message.message_hash)
    stored = any(a.own and a.state is AckState.STORED and a.receipt for a in acks)
    return event.effective_time == message.deliver_by < item.time and not stored


def finish(c: Connection, item: Item, desk: str = "") -> None:
    """Records an item and moves the cursor past it.

    Args:
        c: of the item's one transaction.
        item: what was taken.
        desk: who acknowledged, where it is an acknowledgement that counts.
    """
    event, receipt = item.verified.event, kept_receipt(item)
    row = EventRow(item.index, item.number, item.salt, event.kind, event.message_hash, desk, item.time, receipt)
    rows.add_event(c, row)
    rows.set_cursor(c, Cursor(item.index + 1, item.number, item.time))
    rows.end_tries(c, item.index)
