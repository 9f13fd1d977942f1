"""The ceremony's refusals: a genesis that was changed, too few signatures, wrong passphrases, files that exist."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest
from comity.encoding import serialise
from comity.errors import CannotOpenError, MalformedError
from comity.keyfile import Cost
from comity.keys import SigningKey
from comity.tls import TlsKey
from comity.v1 import directory_pb2
from comity.v1.draft_pb2 import JoinRequest
from typer.testing import CliRunner

from hub.cli import passphrases
from hub.cli.failures import CommandError
from hub.cli.files import write_file
from hub.cli.identities import PublicFile
from hub.cli.main import app
from hub.cli.rpc import Join, StatementFile
from hub.log.domain import LogKeys
from hub.vault import HubKeys, OperatorKeys
from tests.support.commands import (
    HUB_PASSPHRASE,
    begin_hub,
    hub_command,
    operator_passphrase,
    operators_in,
    passphrase_pipe,
    sign,
)
from tests.support.world import begin_world

CHEAP = Cost(1, 8192)


def finish(home: Path, url: str, file: Path, code: int = 0) -> str:
    words = ["init", "--home", home, "--database-url", url, "--finish", file]
    return hub_command(*words, passphrase=HUB_PASSPHRASE, code=code)


def test_a_genesis_counts_with_three_signatures_over_these_very_keys(
    sqlite_url: str, tmp_path: Path, operators: Path
) -> None:
    home, keys = tmp_path / "home", operators_in(tmp_path, operators)
    assert "fingerprint" in begin_hub(home, keys, sqlite_url)
    draft = home / "genesis.statement"
    unsigned = draft.read_bytes()
    assert "three signatures" in finish(home, sqlite_url, draft, code=1)
    sign(1, draft, keys[0])
    sign(2, draft, keys[1])
    sign(2, draft, keys[1])
    assert len(StatementFile.parse(draft.read_bytes()).signatures) == 2
    assert "three_operators" in finish(home, sqlite_url, draft, code=1)

    # Somebody puts another key into what the third one is to sign.
    message = directory_pb2.Statement.FromString(draft.read_bytes())
    body = directory_pb2.StatementBody.FromString(message.body)
    body.hub_genesis.head_key = SigningKey.generate().public
    message.body = serialise(body)
    forged = tmp_path / "forged"
    forged.write_bytes(serialise(message))
    sign(3, forged, keys[2])
    assert "three_operators" in finish(home, sqlite_url, forged, code=1)
    fully_forged = tmp_path / "fully"
    fully_forged.write_bytes(serialise(directory_pb2.Statement(body=message.body)))
    for number, key in enumerate(keys, 1):
        sign(number, fully_forged, key)
    assert "not of this hub's keys" in finish(home, sqlite_url, fully_forged, code=1)

    sign(3, draft, keys[2])
    assert "the hub begins" in finish(home, sqlite_url, draft)
    assert "the hub begins" in finish(home, sqlite_url, draft)  # once more changes nothing
    assert StatementFile.parse(unsigned).body == keys[2].with_suffix(".genesis").read_bytes()
    for name in ("hub.key",):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
    assert "belongs to a hub already" in hub_command(
        "init",
        "--home",
        home,
        "--origin",
        "x",
        *[w for k in keys for w in ("--operator", k.with_suffix(".pub"))],
        code=1,
    )


def test_a_home_without_what_init_needs_is_refused(tmp_path: Path) -> None:
    assert "--origin" in hub_command("init", "--home", tmp_path, code=1)
    assert "No such file" in hub_command("fingerprint", "--home", tmp_path, code=1)


def test_keys_are_not_overwritten_and_a_wrong_passphrase_is_one_error(tmp_path: Path, operators: Path) -> None:
    keys = operators_in(tmp_path, operators)
    again = ["operator", "keygen", "--name", "op-1", "--out", tmp_path]
    assert "not overwritten" in hub_command(*again, passphrase=operator_passphrase(1), code=1)
    statement = tmp_path / "statement"
    world = begin_world()
    statement.write_bytes(serialise(directory_pb2.Statement(body=StatementFile.parse(world.statements[0]).body)))
    words = ["operator", "sign", statement, "--key", keys[0], "--yes"]
    assert "cannot be opened" in hub_command(*words, passphrase="another passphrase", code=1)
    assert "at least 12" in hub_command(
        "operator", "keygen", "--name", "op-9", "--out", tmp_path, passphrase="short", code=1
    )
    assert "not an operator id" in hub_command(
        "operator", "keygen", "--name", "../x", "--out", tmp_path, passphrase="long enough it is", code=1
    )


def test_nothing_is_signed_without_a_yes(tmp_path: Path, operators: Path) -> None:
    keys = operators_in(tmp_path, operators)
    statement = tmp_path / "statement"
    body = StatementFile.parse(begin_world().statements[0]).body
    statement.write_bytes(serialise(directory_pb2.Statement(body=body)))
    with passphrase_pipe(operator_passphrase(1)) as descriptor:
        words = ["operator", "sign", str(statement), "--key", str(keys[0]), "--passphrase-fd", str(descriptor)]
        result = CliRunner().invoke(app, words, input="n\n")

    assert result.exit_code == 1
    assert "Is this what you want to sign?" in result.output
    assert StatementFile.parse(statement.read_bytes()).signatures == ()


def test_a_hub_is_only_talked_to_by_an_operator_that_signed_its_genesis(tmp_path: Path, operators: Path) -> None:
    keys = operators_in(tmp_path, operators)
    words = ["operator", "suspend", "sfc", "--key", keys[0], "--hub", "127.0.0.1:1", "--yes"]
    assert "has not signed the genesis" in hub_command(*words, passphrase=operator_passphrase(1), code=1)
    world = begin_world()
    keys[0].with_suffix(".genesis").write_bytes(StatementFile.parse(world.statements[0]).body)
    assert "init --finish" in hub_command(*words, passphrase=operator_passphrase(1), code=1)
    keys[0].with_suffix(".crt").write_bytes(world.certificate(TlsKey.generate()))
    assert "cannot be reached" in hub_command(*words, passphrase=operator_passphrase(1), code=1)


@pytest.mark.parametrize("data", [b"", b"\xff", b"garbage", b"\x0a\x03abc"])
def test_a_file_that_is_no_statement_is_refused(tmp_path: Path, operators: Path, data: bytes) -> None:
    keys = operators_in(tmp_path, operators)
    file = tmp_path / "file"
    file.write_bytes(data)
    sign(1, file, keys[0], code=1)
    hub_command("operator", "admit", file, "--key", keys[0], "--yes", passphrase=operator_passphrase(1), code=1)
    hub_command("fingerprint", file, code=1)


def test_a_join_file_begins_with_an_admission() -> None:
    genesis = begin_world().statements[0]
    with pytest.raises(MalformedError, match="admission"):
        Join.parse(serialise(JoinRequest(version=1, statements=[genesis])))
    with pytest.raises(MalformedError, match="version"):
        Join.parse(serialise(JoinRequest(version=2, statements=[genesis])))


def test_public_files_are_read_strictly() -> None:
    keys = OperatorKeys("op-1", SigningKey.generate(), TlsKey.generate())
    good = PublicFile.of(keys)
    assert PublicFile.parse(good.serialise()) == good
    assert good.public().tls_spki_sha256 == keys.tls_key.spki_sha256
    fields = json.loads(good.serialise())
    for change in (
        {"version": 2},
        {"operator": "Op 1"},
        {"sign_key": "00" * 32},
        {"sign_key": "zz"},
        {"tls_request": "00"},
        {"extra": 1},
        {"operator": 7},
    ):
        with pytest.raises(MalformedError):
            PublicFile.parse(json.dumps(fields | change).encode())
    for text in (b"", b"[]", b"7", b"{}", b"\xff"):
        with pytest.raises(MalformedError):
            PublicFile.parse(text)


def test_K_13_key_files_open_with_their_passphrase_as_what_they_are_and_show_nothing() -> None:
    world = begin_world()
    hub = HubKeys(
        world.origin,
        LogKeys(world.log_key, world.head_key, (SigningKey.generate(),)),
        world.authority_key,
        world.authority,
    )
    operator = OperatorKeys("op-1", SigningKey.generate(), TlsKey.generate())
    sealed, other = hub.seal(b"passphrase", CHEAP), operator.seal(b"passphrase", CHEAP)

    opened = HubKeys.open(b"passphrase", sealed, CHEAP)
    assert opened.seal(b"p", CHEAP)
    assert opened.logs.log_key.seed == world.log_key.seed
    assert opened.logs.retired[0].seed == hub.logs.retired[0].seed
    assert opened.authority_key.spki_sha256 == world.authority_key.spki_sha256
    assert OperatorKeys.open(b"passphrase", other, CHEAP).sign_key.seed == operator.sign_key.seed
    for kind, data, passphrase in (
        (HubKeys, sealed, b"other"),
        (HubKeys, other, b"passphrase"),
        (OperatorKeys, sealed, b"passphrase"),
        (HubKeys, sealed[:-1], b"passphrase"),
    ):
        with pytest.raises(CannotOpenError):
            kind.open(passphrase, data, CHEAP)
    with pytest.raises(CannotOpenError):  # the product's own floor
        HubKeys.open(b"passphrase", sealed)
    for secret in (world.log_key.seed.hex(), operator.sign_key.seed.hex(), repr(world.log_key.seed)):
        assert secret not in repr(hub) + repr(operator)
    assert world.log_key.seed.hex().encode() not in sealed


def test_passphrases_come_by_descriptor_or_credential_and_never_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with passphrase_pipe("typed by a machine") as descriptor:
        assert passphrases.passphrase(descriptor, "x") == b"typed by a machine"
    with passphrase_pipe("") as descriptor, pytest.raises(CommandError, match="empty"):
        passphrases.passphrase(descriptor, "x")
    with pytest.raises(CommandError, match="cannot be read"):
        passphrases.passphrase(987, "x")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="--passphrase-fd"):
        passphrases.passphrase(None, "x", credential=True)
    (tmp_path / passphrases.CREDENTIAL).write_bytes(b"by systemd\n")
    assert passphrases.passphrase(None, "x", credential=True) == b"by systemd"
    with pytest.raises(CommandError):
        passphrases.passphrase(None, "x")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    write_file(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="space"):
            write_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(CommandError):
        write_file(file, b"new", replace=False)
