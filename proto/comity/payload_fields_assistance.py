"""What the fields of the assistance family may hold.

Never does: rules between fields (`comity.payload_assistance`), I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from comity.payload_kinds import Kind, Rows, Rule, lines, need, records, text

_KINDS: Final = Rule(Kind.ENUM, required=True, count=10)
_PART: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "number": need(Kind.NUMBER),
        "of": need(Kind.NUMBER),
        "text": lines(20_000, required=True),
        "subjects": records(500),
        "on_chain": records(5000),
        "evidence": records(1000),
        "use_conditions": text(500, required=True, count=32),
    }
)

ASSISTANCE: Final[Rows] = MappingProxyType(
    {
        "AssistanceRequest": {
            "number": text(100, required=True),
            "requesting_authority": text(300, required=True),
            "requested_authority": text(300, required=True),
            "contact": need(Kind.MESSAGE),
            "instrument": need(Kind.ENUM),
            "instrument_text": text(500),
            "signatory": text(200, required=True),
            "competence": text(300, required=True, count=32),
            "provisions": text(300, required=True, count=32),
            "kinds": _KINDS,
            "subjects": records(500),
            "facts": lines(20_000, required=True),
            "purpose": lines(5000, required=True),
            "why_useful": lines(5000, required=True),
            "jurisdiction_link": lines(5000, required=True),
            "questions": text(2000, required=True, count=100),
            "urgency_reason": text(1000),
            "latest_useful_date": Rule(Kind.DATE),
            "legal_deadlines": lines(2000),
            "made_orally": Rule(Kind.FLAG),
            "confidentiality": lines(2000),
            "must_not_know": text(300, count=100),
            "intended_uses": text(300, required=True, count=16),
            "onward_parties": text(300, count=32),
            "evidence_form": lines(2000),
            "statement_conduct": lines(2000),
            "cost": text(1000),
            "reciprocity": text(1000),
            "on_chain": records(5000),
            "evidence": records(1000),
            "earlier_requests": text(300, count=32),
            "links": records(32),
            "other_channels": text(200, count=16),
            "beyond_oral": lines(2000),
        },
        "OralNotice": {
            "contact": need(Kind.MESSAGE),
            "instrument": need(Kind.ENUM),
            "kinds": _KINDS,
            "summary": lines(5000, required=True),
            "urgency_reason": text(1000, required=True),
            "spoken_to": text(200, required=True),
            "spoken_at": need(Kind.TIME),
            "latest_useful_date": Rule(Kind.DATE),
            "subjects": records(500),
            "on_chain": records(5000),
            "reference": text(100),
            "links": records(32),
            "other_channels": text(200, count=16),
        },
        "AnswerFirst": {"kind": need(Kind.ENUM), "expected_date": Rule(Kind.DATE), "text": lines(2000)},
        "RefuseAssistance": {
            "reason": need(Kind.ENUM),
            "acceptable_if": lines(5000, required=True),
            "text": lines(5000),
        },
        "Suspend": {"reason": lines(2000, required=True), "review_date": need(Kind.DATE)},
        "Resume": {"text": lines(2000)},
        "ReplyPart": _PART,
        "Reply": MappingProxyType({**_PART, "final": Rule(Kind.FLAG)}),
        "FollowUp": {"questions": text(2000, required=True, count=50), "text": lines(5000)},
        "Feedback": {
            "usefulness": need(Kind.NUMBER),
            "used_for": text(300, count=16),
            "text": lines(5000),
        },
    }
)
"""By message, by field."""
