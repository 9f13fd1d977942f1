"""Onward consent in a batch: a FORWARD uses up its grant and makes the leg for recalls, a REVOKE_GRANT takes one back.

What the header alone tells (this hub, holder, new desk, time) is judged by `comity.grants`. Here is added what the log
knows: that the grant is one of its GRANT_ONWARDs, that what it is about was sent on the same leg, that nothing spent it
before. Silence is no: where anything is missing, nothing is passed on.

Never does: I/O, clocks, signatures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from comity.envelope import Envelope
from comity.errors import Reason, RefusedError
from comity.grants import check_granted, check_original, leg_made_by, no_grant, recallable
from comity.header import Header
from comity.receipts import EventKind
from comity.workflow.engine import apply_forwarded
from comity.workflow.legs import Applied
from comity.workflow.terms import Family, Verb
from comity.workflow.timers import settle

from hub.exchange.domain import Book, EnvelopeState
from hub.exchange.grants import Passed, Recalled, Spending, taken_back
from hub.log.domain import Draft, Party

_FROM_0005: Final = frozenset({Verb.FORWARD, Verb.REVOKE_GRANT, Verb.REDIRECT})
_GONE: Final = frozenset({EnvelopeState.WITHDRAWN, EnvelopeState.PRUNED})


@dataclass(frozen=True, slots=True)
class Consumed:
    """What a FORWARD uses and changes, before anything is changed."""

    grant: bytes
    """Hash of the GRANT_ONWARD."""
    passed: Passed
    """What is passed on, and to whom."""
    original: Applied
    """The leg of what is passed on, with its clocks settled and marked as forwarded."""


@dataclass(frozen=True, slots=True)
class Used:
    """Source of a GRANT_USED draft."""

    envelope: Envelope
    """The FORWARD: both sides are shown what was signed of it."""


def check_carried(book: Book, header: Header) -> None:
    """Refuses what the database has no place for.

    Raises:
        RefusedError: FAMILY_NOT_OFFERED.
    """
    if book.grants.kept:
        return
    if header.family in (Family.FREEZE, Family.ASSISTANCE) or header.verb in _FROM_0005:
        raise RefusedError(
            Reason.FAMILY_NOT_OFFERED, "the hub's database has no place for this yet", family=header.family.name
        )


def consume(book: Book, header: Header, now_ms: int) -> Consumed | None:
    """Returns what a FORWARD uses, or None for every other envelope. Nothing is changed yet.

    Args:
        book: with the grant, the original and their leg, as far as they are in the log.
        header: of any envelope.
        now_ms: the leaf's time.

    Raises:
        RefusedError: NO_GRANT; BAD_TIMES where a freeze would outlast the one that is passed on.
    """
    if header.verb is not Verb.FORWARD:
        return None
    grant, granted = check_granted(header, now_ms), header.granted
    if granted is None:
        raise no_grant()
    given, original = book.by_hash.get(granted.message_hash), book.by_hash.get(grant.original_hash)
    # Its hash is that of an envelope in the log: so it is what two people of the originator signed, to the letter.
    if given is None or given.verb is not Verb.GRANT_ONWARD or given.state is EnvelopeState.PRUNED:
        raise no_grant()
    if granted.message_hash in book.grants.spent or original is None or original.state in _GONE:
        raise no_grant()
    check_original(
        granted,
        message_hash=original.message_hash,
        sender=original.sender,
        counterparts=original.counterparts,
        family=original.family,
        case_id=original.case_id,
        verb=original.verb,
    )
    entry = book.legs.get((original.sender, original.case_id, header.sender))
    if entry is None:
        raise no_grant()
    # The consent to what was taken back is taken back with it; so is all of a case whose opening is.
    if taken_back(granted, entry.leg.opening, header.sender, book.grants.recalled):
        raise no_grant()
    made = leg_made_by(header, b"")
    there = book.find_leg(*made.key)
    # What was passed on where no recall reaches it could never be taken back.
    if there is not None and not recallable(made, there.leg):
        raise no_grant()
    settled = settle(entry.leg, now_ms)
    passed = Passed(grant.original_hash, grant.new_desk)
    return Consumed(
        granted.message_hash, passed, Applied(apply_forwarded(settled.leg, header), settled.before, settled.events)
    )


def check_unspent(book: Book, header: Header) -> None:
    """Refuses a REVOKE_GRANT that comes too late. Called once it is known that the grant is its sender's to revoke.

    Raises:
        RefusedError: WRONG_STATE.
    """
    if header.verb is Verb.REVOKE_GRANT and header.about in book.grants.spent:
        used = book.grants.spent[header.about] is not None
        raise RefusedError(
            Reason.WRONG_STATE,
            "the grant was used already" if used else "the grant was revoked already",
            state="USED" if used else "REVOKED",
            allowed="",
        )


def spend(book: Book, envelope: Envelope, consumed: Consumed | None, now_ms: int) -> None:
    """Marks a grant as used or revoked, where an envelope that was taken does so; both sides are told.

    A RECALL marks what it is about: its parties know from it that no grant over that can be used any more.

    Args:
        book: holds the envelope's draft already.
        envelope: that was taken.
        consumed: of a FORWARD.
        now_ms: the leaf's time.
    """
    header, passed = envelope.header, None
    if header.verb is Verb.RECALL:
        position = len(book.drafts) - 1
        for desk in header.counterparts:
            book.grants.recall(Recalled(header.about, desk), position)
        return
    if consumed is not None and header.granted is not None:
        given = header.granted.header
        draft = Draft(
            EventKind.GRANT_USED,
            (Party(given.sender), Party(header.sender)),
            message_hash=consumed.grant,
            other_hash=envelope.message_hash,
            source=Used(envelope),
        )
        _make_legs(book, envelope, consumed, now_ms)
        grant, passed = consumed.grant, consumed.passed
    elif header.verb is Verb.REVOKE_GRANT:
        grant = header.about
        parties = (Party(header.sender), Party(header.counterparts[0]))
        draft = Draft(EventKind.GRANT_REVOKED, parties, message_hash=grant, other_hash=envelope.message_hash)
    else:
        return
    position = book.draft(draft).position
    book.grants.spend(Spending(grant, envelope.message_hash, passed, position))


def _make_legs(book: Book, envelope: Envelope, consumed: Consumed, now_ms: int) -> None:
    original = consumed.original
    book.draft_clocks(original.leg, original.events)
    if book.legs[original.leg.key].leg.revision != original.leg.revision:
        book.put_leg(original.leg, now_ms)
    made = leg_made_by(envelope.header, envelope.message_hash)
    if book.find_leg(*made.key) is None:
        book.put_leg(made, now_ms)
