"""Working days: a calendar that is pinned whole in a deadline profile, so that both sides compute the same moment.

Everything that decides stands in the file: the offsets from UTC with the moments of their changes, the weekend, opening
hours and public holidays. No time-zone database and no library of holidays is asked, so that an update of one of them
on one side alone moves nobody's deadline. After the calendar's last day only weekends count: a profile is pinned by its
digest and cannot grow, what is sent under it must still have a date, and weekends are all that both sides then know.

Never does: read a clock or a time zone's name.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from comity.errors import MalformedError

DAY: Final = 86_400_000
_MINUTE: Final = 60_000
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_MONDAY: Final = 3  # 1970-01-01 was a Thursday
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,3}")
_MAX_OFFSETS: Final = 64
_MAX_SOURCE: Final = 200
_MAX_HOLIDAYS: Final = 1000
_MAX_AHEAD: Final = 18 * 60
_END: Final = 1 << 53  # what every JSON reader holds exactly
_FIELDS: Final = ("zone", "source", "offsets", "weekend", "opens", "closes", "holidays", "until")


class Offset(NamedTuple):
    """How far local time is ahead of UTC from one change of the clocks to the next."""

    start: int
    """From when, Unix milliseconds UTC; of the first one 0."""
    end: int
    """Until when, exclusive."""
    ahead: int
    """Milliseconds; west of Greenwich negative."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one jurisdiction. Days are numbered from 1970-01-01, which is 0, by local dates."""

    zone: str
    """Name of the time zone that the offsets were taken from; for people, it decides nothing."""
    source: str
    """Where the holidays were taken from; for people, likewise."""
    offsets: tuple[Offset, ...]
    """How far local time is ahead of UTC, ascending, without a gap."""
    weekend: frozenset[int]
    """Weekdays without work, Monday 0 to Sunday 6."""
    opens: int
    """When work begins, milliseconds after local midnight; for people, it decides nothing."""
    closes: int
    """Close of business, milliseconds after local midnight."""
    holidays: frozenset[int]
    """Days without work besides the weekends."""
    until: int
    """Last day whose holidays are known; after it only weekends count."""

    def local(self, at_ms: int) -> int:
        """Returns a moment as local milliseconds: Unix milliseconds (0 or later) plus the offset in force."""
        return at_ms + next(offset.ahead for offset in reversed(self.offsets) if at_ms >= offset.start)

    def is_working(self, day: int) -> bool:
        """Returns whether a day is a working day."""
        return (day + _MONDAY) % 7 not in self.weekend and day not in self.holidays

    def close_of(self, day: int) -> int:
        """Returns close of business of a day, Unix milliseconds UTC.

        Where clocks show that time twice it is the later one; where they skip it, the moment at which they do.
        """
        local = day * DAY + self.closes
        return next(
            min(local - offset.ahead, offset.end)
            for offset in reversed(self.offsets)
            if local - offset.ahead >= offset.start
        )

    def close_after(self, created: int, working_days: int) -> int:
        """Returns close of business of the n-th working day after the local day of a moment, Unix milliseconds UTC.

        The day of `created` itself never counts, at whatever hour: what comes in the evening or at a weekend has the
        whole of the next working day.

        Args:
            created: Unix milliseconds UTC.
            working_days: n, at least 1.
        """
        day = self.local(created) // DAY
        while working_days:
            day += 1
            working_days -= self.is_working(day)
        return self.close_of(day)


def day_number(date: datetime.date) -> int:
    """Returns the number of a date, as `Calendar` counts days."""
    return date.toordinal() - _EPOCH


def date_of(day: int) -> datetime.date:
    """Returns the date of a numbered day."""
    return datetime.date.fromordinal(day + _EPOCH)


def parse_calendar(value: object) -> Calendar:
    """Parses a calendar of a deadline profile strictly.

    Args:
        value: what JSON made of it.

    Raises:
        MalformedError: anything else than a complete calendar.
    """
    if not isinstance(value, dict) or set(value) != set(_FIELDS):
        raise MalformedError("a calendar has other fields than it must")
    zone, source, offsets, weekend, opens, closes, holidays, until = (value[name] for name in _FIELDS)
    if not isinstance(zone, str) or not _ZONE.fullmatch(zone):
        raise MalformedError("a calendar names no time zone")
    if not isinstance(source, str) or len(source) > _MAX_SOURCE or not source.isascii() or not source.isprintable():
        raise MalformedError("a calendar does not say where its holidays are from")
    last = _day(until)
    days = tuple(_day(holiday) for holiday in _listed(holidays, 0, _MAX_HOLIDAYS))
    if list(days) != sorted(set(days)) or (days and days[-1] > last):
        raise MalformedError("the holidays of a calendar are not in ascending order, or come after its last day")
    rest = tuple(_whole(day, 0, 6) for day in _listed(weekend, 0, 6))
    if list(rest) != sorted(set(rest)):
        raise MalformedError("the weekend of a calendar is not in ascending order")
    begin, end = _time(opens), _time(closes)
    if begin >= end:
        raise MalformedError("a calendar closes before it opens")
    return Calendar(zone, source, _offsets(offsets), frozenset(rest), begin, end, frozenset(days), last)


def calendar_of(calendars: Mapping[str, Calendar], jurisdiction: str) -> Calendar:
    """Returns the calendar of a jurisdiction, else the default one."""
    return calendars.get(jurisdiction) or calendars["default"]


def _offsets(value: object) -> tuple[Offset, ...]:
    found: list[Offset] = []
    for pair in reversed(_listed(value, 1, _MAX_OFFSETS)):
        start, minutes = _listed(pair, 2, 2)
        end = found[-1].start if found else _END
        found.append(Offset(_whole(start, 0, end - 1), end, _whole(minutes, -_MAX_AHEAD, _MAX_AHEAD) * _MINUTE))
    found.reverse()
    if found[0].start:
        raise MalformedError("the first offset of a calendar does not hold from the beginning")
    for before, after in itertools.pairwise(found):
        # A day that came twice would let a later message have an earlier deadline.
        last, first = (after.start - 1 + before.ahead) // DAY, (after.start + after.ahead) // DAY
        if last > first:
            raise MalformedError("the clock of a calendar goes back over midnight")
        # Of a day that never was nobody could say when its business closes.
        if first - last > 1:
            raise MalformedError("the clock of a calendar jumps over a whole day")
    return tuple(found)


def _listed(value: object, least: int, most: int) -> list[object]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise MalformedError("a list of a calendar is none, or too short or too long")
    return value


def _whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:  # bool is an int that is none here
        raise MalformedError("a number of a calendar is out of range")
    return value


def _day(value: object) -> int:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise MalformedError("a date of a calendar is none")
    try:
        return day_number(datetime.date.fromisoformat(value))
    except ValueError:  # the 30th of February
        raise MalformedError("a date of a calendar is none") from None


def _time(value: object) -> int:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise MalformedError("a time of a calendar is none")
    return (int(found[1]) * 60 + int(found[2])) * _MINUTE
