"""What givers write, in the words of an entry: categories, confidence, actions, dates, yes and no, clean text.

Confidence follows the taxonomy of GraphSense TagPacks, whose levels run from 5 to 100, and knows our own words.

Never does: guess. A word that is not known is None, and the policy decides.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from comity.v1 import payload_pb2

from agents.sync.importers.policy import LOWEST, Action, Confidence

_UNKNOWN: Final = payload_pb2.CONFIDENCE_KIND_UNKNOWN
_HEURISTIC: Final = payload_pb2.CONFIDENCE_KIND_HEURISTIC
_PUBLIC: Final = payload_pb2.CONFIDENCE_KIND_PUBLIC_SOURCE
_RECORD: Final = payload_pb2.CONFIDENCE_KIND_RECORD
_TRACE: Final = payload_pb2.CONFIDENCE_KIND_OWN_TRACE
_OFFICIAL: Final = payload_pb2.CONFIDENCE_KIND_OFFICIAL

_CONFIDENCE: Final = MappingProxyType(
    {
        # GraphSense TagPack
        "override": Confidence(_RECORD, 100),
        "ownership": Confidence(_RECORD, 100),
        "ledger_immanent": Confidence(_PUBLIC, 100),
        "manual_transaction": Confidence(_RECORD, 90),
        "service_api": Confidence(_RECORD, 70),
        "forensic_investigation": Confidence(_TRACE, 70),
        "authority_data": Confidence(_OFFICIAL, 60),
        "trusted_provider": Confidence(_PUBLIC, 50),
        "service_data": Confidence(_RECORD, 50),
        "forensic": Confidence(_PUBLIC, 50),
        "untrusted_transaction": Confidence(_HEURISTIC, 40),
        "web_crawl": Confidence(_PUBLIC, 20),
        "heuristic": Confidence(_HEURISTIC, 10),
        "unknown": LOWEST,
        # the words of this protocol
        "public_source": Confidence(_PUBLIC, 20),
        "record": Confidence(_RECORD, 50),
        "own_trace": Confidence(_TRACE, 70),
        "official": Confidence(_OFFICIAL, 100),
    }
)


@lru_cache(maxsize=1024)
def word_of(text: str) -> str:
    """Returns a word in lower case with underscores, as the taxonomies write theirs."""
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


@lru_cache(maxsize=1024)
def confidence_of(word: str, level: str) -> Confidence | None:
    """Returns what a giver's word, its number, or both say.

    Args:
        word: of the taxonomy, or empty. A number stands for a level.
        level: 1 to 100, or empty.

    Returns:
        None where nothing known is said. A number alone says how sure the giver is, not what it rests on: that is the
        lowest.
    """
    known = _CONFIDENCE.get(word_of(word))
    number = level_of(level)
    if known is None or known.kind == _UNKNOWN or number is None:
        return known
    return Confidence(known.kind, number)


def level_of(text: str) -> int | None:
    """Returns a level of 1 to 100, None where it is none."""
    return max(1, int(text)) if re.fullmatch(r"[0-9]{1,2}|100", text) else None


@lru_cache(maxsize=4096)
def category_of(text: str) -> str:
    """Returns a category as entries write it, empty where nothing of it can be written or it is too long."""
    plain = unicodedata.normalize("NFKD", text)
    word = word_of("".join(char for char in plain if not unicodedata.combining(char)))
    return word if len(word) <= 64 else ""


_ACTIONS: Final = MappingProxyType(
    {
        "observe": Action.OBSERVE,
        "monitor": Action.OBSERVE,
        "watch": Action.OBSERVE,
        "alert": Action.ALERT_ME,
        "alert_me": Action.ALERT_ME,
        "hold": Action.HOLD_AND_CALL,
        "hold_and_call": Action.HOLD_AND_CALL,
        "block": Action.BLOCK,
        "freeze": Action.BLOCK,
    }
)
OPERATIONS: Final = MappingProxyType(
    {
        "initial": "add",
        "add": "add",
        "added": "add",
        "listed": "add",
        "remove": "remove",
        "removed": "remove",
        "delete": "remove",
        "deleted": "remove",
        "delisted": "remove",
    }
)
"""Words of lists of events."""


def action_of(text: str) -> Action | None:
    """Returns the action that a word asks for."""
    return _ACTIONS.get(word_of(text))


def flag_of(text: str) -> bool | None:
    """Returns yes or no, None where the word is neither."""
    word = text.casefold()
    return True if word in ("1", "true", "yes", "y") else False if word in ("0", "false", "no", "n", "") else None


_DAY: Final = re.compile(r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})")
_WRITTEN: Final = ("%d %b %Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y")


@lru_cache(maxsize=8192)
def moment_of(text: str) -> int | None:
    """Returns the moment that a date or time names, in Unix milliseconds UTC; None where it is not clear.

    A day is its beginning, UTC; a time without a zone is UTC. Days and months in numbers are taken year first only:
    whether 03/07 is March or July, nobody can tell.
    """
    try:
        if re.fullmatch(r"[0-9]{10}(\.[0-9]+)?", text):
            return int(float(text) * 1000)
        if re.fullmatch(r"[0-9]{13}", text):
            return int(text)
        if match := _DAY.fullmatch(text):
            year, month, day = int(match[1]), int(match[3]), int(match[4])
            return _at(datetime.combine(date(year, month, day), datetime.min.time()))
        if re.match(r"[0-9]{4}-", text):
            return _at(datetime.fromisoformat(text.removesuffix(" UTC")))
    except (ValueError, OverflowError):
        return None
    for pattern in _WRITTEN:
        try:
            return _at(datetime.strptime(text, pattern))  # noqa: DTZ007 - a day without a zone is UTC
        except ValueError:
            continue
    return None


def _at(moment: datetime) -> int:
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(zoned.timestamp() * 1000)


_HIDDEN: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})


def clean(text: str) -> str:
    """Returns text without the characters that no message may hold, in normal form C, white space as single spaces."""
    if text.isascii() and text.isprintable():
        return text
    spaced = " ".join(text.split())
    kept = [
        char
        for char in unicodedata.normalize("NFC", spaced)
        if char not in _HIDDEN
        and unicodedata.category(char) not in _FORBIDDEN
        and ord(char) & 0xFFFE != 0xFFFE
        and not 0xFDD0 <= ord(char) <= 0xFDEF
    ]
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def cut(text: str, limit: int) -> str:
    """Returns the beginning of a text, of at most so many bytes of UTF-8."""
    if len(text) * 4 <= limit:
        return text
    return text.encode()[:limit].decode(errors="ignore").rstrip()
