"""The transport: TLS 1.3 with a hybrid key exchange, limits that hold before a call, certificates that are renewed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.tls import TlsKey, certificate_to_pem, issue_client_certificate
from comity.v1 import directory_pb2 as pb
from comity.v1.directory_pb2_grpc import DirectoryServiceStub

from hub.interceptors.identity import Identity
from hub.policy import CallerKind
from tests.support.clock import FakeClock
from tests.support.hub import RunningHub, running_hub
from tests.support.world import DAY, World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(agencies=("sfc", "hkma"))


async def handshake(hub: RunningHub, tmp_path: Path, key: TlsKey, version: ssl.TLSVersion) -> Any:
    """Returns the TLS object of a connection that takes one version only."""
    (tmp_path / "client").write_bytes(key.to_pem() + hub.world.certificate(key))
    (tmp_path / "root").write_bytes(hub.world.authority_pem)
    context = ssl.create_default_context(cafile=str(tmp_path / "root"))
    context.load_cert_chain(str(tmp_path / "client"))
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", hub.hub.port, ssl=context, server_hostname="localhost")
    found = writer.get_extra_info("ssl_object")
    writer.close()
    return found


async def test_a_call_travels_over_tls_1_3_with_a_hybrid_key_exchange(
    migrated_sqlite_url: str, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:
        look = hub.hub.identity.of_connection
        monkeypatch.setattr(hub.hub.identity, "of_connection", lambda p: (seen.append(dict(p)), look(p))[1])
        async with hub.as_desk("sfc/intake") as channel:
            await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest())

    assert seen[0]["ssl_tls_version"] == [b"TLSv1.3"]
    assert seen[0]["ssl_negotiated_key_exchange_group"] == [b"X25519MLKEM768"]


def test_a_connection_with_an_older_tls_version_or_without_a_certificate_is_nobodys(world: World) -> None:
    # That such a handshake fails in the first place is tested with a real process (test_cli_serving.py).
    identity = Identity(world.directory().view, FakeClock(world.now))
    pem = world.certificate(world.desk("sfc/intake").tls_key)

    def kind(version: bytes, *certificates: bytes) -> CallerKind:
        return identity.of_connection({"ssl_tls_version": [version], "x509_pem_cert": certificates}).kind

    assert kind(b"TLSv1.3", pem) is CallerKind.MEMBER
    assert kind(b"TLSv1.2", pem) is CallerKind.ANONYMOUS
    assert kind(b"TLSv1.3", b"no certificate") is CallerKind.ANONYMOUS
    assert kind(b"TLSv1.3") is CallerKind.ANONYMOUS
    assert identity.of_connection({}).kind is CallerKind.ANONYMOUS


async def test_a_client_without_a_certificate_of_the_hubs_own_authority_is_not_heard(
    migrated_sqlite_url: str, tmp_path: Path, world: World
) -> None:
    stranger = make_world(agencies=())
    key = world.desk("sfc/intake").tls_key
    foreign = certificate_to_pem(
        issue_client_certificate(
            stranger.authority,
            stranger.authority_key,
            key.spki,
            not_before=world.now - DAY,
            not_after=world.now + DAY,
        )
    )
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:
        bare = grpc.aio.secure_channel(hub.address, grpc.ssl_channel_credentials(world.authority_pem))
        for channel in (bare, hub.channel(key, foreign)):
            async with channel:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest(), timeout=5)
            assert caught.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


async def test_K_06_a_renewed_server_certificate_costs_no_call(
    migrated_sqlite_url: str, tmp_path: Path, world: World
) -> None:
    key = world.desk("sfc/intake").tls_key
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:

        async def presented() -> bytes:
            found = await handshake(hub, tmp_path, key, ssl.TLSVersion.TLSv1_3)
            return bytes(found.getpeercert(binary_form=True))

        first = await presented()
        assert await presented() == first
        async with hub.as_desk("sfc/intake") as channel:
            calls = 0
            for turn in range(40):
                await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest())
                async with hub.as_desk("hkma/intake") as other:
                    await DirectoryServiceStub(other).GetHead(pb.GetHeadRequest())
                calls += 1
                if turn % 10 == 5:
                    hub.hub.certificate.renew()
        assert calls == 40
        assert await presented() != first


async def test_R_02_metadata_messages_and_streams_beyond_the_limits_are_refused(
    migrated_sqlite_url: str, tmp_path: Path, world: World
) -> None:
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub, hub.as_desk("sfc/intake") as channel:
        head = DirectoryServiceStub(channel).GetHead
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await head(pb.GetHeadRequest(), metadata=(("x", "a" * 9216),))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await head(pb.GetHeadRequest(seen=pb.SignedHead(body=b"x" * (5 << 20))))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await head(pb.GetHeadRequest(seen=pb.SignedHead(body=b"x" * 3000)))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_R_10_a_compressed_message_is_refused(migrated_sqlite_url: str, tmp_path: Path, world: World) -> None:
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub, hub.as_desk("sfc/intake") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await DirectoryServiceStub(channel).GetHead(
                pb.GetHeadRequest(seen=pb.SignedHead(body=bytes(100_000))), compression=grpc.Compression.Gzip
            )
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_handshake_that_is_never_finished_is_cut(
    migrated_sqlite_url: str, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.interceptors.transport.HANDSHAKE_MS", 500)
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:
        with socket.create_connection(("127.0.0.1", hub.hub.port)) as idle:
            idle.settimeout(10)
            assert await asyncio.to_thread(idle.recv, 1) == b""
