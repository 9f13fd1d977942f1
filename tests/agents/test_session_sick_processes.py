"""Processes of a hub that live and are of no use: they trickle, are full, or hang. Another is asked instead."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.errors import Reason, RefusedError
from comity.tls import TlsKey, certificate_to_pem, create_authority
from comity.v1 import (
    blobs_pb2,
    blobs_pb2_grpc,
    directory_pb2,
    directory_pb2_grpc,
    feed_pb2,
    feed_pb2_grpc,
)
from comity.workflow.terms import Role
from grpc import aio

from agents import endpoints, session
from agents.admin import Admin
from agents.endpoints import Endpoints
from agents.session import Session
from agents.transport import Identity
from hub.directory import service
from hub.errors import DETAILS_KEY, to_status
from tests.agents.offices import two_offices

HEAD = directory_pb2.SignedHead(body=b"body", sig=b"sig")


class Process(
    directory_pb2_grpc.DirectoryServiceServicer, feed_pb2_grpc.FeedServiceServicer, blobs_pb2_grpc.BlobServiceServicer
):
    """One that is well."""

    def __init__(self) -> None:
        """Nobody has asked it yet."""
        self.heads = self.appends = 0
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def GetHead(self, request: Any, context: Any) -> directory_pb2.GetHeadResponse:
        self.heads += 1
        return directory_pb2.GetHeadResponse(head=HEAD)

    async def AppendStatements(self, request: Any, context: Any) -> directory_pb2.AppendStatementsResponse:
        self.appends += 1
        self.begun.set()
        await self.may_end.wait()
        return directory_pb2.AppendStatementsResponse(first_index=7)

    async def ReadEntries(self, request: Any, context: Any) -> AsyncIterator[directory_pb2.ReadEntriesResponse]:
        yield directory_pb2.ReadEntriesResponse(entries=[b"one", b"two"])

    async def ReadFeed(self, request: Any, context: Any) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        yield feed_pb2.ReadFeedResponse(item=feed_pb2.FeedItem(number=1))
        yield feed_pb2.ReadFeedResponse(head=HEAD)

    async def DownloadBlob(self, request: Any, context: Any) -> AsyncIterator[blobs_pb2.DownloadBlobResponse]:
        yield blobs_pb2.DownloadBlobResponse(data=b"data")


class Trickling(Process):
    """Shows signs of life for ever."""

    async def ReadEntries(self, request: Any, context: Any) -> AsyncIterator[directory_pb2.ReadEntriesResponse]:
        while True:
            yield directory_pb2.ReadEntriesResponse()
            await asyncio.sleep(0.1)

    async def ReadFeed(self, request: Any, context: Any) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        while True:
            yield feed_pb2.ReadFeedResponse(head=HEAD)
            await asyncio.sleep(0.1)
            yield feed_pb2.ReadFeedResponse()

    async def DownloadBlob(self, request: Any, context: Any) -> AsyncIterator[blobs_pb2.DownloadBlobResponse]:
        while True:
            yield blobs_pb2.DownloadBlobResponse()
            await asyncio.sleep(0.1)


class Endless(Process):
    """Has entries without end, so many at once, with a pause between."""

    def __init__(self, at_once: int, pause: float) -> None:
        """Takes how many at once, and how long it rests after them."""
        super().__init__()
        self._at_once, self._pause = at_once, pause

    async def ReadEntries(self, request: Any, context: Any) -> AsyncIterator[directory_pb2.ReadEntriesResponse]:
        at = request.from_index
        while True:
            yield directory_pb2.ReadEntriesResponse(entries=[b"%d" % i for i in range(at, at + self._at_once)])
            at += self._at_once
            await asyncio.sleep(self._pause)


class Refusing(Process):
    """Refuses to show its head, for ever or so many times."""

    def __init__(self, reason: Reason, times: int = 1 << 20) -> None:
        """Takes why and how often."""
        super().__init__()
        self._refused, self._times = RefusedError(reason, "refused"), times

    async def GetHead(self, request: Any, context: Any) -> directory_pb2.GetHeadResponse:
        if self.heads < self._times:
            self.heads += 1
            details = (DETAILS_KEY, to_status(self._refused, "").SerializeToString())
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "", trailing_metadata=(details,))
        return await super().GetHead(request, context)


class Hanging(Process):
    """Never shows its head the first time."""

    async def GetHead(self, request: Any, context: Any) -> directory_pb2.GetHeadResponse:
        self.begun.set()
        if not self.heads:
            self.heads += 1
            await asyncio.Event().wait()
        return await super().GetHead(request, context)


class Plain(Endpoints):
    """Connects without TLS, and remembers every connection."""

    def __init__(self, addresses: list[str]) -> None:
        """Takes where they listen."""
        super().__init__(addresses, grpc.local_channel_credentials())
        self.made: list[aio.Channel] = []

    def _make(self, address: str) -> aio.Channel:
        self.made.append(aio.insecure_channel(address))
        return self.made[-1]


@contextlib.asynccontextmanager
async def connected(*processes: Process, patience_seconds: float = 4.0) -> AsyncIterator[tuple[Session, Plain]]:
    """A session that knows some processes, the first of them first; it must be done in good time."""
    servers, addresses = [], []
    for process in processes:
        server = aio.server()
        directory_pb2_grpc.add_DirectoryServiceServicer_to_server(process, server)  # type: ignore[no-untyped-call]
        feed_pb2_grpc.add_FeedServiceServicer_to_server(process, server)  # type: ignore[no-untyped-call]
        blobs_pb2_grpc.add_BlobServiceServicer_to_server(process, server)  # type: ignore[no-untyped-call]
        addresses.append(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        await server.start()
        servers.append(server)
    key = TlsKey.generate()
    certificate = create_authority(key, "test", not_before=0, not_after=1 << 40)
    identity = Identity(key, certificate_to_pem(certificate), 1 << 40)
    calls = Session(addresses, certificate, identity, patience_seconds)
    calls.endpoints = known = Plain(addresses)
    try:
        async with asyncio.timeout(20):
            yield calls, known
    finally:
        await calls.close()
        for server in servers:
            await server.stop(None)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "ATTEMPT_SECONDS", 0.5)
    monkeypatch.setattr(session, "CALL_SECONDS", 1.5)


async def read(calls: Session, what: str) -> list[Any]:
    if what == "entries":
        return list(await calls.read_entries(0))
    if what == "feed":
        return [response.WhichOneof("message") async for response in calls.read_feed(0, follow=False)]
    return [data async for data in calls.download(b"", 0)]


@pytest.mark.parametrize(
    ("what", "whole"), [("entries", [b"one", b"two"]), ("feed", ["item", "head"]), ("blob", [b"data"])]
)
async def test_a_process_that_shows_life_and_brings_nothing_is_left_for_the_next(what: str, whole: list[Any]) -> None:
    async with connected(Trickling(), Process()) as (calls, known):
        if what != "entries":  # a feed and a blob are taken up again by who reads them
            with pytest.raises(RefusedError) as refused:
                await read(calls, what)
            assert refused.value.reason is Reason.UNAVAILABLE
        assert await read(calls, what) == whole
        assert known.present == known.addresses[1]


async def test_where_every_process_trickles_it_is_said_in_bounded_time() -> None:
    async with connected(Trickling(), Trickling(), patience_seconds=1.0) as (calls, _):
        with pytest.raises(RefusedError) as refused:
            await calls.read_entries(0)
        assert refused.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(("most_entries", "most_bytes"), [(100, 1 << 20), (1024, 200)])
async def test_a_pass_over_the_directory_takes_so_much_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch, most_entries: int, most_bytes: int
) -> None:
    monkeypatch.setattr(session, "PASS_ENTRIES", most_entries)
    monkeypatch.setattr(session, "PASS_BYTES", most_bytes)
    async with connected(Endless(30, 0.0)) as (calls, _):
        first = await calls.read_entries(1000)
        assert 0 < len(first) < most_entries + 30
        assert sum(map(len, first)) < most_bytes + 30 * len(b"1000")
        second = await calls.read_entries(1000 + len(first))
    found = first + second
    assert found == [b"%d" % i for i in range(1000, 1000 + len(found))]


async def test_a_process_that_brings_entries_one_by_one_is_left_with_what_it_brought() -> None:
    async with connected(Endless(1, 0.2), Endless(2000, 0.0)) as (calls, known):
        few = await calls.read_entries(0)
        assert 1 < len(few) < 100
        assert known.present == known.addresses[1]
        assert len(await calls.read_entries(len(few))) == 2000


async def test_a_directory_is_replayed_in_as_many_passes_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PASS_ENTRIES", 2)
    monkeypatch.setattr(service, "PAGE_ENTRIES", 2)
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        await reader.refresh()
        admin = await sfc.client()
        for _ in range(5):
            await Admin(admin).publish_desk_key(at_once=True)
        honest, passes = reader.session.read_entries, list[int]()

        async def counting(start: int) -> list[bytes]:
            passes.append(len(brought := await honest(start)))
            return brought

        reader.session.read_entries = counting  # type: ignore[method-assign]
        await reader.refresh()
        assert reader.trust.directory_size == admin.trust.directory_size
        assert passes == [2, 2, 1]


@pytest.mark.parametrize("reason", [Reason.BUSY, Reason.STALLED])
async def test_a_process_that_is_full_is_left_for_the_next(reason: Reason) -> None:
    full, well = Refusing(reason), Process()
    async with connected(full, well, patience_seconds=0.0) as (calls, _):  # without a pause, that is
        for _ in range(3):
            assert await calls.get_head(None) == (b"body", b"sig")
        assert (full.heads, well.heads) == (1, 3)


async def test_a_process_that_is_full_is_not_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "RETURN_SECONDS", 0.0)
    full = Refusing(Reason.BUSY, times=3)
    async with connected(full, Process()) as (calls, known):
        while full.heads < 3:
            await calls.get_head(None)
            if known._return is not None:
                await known._return
            assert known.present == known.addresses[1]
        while known.present != known.addresses[0]:  # it has room again
            await calls.get_head(None)
            await asyncio.sleep(0.01)


async def test_where_every_process_is_full_each_is_asked_and_then_it_is_said() -> None:
    both = [Refusing(Reason.BUSY), Refusing(Reason.BUSY)]
    async with connected(*both, patience_seconds=0.5) as (calls, _):
        with pytest.raises(RefusedError) as refused:
            await calls.get_head(None)
        assert refused.value.reason is Reason.BUSY
        assert 1 <= min(process.heads for process in both) <= max(process.heads for process in both) < 9


async def test_the_only_process_is_asked_again_once_it_has_room() -> None:
    only = Refusing(Reason.BUSY, times=2)
    async with connected(only) as (calls, _):
        assert await calls.get_head(None) == (b"body", b"sig")
        assert only.heads == 3


async def test_a_quota_is_the_agencys_own_and_no_other_process_is_asked() -> None:
    first, second = Refusing(Reason.QUOTA), Process()
    async with connected(first, second) as (calls, known):
        with pytest.raises(RefusedError) as refused:
            await calls.get_head(None)
        assert refused.value.reason is Reason.QUOTA
        assert (known.present, second.heads) == (known.addresses[0], 0)


async def test_statements_under_way_are_not_cut_where_another_call_leaves_their_process() -> None:
    hanging, well = Hanging(), Process()
    async with connected(hanging, well) as (calls, known):
        appending = asyncio.create_task(calls.append_statements([]))
        await hanging.begun.wait()
        await calls.get_head(None)
        assert known.present == known.addresses[1]
        hanging.may_end.set()
        assert await appending == 7
        assert (hanging.appends, well.appends) == (1, 0)


async def test_a_call_that_outlives_its_session_leaves_no_connection_behind() -> None:
    process = Hanging()
    async with connected(process) as (calls, known):
        asking = asyncio.create_task(calls.get_head(None))
        await process.begun.wait()
        await calls.close()
        assert await asking == (b"body", b"sig")
        assert len(known.made) == 2
        assert {channel.get_state() for channel in known.made} == {grpc.ChannelConnectivity.SHUTDOWN}
