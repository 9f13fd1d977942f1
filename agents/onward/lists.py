"""What is told of grants and recalls. Values, and how they are read from what is kept.

Never does: I/O beyond the connection it is given; acknowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comity.envelope import Header
from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.cases import header_of
from agents.contents import Reader
from agents.mailstore import Message
from agents.onward import rows
from agents.onward.forwarding import state_of
from agents.records import AttachmentInfo, MessageStatus, Standing


@dataclass(frozen=True, slots=True)
class GrantInfo:
    """A grant. Ids are lower-case hexadecimal text."""

    grant: str
    """The GRANT_ONWARD."""
    case_id: str
    original: str
    originator: str
    holder: str
    new_desk: str
    expires: int
    """Unix milliseconds UTC."""
    state: str
    """OPEN, USED, REVOKED or EXPIRED."""
    at: int
    """When it was used or revoked, Unix milliseconds UTC; 0 while it is neither."""
    forward: str
    """The FORWARD that used it, empty while none has."""
    ours: bool
    """This desk gave it; else it was given to this desk."""


@dataclass(frozen=True, slots=True)
class OpenedOriginal:
    """What a FORWARD brings, proved: its originator's words."""

    message: str
    """The original's hash."""
    forward: str
    """The FORWARD's hash."""
    header: Header
    payload: pb.Payload
    attachments: tuple[AttachmentInfo, ...]
    author: str
    """Member id of the originator's agency."""
    log_index: int
    time: int
    """When it was in the log, Unix milliseconds UTC."""
    standing: Standing
    """Of the FORWARD."""


@dataclass(frozen=True, slots=True)
class RecallLine:
    """What became of a case at one desk."""

    desk: str
    through: str
    """The desk that passed it on; empty where it was sent there."""
    original: str
    """What that desk has: the message that opened the case there."""
    recall: str
    """The RECALL, empty where nothing was recalled there yet."""
    status: MessageStatus | None
    """How far the recall, or else what is to be recalled, has come there."""
    asked: int
    """When it was recalled, Unix milliseconds UTC; 0 where it was not."""
    respond_by: int
    """By when that desk must answer, Unix milliseconds UTC; 0 where it was not asked."""
    overdue: bool
    """The answer is late."""
    answer: str
    """DESTROYED, QUARANTINED or CANNOT_COMPLY; empty where there is none yet."""
    text: str
    """Its reason in words."""
    answered: int
    """When, Unix milliseconds UTC; 0 where it was not."""
    answer_message: str
    """The ANSWER_RECALL, empty where there is none."""


def grant_info(row: rows.GrantRow, desk: str, now: int) -> GrantInfo:
    """Returns a grant as a person reads it."""
    return GrantInfo(
        grant=row.grant_hash.hex(),
        case_id=row.case_id.hex(),
        original=row.original_hash.hex(),
        originator=row.originator,
        holder=row.holder,
        new_desk=row.new_desk,
        expires=row.expires,
        state=state_of(row, now),
        at=row.at,
        forward=row.used_by.hex(),
        ours=row.originator == desk,
    )


def recall_lines(c: Connection, read: Reader, legs: Sequence[Leg], now: int) -> list[RecallLine]:
    """Returns what became of a case at each desk, recalls newest first.

    Args:
        c: to look with.
        read: opens what is kept.
        legs: of one case that this desk opened.
        now: Unix milliseconds UTC.
    """
    found: list[RecallLine] = []
    for leg in legs:
        mail = mailstore.messages_of_case(c, leg.case_id)
        whole = [m for one in mail if (m := mailstore.message(c, one.message_hash)) is not None]
        recalls = [m for m in whole if m.verb is Verb.RECALL and leg.recipient in header_of(m).counterparts]
        answers = [m for m in whole if m.verb is Verb.ANSWER_RECALL and m.sender == leg.recipient]
        passed_on = rows.forward(c, leg.onward) if leg.onward else None
        through = "" if passed_on is None else passed_on.holder
        lines = [_line(c, read, leg, through, one, answers, now) for one in reversed(recalls)]
        found += lines or [_line(c, read, leg, through, None, [], now)]
    return found


def _line(  # noqa: PLR0917 # one row of one table
    c: Connection,
    read: Reader,
    leg: Leg,
    through: str,
    recall: Message | None,
    answers: Sequence[Message],
    now: int,
) -> RecallLine:
    shown = leg.opening if recall is None else recall.message_hash
    status = mailstore.statuses(c, shown).get(leg.recipient)
    said = [one for one in answers if recall is not None and header_of(one).about == recall.message_hash]
    last = max(said, key=lambda one: one.log_index, default=None)
    payload = None if last is None else read(c, last.message_hash)
    kind = 0 if payload is None else payload.answer_recall.kind
    name = pb.RecallAnswerKind.Name(kind).removeprefix("RECALL_ANSWER_KIND_") if kind else ""
    respond_by = 0 if recall is None else recall.respond_by
    return RecallLine(
        desk=leg.recipient,
        through=through,
        original=leg.opening.hex(),
        recall="" if recall is None else recall.message_hash.hex(),
        status=status,
        asked=0 if recall is None else recall.leaf_time or recall.created,
        respond_by=respond_by,
        overdue=bool(respond_by) and last is None and now > respond_by,
        answer=name,
        text="" if payload is None else payload.answer_recall.text,
        answered=0 if last is None else last.leaf_time,
        answer_message="" if last is None else last.message_hash.hex(),
    )
