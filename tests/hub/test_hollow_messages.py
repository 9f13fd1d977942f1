"""Messages that are small on the wire and large in memory: a million empty fields, or weight where nobody looks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import psutil
import pytest
from comity.errors import MalformedError, Reason, RefusedError
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub

from hub.exchange import lane
from hub.exchange.examiner import KEYS
from hub.exchange.examining import SentAck, SentEnvelope
from hub.interceptors.pricing import MOST_ITEMS, MOST_SIGNATURES, MOST_WRAPS, PRICES
from hub.policy import CALL_LIMIT, RULES
from hub.quota import RequestQuota, tokens_for
from tests.support.hub import reason_of, running_hub
from tests.support.world import make_world
from tests.system.processes import hub_home

EXCHANGE = "/comity.v1.ExchangeService/"
SUBMIT_BATCH = f"{EXCHANGE}SubmitBatch"


def hollow(field: bytes, length: int) -> bytes:
    """Returns a SubmitBatchRequest of one envelope that is nothing but one empty field, over and over."""
    body = field * (length // len(field))
    size, prefix = len(body), b""
    while size > 127:
        prefix, size = prefix + bytes([size & 127 | 128]), size >> 7
    return b"\x0a" + prefix + bytes([size]) + body


@pytest.mark.parametrize("field", [b"\x22\x00", b"\x2a\x00"], ids=["wraps", "signatures"])
def test_an_envelope_of_a_million_empty_fields_is_refused_before_any_becomes_an_object(field: bytes) -> None:
    request = exchange_pb2.SubmitBatchRequest.FromString(hollow(field, 2_000_000))
    assert len(request.envelopes[0].wraps) + len(request.envelopes[0].signatures) == 1_000_000
    with pytest.raises(MalformedError) as caught:
        PRICES[SUBMIT_BATCH](request)
    assert caught.value.reason is Reason.TOO_LARGE


def test_what_no_envelope_could_need_is_refused_and_no_less() -> None:
    signature, wrap = envelope_pb2.Signature(), envelope_pb2.Wrap()
    most = envelope_pb2.Envelope(wraps=[wrap] * MOST_WRAPS, signatures=[signature] * MOST_SIGNATURES)
    price = PRICES[f"{EXCHANGE}Submit"]
    assert price(exchange_pb2.SubmitRequest(envelope=most)) == MOST_WRAPS - 1
    for one_more in (
        envelope_pb2.Envelope(wraps=[wrap] * (MOST_WRAPS + 1)),
        envelope_pb2.Envelope(signatures=[signature] * (MOST_SIGNATURES + 1)),
    ):
        with pytest.raises(MalformedError):
            price(exchange_pb2.SubmitRequest(envelope=one_more))
    for name, request in {
        "SubmitBatch": exchange_pb2.SubmitBatchRequest(envelopes=[envelope_pb2.Envelope()] * (MOST_ITEMS + 1)),
        "Acknowledge": exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck()] * (MOST_ITEMS + 1)),
    }.items():
        with pytest.raises(MalformedError):
            PRICES[EXCHANGE + name](request)


async def test_hollow_calls_cost_all_tokens_and_the_next_desk_of_the_agency_waits(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    limits = {"agency_requests_per_second": 1e-6, "agency_request_burst": 2000}
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, **limits) as hub,
        hub.as_desk("sfc/intake") as sfc,
    ):
        send = sfc.unary_unary(SUBMIT_BATCH)
        first = await refusal(lambda: send(hollow(b"\x2a\x00", 100_000)))
        second = await refusal(lambda: ExchangeServiceStub(sfc).Acknowledge(exchange_pb2.AcknowledgeRequest()))
    assert (first, second) == (Reason.TOO_LARGE, Reason.QUOTA)


async def refusal(call: Callable[[], Awaitable[object]]) -> Reason:
    """Returns why a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call()
    return reason_of(caught.value)


async def test_a_desk_that_sends_hollow_calls_neither_freezes_the_hub_nor_fills_its_memory(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with hub_home(migrated_sqlite_url, tmp_path, world) as hub:
        await hub.start()
        assert hub.process is not None
        process = psutil.Process(hub.process.pid)
        async with hub.as_desk("sfc/intake") as good, hub.as_desk("hkma/intake") as bad:
            head = DirectoryServiceStub(good).GetHead
            await head(directory_pb2.GetHeadRequest())
            before = process.memory_info().rss
            send = bad.unary_unary(SUBMIT_BATCH)
            data = hollow(b"\x2a\x00", CALL_LIMIT - 64)
            calls = [asyncio.ensure_future(refusal(lambda: send(data, timeout=60))) for _ in range(6)]
            longest = most = 0.0
            while not all(call.done() for call in calls):
                began = time.monotonic()
                await head(directory_pb2.GetHeadRequest(), timeout=60)
                longest = max(longest, time.monotonic() - began)
                most = max(most, process.memory_info().rss - before)
                await asyncio.sleep(0.01)
    # Each made objects of two million fields for two seconds, and 300 MiB of them.
    assert longest < 5
    assert most < 400 << 20
    assert {call.result() for call in calls} <= {Reason.TOO_LARGE, Reason.QUOTA}


def test_weights_count_every_byte_that_was_sent() -> None:
    assert SentAck(b"x", bytes(500_000)).weight > 500_000
    assert SentEnvelope(b"", b"", b"", (("d" * 300_000, b""),), ((bytes(1 << 20), 1, b""),)).weight > 1_300_000
    assert SentEnvelope(b"1", b"2", b"3", (("4", b"5"),), ((b"6", 1, b"7"),)).size == 7


def test_what_the_length_has_cost_is_not_asked_for_twice() -> None:
    now = [0.0]
    quota = RequestQuota(500, 2000, lambda: now[0])
    length = 2_500_000
    for _ in range(3):
        now[0] += 3600
        quota.take("hkma", length)
        quota.spend("hkma", 8 * 256 - 1, tokens_for(length))  # the whole bucket pays for anything
    with pytest.raises(RefusedError):
        quota.spend("hkma", 1)
    assert RULES[SUBMIT_BATCH].request_limit == CALL_LIMIT


async def test_no_verdict_is_taken_for_another_items(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[object] = []
    lost: list[object] = []
    one = await lane.Lane.open(got.extend, lambda _, items: lost.extend(items))
    one.tell((KEYS, "hub.example/exchange", ()))
    real = lane.frame

    def full(_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(lane, "frame", full)
    with pytest.raises(MemoryError):
        one.send(["A"], [("a/b", (b"A" * 100, b"", b"", (), ()))])
    monkeypatch.setattr(lane, "frame", real)
    assert one.waiting == 0
    one.send(["B"], [("a/b", (b"body", b"sig"))])
    async with asyncio.timeout(20):
        while not got:  # noqa: ASYNC110 # a lane tells by callback
            await asyncio.sleep(0.01)
        assert [item for item, _ in got] == ["B"]  # type: ignore[misc, attr-defined]
        # Should one ever be missing, nothing that follows is believed.
        one._sent += 1
        one.send(["C"], [("a/b", (b"body", b"sig"))])
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        one._under_way.append("D")
        while not lost:  # noqa: ASYNC110 # see above
            await asyncio.sleep(0.01)
    assert lost == ["C", "D"]
    assert len(got) == 1
    await one.close()


async def test_a_frame_with_one_wrong_verdict_answers_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[object] = []
    one = await lane.Lane.open(got.extend, lambda *_: None)
    monkeypatch.setattr(one, "_transport", None)  # nothing is sent: the verdicts are this test's
    one.send(["A", "B"], [("a/b", (b"body", b"sig"))] * 2)
    for wrong in ([(0, (2, "x")), (2, (2, "x"))], [(0, (2, "x")), (1, (2, "x")), (2, (2, "x"))]):
        with pytest.raises(RuntimeError):
            one.data_received(lane.frame(wrong))
        assert (one.waiting, got) == (2, [])
        one._buffer.clear()  # as far as asyncio is concerned the connection has ended
    one.data_received(lane.frame([(0, (2, "x")), (1, (2, "x"))]))
    assert [item for item, _ in got] == ["A", "B"]  # type: ignore[misc, attr-defined]
    monkeypatch.undo()
    await one.close()


async def test_a_start_that_is_given_up_leaves_no_process_behind() -> None:
    starting = asyncio.create_task(lane.Lane.open(lambda _: None, lambda *_: None))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not [child for child in psutil.Process().children() if "hub.exchange.examiner" in child.cmdline()]
