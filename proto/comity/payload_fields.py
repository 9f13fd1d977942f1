"""What every field of a payload may hold: one rule a field, as the comments of `payload.proto` say it.

The table is data, and `comity.payload_rules` applies it. A field without a rule cannot be read or written: a test
compares the table with the descriptors.

Never does: rules between fields (`comity.payload`, `comity.payload_watchlists`), I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final


class Kind(Enum):
    """What a field holds."""

    TEXT = "text on one line"
    LINES = "text"
    ENUM = "a value of the list"
    NUMBER = "a number"
    FLAG = "yes or no"
    TIME = "Unix milliseconds UTC"
    BYTES = "bytes"
    AMOUNT = "an exact decimal: digits and at most one point"
    DATE = "an ISO 8601 date"
    MOMENT = "an ISO 8601 date, or date and time with offset"
    WHEN = "an ISO 8601 year, month or date, or date and time with offset"
    TELEPHONE = "an E.164 telephone number"
    EMAIL = "an e-mail address"
    LANGUAGE = "a BCP 47 language tag"
    AGENCY = "an agency id"
    DESK = "a desk, agency/desk"
    MEDIA_TYPE = "a media type"
    MESSAGE = "a record"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one field may hold."""

    kind: Kind
    required: bool = False
    """It must stand; a repeated field must have one item."""
    limit: int = 0
    """TEXT and LINES: bytes at most. BYTES: exactly that many, or any number up to `-limit` where it is negative."""
    count: int = 1
    """Repeated fields: items at most."""


def _text(limit: int, *, required: bool = False, count: int = 1) -> Rule:
    return Rule(Kind.TEXT, required, limit, count)


def _lines(limit: int, *, required: bool = False) -> Rule:
    return Rule(Kind.LINES, required, limit)


def _need(kind: Kind) -> Rule:
    return Rule(kind, required=True)


def _fixed(length: int, *, required: bool = False) -> Rule:
    return Rule(Kind.BYTES, required, length)


def _records(count: int, *, required: bool = False) -> Rule:
    return Rule(Kind.MESSAGE, required, count=count)


RULES: Final[Mapping[str, Mapping[str, Rule]]] = MappingProxyType(
    {
        "Payload": {
            "version": _need(Kind.NUMBER),
            "handling": _need(Kind.MESSAGE),
            "gossip": _need(Kind.MESSAGE),
            "attachments": _records(64),
        },
        "Handling": {
            "tlp": _need(Kind.ENUM),
            "code": _need(Kind.ENUM),
            "code_text": _text(1000),
            "source_grade": _need(Kind.ENUM),
            "information_grade": _need(Kind.ENUM),
            "permitted_action": _need(Kind.ENUM),
            "may_tell_affected": Rule(Kind.FLAG),
            "purposes": _text(200, count=16),
            "legal_gateway": _text(500),
            "evidential_use": _need(Kind.ENUM),
            "onward": _need(Kind.ENUM),
            "onward_agencies": Rule(Kind.AGENCY, count=64),
            "retain_until": Rule(Kind.TIME),
            "review_at": Rule(Kind.TIME),
            "original_language": Rule(Kind.LANGUAGE),
            "translator": _text(200),
        },
        "Attachment": {
            "id": Rule(Kind.BYTES, required=True, limit=16),
            "key": Rule(Kind.BYTES, required=True, limit=32),
            "commitment": Rule(Kind.BYTES, required=True, limit=32),
            "plain_length": Rule(Kind.NUMBER),
            "name": _text(255, required=True),
            "media_type": _need(Kind.MEDIA_TYPE),
            "blob_sha256": Rule(Kind.BYTES, required=True, limit=32),
            "blob_length": _need(Kind.NUMBER),
        },
        "Gossip": {"checkpoint": Rule(Kind.BYTES, limit=-128 * 1024)},
        "Contact": {
            "name": _text(200, required=True),
            "unit": _text(200),
            "telephone": _need(Kind.TELEPHONE),
            "email": Rule(Kind.EMAIL),
        },
        "Subject": {
            "name": _text(300, required=True),
            "name_other_script": _text(300),
            "role": _text(100),
            "birth_date": Rule(Kind.DATE),
            "identity_number": _text(200),
            "platform_accounts": _text(2000, count=100),
            "licence_status": _text(200),
        },
        "ChronologyItem": {"when": _need(Kind.WHEN), "what": _lines(2000, required=True), "kind": _need(Kind.ENUM)},
        "OnChainFact": {
            "account": _text(300, required=True),
            "account_as_received": _text(300, required=True),
            "token": _text(100),
            "transaction": _text(128),
            "amount": Rule(Kind.AMOUNT),
            "when": Rule(Kind.MOMENT),
            "trace_method": _text(500),
            "confidence": _need(Kind.ENUM),
            "statement": _text(500),
            "kind": _need(Kind.ENUM),
        },
        "EvidenceItem": {
            "item": _text(500, required=True),
            "sha256": Rule(Kind.BYTES, limit=32),
            "holder": _text(200),
            "custody": _lines(2000),
            "privileged": Rule(Kind.FLAG),
        },
        "Refer": {
            "reference": _text(100, required=True),
            "contact": _need(Kind.MESSAGE),
            "ground": _need(Kind.ENUM),
            "provisions": _text(300, required=True, count=32),
            "summary": _lines(20_000, required=True),
            "chronology": _records(500),
            "modus_operandi": _lines(10_000),
            "typology": _text(100),
            "loss_amount": Rule(Kind.AMOUNT),
            "loss_currency": _text(20),
            "victims": Rule(Kind.NUMBER),
            "subjects": _records(500),
            "on_chain": _records(5000),
            "evidence": _records(1000),
            "steps_taken": _lines(5000),
            "freezes_in_force": _text(500, count=100),
            "do_not_contact": _text(300, count=100),
            "requested_actions": _text(1000, required=True, count=32),
            "urgency_reason": _text(1000),
            "wished_date": Rule(Kind.DATE),
            "other_channels": _text(200, count=16),
        },
        "AcknowledgeCase": {
            "reference": _text(100, required=True),
            "contact": _need(Kind.MESSAGE),
            "expected_date": _need(Kind.DATE),
            "note": _lines(2000),
        },
        "Question": {"gap": _need(Kind.ENUM), "text": _lines(2000, required=True)},
        "RequestInfo": {"questions": _records(50, required=True)},
        "Supply": {"text": _lines(20_000, required=True), "subjects": _records(500), "on_chain": _records(5000)},
        "Accept": {"owner": _text(200, required=True), "parts": _text(500, count=32), "note": _lines(2000)},
        "Decline": {"reason": _need(Kind.ENUM), "text": _lines(5000)},
        "Redirect": {"desk": _need(Kind.DESK), "text": _lines(2000)},
        "ReportProgress": {
            "text": _lines(10_000, required=True),
            "expected_date": Rule(Kind.DATE),
            "slip_reason": _text(1000),
        },
        "Outcome": {
            "kind": _need(Kind.ENUM),
            "amount": Rule(Kind.AMOUNT),
            "currency": _text(20),
            "text": _lines(2000),
        },
        "ReportOutcome": {"outcomes": _records(50, required=True), "usefulness": _need(Kind.NUMBER)},
        "Withdraw": {"text": _lines(1000)},
        "Recall": {"reason": _need(Kind.ENUM), "text": _lines(2000)},
        "AnswerRecall": {"kind": _need(Kind.ENUM), "text": _lines(2000)},
        "Close": {"text": _lines(2000)},
        "Packed": {
            "length": _need(Kind.NUMBER),
            "sha256": _fixed(32, required=True),
            "deflated": Rule(Kind.BYTES, limit=-256 * 1024),
            "attachment": _fixed(16),
        },
        "OfferList": {
            "list_id": _fixed(16, required=True),
            "title": _text(200, required=True),
            "purpose": _lines(2000, required=True),
            "legal_gateway": _text(500),
            "default_action": _need(Kind.ENUM),
            "subscribers_visible": Rule(Kind.FLAG),
            "review_days": Rule(Kind.NUMBER),
            "contact": _need(Kind.MESSAGE),
            "heartbeat_minutes": _need(Kind.NUMBER),
            "entries": Rule(Kind.NUMBER),
        },
        "SubscribeList": {
            "list_id": _fixed(16, required=True),
            "reference": _text(100),
            "contact": Rule(Kind.MESSAGE),
        },
        "UnsubscribeList": {"list_id": _fixed(16, required=True), "text": _lines(1000)},
        "PublishBatch": {"batch": _need(Kind.MESSAGE)},
        "SendSnapshot": {
            "batch": _need(Kind.MESSAGE),
            "state": _need(Kind.MESSAGE),
            "count": Rule(Kind.NUMBER),
        },
        "Resync": {
            "list_id": _fixed(16, required=True),
            "from_sequence": Rule(Kind.NUMBER),
            "reason": _text(200),
        },
        "ChallengeEntry": {
            "list_id": _fixed(16, required=True),
            "entry_id": _fixed(16, required=True),
            "entry_version": _need(Kind.NUMBER),
            "ground": _need(Kind.ENUM),
            "text": _lines(5000, required=True),
            "account": _text(300),
        },
        "AnswerChallenge": {
            "result": _need(Kind.ENUM),
            "text": _lines(5000, required=True),
            "sequence": Rule(Kind.NUMBER),
        },
        "ReportSighting": {
            "list_id": _fixed(16, required=True),
            "entry_id": _fixed(16, required=True),
            "entry_version": _need(Kind.NUMBER),
            "kind": _need(Kind.ENUM),
            "when": _need(Kind.MOMENT),
            "asset": _text(100),
            "amount_band": _text(50),
            "account": _text(300, required=True),
            "text": _lines(2000),
            "reference": _text(100),
        },
    }
)
"""By message, by field. The bodies in Payload's oneof need no row there."""
