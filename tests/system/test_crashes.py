"""A real hub process that dies, or is asked to stop, and what its clients find afterwards."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import grpc
import pytest
from comity.envelope import message_hash, parse_envelope
from comity.errors import Reason, RefusedError
from comity.receipts import EventKind, receipt_from_wire, verify_receipt
from comity.v1 import envelope_pb2, exchange_pb2, feed_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub
from psycopg import sql
from sqlalchemy.engine import make_url

from hub.cli.failures import EXIT_CONFIG
from hub.cli.store import migrate
from tests.chaos.database import crash
from tests.support.postgres import postgres_server
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
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
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


async def test_S_09_another_content_under_the_id_of_one_that_was_committed_and_never_answered_is_an_equivocation(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await hub.start(FAULT="submit.after_commit:kill@2")
        first = world.envelope(hub.view())
        envelope_id = parse_envelope(first).header.envelope_id
        other = world.envelope(hub.view(), envelope_id=envelope_id, payload=b"other")
        sending = asyncio.create_task(hub.session("sfc/intake", patience=120).submit(first))
        assert await hub.ended() == -signal.SIGKILL
        sending.cancel()

        await hub.start()
        sender = hub.session("sfc/intake")
        for _ in range(2):
            with pytest.raises(RefusedError) as refused:
                await sender.submit(other)
            assert refused.value.reason is Reason.ALREADY_EXISTS
        receipt = verify_receipt(await sender.submit(first), world.exchange_origin, [world.log_key.public])
        mail, found = await feed_of(hub, "sfc/intake")
        assert receipt_from_wire(mail.receipt) == receipt.receipt
        event = verify_receipt(receipt_from_wire(found.receipt), world.exchange_origin, [world.log_key.public]).event
        assert event.kind is EventKind.EQUIVOCATION
        assert (event.message_hash, event.other_hash) == (
            message_hash(first.header, first.seal),
            message_hash(other.header, other.seal),
        )
        assert len(await feed_of(hub, "hkma/intake")) == 1
        assert hub.fsck() == []


async def test_S_08_R_12_a_hundred_parallel_duplicates_are_one_and_a_stop_under_load_loses_nothing(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
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
    async with hub_home(migrated_postgres_url, tmp_path, world, copied=True) as first:
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


@pytest.mark.parametrize("point", ["submit.after_queue", "submit.after_commit"])
async def test_S_14_a_deadline_that_passes_at_the_client_while_the_hub_succeeds_ends_in_one_receipt(
    migrated_database_url: str, tmp_path: Path, point: str
) -> None:
    world = make_world(agencies=TWO)
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await hub.start(FAULT=f"{point}:pause@2")  # the first batch is the start's
        envelope = world.envelope(hub.view())
        request = exchange_pb2.SubmitRequest(envelope=envelope)
        async with hub.as_desk("sfc/intake") as channel:
            with pytest.raises(grpc.aio.AioRpcError) as gone:
                await ExchangeServiceStub(channel).Submit(request, timeout=1)
        assert gone.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        # The hub stands still, before its transaction or behind it; nobody waits for it any more, and it succeeds.
        assert hub.process is not None
        assert len(hub.rows("SELECT idx FROM envelopes")) == (1 if point == "submit.after_commit" else 0)
        hub.process.send_signal(signal.SIGCONT)
        await until(lambda: len(hub.rows("SELECT idx FROM envelopes")) == 1)
        ((index,),) = hub.rows("SELECT idx FROM envelopes")

        retry = asyncio.create_task(hub.session("sfc/intake").submit(envelope))
        while not retry.done():  # it is paused at every batch from now on
            hub.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.05)
        receipt = verify_receipt(await retry, world.exchange_origin, [world.log_key.public])
        assert receipt.event.message_hash == message_hash(envelope.header, envelope.seal)
        assert receipt.receipt.index == index
        assert hub.rows("SELECT desk, number FROM deliveries ORDER BY desk") == [("hkma/intake", 1), ("sfc/intake", 1)]
        assert hub.fsck() == []


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_S_11_a_hub_does_not_start_on_a_database_that_may_lose_what_it_committed_and_names_the_setting(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    url = request.getfixturevalue(f"migrated_{engine}_url")
    async with hub_home(url, tmp_path, make_world(agencies=TWO), copied=True) as hub:
        if engine == "sqlite":
            hub.url, setting = f"{url}?synchronous=NORMAL", "synchronous"
        else:
            setting = "synchronous_commit"
            statement = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off")
            with request.getfixturevalue("shared_postgres").connect() as connection:
                connection.execute(statement.format(sql.Identifier(str(make_url(url).database))))
        hub.process = hub._run("serve", "--listen", "127.0.0.1:0", more={})
        assert await hub.ended() == EXIT_CONFIG
        said = hub.log.read_text(encoding="utf-8")
        assert f"unsafe database setting: {setting}" in said
        assert "Traceback" not in said


async def test_S_05_postgresql_that_crashes_under_200_messages_a_second_is_unavailable_for_a_moment_and_loses_nothing(
    tmp_path: Path,
) -> None:
    world = make_world(agencies=TWO)
    with postgres_server() as server:
        url = server.create_database()
        await asyncio.to_thread(migrate, url)
        async with hub_home(url, tmp_path, world, copied=True) as hub:
            await hub.start()
            assert hub.process is not None
            served_by = hub.process.pid
            envelopes = [world.envelope(hub.view()) for _ in range(600)]
            channels = [hub.as_desk("sfc/intake") for _ in range(4)]
            stubs = [ExchangeServiceStub(channel) for channel in channels]
            began = time.monotonic()
            answered: dict[int, exchange_pb2.SubmitResponse] = {}
            refused: dict[int, tuple[float, float, grpc.StatusCode]] = {}

            async def submit(number: int) -> None:
                await asyncio.sleep(max(0.0, began + number / 200 - time.monotonic()))
                asked = time.monotonic()
                try:
                    answered[number] = await stubs[number % 4].Submit(
                        exchange_pb2.SubmitRequest(envelope=envelopes[number]), timeout=30
                    )
                except grpc.aio.AioRpcError as error:
                    refused[number] = (asked, time.monotonic(), error.code())

            load = [asyncio.create_task(submit(number)) for number in range(len(envelopes))]
            await until(lambda: len(answered) >= 100)
            await crash(server, "immediate")
            back = time.monotonic()
            await asyncio.gather(*load)
            assert len(answered) + len(refused) == len(envelopes)
            assert {code for _, _, code in refused.values()} == {grpc.StatusCode.UNAVAILABLE}
            assert max(ended - asked for asked, ended, _ in refused.values()) < 10
            assert max(ended for _, ended, _ in refused.values()) < back + 10

            # Nobody starts anything again: the same process goes on, and every retry gets its one receipt.
            session = hub.session("sfc/intake")
            receipts = []
            for at in range(0, len(envelopes), 100):
                receipts += await asyncio.gather(*(session.submit(e) for e in envelopes[at : at + 100]))
            assert hub.process.poll() is None
            assert hub.process.pid == served_by
            assert all(receipts[n] == receipt_from_wire(answer.receipt) for n, answer in answered.items())
            assert len({receipt.index for receipt in receipts}) == len(envelopes)
            feed = await feed_of(hub, "hkma/intake")
            assert [item.number for item in feed] == list(range(1, len(envelopes) + 1))
            assert {item.receipt.index for item in feed} == {receipt.index for receipt in receipts}
            assert hub.fsck() == []
            for channel in channels:
                await channel.close()
