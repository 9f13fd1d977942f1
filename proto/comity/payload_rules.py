"""What every field of a payload may hold: one rule a field, as the comments of `payload.proto` say it.

The table is data; `field_gaps` walks a message and names every field that breaks its rule, with its path and never with
its content. A field without a rule cannot be read or written: a test compares the table with the descriptors.

Never does: rules between fields (`comity.payload`), I/O.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.message import Message

from comity import names
from comity.encoding import check_text
from comity.errors import MalformedError

LATEST_TIME: Final = 253_402_300_800_000
"""10000-01-01 in Unix milliseconds: later times fit no calendar."""
AMOUNT_DIGITS: Final = 100
"""Greatest length of a decimal amount, in characters."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing or wrong in a payload."""

    path: str
    """Which field, for example `refer.subjects[2].name`. Never its content."""
    problem: str
    """What is wrong with it, constant text."""


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
    }
)
"""By message, by field. The bodies in Payload's oneof need no row there."""

_AMOUNT = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_YEAR_OR_MONTH = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")

_NAMES = MappingProxyType(
    {
        Kind.TELEPHONE: names.check_telephone,
        Kind.LANGUAGE: names.check_language,
        Kind.AGENCY: names.check_agency,
        Kind.DESK: names.check_desk,
    }
)


def is_date(text: str) -> bool:
    """Returns whether a text is a date of the calendar, `YYYY-MM-DD`."""
    return _DATE.fullmatch(text) is not None and _in_calendar(text)


def is_moment(text: str) -> bool:
    """Returns whether a text is a date and time of the calendar with its offset, seconds where known."""
    return _MOMENT.fullmatch(text) is not None and _in_calendar(text)


def is_amount(text: str) -> bool:
    """Returns whether a text is an exact decimal: digits, at most one point, no sign, no exponent, no leading zero."""
    return len(text) <= AMOUNT_DIGITS and _AMOUNT.fullmatch(text) is not None


def _in_calendar(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_FORMS: Mapping[Kind, Callable[[str], object]] = MappingProxyType(
    {
        Kind.AMOUNT: is_amount,
        Kind.DATE: is_date,
        Kind.MOMENT: lambda text: is_date(text) or is_moment(text),
        Kind.WHEN: lambda text: is_date(text) or is_moment(text) or _YEAR_OR_MONTH.fullmatch(text),
        Kind.EMAIL: _EMAIL.fullmatch,
        Kind.MEDIA_TYPE: _MEDIA_TYPE.fullmatch,
    }
)


def field_gaps(message: Message, path: str) -> Iterator[Gap]:
    """Yields every field of a message, and of those within it, that breaks its rule.

    Args:
        message: of a type in `RULES`.
        path: of the message itself, empty for the payload.
    """
    rules = RULES[message.DESCRIPTOR.name]
    for field in message.DESCRIPTOR.fields:
        rule = rules.get(field.name)
        if rule is None:  # a body, which `comity.payload` picks by the verb
            continue
        place = f"{path}.{field.name}" if path else field.name
        value = getattr(message, field.name)
        if field.is_repeated:
            yield from _many(field, rule, value, place)
        elif rule.kind is Kind.MESSAGE:
            if message.HasField(field.name):
                yield from field_gaps(value, place)
            else:
                yield Gap(place, "is missing")
        else:
            yield from _one(field, rule, value, place)


def _many(field: Any, rule: Rule, values: Any, place: str) -> Iterator[Gap]:
    if rule.required and not values:
        yield Gap(place, "is missing")
    if len(values) > rule.count:
        yield Gap(place, f"has more than {rule.count} items")
        return
    needed = Rule(rule.kind, required=True, limit=rule.limit)
    for number, value in enumerate(values):
        if rule.kind is Kind.MESSAGE:
            yield from field_gaps(value, f"{place}[{number}]")
        else:
            yield from _one(field, needed, value, f"{place}[{number}]")


def _one(field: Any, rule: Rule, value: Any, place: str) -> Iterator[Gap]:
    if not value or (isinstance(value, str) and not value.strip()):
        if rule.required or value:
            yield Gap(place, "is missing")
        return
    problem = _problem(field, rule, value)
    if problem:
        yield Gap(place, problem)


def _problem(field: Any, rule: Rule, value: Any) -> str:
    """Returns what is wrong with a value that is not empty, or an empty text."""
    kind = rule.kind
    if kind is Kind.ENUM:
        right = value in field.enum_type.values_by_number
    elif kind is Kind.TIME:
        right = 0 < value <= LATEST_TIME
    elif kind is Kind.BYTES:
        if len(value) == rule.limit or len(value) <= -rule.limit:
            return ""
        return f"is not {rule.limit} bytes long" if rule.limit > 0 else f"is longer than {-rule.limit} bytes"
    elif kind in (Kind.NUMBER, Kind.FLAG):
        return ""
    else:
        return _text_problem(rule, value)
    return "" if right else f"is not {kind.value}"


def _text_problem(rule: Rule, value: str) -> str:
    kind = rule.kind
    try:
        check_text(value, rule.limit or 254, multiline=kind is Kind.LINES)
        if kind in _NAMES:
            _NAMES[kind](value)
    except MalformedError as error:
        return str(error) if kind in (Kind.TEXT, Kind.LINES) else f"is not {kind.value}"
    form = _FORMS.get(kind)
    return "" if form is None or form(value) else f"is not {kind.value}"
