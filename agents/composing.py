"""Composing: from what a person wants to say to a sealed, AUTHOR-signed envelope.

Steps: (1) a fresh head and one history; (2) recipients pinned, agreed with, and their present keys; (3) the leg admits
the verb; (4) the payload is complete; (5) times from the agreed profile; (6) sealed; (7) signed.

Never does: network, storage.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import uuid_utils
from comity.checks import agreement_for, check_profile, jurisdiction_of, onward_deadlines
from comity.directory import View
from comity.envelope import (
    BlobRef,
    Envelope,
    Header,
    Recipient,
    Signature,
    encode_header,
    parse_envelope,
    signing_bytes,
)
from comity.errors import Reason, RefusedError
from comity.header import Grant, GrantedBy
from comity.names import agency_of, check_desk
from comity.payload import Body, encode_payload, gaps, set_body
from comity.sealing import seal_content
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.actions import Signer
from comity.workflow.clocks import Deadlines
from comity.workflow.engine import RECALL_VERBS, allowed_verbs, check_counterparts
from comity.workflow.families import table_of
from comity.workflow.legs import Leg
from comity.workflow.profiles import load_profile
from comity.workflow.tables import AboutRule, ClockRule, People, Presence, PreviousRule, Rule
from comity.workflow.terms import Family, Precedence, Role, Side, SignatureRole, Verb
from comity.workflow.timers import settle

from agents.attachments import blob_refs
from agents.errors import IncompleteError
from agents.keys import Keys, KeyUse, find
from agents.trust import Trust

CHOSEN_END: Final = frozenset({Verb.REQUEST, Verb.FORWARD, Verb.CONVERT, Verb.EXTEND})
"""Verbs whose `lapses_at` a person chose: it is in the content, too, and stays when a draft is sealed anew."""


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
    lapses_at: int | None = None
    """None for the profile's where it must stand, and for none where it may."""
    family: Family = field(default=Family.REFERRAL)
    grant: Grant | None = None
    """GRANT_ONWARD: what it grants."""
    granted: GrantedBy | None = None
    """FORWARD: the grant that it uses."""
    blobs: tuple[BlobRef, ...] = ()
    """FORWARD: the original's sealed blobs, which are named beside the attachments."""


Judging = Callable[[Header, payload_pb2.Payload, Signer], None]
"""Holds the content against its rules, before it is sealed: header, payload and author. Raises where it breaks one."""


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


def compose(
    wish: Wish, trust: Trust, keys: Keys, *, desk: str, now: int, judging: Judging | None = None
) -> tuple[Envelope, bytes]:
    """Returns the AUTHOR-signed envelope and its content key.

    Args:
        wish: what to say.
        trust: what is verified.
        keys: of the author.
        desk: the sending desk.
        now: Unix milliseconds UTC.
        judging: the rules of its content.

    Raises:
        ContentRefusedError: `judging` refuses it; nothing was sealed.
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
    signer = _check_role(rule, view, keys, desk, now)
    payload = _payload(wish, trust.newest_note(), now)  # step 4
    times = _times(wish, rule, view, desk, now)  # step 5
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
        blobs=tuple(sorted({*blob_refs(wish.attachments), *wish.blobs}, key=lambda blob: blob.sha256)),
        joint=wish.joint,
        grant=wish.grant,
        granted=wish.granted,
    )
    opened, onward = (None, False) if wish.leg is None else (wish.leg.opened, bool(wish.leg.onward))
    check_profile(header, view, now, opening=wish.leg is None, opened=opened, onward=onward)
    if judging is not None:
        judging(header, payload, signer)
    data = encode_header(header)
    content = encode_payload(payload, wish.family, wish.verb, wish.precedence, now)
    sealed = seal_content(data, content, [(key_id, public) for _, key_id, public in recipients])  # step 6
    wire = envelope_pb2.Envelope(header=data, seal=sealed.seal, ciphertext=sealed.ciphertext)
    for (name, _, _), wrap in zip(recipients, sealed.wraps, strict=True):
        wire.wraps.add(desk=name, data=wrap)
    sign(wire, keys, SignatureRole.APPROVER if rule.people is People.SECOND else SignatureRole.AUTHOR)  # step 7
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
    leg = settle(wish.leg, now).leg
    rules = [rule for rule in table.find(wish.verb, side) if leg.state in rule.from_states]
    rules = [rule for rule in rules if wish.verb in allowed and leg.standing in rule.standings]
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


def _check_role(rule: Rule, view: View, keys: Keys, desk: str, now: int) -> Signer:
    record = view.member_key(find(keys, KeyUse.SIGN).kid, now)
    if record is None or desk not in record.desks:
        raise RefusedError(Reason.BAD_SIGNATURE, "this member's key is no live key of the desk")
    if rule.people is People.SECOND:
        fit = Role.APPROVER in record.roles and Role.AGENT not in record.roles
    else:
        fit = bool(record.roles & rule.who_may)
    if not fit:
        raise RefusedError(Reason.WRONG_ROLE, "this member's roles do not allow the verb", verb=rule.verb.name)
    role = SignatureRole.APPROVER if rule.people is People.SECOND else SignatureRole.AUTHOR
    return Signer(record.member, record.roles, role)


def _payload(wish: Wish, checkpoint: bytes, now: int) -> payload_pb2.Payload:
    payload = payload_pb2.Payload(
        version=1,
        handling=wish.handling,
        gossip=payload_pb2.Gossip(checkpoint=checkpoint),
        attachments=wish.attachments,
    )
    set_body(payload, wish.family, wish.verb, wish.body)
    found = gaps(payload, wish.family, wish.verb, wish.precedence, now)
    if found:
        raise IncompleteError(tuple(found))
    return payload


def _times(wish: Wish, rule: Rule, view: View, desk: str, now: int) -> Deadlines:
    """Returns the times, the profile's where nothing else is wished: of several profiles what all of them allow."""
    opened = None if wish.leg is None else wish.leg.opened
    agency = agency_of(desk)
    others = [agency_of(name) for name in wish.to if agency_of(name) != agency]
    if not others:
        raise RefusedError(Reason.NO_AGREEMENT, "there is nobody of another agency to send to")
    agreed = [_agreed(wish, view, (agency, other), now, opened) for other in others]
    deliver_by = max(found.deliver_by for found in agreed)
    answers = [found.respond_by for found in agreed if found.respond_by is not None]
    # The other sides have as long as the slowest calendar gives them, one's own as long as the quickest does.
    respond_by = (min if rule.clock is ClockRule.START_OWN else max)(answers, default=None)
    lapses_at = wish.lapses_at
    if lapses_at is None and rule.lapses is Presence.REQUIRED:
        # Where it need not stand it is a person's choice: nothing that binds ends by a default.
        lapses_at = min((found.lapses_at for found in agreed if found.lapses_at is not None), default=None)
    return Deadlines(wish.deliver_by or deliver_by, wish.respond_by or respond_by, lapses_at)


def _agreed(wish: Wish, view: View, ends: tuple[str, str], now: int, opened: int | None) -> Deadlines:
    """Returns the limits that two agencies agreed on; of a recall under a used grant the protocol's, if on none."""
    own, other = ends
    attached = bool(wish.attachments)
    opening = wish.leg is None
    try:
        found = agreement_for(
            view, own, other, now, family=wish.family, verb=wish.verb, opening=opening, attached=attached
        )
    except RefusedError:
        if wish.leg is None or not wish.leg.onward or wish.verb not in RECALL_VERBS:
            raise
        return onward_deadlines(wish.verb, now)
    return load_profile(found.profile_sha256).deadlines_for(
        wish.family,
        wish.verb,
        wish.precedence,
        now,
        opened,
        answering=jurisdiction_of(view, other),
        own=jurisdiction_of(view, own),
    )


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
    if wish.about or rule.about in (AboutRule.IF_ASKED, AboutRule.REPLACED):
        return wish.about
    if wish.leg is None:
        raise RefusedError(Reason.WRONG_ABOUT, "the verb is about a message: name it")
    if rule.about is AboutRule.ASKED:
        return wish.leg.question
    return wish.leg.recall if Verb.RECALL in rule.about_verbs else wish.leg.opening
