"""The load: one process that keeps a number of calls in flight, the same way whatever it calls.

Requests are read serialised from a file, so that the client's part costs the same for the echo and for the hub;
every answer is parsed and looked at. Orders come as one JSON object a line on standard input, results go back
the same way.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import grpc
from comity.v1 import exchange_pb2

from tests.bench.wire import BATCH_METHOD, CHANNEL_OPTIONS, read_calls

SERVER_NAME = "localhost"
CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Order:
    """What to do."""

    address: str
    method: str
    calls: str
    """File of serialised requests."""
    in_flight: int
    client: str
    """Name of the client's `.key` and `.pem` in the folder."""
    messages: int
    """How many messages to send; a file with fewer is sent again: the echo takes the same bytes twice."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    calls: int
    seconds: float
    p50_ms: float
    p99_ms: float
    client_cpu: float
    """Share of one core that this process used."""
    good: int
    """Receipts that were given."""
    failure: str
    """The first failure, or nothing."""


def receipts_in_one(answer: bytes) -> int:
    """Returns the number of receipts in a `SubmitResponse`."""
    return int(exchange_pb2.SubmitResponse.FromString(answer).HasField("receipt"))


def receipts_in_batch(answer: bytes) -> int:
    """Returns the number of receipts in a `SubmitBatchResponse`."""
    results = exchange_pb2.SubmitBatchResponse.FromString(answer).results
    return sum(result.HasField("receipt") for result in results)


def channel_to(address: str, folder: Path, client: str) -> grpc.aio.Channel:
    """Returns a channel over mutual TLS, with a connection of its own."""
    credentials = grpc.ssl_channel_credentials(
        (folder / "ca.pem").read_bytes(),
        (folder / f"{client}.key").read_bytes(),
        (folder / f"{client}.pem").read_bytes(),
    )
    options = (*CHANNEL_OPTIONS, ("grpc.ssl_target_name_override", SERVER_NAME))
    return grpc.aio.secure_channel(address, credentials, options=options)


def channels_to(address: str, folder: Path, client: str) -> list[grpc.aio.Channel]:
    """Returns channels with a connection each: the hub takes few calls at once on one."""
    return [channel_to(address, folder, client) for _ in range(CONNECTIONS)]


def cpu_seconds() -> float:
    """Returns the processor time this process has used so far, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def drive(
    channels: Sequence[grpc.aio.Channel], method: str, calls: Iterable[bytes], in_flight: int, messages: int
) -> Outcome:
    """Sends every call once with a constant number in flight.

    Args:
        channels: connections to share the calls among.
        method: full name.
        calls: serialised requests.
        in_flight: calls at once.
        messages: how many receipts are expected.
    """
    stubs: list[Any] = [channel.unary_unary(method) for channel in channels]
    read: Callable[[bytes], int] = receipts_in_batch if method == BATCH_METHOD else receipts_in_one
    waiting = iter(calls)
    latencies: list[float] = []
    good, failure, now = 0, "", time.perf_counter

    async def worker(number: int) -> None:
        nonlocal good, failure
        call = stubs[number % len(stubs)]
        for request in waiting:
            began = now()
            try:
                answer = await call(request)
                good += read(answer)
            except grpc.aio.AioRpcError as error:
                failure = failure or f"{error.code().name}: {error.details()}"
            latencies.append(now() - began)

    cpu, began = cpu_seconds(), now()
    await asyncio.gather(*(worker(number) for number in range(in_flight)))
    seconds = now() - began
    latencies.sort()
    return Outcome(
        calls=len(latencies),
        seconds=seconds,
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        client_cpu=(cpu_seconds() - cpu) / seconds,
        good=good,
        failure=failure or ("" if good == messages else "an answer without a receipt"),
    )


async def obey(folder: Path) -> None:
    """Carries out orders until standard input ends; channels stay open between them."""
    channels: dict[tuple[str, str], list[grpc.aio.Channel]] = {}
    files: dict[str, Sequence[bytes]] = {}
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = Order(**json.loads(line))
        if order.calls not in files:
            files = {order.calls: read_calls(Path(order.calls))}
        at = (order.address, order.client)
        if at not in channels:
            channels[at] = channels_to(order.address, folder, order.client)
            await asyncio.wait_for(asyncio.gather(*(channel.channel_ready() for channel in channels[at])), 30)
        calls: Iterable[bytes] = files[order.calls]
        if order.method != BATCH_METHOD:
            calls = islice(cycle(calls), order.messages)
        outcome = await drive(channels[at], order.method, calls, order.in_flight, order.messages)
        print(json.dumps(asdict(outcome)), flush=True)
    for channel in (channel for some in channels.values() for channel in some):
        await channel.close()


if __name__ == "__main__":
    asyncio.run(obey(Path(sys.argv[1])))
