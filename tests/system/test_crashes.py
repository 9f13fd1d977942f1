"""A real hub process that dies, or is asked to stop, and what its clients find afterwards."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import grpc
from comity.envelope import message_hash
from comity.receipts import receipt_from_wire, verify_receipt
from comity.v1 import envelope_pb2, exchange_pb2, feed_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub

from tests.support.world import make_world
from tests.system.processes import HubProcess, hub_home, twin, until

TWO = ("sfc", "hkma")
GONE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


async def feed_of(hub: HubProcess, desk: str) -> list[feed_pb2.FeedItem]:
    """Returns a desk's present feed."""
    async with hub.as_desk(desk) as channel:
        stream = FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest())
        return [answer.item async for answer in stream if answer.HasField("item")]


def log_size(hub: HubProcess) -> int:
    """Returns how many leaves the exchange log has."""
    ((size,),) = hub.rows("SELECT size FROM log_heads WHERE log = 2")
    return int(size)


async def test_S_01_S_02_a_hub_killed_before_and_after_commit_takes_the_envelope_once(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world) as hub:
        # A start says so in the log, by a batch of its own; the second batch is the envelope's.
        await hub.start(FAULT="submit.before_commit:kill@2")
        envelope = world.envelope(hub.view())
        # One call of the client's lives through all three processes: the same bytes, tried again.
        sending = asyncio.create_task(hub.session("sfc/intake", patience=120).submit(envelope))
        assert await hub.ended() == -signal.SIGKILL
        before = log_size(hub)
        assert hub.rows("SELECT idx FROM envelopes") == []

        await hub.start(FAULT="submit.after_commit:kill@2")
        assert await hub.ended() == -signal.SIGKILL
        assert not sending.done()
        started, index = before, before + 1
        assert hub.rows("SELECT idx FROM envelopes") == [(index,)]
        assert log_size(hub) == started + 2

        await hub.start()
        receipt = await sending
        again = await hub.session("sfc/intake").submit(envelope)
        assert again == receipt
        assert verify_receipt(receipt, world.exchange_origin, [world.log_key.public]).receipt.index == index
        for desk in ("hkma/intake", "sfc/intake"):
            (item,) = await feed_of(hub, desk)
            assert item.number == 1
            assert receipt_from_wire(item.receipt) == receipt
        assert await hub.stop() == 0
        assert hub.rows("SELECT idx FROM envelopes") == [(index,)]
        assert hub.rows("SELECT count(*) FROM deliveries") == [(2,)]
        assert log_size(hub) == index + 2
        assert hub.fsck() == []


async def test_S_08_R_12_a_hundred_parallel_duplicates_are_one_and_a_stop_under_load_loses_nothing(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world) as hub:
        await hub.start()
        first = log_size(hub)
        envelopes = [world.envelope(hub.view()) for _ in range(200)]
        channels = [hub.as_desk("sfc/intake") for _ in range(4)]
        stubs = [ExchangeServiceStub(channel) for channel in channels]
        same = exchange_pb2.SubmitRequest(envelope=envelopes[0])
        answers = await asyncio.gather(*(stubs[n % 4].Submit(same, timeout=30) for n in range(100)))
        assert len({answer.receipt.SerializeToString() for answer in answers}) == 1

        answered: dict[bytes, exchange_pb2.SubmitResponse] = {}
        refused: list[grpc.StatusCode] = []

        async def submit(number: int, envelope: envelope_pb2.Envelope) -> None:
            await asyncio.sleep(number * 0.002)
            try:
                answer = await stubs[number % 4].Submit(exchange_pb2.SubmitRequest(envelope=envelope), timeout=30)
            except grpc.aio.AioRpcError as error:
                refused.append(error.code())
            else:
                answered[message_hash(envelope.header, envelope.seal)] = answer

        load = [asyncio.create_task(submit(n, envelope)) for n, envelope in enumerate(envelopes)]
        await until(lambda: len(answered) >= 20)
        assert await hub.stop(signal.SIGTERM) == 0
        await asyncio.gather(*load)
        for channel in channels:
            await channel.close()
        assert len(answered) + len(refused) == 200
        assert set(refused) <= GONE

        stored = {bytes(row[0]): row[1] for row in hub.rows("SELECT message_hash, idx FROM envelopes")}
        for hashed, answer in answered.items():
            receipt = verify_receipt(
                receipt_from_wire(answer.receipt), world.exchange_origin, [world.log_key.public]
            ).receipt
            assert stored[hashed] == receipt.index
        # The duplicates made one leaf: every leaf is one envelope, and no envelope has two.
        assert sorted(stored.values()) == list(range(first, first + len(stored)))
        assert log_size(hub) == first + len(stored)
        assert hub.fsck() == []


async def test_two_processes_serve_one_postgres_and_a_client_carries_on_when_one_is_killed(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_postgres_url, tmp_path, world) as first:
        second = twin(first, "second")
        try:
            await asyncio.gather(first.start(), second.start())
            size, both = log_size(first), [first.address, second.address]
            sender = first.session("sfc/intake", endpoints=both)
            reader = second.session("hkma/intake", endpoints=[second.address])
            seen: list[feed_pb2.FeedItem] = []

            async def follow() -> None:
                async for answer in reader.read_feed(0, follow=True):
                    if answer.HasField("item"):
                        seen.append(answer.item)

            following = asyncio.create_task(follow())
            envelopes = [world.envelope(first.view()) for _ in range(40)]
            # The same envelope to both at once is one message still.
            elsewhere = second.session("sfc/intake", endpoints=[second.address])
            one, other = await asyncio.gather(sender.submit(envelopes[0]), elsewhere.submit(envelopes[0]))
            assert one == other
            receipts = [one, *await asyncio.gather(*(sender.submit(e) for e in envelopes[1:20]))]
            await until(lambda: len(seen) == 20)

            sending = [asyncio.create_task(sender.submit(e)) for e in envelopes[20:]]
            assert await first.stop(signal.SIGKILL) == -signal.SIGKILL
            receipts += await asyncio.gather(*sending)
            await until(lambda: len(seen) == 40)
            following.cancel()

            for receipt in receipts:
                verify_receipt(receipt, world.exchange_origin, [world.log_key.public])
            assert sorted(receipt.index for receipt in receipts) == list(range(size, size + 40))
            assert [item.number for item in seen] == list(range(1, 41))
            assert {receipt_from_wire(item.receipt).leaf for item in seen} == {receipt.leaf for receipt in receipts}
            assert await second.stop() == 0
            assert first.fsck() == []
        finally:
            await second.close()
