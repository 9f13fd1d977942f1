"""What the sequencer does when a clock has run out, in memory: legs, expiry, erasure, the end of what is kept.

Every function may be called again, by this process or another: where it was seen to already, nothing happens.

Never does: I/O, clocks.
"""

from __future__ import annotations

from comity.errors import Reason, RefusedError
from comity.receipts import EventKind
from comity.workflow.legs import Leg
from comity.workflow.terms import State, Verb
from comity.workflow.timers import settle

from hub.exchange.domain import (
    DAY_MS,
    ERASE_AFTER_MS,
    PRUNE_AFTER_MS,
    Book,
    EnvelopeState,
    Known,
    LegEntry,
    erased_error,
)
from hub.log.domain import Draft, Moment, New, Outcome, Party

_LOOK_AGAIN_MS = 30 * DAY_MS


def leg_due(book: Book, key: tuple[str, bytes, str], moment: Moment) -> Outcome:
    """Logs what clocks did to a leg: OVERDUE, LAPSED, EXPIRED."""
    entry = book.legs.get(key)
    if entry is not None and not _settle(book, entry, moment):
        # The row says that something is due and nothing is: it is written anew, or it would be found for ever.
        book.changed_legs[key] = entry
    return None


def _settle(book: Book, entry: LegEntry, moment: Moment) -> bool:
    applied = settle(entry.leg, moment.now_ms)
    if applied.events:
        book.draft_clocks(applied.leg, applied.events)
        book.put_leg(applied.leg, moment.now_ms)
    return bool(applied.events)


def envelope_due(book: Book, message_hash: bytes, moment: Moment) -> Outcome:
    """Expires, erases or prunes an envelope, whichever is due."""
    known = book.by_hash.get(message_hash)
    if known is None or known.due is None or moment.now_ms <= known.due:
        return None
    if known.state is EnvelopeState.LIVE and known.unstored:
        _expire(book, known, moment)
    elif known.state is EnvelopeState.ERASED:
        _prune(book, known, moment)
    else:
        _erase(book, known, moment)
    return None


def erase(book: Book, message_hash: bytes, moment: Moment) -> Outcome:
    """Erases an envelope before its time; returns where the receipt of the ERASED event comes from, or a refusal."""
    known = book.by_hash.get(message_hash)
    if known is None:
        return RefusedError(Reason.UNKNOWN_MESSAGE, "no such message")
    if known.state in (EnvelopeState.ERASED, EnvelopeState.PRUNED):
        return erased_error(known)
    return _erase(book, known, moment)


def _expire(book: Book, known: Known, moment: Moment) -> None:
    """`deliver_by` went by before everybody stored it: those who did not get it no more, and both sides are told."""
    for desk in known.counterparts:
        if book.stored(known, desk):
            continue
        entry = book.find_leg(known.sender, known.case_id, desk) if known.opening else None
        if entry is not None:
            _settle(book, entry, moment)
        book.dropped_wraps.append((known, desk))
        if entry is None or not _told(entry.leg, known):
            book.draft(
                Draft(
                    EventKind.EXPIRED,
                    (Party(known.sender), Party(desk)),
                    message_hash=known.message_hash,
                    effective_time=known.deliver_by,
                )
            )
    known.state = EnvelopeState.EXPIRED
    known.due = moment.now_ms + ERASE_AFTER_MS
    book.touch(known)


def _told(leg: Leg, known: Known) -> bool:
    """Returns whether a leg's own events tell of the end of its opening envelope's delivery.

    A freeze that reached its own end is EXPIRED too, by another event.
    """
    return leg.state is State.WITHDRAWN or (leg.state is State.EXPIRED and leg.ended_at == known.deliver_by)


def _erase(book: Book, known: Known, moment: Moment) -> New:
    """Drops all but who, to whom, which verb and which leaf. The leaf stays, proofs still verify.

    Of a FORWARD stays what was signed, until it is pruned: it proves the use of the grant to who gave that.
    """
    known.state = EnvelopeState.ERASED
    known.due = moment.now_ms + PRUNE_AFTER_MS
    book.touch(known)
    book.erased.append(known)
    return book.draft(Draft(EventKind.ERASED, (Party(known.sender),), message_hash=known.message_hash))


def _prune(book: Book, known: Known, moment: Moment) -> None:
    """Leaves (envelope id, message hash, ERASED) a year after the leg ended, and the leg itself goes.

    With a FORWARD goes the leg that it made for recalls; a grant waits for that, so that its leg can be told from it.
    """
    legs = [book.find_leg(known.sender, known.case_id, desk) for desk in known.counterparts]
    if known.verb is Verb.FORWARD:
        legs += _made_by(book, known.message_hash)
    present = [entry for entry in legs if entry is not None]
    used_by = book.grants.spent.get(known.message_hash)
    waits = used_by is not None and bool(_made_by(book, used_by))
    if waits or any(e.finished_at is None or e.finished_at + PRUNE_AFTER_MS > moment.now_ms for e in present):
        known.due = moment.now_ms + _LOOK_AGAIN_MS
        book.touch(known)
        return
    known.state = EnvelopeState.PRUNED
    known.due = None
    book.touch(known)
    book.pruned.append(known)
    book.pruned_legs += [entry.leg.key for entry in present]


def _made_by(book: Book, forward: bytes) -> list[LegEntry]:
    return [entry for entry in book.legs.values() if entry.leg.onward == forward]
