"""A small world for the tests of the contract and for its vectors: keys from labels, and a directory.

Every secret is SHA-256 of a label, so that the same world comes out each time and no key in it is worth anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from comity.directory import Directory, View, parse_statement, sign_body
from comity.directory.statements import DAY_MS, Content, Position, make_body, make_entry
from comity.encoding import Purpose, tagged
from comity.keys import SigningKey, Use, WrapKey, kid
from comity.names import HUB
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import AgencyKind, Family, Role

ORIGIN = "hub.example/directory"
EXCHANGE = "hub.example/exchange"
T0 = 1_800_000_000
"""Unix seconds at which the world begins."""
NOW = T0 * 1000 + 3_600_000
"""Unix milliseconds, an hour later, when the standard world is complete."""
OPERATORS = ("op-one", "op-two", "op-three")
YEAR_MS = 365 * DAY_MS


def secret(label: str) -> bytes:
    """The 32 secret bytes of a label."""
    return hashlib.sha256(b"comity test secret: " + label.encode()).digest()


@cache
def signing_key(label: str) -> SigningKey:
    """The Ed25519 key of a label."""
    return SigningKey.from_seed(secret(label))


@cache
def wrap_key(label: str) -> WrapKey:
    """The X-Wing key of a label."""
    return WrapKey.from_seed(secret(label))


@dataclass(frozen=True)
class Signer:
    """Somebody who signs: an owner, a use, and the label of the key."""

    owner: str
    use: Use = Use.SIGN
    label: str = ""

    @cached_property
    def key(self) -> SigningKey:
        """The key pair."""
        return signing_key(self.label or f"{self.use} of {self.owner}")

    @property
    def public(self) -> bytes:
        """The public key."""
        return self.key.public

    @property
    def kid(self) -> bytes:
        """The key id."""
        return kid(self.owner, self.use, self.key.public)


def root(agency: str, label: str = "") -> Signer:
    """An agency's root."""
    return Signer(agency, Use.ROOT, label)


def operator(name: str, label: str = "") -> Signer:
    """An operator of the hub."""
    return Signer(name, Use.OPERATOR, label)


OPS = tuple(operator(name) for name in OPERATORS)
TWO_OPS = OPS[:2]
LOG_KEY = signing_key("log key")
HEAD_KEY = signing_key("head key")


def tls_hash(label: str) -> bytes:
    """What stands for the SHA-256 of a TLS key's SubjectPublicKeyInfo."""
    return secret(f"tls {label}")


def operator_key(name: str, label: str = "") -> pb.OperatorKey:
    """An operator's entry in a statement."""
    return pb.OperatorKey(
        operator=name, sign_key=operator(name, label).public, tls_spki_sha256=tls_hash(label or f"operator {name}")
    )


def genesis(**changes: Any) -> pb.HubGenesis:
    """The beginning of the hub."""
    fields: dict[str, Any] = {
        "exchange_origin": EXCHANGE,
        "log_key": LOG_KEY.public,
        "head_key": HEAD_KEY.public,
        "operators": [operator_key(name) for name in OPERATORS],
        "tls_ca": b"DER of the hub's TLS CA",
        "created": T0 * 1000,
    }
    return pb.HubGenesis(**fields | changes)


def admission(agency: str, kind: AgencyKind = AgencyKind.AUTHORITY, /, **changes: Any) -> pb.AgencyAdmitted:
    """An agency's admission."""
    fields: dict[str, Any] = {
        "agency": agency,
        "kind": int(kind),
        "name_en": f"Agency {agency}",
        "name_zh": "示例機構",
        "jurisdiction": "HK",
        "root_key": root(agency).public,
    }
    return pb.AgencyAdmitted(**fields | changes)


def certificate(member: str, roles: Sequence[Role], desks: Sequence[str], /, **changes: Any) -> pb.MemberCertified:
    """A member's certificate."""
    fields: dict[str, Any] = {
        "member": member,
        "desks": sorted(desks),
        "roles": sorted(int(r) for r in roles),
        "sign_key": Signer(member).public,
        "wrap_key": wrap_key(f"wrap of {member}").public,
        "valid_from": T0 * 1000,
        "valid_until": T0 * 1000 + YEAR_MS,
    }
    return pb.MemberCertified(**fields | changes)


def desk_wrap_key(desk: str, epoch: int = 1) -> WrapKey:
    """The X-Wing key of one epoch of a desk."""
    return wrap_key(f"desk {desk} {epoch}")


def desk_kid(desk: str, epoch: int = 1) -> bytes:
    """Its key id."""
    return kid(desk, Use.DESK, desk_wrap_key(desk, epoch).public)


def desk_key(desk: str, epoch: int = 1, /, **changes: Any) -> pb.DeskKeyPublished:
    """One epoch of a desk's key."""
    fields: dict[str, Any] = {
        "desk": desk,
        "epoch": epoch,
        "wrap_key": desk_wrap_key(desk, epoch).public,
        "valid_from": T0 * 1000 + (epoch - 1) * DAY_MS,
        "valid_until": T0 * 1000 + (epoch - 1) * DAY_MS + 30 * DAY_MS,
    }
    return pb.DeskKeyPublished(**fields | changes)


def transport(desk: str, label: str = "", /, **changes: Any) -> pb.TransportKey:
    """A desk's TLS key."""
    fields: dict[str, Any] = {
        "desk": desk,
        "spki_sha256": tls_hash(label or desk),
        "valid_from": T0 * 1000,
        "valid_until": T0 * 1000 + YEAR_MS,
    }
    return pb.TransportKey(**fields | changes)


def delegation(desk: str, delegate: bytes, **changes: Any) -> pb.RotationDelegated:
    """A delegation of a desk's rotation."""
    fields: dict[str, Any] = {"desk": desk, "kid": delegate, "valid_from": T0 * 1000, "valid_until": NOW + YEAR_MS}
    return pb.RotationDelegated(**fields | changes)


def agreement(first: str, second: str, families: Sequence[Family] = (Family.REFERRAL,), /, **changes: Any) -> Any:
    """An agreement; its id is made of the two names."""
    fields: dict[str, Any] = {
        "id": secret(f"agreement {first} {second}")[:16],
        "first": first,
        "second": second,
        "families": [int(f) for f in families],
        "direction": 1,
        "legal_basis": "Memorandum of understanding",
        "valid_until": T0 * 1000 + YEAR_MS,
        "profile_sha256": secret("profile"),
    }
    return pb.AgreementSigned(**fields | changes)


def revocation(key_id: bytes, **changes: Any) -> pb.Revoked:
    """A revocation."""
    fields: dict[str, Any] = {"kid": key_id, "reason": 2, "effective": T0 * 1000}
    return pb.Revoked(**fields | changes)


class Builder:
    """A directory in the making. It knows the next position of every signer."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.entries: list[bytes] = []
        self.time = T0

    def clone(self) -> Builder:
        """A copy that can go another way."""
        other = Builder()
        other.directory, other.entries, other.time = self.directory.clone(), list(self.entries), self.time
        return other

    @property
    def view(self) -> View:
        """The directory as it stands."""
        return self.directory.view()

    def position(self, signer: str) -> Position:
        """The next position of a signer."""
        number, previous = self.directory.state.positions.get(signer, (0, b""))
        return Position(signer, number, previous)

    def body(self, content: Content, chains: Sequence[str], *, origin: str = ORIGIN) -> bytes:
        """A body at the next positions of some chains."""
        return make_body(origin, [self.position(c) for c in chains], content)

    def statement(
        self, content: Content, chains: Sequence[str], signers: Sequence[Signer], *, origin: str = ORIGIN
    ) -> bytes:
        """A signed statement at the next positions."""
        return signed(self.body(content, chains, origin=origin), signers)

    def append(self, statement: bytes, time: int | None = None) -> bytes:
        """Appends a serialised statement; raises what the directory raises."""
        entry = make_entry(self.time if time is None else time, statement)
        self.directory.apply(entry)
        self.entries.append(entry)
        return entry

    def add(self, content: Content, chains: Sequence[str], signers: Sequence[Signer]) -> bytes:
        """Makes, signs and appends a statement a second later."""
        self.time += 1
        return self.append(self.statement(content, chains, signers))

    def begin(self) -> Builder:
        """Appends the genesis."""
        self.append(self.statement(genesis(), [HUB], OPS))
        return self

    def admit(self, agency: str, kind: AgencyKind = AgencyKind.AUTHORITY) -> None:
        """Appends an admission."""
        self.add(admission(agency, kind), [agency], [root(agency), *TWO_OPS])

    def by_root(self, agency: str, *contents: Content) -> None:
        """Appends statements that an agency's root signs."""
        for content in contents:
            self.add(content, [agency], [root(agency)])

    def agree(self, content: pb.AgreementSigned) -> None:
        """Appends an agreement that both roots sign."""
        self.add(content, [content.first, content.second], [root(content.first), root(content.second)])


def signed(body: bytes, signers: Sequence[Signer]) -> bytes:
    """A serialised Statement over a body."""
    statement = sign_body(body, [(s.kid, s.key.sign(tagged(Purpose.STATEMENT, body))) for s in signers])
    parse_statement(statement)
    return statement


AUTHOR = Signer("sfc/m-author00")
APPROVER = Signer("sfc/m-approver")
ADMIN = Signer("sfc/m-admin000")
AGENT = Signer("sfc/m-agent000")
THEIR_AUTHOR = Signer("police/m-author00")
SENDER = "sfc/intake"
OTHER_DESK = "sfc/audit"
RECIPIENT = "police/cctb"
THIRD = "icac/ops"
HOLDER = "exch/desk"


def fresh() -> Builder:
    """The standard world: three authorities and a holder, their members, desks and agreements."""
    return _standard().clone()


@cache
def _standard() -> Builder:
    world = Builder().begin()
    for agency in ("sfc", "police", "icac"):
        world.admit(agency)
    world.admit("exch", AgencyKind.HOLDER)
    both = (SENDER, OTHER_DESK)
    world.by_root(
        "sfc",
        certificate(ADMIN.owner, [Role.ADMIN], both),
        certificate(AUTHOR.owner, [Role.ANALYST], [SENDER]),
        certificate(APPROVER.owner, [Role.APPROVER], [SENDER]),
        certificate(AGENT.owner, [Role.AGENT], [SENDER]),
        desk_key(SENDER),
        transport(SENDER),
    )
    world.by_root(
        "police",
        certificate(THEIR_AUTHOR.owner, [Role.ANALYST, Role.APPROVER], [RECIPIENT]),
        desk_key(RECIPIENT),
        transport(RECIPIENT),
    )
    world.by_root("icac", desk_key(THIRD))
    world.by_root("exch", desk_key(HOLDER))
    world.agree(agreement("police", "sfc", (Family.REFERRAL, Family.FREEZE)))
    world.agree(agreement("exch", "sfc", (Family.FREEZE,), direction=3))
    return world
