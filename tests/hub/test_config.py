"""Settings: good zero values, a file, variables that win over it, nothing unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.config import ConfigError, Settings, load_settings


def test_nothing_said_means_one_process_on_sqlite_with_nothing_exported() -> None:
    settings = load_settings()

    assert settings.database == "sqlite:////var/lib/comity-hub/hub.sqlite"
    assert settings.blobs == "/var/lib/comity-hub/blobs"
    assert (settings.otlp_endpoint, settings.prometheus_port) == ("", 0)
    assert settings.listen.startswith("127.0.0.1:")


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('listen = "0.0.0.0:1"\nqueue_size = 7\nnames = ["hub.example"]\nhome = "/srv/hub"\n')
    monkeypatch.setenv("COMITY_HUB_LISTEN", "0.0.0.0:2")
    monkeypatch.setenv("COMITY_HUB_NAMES", "a.example, b.example")
    settings = load_settings(file, home=tmp_path, listen=None)

    assert settings.listen == "0.0.0.0:2"
    assert settings.names == ("a.example", "b.example")
    assert settings.queue_size == 7
    assert settings.home == tmp_path
    monkeypatch.delenv("COMITY_HUB_NAMES")
    assert load_settings(file).names == ("hub.example",)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("quue_size = 7", "quue_size: unknown setting"),
        ("queue_size = 0", "queue_size"),
        ('listen = "nowhere"', "listen"),
        ('listen = "host:99999"', "listen"),
        ("names = []", "names"),
        ('names = ""', "names"),
        ('database_url = "mysql://x"', "database_url"),
        ('log_level = "loud"', "log_level"),
        ("recheck_seconds = 31", "recheck_seconds"),
        ("queue_size =", "cannot be read"),
    ],
)
def test_what_is_unknown_or_does_not_fit_is_refused_by_name(tmp_path: Path, line: str, named: str) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(line)

    with pytest.raises(ConfigError, match=named):
        load_settings(file)


def test_a_misspelt_variable_is_refused_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMITY_HUB_LISTENN", "s3cret")

    with pytest.raises(ConfigError) as caught:
        load_settings()

    assert "COMITY_HUB_LISTENN" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_settings(tmp_path / "none.toml")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().queue_size = 1  # type: ignore[misc]
