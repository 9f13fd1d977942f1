"""How a request stands on one leg: what was answered first, which parts came under which conditions, what is linked.

It is read out of what this home has sent and of what somebody here has opened; mail that nobody has opened stays
closed, for opening it is word to its sender.

Never does: decide what may be said next (`comity.workflow` does); say OPENED.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from comity.errors import ComityError
from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Standing as LegStanding
from comity.workflow.terms import State, Verb
from comity.workflow.timers import settle

from agents import mailstore as rows
from agents.assisting.earlier import earlier
from agents.mailstore import Message
from agents.onward.links import linked
from agents.reading import Reading
from agents.store import Store

_TOLD: Final = frozenset(
    {
        Verb.REQUEST,
        Verb.ORAL_NOTICE,
        Verb.COMPLETE,
        Verb.ACKNOWLEDGE,
        Verb.ANSWER_FIRST,
        Verb.SUSPEND,
        Verb.RESUME,
        Verb.REFUSE,
        Verb.REPORT_PROGRESS,
        Verb.REPLY_PART,
        Verb.REPLY,
        Verb.FOLLOW_UP,
        Verb.FEEDBACK,
    }
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an answer. Its handling and conditions are its own: they hold for it and for no other."""

    message: str
    number: int
    total: int
    last: bool
    """It was the reply."""
    handling: pb.Handling
    conditions: tuple[str, ...]
    sent: int
    """The leaf's time, Unix milliseconds UTC."""


@dataclass(slots=True)
class AssistanceStory:
    """One leg of a request, as far as people here have read it."""

    case_id: str
    originator: str
    recipient: str
    state: State
    standing: LegStanding
    lapses_at: int | None
    """An oral notice lapses then unless it is completed. Unix milliseconds UTC."""
    respond_by: int | None
    reference: str = ""
    """The request's number, or the reference of the notice."""
    kinds: tuple[int, ...] = ()
    """What is asked for, numbers of AssistanceKind."""
    orally: bool = False
    """It began with an oral notice."""
    expected: str = ""
    """The last date that the recipient promised, ISO 8601."""
    first_answer: int = 0
    """Number of FirstAnswerKind; 0 where there is none."""
    parts: list[Part] = field(default_factory=list)
    """Of the present answer: a follow-up begins another."""
    rounds: int = 1
    """Answers asked for: 1, and one more with every follow-up."""
    suspended: str = ""
    """Why the work was laid aside; empty where it goes on."""
    review: str = ""
    """When that is looked at again, ISO 8601."""
    refusal: int = 0
    """Number of AssistanceRefusalReason; 0 where it was not refused."""
    acceptable_if: str = ""
    """What would make the request acceptable."""
    usefulness: int = 0
    """What the originator found, 1 to 5; 0 where it has not said."""
    unread: list[str] = field(default_factory=list)
    """Messages that nobody here has opened."""
    linked: tuple[str, ...] = ()
    """Cases that this one names, or that name it."""

    @property
    def provisional(self) -> bool:
        """Whether it still lapses unless it is put in writing."""
        return self.standing is not LegStanding.FULL and self.lapses_at is not None


class Stories:
    """Tells how cases stand."""

    def __init__(self, store: Store, reading: Reading, desk: str, now: int) -> None:
        """Takes what is kept, and the time in Unix milliseconds UTC."""
        self._store, self._reading, self._desk, self._now = store, reading, desk, now

    def of(self, legs: Iterable[Leg]) -> list[AssistanceStory]:
        """Returns how each leg stands."""
        return [self._one(leg) for leg in legs]

    def _one(self, leg: Leg) -> AssistanceStory:
        now = settle(leg, self._now).leg
        with self._store.begin() as c:
            said = earlier(c, leg, _TOLD)
            belonging = linked(c, leg.case_id)
            whole = [found for m in said if (found := rows.message(c, m.message_hash)) is not None]
        story = AssistanceStory(
            case_id=leg.case_id.hex(),
            originator=leg.originator,
            recipient=leg.recipient,
            state=now.state,
            standing=now.standing,
            lapses_at=now.lapses_at,
            respond_by=now.respond_by,
            linked=tuple(case.hex() for case in belonging),
        )
        for message in whole:
            self._tell(story, message)
        return story

    def _tell(self, story: AssistanceStory, message: Message) -> None:
        if message.verb is Verb.FOLLOW_UP:  # that another answer is asked for shows outside the seal
            story.parts, story.rounds = [], story.rounds + 1
        if not message.outgoing and not message.opened:
            story.unread.append(message.message_hash.hex())
            return
        try:
            payload = self._reading.peek_message(message).payload
        except ComityError:
            return  # destroyed, withdrawn, or of an agency that is not pinned any more: nothing is told of it
        _add(story, message, payload)


def _add(story: AssistanceStory, message: Message, payload: pb.Payload) -> None:
    """Adds what one message says."""
    match payload.WhichOneof("body"):
        case "request_assistance":
            story.reference = payload.request_assistance.number
            story.kinds = tuple(payload.request_assistance.kinds)
        case "oral_notice":
            story.orally = True
            story.reference = payload.oral_notice.reference
            story.kinds = tuple(payload.oral_notice.kinds)
        case "acknowledge_case":
            story.expected = payload.acknowledge_case.expected_date or story.expected
        case "answer_first":
            story.first_answer = payload.answer_first.kind
            story.expected = payload.answer_first.expected_date or story.expected
        case "report_progress":
            story.expected = payload.report_progress.expected_date or story.expected
        case "suspend":
            story.suspended, story.review = payload.suspend.reason, payload.suspend.review_date
        case "resume":
            story.suspended = story.review = ""
        case "refuse_assistance":
            story.refusal = payload.refuse_assistance.reason
            story.acceptable_if = payload.refuse_assistance.acceptable_if
        case "reply_part" | "reply" as name:
            story.parts.append(_part(message, payload, last=name == "reply"))
        case "feedback":
            story.usefulness = payload.feedback.usefulness


def _part(message: Message, payload: pb.Payload, *, last: bool) -> Part:
    body = payload.reply if last else payload.reply_part
    return Part(
        message=message.message_hash.hex(),
        number=body.number,
        total=body.of,
        last=last,
        handling=payload.handling,
        conditions=tuple(body.use_conditions),
        sent=message.leaf_time,
    )
