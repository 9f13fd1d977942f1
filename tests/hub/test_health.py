"""Health: a real look at the database and the sequencer, at most a second old."""

from __future__ import annotations

import asyncio
from io import StringIO
from pathlib import Path

import grpc
import pytest
from comity.errors import Reason, RefusedError
from comity.tls import TlsKey
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1.health_pb2_grpc import HealthStub

from hub.health import service
from hub.health.service import HealthService
from hub.telemetry import Telemetry, make_log
from tests.support.hub import reason_of, running_hub
from tests.support.world import make_world

SERVING, NOT_SERVING = pb.HealthCheckResponse.SERVING, pb.HealthCheckResponse.NOT_SERVING


class Part:
    """A part of the hub that works until it is told otherwise."""

    def __init__(self) -> None:
        self.looks = 0
        self.error: Exception | None = None

    async def probe(self) -> None:
        self.looks += 1
        if self.error is not None:
            raise self.error


class Monotonic:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_an_answer_is_remembered_for_a_second() -> None:
    part, clock = Part(), Monotonic()
    health = HealthService({"part": part.probe}, Telemetry(make_log("error", StringIO())), clock)

    assert [await health.is_serving() for _ in range(10)] == [True] * 10
    assert part.looks == 1
    part.error = RefusedError(Reason.UNAVAILABLE, "gone")
    assert await health.is_serving()
    clock.now += 1
    assert not await health.is_serving()
    part.error = None
    clock.now += 1
    assert await health.is_serving()
    assert await asyncio.gather(*(health.is_serving() for _ in range(5))) == [True] * 5
    assert part.looks == 3
    health.stop()
    assert not await health.is_serving()


async def test_a_part_that_does_not_answer_in_time_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PROBE_SECONDS", 0.05)
    lines = StringIO()

    async def stuck() -> None:
        await asyncio.sleep(60)

    health = HealthService({"stuck": stuck}, Telemetry(make_log("info", lines)))
    assert not await health.is_serving()
    assert '"name": "stuck"' in lines.getvalue()


async def test_anybody_with_a_certificate_may_ask_and_learns_one_word(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(agencies=("sfc",))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.channel(TlsKey.generate()) as channel,
    ):
        stub = HealthStub(channel)
        assert (await stub.Check(pb.HealthCheckRequest())).status == SERVING
        assert (await stub.Check(pb.HealthCheckRequest(service="comity.v1.ExchangeService"))).status == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Check(pb.HealthCheckRequest(service="other"))
        assert reason_of(caught.value) is Reason.NOT_FOUND
        listed = await stub.List(pb.HealthListRequest())
        assert {"", "comity.v1.FeedService"} <= set(listed.statuses)
        unknown = stub.Watch(pb.HealthCheckRequest(service="other"))
        assert (await unknown.read()).status == pb.HealthCheckResponse.SERVICE_UNKNOWN

        watch = stub.Watch(pb.HealthCheckRequest())
        assert (await watch.read()).status == SERVING
        monkeypatch.setattr(type(hub.hub.sequencer), "failed", "broken")
        async with asyncio.timeout(10):
            assert (await watch.read()).status == NOT_SERVING
        assert (await stub.Check(pb.HealthCheckRequest())).status == NOT_SERVING
        watch.cancel()


async def test_S_13_a_database_that_takes_no_more_reads_shows_as_not_serving(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(agencies=("sfc",))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        monkeypatch.setattr("hub.db.MAX_WAITING_READS", 0)
        await asyncio.sleep(1.1)
        assert (await HealthStub(channel).Check(pb.HealthCheckRequest())).status == NOT_SERVING
        monkeypatch.setattr("hub.db.MAX_WAITING_READS", 512)
        await asyncio.sleep(1.1)
        assert (await HealthStub(channel).Check(pb.HealthCheckRequest())).status == SERVING
