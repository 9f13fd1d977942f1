"""The daemon's settings, credentials and findings: a misspelt limit is refused, every expiry is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.passphrases import PassphraseError, from_credential
from agents.sync.condition import Condition, Expiry, ListCondition, What
from agents.sync.config import Config, ConfigError, Follow, Wanted, load_config
from agents.sync.doctor import Gravity, examine, gravest
from agents.sync.following.gaps import LONGEST_PAUSE_MS, Gap
from tests.support.sources import ROOT

DAY = 86_400_000
NOW = 1_800_000_000_000


def written(folder: Path, text: str) -> Path:
    path = folder / "sync.toml"
    path.write_text(text)
    return path


def test_the_example_that_is_shipped_is_read_and_says_what_holds_without_it(tmp_path: Path) -> None:
    example = load_config(ROOT / "deploy" / "systemd" / "comity-sync.toml")
    bare = load_config(written(tmp_path, f'home = "{example.home}"\n'))
    assert (example.lag, example.mail, example.owner, example.follow) == (bare.lag, bare.mail, bare.owner, bare.follow)
    assert bare.store_path == example.home / "screening.db"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('hoem = "x"', "hoem"),
        ('home = "x"\n[lag]\nminute = 3', "lag.minute"),
        ('home = "x"\n[lag]\nminutes = 0', "lag.minutes"),
        ('home = "x"\nmember = "nobody"', "member"),
        ('home = "x"\n[[follow.lists]]\nowner = "sfc/intake"\nlist_id = "12"', "follow.lists.0.list_id"),
        ('home = "x"\n[observe]\nlisten = "example.org:80"', "observe.listen"),
    ],
)
def test_a_setting_that_nobody_knows_or_is_out_of_range_is_refused_by_its_name(
    tmp_path: Path, text: str, key: str
) -> None:
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")) as raised:
        load_config(written(tmp_path, text))
    assert "nobody" not in str(raised.value)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"home = ", b"#" * ((1 << 20) + 2)])
def test_a_file_that_is_no_settings_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "sync.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        load_config(path)
    with pytest.raises(ConfigError):
        load_config(tmp_path / "absent.toml")


def test_the_passphrase_is_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(PassphraseError):
        from_credential("secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "secret").write_bytes(b"correct horse\n")
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path.parent / "outside").write_bytes(b"not ours\n")
    assert from_credential("secret") == b"correct horse"
    for name in ("empty", "absent", "../outside"):
        with pytest.raises(PassphraseError):
            from_credential(name)


def condition(**changes: object) -> Condition:
    listed = ListCondition("sfc/intake", "00" * 16, "CURRENT", 7, 3, NOW - 60_000, NOW - 60_000, followed=True)
    found = Condition(started=NOW - DAY, connected=True, heard=NOW, lists=(listed,))
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def test_every_expiry_within_the_time_is_named_and_the_gravest_gives_the_exit_code(tmp_path: Path) -> None:
    config = Config(home=tmp_path, disk_free_megabytes=0)
    assert gravest(examine(config, condition(), NOW, reached=True)) is Gravity.GOOD
    ends = tuple(
        Expiry(what, "sfc/x", NOW + days * DAY) for what, days in zip(What, (100, 59, 8, 6, 0, -3, 61, 30), strict=True)
    )
    found = examine(config, condition(expiries=ends), NOW, reached=True)
    by_what = {one.what: one.gravity for one in found}
    assert [by_what[what.value] for what in What] == [
        Gravity.GOOD,
        Gravity.SOON,
        Gravity.SOON,
        Gravity.NOW,
        Gravity.NOW,
        Gravity.NOW,
        Gravity.GOOD,
        Gravity.SOON,
    ]
    assert gravest(found) is found[0].gravity is Gravity.NOW


@pytest.mark.parametrize(
    ("left", "gravity"), [(20, Gravity.GOOD), (13, Gravity.GOOD), (12, Gravity.SOON), (5, Gravity.NOW)]
)
def test_what_renews_itself_is_found_where_it_should_have_and_has_not(
    tmp_path: Path, left: int, gravity: Gravity
) -> None:
    ends = (Expiry(What.TLS_CERTIFICATE, "sfc/x", NOW + left * DAY, renews_days=14),)
    config = Config(home=tmp_path, disk_free_megabytes=0)
    assert gravest(examine(config, condition(expiries=ends), NOW, reached=True)) is gravity


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"clock_offset_ms": -20_000}, "clock"),
        ({"clock_offset_ms": 400_000}, "clock"),
        ({"offered": False}, "family"),
        ({"alarms": 2}, "alarms"),
        ({"lists": (ListCondition("a/b", "11", "LAGGING", 1, 1, NOW, NOW, followed=True),)}, "list"),
        ({"lists": (ListCondition("a/b", "11", "CURRENT", 1, 1, NOW, NOW - DAY, followed=True),)}, "silence"),
    ],
)
def test_what_does_not_work_is_found(tmp_path: Path, changes: dict[str, object], what: str) -> None:
    config = Config(home=tmp_path, disk_free_megabytes=0)
    found = examine(config, condition(**changes), NOW, reached=True)
    assert {one.what for one in found if one.gravity is Gravity.NOW} == {what}


def test_a_full_disk_a_hub_that_is_away_and_a_list_nobody_subscribed_to_are_found(tmp_path: Path) -> None:
    wanted = Follow(only=True, lists=(Wanted(owner="sfc/intake", list_id="ab" * 16),))
    config = Config(home=tmp_path, disk_free_megabytes=10**9, follow=wanted)
    found = examine(config, condition(), NOW, reached=False)
    assert {one.what for one in found if one.gravity is Gravity.NOW} == {"disk", "hub", "list"}
    assert not config.is_followed("sfc/intake", "00" * 16)
    assert config.is_followed("sfc/intake", "ab" * 16)


def test_what_is_missing_is_asked_for_with_a_growing_pause_up_to_a_day() -> None:
    assert Gap(NOW, 1, 2, "is missing").due(NOW, 60)
    pauses = []
    for tries in range(1, 16):
        gap = Gap(NOW, 1, 2, "is missing", asked=NOW, tries=tries)
        pauses.append(next(at for at in range(60_000, LONGEST_PAUSE_MS + 1, 60_000) if gap.due(NOW + at, 60)))
    assert pauses[:4] == [60_000, 120_000, 240_000, 480_000]
    assert pauses[-1] == LONGEST_PAUSE_MS
