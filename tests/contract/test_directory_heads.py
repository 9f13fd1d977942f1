"""Signed heads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.directory import Head, sign_head, verify_head
from comity.directory.heads import MAX_HEAD_BYTES, parse_head
from comity.encoding import serialise
from comity.errors import MalformedError, Reason, VerificationError
from comity.v1 import directory_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.builders import EXCHANGE, HEAD_KEY, LOG_KEY, NOW, ORIGIN

HEAD = Head(ORIGIN, 7, b"d" * 32, EXCHANGE, 9, b"e" * 32, NOW)
BODY, SIG = sign_head(HEAD, HEAD_KEY)


def test_a_signed_head_is_verified_and_read() -> None:
    assert verify_head(BODY, SIG, HEAD_KEY.public) == HEAD
    assert parse_head(BODY) == HEAD


def test_a_head_of_empty_logs_is_one() -> None:
    empty = replace(HEAD, directory_size=0, exchange_size=0)
    assert parse_head(sign_head(empty, HEAD_KEY)[0]) == empty


def test_a_head_that_the_head_key_did_not_sign_is_refused() -> None:
    for body, sig, key in (
        (BODY, SIG, LOG_KEY.public),
        (BODY + b"\x00", SIG, HEAD_KEY.public),
        (BODY, bytes(64), HEAD_KEY.public),
        (BODY, SIG[:-1], HEAD_KEY.public),
        (b"", b"", b""),
    ):
        with pytest.raises(VerificationError):
            verify_head(body, sig, key)


@pytest.mark.parametrize(
    "changes",
    [
        {"directory_root": b"d" * 31},
        {"exchange_root": b""},
        {"time": 0},
        {"time": -1},
        {"time": 253_402_128_000_001},
        {"directory_origin": "hub.example"},
        {"exchange_origin": ""},
    ],
)
def test_a_signed_head_out_of_form_is_malformed(changes: dict[str, object]) -> None:
    body, sig = sign_head(replace(HEAD, **changes), HEAD_KEY)  # type: ignore[arg-type]
    with pytest.raises(MalformedError):
        verify_head(body, sig, HEAD_KEY.public)


def test_a_head_of_another_version_is_refused() -> None:
    m = pb.Head.FromString(BODY)
    m.version = 2
    with pytest.raises(MalformedError) as caught:
        parse_head(serialise(m))
    assert caught.value.reason is Reason.UNSUPPORTED_VERSION


def test_a_head_has_a_greatest_length() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_head(bytes(MAX_HEAD_BYTES + 1))
    assert caught.value.reason is Reason.TOO_LARGE


@given(
    st.one_of(st.binary(max_size=120), st.integers(0, len(BODY) - 1).map(lambda i: BODY[:i] + b"\x00" + BODY[i + 1 :]))
)
def test_R_06_any_bytes_are_malformed_or_a_head_of_those_bytes(data: bytes) -> None:
    try:
        head = parse_head(data)
    except MalformedError:
        return
    assert sign_head(head, HEAD_KEY)[0] == data
