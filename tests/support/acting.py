"""Legs and actions of the families that people confirm late, made by the rows of `tests.support.expected`."""

from __future__ import annotations

from dataclasses import replace

from comity.errors import Reason
from comity.workflow.actions import AboutFacts, Action, Signer
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, Role, Side, Standing, State, Verb

from tests.support.expected import EXPECTED, LIVE, Expected
from tests.support.legs import (
    DAY,
    DESK,
    HOUR,
    LAST,
    NOW,
    OPENING,
    ORIGINATOR,
    RECALLING,
    T0,
    action_by,
    approver,
    author,
    leg_in,
)

MINUTE = HOUR // 60
ENDS = NOW + HOUR
"""When the legs lapse."""
ASKED = b"\x07" * 32
"""What an answer is about."""
OPENED_BY = {
    (Family.REFERRAL, Standing.FULL): Verb.REFER,
    (Family.FREEZE, Standing.FULL): Verb.REQUEST,
    (Family.ASSISTANCE, Standing.FULL): Verb.REQUEST,
    (Family.FREEZE, Standing.PROVISIONAL): Verb.REQUEST_PROVISIONAL,
    (Family.ASSISTANCE, Standing.PROVISIONAL): Verb.ORAL_NOTICE,
}


def standing_leg(family: Family, state: State, standing: Standing = Standing.FULL) -> Leg:
    """A leg in a state and a standing, which lapses an hour after NOW where a leg of its family may.

    The last question is `ASKED`, and nobody is overdue with the answer.
    """
    lapses = family is Family.FREEZE or (family is Family.ASSISTANCE and standing is not Standing.FULL)
    plain = leg_in(state, family)
    return replace(
        plain,
        standing=standing,
        lapses_at=ENDS if lapses else None,
        resume_state=State.IN_PROGRESS if family is Family.ASSISTANCE else None,
        forwarded=True,
        question=ASKED,
    )


def act(family: Family, verb: Verb, side: Side) -> Action:
    """An action that is right in all but perhaps its signatures, where the verb has a row for that side."""
    row = next((row for row in EXPECTED[family] if (row.verb, row.side) == (verb, side)), None)
    plain = replace(
        action_by(side, verb, family=family),
        precedence=Precedence.FLASH,
        granted=True,
        previous=b"",
        respond_by=None,
        about=b"",
        about_facts=None,
    )
    return plain if row is None else fit(plain, row)


def fit(plain: Action, row: Expected) -> Action:
    """An action with what a row asks for."""
    about, facts = _about(row)
    return replace(
        plain,
        previous=LAST if row.last else b"",
        respond_by=NOW + DAY if row.asks else None,
        lapses_at=NOW + DAY if row.lapse == "lapse" else None,
        about=about,
        about_facts=facts,
    )


def _about(row: Expected) -> tuple[bytes, AboutFacts | None]:
    if not row.about:
        return b"", None
    own = row.about in ("opening", "mine")
    desk = DESK[row.side if own else row.side.other]
    if row.about_verbs == (Verb.RECALL,):
        return RECALLING, AboutFacts(ORIGINATOR, Verb.RECALL, f"{ORIGINATOR.split('/')[0]}/m-aaaaaaaa")
    verb = row.about_verbs[0] if row.about_verbs else Verb.REQUEST if own else Verb.SUPPLY
    hashed = ASKED if row.about_verbs or not own else OPENING
    return hashed, AboutFacts(desk, verb, f"{desk.split('/')[0]}/m-aaaaaaaa")


def opening(family: Family, verb: Verb) -> Action:
    """An action that opens a leg at T0."""
    lapses = verb in (Verb.REQUEST_PROVISIONAL, Verb.ORAL_NOTICE)
    return replace(
        action_by(Side.ORIGINATOR, verb, family=family),
        message_hash=OPENING,
        precedence=Precedence.FLASH,
        created=T0,
        deliver_by=T0 + 3 * DAY,
        respond_by=T0 + DAY,
        lapses_at=T0 + HOUR if lapses else None,
        previous=b"",
        about=b"",
        about_facts=None,
        granted=True,
    )


def lapsed_state(family: Family, standing: Standing) -> dict[State, State]:
    """What the date of a leg does to it."""
    if standing is not Standing.FULL:
        return dict.fromkeys(LIVE[family], State.LAPSED)
    return dict.fromkeys(LIVE[family], State.EXPIRED) if family is Family.FREEZE else {}


SIGNATURES = (
    "both",
    "author alone",
    "approver alone",
    "nobody",
    "two authors",
    "two approvers",
    "the same person twice",
    "an approver of another agency",
    "an author of another agency",
    "a second who may not approve",
    "a machine as the second",
)
"""Who may have signed, rightly or not."""


def signers(name: str, side: Side) -> tuple[Signer, ...]:
    """Who signed, by the name of the case. The opening was written by m-dddddddd, the rest by m-aaaaaaaa."""
    me, second = author(side), approver(side)
    return {
        "both": (me, second),
        "author alone": (me,),
        "approver alone": (second,),
        "nobody": (),
        "two authors": (me, author(side, member="m-cccccccc")),
        "two approvers": (me, second, approver(side, member="m-cccccccc")),
        "the same person twice": (me, approver(side, member="m-aaaaaaaa")),
        "an approver of another agency": (me, approver(side.other)),
        "an author of another agency": (author(side.other), second),
        "a second who may not approve": (me, approver(side, Role.ANALYST, Role.SUPERVISOR)),
        "a machine as the second": (me, approver(side, Role.APPROVER, Role.AGENT)),
    }[name]


def judged(name: str, people: str) -> Reason | None:
    """Why signatures are refused where so many people (1, 2, S) are needed; None where they are not."""
    wrong, missing = Reason.WRONG_ROLE, Reason.SECOND_PERSON_MISSING
    if people == "S":
        return {"approver alone": None, "nobody": missing}.get(name, wrong)
    if name == "both":
        return None
    if name == "author alone":
        return None if people == "1" else missing
    return missing if name == "the same person twice" else wrong
