"""Envelopes made ready before the clock starts: distinct referrals, sealed and signed by two people.

Sealing belongs to the agencies and is not measured. It takes about as long as everything that is, so it is done in a
pool of processes, once a run, and the same envelopes go to every database.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from comity.encoding import serialise
from comity.envelope import SignatureRole, signing_bytes
from comity.header import Header, Recipient, encode_header
from comity.keys import SigningKey
from comity.sealing import seal_content
from comity.v1 import envelope_pb2, exchange_pb2, payload_pb2
from comity.workflow.terms import Family, Precedence, Verb

PAYLOAD_BYTES = 2048
"""Length of the payload before it is padded, bytes."""
_CHUNK = 128
_ALONE = 1024
"""So many are sealed sooner than other processes are started."""
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Plan:
    """What all envelopes of a run have in common."""

    origin: str
    """Of the exchange log."""
    sender: str
    recipients: tuple[tuple[str, bytes, bytes], ...]
    """(desk, desk key id, X-Wing public key), ascending; the sender's own copy is one of them."""
    author: bytes
    """Key id, 32 bytes."""
    approver: bytes
    author_seed: bytes = field(repr=False)
    approver_seed: bytes = field(repr=False)
    directory_size: int
    directory_root: bytes


def payload() -> bytes:
    """Returns a complete referral of `PAYLOAD_BYTES`."""
    message = payload_pb2.Payload(
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
            reference="BENCH/1",
            contact=payload_pb2.Contact(name="Duty officer", telephone="+85212345678"),
            ground="REFERRAL_GROUND_OUTSIDE_OUR_REMIT",
            provisions=["SFO s.300"],
            requested_actions=["Take the case"],
        ),
    )
    message.refer.summary = "x" * (PAYLOAD_BYTES - message.ByteSize() - 4)
    return serialise(message)


def _seal(plan: Plan, content: bytes, author: SigningKey, approver: SigningKey) -> bytes:
    created = time.time_ns() // 1_000_000
    header = encode_header(
        Header(
            origin=plan.origin,
            envelope_id=_uuid7(created),
            family=Family.REFERRAL,
            verb=Verb.REFER,
            case_id=os.urandom(16),
            previous=b"",
            about=b"",
            sender=plan.sender,
            recipients=tuple(Recipient(desk, key_id) for desk, key_id, _ in plan.recipients),
            author=plan.author,
            precedence=Precedence.ROUTINE,
            created=created,
            deliver_by=created + 7 * _DAY_MS,
            respond_by=created + 10 * _DAY_MS,
            lapses_at=0,
            directory_size=plan.directory_size,
            directory_root=plan.directory_root,
            joint=True,
        )
    )
    sealed = seal_content(header, content, [(key_id, public) for _, key_id, public in plan.recipients])
    signers = (
        (plan.author, author, SignatureRole.AUTHOR),
        (plan.approver, approver, SignatureRole.APPROVER),
    )
    return envelope_pb2.Envelope(
        header=header,
        seal=sealed.seal,
        ciphertext=sealed.ciphertext,
        wraps=[
            envelope_pb2.Wrap(desk=desk, data=wrap)
            for (desk, _, _), wrap in zip(plan.recipients, sealed.wraps, strict=True)
        ],
        signatures=[
            envelope_pb2.Signature(
                kid=key_id,
                role=f"SIGNATURE_ROLE_{role.name}",
                sig=key.sign(signing_bytes(header, sealed.seal, role)),
            )
            for key_id, key, role in signers
        ],
    ).SerializeToString()


def _uuid7(now_ms: int) -> bytes:
    number = now_ms << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62).bytes


def seal_some(plan: Plan, count: int) -> list[bytes]:
    """Returns so many distinct envelopes, serialised."""
    content = payload()
    author, approver = SigningKey.from_seed(plan.author_seed), SigningKey.from_seed(plan.approver_seed)
    return [_seal(plan, content, author, approver) for _ in range(count)]


def seal_many(plan: Plan, count: int) -> list[bytes]:
    """Returns so many distinct envelopes, made by every core of the machine."""
    if count <= _ALONE:
        return seal_some(plan, count)
    sizes = [min(_CHUNK, count - at) for at in range(0, count, _CHUNK)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return [envelope for chunk in pool.map(seal_some, [plan] * len(sizes), sizes) for envelope in chunk]


def one_by_one(envelopes: Sequence[bytes]) -> list[bytes]:
    """Returns a serialised `SubmitRequest` for each."""
    return [
        exchange_pb2.SubmitRequest(envelope=envelope_pb2.Envelope.FromString(e)).SerializeToString() for e in envelopes
    ]


def in_batches(envelopes: Sequence[bytes], size: int) -> list[bytes]:
    """Returns serialised `SubmitBatchRequest`s of `size` envelopes each."""
    parsed = [envelope_pb2.Envelope.FromString(e) for e in envelopes]
    return [
        exchange_pb2.SubmitBatchRequest(envelopes=parsed[at : at + size]).SerializeToString()
        for at in range(0, len(parsed), size)
    ]
