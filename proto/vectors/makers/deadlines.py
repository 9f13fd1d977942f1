"""Vectors of deadlines: what profiles say, and working days over every edge that a calendar has."""

from __future__ import annotations

import datetime
import json
from typing import Any

from comity.workflow.profiles import packaged_files, packaged_profiles
from comity.workflow.terms import Precedence
from vectors.makers.book import Book


def _at(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000)


CHRISTMAS_EVE = _at("2026-12-24T16:00:00+00:00")
MOMENTS = {
    "a Tuesday": "2026-03-03T10:00:00+08:00",
    "the last moment of a day in Hong Kong": "2026-03-03T23:59:59.999+08:00",
    "midnight in Hong Kong": "2026-03-04T00:00:00+08:00",
    "a Saturday": "2026-03-07T12:00:00+08:00",
    "before Lunar New Year": "2026-02-16T10:00:00+08:00",
    "before Easter": "2026-04-02T10:00:00+08:00",
    "before summer time begins": "2026-03-27T12:00:00+00:00",
    "before summer time ends": "2026-10-23T12:00:00+00:00",
    "in the hour that comes twice": "2026-10-25T01:30:00+00:00",
    "before the leap day": "2028-02-28T10:00:00+00:00",
    "the end of a year": "2026-12-31T23:30:00+00:00",
    "the end of the calendars": "2028-12-29T10:00:00+00:00",
    "after the calendars": "2029-12-24T10:00:00+00:00",
}
SHARED = {
    "opened": None,
    "answering": "HK",
    "sender": "GB",
    "precedence": "ROUTINE",
    "family": "FREEZE",
    "verb": "REQUEST",
    "created": CHRISTMAS_EVE,
}


def deadlines() -> Book:
    """Limits under the packaged profiles, and calendars that are none of theirs."""
    profiles = {each.name: each for each in packaged_profiles().values()}
    standard = profiles["standard-3"]
    book = Book(
        "deadlines",
        "What a deadline profile makes of a header, and working days by a pinned calendar (section 7).",
        shared=SHARED | {"profile": standard.sha256.hex()},
    )
    for family, verb in standard.spans:
        for precedence in Precedence:
            inputs = {"family": family.name, "verb": verb.name, "precedence": precedence.name}
            if standard.spans[family, verb].respond is not None or precedence is Precedence.ROUTINE:
                book.good(f"{family.name} {verb.name} {precedence.name}", "deadlines", input=inputs)
    for name, moment in MOMENTS.items():
        for answering in ("HK", "GB", "DE", "FR"):
            inputs = {"created": _at(moment), "answering": answering, "sender": "SG"}
            book.good(f"{name}, for {answering}", "deadlines", input=inputs)
    opened = {"opened": CHRISTMAS_EVE - 1_800_000}
    for verb in ("CONFIRM", "COMPLETE", "EXTEND", "ACCEPT"):
        book.good(f"{verb} half an hour after the opening", "deadlines", input={"verb": verb, **opened})
    for name in ("standard-1", "standard-2"):
        inputs = {"profile": profiles[name].sha256.hex(), "family": "REFERRAL"}
        for verb in ("REFER", "SUPPLY", "CLOSE"):
            book.good(f"{verb} under {name}", "deadlines", input={"verb": verb, **inputs})
        book.bad(f"an onward verb under {name}", "deadlines", "FAMILY_NOT_OFFERED", input={**inputs, "verb": "FORWARD"})
        book.bad(f"a freeze under {name}", "deadlines", "FAMILY_NOT_OFFERED", input={**inputs, "family": "FREEZE"})
    book.bad("a profile that nobody knows", "deadlines", "NOT_FOUND", input={"profile": "00" * 32})
    _calendars(book)
    return book


def _calendars(book: Book) -> None:
    packaged: dict[str, Any] = json.loads(packaged_files()[2])["calendars"]
    tuesday, plain = _at("2026-06-02T00:00:00+00:00"), packaged["default"] | {"closes": "17:00"}
    monday = tuesday - 12 * 3_600_000
    for name, changes in {
        "a closing time that comes twice": {"offsets": [[0, 60], [tuesday + 17 * 3_600_000, 0]]},
        "a closing time that is skipped": {"offsets": [[0, 0], [tuesday + 16 * 3_600_000 + 1_800_000, 60]]},
        "a day that is skipped": {"offsets": [[0, -660], [tuesday, 780]]},
        "half hours behind": {"offsets": [[0, -210]]},
        "closing a minute after midnight": {"opens": "00:00", "closes": "00:01"},
        "work on Sundays alone": {"weekend": [0, 1, 2, 3, 4, 5]},
        "work on every day": {"weekend": []},
        "a week of holidays": {"holidays": [f"2026-06-0{day}" for day in range(2, 9)]},
    }.items():
        for days in (1, 3):
            inputs = {"calendar": plain | changes, "created": monday, "working_days": days}
            book.good(f"{name}, {days}", "close", input=inputs)


BOOKS = (deadlines,)
"""The books of this module."""
