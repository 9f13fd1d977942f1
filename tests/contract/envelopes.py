"""Envelopes in the small world of `tests.contract.builders`, proper ones, to be changed in one point by each test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from comity.directory.statements import DAY_MS
from comity.encoding import serialise
from comity.envelope import Envelope as ParsedEnvelope
from comity.envelope import SignatureRole, parse_envelope, signing_bytes
from comity.header import Header, Recipient, encode_header
from comity.sealing import Sealed, seal_content
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.terms import Family, Precedence, Verb

from tests.contract.builders import (
    APPROVER,
    AUTHOR,
    EXCHANGE,
    NOW,
    RECIPIENT,
    SENDER,
    Builder,
    Signer,
    desk_kid,
    desk_wrap_key,
    secret,
)


def payload() -> bytes:
    """A complete referral."""
    return serialise(
        payload_pb2.Payload(
            version=1,
            handling=payload_pb2.Handling(
                tlp="TLP_AMBER",
                code="HANDLING_CODE_H0",
                source_grade="SOURCE_GRADE_B",
                information_grade="INFORMATION_GRADE_2",
                permitted_action="PERMITTED_ACTION_INTERNAL",
                evidential_use="EVIDENTIAL_USE_WITH_CONSENT",
                onward="ONWARD_ASK",
                original_language="en",
            ),
            gossip=payload_pb2.Gossip(),
            refer=payload_pb2.Refer(
                reference="REF/2027/1",
                contact=payload_pb2.Contact(name="Duty officer", telephone="+85212345678"),
                ground="REFERRAL_GROUND_OUTSIDE_OUR_REMIT",
                provisions=["SFO s.300"],
                summary="Funds of victims passed through one account.\nIt is emptied daily.",
                requested_actions=["Take the case"],
            ),
        )
    )


def header(world: Builder, recipients: Sequence[str] = (RECIPIENT, SENDER), **changes: Any) -> Header:
    """A referral's header, sealed NOW under the world as it stands."""
    plain = Header(
        origin=EXCHANGE,
        envelope_id=bytes.fromhex("01a1b2c3d4e57000800000000000000a"),
        family=Family.REFERRAL,
        verb=Verb.REFER,
        case_id=secret("case")[:16],
        previous=b"",
        about=b"",
        sender=SENDER,
        recipients=tuple(Recipient(desk, desk_kid(desk)) for desk in recipients),
        author=AUTHOR.kid,
        precedence=Precedence.ROUTINE,
        created=NOW,
        deliver_by=NOW + DAY_MS,
        respond_by=NOW + DAY_MS,
        lapses_at=0,
        directory_size=world.directory.size,
        directory_root=world.directory.root,
    )
    return replace(plain, **changes)


def seal(header_bytes: bytes, recipients: Sequence[str], content: bytes | None = None) -> Sealed:
    """A payload sealed to desks' first keys."""
    keys = [(desk_kid(desk), desk_wrap_key(desk).public) for desk in recipients]
    return seal_content(header_bytes, payload() if content is None else content, keys)


def wire(
    plain: Header, sealed: Sealed | None = None, signers: Sequence[tuple[Signer, SignatureRole]] | None = None
) -> envelope_pb2.Envelope:
    """An envelope as it travels, signed by AUTHOR and APPROVER unless told otherwise."""
    data = encode_header(plain)
    sealed = sealed or seal(data, [r.desk for r in plain.recipients])
    if signers is None:
        signers = ((AUTHOR, SignatureRole.AUTHOR), (APPROVER, SignatureRole.APPROVER))
    return envelope_pb2.Envelope(
        header=data,
        seal=sealed.seal,
        ciphertext=sealed.ciphertext,
        wraps=[envelope_pb2.Wrap(desk=r.desk, data=w) for r, w in zip(plain.recipients, sealed.wraps, strict=True)],
        signatures=[
            envelope_pb2.Signature(
                kid=s.kid,
                role=f"SIGNATURE_ROLE_{role.name}",
                sig=s.key.sign(signing_bytes(data, sealed.seal, role)),
            )
            for s, role in signers
        ],
    )


def envelope(world: Builder, **changes: Any) -> ParsedEnvelope:
    """A whole envelope that passes every static check."""
    return parse_envelope(wire(header(world, **changes)))
