"""Envelopes: every check that needs neither key nor clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from comity.encoding import Purpose, digest, serialise, tagged
from comity.envelope import (
    MAX_ENVELOPE_BYTES,
    MIN_CIPHERTEXT_BYTES,
    Signature,
    SignatureRole,
    message_hash,
    parse_envelope,
    parse_seal,
    parse_signed,
    signatures_digest,
    signing_bytes,
    to_wire,
)
from comity.errors import MalformedError, Reason
from comity.header import encode_header
from comity.sealing import WRAP_BYTES, seal_content
from comity.v1 import envelope_pb2 as pb
from comity.workflow.terms import Verb
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.builders import (
    APPROVER,
    AUTHOR,
    RECIPIENT,
    SENDER,
    THIRD,
    desk_kid,
    desk_wrap_key,
    fresh,
)
from tests.contract.envelopes import header, payload, wire

WORLD = fresh()
THREE = (THIRD, RECIPIENT, SENDER)
PLAIN = header(WORLD, THREE)
WIRE = wire(PLAIN)
A, B = SignatureRole.AUTHOR, SignatureRole.APPROVER
Change = Callable[[pb.Envelope], object]


def changed(change: Change) -> pb.Envelope:
    m = pb.Envelope()
    m.CopyFrom(WIRE)
    change(m)
    return m


def refusal(m: pb.Envelope, reader: str | None = None) -> Reason:
    with pytest.raises(MalformedError) as caught:
        parse_envelope(m, reader=reader)
    return caught.value.reason


def test_an_envelope_is_read_and_carried_on_unchanged() -> None:
    envelope = parse_envelope(WIRE)
    assert envelope.header == PLAIN
    assert envelope.message_hash == message_hash(WIRE.header, WIRE.seal)
    assert [s.role for s in envelope.signatures] == [A, B]
    assert to_wire(envelope) == WIRE
    assert envelope.seal.ciphertext_sha256 == hashlib.sha256(WIRE.ciphertext).digest()


def test_what_was_signed_is_read_without_what_is_sealed() -> None:
    left = changed(lambda m: (m.ClearField("ciphertext"), m.ClearField("wraps")))
    for signed in (parse_signed(left), parse_signed(WIRE)):
        whole = parse_envelope(WIRE)
        assert (signed.header, signed.seal, signed.signatures) == (whole.header, whole.seal, whole.signatures)
        assert (signed.message_hash, signed.ciphertext, set(signed.wraps)) == (whole.message_hash, b"", {None})
        assert [signed.wrap_for(desk) for desk in THREE] == [None, None, None]
    for change in (lambda m: m.ClearField("signatures"), lambda m: m.ClearField("seal")):
        with pytest.raises(MalformedError):
            parse_signed(changed(change))


def test_each_reader_gets_its_own_wrap_and_no_other() -> None:
    whole = parse_envelope(WIRE)
    for place, desk in enumerate(THREE):
        handed = to_wire(whole, reader=desk)
        assert [w.desk for w in handed.wraps] == [desk]
        envelope = parse_envelope(handed, reader=desk)
        assert envelope.wraps == tuple(w if i == place else None for i, w in enumerate(whole.wraps))
        assert envelope.wrap_for(desk) == (desk_kid(desk), WIRE.wraps[place].data)
        assert [envelope.wrap_for(other) for other in THREE if other != desk] == [None, None]
        assert envelope.message_hash == whole.message_hash
        assert to_wire(envelope) == handed
    assert whole.wrap_for("sfc/none") is None


def test_a_reader_that_is_no_recipient_gets_nothing() -> None:
    handed = changed(lambda m: (m.ClearField("wraps"), m.wraps.add(desk="exch/desk", data=WIRE.wraps[0].data)))
    assert refusal(handed, "exch/desk") is Reason.MALFORMED
    assert refusal(to_wire(parse_envelope(WIRE), reader=THIRD), RECIPIENT) is Reason.MALFORMED
    assert refusal(WIRE, RECIPIENT) is Reason.MALFORMED


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.wraps.pop(),
        lambda m: m.wraps.insert(0, m.wraps.pop()),
        lambda m: m.wraps.append(m.wraps[2]),
        lambda m: setattr(m.wraps[1], "desk", "police/other"),
        lambda m: m.ClearField("wraps"),
    ],
    ids=["one less", "disorder", "one twice", "another desk", "none"],
)
def test_C_06_the_wraps_are_those_of_the_recipients(change: Change) -> None:
    assert refusal(changed(change)) is Reason.MALFORMED


@pytest.mark.parametrize("drop", [0, 2])
def test_C_06_the_seal_names_one_wrap_a_recipient(drop: int) -> None:
    def change(m: pb.Envelope) -> None:
        seal = pb.Seal.FromString(m.seal)
        del seal.wrap_sha256[drop]
        m.seal = serialise(seal)
        del m.wraps[drop]

    assert refusal(changed(change)) is Reason.MALFORMED


def test_C_06_a_recipient_cannot_be_added_removed_or_moved_under_the_same_seal() -> None:
    def without(m: pb.Envelope) -> None:
        m.header = encode_header(header(WORLD, (RECIPIENT, SENDER)))

    def with_another(m: pb.Envelope) -> None:
        m.header = with_desk(m.header, "tax/desk")

    assert refusal(changed(without)) is Reason.MALFORMED
    assert refusal(changed(with_another)) is Reason.MALFORMED


def with_desk(data: bytes, desk: str) -> bytes:
    m = pb.Header.FromString(data)
    m.recipients.add(desk=desk, desk_key_id=b"k" * 32)
    return serialise(m)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m.wraps[0], "data", m.wraps[1].data),
        lambda m: setattr(m.wraps[0], "data", m.wraps[0].data[:-1]),
        lambda m: setattr(m, "ciphertext", m.ciphertext[:-1]),
        lambda m: setattr(m, "ciphertext", m.ciphertext + b"\x00"),
        lambda m: setattr(m, "ciphertext", bytes(len(m.ciphertext))),
    ],
    ids=["another's wrap", "short wrap", "short ciphertext", "long ciphertext", "other ciphertext"],
)
def test_bytes_that_the_seal_does_not_name_are_refused(change: Change) -> None:
    assert refusal(changed(change)) is Reason.CIPHERTEXT_MISMATCH


def test_a_wrap_of_another_length_is_refused_even_if_the_seal_names_it() -> None:
    def change(m: pb.Envelope) -> None:
        seal = pb.Seal.FromString(m.seal)
        m.wraps[0].data = bytes(WRAP_BYTES + 1)
        seal.wrap_sha256[0] = hashlib.sha256(m.wraps[0].data).digest()
        m.seal = serialise(seal)

    assert refusal(changed(change)) is Reason.CIPHERTEXT_MISMATCH


def test_a_seal_that_names_another_length_is_refused_even_if_its_digest_fits() -> None:
    def change(m: pb.Envelope) -> None:
        seal = pb.Seal.FromString(m.seal)
        seal.ciphertext_length += 1
        m.seal = serialise(seal)

    assert refusal(changed(change)) is Reason.CIPHERTEXT_MISMATCH


@pytest.mark.parametrize("field", ["commitment", "ciphertext_sha256", "wrap_sha256"])
def test_a_seal_holds_hashes(field: str) -> None:
    for length in (0, 31, 33):
        seal = pb.Seal.FromString(WIRE.seal)
        if field == "wrap_sha256":
            seal.wrap_sha256[0] = bytes(length)
        else:
            setattr(seal, field, bytes(length))
        with pytest.raises(MalformedError) as caught:
            parse_seal(serialise(seal))
        assert caught.value.reason is Reason.MALFORMED


def test_a_seal_names_a_ciphertext_of_the_least_padding_or_more() -> None:
    seal = pb.Seal.FromString(WIRE.seal)
    assert seal.ciphertext_length == MIN_CIPHERTEXT_BYTES == 4112
    seal.ciphertext_length -= 1
    with pytest.raises(MalformedError, match="shorter"):
        parse_seal(serialise(seal))


def test_R_02_an_envelope_and_a_seal_have_a_greatest_length() -> None:
    assert refusal(changed(lambda m: setattr(m, "ciphertext", bytes(MAX_ENVELOPE_BYTES)))) is Reason.TOO_LARGE
    assert refusal(changed(lambda m: setattr(m, "seal", bytes((16 << 10) + 1)))) is Reason.TOO_LARGE
    room = MAX_ENVELOPE_BYTES - len(WIRE.header) - len(WIRE.seal) - 3 * WRAP_BYTES
    whole = changed(lambda m: setattr(m, "ciphertext", bytes(room)))
    assert refusal(whole) is Reason.CIPHERTEXT_MISMATCH
    whole.ciphertext += b"\x00"
    assert refusal(whole) is Reason.TOO_LARGE


def sign(*roles: SignatureRole, verb: Verb = Verb.REFER, first: bytes | None = None) -> pb.Envelope:
    signers = [(AUTHOR if role is A else APPROVER, role) for role in roles]
    author = first or (signers[0][0].kid if signers else AUTHOR.kid)
    return wire(replace(PLAIN, verb=verb, author=author), signers=signers)


def test_signatures_are_author_then_at_most_one_approver() -> None:
    assert len(parse_envelope(sign(A)).signatures) == 1
    assert len(parse_envelope(sign(A, B)).signatures) == 2
    for roles in ((), (B, A), (A, A), (A, B, B), (B, B)):
        assert refusal(sign(*roles)) is Reason.MALFORMED


def test_an_approver_alone_stands_in_a_confirmation_and_there_only() -> None:
    assert parse_envelope(sign(B, verb=Verb.CONFIRM)).signatures[0].role is B
    assert refusal(sign(B)) is Reason.BAD_SIGNATURE
    assert refusal(sign(A, verb=Verb.CONFIRM)) is Reason.BAD_SIGNATURE
    assert refusal(sign(A, B, verb=Verb.CONFIRM)) is Reason.BAD_SIGNATURE


def test_C_05_the_first_signature_is_by_the_author_that_the_header_names() -> None:
    assert refusal(sign(A, B, first=APPROVER.kid)) is Reason.BAD_SIGNATURE
    for m in (
        changed(lambda m: setattr(m.signatures[0], "kid", APPROVER.kid)),
        changed(lambda m: setattr(m.signatures[0], "kid", bytes(32))),
    ):
        assert refusal(m) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m.signatures[0], "kid", bytes(31)),
        lambda m: setattr(m.signatures[1], "sig", bytes(63)),
        lambda m: setattr(m.signatures[1], "role", 3),
        lambda m: setattr(m.signatures[1], "role", 0),
    ],
    ids=["key id", "signature", "unknown role", "no role"],
)
def test_a_signature_out_of_form_is_refused(change: Change) -> None:
    assert refusal(changed(change)) is Reason.MALFORMED


def test_the_bytes_that_are_hashed_and_signed_are_those_of_the_protocol() -> None:
    assert message_hash(b"h", b"s") == digest(Purpose.MESSAGE_HASH, b"h", b"s")
    assert signing_bytes(b"h", b"s", B) == tagged(Purpose.ENVELOPE, b"h", b"s", b"APPROVER")
    pair = [Signature(b"k", A, b"x"), Signature(b"l", B, b"y")]
    expected = digest(Purpose.SIGNATURES, b"k", b"AUTHOR", b"x", b"l", b"APPROVER", b"y")
    assert signatures_digest(pair) == expected
    assert signatures_digest(pair[::-1]) != expected
    assert signatures_digest([]) == digest(Purpose.SIGNATURES)


def test_the_largest_payload_fills_an_envelope() -> None:
    data = WIRE.header
    sealed = seal_content(data, bytes(900_000), [(desk_kid(d), desk_wrap_key(d).public) for d in THREE])
    assert parse_envelope(wire(PLAIN, sealed)).seal.ciphertext_length == len(sealed.ciphertext)
    assert len(payload()) < 4096


@given(st.data())
def test_R_06_any_change_of_a_seal_is_malformed_or_a_seal_of_those_bytes(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(WIRE.seal)))
    piece, cut = data.draw(st.binary(max_size=6)), data.draw(st.integers(0, 6))
    bytes_ = WIRE.seal[:place] + piece + WIRE.seal[place + cut :]
    try:
        seal = parse_seal(bytes_)
    except MalformedError:
        return
    again = pb.Seal(
        commitment=seal.commitment,
        ciphertext_sha256=seal.ciphertext_sha256,
        ciphertext_length=seal.ciphertext_length,
        wrap_sha256=seal.wrap_sha256,
    )
    assert serialise(again) == bytes_


@given(st.binary(max_size=2000), st.sampled_from(["header", "seal", "ciphertext"]))
def test_random_parts_are_refused(data: bytes, part: str) -> None:
    refused = refusal(changed(lambda m: setattr(m, part, data)))
    assert refused in (Reason.MALFORMED, Reason.UNSUPPORTED_VERSION, Reason.CIPHERTEXT_MISMATCH)
