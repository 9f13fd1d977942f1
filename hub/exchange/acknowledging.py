"""What the sequencer does with one acknowledgement, in memory.

Never does: I/O, clocks, signatures. The first of each (message, desk, state) counts; a repetition gets its receipt.
"""

from __future__ import annotations

from comity.checks import bad_signature
from comity.directory import View
from comity.errors import ComityError, Reason, RefusedError
from comity.receipts import AckState, EventKind, ack_digest, ack_signature_digest, verify_ack
from comity.workflow.engine import apply_stored

from hub.exchange.domain import ERASE_AFTER_MS, AckSource, Book, EnvelopeState, Known
from hub.log.commands import Acknowledge
from hub.log.domain import Draft, Moment, Outcome, Party


def acknowledge(book: Book, command: Acknowledge, moment: Moment, view: View) -> Outcome:
    """Applies an acknowledgement to the book.

    Returns:
        Where its receipt comes from, or why it is refused.
    """
    ack = command.ack
    now = moment.now_ms
    known = book.by_hash.get(ack.message_hash)
    try:
        _check_signature(command, view)
        if known is None or ack.desk not in known.counterparts:
            raise unknown_message()
        first = book.acks.get((ack.message_hash, ack.desk, int(ack.state)))
        if first is not None:
            return first
        _check_signer(view, ack.kid, ack.desk, now)
        if ack.state is AckState.STORED:
            _store(book, known, ack.desk, now)
        elif ack.state is AckState.OPENED and not book.stored(known, ack.desk):
            _check_in_time(known, now)
    except ComityError as error:
        return error
    kind = EventKind.REFUSED if ack.state is AckState.REFUSED else EventKind.ACKNOWLEDGED
    new = book.draft(
        Draft(
            kind,
            (Party(known.sender),),
            message_hash=ack.message_hash,
            signatures_digest=ack_signature_digest(ack.kid, command.sig),
            kids=(ack.kid,),
            other_hash=ack_digest(command.body),
            ack_state=ack.state,
            source=AckSource(command),
        )
    )
    book.acks[ack.message_hash, ack.desk, int(ack.state)] = new
    return new


def _check_signature(command: Acknowledge, view: View) -> None:
    """Refuses what did not verify, unless its key came into the directory since: perhaps through another process.

    Raises:
        RefusedError: BAD_SIGNATURE.
    """
    if command.refusal is None:
        return
    key = view.sign_key(command.ack.kid) if view.size > command.judged_at else None
    if key is None or not verify_ack(command.body, command.sig, key):
        raise command.refusal


def _check_signer(view: View, kid: bytes, desk: str, now: int) -> None:
    """Checks that a key is a live member key that may acknowledge for a desk, as the sender will: at the leaf's moment.

    Raises:
        RefusedError: BAD_SIGNATURE.
    """
    record = view.member_key(kid, now)
    if record is None or desk not in record.desks:
        raise bad_signature()


def unknown_message() -> RefusedError:
    """Returns the one refusal for a message that does not exist and one that was not delivered to that desk."""
    return RefusedError(Reason.UNKNOWN_MESSAGE, "no such message was delivered to that desk")


def _check_in_time(known: Known, now: int) -> None:
    if known.state is EnvelopeState.WITHDRAWN:
        raise RefusedError(Reason.WRONG_STATE, "it was withdrawn before it was stored", state="WITHDRAWN", allowed="")
    if now > known.deliver_by:
        raise RefusedError(Reason.TOO_LATE, "its time went by before it was stored", limit=str(known.deliver_by))


def _store(book: Book, known: Known, desk: str, now: int) -> None:
    """Moves the leg from SENT to DELIVERED where the opening envelope was stored, and stops the envelope's clock."""
    entry = book.find_leg(known.sender, known.case_id, desk) if known.opening else None
    applied = None if entry is None else apply_stored(entry.leg, known.message_hash, now)
    _check_in_time(known, now)
    if applied is not None and entry is not None:
        book.draft_clocks(applied.leg, applied.events)
        if applied.leg.revision != entry.leg.revision:
            book.put_leg(applied.leg, now)
    if known.unstored > 0:
        known.unstored -= 1
        if known.unstored == 0 and known.state is EnvelopeState.LIVE:
            known.due = now + ERASE_AFTER_MS
        book.touch(known)
