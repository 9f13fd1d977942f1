"""Sending: from an approved draft to a verified receipt.

Steps: (1) attachments go up; (2) the envelope becomes durable here, with its content key sealed to the archive; (3) it
is submitted, again and again with the same bytes where the hub does not answer; (4) its receipt is verified and kept.
Only then is it SUBMITTED. A crash between any two steps is mended by sending again: the hub knows the envelope id.

Never does: seal anything new; change the state of a case (that follows the log, `agents/intake.py`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from comity.encoding import serialise
from comity.envelope import Envelope, parse_envelope, signatures_digest, to_wire
from comity.errors import Reason, RefusedError, VerificationError
from comity.receipts import Event, EventKind, Receipt, VerifiedReceipt, encode_receipt
from comity.v1 import envelope_pb2
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import draftstore, mailstore
from agents.acks import raise_status
from agents.alarms import AlarmKind, raise_alarm
from agents.archive import Archive
from agents.attachments import Progress, forget, upload
from agents.drafts import Drafts, OpenedDraft
from agents.home import Home
from agents.mailstore import Message
from agents.proving import tie, verify_receipt
from agents.records import DraftState, MessageStatus, Sent, Standing
from agents.session import Session
from agents.store import Store
from agents.tied import Tied, until_kept
from agents.trust import Clock, Trust

RESEAL: Final = frozenset(
    {
        Reason.DESK_KEY_STALE,
        Reason.DIRECTORY_STALE,
        Reason.CREATED_TOO_OLD,
        Reason.WRONG_PREVIOUS,
        Reason.ALREADY_EXISTS,
    }
)
"""Refusals after which the same content may be sealed anew and sent."""
_UNKNOWN_FATE: Final = frozenset({Reason.UNAVAILABLE, Reason.BUSY, Reason.INTERNAL})
_LATER: Final = _UNKNOWN_FATE | {Reason.QUOTA, Reason.STALLED, Reason.NOT_PERMITTED, Reason.UNKNOWN_TLS_KEY}
"""Refusals that say nothing of the message."""
_UNTIL_LATE: Final = frozenset({Reason.UNKNOWN_CASE, Reason.WRONG_PREVIOUS, Reason.WRONG_STATE})
"""Refusals that pass where what a message follows goes out again too, from the other side."""


class Outgoing:
    """Sends the drafts of one home."""

    def __init__(
        self, home: Home, store: Store, trust: Trust, *, drafts: Drafts, archive: Archive, clock: Clock
    ) -> None:
        self._home, self._store, self._trust = home, store, trust
        self._drafts, self._archive, self._clock = drafts, archive, clock

    async def send(self, session: Session, prefix: str, progress: Progress | None = None) -> Sent:
        """Sends a draft that has all its signatures.

        Args:
            session: to the hub.
            prefix: of the draft's id.
            progress: told how far attachments got.

        Raises:
            RefusedError: the hub's reason; SECOND_PERSON_MISSING before anything left; UNAVAILABLE where it is not
                known whether the hub has it: send again.
            IncompleteError: since it was signed, something came that stands against it. Nothing left.
            VerificationError: the receipt does not verify: it is not SUBMITTED.
        """
        stored = self._drafts.find(prefix)
        if stored.info.state is DraftState.SENT:
            return self._again(stored.info.message_hash)
        if stored.info.state is not DraftState.READY:
            raise RefusedError(Reason.SECOND_PERSON_MISSING, "the draft awaits approval", state=stored.info.state)
        opened = self._drafts.open(prefix)
        self._trust.check_one_history()
        if not self._logged(opened):
            self._drafts.check_sending(opened)
        await upload(self._home, session, opened.envelope.header.blobs, progress)  # step 1
        self._keep(opened)  # step 2
        try:
            receipt = await session.submit(to_wire(opened.envelope))  # step 3
        except RefusedError as error:
            if error.reason not in _UNKNOWN_FATE:
                with self._store.begin() as c:
                    mailstore.remove_message(c, opened.envelope.message_hash)
            raise
        verified = await until_kept(partial(self._prove, session, receipt, opened.envelope, opened.info.id))  # step 4
        forget(self._home, opened.envelope.header.blobs)
        return Sent(
            MessageStatus.SUBMITTED,
            opened.info.message_hash,
            opened.info.case_id,
            receipt.index,
            verified.leaf.time_seconds * 1000,
        )

    async def send_again(self, session: Session) -> None:
        """Submits once more what was sent and is in no log any more (`agents/unsending.py`): with the same bytes.

        Where the hub had it all the same it gives the first receipt again. What has no place in its case yet is asked
        for until it is too late: the other side may have gone to the same thief. What the hub refuses for good stays
        PENDING, with an alarm: people signed it for a case as it stood, and look before they say it anew. So does what
        they had withdrawn: nobody has it, and nobody is to see it before the withdrawal comes. Where this member may
        not send, or not now, it goes another time.

        Raises:
            RefusedError: the hub did not answer; what is left goes another time.
            VerificationError: a receipt does not verify.
        """
        with self._store.begin(lasting=False) as c:
            again = draftstore.unsent_again(c)
            unsent = [mailstore.message(c, message_hash) for _, message_hash in again]
        withdrawn = {one.case_id for one in unsent if one is not None and one.verb is Verb.WITHDRAW}
        withdrawn &= {one.case_id for one in unsent if one is not None and one.verb is not Verb.WITHDRAW}
        waiting = set[bytes]()
        for draft_id, message_hash in again:
            self._trust.check_one_history()
            with self._store.begin(lasting=False) as c:
                message = mailstore.message(c, message_hash)
            if message is None or message.log_index >= 0:
                continue  # another process of this home was first
            if message.case_id in withdrawn:
                self._give_up(draft_id, message_hash)
                continue
            if message.case_id in waiting:
                continue
            wire = envelope_pb2.Envelope.FromString(message.envelope)
            try:
                receipt = await session.submit(wire)
            except RefusedError as error:
                if error.reason in _UNKNOWN_FATE:
                    raise
                if error.reason in _LATER:
                    return
                if error.reason in _UNTIL_LATE and self._clock() <= message.deliver_by:
                    waiting.add(message.case_id)
                else:
                    self._give_up(draft_id, message_hash)
            else:
                await until_kept(partial(self._prove, session, receipt, parse_envelope(wire), draft_id))

    def _give_up(self, draft_id: str, message_hash: bytes) -> None:
        """Sends a message no more, and tells people."""
        with self._store.begin() as c:
            draftstore.set_draft_state(c, draft_id, DraftState.DISCARDED)
            raise_alarm(c, AlarmKind.NOT_SENT, message_hash.hex(), self._clock())

    def _logged(self, opened: OpenedDraft) -> bool:
        """Returns whether a draft is in the log already, though its receipt has not come: it is asked for again."""
        with self._store.begin() as c:
            found = mailstore.message(c, opened.envelope.message_hash)
        return found is not None and found.log_index >= 0

    async def _prove(self, session: Session, receipt: Receipt, envelope: Envelope, draft_id: str) -> VerifiedReceipt:
        """Verifies a draft's receipt and keeps it: it is SENT."""
        verified, tied = await self.check_receipt(session, receipt, envelope)
        with self._store.begin() as c:
            tied.keep(c)
            keep_receipt(c, envelope, verified)
            draftstore.set_draft_state(c, draft_id, DraftState.SENT)
        return verified

    async def check_receipt(
        self, session: Session, receipt: Receipt, envelope: Envelope
    ) -> tuple[VerifiedReceipt, Tied]:
        """Verifies that a receipt proves this very envelope to be in the one history.

        Returns:
            What it proves, and what is to be kept with it.

        Raises:
            VerificationError: it does not.
        """
        try:
            verified = await verify_receipt(self._trust, session, receipt)
            self._check_event(verified.event, envelope)
        except VerificationError:
            self._trust.history.invalid_receipt(receipt, envelope.message_hash.hex())
            raise
        return verified, await tie(self._trust, session, receipt, verified.leaf, verified.checkpoint)

    def _check_event(self, event: Event, envelope: Envelope) -> None:
        if (event.kind, event.message_hash) != (EventKind.SUBMITTED, envelope.message_hash):
            raise VerificationError("the receipt is not of this message")
        if len(event.deliveries) != len(envelope.header.recipients):
            raise VerificationError("the event is not delivered to every recipient")
        # A retry may carry other signatures than the first submission, whose receipt it gets; its signers are the same.
        signers = tuple(s.kid for s in envelope.signatures)
        if event.signatures_digest != signatures_digest(envelope.signatures) and event.kids != signers:
            raise VerificationError("the receipt names other signers")

    def _keep(self, opened: OpenedDraft) -> None:
        message = outgoing_message(opened.envelope, opened.info.author, self._clock())
        archive = self._archive.seal(message.message_hash, opened.content_key)
        with self._store.begin() as c:
            if mailstore.message(c, message.message_hash) is None:
                mailstore.put_message(c, replace(message, archive=archive))
                for desk in opened.envelope.header.counterparts:
                    mailstore.set_status(c, message.message_hash, desk, MessageStatus.PENDING)

    def _again(self, message_hash: str) -> Sent:
        """A draft that was sent before: says what is proved, sends nothing."""
        with self._store.begin() as c:
            found = mailstore.message(c, bytes.fromhex(message_hash))
        if found is None or not found.receipt:
            raise RefusedError(Reason.WRONG_STATE, "the draft was sent", state=DraftState.SENT)
        return Sent(MessageStatus.SUBMITTED, message_hash, found.case_id.hex(), found.log_index, found.leaf_time)


def outgoing_message(envelope: Envelope, author: str, now: int) -> Message:
    """Returns the row of a message of this desk, without content key and receipt."""
    header = envelope.header
    return Message(
        message_hash=envelope.message_hash,
        agency=header.sender_agency,
        envelope_id=header.envelope_id,
        sender=header.sender,
        outgoing=True,
        verb=header.verb,
        case_id=header.case_id,
        precedence=header.precedence,
        created=header.created,
        deliver_by=header.deliver_by,
        respond_by=header.respond_by,
        author=author,
        signers=b"".join(signature.kid for signature in envelope.signatures),
        envelope=serialise(to_wire(envelope)),
        archive=b"",
        standing=Standing.GOOD,
        received=now,
    )


def keep_receipt(c: Connection, envelope: Envelope, verified: VerifiedReceipt) -> None:
    """Keeps a verified receipt with its message, which is SUBMITTED from now on."""
    mailstore.update_message(
        c,
        envelope.message_hash,
        log_index=verified.receipt.index,
        leaf_time=verified.leaf.time_seconds * 1000,
        receipt=encode_receipt(verified.receipt),
    )
    for desk in envelope.header.counterparts:
        raise_status(c, envelope.message_hash, desk, MessageStatus.SUBMITTED)
