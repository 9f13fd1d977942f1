"""Everything that is signed, fed to everything that verifies: nothing passes for what it is not.

One key signs every kind of object here. In the directory a key has one use; the purposes must hold without that.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from comity.checkpoint import Checkpoint, VerifierKey, parse_note, sign_note, verify_checkpoint, verify_note
from comity.directory import Head, sign_head, verify_head
from comity.directory.statements import Position, SignedStatement, make_body
from comity.encoding import Purpose, serialise, tagged
from comity.envelope import SignatureRole, signing_bytes
from comity.errors import ComityError, MalformedError
from comity.keys import Use, verify
from comity.receipts import Ack, AckState, ack_signing_bytes, encode_ack, verify_ack
from comity.v1 import draft_pb2
from comity.watchlists import confirmation_signed_bytes, encode_change_set, signed_bytes

from tests.contract.builders import EXCHANGE, NOW, ORIGIN, RECIPIENT, SENDER, Signer, fresh, secret, transport
from tests.contract.envelopes import header, wire
from tests.contract.watchlists import change_set, confirmation, entry

SIGNER = Signer("sfc", Use.ROOT)
KEY = SIGNER.key
HASH = secret("hash")
Body = tuple[bytes, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of signed object."""

    name: str
    """What it is."""
    body: Body
    """The signed parts of a genuine one."""
    sign: Callable[[Body], bytes]
    """Signs such parts."""
    accepts: Callable[[Body, bytes], bool]
    """Whether its verifier takes parts with a signature."""
    signed_bytes: Callable[[Body], bytes]
    """What the signature is over."""


def accepted(call: Callable[[], object]) -> bool:
    try:
        return call() is not False
    except ComityError:
        return False


def tagged_kind(purpose: Purpose, body: bytes, *, name: str = "") -> Kind:
    def over(parts: Body) -> bytes:
        return tagged(purpose, *parts)

    return Kind(
        name or purpose.value,
        (body,),
        lambda parts: KEY.sign(over(parts)),
        lambda parts, sig: verify(KEY.public, over(parts), sig),
        over,
    )


def envelope_kind(role: SignatureRole) -> Kind:
    genuine = wire(header(fresh()))

    def over(parts: Body) -> bytes:
        return signing_bytes(parts[0], b"".join(parts[1:]), role)

    return Kind(
        f"envelope {role.name}",
        (genuine.header, genuine.seal),
        lambda parts: KEY.sign(over(parts)),
        lambda parts, sig: verify(KEY.public, over(parts), sig),
        over,
    )


def watchlist_kind(name: str, body: bytes, signing: Callable[[bytes], bytes]) -> Kind:
    return Kind(
        name,
        (body,),
        lambda parts: KEY.sign(signing(b"".join(parts))),
        lambda parts, sig: verify(KEY.public, signing(b"".join(parts)), sig),
        lambda parts: signing(b"".join(parts)),
    )


def as_statement(parts: Body, sig: bytes) -> bool:
    statement = SignedStatement(b"".join(parts), ORIGIN, (), "", draft_pb2.Draft(), ((SIGNER.kid, sig),))
    return statement.signed_by(SIGNER.kid, KEY.public)


NOTE_KEY = VerifierKey(EXCHANGE, KEY.public)


def note_of(parts: Body, sig: bytes) -> bytes:
    return sign_note(b"".join(parts), NOTE_KEY, lambda _: sig)


def sign_text(parts: Body) -> bytes:
    return parse_note(sign_note(parts[0], NOTE_KEY, KEY.sign))[1][0].signature


STATEMENT = make_body(ORIGIN, [Position("sfc", 0, b"")], transport("sfc/intake"))
HEAD_BODY = sign_head(Head(ORIGIN, 1, HASH, EXCHANGE, 1, HASH, NOW), KEY)[0]
ACK_BODY = encode_ack(Ack(EXCHANGE, HASH, RECIPIENT, HASH, AckState.STORED, "", NOW))
GRANT_BODY = serialise(
    draft_pb2.DeskKeyGrant(version=1, desk="sfc/intake", epoch=1, member_kid=HASH, sealed_seed=b"sealed")
)
CHANGES = encode_change_set(change_set(puts=[entry()]))
CONFIRMATION = confirmation(change_set(puts=[entry()])).body
CHECKPOINT = Checkpoint(EXCHANGE, 1, HASH).body_text()

KINDS = (
    Kind(
        "statement",
        (STATEMENT,),
        lambda parts: KEY.sign(tagged(Purpose.STATEMENT, *parts)),
        as_statement,
        lambda parts: tagged(Purpose.STATEMENT, b"".join(parts)),
    ),
    Kind(
        "head",
        (HEAD_BODY,),
        lambda parts: KEY.sign(tagged(Purpose.HEAD, *parts)),
        lambda parts, sig: accepted(lambda: verify_head(b"".join(parts), sig, KEY.public)),
        lambda parts: tagged(Purpose.HEAD, b"".join(parts)),
    ),
    Kind(
        "ack",
        (ACK_BODY,),
        lambda parts: KEY.sign(ack_signing_bytes(parts[0])),
        lambda parts, sig: verify_ack(b"".join(parts), sig, KEY.public),
        lambda parts: ack_signing_bytes(b"".join(parts)),
    ),
    Kind(
        "checkpoint",
        (CHECKPOINT,),
        sign_text,
        lambda parts, sig: accepted(lambda: verify_note(note_of(parts, sig), NOTE_KEY)),
        b"".join,
    ),
    envelope_kind(SignatureRole.AUTHOR),
    envelope_kind(SignatureRole.APPROVER),
    tagged_kind(Purpose.DESK_KEY, GRANT_BODY, name="desk key grant"),
    tagged_kind(Purpose.DRAFT_SIGNATURE, GRANT_BODY, name="draft"),
    watchlist_kind("change set", CHANGES, lambda body: signed_bytes(SENDER, body, SignatureRole.AUTHOR)),
    watchlist_kind("confirmation", CONFIRMATION, lambda body: confirmation_signed_bytes(SENDER, body)),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_genuine_object_passes_its_own_verifier(kind: Kind) -> None:
    sig = kind.sign(kind.body)
    assert kind.accepts(kind.body, sig)
    assert verify(KEY.public, kind.signed_bytes(kind.body), sig)


def test_a_checkpoint_is_a_note() -> None:
    note = note_of((CHECKPOINT,), sign_text((CHECKPOINT,)))
    assert verify_checkpoint(note, EXCHANGE, KEY.public).size == 1


@pytest.mark.parametrize(
    ("made", "read"), list(itertools.permutations(KINDS, 2)), ids=lambda kind: kind.name.replace(" ", "-")
)
def test_C_22_no_signed_object_passes_for_another_kind(made: Kind, read: Kind) -> None:
    sig = made.sign(made.body)
    whole = made.signed_bytes(made.body)
    own = read.signed_bytes(read.body)
    candidates: list[Body] = [made.body, read.body, (whole,), (b"".join(made.body),), (own,), (b"",)]
    # Any way of cutting the signed bytes in two parts, for those who sign more than one.
    candidates += [(whole[:i], whole[i:]) for i in range(len(whole))]
    assert not any(read.accepts(parts, sig) for parts in candidates)


def test_C_22_no_text_of_a_note_is_a_tagged_byte_string() -> None:
    for purpose in Purpose:
        with pytest.raises(MalformedError):
            sign_note(tagged(purpose, CHECKPOINT) + b"\n", NOTE_KEY, KEY.sign)
    assert all(b"\x00" in kind.signed_bytes(kind.body) for kind in KINDS if kind.name != "checkpoint")


def test_C_22_an_envelopes_header_and_seal_cannot_be_cut_elsewhere() -> None:
    genuine = wire(header(fresh()))
    joined = genuine.header + genuine.seal
    whole = {signing_bytes(joined[:i], joined[i:], SignatureRole.AUTHOR) for i in range(len(joined) + 1)}
    assert len(whole) == len(joined) + 1
