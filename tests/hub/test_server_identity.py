"""Who calls: looked up on every call, and again while a stream lasts."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import grpc
import pytest
from comity.errors import Reason
from comity.tls import TlsKey
from comity.v1 import directory_pb2, exchange_pb2, feed_pb2, log_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub
from comity.v1.log_pb2_grpc import LogServiceStub

from hub.interceptors.identity import Identity, caller
from hub.policy import CallerKind
from tests.support.clock import FakeClock
from tests.support.hub import drain, reason_of, running_hub
from tests.support.world import DAY, HOUR, make_world

HEAD = directory_pb2.GetHeadRequest()


async def until_cut(stream: grpc.aio.UnaryStreamCall) -> grpc.aio.AioRpcError:
    """Reads a stream until it ends with an error, and returns that."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await drain(stream)
    return caught.value


async def test_K_04_a_revoked_key_is_refused_at_once_and_its_live_stream_cut(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, recheck_seconds=0.3) as hub,
        hub.as_desk("sfc/intake") as channel,
        hub.as_desk("hkma/intake") as bystander,
    ):
        stream = FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest(follow=True))
        other = FeedServiceStub(bystander).ReadFeed(feed_pb2.ReadFeedRequest(follow=True))
        assert (await stream.read()).HasField("head")
        assert (await other.read()).HasField("head")
        await asyncio.sleep(0.7)  # a caller that is still who it was is left alone
        assert not stream.done()

        await hub.append(world.revoke_tls("sfc/intake"))
        revoked = time.monotonic()
        with pytest.raises(grpc.aio.AioRpcError) as caught:  # the same connection
            await DirectoryServiceStub(channel).GetHead(HEAD)
        assert reason_of(caught.value) is Reason.UNKNOWN_TLS_KEY
        error = await until_cut(stream)

        assert time.monotonic() - revoked < 5
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert reason_of(error) is Reason.UNKNOWN_TLS_KEY
        assert not other.done()
        other.cancel()


async def test_K_05_a_certificate_that_expires_on_a_live_connection_ends_it(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    clock = FakeClock(time.time_ns() // 1_000_000)
    world = make_world(clock.now, agencies=("sfc",))
    async with running_hub(migrated_sqlite_url, world, home=tmp_path, clock=clock, recheck_seconds=0.2) as hub:
        key = world.desk("sfc/intake").tls_key
        async with hub.channel(key, world.certificate(key, days=1)) as channel:
            stream = FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest(follow=True))
            await stream.read()
            clock.advance(days=1, seconds=1)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await DirectoryServiceStub(channel).GetHead(HEAD)
            assert reason_of(caught.value) is Reason.UNKNOWN_TLS_KEY
            assert (await until_cut(stream)).code() is grpc.StatusCode.UNAUTHENTICATED


async def test_I_10_a_suspended_agency_loses_its_live_streams_and_traffic_and_keeps_proofs(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, recheck_seconds=0.3) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        stream = FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest(follow=True))
        await stream.read()
        await hub.append(world.suspend("sfc"))
        envelope = world.envelope(hub.view())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ExchangeServiceStub(channel).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        assert reason_of(caught.value) is Reason.NOT_PERMITTED
        assert reason_of(await until_cut(stream)) is Reason.NOT_PERMITTED
        await LogServiceStub(channel).GetCheckpoint(log_pb2.GetCheckpointRequest(log=2))
        await DirectoryServiceStub(channel).GetHead(HEAD)

        await hub.append(world.resume("sfc"))
        envelope = world.envelope(hub.view())
        answer = await ExchangeServiceStub(channel).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        assert answer.receipt.leaf


async def test_K_10_two_keys_of_a_desk_both_work_and_neither_speaks_for_another(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    second = TlsKey.generate()
    world.register_tls("sfc/intake", second)
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as one,
        hub.channel(second) as two,
        hub.as_desk("hkma/intake") as other,
    ):
        for channel in (one, two):
            envelope = world.envelope(hub.view())
            await ExchangeServiceStub(channel).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ExchangeServiceStub(other).Submit(exchange_pb2.SubmitRequest(envelope=world.envelope(hub.view())))
        assert reason_of(caught.value) is Reason.WRONG_SENDER


def test_K_11_what_a_certificate_says_besides_its_key_does_not_matter() -> None:
    world = make_world(agencies=("sfc", "hkma"))
    identity = Identity(world.directory().view, FakeClock(world.now))
    key, unknown = world.desk("sfc/intake").tls_key, TlsKey.generate()

    def of(pem: bytes) -> tuple[CallerKind, str]:
        found = identity.of_connection({"ssl_tls_version": [b"TLSv1.3"], "x509_pem_cert": [pem]})
        return found.kind, found.desk

    from comity.tls import certificate_to_pem, issue_server_certificate

    def named(owner: TlsKey, *names: str) -> bytes:
        return certificate_to_pem(
            issue_server_certificate(
                world.authority,
                world.authority_key,
                owner.spki,
                names,
                not_before=world.now - HOUR,
                not_after=world.now + DAY,
            )
        )

    assert of(named(key, "hkma-intake.example", "*.example")) == (CallerKind.MEMBER, "sfc/intake")
    assert of(named(unknown, "sfc-intake.example")) == (CallerKind.ANONYMOUS, "")


def test_a_certificate_of_tomorrow_and_one_of_yesterday_are_nobodys() -> None:
    world = make_world(agencies=("sfc",))
    clock = FakeClock(world.now)
    identity = Identity(world.directory().view, clock)
    key = world.desk("sfc/intake").tls_key
    tomorrow = world.certificate(key, begins=world.now + DAY)
    properties = {"ssl_tls_version": [b"TLSv1.3"], "x509_pem_cert": [tomorrow]}

    assert identity.of_connection(properties).kind is CallerKind.ANONYMOUS
    clock.advance(days=1, hours=1)
    found = identity.of_connection(properties)
    assert (found.kind, found.account) == (CallerKind.MEMBER, "sfc")
    clock.advance(days=400)
    assert identity.again(found).kind is CallerKind.ANONYMOUS


def test_an_operator_is_an_operator_and_has_no_desk() -> None:
    world = make_world(agencies=("sfc",))
    identity = Identity(world.directory().view, FakeClock(world.now))

    found = identity.authenticate(world.operators[1].tls_key.spki_sha256)

    assert (found.kind, found.operator, found.desk, found.account) == (
        CallerKind.OPERATOR,
        "op-2",
        "",
        "operator op-2",
    )


def test_outside_a_call_there_is_no_caller() -> None:
    with pytest.raises(LookupError):
        caller()
