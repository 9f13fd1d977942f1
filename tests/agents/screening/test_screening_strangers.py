"""Whoever shares the machine: callers without the token take nobody's turn, idle connections nobody's descriptors."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import grpc
from comity.v1 import screening_pb2 as pb
from comity.v1 import screening_pb2_grpc

from agents.sync import health
from agents.sync.condition import Condition
from agents.sync.health import Health
from agents.sync.screening.api import serve_screening
from tests.agents.screening.holding import ETH, NOW, opened, record

TOKEN = "a token of some length"
REQUEST = pb.ScreenRequest(queries=[pb.ScreenQuery(address=ETH)])


async def test_calls_without_the_token_are_refused_before_their_message_and_fill_nothing(tmp_path: Path) -> None:
    server = await serve_screening(opened(tmp_path, [record(ETH)]).path, "127.0.0.1:0", token=TOKEN, clock=lambda: NOW)
    alone = [("grpc.use_local_subchannel_pool", 1)]
    async with (
        grpc.aio.insecure_channel(server.address) as own,
        grpc.aio.insecure_channel(server.address, options=alone) as strange,
    ):
        method = strange.stream_unary("/comity.v1.ScreeningService/Screen")
        calls = [method() for _ in range(200)]  # none of them ever sends a message
        codes = {await asyncio.wait_for(call.code(), 10) for call in calls}
        assert codes == {grpc.StatusCode.PERMISSION_DENIED}
        stub = screening_pb2_grpc.ScreeningServiceStub(own)  # type: ignore[no-untyped-call]
        shown = (("authorization", f"Bearer {TOKEN}"),)
        half_open = [own.stream_unary("/comity.v1.ScreeningService/Screen")(metadata=shown) for _ in range(60)]
        answer = await stub.Screen(REQUEST, metadata=shown, timeout=10)
        assert answer.results[0].verdict == pb.SCREEN_VERDICT_HIT
        for call in half_open:
            call.cancel()
    await server.stop()


async def test_health_holds_only_so_many_connections_and_closes_the_rest_at_once() -> None:
    served = Health(Condition(started=0), lambda: 0)
    await served.start("127.0.0.1:0")
    held = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(health.MOST)]
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        ended = await asyncio.wait_for(reader.read(), 3) == b""
    except ConnectionResetError:
        ended = True
    assert ended
    held.append((reader, writer))

    asking, question = held[0]
    question.write(b"GET /live HTTP/1.1\r\n\r\n")
    assert (await asyncio.wait_for(asking.read(), 3)).startswith(b"HTTP/1.1 200")
    for _, one in held:
        one.close()
        with contextlib.suppress(OSError):
            await one.wait_closed()
    await served.stop()
