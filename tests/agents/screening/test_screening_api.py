"""The local API: answers on a socket that only its owner reaches, limits, errors without a word of what was asked."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.errors import DOMAIN
from comity.v1 import payload_pb2, screening_pb2_grpc
from comity.v1 import screening_pb2 as pb
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from agents.sync.screening.api import AddressError, ScreeningServer, serve_screening
from agents.sync.screening.reading import ScreeningStoreError
from agents.sync.screening.rules import Rule
from agents.sync.screening.screening import Screening
from agents.sync.screening.sightings import Reporter, SightingQueue
from agents.sync.screening.store import ScreeningStore
from tests.agents.screening.holding import ETH, KEY, NOW, effects, opened, record, wallet

ADDRESS = ETH.rpartition(":")[2]
TOKEN = "a token of some length"


@pytest.fixture
def store(tmp_path: Path) -> ScreeningStore:
    return opened(tmp_path, [record(ETH, discreet=True), record(wallet(1))])


@pytest.fixture
async def server(tmp_path: Path, store: ScreeningStore) -> AsyncIterator[ScreeningServer]:
    found = await serve_screening(store.path, f"unix:{tmp_path}/run/screening.sock", clock=lambda: NOW)
    yield found
    await found.stop()


@pytest.fixture
async def stub(server: ScreeningServer) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield screening_pb2_grpc.ScreeningServiceStub(channel)


def asking(*addresses: str) -> list[pb.ScreenQuery]:
    return [pb.ScreenQuery(address=address, reference=str(number)) for number, address in enumerate(addresses)]


async def refused(call: Any) -> tuple[grpc.StatusCode, str, str]:
    """Returns code, reason and everything else that came back of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = Status.FromString(dict(caught.value.trailing_metadata())["grpc-status-details-bin"])  # type: ignore[arg-type]
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == DOMAIN
    return caught.value.code(), info.reason, f"{caught.value.details()}{status}"


async def test_screen_answers_in_order_with_every_assertion_and_the_age_of_the_lists(stub: Any) -> None:
    answer = await stub.Screen(pb.ScreenRequest(queries=asking(ADDRESS.lower(), "0x" + "9" * 40, "nonsense")))

    assert [found.verdict for found in answer.results] == [
        pb.SCREEN_VERDICT_HIT,
        pb.SCREEN_VERDICT_CLEAR,
        pb.SCREEN_VERDICT_INVALID,
    ]
    assert [found.reference for found in answer.results] == ["0", "1", "2"]
    assert [found.problem for found in answer.results] == ["", "", "NOT_AN_ADDRESS"]
    (hit,) = answer.results[0].assertions
    assert (hit.owner, hit.list_id, hit.list_title, hit.sequence) == (KEY.owner, KEY.list_id, "OFAC", 7)
    assert (hit.account, hit.giver, hit.category, hit.discreet) == (ETH, "ofac-sdn", "sanctions", True)
    assert (hit.state, hit.action) == (pb.ASSERTION_STATE_ACTIVE, payload_pb2.WATCH_ACTION_BLOCK)
    assert hit.handling.tlp == payload_pb2.TLP_AMBER
    assert [(age.title, age.age, age.stale) for age in answer.lists] == [("OFAC", 0, False)]
    assert b"file 7" not in answer.SerializeToString()


async def test_a_stream_answers_as_questions_come_and_tells_the_lists_again_when_they_have_changed(
    stub: Any, store: ScreeningStore
) -> None:
    stream = stub.ScreenStream()
    answers = []
    for step in range(3):
        if step == 2:
            store.apply(KEY, effects(8, [], [record(ETH)]), heard_at=NOW)
        await stream.write(pb.ScreenStreamRequest(queries=asking(ADDRESS)))
        answers.append(await stream.read())
    await stream.done_writing()

    assert [answer.results[0].verdict for answer in answers] == [
        pb.SCREEN_VERDICT_HIT,
        pb.SCREEN_VERDICT_HIT,
        pb.SCREEN_VERDICT_CLEAR,
    ]
    assert [[age.sequence for age in answer.lists] for answer in answers] == [[7], [], [8]]


@pytest.mark.parametrize(
    ("queries", "reason"),
    [
        ([], "MALFORMED"),
        ([pb.ScreenQuery(address=" ")], "MALFORMED"),
        ([pb.ScreenQuery(address="x" * 257)], "MALFORMED"),
        ([pb.ScreenQuery(address="x", reference="é" * 101)], "MALFORMED"),
        ([pb.ScreenQuery(address="x", chain="y" * 101)], "MALFORMED"),
        ([pb.ScreenQuery(address="x")] * 10_001, "TOO_LARGE"),
    ],
)
async def test_a_request_beyond_its_limits_is_refused_without_its_content(
    stub: Any, queries: list[pb.ScreenQuery], reason: str
) -> None:
    code, found, said = await refused(stub.Screen(pb.ScreenRequest(queries=queries)))

    assert (code, found) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert "xxx" not in said


def modes(path: Path) -> tuple[int, int]:
    return stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)


async def test_the_socket_and_its_folder_are_its_owners_alone(server: ScreeningServer, tmp_path: Path) -> None:
    assert modes(Path(server.address.removeprefix("unix:"))) == (0o600, 0o700)
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(AddressError):
        await serve_screening(tmp_path / "screening.db", f"unix:{tmp_path}/open/s.sock")


@pytest.mark.parametrize("address", ["0.0.0.0:0", "example.org:80", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:0"])
async def test_it_listens_nowhere_but_here_and_on_the_loopback_address_with_a_token_only(
    store: ScreeningStore, address: str
) -> None:
    with pytest.raises(AddressError):
        await serve_screening(store.path, address, token="" if address == "127.0.0.1:0" else TOKEN)


async def test_on_the_loopback_address_a_token_is_shown(store: ScreeningStore) -> None:
    server = await serve_screening(store.path, "127.0.0.1:0", token=TOKEN, clock=lambda: NOW)
    request = pb.ScreenRequest(queries=asking(ADDRESS))
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = screening_pb2_grpc.ScreeningServiceStub(channel)  # type: ignore[no-untyped-call]
        for shown in ((), (("authorization", "Bearer another token of some length"),)):
            code, reason, said = await refused(stub.Screen(request, metadata=shown))
            assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_PERMITTED")
            assert TOKEN not in said
        answer = await stub.Screen(request, metadata=(("authorization", f"Bearer {TOKEN}"),))
        assert answer.results[0].verdict == pb.SCREEN_VERDICT_HIT
    await server.stop()


async def test_too_many_streams_are_refused(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.sync.screening.api.MAX_STREAMS", 1)
    first = stub.ScreenStream()
    await first.write(pb.ScreenStreamRequest(queries=asking(ADDRESS)))
    await first.read()
    second = stub.ScreenStream()

    assert (await refused(second.read()))[:2] == (grpc.StatusCode.RESOURCE_EXHAUSTED, "BUSY")
    await first.done_writing()
    assert await first.read() == grpc.aio.EOF


@pytest.mark.parametrize(
    ("error", "reason"),
    [(sqlite3.DatabaseError(ADDRESS), "UNAVAILABLE"), (ValueError(ADDRESS), "INTERNAL")],
)
async def test_a_fault_is_told_without_what_was_asked(
    tmp_path: Path, store: ScreeningStore, error: Exception, reason: str
) -> None:
    def screened(_: Screening) -> None:
        raise error

    server = await serve_screening(store.path, f"unix:{tmp_path}/run/s.sock", screened=screened)
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = screening_pb2_grpc.ScreeningServiceStub(channel)  # type: ignore[no-untyped-call]
        _, found, said = await refused(stub.Screen(pb.ScreenRequest(queries=asking(ADDRESS))))
    await server.stop()

    assert found == reason
    assert ADDRESS not in said


async def test_a_store_that_cannot_be_opened_is_told_at_the_start_and_a_socket_left_over_is_taken(
    tmp_path: Path, store: ScreeningStore
) -> None:
    with pytest.raises(ScreeningStoreError):
        await serve_screening(tmp_path / "none.db", f"unix:{tmp_path}/run/s.sock")
    first = await serve_screening(store.path, f"unix:{tmp_path}/run/s.sock")
    second = await serve_screening(store.path, f"unix:{tmp_path}/run/s.sock")
    await first.stop()
    await second.stop()


async def test_a_reporter_puts_each_hit_into_the_queue_before_the_answer_leaves(
    tmp_path: Path, store: ScreeningStore
) -> None:
    seen: list[Screening] = []
    with SightingQueue(tmp_path / "sightings.db") as queue:
        reporter = Reporter([Rule(payload_pb2.WATCH_ACTION_BLOCK, payload_pb2.SIGHTING_KIND_HELD)], queue, lambda: NOW)

        def screened(found: Screening) -> None:
            seen.append(found)
            reporter(found)

        server = await serve_screening(store.path, f"unix:{tmp_path}/run/s.sock", clock=lambda: NOW, screened=screened)
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = screening_pb2_grpc.ScreeningServiceStub(channel)  # type: ignore[no-untyped-call]
            await stub.Screen(pb.ScreenRequest(queries=asking(ADDRESS, "0x" + "9" * 40)))
        await server.stop()
        waiting = queue.waiting()

    assert len(seen) == 1
    assert [(wanted.key, wanted.kind, wanted.account) for _, wanted in waiting] == [
        (KEY, payload_pb2.SIGHTING_KIND_HELD, f"eip155:*:{ADDRESS}")
    ]
