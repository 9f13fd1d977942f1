"""What time it is. Everything in the hub asks a `Clock`; tests hand in one that stands still.

Never does: decide whose clock counts. For leaves that is the database's, under the head lock (`hub/log/sequencer.py`).
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of the present time."""

    def now_ms(self) -> int:
        """Returns Unix milliseconds UTC."""


class SystemClock:
    """The operating system's clock."""

    def now_ms(self) -> int:
        """Returns Unix milliseconds UTC."""
        return time.time_ns() // 1_000_000
