"""Limits of attachments: no call, and no two calls at once, store more than is counted, or more than may be."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from comity.errors import Reason, RefusedError

from hub.blobs import service, store
from hub.blobs.objects import Objects
from hub.blobs.service import PART_BYTES, BlobService
from hub.db import Database
from tests.support.blobs import HKMA, QUOTA, SFC, fetched, make_blobs, member, named, pieces, totals_kept
from tests.support.clock import FakeClock


class Gate:
    """Stands before or after a step until the test opens it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, objects: Objects, step: str, *, after: bool = False) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self._plain, self._after = getattr(objects, step), after
        monkeypatch.setattr(objects, step, self._stand)

    async def stood_at(self) -> None:
        """Waits until somebody stands there."""
        async with asyncio.timeout(10):
            await self.reached.wait()

    async def _stand(self, *given: Any) -> None:
        if self._after:
            await self._plain(*given)
        if not self.reached.is_set():
            self.reached.set()
            await self.open.wait()
        if not self._after:
            await self._plain(*given)


@pytest.mark.parametrize(("step", "after"), [("compose", False), ("compose", True), ("put", False), ("put", True)])
async def test_R_09_of_two_announcements_the_first_never_completes_what_the_second_announced(
    blobs: BlobService,
    database: Database,
    objects: Objects,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    after: bool,
) -> None:
    data = os.urandom(PART_BYTES + 1000)
    gate = Gate(monkeypatch, objects, step, after=after)
    first = asyncio.create_task(blobs.upload(SFC, named(data), len(data), 0, pieces(data)))
    await gate.stood_at()

    assert await blobs.upload(member("sfc/enforcement"), named(data), 1, 0, pieces(b"")) == (0, False)
    gate.open.set()
    with pytest.raises(RefusedError) as caught:
        await first

    assert (caught.value.reason, caught.value.metadata) == (Reason.BLOB_OFFSET, {"offset": "0"})
    assert await blobs.uploaded(SFC, named(data)) == (0, False)
    assert await database.read(totals_kept) == [("sfc", 1, 1, 1)]
    # What nobody counts is not stored either.
    assert await objects.list("") == []
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)
    assert await fetched(blobs, SFC, named(data)) == data


async def test_what_an_earlier_announcement_still_writes_hurts_no_later_one(
    blobs: BlobService, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, other = os.urandom(PART_BYTES + 1000), os.urandom(PART_BYTES)
    gate = Gate(monkeypatch, objects, "put")
    first = asyncio.create_task(blobs.upload(SFC, named(data), len(data), 0, pieces(other)))
    await gate.stood_at()
    await blobs.upload(SFC, named(data), 1, 0, pieces(b""))
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data[:PART_BYTES])) == (PART_BYTES, False)
    gate.open.set()
    with pytest.raises(RefusedError) as caught:
        await first

    assert (caught.value.reason, caught.value.metadata) == (Reason.BLOB_OFFSET, {"offset": str(PART_BYTES)})
    assert await blobs.upload(SFC, named(data), len(data), PART_BYTES, pieces(data[PART_BYTES:])) == (len(data), True)
    assert await fetched(blobs, SFC, named(data)) == data


async def test_the_first_small_upload_does_not_complete_what_the_second_announced(
    blobs: BlobService, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(1000)
    gate = Gate(monkeypatch, objects, "put")
    first = asyncio.create_task(blobs.upload(SFC, named(data), 1000, 0, pieces(data)))
    await gate.stood_at()
    assert await blobs.upload(SFC, named(data), 1, 0, pieces(b"")) == (0, False)
    gate.open.set()
    with pytest.raises(RefusedError) as caught:
        await first

    assert caught.value.reason is Reason.BLOB_OFFSET
    assert await objects.list("") == []


async def test_what_a_caller_left_behind_is_removed_though_it_is_gone(
    blobs: BlobService, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(PART_BYTES + 1000)
    await blobs.upload(SFC, named(data), len(data), 0, pieces(data[:PART_BYTES]))
    gate = Gate(monkeypatch, objects, "delete")
    again = asyncio.create_task(blobs.upload(SFC, named(data), 1, 0, pieces(b"")))
    await gate.stood_at()
    again.cancel()
    with pytest.raises(asyncio.CancelledError):
        await again
    gate.open.set()
    await blobs.stop()

    assert await objects.list("") == []


async def test_parts_of_what_is_complete_are_removed_though_the_caller_is_gone(
    blobs: BlobService, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(PART_BYTES + 1000)
    gate = Gate(monkeypatch, objects, "delete")
    monkeypatch.setattr(service, "MAX_UPLOADS", 1)
    call = asyncio.create_task(blobs.upload(SFC, named(data), len(data), 0, pieces(data)))
    await gate.stood_at()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    with pytest.raises(RefusedError) as caught:  # who calls and goes away again makes no more work than who stays
        await blobs.upload(SFC, named(b"x"), 1, 0, pieces(b"x"))
    assert caught.value.reason is Reason.BUSY
    gate.open.set()
    await blobs.stop()

    assert [stored.path.split("/")[0] for stored in await objects.list("")] == ["blobs"]
    assert await fetched(blobs, SFC, named(data)) == data
    assert await blobs.upload(SFC, named(b"x"), 1, 0, pieces(b"x")) == (1, True)


@pytest.mark.parametrize("after", [False, True])
async def test_two_processes_that_finish_one_upload_finish_it_once(
    database: Database, objects: Objects, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    one, two = (make_blobs(database, objects, clock) for _ in range(2))
    data = os.urandom(PART_BYTES + 1000)
    gate = Gate(monkeypatch, objects, "compose", after=after)
    first = asyncio.create_task(one.upload(SFC, named(data), len(data), 0, pieces(data)))
    await gate.stood_at()
    assert await two.upload(SFC, named(data), len(data), len(data), pieces(b"")) == (len(data), True)
    gate.open.set()

    if after:  # it is the same blob, whoever was first
        assert await first == (len(data), True)
    else:  # its parts are gone
        with pytest.raises(RefusedError) as caught:
            await first
        assert (caught.value.reason, caught.value.metadata) == (Reason.BLOB_OFFSET, {"offset": str(len(data))})
    assert await one.uploaded(SFC, named(data)) == (len(data), True)
    assert await fetched(one, SFC, named(data)) == data
    assert len(await objects.list("")) == 1
    assert await database.read(totals_kept) == [("sfc", len(data), 1, 0)]


async def test_a_finished_upload_of_another_process_is_not_discarded(
    database: Database, objects: Objects, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (make_blobs(database, objects, clock) for _ in range(2))
    data = os.urandom(PART_BYTES + 1000)
    gate = Gate(monkeypatch, objects, "put", after=True)
    first = asyncio.create_task(one.upload(SFC, named(data), len(data), 0, pieces(data)))
    await gate.stood_at()
    # The other one takes the very same way, and is faster.
    assert await two.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)
    gate.open.set()
    with pytest.raises(RefusedError) as caught:
        await first

    assert caught.value.reason is Reason.BLOB_OFFSET
    assert await fetched(one, SFC, named(data)) == data
    await one.collect()
    assert len(await objects.list("")) == 1


async def test_R_09_small_attachments_are_counted_too(
    database: Database, objects: Objects, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = make_blobs(database, objects, clock, agency_blobs=4, agency_unfinished=2)
    data = [b"%d" % number for number in range(5)]
    for one in data[:2]:
        assert await blobs.upload(SFC, named(one), 1, 0, pieces(b"")) == (0, False)

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", None)  # what is refused costs no transaction that writes
        with pytest.raises(RefusedError) as caught:
            await blobs.upload(SFC, named(data[2]), 1, 0, pieces(data[2]))
        assert caught.value.reason is Reason.QUOTA
        assert int(caught.value.metadata["retry_after_seconds"]) > 0
    # One that is begun already goes on, and makes room when it is complete.
    assert await blobs.upload(SFC, named(data[0]), 1, 0, pieces(data[0])) == (1, True)
    assert await blobs.upload(SFC, named(data[2]), 1, 0, pieces(data[2])) == (1, True)
    assert await blobs.upload(SFC, named(data[3]), 1, 0, pieces(data[3])) == (1, True)
    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, named(data[4]), 1, 0, pieces(data[4]))
    assert caught.value.reason is Reason.QUOTA
    assert await blobs.upload(HKMA, named(data[4]), 1, 0, pieces(data[4])) == (1, True)
    assert await database.read(totals_kept) == [("hkma", 1, 1, 0), ("sfc", 4, 4, 1)]


async def test_an_announcement_of_another_length_takes_no_more_room_than_there_is(blobs: BlobService) -> None:
    await blobs.upload(SFC, named(b"large"), QUOTA - 500, 0, pieces(b""))
    await blobs.upload(SFC, named(b"small"), 400, 0, pieces(b"abc"))
    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, named(b"small"), 501, 0, pieces(b""))

    assert caught.value.reason is Reason.QUOTA
    assert await blobs.uploaded(SFC, named(b"small")) == (3, False)
    assert await blobs.upload(SFC, named(b"small"), 500, 0, pieces(b"")) == (0, False)


async def test_announcements_at_once_neither_pass_the_quota_nor_fail(
    database: Database, objects: Objects, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each its own process; all look before any writes.
    processes = [make_blobs(database, objects, clock, agency_bytes=1000) for _ in range(4)]
    looked = asyncio.Barrier(len(processes))
    plain = database.read

    async def together(fn: Any) -> Any:
        found = await plain(fn)
        await looked.wait()
        return found

    async def announce(process: BlobService, sha256: bytes) -> object:
        try:
            return await process.upload(SFC, sha256, 100, 0, pieces(b""))
        except RefusedError as error:
            return error.reason

    monkeypatch.setattr(database, "read", together)
    for number in range(4):
        same = await asyncio.gather(*(announce(process, named(b"%d" % number)) for process in processes))
        assert same == [(0, False)] * 4
    results = []
    for _ in range(4):
        some = (announce(process, os.urandom(32)) for process in processes)
        results += await asyncio.gather(*some)
    monkeypatch.undo()
    assert (results.count((0, False)), results.count(Reason.QUOTA)) == (6, 10)
    assert await database.read(totals_kept) == [("sfc", 1000, 10, 10)]


async def test_calls_that_end_early_make_few_small_objects(
    blobs: BlobService, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_SHORT_PARTS", 3)
    data = os.urandom(2 * PART_BYTES + 100)
    for offset in (0, 1, 2):
        assert await blobs.upload(SFC, named(data), len(data), offset, pieces(data[offset:][:1])) == (offset + 1, False)
    assert await blobs.upload(SFC, named(data), len(data), 3, pieces(data[3:][:1])) == (3, False)
    assert await blobs.upload(SFC, named(data), len(data), 3, pieces(data[3:][:PART_BYTES])) == (3 + PART_BYTES, False)
    assert len(await objects.list("uploads")) == 4

    rest = 3 + PART_BYTES
    assert await blobs.upload(SFC, named(data), len(data), rest, pieces(data[rest:])) == (len(data), True)
    assert await fetched(blobs, SFC, named(data)) == data


async def test_a_part_that_grew_beyond_what_was_announced_is_found(blobs: BlobService, objects: Objects) -> None:
    data = os.urandom(PART_BYTES + 1000)
    announced = len(data) - 10
    await blobs.upload(SFC, named(data), announced, 0, pieces(data[:PART_BYTES]))
    plain = objects.list

    async def and_then_it_grows(prefix: str) -> Any:
        listed = await plain(prefix)
        if len(listed) == 2:
            await objects.put(listed[1].path, data[PART_BYTES:])
        return listed

    objects.list = and_then_it_grows  # type: ignore[method-assign]
    with pytest.raises(RefusedError) as caught:
        await blobs.upload(SFC, named(data), announced, PART_BYTES, pieces(data[PART_BYTES:announced]))
    assert caught.value.reason is Reason.BLOB_DIGEST
    assert await plain("") == []


def test_a_row_is_moved_and_finished_by_its_own_upload_only(database: Database) -> None:
    sha256, mine, other = os.urandom(32), b"mine", b"other"

    def begin(connection: Any) -> None:
        store.totals(connection, "sfc", lock=True)
        store.begin(connection, "sfc", sha256, store.Upload(mine, 10, touched=1), "sfc/intake")

    database.write(begin)
    key = ("sfc", sha256)
    assert not database.write(lambda c: store.advance(c, *key, other, offset=0, to=5, now=2))
    assert not database.write(lambda c: store.finish(c, *key, other, length=10, desk="sfc/intake", now=2))
    assert not database.write(lambda c: store.finish(c, *key, mine, length=9, desk="sfc/intake", now=2))
    assert not database.write(lambda c: store.discard(c, *key, other))
    assert database.write(lambda c: store.finish(c, *key, mine, length=10, desk="sfc/intake", now=2))
    assert not database.write(lambda c: store.finish(c, *key, mine, length=10, desk="sfc/intake", now=2))
    assert not database.write(lambda c: store.discard(c, *key, mine))
