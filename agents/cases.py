"""Cases on this side: the same workflow engine as the hub's, fed with the bytes.

Never does: trust the hub's word for a state.
"""

from __future__ import annotations

from dataclasses import replace

from comity.checks import Signer, no_agreement
from comity.directory import View
from comity.envelope import Envelope, Header, parse_header
from comity.names import agency_of
from comity.receipts import EventKind
from comity.v1 import envelope_pb2
from comity.workflow import actions
from comity.workflow.actions import AboutFacts, Action
from comity.workflow.clocks import Profile
from comity.workflow.engine import allowed_verbs
from comity.workflow.families import TABLES, table_of
from comity.workflow.legs import Leg
from comity.workflow.profiles import load_profile
from comity.workflow.terms import Family, Side, SignatureRole, State, Verb
from comity.workflow.timers import settle
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.onward.rows import forwards_of, never_read
from agents.records import CaseInfo


def leg_between(c: Connection, case_id: bytes, one: str, other: str) -> Leg | None:
    """Returns the leg of a case between two desks, whichever opened it, or None."""
    return next((leg for leg in rows.legs(c, case_id) if {leg.originator, leg.recipient} == {one, other}), None)


def action_of(
    envelope: Envelope, signers: tuple[Signer, ...], view: View, counterpart: str, *, granted: bool = False
) -> Action:
    """Returns an envelope as seen from one leg, without what `about` names.

    Args:
        envelope: verified.
        signers: the people behind it.
        view: the directory that counts.
        counterpart: the other desk of the leg.
        granted: an onward grant that it carries was verified.
    """
    header = envelope.header
    sender, other = view.agency(header.sender_agency), view.agency(agency_of(counterpart))
    if sender is None or other is None:
        raise no_agreement()
    return actions.action_of(
        header,
        envelope.message_hash,
        signers,
        counterpart=counterpart,
        sender_kind=sender.kind,
        counterpart_kind=other.kind,
        about_facts=None,
        granted=granted,
    )


def with_about(c: Connection, action: Action) -> Action:
    """Returns an action with the facts of the message that its `about` names.

    They are known if that is one of the same leg, or if its sender, whose action it is, let it reach the other desk by
    a grant: that desk has it in a FORWARD.
    """
    if not action.about:
        return action
    found = rows.message(c, action.about)
    if found is not None and found.case_id == action.case_id:
        header = header_of(found)
        if {action.sender, action.counterpart} <= {header.sender, *header.counterparts}:
            return replace(action, about_facts=AboutFacts(found.sender, found.verb, found.author))
    passed = (action.case_id, action.sender, action.counterpart)
    for row in forwards_of(c, action.about):
        if (row.original_case, row.originator, row.new_desk) == passed:
            return replace(action, about_facts=AboutFacts(row.originator, row.verb, ""))
    return action


def unread_leg(c: Connection, header: Header, desk: str) -> Leg | None:
    """Returns the leg of a case whose opening never came here to be read, only its tombstone; or None.

    Either a withdrawal ends it; or a recall is of what another desk passed on, which makes that leg: whoever never had
    it can still say so.

    Args:
        c: to look with.
        header: of the envelope that came for an unknown case.
        desk: this desk.
    """
    onward = b""
    passed_on = header.verb is Verb.RECALL and opens_case(header.family, Verb.FORWARD)
    if passed_on and rows.message(c, header.about) is None and never_read(c):
        onward = header.about  # which FORWARD it was is not known
    elif header.verb is Verb.WITHDRAW:
        told = [event.kind for event in rows.events(c, [header.about])]
        if EventKind.SUBMITTED not in told or rows.message(c, header.about):
            return None
    else:
        return None
    return Leg(
        originator=header.sender,
        case_id=header.case_id,
        recipient=desk,
        family=header.family,
        state=State.FORWARDED if onward else State.SENT,
        revision=1,
        opening=header.about,
        previous=header.about,
        opened=header.created,
        deliver_by=header.deliver_by,
        onward=onward,
    )


def with_unread(c: Connection, action: Action, leg: Leg | None) -> Action:
    """Returns an action with the facts of what `about` names, where that never came here to be read.

    It is the leg's opening, or what a recall says was passed on to here: whoever never had it can still say so.
    """
    if leg is None or rows.message(c, action.about) is not None:
        return action
    if action.about != leg.opening:
        recalls = action.verb is Verb.RECALL and action.sender == leg.originator and action.about_facts is None
        if recalls and opens_case(leg.family, Verb.FORWARD) and never_read(c):
            return replace(action, about_facts=AboutFacts(leg.originator, Verb.FORWARD, ""))
        return action
    table = table_of(leg.family)
    opening = next(verb for verb in table.verbs if table.opening(verb) is not None)
    return replace(action, about_facts=AboutFacts(leg.originator, opening, ""))


def header_of(message: rows.Message) -> Header:
    """Returns the header of a kept message."""
    return parse_header(envelope_pb2.Envelope.FromString(message.envelope).header)


def opens_case(family: Family, verb: Verb) -> bool:
    """Returns whether a verb opens a case."""
    table = TABLES.get(family)
    return table is not None and table.opening(verb) is not None


def family_opened_by(verb: Verb) -> Family:
    """Returns the family in which a verb opens a case; of one that opens none, REFERRAL: the sender is told why."""
    return next((family for family in TABLES if opens_case(family, verb)), Family.REFERRAL)


def profile_between(view: View, one: str, other: str, family: Family, now: int) -> Profile:
    """Returns the deadline profile that two agencies agreed on, by their last agreement where none lives any more.

    Raises:
        RefusedError: NO_AGREEMENT, or NOT_FOUND where the profile does not come with this version.
    """
    agreed = view.agreement(one, other, family, now) or view.agreement(other, one, family, now)
    agreed = agreed or view.past_agreement(one, other, family)
    if agreed is None:
        raise no_agreement()
    return load_profile(agreed.profile_sha256)


def author_of(signers: tuple[Signer, ...]) -> str:
    """Returns the member who wrote it; of a late second, the one who approved."""
    written = [s.member for s in signers if s.role is SignatureRole.AUTHOR]
    return written[0] if written else signers[0].member


def case_info(leg: Leg, desk: str, now: int) -> CaseInfo:
    """Returns a leg as a person reads it, by this side's own clock."""
    settled = settle(leg, now).leg
    side = settled.side_of(desk) or Side.ORIGINATOR
    return CaseInfo(
        case_id=leg.case_id.hex(),
        originator=leg.originator,
        recipient=leg.recipient,
        side=side,
        state=settled.state,
        next_actor=settled.state.next_actor,
        respond_by=settled.respond_by,
        awaiting=settled.awaiting,
        allowed=tuple(allowed_verbs(leg, side, now)),
        opening=leg.opening.hex(),
        family=leg.family,
    )


def stored(leg: Leg, opening: bytes) -> Leg:
    """Returns a leg as it is where this desk has stored what opened it: what `not_stored` undid."""
    if leg.opening == opening and leg.state is State.SENT:
        return replace(leg, state=State.DELIVERED, revision=leg.revision + 1)
    return leg


def not_stored(leg: Leg, opening: bytes) -> Leg:
    """Returns a leg as it was before this desk stored what opened it: the hub has refused the acknowledgement."""
    if leg.opening == opening and leg.state is State.DELIVERED:
        return replace(leg, state=State.SENT, revision=leg.revision + 1)
    return leg
