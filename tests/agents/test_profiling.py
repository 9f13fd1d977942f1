"""Making deadline profiles: what is asked of the time-zone database and of the library of holidays is pinned."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.calendars import parse_calendar
from comity.workflow.profiles import load_profile, packaged_files, parse_profile, standard_profile
from comity.workflow.terms import Family, Precedence, Verb

from agents.client import Client
from agents.home import Home
from agents.profiling import Place, ProfileError, calendar, know_folder, make_profile

STANDARD = packaged_files()[2]
HK = Place("HK", "Asia/Hong_Kong", without=(datetime.date(2028, 10, 3),))
GB = Place("GB", "Europe/London", "ENG", closes="17:00")


def seconds_ahead(local: datetime.datetime) -> int:
    return (local.utcoffset() or datetime.timedelta()) // datetime.timedelta(seconds=1)


def test_the_packaged_calendars_are_what_is_made_of_their_places() -> None:
    packaged: dict[str, Any] = json.loads(STANDARD)["calendars"]

    assert [calendar(place, 2026, 2028) for place in (HK, GB)] == [packaged["HK"], packaged["GB"]]


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Hong_Kong", "UTC"])
def test_the_pinned_offsets_are_the_time_zones_own_to_the_second(zone: str) -> None:
    made = parse_calendar(calendar(Place("GB", zone), 2027, 2028))

    for offset in made.offsets[1:]:
        for at in (offset.start - 1000, offset.start):
            local = datetime.datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
            assert made.local(at) - at == (local.utcoffset() or datetime.timedelta()) / datetime.timedelta(
                milliseconds=1
            )
    for day in range(730):
        at = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC) + datetime.timedelta(days=day)
        now = int(at.timestamp()) * 1000
        assert made.local(now) - now == seconds_ahead(at.astimezone(ZoneInfo(zone))) * 1000, at


@pytest.mark.parametrize(
    "zone", ["Asia/Nowhere", "", "/etc/passwd", "../../etc/passwd", "Europe", "Europe/London\0", "HKT+8", "\udc80"]
)
def test_a_time_zone_that_does_not_exist_is_refused_when_the_profile_is_made(zone: str) -> None:
    with pytest.raises(ProfileError, match="time zone"):
        make_profile(STANDARD, "mine", [Place("HK", zone)], (2027, 2027))


@pytest.mark.parametrize(
    ("place", "years"),
    [
        (Place("ZZ", "UTC"), (2027, 2027)),
        (Place("GB", "UTC", "MOON"), (2027, 2027)),
        (HK, (2028, 2027)),
        (HK, (1969, 1970)),
        (HK, (2027, 2101)),
        (HK, (2027, 2048)),
    ],
)
def test_a_place_or_years_that_there_are_not_are_refused(place: Place, years: tuple[int, int]) -> None:
    with pytest.raises(ProfileError):
        make_profile(STANDARD, "mine", [place], years)


def test_what_hub_and_agents_would_refuse_is_not_made() -> None:
    for place in (Place("GB", "UTC", closes="09:00"), Place("GB", "UTC", weekend=(0, 1, 2, 3, 4, 5, 6))):
        with pytest.raises(MalformedError):
            make_profile(STANDARD, "mine", [place], (2027, 2027))
    with pytest.raises(MalformedError):
        make_profile(b"{}", "mine", [HK], (2027, 2027))
    with pytest.raises(ProfileError, match="version 2"):
        make_profile(packaged_files()[1], "mine", [HK], (2027, 2027))


def test_a_made_profile_has_new_calendars_and_else_what_it_was_made_from() -> None:
    place = Place("FR", "Europe/Paris", besides=(datetime.date(2029, 3, 5),), closes="18:00")
    data = make_profile(STANDARD, "bilateral-7", [place], (2029, 2029))
    made, standard = parse_profile(data), standard_profile()

    assert (made.name, made.spans, made.instruments) == ("bilateral-7", standard.spans, standard.instruments)
    assert made.calendars == {**standard.calendars, "FR": made.calendars["FR"]}
    assert made.calendars["FR"].source.endswith("; with 2029-03-05")
    friday = int(datetime.datetime(2029, 3, 2, 10, tzinfo=ZoneInfo("Europe/Paris")).timestamp()) * 1000
    due = made.deadlines_for(Family.FREEZE, Verb.REQUEST, Precedence.ROUTINE, friday, answering="FR").respond_by
    assert due == int(datetime.datetime(2029, 3, 6, 18, tzinfo=ZoneInfo("Europe/Paris")).timestamp()) * 1000
    assert make_profile(STANDARD, "bilateral-7", [place], (2029, 2029)) == data
    assert max(map(len, data.decode().splitlines())) <= 120


def test_a_folder_of_profiles_is_known_and_one_that_is_none_is_named(tmp_path: Path) -> None:
    data = make_profile(STANDARD, "in-a-folder", [HK], (2029, 2029))
    (tmp_path / "own.json").write_bytes(data)
    (tmp_path / "notes.txt").write_bytes(b"not a profile")
    with pytest.raises(RefusedError) as caught:
        load_profile(parse_profile(data).sha256)
    assert caught.value.reason is Reason.NOT_FOUND

    assert know_folder(tmp_path / "absent") == ()
    assert [profile.name for profile in know_folder(tmp_path)] == ["in-a-folder"]
    assert load_profile(parse_profile(data).sha256).name == "in-a-folder"

    (tmp_path / "torn.json").write_bytes(data[:-10])
    with pytest.raises(ProfileError, match=r"torn\.json"):
        know_folder(tmp_path)


async def test_an_office_knows_its_own_profiles_before_it_does_anything(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")
    data = make_profile(STANDARD, "of-an-office", [HK], (2029, 2029))
    home.profiles_path.mkdir()
    (home.profiles_path / "own.json").write_bytes(data)
    (home.profiles_path / "torn.json").write_bytes(b"{")

    with pytest.raises(ProfileError, match=r"torn\.json"):
        await Client.open(home, cast(Any, None))
    assert load_profile(parse_profile(data).sha256).name == "of-an-office"
    assert not home.store_path.exists()
