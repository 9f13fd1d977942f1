"""Intake: every item of the feed has its effect once, in the order of the log.

For an incoming envelope: (1) receipt and place verified; (2) the try is counted, so that a message that kills its
reader is quarantined after three, and taken back while the hub is asked, and where it broke off, lied, or a key or the
agreed profile is not here; (3) the bytes are those that the event names, and the envelope verifies at the leaf's
directory; (4) replay; (5) the same workflow engine as the hub's, and what opens a case is in time by this side's clock
too (`agents/lateness.py`); (6) wrap, commitment, AEAD, padding; (7) payload; (8) the checkpoint in it; (9) its content
against the rules of its family (`agents/entering.py`); (10) message, case, what follows, acknowledgement, event and
cursor are written in one transaction. The acknowledgement is sent once that would outlive a power cut
(`agents/acks.py`): what did not is delivered again.

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
from comity.envelope import Envelope, Header, parse_envelope
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError, VerificationError
from comity.payload import parse_payload
from comity.receipts import AckState, EventKind
from comity.sealing import open_content, open_wrap
from comity.v1 import feed_pb2
from comity.v1.payload_pb2 import Payload
from comity.workflow.engine import apply, apply_stored
from comity.workflow.legs import Leg
from comity.workflow.profiles import UnknownProfileError
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.acks import Acks
from agents.archive import Archive
from agents.asides import Asides, Taken
from agents.cases import action_of, author_of, leg_between, opens_case, unread_leg, with_about, with_unread
from agents.contents import Taking
from agents.debts import Debts, has_content, is_erased
from agents.entering import Entering, Entry, take_withdrawn
from agents.errors import SplitViewError
from agents.home import Home
from agents.keys import Keys, KeyUse, UnknownKeyError, unwrapping
from agents.lateness import counts_late
from agents.mailstore import Cursor, Message
from agents.occurrences import Occurrences, finish
from agents.owing import waits
from agents.owncopies import OwnCopies
from agents.rereading import comes_again, is_read_anew
from agents.session import Session
from agents.store import Store
from agents.succession import superseded
from agents.tied import OvertakenError, Tied, until_kept
from agents.tries import Try
from agents.trust import Clock, Trust
from agents.truststore import TrustedSize, put_gossip_due
from agents.verifying import Item, Verifier

TRIES: Final = 3
"""How often an item is begun before it is quarantined."""
_BY_MACHINES: Final = frozenset({Verb.PUBLISH, Verb.SNAPSHOT})
"""What a machine sends often, and only a machine acts on: its checkpoint is tied behind it, not before it."""
_NOT_ITS_DOING: Final = (
    RefusedError,
    UnknownKeyError,
    VerificationError,
    OvertakenError,
    asyncio.CancelledError,
    KeyboardInterrupt,
)
"""What says nothing against a message: the hub broke off or lied, another holds the key, the reader was stopped."""


class Intake:
    """Takes one desk's feed."""

    def __init__(
        self, home: Home, store: Store, trust: Trust, *, keys: Keys, acks: Acks, archive: Archive, clock: Clock
    ) -> None:
        self._home, self._store, self._trust, self._keys = home, store, trust, keys
        self._acks, self._archive, self._clock = acks, archive, clock
        self._verifier = Verifier(home, trust, clock)
        self._debts = Debts(store, trust, self._verifier, clock)
        self._occurrences = Occurrences(home, store, trust, clock)
        self._entering = Entering(home, store, trust, archive=archive, clock=clock)
        self._asides = Asides(store, self._verifier, acks, read=self._entering.read, clock=clock)
        self._own = OwnCopies(
            store,
            trust,
            verifier=self._verifier,
            asides=self._asides,
            entering=self._entering,
            archive=archive,
            opening=self._open,
            clock=clock,
        )
        self.opened: tuple[bytes, Payload] | None = None
        """Hash and payload of the last message that was stored: a machine that acts on it need not open it again."""

    def cursor(self) -> Cursor:
        """Returns where this desk stands in its feed."""
        with self._store.begin() as c:
            return rows.cursor(c)

    async def take(self, session: Session, wire: feed_pb2.FeedItem, start: int = 0) -> Taken:
        """Takes one item. The same item again has no effect.

        Args:
            session: to ask for proofs.
            wire: as it travelled.
            start: place in the log from which on the stream that brought it was opened.

        Raises:
            VerificationError: the hub cannot prove it; reading stops here.
            UnknownKeyError: the desk key was not granted to this member; another member or a grant helps.
            UnknownProfileError: the agreed profile is not in this home; its file helps.
            RefusedError: the hub did not answer a question that verifying needs; STALLED where the feed went back
                behind that place meanwhile, perhaps in another process: what lies between would be left out.
        """
        with self._store.begin() as c:
            at, anew = rows.cursor(c), is_read_anew(c)
        if at.next_index < start:
            raise RefusedError(Reason.STALLED, "a log was forgotten: what comes is read from further back")
        if wire.receipt.index < at.next_index:
            return Taken()
        if anew:
            return await until_kept(lambda: self._take_once(session, wire, at, anew=True))
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

    async def read_back(self, session: Session, wire: feed_pb2.FeedItem) -> tuple[Item, Envelope, Payload]:
        """Verifies and opens once more what this desk has sent, from the bytes alone; nothing is kept of it.

        Raises:
            MalformedError, RefusedError, VerificationError: it is not what the log names, or not this desk's.
            CannotOpenError: it does not open.
            UnknownKeyError: the desk key was not granted to this member.
        """
        item = await self._verifier.item(session, wire, Cursor(wire.receipt.index, wire.number - 1, 0))
        self._verifier.check_named(item)
        envelope = parse_envelope(wire.envelope, reader=self._home.desk)
        if envelope.header.sender != self._home.desk:
            raise VerificationError("it is another desk's")
        self._verifier.signers(envelope, item)
        return item, envelope, self._open(item, envelope)[1]

    async def _take(self, session: Session, wire: feed_pb2.FeedItem, at: Cursor) -> Taken:
        return await until_kept(lambda: self._take_once(session, wire, at))

    async def _take_once(self, session: Session, wire: feed_pb2.FeedItem, at: Cursor, *, anew: bool = False) -> Taken:
        if is_erased(wire):
            await self._debts.take_erased(session, wire, at)
            return Taken(event=True)
        item = await self._verifier.item(session, wire, at)  # step 1
        kind = item.verified.event.kind
        if anew and self._came_before(item):
            return Taken(event=True)
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
            return self._asides.quarantine(item, None, "QUARANTINED")
        try:
            return await self._envelope(session, item, attempt)
        except _NOT_ITS_DOING:
            attempt.take_back()
            raise

    def _came_before(self, item: Item) -> bool:
        """Returns whether an item had its effect in a log that was forgotten: then it has its true place now."""
        with self._store.begin() as c:
            if rows.cursor(c).next_index < item.after.next_index:
                raise OvertakenError
            item.tied.keep(c)
            message_hash, receipt = item.verified.event.message_hash, item.verified.receipt
            return comes_again(c, item.number, receipt, message_hash, item.time, item.salt)

    async def _envelope(self, session: Session, item: Item, attempt: Try) -> Taken:
        self._verifier.check_named(item)  # step 3
        try:
            envelope = parse_envelope(item.wire.envelope, reader=self._home.desk)
        except MalformedError:
            self._verifier.invalid(item.wire)
            return self._asides.quarantine(item, None, "QUARANTINED")
        if self._came_first(item, envelope.header):
            self._debts.hold(item)
            return Taken(event=True)
        if envelope.header.sender == self._home.desk:
            return await self._own.take(session, item, envelope, attempt)
        await self._settle_before(session, envelope, attempt)
        return await self._incoming(session, item, envelope, attempt)

    def _came_first(self, item: Item, header: Header) -> bool:
        """Returns whether a message goes on with a case of which the hub may still owe something before it."""
        if opens_case(header.family, header.verb) or header.verb is Verb.WITHDRAW:
            return False
        with self._store.begin() as c:
            return waits(c, header, item.index, self._home.desk)

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
            with self._store.begin() as c:
                before = leg_between(c, header.case_id, header.sender, self._home.desk)
                before = before or unread_leg(c, header, self._home.desk)
            signers = self._verifier.signers(envelope, item, before)
            genuine = envelope
            with self._store.begin() as c:
                seen = rows.envelope_seen(c, header.sender_agency, header.envelope_id)
                self._verifier.check_rules(envelope, item, before)
                leg = before if seen is not None else self._advance(c, item, envelope, signers, before)  # step 5
            if seen is not None or leg is None:  # step 4
                return self._asides.replayed(item, envelope, seen or envelope.message_hash)
        except UnknownProfileError:
            raise  # it is this home that lacks the agreed profile: neither its sender nor the hub did anything
        except (RefusedError, MalformedError):
            self._verifier.invalid(item.wire)
            return self._asides.quarantine(item, genuine, "QUARANTINED")
        if self._clock() > header.deliver_by and not counts_late(header):
            return self._asides.quarantine(item, envelope, "EXPIRED", leg)
        gossiped: Tied | None = None
        due: TrustedSize | None = None
        try:
            content_key, payload = self._open(item, envelope)  # steps 6 and 7
            gossip = payload.gossip.checkpoint
            if gossip and header.verb in _BY_MACHINES:
                due = self._trust.note_gossip(gossip, item.index)
            elif gossip:
                gossiped = await self._trust.check_gossip(session, gossip, item.index, attempt.take_back)  # step 8
                attempt.go_on()
        except CannotOpenError:
            return self._asides.quarantine(item, envelope, "CANNOT_OPEN", leg)
        except MalformedError:
            return self._asides.quarantine(item, envelope, "QUARANTINED", leg)
        except SplitViewError:
            raise
        except VerificationError:  # what the sender passed off as a checkpoint is none: no reason to stop reading
            self._verifier.invalid(item.wire)
            return self._asides.quarantine(item, envelope, "QUARANTINED", leg)
        entry = await self._entering.received(
            session, item, envelope, payload=payload, signers=signers, before=before, attempt=attempt
        )  # step 9
        sealed = self._archive.seal(envelope.message_hash, content_key)
        message = self._asides.message(item, envelope, author_of(signers))
        message = replace(message, standing=entry.standing, archive=sealed)
        stored = apply_stored(leg, message.message_hash, item.time).leg
        taking = Taking(header, message.message_hash, payload, before, stored, outgoing=False, time=item.time)
        if not self._store_received(item, message, entry, taking, gossip=(gossiped, due)):
            return Taken()  # another instance on this mailbox was first: it is new there, and told there
        self.opened = (message.message_hash, payload)
        return Taken(message.message_hash)

    def _store_received(
        self,
        item: Item,
        message: Message,
        entry: Entry,
        taking: Taking,
        *,
        gossip: tuple[Tied | None, TrustedSize | None],
    ) -> bool:
        """Writes all that comes of a message, in one transaction. Returns False where it was taken before."""
        ack = self._acks.make(message.message_hash, AckState.STORED)
        gossiped, due = gossip
        with self._store.begin(lasting=False) as c:  # step 10; lasting before it is acknowledged
            if gossiped is not None:
                gossiped.keep(c)
            if due is not None:
                put_gossip_due(c, due)
            if not rows.to_be_taken(c, item.index):
                return False
            rows.put_message(c, message)
            rows.put_leg(c, taking.after)
            gone = self._entering.keep_received(c, entry, taking)
            take_withdrawn(c, taking.header)
            rows.add_ack(c, ack)
            finish(c, item, believed=True)
        self._entering.clear(gone)
        return True

    def _advance(
        self, c: Connection, item: Item, envelope: Envelope, signers: tuple[Signer, ...], before: Leg | None
    ) -> Leg:
        granted = envelope.header.granted is not None  # verified with the signatures
        action = with_about(c, action_of(envelope, signers, item.view, self._home.desk, granted=granted))
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
