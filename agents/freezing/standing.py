"""Where a freeze stands: its ledger, added up anew from what was said on the leg, in the order of the log.

Nothing of it is kept: amounts and accounts are content, and content lies sealed in the store. What was said is opened,
and `comity.freezes` adds it up, the same on both sides.

Never does: judge what is new (`agents/freezing/judging.py`), believe a sum that somebody typed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from comity.encoding import HASH_BYTES
from comity.envelope import Header
from comity.freezes import Freeze, LedgerError, Row, judge, needs_two
from comity.payload import body_of
from comity.v1 import payload_pb2 as pb
from comity.v1.payload_pb2 import Payload
from comity.workflow.legs import Leg
from comity.workflow.terms import Side, Standing, State, Verb
from comity.workflow.timers import settle
from google.protobuf.message import Message as Body
from sqlalchemy import Connection

from agents import mailstore
from agents.assisting.earlier import earlier, serves
from agents.cases import header_of
from agents.contents import Reader
from agents.mailstore import Message
from agents.onward import rows as onward
from agents.opening import KeptReader
from agents.records import MessageStatus
from agents.records import Standing as Kept

COUNTS: Final = frozenset(
    {
        Verb.FORWARD,
        Verb.REQUEST,
        Verb.REQUEST_PROVISIONAL,
        Verb.CONFIRM,
        Verb.COMPLETE,
        Verb.REPORT_EXECUTION,
        Verb.EXTEND,
        Verb.VARY,
        Verb.CONVERT,
        Verb.RELEASE,
        Verb.REPORT_OUTCOME,
    }
)
"""Verbs that change what a freeze has come to."""
ASKS: Final = frozenset({Verb.ASK_EXTENSION, Verb.ASK_VARIATION, Verb.ASK_RELEASE})
"""Verbs that another one answers, or less than they ask."""
GOES_ON: Final = frozenset({Verb.CONFIRM, Verb.COMPLETE, Verb.EXTEND, Verb.CONVERT})
"""Verbs by which a freeze goes on beyond the end that was set."""
_RESTS_ON: Final = COUNTS | {Verb.ACCEPT}
_COUNTED: Final = frozenset({Kept.GOOD, Kept.RECALLED, Kept.DESTROYED})
_SAID: Final = frozenset({Kept.GOOD, Kept.RECALLED, Kept.QUARANTINED, Kept.EXPIRED})
"""How something stands that was said, whether it can be read here or not."""
_UNREAD: Final = frozenset({MessageStatus.REFUSED, MessageStatus.EXPIRED})
"""How an own message stands at a desk that does not count it."""


@dataclass(slots=True)
class Story:
    """What was said on a leg, added up."""

    freeze: Freeze | None = None
    """None where what opened it is not here to be read: then nothing can be added up."""
    asked: pb.FreezeRequest | pb.ProvisionalHold | None = None
    """The request in its newest form."""
    asked_in: bytes = b""
    """Hash of the message that brought it."""
    broken: bool = False
    """Something that counts is not here to be read, or does not fit: the sums may not be the other side's."""
    closed: bool = False
    """Something that the sums rest on is kept here and does not open for this member; a colleague may read it."""
    lost: bool = False
    """Something that the sums rest on was refused, or not read in time, on either side: the two sides' sums may differ
    for good, and nothing that comes is held against these."""
    report_anew: bool = False
    """It ended here by its own date, and what keeps it going was in time and came late: what is held is said anew."""
    reports: dict[int, tuple[bytes, pb.LineReport]] | None = None
    """The newest report of each line with the hash of the message that brought it; None before the first."""
    held_since: int = 0
    """When the first report of something held was logged, Unix milliseconds UTC; 0 before."""


@dataclass(frozen=True, slots=True)
class LineStanding:
    """How one line stands."""

    asset: pb.AssetLine
    """As it was asked for."""
    row: Row
    """What it adds up to."""
    report: pb.LineReport | None = None
    """The holder's newest word; None before the first."""
    message: str = ""
    """The message that brought it, empty before the first."""


@dataclass(frozen=True, slots=True)
class FreezeStanding:
    """How a freeze stands, as one side reads it by its own clock."""

    case_id: str
    originator: str
    recipient: str
    side: Side
    """Where this desk stands."""
    state: State
    standing: Standing
    """How far people stand behind what was asked."""
    asked: pb.FreezeRequest | pb.ProvisionalHold | None
    """The request in its newest form; None where it is not here to be read, or withheld."""
    freeze: Freeze | None
    """What it has come to; None as for `asked`."""
    lines: tuple[LineStanding, ...]
    """By ascending number."""
    ends: int | None
    """When it ends by itself, Unix milliseconds UTC; None where it does not."""
    broken: bool
    report_anew: bool
    held_since: int
    """When the first report of something held was logged; 0 before: until then nothing is frozen."""
    suspect: bool = False
    """Something that counts was signed with a key that is suspect: call before anything follows from it."""
    held: bool = False
    """Something is held by the sums, whatever the state."""
    withheld: bool = False
    """The request may not be shown, or nobody here has opened it: nothing is told but states and times."""

    @property
    def holds(self) -> bool:
        """Whether something is held now, by the holder's report and while the freeze is in force."""
        in_force = self.state in (State.IN_FORCE, State.CHALLENGED)
        return in_force and not self.report_anew and self.held


def tell(c: Connection, read: Reader, leg: Leg, index: int | None = None) -> Story:
    """Adds up what was said on a leg.

    Args:
        c: to look with.
        read: opens what is kept.
        leg: of a freeze.
        index: a place in the log before which it was said; None for all that is logged.
    """
    lost, bodies = _lost(c, leg, index), dict[bytes, Body]()
    story = Story(broken=any(message.verb in COUNTS for message in lost), lost=bool(lost))
    for listed in earlier(c, leg, COUNTS | ASKS | {Verb.ACCEPT}, index):
        if listed.verb is Verb.ACCEPT:
            _accept(story, listed)
            continue
        message = mailstore.message(c, listed.message_hash)
        payload = None if message is None else _said(c, read, message)
        if message is None or payload is None:
            counts = listed.verb in COUNTS
            story.broken = story.broken or counts
            story.closed = story.closed or (counts and listed.standing is not Kept.DESTROYED)
            continue
        body = bodies[message.message_hash] = body_of(payload)
        if message.verb in COUNTS:
            _add(story, message, body, bodies, leg)
            story.lost = story.lost or is_unread_question(c, read, header_of(message).about)
    return story


def is_unread_question(c: Connection, read: Reader, about: bytes) -> bool:
    """Returns whether a message answers a question that was asked, and cannot be read here: whether it fits is open.

    Args:
        c: to look with.
        read: opens what is kept.
        about: hash of what it answers, empty where it answers nothing.
    """
    asked = mailstore.message(c, about) if about else None
    said = asked is not None and asked.verb in ASKS and asked.standing in _SAID
    return said and read(c, about) is None


def _lost(c: Connection, leg: Leg, index: int | None) -> list[Message]:
    """Returns what the sums rest on and its recipient refused, or has not read in time: only its sender counts it."""
    kept = mailstore.messages_of_case(c, leg.case_id)
    said = [m for m in kept if m.verb in _RESTS_ON and m.log_index >= 0 and (index is None or m.log_index < index)]
    return [message for message in said if _is_lost(c, message, leg)]


def _is_lost(c: Connection, message: Message, leg: Leg) -> bool:
    if message.outgoing:
        other = leg.recipient if message.sender == leg.originator else leg.originator
        unread = mailstore.statuses(c, message.message_hash).get(other) in _UNREAD
        counts = message.standing in _COUNTED and message.message_hash != leg.opening
        return unread and counts and serves(c, message, leg)
    if message.sender not in (leg.originator, leg.recipient):
        return False
    expired = message.standing is Kept.EXPIRED and message.message_hash != leg.opening  # which expires by itself
    return expired or message.standing is Kept.QUARANTINED


def _accept(story: Story, message: Message) -> None:
    """Counts an ACCEPT, unless fewer people signed it than it took. What it says is not read: nothing adds it up."""
    accept, people = pb.Accept(), len(message.signers) // HASH_BYTES
    if story.freeze is not None and (people > 1 or not needs_two(story.freeze, accept)):
        story.freeze = judge(story.freeze, accept, 0)


def _said(c: Connection, read: Reader, message: Message) -> Payload | None:
    """Returns what a message says; of a FORWARD what its original says, once that is proved."""
    payload = read(c, message.message_hash)
    if payload is None or message.verb is not Verb.FORWARD:
        return payload
    granted = header_of(message).granted
    if message.outgoing and granted is not None and granted.header.grant is not None:
        return read(c, granted.header.grant.original_hash)
    known = onward.forward(c, message.message_hash)
    if known is None or not known.proved or not isinstance(read, KeptReader):
        return None
    return read.original(payload)


def had_ended(header: Header, leg: Leg) -> bool:
    """Returns whether a message was said when the freeze had ended.

    An outcome of the holder's side while it goes on carries `previous`, and one after it does not; one of the
    originator's comes after it alone.
    """
    return header.sender == leg.originator or not header.previous


def _add(story: Story, message: Message, body: Body, bodies: dict[bytes, Body], leg: Leg) -> None:
    header = header_of(message)
    before = story.freeze
    passed_on, ended = message.verb is Verb.FORWARD, had_ended(header, leg)
    if needs_two(before, body) and len(message.signers) == HASH_BYTES:
        story.broken = True  # taken while the sums were in doubt: it lets go of nothing
        return
    try:
        asked = bodies.get(header.about)
        story.freeze = judge(before, body, header.lapses_at, asked, ended=ended, passed_on=passed_on)
    except LedgerError:
        story.broken = True
        return
    if isinstance(body, pb.FreezeRequest | pb.ProvisionalHold):
        story.asked, story.asked_in = body, message.message_hash
    if isinstance(body, pb.ReportExecution):
        story.reports = (story.reports or {}) | {r.line: (message.message_hash, r) for r in body.lines}
        story.report_anew = False
        if story.freeze.ledger.holds:
            story.held_since = story.held_since or message.leaf_time
    if message.verb in GOES_ON and before is not None and _came_back(before, message):
        story.report_anew = story.report_anew or bool(story.reports)


def _came_back(before: Freeze, message: Message) -> bool:
    """Returns whether a freeze had ended by this desk's own clock before a message was here that was in time."""
    return not message.outgoing and 0 < before.ends < message.received and message.leaf_time <= before.ends


def standing_of(
    c: Connection, read: Reader, leg: Leg, desk: str, now: int, *, hidden: Collection[bytes] = ()
) -> FreezeStanding:
    """Returns how a freeze stands, as it may be told to a person.

    Args:
        c: to look with.
        read: opens what is kept.
        leg: of a freeze.
        desk: this one.
        now: Unix milliseconds UTC by the own clock.
        hidden: messages that nobody has opened, or that may not be shown: they count, and nothing of them is told.
    """
    story, at = tell(c, read, leg), settle(leg, now).leg
    reports = {number: found for number, found in (story.reports or {}).items() if found[0] not in hidden}
    withheld = leg.opening in hidden or story.asked_in in hidden
    freeze, asked = (None, None) if withheld else (story.freeze, story.asked)
    assets = {} if asked is None else {line.number: line for line in asked.lines}
    rows = () if freeze is None else freeze.ledger.rows
    return FreezeStanding(
        case_id=leg.case_id.hex(),
        originator=leg.originator,
        recipient=leg.recipient,
        side=leg.side_of(desk) or Side.ORIGINATOR,
        state=at.state,
        standing=at.standing,
        asked=asked,
        freeze=freeze,
        lines=tuple(_line(assets[row.number], row, reports.get(row.number)) for row in rows),
        ends=leg.lapses_at,
        broken=story.broken,
        report_anew=story.report_anew,
        held_since=story.held_since,
        held=story.freeze is not None and story.freeze.ledger.holds,
        withheld=withheld,
    )


def _line(asset: pb.AssetLine, row: Row, reported: tuple[bytes, pb.LineReport] | None) -> LineStanding:
    if reported is None:
        return LineStanding(asset, row)
    return LineStanding(asset, row, reported[1], reported[0].hex())
