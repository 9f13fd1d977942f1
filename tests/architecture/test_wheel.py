"""What is built from the repository is complete, holds nothing else, and is the same wherever it is built."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.sources import NOT_OURS, ROOT, relative, repository_files, written_modules


def build(target: Path, age_seconds: int) -> Path:
    """Builds the wheel from a copy of the repository whose files have another age."""
    source = target / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*NOT_OURS, "tests", "*_cache"), symlinks=True)
    for path in source.rglob("*"):
        os.utime(path, (1_700_000_000 - age_seconds, 1_700_000_000 - age_seconds))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target / "out")]
    subprocess.run(command, cwd=source, capture_output=True, check=True)
    return next((target / "out").glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One wheel for the tests of this module."""
    return build(tmp_path_factory.mktemp("wheel"), 0)


def test_the_wheel_is_the_same_bytes_when_it_is_built_again(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path, 86_400)

    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_the_wheel_holds_every_module_of_the_product_and_nothing_of_the_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    product = [*written_modules("hub", "agents"), *written_modules("proto/comity")]
    migrations = [path for path in repository_files(".py") if path.is_relative_to(ROOT / "migrations")]
    expected = {relative(path).removeprefix("proto/") for path in product}
    expected |= {f"hub/_{relative(path)}" for path in migrations}
    tops = {name.partition("/")[0] for name in packed}

    assert expected <= packed
    assert {"comity/v1/envelope_pb2.py", "comity/v1/exchange_pb2_grpc.py"} <= packed
    assert {top for top in tops if not top.endswith(".dist-info")} == {"comity", "hub", "agents"}


def test_everything_packaged_beside_the_modules_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    data = [
        relative(path).removeprefix("proto/")
        for path in repository_files(".toml", ".json", ".po", ".mo", ".yaml", ".txt", ".tsv")
        if any(path.is_relative_to(ROOT / folder) for folder in ("hub", "agents", "proto/comity"))
    ]

    assert set(data) <= packed
