"""An agency that floods at ten times its quota: it is told so, the others' urgent mail goes on, and so does its own."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any

import grpc
from comity.errors import Reason
from comity.v1 import directory_pb2, exchange_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.workflow.terms import Precedence

from tests.support.hub import RunningHub, info_of, reason_of, running_hub
from tests.support.world import make_world

RATE, BURST, TIMES, AT_ONCE, MESSAGES = 20, 100, 10, 10, 16


class Flood:
    """Calls that come at ten times the quota, whatever is answered."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.served = 0
        self.refused: list[grpc.aio.AioRpcError] = []
        self.ending = False
        self._head = DirectoryServiceStub(channel).GetHead

    async def call(self) -> None:
        """One of them."""
        try:
            await self._head(directory_pb2.GetHeadRequest())
            self.served += 1
        except grpc.aio.AioRpcError as error:
            self.refused.append(error)

    async def run(self) -> None:
        """All of them, until it is told to end."""
        async with asyncio.TaskGroup() as calls:
            while not self.ending:
                for _ in range(AT_ONCE):
                    calls.create_task(self.call())
                await asyncio.sleep(AT_ONCE / (RATE * TIMES))


async def urgent(hub: RunningHub, channel: grpc.aio.Channel, sender: str, to: str) -> list[float]:
    """Sends urgent messages in a second or so, all of which must be taken; returns how many seconds each took."""
    took = []
    for _ in range(MESSAGES):
        envelope = hub.world.envelope(hub.view(), sender, [to], precedence=Precedence.URGENT)
        begun = time.perf_counter()
        answer = await ExchangeServiceStub(channel).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        took.append(time.perf_counter() - begun)
        assert answer.HasField("receipt")
        await asyncio.sleep(1 / MESSAGES)
    return took


async def test_R_07_a_flood_at_ten_times_the_quota_is_refused_and_urgent_mail_goes_on(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma", "hkpf"))
    limits: dict[str, Any] = {"agency_requests_per_second": float(RATE), "agency_request_burst": BURST}
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.as_desk("sfc/intake") as attacker,
        hub.as_desk("hkma/intake") as before,
        hub.as_desk("hkpf/cctb") as meanwhile,
    ):
        flood = Flood(attacker)
        alone = await urgent(hub, before, "hkma/intake", "hkpf/cctb")
        for _ in range(BURST // AT_ONCE):
            await asyncio.gather(*(flood.call() for _ in range(AT_ONCE)))
        flood.served = 0
        running = asyncio.create_task(flood.run())
        flooded = await urgent(hub, meanwhile, "hkpf/cctb", "hkma/intake")
        flood.ending = True
        await running

        # The others are served as before, but for what the refusals themselves cost this one process of both sides.
        assert median(flooded) < 3 * median(alone)
        # Of the flood its share is served, and no more; the rest is told why, and when to come again.
        assert {(error.code(), reason_of(error)) for error in flood.refused} == {
            (grpc.StatusCode.RESOURCE_EXHAUSTED, Reason.QUOTA)
        }
        assert 0 < flood.served < len(flood.refused)
        assert flood.served + len(flood.refused) > 3 * BURST / 2
        # When it comes again then, its own urgent mail is taken.
        await asyncio.sleep(max(int(info_of(error).metadata["retry_after_seconds"]) for error in flood.refused))
        envelope = world.envelope(hub.view(), precedence=Precedence.URGENT)
        answer = await ExchangeServiceStub(attacker).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        assert answer.HasField("receipt")
