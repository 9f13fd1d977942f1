"""An agency's admin: members, desk keys, revocations, agreements. Every act is a signed statement of the directory.

Each is signed with the root where it was opened for this, else with the acting member's own key; what the directory
does not let that key say is refused there, by every client alike. A statement is remembered here before it is sent, so
that the monitor knows what this agency said itself.

Never does: keep the root; state anything unattended but renewals (`agents/renewal.py`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Final

from comity.directory import parse_statement, sign_body
from comity.directory.statements import DAY_MS, Content, Position, make_body
from comity.encoding import serialise
from comity.errors import MalformedError, Reason, RefusedError
from comity.names import agency_of, check_member
from comity.tls import request_spki, spki_sha256_of_certificate
from comity.v1 import directory_pb2 as pb
from comity.v1.draft_pb2 import JoinAnswer
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import Family, Role

from agents import truststore
from agents.client import Client
from agents.granting import Granting
from agents.joining import DELEGATION_DAYS, MEMBER_DAYS, TRANSPORT_DAYS, MemberRequest, parse_member_request
from agents.keyring import RootKeyring
from agents.keys import KeyUse, find
from agents.parting import demotes, desks_behind, leaves
from agents.rotation import Rotation
from agents.stating import Stating
from agents.transport import create_tls_key, save_certificate

_BACKDATE_MS: Final = 60_000


class Admin:
    """Acts for the client's agency."""

    def __init__(self, client: Client, root: RootKeyring | None = None) -> None:
        """Takes an open client, and the root where it was opened for this."""
        self._client, self._root = client, root
        self._granting, self._stating = Granting(client, root), Stating(client, root)
        self._rotation = Rotation(client, root)

    # --- members

    async def certify(
        self,
        request: bytes,
        *,
        roles: Sequence[Role],
        desks: Sequence[str] = (),
        valid_days: int = MEMBER_DAYS,
    ) -> str:
        """Certifies a member: keys, roles, TLS key and certificate, and the desk's keys.

        Where that ends that somebody is an admin, or works at this desk, the desk gets a new key and archive key at
        once, like after a revocation; `behind` names the other desks that need the same.

        Args:
            request: what the member handed over (`joining.member_request`).
            roles: an admin's needs the root.
            desks: none for the desk of the member's home.
            valid_days: for how long.

        Returns:
            The member.

        Raises:
            RefusedError: WRONG_ROLE: who acts would part by it and could not make the keys: a colleague must do it.
        """
        found = parse_member_request(request)
        if agency_of(found.member) != self._client.agency:
            raise MalformedError("the member is of another agency")
        wanted = sorted(set(desks or [found.desk]))
        parting = await self._prepare_parting(found.member, wanted, roles)
        begin = self._now() - _BACKDATE_MS
        spki = self._remember_transport(found)
        await self._state(
            pb.MemberCertified(
                member=found.member,
                desks=wanted,
                roles=sorted({int(role) for role in roles}),  # type: ignore[misc] # the numbers are the proto's
                sign_key=found.sign_key,
                wrap_key=found.wrap_key,
                valid_from=begin,
                valid_until=begin + valid_days * DAY_MS,
            ),
            *(
                [
                    pb.TransportKey(
                        desk=found.desk, spki_sha256=spki, valid_from=begin, valid_until=begin + TRANSPORT_DAYS * DAY_MS
                    )
                ]
                if found.desk in wanted
                else []
            ),
            *self._ended_transport(found.member, wanted, begin),
        )
        if parting:
            await self.publish_desk_key(at_once=True)
        if found.desk not in wanted:
            return found.member
        if found.member in self._client.home.members():
            certificate = await self._client.session.issue_certificate(found.csr)
            save_certificate(self._client.home, found.member, certificate)
        if found.desk == self._client.desk:
            self.grant(found.member)
        return found.member

    def behind(self) -> list[str]:
        """Returns this agency's desks whose keys must be new ones since somebody left, and are not yet."""
        return desks_behind(self._client.directory(), self._client.agency, self._now())

    async def _prepare_parting(self, member: str, desks: Sequence[str], roles: Sequence[Role]) -> bool:
        """Makes sure that a parting can be followed by new keys. Returns whether it is one from this home's desk."""
        client = self._client
        await client.refresh()
        view, desk = client.directory(), client.desk
        demoted = demotes(view, member, roles)
        if not demoted and not leaves(view, member, desk, desks):
            return False
        if member == client.member and (desk not in desks or self._root is None):
            raise RefusedError(Reason.WRONG_ROLE, "who acts could not make the desk's new keys afterwards")
        self._granting.sign_again([record.sign_kid for record in view.certificates(member)])
        return True

    def _ended_transport(self, member: str, kept: Sequence[str], effective: int) -> list[pb.Revoked]:
        """Returns the end of a member's TLS keys at every desk but those kept."""
        reason, kids = pb.REVOCATION_REASON_SUPERSEDED, self._transport_kids(member, kept)
        return [pb.Revoked(kid=key_id, reason=reason, effective=effective) for key_id in kids]

    async def answer(self, request: bytes) -> bytes:
        """Returns what a certified member with a home of its own accepts there (`joining.accept_answer`)."""
        found = parse_member_request(request)
        self._remember_transport(found)
        certificate = await self._client.session.issue_certificate(found.csr)
        return serialise(JoinAnswer(version=1, genesis=self._client.trust.genesis(), certificates=[certificate]))

    def grant(self, member: str) -> list[bytes]:
        """Grants the keys of the desk that are held here to a member, see `Granting.grant`."""
        return self._granting.grant(member)

    def lacks(self, member: str) -> bool:
        """Returns whether a member of this home lacks a key of the desk, see `Granting.lacks`."""
        return self._granting.lacks(member)

    async def revoke(self, what: str | bytes, reason: int, *, suspect_from: int = 0) -> None:
        """Ends a member's keys, or one key by its id; makes a new desk key and archive key without that member at once.

        If this stops after the revocation, `publish_desk_key` or the next renewal (`agents/renewal.py`) makes the keys.

        Args:
            what: member id, or key id.
            reason: why.
            suspect_from: Unix milliseconds UTC from which mail under the key is suspect; 0 where none is.
        """
        kids = [what] if isinstance(what, bytes) else self._kids_of(what)
        effective = self._now() - _BACKDATE_MS
        await self._client.refresh()
        self._granting.sign_again(kids)
        await self._state(
            *(
                pb.Revoked(kid=k, reason=reason, effective=effective, suspect_from=suspect_from)  # type: ignore[arg-type] # a number
                for k in kids
            )
        )
        await self.publish_desk_key(at_once=True)

    def _kids_of(self, member: str) -> list[bytes]:
        """Returns the key ids of a member: signing, opening, and the TLS keys that this home knows to be theirs."""
        record = self._client.directory().member(check_member(member), self._now())
        if record is None:
            raise RefusedError(Reason.NOT_FOUND, "no such live member in the directory")
        return [record.sign_kid, record.wrap_kid, *self._transport_kids(member)]

    def _remember_transport(self, found: MemberRequest) -> bytes:
        """Keeps whose a TLS key is: it may lie in a home of its own, and the directory names its desk only.

        Returns:
            SHA-256 of its public key, as a TransportKey statement registers it.
        """
        spki = hashlib.sha256(request_spki(found.csr)).digest()
        with self._client.store.begin() as c:
            truststore.add_member_tls(c, found.member, spki)
        return spki

    def _transport_kids(self, member: str, kept: Sequence[str] = ()) -> list[bytes]:
        """Returns the key ids of a member's TLS keys that are still good, at every desk but those kept.

        They are those that this home holds for the member, and those that were certified or answered here.
        """
        client, view = self._client, self._client.directory()
        spkis = {spki_sha256_of_certificate(file.read_bytes()) for file in client.home.tls_path(member).glob("*.pem")}
        with client.store.begin() as c:
            spkis |= truststore.member_tls(c, member)
        worked = {desk for record in view.certificates(member) for desk in record.desks}
        keys = [key for desk in sorted((worked | {client.desk}) - set(kept)) for key in view.transport_keys(desk)]
        return sorted({key.kid for key in keys if key.spki_sha256 in spkis and not view.blocked(key.kid)})

    async def dispute(self, key_id: bytes) -> None:
        """Blocks a key that bears this agency's name without its will."""
        await self._state(pb.KeyDisputed(kid=key_id))

    async def delegate(self, member: str, *, desk: str = "", valid_days: int = DELEGATION_DAYS) -> None:
        """Lets a member, best an agent, renew a desk's keys unattended; this home's desk unless another is named."""
        record = self._client.directory().member(check_member(member), self._now())
        if record is None:
            raise RefusedError(Reason.NOT_FOUND, "no such live member in the directory")
        begin = self._now() - _BACKDATE_MS
        await self._state(
            pb.RotationDelegated(
                desk=desk or self._client.desk,
                kid=record.sign_kid,
                valid_from=begin,
                valid_until=begin + valid_days * DAY_MS,
            )
        )

    async def contact(self, *, telephone: str, hours: str, languages: Sequence[str]) -> None:
        """Publishes the desk's duty telephone."""
        await self._state(
            pb.DutyContact(desk=self._client.desk, telephone=telephone, hours=hours, languages=list(languages))
        )

    # --- keys

    async def publish_desk_key(self, *, at_once: bool = False) -> int:
        """Makes the desk's next key, grants it to every live member of the desk, and publishes it. Returns its epoch.

        Makes an archive key too where one is due (`Archive.due`).

        Args:
            at_once: it begins now, as after somebody left, and epochs that have not begun are revoked where who acts
                may; else a day ahead, so that everybody has it in time.

        Raises:
            RefusedError: BUSY: another process of this home is at it.
        """
        return await self._rotation.publish(at_once=at_once)

    def may_revoke_keys(self) -> bool:
        """Returns whether a key that is published at once really begins then, see `Rotation.may_revoke`."""
        return self._rotation.may_revoke()

    def renew_archive(self) -> bool:
        """Makes a new archive key where one is due. Returns whether it did."""
        return self._granting.renew_archive()

    async def rotate_transport_key(self) -> None:
        """Gives this member a new TLS key. The old one stays good beside it, so no call fails in between."""
        client, wrap = self._client, find(self._client.keys, KeyUse.WRAP)
        key = create_tls_key(client.home, client.member, (wrap.kid, wrap.public))
        await self.register_transport_key(key.spki_sha256)
        certificate = await client.session.issue_certificate(key.request())
        save_certificate(client.home, client.member, certificate)
        await client.reconnect()

    async def register_transport_key(self, spki_sha256: bytes) -> None:
        """Registers a TLS key for the desk, anew or for longer."""
        begin = self._now() - _BACKDATE_MS
        await self._state(
            pb.TransportKey(
                desk=self._client.desk,
                spki_sha256=spki_sha256,
                valid_from=begin,
                valid_until=begin + TRANSPORT_DAYS * DAY_MS,
            )
        )

    # --- agreements

    def propose_agreement(
        self,
        other: str,
        *,
        families: Sequence[Family],
        legal_basis: str,
        valid_until: int,
        direction: int = 1,
        profile_sha256: bytes | None = None,
    ) -> bytes:
        """Returns an agreement signed by this side, to be handed to the other.

        Args:
            other: the other agency.
            families: what is covered.
            legal_basis: in words, public to members.
            valid_until: Unix milliseconds UTC.
            direction: 1 both may open cases, 2 only the agency whose id comes first, 3 only the other.
            profile_sha256: of the deadline profile; None for the standard one.
        """
        first, second = sorted((self._client.agency, other))
        content = pb.AgreementSigned(
            id=os.urandom(16),
            first=first,
            second=second,
            families=sorted({int(family) for family in families}),  # type: ignore[misc] # the numbers are the proto's
            direction=direction,  # type: ignore[arg-type] # the numbers are the proto's
            legal_basis=legal_basis,
            valid_until=valid_until,
            profile_sha256=profile_sha256 or standard_profile().sha256,
        )
        view = self._client.directory()
        positions = [Position(agency, *view.position(agency)) for agency in (first, second)]
        body = make_body(self._client.home.hub_origin, positions, content)
        self._client.trust.expect([body])
        return sign_body(body, [self._stating.sign(body)])

    def read_agreement(self, data: bytes) -> pb.AgreementSigned:
        """Returns what a proposed agreement says.

        Raises:
            MalformedError: not an agreement, or not one of this agency.
        """
        content = parse_statement(data).content
        if not isinstance(content, pb.AgreementSigned) or self._client.agency not in (content.first, content.second):
            raise MalformedError("not an agreement of this agency")
        return content

    async def accept_agreement(self, data: bytes) -> bytes:
        """Signs the other side's proposal and publishes it. Returns the agreement's id.

        Raises:
            RefusedError: STALE_POSITION: one side has stated something since: propose anew.
            UnpinnedError: the other side's fingerprint was not compared here.
        """
        content = self.read_agreement(data)
        statement = parse_statement(data)
        other = content.second if content.first == self._client.agency else content.first
        await self._client.refresh()
        self._client.trust.check_pinned(other)
        signed = sign_body(statement.body, [*statement.signatures, self._stating.sign(statement.body)])
        self._client.trust.expect([statement.body])
        await self._stating.append([signed], self._client.directory().size, [statement.digest])
        return content.id

    async def end_agreement(self, agreement_id: bytes) -> None:
        """Ends an agreement, from this side alone."""
        await self._state(pb.AgreementEnded(id=agreement_id))

    # --- how

    def _now(self) -> int:
        return self._client.clock()

    async def _state(self, *contents: Content) -> None:
        """Signs statements in this agency's chain and publishes them, all or none."""
        await self._stating.state(lambda: contents)
