"""The collection of attachments: in pages, beside everybody else's work, and never what was promised."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from sqlalchemy import Connection, Engine, event, insert, select

from hub.blobs import collecting, store
from hub.blobs.objects import Objects, blob_path, open_objects, part_path
from hub.blobs.service import PART_BYTES, BlobService
from hub.db import Database
from hub.schema import blob_totals, envelope_blobs
from hub.schema import blobs as rows
from tests.support.blobs import HKMA, SFC, fetched, make_blobs, named, pieces, totals_counted, totals_kept
from tests.support.clock import FakeClock
from tests.support.core import running_core
from tests.support.world import make_world

DAY = 86_400_000


def row(agency: str, *, complete: bool, created: int) -> dict[str, Any]:
    """A blob of one byte."""
    return {
        "agency": agency,
        "sha256": os.urandom(32),
        "nonce": os.urandom(16),
        "desk": f"{agency}/intake",
        "length": 1,
        "offset": int(complete),
        "parts": 0,
        "complete": complete,
        "created": created,
    }


def fill(database: Database, given: list[dict[str, Any]], names: list[dict[str, Any]]) -> None:
    """Puts rows there as if uploads had made them."""

    def all_of_it(connection: Connection) -> None:
        connection.execute(insert(rows), given)
        connection.execute(
            insert(envelope_blobs),
            [{"message_hash": os.urandom(32), "sha256": n["sha256"], "agency": n["agency"]} for n in names],
        )
        for totals in totals_counted(connection):
            connection.execute(insert(blob_totals).values(totals))

    database.write(all_of_it)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement of any engine, as it is run."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


async def test_R_09_fifty_thousand_stale_rows_go_a_page_at_a_time(
    database: Database, tmp_path: Any, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    old = clock.now - 2 * DAY
    unfinished = [row(agency, complete=False, created=old) for agency in ("hkma", "sfc") for _ in range(12_500)]
    unnamed = [row(agency, complete=True, created=old) for agency in ("hkma", "sfc") for _ in range(12_500)]
    kept = [row("sfc", complete=True, created=old) for _ in range(10)]
    fresh = [row("sfc", complete=complete, created=clock.now) for complete in (True, False)]
    fill(database, unfinished + unnamed + kept + fresh, kept)
    blobs = make_blobs(database, open_objects(str(tmp_path / "blobs")), clock)
    gone: list[int] = []
    locked: list[int] = []
    plain = database.write

    def counted(fn: Callable[[Connection], Any]) -> Any:
        def work(connection: Connection) -> Any:
            before, at = size(connection), len(statements)
            found = fn(connection)
            gone.append(before - size(connection))
            if any("log_heads" in statement for statement in statements[at:]):
                locked.append(gone[-1])
            return found

        return plain(work)

    def size(connection: Connection) -> int:
        return sum(total[2] for total in totals_kept(connection))

    monkeypatch.setattr(database, "write", counted)
    collection = asyncio.create_task(blobs.collect())
    others = 0
    while not collection.done():  # somebody else's writes come between
        await asyncio.to_thread(plain, lambda c: c.exec_driver_sql("SELECT 1").scalar())
        others += 1
    await collection
    monkeypatch.undo()

    assert sum(gone) == 50_000
    assert max(gone) <= 500
    # The log's head is locked for pages of complete blobs alone: an unfinished one cannot be named.
    assert sum(locked) == 25_000
    assert others > 20
    left = await database.read(lambda c: {bytes(r[0]) for r in c.execute(select(rows.c.sha256))})
    assert left == {one["sha256"] for one in kept + fresh}


async def test_rows_are_looked_for_and_objects_listed_in_pages(
    blobs: BlobService, database: Database, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "PAGE", 10)
    for number in range(25):
        await objects.put(blob_path("sfc", os.urandom(32), os.urandom(16)), b"x")
        await objects.put(part_path("hkma", os.urandom(32), os.urandom(16), number), b"x")
    data = b"wanted"
    await blobs.upload(SFC, named(data), len(data), 0, pieces(data))
    await objects.put("blobs/something/else", b"not ours")
    await objects.put("uploads/some.thing/else.too", b"not ours")
    asked: list[int] = []
    deleted: list[int] = []
    known, delete = store.known, objects.delete

    def counted(connection: Connection, some: dict[str, set[bytes]]) -> Any:
        asked.append(sum(map(len, some.values())))
        return known(connection, some)

    async def noted(paths: list[str]) -> None:
        deleted.append(len(paths))
        await delete(paths)

    monkeypatch.setattr(store, "known", counted)
    monkeypatch.setattr(objects, "delete", noted)

    assert await blobs.collect() == 50
    assert max(asked) <= 10
    assert (sum(deleted), max(deleted)) == (50, 10)
    assert await fetched(blobs, SFC, named(data)) == data
    assert {s.path for s in await objects.list("")} > {"blobs/something/else", "uploads/some.thing/else.too"}
    assert await blobs.collect() == 0


async def test_an_attachment_that_was_promised_outlives_a_collection_that_decided_before(
    migrated_database_url: str, objects: Objects
) -> None:
    clock = FakeClock()
    world = make_world(clock.now, agencies=("sfc", "hkma"))
    async with running_core(migrated_database_url, world, clock=clock) as core:
        blobs = make_blobs(core.db, objects, clock)
        data = os.urandom(1000)
        await blobs.upload(SFC, named(data), len(data), 0, pieces(data))
        clock.advance(hours=25)
        plain = objects.delete
        collected: list[list[str]] = []

        async def slow(paths: list[str]) -> None:
            if not collected:  # the collection has decided and comes to its deletions late
                collected.append(paths)
                assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)
                view = core.directory.view()
                await core.take(world.envelope(view, created=clock.now, blobs=[(named(data), len(data))]))
            await plain(paths)

        objects.delete = slow  # type: ignore[method-assign, assignment]
        assert await blobs.collect() == 1

        assert len(collected) == 1
        assert await fetched(blobs, HKMA, named(data)) == data
        objects.delete = plain  # type: ignore[method-assign]
        clock.advance(hours=25)
        assert await blobs.collect() == 0
        assert await fetched(blobs, HKMA, named(data)) == data


def test_what_moved_on_since_it_was_found_stale_is_not_forgotten(database: Database) -> None:
    unfinished = [row("sfc", complete=False, created=1) for _ in range(4)]
    complete = [row("sfc", complete=True, created=1) for _ in range(4)]
    fill(database, unfinished + complete, complete[3:])
    found = database.read_now(lambda c: store.stale(c, 2, ("", b""), 500))
    assert len(found) == 7

    def move_on(c: Connection) -> None:
        first, second = unfinished[0], unfinished[1]
        assert store.advance(c, "sfc", first["sha256"], first["nonce"], offset=0, to=1, now=2)
        assert store.finish(c, "sfc", second["sha256"], second["nonce"], length=1, desk="sfc/intake", now=1)
        assert store.touch(c, "sfc", complete[0]["sha256"], 2)
        name = {"message_hash": os.urandom(32), "sha256": complete[1]["sha256"], "agency": "sfc"}
        c.execute(insert(envelope_blobs), [name])

    database.write(move_on)
    for kind, count in ((False, 2), (True, 1)):
        some = [one.sha256 for one in found if one.complete is kind]
        assert database.write(lambda c, some=some, kind=kind: store.forget(c, "sfc", some, 2, complete=kind)) == count  # type: ignore[misc]
    left = database.read_now(lambda c: {bytes(r[0]) for r in c.execute(select(rows.c.sha256))})
    assert left == {one["sha256"] for one in unfinished[:2] + complete[:2] + complete[3:]}


async def test_parts_that_could_not_be_removed_are_collected(
    blobs: BlobService, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(PART_BYTES + 1000)

    async def fails(_: list[str]) -> None:
        raise RefusedError(Reason.UNAVAILABLE, "the store of attachments does not answer; try again")

    with monkeypatch.context() as patch:
        patch.setattr(objects, "delete", fails)
        assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)
    assert len(await objects.list("uploads")) == 2

    assert await blobs.collect() == 2
    assert await fetched(blobs, SFC, named(data)) == data


async def test_an_upload_that_goes_on_is_not_touched(blobs: BlobService, clock: FakeClock) -> None:
    data = os.urandom(2 * PART_BYTES)
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data[:PART_BYTES])) == (PART_BYTES, False)
    clock.advance(hours=23)
    await blobs.upload(SFC, named(data), len(data), PART_BYTES, pieces(data[PART_BYTES:][:10]))
    clock.advance(hours=23)

    assert await blobs.collect() == 0
    rest = PART_BYTES + 10
    assert await blobs.upload(SFC, named(data), len(data), rest, pieces(data[rest:])) == (len(data), True)
    assert await fetched(blobs, SFC, named(data)) == data


async def test_an_upload_that_is_collected_below_its_call_leaves_nothing(
    blobs: BlobService, objects: Objects, clock: FakeClock
) -> None:
    data = os.urandom(PART_BYTES + 1000)
    going, begun = asyncio.Event(), asyncio.Event()

    async def slow() -> Any:
        async for piece in pieces(data):
            yield piece
            begun.set()
            await going.wait()

    call = asyncio.create_task(blobs.upload(SFC, named(data), len(data), 0, slow()))
    await begun.wait()
    clock.advance(hours=25)
    await blobs.collect()
    going.set()
    with pytest.raises(RefusedError) as caught:
        await call

    assert (caught.value.reason, caught.value.metadata) == (Reason.BLOB_OFFSET, {"offset": "0"})
    assert await objects.list("") == []


async def test_a_blob_that_is_uploaded_again_is_kept_as_one_uploaded_now(
    blobs: BlobService, objects: Objects, clock: FakeClock
) -> None:
    data = os.urandom(1000)
    await blobs.upload(SFC, named(data), len(data), 0, pieces(data))
    clock.advance(hours=23)
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)
    clock.advance(hours=2)

    assert await blobs.collect() == 0
    assert await fetched(blobs, SFC, named(data)) == data


async def test_a_blob_that_is_collected_while_it_is_uploaded_again_is_uploaded_anew(
    blobs: BlobService, database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(1000)
    await blobs.upload(SFC, named(data), len(data), 0, pieces(data))
    clock.advance(hours=25)
    plain = database.read
    read: list[Any] = []

    async def collected_after(fn: Any) -> Any:
        found = await plain(fn)
        if not read:
            read.append(found)
            await blobs.collect()
        return found

    monkeypatch.setattr(database, "read", collected_after)
    assert await blobs.upload(SFC, named(data), len(data), 0, pieces(data)) == (len(data), True)

    assert await fetched(blobs, SFC, named(data)) == data


async def test_folders_of_uploads_that_are_gone_do_not_pile_up(blobs: BlobService, tmp_path: Any) -> None:
    data = os.urandom(PART_BYTES + 1)
    await blobs.upload(SFC, named(data), len(data), 0, pieces(data))

    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_dir() and not any(path.iterdir())] == []
