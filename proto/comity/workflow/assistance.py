"""The table of cross-border assistance: one authority asks another for what it holds or can obtain.

Points that the table alone does not tell:

- ORAL_NOTICE writes down what was first said on the telephone. It lapses unless two people COMPLETE it in time; CONFIRM
  shows that a second person knows of it, and gains no time.
- ACKNOWLEDGE runs from SENT too: a person may be quicker than the agent that stores.
- SUPPLY leads back to where the question came from, so that a question in the middle of the work stops nothing else.

Never does: look at content. Coded reasons, parts and dates are sealed.
"""

from __future__ import annotations

from types import MappingProxyType

from comity.workflow.onward import ANSWER_RECALL, ONWARD_ROWS, forward, recall
from comity.workflow.tables import AboutRule, ClockRule, People, Presence, PreviousRule, Rule, Table
from comity.workflow.terms import AgencyKind, Family, Side, Standing, State, Verb

_O, _R = Side.ORIGINATOR, Side.RECIPIENT
_ONE, _TWO = People.ONE, People.TWO
_LAST, _ABSENT = PreviousRule.LAST, PreviousRule.ABSENT
_C = ClockRule
_NEW = frozenset({State.SENT, State.DELIVERED})
_UNDECIDED = frozenset({State.ACKNOWLEDGED, State.MORE_INFO})
_UNDER_WAY = frozenset({State.ACKNOWLEDGED, State.IN_PROGRESS})
_WORKING = frozenset({State.IN_PROGRESS})
_REFUSABLE = _UNDECIDED | {State.IN_PROGRESS, State.SUSPENDED}
_ANSWERED = frozenset({State.REPLIED, State.REFUSED})
_LIVE = _NEW | _REFUSABLE | {State.REPLIED}
_NOTICE = frozenset({Standing.PROVISIONAL})
_SHORT = frozenset({Standing.PROVISIONAL, Standing.CONFIRMED})

_RULES = (
    Rule(Verb.REQUEST, _O, _TWO, frozenset(), State.SENT, _ABSENT, _C.START, "Opens the leg.", opening=True),
    Rule(
        Verb.ORAL_NOTICE, _O, _ONE, frozenset(), State.SENT, _ABSENT, _C.START,
        "Opens the leg for what was first said; completed in writing, or it lapses.",
        opening=True, to_standing=Standing.PROVISIONAL, lapses=Presence.REQUIRED,
    ),
    Rule(
        Verb.CONFIRM, _O, People.SECOND, _LIVE, None, _ABSENT, _C.KEEP,
        "A second person knows of it; it gains no time.",
        about=AboutRule.OPENING, standings=_NOTICE, to_standing=Standing.CONFIRMED,
    ),
    Rule(
        Verb.COMPLETE, _O, _TWO, _LIVE, None, _ABSENT, _C.KEEP, "The full form; from now on it does not lapse.",
        about=AboutRule.OPENING, standings=_SHORT, to_standing=Standing.FULL, clears_lapse=True,
    ),
    Rule(
        Verb.ACKNOWLEDGE, _R, _ONE, _NEW, State.ACKNOWLEDGED, _LAST, _C.START_OWN,
        "Own reference, contact; the first answer by `respond_by`.",
    ),
    Rule(
        Verb.ANSWER_FIRST, _R, _ONE, frozenset({State.ACKNOWLEDGED}), None, _LAST, _C.STOP,
        "Hit, no hit, not yet known.",
    ),
    Rule(
        Verb.ANSWER_FIRST, _R, _ONE, _WORKING, None, _LAST, _C.KEEP, "The same; the reply is still awaited.",
    ),
    Rule(
        Verb.REQUEST_INFO, _R, _ONE, _UNDER_WAY, State.MORE_INFO, _LAST, _C.START,
        "Coded gaps; the clock changes sides.", pauses=True,
    ),
    Rule(
        Verb.SUPPLY, _O, _ONE, frozenset({State.MORE_INFO}), State.ACKNOWLEDGED, _LAST, _C.START,
        "What was asked for; the clock changes sides.", resumes=True,
    ),
    Rule(
        Verb.ACCEPT, _R, _ONE, _UNDECIDED, State.IN_PROGRESS, _LAST, _C.START_OWN,
        "Who owns it now; the reply by `respond_by`.",
    ),
    Rule(
        Verb.ACCEPT_IN_PART, _R, _ONE, _UNDECIDED, State.IN_PROGRESS, _LAST, _C.START_OWN,
        "Which parts; the reply by `respond_by`.",
    ),
    Rule(
        Verb.SUSPEND, _R, _ONE, _WORKING, State.SUSPENDED, _LAST, _C.START_OWN,
        "Reason, and the review by `respond_by`.",
    ),
    Rule(
        Verb.RESUME, _R, _ONE, frozenset({State.SUSPENDED}), State.IN_PROGRESS, _LAST, _C.START_OWN,
        "The reply by `respond_by`.",
    ),
    Rule(
        Verb.REFUSE, _R, _TWO, _REFUSABLE, State.REFUSED, _LAST, _C.STOP,
        "Coded, sealed reason, and what would make it acceptable.",
    ),
    Rule(
        Verb.REPORT_PROGRESS, _R, _ONE, frozenset({State.IN_PROGRESS, State.SUSPENDED, State.MORE_INFO}), None,
        _ABSENT, _C.KEEP, "A slip needs a new date and a reason.",
    ),
    Rule(
        Verb.REPLY_PART, _R, _ONE, _WORKING, None, _LAST, _C.KEEP,
        "One part, graded by itself, with its own conditions of use.",
    ),
    Rule(
        Verb.REPLY, _R, _ONE, _WORKING, State.REPLIED, _LAST, _C.START,
        "The reply, or its last part; feedback by `respond_by`.",
    ),
    Rule(
        Verb.FOLLOW_UP, _O, _ONE, frozenset({State.REPLIED}), State.IN_PROGRESS, _LAST, _C.START,
        "Asks on within the same scope; no new admissibility.",
    ),
    Rule(Verb.FEEDBACK, _O, _ONE, _ANSWERED, None, _LAST, _C.STOP, "How useful it was, and for what."),
    Rule(Verb.CLOSE, _O, _ONE, _ANSWERED, State.CLOSED, _LAST, _C.STOP, "Ends the leg."),
    Rule(
        Verb.WITHDRAW, _O, _ONE, frozenset({State.SENT}), State.WITHDRAWN, _ABSENT, _C.STOP,
        "Before it is STORED: the hub drops ciphertext and wrap. Afterwards it is a recall.", about=AboutRule.OPENING,
    ),
    recall(),
    ANSWER_RECALL,
    *ONWARD_ROWS,
    forward(),
)  # fmt: skip

ASSISTANCE = Table(
    family=Family.ASSISTANCE,
    rules=_RULES,
    stored=MappingProxyType({State.SENT: State.DELIVERED}),
    expires=MappingProxyType({State.SENT: State.EXPIRED}),
    lapses=MappingProxyType({state: State.LAPSED for state in State if state in _LIVE}),
    originator_kinds=frozenset({AgencyKind.AUTHORITY}),
    recipient_kinds=frozenset({AgencyKind.AUTHORITY}),
)
"""Cross-border assistance, between authorities only."""
