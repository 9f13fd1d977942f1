"""Several hub processes on one PostgreSQL: killed, paused and cut off, with one linear log and nobody who must help."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from comity.checkpoint import verify_checkpoint
from comity.errors import RefusedError
from comity.merkle import verify_consistency
from comity.receipts import EventKind, Receipt, encode_receipt, receipt_from_wire, verify_receipt
from comity.v1 import exchange_pb2, feed_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub

from agents.session import Session
from hub.claim import CLAIMS, NEWEST_SCHEMA
from hub.db import PAUSED_SECONDS
from tests.support.clock import FakeClock
from tests.support.core import running_core
from tests.support.hub import reason_of
from tests.support.postgres import PostgresServer
from tests.support.world import DAY, World, make_world
from tests.system.processes import HubProcess, hub_home, twin, until

TWO = ("sfc", "hkma")
CLAIMED = (
    f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = {CLAIMS} AND objid = {NEWEST_SCHEMA}"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=TWO)


@asynccontextmanager
async def two_hubs(url: str, folder: Path, world: World) -> AsyncIterator[tuple[HubProcess, HubProcess]]:
    """Two homes on one database; the processes are for the test to start. All that was stored verifies in the end."""
    async with hub_home(url, folder, world, copied=True) as first:
        second = twin(first, "second")
        try:
            yield first, second
            assert first.fsck() == []
        finally:
            await second.close()


async def checkpoint_of(hub: HubProcess, world: World) -> tuple[int, bytes]:
    """Returns (size, note) of the exchange log's newest checkpoint, as one process signs it."""
    note = await hub.session("sfc/intake", endpoints=[hub.address]).get_checkpoint("exchange")
    return verify_checkpoint(note, world.exchange_origin, world.log_key.public).size, note


class Reader:
    """A recipient that reads on from where it was, through whatever process answers."""

    def __init__(self, session: Session, world: World) -> None:
        self._session, self._origin, self._key = session, world.exchange_origin, world.log_key.public
        self.items: list[feed_pb2.FeedItem] = []
        self.breaks = 0
        self._at = 0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(RefusedError):
                async for answer in self._session.read_feed(self._at, follow=True):
                    if answer.HasField("item"):
                        self.items.append(answer.item)
                        leaf = receipt_from_wire(answer.item.receipt)
                        self._at = verify_receipt(leaf, self._origin, [self._key]).receipt.index + 1
            self.breaks += 1
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Ends it."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def check_linear(world: World, receipts: list[Receipt], first: int) -> None:
    """Every receipt verifies, each has a leaf of its own, and no leaf is left over."""
    indices = sorted(
        verify_receipt(receipt, world.exchange_origin, [world.log_key.public]).receipt.index for receipt in receipts
    )
    assert len(set(indices)) == len(indices)
    assert indices[0] >= first


async def test_A_07_two_processes_that_sequence_at_once_make_one_linear_log(
    migrated_postgres_url: str, tmp_path: Path, world: World
) -> None:
    async with two_hubs(migrated_postgres_url, tmp_path, world) as hubs:
        await asyncio.gather(*(hub.start() for hub in hubs))
        before, early = await checkpoint_of(hubs[0], world)
        view = hubs[0].view()
        envelopes = [world.envelope(view) for _ in range(400)]
        channels = [hub.as_desk("sfc/intake") for hub in hubs]
        stubs = [ExchangeServiceStub(channel) for channel in channels]

        few = [asyncio.Semaphore(24) for _ in hubs]  # calls at once on a connection have a limit

        async def submit(at: int, which: int) -> Receipt:
            request = exchange_pb2.SubmitRequest(envelope=envelopes[at])
            async with few[which]:
                return receipt_from_wire((await stubs[which].Submit(request, timeout=60)).receipt)

        # Each through one process, and every fourth through both at the same time.
        firsts = [submit(n, n % 2) for n in range(400)]
        seconds = [submit(n, (n + 1) % 2) for n in range(0, 400, 4)]
        answers = await asyncio.gather(*firsts, *seconds)
        for n, again in zip(range(0, 400, 4), answers[400:], strict=True):
            assert answers[n] == again
        check_linear(world, answers[:400], before)
        assert hubs[0].rows("SELECT count(*) FROM envelopes") == [(400,)]

        # Every checkpoint is the same whoever signs it, and each process proves that the log only grew.
        (one, note), (other, same) = [await checkpoint_of(hub, world) for hub in hubs]
        assert (one, note) == (other, same)
        assert one == before + 400
        roots = [verify_checkpoint(n, world.exchange_origin, world.log_key.public).root for n in (early, note)]
        for hub in hubs:
            session = hub.session("sfc/intake", endpoints=[hub.address])
            path = await session.get_consistency("exchange", before, one)
            verify_consistency(before, one, *roots, path)
        for channel in channels:
            await channel.close()
        assert [await hub.stop() for hub in hubs] == [0, 0]


async def test_processes_killed_in_turn_under_load_lose_and_double_nothing(
    migrated_postgres_url: str, tmp_path: Path, world: World
) -> None:
    async with two_hubs(migrated_postgres_url, tmp_path, world) as hubs:
        await asyncio.gather(*(hub.start() for hub in hubs))
        both = [hub.address for hub in hubs]
        sender = hubs[0].session("sfc/intake", endpoints=both, patience=120)
        reader = Reader(hubs[0].session("hkma/intake", endpoints=both), world)
        view = hubs[0].view()
        envelopes = [world.envelope(view) for _ in range(96)]
        answered: list[Receipt] = []

        async def send(number: int) -> None:
            for envelope in envelopes[number::8]:
                answered.append(await sender.submit(envelope))

        load = [asyncio.create_task(send(number)) for number in range(8)]
        for turn in range(3):
            await until(lambda turn=turn: len(answered) >= 20 * (turn + 1))  # type: ignore[misc]
            hub = hubs[turn % 2]
            assert await hub.stop(signal.SIGKILL) == -signal.SIGKILL
            await hub.start()
        await asyncio.gather(*load)
        await until(lambda: len(reader.items) >= 96)
        await reader.close()

        assert len(answered) == 96
        check_linear(world, answered, 0)
        assert hubs[0].rows("SELECT count(*) FROM envelopes") == [(96,)]
        # One delivery each, in order and without a gap, through however many processes it was read.
        assert [item.number for item in reader.items] == list(range(1, 97))
        assert {receipt_from_wire(item.receipt).leaf for item in reader.items} == {r.leaf for r in answered}
        assert reader.breaks >= 1


@pytest.mark.parametrize("point", ["submit.after_lock", "submit.before_commit", "submit.after_commit"])
async def test_A_08_a_process_paused_while_it_writes_resumes_or_aborts_and_the_other_goes_on(
    migrated_postgres_url: str, tmp_path: Path, world: World, point: str
) -> None:
    async with two_hubs(migrated_postgres_url, tmp_path, world) as (paused, other):
        # The first batch says that it started. Inside the second, or just before its signature, it stops dead.
        await paused.start(FAULT=f"{point}:pause@2")
        await other.start()
        view = other.view()
        envelope = world.envelope(view)
        async with paused.as_desk("sfc/intake") as channel:
            request = exchange_pb2.SubmitRequest(envelope=envelope)
            call = asyncio.ensure_future(ExchangeServiceStub(channel).Submit(request, timeout=90))
            assert paused.process is not None
            await until(lambda: stopped(paused))
            # The other waits for the heads no longer than the database lets a process sleep on them.
            asked = time.monotonic()
            session = other.session("sfc/intake", endpoints=[other.address])
            receipts = [await session.submit(world.envelope(view))]
            assert time.monotonic() - asked < PAUSED_SECONDS + 6
            receipts += [await session.submit(world.envelope(view)) for _ in range(3)]
            elsewhere = await session.submit(envelope)
            # Longer than the database keeps a transaction that sleeps.
            await asyncio.sleep(max(0.0, asked + PAUSED_SECONDS + 1 - time.monotonic()))

            paused.process.send_signal(signal.SIGCONT)
            if point == "submit.after_commit":
                late = receipt_from_wire((await call).receipt)
                assert encode_receipt(late) == encode_receipt(elsewhere)
            else:
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await call
                assert reason_of(refused.value).name == "UNAVAILABLE"
        check_linear(world, [*receipts, elsewhere], 0)
        assert other.rows("SELECT count(*) FROM envelopes") == [(5,)]

        # Awake, it serves as before. (The fault point stays: it is woken each time.)
        thaw = asyncio.create_task(woken(paused))
        again = await paused.session("sfc/intake", endpoints=[paused.address]).submit(envelope)
        assert again == elsewhere
        one, two = await checkpoint_of(paused, world), await checkpoint_of(other, world)
        assert one == two
        await paused.stop(signal.SIGKILL)
        thaw.cancel()


def stopped(hub: HubProcess) -> bool:
    """Whether a process is stopped by a signal."""
    assert hub.process is not None
    state = Path(f"/proc/{hub.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    return state == "T"


async def woken(hub: HubProcess) -> None:
    """Wakes a process whenever it stops."""
    while hub.process is not None:
        if stopped(hub):
            hub.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.02)


async def test_a_process_whose_listening_connection_dies_hears_again_and_misses_nothing(
    migrated_postgres_url: str, tmp_path: Path, world: World, shared_postgres: PostgresServer
) -> None:
    database = migrated_postgres_url.partition("@/")[2].partition("?")[0]
    async with two_hubs(migrated_postgres_url, tmp_path, world) as hubs:
        await asyncio.gather(*(hub.start() for hub in hubs))
        session = hubs[0].session("sfc/intake", endpoints=[hubs[0].address])
        reader = Reader(hubs[1].session("hkma/intake", endpoints=[hubs[1].address]), world)
        view = hubs[0].view()
        with shared_postgres.connect(database) as connection:

            def claims() -> set[int]:
                return {int(pid) for (pid,) in connection.execute(CLAIMED)}

            before = claims()
            assert len(before) == 2
            await session.submit(world.envelope(view))
            await until(lambda: len(reader.items) == 1)
            for pid in before:
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
            # What is committed while nobody listens is found by looking.
            await session.submit(world.envelope(view))
            await until(lambda: len(reader.items) == 2, 10)
            await until(lambda: len(claims()) == 2)
            assert not claims() & before
            await session.submit(world.envelope(view))
            await until(lambda: len(reader.items) == 3)
            assert reader.breaks == 0
            await reader.close()

            # A schema that this release does not know any more: each process says so and ends.
            connection.execute("UPDATE schema_range SET oldest = %s", (NEWEST_SCHEMA + 1,))
            for pid in claims():
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
            assert [await hub.ended() for hub in hubs] == [1, 1]
            assert "newer release" in hubs[0].log.read_text(encoding="utf-8")
            connection.execute("UPDATE schema_range SET oldest = %s", (NEWEST_SCHEMA - 1,))


async def test_each_clock_is_logged_once_however_many_processes_look(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    world = make_world(int(time.time() * 1000) - 16 * DAY, agencies=TWO)
    async with running_core(migrated_postgres_url, world, clock=FakeClock(world.now)) as core:
        for _ in range(12):
            await core.take(world.envelope(core.directory.view()))
    async with two_hubs(migrated_postgres_url, tmp_path, world) as hubs:
        await asyncio.gather(*(hub.start() for hub in hubs))

        def expired() -> int:
            ((count,),) = hubs[0].rows(f"SELECT count(*) FROM deliveries WHERE kind = {int(EventKind.EXPIRED)}")
            return int(count)

        await until(lambda: expired() >= 24)  # the sender's and the recipient's desk are told of each
        await asyncio.sleep(2.5)  # and each process looks again, twice
        assert expired() == 24
        assert [await hub.stop() for hub in hubs] == [0, 0]


async def test_each_process_has_a_certificate_of_its_own_from_the_same_authority(
    migrated_postgres_url: str, tmp_path: Path, world: World
) -> None:
    async with two_hubs(migrated_postgres_url, tmp_path, world) as hubs:
        await asyncio.gather(*(hub.start() for hub in hubs))
        key = world.desk("sfc/intake").tls_key
        (tmp_path / "client.pem").write_bytes(key.to_pem() + world.certificate(key))
        context = ssl.create_default_context(cadata=world.authority_pem.decode())
        context.load_cert_chain(tmp_path / "client.pem")
        context.set_alpn_protocols(["h2"])

        async def certificate(hub: HubProcess) -> bytes:
            _, writer = await asyncio.open_connection("127.0.0.1", hub.port, ssl=context, server_hostname="localhost")
            found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.close()
            return bytes(found)

        one, two = [await certificate(hub) for hub in hubs]
        assert one != two
