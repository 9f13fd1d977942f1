"""What an attachment may cost is judged before it is fetched, and what is fetched is inflated beside the event loop."""

from __future__ import annotations

import hashlib
import threading
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from comity.blobs import sealed_blob_length
from comity.encoding import serialise
from comity.errors import MalformedError, Reason
from comity.v1 import watchlist_pb2 as pb
from comity.v1.payload_pb2 import Attachment, Packed, Payload
from comity.watchlists import Standing, write_state

from agents.sync.following import unpacking
from agents.sync.following.unpacking import BATCH_BLOB_BYTES, SLACK_BYTES, Most, batch_bytes, read_state

ID = bytes(range(16))
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
"""A block of a zlib stream that holds nothing."""
LIST_ID = b"l" * 16
MOST = Most(records=10, plain_bytes=1 << 20)


def naming(plain_length: int, blob_length: int | None = None) -> Payload:
    length = sealed_blob_length(plain_length) if blob_length is None else blob_length
    return Payload(attachments=[Attachment(id=ID, plain_length=plain_length, blob_length=length)])


class Hub:
    """Hands over a stream instead of an attachment, and counts how often it was asked."""

    def __init__(self, stream: bytes) -> None:
        self.stream, self.asked = stream, 0

    async def fetch_into(self, _session: object, _record: Attachment, sink: BinaryIO, _folder: Path) -> None:
        self.asked += 1
        sink.write(self.stream)


def hub(monkeypatch: pytest.MonkeyPatch, stream: bytes) -> Hub:
    found = Hub(stream)
    monkeypatch.setattr(unpacking, "fetch_into", found.fetch_into)
    return found


def packed_of(data: bytes) -> Packed:
    return Packed(length=len(data), sha256=hashlib.sha256(data).digest(), attachment=ID)


async def read(payload: Payload, packed: Packed, folder: Path, most: Most = MOST) -> Any:
    return await read_state(None, payload, packed, folder, lambda _: None, most=most)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plain", "blob"),
    [
        (100 + SLACK_BYTES + 1, None),
        (5 << 30, None),
        (100, 5 << 30),
        (100, sealed_blob_length(100) + 1),
    ],
)
async def test_an_attachment_that_is_longer_than_what_it_holds_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: int, blob: int | None
) -> None:
    at = hub(monkeypatch, b"")
    with pytest.raises(MalformedError) as caught:
        await batch_bytes(None, naming(plain, blob), packed_of(bytes(100)), tmp_path)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.TOO_LARGE
    with pytest.raises(MalformedError) as caught:
        await read(naming(plain, blob), packed_of(bytes(100)), tmp_path)
    assert (caught.value.reason, at.asked) == (Reason.TOO_LARGE, 0)


async def test_a_batch_or_a_state_beyond_its_cap_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = hub(monkeypatch, b"")
    large = Packed(length=4 << 20, sha256=bytes(32), attachment=ID)
    monkeypatch.setattr(unpacking, "SLACK_BYTES", 1 << 30)
    with pytest.raises(MalformedError):
        await batch_bytes(None, naming(BATCH_BLOB_BYTES), large, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(MalformedError):
        await read(naming(100), large, tmp_path)
    assert at.asked == 0


async def test_a_stream_of_blocks_that_hold_nothing_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = hub(monkeypatch, b"\x78\x9c" + EMPTY_BLOCK * (SLACK_BYTES // 2))
    fed: list[int] = []
    inflater = unpacking.Inflater

    class Counting(inflater):  # type: ignore[misc, valid-type]
        __slots__ = ()

        def feed(self, data: bytes) -> Any:
            fed.append(len(data))
            assert threading.current_thread() is not threading.main_thread()
            return super().feed(data)

    monkeypatch.setattr(unpacking, "Inflater", Counting)
    monkeypatch.setattr(unpacking, "PIECE_BYTES", 4096)
    with pytest.raises(MalformedError) as caught:
        await batch_bytes(None, naming(100), packed_of(bytes(100)), tmp_path)  # type: ignore[arg-type]
    assert (caught.value.reason, at.asked) == (Reason.TOO_LARGE, 1)
    assert 0 < sum(fed) <= 100 + SLACK_BYTES


async def test_a_long_batch_inside_the_payload_is_inflated_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[bool] = []
    inflate = unpacking.inflate

    def told(*arguments: Any) -> bytes:
        threads.append(threading.current_thread() is threading.main_thread())
        return inflate(*arguments)

    monkeypatch.setattr(unpacking, "inflate", told)
    for length in (1000, 1 << 20):
        data = bytes(length)
        packed = Packed(length=length, sha256=hashlib.sha256(data).digest(), deflated=zlib.compress(data))
        assert await batch_bytes(None, Payload(), packed, tmp_path) == data  # type: ignore[arg-type]
    assert threads == [True, False]


async def test_a_state_with_more_records_than_are_taken_is_given_up_at_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"".join(write_state(Standing(LIST_ID, "sfc/intake", sequence=1), [], count=0))
    hub(monkeypatch, zlib.compress(data))
    assert (await read(naming(len(zlib.compress(data))), packed_of(data), tmp_path)).count == 0

    frame = serialise(pb.SnapshotPreamble(list_id=LIST_ID, sequence=1, count=11))
    many = len(frame).to_bytes(4, "big") + frame
    hub(monkeypatch, zlib.compress(many))
    with pytest.raises(MalformedError) as caught:
        await read(naming(len(zlib.compress(many))), packed_of(many), tmp_path)
    assert caught.value.reason is Reason.TOO_LARGE
