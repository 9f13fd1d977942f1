"""Directory statements: strict parsing of what is signed, and making of new ones.

Never does: decide whether a statement is allowed (`comity.directory.replay`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.message import Message

from comity.checkpoint import parse_verifier_key
from comity.encoding import Purpose, check_text, digest, parse, serialise, tagged
from comity.errors import MalformedError, Reason
from comity.keys import check_signing_key, check_wrap_key, verify
from comity.names import (
    HUB,
    agency_of,
    check_agency,
    check_desk,
    check_jurisdiction,
    check_language,
    check_member,
    check_operator,
    check_origin,
    check_telephone,
)
from comity.v1 import directory_pb2 as pb

MAX_ENTRY_BYTES = 32 << 10
DAY_MS = 86_400_000
MAX_DESK_KEY_MS = 35 * DAY_MS
MAX_TRANSPORT_MS = 400 * DAY_MS
_MAX_TIME = 253_402_128_000_000

Content: TypeAlias = Message
"""The set member of StatementBody's oneof."""


@dataclass(frozen=True, slots=True)
class Position:
    """A statement's place in its signer's chain."""

    signer: str
    """Agency id, or `hub`."""
    number: int
    """From 0."""
    previous: bytes
    """digest("statement", body) of the signer's previous one; empty at 0."""


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement in proper form, its signatures not yet looked at."""

    body: bytes
    """What was signed."""
    origin: str
    """Origin of the directory it is for."""
    positions: tuple[Position, ...]
    """One a signing agency."""
    kind: str
    """Name of the oneof's member, for example `member_certified`."""
    content: Content
    """That member."""
    signatures: tuple[tuple[bytes, bytes], ...]
    """(key id, signature), ascending by key id."""

    @property
    def digest(self) -> bytes:
        """Its place in the signer's chain: digest of purpose `statement` over the body, 32 bytes."""
        return digest(Purpose.STATEMENT, self.body)

    def signed_by(self, key_id: bytes, public: bytes) -> bool:
        """Returns whether the key signed it."""
        return any(k == key_id and verify(public, tagged(Purpose.STATEMENT, self.body), s) for k, s in self.signatures)


def sign_body(body: bytes, keys: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Returns a serialised Statement from (key id, signature) pairs, put into order."""
    statement = pb.Statement(body=body)
    for key_id, sig in sorted(keys):
        statement.signatures.add(kid=key_id, sig=sig)
    return serialise(statement)


def make_body(origin: str, positions: Sequence[Position], content: Content) -> bytes:
    """Returns the canonical body of a new statement.

    Raises:
        MalformedError: it would not be accepted.
    """
    body = pb.StatementBody(version=1, origin=origin)
    for p in sorted(positions, key=lambda p: p.signer):
        body.positions.add(signer=p.signer, number=p.number, previous=p.previous)
    for field in body.DESCRIPTOR.oneofs_by_name["statement"].fields:
        if field.message_type is content.DESCRIPTOR:
            getattr(body, field.name).CopyFrom(content)
    data = serialise(body)
    parse_body(data)
    return data


def parse_entry(data: bytes) -> tuple[int, bytes]:
    """Parses one leaf of the directory log.

    Returns:
        (time in Unix seconds, serialised Statement).

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    m = parse(pb.Entry, data, MAX_ENTRY_BYTES)
    if m.version != 1:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    if not 0 < m.time_seconds <= _MAX_TIME // 1000:
        raise MalformedError("the entry has no time")
    return m.time_seconds, m.statement


def make_entry(time_seconds: int, statement: bytes) -> bytes:
    """Returns the canonical bytes of an entry. The hub's."""
    return serialise(pb.Entry(version=1, time_seconds=time_seconds, statement=statement))


def parse_statement(data: bytes) -> SignedStatement:
    """Parses a serialised Statement.

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    m = parse(pb.Statement, data, MAX_ENTRY_BYTES)
    signatures = tuple((s.kid, s.sig) for s in m.signatures)
    if not 1 <= len(signatures) <= 4 or any(len(k) != 32 or len(s) != 64 for k, s in signatures):
        raise MalformedError("a statement has one to four signatures")
    if any(a[0] >= b[0] for a, b in itertools.pairwise(signatures)):
        raise MalformedError("signatures are not in strictly ascending order")
    if any(s.role for s in m.signatures):
        raise MalformedError("a statement's signature has no role")
    origin, positions, kind, content = parse_body(m.body)
    return SignedStatement(m.body, origin, positions, kind, content, signatures)


def parse_body(data: bytes) -> tuple[str, tuple[Position, ...], str, Content]:
    """Parses a statement body.

    Returns:
        (origin, positions, kind, content).

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    m = parse(pb.StatementBody, data, MAX_ENTRY_BYTES)
    if m.version != 1:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    positions = tuple(Position(p.signer, p.number, p.previous) for p in m.positions)
    if any(a.signer >= b.signer for a, b in itertools.pairwise(positions)) or len(positions) > 2:
        raise MalformedError("positions are not in strictly ascending order")
    for p in positions:
        if p.signer != HUB:
            check_agency(p.signer)
        if len(p.previous) != (32 if p.number else 0):
            raise MalformedError("a position names its predecessor, and the first has none")
    kind = m.WhichOneof("statement")
    if kind is None:
        raise MalformedError("the statement says nothing")
    content = getattr(m, kind)
    _CHECKS[kind](content)
    return check_origin(m.origin), positions, kind, content


def _interval(start: int, end: int, longest: int | None = None) -> None:
    if not 0 < start < end <= _MAX_TIME or (longest is not None and end - start > longest):
        raise MalformedError("a validity is empty or too long")


def _bytes(value: bytes, length: int) -> None:
    if len(value) != length:
        raise MalformedError("an identifier has the wrong length")


def _operator(o: pb.OperatorKey) -> None:
    check_operator(o.operator)
    check_signing_key(o.sign_key)
    _bytes(o.tls_spki_sha256, 32)


def _genesis(c: pb.HubGenesis) -> None:
    check_origin(c.exchange_origin)
    check_signing_key(c.log_key)
    check_signing_key(c.head_key)
    if len(c.operators) != 3 or len({o.operator for o in c.operators}) != 3:
        raise MalformedError("a hub has three operators")
    for o in c.operators:
        _operator(o)
    if not 0 < len(c.tls_ca) <= 4096 or not 0 < c.created <= _MAX_TIME:
        raise MalformedError("the genesis is not complete")


def _admitted(c: pb.AgencyAdmitted) -> None:
    check_agency(c.agency)
    if c.kind not in (1, 2, 3):
        raise MalformedError("unknown kind of agency")
    if not c.name_en:
        raise MalformedError("an agency has an English name")
    check_text(c.name_en, 200)
    check_text(c.name_zh, 200)
    check_jurisdiction(c.jurisdiction)
    check_signing_key(c.root_key)


def _member(c: pb.MemberCertified) -> None:
    agency = agency_of(check_member(c.member))
    if not 1 <= len(c.desks) <= 32 or any(a >= b for a, b in zip(c.desks, c.desks[1:], strict=False)):
        raise MalformedError("a member's desks are in strictly ascending order")
    if any(agency_of(check_desk(d)) != agency for d in c.desks):
        raise MalformedError("a member works at desks of its own agency")
    roles = list(c.roles)
    if not roles or any(a >= b for a, b in itertools.pairwise(roles)) or not 1 <= roles[0] <= roles[-1] <= 7:
        raise MalformedError("a member's roles are known and in strictly ascending order")
    check_signing_key(c.sign_key)
    check_wrap_key(c.wrap_key)
    _interval(c.valid_from, c.valid_until)


def _desk_key(c: pb.DeskKeyPublished) -> None:
    check_desk(c.desk)
    check_wrap_key(c.wrap_key)
    if c.epoch == 0:
        raise MalformedError("epochs begin at 1")
    _interval(c.valid_from, c.valid_until, MAX_DESK_KEY_MS)


def _transport(c: pb.TransportKey) -> None:
    check_desk(c.desk)
    _bytes(c.spki_sha256, 32)
    _interval(c.valid_from, c.valid_until, MAX_TRANSPORT_MS)


def _delegated(c: pb.RotationDelegated) -> None:
    check_desk(c.desk)
    _bytes(c.kid, 32)
    _interval(c.valid_from, c.valid_until, MAX_TRANSPORT_MS)


def _contact(c: pb.DutyContact) -> None:
    check_desk(c.desk)
    check_telephone(c.telephone)
    check_text(c.hours, 200)
    if not c.hours or not 1 <= len(c.languages) <= 16:
        raise MalformedError("a duty contact has hours and languages")
    for tag in c.languages:
        check_language(tag)


def _revoked(c: pb.Revoked) -> None:
    _bytes(c.kid, 32)
    if c.reason not in (1, 2, 3, 4) or not 0 < c.effective <= _MAX_TIME or not 0 <= c.suspect_from <= _MAX_TIME:
        raise MalformedError("a revocation has a reason and a time")


def _agreement(c: pb.AgreementSigned) -> None:
    _bytes(c.id, 16)
    if check_agency(c.first) >= check_agency(c.second):
        raise MalformedError("the agencies of an agreement are in ascending order")
    families = list(c.families)
    if (
        not families
        or any(a >= b for a, b in itertools.pairwise(families))
        or not 1 <= families[0] <= families[-1] <= 4
    ):
        raise MalformedError("an agreement's families are known and in strictly ascending order")
    if c.direction not in (1, 2, 3) or not c.legal_basis or not 0 < c.valid_until <= _MAX_TIME:
        raise MalformedError("an agreement has a direction, a legal basis and an end")
    check_text(c.legal_basis, 500)
    _bytes(c.profile_sha256, 32)


def _ended(c: pb.AgreementEnded) -> None:
    _bytes(c.id, 16)


def _root(c: pb.RootReplaced) -> None:
    check_agency(c.agency)
    check_signing_key(c.new_root_key)


def _operator_replaced(c: pb.OperatorReplaced) -> None:
    check_operator(c.old_operator)
    _operator(c.new_operator)


def _new_key(c: pb.LogKeyReplaced | pb.HeadKeyReplaced) -> None:
    check_signing_key(c.new_key)


def _agency(c: pb.AgencySuspended | pb.AgencyResumed) -> None:
    check_agency(c.agency)


def _witness(c: pb.WitnessListed) -> None:
    check_text(c.verifier_key, 300)
    check_signing_key(parse_verifier_key(c.verifier_key).public)


def _disputed(c: pb.KeyDisputed) -> None:
    _bytes(c.kid, 32)


_CHECKS: dict[str, Callable[[Any], None]] = {
    "hub_genesis": _genesis,
    "agency_admitted": _admitted,
    "member_certified": _member,
    "desk_key_published": _desk_key,
    "transport_key": _transport,
    "rotation_delegated": _delegated,
    "duty_contact": _contact,
    "revoked": _revoked,
    "agreement_signed": _agreement,
    "agreement_ended": _ended,
    "root_replaced": _root,
    "operator_replaced": _operator_replaced,
    "log_key_replaced": _new_key,
    "head_key_replaced": _new_key,
    "agency_suspended": _agency,
    "agency_resumed": _agency,
    "witness_listed": _witness,
    "key_disputed": _disputed,
}
"""One check a kind of statement; a kind without a check cannot be parsed."""
