"""Making deadline profiles: calendars from the time-zone database and a library of public holidays, pinned in a file.

Both are asked here, once, by whoever writes a profile; what they said is then part of the file that agreements name by
its digest, and nobody asks them again. A library of holidays is nobody's gazette: the file is for counsel to read.

1. Take a profile there is, for the spans and the instruments; counsel edits those in the file.
2. Put a calendar in for each jurisdiction named, in the place of any that was there.
3. Parse the result as hub and agents will, so that nothing is written that they refuse.

Never does: decide a deadline (`comity.workflow.calendars`), ask a clock.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from comity.errors import MalformedError
from comity.workflow.clocks import Profile
from comity.workflow.profiles import MAX_PROFILE_BYTES, know_profiles, parse_profile

WEEKEND: Final = (5, 6)
"""Saturday and Sunday, which is where a jurisdiction does not say otherwise."""
_OFFICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"HK": ("public", "optional")})
"""Categories of the library's holidays on which offices are closed, where that is more than the public ones: in Hong
Kong the general holidays, not only those that every employee has."""
_WIDTH: Final = 110


class ProfileError(MalformedError):
    """A profile cannot be made of that. The text says what is wrong with it, and holds no content."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose calendar is wanted."""

    jurisdiction: str
    """Two letters, ISO 3166-1."""
    zone: str
    """Name of its time zone, `Asia/Hong_Kong`."""
    subdivision: str = ""
    """Part of it whose holidays count, as the library names it; empty for the whole."""
    weekend: tuple[int, ...] = WEEKEND
    """Weekdays without work, Monday 0, ascending."""
    opens: str = "09:00"
    """When work begins, local time."""
    closes: str = "17:30"
    """Close of business, local time."""
    without: tuple[datetime.date, ...] = ()
    """Days that the library has as holidays and the gazette has not."""
    besides: tuple[datetime.date, ...] = ()
    """Days that the gazette has as holidays and the library has not."""


def calendar(place: Place, first_year: int, last_year: int) -> dict[str, Any]:
    """Returns the calendar of a place as it stands in a profile.

    Args:
        place: whose.
        first_year: first year whose holidays and changes of the clocks are pinned.
        last_year: last one; after it only weekends will count.

    Raises:
        ProfileError: no such time zone, jurisdiction or part of one, or no years.
    """
    if not 1970 <= first_year <= last_year <= 2100 or last_year - first_year > 20:
        raise ProfileError("the years of a calendar are none, or more than twenty")
    try:
        zone = ZoneInfo(place.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path, a folder, or no name at all
        raise ProfileError("there is no such time zone") from None
    named, source = _holidays(place, range(first_year, last_year + 1))
    days = (named - set(place.without)) | set(place.besides)
    corrected = [f"without {', '.join(map(str, place.without))}"] if place.without else []
    corrected += [f"with {', '.join(map(str, place.besides))}"] if place.besides else []
    return {
        "zone": place.zone,
        "source": "; ".join([source, *corrected]),
        "offsets": list(_offsets(zone, first_year, last_year)),
        "weekend": list(place.weekend),
        "opens": place.opens,
        "closes": place.closes,
        "holidays": [day.isoformat() for day in sorted(days)],
        "until": f"{last_year}-12-31",
    }


def _holidays(place: Place, years: Iterable[int]) -> tuple[set[datetime.date], str]:
    import holidays  # noqa: PLC0415 # slow to load, and only who makes a profile needs it

    categories = _OFFICES.get(place.jurisdiction, ("public",))
    try:
        found = holidays.country_holidays(
            place.jurisdiction,
            subdiv=place.subdivision or None,
            years=years,
            observed=True,
            expand=False,
            categories=categories,
        )
    except (RuntimeError, ValueError):  # of the first kind is what it raises for what it does not know
        raise ProfileError("the library of holidays knows no such jurisdiction, or no such part of one") from None
    part = f"{place.jurisdiction}/{place.subdivision}" if place.subdivision else place.jurisdiction
    return set(found), f"holidays {version('holidays')}: {part} {' and '.join(categories)}"


def _offsets(zone: ZoneInfo, first_year: int, last_year: int) -> Iterator[list[int]]:
    """Yields when (Unix milliseconds) local time is how many minutes ahead; the first one holds from the beginning."""
    at = int(datetime.datetime(first_year, 1, 1, tzinfo=zone).timestamp())
    end = int(datetime.datetime(last_year + 1, 1, 1, tzinfo=zone).timestamp())
    now = _minutes(zone, at)
    yield [0, now]
    while at < end:
        ahead = min(at + 86_400, end)
        if _minutes(zone, ahead) != now:
            low, high = at, ahead  # changed after low, by high
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _minutes(zone, middle) == now else (low, middle)
            now = _minutes(zone, high)
            yield [high * 1000, now]
        at = ahead


def _minutes(zone: ZoneInfo, at: int) -> int:
    offset = datetime.datetime.fromtimestamp(at, zone).utcoffset() or datetime.timedelta()
    return int(offset.total_seconds()) // 60


def make_profile(base: bytes, name: str, places: Sequence[Place], years: tuple[int, int]) -> bytes:
    """Returns a profile's file: another one's spans and instruments, with calendars made anew.

    Args:
        base: file of a profile of version 2.
        name: of the new one.
        places: whose calendars are made; those of other jurisdictions stay as they are.
        years: first and last year of the calendars.

    Raises:
        ProfileError: a time zone, jurisdiction or year that there is not.
        MalformedError: the base, or what comes of it, is no profile.
    """
    parse_profile(base)
    document = json.loads(base)
    if document["version"] != 2:
        raise ProfileError("only a profile of version 2 has calendars")
    made = {place.jurisdiction: calendar(place, *years) for place in places}
    document |= {"name": name, "calendars": document["calendars"] | made}
    data = f"{_text(document)}\n".encode()
    parse_profile(data)
    return data


def _text(value: Any, depth: int = 0) -> str:
    """Returns JSON that people read: what fits on a line stands on one, lists of short things fill their lines."""
    line = json.dumps(value)
    inner, outer = "  " * (depth + 1), "  " * depth
    if len(line) + len(outer) <= _WIDTH or not value or not isinstance(value, dict | list):
        return line
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(key)}: {_text(each, depth + 1)}" for key, each in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
    rows = [""]
    for each in map(json.dumps, value):
        if rows[-1] and len(inner) + len(rows[-1]) + len(each) > _WIDTH:
            rows.append("")
        rows[-1] += f"{', ' if rows[-1] else ''}{each}"
    return "[\n" + ",\n".join(inner + row for row in rows) + f"\n{outer}]"


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yields name and content of each profile's file in a folder: `*.json`, whatever else lies there.

    Raises:
        OSError: one cannot be read.
    """
    for file in sorted(folder.glob("*.json")):
        with file.open("rb") as opened:
            yield file.name, opened.read(MAX_PROFILE_BYTES + 1)


def know_folder(folder: Path) -> tuple[Profile, ...]:
    """Makes the profiles of a folder known to this process, beside those of the program; none where it is absent.

    Raises:
        ProfileError: one is no profile; the text names its file.
        OSError: one cannot be read.
    """
    found: list[Profile] = []
    for name, data in files_of(folder):
        try:
            found += know_profiles([data])
        except MalformedError as error:
            raise ProfileError(f"{name} is not taken: {error}") from None
    return tuple(found)
