"""When the clock loop looks: just after each second begins; what ran out within the last can be logged from then on."""

from __future__ import annotations

from typing import Any, cast

import pytest

from hub.exchange.clockwork import JUST_AFTER, Clockwork
from hub.faults import NO_FAULTS


class At:
    """A clock that stands."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms


def clockwork(now_ms: int, interval_seconds: float = 1.0) -> Clockwork:
    none = cast("Any", None)
    return Clockwork(
        db=none,
        clock=cast("Any", At(now_ms)),
        faults=NO_FAULTS,
        sequencer=none,
        telemetry=none,
        interval_seconds=interval_seconds,
    )


@pytest.mark.parametrize("millisecond", [0, 1, 20, 500, 999])
def test_the_loop_looks_again_just_after_the_next_second_begins(millisecond: int) -> None:
    now = 1_800_000_000_000 + millisecond
    wakes = now / 1000 + clockwork(now)._pause()

    assert wakes == pytest.approx(1_800_000_001 + JUST_AFTER, abs=0.001)


def test_a_loop_with_a_rhythm_of_its_own_keeps_it() -> None:
    assert clockwork(1_800_000_000_900, 0.01)._pause() == 0.01
