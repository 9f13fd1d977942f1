"""Signing keys, wrapping keys, key ids and fingerprints."""

from __future__ import annotations

import gc
import weakref

import pytest
from comity.encoding import Purpose, digest
from comity.errors import MalformedError
from comity.keys import (
    MLKEM_KEY_BYTES,
    SigningKey,
    Use,
    WrapKey,
    check_signing_key,
    check_wrap_key,
    expand_wrap_seed,
    fingerprint,
    kid,
    same_fingerprint,
    verify,
)
from hypothesis import given
from hypothesis import strategies as st

P = 2**255 - 19

LOW_ORDER_ED25519 = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]

LOW_ORDER_X25519 = [
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
]


def test_a_key_id_depends_on_owner_use_and_key() -> None:
    public = SigningKey.generate().public
    ids = {kid(owner, use, key) for owner in ("a", "b") for use in Use for key in (public, public[::-1])}
    assert len(ids) == 2 * 8 * 2
    assert kid("a/m-1", Use.SIGN, public) == digest(Purpose.KID, b"a/m-1", b"sign", public)


def test_a_signature_verifies_under_its_key_and_data_only() -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    sig = key.sign(b"data")
    assert len(sig) == 64
    assert verify(key.public, b"data", sig)
    assert not verify(key.public, b"datA", sig)
    assert not verify(other.public, b"data", sig)
    assert SigningKey.from_seed(key.seed).sign(b"data") == sig


@given(st.binary(max_size=70), st.binary(max_size=40), st.binary(max_size=70))
def test_verify_is_total(public: bytes, data: bytes, sig: bytes) -> None:
    assert not verify(public, data, sig)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.binary(min_size=64, max_size=64))
def test_verify_refuses_random_bytes_of_the_right_length(public: bytes, data: bytes, sig: bytes) -> None:
    assert not verify(public, data, sig)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_seeds_of_another_length_are_no_keys(length: int) -> None:
    with pytest.raises(MalformedError, match="signing key is a seed"):
        SigningKey.from_seed(bytes(length))
    with pytest.raises(MalformedError, match="wrapping key is a seed"):
        WrapKey.from_seed(bytes(length))


def test_a_repr_shows_nothing_secret() -> None:
    signing, wrapping = SigningKey.generate(), WrapKey.generate()
    assert signing.public.hex() in repr(signing)
    assert signing.seed.hex() not in repr(signing)
    assert repr(wrapping).startswith("WrapKey(public_sha256=")
    assert wrapping.seed.hex() not in repr(wrapping)


def test_a_generated_signing_key_may_be_registered() -> None:
    public = SigningKey.generate().public
    assert check_signing_key(public) == public


@pytest.mark.parametrize("encoded", LOW_ORDER_ED25519)
def test_low_order_signing_keys_are_refused(encoded: str) -> None:
    with pytest.raises(MalformedError, match="Ed25519"):
        check_signing_key(bytes.fromhex(encoded))


@pytest.mark.parametrize(
    "public",
    [
        b"",
        bytes(31),
        bytes(33),
        P.to_bytes(32, "little"),  # y = 0 not reduced
        (P + 1).to_bytes(32, "little"),
        (2**255 - 1).to_bytes(32, "little"),
        b"\xff" * 32,
        (2).to_bytes(32, "little"),  # no such point
    ],
)
def test_non_canonical_and_impossible_signing_keys_are_refused(public: bytes) -> None:
    with pytest.raises(MalformedError, match="Ed25519"):
        check_signing_key(public)


def test_a_wrap_key_is_its_seed_and_has_1216_public_bytes() -> None:
    key = WrapKey.generate()
    assert len(key.public) == 1216
    assert WrapKey.from_seed(key.seed).public == key.public
    assert check_wrap_key(key.public) == key.public
    mlkem_seed, x25519_secret = expand_wrap_seed(key.seed)
    assert (len(mlkem_seed), len(x25519_secret)) == (64, 32)


def test_a_wrap_key_is_not_kept_alive_by_anyone() -> None:
    key = WrapKey.generate()
    reference = weakref.ref(key)
    del key
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("length", [0, 1215, 1217])
def test_wrap_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(MalformedError, match="X-Wing"):
        check_wrap_key(bytes(length))


@pytest.mark.parametrize("value", [*LOW_ORDER_X25519, *(p + P for p in LOW_ORDER_X25519 if p + P < 2**255)])
def test_C_16_low_order_x25519_keys_are_refused_at_registration(value: int) -> None:
    public = WrapKey.generate().public[:MLKEM_KEY_BYTES] + value.to_bytes(32, "little")
    with pytest.raises(MalformedError, match="X-Wing"):
        check_wrap_key(public)


def test_C_16_x25519_keys_with_the_spare_bit_set_are_refused_at_registration() -> None:
    public = bytearray(WrapKey.generate().public)
    public[-1] |= 0x80
    with pytest.raises(MalformedError, match="X-Wing"):
        check_wrap_key(bytes(public))


@pytest.mark.parametrize("index", [0, 1, 2, 383, 766, 767])
@pytest.mark.parametrize("value", [3329, 3330, 4095])
def test_C_16_mlkem_coefficients_not_below_q_are_refused_at_registration(index: int, value: int) -> None:
    assert check_wrap_key(_with_coefficient(index, 3328))
    with pytest.raises(MalformedError, match="X-Wing"):
        check_wrap_key(_with_coefficient(index, value))


def _with_coefficient(index: int, value: int) -> bytes:
    public = bytearray(WrapKey.from_seed(bytes(32)).public)
    at = index // 2 * 3
    pair = int.from_bytes(public[at : at + 3], "little")
    shift = 12 * (index % 2)
    pair = pair & ~(0xFFF << shift) | value << shift
    public[at : at + 3] = pair.to_bytes(3, "little")
    return bytes(public)


def test_a_fingerprint_is_sixty_digits_in_twelve_groups() -> None:
    shown = fingerprint(b"body")
    assert [len(group) for group in shown.split(" ")] == [5] * 12
    number = int.from_bytes(digest(Purpose.FINGERPRINT, b"body"), "big") % 10**60
    assert int(shown.replace(" ", "")) == number


def test_a_fingerprint_keeps_its_leading_zeros() -> None:
    bodies = (str(i).encode() for i in range(1000))
    with_zero = next(body for body in bodies if fingerprint(body).startswith("0"))
    assert len(fingerprint(with_zero)) == 71
    assert same_fingerprint(fingerprint(with_zero), with_zero)
    assert not same_fingerprint(fingerprint(with_zero)[1:], with_zero)


def test_spaces_in_a_typed_fingerprint_are_forgiven_and_nothing_else_is() -> None:
    shown = fingerprint(b"body")
    assert same_fingerprint(shown, b"body")
    assert same_fingerprint(shown.replace(" ", ""), b"body")
    assert same_fingerprint(f"  {shown}  ", b"body")
    for typed in ("", shown[:-1], f"{shown}0", shown.replace(" ", "-"), f"{shown}\n", "٣" + shown[1:], "\ud800"):
        assert not same_fingerprint(typed, b"body")


def test_K_14_one_wrong_digit_in_a_fingerprint_is_refused() -> None:
    digits = fingerprint(b"body").replace(" ", "")
    for i, digit in enumerate(digits):
        wrong = digits[:i] + str((int(digit) + 1) % 10) + digits[i + 1 :]
        assert not same_fingerprint(wrong, b"body")
    assert not same_fingerprint(digits, b"another body")
