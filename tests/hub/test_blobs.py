"""Sealed attachments: resumable, verified, for whom they were sent to, within a quota. On a folder and on S3."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import blobs_pb2 as pb
from comity.v1 import exchange_pb2
from comity.v1.blobs_pb2_grpc import BlobServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub

from hub.blobs.objects import Objects
from hub.blobs.service import MAX_PIECE_BYTES, MAX_UPLOADS, PART_BYTES, BlobService
from tests.support.blobs import HKMA, QUOTA, SFC, fetched, named, pieces
from tests.support.clock import FakeClock
from tests.support.hub import reason_of, running_hub
from tests.support.world import make_world


async def first_part(objects: Objects) -> str:
    (part,) = await objects.list("uploads")
    return part.path


@pytest.mark.parametrize("length", [1, MAX_PIECE_BYTES, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 300_000])
async def test_a_blob_comes_back_as_it_went_up(blobs: BlobService, length: int) -> None:
    data = os.urandom(length)

    assert await blobs.uploaded(SFC, named(data)) == (0, False)
    assert await blobs.upload(SFC, named(data), length, 0, pieces(data)) == (length, True)
    assert await blobs.uploaded(SFC, named(data)) == (length, True)
    assert await fetched(blobs, SFC, named(data)) == data
    assert await fetched(blobs, SFC, named(data), length - 1) == data[-1:]
    assert await fetched(blobs, SFC, named(data), length) == b""
    assert await blobs.upload(SFC, named(data), length, 0, pieces(b"")) == (length, True)
    with pytest.raises(RefusedError) as caught:
        await fetched(blobs, SFC, named(data), length + 1)
    assert caught.value.reason is Reason.BLOB_OFFSET


async def test_an_interrupted_upload_goes_on_from_what_is_durable(blobs: BlobService, objects: Objects) -> None:
    data = os.urandom(2 * PART_BYTES + 700_000)
    sha256 = named(data)

    with pytest.raises(ConnectionError):
        await blobs.upload(SFC, sha256, len(data), 0, pieces(data[: PART_BYTES + 500_000], then=ConnectionError()))
    offset, complete = await blobs.uploaded(SFC, sha256)
    assert (offset, complete) == (PART_BYTES, False)
    for wrong in (0, PART_BYTES + 1):
        with pytest.raises(RefusedError) as caught:
            await blobs.upload(SFC, sha256, len(data), wrong, pieces(data[wrong:]))
        assert (caught.value.reason, caught.value.metadata) == (Reason.BLOB_OFFSET, {"offset": str(PART_BYTES)})
    # An orderly end in the middle keeps every byte.
    assert await blobs.upload(SFC, sha256, len(data), offset, pieces(data[offset : offset + 1000])) == (
        offset + 1000,
        False,
    )
    offset += 1000
    assert await blobs.upload(SFC, sha256, len(data), offset, pieces(data[offset:])) == (len(data), True)
    assert await fetched(blobs, SFC, sha256) == data
    assert [s.path for s in await objects.list("uploads")] == []
    assert [s.path.split(".")[0] for s in await objects.list("blobs")] == [f"blobs/sfc/{sha256.hex()}"]


async def test_a_crash_between_the_last_part_and_completion_is_made_good_by_the_next_call(
    blobs: BlobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(PART_BYTES + 10)
    sha256 = named(data)

    async def crash(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(BlobService, "_complete", crash)
        with pytest.raises(ConnectionError):
            await blobs.upload(SFC, sha256, len(data), 0, pieces(data))
    assert await blobs.uploaded(SFC, sha256) == (len(data), False)
    with pytest.raises(RefusedError):
        await fetched(blobs, SFC, sha256)
    assert await blobs.upload(SFC, sha256, len(data), len(data), pieces(b"")) == (len(data), True)
    assert await fetched(blobs, SFC, sha256) == data


@pytest.mark.parametrize("length", [1000, PART_BYTES + 1000])
async def test_other_bytes_than_announced_are_refused_and_begin_anew(
    blobs: BlobService, objects: Objects, length: int
) -> None:
    data, other = os.urandom(length), os.urandom(length)

    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, named(data), length, 0, pieces(other))
    assert caught.value.reason is Reason.BLOB_DIGEST
    assert await blobs.uploaded(SFC, named(data)) == (0, False)
    assert await objects.list("") == []
    assert await blobs.upload(SFC, named(data), length, 0, pieces(data)) == (length, True)


async def test_a_part_that_was_changed_at_rest_is_found_before_the_blob_counts(
    blobs: BlobService, objects: Objects
) -> None:
    data = os.urandom(PART_BYTES + 5)
    sha256 = named(data)
    await blobs.upload(SFC, sha256, len(data), 0, pieces(data[:PART_BYTES]))
    await objects.put(await first_part(objects), os.urandom(PART_BYTES))

    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, sha256, len(data), PART_BYTES, pieces(data[PART_BYTES:]))
    assert caught.value.reason is Reason.BLOB_DIGEST

    await blobs.upload(SFC, sha256, len(data), 0, pieces(data[:PART_BYTES]))
    await objects.delete([await first_part(objects)])
    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, sha256, len(data), PART_BYTES, pieces(data[PART_BYTES:]))
    assert caught.value.reason is Reason.BLOB_DIGEST


async def test_a_blob_is_its_uploaders_alone_until_it_is_sent(blobs: BlobService) -> None:
    data = os.urandom(1000)
    await blobs.upload(SFC, named(data), 1000, 0, pieces(data))

    answers = []
    for sha256 in (named(data), named(b"nothing")):
        with pytest.raises(RefusedError) as caught:
            await fetched(blobs, HKMA, sha256)
        answers.append((caught.value.reason, str(caught.value), caught.value.metadata))
    assert answers[0] == answers[1]
    assert answers[0][0] is Reason.NOT_FOUND
    assert await blobs.uploaded(HKMA, named(data)) == (0, False)
    assert await blobs.upload(HKMA, named(data), 1000, 0, pieces(data)) == (1000, True)


async def test_the_quota_of_stored_bytes_counts_what_is_announced(blobs: BlobService) -> None:
    data = os.urandom(1000)
    await blobs.upload(SFC, named(b"large"), QUOTA - 500, 0, pieces(b""))

    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, named(data), 1000, 0, pieces(data))
    assert caught.value.reason is Reason.QUOTA
    assert int(caught.value.metadata["retry_after_seconds"]) > 0
    assert await blobs.upload(HKMA, named(data), 1000, 0, pieces(data)) == (1000, True)


async def test_R_09_abandoned_uploads_are_collected_after_a_day_and_release_the_quota(
    blobs: BlobService, objects: Objects, clock: FakeClock
) -> None:
    data = os.urandom(PART_BYTES + 1000)
    for number in range(3):
        await blobs.upload(SFC, named(b"%d" % number), QUOTA // 3, 0, pieces(data[:PART_BYTES]))
    await blobs.upload(HKMA, named(data), len(data), 0, pieces(data))  # complete, and no envelope ever named it
    clock.advance(hours=23)
    await blobs.collect()
    assert (await blobs.uploaded(SFC, named(b"0")))[0] == PART_BYTES
    clock.advance(hours=2)
    await blobs.collect()

    assert await blobs.uploaded(SFC, named(b"0")) == (0, False)
    assert await objects.list("") == []
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)
    assert await blobs.collect() == 0


async def test_the_newest_upload_of_a_blob_wins(blobs: BlobService) -> None:
    data = os.urandom(PART_BYTES + 100)
    sha256 = named(data)
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield data[:MAX_PIECE_BYTES]
        await gate.wait()
        async for piece in pieces(data[MAX_PIECE_BYTES:]):
            yield piece

    first = asyncio.create_task(blobs.upload(SFC, sha256, len(data), 0, slow()))
    await asyncio.sleep(0.1)
    assert await blobs.upload(SFC, sha256, len(data), 0, pieces(data)) == (len(data), True)
    gate.set()
    with pytest.raises(RefusedError) as caught:
        await first
    assert caught.value.reason is Reason.BLOB_OFFSET
    assert await fetched(blobs, SFC, sha256) == data


async def test_an_agency_has_a_few_uploads_at_once(blobs: BlobService) -> None:
    gate = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        await gate.wait()
        yield b"x"

    running = [asyncio.create_task(blobs.upload(SFC, named(b"x%d" % n), 10, 0, waiting())) for n in range(MAX_UPLOADS)]
    await asyncio.sleep(0.2)
    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, named(b"one more"), 10, 0, pieces(b"x"))
    assert caught.value.reason is Reason.BUSY
    gate.set()
    assert {await task for task in running} == {(1, False)}
    assert await blobs.upload(SFC, named(b"one more"), 10, 0, pieces(b"x")) == (1, False)


async def test_a_store_that_fails_is_unavailable_and_promises_nothing(
    blobs: BlobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(PART_BYTES + 1)

    async def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("hub.blobs.objects.obstore.put_async", full)
        with pytest.raises(RefusedError) as caught:
            await blobs.upload(SFC, named(data), len(data), 0, pieces(data))
        assert caught.value.reason is Reason.UNAVAILABLE
    assert await blobs.uploaded(SFC, named(data)) == (0, False)
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)


async def test_on_the_wire_an_attachment_reaches_the_desk_it_was_sent_to_and_no_other(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma", "hkpf"))
    data = os.urandom(700_000)
    sha256 = named(data)

    def messages(length: int = len(data), first: bytes = sha256) -> Iterator[pb.UploadBlobRequest]:
        yield pb.UploadBlobRequest(sha256=first, length=length, offset=0, data=data[:1000])
        for at in range(1000, len(data), MAX_PIECE_BYTES):
            yield pb.UploadBlobRequest(data=data[at : at + MAX_PIECE_BYTES])

    async def got(channel: grpc.aio.Channel) -> bytes:
        answers = BlobServiceStub(channel).DownloadBlob(pb.DownloadBlobRequest(sha256=sha256))
        return b"".join([answer.data async for answer in answers])

    async with (
        running_hub(migrated_database_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as sfc,
        hub.as_desk("hkma/intake") as hkma,
        hub.as_desk("hkpf/cctb") as hkpf,
    ):
        answer = await BlobServiceStub(sfc).UploadBlob(messages())
        assert (answer.offset, answer.complete) == (len(data), True)
        held = await BlobServiceStub(sfc).GetUpload(pb.GetUploadRequest(sha256=sha256))
        assert (held.offset, held.complete) == (len(data), True)
        envelope = world.envelope(hub.view(), blobs=[(sha256, len(data))])
        await ExchangeServiceStub(sfc).Submit(exchange_pb2.SubmitRequest(envelope=envelope))

        assert await got(sfc) == data
        assert await got(hkma) == data
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await got(hkpf)
        assert reason_of(caught.value) is Reason.NOT_FOUND

        for bad, reason in (
            (iter([]), Reason.MALFORMED),
            (messages(first=b"../../etc/passwd"), Reason.MALFORMED),
            (messages(length=10), Reason.MALFORMED),
            (messages(length=0), Reason.MALFORMED),
            (messages(length=6 << 30), Reason.TOO_LARGE),
            (iter([*messages(first=named(b"a")), pb.UploadBlobRequest(sha256=sha256)]), Reason.MALFORMED),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await BlobServiceStub(hkma).UploadBlob(bad)
            assert reason_of(caught.value) is reason

    names = [path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert [name.split(".")[0] for name in names] == [sha256.hex()]
