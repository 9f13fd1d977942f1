"""Sealing for many: the same payload to each subscriber, in an envelope of its own that names nobody else.

What is the same for all is made once: the payload, the signer's standing, an agreement's limits. Every envelope has a
copy for the sender's own desk: a home that was put back from an older copy reads there what it lacks, whoever leaves
meanwhile, and no subscriber sees by its own envelope whether there are others.

Never does: storage, network; choose who gets what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import uuid_utils
from comity.checks import agreement_for, jurisdiction_of
from comity.envelope import Header, Recipient, encode_header, message_hash, signing_bytes
from comity.errors import Reason, RefusedError
from comity.header import WatchlistPosition
from comity.names import agency_of
from comity.payload import Body, encode_payload, set_body
from comity.sealing import seal_content
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.clocks import Deadlines
from comity.workflow.families import table_of
from comity.workflow.profiles import load_profile
from comity.workflow.terms import Family, Precedence, SignatureRole, Verb

from agents.attachments import blob_refs
from agents.client import Client
from agents.keys import KeyUse, find

_AUTHOR: Final = envelope_pb2.SIGNATURE_ROLE_AUTHOR


@dataclass(frozen=True, slots=True)
class Said:
    """What one batch or snapshot says to all."""

    verb: Verb
    position: WatchlistPosition
    handling: payload_pb2.Handling
    body: Body
    attachments: tuple[payload_pb2.Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedOut:
    """One envelope, sealed and signed."""

    message_hash: bytes
    header: Header
    wire: envelope_pb2.Envelope


class Sealer:
    """Seals for one pass: under one head, by one member."""

    def __init__(self, client: Client) -> None:
        """Takes who acts.

        Raises:
            RefusedError: DIRECTORY_STALE, or WRONG_ROLE where this member may not publish for the desk.
            SplitViewError: a contradiction stands.
        """
        self._client, self._now = client, client.clock()
        self._head = client.trust.check_sealable()
        self._view = client.trust.view(self._head.directory_size)
        self._author = find(client.keys, KeyUse.SIGN).kid
        self._note = client.trust.newest_note()
        self._pinned = {pin.name for pin in client.trust.pins()}
        self._payloads: dict[tuple[Verb, bytes, int], bytes] = {}
        self._limits: dict[tuple[str, Verb], Deadlines] = {}
        self._check_role()

    def seal(self, said: Said, desk: str, case_id: bytes) -> SealedOut:
        """Returns the envelope of one subscriber, with a copy for this desk where it has a key.

        Args:
            said: what it says.
            desk: of the subscriber.
            case_id: the subscription.

        Raises:
            RefusedError: NO_AGREEMENT: no agreement, no key of that desk, or its agency was not compared here.
        """
        agency = agency_of(desk)
        key = self._view.desk_key(desk, self._now)
        if key is None or (agency not in self._pinned and agency != self._client.agency):
            raise RefusedError(Reason.NO_AGREEMENT, "no agreement covers this desk, or it was not compared here")
        keys = {desk: key}
        if (own := self._view.desk_key(self._client.desk, self._now)) is not None:
            keys[self._client.desk] = own
        recipients = tuple(Recipient(name, keys[name].kid) for name in sorted(keys, key=str.encode))
        limits = self._limits_of(agency, said)
        header = Header(
            origin=self._client.trust.exchange_origin,
            envelope_id=uuid_utils.uuid7().bytes,
            family=Family.WATCHLIST,
            verb=said.verb,
            case_id=case_id,
            previous=b"",
            about=b"",
            sender=self._client.desk,
            recipients=recipients,
            author=self._author,
            precedence=Precedence.ROUTINE,
            created=self._now,
            deliver_by=limits.deliver_by,
            respond_by=limits.respond_by or 0,
            lapses_at=limits.lapses_at or 0,
            directory_size=self._head.directory_size,
            directory_root=self._head.directory_root,
            blobs=blob_refs(said.attachments),
            watchlist=said.position,
        )
        data = encode_header(header)
        sealed = seal_content(
            data, self._payload(said), [(keys[one.desk].kid, keys[one.desk].key) for one in recipients]
        )
        wire = envelope_pb2.Envelope(header=data, seal=sealed.seal, ciphertext=sealed.ciphertext)
        for one, wrap in zip(recipients, sealed.wraps, strict=True):
            wire.wraps.add(desk=one.desk, data=wrap)
        sig = self._client.keys.sign(self._author, signing_bytes(data, sealed.seal, SignatureRole.AUTHOR))
        wire.signatures.add(kid=self._author, role=_AUTHOR, sig=sig)
        return SealedOut(message_hash(data, sealed.seal), header, wire)

    def _payload(self, said: Said) -> bytes:
        key = (said.verb, said.position.list_id, said.position.sequence)
        if key not in self._payloads:
            payload = payload_pb2.Payload(
                version=1,
                handling=said.handling,
                gossip=payload_pb2.Gossip(checkpoint=self._note),
                attachments=said.attachments,
            )
            set_body(payload, Family.WATCHLIST, said.verb, said.body)
            self._payloads[key] = encode_payload(payload, Family.WATCHLIST, said.verb, Precedence.ROUTINE)
        return self._payloads[key]

    def _limits_of(self, agency: str, said: Said) -> Deadlines:
        found = self._limits.get((agency, said.verb))
        if found is None:
            own = self._client.agency
            if agency == own:
                raise RefusedError(Reason.NO_AGREEMENT, "there is nobody of another agency to send to")
            agreed = agreement_for(
                self._view,
                own,
                agency,
                self._now,
                family=Family.WATCHLIST,
                verb=said.verb,
                opening=False,
                attached=bool(said.attachments),
            )
            profile = load_profile(agreed.profile_sha256)
            found = profile.deadlines_for(
                Family.WATCHLIST,
                said.verb,
                Precedence.ROUTINE,
                self._now,
                self._now,
                answering=jurisdiction_of(self._view, agency),
                own=jurisdiction_of(self._view, own),
            )
            self._limits[agency, said.verb] = found
        return found

    def _check_role(self) -> None:
        record = self._view.member_key(self._author, self._now)
        may = next(rule.who_may for rule in table_of(Family.WATCHLIST).rules if rule.verb is Verb.PUBLISH)
        if record is None or self._client.desk not in record.desks or not record.roles & may:
            raise RefusedError(Reason.WRONG_ROLE, "this member may not publish for the desk")
