"""Times that people see: no number that a message may carry stops a screen, wherever the screen stands."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from comity.payload_rules import LATEST_TIME

from agents.cli.times import short_stamp, stamp


@pytest.fixture(params=["Asia/Hong_Kong", "Pacific/Kiritimati", "America/Los_Angeles"])
def somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock is ahead of Greenwich, far ahead, or behind."""
    with monkeypatch.context() as there:
        there.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("somewhere")
def test_a_time_at_the_end_of_all_calendars_is_shown_and_stops_nothing() -> None:
    assert stamp(LATEST_TIME).startswith(("9999-12-29 16:00 -08:00", "9999-12-30 08:00 +08:00", "9999-12-30 14:00 +14"))
    for beyond in (253_402_300_800_000, 1 << 62):
        assert stamp(beyond) == str(beyond)
        assert short_stamp(beyond)
    assert stamp(None) == stamp(0) == ""
