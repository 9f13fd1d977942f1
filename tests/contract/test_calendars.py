"""Working days: what a calendar that is pinned in a deadline profile says, and that nothing else decides."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from comity.errors import MalformedError
from comity.workflow.calendars import Calendar, calendar_of, date_of, day_number, parse_calendar
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import Family, Precedence, Verb
from hypothesis import assume, given
from hypothesis import strategies as st

CALENDARS = standard_profile().calendars
HK, GB, DE = CALENDARS["HK"], CALENDARS["GB"], CALENDARS["DE"]
DAY = 86_400_000


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def hk(text: str) -> int:
    return at(text, "Asia/Hong_Kong")


def london(text: str) -> int:
    return at(text, "Europe/London")


# --- dates that people can look up

CASES = {
    "a Tuesday": (HK, hk("2026-03-03T10:00"), 1, hk("2026-03-04T17:30")),
    "before it opens": (HK, hk("2026-03-03T00:00"), 1, hk("2026-03-04T17:30")),
    "a moment before midnight": (HK, hk("2026-03-03T23:59:59.999"), 1, hk("2026-03-04T17:30")),
    "at midnight": (HK, hk("2026-03-04T00:00"), 1, hk("2026-03-05T17:30")),
    "a Friday evening": (HK, hk("2026-03-06T22:00"), 1, hk("2026-03-09T17:30")),
    "a Saturday": (HK, hk("2026-03-07T12:00"), 1, hk("2026-03-09T17:30")),
    "a Sunday, ten days": (HK, hk("2026-03-08T12:00"), 10, hk("2026-03-20T17:30")),
    "Sunday here, Saturday in UTC": (HK, at("2026-03-07T20:00"), 1, hk("2026-03-09T17:30")),
    "Monday here, Sunday in UTC": (HK, at("2026-03-08T20:00"), 1, hk("2026-03-10T17:30")),
    "over Lunar New Year": (HK, hk("2026-02-16T10:00"), 1, hk("2026-02-20T17:30")),
    "over Easter and Ching Ming": (HK, hk("2026-04-02T10:00"), 1, hk("2026-04-08T17:30")),
    "over the year's end": (HK, hk("2026-12-31T10:00"), 1, hk("2027-01-04T17:30")),
    "over Christmas in London": (GB, london("2026-12-24T10:00"), 1, london("2026-12-29T17:00")),
    "to the leap day": (GB, london("2028-02-28T10:00"), 1, london("2028-02-29T17:00")),
    "over the leap day": (GB, london("2028-02-28T10:00"), 2, london("2028-03-01T17:00")),
    "summer time begins": (GB, at("2026-03-27T12:00"), 1, at("2026-03-30T16:00")),
    "summer time ends": (GB, at("2026-10-23T12:00"), 1, at("2026-10-26T17:00")),
    "as the hour comes again": (GB, at("2026-10-25T00:30"), 1, at("2026-10-26T17:00")),
    "as the hour goes by again": (GB, at("2026-10-25T01:30"), 1, at("2026-10-26T17:00")),
    "Monday in summer London, Sunday in UTC": (GB, at("2026-06-14T23:30"), 1, at("2026-06-16T16:00")),
    "the first days ever": (HK, 0, 1, hk("1970-01-02T17:30")),
}


@pytest.mark.parametrize("name", CASES)
def test_close_of_business_of_the_nth_working_day_after_the_day_it_was_made(name: str) -> None:
    calendar, created, days, end = CASES[name]
    assert calendar.close_after(created, days) == end


GAZETTED_2026 = """
01-01 02-17 02-18 02-19 04-03 04-04 04-06 04-07 05-01 05-25 06-19 07-01 09-26 10-01 10-19 12-25 12-26
"""


def test_the_general_holidays_of_hong_kong_are_those_of_its_gazette() -> None:
    free = [date for date in map(date_of, sorted(HK.holidays)) if date.year == 2026 and date.weekday() != 6]
    assert [f"{date:%m-%d}" for date in free] == GAZETTED_2026.split()


@pytest.mark.parametrize(
    ("jurisdiction", "part", "categories", "corrected"),
    [("HK", None, ("public", "optional"), {"2028-10-03"}), ("GB", "ENG", ("public",), set())],
)
def test_every_day_of_the_packaged_years_works_as_the_library_of_holidays_says(
    jurisdiction: str, part: str | None, categories: tuple[str, ...], corrected: set[str]
) -> None:
    calendar = CALENDARS[jurisdiction]
    known = holidays.country_holidays(
        jurisdiction, subdiv=part, years=range(2026, 2029), expand=False, categories=categories
    )
    first, last = day_number(datetime.date(2026, 1, 1)), calendar.until
    assert date_of(last) == datetime.date(2028, 12, 31)
    for day in range(first, last + 1):
        date = date_of(day)
        free = date.weekday() >= 5 or (date in known and date.isoformat() not in corrected)
        assert calendar.is_working(day) is not free, date


def test_after_the_last_day_of_a_calendar_only_weekends_count() -> None:
    """A profile is pinned by its digest and cannot grow, and what is sent under it must have a date all the same."""
    christmas = hk("2028-12-22T10:00")
    assert HK.close_after(christmas, 1) == hk("2028-12-27T17:30")
    assert HK.close_after(hk("2029-12-24T10:00"), 1) == hk("2029-12-25T17:30")
    assert HK.close_after(hk("2029-12-28T10:00"), 1) == hk("2029-12-31T17:30")
    assert GB.close_after(at("2029-07-06T12:00"), 1) == at("2029-07-09T17:00")  # in the last offset that is pinned


def test_a_jurisdiction_without_a_calendar_has_the_default_one() -> None:
    assert calendar_of(CALENDARS, "HK") is HK
    assert calendar_of(CALENDARS, "FR") is CALENDARS["default"] is calendar_of(CALENDARS, "")
    assert CALENDARS["default"].close_after(at("2026-12-24T23:59"), 1) == at("2026-12-25T17:30")


def test_the_side_that_is_to_act_has_its_own_calendar() -> None:
    created = london("2026-12-24T10:00")

    def due(family: Family, verb: Verb, answering: str, own: str) -> int | None:
        found = standard_profile().deadlines_for(
            family, verb, Precedence.ROUTINE, created, created, answering=answering, own=own
        )
        return found.respond_by

    assert due(Family.FREEZE, Verb.REQUEST, "GB", "HK") == london("2026-12-29T17:00")
    assert due(Family.FREEZE, Verb.REQUEST, "HK", "GB") == hk("2026-12-28T17:30")
    # ACCEPT begins the sender's own time to execute, two working days
    assert due(Family.FREEZE, Verb.ACCEPT, "HK", "GB") == london("2026-12-30T17:00")
    assert due(Family.FREEZE, Verb.ACCEPT, "GB", "HK") == hk("2026-12-29T17:30")


@pytest.fixture
def zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def live_in(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield live_in
    monkeypatch.undo()
    time.tzset()


def test_both_sides_have_the_same_moment_wherever_their_machines_stand(zones: Callable[[str], None]) -> None:
    said = set()
    for zone in ("UTC", "Asia/Hong_Kong", "America/New_York", "Pacific/Kiritimati"):
        zones(zone)
        said.add(tuple(calendar.close_after(created, days) for calendar, created, days, _ in CASES.values()))
    assert said == {tuple(end for *_, end in CASES.values())}


# --- against the time-zone database


@given(
    st.sampled_from([(GB, "Europe/London"), (DE, "Europe/Berlin"), (HK, "Asia/Hong_Kong")]),
    st.integers(at("2026-01-01T00:00"), at("2028-12-01T00:00")),
    st.integers(1, 15),
)
def test_it_says_what_the_time_zone_database_says(where: tuple[Calendar, str], created: int, days: int) -> None:
    calendar, zone = where
    local = datetime.datetime.fromtimestamp(created / 1000, ZoneInfo(zone))
    date, left = local.date(), days
    while left:
        date += datetime.timedelta(days=1)
        left -= date.weekday() < 5 and day_number(date) not in calendar.holidays
    closes = datetime.time(calendar.closes // 3_600_000, calendar.closes // 60_000 % 60)
    expected = datetime.datetime.combine(date, closes, ZoneInfo(zone))
    assert calendar.close_after(created, days) == int(expected.timestamp()) * 1000
    assert calendar.local(created) == created + int((local.utcoffset() or datetime.timedelta()).total_seconds()) * 1000


# --- any calendar that there can be


def written(**changes: Any) -> dict[str, Any]:
    plain = {
        "zone": "Europe/London",
        "source": "by hand",
        "offsets": [[0, 0]],
        "weekend": [5, 6],
        "opens": "09:00",
        "closes": "17:00",
        "holidays": ["2026-01-01", "2026-12-25"],
        "until": "2026-12-31",
    }
    return {**plain, **changes}


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    starts = sorted(draw(st.sets(st.integers(1, 400 * DAY), max_size=4)))
    offsets = [[start, draw(st.integers(-1080, 1080))] for start in [0, *starts]]
    minutes = draw(st.integers(1, 1439))
    days = draw(st.sets(st.integers(0, 400), max_size=20))
    made = written(
        offsets=offsets,
        weekend=sorted(draw(st.sets(st.integers(0, 6), max_size=6))),
        opens="00:00",
        closes=f"{minutes // 60:02}:{minutes % 60:02}",
        holidays=[date_of(day).isoformat() for day in sorted(days)],
        until="1971-12-31",
    )
    try:
        return parse_calendar(made)
    except MalformedError:  # a clock that goes back over midnight, or jumps over a day
        assume(False)
        raise


@given(calendars(), st.integers(0, 420 * DAY), st.integers(0, 3 * DAY), st.integers(1, 12), st.integers(0, 3))
def test_never_before_it_was_made_and_what_comes_later_or_has_longer_is_never_due_sooner(
    calendar: Calendar, created: int, later: int, days: int, more: int
) -> None:
    end = calendar.close_after(created, days)
    assert end > created
    assert calendar.close_after(created + later, days) >= end
    assert calendar.close_after(created, days + more) >= end


def test_a_closing_time_that_comes_twice_is_the_later_and_one_that_is_skipped_is_when_the_clock_jumps() -> None:
    jump = at("2026-06-02T17:00")
    back = parse_calendar(written(offsets=[[0, 60], [jump, 0]]))  # 17:00 to 18:00 local comes twice
    assert back.close_after(at("2026-06-01T12:00"), 1) == jump
    on = parse_calendar(written(offsets=[[0, 0], [at("2026-06-02T16:30"), 60]]))  # 16:30 to 17:30 local is skipped
    assert on.close_after(at("2026-06-01T12:00"), 1) == at("2026-06-02T16:30")


# --- the file

BAD: dict[str, Any] = {
    "a field too many": written(more=1),
    "a field too few": {key: value for key, value in written().items() if key != "until"},
    "no object": [],
    "a zone that is none": written(zone="../etc"),
    "a zone that is a number": written(zone=1),
    "a source that is a number": written(source=1),
    "a source of 201 characters": written(source="a" * 201),
    "a source that is not ASCII": written(source="憲報"),
    "a source with a line in it": written(source="a\nb"),
    "no offsets": written(offsets=[]),
    "65 offsets": written(offsets=[[n, 0] for n in range(65)]),
    "offsets that are no list": written(offsets={}),
    "an offset of three": written(offsets=[[0, 0, 0]]),
    "an offset that is a number": written(offsets=[0]),
    "a first offset that begins late": written(offsets=[[1, 0]]),
    "offsets out of order": written(offsets=[[0, 0], [9, 1], [8, 0]]),
    "an offset twice": written(offsets=[[0, 0], [9, 1], [9, 0]]),
    "an offset before time": written(offsets=[[-1, 0]]),
    "an offset beyond what JSON readers hold": written(offsets=[[0, 0], [1 << 53, 0]]),
    "an offset of 19 hours": written(offsets=[[0, 19 * 60]]),
    "an offset of half a minute": written(offsets=[[0, 0.5]]),
    "an offset that is true": written(offsets=[[0, True]]),
    "a clock that jumps over a whole day": written(offsets=[[0, -720], [at("2026-06-01T11:59"), 721]]),
    "a clock that goes back over midnight": written(offsets=[[0, 60], [at("2026-06-01T23:30"), 0]]),
    "a week without work": written(weekend=[0, 1, 2, 3, 4, 5, 6]),
    "an eighth day": written(weekend=[7]),
    "a weekend out of order": written(weekend=[6, 5]),
    "a weekend day twice": written(weekend=[6, 6]),
    "no closing time": written(closes=None),
    "24 o'clock": written(closes="24:00"),
    "a time without its nought": written(opens="9:00"),
    "closing as it opens": written(opens="17:00"),
    "holidays out of order": written(holidays=["2026-12-25", "2026-01-01"]),
    "a holiday twice": written(holidays=["2026-01-01", "2026-01-01"]),
    "a holiday after the last day": written(holidays=["2027-01-01"]),
    "a holiday that there is not": written(holidays=["2026-02-29"]),
    "a holiday in another form": written(holidays=["20260101"]),
    "a holiday by its week": written(holidays=["2026-W01-1"]),
    "1001 holidays": written(holidays=[date_of(day).isoformat() for day in range(1001)]),
    "no last day": written(until=None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_calendar_that_is_not_exactly_right_is_refused(name: str) -> None:
    with pytest.raises(MalformedError):
        parse_calendar(BAD[name])


def test_what_stands_at_the_limits_is_accepted() -> None:
    thousand = [date_of(day).isoformat() for day in range(1000)]
    midnight = [[0, 60], [at("2026-06-01T23:00"), 0]]  # from midnight back to eleven: a day goes on, none comes twice
    for made in (
        written(source="", offsets=[[n, 0] for n in range(64)]),
        written(weekend=[0, 1, 2, 3, 4, 5], opens="00:00", closes="23:59"),
        written(holidays=thousand, until=thousand[-1]),
        written(weekend=[], holidays=[], offsets=midnight),
        written(offsets=[[0, -1080], [(1 << 53) - 1, -1080 + 1439]]),
    ):
        parse_calendar(made)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(written())), JSON_VALUES)
def test_a_calendar_with_any_value_in_any_place_raises_nothing_but_malformed(place: str, value: object) -> None:
    try:
        made = parse_calendar(written(**{place: value}))
    except MalformedError:
        return
    assert made.close_after(0, 1) > 0
