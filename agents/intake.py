"""Intake: every item of the feed has its effect once, in the order of the log.

For an incoming envelope: (1) receipt and place verified; (2) the try is counted, so that a message that kills its
reader is quarantined after three, and taken back while the hub is asked, and where it broke off, lied, or a key is not
here; (3) the bytes are those that the event names, and the envelope verifies at the leaf's directory; (4) replay; (5)
the same workflow engine as the hub's; (6) wrap, commitment, AEAD, padding; (7) payload; (8) the checkpoint in it; (9)
message, case, acknowledgement, event and cursor are written in one transaction. The acknowledgement is sent once that
would outlive a power cut (`agents/acks.py`): what did not is delivered again.

What breaks a rule by its sender's doing is refused with one word, and kept aside if its signatures verify; reading goes
on. What the hub cannot prove stops it, and nothing is said of the message to anybody. What comes without its envelope
is a tombstone or a debt (`agents/debts.py`).

Never does: show anything to a person; say OPENED.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final, cast

from comity.checks import Signer
from comity.encoding import serialise
from comity.envelope import Envelope, parse_envelope
from comity.errors import CannotOpenError, MalformedError, RefusedError, VerificationError
from comity.payload import parse_payload
from comity.receipts import AckState, EventKind
from comity.sealing import open_content, open_wrap
from comity.v1 import feed_pb2
from comity.v1.payload_pb2 import Payload
from comity.workflow.engine import apply, apply_stored
from comity.workflow.legs import Leg
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.acks import Acks, raise_status
from agents.alarms import AlarmKind, raise_alarm
from agents.archive import Archive
from agents.cases import action_of, author_of, leg_between, unread_leg, with_about, with_unread
from agents.debts import Debts, has_content, is_erased, withdrawn
from agents.errors import SplitViewError
from agents.history import OvertakenError, Tied, until_kept
from agents.home import Home
from agents.keys import Keys, KeyUse, UnknownKeyError, unwrapping
from agents.mailstore import Cursor, Message
from agents.occurrences import Occurrences, finish
from agents.outgoing import keep_receipt, outgoing_message
from agents.records import MessageStatus, Standing
from agents.session import Session
from agents.store import Store
from agents.succession import superseded
from agents.tries import Try
from agents.trust import Clock, Trust
from agents.verifying import Item, Verifier, kept_receipt

TRIES: Final = 3
"""How often an item is begun before it is quarantined."""
_NOT_ITS_DOING: Final = (
    RefusedError,
    UnknownKeyError,
    VerificationError,
    OvertakenError,
    asyncio.CancelledError,
    KeyboardInterrupt,
)
"""What says nothing against a message: the hub broke off or lied, another holds the key, the reader was stopped."""


class Taken:
    """What one item brought: for the caller's report."""

    __slots__ = ("event", "message", "quarantined")

    def __init__(self, message: bytes | None = None, *, quarantined: bool = False, event: bool = False) -> None:
        self.message, self.quarantined, self.event = message, quarantined, event


class Intake:
    """Takes one desk's feed."""

    def __init__(
        self, home: Home, store: Store, trust: Trust, *, keys: Keys, acks: Acks, archive: Archive, clock: Clock
    ) -> None:
        self._home, self._store, self._trust, self._keys = home, store, trust, keys
        self._acks, self._archive, self._clock = acks, archive, clock
        self._verifier = Verifier(home, trust, clock)
        self._debts = Debts(store, trust, self._verifier, clock)
        self._occurrences = Occurrences(home, store, clock)
        self.opened: tuple[bytes, Payload] | None = None
        """Hash and payload of the last message that was stored: a machine that acts on it need not open it again."""

    def cursor(self) -> Cursor:
        """Returns where this desk stands in its feed."""
        with self._store.begin() as c:
            return rows.cursor(c)

    async def take(self, session: Session, wire: feed_pb2.FeedItem) -> Taken:
        """Takes one item. The same item again has no effect.

        Raises:
            VerificationError: the hub cannot prove it; reading stops here.
            UnknownKeyError: the desk key was not granted to this member; another member or a grant helps.
            RefusedError: the hub did not answer a question that verifying needs.
        """
        at = self.cursor()
        if wire.receipt.index < at.next_index:
            return Taken()
        return await self._take(session, wire, at)

    async def owed(self, session: Session) -> AsyncIterator[Taken]:
        """Asks again for what came without its envelope, and yields what was taken of it.

        To be called when everything has come that the newest head covers: so has what explains it.

        Raises:
            SplitViewError: as `take`.
            RefusedError, UnknownKeyError: as `take`, of one of them; raised once all the others had their turn.
        """
        failed: RefusedError | UnknownKeyError | None = None
        async with aclosing(cast("Any", self._debts.ask(session))) as owed:
            async for wire, before in owed:
                try:
                    taken = await self._take(session, wire, before)
                except SplitViewError:
                    raise
                except (RefusedError, UnknownKeyError) as error:
                    failed = failed or error
                    continue
                except VerificationError:
                    continue  # the alarm is raised, and it is owed still: that stops nothing else
                if taken.message is not None:
                    yield taken
        if failed is not None:
            raise failed

    async def _take(self, session: Session, wire: feed_pb2.FeedItem, at: Cursor) -> Taken:
        return await until_kept(lambda: self._take_once(session, wire, at))

    async def _take_once(self, session: Session, wire: feed_pb2.FeedItem, at: Cursor) -> Taken:
        if is_erased(wire):
            await self._debts.take_erased(session, wire, at)
            return Taken(event=True)
        item = await self._verifier.item(session, wire, at)  # step 1
        kind = item.verified.event.kind
        if kind is not EventKind.SUBMITTED:
            self._occurrences.take(item)
            return Taken(event=True)
        if not has_content(wire):
            self._debts.take(item)
            return Taken(event=True)
        attempt = Try(self._store, item.index)
        with self._store.begin(lasting=False) as c:  # step 2
            item.tied.keep(c)
            tries = attempt.count(c)
        item = replace(item, tied=self._trust.history.kept(item.tied))
        if tries > TRIES:
            return self._quarantine(item, None, "QUARANTINED")
        try:
            return await self._envelope(session, item, attempt)
        except _NOT_ITS_DOING:
            attempt.take_back()
            raise

    async def _envelope(self, session: Session, item: Item, attempt: Try) -> Taken:
        self._verifier.check_named(item)  # step 3
        try:
            envelope = parse_envelope(item.wire.envelope, reader=self._home.desk)
        except MalformedError:
            self._verifier.invalid(item.wire)
            return self._quarantine(item, None, "QUARANTINED")
        if envelope.header.sender == self._home.desk:
            return await self._own_copy(session, item, envelope, attempt)
        await self._settle_before(session, envelope, attempt)
        return await self._incoming(session, item, envelope, attempt)

    async def _settle_before(self, session: Session, envelope: Envelope, attempt: Try) -> None:
        """Has the hub settle our STORED of what opened that case first: what follows may depend on which was earlier.

        The STORED of nothing else moves a case.
        """
        with self._store.begin() as c:
            leg = leg_between(c, envelope.header.case_id, envelope.header.sender, self._home.desk)
            waits = leg is not None and rows.is_pending(c, leg.opening)
        if waits:
            attempt.take_back()
            await self._acks.flush(session)
            attempt.go_on()

    async def _incoming(self, session: Session, item: Item, envelope: Envelope, attempt: Try) -> Taken:
        header = envelope.header
        genuine: Envelope | None = None
        try:
            signers = self._verifier.signers(envelope, item)
            genuine = envelope
            with self._store.begin() as c:
                before = leg_between(c, header.case_id, header.sender, self._home.desk)
                before = before or unread_leg(c, header, self._home.desk)
                seen = rows.envelope_seen(c, header.sender_agency, header.envelope_id)
                self._verifier.check_rules(envelope, item, before)
                leg = before if seen is not None else self._advance(c, item, envelope, signers, before)  # step 5
            if seen is not None or leg is None:  # step 4
                return self._replayed(item, envelope, seen or envelope.message_hash)
        except (RefusedError, MalformedError):
            self._verifier.invalid(item.wire)
            return self._quarantine(item, genuine, "QUARANTINED")
        if self._clock() > header.deliver_by:
            return self._quarantine(item, envelope, "EXPIRED", leg)
        gossiped: Tied | None = None
        try:
            content_key, payload = self._open(item, envelope)  # steps 6 and 7
            gossip = payload.gossip.checkpoint
            if gossip:
                gossiped = await self._trust.check_gossip(session, gossip, item.index, attempt.take_back)  # step 8
                attempt.go_on()
        except CannotOpenError:
            return self._quarantine(item, envelope, "CANNOT_OPEN", leg)
        except MalformedError:
            return self._quarantine(item, envelope, "QUARANTINED", leg)
        except SplitViewError:
            raise
        except VerificationError:  # what the sender passed off as a checkpoint is none: no reason to stop reading
            self._verifier.invalid(item.wire)
            return self._quarantine(item, envelope, "QUARANTINED", leg)
        message = self._message(item, envelope, author_of(signers))
        message = replace(message, archive=self._archive.seal(message.message_hash, content_key))
        ack = self._acks.make(message.message_hash, AckState.STORED)
        with self._store.begin(lasting=False) as c:  # step 9; lasting before it is acknowledged
            if gossiped is not None:
                gossiped.keep(c)
            if not rows.to_be_taken(c, item.index):
                return Taken()  # another instance on this mailbox was first: it is new there, and told there
            rows.put_message(c, message)
            stored = apply_stored(leg, message.message_hash, item.time).leg
            rows.put_leg(c, stored)
            self._withdrawn(c, envelope)
            rows.add_ack(c, ack)
            finish(c, item, believed=True)
        self.opened = (message.message_hash, payload)
        return Taken(message.message_hash)

    def _advance(
        self, c: Connection, item: Item, envelope: Envelope, signers: tuple[Signer, ...], before: Leg | None
    ) -> Leg:
        action = with_about(c, action_of(envelope, signers, item.view, self._home.desk))
        action = with_unread(c, action, before)
        return apply(before, action, item.time).leg

    def _open(self, item: Item, envelope: Envelope) -> tuple[bytes, Payload]:
        """Returns the content key and the payload."""
        found = envelope.wrap_for(self._home.desk)
        if found is None:
            raise CannotOpenError
        desk_key_id, wrap = found
        if not self._holds(desk_key_id):
            self._keys.reload()
            if not self._holds(desk_key_id):
                if self._destroyed(desk_key_id):
                    raise CannotOpenError
                raise UnknownKeyError("this desk's key was not granted to this member")
        header, seal = envelope.header_bytes, envelope.seal_bytes
        content_key = open_wrap(header, desk_key_id, wrap, unwrapping(self._keys, desk_key_id))
        content = open_content(header, seal, envelope.ciphertext, content_key)
        try:
            payload = parse_payload(content, envelope.header)
        except MalformedError:
            # The same word as for what does not decrypt: a refusal says nothing of what is inside.
            raise CannotOpenError from None
        return content_key, payload

    def _holds(self, key_id: bytes) -> bool:
        return any(entry.kid == key_id and entry.use is KeyUse.DESK for entry in self._keys.entries())

    def _destroyed(self, key_id: bytes) -> bool:
        """Returns whether nobody here will ever hold a desk key: it has gone for good, or was never this desk's."""
        view = self._trust.view()
        own = [key for key in view.desk_keys(self._home.desk) if key.kid == key_id]
        return view.disputed(key_id) or any(superseded(view, key, self._clock()) for key in own)

    async def _own_copy(self, session: Session, item: Item, envelope: Envelope, attempt: Try) -> Taken:
        """This desk's own message has its place in the log: now, and not before, its cases move.

        A message that another home of this desk has sent carries what the hub has shown to that home.
        """
        header = envelope.header
        with self._store.begin() as c:
            known = rows.message(c, envelope.message_hash)
            seen = rows.envelope_seen(c, header.sender_agency, header.envelope_id)
            before = leg_between(c, header.case_id, header.sender, header.counterparts[0])
        if known is None and seen is not None:  # somebody here made two messages of one envelope id
            return self._spoilt(item)
        try:
            signers = self._verifier.signers(envelope, item)
            self._verifier.check_rules(envelope, item, before)
            content_key, payload = self._open(item, envelope) if known is None else (b"", Payload())
            gossip = payload.gossip.checkpoint
        except (RefusedError, MalformedError, CannotOpenError):
            return self._spoilt(item)
        gossiped: Tied | None = None
        try:
            if gossip:
                gossiped = await self._trust.check_gossip(session, gossip, item.index, attempt.take_back)
                attempt.go_on()
        except SplitViewError:
            raise
        except VerificationError:
            return self._spoilt(item)
        try:
            with self._store.begin() as c:
                if gossiped is not None:
                    gossiped.keep(c)
                if not rows.to_be_taken(c, item.index):
                    return Taken()
                if known is None:
                    message = outgoing_message(envelope, author_of(signers), self._clock())
                    archive = self._archive.seal(message.message_hash, content_key)
                    rows.put_message(c, replace(message, archive=archive))
                    for desk in header.counterparts:
                        rows.set_status(c, envelope.message_hash, desk, MessageStatus.PENDING)
                keep_receipt(c, envelope, item.verified)
                for desk in header.counterparts:
                    leg = leg_between(c, header.case_id, header.sender, desk)
                    action = with_about(c, action_of(envelope, signers, item.view, desk))
                    rows.put_leg(c, apply(leg, action, item.time).leg)
                self._withdrawn(c, envelope)
                finish(c, item, believed=True)
        except (RefusedError, MalformedError):
            return self._spoilt(item)
        return Taken(event=True)

    def _spoilt(self, item: Item) -> Taken:
        """An own copy is not this desk's doing, or not as the hub has it: a person must look, and no case moves."""
        self._verifier.invalid(item.wire)
        with self._store.begin() as c:
            finish(c, item, believed=False)
        return Taken(quarantined=True)

    def _withdrawn(self, c: Connection, envelope: Envelope) -> None:
        if envelope.header.verb is not Verb.WITHDRAW:
            return
        withdrawn(c, envelope.header.about)
        about = rows.message(c, envelope.header.about)
        if about is None:
            return
        if about.outgoing:
            for desk in envelope.header.counterparts:
                raise_status(c, about.message_hash, desk, MessageStatus.WITHDRAWN)
        else:
            rows.update_message(c, about.message_hash, standing=Standing.WITHDRAWN.value)

    def _replayed(self, item: Item, envelope: Envelope, seen: bytes) -> Taken:
        """An envelope id was used before: the same message is dropped, another one is a fraud on somebody's part."""
        with self._store.begin() as c:
            if seen != envelope.message_hash:
                raise_alarm(c, AlarmKind.INVALID_DELIVERY, f"replay {item.index}", self._clock())
            finish(c, item, believed=True)
        return Taken(event=True)

    def _message(self, item: Item, envelope: Envelope, author: str) -> Message:
        own = outgoing_message(envelope, author, self._clock())
        return replace(
            own,
            outgoing=False,
            envelope=serialise(item.wire.envelope),
            log_index=item.index,
            leaf_time=item.time,
            receipt=kept_receipt(item),
        )

    def _quarantine(self, item: Item, envelope: Envelope | None, reason: str, leg: Leg | None = None) -> Taken:
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
                found = replace(self._message(item, envelope, ""), standing=standing)
                if rows.envelope_seen(c, found.agency, found.envelope_id) is None:
                    rows.put_message(c, found)
            if leg is not None:
                rows.put_leg(c, leg)
            if leg is not None and envelope is not None and envelope.header.verb is Verb.WITHDRAW:
                withdrawn(c, envelope.header.about)
            rows.add_ack(c, ack)
            finish(c, item, believed=envelope is not None)
        return Taken(message_hash, quarantined=True)
