"""No agency shuts the others out: streams, the queue, tokens for what is in a request."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from io import StringIO
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2, feed_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub

from hub.interceptors.pricing import PRICES, STATEMENT_TOKENS
from hub.log.tickets import LEAST_SHARE, MAX_WEIGHT, Admission
from hub.policy import RULES
from hub.quota import OpenStreams, RequestQuota
from hub.telemetry import Telemetry, make_log
from tests.support.hub import info_of, reason_of, running_hub
from tests.support.world import World, make_world

EXCHANGE = "/comity.v1.ExchangeService/"


async def refused(call: Callable[[], Awaitable[Any]]) -> grpc.aio.AioRpcError | None:
    """Returns why a call was refused, or None."""
    try:
        await call()
    except grpc.aio.AioRpcError as error:
        return error
    return None


async def eventually(condition: Callable[[], object]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 # what is waited for tells nobody
            await asyncio.sleep(0.01)


# Streams.


async def test_one_stream_more_than_a_key_or_an_agency_may_have_is_refused_and_a_closed_one_makes_room(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    limits = {"key_streams": 3, "agency_streams": 4}
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.as_desk("sfc/intake") as one,
        hub.as_desk("sfc/intake") as other_connection,
        hub.as_desk("sfc/enforcement") as other_key,
        hub.as_desk("hkma/intake") as other_agency,
    ):

        def follow(channel: grpc.aio.Channel) -> Any:
            return FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest(follow=True))

        streams = [follow(channel) for channel in (one, one, other_connection)]
        await asyncio.gather(*(stream.read() for stream in streams))
        error = await refused(follow(other_connection).read)
        assert error is not None
        assert (error.code(), reason_of(error)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, Reason.QUOTA)
        assert int(info_of(error).metadata["retry_after_seconds"]) == 60
        fourth = follow(other_key)
        await fourth.read()
        assert await refused(follow(other_key).read) is not None, "the agency has four"
        assert await refused(follow(other_agency).read) is None
        assert hub.hub.feed.readers == 4 + 1

        streams[0].cancel()
        await eventually(lambda: hub.hub.feed.readers == 4)
        again = follow(other_key)
        assert (await again.read()).HasField("head")
        assert await refused(follow(one).read) is not None
        for stream in (*streams, fourth, again):
            stream.cancel()


def test_a_stream_that_is_refused_counts_for_nobody() -> None:
    streams = OpenStreams(59.2)
    with streams.one([("agency", 2), ("key 1", 1)]):
        for _ in range(3):
            with pytest.raises(RefusedError) as caught, streams.one([("agency", 2), ("key 1", 1)]):
                pass
            assert caught.value.metadata == {"retry_after_seconds": "60"}
        with streams.one([("agency", 2), ("key 2", 1)]):
            pass
    assert not streams._open


async def test_a_client_that_cancels_is_no_fault_of_the_hub(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world, lines = make_world(agencies=("sfc", "hkma")), StringIO()
    telemetry = Telemetry(make_log("error", lines))
    async with running_hub(migrated_sqlite_url, world, home=tmp_path, telemetry=telemetry) as hub:
        async with hub.as_desk("sfc/intake") as sender:
            for _ in range(6):
                envelope = world.envelope(hub.view(), payload=os.urandom(900_000))
                await ExchangeServiceStub(sender).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        async with hub.as_desk("hkma/intake") as reader:
            for _ in range(5):
                # Twice as many are within a key's limit: those of the last round may not be closed quite yet.
                streams = [FeedServiceStub(reader).ReadFeed(feed_pb2.ReadFeedRequest(follow=True)) for _ in range(7)]
                await eventually(lambda: hub.hub.feed.readers == 7)
                await asyncio.sleep(0.05)
                for stream in streams:
                    stream.cancel()
                await eventually(lambda: hub.hub.feed.readers == 0)
        counters, name = hub.hub.telemetry.counters, "/comity.v1.FeedService/ReadFeed"
        await eventually(lambda: counters.value("comity.calls", method=name, code="CANCELLED") == 35)
        assert counters.value("comity.refusals", reason="INTERNAL") == 0
    assert "internal error" not in lines.getvalue()


# The queue.


async def test_one_agency_fills_its_share_of_the_queue_and_no_more() -> None:
    admission = Admission(4096, 25)
    tickets = [admission.admit(256, 0, "sfc") for _ in range(4)]
    with pytest.raises(RefusedError) as caught:
        admission.admit(1, 0, "sfc")
    assert caught.value.reason is Reason.BUSY
    admission.admit(256, 0, "hkma")
    admission.admit(256, 0)
    admission.settle([(tickets[0], slot, None) for slot in range(256)])
    admission.admit(200, 0, "sfc")
    for ticket in tickets[1:]:
        admission.settle([(ticket, slot, None) for slot in range(256)])
    assert admission.count == 712
    assert admission._held == {"sfc": (200, 0), "hkma": (256, 0)}


async def test_the_share_is_one_of_bytes_too_and_one_call_always_fits() -> None:
    admission = Admission(100, 25)
    heavy = admission.admit(LEAST_SHARE, MAX_WEIGHT // 2, "sfc")
    assert heavy.count == LEAST_SHARE
    small = Admission(4096, 25)
    small.admit(1, MAX_WEIGHT // 4, "sfc")
    with pytest.raises(RefusedError):
        small.admit(1, 1, "sfc")
    assert small.admit(1, 1, "hkma").owner == "hkma"


async def test_an_agency_that_floods_with_worthless_acknowledgements_makes_nobody_else_wait_in_vain(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma", "hkpf"))
    limits = {"agency_requests_per_second": 1e6, "agency_request_burst": 10**6, "queue_size": 512}
    acks = [world.ack(os.urandom(32), "hkpf/cctb")[0] for _ in range(256)]
    flood = exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=bytes(64)) for body in acks])
    told: list[Reason | None] = []
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.as_desk("hkpf/cctb") as attacker,
        hub.as_desk("sfc/intake") as victim,
    ):
        done = False

        async def attack() -> None:
            while not done:
                error = await refused(lambda: ExchangeServiceStub(attacker).Acknowledge(flood))
                told.append(None if error is None else reason_of(error))

        tasks = [asyncio.create_task(attack()) for _ in range(24)]
        await eventually(lambda: len(told) > 24)
        for _ in range(20):
            envelope = world.envelope(hub.view())
            answer = await ExchangeServiceStub(victim).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
            assert answer.HasField("receipt")
        done = True
        await asyncio.gather(*tasks)

    assert set(told) == {None, Reason.BUSY}


# Tokens.


def test_what_is_in_a_request_costs_tokens() -> None:
    def envelope(wraps: int) -> envelope_pb2.Envelope:
        return envelope_pb2.Envelope(wraps=[envelope_pb2.Wrap()] * wraps)

    batch = exchange_pb2.SubmitBatchRequest(envelopes=[envelope(1), envelope(0), envelope(32)])
    acks = exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck()] * 256)
    statements = directory_pb2.AppendStatementsRequest(statements=[directory_pb2.Statement()] * 64)
    costs = {
        "Submit": 1 + PRICES[EXCHANGE + "Submit"](exchange_pb2.SubmitRequest(envelope=envelope(3))),
        "SubmitBatch": 1 + PRICES[EXCHANGE + "SubmitBatch"](batch),
        "Acknowledge": 1 + PRICES[EXCHANGE + "Acknowledge"](acks),
        "AppendStatements": 1 + PRICES["/comity.v1.DirectoryService/AppendStatements"](statements),
    }

    assert costs == {
        "Submit": 3,
        "SubmitBatch": 34,
        "Acknowledge": 256,
        "AppendStatements": 64 * STATEMENT_TOKENS,
    }
    assert PRICES.keys() <= RULES.keys()


def test_a_full_bucket_pays_for_any_request() -> None:
    now = [0.0]
    quota = RequestQuota(1.0, 100, lambda: now[0])
    quota.spend("sfc", 257)
    with pytest.raises(RefusedError) as caught:
        quota.spend("sfc", 257)
    assert caught.value.metadata == {"retry_after_seconds": "100"}
    now[0] += 100
    quota.spend("sfc", 257)


async def test_acknowledgements_and_statements_are_paid_one_by_one(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world: World = make_world(agencies=("sfc", "hkma"))
    limits = {"agency_requests_per_second": 1e-6, "agency_request_burst": 100}
    body, sig = world.ack(os.urandom(32), "hkma/intake")
    acks = exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=sig)] * 45)
    contact = directory_pb2.Statement.FromString(world.statements[1])
    statements = directory_pb2.AppendStatementsRequest(statements=[contact] * 10)
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.as_desk("hkma/intake") as many,
        hub.as_desk("sfc/intake") as other,
    ):
        found = [await refused(lambda: ExchangeServiceStub(many).Acknowledge(acks)) for _ in range(3)]
        assert [error and reason_of(error) for error in found] == [None, None, Reason.QUOTA]
        appends = [await refused(lambda: DirectoryServiceStub(other).AppendStatements(statements)) for _ in range(2)]
        assert [reason_of(error) for error in appends if error] == [Reason.STALE_POSITION, Reason.QUOTA]
