"""A process that is killed at any step of the submit path loses nothing that was answered and doubles nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from comity.checkpoint import verify_checkpoint
from comity.envelope import parse_envelope
from comity.receipts import encode_receipt, parse_event, parse_receipt
from comity.v1 import envelope_pb2

from hub.faults import ACTIONS
from hub.log.receipts import note_at
from tests.chaos.database import Proxy, Side
from tests.support.core import Core, running_core, texts
from tests.support.postgres import PostgresServer
from tests.support.world import World, make_world
from tests.system.processes import until

MESSAGES = 24
WAVE = 4
POINTS = (
    "submit.after_identity",
    "submit.after_parse",
    "submit.after_parties",
    "submit.after_signatures",
    "submit.after_queue",
    "submit.after_lock",
    "submit.after_workflow",
    "submit.before_commit",
    "submit.after_commit",
    "submit.after_checkpoint",
    "submit.after_wake",
    "submit.after_answer",
)


@pytest.fixture(scope="module")
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


def in_a_process_that_dies(run: Callable[[int], None]) -> list[bytes]:
    """Runs something in a forked process until it is killed; returns what it had written down."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # What other tests left behind, such as gRPC's objects whose threads are not here, is not to be collected here.
        gc.freeze()
        os.close(reading)
        try:
            run(writing)
        finally:
            os._exit(3)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        written = file.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL
    parts: list[bytes] = []
    at = 0
    while at + 4 <= len(written):
        length = int.from_bytes(written[at : at + 4], "big")
        parts.append(written[at + 4 : at + 4 + length])
        at += 4 + length
    return parts


def submit_until_killed(url: str, world: World, envelopes: list[envelope_pb2.Envelope], point: str, after: int):  # type: ignore[no-untyped-def]
    """Returns what submits the envelopes one by one, and writes each receipt down as soon as it is there."""

    def run(pipe: int) -> None:
        async def main() -> None:
            core = Core(url, world, guarded=False)
            await core.start()
            core.faults.arm(point, ACTIONS["kill"], after=after)

            async def one(envelope: envelope_pb2.Envelope) -> None:
                (receipt,) = await core.submit(envelope)
                data = encode_receipt(receipt)
                os.write(pipe, len(data).to_bytes(4, "big") + data)

            for at in range(0, len(envelopes), WAVE):  # so that there is more than one batch
                await asyncio.gather(*(one(envelope) for envelope in envelopes[at : at + WAVE]))
            await core.stop()

        asyncio.run(main())

    return run


@pytest.mark.parametrize("point", POINTS)
async def test_S_01_S_02_S_03_a_kill_at_each_step_loses_and_doubles_nothing(
    migrated_database_url: str, world: World, point: str
) -> None:
    async with running_core(migrated_database_url, world) as core:
        view = core.directory.view()
    answered: dict[bytes, bytes] = {}
    submitted: list[envelope_pb2.Envelope] = []
    for after in (1, 2):
        envelopes = [world.envelope(view) for _ in range(MESSAGES // 2)]
        submitted += envelopes
        run = submit_until_killed(migrated_database_url, world, envelopes, point, after)
        for data in in_a_process_that_dies(run):
            answered[parse_event(parse_receipt(data).event).message_hash] = data

    async with running_core(migrated_database_url, world) as core:
        assert core.fsck() == []
        for envelope in submitted:
            (receipt,) = await core.submit(envelope)
            message_hash = parse_envelope(envelope).message_hash
            assert core.verified(receipt).event.message_hash == message_hash
            assert answered.get(message_hash, encode_receipt(receipt)) == encode_receipt(receipt)
        feed = await core.read("hkma/intake")
        assert [item.number for item in feed] == list(range(1, len(submitted) + 1))
        hashes = [core.verified(item.receipt).event.message_hash for item in feed]
        assert sorted(hashes) == sorted(parse_envelope(envelope).message_hash for envelope in submitted)


@pytest.mark.parametrize("side", ["before", "after"])
async def test_S_07_a_connection_cut_during_commit_is_unavailable_and_a_retry_yields_the_one_true_receipt(
    shared_postgres: PostgresServer, migrated_postgres_url: str, world: World, side: Side
) -> None:
    with tempfile.TemporaryDirectory(prefix="wire-", dir="/tmp") as folder:  # short: a socket lies in it
        async with contextlib.AsyncExitStack() as stack:
            proxy = stack.enter_context(Proxy(shared_postgres, Path(folder)))
            core = await stack.enter_async_context(running_core(proxy.through(migrated_postgres_url), world))
            first, second = (world.envelope(core.directory.view()) for _ in range(2))
            proxy.arm(side)
            assert texts(await core.submit(first)) == ["UNAVAILABLE"]
            assert proxy.cuts == 1
            # The server had heard of the COMMIT, or had not: the hub cannot tell, and says the same.
            assert len(await core.read("hkma/intake")) == (1 if side == "after" else 0)

            (receipt,) = await core.submit(first)
            assert core.verified(receipt).event.message_hash == parse_envelope(first).message_hash
            assert core.verified(receipt).receipt.index == 0
            assert (await core.submit(first, second))[0] == receipt
            assert [item.number for item in await core.read("hkma/intake")] == [1, 2]


async def test_S_12_a_checkpoint_that_was_signed_and_never_published_is_published_byte_for_byte_after_the_restart(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoint"
    async with running_core(migrated_database_url, world) as core:
        envelope = world.envelope(core.directory.view())

    def run(pipe: int) -> None:
        async def main() -> None:
            core = Core(migrated_database_url, world, checkpoint_file=file)
            await core.start()
            guard = core.sequencer._guard
            assert guard is not None

            def fail() -> None:
                os.write(pipe, len(guard._note).to_bytes(4, "big") + guard._note)
                ACTIONS["kill"]()

            # The storage takes what was signed at the start; it fails with the message's checkpoint.
            await until(lambda: file.exists() and not guard._note)
            guard._written_at = 0.0
            core.faults.arm("log.before_checkpoint_file", fail)
            await core.submit(envelope)
            await asyncio.Event().wait()

        asyncio.run(main())

    (signed,) = in_a_process_that_dies(run)
    assert not file.exists() or file.read_bytes() != signed

    note_at.cache_clear()
    async with running_core(migrated_database_url, world, checkpoint_file=file) as core:
        (receipt,) = await core.submit(envelope)
        assert receipt.checkpoint == signed
        (item,) = await core.read("hkma/intake")
        assert item.receipt.checkpoint == signed
        size = verify_checkpoint(signed, world.exchange_origin, world.log_key.public).size
    # What is kept outside the database from now on goes on from there.
    kept = verify_checkpoint(file.read_bytes(), world.exchange_origin, world.log_key.public)
    assert kept.size > size
