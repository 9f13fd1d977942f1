"""What a field of a payload may hold, as a rule, and short names for the rules that come often.

Never does: name a field (`comity.payload_fields`), apply a rule (`comity.payload_rules`), I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


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


Rows = Mapping[str, Mapping[str, Rule]]
"""Rules by message, by field."""


def text(limit: int, *, required: bool = False, count: int = 1) -> Rule:
    """Returns the rule of a text on one line, or of a list of such."""
    return Rule(Kind.TEXT, required, limit, count)


def lines(limit: int, *, required: bool = False) -> Rule:
    """Returns the rule of a text that may hold line feeds."""
    return Rule(Kind.LINES, required, limit)


def need(kind: Kind) -> Rule:
    """Returns the rule of a field that must stand."""
    return Rule(kind, required=True)


def fixed(length: int, *, required: bool = False) -> Rule:
    """Returns the rule of bytes of one length."""
    return Rule(Kind.BYTES, required, length)


def records(count: int, *, required: bool = False) -> Rule:
    """Returns the rule of a list of records."""
    return Rule(Kind.MESSAGE, required, count=count)
