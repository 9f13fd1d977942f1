"""Legs and actions for the tests of the workflow: proper ones, to be changed in one point by each test."""

from __future__ import annotations

from dataclasses import replace

from comity.workflow.actions import AboutFacts, Action, Signer
from comity.workflow.legs import Leg
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Side, SignatureRole, State, Verb

ORIGINATOR = "sfc/intake"
RECIPIENT = "police/cctb"
DESK = {Side.ORIGINATOR: ORIGINATOR, Side.RECIPIENT: RECIPIENT}
CASE = bytes(range(16))
OPENING = b"\x01" * 32
LAST = b"\x02" * 32
RECALLING = b"\x03" * 32
NEW = b"\x04" * 32
HOUR = 3_600_000
DAY = 24 * HOUR
T0 = 1_800_000_000_000
"""When the leg was opened."""
NOW = T0 + HOUR
"""When the action comes."""


def author(side: Side, *roles: Role, member: str = "m-aaaaaaaa") -> Signer:
    """The person who wrote it; an analyst unless told otherwise."""
    name = f"{DESK[side].split('/')[0]}/{member}"
    return Signer(name, frozenset(roles or (Role.ANALYST,)), SignatureRole.AUTHOR)


def approver(side: Side, *roles: Role, member: str = "m-bbbbbbbb") -> Signer:
    """The second person; an approver unless told otherwise."""
    name = f"{DESK[side].split('/')[0]}/{member}"
    return Signer(name, frozenset(roles or (Role.APPROVER,)), SignatureRole.APPROVER)


def leg_in(state: State, family: Family = Family.REFERRAL) -> Leg:
    """A leg in a state, opened at T0, recalled once and answered, with nobody's answer awaited."""
    return Leg(
        originator=ORIGINATOR,
        case_id=CASE,
        recipient=RECIPIENT,
        family=family,
        state=state,
        revision=7,
        opening=OPENING,
        previous=LAST,
        opened=T0,
        deliver_by=T0 + 14 * DAY,
        recall=RECALLING,
        ended_at=T0 + 1 if state in (State.EXPIRED, State.LAPSED) else None,
    )


_ABOUT = {
    Verb.WITHDRAW: (OPENING, AboutFacts(ORIGINATOR, Verb.REFER, "sfc/m-aaaaaaaa")),
    Verb.RECALL: (OPENING, AboutFacts(ORIGINATOR, Verb.REFER, "sfc/m-aaaaaaaa")),
    Verb.ANSWER_RECALL: (RECALLING, AboutFacts(ORIGINATOR, Verb.RECALL, "sfc/m-aaaaaaaa")),
}
_NO_PREVIOUS = (Verb.REFER, Verb.WITHDRAW, Verb.RECALL, Verb.ANSWER_RECALL, Verb.REPORT_PROGRESS)
_ANSWER_DUE = (Verb.REFER, Verb.REQUEST_INFO, Verb.SUPPLY, Verb.RECALL)


def action_by(side: Side, verb: Verb, *, family: Family = Family.REFERRAL) -> Action:
    """An action that fits `leg_in`, created at NOW, with both signatures."""
    about, facts = _ABOUT.get(verb, (b"", None))
    return Action(
        family=family,
        verb=verb,
        case_id=CASE,
        sender=DESK[side],
        sender_kind=AgencyKind.AUTHORITY,
        counterpart=DESK[side.other],
        counterpart_kind=AgencyKind.AUTHORITY,
        message_hash=NEW,
        precedence=Precedence.ROUTINE,
        created=NOW,
        deliver_by=NOW + DAY,
        signers=(author(side), approver(side)),
        respond_by=NOW + 2 * DAY if verb in _ANSWER_DUE else None,
        previous=b"" if verb in _NO_PREVIOUS else LAST,
        about=about,
        about_facts=facts,
    )


def opening_action() -> Action:
    """The REFER that opens a leg at T0."""
    refer = action_by(Side.ORIGINATOR, Verb.REFER)
    return replace(refer, message_hash=OPENING, created=T0, deliver_by=T0 + 3 * DAY, respond_by=T0 + DAY)
