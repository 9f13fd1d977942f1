"""What the content of a freeze must agree with; both sides hold it alike, before it leaves and after it came.

The rules, by their codes:

- What is said fits the ledger, the end that is set, and what was asked: the problems of `comity.freezes`.
- An instrument is what the two agreed on: it binds only where that kind does (NEVER_BINDS), has an end (NO_END) so many
  days at most after it was said or began, whichever was first (TOO_LONG), and is extended only where that kind may be
  (NOT_EXTENDABLE).
- Who accepts what binds the holder, reports on it before it was so accepted, varies by letting go of something, or
  reports that less is held than before, is two people (SECOND_PERSON_MISSING).
- Nobody goes on with what cannot be read here (NOT_READABLE). What comes is believed all the same where it is only
  this member who cannot read what it goes on with, and not where that was destroyed here or set aside.
- What comes is held against sums that both sides have: not where something they rest on does not open for this member,
  was refused, or was not read in time (`Story.closed`, `Story.lost`). It is then added up as far as it fits.
- Nothing is released, and no release asked for, without a call to the directory's number (WRONG_CALL_BACK,
  NO_DUTY_CONTACT), made after the release was asked for.

Never does: states, signatures, times of the header (`comity.workflow`); telephone anybody.
"""

from __future__ import annotations

from typing import Final

from comity.errors import RefusedError
from comity.freezes import Freeze, LedgerError, in_force, judge, needs_two
from comity.names import agency_of
from comity.payload import body_name, body_of
from comity.v1 import payload_pb2 as pb
from comity.workflow.clocks import Instrument
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, SignatureRole, Verb
from google.protobuf.message import Message
from sqlalchemy import Connection

from agents import mailstore
from agents.alarms import AlarmKind, raise_alarm
from agents.cases import header_of, profile_between
from agents.contents import Said, Taking
from agents.errors import ContentRefusedError
from agents.freezing.calling import check_call_back
from agents.freezing.standing import ASKS, COUNTS, GOES_ON, had_ended, is_unread_question, tell
from agents.freezing.templates import kind_of
from agents.records import Standing

_DAY_MS: Final = 86_400_000
_BY_TWO: Final = frozenset({Verb.ACCEPT, Verb.VARY, Verb.REPORT_EXECUTION})
_RULED: Final = (COUNTS | ASKS | {Verb.ACCEPT}) - {Verb.FORWARD}


def judge_freeze(c: Connection, said: Said) -> None:
    """Holds a message against the rules above.

    Raises:
        ContentRefusedError: it breaks one.
    """
    if said.header.family is not Family.FREEZE or said.header.verb not in _RULED:
        return
    body, name = body_of(said.payload), body_name(Family.FREEZE, said.header.verb) or ""
    asked = _asked(c, said)
    before: Freeze | None = None
    if said.leg is not None:
        story = tell(c, said.read, said.leg, said.index)
        before = story.freeze
        if before is None or (said.index is None and story.closed):
            _unread(c, said, said.leg, name)
        if said.index is not None and (
            story.closed or story.lost or is_unread_question(c, said.read, said.header.about)
        ):
            before = None
    _two_where_needed(before, said, body, name)
    if isinstance(body, pb.Accept):
        return
    _agreed(said, body, name, before)
    if isinstance(body, pb.AskRelease | pb.Release):
        _called_back(c, said, body, name)
    if said.leg is not None and before is None:
        return  # what it goes on with is not here to be read, as a whole: there is nothing to hold it against
    try:
        judge(
            before, body, said.header.lapses_at, asked, ended=said.leg is not None and had_ended(said.header, said.leg)
        )
    except LedgerError as error:
        raise ContentRefusedError(error.problem.value, _path(name, body, error), str(error)) from None


def freeze_needs_two(c: Connection, said: Said) -> bool:
    """Returns whether a message accepts what binds the holder, brings it into force, or lets go of what is held."""
    if said.header.family is not Family.FREEZE or said.header.verb not in _BY_TWO or said.leg is None:
        return False
    return needs_two(tell(c, said.read, said.leg, said.index).freeze, body_of(said.payload))


def take_freeze(c: Connection, taking: Taking) -> None:
    """Raises the alarm where a freeze that had ended here by its own date goes on after all: report anew."""
    header, before = taking.header, taking.before
    if header.family is not Family.FREEZE or taking.outgoing or before is None or before.lapses_at is None:
        return
    message = mailstore.message(c, taking.message_hash)
    if message is not None and header.verb in GOES_ON and taking.time <= before.lapses_at < message.received:
        raise_alarm(c, AlarmKind.CAME_BACK, header.case_id.hex(), message.received)


def _unread(c: Connection, said: Said, leg: Leg, name: str) -> None:
    """Refuses what goes on with what nobody here can read, and a draft of a member who cannot."""
    opening = mailstore.message(c, leg.opening)
    kept = opening is not None and opening.standing in (Standing.GOOD, Standing.RECALLED)
    if said.index is None or not kept:
        raise ContentRefusedError("NOT_READABLE", name, "goes on with what cannot be read here")


def _asked(c: Connection, said: Said) -> Message | None:
    """Returns what the message answers, where that is here and breaks no rule itself.

    What is in the log answers also what this desk has quarantined after a recall: its sender has asked it all the same.
    A draft does not.
    """
    message = mailstore.message(c, said.header.about) if said.header.about else None
    answers = {Standing.GOOD} if said.index is None else {Standing.GOOD, Standing.RECALLED}
    payload = said.read(c, said.header.about) if message and message.standing in answers else None
    return None if payload is None else body_of(payload)


def _two_where_needed(freeze: Freeze | None, said: Said, body: Message, name: str) -> None:
    if needs_two(freeze, body) and not any(signer.role is SignatureRole.APPROVER for signer in said.signers):
        raise ContentRefusedError("SECOND_PERSON_MISSING", name, "binds, comes into force or lets go: two people sign")


def _agreed(said: Said, body: Message, name: str, before: Freeze | None) -> None:
    """Holds an instrument, or a later end, against what the two agencies agreed on for its kind."""
    created = said.header.created
    if isinstance(body, pb.FreezeRequest | pb.Convert):
        instrument, path = in_force(body.instrument), f"{name}.instrument"
        rule = _rule(said, instrument.kind)
        if rule is None:
            return
        if instrument.binding and not rule.binding:
            raise ContentRefusedError("NEVER_BINDS", f"{path}.binding", "is agreed to bind nobody")
        if not instrument.end:
            raise ContentRefusedError("NO_END", f"{path}.end", "is missing: that instrument is agreed to have an end")
        # Whoever asks writes `start`: one that is still to come gains no time.
        latest = min(instrument.start, created) + rule.max_days * _DAY_MS
        if max(instrument.end, said.header.lapses_at) > latest:
            raise ContentRefusedError("TOO_LONG", f"{path}.end", "is later than was agreed for that instrument")
    elif isinstance(body, pb.AskExtension | pb.Extend) and before is not None and before.instrument is not None:
        rule = _rule(said, before.instrument.kind)
        if rule is not None and not rule.extendable:
            raise ContentRefusedError("NOT_EXTENDABLE", f"{name}.until", "is agreed not to be extended: convert it")
        if rule is not None and body.until - created > rule.max_days * _DAY_MS:
            raise ContentRefusedError("TOO_LONG", f"{name}.until", "is later than was agreed for that instrument")


def _rule(said: Said, kind: int) -> Instrument | None:
    """Returns what the two agencies agreed on for a kind of instrument; None where they said nothing of it."""
    header = said.header
    other = said.leg.recipient if said.leg is not None and said.leg.originator == header.sender else ""
    other = other or (said.leg.originator if said.leg is not None else header.counterparts[0])
    if said.view is None:
        return None
    try:
        profile = profile_between(said.view, header.sender_agency, agency_of(other), Family.FREEZE, said.now)
    except RefusedError:
        return None
    return profile.instruments.get(kind_of(kind))


def _called_back(c: Connection, said: Said, body: pb.AskRelease | pb.Release, name: str) -> None:
    leg, header = said.leg, said.header
    if leg is None or said.view is None:
        raise ContentRefusedError("WRONG_CALL_BACK", f"{name}.call_back", "cannot be checked here")
    desk = leg.recipient if header.sender == leg.originator else leg.originator
    about = mailstore.message(c, header.about) if header.about else None
    since = header_of(about).created if about is not None and about.verb is Verb.ASK_RELEASE else 0
    path = f"{name}.call_back"
    ordered = body.ground == pb.RELEASE_GROUND_COURT_ORDER
    check_call_back(said.view, desk, body.call_back, path=path, created=header.created, since=since, ordered=ordered)


def _path(name: str, body: Message, error: LedgerError) -> str:
    """Returns the path of what does not fit, as the gaps of a form have it."""
    if not error.line:
        return f"{name}.{error.field}" if error.field else name
    numbers = [getattr(line, "line", 0) or getattr(line, "number", 0) for line in getattr(body, "lines", ())]
    place = f"{name}.lines[{numbers.index(error.line)}]" if error.line in numbers else f"{name}.lines"
    return f"{place}.{error.field}" if error.field else place
