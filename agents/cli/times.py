"""Times for people: shown in the time zone of this machine with its offset, and read as people write them.

Never does: choose a deadline.
"""

from __future__ import annotations

import datetime
import re
import time

from agents.cli.catalogue import t
from agents.cli.exits import UsageError

_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}


def now_ms() -> int:
    """Returns the time, Unix milliseconds UTC."""
    return time.time_ns() // 1_000_000


def stamp(at_ms: int | None) -> str:
    """Returns a time as `2026-03-01 14:05 +08:00`, empty where there is none; the number where no calendar has it."""
    if not at_ms:
        return ""
    try:
        local = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).astimezone()
    except (OverflowError, OSError, ValueError):  # the last hours of 9999 where the clocks are ahead of Greenwich
        return str(at_ms)
    offset = local.strftime("%z")
    return f"{local.strftime('%Y-%m-%d %H:%M')} {offset[:3]}:{offset[3:5]}"


def short_stamp(at_ms: int | None) -> str:
    """Returns a time without its offset, for a column whose heading says it."""
    return stamp(at_ms)[:16]


def offset() -> str:
    """Returns this machine's present offset from UTC, `+08:00`."""
    return stamp(now_ms())[17:]


def date(text: str, now: int | None = None) -> str:
    """Reads a date, or a span such as `14d`, as a payload's date; anything else is left to the form's rules."""
    if _SPAN.fullmatch(text.strip()):
        return stamp(when(text, now))[:10]
    return text


def due(at_ms: int | None, now: int | None = None) -> str:
    """Returns how long there is still time, or since when there is none; empty where there is no limit."""
    if not at_ms:
        return ""
    left = at_ms - (now_ms() if now is None else now)
    span = _span(abs(left) // 60_000)
    return t("in {span}", span=span) if left >= 0 else t("{span} overdue", span=span)


def _span(minutes: int) -> str:
    if minutes < 120:
        return t("{n} min", n=minutes)
    if minutes < 48 * 60:
        return t("{n} h", n=minutes // 60)
    return t("{n} days", n=minutes // 1440)


def seconds(count: int) -> str:
    """Returns a number of seconds in words."""
    return t("{n} s", n=count) if count < 120 else _span((count + 30) // 60)


def when(text: str | None, now: int | None = None) -> int | None:
    """Reads `90m`, `8h`, `3d` (from now), a date (until its end) or a date with a time, in this machine's time zone.

    Returns:
        Unix milliseconds UTC, or None for None.

    Raises:
        UsageError: anything else.
    """
    if text is None:
        return None
    span = _SPAN.fullmatch(text.strip())
    if span:
        return (now_ms() if now is None else now) + int(span[1]) * _MINUTES[span[2]] * 60_000
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(t("A time is 90m, 8h, 3d, 2026-03-01 or 2026-03-01T14:05.")) from None
    if len(text.strip()) <= 10:
        moment = moment.replace(hour=23, minute=59, second=59)
    return int(moment.astimezone().timestamp() * 1000)
