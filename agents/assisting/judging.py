"""What the content of an assistance case must agree with: the oral notice, the parts before, the dates promised.

The rules, by their codes:

- COMPLETE puts an oral notice in writing. It says that it was made orally (NOT_SAID_TO_BE_ORAL), names everybody whom
  the notice named (OTHER_SUBJECT), and says so where it asks for more than the notice did (BEYOND_ORAL_NOTICE).
- Parts are numbered without a gap (PART_OUT_OF_ORDER), their total stays (TOTAL_CHANGED), and the last one is a reply
  (LAST_IS_A_REPLY). After a follow-up they begin anew.
- NOT_YET_KNOWN is no answer where hit or no hit was said before (ALREADY_ANSWERED).
- What was laid aside is looked at again no later than its clock runs out (REVIEW_AFTER_CLOCK).
- A freeze that a request carries is a case of the same two desks, and the request says that it asks for one
  (NO_SUCH_FREEZE, FREEZE_WITHOUT_KIND).
- Whatever family: a new date is later than the last one that was promised (SLIP_NOT_LATER).

Never does: fields by themselves (`comity.payload`); states and signatures (`comity.workflow`).
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable
from typing import Final

from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Verb
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.assisting.earlier import earlier
from agents.contents import ContentRefusedError, Said

_DAY: Final = datetime.timedelta(days=1)
_PARTS: Final = frozenset({Verb.REPLY_PART, Verb.REPLY})
_PROMISES: Final = frozenset({Verb.ACKNOWLEDGE, Verb.ANSWER_FIRST, Verb.REPORT_PROGRESS})
_ASKS: Final = frozenset({Verb.REQUEST, Verb.COMPLETE, Verb.ORAL_NOTICE})


def judge_assistance(c: Connection, said: Said) -> None:
    """Holds a message against the rules above.

    Raises:
        ContentRefusedError: it breaks one.
    """
    if said.header.verb is Verb.REPORT_PROGRESS:
        _slip(c, said)
    if said.header.family is not Family.ASSISTANCE:
        return
    match said.header.verb:
        case Verb.COMPLETE:
            _completed(c, said)
        case Verb.REPLY_PART | Verb.REPLY:
            _part(c, said)
        case Verb.ANSWER_FIRST:
            _first_answer(c, said)
        case Verb.SUSPEND:
            _review(said)
    if said.header.verb in _ASKS:
        _freeze(c, said)


def parts_given(c: Connection, leg: Leg, before: int | None = None) -> int:
    """Returns how many parts the present answer has so far: those since the last follow-up.

    Args:
        c: to look with.
        leg: the leg.
        before: a place in the log; None for all that is logged.
    """
    return len(_parts_now(c, leg, before))


def _parts_now(c: Connection, leg: Leg, before: int | None) -> list[bytes]:
    """Returns the hashes of the parts since the last follow-up, in their order."""
    found: list[bytes] = []
    for message in earlier(c, leg, {*_PARTS, Verb.FOLLOW_UP}, before):
        if message.verb is Verb.FOLLOW_UP:
            found = []
        else:
            found.append(message.message_hash)
    return found


def _part(c: Connection, said: Said) -> None:
    if said.leg is None:
        return
    last = said.header.verb is Verb.REPLY
    name = "reply" if last else "reply_part"
    body = said.payload.reply if last else said.payload.reply_part
    # Every part before was judged when it came: the n-th of them bears the number n, whether it opens today or not.
    before = _parts_now(c, said.leg, said.index)
    if body.number != len(before) + 1:
        raise ContentRefusedError("PART_OUT_OF_ORDER", f"{name}.number", "is not the number of the next part")
    totals = {total for total in (_total(c, said, one) for one in before) if total}
    if totals and body.of not in totals:
        raise ContentRefusedError("TOTAL_CHANGED", f"{name}.of", "is not the total that the parts before have")
    if not last and body.number >= body.of:
        raise ContentRefusedError("LAST_IS_A_REPLY", f"{name}.number", "is the last part: that is a reply")


def _total(c: Connection, said: Said, part: bytes) -> int:
    payload = said.read(c, part)
    if payload is None:
        return 0
    return int(payload.reply_part.of if payload.WhichOneof("body") == "reply_part" else payload.reply.of)


def _first_answer(c: Connection, said: Said) -> None:
    if said.leg is None or said.payload.answer_first.kind != pb.FIRST_ANSWER_KIND_NOT_YET_KNOWN:
        return
    for message in earlier(c, said.leg, {Verb.ANSWER_FIRST}, said.index):
        before = said.read(c, message.message_hash)
        if before is not None and before.answer_first.kind != pb.FIRST_ANSWER_KIND_NOT_YET_KNOWN:
            raise ContentRefusedError("ALREADY_ANSWERED", "answer_first.kind", "was answered before")


def _review(said: Said) -> None:
    """The date that people read must not lie behind the clock that both sides count by, but for the time zone."""
    try:
        review = datetime.date.fromisoformat(said.payload.suspend.review_date)
    except ValueError:  # the contract has said so already
        return
    limit = datetime.datetime.fromtimestamp(said.header.respond_by / 1000, datetime.UTC).date()
    if review > limit + _DAY:
        raise ContentRefusedError("REVIEW_AFTER_CLOCK", "suspend.review_date", "is later than the clock allows")


def _completed(c: Connection, said: Said) -> None:
    opening = None if said.leg is None else said.read(c, said.leg.opening)
    if opening is None or opening.WhichOneof("body") != "oral_notice":
        return
    spoken, written = opening.oral_notice, said.payload.request_assistance
    name = "request_assistance"
    if not written.made_orally:
        raise ContentRefusedError("NOT_SAID_TO_BE_ORAL", f"{name}.made_orally", "is missing: it was first made orally")
    named = _names(written.subjects)
    if any(not _names([subject]) & named for subject in spoken.subjects):
        raise ContentRefusedError("OTHER_SUBJECT", f"{name}.subjects", "leave out somebody whom the oral notice named")
    more = (
        bool(set(written.kinds) - set(spoken.kinds))
        or written.instrument != spoken.instrument
        or (bool(spoken.subjects) and any(not _names([s]) & _names(spoken.subjects) for s in written.subjects))
    )
    if more and not written.beyond_oral:
        raise ContentRefusedError(
            "BEYOND_ORAL_NOTICE", f"{name}.beyond_oral", "is missing: it asks for more than the oral notice did"
        )


def _names(subjects: Iterable[pb.Subject]) -> set[str]:
    """Returns the names of some subjects in every script, as they compare: the same letters, however they are typed."""
    written = [name for subject in subjects for name in (subject.name, subject.name_other_script)]
    return {"".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in written if name.strip()}


def _slip(c: Connection, said: Said) -> None:
    new = said.payload.report_progress.expected_date
    if not new or said.leg is None:
        return
    last = ""
    for message in earlier(c, said.leg, _PROMISES, said.index):
        payload = said.read(c, message.message_hash)
        last = last if payload is None else _promised(payload) or last
    if new <= last:
        raise ContentRefusedError(
            "SLIP_NOT_LATER", "report_progress.expected_date", "is not later than the date that was promised before"
        )


def _promised(payload: pb.Payload) -> str:
    name = payload.WhichOneof("body")
    if name not in ("acknowledge_case", "answer_first", "report_progress"):
        return ""
    date: str = getattr(payload, name).expected_date
    return date


def _freeze(c: Connection, said: Said) -> None:
    body = said.payload.oral_notice if said.header.verb is Verb.ORAL_NOTICE else said.payload.request_assistance
    name = said.payload.WhichOneof("body") or ""
    asked = pb.ASSISTANCE_KIND_FREEZE in body.kinds
    carried = [(n, link) for n, link in enumerate(body.links) if link.relation == pb.CASE_RELATION_CARRIES_FREEZE]
    if carried and not asked:
        raise ContentRefusedError("FREEZE_WITHOUT_KIND", f"{name}.kinds", "do not say that a freeze is asked for")
    for number, link in carried:
        if not _is_freeze_between(c, said, link):
            path = f"{name}.links[{number}]"
            raise ContentRefusedError("NO_SUCH_FREEZE", path, "names no freeze between the same desks")


def _is_freeze_between(c: Connection, said: Said, link: pb.CaseLink) -> bool:
    """Returns whether a link names a freeze that the same desks have.

    Whoever writes the request has every freeze that it can carry. A recipient whose home was set up anew may lack it:
    what is not known here contradicts nothing.
    """
    header = said.header
    known = rows.legs(c, bytes(link.case_id))
    between = {
        frozenset({leg.originator, leg.recipient})
        for leg in known
        if leg.family is Family.FREEZE and leg.originator == link.desk
    }
    wanted = [frozenset({header.sender, desk}) for desk in header.counterparts]
    if said.index is None:
        return all(pair in between for pair in wanted)
    return not known or any(pair in between for pair in wanted)
