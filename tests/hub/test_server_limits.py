"""Quotas, deadlines and streams that stall."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2, feed_pb2, log_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub
from comity.v1.log_pb2_grpc import LogServiceStub

from hub.quota import BYTES_PER_TOKEN, RequestQuota
from tests.support.hub import info_of, reason_of, running_hub
from tests.support.world import make_world


class Monotonic:
    """A clock in seconds that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_by_requests_and_bytes_and_fills_with_time() -> None:
    clock = Monotonic()
    quota = RequestQuota(2.0, 100, clock)
    for _ in range(90):
        quota.take("sfc", 0)
    with pytest.raises(RefusedError) as caught:
        quota.take("sfc", 10 * BYTES_PER_TOKEN)
    assert caught.value.reason is Reason.QUOTA
    assert caught.value.metadata == {"retry_after_seconds": "1"}
    quota.take("hkma", 10 * BYTES_PER_TOKEN)
    clock.now += 0.5
    quota.take("sfc", 10 * BYTES_PER_TOKEN)
    clock.now += 10_000
    for _ in range(100):
        quota.take("sfc", 0)
    with pytest.raises(RefusedError):
        quota.take("sfc", 0)


def test_a_bucket_that_is_full_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.quota._SWEEP_AT", 2)
    clock = Monotonic()
    quota = RequestQuota(10.0, 100, clock)
    quota.take("sfc", 0)
    quota.take("hkma", 0)
    clock.now += 60
    quota.take("osr", 0)

    assert set(quota._buckets) == {"osr"}


async def test_R_07_an_agency_beyond_its_quota_is_told_when_to_return_and_others_are_served(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    limits = {"agency_requests_per_second": 1.0, "agency_request_burst": 100}
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.as_desk("sfc/intake") as flood,
        hub.as_desk("hkma/intake") as other,
    ):
        head = DirectoryServiceStub(flood).GetHead
        refused = []
        for _ in range(120):
            try:
                await head(directory_pb2.GetHeadRequest())
            except grpc.aio.AioRpcError as error:
                refused.append(error)
        assert 10 <= len(refused) <= 20
        assert {error.code() for error in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert {reason_of(error) for error in refused} == {Reason.QUOTA}
        assert int(info_of(refused[0]).metadata["retry_after_seconds"]) >= 1
        await DirectoryServiceStub(other).GetHead(directory_pb2.GetHeadRequest())
        assert hub.hub.telemetry.counters.value("comity.refusals", reason="QUOTA") == len(refused)


async def test_a_call_without_a_deadline_gets_one(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(agencies=("sfc",))
    async with running_hub(migrated_sqlite_url, world, home=tmp_path, default_deadline_seconds=0.2) as hub:

        async def slow(*_: Any) -> bytes:
            await asyncio.sleep(60)
            return b""

        monkeypatch.setattr(hub.hub.logs, "checkpoint", slow)
        async with hub.as_desk("sfc/intake") as channel:
            for timeout in (None, 0.2):
                begun = time.monotonic()
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await LogServiceStub(channel).GetCheckpoint(log_pb2.GetCheckpointRequest(log=2), timeout=timeout)
                assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
                assert time.monotonic() - begun < 5


async def test_a_timeout_inside_the_hub_is_not_taken_for_the_callers_deadline(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(agencies=("sfc",))
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:

        async def broken(*_: Any) -> bytes:
            raise TimeoutError

        monkeypatch.setattr(hub.hub.logs, "checkpoint", broken)
        async with hub.as_desk("sfc/intake") as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await LogServiceStub(channel).GetCheckpoint(log_pb2.GetCheckpointRequest(log=2))
            assert caught.value.code() is grpc.StatusCode.INTERNAL


async def test_D_06_readers_that_take_nothing_are_cut_and_hold_little_memory(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 500 streams over ten connections. Client and hub share this process, so the bound holds for both together; the
    # client must not let its own buffers grow, which gRPC would otherwise do.
    world = make_world(agencies=("sfc", "hkma"))
    limits = {"stall_seconds": 2.0, "agency_requests_per_second": 1e6, "agency_request_burst": 10**6}
    limits |= {"agency_streams": 500, "key_streams": 500}
    page, made = [bytes(16 * 1024)] * 4, 0

    async def endless(*_: Any) -> Any:
        nonlocal made
        while True:
            made += 1
            yield page

    async with running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub, hub.as_desk("hkma/intake") as o:
        monkeypatch.setattr("hub.directory.service.DirectoryService.read", endless)
        memory = psutil.Process().memory_info().rss
        key, small = world.desk("sfc/intake").tls_key, [("grpc.http2.bdp_probe", 0)]
        channels = [hub.channel(key, options=small) for _ in range(10)]
        streams = [
            DirectoryServiceStub(channel).ReadEntries(directory_pb2.ReadEntriesRequest())
            for channel in channels
            for _ in range(50)
        ]
        await asyncio.gather(*(stream.read() for stream in streams))
        for _ in range(20):
            await DirectoryServiceStub(o).GetHead(directory_pb2.GetHeadRequest(), timeout=2)
        counters = hub.hub.telemetry.counters
        async with asyncio.timeout(60):
            while counters.value("comity.refusals", reason="STALLED") < 500:  # noqa: ASYNC110 # nothing tells a test
                await asyncio.sleep(0.1)
        held = made
        await asyncio.sleep(0.5)
        grown = psutil.Process().memory_info().rss - memory
        for channel in channels:
            await channel.close()

    assert made == held
    assert grown < 250 << 20


async def test_a_connection_carries_64_calls_at_once_and_the_next_waits(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc",))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, agency_streams=65, key_streams=65) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        read = FeedServiceStub(channel).ReadFeed
        streams = [read(feed_pb2.ReadFeedRequest(follow=True)) for _ in range(64)]
        await asyncio.gather(*(stream.read() for stream in streams))
        assert hub.hub.feed.readers == 64
        late = asyncio.create_task(read(feed_pb2.ReadFeedRequest(follow=True)).read())
        await asyncio.sleep(0.5)
        assert (hub.hub.feed.readers, late.done()) == (64, False)
        streams[0].cancel()
        async with asyncio.timeout(10):
            assert (await late).HasField("head")


async def test_an_upload_that_sends_nothing_is_cut(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc",))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, stall_seconds=0.3) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        call = channel.stream_unary("/comity.v1.BlobService/UploadBlob")()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert reason_of(caught.value) is Reason.STALLED
