"""Holds the fields of a payload against their rules (`comity.payload_fields`).

`field_gaps` walks a message and names every field that breaks its rule, with its path and never with its content.

Never does: rules between fields (`comity.payload`), I/O.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.message import Message

from comity import names
from comity.encoding import check_text
from comity.errors import MalformedError
from comity.payload_fields import RULES, Kind, Rule
from comity.workflow.terms import Family, Precedence, Verb

__all__ = [
    "AMOUNT_DIGITS",
    "LATEST_TIME",
    "RULES",
    "Gap",
    "Kind",
    "Rule",
    "Setting",
    "field_gaps",
    "is_amount",
    "is_date",
    "is_moment",
]

LATEST_TIME: Final = 253_402_128_000_000
"""9999-12-30 in Unix milliseconds, so that every time fits a calendar, in every time zone."""
AMOUNT_DIGITS: Final = 100
"""Greatest length of a decimal amount, in characters."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing or wrong in a payload."""

    path: str
    """Which field, for example `refer.subjects[2].name`. Never its content."""
    problem: str
    """What is wrong with it, constant text."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the header says, for the rules between fields."""

    family: Family
    verb: Verb
    precedence: Precedence
    created: int
    """Unix milliseconds UTC; 0 where it is not known yet, and then no date can have gone by."""


_AMOUNT = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_OFFSET = re.compile(r"[+-](?:0[0-9]|1[0-4]):(?:00|15|30|45)")
_EASTERNMOST: Final = "+14:00"
_WESTERNMOST: Final = "-12:00"
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
    """Returns whether a text is a date and time of the calendar with the offset of a time zone, seconds where known."""
    return _MOMENT.fullmatch(text) is not None and _in_calendar(text) and _has_zone(text)


def is_amount(text: str) -> bool:
    """Returns whether a text is an exact decimal: digits, at most one point, no sign, no exponent, no leading zero."""
    return len(text) <= AMOUNT_DIGITS and _AMOUNT.fullmatch(text) is not None


def _has_zone(text: str) -> bool:
    """Returns whether a moment's offset is one of a time zone: by the quarter hour, from -12:00 to +14:00."""
    offset = text[-6:]
    if text.endswith("Z"):
        return True
    limit = _EASTERNMOST if offset[0] == "+" else _WESTERNMOST
    return _OFFSET.fullmatch(offset) is not None and offset[1:] <= limit[1:]


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
            elif rule.required:
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
    if kind is Kind.AMOUNT and value.startswith("-"):
        return "is negative"
    try:
        check_text(value, rule.limit or 254, multiline=kind is Kind.LINES)
        if kind in _NAMES:
            _NAMES[kind](value)
    except MalformedError as error:
        return str(error) if kind in (Kind.TEXT, Kind.LINES) else f"is not {kind.value}"
    if kind in (Kind.MOMENT, Kind.WHEN) and _MOMENT.fullmatch(value) and not _has_zone(value):
        return "names a time zone that does not exist"
    form = _FORMS.get(kind)
    return "" if form is None or form(value) else f"is not {kind.value}"
