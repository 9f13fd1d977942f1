"""Deadline profiles of a hub's own folder: known from the start, and a hub does not start with one that is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from comity.errors import RefusedError
from comity.workflow.profiles import load_profile, packaged_files, parse_profile

from hub.clock import SystemClock
from hub.config import ConfigError, Settings, load_settings
from hub.faults import Faults
from hub.keeping.checking import check_all
from hub.keeping.restore import restore
from hub.profiles import know_folder
from hub.server import Hub

STANDARD = packaged_files()[2]
NOBODY = cast(Any, None)


def named(name: bytes) -> bytes:
    return STANDARD.replace(b'"name": "standard-3"', b'"name": "%s"' % name, 1)


def settings(home: Path, **changes: Any) -> Settings:
    return load_settings(home=home, database_url=f"sqlite:///{home / 'hub.sqlite'}", **changes)


def test_the_folder_is_in_the_home_unless_a_setting_says_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path).profiles == tmp_path / "profiles"
    assert settings(tmp_path, profiles_path="/etc/comity/profiles").profiles == Path("/etc/comity/profiles")


def test_what_lies_in_the_folder_is_known_and_what_does_not_is_not(tmp_path: Path) -> None:
    data = named(b"of-this-hub")
    (tmp_path / "own.json").write_bytes(data)
    (tmp_path / "standard.json").write_bytes(STANDARD)
    (tmp_path / "README").write_bytes(b"what counsel said")

    assert know_folder(tmp_path / "absent") == 0
    with pytest.raises(RefusedError):
        load_profile(parse_profile(data).sha256)
    assert know_folder(tmp_path) == 2
    assert load_profile(parse_profile(data).sha256).name == "of-this-hub"


@pytest.mark.parametrize("data", [b"", b"{}", STANDARD[:-9], STANDARD.ljust((64 << 10) + 1), STANDARD.ljust(1 << 20)])
def test_a_file_that_is_no_profile_is_named_and_nothing_begins(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "torn.json").write_bytes(data)
    here = settings(tmp_path)

    with pytest.raises(ConfigError, match=r"torn\.json"):
        Hub(here, NOBODY, SystemClock(), NOBODY, Faults())
    with pytest.raises(ConfigError, match=r"torn\.json"):
        restore(here, tmp_path, NOBODY, 0, NOBODY)
    assert not (tmp_path / "hub.sqlite").exists()


async def test_a_check_of_what_is_stored_begins_with_the_profiles(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "folder.json").mkdir()

    with pytest.raises(ConfigError, match=r"folder\.json cannot be read"):
        await check_all(settings(tmp_path))
    assert not (tmp_path / "hub.sqlite").exists()
