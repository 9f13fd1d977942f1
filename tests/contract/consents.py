"""A grant in the small world of `tests.contract.builders`: sfc lets police pass an original on to icac, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from comity.directory.statements import DAY_MS
from comity.encoding import Purpose, digest
from comity.envelope import SignatureRole, signing_bytes
from comity.header import Grant, GrantedBy, Header, encode_header, parse_granted
from comity.workflow.terms import Verb

from tests.contract.builders import (
    APPROVER,
    AUTHOR,
    EXCHANGE,
    NOW,
    RECIPIENT,
    THEIR_AUTHOR,
    THIRD,
    Builder,
    Signer,
    secret,
)
from tests.contract.envelopes import header

ORIGINAL = secret("original")
"""Message hash of what is passed on."""
SEAL = b"a seal, which the hub knows by the message hash alone"
TERMS = Grant(secret("grant")[:16], EXCHANGE, ORIGINAL, RECIPIENT, THIRD, NOW + DAY_MS)
TWO = ((AUTHOR, SignatureRole.AUTHOR), (APPROVER, SignatureRole.APPROVER))


def consent(world: Builder, **changes: Any) -> Header:
    """The header of the GRANT_ONWARD that the originator's two people sign."""
    plain = header(world, verb=Verb.GRANT_ONWARD, about=secret("asked"), respond_by=0, grant=TERMS)
    return replace(plain, **changes)


def given(
    world: Builder, signers: tuple[tuple[Signer, SignatureRole], ...] = TWO, seal: bytes = SEAL, **changes: Any
) -> GrantedBy:
    """The same as a FORWARD carries it."""
    data = encode_header(consent(world, **changes))
    signatures = [(s.kid, int(role), s.key.sign(signing_bytes(data, seal, role))) for s, role in signers]
    return parse_granted(data, seal, signatures)


def forwarding(world: Builder, granted: GrantedBy | None = None, **changes: Any) -> Header:
    """The header of the FORWARD that the holder's two people sign: a case of its own, to the third desk."""
    fields: dict[str, Any] = {
        "verb": Verb.FORWARD,
        "sender": RECIPIENT,
        "author": THEIR_AUTHOR.kid,
        "case_id": secret("case of the holder")[:16],
        "granted": given(world) if granted is None else granted,
    }
    return header(world, (THIRD, RECIPIENT), **(fields | changes))


def hash_of(granted: GrantedBy) -> bytes:
    """The message hash by which the log knows a grant."""
    return digest(Purpose.MESSAGE_HASH, granted.header_bytes, granted.seal_bytes)
