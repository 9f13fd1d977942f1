"""Tagged bytes, the strict parser and the rules for text."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from comity.encoding import Purpose, check_text, digest, parse, serialise, tagged, u64be
from comity.errors import MalformedError, Reason
from comity.v1 import directory_pb2, envelope_pb2, log_pb2
from hypothesis import given
from hypothesis import strategies as st

LEAF = serialise(log_pb2.Leaf(version=1, time_seconds=300, directory_root=b"r" * 32))


def refusal(data: bytes, limit: int = 1000) -> MalformedError:
    with pytest.raises(MalformedError) as caught:
        parse(log_pb2.Leaf, data, limit)
    return caught.value


def test_tagged_bytes_are_purpose_and_length_prefixed_parts() -> None:
    expected = b"comity/v1/kid\x00" + bytes(7) + b"\x02ab" + bytes(8)
    assert tagged(Purpose.KID, b"ab", b"") == expected
    assert digest(Purpose.KID, b"ab", b"") == hashlib.sha256(expected).digest()


def test_no_purpose_is_a_prefix_of_another_once_it_is_closed() -> None:
    closed = [tagged(purpose) for purpose in Purpose]
    assert not any(a.startswith(b) for a, b in itertools.permutations(closed, 2))


@given(st.lists(st.binary(max_size=9), max_size=4), st.lists(st.binary(max_size=9), max_size=4))
def test_two_lists_of_parts_never_share_bytes(first: list[bytes], second: list[bytes]) -> None:
    assert (tagged(Purpose.ACK, *first) == tagged(Purpose.ACK, *second)) == (first == second)


def test_a_number_has_eight_bytes_or_is_refused() -> None:
    assert u64be(2**64 - 1) == b"\xff" * 8
    for number in (-1, 2**64):
        with pytest.raises(MalformedError, match="64 bits"):
            u64be(number)


def test_canonical_bytes_are_parsed() -> None:
    assert serialise(parse(log_pb2.Leaf, LEAF, len(LEAF))) == LEAF


def test_a_message_above_its_limit_is_too_large() -> None:
    assert refusal(LEAF, len(LEAF) - 1).reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        LEAF[:-1],
        b"\x0b",
        LEAF + b"\x08",
        b"\x22\x02\xff",
    ],
    ids=["cut", "group", "half a field", "short string"],
)
def test_what_is_no_message_is_malformed(data: bytes) -> None:
    assert refusal(data).reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        LEAF + b"\x78\x01",
        LEAF + b"\x7a\x00",
        LEAF + b"\x08\x01",
        LEAF[2:] + LEAF[:2],
        b"\x08\x81\x00" + LEAF[2:],
        b"\x88\x00\x01" + LEAF[2:],
        LEAF + b"\x2a\x00",
        b"\x08\x81\x80\x80\x80\x10" + LEAF[2:],
    ],
    ids=["unknown", "unknown empty", "twice", "order", "padded varint", "padded tag", "empty default", "33 bits"],
)
def test_R_06_one_message_has_one_form(data: bytes) -> None:
    assert "canonical" in str(refusal(data))


def test_R_06_unknown_fields_are_refused_at_every_depth() -> None:
    recipient = serialise(envelope_pb2.Recipient(desk="sfc/intake")) + b"\x78\x01"
    with pytest.raises(MalformedError, match="canonical"):
        parse(envelope_pb2.Header, b"\x5a" + bytes([len(recipient)]) + recipient, 100)


def test_repeated_numbers_are_packed() -> None:
    packed = serialise(directory_pb2.MemberCertified(roles=[1, 2]))
    assert packed == b"\x1a\x02\x01\x02"
    assert list(parse(directory_pb2.MemberCertified, packed, 10).roles) == [1, 2]
    with pytest.raises(MalformedError, match="canonical"):
        parse(directory_pb2.MemberCertified, b"\x18\x01\x18\x02", 10)


@given(st.binary(max_size=200))
def test_R_06_any_bytes_are_refused_or_come_out_again(data: bytes) -> None:
    try:
        message = parse(log_pb2.Event, data, 100)
    except MalformedError:
        return
    assert len(data) <= 100
    assert serialise(message) == data


@pytest.mark.parametrize("text", ["", "plain", "O'Neil-Łukasz", "證監會", "क्‍ष", "𠮷野家", "🧾", "\U0003fffd"])
def test_ordinary_text_passes(text: str) -> None:
    assert check_text(text, 100) is text


@pytest.mark.parametrize(
    "text",
    [
        "e\u0301",
        "a\x00",
        "a\nb",
        "a\tb",
        "\x7f",
        "\x85",
        "\u202e",
        "\u2066a",
        "\u200e",
        "\u061c",
        "\ufeffa",
        "\ud800",
        "\ue000",
        "\U000f0000",
        "\ufdd0",
        "\uffff",
        "\U0001fffe",
        "\u2028",
        "\u2029",
    ],
)
def test_text_that_hides_or_reorders_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        check_text(text, 100)


def test_line_feeds_stand_where_lines_may() -> None:
    assert check_text("a\nb", 10, multiline=True) == "a\nb"
    for text in ("a\r\nb", "a\u2028b"):
        with pytest.raises(MalformedError):
            check_text(text, 10, multiline=True)


def test_a_limit_counts_bytes() -> None:
    assert check_text("證監會", 9) == "證監會"
    with pytest.raises(MalformedError) as caught:
        check_text("證監會", 8)
    assert caught.value.reason is Reason.TOO_LARGE


@given(st.text())
def test_text_is_refused_or_comes_out_as_it_was(text: str) -> None:
    try:
        passed = check_text(text, 50, multiline=True)
    except MalformedError:
        return
    assert passed == text
    assert len(text.encode()) <= 50
