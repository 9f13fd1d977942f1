"""Packing: zlib streams of batches and states, inflated with a cap and compared with what was announced.

Never does: decide where a stream travels beyond the limit of an envelope, I/O.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from comity.errors import MalformedError, Reason, VerificationError
from comity.v1 import payload_pb2 as pb

INLINE_LIMIT: Final = 256 << 10
"""Greatest length of a stream that travels in the payload itself, in bytes; a longer one is an attachment."""
LEVEL: Final = 6
"""Of zlib. Readers take any."""
_PIECE: Final = 1 << 20


def pack(data: bytes) -> tuple[pb.Packed | None, bytes]:
    """Returns bytes packed for the payload, and their stream.

    Args:
        data: plain bytes.

    Returns:
        (Packed with the stream inside, or None where it is too long for that; the zlib stream). Where it is too long
        the stream becomes an attachment, and `attached` names it.
    """
    deflated = zlib.compress(data, LEVEL)
    if len(deflated) > INLINE_LIMIT:
        return None, deflated
    packed = pb.Packed(length=len(data), sha256=hashlib.sha256(data).digest(), deflated=deflated)
    return packed, deflated


def attached(length: int, sha256: bytes, attachment: bytes) -> pb.Packed:
    """Returns what stands in the payload for a stream that travels as an attachment.

    Args:
        length: of the plain bytes.
        sha256: of the plain bytes.
        attachment: id of the attachment, 16 bytes.
    """
    return pb.Packed(length=length, sha256=sha256, attachment=attachment)


class Deflation:
    """A stream that is deflated as it is read; afterwards it knows what went in."""

    __slots__ = ("_chunks", "_hasher", "length")

    length: int
    """Plain bytes so far."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hasher = hashlib.sha256()
        self.length = 0

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the plain bytes so far, 32 bytes."""
        return self._hasher.digest()

    def __iter__(self) -> Iterator[bytes]:
        squeeze = zlib.compressobj(LEVEL)
        for chunk in self._chunks:
            self._hasher.update(chunk)
            self.length += len(chunk)
            piece = squeeze.compress(chunk)
            if piece:
                yield piece
        yield squeeze.flush()


def deflate(chunks: Iterable[bytes]) -> Deflation:
    """Returns chunks of plain bytes as chunks of a zlib stream, to be read once."""
    return Deflation(chunks)


class Inflater:
    """Inflates a stream as it comes, never beyond what was announced."""

    __slots__ = ("_hasher", "_left", "_sha256", "_stream")

    def __init__(self, length: int, sha256: bytes) -> None:
        """Takes what was announced.

        Args:
            length: of the plain bytes.
            sha256: of the plain bytes.
        """
        self._left = length
        self._sha256 = sha256
        self._hasher = hashlib.sha256()
        self._stream = zlib.decompressobj()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Takes a portion of the stream and yields plain bytes, at most 1 MiB at a time.

        Raises:
            MalformedError: it is no zlib stream, goes on after its end, or holds more than was announced.
        """
        while data:
            try:
                plain = self._stream.decompress(data, min(self._left + 1, _PIECE))
            except zlib.error:
                raise MalformedError("not a zlib stream") from None
            self._left -= len(plain)
            if self._left < 0:
                raise MalformedError("a stream holds more than was announced", Reason.TOO_LARGE)
            if self._stream.unused_data:
                raise MalformedError("a stream goes on after its end")
            data = self._stream.unconsumed_tail
            if plain:
                self._hasher.update(plain)
                yield plain

    def finish(self) -> None:
        """Compares what came with what was announced.

        Raises:
            MalformedError: the stream is cut off, or shorter than announced.
            VerificationError: other bytes than were announced.
        """
        if not self._stream.eof or self._left:
            raise MalformedError("a stream is cut off")
        if self._hasher.digest() != self._sha256:
            raise VerificationError("a stream holds other bytes than were announced")


def inflate(deflated: bytes, length: int, sha256: bytes) -> bytes:
    """Returns the plain bytes of a whole stream.

    Raises:
        MalformedError: as for `Inflater`.
        VerificationError: as for `Inflater`.
    """
    inflater = Inflater(length, sha256)
    plain = b"".join(inflater.feed(deflated))
    inflater.finish()
    return plain
