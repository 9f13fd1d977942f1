"""Joining by file: an agency's request, signed by its offline root, and the operators' answer.

The request holds the statements that make an agency of it: admission, first admin, first desk key, transport key,
leave for the admin's key to renew both unattended, and the duty contact; and a certificate request. The answer brings
the hub's genesis, which counts only once its fingerprint was typed as somebody read it out, and the certificate.

Never does: network; trust on first use.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from comity.directory import parse_statement, sign_body
from comity.directory.statements import DAY_MS, Content, Position, make_body, parse_body
from comity.encoding import Purpose, digest, parse, serialise, tagged
from comity.errors import MalformedError, VerificationError
from comity.keyfile import MODERATE, Cost
from comity.keys import Use, WrapKey, fingerprint, kid, same_fingerprint
from comity.names import HUB, agency_of, check_desk, check_member
from comity.sealing import seal_desk_key
from comity.tls import request_spki
from comity.v1 import directory_pb2 as pb
from comity.v1.draft_pb2 import JoinAnswer, JoinRequest
from comity.workflow.terms import AgencyKind, Role

from agents import truststore
from agents.grants import ARCHIVE_EPOCH, make_grant, save_grant
from agents.home import Home
from agents.keyring import MemberKeyring, RootKeyring, new_member_id
from agents.store import Store
from agents.transport import create_tls_key, save_certificate
from agents.truststore import Pin

__all__ = [
    "MemberRequest",
    "accept_answer",
    "genesis_ca",
    "make_request",
    "member_request",
    "new_member_id",
    "parse_member_request",
    "root_fingerprint",
]

FILE_LIMIT: Final = 1 << 20
"""Greatest length of a joining file, in bytes."""
DESK_KEY_DAYS: Final = 35
"""For how long a desk key is valid."""
TRANSPORT_DAYS: Final = 400
"""For how long a TLS key is registered."""
DELEGATION_DAYS: Final = 400
"""For how long a delegate may renew."""
MEMBER_DAYS: Final = 365
"""For how long a member is certified."""
_BACKDATE_MS: Final = 60_000


class Chain:
    """An agency's own chain of statements, continued offline."""

    def __init__(self, origin: str, agency: str, number: int = 0, previous: bytes = b"") -> None:
        self._origin, self._agency, self._number, self._previous = origin, agency, number, previous

    def body(self, content: Content) -> bytes:
        """Returns the body of the next statement."""
        body = make_body(self._origin, [Position(self._agency, self._number, self._previous)], content)
        self._number, self._previous = self._number + 1, digest(Purpose.STATEMENT, body)
        return body


def make_request(
    home: Home,
    root: RootKeyring,
    member: str,
    passphrase: bytes,
    *,
    kind: AgencyKind,
    name_en: str,
    name_zh: str,
    jurisdiction: str,
    telephone: str,
    hours: str,
    languages: Sequence[str],
    hub_origin: str,
    now: int | None = None,
    floor: Cost = MODERATE,
) -> bytes:
    """Returns the file that an agency hands to the operators.

    Args:
        home: with the first admin's keyring in it.
        root: the agency's root, opened for this.
        member: the first admin; it may act in every role until colleagues are certified.
        passphrase: of its keyring.
        kind: authority, holder or issuer.
        name_en: English name.
        name_zh: Chinese name, Traditional script.
        jurisdiction: two letters.
        telephone: of the duty officer, E.164.
        hours: when it is answered.
        languages: BCP 47 tags.
        hub_origin: origin of the hub's directory, as its operators say it.
        now: Unix milliseconds UTC; None for this computer's time.
        floor: the cheapest key file that is taken; below MODERATE for tests only.

    Raises:
        MalformedError: a name, number or time is of the wrong form.
        CannotOpenError: wrong passphrase.
    """
    if root.agency != home.agency:
        raise MalformedError("the root is of another agency than the home")
    moment = time.time_ns() // 1_000_000 if now is None else now
    begin = moment - _BACKDATE_MS
    keyring = MemberKeyring.load(home, member, passphrase, floor)
    tls = create_tls_key(home, member, (keyring.wrap_kid, keyring.wrap.public))
    seeds = _first_keys(home, keyring)
    contents: list[Content] = [
        pb.AgencyAdmitted(
            agency=home.agency,
            kind=int(kind),  # type: ignore[arg-type] # the numbers are the proto's, a test compares them
            name_en=name_en,
            name_zh=name_zh,
            jurisdiction=jurisdiction,
            root_key=root.key.public,
        ),
        pb.MemberCertified(
            member=member,
            desks=[home.desk],
            roles=[int(role) for role in (Role.ANALYST, Role.APPROVER, Role.SUPERVISOR, Role.DUTY_DESK, Role.ADMIN)],  # type: ignore[misc] # as above
            sign_key=keyring.sign.public,
            wrap_key=keyring.wrap.public,
            valid_from=begin,
            valid_until=begin + MEMBER_DAYS * DAY_MS,
        ),
        pb.DeskKeyPublished(
            desk=home.desk,
            epoch=1,
            wrap_key=seeds.public,
            valid_from=begin,
            valid_until=begin + DESK_KEY_DAYS * DAY_MS,
        ),
        pb.TransportKey(
            desk=home.desk,
            spki_sha256=tls.spki_sha256,
            valid_from=begin,
            valid_until=begin + TRANSPORT_DAYS * DAY_MS,
        ),
        pb.RotationDelegated(
            desk=home.desk,
            kid=keyring.sign_kid,
            valid_from=begin,
            valid_until=begin + DELEGATION_DAYS * DAY_MS,
        ),
        pb.DutyContact(desk=home.desk, telephone=telephone, hours=hours, languages=list(languages)),
    ]
    chain = Chain(hub_origin, home.agency)
    bodies = [chain.body(content) for content in contents]
    statements = [sign_body(body, [(root.kid, root.key.sign(tagged(Purpose.STATEMENT, body)))]) for body in bodies]
    _remember(home, bodies, moment, member)
    return serialise(JoinRequest(version=1, statements=statements, csrs=[tls.request()]))


def _first_keys(home: Home, keyring: MemberKeyring) -> WrapKey:
    """Makes the desk's first key and the node's archive key, granted to the first admin. Returns the desk key."""
    first = WrapKey.generate()
    for epoch, key in ((1, first), (ARCHIVE_EPOCH, WrapKey.generate())):
        grant = make_grant(
            home.desk,
            epoch,
            keyring.wrap_kid,
            seal_desk_key(home.desk, epoch, keyring.wrap_kid, keyring.wrap.public, key.seed),
            signer=keyring.sign_kid,
            sign=lambda _kid, data: keyring.sign.sign(data),
        )
        save_grant(home, keyring.member, grant, kid(home.desk, Use.DESK, key.public) if epoch else b"")
    return first


def _remember(home: Home, bodies: Sequence[bytes], now: int, member: str) -> None:
    """Tells the monitor what this agency states itself, and pins the own root."""
    store = Store.open(home.store_path)
    try:
        with store.begin() as c:
            for body in bodies:
                truststore.add_own_statement(c, digest(Purpose.STATEMENT, body))
            truststore.put_pin(c, Pin(home.agency, digest(Purpose.STATEMENT, bodies[0]), now, member))
    finally:
        store.close()


def root_fingerprint(request: bytes) -> str:
    """Returns the fingerprint of the root in a join request: what the agency's officers read out to others.

    Raises:
        MalformedError: not a join request.
    """
    first = parse(JoinRequest, request, FILE_LIMIT).statements
    if not first:
        raise MalformedError("not a join request")
    return fingerprint(parse_statement(first[0]).body)


def accept_answer(
    home: Home, answer: bytes, typed_fingerprint: str, endpoints: Sequence[str] = (), now: int | None = None
) -> Home:
    """Takes the operators' answer, after the hub's fingerprint was compared with them.

    Args:
        home: the home that applied.
        answer: the file.
        typed_fingerprint: 60 digits as an operator read them out.
        endpoints: hub processes, `host:port`; none for those the home has.
        now: Unix milliseconds UTC; None for this computer's time.

    Returns:
        The home with its new settings.

    Raises:
        VerificationError: the fingerprint is another one: nothing was taken.
        MalformedError: not an answer, or not to this home.
    """
    found = parse(JoinAnswer, answer, FILE_LIMIT)
    genesis = parse_statement(found.genesis)
    if found.version != 1 or genesis.kind != "hub_genesis":
        raise MalformedError("not an answer to a join request")
    if not same_fingerprint(typed_fingerprint, genesis.body):
        raise VerificationError("the fingerprint is not that of the hub: call an operator again")
    for certificate in found.certificates:
        _save_for_its_member(home, certificate)
    store = Store.open(home.store_path)
    try:
        with store.begin() as c:
            moment = time.time_ns() // 1_000_000 if now is None else now
            truststore.put_pin(c, Pin(HUB, genesis.digest, moment, ""))
            truststore.put_meta(c, "genesis", genesis.body)
    finally:
        store.close()
    return home.changed(hub_origin=genesis.origin, endpoints=tuple(endpoints) or home.endpoints)


def _save_for_its_member(home: Home, certificate: bytes) -> None:
    for member in home.members():
        try:
            save_certificate(home, member, certificate)
        except MalformedError:
            continue
        return
    raise MalformedError("a certificate is of no TLS key of this home")


def genesis_ca(store: Store) -> bytes:
    """Returns the hub's CA certificate, DER, from the pinned genesis.

    Raises:
        MalformedError: no genesis was pinned yet.
    """
    with store.begin() as c:
        body = truststore.get_meta(c, "genesis")
    if not body:
        raise MalformedError("this home has not joined a hub yet")
    content = parse_body(body)[3]
    if not isinstance(content, pb.HubGenesis):
        raise MalformedError("this home has not joined a hub yet")
    return content.tls_ca


@dataclass(frozen=True, slots=True)
class MemberRequest:
    """What a new member hands to its admin: public keys only."""

    member: str
    desk: str
    """Desk of the home that the keys lie in."""
    sign_key: bytes
    wrap_key: bytes
    csr: bytes
    """PKCS#10 request of its TLS key, DER."""


def member_request(home: Home, member: str, passphrase: bytes, floor: Cost = MODERATE) -> bytes:
    """Returns what a new member with a keyring in this home hands to its admin; makes its TLS key.

    Raises:
        MalformedError: no keyring of that member.
        CannotOpenError: wrong passphrase.
    """
    keyring = MemberKeyring.load(home, member, passphrase, floor)
    tls = create_tls_key(home, member, (keyring.wrap_kid, keyring.wrap.public))
    fields = {
        "version": 1,
        "member": member,
        "desk": home.desk,
        "sign_key": keyring.sign.public.hex(),
        "wrap_key": keyring.wrap.public.hex(),
        "csr": tls.request().hex(),
    }
    return json.dumps(fields, indent=1).encode()


def parse_member_request(data: bytes) -> MemberRequest:
    """Parses what a new member handed over.

    Raises:
        MalformedError: it is none.
    """
    try:
        fields = json.loads(data)
        found = MemberRequest(
            check_member(fields["member"]),
            check_desk(fields["desk"]),
            bytes.fromhex(fields["sign_key"]),
            bytes.fromhex(fields["wrap_key"]),
            bytes.fromhex(fields["csr"]),
        )
        version = fields["version"]
    except (ValueError, KeyError, TypeError):
        raise MalformedError("not a member's request") from None
    if version != 1 or agency_of(found.member) != agency_of(found.desk):
        raise MalformedError("not a member's request")
    request_spki(found.csr)
    return found
