"""Keys that end while their connections live, through whichever process of the hub, and certificates that change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.errors import Reason
from comity.v1 import directory_pb2, exchange_pb2, feed_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub
from comity.workflow.terms import Role
from pydantic import ValidationError

from hub.config import Settings
from tests.support.hub import drain, reason_of, running_hub
from tests.support.world import make_world

UNARY_SECONDS, STREAM_SECONDS = 5.0, 30.0
"""What is promised."""
FOLLOW = feed_pb2.ReadFeedRequest(follow=True)


async def refused_within(seconds: float, call: Callable[[], Awaitable[Any]]) -> Reason:
    """Calls until it is refused, and returns why.

    Raises:
        TimeoutError: it was not, in time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            await call()
        except grpc.aio.AioRpcError as error:
            return reason_of(error)
        await asyncio.sleep(0.05)
    raise TimeoutError


async def ended_within(seconds: float, stream: Any) -> Reason:
    """Reads a stream until it is cut, and returns why."""
    try:
        async with asyncio.timeout(seconds):
            await drain(stream)
    except grpc.aio.AioRpcError as error:
        return reason_of(error)
    raise AssertionError("the stream ended as if nothing were wrong")


def test_K_04_no_setting_lets_a_stream_outlive_its_key_by_more_than_is_promised() -> None:
    assert Settings().recheck_seconds <= STREAM_SECONDS
    with pytest.raises(ValidationError):
        Settings(recheck_seconds=STREAM_SECONDS + 1)


async def test_K_04_I_10_what_one_process_is_told_ends_connections_of_another(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    async with (
        running_hub(migrated_postgres_url, world, home=homes[0]) as one,
        running_hub(migrated_postgres_url, world, home=homes[1], recheck_seconds=1.0) as two,
        two.as_desk("sfc/intake") as channel,
        two.as_desk("hkma/intake") as other,
    ):
        submit, head = ExchangeServiceStub(channel).Submit, DirectoryServiceStub(channel).GetHead
        stream, bystander = (FeedServiceStub(c).ReadFeed(FOLLOW) for c in (channel, other))
        assert (await stream.read()).HasField("head")
        assert (await bystander.read()).HasField("head")

        async def sends() -> None:
            # What the analyst sealed before stays as sealed: the key is judged when it is taken.
            await submit(exchange_pb2.SubmitRequest(envelope=world.envelope(one.view())))

        await sends()
        analyst = world.member("sfc/intake", Role.ANALYST)
        await one.append(world.revoke("sfc", analyst.kid))
        assert await refused_within(UNARY_SECONDS, sends) is Reason.BAD_SIGNATURE
        assert not stream.done(), "the desk's own key is not the analyst's"

        await one.append(world.revoke_tls("sfc/intake"))
        assert await refused_within(UNARY_SECONDS, lambda: head(directory_pb2.GetHeadRequest())) is (
            Reason.UNKNOWN_TLS_KEY
        )
        assert await ended_within(STREAM_SECONDS, stream) is Reason.UNKNOWN_TLS_KEY
        await DirectoryServiceStub(other).GetHead(directory_pb2.GetHeadRequest())
        assert not bystander.done()
        bystander.cancel()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER])
async def test_I_10_a_member_who_is_revoked_in_mid_session_is_refused_at_the_next_call(
    migrated_database_url: str, tmp_path: Path, role: Role
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with (
        running_hub(migrated_database_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        submit = ExchangeServiceStub(channel).Submit
        ready = [world.envelope(hub.view()) for _ in range(2)]
        await submit(exchange_pb2.SubmitRequest(envelope=ready[0]))
        await hub.append(world.revoke("sfc", world.member("sfc/intake", role).kid))
        for envelope in (ready[1], world.envelope(hub.view())):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await submit(exchange_pb2.SubmitRequest(envelope=envelope))
            assert reason_of(caught.value) is Reason.BAD_SIGNATURE
        # What was taken before stays taken: the retry gets the first receipt.
        assert (await submit(exchange_pb2.SubmitRequest(envelope=ready[0]))).receipt.leaf


async def test_K_06_a_live_stream_outlives_the_servers_certificate(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, recheck_seconds=0.3) as hub,
        hub.as_desk("hkma/intake") as reader,
        hub.as_desk("sfc/intake") as sender,
    ):
        stream = FeedServiceStub(reader).ReadFeed(FOLLOW)
        assert (await stream.read()).HasField("head")
        for _ in range(3):
            hub.hub.certificate.renew()
            envelope = world.envelope(hub.view())
            await ExchangeServiceStub(sender).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
            async with hub.as_desk("sfc/enforcement") as newcomer, asyncio.timeout(20):
                await DirectoryServiceStub(newcomer).GetHead(directory_pb2.GetHeadRequest())
                while True:
                    answer = await stream.read()
                    assert answer is not grpc.aio.EOF
                    if answer.HasField("item"):
                        break
            assert answer.item.envelope.header == envelope.header
        stream.cancel()
