"""What is installed is exactly what was reviewed: locked, hashed, and the same in every place that names it."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.support.sources import ROOT

LOCKS = ("runtime", "build", "dev", "fuzz")


def project() -> dict[str, Any]:
    """The content of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def lock(name: str) -> dict[str, str]:
    """Exact version by package of one lock file."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ")[0].split("==") for line in lines if line and not line.startswith((" ", "#")))


def wheel(folder: Path, content: str) -> Path:
    """Writes a wheel that holds one module."""
    path = folder / "brick-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("brick.py", content)
        archive.writestr("brick-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: brick\nVersion: 1.0\n")
        archive.writestr("brick-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("brick-1.0.dist-info/RECORD", "brick.py,,\n")
    return path


def install(folder: Path, requirement: str) -> int:
    """Installs a requirement the way the Makefile does, from a folder only; returns how pip ended."""
    lines = folder / "lock.txt"
    lines.write_text(requirement, encoding="utf-8")
    options = ["--isolated", "--no-index", "--find-links", str(folder), "--target", str(folder / "site"), "--upgrade"]
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", *options, "-r", str(lines)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_I_12_a_package_that_was_swapped_or_is_not_pinned_does_not_install(tmp_path: Path) -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    digest = hashlib.sha256(wheel(tmp_path, "made = 'as reviewed'").read_bytes()).hexdigest()
    pinned = f"brick==1.0 --hash=sha256:{digest}\n"

    assert all("--require-hashes" in line for line in recipe.splitlines() if "pip install" in line and " -r " in line)
    assert install(tmp_path, pinned) == 0
    assert install(tmp_path, "brick==1.0\n") != 0
    wheel(tmp_path, "made = 'by somebody else'")
    assert install(tmp_path, pinned) != 0


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_an_exact_version_and_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))

    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9._-]+==[^\s;]+", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


def test_the_locks_agree_and_satisfy_the_project() -> None:
    runtime, development = lock("runtime"), lock("dev")
    stale = [
        dependency
        for dependency in map(Requirement, project()["project"]["dependencies"])
        if not dependency.specifier.contains(runtime.get(dependency.name, "0"), prereleases=True)
    ]

    assert stale == []
    assert runtime.items() <= development.items()
    assert lock("build").items() <= development.items()


def test_what_only_the_fuzzer_needs_stands_in_no_other_lock() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    names = {
        line.split("==")[0] for line in (ROOT / "requirements/fuzz.in").read_text(encoding="utf-8").splitlines()[1:]
    }

    # There is no wheel of it for every machine: what has to run everywhere must not ask for it.
    assert names == set(lock("fuzz"))
    assert names.isdisjoint(lock("dev"))
    assert [line.split()[-4:] for line in recipe.splitlines() if "-r requirements/fuzz.txt" in line] == [
        [">/dev/null", "2>&1", "||", "true"]
    ]


def test_the_build_uses_the_locked_hatchling_and_the_stubs_the_locked_grpc() -> None:
    locked = lock("dev")

    assert project()["build-system"]["requires"] == [f"hatchling=={lock('build')['hatchling']}"]
    assert locked["grpcio-tools"] == locked["grpcio"]
