"""A clock that stands still until a test moves it."""

from __future__ import annotations


class FakeClock:
    """Says what it was told. It is a `hub.clock.Clock`."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self.now = now_ms

    def now_ms(self) -> int:
        """Unix milliseconds UTC."""
        return self.now

    def advance(self, *, ms: int = 0, seconds: float = 0, hours: float = 0, days: float = 0) -> None:
        """Moves on."""
        self.now += int(ms + seconds * 1000 + hours * 3_600_000 + days * 86_400_000)
