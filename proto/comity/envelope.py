"""The envelope: parsed from what travelled, never re-serialised, never acted on before it was verified.

`parse_envelope` makes every check that needs neither key nor clock nor database (PROTOCOL.md, section "Envelope"):
sizes, canonical form, version and suite, names, order of recipients, digests of wraps and ciphertext, shape of the
signatures. What it returns still has to be verified (`comity.checks`) and can only be opened elsewhere
(`comity.sealing`, which the hub cannot import).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from comity.encoding import HASH_BYTES, Purpose, digest, exactly, parse, tagged
from comity.errors import MalformedError, Reason
from comity.header import (
    MAX_SEAL_BYTES,
    SUITE,
    VERSION,
    BlobRef,
    Grant,
    GrantedBy,
    Header,
    Recipient,
    encode_header,
    parse_header,
)
from comity.signatures import Signature, parse_signatures
from comity.v1 import envelope_pb2 as pb
from comity.values import value
from comity.workflow.terms import SignatureRole, Verb

__all__ = [
    "SUITE",
    "VERSION",
    "BlobRef",
    "Envelope",
    "Grant",
    "GrantedBy",
    "Header",
    "Recipient",
    "Seal",
    "Signature",
    "SignatureRole",
    "encode_header",
    "message_hash",
    "parse_envelope",
    "parse_header",
    "parse_parts",
    "parse_seal",
    "parse_signed",
    "signatures_digest",
    "signing_bytes",
    "to_wire",
]

MAX_ENVELOPE_BYTES = 1 << 20
MAX_BATCH_ENVELOPES = 256
MAX_BATCH_BYTES = 4 << 20
WRAP_BYTES = 1168
MIN_CIPHERTEXT_BYTES = 4096 + 16


@value
class Seal:
    """What binds everything sealed to the header."""

    commitment: bytes
    """Commitment to the content key, 32 bytes."""
    ciphertext_sha256: bytes
    """SHA-256 of the ciphertext, 32 bytes."""
    ciphertext_length: int
    """Length of the ciphertext in bytes."""
    wrap_sha256: tuple[bytes, ...]
    """SHA-256 of each wrap, in the recipients' order."""


@value
class Envelope:
    """An envelope whose static checks passed. `header_bytes` and `seal_bytes` are what was signed."""

    header_bytes: bytes
    seal_bytes: bytes
    header: Header
    seal: Seal
    ciphertext: bytes
    wraps: tuple[bytes | None, ...]
    """In the recipients' order; None where the wrap was not handed to this reader."""
    signatures: tuple[Signature, ...]
    message_hash: bytes
    """digest("message-hash", header, seal)."""

    def wrap_for(self, desk: str) -> tuple[bytes, bytes] | None:
        """Returns (desk key id, wrap) of a recipient desk, or None where it is none or its wrap is not here."""
        for recipient, wrap in zip(self.header.recipients, self.wraps, strict=True):
            if recipient.desk == desk and wrap is not None:
                return recipient.desk_key_id, wrap
        return None


def message_hash(header: bytes, seal: bytes) -> bytes:
    """Returns the message hash ("envelope hash"), 32 bytes."""
    return digest(Purpose.MESSAGE_HASH, header, seal)


def signing_bytes(header: bytes, seal: bytes, role: SignatureRole) -> bytes:
    """Returns the bytes that a member signs over an envelope in a role."""
    return tagged(Purpose.ENVELOPE, header, seal, role.name.encode())


def signatures_digest(signatures: Sequence[Signature]) -> bytes:
    """Returns digest("signatures", kid, role name, sig, …), 32 bytes: what an event says about who signed."""
    parts: list[bytes] = []
    for s in signatures:
        parts += (s.kid, s.role.name.encode(), s.sig)
    return digest(Purpose.SIGNATURES, *parts)


def parse_seal(data: bytes) -> Seal:
    """Parses the signed seal bytes.

    Raises:
        MalformedError: anything in it breaks the protocol's form.
    """
    m = parse(pb.Seal, data, MAX_SEAL_BYTES)
    if m.ciphertext_length < MIN_CIPHERTEXT_BYTES:
        raise MalformedError("the ciphertext is shorter than the least padding")
    return Seal(
        exactly(m.commitment, HASH_BYTES, "commitment"),
        exactly(m.ciphertext_sha256, HASH_BYTES, "ciphertext digest"),
        m.ciphertext_length,
        tuple(exactly(w, HASH_BYTES, "wrap digest") for w in m.wrap_sha256),
    )


def parse_envelope(m: pb.Envelope, *, reader: str | None = None) -> Envelope:
    """Checks everything about an envelope that needs neither key nor clock.

    Args:
        m: as it travelled.
        reader: a recipient desk, where only that desk's wrap must be present (the feed hands out no other); None at
            the hub, where all must be.

    Raises:
        MalformedError: form or size. `CIPHERTEXT_MISMATCH` in its reason where bytes differ from the seal.
    """
    wraps = [(w.desk, w.data) for w in m.wraps]
    signatures = [(s.kid, s.role, s.sig) for s in m.signatures]
    return parse_parts(m.header, m.seal, m.ciphertext, wraps, signatures, reader=reader)


def parse_parts(
    header_bytes: bytes,
    seal_bytes: bytes,
    ciphertext: bytes,
    given_wraps: Sequence[tuple[str, bytes]],
    given_signatures: Sequence[tuple[bytes, int, bytes]],
    *,
    reader: str | None = None,
) -> Envelope:
    """Does what `parse_envelope` does, given the fields of the message that carried the envelope.

    Args:
        header_bytes: as signed.
        seal_bytes: as signed.
        ciphertext: as it travelled.
        given_wraps: (desk, wrap).
        given_signatures: (key id, number of the role, signature).
        reader: as for `parse_envelope`.

    Raises:
        MalformedError: as for `parse_envelope`.
    """
    size = len(header_bytes) + len(seal_bytes) + len(ciphertext) + sum([len(data) for _, data in given_wraps])
    if size > MAX_ENVELOPE_BYTES:
        raise MalformedError("the envelope is larger than 1 MiB", Reason.TOO_LARGE)
    header, seal = _sealed(header_bytes, seal_bytes)
    given = dict(given_wraps)
    desks = [r.desk for r in header.recipients]
    wanted = desks if reader is None else [reader]
    if [desk for desk, _ in given_wraps] != wanted or any(d not in desks for d in wanted):
        raise MalformedError("the wraps are not those of the recipients, in their order")
    wraps = tuple([given.get(desk) for desk in desks])
    for wrap, expected in zip(wraps, seal.wrap_sha256, strict=True):
        if wrap is not None and (len(wrap) != WRAP_BYTES or hashlib.sha256(wrap).digest() != expected):
            raise MalformedError("a wrap is not the one the seal names", Reason.CIPHERTEXT_MISMATCH)
    if len(ciphertext) != seal.ciphertext_length or hashlib.sha256(ciphertext).digest() != seal.ciphertext_sha256:
        raise MalformedError("the ciphertext is not the one the seal names", Reason.CIPHERTEXT_MISMATCH)
    return Envelope(
        header_bytes=header_bytes,
        seal_bytes=seal_bytes,
        header=header,
        seal=seal,
        ciphertext=ciphertext,
        wraps=wraps,
        signatures=_signatures(given_signatures, header),
        message_hash=message_hash(header_bytes, seal_bytes),
    )


def parse_signed(m: pb.Envelope) -> Envelope:
    """Parses what was signed of an envelope whose content is not handed out any more.

    Args:
        m: as it travelled: header, seal and signatures. Ciphertext and wraps are left out, whatever it brings.

    Raises:
        MalformedError: form.
    """
    header, seal = _sealed(m.header, m.seal)
    return Envelope(
        header_bytes=m.header,
        seal_bytes=m.seal,
        header=header,
        seal=seal,
        ciphertext=b"",
        wraps=tuple(None for _ in header.recipients),
        signatures=_signatures([(s.kid, s.role, s.sig) for s in m.signatures], header),
        message_hash=message_hash(m.header, m.seal),
    )


def _sealed(header_bytes: bytes, seal_bytes: bytes) -> tuple[Header, Seal]:
    header, seal = parse_header(header_bytes), parse_seal(seal_bytes)
    if len(seal.wrap_sha256) != len(header.recipients):
        raise MalformedError("the seal does not name one wrap a recipient")
    return header, seal


def _signatures(given: Sequence[tuple[bytes, int, bytes]], header: Header) -> tuple[Signature, ...]:
    signatures = parse_signatures(given)
    roles = [s.role for s in signatures]
    if roles not in ([SignatureRole.AUTHOR], [SignatureRole.APPROVER], [SignatureRole.AUTHOR, SignatureRole.APPROVER]):
        raise MalformedError("signatures are not AUTHOR, then at most one APPROVER")
    if signatures[0].kid != header.author:
        raise MalformedError("the first signature is not by the author of the header", Reason.BAD_SIGNATURE)
    if (roles[0] is SignatureRole.APPROVER) != (header.verb is Verb.CONFIRM):
        raise MalformedError("a CONFIRM, and nothing else, has an APPROVER signature alone", Reason.BAD_SIGNATURE)
    return signatures


def to_wire(envelope: Envelope, *, reader: str | None = None) -> pb.Envelope:
    """Returns the message that carries an envelope: whole, or with one reader's wrap alone."""
    return pb.Envelope(
        header=envelope.header_bytes,
        seal=envelope.seal_bytes,
        ciphertext=envelope.ciphertext,
        wraps=[
            pb.Wrap(desk=r.desk, data=w)
            for r, w in zip(envelope.header.recipients, envelope.wraps, strict=True)
            if w is not None and reader in (None, r.desk)
        ],
        signatures=[pb.Signature(kid=s.kid, role=int(s.role), sig=s.sig) for s in envelope.signatures],  # type: ignore[arg-type]
    )
