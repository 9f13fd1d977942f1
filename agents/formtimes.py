"""Times as people write them in a form: with an offset, or with the name of a time zone.

`2026-12-01T18:00+08:00` and `2026-12-01 18:00 Asia/Hong_Kong` are the same moment. A time without either is nobody's
time and is refused; so is a zone that there is not, a time that a change of clocks leaves out, and one that it brings
twice.

Never does: read a clock; take this machine's zone.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from typing import Final

_WRITTEN: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"\s*(?P<zone>Z|[+-][0-9]{2}:[0-9]{2}|[A-Za-z][A-Za-z0-9_+/-]{0,60})?"
)
_OFFSET: Final = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")
_FARTHEST: Final = datetime.timedelta(hours=14)
NOT_A_TIME: Final = "is not a date and time with its time zone"
"""What is wrong with any other text."""
NO_ZONE: Final = "has no time zone: write the offset, for example +08:00"
"""What is wrong with a time that is nobody's."""
UNKNOWN_ZONE: Final = "names a time zone that there is not"
"""What is wrong with `Asia/Hong_Kongg`, and with an offset that no clock has."""
LEFT_OUT: Final = "does not exist in that time zone: the clocks go forward over it"
"""What is wrong with half past two on the night when clocks go forward."""
TWICE: Final = "comes twice in that time zone: write the offset"
"""What is wrong with half past two on the night when clocks go back."""


class FormTimeError(ValueError):
    """A text that is no moment. Its text is one of the constants of this module and holds nothing of what was read."""


def is_zoned(text: str) -> bool:
    """Returns whether a text is a date and time followed by the name of a zone, so that it has to be converted."""
    found = _WRITTEN.fullmatch(text.strip())
    return found is not None and bool(found["zone"]) and _OFFSET.fullmatch(found["zone"]) is None


def moment(text: str) -> datetime.datetime:
    """Returns the moment that a text names, with its offset.

    Raises:
        FormTimeError: it names none, or two.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise FormTimeError(NOT_A_TIME)
    if not found["zone"]:
        raise FormTimeError(NO_ZONE)
    try:
        plain = datetime.datetime.fromisoformat(f"{found['date']}T{found['time']}")
    except ValueError:
        raise FormTimeError(NOT_A_TIME) from None
    if _OFFSET.fullmatch(found["zone"]):
        return _with_offset(plain, found["zone"])
    return _in_zone(plain, found["zone"])


def to_ms(text: str) -> int:
    """Returns the moment that a text names, Unix milliseconds UTC.

    Raises:
        FormTimeError: as `moment`.
    """
    since = moment(text) - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return since // datetime.timedelta(milliseconds=1)


def from_ms(at_ms: int) -> str:
    """Returns a moment as `to_ms` reads it back, in UTC; the number itself where no calendar has it."""
    try:
        at = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=at_ms)
    except OverflowError:
        return str(at_ms)
    return at.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")


def _with_offset(plain: datetime.datetime, offset: str) -> datetime.datetime:
    try:
        at = datetime.datetime.fromisoformat(f"{plain.isoformat()}{'+00:00' if offset == 'Z' else offset}")
    except ValueError:
        raise FormTimeError(UNKNOWN_ZONE) from None
    if abs(at.utcoffset() or datetime.timedelta()) > _FARTHEST:
        raise FormTimeError(UNKNOWN_ZONE)
    return at


def _in_zone(plain: datetime.datetime, name: str) -> datetime.datetime:
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise FormTimeError(UNKNOWN_ZONE) from None
    first, second = (plain.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    back = first.astimezone(datetime.UTC).astimezone(zone)
    if back.replace(tzinfo=None) != plain:
        raise FormTimeError(LEFT_OUT)
    if first.utcoffset() != second.utcoffset():
        raise FormTimeError(TWICE)
    return datetime.datetime.fromisoformat(first.isoformat())
