"""Two hub processes on one PostgreSQL and one bucket: an upload begun at one process is finished at the other."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from comity.v1 import blobs_pb2
from comity.v1.blobs_pb2_grpc import BlobServiceStub

from tests.support.s3 import CREDENTIALS, REGION
from tests.support.world import make_world
from tests.system.processes import HubProcess, hub_home, twin

PART = 4 << 20
PIECE = 256 << 10


async def pieces(data: bytes, offset: int, end: int, gate: asyncio.Event | None = None) -> AsyncIterator[object]:
    """The messages of one upload call; at the end it waits for the gate, if there is one."""
    for at in range(offset, end, PIECE):
        first = {"sha256": hashlib.sha256(data).digest(), "length": len(data), "offset": offset}
        chunk = data[at : min(at + PIECE, end)]
        yield blobs_pb2.UploadBlobRequest(data=chunk, **(first if at == offset else {}))
    if gate is not None:
        await gate.wait()


async def held(hub: HubProcess, sha256: bytes) -> tuple[int, bool]:
    """What one process says it has of a blob."""
    return await hub.session("sfc/intake", endpoints=[hub.address]).upload_offset(sha256)


async def downloaded(hub: HubProcess, desk: str, sha256: bytes) -> bytes:
    """A blob, through one process."""
    session = hub.session(desk, endpoints=[hub.address])
    return b"".join([part async for part in session.download(sha256, 0)])


async def test_an_upload_begun_at_a_process_that_is_killed_is_finished_at_the_other(
    migrated_postgres_url: str, tmp_path: Path, s3_endpoint: str, s3_bucket: str
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    where = {
        "COMITY_HUB_BLOBS_URL": s3_bucket,
        "COMITY_HUB_BLOBS_S3_ENDPOINT": s3_endpoint,
        "COMITY_HUB_BLOBS_S3_REGION": REGION,
        **CREDENTIALS,
    }
    data = os.urandom(2 * PART + 700_001)
    sha256 = hashlib.sha256(data).digest()
    async with hub_home(migrated_postgres_url, tmp_path, world, copied=True) as first:
        second = twin(first, "second")
        try:
            await asyncio.gather(first.start(**where), second.start(**where))
            # The call is open, one part is durable, half of the next has arrived: the process is killed.
            gate = asyncio.Event()
            async with first.as_desk("sfc/intake") as channel:
                call = asyncio.ensure_future(
                    BlobServiceStub(channel).UploadBlob(pieces(data, 0, PART + PART // 2, gate), timeout=60)
                )
                while (await held(second, sha256))[0] < PART:
                    assert not call.done()
                assert await first.stop(signal.SIGKILL) == -signal.SIGKILL
                gate.set()
                with pytest.raises(grpc.aio.AioRpcError):
                    await call
            offset, complete = await held(second, sha256)
            assert (offset, complete) == (PART, False)

            # A call that ends early leaves what it brought; then the rest, and the digest decides.
            async with second.as_desk("sfc/intake") as channel:
                stub = BlobServiceStub(channel)
                answer = await stub.UploadBlob(pieces(data, PART, PART + 100_000), timeout=60)
                assert (answer.offset, answer.complete) == (PART + 100_000, False)
            await first.start(**where)
            async with first.as_desk("sfc/intake") as channel:
                answer = await BlobServiceStub(channel).UploadBlob(pieces(data, answer.offset, len(data)), timeout=60)
                assert answer.complete
            assert [await held(hub, sha256) for hub in (first, second)] == [(len(data), True)] * 2

            envelope = world.envelope(first.view(), blobs=[(sha256, len(data))])
            await second.session("sfc/intake", endpoints=[second.address]).submit(envelope)
            for hub in (first, second):
                assert await downloaded(hub, "hkma/intake", sha256) == data
            assert [await hub.stop() for hub in (first, second)] == [0, 0]
            assert first.fsck() == []
        finally:
            await second.close()
