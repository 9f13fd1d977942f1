"""Deadlines: the protocol's own limits on a header's times, and the deadline profile that two agencies agreed on.

A profile is a file (`comity.workflow.profiles`); the SHA-256 of its bytes stands in the agreement. `deadlines_for`
proposes the times of a new header, `check_deadlines` holds a counterpart's header against the profile: nobody can be
made overdue sooner than agreed, nobody gives itself longer than agreed, and nothing lapses later than agreed. A later
`respond_by` for the other side, an earlier one for one's own and an earlier `lapses_at` are the sender's choice.

Never does: read a clock, a file or a database of time zones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from comity.errors import Reason, RefusedError
from comity.workflow.calendars import Calendar, calendar_of
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
    """By when the side that is to act must have acted; None where no answer is due."""
    lapses_at: int | None
    """When it ends by itself, at the latest; None where it does not."""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A span in working days of the jurisdiction of the side that is to act, until close of business of the last."""

    count: int
    """How many, at least 1; the day on which it begins is none of them."""


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans of one verb, milliseconds (or working days) by precedence."""

    deliver: Mapping[Precedence, int]
    respond: Mapping[Precedence, int | WorkingDays] | None
    """None where no answer is due."""
    lapse: Mapping[Precedence, int] | None
    """None where it does not lapse."""
    lapse_from_opening: bool = True
    """Whether the lapse counts from the opening envelope's `created`; else from the header's own."""
    own: bool = False
    """Whether the sender's own side is the one that must act by `respond_by` (the table's clock rule)."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is agreed about one legal instrument of a freeze. The hub never sees which one a freeze has."""

    binding: bool
    """Whether it binds the holder."""
    max_days: int
    """For how many days at the most, from its start or from its last extension."""
    extendable: bool
    """Whether it may be extended."""


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
    calendars: Mapping[str, Calendar]
    """By jurisdiction, two letters; "default" for every other. Empty in version 1, which has no working days."""
    instruments: Mapping[str, Instrument]
    """By the name of the instrument's kind. Empty in version 1."""

    def deadlines_for(
        self,
        family: Family,
        verb: Verb,
        precedence: Precedence,
        created: int,
        opened: int | None = None,
        *,
        answering: str = "",
        own: str = "",
    ) -> Deadlines:
        """Returns the limits of a new header.

        Args:
            family: of the header.
            verb: of the header.
            precedence: of the header.
            created: Unix milliseconds UTC.
            opened: `created` of the leg's opening envelope; None where this is the one.
            answering: jurisdiction of the other side, two letters; empty for the default calendar.
            own: jurisdiction of the sender's side, likewise; it counts where the sender's side is to act.

        Raises:
            RefusedError: FAMILY_NOT_OFFERED where the profile does not cover that verb.
        """
        spans = self.spans_of(family, verb)
        start = opened if opened is not None and spans.lapse_from_opening else created
        return Deadlines(
            created + spans.deliver[precedence],
            None
            if spans.respond is None
            else self._end(created, spans.respond[precedence], own if spans.own else answering),
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
        answering: str = "",
        own: str = "",
    ) -> None:
        """Holds a header's limits against the profile. Hub and agencies check the same (`comity.checks.check_rules`).

        Args:
            family: of the header.
            verb: of the header.
            precedence: of the header.
            given: the header's limits.
            created: of the header.
            opened: `created` of the leg's opening envelope; None where this is the one.
            answering: as for `deadlines_for`.
            own: as for `deadlines_for`.

        Raises:
            RefusedError: BAD_TIMES, or FAMILY_NOT_OFFERED where the profile does not cover that verb.
        """
        agreed = self.deadlines_for(family, verb, precedence, created, opened, answering=answering, own=own)
        if (given.respond_by is None) != (agreed.respond_by is None):
            raise RefusedError(Reason.BAD_TIMES, "respond_by does not stand where the profile has it")
        if given.respond_by is not None and agreed.respond_by is not None:
            if self.spans_of(family, verb).own:
                if given.respond_by > agreed.respond_by:
                    raise RefusedError(
                        Reason.BAD_TIMES, "respond_by is later than the profile allows", limit=str(agreed.respond_by)
                    )
            elif given.respond_by < agreed.respond_by:
                raise RefusedError(
                    Reason.BAD_TIMES, "respond_by is sooner than the profile allows", limit=str(agreed.respond_by)
                )
        if given.lapses_at is not None and (agreed.lapses_at is None or given.lapses_at > agreed.lapses_at):
            raise RefusedError(Reason.BAD_TIMES, "lapses_at is later than the profile allows")

    def reminders(self, created: int, respond_by: int) -> tuple[int, ...]:
        """Returns when to remind, Unix milliseconds UTC, ascending."""
        return tuple(created + (respond_by - created) * percent // 100 for percent in self.reminders_percent)

    def instrument(self, kind_name: str) -> Instrument | None:
        """Returns what is agreed about a kind of instrument by its name, `RESTRAINT_ORDER`; None where nothing is."""
        return self.instruments.get(kind_name)

    def spans_of(self, family: Family, verb: Verb) -> Spans:
        """Returns the spans of a verb.

        Raises:
            RefusedError: FAMILY_NOT_OFFERED where the profile does not cover that verb.
        """
        spans = self.spans.get((family, verb))
        if spans is None:
            raise RefusedError(
                Reason.FAMILY_NOT_OFFERED, "the deadline profile does not cover that verb", verb=verb.name
            )
        return spans

    def _end(self, created: int, span: int | WorkingDays, jurisdiction: str) -> int:
        if isinstance(span, WorkingDays):
            return calendar_of(self.calendars, jurisdiction).close_after(created, span.count)
        return created + span
