"""What the log says of grants: GRANT_USED and GRANT_REVOKED, believed only with proof.

The hub's word alone moves nothing. That a grant was used is proved by the FORWARD's own header: it hashes to what the
event names, carries this very grant, and two people of the holder's desk have signed it. That one was revoked is proved
by the REVOKE_GRANT, which both sides hold; a recall, which ends one as well, is told by itself.

Never does: decide what follows from a claim without proof; the caller raises the alarm.
"""

from __future__ import annotations

from comity.directory import View
from comity.envelope import Header, Signature, message_hash, parse_header, signing_bytes
from comity.errors import MalformedError, RefusedError
from comity.grants import check_granted, leg_made_by, recallable
from comity.keys import verify
from comity.receipts import Event, EventKind
from comity.v1 import envelope_pb2
from comity.workflow.actions import Signer
from comity.workflow.engine import apply_forwarded
from comity.workflow.signers import check_people
from comity.workflow.tables import ORDINARY, People
from comity.workflow.terms import SignatureRole, Verb
from comity.workflow.timers import settle
from sqlalchemy import Connection

from agents import mailstore
from agents.cases import header_of, leg_between
from agents.mailstore import Message
from agents.onward import rows
from agents.onward.receiving import put_forward, put_onward_leg
from agents.verifying import Item

GRANT_EVENTS = frozenset({EventKind.GRANT_USED, EventKind.GRANT_REVOKED})
"""What the log says of grants."""


def take_grant_event(c: Connection, item: Item, message: Message) -> bool:
    """Takes what the log says of a grant.

    Args:
        c: of the item's one transaction.
        item: verified.
        message: the GRANT_ONWARD that it is about.

    Returns:
        False where it is not proved, or should not have been taken: then nothing happens.
    """
    event = item.verified.event
    if message.verb is not Verb.GRANT_ONWARD:
        return False
    if event.kind is EventKind.GRANT_REVOKED:
        return _revoked(c, item, message)
    if not message.outgoing:
        used = rows.forward(c, event.other_hash)
        own = mailstore.message(c, event.other_hash)
        return used is not None and used.grant_hash == event.message_hash and own is not None and own.outgoing
    header = _proof(item.wire.envelope, event, item.view, item.time)
    return header is not None and _used(c, header, event, item.time)


def _revoked(c: Connection, item: Item, message: Message) -> bool:
    """Takes the end of a grant, by what its originator has signed, whatever this home made of that when it came."""
    event, found = item.verified.event, rows.grant(c, item.verified.event.message_hash)
    by = mailstore.message(c, event.other_hash)
    used = found is not None and bool(found.used_by)
    if used or by is None or (by.verb, by.sender) != (Verb.REVOKE_GRANT, message.sender):
        return False
    if header_of(by).about != event.message_hash:
        return False
    rows.revoke_grant(c, event.message_hash, event.other_hash, item.time)
    return True


def use_own_grant(c: Connection, header: Header, forward_hash: bytes, at: int) -> None:
    """Keeps what this desk's own FORWARD does, once it is in the log.

    Args:
        c: of the item's one transaction.
        header: of the FORWARD.
        forward_hash: its message hash.
        at: the leaf's time, Unix milliseconds UTC.

    Raises:
        RefusedError: NO_GRANT: the original had been taken back.
    """
    granted = header.granted
    if granted is None or granted.header.grant is None:
        return
    original = mailstore.message(c, granted.header.grant.original_hash)
    verb = None if original is None else original.verb
    put_forward(c, header, forward_hash, proved=True, verb=verb)
    rows.use_grant(c, granted.message_hash, forward_hash, at)
    _mark_forwarded(c, granted.header, header, at)


def _used(c: Connection, header: Header, event: Event, at: int) -> bool:
    """Takes the proved use of this desk's own grant.

    Returns:
        False where it was used or revoked before, or where no recall would reach the new desk.
    """
    granted, known = header.granted, rows.grant(c, event.message_hash)
    if granted is None or known is None or known.revoked_by or known.used_by not in (b"", event.other_hash):
        return False
    made = leg_made_by(header, event.other_hash)
    if not recallable(made, leg_between(c, made.case_id, made.originator, made.recipient)):
        return False
    try:
        _mark_forwarded(c, granted.header, header, at)
    except RefusedError:
        return False
    original = mailstore.message(c, known.original_hash)
    put_forward(c, header, event.other_hash, proved=True, verb=None if original is None else original.verb)
    rows.use_grant(c, event.message_hash, event.other_hash, at)
    put_onward_leg(c, header, event.other_hash)
    return True


def _mark_forwarded(c: Connection, grant: Header, forward: Header, at: int) -> None:
    leg = leg_between(c, grant.case_id, grant.sender, forward.sender)
    if leg is not None:
        mailstore.put_leg(c, apply_forwarded(settle(leg, at).leg, forward))


def _proof(wire: envelope_pb2.Envelope, event: Event, view: View, at: int) -> Header | None:
    """Returns the header of the FORWARD that used a grant, None where what came does not prove it."""
    try:
        header = parse_header(wire.header)
        signatures = [Signature(s.kid, SignatureRole(s.role), s.sig) for s in wire.signatures]
    except (MalformedError, ValueError):
        return None
    granted = header.granted
    if message_hash(wire.header, wire.seal) != event.other_hash or granted is None:
        return None
    if (header.verb, granted.message_hash) != (Verb.FORWARD, event.message_hash):
        return None
    people = []
    for signature in signatures:
        record = view.member_key(signature.kid, at)
        data = signing_bytes(wire.header, wire.seal, signature.role)
        if record is None or header.sender not in record.desks or not verify(record.sign_key, data, signature.sig):
            return None
        people.append(Signer(record.member, record.roles, signature.role))
    try:
        check_granted(header, at)
        check_people(people, header.sender, People.TWO, ORDINARY)
    except RefusedError:
        return None
    return header
