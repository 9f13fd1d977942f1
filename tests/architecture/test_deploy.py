"""What is shipped for operating the system is well-formed, and the commands of CI are what they say they are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.config import Settings
from tests.support.sources import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
PROTECTION = ("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "LimitCORE=0", "UMask=0077")


def lines_of(path: Path) -> list[str]:
    """A unit's settings, without comments."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_service_unit_is_confined_and_sets_nothing_twice(unit: Path) -> None:
    lines = lines_of(unit)
    repeatable = ("LoadCredential=", "SystemCallFilter=", "ExecStartPre=", "Environment=")
    single = [line.partition("=")[0] for line in lines if "=" in line and not line.startswith(repeatable)]

    assert set(PROTECTION) <= set(lines)
    assert len(single) == len(set(single))
    assert any(line.startswith("LoadCredential=") for line in lines)
    assert not any(re.match(r"Environment=.*(PASS|KEY|SECRET)", line) for line in lines)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_to_say_about_a_unit(unit: Path, tmp_path: Path) -> None:
    # A template is checked as one of its instances.
    copy = tmp_path / unit.name.replace("@.", "@desk.")
    shutil.copy2(unit, copy)
    result = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", ["run", "venv", "breaking", "scratch"])
def test_a_command_of_ci_can_be_run_and_parses(name: str) -> None:
    path = ROOT / ".ci" / name

    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def test_help_lists_every_target_that_has_a_description() -> None:
    described = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    shown = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout

    assert {"demo", "test", "check", "gen", "bench", "fmt", "clean"} <= set(described)
    assert all(re.search(rf"make {target} ", shown) for target in described)


def test_a_python_without_its_installer_is_told_how_to_get_it(tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "python3"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)

    result = subprocess.run(
        ["/bin/bash", ROOT / ".ci" / "venv", tmp_path / "made"],
        env={"PATH": str(shim.parent), "PYTHON": str(shim)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert re.search(r"apt-get install python3\.\d+-venv", result.stderr)
    assert not (tmp_path / "made").exists()


def test_the_page_on_running_a_hub_tells_every_setting_and_no_other() -> None:
    page = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \|", page, flags=re.M)

    assert told == list(Settings.model_fields)
