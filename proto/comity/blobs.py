"""Attachments: sealed streams of any size up to 5 GiB (PROTOCOL.md, section "Payload").

    okm  = HKDF-Expand-SHA512(attachment key, tagged("attachment", id), 64)  ->  stream key[32] ‖ commitment[32]
    blob = secretstream header[24] ‖ chunks of 65,536 + 17 bytes, the last tagged FINAL

over the plaintext and zeros up to its Padmé size (at least 4,096 bytes). One plaintext length has one blob length, and
every chunk but the last is full, so that nothing can be cut, moved or appended.

Opening reads the source twice: once to check everything, once to release. Nothing of a blob that is not whole and
genuine is ever written. Opening has one error, `CannotOpenError`.

Never imported by the hub. Never does: names, media types, files of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from nacl import bindings
from nacl.exceptions import CryptoError

from comity.committed import COMMITMENT_BYTES, expand
from comity.encoding import Purpose, tagged
from comity.errors import CannotOpenError, MalformedError, Reason
from comity.padding import padded_length

BLOB_LIMIT: Final = 5 * 1024**3
"""Greatest length of a sealed blob, in bytes."""
CHUNK_BYTES: Final = 65_536
"""Plaintext bytes of every chunk but the last."""
CHUNK_OVERHEAD: Final = 17
"""Bytes that sealing adds to each chunk."""
STREAM_HEADER_BYTES: Final = 24
"""Length of the secretstream header."""
ATTACHMENT_ID_BYTES: Final = 16
"""Length of an attachment's id."""
ATTACHMENT_KEY_BYTES: Final = 32
"""Length of an attachment's key (AK)."""

Progress = Callable[[int], None]
"""Told after each chunk how many plaintext bytes are done."""

_MESSAGE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


@dataclass(frozen=True, slots=True)
class BlobSecrets:
    """What the sealed payload must say of an attachment for a recipient to open it."""

    attachment_id: bytes
    """Random, 16 bytes."""
    key: bytes = field(repr=False)
    """The attachment key, 32 bytes, secret."""
    commitment: bytes
    """Commitment to the key, 32 bytes."""
    plain_length: int
    """Length of the plaintext in bytes."""
    sealed_length: int
    """Length of the blob in bytes."""
    sha256: bytes
    """SHA-256 of the blob, 32 bytes: its name in the blob store."""


def sealed_blob_length(plain_length: int) -> int:
    """Returns the length of the blob of a plaintext, both in bytes."""
    padded = padded_length(plain_length)
    return STREAM_HEADER_BYTES + padded + CHUNK_OVERHEAD * -(-padded // CHUNK_BYTES)


def seal_blob(source: BinaryIO, sink: BinaryIO, progress: Progress | None = None) -> BlobSecrets:
    """Seals everything that `source` still holds into `sink`, with a fresh key.

    Args:
        source: plaintext; need not be seekable.
        sink: takes the blob. What was written so far is useless where an error is raised.
        progress: told how far it got.

    Raises:
        MalformedError: the blob would be larger than 5 GiB.
    """
    attachment_id, key = os.urandom(ATTACHMENT_ID_BYTES), os.urandom(ATTACHMENT_KEY_BYTES)
    stream_key, commitment = derive_blob_keys(attachment_id, key)
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    blob_hash = hashlib.sha256()

    def emit(data: bytes) -> None:
        blob_hash.update(data)
        sink.write(data)

    emit(bindings.crypto_secretstream_xchacha20poly1305_init_push(state, stream_key))
    plain_length = 0
    chunk = _read(source, CHUNK_BYTES)
    while True:
        plain_length += len(chunk)
        if sealed_blob_length(plain_length) > BLOB_LIMIT:
            raise MalformedError("an attachment is larger than 5 GiB", Reason.TOO_LARGE)
        following = _read(source, CHUNK_BYTES) if len(chunk) == CHUNK_BYTES else b""
        if not following:
            break
        emit(_push(state, chunk, _MESSAGE))
        if progress is not None:
            progress(plain_length)
        chunk = following
    # `chunk` is the last of the plaintext; the rest of the padded length is zeros.
    left = padded_length(plain_length) - (plain_length - len(chunk))
    while left > CHUNK_BYTES:
        emit(_push(state, chunk.ljust(CHUNK_BYTES, b"\x00"), _MESSAGE))
        chunk = b""
        left -= CHUNK_BYTES
    emit(_push(state, chunk.ljust(left, b"\x00"), _FINAL))
    if progress is not None:
        progress(plain_length)
    return BlobSecrets(
        attachment_id, key, commitment, plain_length, sealed_blob_length(plain_length), blob_hash.digest()
    )


def open_blob(source: BinaryIO, sink: BinaryIO, secrets: BlobSecrets, progress: Progress | None = None) -> None:
    """Writes the plaintext of a blob to `sink`, after the whole of it was found genuine.

    Args:
        source: the blob from here to its end, seekable: it is read twice.
        sink: takes the plaintext, seekable. Whatever happens, it keeps nothing of a blob that does not open, also
            where the source changes between the two readings.
        secrets: from the payload.
        progress: told how far the second reading got.

    Raises:
        CannotOpenError: it cannot be opened.
    """
    begin, origin = source.tell(), sink.tell()
    for _ in _plaintext(source, secrets):
        pass
    source.seek(begin)
    done = 0
    try:
        for piece in _plaintext(source, secrets):
            sink.write(piece)
            done += len(piece)
            if progress is not None:
                progress(done)
    except BaseException:
        sink.seek(origin)
        sink.truncate()
        raise


def derive_blob_keys(attachment_id: bytes, key: bytes) -> tuple[bytes, bytes]:
    """Returns (stream key, commitment), 32 bytes each, of an attachment."""
    okm = expand(key, tagged(Purpose.ATTACHMENT, attachment_id), 32 + COMMITMENT_BYTES)
    return okm[:32], okm[32:]


def _plaintext(source: BinaryIO, secrets: BlobSecrets) -> Iterator[bytes]:
    """Yields the plaintext in pieces. Unless it ends without an error, none of them may be released."""
    stream_key, commitment = derive_blob_keys(secrets.attachment_id, secrets.key)
    if not hmac.compare_digest(commitment, secrets.commitment):
        raise CannotOpenError
    if not secrets.sealed_length == sealed_blob_length(secrets.plain_length) <= BLOB_LIMIT:
        raise CannotOpenError
    blob_hash = hashlib.sha256()
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(
        state, _take(source, STREAM_HEADER_BYTES, blob_hash.update), stream_key
    )
    plain_left, left = secrets.plain_length, padded_length(secrets.plain_length)
    while left:
        length = min(CHUNK_BYTES, left)
        left -= length
        data = _take(source, length + CHUNK_OVERHEAD, blob_hash.update)
        try:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, data)
        except CryptoError:
            raise CannotOpenError from None
        kept = min(length, plain_left)
        plain_left -= kept
        if tag != (_MESSAGE if left else _FINAL) or piece.count(0, kept) != length - kept:
            raise CannotOpenError
        yield piece[:kept]
    if source.read(1) or blob_hash.digest() != secrets.sha256:
        raise CannotOpenError


def _push(state: bindings.crypto_secretstream_xchacha20poly1305_state, chunk: bytes, tag: int) -> bytes:
    sealed: bytes = bindings.crypto_secretstream_xchacha20poly1305_push(state, chunk, None, tag)
    return sealed


def _take(source: BinaryIO, length: int, seen: Callable[[bytes], None]) -> bytes:
    data = _read(source, length)
    if len(data) != length:
        raise CannotOpenError
    seen(data)
    return data


def _read(source: BinaryIO, length: int) -> bytes:
    """Returns `length` bytes, fewer only at the end of the source."""
    data = source.read(length)
    while len(data) < length:
        more = source.read(length - len(data))
        if not more:
            break
        data += more
    return data
