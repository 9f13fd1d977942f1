"""Rows that several families share: recall, onward consent, and passing something on under a grant.

Points that the rows alone do not tell:

- GRANT_ONWARD carries the grant in its header, so that two people sign it once. It is used by FORWARD, which opens a
  leg of its own between the holder and the new desk, and only once (`comity.grants`).
- A used grant makes a leg between the originator and the new desk, in the state FORWARDED: there a recall reaches the
  new desk, and nothing else runs. It needs no agreement between the two.
- Silence is no: nothing here is granted by a clock.

Never does: verify a grant. The caller did.
"""

from __future__ import annotations

from comity.workflow.tables import ANY_STATE, AboutRule, ClockRule, People, Presence, PreviousRule, Rule
from comity.workflow.terms import Side, State, Verb

ONWARD_STATES = ANY_STATE - {State.SENT, State.WITHDRAWN, State.RECALLED, State.FORWARDED}
"""Where onward consent is asked for and given: the recipient has it, and it was not taken back."""

PASSABLE = frozenset(Verb) - {Verb.FORWARD}
"""What may be passed on under a grant. A FORWARD holds what another originator granted for one desk alone."""

PROVISIONAL = frozenset({Verb.REQUEST_PROVISIONAL, Verb.ORAL_NOTICE})
"""What opens a leg by one person's word, for a while. It is passed on by nobody, whatever became of its leg: the new
desk would have it as its holder's full request, without its end."""

ONWARD_ROWS: tuple[Rule, ...] = (
    Rule(
        Verb.ASK_ONWARD,
        Side.RECIPIENT,
        People.ONE,
        ONWARD_STATES,
        None,
        PreviousRule.ABSENT,
        ClockRule.KEEP,
        "Facts, new desk, purpose. Silence is no.",
        about=AboutRule.THEIRS,
        about_verbs=PASSABLE,
        aside=True,
    ),
    Rule(
        Verb.GRANT_ONWARD,
        Side.ORIGINATOR,
        People.TWO,
        ONWARD_STATES,
        None,
        PreviousRule.ABSENT,
        ClockRule.KEEP,
        "The header carries the grant: one envelope, one new desk, once, until a time.",
        about=AboutRule.THEIRS,
        about_verbs=frozenset({Verb.ASK_ONWARD}),
        aside=True,
    ),
    Rule(
        Verb.REFUSE_ONWARD,
        Side.ORIGINATOR,
        People.ONE,
        ONWARD_STATES,
        None,
        PreviousRule.ABSENT,
        ClockRule.KEEP,
        "Coded, sealed reason.",
        about=AboutRule.THEIRS,
        about_verbs=frozenset({Verb.ASK_ONWARD}),
        aside=True,
    ),
    Rule(
        Verb.REVOKE_GRANT,
        Side.ORIGINATOR,
        People.ONE,
        ANY_STATE - {State.FORWARDED},
        None,
        PreviousRule.ABSENT,
        ClockRule.KEEP,
        "While it is unused.",
        about=AboutRule.OWN,
        about_verbs=frozenset({Verb.GRANT_ONWARD}),
        aside=True,
    ),
)
"""Asking for consent, giving, refusing and revoking it. None of them moves the leg or its clock."""

ANSWER_RECALL = Rule(
    Verb.ANSWER_RECALL,
    Side.RECIPIENT,
    People.ONE,
    ANY_STATE,
    None,
    PreviousRule.ABSENT,
    ClockRule.STOP_RECALL,
    "Destroyed, quarantined, or cannot comply with a reason. May be answered anew.",
    about=AboutRule.THEIRS,
    about_verbs=frozenset({Verb.RECALL}),
    aside=True,
)
"""The answer to a recall, in every state."""


def recall(from_states: frozenset[State] = ANY_STATE) -> Rule:
    """Returns the row by which the originator asks for something to be destroyed or quarantined.

    Args:
        from_states: where it runs, and where a recall of the opening ends the leg.
    """
    return Rule(
        Verb.RECALL,
        Side.ORIGINATOR,
        People.ONE,
        from_states,
        State.RECALLED,
        PreviousRule.ABSENT,
        ClockRule.START_RECALL,
        "The recipient must destroy or quarantine it, or say why it cannot.",
        about=AboutRule.OWN,
        moves_if_about_opening=True,
        aside=True,
    )


def forward(lapses: Presence = Presence.FORBIDDEN) -> Rule:
    """Returns the row by which a holder passes on what it received, as the originator's, under a grant.

    Args:
        lapses: whether what is opened so lapses by itself.
    """
    return Rule(
        Verb.FORWARD,
        Side.ORIGINATOR,
        People.TWO,
        frozenset(),
        State.SENT,
        PreviousRule.ABSENT,
        ClockRule.START,
        "Opens a leg of its own, with the original inside, under an unused grant.",
        opening=True,
        needs_grant=True,
        lapses=lapses,
    )
