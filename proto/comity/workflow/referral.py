"""The table of case referrals: a case handed from one authority to another.

Three points that the table alone does not tell:

- ACKNOWLEDGE runs from DELIVERED only. A recipient's agent sends its STORED acknowledgement before a person sees the
  case; an ACKNOWLEDGE that overtakes it is refused with WRONG_STATE and is sent again.
- `respond_by` going by makes a leg OVERDUE, once; the late answer still counts. Only `deliver_by` ends a referral.
- REDIRECT follows a FORWARD: it is refused with NO_GRANT until a grant over an envelope of the leg was used.

Never does: look at content. Coded reasons, parts and dates are sealed.
"""

from __future__ import annotations

from types import MappingProxyType

from comity.workflow.onward import ANSWER_RECALL, ONWARD_ROWS, forward, recall
from comity.workflow.tables import AboutRule, ClockRule, People, PreviousRule, Rule, Table
from comity.workflow.terms import AgencyKind, Family, Side, State, Verb

_UNDECIDED = frozenset({State.ACKNOWLEDGED, State.MORE_INFO})
_ENDED_BY_RECIPIENT = frozenset({State.DECLINED, State.REDIRECTED, State.OUTCOME_REPORTED})

_RULES = (
    Rule(
        Verb.REFER,
        Side.ORIGINATOR,
        People.TWO,
        frozenset(),
        State.SENT,
        PreviousRule.ABSENT,
        ClockRule.START,
        "Opens the leg. The completeness rules pass before it can be approved.",
        opening=True,
    ),
    Rule(
        Verb.ACKNOWLEDGE,
        Side.RECIPIENT,
        People.ONE,
        frozenset({State.DELIVERED}),
        State.ACKNOWLEDGED,
        PreviousRule.LAST,
        ClockRule.STOP,
        "Own reference, contact, expected date.",
    ),
    Rule(
        Verb.REQUEST_INFO,
        Side.RECIPIENT,
        People.ONE,
        frozenset({State.ACKNOWLEDGED}),
        State.MORE_INFO,
        PreviousRule.LAST,
        ClockRule.START,
        "Coded gaps; the clock changes sides.",
    ),
    Rule(
        Verb.SUPPLY,
        Side.ORIGINATOR,
        People.ONE,
        frozenset({State.MORE_INFO}),
        State.ACKNOWLEDGED,
        PreviousRule.LAST,
        ClockRule.START,
        "What was asked for; the clock changes sides.",
    ),
    Rule(
        Verb.ACCEPT,
        Side.RECIPIENT,
        People.ONE,
        _UNDECIDED,
        State.IN_PROGRESS,
        PreviousRule.LAST,
        ClockRule.STOP,
        "Who owns it now.",
    ),
    Rule(
        Verb.ACCEPT_IN_PART,
        Side.RECIPIENT,
        People.ONE,
        _UNDECIDED,
        State.IN_PROGRESS,
        PreviousRule.LAST,
        ClockRule.STOP,
        "Which parts; who owns them now.",
    ),
    Rule(
        Verb.DECLINE,
        Side.RECIPIENT,
        People.TWO,
        _UNDECIDED,
        State.DECLINED,
        PreviousRule.LAST,
        ClockRule.STOP,
        "Coded, sealed reason. The approver decides; no further role is needed.",
    ),
    Rule(
        Verb.REDIRECT,
        Side.RECIPIENT,
        People.ONE,
        _UNDECIDED,
        State.REDIRECTED,
        PreviousRule.LAST,
        ClockRule.STOP,
        "The case is with the new desk now; only after a grant was used.",
        needs_grant=True,
    ),
    Rule(
        Verb.REPORT_PROGRESS,
        Side.RECIPIENT,
        People.ONE,
        frozenset({State.IN_PROGRESS}),
        None,
        PreviousRule.ABSENT,
        ClockRule.KEEP,
        "A slip needs a new date and a reason.",
    ),
    Rule(
        Verb.REPORT_OUTCOME,
        Side.RECIPIENT,
        People.ONE,
        frozenset({State.IN_PROGRESS}),
        State.OUTCOME_REPORTED,
        PreviousRule.LAST,
        ClockRule.STOP,
        "Coded outcomes and how useful it was.",
    ),
    Rule(
        Verb.WITHDRAW,
        Side.ORIGINATOR,
        People.ONE,
        frozenset({State.SENT}),
        State.WITHDRAWN,
        PreviousRule.ABSENT,
        ClockRule.STOP,
        "Before it is STORED: the hub drops ciphertext and wrap. Afterwards it is a recall.",
        about=AboutRule.OPENING,
    ),
    recall(),
    ANSWER_RECALL,
    Rule(
        Verb.CLOSE,
        Side.ORIGINATOR,
        People.ONE,
        _ENDED_BY_RECIPIENT,
        State.CLOSED,
        PreviousRule.LAST,
        ClockRule.STOP,
        "Ends the leg.",
    ),
    *ONWARD_ROWS,
    forward(),
)

REFERRAL = Table(
    family=Family.REFERRAL,
    rules=_RULES,
    stored=MappingProxyType({State.SENT: State.DELIVERED}),
    expires=MappingProxyType({State.SENT: State.EXPIRED}),
    lapses=MappingProxyType({}),
    originator_kinds=frozenset({AgencyKind.AUTHORITY}),
    recipient_kinds=frozenset({AgencyKind.AUTHORITY}),
)
"""Case referrals, between authorities only."""
