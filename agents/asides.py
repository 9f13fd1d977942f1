"""What an item brought that does not count: refused with one word, kept aside, or a replay. Reading goes on.

Never does: open anything; judge. Its caller did.
"""

from __future__ import annotations

from dataclasses import replace

from comity.encoding import serialise
from comity.envelope import Envelope
from comity.receipts import AckState
from comity.workflow.legs import Leg
from comity.workflow.terms import Verb

from agents import mailstore as rows
from agents.acks import Acks
from agents.alarms import AlarmKind, raise_alarm
from agents.contents import Reader
from agents.debts import withdrawn
from agents.lateness import raise_unread
from agents.mailstore import Message
from agents.occurrences import finish
from agents.onward.recalls import settle_late
from agents.onward.receiving import keep_unopened
from agents.outgoing import outgoing_message
from agents.records import Standing
from agents.store import Store
from agents.trust import Clock
from agents.verifying import Item, Verifier, kept_receipt


class Taken:
    """What one item brought: for the caller's report."""

    __slots__ = ("event", "message", "quarantined")

    def __init__(self, message: bytes | None = None, *, quarantined: bool = False, event: bool = False) -> None:
        self.message, self.quarantined, self.event = message, quarantined, event


class Asides:
    """Sets aside what one desk's feed brings."""

    def __init__(self, store: Store, verifier: Verifier, acks: Acks, *, read: Reader, clock: Clock) -> None:
        """Takes what its intake works with; `read` opens what this home keeps."""
        self._store, self._verifier, self._acks, self._read, self._clock = store, verifier, acks, read, clock

    def message(self, item: Item, envelope: Envelope, author: str) -> Message:
        """Returns the row of a received message, without its content key."""
        own = outgoing_message(envelope, author, self._clock())
        return replace(
            own,
            outgoing=False,
            envelope=serialise(item.wire.envelope),
            log_index=item.index,
            leaf_time=item.time,
            receipt=kept_receipt(item),
        )

    def spoilt(self, item: Item) -> Taken:
        """An own copy is not this desk's doing, or not as the hub has it: a person must look, and no case moves."""
        self._verifier.invalid(item.wire)
        with self._store.begin() as c:
            finish(c, item, believed=False)
        return Taken(quarantined=True)

    def replayed(self, item: Item, envelope: Envelope, seen: bytes) -> Taken:
        """An envelope id was used before: the same message is dropped, another one is a fraud on somebody's part."""
        with self._store.begin() as c:
            if seen != envelope.message_hash:
                raise_alarm(c, AlarmKind.INVALID_DELIVERY, f"replay {item.index}", self._clock())
            finish(c, item, believed=True)
        return Taken(event=True)

    def quarantine(self, item: Item, envelope: Envelope | None, reason: str, leg: Leg | None = None) -> Taken:
        """Refuses a message with one word and goes on. Its case moves as the log has it.

        Args:
            item: what brought it.
            envelope: kept aside; None where its signatures do not verify: it must not stand where another is known by.
            reason: the word.
            leg: as it moved, None where it did not.
        """
        standing = Standing.EXPIRED if reason == "EXPIRED" else Standing.QUARANTINED
        message_hash = item.verified.event.message_hash
        ack = self._acks.make(message_hash, AckState.REFUSED, reason)
        with self._store.begin() as c:
            if not rows.to_be_taken(c, item.index):
                return Taken()
            if envelope is not None and rows.message(c, message_hash) is None:
                found = replace(self.message(item, envelope, ""), standing=standing)
                if rows.envelope_seen(c, found.agency, found.envelope_id) is None:
                    rows.put_message(c, found)
                    settle_late(c, self._read, message_hash, self._verifier.desk)
            if leg is not None:
                rows.put_leg(c, leg)
            if leg is not None and envelope is not None:
                raise_unread(c, envelope.header, message_hash, self._clock())
            if envelope is not None:
                keep_unopened(c, item, envelope.header, self._verifier.desk)
            if leg is not None and envelope is not None and envelope.header.verb is Verb.WITHDRAW:
                withdrawn(c, envelope.header.about)
            rows.add_ack(c, ack)
            finish(c, item, believed=envelope is not None)
        return Taken(message_hash, quarantined=True)
