"""Deadline profiles as files: parsed strictly, found by the SHA-256 of their bytes, as agreements name them.

Version 1 counts plain seconds. Version 2 adds working days with their calendars, lapses that count from the message
itself, and what is agreed about each legal instrument. A profile names every verb that its version knows of each family
it covers. Those of this package are always known; others are files that hub and agents read from a configured folder
and make known with `know_profiles`.

Never does: read a clock or a folder of somebody's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.calendars import Calendar, parse_calendar
from comity.workflow.clocks import MAX_DELIVERY, SECOND, Instrument, Profile, Spans, WorkingDays
from comity.workflow.families import TABLES
from comity.workflow.tables import ClockRule, Presence, Table
from comity.workflow.terms import Family, Precedence, Verb

STANDARD: Final = "standard-3"
"""Name of the profile that agencies agree on unless their counsel sets another."""
MAX_PROFILE_BYTES: Final = 64 << 10
"""Greatest size of a profile's file."""
_DAY_SECONDS: Final = 86_400
_MAX_SPAN_SECONDS: Final = 366 * _DAY_SECONDS
_MAX_LAPSE_SECONDS: Final = 3660 * _DAY_SECONDS
_MAX_WORKING_DAYS: Final = 250
_MAX_CALENDARS: Final = 64
_ADDED: Final = MappingProxyType(
    {2: frozenset({Verb.ASK_ONWARD, Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD, Verb.FORWARD, Verb.REVOKE_GRANT})}
)
"""Verbs that a version added to families there were before it. A file of an older version does not name them."""
_JURISDICTION: Final = re.compile(r"[A-Z]{2}")
_KIND: Final = re.compile(r"[A-Z][A-Z_]{0,39}")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedError("a deadline profile names a field twice")
    return fields


def _fields(value: object, *names: str) -> list[object]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise MalformedError("a deadline profile has other fields than it must")
    return [value[name] for name in names]


def _object(value: object, most: int) -> Mapping[str, object]:
    if not isinstance(value, dict) or len(value) > most:
        raise MalformedError("a deadline profile has a field of the wrong kind, or too much in it")
    return value


def _number(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:  # bool is an int that is none here
        raise MalformedError("a number of a deadline profile is out of range")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise MalformedError("a flag of a deadline profile is neither true nor false")
    return value


def _seconds(value: object, most: int) -> Mapping[Precedence, int]:
    spans = _fields(value, *(precedence.name for precedence in Precedence))
    return MappingProxyType(
        {precedence: _number(span, 1, most) * SECOND for precedence, span in zip(Precedence, spans, strict=True)}
    )


def _span(value: object) -> int | WorkingDays:
    if isinstance(value, dict):
        count, by = _fields(value, "working_days", "by")
        if by != "answering":
            raise MalformedError("a deadline profile counts working days by another side than the answering one")
        return WorkingDays(_number(count, 1, _MAX_WORKING_DAYS))
    return _number(value, 1, _MAX_SPAN_SECONDS) * SECOND


def _spans_1(value: object) -> Spans:
    deliver, respond, lapse = _fields(value, "deliver_within_seconds", "respond_within_seconds", "lapse_after_seconds")
    return Spans(
        _seconds(deliver, MAX_DELIVERY // SECOND),
        None if respond is None else _seconds(respond, _MAX_SPAN_SECONDS),
        None if lapse is None else _seconds(lapse, _MAX_SPAN_SECONDS),
    )


def _spans_2(value: object, *, own: bool) -> Spans:
    deliver, respond, lapse = _fields(value, "deliver_within", "respond_within", "lapse_after")
    names = [precedence.name for precedence in Precedence]
    answer, ends, from_opening = None, None, True
    if respond is not None:
        spans = zip(Precedence, _fields(respond, *names), strict=True)
        answer = MappingProxyType({precedence: _span(span) for precedence, span in spans})
    if lapse is not None:
        counted, *seconds = _fields(lapse, "from", *names)
        if counted not in ("opening", "created"):
            raise MalformedError("a lapse of a deadline profile counts neither from the opening nor from created")
        ends = _seconds(dict(zip(names, seconds, strict=True)), _MAX_LAPSE_SECONDS)
        from_opening = counted == "opening"
    return Spans(_seconds(deliver, MAX_DELIVERY // SECOND), answer, ends, from_opening, own)


def _check_against(spans: Spans, verb: Verb, table: Table) -> None:
    rows = [rule for rule in table.rules if rule.verb is verb]
    if (spans.respond is None) == any(rule.answer_due for rule in rows):
        raise MalformedError("a deadline profile has an answer due where the table has none, or none where it has")
    unwanted = Presence.REQUIRED if spans.lapse is None else Presence.FORBIDDEN
    if any(rule.lapses is unwanted for rule in rows):
        raise MalformedError("a deadline profile lapses what cannot lapse, or not what must")


def _families(value: object, version: int, tables: Mapping[Family, Table]) -> Mapping[tuple[Family, Verb], Spans]:
    known = {family.name: table for family, table in tables.items()}
    later = frozenset(verb for added, verbs in _ADDED.items() if added > version for verb in verbs)
    spans: dict[tuple[Family, Verb], Spans] = {}
    for name, verbs in _object(value, len(Family)).items():
        if name not in known:
            raise MalformedError("a deadline profile names a family that there is not")
        table = known[name]
        covered = [verb for verb in table.verbs if verb not in later]
        for verb, given in zip(covered, _fields(verbs, *(verb.name for verb in covered)), strict=True):
            own = any(rule.clock is ClockRule.START_OWN for rule in table.rules if rule.verb is verb)
            found = _spans_1(given) if version == 1 else _spans_2(given, own=own)
            _check_against(found, verb, table)
            spans[table.family, verb] = found
    return MappingProxyType(spans)


def _calendars(value: object) -> Mapping[str, Calendar]:
    found = _object(value, _MAX_CALENDARS)
    if "default" not in found or not all(name == "default" or _JURISDICTION.fullmatch(name) for name in found):
        raise MalformedError("a deadline profile has no default calendar, or one for what is no jurisdiction")
    return MappingProxyType({name: parse_calendar(calendar) for name, calendar in found.items()})


def _instrument(value: object) -> Instrument:
    binding, days, extendable = _fields(value, "binding", "max_days", "extendable")
    return Instrument(_flag(binding), _number(days, 1, _MAX_LAPSE_SECONDS // _DAY_SECONDS), _flag(extendable))


def _instruments(value: object) -> Mapping[str, Instrument]:
    found = _object(value, 64)
    if not all(_KIND.fullmatch(name) for name in found):
        raise MalformedError("a deadline profile names what is no kind of instrument")
    return MappingProxyType({name: _instrument(each) for name, each in found.items()})


def _reminders(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise MalformedError("a deadline profile has a field of the wrong kind")
    percents = tuple(_number(percent, 1, 99) for percent in value)
    if list(percents) != sorted(set(percents)):
        raise MalformedError("reminders are not in ascending order")
    return percents


def _name(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise MalformedError("a deadline profile has no proper name")
    return value


def parse_profile(data: bytes, tables: Mapping[Family, Table] = TABLES) -> Profile:
    """Parses a deadline profile strictly: every verb of every family it names, and nothing else.

    Args:
        data: the file, UTF-8 JSON.
        tables: the families there are.

    Raises:
        MalformedError: anything else than a complete profile.
    """
    if len(data) > MAX_PROFILE_BYTES:
        raise MalformedError("a deadline profile is larger than 64 KiB", Reason.TOO_LARGE)
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise MalformedError("a deadline profile is no JSON in UTF-8") from None
    version = document.get("version") if isinstance(document, dict) else None
    if type(version) is not int:
        raise MalformedError("a deadline profile has other fields than it must")
    if version not in (1, 2):
        raise MalformedError("a deadline profile has another version than 1 or 2", Reason.UNSUPPORTED_VERSION)
    common, more = ("version", "name", "reminders_percent", "families"), ("calendars", "instruments")
    _, name, reminders, families, *added = _fields(document, *common, *(more if version == 2 else ()))
    calendars, instruments = added if added else (None, {})
    return Profile(
        _name(name),
        hashlib.sha256(data).digest(),
        _reminders(reminders),
        _families(families, version, tables),
        MappingProxyType({}) if calendars is None else _calendars(calendars),
        _instruments(instruments),
    )


@cache
def packaged_files() -> tuple[bytes, ...]:
    """Returns the files of the profiles that come with this package, in the order of their names."""
    folder = resources.files("comity.workflow").joinpath("profiles")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(file.read_bytes() for file in files)


@cache
def packaged_profiles() -> Mapping[bytes, Profile]:
    """Returns the profiles that come with this package, by digest."""
    return MappingProxyType({profile.sha256: profile for profile in map(parse_profile, packaged_files())})


_known: dict[bytes, Profile] = {}
"""Profiles beside the packaged ones that this process was given. Found by digest, so one can only be added."""


def know_profiles(files: Iterable[bytes]) -> tuple[Profile, ...]:
    """Makes profiles of a configured folder known to this process, beside those of the package; returns them.

    Args:
        files: content of each file.

    Raises:
        MalformedError: one is no profile; then none of them is known.
    """
    found = tuple(parse_profile(data) for data in files)
    _known.update({profile.sha256: profile for profile in found})
    return found


class UnknownProfileError(RefusedError):
    """The agreed profile is not known here. Whoever reads mail stops: that says nothing against its sender."""


def load_profile(sha256: bytes) -> Profile:
    """Returns the profile with a digest, as an agreement names it: of this package, or one made known.

    Raises:
        UnknownProfileError: NOT_FOUND, with the digest in hexadecimal.
    """
    profile = packaged_profiles().get(sha256) or _known.get(sha256)
    if profile is None:
        text = "no deadline profile with that digest is known here"
        raise UnknownProfileError(Reason.NOT_FOUND, text, sha256=sha256.hex())
    return profile


def standard_profile() -> Profile:
    """Returns what agencies agree on unless their counsel sets another."""
    return next(profile for profile in packaged_profiles().values() if profile.name == STANDARD)
