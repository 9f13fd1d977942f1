"""The people and keys of a test's world."""

from __future__ import annotations

import os
from dataclasses import dataclass

from comity.envelope import signing_bytes
from comity.keys import SigningKey, Use, WrapKey, kid
from comity.tls import TlsKey
from comity.v1 import envelope_pb2
from comity.workflow.terms import AgencyKind, Role, SignatureRole

DESK_ROLES = (Role.ANALYST, Role.APPROVER, Role.SUPERVISOR, Role.AGENT)
"""Each desk has one member with each."""


@dataclass(frozen=True)
class Operator:
    """One operator of the hub."""

    name: str
    sign_key: SigningKey
    tls_key: TlsKey

    @property
    def kid(self) -> bytes:
        """Key id."""
        return kid(self.name, Use.OPERATOR, self.sign_key.public)


@dataclass(frozen=True)
class Member:
    """One person, or one machine, at a desk."""

    id: str
    roles: tuple[Role, ...]
    sign_key: SigningKey
    wrap_key: WrapKey

    @property
    def kid(self) -> bytes:
        """Key id of the signing key."""
        return kid(self.id, Use.SIGN, self.sign_key.public)


@dataclass
class Desk:
    """One desk with its people and keys."""

    name: str
    key: WrapKey
    tls_key: TlsKey
    members: dict[Role, Member]
    epoch: int = 1

    @property
    def kid(self) -> bytes:
        """Key id of the desk's sealing key."""
        return kid(self.name, Use.DESK, self.key.public)


@dataclass
class AgencyKeys:
    """All of one agency's keys."""

    id: str
    kind: AgencyKind
    root: SigningKey
    admin: Member
    desks: dict[str, Desk]

    @property
    def root_kid(self) -> bytes:
        """Key id of the root."""
        return kid(self.id, Use.ROOT, self.root.public)


def sign(member: Member, header: bytes, seal: bytes, role: SignatureRole) -> envelope_pb2.Signature:
    """Returns a member's signature over an envelope."""
    signature = member.sign_key.sign(signing_bytes(header, seal, role))
    return envelope_pb2.Signature(kid=member.kid, role=int(role), sig=signature)  # type: ignore[arg-type]


def make_member(agency: str, *roles: Role) -> Member:
    """Returns a member with new keys and a random pseudonym."""
    return Member(f"{agency}/m-{os.urandom(4).hex()}", roles, SigningKey.generate(), WrapKey.generate())


def make_desk(name: str) -> Desk:
    """Returns a desk with one member for each role."""
    agency = name.split("/", maxsplit=1)[0]
    members = {role: make_member(agency, role) for role in DESK_ROLES}
    return Desk(name, WrapKey.generate(), TlsKey.generate(), members)
