"""Sealed attachments: resumable uploads, downloads for whom they were sent to, collection of what nobody finished.

Steps of an upload: (1) form and limits, (2) one upload of a blob at a time in this process, the newest wins,
(3) announce, against the agency's quotas (`announcing.py`), (4) the offset must be the one held, (5) parts, each
durable before its offset moves, (6) compose, with the digest computed on the way, (7) only then complete.

Each announcement has a nonce of its own, which stands in its row and in the names of its objects. Every later step
counts only while the row still has it, so that of two calls for one digest neither completes what the other announced.

Never does: look into a blob; use anything from outside as a path.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

from comity.errors import MalformedError, Reason, RefusedError

from hub.blobs import collecting, store
from hub.blobs.announcing import Limits, Writer, announce, wrong_offset
from hub.blobs.objects import COPY_BYTES, Objects, Stored, blob_path, part_path, uploads_path
from hub.blobs.store import Upload
from hub.clock import Clock
from hub.db import Database
from hub.interceptors.identity import Caller
from hub.telemetry import Telemetry

T = TypeVar("T")

MAX_BLOB_BYTES: Final = 5 << 30
"""Greatest length of a blob."""
MAX_PIECE_BYTES: Final = 256 * 1024
"""Greatest length of one message's data."""
PART_BYTES: Final = 4 * 1024 * 1024
"""An interrupted upload goes on from a multiple of this."""
MAX_UPLOADS: Final = 8
"""Uploads of one agency at once: each holds a part in memory."""
MAX_SHORT_PARTS: Final = 64
"""Parts smaller than `PART_BYTES` of one upload that are kept where its call ended early: each is an object."""
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class _Call:
    """One call that uploads."""

    agency: str
    sha256: bytes
    nonce: bytes
    """Of the row it found or made."""
    length: int
    desk: str
    token: object
    """Which of the calls for this blob in this process it is."""


class BlobService:
    """Moves sealed attachments."""

    def __init__(
        self,
        database: Database,
        objects: Objects,
        clock: Clock,
        telemetry: Telemetry,
        *,
        agency_bytes: int,
        keep_hours: int,
        agency_blobs: int = 100_000,
        agency_unfinished: int = 256,
    ) -> None:
        """Takes its collaborators and the limits.

        Args:
            database: of the rows.
            objects: of the bytes.
            clock: tells the time.
            telemetry: counts.
            agency_bytes: that an agency may keep, announced ones included.
            keep_hours: how long unfinished uploads are kept.
            agency_blobs: that an agency may keep, however small.
            agency_unfinished: uploads of these that are not complete.
        """
        self._database = database
        self._objects = objects
        self._clock = clock
        self._telemetry = telemetry
        self._write = Writer(database)
        self._limits = Limits(agency_bytes, agency_blobs, agency_unfinished)
        self._keep_ms = keep_hours * _HOUR_MS
        self._owners: dict[tuple[str, bytes], object] = {}
        self._running: Counter[str] = Counter()
        self._going_on: set[asyncio.Task[Any]] = set()

    async def stop(self) -> None:
        """Waits for what goes on though its caller went away."""
        await asyncio.gather(*self._going_on, return_exceptions=True)

    async def uploaded(self, who: Caller, sha256: bytes) -> tuple[int, bool]:
        """Returns (bytes held, complete) of the calling agency's own blob.

        Raises:
            MalformedError: not a digest.
        """
        _check_digest(sha256)
        found = await self._database.read(lambda c: store.find(c, who.agency, sha256))
        return (found.offset, found.complete) if found is not None else (0, False)

    async def upload(
        self, who: Caller, sha256: bytes, length: int, offset: int, pieces: AsyncIterator[bytes]
    ) -> tuple[int, bool]:
        """Takes a blob, or the next stretch of one.

        Args:
            who: calls; the blob becomes its agency's.
            sha256: digest of the whole blob.
            length: of the whole blob, in bytes.
            offset: where the pieces begin.
            pieces: the bytes.

        Returns:
            (bytes held, complete).

        Raises:
            MalformedError: not a digest, too long, or more bytes than announced.
            RefusedError: BLOB_OFFSET, BLOB_DIGEST, QUOTA, BUSY or UNAVAILABLE.
        """
        _check_digest(sha256)  # step 1
        if not 0 < length <= MAX_BLOB_BYTES:
            raise MalformedError("a blob has 1 byte to 5 GiB", Reason.TOO_LARGE if length else Reason.MALFORMED)
        if self._running[who.agency] >= MAX_UPLOADS:
            raise RefusedError(Reason.BUSY, "too many uploads at once; finish one first")
        key, token = (who.agency, sha256), object()
        self._running[who.agency] += 1
        self._owners[key] = token  # step 2
        try:
            held = await self._surely(who.agency, self._announce(who, sha256, length, offset))  # step 3
            if held.complete:
                return held.length, True
            if offset != held.offset:  # step 4
                raise wrong_offset(held.offset)
            call = _Call(who.agency, sha256, held.nonce, length, who.desk, token)
            try:
                return await self._upload(call, held, pieces)
            except (Exception, asyncio.CancelledError):
                await self._surely(who.agency, self._leave(call))
                raise
        finally:
            self._running[who.agency] -= 1
            if self._owners.get(key) is token:
                del self._owners[key]

    async def _announce(self, who: Caller, sha256: bytes, length: int, offset: int) -> Upload:
        now = self._clock.now_ms()
        held, replaced = await announce(
            self._database, self._write, self._limits, who, sha256, length=length, offset=offset, now=now
        )
        if replaced:
            with contextlib.suppress(RefusedError):
                await self._remove(who.agency, sha256, replaced)
        return held

    async def _upload(self, call: _Call, held: Upload, pieces: AsyncIterator[bytes]) -> tuple[int, bool]:
        part, offset, length = bytearray(), held.offset, call.length
        async for piece in pieces:  # step 5
            if len(piece) > MAX_PIECE_BYTES:
                raise MalformedError("a message carries at most 256 KiB", Reason.TOO_LARGE)
            if offset + len(part) + len(piece) > length:
                raise MalformedError("more bytes than were announced")
            part += piece
            if len(part) >= PART_BYTES:
                offset = await self._keep(call, offset, bytes(part))
                part.clear()
        if len(part) == length:
            await self._finish_small(call, bytes(part))
            return length, True
        may_be_short = held.parts < MAX_SHORT_PARTS + held.offset // PART_BYTES
        if part and (may_be_short or offset + len(part) == length):
            offset = await self._keep(call, offset, bytes(part))
        if offset < length:
            return offset, False
        await self._finish(call)
        return length, True

    async def _keep(self, call: _Call, offset: int, part: bytes) -> int:
        await self._check_owner(call)
        await self._objects.put(part_path(call.agency, call.sha256, call.nonce, offset), part)
        to, now = offset + len(part), self._clock.now_ms()
        await self._check_owner(call)
        if not await self._write(
            lambda c: store.advance(c, call.agency, call.sha256, call.nonce, offset=offset, to=to, now=now)
        ):
            await self._refuse_offset(call)
        return to

    async def _check_owner(self, call: _Call) -> None:
        # A connection that died unnoticed must not write below the feet of the one that took its place.
        if self._owners.get((call.agency, call.sha256)) is not call.token:
            await self._refuse_offset(call)

    async def _refuse_offset(self, call: _Call) -> NoReturn:
        held = await self._held(call)
        raise wrong_offset(held.offset if held is not None else 0)

    async def _held(self, call: _Call) -> Upload | None:
        return await self._database.read(lambda c: store.find(c, call.agency, call.sha256))

    async def _finish_small(self, call: _Call, data: bytes) -> None:
        digest = await asyncio.to_thread(lambda: hashlib.sha256(data).digest())
        if digest != call.sha256:
            await self._begin_anew(call)
        await self._check_owner(call)
        await self._objects.put(blob_path(call.agency, call.sha256, call.nonce), data)
        await self._complete(call)

    async def _finish(self, call: _Call) -> None:
        parts = await self._parts(call)
        if parts is None:
            await self._begin_anew(call)
        await self._check_owner(call)
        try:
            path = blob_path(call.agency, call.sha256, call.nonce)
            await self._objects.compose(path, self._verified(call, parts))  # step 6
        except _DigestError:
            await self._begin_anew(call)
        except FileNotFoundError:  # another process finished it, or it was announced anew
            await self._refuse_offset(call)
        await self._surely(call.agency, self._complete_from_parts(call))  # step 7

    async def _parts(self, call: _Call) -> list[Stored] | None:
        """Returns the parts that make up the blob, in order, or None where they do not."""
        parts, at = [], 0
        for stored in await self._objects.list(uploads_path(call.agency, call.sha256, call.nonce)):
            # Of an earlier, interrupted attempt there may be parts that begin inside another one.
            if stored.path == part_path(call.agency, call.sha256, call.nonce, at):
                parts.append(stored)
                at += stored.size
        return parts if at == call.length else None

    async def _verified(self, call: _Call, parts: list[Stored]) -> AsyncIterator[bytes]:
        digest, last, length = hashlib.sha256(), b"", 0
        for part in parts:
            async for piece in self._objects.read(part.path, 0, COPY_BYTES):
                if last:
                    yield last
                await asyncio.to_thread(digest.update, piece)
                last, length = piece, length + len(piece)
        # The last piece is held back until the digest is known: without it the object is never finished.
        if digest.digest() != call.sha256 or length != call.length:
            raise _DigestError
        yield last

    async def _complete_from_parts(self, call: _Call) -> None:
        await self._complete(call)
        with contextlib.suppress(RefusedError):
            await self._remove_parts(call.agency, call.sha256, call.nonce)

    async def _complete(self, call: _Call) -> None:
        length, desk, now = call.length, call.desk, self._clock.now_ms()
        if not await self._write(
            lambda c: store.finish(c, call.agency, call.sha256, call.nonce, length=length, desk=desk, now=now)
        ):
            held = await self._held(call)
            if held is None or held.nonce != call.nonce:
                await self._refuse_offset(call)
            return  # another process completed the same upload
        self._telemetry.counters.add("comity.blobs", kind="stored")

    async def _begin_anew(self, call: _Call) -> NoReturn:
        if not await self._write(lambda c: store.discard(c, call.agency, call.sha256, call.nonce)):
            await self._refuse_offset(call)
        raise RefusedError(Reason.BLOB_DIGEST, "the blob does not have the digest announced; begin anew")

    async def _leave(self, call: _Call) -> None:
        """Removes what a call wrote for an announcement that is there no more: no quota counts it."""
        with contextlib.suppress(RefusedError):
            held = await self._held(call)
            if held is None or held.nonce != call.nonce:
                await self._remove(call.agency, call.sha256, call.nonce)

    async def _remove(self, agency: str, sha256: bytes, nonce: bytes) -> None:
        await self._remove_parts(agency, sha256, nonce)
        await self._objects.delete([blob_path(agency, sha256, nonce)])

    async def _remove_parts(self, agency: str, sha256: bytes, nonce: bytes) -> None:
        await self._objects.delete([p.path for p in await self._objects.list(uploads_path(agency, sha256, nonce))])

    async def _surely(self, agency: str, work: Coroutine[Any, Any, T]) -> T:
        """Waits for work that goes on though the caller goes away: what no quota counts must not stay behind.

        It then counts as an upload until it ends. Where the object store fails, the collection sees to the rest.
        """
        task = asyncio.create_task(work)
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)
        try:
            return await asyncio.shield(task)
        finally:
            if not task.done():
                self._running[agency] += 1
                task.add_done_callback(lambda _: self._running.subtract({agency: 1}))

    async def download(self, who: Caller, sha256: bytes, offset: int) -> AsyncIterator[bytes]:
        """Yields a blob from an offset, in pieces.

        Raises:
            MalformedError: not a digest.
            RefusedError: NOT_FOUND, the same whether it is another's or does not exist; BLOB_OFFSET beyond its end.
        """
        _check_digest(sha256)

        def look(connection: Any) -> store.Found | None:
            return store.readable(connection, who.desk, who.agency, sha256)

        found = await self._database.read(look)
        if found is None:
            raise _no_blob()
        if offset > found.length:
            raise wrong_offset(found.length)
        if offset == found.length:
            return
        try:
            path = blob_path(found.agency, sha256, found.nonce)
            async for piece in self._objects.read(path, offset, MAX_PIECE_BYTES):
                yield piece
        except FileNotFoundError:
            self._note_missing(lost=await self._database.read(look) == found)
            raise _no_blob() from None

    def _note_missing(self, *, lost: bool) -> None:
        if lost:  # and not collected meanwhile
            self._telemetry.log.error("an attachment's bytes are missing")

    async def collect(self) -> int:
        """Removes uploads that nobody finished, blobs that no envelope named, and bytes that no row knows.

        Returns:
            Number of objects removed.

        Raises:
            RefusedError: UNAVAILABLE; the rest is for the next time.
        """
        await collecting.forget_rows(self._database, self._write, self._clock.now_ms() - self._keep_ms)
        deleted = await collecting.delete_objects(self._database, self._objects)
        if deleted:
            self._telemetry.log.info("attachments collected", count=deleted)
        return deleted


class _DigestError(Exception):
    """The parts do not have the digest."""


def _check_digest(sha256: bytes) -> None:
    if len(sha256) != 32:
        raise MalformedError("a blob is named by its SHA-256")


def _no_blob() -> RefusedError:
    return RefusedError(Reason.NOT_FOUND, "no such blob")
