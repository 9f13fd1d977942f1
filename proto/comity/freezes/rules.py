"""What a freeze has come to: its ledger, what it rests on and when it ends, step by step from what was said.

Both sides judge with this before they send and after they have received; what does not fit is named and changes
nothing. Which verb runs in which state is the workflow's (`comity.workflow`). Three rules beyond the sums:

- Nothing that one person signs lets go of what is held, or brings into force what binds (`needs_two`).
- A hold ends by RELEASE, after a call-back, or by its date: an outcome does not end one, nor do reports (STILL_HELD).
- Nobody destroys what a freeze rests on while it goes on (`may_destroy`).

Never does: judge signatures, roles, directories or telephone numbers; read a clock; I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from google.protobuf.message import Message

from comity.freezes.amounts import LedgerError, Problem, read_amount, times, total
from comity.freezes.ledger import Ledger
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import State, Verb

NON_BINDING: Final = frozenset(
    {
        pb.INSTRUMENT_KIND_VOLUNTARY_HOLD,
        pb.INSTRUMENT_KIND_LETTER_OF_NO_CONSENT,
        pb.INSTRUMENT_KIND_STOP_PAYMENT,
    }
)
"""Instruments that never bind the holder, and never look like orders."""
HOLDING: Final = frozenset({State.EXECUTING, State.IN_FORCE, State.CHALLENGED})
"""States of a leg in which something is held, or is about to be."""
RESTS_ON: Final = frozenset(
    {
        Verb.REQUEST,
        Verb.REQUEST_PROVISIONAL,
        Verb.FORWARD,
        Verb.CONFIRM,
        Verb.COMPLETE,
        Verb.CONVERT,
        Verb.ASK_EXTENSION,
        Verb.ASK_VARIATION,
        Verb.ASK_RELEASE,
    }
)
"""The originator's messages without which nobody could tell any more what is held, on what, until when and why."""
CRUMB: Final = 100
"""What variations leave of a line is at least one part in so many of what is held and what they have let go."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The instrument that a freeze rests on."""

    kind: pb.InstrumentKind
    """Which."""
    binding: bool
    """Whether the holder must obey."""
    start: int
    """Unix milliseconds UTC from which it is in force."""
    end: int
    """Unix milliseconds UTC of its own end; 0 where it has none."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Where a freeze stands."""

    ledger: Ledger
    """Its lines."""
    instrument: InForce | None
    """What it rests on; None while it is a provisional hold."""
    ends: int
    """Unix milliseconds UTC at which it ends by itself, by the newest header that set it; 0 where it does not."""
    passed_on: bool = False
    """A FORWARD opened it, and it rests on the original's instrument still: it ends with the original."""
    accepted: bool = False
    """The holder's side accepted it, or reported on it, by as many people as that took."""

    @property
    def binds(self) -> bool:
        """Whether the holder must obey what it rests on."""
        return self.instrument is not None and self.instrument.binding


def judge(
    before: Freeze | None,
    body: Message,
    lapses_at: int,
    asked: Message | None = None,
    *,
    ended: bool = False,
    passed_on: bool = False,
) -> Freeze:
    """Returns where a freeze stands after a message.

    Args:
        before: where it stood; None before the message that opens it.
        body: of the payload. Of a FORWARD the body of the original that it embeds.
        lapses_at: of the message's header, Unix milliseconds UTC; 0 where absent.
        asked: body of the message that it answers (`about`): of EXTEND, VARY and RELEASE. None where that is not here
            or must not be acted on: then the answer does not fit either.
        ended: whether the freeze had ended before it, by people or by its date; an outcome is then told of what is
            held no more.
        passed_on: whether the message that opens it is a FORWARD.

    Raises:
        LedgerError: it does not fit; of a body that asks for something also where the answer could not fit.
    """
    if before is None:
        return _passed_on(body, lapses_at) if passed_on else _opened(body, lapses_at)
    match body:
        case pb.FreezeRequest():
            return _completed(before, body, lapses_at)
        case pb.Confirm():
            return replace(before, ends=lapses_at)
        case pb.Convert():
            return _converted(before, body, lapses_at)
        case pb.Accept():
            return replace(before, accepted=True)
        case pb.AskExtension():
            _later(before, body.until)
        case pb.Extend():
            return _extended(before, body, lapses_at, asked)
        case pb.AskVariation():
            _varied(before.ledger, body)
        case pb.AskRelease():
            _all(before.ledger.release(body.lines))
        case pb.ReportExecution():
            return replace(before, ledger=before.ledger.report(body.lines), accepted=True)
        case pb.FreezeOutcome() if not ended:
            _none_taken(_all(before.ledger))
            return replace(before, ledger=before.ledger.outcome(body.lines))
        case _:
            return replace(before, ledger=_moved(before.ledger, body, asked))
    return before


def needs_two(before: Freeze | None, body: Message) -> bool:
    """Returns whether a message needs two people of the holder's side, where the workflow asks for one.

    Args:
        before: where the freeze stood.
        body: of the payload.
    """
    if before is None:
        return False
    match body:
        case pb.Accept():
            return before.binds
        case pb.Vary():
            return any(line.release for line in body.lines)
        case pb.ReportExecution():
            return (before.binds and not before.accepted) or _lowers(before.ledger, body)
        case _:
            return False


def _lowers(ledger: Ledger, body: pb.ReportExecution) -> bool:
    try:
        after = ledger.report(body.lines)
    except LedgerError:
        return False  # it does not fit, whoever signs it
    return any(new.held < old.held for new, old in zip(after.rows, ledger.rows, strict=True))


def may_destroy(state: State, verb: Verb) -> bool:
    """Returns whether the recipient may answer a recall with DESTROYED: not of what a freeze rests on while it holds.

    Args:
        state: of the leg, before the answer.
        verb: of the message that the recall is about.
    """
    return state not in HOLDING or verb not in RESTS_ON


def _opened(body: Message, lapses_at: int) -> Freeze:
    match body:
        case pb.FreezeRequest():
            found = in_force(body.instrument)
            if found.end != lapses_at:
                raise LedgerError(Problem.ENDS_DIFFER, field="instrument.end")
            return Freeze(Ledger.open(body.lines), found, lapses_at)
        case pb.ProvisionalHold():
            return Freeze(Ledger.open(body.lines), None, lapses_at)
        case _:
            raise LedgerError(Problem.NOT_OPENED)


def _passed_on(body: Message, lapses_at: int) -> Freeze:
    """Returns where what was passed on begins: as its original was asked for, and for no longer than that."""
    if not isinstance(body, pb.FreezeRequest):
        raise LedgerError(Problem.NOT_OPENED)
    found = in_force(body.instrument)
    if found.end and not 0 < lapses_at <= found.end:
        raise LedgerError(Problem.ENDS_DIFFER, field="instrument.end")
    return Freeze(Ledger.open(body.lines), found, lapses_at, passed_on=True)


def _completed(before: Freeze, body: pb.FreezeRequest, lapses_at: int) -> Freeze:
    new = in_force(body.instrument)
    _no_gap(before, new)
    if new.end and new.end < lapses_at:
        raise LedgerError(Problem.ENDS_DIFFER, field="instrument.end")
    return replace(before, ledger=before.ledger.complete(body.lines), instrument=new, ends=lapses_at)


def _converted(before: Freeze, body: pb.Convert, lapses_at: int) -> Freeze:
    new = in_force(body.instrument)
    _no_gap(before, new)
    if new.end != lapses_at:
        raise LedgerError(Problem.ENDS_DIFFER, field="instrument.end")
    return replace(before, instrument=new, ends=lapses_at, passed_on=False)


def _extended(before: Freeze, body: pb.Extend, lapses_at: int, asked: Message | None) -> Freeze:
    _later(before, body.until)
    if body.until != lapses_at:
        raise LedgerError(Problem.ENDS_DIFFER, field="until")
    if not isinstance(asked, pb.AskExtension):
        raise LedgerError(Problem.NOT_ASKED, field="until")
    if body.until > asked.until:
        raise LedgerError(Problem.MORE_THAN_ASKED, field="until")
    return replace(before, ends=body.until)


def _moved(ledger: Ledger, body: Message, asked: Message | None) -> Ledger:
    match body:
        case pb.Vary():
            varied = _varied(ledger, body)
            if not isinstance(asked, pb.AskVariation):
                raise LedgerError(Problem.NOT_ASKED, field="lines")
            _within(ledger, body, asked)
            return varied
        case pb.Release():
            if body.ground != pb.RELEASE_GROUND_COURT_ORDER and not isinstance(asked, pb.AskRelease):
                raise LedgerError(Problem.NOT_ASKED, field="ground")
            return _all(ledger.release(body.lines))
        case pb.FreezeOutcome():
            return ledger.outcome(body.lines)
        case _:
            return ledger


def in_force(instrument: pb.Instrument) -> InForce:
    """Returns what is kept of an instrument."""
    return InForce(instrument.kind, instrument.binding, instrument.start, instrument.end)


def _no_gap(before: Freeze, new: InForce) -> None:
    if before.ends and new.start > before.ends:
        raise LedgerError(Problem.GAP_BETWEEN, field="instrument.start")


def _later(before: Freeze, until: int) -> None:
    if before.passed_on:
        raise LedgerError(Problem.NOT_ITS_OWN, field="until")
    if not before.ends or until <= before.ends:
        raise LedgerError(Problem.NOT_LATER, field="until")


def _all(ledger: Ledger) -> Ledger:
    for row in ledger.rows:
        if row.held:
            raise LedgerError(Problem.STILL_HELD, row.number)
    return ledger


def _none_taken(ledger: Ledger) -> Ledger:
    """Returns the ledger, of which reports took nothing out of held that a release would have to let go."""
    for row in ledger.rows:
        if row.taken:
            raise LedgerError(Problem.STILL_HELD, row.number)
    return ledger


def _varied(ledger: Ledger, body: pb.AskVariation | pb.Vary) -> Ledger:
    """Returns the ledger after a variation.

    It leaves more than a crumb of each line, and so do all of them together, however many: the rest goes by a release.
    """
    varied = ledger.vary(body.lines)
    for old, new in zip(ledger.rows, varied.rows, strict=True):
        if new.held < old.held and times(new.held, CRUMB) < total(new.held, new.varied):
            raise LedgerError(Problem.IS_A_RELEASE, old.number, "release")
    return varied


def _within(ledger: Ledger, body: pb.Vary, asked: pb.AskVariation) -> None:
    """Holds a variation against what was asked: as much of it or less, and nothing beside it."""
    wanted = {line.line: line for line in asked.lines}
    for line in body.lines:
        decimals = ledger.row(line.line).decimals
        for field in ("release", "increase"):
            given = getattr(line, field)
            limit = getattr(wanted[line.line], field) if line.line in wanted else ""
            if given and read_amount(given, decimals) > read_amount(limit or "0", decimals):
                raise LedgerError(Problem.MORE_THAN_ASKED, line.line, field)
