"""What the feed brings besides envelopes: acknowledgements, clocks, withdrawals, grants, and what the hub noticed.

Acknowledgements count only when they verify. Clock events are computed again from the bytes: the log says when a limit
went by, this side knows itself that it did. What is not found true is recorded as logged, and not as having happened.

Never does: open anything.
"""

from __future__ import annotations

from typing import Final

from comity.encoding import serialise
from comity.errors import RefusedError, VerificationError
from comity.receipts import Ack, AckState, EventKind
from comity.workflow.engine import apply_stored
from comity.workflow.legs import ClockKind
from comity.workflow.terms import Family, State
from comity.workflow.timers import apply_clock
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.acks import check_ack, check_said, raise_status, status_of
from agents.alarms import AlarmKind, raise_alarm
from agents.cases import header_of, leg_between, not_stored
from agents.evidence import save_evidence
from agents.home import Home
from agents.lateness import counts_late, raise_unread
from agents.mailstore import AckRow, Cursor, EventRow, Message
from agents.onward.granting import GRANT_EVENTS, take_grant_event
from agents.records import PUBLISHES, MessageStatus, Standing
from agents.store import Store
from agents.tied import OvertakenError
from agents.trust import Clock, Trust
from agents.truststore import get_meta
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

_SUBSCRIPTION: Final = (
    "SELECT 1 FROM legs WHERE originator = ? AND recipient = ? AND json_extract(fields, '$.family') = ? LIMIT 1"
)


class Occurrences:
    """Takes the items that carry no envelope."""

    def __init__(self, home: Home, store: Store, trust: Trust, clock: Clock) -> None:
        self._home, self._store, self._trust, self._clock = home, store, trust, clock

    def take(self, item: Item) -> None:
        """Takes a verified item and records it, and whether what it says was found true."""
        event = item.verified.event
        with self._store.begin() as c:
            if not rows.to_be_taken(c, item.index):
                return
            message = rows.message(c, event.message_hash)
            desk, believed = "", False
            if event.kind in (EventKind.ACKNOWLEDGED, EventKind.REFUSED):
                desk = self._acknowledged(c, item, message)
                believed = bool(desk)
            elif event.kind is EventKind.EQUIVOCATION:
                raise_alarm(c, AlarmKind.EQUIVOCATION, event.message_hash.hex(), self._clock())
            elif event.kind is EventKind.ERASED:
                believed = True  # of what the hub itself has done
            elif message is not None and event.kind in GRANT_EVENTS:
                believed = take_grant_event(c, item, message)
                if not believed:
                    self._invalid(c, item)
            elif message is not None and (event.kind in _CLOCKS or event.kind in _ENDS):
                believed = self._ended(c, item, message) if event.kind in _ENDS else _ran_out(c, item, message)
                if not believed:
                    self._invalid(c, item)
            finish(c, item, desk, believed=believed)

    def _acknowledged(self, c: Connection, item: Item, message: Message | None) -> str:
        """Takes a counterpart's acknowledgement. Returns its desk, empty where it does not count."""
        body, sig = item.wire.ack.body, item.wire.ack.sig
        if message is None and erased_before(c):
            return ""  # of mail that was erased before this home read it
        try:
            if message is None:
                self._unknown(c, item, check_said(body, sig, item.verified.event, view=item.view, now=item.time))
                return ""
            if not message.outgoing:
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
        if ack.state is AckState.REFUSED:
            raise_unread(c, header_of(message), ack.message_hash, self._clock())
        leg = leg_between(c, message.case_id, message.sender, ack.desk)
        if leg is not None and ack.state is AckState.STORED:
            try:
                rows.put_leg(c, apply_stored(leg, ack.message_hash, item.time).leg)
            except RefusedError:
                self._invalid(c, item)
        return ack.desk

    def _unknown(self, c: Connection, item: Item, ack: Ack) -> None:
        """Takes a genuine acknowledgement of a message that this home does not have: it does not count.

        Of all that this desk sends the feed brings a copy. Of what it published in a release before, and where it has
        no key, another home of the desk has none: so nothing is said there of subscribers' acknowledgements. At the
        home that publishes it says that this one is an older copy, or that a thief publishes with its keys.
        """
        if ack.origin != self._trust.exchange_origin:
            raise VerificationError("the acknowledgement was made for another hub")
        asked = (self._home.desk, ack.desk, int(Family.WATCHLIST))
        if not get_meta(c, PUBLISHES) and c.exec_driver_sql(_SUBSCRIPTION, asked).first() is not None:
            return
        now = self._clock()
        # One a desk: to a home that was put back, subscribers acknowledge batches by the thousand.
        if raise_alarm(c, AlarmKind.ACK_UNKNOWN, ack.desk, now):
            save_evidence(self._home, AlarmKind.ACK_UNKNOWN, now, {"feed_item": serialise(item.wire)})

    def _ended(self, c: Connection, item: Item, message: Message) -> bool:
        """Takes the end of a message. Returns False where it did not end as the log says: then nothing happens."""
        kind = item.verified.event.kind
        if not _has_ended(c, item, message):
            return False
        status, standing = _ENDS[kind]
        header = header_of(message)
        if kind is EventKind.EXPIRED:
            raise_unread(c, header, message.message_hash, self._clock())
        if not message.outgoing:
            # What goes on with a case and was read here counts, whether the log has this desk's word of it or not.
            if kind is not EventKind.EXPIRED or not counts_late(header):
                rows.update_message(c, message.message_hash, standing=standing.value)
        elif kind is EventKind.EXPIRED:  # a withdrawal's own copy has said of which desk it is
            for desk in rows.statuses(c, message.message_hash):
                raise_status(c, message.message_hash, desk, status)
        if kind is EventKind.EXPIRED:
            # Where our STORED came too late at the hub, the log is right and we are not. Not every leg ends with it.
            _apply_to_one(c, item, message, late=not message.outgoing)
        return True

    def _invalid(self, c: Connection, item: Item) -> None:
        now = self._clock()
        save_evidence(self._home, AlarmKind.INVALID_DELIVERY, now, {"feed_item": serialise(item.wire)})
        raise_alarm(c, AlarmKind.INVALID_DELIVERY, str(item.index), now)


def _apply_to_one(c: Connection, item: Item, message: Message, *, late: bool = False) -> bool:
    """Moves the leg whose clock has run out. Returns False where none of that kind and limit is due on any leg."""
    event, named = item.verified.event, message.message_hash
    for leg in rows.legs(c, message.case_id):
        try:
            applied = apply_clock(not_stored(leg, named) if late else leg, _CLOCKS[event.kind], named, item.time)
        except RefusedError:
            continue
        if applied.events[0].limit == event.effective_time:
            rows.put_leg(c, applied.leg)
            return True
    return False


def _ran_out(c: Connection, item: Item, message: Message) -> bool:
    """Takes OVERDUE or LAPSED. Nobody signs them, but both sides can count.

    The limit of OVERDUE is in the message's header. A leg's end begins there as well, and is moved by what is signed
    later (CONFIRM, COMPLETE, EXTEND, CONVERT): LAPSED is held against the end that the leg has.

    Returns:
        False where it had not gone by, or where what it ran for had come in time: then nothing happens.
    """
    event, named = item.verified.event, message.message_hash
    overdue, limit = event.kind is EventKind.OVERDUE, event.effective_time
    if (overdue and limit != message.respond_by) or not 0 < limit < item.time:
        return False
    if _apply_to_one(c, item, message):
        return True
    # Known already; or the message was refused here, so that this side's legs do not know what the hub's do.
    legs = rows.legs(c, message.case_id)
    if message.standing is Standing.QUARANTINED or not legs:
        return True
    if not overdue:
        return any(leg.opening == named and leg.ended_at == limit for leg in legs)
    return any(
        (leg.question == named and leg.overdue_logged) or (leg.recall == named and leg.recall_overdue_logged)
        for leg in legs
    )


def _has_ended(c: Connection, item: Item, message: Message) -> bool:
    """Returns whether a message ended as the log says. Nobody signs such an event: the hub's word alone ends nothing.

    A withdrawal was signed, and its verified envelope, which stands before the event, has moved the case. What expired
    was not stored in time: its limit is in the header, and no STORED of ours, or of every recipient, is in the log.
    """
    event = item.verified.event
    if event.kind is EventKind.WITHDRAWN:
        legs = rows.legs(c, message.case_id)
        return any(leg.opening == message.message_hash and leg.state is State.WITHDRAWN for leg in legs)
    acks = [a for a in rows.acks_of(c, message.message_hash) if a.state is AckState.STORED and a.receipt]
    if message.outgoing:
        stored = set(rows.statuses(c, message.message_hash)) <= {a.desk for a in acks if not a.own}
    else:
        stored = any(a.own for a in acks)
    return event.effective_time == message.deliver_by < item.time and not stored


def erased_before(c: Connection) -> bool:
    """Returns whether mail was erased before this home read it: then acknowledgements of unknown mail may follow."""
    return any(event.kind is EventKind.SUBMITTED and event.believed for event in rows.events(c, [b""]))


def finish(c: Connection, item: Item, desk: str = "", *, believed: bool) -> None:
    """Records an item and moves the cursor past it, unless it came late.

    Args:
        c: of the item's one transaction.
        item: what was taken.
        desk: who acknowledged, where it is an acknowledgement that counts.
        believed: what the hub logged was found true.

    Raises:
        OvertakenError: this desk stands further back by now, because a log was forgotten. Nothing is to be written.
    """
    if rows.cursor(c).next_index < item.after.next_index:
        raise OvertakenError
    event, receipt = item.verified.event, kept_receipt(item)
    row = EventRow(
        item.index, item.number, item.salt, event.kind, event.message_hash, desk, item.time, receipt, believed
    )
    item.tied.keep(c)
    rows.put_event(c, row)
    if rows.cursor(c).next_index <= item.index:
        rows.set_cursor(c, Cursor(item.index + 1, item.number, item.time))
    rows.end_debt(c, item.index)
    rows.end_tries(c, item.index)
