"""The table of asset freezes: an authority asks whoever has power over assets to hold them.

Points that the table alone does not tell:

- Nothing that one person signs ends a hold. RECALL leaves a freeze that is being executed or in force as it is,
  `lapses_at` never comes sooner by EXTEND, CONFIRM, COMPLETE or CONVERT, and whatever leads to RELEASED takes two.
- Each question is answered once: EXTEND, REFUSE_EXTENSION and VARY name the one that is awaited, and no report and no
  counter-question takes it away. Nor does one person of the side that asked: what two asked for two take back.
- REQUEST_PROVISIONAL is one person's, FLASH, and lapses by itself. CONFIRM and COMPLETE move that once each, within
  what the deadline profile allows from the opening on; no extension is asked for or given before it is FULL, which
  CONVERT alone makes it.
- COMPLETE and CONFIRM carry no `previous`: nobody's answer may block them.
- A FULL leg without `lapses_at` ends only by people. One with it is EXPIRED by it, whether the hub lives or not.

Never does: look at content, or at amounts (`comity.freezes`).
"""

from __future__ import annotations

from types import MappingProxyType

from comity.workflow.onward import ANSWER_RECALL, ONWARD_ROWS, forward, recall
from comity.workflow.tables import ANY_STATE, AboutRule, ClockRule, People, Presence, PreviousRule, Rule, Table
from comity.workflow.terms import AgencyKind, Family, Precedence, Side, Standing, State, Verb

_O, _R = Side.ORIGINATOR, Side.RECIPIENT
_ONE, _TWO = People.ONE, People.TWO
_LAST, _ABSENT = PreviousRule.LAST, PreviousRule.ABSENT
_C = ClockRule
_NEW = frozenset({State.SENT, State.DELIVERED})
_UNDECIDED = frozenset({State.ACKNOWLEDGED, State.MORE_INFO})
_EXECUTING = frozenset({State.EXECUTING})
_IN_FORCE, _CHALLENGED = frozenset({State.IN_FORCE}), frozenset({State.CHALLENGED})
_FORCE = _IN_FORCE | _CHALLENGED
_HOLDING = _EXECUTING | _FORCE
_LIVE = _NEW | _UNDECIDED | _HOLDING
_ENDED = frozenset({State.RELEASED, State.EXPIRED, State.LAPSED, State.REFUSED})
_HOLD = frozenset({Standing.PROVISIONAL})
_SHORT = frozenset({Standing.PROVISIONAL, Standing.CONFIRMED})
_FULL = frozenset({Standing.FULL})
_ASKED_EXTENSION = frozenset({Verb.ASK_EXTENSION})
_ASKED_VARIATION = frozenset({Verb.ASK_VARIATION})
_RELEASABLE = frozenset({Verb.ASK_RELEASE, Verb.REQUEST, Verb.REQUEST_PROVISIONAL, Verb.FORWARD, Verb.CONVERT})

_RULES = (
    Rule(
        Verb.REQUEST, _O, _TWO, frozenset(), State.SENT, _ABSENT, _C.START,
        "Opens the leg. Nothing leaves the agency before both signatures.", opening=True, lapses=Presence.OPTIONAL,
    ),
    Rule(
        Verb.REQUEST_PROVISIONAL, _O, _ONE, frozenset(), State.SENT, _ABSENT, _C.START,
        "Opens the leg with a hold that lapses by itself, with a copy for the sender's own desk.",
        opening=True, to_standing=Standing.PROVISIONAL, precedences=frozenset({Precedence.FLASH}),
        lapses=Presence.REQUIRED,
    ),
    Rule(
        Verb.CONFIRM, _O, People.SECOND, _LIVE, None, _ABSENT, _C.KEEP, "A second person stands behind it.",
        about=AboutRule.OPENING, standings=_HOLD, to_standing=Standing.CONFIRMED, lapses=Presence.REQUIRED,
        no_sooner=True,
    ),
    Rule(
        Verb.COMPLETE, _O, _TWO, _LIVE, None, _ABSENT, _C.KEEP, "The full form.",
        about=AboutRule.OPENING, standings=_SHORT, to_standing=Standing.COMPLETED, lapses=Presence.REQUIRED,
        no_sooner=True,
    ),
    Rule(
        Verb.ACKNOWLEDGE, _R, _ONE, _NEW, State.ACKNOWLEDGED, _LAST, _C.START_OWN,
        "Own reference, contact; whether, how and when by `respond_by`.",
    ),
    Rule(
        Verb.REQUEST_INFO, _R, _ONE, frozenset({State.ACKNOWLEDGED}), State.MORE_INFO, _LAST, _C.START,
        "Coded gaps; stops no provisional hold.",
    ),
    Rule(
        Verb.SUPPLY, _O, _ONE, frozenset({State.MORE_INFO}), State.ACKNOWLEDGED, _LAST, _C.START,
        "What was asked for; the clock changes sides.",
    ),
    Rule(Verb.REFUSE, _R, _TWO, _UNDECIDED, State.REFUSED, _LAST, _C.STOP, "Coded, sealed reason."),
    Rule(
        Verb.ACCEPT, _R, _ONE, _UNDECIDED, State.EXECUTING, _LAST, _C.START_OWN,
        "Who decided; executed by `respond_by`. Agents ask two people for a binding instrument.",
    ),
    Rule(
        Verb.REPORT_EXECUTION, _R, _ONE, _EXECUTING, State.IN_FORCE, _LAST, _C.STOP,
        "Per line what is held, and what has gone where.",
    ),
    Rule(
        Verb.REPORT_EXECUTION, _R, _ONE, _FORCE, None, _LAST, _C.STOP_ANSWERED,
        "Anew, after something changed; about a CONVERT, that it is done.",
        about=AboutRule.IF_ASKED, about_verbs=frozenset({Verb.CONVERT}),
    ),
    Rule(
        Verb.REPORT_PROGRESS, _R, _ONE, _HOLDING, None, _ABSENT, _C.KEEP, "A slip needs a new date and a reason.",
    ),
    Rule(
        Verb.ASK_EXTENSION, _O, _TWO, _FORCE, None, _LAST, _C.START, "Until when, and what was done meanwhile.",
        standings=_FULL,
    ),
    Rule(
        Verb.EXTEND, _R, _ONE, _FORCE, None, _LAST, _C.STOP_ANSWERED, "A new end, later than the old one.",
        about=AboutRule.ASKED, about_verbs=_ASKED_EXTENSION, standings=_FULL, lapses=Presence.REQUIRED,
        no_sooner=True,
    ),
    Rule(
        Verb.REFUSE_EXTENSION, _R, _ONE, _FORCE, None, _LAST, _C.STOP_ANSWERED, "The end stays.",
        about=AboutRule.ASKED, about_verbs=_ASKED_EXTENSION, standings=_FULL,
    ),
    Rule(
        Verb.ASK_VARIATION, _O, _ONE, _FORCE, None, _LAST, _C.START,
        "Per line. In the place of what is awaited it names that, or two people sign.",
        about=AboutRule.REPLACED, about_verbs=_ASKED_VARIATION,
    ),
    Rule(
        Verb.ASK_VARIATION, _R, _ONE, _FORCE, None, _LAST, _C.START,
        "Per line; the originator answers by asking for what it agrees to.", unless_awaited=True,
    ),
    Rule(
        Verb.VARY, _R, _ONE, _FORCE, None, _LAST, _C.STOP_ANSWERED, "Per line; the sums add up.",
        about=AboutRule.ASKED, about_verbs=_ASKED_VARIATION,
    ),
    Rule(
        Verb.CONVERT, _O, _TWO, _FORCE, None, _LAST, _C.START,
        "Another instrument, in force before the old one ends. The end is the new one's.",
        to_standing=Standing.FULL, lapses=Presence.OPTIONAL, replaces_lapse=True, no_sooner=True,
    ),
    Rule(
        Verb.REPORT_CHALLENGE, _R, _ONE, _IN_FORCE, State.CHALLENGED, _LAST, _C.KEEP, "Court, next date.",
    ),
    Rule(Verb.REPORT_CHALLENGE, _R, _ONE, _CHALLENGED, State.IN_FORCE, _LAST, _C.KEEP, "The decision."),
    Rule(
        Verb.ASK_RELEASE, _O, _TWO, _HOLDING, None, _LAST, _C.START, "After a call-back at the directory's number.",
    ),
    Rule(
        Verb.RELEASE, _R, _TWO, _FORCE, State.RELEASED, _LAST, _C.STOP,
        "As asked, or by order of the recipient's own court; after a call-back.",
        about=AboutRule.THEIRS, about_verbs=_RELEASABLE,
    ),
    Rule(
        Verb.REPORT_OUTCOME, _R, _TWO, _FORCE, State.RELEASED, _LAST, _C.STOP,
        "Per line what became of it, where that ends the hold.",
    ),
    Rule(Verb.REPORT_OUTCOME, _R, _ONE, _ENDED, None, _ABSENT, _C.KEEP, "Per line what became of it."),
    Rule(Verb.REPORT_OUTCOME, _O, _ONE, _ENDED, State.CLOSED, _LAST, _C.STOP, "The same; ends the leg."),
    Rule(
        Verb.WITHDRAW, _O, _ONE, frozenset({State.SENT}), State.WITHDRAWN, _ABSENT, _C.STOP,
        "Before it is STORED: the hub drops ciphertext and wrap. Afterwards it is a recall.", about=AboutRule.OPENING,
    ),
    recall(ANY_STATE - _HOLDING),
    Rule(
        Verb.RECALL, _O, _ONE, _HOLDING, None, _ABSENT, _C.START_RECALL,
        "What was sent is to be destroyed; what is held stays held: release takes two people.",
        about=AboutRule.OWN, aside=True,
    ),
    ANSWER_RECALL,
    *ONWARD_ROWS,
    forward(Presence.OPTIONAL),
)  # fmt: skip

FREEZE = Table(
    family=Family.FREEZE,
    rules=_RULES,
    stored=MappingProxyType({State.SENT: State.DELIVERED}),
    expires=MappingProxyType({State.SENT: State.EXPIRED}),
    lapses=MappingProxyType({state: State.LAPSED for state in State if state in _LIVE}),
    ends=MappingProxyType({state: State.EXPIRED for state in State if state in _LIVE}),
    originator_kinds=frozenset({AgencyKind.AUTHORITY}),
    recipient_kinds=frozenset(AgencyKind),
)
"""Asset freezes: asked for by authorities, of authorities, holders and issuers."""
