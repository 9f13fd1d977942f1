"""Sending: from an approved draft to a verified receipt.

Steps: (1) attachments go up; (2) the envelope becomes durable here, with its content key sealed to the archive; (3) it
is submitted, again and again with the same bytes where the hub does not answer; (4) its receipt is verified and kept.
Only then is it SUBMITTED. A crash between any two steps is mended by sending again: the hub knows the envelope id.

Never does: seal anything new; change the state of a case (that follows the log, `agents/intake.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from comity.encoding import serialise
from comity.envelope import Envelope, signatures_digest, to_wire
from comity.errors import Reason, RefusedError, VerificationError
from comity.receipts import Event, EventKind, Receipt, VerifiedReceipt, encode_receipt
from sqlalchemy import Connection

from agents import draftstore, mailstore
from agents.acks import raise_status
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
        verified = await until_kept(lambda: self._prove(session, receipt, opened))  # step 4
        forget(self._home, opened.envelope.header.blobs)
        return Sent(
            MessageStatus.SUBMITTED,
            opened.info.message_hash,
            opened.info.case_id,
            receipt.index,
            verified.leaf.time_seconds * 1000,
        )

    def _logged(self, opened: OpenedDraft) -> bool:
        """Returns whether a draft is in the log already, though its receipt has not come: it is asked for again."""
        with self._store.begin() as c:
            found = mailstore.message(c, opened.envelope.message_hash)
        return found is not None and found.log_index >= 0

    async def _prove(self, session: Session, receipt: Receipt, opened: OpenedDraft) -> VerifiedReceipt:
        """Verifies a draft's receipt and keeps it: it is SENT."""
        verified, tied = await self.check_receipt(session, receipt, opened.envelope)
        with self._store.begin() as c:
            tied.keep(c)
            keep_receipt(c, opened.envelope, verified)
            draftstore.set_draft_state(c, opened.info.id, DraftState.SENT)
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
