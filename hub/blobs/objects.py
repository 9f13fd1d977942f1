"""Where the bytes lie: a local folder, or any S3-compatible store. Both by the same few operations.

    uploads/<agency>/<sha256>.<nonce>/<offset>      a part of an unfinished upload, 16 hexadecimal digits
    blobs/<agency>/<sha256>.<nonce>                 a finished blob, whose digest was checked while it was written

The nonce stands in the upload's row and is new whenever a row is. So a name never means anything but the one upload:
what was decided about it once, that it is garbage, stays true, and what still writes for it hurts no later one.

An object store cannot append, and a half-written object must never bear a blob's name. So an upload is a row of small
objects, each durable before its offset is told, and the blob is composed of them in one pass that computes the digest:
what does not have it is never finished. The price is one copy of each blob larger than a part.

No name comes from outside: agencies are checked ids, blobs hexadecimal digests, nonces our own, offsets numbers.

Never does: know who may have what.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import obstore
from comity.errors import Reason, RefusedError
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

COPY_BYTES: Final = 8 * 1024 * 1024
"""Size of the pieces in which a blob is composed."""
PAGE: Final = 500
"""Objects listed at once."""
UPLOADS: Final = "uploads"
BLOBS: Final = "blobs"
_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Stored:
    """One object."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Name:
    """What the name of an object says."""

    agency: str
    sha256: bytes
    nonce: bytes
    finished: bool
    """Whether it is a finished blob, and no part."""


def part_path(agency: str, sha256: bytes, nonce: bytes, offset: int) -> str:
    """Returns the name of the part of an upload that begins at an offset."""
    return f"{uploads_path(agency, sha256, nonce)}/{offset:016x}"


def uploads_path(agency: str, sha256: bytes, nonce: bytes) -> str:
    """Returns the folder of an upload's parts."""
    return f"{UPLOADS}/{agency}/{sha256.hex()}.{nonce.hex()}"


def blob_path(agency: str, sha256: bytes, nonce: bytes) -> str:
    """Returns the name of a finished blob."""
    return f"{BLOBS}/{agency}/{sha256.hex()}.{nonce.hex()}"


def read_path(path: str) -> Name | None:
    """Returns what a name says, or None where it is none of ours."""
    try:
        kind, agency, name = path.split("/")[:3]
        digest, nonce = name.split(".")
        return Name(agency, bytes.fromhex(digest), bytes.fromhex(nonce), kind == BLOBS)
    except ValueError:
        return None


class Objects:
    """The object store. A fault of it is UNAVAILABLE for the caller: nothing was made durable."""

    def __init__(self, store: Any, folder: Path | None = None) -> None:
        """Takes an obstore store, and its folder where it is local."""
        self._store = store
        self._folder = folder

    async def put(self, path: str, data: bytes) -> None:
        """Writes an object whole; durable when it returns.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        with _available(missing=False):
            await obstore.put_async(self._store, path, data, use_multipart=False)
            await self._sync(path)

    async def compose(self, path: str, pieces: AsyncIterator[bytes]) -> None:
        """Writes an object from pieces; durable when it returns, and not there at all where the pieces raise.

        Raises:
            FileNotFoundError: a piece came from an object that is gone.
            RefusedError: UNAVAILABLE.
        """
        with _available():
            await obstore.put_async(self._store, path, pieces, chunk_size=COPY_BYTES)
            await self._sync(path)

    async def read(self, path: str, offset: int, piece_bytes: int) -> AsyncIterator[bytes]:
        """Yields an object from an offset in pieces of at most `piece_bytes`.

        Raises:
            FileNotFoundError: there is no such object.
            RefusedError: UNAVAILABLE.
        """
        with _available():
            found = await obstore.get_async(self._store, path, options={"range": {"offset": offset}})
            async for buffer in found.stream(min_chunk_size=piece_bytes):
                piece = memoryview(buffer)
                for start in range(0, len(piece), piece_bytes):
                    yield bytes(piece[start : start + piece_bytes])

    async def pages(self, prefix: str, size: int = PAGE) -> AsyncIterator[list[str]]:
        """Yields the names of every object below a prefix, at most `size` at once, in no order.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        with _available(missing=False):
            async for found in obstore.list(self._store, prefix, chunk_size=size):
                for start in range(0, len(found), size):
                    yield [one["path"] for one in found[start : start + size]]

    async def list(self, prefix: str) -> list[Stored]:
        """Returns every object below a prefix, in the order of names. For one upload's parts, which are few.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        with _available(missing=False):
            found = await obstore.list(self._store, prefix).collect_async()
        return sorted((Stored(one["path"], one["size"]) for one in found), key=lambda s: s.path)

    async def delete(self, paths: Sequence[str]) -> None:
        """Deletes objects; those that are gone already do not matter.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        for start in range(0, len(paths), _AT_ONCE):
            await asyncio.gather(*(self._delete(path) for path in paths[start : start + _AT_ONCE]))

    async def _delete(self, path: str) -> None:
        with _available(), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, path)

    async def _sync(self, path: str) -> None:
        if self._folder is not None:
            await asyncio.to_thread(_sync_file, self._folder, self._folder / path)


def open_objects(address: str, *, endpoint: str = "", region: str = "") -> Objects:
    """Opens the object store that the settings name.

    Args:
        address: a folder's path, made where it is missing, or `s3://bucket/prefix`.
        endpoint: of an S3-compatible service; plain HTTP is taken where it says so.
        region: of the bucket.
    """
    if not address.startswith("s3://"):
        folder = Path(address).resolve()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Without clean-up each upload would leave an empty folder behind for good.
        return Objects(LocalStore(folder, automatic_cleanup=True), folder)
    parts = urlsplit(address)
    options: dict[str, Any] = {"client_options": {"allow_http": endpoint.startswith("http://")}}
    options |= {"endpoint": endpoint} if endpoint else {}
    options |= {"region": region} if region else {}
    return Objects(S3Store(parts.netloc, prefix=parts.path.strip("/") or None, **options))


@contextlib.contextmanager
def _available(*, missing: bool = True) -> Any:
    """Makes a fault of the store UNAVAILABLE, but for an object that is missing where one may be."""
    try:
        yield
    except (BaseError, OSError) as error:
        if missing and isinstance(error, FileNotFoundError):
            raise
        raise RefusedError(Reason.UNAVAILABLE, "the store of attachments does not answer; try again") from error


def _sync_file(folder: Path, path: Path) -> None:
    """Makes a file and its name durable: the store renames it into place and leaves it to the system when to write."""
    for place in (path, *path.parents):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if place == folder:
            return
