"""Headers: what the hub reads, and every way in which one is out of form."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from comity.encoding import serialise
from comity.errors import MalformedError, Reason
from comity.header import (
    MAX_BLOB_BYTES,
    MAX_HEADER_BYTES,
    BlobRef,
    Header,
    Recipient,
    WatchlistPosition,
    encode_header,
    parse_header,
)
from comity.v1 import envelope_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.builders import NOW, RECIPIENT, SENDER, THIRD, desk_kid, fresh
from tests.contract.envelopes import header

PLAIN = header(fresh())
DATA = encode_header(PLAIN)
LAST = 253_402_128_000_000
HASH = b"h" * 32
BATCH = WatchlistPosition(b"l" * 16, 2, HASH, b"n" * 32)
FULL = replace(
    PLAIN,
    previous=HASH,
    about=b"a" * 32,
    lapses_at=LAST,
    blobs=(BlobRef(b"1" * 32, 1), BlobRef(b"2" * 32, MAX_BLOB_BYTES)),
    joint=True,
    precedence=Precedence.FLASH,
)
PUBLISHED = replace(PLAIN, family=Family.WATCHLIST, verb=Verb.PUBLISH, watchlist=BATCH)


@pytest.mark.parametrize("plain", [PLAIN, FULL, PUBLISHED, replace(PUBLISHED, verb=Verb.SNAPSHOT)])
def test_a_header_is_read_as_it_was_made(plain: Header) -> None:
    data = encode_header(plain)
    assert parse_header(data) == plain
    assert encode_header(parse_header(data)) == data


def test_the_first_batch_of_a_list_has_no_previous_head() -> None:
    first = replace(PUBLISHED, watchlist=replace(BATCH, sequence=1, previous_head=b""))
    assert parse_header(encode_header(first)) == first


def test_a_header_knows_its_agency_and_its_counterparts() -> None:
    both = header(fresh(), (THIRD, RECIPIENT, SENDER))
    assert both.sender_agency == "sfc"
    assert both.counterparts == (THIRD, RECIPIENT)


BAD: dict[str, dict[str, Any]] = {
    "origin": {"origin": "hub.example"},
    "short envelope id": {"envelope_id": bytes(15)},
    "long envelope id": {"envelope_id": PLAIN.envelope_id + b"\x00"},
    "random envelope id": {"envelope_id": bytes.fromhex("01a1b2c3d4e54000800000000000000a")},
    "variant of envelope id": {"envelope_id": bytes.fromhex("01a1b2c3d4e57000c00000000000000a")},
    "no case id": {"case_id": b""},
    "long case id": {"case_id": bytes(17)},
    "previous": {"previous": bytes(31)},
    "about": {"about": bytes(33)},
    "sender": {"sender": "sfc"},
    "author": {"author": bytes(31)},
    "no recipient": {"recipients": ()},
    "only its own copy": {"recipients": (Recipient(SENDER, desk_kid(SENDER)),)},
    "desk name": {"recipients": (Recipient("police", HASH),)},
    "desk key id": {"recipients": (Recipient(RECIPIENT, bytes(31)),)},
    "created": {"created": 0},
    "created before 1970": {"created": -1},
    "created after all": {"created": LAST + 1},
    "deliver_by": {"deliver_by": 0},
    "respond_by": {"respond_by": -1},
    "lapses_at": {"lapses_at": LAST + 1},
    "directory root": {"directory_root": b""},
    "blob digest": {"blobs": (BlobRef(bytes(31), 1),)},
    "blobs in disorder": {"blobs": (BlobRef(b"2" * 32, 1), BlobRef(b"1" * 32, 1))},
    "blob twice": {"blobs": (BlobRef(b"2" * 32, 1), BlobRef(b"2" * 32, 1))},
    "position outside a list": {"watchlist": BATCH},
    "no position in a list": {"family": Family.WATCHLIST, "verb": Verb.PUBLISH},
    "position in another family": {"verb": Verb.PUBLISH, "watchlist": BATCH},
    "position in another verb": {"family": Family.WATCHLIST, "verb": Verb.OFFER, "watchlist": BATCH},
}
BAD |= {
    name: {"family": Family.WATCHLIST, "verb": Verb.PUBLISH, "watchlist": replace(BATCH, **changes)}
    for name, changes in {
        "list id": {"list_id": bytes(15)},
        "sequence": {"sequence": 0},
        "a sequence beyond all counting": {"sequence": (1 << 53) + 1},
        "first with previous": {"sequence": 1},
        "later without previous": {"previous_head": b""},
        "previous head": {"previous_head": bytes(31)},
        "no head": {"head": b""},
    }.items()
}


@pytest.mark.parametrize("what", BAD)
def test_a_header_out_of_form_is_neither_made_nor_read(what: str) -> None:
    with pytest.raises(MalformedError) as caught:
        encode_header(replace(PLAIN, **BAD[what]))
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("length", [0, MAX_BLOB_BYTES + 1])
def test_an_attachment_is_not_empty_and_not_too_large(length: int) -> None:
    with pytest.raises(MalformedError) as caught:
        encode_header(replace(PLAIN, blobs=(BlobRef(b"1" * 32, length),)))
    assert caught.value.reason is Reason.TOO_LARGE


def raw(change: Callable[[pb.Header], object]) -> bytes:
    m = pb.Header.FromString(DATA)
    change(m)
    return serialise(m)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: setattr(m, "version", 2), Reason.UNSUPPORTED_VERSION),
        (lambda m: m.ClearField("version"), Reason.UNSUPPORTED_VERSION),
        (lambda m: setattr(m, "family", 5), Reason.MALFORMED),
        (lambda m: m.ClearField("family"), Reason.MALFORMED),
        (lambda m: setattr(m, "verb", 15 + 64), Reason.MALFORMED),
        (lambda m: m.ClearField("verb"), Reason.MALFORMED),
        (lambda m: setattr(m, "precedence", 4), Reason.MALFORMED),
        (lambda m: m.ClearField("precedence"), Reason.MALFORMED),
        (lambda m: m.grant.SetInParent(), Reason.MALFORMED),
    ],
)
def test_a_value_that_version_1_does_not_know_is_refused(change: Callable[[pb.Header], object], reason: Reason) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_header(raw(change))
    assert caught.value.reason is reason


def test_C_20_another_suite_is_refused() -> None:
    for suite in (0, 2, 2**32 - 1):
        with pytest.raises(MalformedError) as caught:
            parse_header(raw(lambda m, s=suite: setattr(m, "suite", s)))  # type: ignore[misc]
        assert caught.value.reason is Reason.UNSUPPORTED_VERSION


def recipients(*names: str) -> bytes:
    def change(m: pb.Header) -> None:
        del m.recipients[:]
        for name in names:
            m.recipients.add(desk=name, desk_key_id=HASH)

    return raw(change)


def test_C_06_recipients_are_in_strictly_ascending_order() -> None:
    assert parse_header(recipients("icac/ops", "police/cctb")).counterparts == ("icac/ops", "police/cctb")
    for names in (("police/cctb", "icac/ops"), ("police/cctb", "police/cctb"), ("a1/b1", "c1/d1", "b1/c1")):
        with pytest.raises(MalformedError, match="order"):
            parse_header(recipients(*names))


def test_R_02_a_header_has_at_most_256_recipients_and_64_attachments() -> None:
    names = [f"agency/desk-{i:03}" for i in range(257)]
    assert len(parse_header(recipients(*names[:256])).recipients) == 256
    blobs = tuple(BlobRef(bytes([i]) * 32, 1) for i in range(65))
    assert len(parse_header(encode_header(replace(PLAIN, blobs=blobs[:64]))).blobs) == 64
    for data in (lambda: recipients(*names), lambda: encode_header(replace(PLAIN, blobs=blobs))):
        with pytest.raises(MalformedError) as caught:
            parse_header(data())
        assert caught.value.reason is Reason.TOO_LARGE


def test_a_header_has_a_greatest_length() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_header(DATA + bytes(MAX_HEADER_BYTES))
    assert caught.value.reason is Reason.TOO_LARGE


def test_times_may_lie_at_the_end_of_the_calendar() -> None:
    assert parse_header(encode_header(replace(PLAIN, deliver_by=LAST))).deliver_by == LAST
    assert parse_header(encode_header(replace(PLAIN, respond_by=0))).respond_by == 0
    for hours in (-23, 23):  # and the calendar of no time zone ends before
        zone = datetime.timezone(datetime.timedelta(hours=hours, minutes=hours))
        assert datetime.datetime.fromtimestamp(LAST / 1000, zone).year == 9999
    assert PLAIN.created == NOW


@given(st.data())
def test_R_06_any_change_of_a_header_is_malformed_or_a_header_of_those_bytes(data: st.DataObject) -> None:
    base = data.draw(st.sampled_from([DATA, encode_header(FULL), encode_header(PUBLISHED)]))
    place = data.draw(st.integers(0, len(base)))
    piece = data.draw(st.binary(max_size=6))
    cut = data.draw(st.integers(0, 6))
    changed = base[:place] + piece + base[place + cut :]
    try:
        parsed = parse_header(changed)
    except MalformedError:
        return
    assert encode_header(parsed) == changed


@given(st.binary(max_size=300))
def test_R_06_random_bytes_are_no_header(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_header(data)
