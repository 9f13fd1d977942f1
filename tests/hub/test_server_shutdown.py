"""Stopping: what is in flight is answered, what was answered is durable, the next start goes on."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import grpc
from comity.envelope import message_hash
from comity.receipts import receipt_from_wire, verify_receipt
from comity.v1 import envelope_pb2, exchange_pb2, feed_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub

from tests.support.hub import running_hub
from tests.support.world import make_world

TAKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


async def test_R_12_a_stop_under_load_answers_or_refuses_and_loses_nothing(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    taken: dict[bytes, exchange_pb2.SubmitResponse] = {}
    errors: list[grpc.StatusCode] = []
    async with running_hub(migrated_database_url, world, home=tmp_path) as hub:
        envelopes = [world.envelope(hub.view()) for _ in range(120)]
        channels = [hub.as_desk("sfc/intake") for _ in range(4)]

        async def submit(number: int, envelope: envelope_pb2.Envelope) -> None:
            await asyncio.sleep(number * 0.002)
            stub = ExchangeServiceStub(channels[number % 4])
            try:
                taken[message_hash(envelope.header, envelope.seal)] = await stub.Submit(
                    exchange_pb2.SubmitRequest(envelope=envelope), timeout=20
                )
            except grpc.aio.AioRpcError as error:
                errors.append(error.code())

        follow = FeedServiceStub(hub.as_desk("hkma/intake")).ReadFeed(feed_pb2.ReadFeedRequest(follow=True))
        await follow.read()
        load = [asyncio.create_task(submit(n, e)) for n, e in enumerate(envelopes)]
        while len(taken) < 20:  # noqa: ASYNC110 # nothing tells a test of it
            await asyncio.sleep(0.005)
        begun = time.monotonic()
        await hub.hub.stop(5)
        assert time.monotonic() - begun < 30
        await asyncio.gather(*load)
        for channel in channels:
            await channel.close()

    assert len(taken) + len(errors) == 120
    assert len(taken) >= 20
    assert set(errors) <= set(TAKEN)

    async with running_hub(migrated_database_url, world, home=tmp_path) as hub, hub.as_desk("hkma/intake") as channel:
        stored: dict[bytes, bytes] = {}
        async for answer in FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest()):
            if answer.HasField("item"):
                envelope = answer.item.envelope
                stored[message_hash(envelope.header, envelope.seal)] = answer.item.receipt.SerializeToString()
        for hashed, answer in taken.items():
            assert stored[hashed] == answer.receipt.SerializeToString()
            verify_receipt(receipt_from_wire(answer.receipt), world.exchange_origin, [world.log_key.public])
        # Every one that got no answer can be sent again: taken once, whatever had become of it.
        async with hub.as_desk("sfc/intake") as sender:
            for envelope in envelopes:
                again = await ExchangeServiceStub(sender).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
                hashed = message_hash(envelope.header, envelope.seal)
                if hashed in stored:
                    assert again.receipt.SerializeToString() == stored[hashed]


async def test_a_second_stop_does_nothing(migrated_sqlite_url: str, tmp_path: Path) -> None:
    async with running_hub(migrated_sqlite_url, make_world(agencies=()), home=tmp_path) as hub:
        await hub.hub.stop(0)
        await hub.hub.stop(0)
        assert not hub.hub._failure


async def test_a_request_to_stop_is_answered_with_no_reason(migrated_sqlite_url: str, tmp_path: Path) -> None:
    async with running_hub(migrated_sqlite_url, make_world(agencies=()), home=tmp_path) as hub:
        hub.hub.request_stop()
        assert await hub.hub.stopped() == ""
