"""Bytes of a file as text, in bounded memory: unpacked, decoded, and cut into lines.

Every fault of a file as such shows here: wrong encoding, zero bytes, an archive that is cut off or unpacks without end.

Never does: look at what the text says.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.sync.importers.faults import FaultCode, FileRefusedError, Limits

_CHUNK: Final = 256 * 1024
_MEMBERS: Final = 1000
_MEMBER: Final = 8192
"""Bytes that a member past those holds on the average, at least: archives in blocks hold many times more."""
_GZIP: Final = b"\x1f\x8b"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_BOM: Final = b"\xef\xbb\xbf"


class Source:
    """A file that is read once or more from its beginning.

    `done` is how many bytes on disk the latest reading has come through, of `size`; `digest` is SHA-256 of the file as
    that reading found it, once it came to the end.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        """Looks at the file.

        Raises:
            FileRefusedError: NOT_A_FILE, EMPTY or TOO_LARGE.
        """
        self.path = path
        self.limits = limits or Limits()
        self.done = 0
        self.digest = b""
        try:
            status = path.stat()
        except OSError:
            raise FileRefusedError(FaultCode.NOT_A_FILE) from None
        if not stat.S_ISREG(status.st_mode):
            raise FileRefusedError(FaultCode.NOT_A_FILE)
        self.size = status.st_size
        if self.size == 0:
            raise FileRefusedError(FaultCode.EMPTY)
        if self.size > self.limits.file:
            raise FileRefusedError(FaultCode.TOO_LARGE)

    def stored(self) -> Iterator[bytes]:
        """Yields the bytes on disk.

        Raises:
            FileRefusedError: it cannot be read, or it grew past the limit meanwhile.
        """
        seen = hashlib.sha256()
        self.done, self.digest = 0, b""
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    self.done += len(chunk)
                    if self.done > self.limits.file:
                        raise FileRefusedError(FaultCode.TOO_LARGE)
                    seen.update(chunk)
                    yield chunk
        except OSError:
            raise FileRefusedError(FaultCode.NOT_A_FILE) from None
        self.digest = seen.digest()

    def plain(self) -> Iterator[bytes]:
        """Yields the bytes, unpacked where the file is a gzip archive.

        Raises:
            FileRefusedError: as `stored`; INFLATES_TOO_FAR, TOO_MANY_PARTS, TRUNCATED or DAMAGED.
        """
        stored = self.stored()
        first = next(stored, b"")
        if first.startswith(_GZIP):
            yield from self._unpacked(first, stored)
            return
        yield first
        yield from stored

    def _unpacked(self, first: bytes, stored: Iterator[bytes]) -> Iterator[bytes]:
        total, members = 0, 1
        inflater = zlib.decompressobj(31)
        pending = first
        while True:
            try:
                out = inflater.decompress(pending, _CHUNK)
            except zlib.error:
                raise FileRefusedError(FaultCode.DAMAGED) from None
            total += len(out)
            if total > self.limits.inflated:
                raise FileRefusedError(FaultCode.INFLATES_TOO_FAR)
            if out:
                yield out
            pending = inflater.unconsumed_tail
            if inflater.eof:
                pending = inflater.unused_data or next(stored, b"")
                if not pending:
                    return
                members += 1
                if members > _MEMBERS + total // _MEMBER:  # each costs time, even one of nothing
                    raise FileRefusedError(FaultCode.TOO_MANY_PARTS)
                inflater = zlib.decompressobj(31)  # an archive may have several members
            elif not pending and not out:
                pending = next(stored, b"")
                if not pending:
                    raise FileRefusedError(FaultCode.TRUNCATED)

    def text(self) -> Iterator[str]:
        """Yields the text, each line end as a line feed, without a byte order mark.

        Raises:
            FileRefusedError: as `plain`; UTF16, NUL_BYTE or NOT_UTF8, with the line.
        """
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("strict"), translate=True)
        line, begun = 1, False
        for chunk in self.plain():
            if not begun and chunk:
                if chunk.startswith(_WIDE):
                    raise FileRefusedError(FaultCode.UTF16, 1)
                begun = True
                chunk = chunk.removeprefix(_BOM)  # noqa: PLW2901 - the first chunk only
                if chunk[:64].count(0) >= min(len(chunk), 64) // 3 > 0:
                    raise FileRefusedError(FaultCode.UTF16, 1)
            if b"\0" in chunk:
                raise FileRefusedError(FaultCode.NUL_BYTE, line + chunk[: chunk.index(0)].count(b"\n"))
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as wrong:
                raise FileRefusedError(FaultCode.NOT_UTF8, line + chunk[: wrong.start].count(b"\n")) from None
            line += text.count("\n")
            if text:
                yield text
        try:
            rest = decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise FileRefusedError(FaultCode.NOT_UTF8, line) from None
        if rest:
            yield rest

    def lines(self) -> Iterator[str | None]:
        """Yields line by line, without the line end; None in place of one that is too long.

        Raises:
            FileRefusedError: as `text`.
        """
        most = self.limits.line
        carry, dropping = "", False
        for chunk in self.text():
            parts = chunk.split("\n")
            if len(parts) == 1:
                if not dropping:
                    carry += chunk
                    if len(carry) > most:
                        carry, dropping = "", True
                continue
            first = carry + parts[0]
            yield None if dropping or len(first) > most else first
            dropping = False
            for part in parts[1:-1]:
                yield None if len(part) > most else part
            carry = parts[-1]
            if len(carry) > most:
                carry, dropping = "", True
        if dropping:
            yield None
        elif carry:
            yield carry

    def finish(self) -> bytes:
        """Returns SHA-256 of the whole file, reading it where the latest reading did not come to its end.

        Raises:
            FileRefusedError: as `stored`.
        """
        if not self.digest:
            for _ in self.stored():
                pass
        return self.digest
