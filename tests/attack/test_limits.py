"""One byte, one recipient, one stream more than may be: refused, and before it costs memory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from comity.errors import Reason
from comity.v1 import directory_pb2, feed_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub

from hub.config import Settings
from hub.errors import DETAILS_KEY
from hub.policy import CALL_LIMIT, RULES
from hub.server import SERVICES
from tests.support.hub import reason_of, running_hub
from tests.support.world import make_world
from tests.system.processes import hub_home

MIB = 1 << 20


def unknown_field(length: int) -> bytes:
    """Returns a message of so many bytes: one field that no method has."""
    body = length - 1
    for size in range(1, 6):
        if 0 <= body - size < 1 << (7 * size):
            left, prefix = body - size, bytearray(b"\x7a")
            for _ in range(size - 1):
                prefix.append(left & 127 | 128)
                left >>= 7
            prefix.append(left)
            return bytes(prefix) + bytes(body - size)
    raise ValueError("no such length")


async def call(channel: Any, service: Any, method: Any, data: bytes) -> grpc.aio.AioRpcError | None:
    """Makes a call with any bytes; returns its error, None where it was answered."""
    name = f"/{service.full_name}/{method.name}"
    try:
        if method.client_streaming:
            await channel.stream_unary(name)(iter([data]), timeout=20)
        elif method.server_streaming:
            await channel.unary_stream(name)(data, timeout=20).read()
        else:
            await channel.unary_unary(name)(data, timeout=20)
    except grpc.aio.AioRpcError as error:
        return error
    return None


def told(error: grpc.aio.AioRpcError | None) -> Reason | str:
    """Returns the reason of a refusal; the code where the transport itself refused."""
    if error is None:
        return "OK"
    return reason_of(error) if DETAILS_KEY in dict(error.trailing_metadata() or ()) else error.code().name


async def test_R_02_every_method_refuses_one_byte_more_than_it_takes(migrated_sqlite_url: str, tmp_path: Path) -> None:
    wrong = []
    world, limits = make_world(agencies=("sfc",)), {"agency_request_burst": 1_000_000}
    async with running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub:  # type: ignore[arg-type]
        channel = hub.channel(world.desk("sfc/intake").tls_key, options=[("grpc.max_send_message_length", 16 * MIB)])
        for service in SERVICES:
            for method in service.methods:
                limit = RULES[f"/{service.full_name}/{method.name}"].request_limit
                assert len(unknown_field(limit + 1)) == limit + 1
                beyond = told(await call(channel, service, method, unknown_field(limit + 1)))
                if beyond is not Reason.TOO_LARGE and (limit < CALL_LIMIT or beyond != "RESOURCE_EXHAUSTED"):
                    wrong.append((method.name, "beyond", beyond))
                # A batch of nothing is refused with the same reason, and so is an answer to nothing.
                if method.name not in ("SubmitBatch", "Acknowledge"):
                    just = told(await call(channel, service, method, unknown_field(limit)))
                    if just is Reason.TOO_LARGE:
                        wrong.append((method.name, "just", just))
        await channel.close()
    assert wrong == []


async def test_R_02_of_sixty_five_streams_of_a_key_sixteen_live(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc",))
    most = Settings().key_streams
    assert most < 65
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        streams = [FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest(follow=True)) for _ in range(65)]
        found = await asyncio.gather(*(stream.read() for stream in streams), return_exceptions=True)
        refused = [one for one in found if isinstance(one, grpc.aio.AioRpcError)]
        assert len(found) - len(refused) == most
        assert {(error.code(), reason_of(error)) for error in refused} == {
            (grpc.StatusCode.RESOURCE_EXHAUSTED, Reason.QUOTA)
        }
        # Other calls of the same key go on.
        await DirectoryServiceStub(channel).GetHead(directory_pb2.GetHeadRequest())
        for stream in streams:
            stream.cancel()


async def test_R_02_messages_beyond_the_limit_cost_the_hub_no_memory(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc",))
    async with hub_home(migrated_sqlite_url, tmp_path, world) as hub:
        await hub.start()
        assert hub.process is not None
        process = psutil.Process(hub.process.pid)
        async with hub.as_desk("sfc/intake") as channel:
            head = DirectoryServiceStub(channel).GetHead
            await head(directory_pb2.GetHeadRequest())
            before, most = process.memory_info().rss, 0

            async def send() -> None:
                request = directory_pb2.GetHeadRequest(seen=directory_pb2.SignedHead(body=bytes(12 * MIB)))
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await head(request, timeout=60)
                assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

            for _ in range(3):
                sending = asyncio.gather(*(send() for _ in range(8)))
                while not sending.done():
                    most = max(most, process.memory_info().rss)
                    await asyncio.sleep(0.01)
                await sending
            # 288 MiB were sent, 96 MiB of them at once.
            assert most - before < 64 * MIB
            await head(directory_pb2.GetHeadRequest())
