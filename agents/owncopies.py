"""This desk's own message, as the feed brings it back: it has its place in the log, and its cases move.

A message that another home of this desk has sent carries what the hub has shown to that home. Its content is judged
like anybody's: what the other side's agents will not count is not counted here either.

Never does: take what others sent (`agents/intake.py`); send.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from comity.encoding import serialise
from comity.envelope import Envelope, Header
from comity.errors import CannotOpenError, ComityError, MalformedError, RefusedError, VerificationError
from comity.v1 import envelope_pb2
from comity.v1.payload_pb2 import Payload
from comity.workflow.engine import apply
from comity.workflow.profiles import UnknownProfileError
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.archive import Archive
from agents.asides import Asides, Taken
from agents.cases import action_of, author_of, leg_between, with_about
from agents.contents import Taking
from agents.entering import Entering, take_withdrawn
from agents.errors import SplitViewError
from agents.mailstore import Message
from agents.occurrences import finish
from agents.outgoing import keep_receipt, outgoing_message
from agents.records import PUBLISHED, MessageStatus
from agents.session import Session
from agents.store import Store
from agents.tied import Tied
from agents.tries import Try
from agents.trust import Clock, Trust
from agents.verifying import Item, Verifier


class OwnCopies:
    """Takes what one desk has sent, from its feed."""

    def __init__(
        self,
        store: Store,
        trust: Trust,
        *,
        verifier: Verifier,
        asides: Asides,
        entering: Entering,
        archive: Archive,
        opening: Callable[[Item, Envelope], tuple[bytes, Payload]],
        clock: Clock,
    ) -> None:
        """Takes what its intake works with.

        Args:
            store: of the home.
            trust: of the home.
            verifier: of items.
            asides: where goes what does not count.
            entering: judges content and keeps what follows.
            archive: of the home.
            opening: returns the content key and the payload.
            clock: Unix milliseconds UTC.
        """
        self._store, self._trust, self._verifier, self._asides = store, trust, verifier, asides
        self._entering, self._archive, self._opening, self._clock = entering, archive, opening, clock

    async def take(self, session: Session, item: Item, envelope: Envelope, attempt: Try) -> Taken:
        """Takes this desk's own message: now, and not before, its cases move.

        Args:
            session: to the hub.
            item: what brought it.
            envelope: its bytes are those that the event names.
            attempt: taken back while the hub is asked.

        Raises:
            SplitViewError: what it carries belongs to another history.
            RefusedError: the hub did not answer what a proof needs.
            UnknownProfileError: the agreed profile is not in this home.
        """
        header = envelope.header
        with self._store.begin() as c:
            known = rows.message(c, envelope.message_hash)
            seen = rows.envelope_seen(c, header.sender_agency, header.envelope_id)
            before = leg_between(c, header.case_id, header.sender, header.counterparts[0])
        if known is None and seen is not None:  # somebody here made two messages of one envelope id
            return self._asides.spoilt(item)
        try:
            signers = self._verifier.signers(envelope, item, before)
            self._verifier.check_rules(envelope, item, before)
            content_key, payload = self._opening(item, envelope) if known is None else (b"", Payload())
            gossip = payload.gossip.checkpoint
            payload = payload if known is None else self._kept(envelope)
            entry = self._entering.own(item, header, payload, signers)
        except (RefusedError, MalformedError, CannotOpenError) as error:
            return self._spoilt(item, error)
        gossiped: Tied | None = None
        try:
            if gossip:
                gossiped = await self._trust.check_gossip(session, gossip, item.index, attempt.take_back)
                attempt.go_on()
        except SplitViewError:
            raise
        except VerificationError:
            return self._asides.spoilt(item)
        kept = known is None and header.verb not in PUBLISHED
        archive = self._archive.seal(envelope.message_hash, content_key) if kept else b""
        try:
            with self._store.begin() as c:
                if gossiped is not None:
                    gossiped.keep(c)
                if not rows.to_be_taken(c, item.index):
                    return Taken()
                if known is None:
                    message = outgoing_message(envelope, author_of(signers), self._clock())
                    kept_bytes = message.envelope if kept else _lean(message.envelope)
                    _put(c, replace(message, archive=archive, envelope=kept_bytes), header)
                if entry.refused is not None:
                    rows.update_message(c, envelope.message_hash, standing=entry.standing.value)
                keep_receipt(c, envelope, item.verified)
                takings = list[Taking]()
                for desk in header.counterparts:
                    leg = leg_between(c, header.case_id, header.sender, desk)
                    granted = header.granted is not None
                    action = with_about(c, action_of(envelope, signers, item.view, desk, granted=granted))
                    after = apply(leg, action, item.time).leg
                    rows.put_leg(c, after)
                    takings.append(
                        Taking(header, envelope.message_hash, payload, leg, after, outgoing=True, time=item.time)
                    )
                gone = self._entering.keep_own(c, entry, takings)
                take_withdrawn(c, header)
                finish(c, item, believed=True)
        except (RefusedError, MalformedError):
            return self._asides.spoilt(item)
        self._entering.clear(gone)
        return Taken(event=True)

    def _spoilt(self, item: Item, error: ComityError) -> Taken:
        if isinstance(error, UnknownProfileError):
            raise error  # it is this home that lacks the agreed profile: reading stops
        return self._asides.spoilt(item)

    def _kept(self, envelope: Envelope) -> Payload:
        """Returns what this desk's own message says, which is kept; an empty payload where nobody here asks for it."""
        if envelope.header.verb in PUBLISHED:
            return Payload()
        with self._store.begin() as c:
            return self._entering.read(c, envelope.message_hash) or Payload()


def _lean(envelope: bytes) -> bytes:
    """Returns what is kept of what machines publish again and again: enough to hold an acknowledgement against."""
    wire = envelope_pb2.Envelope.FromString(envelope)
    return serialise(envelope_pb2.Envelope(header=wire.header, seal=wire.seal, signatures=wire.signatures))


def _put(c: Connection, message: Message, header: Header) -> None:
    rows.put_message(c, message)
    for desk in header.counterparts:
        rows.set_status(c, message.message_hash, desk, MessageStatus.PENDING)
