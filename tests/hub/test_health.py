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


async def watch_to_the_end(stub: HealthStub) -> tuple[int, Reason]:
    """Watches until it is ended; returns how many answers came, and why it ended."""
    stream, told = stub.Watch(pb.HealthCheckRequest()), 0
    try:
        async with asyncio.timeout(10):
            while await stream.read() is not grpc.aio.EOF:
                told += 1
    except grpc.aio.AioRpcError as error:
        return told, reason_of(error)
    raise AssertionError("the watch was not refused")


async def test_a_revoked_keys_watch_ends_whenever_it_began(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world, early, late = make_world(agencies=("sfc",)), TlsKey.generate(), TlsKey.generate()
    for key in (early, late):
        world.register_tls("sfc/intake", key)
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, recheck_seconds=0.5) as hub,
        hub.channel(early) as before,
        hub.channel(late) as after,
        hub.as_desk("sfc/intake") as member,
        hub.as_operator() as operator,
    ):
        lasting = [HealthStub(channel).Watch(pb.HealthCheckRequest()) for channel in (member, operator)]
        for stream in lasting:
            assert (await stream.read()).status == SERVING
        watching = asyncio.create_task(watch_to_the_end(HealthStub(before)))
        await asyncio.sleep(0.2)
        assert not watching.done()
        await hub.append(world.revoke_tls("sfc/intake", early), world.revoke_tls("sfc/intake", late))
        assert await watching == (1, Reason.UNKNOWN_TLS_KEY)
        assert await watch_to_the_end(HealthStub(after)) == (1, Reason.UNKNOWN_TLS_KEY)
        await asyncio.sleep(1.2)
        assert not any(stream.done() for stream in lasting), "who is known watches on"
        assert (await HealthStub(after).Check(pb.HealthCheckRequest())).status == SERVING


async def test_watches_are_few_for_each_key_and_for_all_together(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    limits = {"key_health_watches": 2, "health_watches": 3}
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.channel(TlsKey.generate()) as unknown,
        hub.as_desk("hkma/intake") as member,
    ):

        async def watch(channel: grpc.aio.Channel) -> Reason | None:
            stream = HealthStub(channel).Watch(pb.HealthCheckRequest())
            held.append(stream)
            try:
                await stream.read()
            except grpc.aio.AioRpcError as error:
                return reason_of(error)
            return None

        held: list[object] = []
        assert [await watch(unknown) for _ in range(3)] == [None, None, Reason.QUOTA]
        assert [await watch(member) for _ in range(2)] == [None, Reason.QUOTA]


async def test_a_key_that_nobody_knows_has_a_few_calls_of_its_own(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc",))
    limits = {"anonymous_requests_per_second": 1e-3, "anonymous_request_burst": 3}
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.channel(TlsKey.generate()) as flood,
        hub.channel(TlsKey.generate()) as balancer,
        hub.as_desk("sfc/intake") as member,
    ):
        stub = HealthStub(flood)
        await stub.Check(pb.HealthCheckRequest())
        await stub.List(pb.HealthListRequest())
        assert (await stub.Watch(pb.HealthCheckRequest()).read()).status == SERVING
        for _ in range(2):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.Check(pb.HealthCheckRequest())
        assert reason_of(caught.value) is Reason.QUOTA
        for channel in (balancer, member):
            assert (await HealthStub(channel).Check(pb.HealthCheckRequest())).status == SERVING
