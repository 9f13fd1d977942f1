"""Deadlines: the protocol's own limits on a header's times, and the deadline profile that two agencies agreed on.

A profile is a file; the SHA-256 of its bytes stands in the agreement. `deadlines_for` proposes the times of a new
header, `check_deadlines` holds a counterpart's header against the profile: nobody can be made overdue sooner than
agreed, and nothing lapses later than agreed. A later `respond_by` or an earlier `lapses_at` is the sender's choice.

Never does: read a clock. Calendars with working days come with later profiles; the standard ones count plain hours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.families import TABLES
from comity.workflow.tables import Presence, Table
from comity.workflow.terms import Family, Precedence, Verb

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

MAX_AGE = MappingProxyType({Precedence.ROUTINE: DAY, Precedence.URGENT: DAY, Precedence.FLASH: 15 * MINUTE})
"""How old `created` may be, milliseconds."""
MAX_AGE_SECONDED = MappingProxyType(
    {Precedence.ROUTINE: 96 * HOUR, Precedence.URGENT: 96 * HOUR, Precedence.FLASH: 60 * MINUTE}
)
"""The same where an APPROVER signed, who needed time to look."""
MAX_AHEAD = 120 * SECOND
"""How far ahead of the clock `created` may be."""
MAX_DELIVERY = 14 * DAY
"""How far `deliver_by` may be from `created`: a desk's key is destroyed 14 days after its successor began."""
_MAX_PROFILE_BYTES = 64 << 10
_MAX_SPAN_SECONDS = 366 * 86_400


def check_times(
    *,
    precedence: Precedence,
    created: int,
    deliver_by: int,
    respond_by: int | None,
    lapses_at: int | None,
    has_approver: bool,
    now_ms: int,
) -> None:
    """Checks a header's times against one another and the clock. In time means: not later than the limit.

    A message that can no longer be delivered, or has lapsed, is refused. One whose `respond_by` went by while the
    second person looked at it is not: the engine then holds nobody overdue.

    Args:
        precedence: of the header.
        created: Unix milliseconds UTC, like all times here.
        deliver_by: of the header.
        respond_by: of the header, None where absent.
        lapses_at: of the header, None where absent.
        has_approver: whether an APPROVER signed.
        now_ms: the leaf's time; before it has one, the clock.

    Raises:
        RefusedError: CREATED_IN_FUTURE, CREATED_TOO_OLD, BAD_TIMES or TOO_LATE.
    """
    if created - now_ms > MAX_AHEAD:
        raise RefusedError(Reason.CREATED_IN_FUTURE, "sealed ahead of the clock", limit=str(now_ms + MAX_AHEAD))
    age = (MAX_AGE_SECONDED if has_approver else MAX_AGE)[precedence]
    if now_ms - created > age:
        raise RefusedError(Reason.CREATED_TOO_OLD, "sealed too long ago; seal again", limit=str(created + age))
    if deliver_by - created > MAX_DELIVERY:
        raise RefusedError(
            Reason.BAD_TIMES, "deliver_by is more than 14 days after created", limit=str(created + MAX_DELIVERY)
        )
    for limit in (deliver_by, respond_by, lapses_at):
        if limit is not None and limit <= created:
            raise RefusedError(Reason.BAD_TIMES, "a time limit is not after created", limit=str(limit))
    for limit in (deliver_by, lapses_at):
        if limit is not None and now_ms > limit:
            raise RefusedError(Reason.TOO_LATE, "a time limit of the message went by; seal again", limit=str(limit))


class Deadlines(NamedTuple):
    """The limits of one header, Unix milliseconds UTC."""

    deliver_by: int
    """Not delivered after it."""
    respond_by: int | None
    """By when the other side must answer; None where no answer is due."""
    lapses_at: int | None
    """When it ends by itself; None where it does not."""


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans of one verb, milliseconds by precedence."""

    deliver: Mapping[Precedence, int]
    respond: Mapping[Precedence, int] | None
    """None where no answer is due."""
    lapse: Mapping[Precedence, int] | None
    """Counted from the opening envelope; None where it does not lapse."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One deadline profile."""

    name: str
    """Its name, for people."""
    sha256: bytes
    """Digest of the file, as agreements name it."""
    reminders_percent: tuple[int, ...]
    """When agents remind, in percent of the time from `created` to `respond_by`; ascending."""
    spans: Mapping[tuple[Family, Verb], Spans]
    """The spans."""

    def deadlines_for(
        self, family: Family, verb: Verb, precedence: Precedence, created: int, opened: int | None = None
    ) -> Deadlines:
        """Returns the limits of a new header.

        Args:
            family: of the header.
            verb: of the header.
            precedence: of the header.
            created: Unix milliseconds UTC.
            opened: `created` of the leg's opening envelope; None where this is the one.

        Raises:
            RefusedError: FAMILY_NOT_OFFERED where the profile does not cover that verb.
        """
        spans = self._spans(family, verb)
        start = created if opened is None else opened
        return Deadlines(
            created + spans.deliver[precedence],
            None if spans.respond is None else created + spans.respond[precedence],
            None if spans.lapse is None else start + spans.lapse[precedence],
        )

    def check_deadlines(
        self,
        family: Family,
        verb: Verb,
        precedence: Precedence,
        given: Deadlines,
        *,
        created: int,
        opened: int | None = None,
    ) -> None:
        """Holds a header's limits against the profile. Hub and agencies check the same (`comity.checks.check_rules`).

        Args:
            family: of the header.
            verb: of the header.
            precedence: of the header.
            given: the header's limits.
            created: of the header.
            opened: `created` of the leg's opening envelope; None where this is the one.

        Raises:
            RefusedError: BAD_TIMES, or FAMILY_NOT_OFFERED where the profile does not cover that verb.
        """
        agreed = self.deadlines_for(family, verb, precedence, created, opened)
        if (given.respond_by is None) != (agreed.respond_by is None):
            raise RefusedError(Reason.BAD_TIMES, "respond_by does not stand where the profile has it")
        if given.respond_by is not None and agreed.respond_by is not None and given.respond_by < agreed.respond_by:
            raise RefusedError(
                Reason.BAD_TIMES, "respond_by is sooner than the profile allows", limit=str(agreed.respond_by)
            )
        if given.lapses_at is not None and (agreed.lapses_at is None or given.lapses_at > agreed.lapses_at):
            raise RefusedError(Reason.BAD_TIMES, "lapses_at is later than the profile allows")

    def reminders(self, created: int, respond_by: int) -> tuple[int, ...]:
        """Returns when to remind, Unix milliseconds UTC, ascending."""
        return tuple(created + (respond_by - created) * percent // 100 for percent in self.reminders_percent)

    def _spans(self, family: Family, verb: Verb) -> Spans:
        spans = self.spans.get((family, verb))
        if spans is None:
            raise RefusedError(
                Reason.FAMILY_NOT_OFFERED, "the deadline profile does not cover that verb", verb=verb.name
            )
        return spans


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedError("a deadline profile names a field twice")
    return fields


def _fields(value: object, *names: str) -> list[object]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise MalformedError("a deadline profile has other fields than it must")
    return [value[name] for name in names]


def _number(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:  # bool is an int that is none here
        raise MalformedError("a number of a deadline profile is out of range")
    return value


def _by_precedence(value: object, most: int) -> Mapping[Precedence, int]:
    spans = _fields(value, *(precedence.name for precedence in Precedence))
    return MappingProxyType(
        {precedence: _number(span, 1, most) * SECOND for precedence, span in zip(Precedence, spans, strict=True)}
    )


def _verb_spans(value: object, verb: Verb, table: Table) -> Spans:
    deliver, respond, lapse = _fields(value, "deliver_within_seconds", "respond_within_seconds", "lapse_after_seconds")
    rows = [rule for rule in table.rules if rule.verb is verb]
    if (respond is None) == any(rule.answer_due for rule in rows):
        raise MalformedError("a deadline profile has an answer due where the table has none, or none where it has")
    unwanted = Presence.REQUIRED if lapse is None else Presence.FORBIDDEN
    if any(rule.lapses is unwanted for rule in rows):
        raise MalformedError("a deadline profile lapses what cannot lapse, or not what must")
    return Spans(
        _by_precedence(deliver, MAX_DELIVERY // SECOND),
        None if respond is None else _by_precedence(respond, _MAX_SPAN_SECONDS),
        None if lapse is None else _by_precedence(lapse, _MAX_SPAN_SECONDS),
    )


def parse_profile(data: bytes, tables: Mapping[Family, Table] = TABLES) -> Profile:
    """Parses a deadline profile strictly: every verb of every family it names, and nothing else.

    Args:
        data: the file, UTF-8 JSON.
        tables: the families there are.

    Raises:
        MalformedError: anything else than a complete profile.
    """
    if len(data) > _MAX_PROFILE_BYTES:
        raise MalformedError("a deadline profile is larger than 64 KiB", Reason.TOO_LARGE)
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise MalformedError("a deadline profile is no JSON in UTF-8") from None
    version, name, reminders, families = _fields(document, "version", "name", "reminders_percent", "families")
    if type(version) is not int or version != 1:
        raise MalformedError("a deadline profile has another version than 1", Reason.UNSUPPORTED_VERSION)
    if not isinstance(name, str) or not name or not name.isascii() or not name.isprintable():
        raise MalformedError("a deadline profile has no proper name")
    if not isinstance(reminders, list) or not isinstance(families, dict):
        raise MalformedError("a deadline profile has a field of the wrong kind")
    percents = tuple(_number(percent, 1, 99) for percent in reminders)
    if list(percents) != sorted(set(percents)):
        raise MalformedError("reminders are not in ascending order")
    known = {family.name: table for family, table in tables.items()}
    spans: dict[tuple[Family, Verb], Spans] = {}
    for family_name, verbs in families.items():
        if family_name not in known:
            raise MalformedError("a deadline profile names a family that there is not")
        table = known[family_name]
        values = _fields(verbs, *(verb.name for verb in table.verbs))
        for verb, value in zip(table.verbs, values, strict=True):
            spans[table.family, verb] = _verb_spans(value, verb, table)
    return Profile(name, hashlib.sha256(data).digest(), percents, MappingProxyType(spans))


@cache
def packaged_profiles() -> Mapping[bytes, Profile]:
    """Returns the profiles that come with this package, by digest."""
    folder = resources.files("comity.workflow").joinpath("profiles")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    profiles = (parse_profile(file.read_bytes()) for file in files)
    return MappingProxyType({profile.sha256: profile for profile in profiles})


def load_profile(sha256: bytes) -> Profile:
    """Returns the packaged profile with a digest, as an agreement names it.

    Raises:
        RefusedError: NOT_FOUND, with the digest in hexadecimal.
    """
    profile = packaged_profiles().get(sha256)
    if profile is None:
        raise RefusedError(
            Reason.NOT_FOUND, "no deadline profile with that digest comes with this version", sha256=sha256.hex()
        )
    return profile


def standard_profile() -> Profile:
    """Returns standard-2, what agencies agree on unless their counsel sets another."""
    return next(profile for profile in packaged_profiles().values() if profile.name == "standard-2")
