"""The readers: one process that follows feeds on connections of their own, parses every item and verifies nothing.

What verifying costs a reader is measured apart (part `handling`). Orders come as one JSON object a line on standard
input, results go back the same way.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import grpc
from comity.v1 import exchange_pb2, feed_pb2

from tests.bench.figures import percentile
from tests.bench.load import channel_to, channels_to, cpu_seconds
from tests.bench.wire import FEED_METHOD, SUBMIT_METHOD, read_calls

PATIENCE_SECONDS = 60.0


class Readers:
    """Streams of some desks' feeds."""

    def __init__(self, folder: Path, address: str, clients: Sequence[str]) -> None:
        """Takes the run's folder, the hub, and names of the clients that the readers take turns to be."""
        self._folder, self._address, self._clients = folder, address, clients
        self._channels: list[grpc.aio.Channel] = []
        self._held: list[Any] = []

    async def _streams(self, readers: int) -> list[Any]:
        missing = readers - len(self._channels)
        new = [channel_to(self._address, self._folder, name) for name in islice(cycle(self._clients), max(0, missing))]
        self._channels += new
        await asyncio.wait_for(asyncio.gather(*(channel.channel_ready() for channel in new)), PATIENCE_SECONDS)
        return [
            channel.unary_stream(FEED_METHOD, response_deserializer=feed_pb2.ReadFeedResponse.FromString)
            for channel in self._channels[:readers]
        ]

    async def drain(self, readers: int, start: int, times: int) -> dict[str, float]:
        """Has each of some readers read from an index to the end, again and again.

        Returns:
            items: that all got together; seconds; client_cpu: share of one core that this process used.
        """
        streams = await self._streams(readers)
        request = feed_pb2.ReadFeedRequest(from_index=start).SerializeToString()

        async def read(stream: Any) -> int:
            items = 0
            for _ in range(times):
                async for answer in stream(request):
                    items += len(answer.item.receipt.event) > 0
            return items

        cpu, began = cpu_seconds(), time.perf_counter()
        counts = await asyncio.gather(*map(read, streams))
        seconds = time.perf_counter() - began
        return {"items": sum(counts), "seconds": seconds, "client_cpu": (cpu_seconds() - cpu) / seconds}

    async def hold(self, readers: int, start: int) -> dict[str, float]:
        """Opens streams that follow from an index on, and returns once each has told its head."""
        request = feed_pb2.ReadFeedRequest(from_index=start, follow=True).SerializeToString()
        self._held = [stream(request) for stream in await self._streams(readers)]
        await asyncio.wait_for(asyncio.gather(*map(_to_head, self._held)), PATIENCE_SECONDS)
        return {"open": len(self._held)}

    def held(self) -> list[Any]:
        """Returns the streams that `hold` opened."""
        return self._held

    async def release(self) -> None:
        """Ends every stream and closes every connection."""
        for stream in self._held:
            stream.cancel()
        for channel in self._channels:
            await channel.close()
        self._held, self._channels = [], []


async def _to_head(stream: Any) -> None:
    while not (await stream.read()).HasField("head"):
        pass


class Race:
    """Envelopes sent at fixed moments, whether the hub keeps up or not, and when they are in readers' hands.

    A delay counts from the moment at which an envelope was meant to be sent: an envelope that waits behind another
    waited all the same.
    """

    def __init__(self, folder: Path, address: str, clients: Sequence[str]) -> None:
        """Takes the run's folder, the hub, and the clients that read."""
        self._folder, self._address = folder, address
        self._readers = Readers(folder, address, clients)
        self._clients = len(clients)
        self._due: dict[bytes, float] = {}
        self._delays: list[float] = []
        self._receipts: list[float] = []

    async def run(self, file: Path, rate: float, count: int) -> dict[str, float]:
        """Sends some envelopes of a file at a rate and returns percentiles of the delays, milliseconds."""
        calls = list(islice(read_calls(file), count))
        headers = [exchange_pb2.SubmitRequest.FromString(call).envelope.header for call in calls]
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._readers.release)
            channels = channels_to(self._address, self._folder, "client")
            for channel in channels:
                stack.push_async_callback(channel.close)
            await asyncio.wait_for(asyncio.gather(*(c.channel_ready() for c in channels)), PATIENCE_SECONDS)
            stubs: list[Any] = [channel.unary_unary(SUBMIT_METHOD) for channel in channels]
            await self._readers.hold(self._clients, 0)
            first = time.perf_counter() + 0.5
            self._due = {header: first + number / rate for number, header in enumerate(headers)}
            sending = [
                self._send(stub, call, self._due[header])
                for stub, call, header in zip(cycle(stubs), calls, headers, strict=False)
            ]
            reading = [self._read(stream, count) for stream in self._readers.held()]
            await asyncio.wait_for(asyncio.gather(*reading, *sending), PATIENCE_SECONDS + count / rate)
        delays, receipts = sorted(self._delays), sorted(self._receipts)
        return {
            "read_p50_ms": 1000 * percentile(delays, 50),
            "read_p99_ms": 1000 * percentile(delays, 99),
            "receipt_p50_ms": 1000 * percentile(receipts, 50),
            "receipt_p99_ms": 1000 * percentile(receipts, 99),
        }

    async def _send(self, stub: Any, call: bytes, due: float) -> None:
        await asyncio.sleep(due - time.perf_counter())
        await stub(call)
        self._receipts.append(time.perf_counter() - due)

    async def _read(self, stream: Any, count: int) -> None:
        seen = 0
        while seen < count:
            answer = await stream.read()
            due = self._due.get(answer.item.envelope.header)
            if due is not None:
                self._delays.append(time.perf_counter() - due)
                seen += 1


async def obey(folder: Path) -> None:
    """Carries out orders until standard input ends. Each but `release` says which hub, and who reads in turns."""
    readers: Readers | None = None
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        do = order.pop("do")
        if do == "race":
            race = Race(folder, order["address"], order["clients"])
            answer = await race.run(Path(order["file"]), order["rate"], order["count"])
        elif do == "release":
            answer = {"open": 0}
            if readers is not None:
                await readers.release()
                readers = None
        else:
            address, clients = order.pop("address"), order.pop("clients")
            readers = readers or Readers(folder, address, clients)
            answer = await (readers.drain if do == "drain" else readers.hold)(**order)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(obey(Path(sys.argv[1])))
