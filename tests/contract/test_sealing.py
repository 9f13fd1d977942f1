"""Sealing and opening of envelopes, desk keys and boxes: what opens, what does not, and that the error is one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from comity.committed import committed_decrypt, committed_encrypt, expand
from comity.encoding import Purpose, digest, serialise, tagged, u64be
from comity.errors import CannotOpenError, MalformedError
from comity.keys import MLKEM_KEY_BYTES, WrapKey
from comity.padding import SMALLEST, padded_length, padme
from comity.sealing import (
    WRAP_BYTES,
    Sealed,
    hpke_open,
    hpke_seal,
    open_content,
    open_desk_key,
    open_wrap,
    pad,
    seal_content,
    seal_desk_key,
    unpad,
    unwrapper,
)
from comity.v1.envelope_pb2 import Header, Recipient, Seal
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

KEYS = [WrapKey.from_seed(bytes([i]) * 32) for i in range(1, 4)]
KIDS = [bytes([i]) * 32 for i in range(1, 4)]
RECIPIENTS = [(kid, key.public) for kid, key in zip(KIDS, KEYS, strict=True)]
HEADER = serialise(
    Header(
        version=1,
        suite=1,
        origin="hub.example/exchange",
        envelope_id=bytes(16),
        recipients=[Recipient(desk=f"agency/{i}", desk_key_id=kid) for i, kid in enumerate(KIDS)],
    )
)
PAYLOAD = b"what only recipients read"


@pytest.fixture(scope="module")
def sealed() -> Sealed:
    return seal_content(HEADER, PAYLOAD, RECIPIENTS)


def refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except CannotOpenError as error:
        return str(error) == "cannot open" and error.__cause__ is None
    return False


def flips(data: bytes) -> list[bytes]:
    return [data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :] for i in range(len(data)) for bit in range(8)]


def test_every_recipient_opens_what_was_sealed(sealed: Sealed) -> None:
    for kid, key, wrap in zip(KIDS, KEYS, sealed.wraps, strict=True):
        content_key = open_wrap(HEADER, kid, wrap, key)
        assert content_key == sealed.cek == sealed.content_key
        assert open_content(HEADER, sealed.seal, sealed.ciphertext, content_key) == PAYLOAD


def test_the_seal_names_what_it_seals(sealed: Sealed) -> None:
    seal = Seal.FromString(sealed.seal)
    assert seal.ciphertext_sha256 == hashlib.sha256(sealed.ciphertext).digest()
    assert seal.ciphertext_length == len(sealed.ciphertext) == SMALLEST + 16
    assert list(seal.wrap_sha256) == [hashlib.sha256(wrap).digest() for wrap in sealed.wraps]
    assert {len(wrap) for wrap in sealed.wraps} == {WRAP_BYTES} == {1168}


def test_the_construction_is_that_of_the_protocol(sealed: Sealed) -> None:
    hh = digest(Purpose.HEADER, HEADER)
    okm = expand(sealed.content_key, tagged(Purpose.PAYLOAD, hh), 88)
    plaintext = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed.ciphertext, hh, okm[32:56], okm[:32])
    assert plaintext == PAYLOAD + b"\x80" + bytes(4096 - len(PAYLOAD) - 1)
    assert Seal.FromString(sealed.seal).commitment == okm[56:]
    assert hpke_open(KEYS[0], tagged(Purpose.WRAP, hh, KIDS[0]), sealed.wraps[0]) == sealed.content_key


def test_a_key_in_another_process_opens_as_well(sealed: Sealed) -> None:
    asked: list[bytes] = []

    def other_process(info: bytes, data: bytes) -> bytes:
        asked.append(info)
        return hpke_open(KEYS[1], info, data)

    assert open_wrap(HEADER, KIDS[1], sealed.wraps[1], other_process) == sealed.content_key
    assert open_wrap(HEADER, KIDS[1], sealed.wraps[1], unwrapper(KEYS[1])) == sealed.content_key
    assert len(asked) == 1


def test_two_seals_share_no_key_and_no_encapsulation() -> None:
    first, second = (seal_content(HEADER, PAYLOAD, RECIPIENTS) for _ in range(2))
    assert first.content_key != second.content_key
    assert first.ciphertext != second.ciphertext
    assert len({wrap[:1120] for wrap in (*first.wraps, *second.wraps)}) == 6


def test_the_content_key_is_not_shown(sealed: Sealed) -> None:
    assert "content_key" not in repr(sealed)
    assert repr(sealed.content_key) not in repr(sealed)


def test_an_envelope_without_recipient_is_not_sealed() -> None:
    with pytest.raises(MalformedError, match="needs a recipient"):
        seal_content(HEADER, PAYLOAD, [])


@pytest.mark.exhaustive
def test_C_01_every_flipped_bit_of_header_seal_ciphertext_and_wrap_is_refused_alike(sealed: Sealed) -> None:
    wrap, content_key = sealed.wraps[0], sealed.content_key
    for header in flips(HEADER):
        assert refused(lambda header=header: open_wrap(header, KIDS[0], wrap, KEYS[0]))  # type: ignore[misc]
        assert refused(lambda h=header: open_content(h, sealed.seal, sealed.ciphertext, content_key))  # type: ignore[misc]
    # A flipped wrap digest in the seal is found by the seal's signature and by comparing wraps: not part of opening.
    opened_part = sealed.seal[: sealed.seal.index(hashlib.sha256(wrap).digest()) - 2]
    for seal in flips(opened_part):
        whole = seal + sealed.seal[len(opened_part) :]
        assert refused(lambda s=whole: open_content(HEADER, s, sealed.ciphertext, content_key))  # type: ignore[misc]
    for ciphertext in flips(sealed.ciphertext):
        assert refused(lambda c=ciphertext: open_content(HEADER, sealed.seal, c, content_key))  # type: ignore[misc]
    for changed in flips(wrap):
        assert refused(lambda w=changed: open_wrap(HEADER, KIDS[0], w, KEYS[0]))  # type: ignore[misc]
    for key in flips(content_key):
        assert refused(lambda k=key: open_content(HEADER, sealed.seal, sealed.ciphertext, k))  # type: ignore[misc]


def test_C_01_the_ciphertext_is_also_authenticated_without_its_digest(sealed: Sealed) -> None:
    hh = digest(Purpose.HEADER, HEADER)
    commitment = Seal.FromString(sealed.seal).commitment
    info = tagged(Purpose.PAYLOAD, hh)
    for changed in flips(sealed.ciphertext)[::97]:
        assert refused(lambda c=changed: committed_decrypt(sealed.content_key, info, hh, commitment, c))  # type: ignore[misc]
    assert refused(lambda: committed_decrypt(sealed.content_key, info, b"other", commitment, sealed.ciphertext))
    for short in (b"", bytes(15), sealed.ciphertext[:-1]):
        assert refused(lambda c=short: committed_decrypt(sealed.content_key, info, hh, commitment, c))  # type: ignore[misc]


@given(st.binary(max_size=1300), st.binary(max_size=80), st.binary(max_size=40))
def test_opening_random_bytes_has_one_error(data: bytes, seal: bytes, content_key: bytes) -> None:
    assert refused(lambda: open_wrap(HEADER, KIDS[0], data, KEYS[0]))
    assert refused(lambda: hpke_open(KEYS[0], b"info", data))
    assert refused(lambda: open_content(HEADER, seal, data, content_key))
    assert refused(lambda: open_desk_key("a/b", 1, KIDS[0], data, KEYS[0]))


def test_truncated_and_extended_parts_are_refused(sealed: Sealed) -> None:
    key = sealed.content_key
    for wrap in (b"", sealed.wraps[0][:-1], sealed.wraps[0] + b"\x00"):
        assert refused(lambda w=wrap: open_wrap(HEADER, KIDS[0], w, KEYS[0]))  # type: ignore[misc]
    for seal in (b"", sealed.seal + b"\x00", sealed.seal + bytes(20_000), sealed.seal[:40]):
        assert refused(lambda s=seal: open_content(HEADER, s, sealed.ciphertext, key))  # type: ignore[misc]
    for ciphertext in (b"", sealed.ciphertext[:-1], sealed.ciphertext + b"\x00"):
        assert refused(lambda c=ciphertext: open_content(HEADER, sealed.seal, c, key))  # type: ignore[misc]


def test_a_wrap_opens_with_its_own_key_and_key_id_only(sealed: Sealed) -> None:
    assert refused(lambda: open_wrap(HEADER, KIDS[0], sealed.wraps[0], KEYS[1]))
    assert refused(lambda: open_wrap(HEADER, KIDS[1], sealed.wraps[0], KEYS[0]))
    assert refused(lambda: open_wrap(HEADER, KIDS[0], sealed.wraps[1], KEYS[0]))


def test_C_03_a_recipient_who_was_given_another_content_key_refuses(sealed: Sealed) -> None:
    other = bytes(32)
    hh = digest(Purpose.HEADER, HEADER)
    wrap = hpke_seal(KEYS[1].public, tagged(Purpose.WRAP, hh, KIDS[1]), other)
    given_key = open_wrap(HEADER, KIDS[1], wrap, KEYS[1])
    assert given_key == other
    assert refused(lambda: open_content(HEADER, sealed.seal, sealed.ciphertext, given_key))


def test_C_04_a_wrap_made_anew_for_an_outsider_opens_under_no_other_header(sealed: Sealed) -> None:
    outsider, outsider_kid = WrapKey.generate(), b"o" * 32
    parsed = Header.FromString(HEADER)
    parsed.recipients[2].desk_key_id = outsider_kid
    readdressed = serialise(parsed)
    hh = digest(Purpose.HEADER, readdressed)
    wrap = hpke_seal(outsider.public, tagged(Purpose.WRAP, hh, outsider_kid), sealed.content_key)
    content_key = open_wrap(readdressed, outsider_kid, wrap, outsider)
    assert refused(lambda: open_content(readdressed, sealed.seal, sealed.ciphertext, content_key))


def test_C_06_a_changed_list_of_recipients_opens_for_nobody(sealed: Sealed) -> None:
    def with_recipients(*order: int) -> bytes:
        parsed = Header.FromString(HEADER)
        chosen = [parsed.recipients[i] for i in order]
        changed = Header.FromString(HEADER)
        del changed.recipients[:]
        changed.recipients.extend(chosen)
        return serialise(changed)

    assert with_recipients(0, 1, 2) == HEADER
    for order in ((0, 1), (1, 0, 2), (0, 0, 1, 2), (0, 1, 2, 2)):
        header = with_recipients(*order)
        for kid, key, wrap in zip(KIDS, KEYS, sealed.wraps, strict=True):
            assert refused(lambda h=header, i=kid, w=wrap, k=key: open_wrap(h, i, w, k))  # type: ignore[misc]
        assert refused(lambda h=header: open_content(h, sealed.seal, sealed.ciphertext, sealed.content_key))  # type: ignore[misc]


def test_C_20_a_suite_changed_in_flight_opens_for_nobody(sealed: Sealed) -> None:
    parsed = Header.FromString(HEADER)
    parsed.suite = 2
    header = serialise(parsed)
    assert refused(lambda: open_wrap(header, KIDS[0], sealed.wraps[0], KEYS[0]))
    assert refused(lambda: open_content(header, sealed.seal, sealed.ciphertext, sealed.content_key))


@pytest.mark.parametrize(
    "public",
    [
        bytes(1216),
        KEYS[0].public[:-1],
        KEYS[0].public[:MLKEM_KEY_BYTES] + bytes(32),
        KEYS[0].public[:MLKEM_KEY_BYTES] + b"\x01" + bytes(31),
        b"\xff\xff" + KEYS[0].public[2:],
    ],
)
def test_C_16_degenerate_keys_are_refused_at_wrap(public: bytes) -> None:
    with pytest.raises(MalformedError, match="X-Wing"):
        hpke_seal(public, b"info", b"secret")
    with pytest.raises(MalformedError, match="X-Wing"):
        seal_content(HEADER, PAYLOAD, [*RECIPIENTS, (b"k" * 32, public)])


@pytest.mark.parametrize(
    "content", [b"", b"x", b"\x80", b"x\x00\x00", b"\x00", bytes(4095), bytes(4096), b"\x80" * 5000]
)
def test_padding_is_undone(content: bytes) -> None:
    assert unpad(pad(content)) == content


@given(st.binary(max_size=9000))
def test_padding_is_undone_whatever_the_content(content: bytes) -> None:
    padded = pad(content)
    assert unpad(padded) == content
    assert len(padded) == max(4096, padme(len(content) + 1))


@given(st.binary(max_size=5000))
def test_unpad_is_total_and_the_inverse_of_pad(data: bytes) -> None:
    try:
        assert pad(unpad(data)) == data
    except MalformedError:
        assert len(data) != SMALLEST or data.rstrip(b"\x00")[-1:] != b"\x80"


PADDINGS = {
    "empty": b"",
    "no mark": bytes(4096),
    "no mark after content": b"x" * 4096,
    "wrong mark": (b"x" + b"\x81").ljust(4096, b"\x00"),
    "shorter than the least": b"x\x80" + bytes(4093),
    "not padded at all": b"x\x80",
    "longer than needed by one": pad(b"x") + b"\x00",
    "the next size": b"x\x80".ljust(padme(4097), b"\x00"),
    "a size class too large": (b"x" * 5000 + b"\x80").ljust(padme(5500), b"\x00"),
    "rest not zero": b"x\x80".ljust(4095, b"\x00") + b"\x01",
}


@pytest.mark.parametrize("padded", PADDINGS.values(), ids=PADDINGS.keys())
def test_C_17_padding_that_is_not_canonical_is_refused(padded: bytes) -> None:
    with pytest.raises(MalformedError, match="canonical"):
        unpad(padded)
    content_key, hh = bytes(32), digest(Purpose.HEADER, HEADER)
    commitment, ciphertext = committed_encrypt(content_key, tagged(Purpose.PAYLOAD, hh), hh, padded)
    seal = Seal(
        commitment=commitment,
        ciphertext_sha256=hashlib.sha256(ciphertext).digest(),
        ciphertext_length=len(ciphertext),
    )
    assert refused(lambda: open_content(HEADER, serialise(seal), ciphertext, content_key))


def test_C_23_a_ciphertext_shows_a_size_class_only() -> None:
    for length in (1, 2, 100, 4094, 4095, 4096, 5000, 65_535, 65_536, 300_000, 1_000_000):
        sealed = seal_content(HEADER, b"x" * length, RECIPIENTS[:1])
        padded = len(sealed.ciphertext) - 16
        assert padme(padded) == padded >= max(length + 1, 4096)
        assert padded <= max(4096, 1.12 * (length + 1))
    assert len(seal_content(HEADER, b"", RECIPIENTS[:1]).ciphertext) == 4112


def test_C_23_there_are_385_size_classes_from_4_kib_to_64_mib() -> None:
    classes, length = [], 1
    while length <= 64 * 1024**2:
        classes.append(padded_length(length))
        length = classes[-1] + 1
    assert len(classes) == 385
    assert (classes[0], classes[-1]) == (4096, 64 * 1024**2)


@given(st.integers(0, 2**33))
def test_C_23_padme_rounds_up_to_a_short_mantissa(length: int) -> None:
    size = padme(length)
    assert size >= length
    assert padme(size) == size
    if length >= 2:
        exponent = length.bit_length() - 1
        assert size % (1 << (exponent - exponent.bit_length())) == 0
        assert size - length < 1 << (exponent - exponent.bit_length())
    else:
        assert size == length


def test_a_desk_key_is_granted_to_one_member_for_one_epoch() -> None:
    desk_key, member = WrapKey.generate(), KEYS[0]
    data = seal_desk_key("agency/fraud", 7, KIDS[0], member.public, desk_key.seed)
    assert open_desk_key("agency/fraud", 7, KIDS[0], data, member).public == desk_key.public
    assert open_desk_key("agency/fraud", 7, KIDS[0], data, unwrapper(member)).seed == desk_key.seed
    assert hpke_open(member, tagged(Purpose.DESK_KEY, b"agency/fraud", u64be(7), KIDS[0]), data) == desk_key.seed
    assert refused(lambda: open_desk_key("agency/fraud", 8, KIDS[0], data, member))
    assert refused(lambda: open_desk_key("agency/other", 7, KIDS[0], data, member))
    assert refused(lambda: open_desk_key("agency/fraud", 7, KIDS[1], data, member))
    assert refused(lambda: open_desk_key("agency/fraud", 7, KIDS[0], data, KEYS[1]))


def test_a_desk_key_is_a_seed_of_32_bytes() -> None:
    with pytest.raises(MalformedError, match="seed"):
        seal_desk_key("agency/fraud", 7, KIDS[0], KEYS[0].public, bytes(31))
    too_long = hpke_seal(KEYS[0].public, tagged(Purpose.DESK_KEY, b"a/b", u64be(1), KIDS[0]), bytes(33))
    assert refused(lambda: open_desk_key("a/b", 1, KIDS[0], too_long, KEYS[0]))
