"""What the sequencer does with one envelope, in memory: the second half of step 6 of the submit path.

Never does: I/O, clocks, signatures. An envelope that is refused leaves the book as it was, but for an EQUIVOCATION.
"""

from __future__ import annotations

from comity.checks import Signer, check_parties, check_rules, verify_known_signatures
from comity.directory import View
from comity.envelope import Envelope, signatures_digest
from comity.errors import ComityError, Reason, RefusedError
from comity.grants import verify_granted
from comity.header import Header
from comity.names import agency_of
from comity.receipts import EventKind
from comity.workflow.actions import AboutFacts, action_of
from comity.workflow.engine import apply
from comity.workflow.legs import Applied
from comity.workflow.terms import AgencyKind, Verb

from hub.exchange.domain import (
    ERASE_AFTER_MS,
    MAX_EQUIVOCATIONS,
    Book,
    EnvelopeState,
    Equivocated,
    Known,
    Submitted,
    erased_error,
    is_opening,
)
from hub.exchange.grants import Passed
from hub.exchange.onward import check_carried, check_unspent, consume, spend
from hub.log.commands import SubmitEnvelope
from hub.log.domain import Draft, Existing, Moment, New, Outcome, Party


def submit(book: Book, command: SubmitEnvelope, moment: Moment, view: View) -> Outcome:
    """Applies an envelope to the book.

    Returns:
        Where its receipt comes from, or why it is refused.
    """
    envelope = command.envelope
    header = envelope.header
    known = book.by_id.get((header.sender_agency, header.envelope_id))
    try:
        if known is not None and known.message_hash == envelope.message_hash:
            return repeated(known)
        _check_signatures(command, view)
        signers = _judge(book, envelope, moment, view)
        if known is not None:
            return _equivocation(book, command, known)
        _check_blobs(book, header)
        return _take(book, command, signers, moment, view)
    except ComityError as error:
        return error


def _check_signatures(command: SubmitEnvelope, view: View) -> None:
    """Refuses what did not verify, unless a key came into the directory since: perhaps through another process."""
    if command.refusal is None:
        return
    if view.size <= command.judged_at:
        raise command.refusal
    verify_known_signatures(command.envelope, view)
    if command.envelope.header.granted is not None:
        verify_granted(command.envelope.header.granted, view.sign_key)


def _judge(book: Book, envelope: Envelope, moment: Moment, view: View) -> tuple[Signer, ...]:
    """Checks times, directory, agreement, profile, keys and people as every recipient will: at the leaf's moment."""
    header = envelope.header
    opening = is_opening(header.family, header.verb)
    leg = None if opening else book.find_leg(header.sender, header.case_id, header.counterparts[0])
    opened, onward = (None, False) if leg is None else (leg.leg.opened, bool(leg.leg.onward))
    check_rules(envelope, view, moment.now_ms, opening=opening, opened=opened, onward=onward)
    # Directory and moment are the batch's: what was found for the same parties once holds for all of it.
    signatures = tuple([(s.kid, s.role) for s in envelope.signatures])
    parties = (header.family, header.verb, header.sender, header.recipients, bool(header.blobs), onward, signatures)
    signers = book.signers.get(parties)
    if signers is None:
        signers = book.signers[parties] = check_parties(envelope, view, moment.now_ms, opening=opening, onward=onward)
    return signers


def repeated(known: Known) -> Outcome:
    """Returns the first receipt again.

    Raises:
        RefusedError: ERASED.
    """
    if known.state in (EnvelopeState.ERASED, EnvelopeState.PRUNED):
        raise erased_error(known)
    return New(known.position) if known.index is None else Existing(known.index)


def _equivocation(book: Book, command: SubmitEnvelope, known: Known) -> Outcome:
    """Records both contents, once for each second one, and refuses."""
    envelope = command.envelope
    key = (known.sender_agency, known.envelope_id)
    seen = book.equivocations.setdefault(key, set())
    if envelope.message_hash not in seen and len(seen) < MAX_EQUIVOCATIONS:
        seen.add(envelope.message_hash)
        book.draft(
            Draft(
                EventKind.EQUIVOCATION,
                (Party(envelope.header.sender),),
                message_hash=known.message_hash,
                signatures_digest=signatures_digest(envelope.signatures),
                kids=tuple(s.kid for s in envelope.signatures),
                other_hash=envelope.message_hash,
                source=Equivocated(*key, envelope.message_hash),
            )
        )
    return RefusedError(Reason.ALREADY_EXISTS, "the envelope id was used for other content")


def _check_blobs(book: Book, header: Header) -> None:
    for blob in header.blobs:
        if book.blobs.get((header.sender_agency, blob.sha256)) != blob.length:
            raise RefusedError(
                Reason.UNKNOWN_BLOB,
                "an attachment was not uploaded by this agency, or not completely",
                sha256=blob.sha256.hex(),
            )


def _take(book: Book, command: SubmitEnvelope, signers: tuple[Signer, ...], moment: Moment, view: View) -> New:
    envelope = command.envelope
    header = envelope.header
    now = moment.now_ms
    counterparts = header.counterparts
    check_carried(book, header)
    consumed = consume(book, header, now)
    granted = consumed is not None
    applied = [_apply(book, envelope, signers, desk, now=now, view=view, granted=granted) for desk in counterparts]
    book.lists.check(header, applied[0].leg.key)
    check_unspent(book, header)
    # Nothing can be refused any more: from here on the book changes.
    for one in applied:
        book.draft_clocks(one.leg, one.events)
        book.put_leg(one.leg, now)
    recipients = tuple(r.desk for r in header.recipients)
    position = len(book.drafts)
    book.lists.take(header, applied[0].leg.key, position)
    known = Known(
        message_hash=envelope.message_hash,
        sender_agency=header.sender_agency,
        envelope_id=header.envelope_id,
        sender=header.sender,
        recipients=recipients,
        case_id=header.case_id,
        family=header.family,
        verb=header.verb,
        opening=is_opening(header.family, header.verb),
        author_member=signers[0].member,
        deliver_by=header.deliver_by,
        state=EnvelopeState.LIVE,
        unstored=len(counterparts),
        due=header.deliver_by,
        index=None,
        position=position,
    )
    source = Submitted(envelope, known, command.weight)
    book.drafts.append(
        Draft(
            EventKind.SUBMITTED,
            tuple(Party(desk, wrap) for desk, wrap in zip(recipients, envelope.wraps, strict=True)),
            message_hash=envelope.message_hash,
            signatures_digest=signatures_digest(envelope.signatures),
            kids=tuple(s.kid for s in envelope.signatures),
            source=source,
        )
    )
    book.add(known)
    book.submitted.append(source)
    if header.verb is Verb.WITHDRAW:
        _withdraw(book, envelope, counterparts[0], now)
    spend(book, envelope, consumed, now)
    return New(position)


def _apply(
    book: Book, envelope: Envelope, signers: tuple[Signer, ...], desk: str, *, now: int, view: View, granted: bool
) -> Applied:
    header = envelope.header
    entry = book.find_leg(header.sender, header.case_id, desk)
    action = action_of(
        header,
        envelope.message_hash,
        signers,
        counterpart=desk,
        sender_kind=_kind(view, header.sender_agency),
        counterpart_kind=_kind(view, agency_of(desk)),
        about_facts=_about(book, header, desk) if header.about else None,
        granted=granted,
    )
    return apply(None if entry is None else entry.leg, action, now)


def _kind(view: View, agency: str) -> AgencyKind:
    found = view.agency(agency)
    if found is None:
        raise RefusedError(Reason.NO_AGREEMENT, "no agreement covers this desk and family")
    return found.kind


def _about(book: Book, header: Header, desk: str) -> AboutFacts | None:
    """Returns the facts of the envelope that `about` names, if it is one of the same leg, or reached it by a grant."""
    named = book.by_hash.get(header.about)
    if named is None or named.case_id != header.case_id or named.sender not in (header.sender, desk):
        return None
    other = desk if named.sender == header.sender else header.sender
    passed_on = named.sender == header.sender and Passed(header.about, desk) in book.grants.passed
    if other not in named.recipients and not passed_on:
        return None
    return AboutFacts(named.sender, named.verb, named.author_member)


def _withdraw(book: Book, envelope: Envelope, desk: str, now: int) -> None:
    """Drops what was withdrawn; its numbered delivery becomes a tombstone. Both sides are told."""
    taken_back = book.by_hash[envelope.header.about]
    book.draft(
        Draft(
            EventKind.WITHDRAWN,
            (Party(envelope.header.sender), Party(desk)),
            message_hash=taken_back.message_hash,
            other_hash=envelope.message_hash,
        )
    )
    book.dropped_wraps.append((taken_back, desk))
    taken_back.unstored = max(0, taken_back.unstored - 1)
    if len(taken_back.counterparts) == 1:
        # Of a joint envelope the other recipients still need the ciphertext; it goes when that one is erased.
        taken_back.state = EnvelopeState.WITHDRAWN
        book.dropped_ciphertexts.append(taken_back)
    if taken_back.unstored == 0:
        taken_back.due = now + ERASE_AFTER_MS
    book.touch(taken_back)
