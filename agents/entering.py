"""What a message's content means at intake: whether it contradicts its family's rules, and what is kept beside it.

Judged is all but what agents publish to agents, by the rules that its sender's agents hold as well
(`agents/contentrules.py`). A message that breaks one is kept as CONTRADICTS, with an alarm; its case moves as the log
has it, for the hub has seen to the workflow, and nothing else follows from it.

Never does: open anything; refuse: it is this desk that has it, and a person must see it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from comity.envelope import BlobRef, Envelope, Header
from comity.v1 import payload_pb2 as pb
from comity.v1.payload_pb2 import Payload
from comity.workflow.actions import SignedBy
from comity.workflow.legs import Leg
from comity.workflow.terms import Verb
from comity.workflow.timers import settle
from sqlalchemy import Connection

from agents import mailstore
from agents.acks import raise_status
from agents.alarms import AlarmKind, raise_alarm
from agents.archive import Archive
from agents.cases import leg_between
from agents.contentrules import judge, take
from agents.contents import ContentRefusedError, Reader, Said, Taking
from agents.debts import withdrawn
from agents.home import Home
from agents.onward.consent import take_grants
from agents.onward.facts import Facts, keep_facts, tells
from agents.onward.granting import use_own_grant
from agents.onward.originals import Original
from agents.onward.recalls import settle_answer, settle_late
from agents.onward.receiving import forget_kept, keep_received, receive
from agents.opening import reader_of
from agents.records import PUBLISHED, MessageStatus, Standing
from agents.session import Session
from agents.store import Store
from agents.tries import Try
from agents.trust import Clock, Trust
from agents.verifying import Item


@dataclass(frozen=True, slots=True)
class Entry:
    """How a message enters the store."""

    standing: Standing = Standing.GOOD
    """GOOD or CONTRADICTS."""
    refused: ContentRefusedError | None = None
    """What it contradicts."""
    facts: list[bytes] = field(default_factory=list)
    """Digests of what it names."""
    original: Original | None = None
    """FORWARD: what it brings, once proved."""


class Entering:
    """Judges what one home receives, and keeps what follows."""

    def __init__(self, home: Home, store: Store, trust: Trust, *, archive: Archive, clock: Clock) -> None:
        self._home, self._store, self._trust, self._clock = home, store, trust, clock
        self._facts = Facts(store, archive)
        self.read = reader_of(archive, home.desk)
        """Opens what this home keeps."""

    async def received(
        self,
        session: Session,
        item: Item,
        envelope: Envelope,
        *,
        payload: Payload,
        signers: tuple[SignedBy, ...],
        before: Leg | None,
        attempt: Try,
    ) -> Entry:
        """Judges a message that was opened.

        Args:
            session: to the hub.
            item: what brought it.
            envelope: verified.
            payload: what it says.
            signers: who signed.
            before: the leg before it, None where it opens one.
            attempt: taken back while the hub is asked.

        Raises:
            SplitViewError: what it carries belongs to another history.
            RefusedError: the hub did not answer what a proof needs.
        """
        header = envelope.header
        if header.verb in PUBLISHED:
            return Entry()
        at = None if before is None else settle(before, item.time).leg
        said = _said(item, header, payload, at, signers, self.read)
        try:
            with self._store.begin() as c:
                judge(c, said)
            original = None
            if header.verb is Verb.FORWARD:
                original = await receive(
                    self._home,
                    self._trust,
                    session,
                    header=header,
                    payload=payload,
                    index=item.index,
                    asking=attempt.take_back,
                )
                attempt.go_on()
        except ContentRefusedError as error:
            attempt.go_on()
            return Entry(Standing.CONTRADICTS, error)
        named = original.payload if original is not None else payload
        verb = original.header.verb if original is not None else header.verb
        facts = self._facts.digests(named) if tells(header.family, verb) else []
        return Entry(facts=facts, original=original)

    def keep_received(self, c: Connection, entry: Entry, taking: Taking) -> list[BlobRef] | None:
        """Keeps what follows from a received message, in the transaction that stores it.

        Returns:
            As `keep_own`: it may come after this desk has said that it destroyed it.
        """
        if taking.header.verb in PUBLISHED:
            return None
        if taking.header.verb is Verb.FORWARD:
            keep_received(c, taking.header, taking.message_hash, entry.original)
        if entry.refused is not None:
            self._contradicts(c, entry.refused, taking.message_hash)
        else:
            take(c, taking)
            keep_facts(c, taking.message_hash, taking.header.case_id, entry.facts)
        return settle_late(c, self.read, taking.message_hash, self._home.desk)

    def own(self, item: Item, header: Header, payload: Payload, signers: tuple[SignedBy, ...]) -> Entry:
        """Judges a message of this desk as its recipients do. To be called outside a transaction.

        Args:
            item: what brought its copy.
            header: verified.
            payload: what it says; empty where it cannot be opened here: that says nothing.
            signers: who signed.
        """
        if header.verb in PUBLISHED or not payload.WhichOneof("body"):
            return Entry()
        try:
            with self._store.begin() as c:
                for desk in header.counterparts:
                    leg = leg_between(c, header.case_id, header.sender, desk)
                    at = None if leg is None else settle(leg, item.time).leg
                    judge(c, _said(item, header, payload, at, signers, self.read))
        except ContentRefusedError as error:
            return Entry(Standing.CONTRADICTS, error)
        return Entry(facts=self._facts.digests(payload) if tells(header.family, header.verb) else [])

    def keep_own(self, c: Connection, entry: Entry, takings: list[Taking]) -> list[BlobRef] | None:
        """Keeps what follows from a message of this desk, in the transaction that takes its copy from the log.

        Args:
            c: of that transaction.
            entry: from `own`.
            takings: it, once a leg.

        Returns:
            Sealed blobs that are kept of what was destroyed; None where nothing was. To be given to `clear`.

        Raises:
            RefusedError: NO_GRANT: it passes on what had been taken back.
        """
        first = takings[0]
        if first.header.verb in PUBLISHED:
            return None
        if first.header.verb is Verb.FORWARD:
            use_own_grant(c, first.header, first.message_hash, first.time)
        if entry.refused is not None:
            self._contradicts(c, entry.refused, first.message_hash)
            for taking in takings:
                take_grants(c, taking)  # the hub goes by its header: what may be used can be revoked
        else:
            for taking in takings if first.payload.WhichOneof("body") else ():  # what cannot be opened says nothing
                take(c, taking)
            keep_facts(c, first.message_hash, first.header.case_id, entry.facts)
        if first.header.verb is not Verb.ANSWER_RECALL:
            return None
        # What such an answer must not destroy is set aside, whatever it says.
        gone = settle_answer(c, first.header, first.payload, first.time)
        return gone if first.payload.answer_recall.kind == pb.RECALL_ANSWER_KIND_DESTROYED else None

    def clear(self, gone: list[BlobRef] | None) -> None:
        """Removes what destroyed content leaves outside its row, once the transaction was committed."""
        if gone is not None:
            forget_kept(self._home, gone)
            self._store.leave_nothing()

    def _contradicts(self, c: Connection, refused: ContentRefusedError, message_hash: bytes) -> None:
        raise_alarm(c, AlarmKind.CONTRADICTION, f"{message_hash.hex()} {refused.code}", self._clock())


def _said(  # noqa: PLR0917 # one message, as it is judged
    item: Item, header: Header, payload: Payload, at: Leg | None, signers: tuple[SignedBy, ...], read: Reader
) -> Said:
    name = item.verified.event.message_hash
    return Said(header, payload, at, signers, item.time, view=item.view, index=item.index, read=read, message_hash=name)


def take_withdrawn(c: Connection, header: Header) -> None:
    """Does what a WITHDRAW says, once its place in the log is verified: nothing of any other message."""
    if header.verb is not Verb.WITHDRAW:
        return
    withdrawn(c, header.about)
    about = mailstore.message(c, header.about)
    if about is None:
        return
    if about.outgoing:
        for desk in header.counterparts:
            raise_status(c, about.message_hash, desk, MessageStatus.WITHDRAWN)
    else:
        mailstore.update_message(c, about.message_hash, standing=Standing.WITHDRAWN.value)
