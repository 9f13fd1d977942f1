"""Rules between the fields of the assistance family's bodies.

Never does: know what was said before, I/O.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message

from comity.payload_cases import date_gaps, fact_gaps, past_gaps, twice, urgency_gaps
from comity.payload_rules import Gap, Setting
from comity.v1 import payload_pb2 as pb


def assistance_gaps(body: Message, name: str, setting: Setting) -> Iterator[Gap]:
    """Yields where fields of an assistance case's body contradict one another; nothing of another family's.

    Args:
        body: of a payload.
        name: its member of Payload's oneof.
        setting: of the header.
    """
    match body:
        case pb.AssistanceRequest():
            yield from _request(body, name, setting)
        case pb.OralNotice():
            yield from past_gaps(body.spoken_at, f"{name}.spoken_at", setting)
            yield from date_gaps(body.latest_useful_date, f"{name}.latest_useful_date", setting)
            yield from twice(body.kinds, f"{name}.kinds")
            yield from fact_gaps(body.on_chain, name)
        case pb.AnswerFirst():
            if body.kind == pb.FIRST_ANSWER_KIND_NOT_YET_KNOWN and not body.expected_date:
                yield Gap(f"{name}.expected_date", "is missing: say when more will be known")
            yield from date_gaps(body.expected_date, f"{name}.expected_date", setting)
        case pb.Suspend():
            yield from date_gaps(body.review_date, f"{name}.review_date", setting)
        case pb.ReplyPart():
            if body.number > body.of:
                yield Gap(f"{name}.number", "is more than there are parts")
            yield from fact_gaps(body.on_chain, name)
        case pb.Reply():
            if body.number != body.of:
                yield Gap(f"{name}.number", "is not that of the last part")
            yield from fact_gaps(body.on_chain, name)
        case pb.Feedback():
            if body.usefulness > 5:
                yield Gap(f"{name}.usefulness", "is not 1 to 5")
        case _:
            pass


def _request(body: pb.AssistanceRequest, name: str, setting: Setting) -> Iterator[Gap]:
    if body.instrument == pb.ASSISTANCE_INSTRUMENT_BILATERAL and not body.instrument_text:
        yield Gap(f"{name}.instrument_text", "is missing: say which memorandum")
    if pb.ASSISTANCE_KIND_STATEMENT in body.kinds and not body.statement_conduct:
        yield Gap(f"{name}.statement_conduct", "is missing: say how statements are to be taken")
    if pb.ASSISTANCE_KIND_FREEZE in body.kinds and not any(
        link.relation == pb.CASE_RELATION_CARRIES_FREEZE for link in body.links
    ):
        yield Gap(f"{name}.links", "name no freeze: it is a case of its own")
    yield from twice(body.kinds, f"{name}.kinds")
    yield from urgency_gaps(body.urgency_reason, name, setting)
    yield from date_gaps(body.latest_useful_date, f"{name}.latest_useful_date", setting)
    yield from fact_gaps(body.on_chain, name)
