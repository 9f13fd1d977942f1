"""Snapshots and packed streams: cut anywhere they come to the same, and nothing that was altered is taken."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from comity.encoding import serialise
from comity.errors import MalformedError, Reason, VerificationError
from comity.header import WatchlistPosition
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import (
    Inflater,
    Standing,
    StateReader,
    StateRecord,
    adopt,
    attached,
    deflate,
    entry_id,
    inflate,
    pack,
    write_state,
)
from comity.watchlists.entries import MAX_RECORD_BYTES
from comity.watchlists.packing import INLINE_LIMIT
from comity.watchlists.snapshots import CHUNK_BYTES, MAX_PREAMBLE_BYTES

from tests.contract.builders import APPROVER, AUTHOR, NOW, SENDER, secret
from tests.contract.test_payload_watchlists import HANDLING
from tests.contract.watchlists import BOB, LIST_ID, List, change_set, confirmation, entry, signed_set

LONG = entry(BOB, giver="long", handling=HANDLING, label="l" * 200, source_url="u" * 500, why="y" * 500)
LONG.handling.legal_gateway = "g" * 500
LONG.handling.purposes.extend(["p" * 200] * 16)
URGENT = change_set("urgent", puts=[entry()], urgent=True)
BULKY = [entry(f"eip155:*:0x{n:040d}", label="x" * 190, why="y" * 480) for n in range(500)]


def listed() -> tuple[List, bytes, WatchlistPosition]:
    """A list of some hundred entries, its last batch and that one's position."""
    made = List()
    made.publish(signed_set(change_set("bulk", puts=BULKY), AUTHOR, APPROVER))
    made.publish(signed_set(URGENT), suspends=[entry_id(BULKY[0])])
    before = made.standing
    data = made.publish(signed_set(change_set("last", puts=[entry(BOB), LONG])), time=NOW + 1)
    return made, data, WatchlistPosition(LIST_ID, before.sequence + 1, before.head, made.standing.head)


MADE, BATCH, POSITION = listed()
RECORDS = [MADE.records.kept[key] for key in MADE.ids()]
STATE = b"".join(write_state(MADE.standing, RECORDS, count=len(RECORDS)))


def read(data: bytes, step: int = 1 << 30) -> tuple[StateReader, list[StateRecord]]:
    reader, found = StateReader(), list[StateRecord]()
    for start in range(0, len(data), step):
        found += reader.feed(data[start : start + step])
    return reader, found


def framed(*frames: bytes) -> bytes:
    return b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)


def preamble(**changes: Any) -> bytes:
    used = [MADE.standing.used[key] for key in sorted(MADE.standing.used)]
    fields: dict[str, Any] = {"list_id": LIST_ID, "sequence": 3, "used": used, "count": len(RECORDS)}
    return serialise(pb.SnapshotPreamble(**fields | changes))


@pytest.mark.parametrize("step", [7, 1000, 1 << 30])
def test_a_state_cut_anywhere_is_read_as_it_was_written_and_adopted(step: int) -> None:
    reader, found = read(STATE, step)
    assert [record.data for record in found] == RECORDS
    assert [record.entry_id for record in found] == MADE.ids()
    assert found[0].record == pb.WatchRecord.FromString(RECORDS[0])
    assert adopt(reader, BATCH, POSITION, SENDER) == MADE.standing


def test_who_joins_by_a_snapshot_goes_on_like_everybody_else() -> None:
    owner = List()
    owner.standing, owner.records.kept = MADE.standing, dict(MADE.records.kept)
    joined = List()
    reader, found = read(STATE)
    joined.standing = adopt(reader, BATCH, POSITION, SENDER)
    joined.records.kept = {record.entry_id: record.data for record in found}
    joined.take(owner.publish(confirmations=[confirmation(URGENT)], time=NOW + 2))
    assert (joined.standing, joined.records.kept) == (owner.standing, owner.records.kept)


def test_a_state_is_written_in_portions() -> None:
    chunks = list(write_state(MADE.standing, RECORDS, count=len(RECORDS)))
    assert len(chunks) > 1
    assert all(len(chunk) < CHUNK_BYTES + MAX_RECORD_BYTES for chunk in chunks)
    assert framed(preamble(), *RECORDS) == STATE


def test_a_list_without_entries_has_a_state() -> None:
    empty = Standing(LIST_ID, SENDER, 1)
    reader, found = read(b"".join(write_state(empty, [], count=0)))
    assert (found, reader.finish().count) == ([], 0)


@pytest.mark.parametrize("count", [len(RECORDS) - 1, len(RECORDS) + 1])
def test_a_state_of_another_number_of_records_is_not_written(count: int) -> None:
    with pytest.raises(MalformedError):
        list(write_state(MADE.standing, RECORDS, count=count))


def test_a_record_that_is_too_large_is_not_written() -> None:
    with pytest.raises(MalformedError) as caught:
        list(write_state(MADE.standing, [bytes(MAX_RECORD_BYTES + 1)], count=1))
    assert caught.value.reason is Reason.TOO_LARGE


def one_used(**changes: Any) -> list[pb.UsedSet]:
    fields: dict[str, Any] = {"id": bytes(16), "created": NOW, "author": AUTHOR.owner, "sha256": bytes(32)}
    return [pb.UsedSet(**fields | changes)]


UNREADABLE = {
    "a length beyond the limit of a preamble": (MAX_PREAMBLE_BYTES + 1).to_bytes(4, "big"),
    "a length beyond the limit of a record": framed(preamble()) + (MAX_RECORD_BYTES + 1).to_bytes(4, "big"),
    "no preamble": framed(RECORDS[0]),
    "an unknown field": framed(preamble() + b"\x28\x01"),
    "no list": framed(preamble(list_id=b"")),
    "no sequence": framed(preamble(sequence=0)),
    "used sets out of order": framed(preamble(used=one_used(id=b"\x01" * 16) + one_used())),
    "a used set without an author": framed(preamble(used=one_used(author=""))),
    "a used set without a time": framed(preamble(used=one_used(created=0))),
    "a used set that is provisional before all time": framed(preamble(used=one_used(provisional_until=-1))),
    "a used set without a digest": framed(preamble(used=one_used(sha256=b""))),
    "a used set of one person's without the time": framed(preamble(used=one_used(changes=3))),
    "a used set with a time and no changes": framed(preamble(used=one_used(time=NOW))),
    "a used set of before all time": framed(preamble(used=one_used(changes=3, time=-1))),
    "a record that is none": framed(preamble(), b"\xff"),
    "two records changed places": framed(preamble(), RECORDS[1], RECORDS[0]),
    "a record twice": framed(preamble(), RECORDS[0], RECORDS[0]),
    "a record too many": framed(preamble(count=1), *RECORDS[:2]),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_a_state_out_of_form_is_refused_as_it_comes(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read(data)


@pytest.mark.parametrize("data", [b"", STATE[:-1], framed(preamble(), *RECORDS[:-1])])
def test_a_state_that_is_cut_off_is_not_adopted(data: bytes) -> None:
    reader, _ = read(data)
    with pytest.raises(MalformedError):
        adopt(reader, BATCH, POSITION, SENDER)


def altered() -> Iterable[tuple[str, bytes]]:
    other = pb.WatchRecord.FromString(RECORDS[-1])
    other.entry.label = "changed"
    yield "another record", framed(preamble(), *RECORDS[:-1], serialise(other))
    yield "a record less", framed(preamble(count=len(RECORDS) - 1), *RECORDS[:-1])
    yield "another used set", framed(preamble(used=[]), *RECORDS)
    yield "another sequence", framed(preamble(sequence=4), *RECORDS)
    yield "another list", framed(preamble(list_id=bytes(16)), *RECORDS)


@pytest.mark.parametrize("data", [data for _, data in altered()], ids=[name for name, _ in altered()])
def test_a_state_that_was_altered_is_not_adopted(data: bytes) -> None:
    reader, _ = read(data)
    with pytest.raises(VerificationError):
        adopt(reader, BATCH, POSITION, SENDER)


def test_a_state_under_another_batch_or_header_is_not_adopted() -> None:
    silent = MADE.publish(time=NOW + 3, stated=False)
    other = WatchlistPosition(LIST_ID, 4, POSITION.head, MADE.standing.head)
    for data, position in (
        (silent, POSITION),
        (BATCH, replace(POSITION, head=bytes(32))),
        (BATCH, replace(POSITION, sequence=4)),
        (BATCH, replace(POSITION, previous_head=secret("x"))),
        (silent, other),
    ):
        with pytest.raises(VerificationError):
            adopt(read(STATE)[0], data, position, SENDER)


def test_a_snapshot_whose_batch_is_ahead_of_its_leaf_is_not_adopted() -> None:
    at = NOW + 1
    assert adopt(read(STATE)[0], BATCH, POSITION, SENDER, latest=at).time == at
    with pytest.raises(VerificationError):
        adopt(read(STATE)[0], BATCH, POSITION, SENDER, latest=at - 1)


# --- packing


PLAIN = b"wallet " * 1000
SHA256 = hashlib.sha256(PLAIN).digest()
NOISE = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(10_000))


def test_what_is_short_is_packed_inline_and_what_is_long_beside() -> None:
    packed, deflated = pack(PLAIN)
    assert packed is not None
    assert (packed.length, packed.sha256, packed.deflated, packed.attachment) == (len(PLAIN), SHA256, deflated, b"")
    assert inflate(packed.deflated, packed.length, packed.sha256) == PLAIN
    none, long = pack(NOISE)
    assert none is None
    assert len(long) > INLINE_LIMIT
    assert inflate(long, len(NOISE), hashlib.sha256(NOISE).digest()) == NOISE
    assert attached(7, SHA256, bytes(16)).attachment == bytes(16)


def test_a_stream_knows_afterwards_what_went_in() -> None:
    stream = deflate(iter([PLAIN, b"", NOISE]))
    data = b"".join(stream)
    assert (stream.length, stream.sha256) == (len(PLAIN + NOISE), hashlib.sha256(PLAIN + NOISE).digest())
    assert zlib.decompress(data) == PLAIN + NOISE
    assert b"".join(deflate([])) == zlib.compress(b"", 6)


@pytest.mark.parametrize("step", [1, 100, 1 << 20])
def test_a_stream_cut_anywhere_inflates_to_the_same(step: int) -> None:
    data, inflater, plain = zlib.compress(PLAIN), Inflater(len(PLAIN), SHA256), b""
    for start in range(0, len(data), step):
        plain += b"".join(inflater.feed(data[start : start + step]))
    inflater.finish()
    assert plain == PLAIN


def test_a_stream_that_holds_more_than_was_announced_is_stopped_before_it_is_inflated() -> None:
    bomb = zlib.compress(bytes(64 << 20))
    with pytest.raises(MalformedError) as caught:
        next(Inflater(1000, SHA256).feed(bomb))
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_large_stream_comes_in_pieces() -> None:
    plain = bytes(3 << 20)
    pieces = list(Inflater(len(plain), hashlib.sha256(plain).digest()).feed(zlib.compress(plain)))
    assert max(map(len, pieces)) <= 1 << 20
    assert b"".join(pieces) == plain


@pytest.mark.parametrize(
    ("data", "length", "sha256", "error"),
    [
        (zlib.compress(PLAIN)[:-1], len(PLAIN), SHA256, MalformedError),
        (zlib.compress(PLAIN), len(PLAIN) + 1, SHA256, MalformedError),
        (zlib.compress(PLAIN), len(PLAIN) - 1, SHA256, MalformedError),
        (zlib.compress(PLAIN) + b"x", len(PLAIN), SHA256, MalformedError),
        (PLAIN, len(PLAIN), SHA256, MalformedError),
        (b"", 0, hashlib.sha256(b"").digest(), MalformedError),
        (zlib.compress(PLAIN), len(PLAIN), bytes(32), VerificationError),
    ],
)
def test_a_stream_that_is_not_what_was_announced_is_refused(
    data: bytes, length: int, sha256: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        inflate(data, length, sha256)
