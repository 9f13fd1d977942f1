"""Key files: secrets at rest under a passphrase."""

from __future__ import annotations

import dataclasses

import pytest
from comity import keyfile
from comity.encoding import u64be
from comity.errors import CannotOpenError, MalformedError, Reason
from comity.keyfile import CEILING, MODERATE, Cost, open_keyfile, seal_keyfile
from hypothesis import given, settings
from hypothesis import strategies as st

CHEAP = Cost(passes=1, memory_bytes=8192)
"""For tests only: product code never names a cost below MODERATE."""
SECRET = b"a seed that must not be read " * 3


@pytest.fixture(scope="module")
def data() -> bytes:
    return seal_keyfile(b"correct horse", SECRET, CHEAP)


def refused(passphrase: bytes, data: bytes, floor: Cost = CHEAP) -> bool:
    try:
        open_keyfile(passphrase, data, floor)
    except CannotOpenError as error:
        return str(error) == "cannot open"
    return False


def test_a_key_file_opens_with_its_passphrase_only(data: bytes) -> None:
    assert open_keyfile(b"correct horse", data, CHEAP) == SECRET
    for wrong in (b"", b"correct hors", b"correct horse ", b"Correct horse"):
        assert refused(wrong, data)


def test_two_key_files_share_nothing(data: bytes) -> None:
    again = seal_keyfile(b"correct horse", SECRET, CHEAP)
    assert again[:32] == data[:32]
    assert again[32:48] != data[32:48]
    assert again[48:] != data[48:]


def test_K_13_a_key_file_shows_neither_secret_nor_its_length(data: bytes) -> None:
    assert SECRET[:16] not in data
    assert {len(seal_keyfile(b"p", bytes(n), CHEAP)) for n in (0, 32, 4000)} == {48 + 32 + 4096 + 16}


def test_K_13_a_key_file_costs_at_least_argon2id_moderate() -> None:
    assert (MODERATE.passes, MODERATE.memory_bytes) == (3, 256 * 1024**2)
    data = seal_keyfile(b"correct horse", SECRET)
    assert data[16:32] == u64be(3) + u64be(256 * 1024**2)
    assert open_keyfile(b"correct horse", data) == SECRET


@pytest.mark.parametrize(
    "cost",
    [
        CHEAP,
        dataclasses.replace(MODERATE, passes=2),
        dataclasses.replace(MODERATE, memory_bytes=MODERATE.memory_bytes - 1024),
    ],
)
def test_K_13_a_file_made_cheaper_than_moderate_is_refused(cost: Cost) -> None:
    header = b"comity/keyfile/1" + u64be(cost.passes) + u64be(cost.memory_bytes) + bytes(16)
    assert refused(b"correct horse", header + bytes(32 + 4112), MODERATE)


def test_K_13_a_file_whose_stated_cost_was_changed_is_refused(data: bytes) -> None:
    cheaper = data[:16] + u64be(2) + data[24:]
    assert refused(b"correct horse", cheaper)
    assert refused(b"correct horse", data[:24] + u64be(16_384) + data[32:])


@pytest.mark.parametrize(
    "cost",
    [
        dataclasses.replace(CEILING, passes=CEILING.passes + 1),
        dataclasses.replace(CEILING, memory_bytes=CEILING.memory_bytes + 1),
        Cost(2**64 - 1, 2**64 - 1),
        Cost(0, 8192),
        Cost(1, 0),
        Cost(1, 8191),
    ],
)
def test_a_cost_out_of_bounds_is_neither_paid_nor_made(cost: Cost) -> None:
    header = b"comity/keyfile/1" + u64be(cost.passes) + u64be(cost.memory_bytes) + bytes(16)
    assert refused(b"correct horse", header + bytes(32 + 4112), Cost(0, 0))
    with pytest.raises(MalformedError, match="at this cost"):
        seal_keyfile(b"correct horse", SECRET, cost)


def test_every_flipped_byte_is_refused(data: bytes) -> None:
    for i in range(len(data)):
        # A flipped high byte of the cost asks for the impossible and is refused unpaid.
        assert refused(b"correct horse", data[:i] + bytes([data[i] ^ 0x40]) + data[i + 1 :]), i


def test_truncated_extended_and_foreign_files_are_refused(data: bytes) -> None:
    for length in (0, 15, 16, 47, 48, 79, 80, 95, 96, len(data) - 1):
        assert refused(b"correct horse", data[:length])
    assert refused(b"correct horse", data + b"\x00")
    assert refused(b"correct horse", b"comity/keyfile/2" + data[16:])
    assert refused(b"correct horse", bytes(keyfile.KEYFILE_LIMIT + 1))


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_opening_random_bytes_as_a_key_file_has_one_error(data: bytes) -> None:
    assert refused(b"p", data)
    assert refused(b"p", b"comity/keyfile/1" + data)


def test_a_key_file_needs_a_passphrase() -> None:
    with pytest.raises(MalformedError, match="passphrase"):
        seal_keyfile(b"", SECRET, CHEAP)


def test_a_key_file_has_a_greatest_size() -> None:
    with pytest.raises(MalformedError) as caught:
        seal_keyfile(b"p", bytes(keyfile.KEYFILE_LIMIT), CHEAP)
    assert caught.value.reason == Reason.TOO_LARGE
