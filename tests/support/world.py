"""A small world for tests: three operators, a hub's keys, four agencies with desks, members and TLS keys.

    sfc     Securities and Futures Commission       sfc/intake, sfc/enforcement
    hkma    Hong Kong Monetary Authority            hkma/intake
    hkpf    Hong Kong Police Force                  hkpf/cctb
    osr     Overseas Securities Regulator           osr/intake

Each desk has an analyst, an approver, a supervisor and an agent; each agency an admin and a root. Every two of them
have an agreement on all four families, both ways. `World.statements` are the directory's statements in their order, for
a hub to append; the world remembers each signer's position, so that a test can state more.

Sealing is real. The keys are random: two worlds share nothing.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uuid_utils
from comity.directory import Directory, View, sign_body
from comity.directory.statements import Position, make_body, make_entry
from comity.encoding import Purpose, digest, tagged
from comity.header import BlobRef, Header, Recipient, WatchlistPosition, encode_header
from comity.keys import SigningKey, Use, WrapKey, kid
from comity.names import HUB
from comity.receipts import Ack, AckState, ack_signing_bytes, encode_ack
from comity.sealing import seal_content
from comity.tls import TlsKey, certificate_to_pem, create_authority, issue_client_certificate
from comity.v1 import directory_pb2 as pb
from comity.v1 import envelope_pb2
from comity.workflow.families import TABLES
from comity.workflow.tables import People
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, SignatureRole, Verb

from tests.support.limits import STANDARD, standard_limits
from tests.support.people import AgencyKeys, Desk, Member, Operator, make_desk, make_member, sign

HOUR, DAY = 3_600_000, 86_400_000
AGENCIES: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "sfc": ("Securities and Futures Commission", "證券及期貨事務監察委員會", "HK", ("intake", "enforcement")),
    "hkma": ("Hong Kong Monetary Authority", "香港金融管理局", "HK", ("intake",)),
    "hkpf": ("Hong Kong Police Force", "香港警務處", "HK", ("cctb",)),
    "osr": ("Overseas Securities Regulator", "", "SG", ("intake",)),
}
ORIGIN = "hub.example/directory"
EXCHANGE_ORIGIN = "hub.example/exchange"
ALL, BOTH = tuple(Family), pb.AGREEMENT_DIRECTION_BOTH


@dataclass
class World:
    """Everything there is. Make one with `make_world`."""

    now: int
    origin: str
    exchange_origin: str
    operators: tuple[Operator, ...]
    log_key: SigningKey
    head_key: SigningKey
    authority_key: TlsKey
    authority: bytes
    """The CA's certificate, DER."""
    agencies: dict[str, AgencyKeys]
    statements: list[bytes] = field(default_factory=list)
    """Serialised Statements, the genesis first."""
    positions: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    next_log_key: SigningKey = field(default_factory=SigningKey.generate)
    next_head_key: SigningKey = field(default_factory=SigningKey.generate)

    def desk(self, name: str) -> Desk:
        """Returns a desk by its full name."""
        return self.agencies[name.split("/", maxsplit=1)[0]].desks[name]

    def member(self, desk: str, role: Role) -> Member:
        """Returns a desk's member with a role."""
        return self.desk(desk).members[role]

    @property
    def desks(self) -> list[str]:
        """Every desk's name."""
        return [desk for agency in self.agencies.values() for desk in agency.desks]

    def state(self, content: Any, signers: Sequence[str], keys: Sequence[tuple[bytes, SigningKey]]) -> bytes:
        """Makes a statement at the signers' next positions, remembers it, and returns it serialised.

        Args:
            content: the statement's message.
            signers: whose chains it stands in: agencies, or `hub`.
            keys: (key id, key) of everyone who signs.
        """
        positions = [Position(s, *self.positions.get(s, (0, b""))) for s in signers]
        body = make_body(self.origin, positions, content)
        for s in signers:
            self.positions[s] = (self.positions.get(s, (0, b""))[0] + 1, digest(Purpose.STATEMENT, body))
        signed = [(k, key.sign(tagged(Purpose.STATEMENT, body))) for k, key in keys]
        statement = sign_body(body, signed)
        self.statements.append(statement)
        return statement

    def as_root(self, agency: str, content: Any) -> bytes:
        """Makes a statement of an agency, signed by its root."""
        return self.state(content, [agency], [(self.agencies[agency].root_kid, self.agencies[agency].root)])

    def as_admin(self, agency: str, content: Any) -> bytes:
        """Makes a statement of an agency, signed by its admin."""
        admin = self.agencies[agency].admin
        return self.state(content, [agency], [(admin.kid, admin.sign_key)])

    def as_operators(self, content: Any, count: int = 2) -> bytes:
        """Makes a statement of the operators, signed by the first `count` of them."""
        return self.state(content, [HUB], [(o.kid, o.sign_key) for o in self.operators[:count]])

    def suspend(self, agency: str) -> bytes:
        """Makes the suspension of an agency."""
        return self.as_operators(pb.AgencySuspended(agency=agency))

    def resume(self, agency: str) -> bytes:
        """Makes the end of a suspension."""
        return self.as_operators(pb.AgencyResumed(agency=agency))

    def register_tls(self, desk: str, key: TlsKey, *, days: int = 90) -> bytes:
        """Makes the registration of a further TLS key of a desk."""
        return self.as_admin(
            desk.split("/", maxsplit=1)[0],
            pb.TransportKey(
                desk=desk,
                spki_sha256=key.spki_sha256,
                valid_from=self.now - HOUR,
                valid_until=self.now + days * DAY,
            ),
        )

    def revoke_tls(self, desk: str, key: TlsKey | None = None) -> bytes:
        """Makes the revocation of a TLS key of a desk, its first one by default."""
        spki = (key or self.desk(desk).tls_key).spki_sha256
        return self.revoke(desk.split("/", maxsplit=1)[0], kid(desk, Use.TLS, spki))

    def revoke(self, agency: str, key_id: bytes, *, suspect_from: int = 0) -> bytes:
        """Makes the revocation of a key of an agency."""
        return self.as_root(
            agency,
            pb.Revoked(
                kid=key_id,
                reason=pb.REVOCATION_REASON_COMPROMISED,
                effective=self.now - HOUR,
                suspect_from=suspect_from,
            ),
        )

    def rotate_desk(self, desk: str, *, days: int = 30) -> bytes:
        """Makes the next epoch of a desk's key; the desk has it from now on."""
        d = self.desk(desk)
        d.key, d.epoch = WrapKey.generate(), d.epoch + 1
        return self.as_admin(
            desk.split("/", maxsplit=1)[0],
            pb.DeskKeyPublished(
                desk=desk,
                epoch=d.epoch,
                wrap_key=d.key.public,
                valid_from=self.now - HOUR // 2,
                valid_until=self.now + days * DAY,
            ),
        )

    def directory(self) -> Directory:
        """Returns the directory of all statements, replayed as one hub might have entered them."""
        directory = Directory()
        for statement in self.statements:
            directory.apply(make_entry(self.now // 1000, statement))
        return directory

    def certificate(self, key: TlsKey, *, days: int = 90, begins: int | None = None) -> bytes:
        """Returns a client certificate of the hub's CA, PEM."""
        begin, end = self.now - HOUR if begins is None else begins, self.now + days * DAY
        return certificate_to_pem(
            issue_client_certificate(self.authority, self.authority_key, key.spki, not_before=begin, not_after=end)
        )

    @property
    def authority_pem(self) -> bytes:
        """The CA's certificate, PEM."""
        return certificate_to_pem(self.authority)

    def envelope(
        self,
        view: View,
        sender: str = "sfc/intake",
        recipients: Sequence[str] = ("hkma/intake",),
        *,
        verb: Verb = Verb.REFER,
        family: Family = Family.REFERRAL,
        case_id: bytes | None = None,
        previous: bytes = b"",
        about: bytes = b"",
        precedence: Precedence = Precedence.ROUTINE,
        created: int | None = None,
        opened: int | None = None,
        payload: bytes = b"payload",
        author: Member | None = None,
        approver: Member | None = None,
        envelope_id: bytes | None = None,
        own_copy: bool = True,
        blobs: Sequence[tuple[bytes, int]] = (),
        watchlist: WatchlistPosition | None = None,
        **changes: Any,
    ) -> envelope_pb2.Envelope:
        """Returns a sealed and signed envelope: a first referral from sfc to hkma unless told otherwise.

        Args:
            view: the directory it is sealed under: the hub's.
            sender: desk.
            recipients: desks, without the sender's own copy.
            created: Unix milliseconds UTC; the world's `now` by default.
            opened: `created` of the leg's opening envelope, for verbs that lapse by it.
            author: the sender desk's analyst by default; its approver for what only a second person signs.
            approver: the desk's approver by default, where the verb needs two people.
            own_copy: whether the sender's desk is a recipient too.
            blobs: (SHA-256, length) of attachments.
            watchlist: for PUBLISH and SNAPSHOT.
            **changes: fields of the header that differ from what would be right.
        """
        desk = self.desk(sender)
        rules = [rule for rule in TABLES[family].rules if rule.verb is verb]
        second = any(rule.people is People.SECOND for rule in rules)
        author = author or desk.members[Role.APPROVER if second else Role.ANALYST]
        if approver is None and rules and rules[0].people is People.TWO:
            approver = desk.members[Role.APPROVER]
        at = self.now if created is None else created
        limits = standard_limits(family, verb, precedence, at, opened, AGENCIES, (sender, *recipients))
        to = sorted({*recipients, sender} if own_copy else set(recipients))
        fields: dict[str, Any] = {
            "origin": self.exchange_origin,
            "envelope_id": envelope_id or uuid_utils.uuid7().bytes,
            "family": family,
            "verb": verb,
            "case_id": case_id or os.urandom(16),
            "previous": previous,
            "about": about,
            "sender": sender,
            "recipients": tuple(Recipient(d, self.desk(d).kid) for d in to),
            "author": author.kid,
            "precedence": precedence,
            "created": at,
            "deliver_by": limits.deliver_by,
            "respond_by": limits.respond_by or 0,
            "lapses_at": limits.lapses_at or 0,
            "directory_size": view.size,
            "directory_root": view.root,
            "blobs": tuple(BlobRef(sha256, length) for sha256, length in sorted(blobs)),
            "watchlist": watchlist,
        }
        header = encode_header(Header(**(fields | changes)))
        sealed = seal_content(header, payload, [(self.desk(d).kid, self.desk(d).key.public) for d in to])
        signatures = [sign(author, header, sealed.seal, SignatureRole.APPROVER if second else SignatureRole.AUTHOR)]
        if approver is not None:
            signatures.append(sign(approver, header, sealed.seal, SignatureRole.APPROVER))
        return envelope_pb2.Envelope(
            header=header,
            seal=sealed.seal,
            ciphertext=sealed.ciphertext,
            wraps=[envelope_pb2.Wrap(desk=d, data=w) for d, w in zip(to, sealed.wraps, strict=True)],
            signatures=signatures,
        )

    def ack(
        self,
        message_hash: bytes,
        desk: str,
        state: AckState = AckState.STORED,
        *,
        member: Member | None = None,
        at: int | None = None,
        reason: str = "",
    ) -> tuple[bytes, bytes]:
        """Returns (body, signature) of an acknowledgement; by the desk's agent unless told otherwise."""
        who = member or self.desk(desk).members[Role.AGENT if state is not AckState.OPENED else Role.ANALYST]
        body = encode_ack(
            Ack(
                origin=self.exchange_origin,
                message_hash=message_hash,
                desk=desk,
                kid=who.kid,
                state=state,
                reason=reason,
                time=self.now if at is None else at,
            )
        )
        return body, who.sign_key.sign(ack_signing_bytes(body))


def make_world(now: int | None = None, *, agencies: Sequence[str] = tuple(AGENCIES)) -> World:
    """Returns a world with every statement made.

    Args:
        now: Unix milliseconds UTC; the system's clock by default. Keys are valid from an hour before.
        agencies: which of the four; fewer are quicker.
    """
    world = begin_world(now)
    for agency in agencies:
        admit_agency(world, agency)
    for first, second in itertools.combinations(sorted(agencies), 2):
        agree(world, first, second)
    return world


def begin_world(now: int | None = None) -> World:
    """Returns a world that holds a hub and its operators, and no agency."""
    at = time.time_ns() // 1_000_000 if now is None else now
    authority_key = TlsKey.generate()
    authority = create_authority(authority_key, "comity tests", not_before=at - DAY, not_after=at + 3650 * DAY)
    operators = tuple(Operator(f"op-{n}", SigningKey.generate(), TlsKey.generate()) for n in (1, 2, 3))
    world = World(
        now=at,
        origin=ORIGIN,
        exchange_origin=EXCHANGE_ORIGIN,
        operators=operators,
        log_key=SigningKey.generate(),
        head_key=SigningKey.generate(),
        authority_key=authority_key,
        authority=authority,
        agencies={},
    )
    genesis = pb.HubGenesis(
        exchange_origin=EXCHANGE_ORIGIN,
        log_key=world.log_key.public,
        head_key=world.head_key.public,
        operators=[
            pb.OperatorKey(operator=o.name, sign_key=o.sign_key.public, tls_spki_sha256=o.tls_key.spki_sha256)
            for o in operators
        ],
        tls_ca=authority,
        created=at - DAY,
    )
    world.as_operators(genesis, 3)
    return world


def admit_agency(world: World, agency: str, kind: AgencyKind = AgencyKind.AUTHORITY) -> AgencyKeys:
    """Admits an agency of the list above, with its admin, desks, members, keys and duty contacts."""
    name_en, name_zh, jurisdiction, names = AGENCIES[agency]
    desks = {f"{agency}/{name}": make_desk(f"{agency}/{name}") for name in names}
    keys = AgencyKeys(agency, kind, SigningKey.generate(), make_member(agency, Role.ADMIN), desks)
    world.agencies[agency] = keys
    admitted = pb.AgencyAdmitted(
        agency=agency,
        kind=int(kind),  # type: ignore[arg-type]
        name_en=name_en,
        name_zh=name_zh,
        jurisdiction=jurisdiction,
        root_key=keys.root.public,
    )
    operators = [(o.kid, o.sign_key) for o in world.operators[:2]]
    world.state(admitted, [agency], [(keys.root_kid, keys.root), *operators])
    world.as_root(agency, certificate_of(world, keys.admin, sorted(desks)))
    for desk in desks.values():
        for member in desk.members.values():
            world.as_admin(agency, certificate_of(world, member, [desk.name]))
        span = {"valid_from": world.now - HOUR, "valid_until": world.now + 30 * DAY}
        world.as_admin(agency, pb.DeskKeyPublished(desk=desk.name, epoch=1, wrap_key=desk.key.public, **span))
        world.register_tls(desk.name, desk.tls_key)
        world.as_admin(
            agency, pb.DutyContact(desk=desk.name, telephone="+85212345678", hours="24/7", languages=["en", "zh-Hant"])
        )
    return keys


def certificate_of(world: World, member: Member, desks: Sequence[str]) -> pb.MemberCertified:
    """Returns what certifies a member."""
    return pb.MemberCertified(
        member=member.id,
        desks=sorted(desks),
        roles=sorted(int(role) for role in member.roles),  # type: ignore[misc]
        sign_key=member.sign_key.public,
        wrap_key=member.wrap_key.public,
        valid_from=world.now - HOUR,
        valid_until=world.now + 365 * DAY,
    )


def agree(world: World, first: str, second: str, families: Sequence[Family] = ALL, direction: int = BOTH) -> bytes:
    """Makes an agreement of two agencies, both ways, on the packaged deadline profile; returns its statement."""
    one, two = sorted((first, second))
    content = pb.AgreementSigned(
        id=os.urandom(16),
        first=one,
        second=two,
        families=sorted(int(f) for f in families),  # type: ignore[misc]
        direction=direction,  # type: ignore[arg-type]
        legal_basis="memorandum of understanding",
        valid_until=world.now + 365 * DAY,
        profile_sha256=STANDARD,
    )
    admins = [world.agencies[a].admin for a in (one, two)]
    return world.state(content, [one, two], [(admin.kid, admin.sign_key) for admin in admins])
