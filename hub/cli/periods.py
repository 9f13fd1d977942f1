"""Periods as people type them: the last so many hours, or from one UTC date or time to another.

Never does: read a clock.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from hub.cli.failures import CommandError
from hub.keeping.counting.store import FOREVER

_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}


def begin_of(said: str, now: int) -> int:
    """Returns the first second that counts.

    Args:
        said: like `24h`, `2026-11-01` or `2026-11-01T08:00`; empty for the beginning of all.
        now: Unix second.

    Raises:
        CommandError: it is none of these.
    """
    if not said:
        return 0
    if found := _SPAN.fullmatch(said):
        return now - int(found[1]) * _SECONDS[found[2]]
    return _second(said, "--since is a number and m, h or d, like 24h, or a UTC date or time, like 2026-11-01")


def end_of(said: str) -> int:
    """Returns the first second that does not count any more.

    Args:
        said: like `2026-12-01` or `2026-12-01T08:00`; empty for no end.

    Raises:
        CommandError: it is neither.
    """
    return _second(said, "--until is a UTC date or time, like 2026-12-01") if said else FOREVER


def _second(said: str, otherwise: str) -> int:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise CommandError(otherwise) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
