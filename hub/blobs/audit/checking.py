"""Compares the tables of attachments with one another, with the envelopes that name them, and with the stored bytes.

Never does: repair, decide that something is garbage.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from comity.header import parse_header

from hub.blobs.audit import store as rows
from hub.blobs.objects import BLOBS, COPY_BYTES, Objects, blob_path
from hub.log.domain import LogName
from hub.log.fsck import Finding, Reader
from hub.log.store import read_state

PAGE: Final = 500


class AttachmentCheck:
    """One pass over every attachment."""

    def __init__(self, db: Reader, objects: Objects | None, *, deep: bool = False) -> None:
        """Takes the database, where the bytes lie (None to look at the tables alone), and whether to read them all."""
        self._db, self._objects, self._deep = db, objects, deep
        self.findings: list[Finding] = []
        self.pages = 0
        """Pages of envelopes looked through so far."""
        self.checked = 0
        """Attachments whose bytes were looked for."""

    def tables(self) -> Iterator[None]:
        """Checks the tables, one page after another."""
        self._db.read_now(self._totals, snapshot=True)
        yield
        size = self._db.read_now(lambda c: read_state(c, LogName.EXCHANGE).size)
        for start in range(0, size, PAGE):
            self._db.read_now(lambda c, start=start: self._names(c, start, start + PAGE), snapshot=True)  # type: ignore[misc] # defaults bind the loop's values
            self.pages += 1
            yield

    async def objects(self) -> AsyncIterator[None]:
        """Looks for the bytes of every complete attachment, one page after another; reads them where it is deep.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        if self._objects is None:
            return
        after = ("", b"")
        sizes: dict[str, int] = {}
        while page := await asyncio.to_thread(self._page, after):
            for row in page:
                if row.agency != after[0]:
                    sizes = {one.path: one.size for one in await self._objects.list(f"{BLOBS}/{row.agency}")}
                after = (row.agency, bytes(row.sha256))
                await self._object(self._objects, row, sizes)
                self.checked += 1
            yield

    def _page(self, after: tuple[str, bytes]) -> Any:
        return self._db.read_now(lambda c: rows.complete(c, after, PAGE))

    def _find(self, what: str, table: str, subject: str, index: int = 0) -> None:
        self.findings.append(Finding(LogName.EXCHANGE, index, what, table, subject))

    def _totals(self, connection: Any) -> None:
        kept, counted = rows.kept(connection), rows.counted(connection)
        for agency in sorted(kept.keys() | counted.keys()):
            if kept.get(agency) != counted.get(agency):
                self._find("an agency's totals are not the sums of its attachments", "blob_totals", agency)
        for agency in rows.wrong_offsets(connection):
            self._find("a complete attachment is not as long as it was announced", "blobs", agency)
        if rows.named_by_nothing(connection):
            self._find("an attachment is named by an envelope that is not there, or erased", "envelope_blobs", "")

    def _names(self, connection: Any, start: int, end: int) -> None:
        page = [
            (row.idx, bytes(row.message_hash), parse_header(row.header)) for row in rows.naming(connection, start, end)
        ]
        found = rows.named(connection, [message_hash for _, message_hash, _ in page])
        for index, message_hash, header in page:
            stored = found.get(message_hash, [])
            expected = {(blob.sha256, header.sender_agency): blob.length for blob in header.blobs}
            if {(bytes(row.sha256), row.agency) for row in stored} != set(expected):
                self._find("the attachments are not those that the envelope names", "envelope_blobs", "", index)
            for row in stored:
                if not row.complete or expected.get((bytes(row.sha256), row.agency), row.length) != row.length:
                    self._find("an attachment that the envelope names is missing", "blobs", row.agency, index)

    async def _object(self, objects: Objects, row: Any, sizes: dict[str, int]) -> None:
        path = blob_path(row.agency, bytes(row.sha256), bytes(row.nonce))
        what = ""
        if sizes.get(path) != row.length:
            what = "the bytes of an attachment are missing, or not as many"
        elif self._deep:
            digest = await digest_of(objects, path)
            if digest is None:
                what = "the bytes of an attachment are missing, or not as many"
            elif digest != bytes(row.sha256):
                what = "the bytes of an attachment are not those that were uploaded"
        if not what:
            return
        # It may have been collected since the row was read.
        there = await asyncio.to_thread(self._is_there, row.agency, bytes(row.sha256), bytes(row.nonce))
        if there:
            self._find(what, "blobs", f"{row.agency} {bytes(row.sha256).hex()}")

    def _is_there(self, agency: str, sha256: bytes, nonce: bytes) -> bool:
        return self._db.read_now(lambda c: rows.is_there(c, agency, sha256, nonce))


async def digest_of(objects: Objects, path: str) -> bytes | None:
    """Returns the SHA-256 of an object, or None where it is not there.

    Raises:
        RefusedError: UNAVAILABLE.
    """
    digest = hashlib.sha256()
    try:
        async for piece in objects.read(path, 0, COPY_BYTES):
            digest.update(piece)
    except FileNotFoundError:
        return None
    return digest.digest()
