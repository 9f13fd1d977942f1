"""Somebody else on the member's computer: a planted module, a client of the key process that sends anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from comity.keyfile import Cost

from agents import keyprocess
from agents.home import Home
from agents.keyprocess import Server
from agents.keyring import MemberKeyring
from agents.keys import LocalKeys

CHEAP = Cost(1, 8192 * 8)
MEMBER = "sfc/m-abcd1234"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake", endpoints=["127.0.0.1:1"])
    MemberKeyring.generate(MEMBER).save(made, b"correct horse", CHEAP)
    return made


def test_a_module_planted_in_the_present_directory_is_not_given_the_passphrase(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted, stolen = tmp_path / "shared", tmp_path / "stolen"
    (planted / "agents").mkdir(parents=True)
    (planted / "agents" / "__init__.py").write_text("")
    (planted / "agents" / "keyprocess.py").write_text(
        f"import sys, pathlib\npathlib.Path({str(stolen)!r}).write_bytes(sys.stdin.buffer.read())\nprint('ready')\n"
    )
    monkeypatch.chdir(planted)
    keyprocess.unlock(home, MEMBER, b"correct horse", idle_seconds=20, floor=CHEAP)
    assert not stolen.exists()
    assert keyprocess.lock(home, MEMBER)


@pytest.mark.parametrize("epoch", ["Infinity", "1e999", "NaN", "-1", "[]"])
def test_the_key_process_answers_a_number_that_is_none(home: Home, epoch: str) -> None:
    server = Server(LocalKeys.open(home, MEMBER, b"correct horse", CHEAP), {}, 10.0)
    request = f'{{"op": "create", "desk": "sfc/intake", "epoch": {epoch}}}'.encode()
    assert json.loads(server.answer(request)) == {"error": "malformed"}
