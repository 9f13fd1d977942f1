"""The second implementation, in JavaScript: it passes the vectors, and plays a case with the SDK through a real hub."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.interop import node
from tests.interop.play import play

LACKING = node.missing()
needs_node = pytest.mark.skipif(LACKING != "", reason=f"the second implementation is not run: {LACKING}")


@pytest.fixture(scope="module", autouse=True)
def libraries() -> None:
    """Installs what the lock names, once for each lock."""
    if not LACKING:
        node.install()


@needs_node
def test_the_second_implementation_gives_every_vector_the_same_verdict() -> None:
    cases = [json.loads(file.read_bytes())["cases"] for file in node.FOLDER.parents[2].glob("proto/vectors/*.json")]

    assert node.pass_vectors() == f"vectors: {sum(map(len, cases))} passed, 0 different"


@needs_node
async def test_two_implementations_say_the_same_of_a_case_that_they_played_through_a_hub(tmp_path: Path) -> None:
    played = await play(tmp_path, lambda _: None)

    assert {name: played.theirs[name] for name in played.ours} == played.ours
    assert played.ours["state"] == "CLOSED"


@needs_node
def test_the_second_implementation_asks_nothing_of_a_hub_whose_genesis_is_not_the_pinned_one(tmp_path: Path) -> None:
    entries = json.loads((node.FOLDER.parents[2] / "proto/vectors/directory.json").read_bytes())["shared"]["entries"]
    # Entry { version, time_seconds, statement }: the statement is the last field, behind its tag and its length.
    (tmp_path / "genesis.bin").write_bytes(bytes.fromhex(entries[0])[11:])
    for name in ("tls.key", "tls.crt", "desk.grant"):
        (tmp_path / name).write_bytes(b"")
    told = {"address": "127.0.0.1:1", "desk": "hkma/intake", "fingerprint": "0" * 60, "members": {}}
    (tmp_path / "desk.json").write_text(json.dumps(told), encoding="utf-8")

    done = subprocess.run(
        ["node", "live.js", str(tmp_path)],
        cwd=node.FOLDER,
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode != 0
    assert "Refusal: DIFFERENT" in done.stderr
    assert done.stdout == ""


def test_the_lock_names_exact_versions_with_their_hashes_and_no_registry() -> None:
    lock = json.loads((node.FOLDER / "package-lock.json").read_bytes())
    asked = json.loads((node.FOLDER / "package.json").read_bytes())["dependencies"]
    packages = {name: package for name, package in lock["packages"].items() if name}

    assert all(version[0].isdigit() for version in asked.values())
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]
