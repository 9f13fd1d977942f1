"""Sealed attachments: resumable uploads, downloads for whom they were sent to, collection of what nobody finished.

Steps of an upload: (1) form and limits, (2) one upload of a blob at a time in this process, the newest wins,
(3) announce, against the agency's quota, (4) the offset must be the one held, (5) parts, each durable before its offset
moves, (6) compose, with the digest computed on the way, (7) only then complete.

Never does: look into a blob; use anything from outside as a path.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeVar

from comity.errors import MalformedError, Reason, RefusedError

from hub.blobs import store
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
_HOUR_MS = 3_600_000
_RETRY_QUOTA_SECONDS = 3600


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
    ) -> None:
        """Takes its collaborators, the quota of one agency, and how long unfinished uploads are kept."""
        self._database = database
        self._objects = objects
        self._clock = clock
        self._telemetry = telemetry
        self._agency_bytes = agency_bytes
        self._keep_ms = keep_hours * _HOUR_MS
        self._owners: dict[tuple[str, bytes], object] = {}
        self._running: Counter[str] = Counter()

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
            return await self._upload(key, token, length, offset, pieces)
        finally:
            self._running[who.agency] -= 1
            if self._owners.get(key) is token:
                del self._owners[key]

    async def _upload(
        self, key: tuple[str, bytes], token: object, length: int, offset: int, pieces: AsyncIterator[bytes]
    ) -> tuple[int, bool]:
        held = await self._announce(key, length, offset)  # step 3
        if held.complete:
            return held.length, True
        if offset != held.offset:  # step 4
            raise _wrong_offset(held.offset)
        part = bytearray()
        async for piece in pieces:  # step 5
            if len(piece) > MAX_PIECE_BYTES:
                raise MalformedError("a message carries at most 256 KiB", Reason.TOO_LARGE)
            if offset + len(part) + len(piece) > length:
                raise MalformedError("more bytes than were announced")
            part += piece
            if len(part) >= PART_BYTES:
                offset = await self._keep(key, token, offset, bytes(part))
                part.clear()
        if len(part) == length:
            await self._finish_small(key, token, bytes(part))
            return length, True
        if part:
            offset = await self._keep(key, token, offset, bytes(part))
        if offset < length:
            return offset, False
        await self._finish(key, token, length)
        return length, True

    async def _announce(self, key: tuple[str, bytes], length: int, offset: int) -> Upload:
        agency, sha256 = key
        now, quota = self._clock.now_ms(), self._agency_bytes

        def announce(connection: Any) -> Upload:
            found = store.find(connection, agency, sha256)
            if found is not None and found.length != length and not found.complete:
                if offset != 0:
                    raise MalformedError("the length is not the one announced before")
                store.discard(connection, agency, sha256)
                found = None
            if found is not None:
                return found
            if store.stored_bytes(connection, agency) + length > quota:
                raise RefusedError(
                    Reason.QUOTA,
                    "the agency's quota of stored bytes is used up",
                    retry_after_seconds=str(_RETRY_QUOTA_SECONDS),
                )
            store.begin(connection, agency, sha256, length, now)
            return Upload(length, 0, complete=False)

        return await self._write(announce)

    async def _keep(self, key: tuple[str, bytes], token: object, offset: int, part: bytes) -> int:
        agency, sha256 = key
        await self._check_owner(key, token)
        await self._objects.put(part_path(agency, sha256, offset), part)
        to, now = offset + len(part), self._clock.now_ms()
        await self._check_owner(key, token)
        if not await self._write(lambda c: store.advance(c, agency, sha256, offset=offset, to=to, now=now)):
            raise _wrong_offset((await self._held(key)).offset)
        return to

    async def _check_owner(self, key: tuple[str, bytes], token: object) -> None:
        # A connection that died unnoticed must not write below the feet of the one that took its place.
        if self._owners.get(key) is not token:
            raise _wrong_offset((await self._held(key)).offset)

    async def _held(self, key: tuple[str, bytes]) -> Upload:
        agency, sha256 = key
        found = await self._database.read(lambda c: store.find(c, agency, sha256))
        return found if found is not None else Upload(0, 0, complete=False)

    async def _finish_small(self, key: tuple[str, bytes], token: object, data: bytes) -> None:
        agency, sha256 = key
        digest = await asyncio.to_thread(lambda: hashlib.sha256(data).digest())
        if digest != sha256:
            await self._begin_anew(key)
        await self._check_owner(key, token)
        await self._objects.put(blob_path(agency, sha256), data)
        await self._complete(key)

    async def _finish(self, key: tuple[str, bytes], token: object, length: int) -> None:
        agency, sha256 = key
        parts = await self._parts(key, length)
        if parts is None:
            await self._begin_anew(key)
            return
        await self._check_owner(key, token)
        try:
            await self._objects.compose(blob_path(agency, sha256), self._verified(parts, sha256))  # step 6
        except _DigestError:
            await self._begin_anew(key)
        await self._complete(key)  # step 7
        await self._objects.delete([p.path for p in await self._objects.list(uploads_path(agency, sha256))])

    async def _parts(self, key: tuple[str, bytes], length: int) -> list[Stored] | None:
        """Returns the parts that make up the blob, in order, or None where they do not."""
        agency, sha256 = key
        parts, at = [], 0
        for stored in await self._objects.list(uploads_path(agency, sha256)):
            # Of an earlier, interrupted attempt there may be parts that begin inside another one.
            if stored.path == part_path(agency, sha256, at):
                parts.append(stored)
                at += stored.size
        return parts if at == length else None

    async def _verified(self, parts: list[Stored], sha256: bytes) -> AsyncIterator[bytes]:
        digest, last = hashlib.sha256(), b""
        for part in parts:
            async for piece in self._objects.read(part.path, 0, COPY_BYTES):
                if last:
                    yield last
                await asyncio.to_thread(digest.update, piece)
                last = piece
        # The last piece is held back until the digest is known: without it the object is never finished.
        if digest.digest() != sha256:
            raise _DigestError
        yield last

    async def _complete(self, key: tuple[str, bytes]) -> None:
        agency, sha256 = key
        now = self._clock.now_ms()
        if not await self._write(lambda c: store.finish(c, agency, sha256, now)):
            raise _wrong_offset(0)
        self._telemetry.counters.add("comity.blobs", kind="stored")

    async def _begin_anew(self, key: tuple[str, bytes]) -> None:
        agency, sha256 = key
        await self._write(lambda c: store.discard(c, agency, sha256))
        await self._objects.delete([p.path for p in await self._objects.list(uploads_path(agency, sha256))])
        raise RefusedError(Reason.BLOB_DIGEST, "the blob does not have the digest announced; begin anew")

    async def download(self, who: Caller, sha256: bytes, offset: int) -> AsyncIterator[bytes]:
        """Yields a blob from an offset, in pieces.

        Raises:
            MalformedError: not a digest.
            RefusedError: NOT_FOUND, the same whether it is another's or does not exist; BLOB_OFFSET beyond its end.
        """
        _check_digest(sha256)
        found = await self._database.read(lambda c: store.owner_for(c, who.agency, sha256))
        if found is None:
            raise RefusedError(Reason.NOT_FOUND, "no such blob")
        owner, length = found
        if offset > length:
            raise _wrong_offset(length)
        if offset < length:
            async for piece in self._objects.read(blob_path(owner, sha256), offset, MAX_PIECE_BYTES):
                yield piece

    async def collect(self) -> int:
        """Removes uploads that nobody finished, blobs that no envelope named, and bytes that no row knows.

        Returns:
            Number of objects removed.
        """
        before = self._clock.now_ms() - self._keep_ms
        await self._write(lambda c: store.collect(c, before))
        stored = [*await self._objects.list("uploads"), *await self._objects.list("blobs")]
        # Read after the listing: a row that is not there now was not there when the object was last written to either.
        known = await self._database.read(store.known)
        gone = [s.path for s in stored if not _is_wanted(s, known)]
        await self._objects.delete(gone)
        if gone:
            self._telemetry.log.info("attachments collected", count=len(gone))
        return len(gone)

    async def _write(self, fn: Callable[[Any], T]) -> T:
        return await asyncio.to_thread(self._database.write, fn)


class _DigestError(Exception):
    """The parts do not have the digest."""


def _is_wanted(stored: Stored, known: dict[tuple[str, bytes], bool]) -> bool:
    try:
        kind, agency, digest = stored.path.split("/")[:3]
        complete = known.get((agency, bytes.fromhex(digest)))
    except ValueError:
        return True  # nothing of ours
    return complete is not None and (kind == "blobs" or not complete)


def _check_digest(sha256: bytes) -> None:
    if len(sha256) != 32:
        raise MalformedError("a blob is named by its SHA-256")


def _wrong_offset(offset: int) -> RefusedError:
    return RefusedError(Reason.BLOB_OFFSET, "the upload goes on from another offset", offset=str(offset))
