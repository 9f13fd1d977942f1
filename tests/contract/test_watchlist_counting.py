"""Few bytes that would be many objects are refused before anything is made of them, and nothing else is."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from comity.encoding import serialise
from comity.errors import MalformedError, Reason
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import StateReader, parse_batch, parse_change_set
from comity.watchlists.batches import MAX_SETS
from comity.watchlists.changes import MAX_CHANGES
from comity.watchlists.counting import check_counts
from comity.watchlists.entries import MAX_RECORD_BYTES
from comity.watchlists.snapshots import MAX_PREAMBLE_BYTES
from comity.watchlists.states import MAX_USED
from google.protobuf.message import Message

from tests.contract.builders import NOW, secret
from tests.contract.watchlists import LIST_ID, batch, change_set, confirmation, entry, signed_set

REPEATED = {"removals": (2, 40), "lifts": (3, 16)}


def counted(data: bytes) -> list[tuple[str, bytes]]:
    return check_counts(pb.ChangeSet, data, 1000, REPEATED)


def test_what_repeats_is_told_in_its_order_and_the_rest_may_stand_once() -> None:
    made = change_set(
        removals=[pb.Removal(version=300), pb.Removal(text="x")], lifts=[b"a", b""], note="n", urgent=True
    )
    items = [("removals", serialise(removal)) for removal in made.removals]
    assert counted(serialise(made)) == [*items, ("lifts", b"a"), ("lifts", b"")]
    assert counted(b"") == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x32\x00" * 3,
        b"\x3a\x00" * 4,
        b"\x3a\x11" + bytes(17),
        b"\x0a\x00" * 2,
        b"\x2a\x00" * 2,
        b"\x18\x01" * 2,
        b"\x48\x01",
        b"\x00\x01",
        b"\x1b\x01",
        b"\x3a",
        b"\x3a\x02x",
        b"\x18\xff",
        b"\x19" + bytes(7),
        b"\x1d" + bytes(3),
        b"\xff" * 11,
    ],
)
def test_what_repeats_too_often_is_too_long_unknown_or_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        counted(data)


def test_a_message_that_is_too_large_is_not_counted_at_all() -> None:
    with pytest.raises(MalformedError) as caught:
        counted(bytes(1001))
    assert caught.value.reason is Reason.TOO_LARGE


def test_forms_that_the_parser_refuses_are_only_counted_here() -> None:
    assert counted(b"\x19" + bytes(8) + b"\x0d" + bytes(4)) == []


def wire(number: int, item: bytes = b"") -> bytes:
    return bytes([number << 3 | 2]) + _length(len(item)) + item


def _length(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def reading(data: bytes) -> Callable[[], object]:
    return lambda: StateReader().feed(len(data).to_bytes(4, "big") + data)


SMALL = 16
HOLLOW: dict[str, Callable[[], object]] = {
    "puts of a set": lambda: parse_change_set(wire(5) * (2 << 20)),
    "removals of a set": lambda: parse_change_set(wire(6) * (2 << 20)),
    "lifts of a set": lambda: parse_change_set(wire(7) * (2 << 20)),
    "sets of a batch": lambda: parse_batch(wire(3) * (2 << 20)),
    "confirmations of a batch": lambda: parse_batch(wire(4) * (2 << 20)),
    "suspends of a batch": lambda: parse_batch(wire(5) * (2 << 20)),
    "drops of a batch": lambda: parse_batch(wire(6) * (2 << 20)),
    "signatures of a set": lambda: parse_batch(wire(3, wire(2) * (1 << 20))),
    "used sets of a state": reading(wire(3) * (MAX_PREAMBLE_BYTES // 2)),
}


@pytest.mark.parametrize("parse", HOLLOW.values(), ids=HOLLOW)
def test_hollow_items_are_refused_before_they_are_objects(
    parse: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(self: Message, data: bytes) -> int:
        raise AssertionError("it was parsed")

    # What is made by the parser lies outside of Python's memory: that it is not asked is what counts.
    for name in ("changes", "batches", "snapshots"):
        monkeypatch.setattr(f"comity.watchlists.{name}.parse", parsed)
    tracemalloc.start()
    try:
        with pytest.raises(MalformedError):
            parse()
        assert tracemalloc.get_traced_memory()[1] < SMALL << 20
    finally:
        tracemalloc.stop()


def test_a_set_and_a_batch_as_full_as_may_be_are_read() -> None:
    lifts = [n.to_bytes(16, "big") for n in range(MAX_CHANGES)]
    assert len(parse_change_set(serialise(change_set(lifts=lifts))).lifts) == MAX_CHANGES
    content = change_set(puts=[entry()], urgent=True)
    one = signed_set(content)
    full = parse_batch(batch(*[one] * MAX_SETS, confirmations=[confirmation(content)] * MAX_SETS))
    assert len(full.sets) == len(full.confirmations) == MAX_SETS
    for more in (batch_of(sets=[one] * (MAX_SETS + 1)), batch_of(confirmations=[confirmation(content)] * 65)):
        with pytest.raises(MalformedError):
            parse_batch(more)


def batch_of(**changes: object) -> bytes:
    return serialise(pb.WatchBatch(salt=secret("salt"), time=NOW, **changes))  # type: ignore[arg-type]


def test_a_preamble_as_full_as_may_be_is_read_and_fits() -> None:
    def preamble(count: int) -> bytes:
        longest = f"{'a' * 31}/m-abcdefgh"
        used = [
            pb.UsedSet(
                id=n.to_bytes(16, "big"),
                created=NOW,
                author=longest,
                provisional_until=NOW,
                sha256=bytes(32),
                changes=MAX_CHANGES,
                time=NOW,
            )
            for n in range(count)
        ]
        return serialise(pb.SnapshotPreamble(list_id=LIST_ID, sequence=1, used=used))

    data = preamble(MAX_USED)
    assert len(data) < MAX_PREAMBLE_BYTES
    reader = StateReader()
    reader.feed(len(data).to_bytes(4, "big") + data)
    assert len(reader.finish().used) == MAX_USED
    with pytest.raises(MalformedError):
        reading(preamble(MAX_USED + 1))()


def test_an_entry_longer_than_a_record_stands_in_no_set() -> None:
    with pytest.raises(MalformedError):
        parse_change_set(serialise(change_set(puts=[entry(label="x" * MAX_RECORD_BYTES)])))
