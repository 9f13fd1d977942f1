"""`comity profile`: what a deadline profile says, in words and dates, and calendars made for counsel."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from comity.errors import ComityError, MalformedError, RefusedError
from comity.workflow.profiles import packaged_profiles, parse_profile, standard_profile

from agents.cli import agreement
from agents.cli import profile as profile_commands
from agents.cli.catalogue import Language, use
from agents.cli.exits import ExitCode, NothingFoundError, UsageError
from agents.cli.main import run
from agents.cli.screen import Screen
from agents.cli.session import Session
from agents.home import Home

Profile = Callable[..., tuple[str, str]]
CHRISTMAS_EVE = ("--to", "GB", "--own", "HK", "--created", "2026-12-24T16:00+00:00")


@pytest.fixture(scope="module")
def command() -> Any:
    """The commands, put together once: that takes longer than any of them."""
    return typer.main.get_command(profile_commands.app)


@pytest.fixture
def profile(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Profile]:
    """Runs `comity profile …`; returns what it wrote to both streams."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[str, str]:
        session = Session(screen=Screen(as_json="--json" in arguments), home_path=tmp_path / "home")
        args = [each for each in arguments if each != "--json"]
        command.main(args=args, prog_name="profile", standalone_mode=False, obj=session)
        said = capsys.readouterr()
        return said.out, said.err

    yield call
    use(Language.EN)


def told(out: str) -> dict[str, Any]:
    return dict(json.loads(out))


def ms(text: str, zone: str) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def test_show_says_who_acts_by_when_and_whose_holidays_count(profile: Profile) -> None:
    out, _ = profile("show")

    for text in ("standard-3", "own side", "2 working days", "5 min", "60 min after the opening", "366 days after it"):
        assert text in out
    for text in ("Asia/Hong_Kong", "without 2028-10-03", "Saturday, Sunday", "09:00-17:30", "Restraint order"):
        assert text in out


def test_show_says_it_in_chinese(profile: Profile) -> None:
    use(Language.ZH_HANT)
    out, _ = profile("show")

    for text in ("期限規範", "2 個工作天", "本方", "對方", "開案後 24 小時", "星期六", "假期數目"):
        assert text in out


def test_show_names_what_an_older_profile_does_not_cover(profile: Profile) -> None:
    digest = next(sha256 for sha256, each in packaged_profiles().items() if each.name == "standard-1").hex()
    out, err = profile("show", digest[:6])

    assert ("standard-1" in out, "Not covered" in err, "Calendars" in out) == (True, True, False)
    assert told(profile("show", "standard-1", "--json")[0])["profile"]["calendars"] == {}


def test_dates_are_shown_in_the_local_times_of_both_sides(profile: Profile) -> None:
    out, _ = profile("dates", "request", *CHRISTMAS_EVE)

    assert "2026-12-25 00:00 +08:00 Friday" in out
    assert "2026-12-24 16:00 +00:00 Thursday" in out
    assert "Other side answers by  2026-12-30 01:00 +08:00 Wednesday  2026-12-29 17:00 +00:00 Tuesday" in out
    use(Language.ZH_HANT)
    assert "對方答覆限期  2026-12-30 01:00 +08:00 星期三" in profile("dates", "request", *CHRISTMAS_EVE)[0]


def test_dates_are_the_profiles_and_count_by_the_side_that_is_to_act(profile: Profile) -> None:
    asked = told(profile("dates", "request", *CHRISTMAS_EVE, "--json")[0])
    taken = told(profile("dates", "accept", *CHRISTMAS_EVE, "--json")[0])
    flash = told(profile("dates", "request-provisional", *CHRISTMAS_EVE, "--precedence", "flash", "--json")[0])
    confirmed = ("dates", "confirm", *CHRISTMAS_EVE, "--opened", "2026-12-24T15:10+00:00", "--json")

    assert (asked["own"], asked["respond_by"]) == (False, ms("2026-12-29T17:00", "Europe/London"))
    assert (taken["own"], taken["respond_by"]) == (True, ms("2026-12-29T17:30", "Asia/Hong_Kong"))
    assert flash["lapses_at"] == flash["created"] + 3_600_000
    assert told(profile(*confirmed)[0])["lapses_at"] == ms("2026-12-25T15:10", "UTC")
    assert asked["profile_sha256"] == standard_profile().sha256.hex()


def test_dates_say_where_the_calendar_ends(profile: Profile) -> None:
    _, err = profile("dates", "request", "--to", "HK", "--own", "GB", "--created", "2028-12-29T10:00+08:00")

    assert "After 2028-12-31 only weekends count" in err


def test_a_profile_of_plain_hours_is_shown_in_this_machines_time(profile: Profile) -> None:
    arguments = ("refer", "--family", "referral", "--profile", "standard-2", *CHRISTMAS_EVE)
    out, _ = profile("dates", *arguments)

    assert out.count("2026-12-") == 4
    assert told(profile("dates", *arguments, "--json")[0])["respond_by"] == ms("2026-12-25T16:00", "UTC")


def test_a_profile_is_made_into_a_file_and_found_by_its_path(profile: Profile, tmp_path: Path) -> None:
    out, err = profile(
        *("make", "mine", "--years", "2029-2030", "--calendar", "HK=Asia/Hong_Kong"),
        *("--calendar", "GB/SCT=Europe/London", "--hours", "GB=08:00-16:00", "--weekend", "GB=5,6"),
        *("--without", "HK=2029-01-01", "--with", "HK=2029-01-03", "--out", "mine.json"),
    )
    made = parse_profile((tmp_path / "mine.json").read_bytes())

    assert (made.name, made.sha256.hex() in out, "gazette" in err) == ("mine", True, True)
    assert made.calendars["GB"].source.startswith("holidays ")
    assert "GB/SCT" in made.calendars["GB"].source
    assert (made.calendars["GB"].weekend, made.calendars["GB"].closes) == (frozenset({4, 5}), 16 * 3_600_000)
    assert made.calendars["HK"].source.endswith("without 2029-01-01; with 2029-01-03")
    assert made.calendars["SG"] == standard_profile().calendars["SG"]
    assert told(profile("show", "mine.json", "--json")[0])["profile"]["sha256"] == made.sha256.hex()
    with pytest.raises(UsageError, match=r"mine\.json"):
        profile("make", "mine", "--years", "2029", "--calendar", "HK=Asia/Hong_Kong", "--out", "mine.json")


def test_a_profile_is_made_into_the_home_and_known_there_by_name(profile: Profile, tmp_path: Path) -> None:
    Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")
    out, _ = profile("make", "ours", "--years", "2029", "--calendar", "HK=Asia/Hong_Kong", "--json")

    kept = tmp_path / "home" / "profiles" / "ours.json"
    shown = told(profile("show", "ours", "--json")[0])["profile"]
    assert told(out)["file"] == str(kept)
    assert shown["sha256"] == parse_profile(kept.read_bytes()).sha256.hex()
    (kept.parent / "twin.json").write_bytes(kept.read_bytes().replace(b"50, 80, 95", b"50, 80, 96"))
    with pytest.raises(UsageError, match="first digits of its digest"):
        profile("show", "ours")


HK = ("make", "mine", "--years", "2029", "--out", "x.json", "--calendar", "HK=Asia/Hong_Kong")
NOT_TAKEN: dict[str, tuple[tuple[str, ...], type[ComityError]]] = {
    "a time zone": ((*HK[:-1], "HK=Asia/Nowhere"), UsageError),
    "a country": ((*HK[:-1], "ZZ=UTC"), UsageError),
    "a calendar": ((*HK[:-1], "Hong Kong"), UsageError),
    "years": ((*HK, "--years", "soon"), UsageError),
    "hours": ((*HK, "--hours", "9-5"), UsageError),
    "weekdays": ((*HK, "--weekend", "HK=0"), UsageError),
    "a date": ((*HK, "--without", "HK=2029-02-30"), UsageError),
    "closing hours": ((*HK, "--hours", "HK=17:00-09:00"), MalformedError),
    "a base with calendars": ((*HK, "--from", "standard-1"), UsageError),
    "a name": (("make", "../mine", *HK[2:]), UsageError),
    "a home": (("make", "mine", "--years", "2029", "--calendar", "HK=UTC"), NothingFoundError),
    "a profile": (("show", "standard-0"), NothingFoundError),
    "a verb of the family": (("dates", "publish", "--to", "HK", "--own", "HK"), RefusedError),
    "a precedence": (("dates", "request", "--to", "HK", "--own", "HK", "--precedence", "slow"), UsageError),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_what_there_is_not_is_refused_by_name_and_nothing_is_written(
    profile: Profile, tmp_path: Path, name: str
) -> None:
    arguments, error = NOT_TAKEN[name]
    with pytest.raises(error):
        profile(*arguments)
    assert list(tmp_path.rglob("*")) == []


def test_no_agreement_is_proposed_on_a_profile_that_says_nothing_of_its_families(tmp_path: Path) -> None:
    Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")
    session = Session(screen=Screen(), home_path=tmp_path / "home")
    proposed = ["propose", "hkma", "--legal-basis", "memorandum", "--until", "2028-12-31", "--out", "agreed.bin"]

    with pytest.raises(UsageError, match="says nothing about: Freeze"):
        typer.main.get_command(agreement.app).main(
            args=[*proposed, "--family", "freeze", "--profile", "standard-2"], standalone_mode=False, obj=session
        )


def test_the_commands_are_part_of_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path), "profile", "show", "standard-0"]) == ExitCode.NOT_FOUND
    assert "no deadline profile" in capsys.readouterr().err
