"""Composing: from what a person wants to say to a sealed, AUTHOR-signed envelope.

Steps: (1) a fresh head and one history; (2) recipients pinned, agreed with, and their present keys; (3) the leg admits
the verb; (4) the payload is complete; (5) times from the agreed profile; (6) sealed; (7) signed.

Never does: network, storage.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import uuid_utils
from comity.checks import agreement_for, check_profile
from comity.directory import View
from comity.envelope import Envelope, Header, Recipient, Signature, encode_header, parse_envelope, signing_bytes
from comity.errors import Reason, RefusedError
from comity.names import agency_of, check_desk
from comity.payload import Body, encode_payload, gaps, set_body
from comity.sealing import seal_content
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.clocks import Deadlines, load_profile
from comity.workflow.engine import allowed_verbs, check_counterparts
from comity.workflow.families import table_of
from comity.workflow.legs import Leg
from comity.workflow.tables import AboutRule, PreviousRule, Rule
from comity.workflow.terms import Family, Precedence, Side, SignatureRole, Verb

from agents.attachments import blob_refs
from agents.errors import IncompleteError
from agents.keys import Keys, KeyUse, find
from agents.trust import Trust


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to say."""

    verb: Verb
    body: Body
    handling: payload_pb2.Handling
    to: tuple[str, ...]
    """Desks addressed, without the own copy."""
    leg: Leg | None
    """None where the verb opens a case."""
    precedence: Precedence = Precedence.ROUTINE
    attachments: tuple[payload_pb2.Attachment, ...] = ()
    about: bytes = b""
    joint: bool = False
    deliver_by: int | None = None
    """None for the profile's."""
    respond_by: int | None = None
    """None for the profile's."""
    family: Family = field(default=Family.REFERRAL)


def default_handling() -> payload_pb2.Handling:
    """Returns what holds where nobody says otherwise: for the recipient's own use, as intelligence, ask before more."""
    return payload_pb2.Handling(
        tlp=payload_pb2.TLP_AMBER,
        code=payload_pb2.HANDLING_CODE_H0,
        source_grade=payload_pb2.SOURCE_GRADE_X,
        information_grade=payload_pb2.INFORMATION_GRADE_4,
        permitted_action=payload_pb2.PERMITTED_ACTION_INTERNAL,
        evidential_use=payload_pb2.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
        onward=payload_pb2.ONWARD_ASK,
    )


def compose(wish: Wish, trust: Trust, keys: Keys, desk: str, now: int) -> tuple[Envelope, bytes]:
    """Returns the AUTHOR-signed envelope and its content key.

    Args:
        wish: what to say.
        trust: what is verified.
        keys: of the author.
        desk: the sending desk.
        now: Unix milliseconds UTC.

    Raises:
        RefusedError: DIRECTORY_STALE, NO_AGREEMENT, WRONG_STATE, WRONG_ROLE, WRONG_ABOUT and the like.
        UnpinnedError: a recipient's agency was not pinned.
        IncompleteError: the payload has gaps.
    """
    head = trust.check_sealable()  # step 1
    view = trust.view(head.directory_size)
    check_counterparts(wish.family, wish.verb, wish.to, joint=wish.joint)
    for name in wish.to:  # step 2
        trust.check_pinned(agency_of(check_desk(name)))
    rule = _rule(wish, desk, now)  # step 3
    _check_role(rule, view, keys, desk, now)
    payload = _payload(wish, trust.newest_note())  # step 4
    times = _times(wish, view, desk, now)  # step 5
    recipients = tuple(_recipient(view, name, now) for name in sorted({*wish.to, desk}))
    author = find(keys, KeyUse.SIGN).kid
    header = Header(
        origin=trust.exchange_origin,
        envelope_id=uuid_utils.uuid7().bytes,
        family=wish.family,
        verb=wish.verb,
        case_id=os.urandom(16) if wish.leg is None else wish.leg.case_id,
        previous=wish.leg.previous if wish.leg is not None and rule.previous is PreviousRule.LAST else b"",
        about=_about(wish, rule),
        sender=desk,
        recipients=tuple(Recipient(name, key_id) for name, key_id, _ in recipients),
        author=author,
        precedence=wish.precedence,
        created=now,
        deliver_by=times.deliver_by,
        respond_by=times.respond_by or 0,
        lapses_at=times.lapses_at or 0,
        directory_size=head.directory_size,
        directory_root=head.directory_root,
        blobs=blob_refs(wish.attachments),
        joint=wish.joint,
    )
    check_profile(header, view, now, opening=wish.leg is None, opened=None if wish.leg is None else wish.leg.opened)
    data = encode_header(header)
    sealed = seal_content(data, payload, [(key_id, public) for _, key_id, public in recipients])  # step 6
    wire = envelope_pb2.Envelope(header=data, seal=sealed.seal, ciphertext=sealed.ciphertext)
    for (name, _, _), wrap in zip(recipients, sealed.wraps, strict=True):
        wire.wraps.add(desk=name, data=wrap)
    sign(wire, keys, SignatureRole.AUTHOR)  # step 7
    return parse_envelope(wire), sealed.content_key


def sign(wire: envelope_pb2.Envelope, keys: Keys, role: SignatureRole) -> Signature:
    """Adds the member's signature in a role to an envelope."""
    entry = find(keys, KeyUse.SIGN)
    sig = keys.sign(entry.kid, signing_bytes(wire.header, wire.seal, role))
    wire.signatures.add(kid=entry.kid, role=int(role), sig=sig)
    return Signature(entry.kid, role, sig)


def _rule(wish: Wish, desk: str, now: int) -> Rule:
    """Returns the row by which the verb may be sent now."""
    table = table_of(wish.family)
    if wish.leg is None:
        opening = table.opening(wish.verb)
        if opening is None:
            raise RefusedError(Reason.UNKNOWN_CASE, "the verb answers a case: name it")
        return opening
    side = wish.leg.side_of(desk) or Side.ORIGINATOR
    allowed = allowed_verbs(wish.leg, side, now)
    rules = [rule for rule in table.find(wish.verb, side) if wish.verb in allowed]
    if not rules:
        if any(rule.needs_grant and wish.leg.state in rule.from_states for rule in table.find(wish.verb, side)):
            raise RefusedError(Reason.NO_GRANT, "the verb needs an onward grant", verb=wish.verb.name)
        raise RefusedError(
            Reason.WRONG_STATE,
            "the case's state does not admit the verb from this side",
            state=wish.leg.state,
            allowed=",".join(verb.name for verb in allowed),
        )
    return rules[0]


def _check_role(rule: Rule, view: View, keys: Keys, desk: str, now: int) -> None:
    record = view.member_key(find(keys, KeyUse.SIGN).kid, now)
    if record is None or desk not in record.desks:
        raise RefusedError(Reason.BAD_SIGNATURE, "this member's key is no live key of the desk")
    if not record.roles & rule.who_may:
        raise RefusedError(Reason.WRONG_ROLE, "this member's roles do not allow the verb", verb=rule.verb.name)


def _payload(wish: Wish, checkpoint: bytes) -> bytes:
    payload = payload_pb2.Payload(
        version=1,
        handling=wish.handling,
        gossip=payload_pb2.Gossip(checkpoint=checkpoint),
        attachments=wish.attachments,
    )
    set_body(payload, wish.verb, wish.body)
    found = gaps(payload, wish.verb, wish.precedence)
    if found:
        raise IncompleteError(tuple(found))
    return encode_payload(payload, wish.verb, wish.precedence)


def _times(wish: Wish, view: View, desk: str, now: int) -> Deadlines:
    """Returns the times, the profile's where nothing else is wished: of several profiles what all of them allow."""
    opened = None if wish.leg is None else wish.leg.opened
    agency = agency_of(desk)
    agreements = [
        agreement_for(
            view,
            agency,
            agency_of(name),
            now,
            family=wish.family,
            verb=wish.verb,
            opening=wish.leg is None,
            attached=bool(wish.attachments),
        )
        for name in wish.to
        if agency_of(name) != agency
    ]
    if not agreements:
        raise RefusedError(Reason.NO_AGREEMENT, "there is nobody of another agency to send to")
    agreed = [
        load_profile(found.profile_sha256).deadlines_for(wish.family, wish.verb, wish.precedence, now, opened)
        for found in agreements
    ]
    longest = max(agreed, key=lambda found: found.respond_by or 0)
    lapses_at = min((found.lapses_at for found in agreed if found.lapses_at is not None), default=None)
    return Deadlines(wish.deliver_by or longest.deliver_by, wish.respond_by or longest.respond_by, lapses_at)


def _recipient(view: View, name: str, now: int) -> tuple[str, bytes, bytes]:
    key = view.desk_key(name, now)
    if key is None:
        raise RefusedError(Reason.NO_AGREEMENT, "no agreement covers this desk, or it has no key now")
    return name, key.kid, key.key


def _about(wish: Wish, rule: Rule) -> bytes:
    if rule.about is AboutRule.ABSENT:
        if wish.about:
            raise RefusedError(Reason.WRONG_ABOUT, "the verb is about no message")
        return b""
    if wish.about:
        return wish.about
    if wish.leg is None:
        raise RefusedError(Reason.WRONG_ABOUT, "the verb is about a message: name it")
    return wish.leg.recall if Verb.RECALL in rule.about_verbs else wish.leg.opening
