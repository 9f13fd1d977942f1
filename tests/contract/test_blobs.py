"""Attachments: what opens, what is refused, and that nothing of a refused one is released."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

import pytest
from comity import blobs
from comity.blobs import BlobSecrets, derive_blob_keys, open_blob, seal_blob, sealed_blob_length
from comity.committed import expand
from comity.encoding import Purpose, tagged
from comity.errors import CannotOpenError, MalformedError, Reason
from comity.padding import padme
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

CHUNK = 65_536 + 17
LENGTHS = [0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, 140_000, 262_145, 4 * 1024**2 + 1]


def seal(plaintext: bytes) -> tuple[BlobSecrets, bytes]:
    sink = io.BytesIO()
    secrets = seal_blob(io.BytesIO(plaintext), sink)
    return secrets, sink.getvalue()


def plaintext_of(length: int) -> bytes:
    return hashlib.shake_256(length.to_bytes(8, "big")).digest(length)


def resigned(secrets: BlobSecrets, blob: bytes) -> BlobSecrets:
    """The secrets a dishonest author would write: digest and length fit the blob, so only the stream can refuse."""
    return dataclasses.replace(secrets, sha256=hashlib.sha256(blob).digest(), sealed_length=len(blob))


def refused(secrets: BlobSecrets, blob: bytes) -> bool:
    sink = io.BytesIO(b"before")
    sink.seek(0, io.SEEK_END)
    try:
        open_blob(io.BytesIO(blob), sink, secrets)
    except CannotOpenError:
        return sink.getvalue() == b"before"
    return False


class Trickle(io.RawIOBase):
    """A source that gives what it likes, as a pipe does."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(min(size, 1000))


class Recording(io.BytesIO):
    """A sink that remembers every write, also what was truncated later."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.written.append(bytes(data))
        return super().write(data)


class Changing(io.BytesIO):
    """A source that changes between the first reading and the second."""

    def __init__(self, first: bytes, second: bytes) -> None:
        super().__init__(first)
        self._second = second

    def seek(self, offset: int, whence: int = 0) -> int:
        super().__init__(self._second)
        return super().seek(offset, whence)


@pytest.mark.parametrize("length", LENGTHS)
def test_an_attachment_opens_to_what_was_sealed(length: int) -> None:
    plaintext = plaintext_of(length)
    secrets, blob = seal(plaintext)
    sink = io.BytesIO()
    open_blob(io.BytesIO(blob), sink, secrets)
    assert sink.getvalue() == plaintext
    assert secrets.plain_length == length
    assert secrets.sealed_length == len(blob) == sealed_blob_length(length)
    assert secrets.sha256 == hashlib.sha256(blob).digest()


@settings(max_examples=30)
@given(st.integers(0, 200_000))
def test_an_attachment_of_any_length_opens(length: int) -> None:
    plaintext = plaintext_of(length)
    secrets, blob = seal(plaintext)
    sink = io.BytesIO()
    open_blob(io.BytesIO(blob), sink, secrets)
    assert sink.getvalue() == plaintext


def test_the_construction_is_that_of_the_protocol() -> None:
    secrets, blob = seal(b"x" * 70_000)
    okm = expand(secrets.key, tagged(Purpose.ATTACHMENT, secrets.attachment_id), 64)
    assert derive_blob_keys(secrets.attachment_id, secrets.key) == (okm[:32], okm[32:])
    assert secrets.commitment == okm[32:]
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, blob[:24], okm[:32])
    first, first_tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, blob[24 : 24 + CHUNK])
    last, last_tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, blob[24 + CHUNK :])
    assert (first_tag, last_tag) == (0, 3)
    assert first + last == (b"x" * 70_000).ljust(padme(70_000), b"\x00")


def test_each_sealing_has_its_own_key_id_and_stream() -> None:
    sealings = [seal(b"same") for _ in range(3)]
    for name in ("attachment_id", "key", "commitment", "sha256"):
        assert len({getattr(secrets, name) for secrets, _ in sealings}) == 3
    assert len({blob[:24] for _, blob in sealings}) == 3


def test_the_key_of_an_attachment_is_not_shown() -> None:
    secrets, _ = seal(b"x")
    assert repr(secrets.key) not in repr(secrets)


def test_a_source_may_give_its_bytes_in_small_pieces() -> None:
    sink = io.BytesIO()
    source: BinaryIO = Trickle(plaintext_of(70_000))  # type: ignore[assignment]
    secrets = seal_blob(source, sink)
    opened = io.BytesIO()
    open_blob(io.BytesIO(sink.getvalue()), opened, secrets)
    assert opened.getvalue() == plaintext_of(70_000)


def test_a_blob_may_begin_within_a_source_and_end_within_a_sink() -> None:
    secrets, blob = seal(b"content")
    source, sink = io.BytesIO(b"skipped" + blob), io.BytesIO(b"before")
    source.seek(7)
    sink.seek(0, io.SEEK_END)
    open_blob(source, sink, secrets)
    assert sink.getvalue() == b"beforecontent"


def test_progress_ends_at_the_length_of_the_plaintext() -> None:
    told: list[int] = []
    sink = io.BytesIO()
    secrets = seal_blob(io.BytesIO(bytes(200_000)), sink, told.append)
    assert told == [65_536, 131_072, 196_608, 200_000]
    told.clear()
    open_blob(io.BytesIO(sink.getvalue()), io.BytesIO(), secrets, told.append)
    assert told[-1] == 200_000
    assert told == sorted(told)


def test_an_attachment_larger_than_the_limit_is_not_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "BLOB_LIMIT", 100_000)
    with pytest.raises(MalformedError) as caught:
        seal(bytes(200_000))
    assert caught.value.reason == Reason.TOO_LARGE


def test_an_attachment_larger_than_the_limit_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets, blob = seal(bytes(200_000))
    monkeypatch.setattr(blobs, "BLOB_LIMIT", 100_000)
    assert refused(secrets, blob)


CHUNKED = plaintext_of(3 * 65_536 + 5)


def forge(secrets: BlobSecrets, pieces: list[tuple[bytes, int]]) -> bytes:
    """A stream under the genuine key that an author's own dishonest software could make."""
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    stream_key, _ = derive_blob_keys(secrets.attachment_id, secrets.key)
    out = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, stream_key)
    for piece, tag in pieces:
        out += bindings.crypto_secretstream_xchacha20poly1305_push(state, piece, None, tag)
    return bytes(out)


def _swap(blob: bytes) -> bytes:
    head, first, second, rest = (
        blob[:24],
        blob[24 : 24 + CHUNK],
        blob[24 + CHUNK : 24 + 2 * CHUNK],
        blob[24 + 2 * CHUNK :],
    )
    return head + second + first + rest


def _from_another_file(blob: bytes) -> bytes:
    _, other = seal(CHUNKED)
    return blob[: 24 + CHUNK] + other[24 + CHUNK : 24 + 2 * CHUNK] + blob[24 + 2 * CHUNK :]


MANIPULATIONS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda blob: b"",
    "header cut": lambda blob: blob[:23],
    "header only": lambda blob: blob[:24],
    "truncated at a chunk's edge": lambda blob: blob[: 24 + 2 * CHUNK],
    "last chunk dropped": lambda blob: blob[: 24 + 3 * CHUNK],
    "truncated within a chunk": lambda blob: blob[:-1],
    "chunks swapped": _swap,
    "a chunk left out": lambda blob: blob[:24] + blob[24 + CHUNK :],
    "a chunk twice": lambda blob: blob[: 24 + CHUNK] + blob[24:],
    "a chunk from another file": _from_another_file,
    "a trailing byte": lambda blob: blob + b"\x00",
    "trailing chunk": lambda blob: blob + blob[24 : 24 + CHUNK],
    "a bit of the header": lambda blob: bytes([blob[0] ^ 1]) + blob[1:],
    "a bit of the first chunk": lambda blob: blob[:100] + bytes([blob[100] ^ 1]) + blob[101:],
    "a bit of the last chunk": lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]),
}


@pytest.mark.parametrize("manipulate", MANIPULATIONS.values(), ids=MANIPULATIONS.keys())
def test_C_18_a_manipulated_attachment_is_refused_and_nothing_released(manipulate: Callable[[bytes], bytes]) -> None:
    secrets, blob = seal(CHUNKED)
    changed = manipulate(blob)
    assert changed != blob
    assert refused(secrets, changed)
    # Also where the digest was made to fit: the stream and the lengths refuse by themselves.
    assert refused(resigned(secrets, changed), changed)
    assert refused(dataclasses.replace(secrets, sha256=hashlib.sha256(changed).digest()), changed)


def test_C_18_a_stream_without_its_final_tag_is_refused() -> None:
    secrets, _ = seal(b"")
    for tag in (0, 1, 2):
        blob = forge(secrets, [(bytes(4096), tag)])
        assert refused(resigned(secrets, blob), blob)
    blob = forge(secrets, [(bytes(4096), 3)])
    sink = io.BytesIO()
    open_blob(io.BytesIO(blob), sink, resigned(secrets, blob))
    assert sink.getvalue() == b""


def test_C_18_a_final_tag_before_the_end_is_refused() -> None:
    secrets, _ = seal(bytes(131_072))
    for tags in ((3, 3), (3, 0), (1, 3), (2, 3)):
        blob = forge(secrets, [(bytes(65_536), tag) for tag in tags])
        assert refused(resigned(secrets, blob), blob)


def test_C_18_padding_that_is_not_zero_or_of_another_length_is_refused() -> None:
    secrets, _ = seal(b"content")
    blob = forge(secrets, [(b"content" + bytes(4088) + b"x", 3)])
    assert refused(resigned(secrets, blob), blob)
    blob = forge(secrets, [(b"content" + bytes(5000), 3)])
    assert refused(resigned(secrets, blob), blob)
    assert refused(dataclasses.replace(resigned(secrets, blob), plain_length=5007), blob)


def test_C_18_each_secret_must_be_that_of_the_blob() -> None:
    secrets, blob = seal(CHUNKED)
    for name, value in {
        "attachment_id": bytes(16),
        "key": bytes(32),
        "commitment": bytes(32),
        "plain_length": secrets.plain_length - 1,
        "sealed_length": secrets.sealed_length + 1,
        "sha256": bytes(32),
    }.items():
        changed = dataclasses.replace(secrets, **{name: value})  # type: ignore[arg-type]
        assert refused(changed, blob), name
    assert refused(dataclasses.replace(secrets, plain_length=secrets.plain_length + 10**6), blob)
    assert refused(dataclasses.replace(secrets, key=b"", commitment=b""), blob)


def test_a_plain_length_that_cuts_content_off_is_refused() -> None:
    secrets, blob = seal(b"content")
    assert refused(dataclasses.replace(secrets, plain_length=6), blob)


def test_C_18_a_key_that_does_not_fit_the_commitment_opens_nothing() -> None:
    secrets, blob = seal(b"content")
    other_key = bytes(32)
    _, other_commitment = derive_blob_keys(secrets.attachment_id, other_key)
    assert refused(dataclasses.replace(secrets, key=other_key), blob)
    assert refused(dataclasses.replace(secrets, key=other_key, commitment=other_commitment), blob)


def test_C_18_no_byte_is_written_before_the_whole_was_checked() -> None:
    secrets, blob = seal(CHUNKED)
    sink = Recording()
    with pytest.raises(CannotOpenError):
        open_blob(io.BytesIO(blob[:-1] + b"\x00"), sink, secrets)
    assert sink.written == []


def test_C_18_a_source_that_changes_between_the_readings_leaves_nothing_behind() -> None:
    secrets, blob = seal(CHUNKED)
    sink = Recording()
    with pytest.raises(CannotOpenError):
        open_blob(Changing(blob, blob[:-1] + bytes([blob[-1] ^ 1])), sink, secrets)
    assert sink.written
    assert sink.getvalue() == b""


@pytest.mark.parametrize("length", [0, 1, 4096, 4097, 100_000, 65_536 * 5 + 1])
def test_C_23_a_blob_shows_a_size_class_only(length: int) -> None:
    _, blob = seal(bytes(length))
    chunks = -(-(len(blob) - 24) // CHUNK)
    padded = len(blob) - 24 - 17 * chunks
    assert padme(padded) == padded == max(4096, padme(length))
    assert len(blob) >= 4112


@given(st.integers(0, 64 * 1024**2))
def test_C_23_blob_lengths_up_to_64_mib_are_those_of_385_classes(length: int) -> None:
    padded = max(4096, padme(length))
    assert sealed_blob_length(length) == 24 + padded + 17 * (padded // 65_536 + (padded % 65_536 > 0))
