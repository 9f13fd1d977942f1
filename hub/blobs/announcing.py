"""Announcements: an upload's row is made against the agency's quotas, in one transaction that holds its totals.

Never does: touch the bytes. Whoever announces a digest anew with another length is told the nonce of what was there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from comity.errors import MalformedError, Reason, RefusedError

from hub.blobs import store
from hub.blobs.store import Totals, Upload
from hub.db import Database
from hub.interceptors.identity import Caller

T = TypeVar("T")

NONCE_BYTES: Final = 16
_TOUCH_AFTER_MS = 600_000
_RETRY_QUOTA_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Limits:
    """What one agency may keep here, with what it has announced."""

    stored_bytes: int
    stored: int
    """Attachments, however small."""
    unfinished: int
    """Of these, uploads that are not complete."""

    def check(self, totals: Totals, length: int) -> None:
        """Raises RefusedError (QUOTA) where there is no room for one more upload of `length` bytes."""
        if totals.stored_bytes + length > self.stored_bytes:
            raise _no_room("the agency's quota of stored bytes is used up")
        if totals.stored >= self.stored:
            raise _no_room("the agency's quota of stored attachments is used up")
        if totals.unfinished >= self.unfinished:
            raise _no_room("the agency has too many unfinished uploads; finish one first")


class Writer:
    """Transactions about attachments.

    SQLite has no queue for its one writer: there, one of these at a time stands in the sequencer's way and no more.
    """

    def __init__(self, database: Database) -> None:
        """Takes the database."""
        self._database = database
        self._turn = asyncio.Lock() if database.dialect == "sqlite" else contextlib.nullcontext()

    async def __call__(self, fn: Callable[[Any], T]) -> T:
        """Runs `fn` in one transaction of its own.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        async with self._turn:
            return await asyncio.to_thread(self._database.write, fn)


async def announce(
    database: Database, write: Writer, limits: Limits, who: Caller, sha256: bytes, *, length: int, offset: int, now: int
) -> tuple[Upload, bytes]:
    """Returns the upload of a digest by the calling agency, made where there is none.

    Args:
        database: reads.
        write: writes.
        limits: of one agency.
        who: calls.
        sha256: digest of the whole blob.
        length: of the whole blob, in bytes.
        offset: where the caller wants to begin.
        now: Unix milliseconds UTC.

    Returns:
        The upload, and the nonce of one of another length whose place it took; empty for none.

    Raises:
        MalformedError: the length is not the one announced before, and it does not begin anew.
        RefusedError: QUOTA or UNAVAILABLE; BLOB_OFFSET where nothing began and it does not begin at 0.
    """
    agency = who.agency

    def look(connection: Any) -> tuple[Upload | None, Totals]:
        return store.find(connection, agency, sha256), store.totals(connection, agency)

    # Most calls announce nothing new, or nothing that there is room for: these write nothing.
    found, totals = await database.read(look)
    if found is None:
        if offset != 0:
            raise wrong_offset(0)  # nothing began: a refusal leaves no announcement
        limits.check(totals, length)
    elif found.complete:
        recent = found.touched >= now - _TOUCH_AFTER_MS
        if recent or await write(lambda c: store.touch(c, agency, sha256, now)):
            return found, b""
    elif found.length == length:
        return found, b""
    fresh = Upload(os.urandom(NONCE_BYTES), length, touched=now)

    def begin(connection: Any) -> tuple[Upload, bytes]:
        totals, replaced = store.totals(connection, agency, lock=True), b""
        found = store.find(connection, agency, sha256)
        if found is not None and found.length != length and not found.complete:
            if offset != 0:
                raise MalformedError("the length is not the one announced before")
            store.discard(connection, agency, sha256, found.nonce)
            totals, replaced, found = store.totals(connection, agency), found.nonce, None
        if found is not None:
            return found, replaced
        limits.check(totals, length)
        store.begin(connection, agency, sha256, fresh, who.desk)
        return fresh, replaced

    return await write(begin)


def wrong_offset(offset: int) -> RefusedError:
    """Returns the refusal that names from where the upload goes on."""
    return RefusedError(Reason.BLOB_OFFSET, "the upload goes on from another offset", offset=str(offset))


def _no_room(message: str) -> RefusedError:
    return RefusedError(Reason.QUOTA, message, retry_after_seconds=str(_RETRY_QUOTA_SECONDS))
