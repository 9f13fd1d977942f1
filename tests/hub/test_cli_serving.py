"""The whole road with real processes: keys, genesis, serving, an agency joins, is suspended, a crash, an end."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from comity.directory.statements import parse_statement
from comity.encoding import parse, serialise
from comity.errors import Reason
from comity.keys import Use, fingerprint, kid
from comity.tls import certificate_to_pem, spki_sha256_of_certificate
from comity.v1 import directory_pb2, feed_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.draft_pb2 import JoinAnswer, JoinRequest
from comity.v1.feed_pb2_grpc import FeedServiceStub
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from hub.cli.rpc import Join
from tests.support.commands import (
    HUB_PASSPHRASE,
    begin_hub,
    found_hub,
    hub_command,
    hub_process,
    operator_passphrase,
    operators_in,
    sign,
)
from tests.support.hub import info_of
from tests.support.sources import ROOT
from tests.support.world import AgencyKeys, World, admit_agency, begin_world


def join_file(world: World, agency: str) -> tuple[AgencyKeys, bytes]:
    """What an agency hands in: statements of its own, the admission signed by its root alone."""
    before = len(world.statements)
    keys = admit_agency(world, agency)
    statements = world.statements[before:]
    admission = directory_pb2.Statement.FromString(statements[0])
    own = kid(agency, Use.ROOT, keys.root.public)
    kept = [s for s in admission.signatures if s.kid == own]
    del admission.signatures[:]
    admission.signatures.extend(kept)
    csrs = [desk.tls_key.request() for desk in keys.desks.values()]
    return keys, serialise(JoinRequest(version=1, statements=[serialise(admission), *statements[1:]], csrs=csrs))


def tls_version(address: str, home: Path, key: bytes, certificate: bytes, root: bytes, version: ssl.TLSVersion) -> str:
    (home / "client.pem").write_bytes(key + certificate)
    context = ssl.create_default_context(cadata=root.decode())
    context.load_cert_chain(str(home / "client.pem"))
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    host, _, port = address.partition(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as bare,
        context.wrap_socket(bare, server_hostname="localhost") as found,
    ):
        return str(found.version())


def test_from_the_first_key_to_an_agency_that_joined_and_back_after_a_crash(
    database_url: str, tmp_path: Path, operators: Path
) -> None:
    home = tmp_path / "home"
    keys = operators_in(tmp_path, operators)
    found_hub(home, keys, database_url)
    genesis = parse_statement((home / "genesis").read_bytes())
    assert hub_command("fingerprint", "--home", home).strip() == fingerprint(genesis.body)

    world = begin_world()
    sfc, request = join_file(world, "sfc")
    (tmp_path / "sfc.join").write_bytes(request)
    # Statements name the directory they are for: the agency made them for this one.
    assert world.origin == genesis.origin

    with hub_process(home, database_url) as hub:
        address = hub.wait_ready()
        join = tmp_path / "sfc.join"
        assert hub_command("fingerprint", join).strip() == fingerprint(Join.parse(request).admission.body)
        said = hub_command("operator", "admit", join, "--key", keys[0], "--yes", passphrase=operator_passphrase(1))
        assert "An agency is admitted" in said
        assert "Securities and Futures Commission" in said
        assert fingerprint(Join.parse(request).admission.body) in said
        hub_command(
            "operator", "admit", join, "--key", keys[1], "--yes", "--hub", address, passphrase=operator_passphrase(2)
        )
        answer = parse(JoinAnswer, (tmp_path / "sfc.join.answer").read_bytes(), 1 << 20)
        assert parse_statement(answer.genesis).body == genesis.body
        spkis = [desk.tls_key.spki_sha256 for desk in sfc.desks.values()]
        assert [spki_sha256_of_certificate(c) for c in answer.certificates] == spkis
        # Once more, as after a connection that was lost: the same answer, nothing appended twice.
        hub_command(
            "operator", "admit", join, "--key", keys[1], "--yes", "--hub", address, passphrase=operator_passphrase(2)
        )

        root = certificate_to_pem(genesis.content.tls_ca)  # type: ignore[attr-defined]
        key = sfc.desks["sfc/intake"].tls_key.to_pem()
        certificate = certificate_to_pem(answer.certificates[list(sfc.desks).index("sfc/intake")])
        credentials = grpc.ssl_channel_credentials(root, key, certificate)
        with grpc.secure_channel(address, credentials) as channel:
            assert DirectoryServiceStub(channel).GetHead(directory_pb2.GetHeadRequest()).head.sig
        assert tls_version(address, tmp_path, key, certificate, root, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            tls_version(address, tmp_path, key, certificate, root, ssl.TLSVersion.TLSv1_2)

        statement = tmp_path / "suspend.statement"
        first = ["operator", "suspend", "sfc", "--key", keys[0], "--hub", address, "--out", statement, "--yes"]
        assert "AN AGENCY IS SUSPENDED" in hub_command(*first, passphrase=operator_passphrase(1))
        with grpc.secure_channel(address, credentials) as channel:
            feed = FeedServiceStub(channel).ReadFeed
            assert any(m.HasField("head") for m in feed(feed_pb2.ReadFeedRequest()))
            sign(3, statement, keys[2], "--hub", address)
            with pytest.raises(grpc.RpcError) as caught:
                list(feed(feed_pb2.ReadFeedRequest()))
            assert info_of(caught.value).reason == Reason.NOT_PERMITTED  # type: ignore[arg-type]
        assert hub.end(signal.SIGKILL) == -signal.SIGKILL

    with hub_process(home, database_url) as hub:
        address = hub.wait_ready()
        with grpc.secure_channel(address, credentials) as channel:
            checked = HealthStub(channel).Check(health_pb2.HealthCheckRequest())
            assert checked.status == health_pb2.HealthCheckResponse.SERVING
            resumed = tmp_path / "resumed"
            again = ["operator", "resume", "sfc", "--key", keys[1], "--hub", address, "--out", resumed, "--yes"]
            hub_command(*again, passphrase=operator_passphrase(2))
            sign(1, resumed, keys[0], "--hub", address)
            assert any(m.HasField("head") for m in FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest()))

        replace_an_operator(tmp_path, keys, address)
        assert hub.end(signal.SIGTERM) == 0
        said = hub.output()
    assert "comity-hub listens on 127.0.0.1:" in said
    assert HUB_PASSPHRASE not in said
    assert "verifies" in hub_command("fsck", "--home", home, "--database-url", database_url)


def replace_an_operator(folder: Path, keys: list[Path], address: str) -> None:
    """The third operator leaves, a fourth comes and is certified by a colleague."""
    hub_command("operator", "keygen", "--name", "op-4", "--out", folder, passphrase=operator_passphrase(4))
    file = folder / "replace"
    words = ["operator", "replace", "op-3", folder / "op-4.pub", "--key", keys[0], "--hub", address, "--out", file]
    assert "An operator is replaced" in hub_command(*words, "--yes", passphrase=operator_passphrase(1))
    sign(2, file, keys[1], "--hub", address)
    words = ["operator", "certify", folder / "op-4.pub", "--key", keys[1], "--hub", address]
    hub_command(*words, passphrase=operator_passphrase(2))
    (folder / "op-4.genesis").write_bytes(keys[0].with_suffix(".genesis").read_bytes())
    hub_command(
        "operator", "certify", "--key", folder / "op-4.key", "--hub", address, passphrase=operator_passphrase(4)
    )
    refused = ["operator", "certify", "--key", keys[2], "--hub", address]
    assert "UNKNOWN_TLS_KEY" in hub_command(*refused, passphrase=operator_passphrase(3), code=1)


def test_a_hub_that_must_not_start_says_why_and_ends(sqlite_url: str, tmp_path: Path, operators: Path) -> None:
    home = tmp_path / "home"
    keys = operators_in(tmp_path, operators)
    begin_hub(home, keys, sqlite_url)

    def refused(url: str = sqlite_url, *arguments: object, **variables: str) -> tuple[int, str]:
        with hub_process(home, url, *arguments, **variables) as hub:
            code = hub.process.wait(timeout=60)
            return code, hub.output()

    code, said = refused()
    assert (code, "no genesis" in said) == (1, True)
    code, said = refused(f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert (code, "comity-hub migrate" in said) == (1, True)
    code, said = refused(sqlite_url, COMITY_HUB_QUEUE="1")
    assert (code, "COMITY_HUB_QUEUE" in said) == (78, True)
    for number, key in enumerate(keys, 1):
        sign(number, home / "genesis.statement", key)
    finish = ["init", "--home", home, "--database-url", sqlite_url, "--finish", home / "genesis.statement"]
    hub_command(*finish, passphrase=HUB_PASSPHRASE)
    code, said = refused(f"{sqlite_url}?synchronous=NORMAL")
    assert (code, "synchronous" in said) == (78, True)
    code, said = refused(sqlite_url, COMITY_HUB_NAMES="not a name")
    assert (code, "names" in said) == (78, True)

    with hub_process(home, sqlite_url) as hub:
        hub.wait_ready()
        code, said = refused()
        assert (code, "another process" in said) == (78, True)
        assert hub.end() == 0

    with hub_process(home, sqlite_url, COMITY_HUB_LISTEN="127.0.0.1:1") as hub:
        hub.wait_ready()  # the command line's port wins
        hub.end()
        assert "Traceback" not in hub.output()


def test_the_passphrase_may_come_as_a_systemd_credential(sqlite_url: str, tmp_path: Path, operators: Path) -> None:
    home = tmp_path / "home"
    found_hub(home, operators_in(tmp_path, operators), sqlite_url)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "comity-hub-passphrase").write_text(HUB_PASSPHRASE + "\n")
    read, write = os.pipe()
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "hub",
            "serve",
            "--home",
            str(home),
            "--database-url",
            sqlite_url,
            "--listen",
            "127.0.0.1:0",
            "--ready-fd",
            str(write),
        ],
        env=os.environ | {"CREDENTIALS_DIRECTORY": str(credentials), "PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"},
        pass_fds=[write],
        stdin=subprocess.DEVNULL,
    ) as process:
        os.close(write)
        try:
            assert int(os.read(read, 16)) > 0
        finally:
            process.send_signal(signal.SIGTERM)
            os.close(read)
        assert process.wait(timeout=60) == 0
