"""Tables as data: what a bad one is refused for, how one is documented, and that later families fit the engine."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.actions import AboutFacts, Action
from comity.workflow.engine import allowed_verbs, apply, check_counterparts
from comity.workflow.families import TABLES
from comity.workflow.legs import ClockEvent, ClockKind, Leg
from comity.workflow.referral import REFERRAL
from comity.workflow.tables import (
    ANY_STATE,
    AboutRule,
    ClockRule,
    People,
    Presence,
    PreviousRule,
    Rule,
    Table,
    document,
)
from comity.workflow.terms import AgencyKind, Family, Role, Side, State, Verb
from comity.workflow.timers import next_limit, settle

from tests.support.legs import (
    DAY,
    HOUR,
    LAST,
    NEW,
    NOW,
    OPENING,
    ORIGINATOR,
    T0,
    action_by,
    approver,
    author,
    leg_in,
    opening_action,
)

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT

# A family that does not exist, made of what the designs of freezes and assistance ask for and referrals do not:
# a provisional opening by one person that lapses, late seconding, a pause that leads back to where it came from, a
# full form that either state takes, holders on the recipient's side, a machine as author.
_LIVE = frozenset({State.SENT, State.DELIVERED, State.ACKNOWLEDGED, State.IN_PROGRESS, State.MORE_INFO})


def row(
    verb: Verb, side: Side, people: People, from_states: frozenset[State], to_state: State | None, **more: object
) -> Rule:
    previous = PreviousRule.ABSENT if not from_states or verb is Verb.CONFIRM else PreviousRule.LAST
    clock = ClockRule.START if not from_states else ClockRule.KEEP
    return replace(Rule(verb, side, people, from_states, to_state, previous, clock, "A test."), **more)  # type: ignore[arg-type] # any field


PROVISIONAL = Table(
    family=Family.FREEZE,
    rules=(
        row(
            Verb.REQUEST_PROVISIONAL,
            ORG,
            People.ONE,
            frozenset(),
            State.SENT,
            opening=True,
            lapses=Presence.REQUIRED,
            who_may=frozenset({Role.DUTY_DESK, Role.AGENT}),
        ),
        row(
            Verb.CONFIRM,
            ORG,
            People.SECOND,
            _LIVE,
            None,
            about=AboutRule.OPENING,
            about_verbs=frozenset({Verb.REQUEST_PROVISIONAL}),
            lapses=Presence.REQUIRED,
        ),
        row(Verb.COMPLETE, ORG, People.TWO, _LIVE, None, lapses=Presence.OPTIONAL),
        row(
            Verb.REQUEST_INFO,
            RCP,
            People.ONE,
            frozenset({State.ACKNOWLEDGED, State.IN_PROGRESS}),
            State.MORE_INFO,
            pauses=True,
        ),
        row(Verb.SUPPLY, ORG, People.ONE, frozenset({State.MORE_INFO}), None, resumes=True),
        row(Verb.REPORT_OUTCOME, ORG, People.ONE, frozenset({State.IN_PROGRESS}), State.CLOSED),
        row(Verb.REPORT_OUTCOME, RCP, People.ONE, frozenset({State.IN_PROGRESS}), State.OUTCOME_REPORTED),
        row(Verb.REPORT_OUTCOME, RCP, People.ONE, frozenset({State.ACKNOWLEDGED}), State.DECLINED),
    ),
    stored=MappingProxyType({State.SENT: State.DELIVERED}),
    expires=MappingProxyType({State.SENT: State.EXPIRED}),
    lapses=MappingProxyType(dict.fromkeys(_LIVE, State.LAPSED)),
    originator_kinds=frozenset({AgencyKind.AUTHORITY}),
    recipient_kinds=frozenset(AgencyKind),
)
FITTED = {**TABLES, Family.FREEZE: PROVISIONAL}
FACTS = AboutFacts(ORIGINATOR, Verb.REQUEST_PROVISIONAL, "sfc/m-aaaaaaaa")


def provisional() -> Action:
    return replace(
        opening_action(),
        family=Family.FREEZE,
        verb=Verb.REQUEST_PROVISIONAL,
        counterpart_kind=AgencyKind.HOLDER,
        signers=(author(ORG, Role.DUTY_DESK),),
        lapses_at=T0 + HOUR,
    )


def confirm(**changes: object) -> Action:
    action = replace(
        action_by(ORG, Verb.CONFIRM, family=Family.FREEZE),
        signers=(approver(ORG),),
        created=T0 + 1,
        previous=b"",
        about=OPENING,
        about_facts=FACTS,
        lapses_at=T0 + DAY,
    )
    return replace(action, **changes)  # type: ignore[arg-type] # any field


def opened() -> Leg:
    return apply(None, provisional(), T0, FITTED).leg


def refused(leg: Leg | None, action: Action, now_ms: int) -> Reason:
    with pytest.raises(RefusedError) as caught:
        apply(leg, action, now_ms, FITTED)
    return caught.value.reason


def test_a_provisional_opening_lapses_by_itself_and_says_so_once() -> None:
    leg = opened()
    assert (leg.lapses_at, next_limit(leg, FITTED)) == (T0 + HOUR, T0 + HOUR)
    assert settle(leg, T0 + HOUR, FITTED).events == ()
    lapsed = settle(leg, T0 + HOUR + 1, FITTED)
    assert lapsed.events == (ClockEvent(ClockKind.LAPSED, T0 + HOUR, OPENING, None),)
    assert (lapsed.leg.state, lapsed.leg.ended_at, lapsed.leg.awaiting) == (State.LAPSED, T0 + HOUR, None)
    assert next_limit(lapsed.leg, FITTED) is None


def test_an_opening_that_asks_for_no_answer_starts_no_clock() -> None:
    notice = replace(REFERRAL, rules=(replace(REFERRAL.rules[0], clock=ClockRule.KEEP), *REFERRAL.rules[1:]))
    action = replace(opening_action(), respond_by=None)
    leg = apply(None, action, T0, {Family.REFERRAL: notice}).leg
    assert (leg.question, leg.respond_by, leg.awaiting, leg.overdue_logged) == (b"", None, None, False)


def test_a_holder_receives_what_its_family_lets_it_and_opens_nothing() -> None:
    assert opened().state is State.SENT
    by_holder = replace(provisional(), sender_kind=AgencyKind.HOLDER)
    assert refused(None, by_holder, T0) is Reason.FAMILY_NOT_OFFERED


def test_roles_of_the_author_are_the_rows() -> None:
    machine = replace(provisional(), signers=(author(ORG, Role.AGENT),))
    assert apply(None, machine, T0, FITTED).leg.state is State.SENT
    analyst = replace(provisional(), signers=(author(ORG, Role.ANALYST),))
    assert refused(None, analyst, T0) is Reason.WRONG_ROLE


def test_what_must_lapse_says_when_and_has_not_lapsed_yet() -> None:
    assert refused(None, replace(provisional(), lapses_at=None), T0) is Reason.BAD_TIMES
    assert refused(None, replace(provisional(), lapses_at=T0), T0) is Reason.BAD_TIMES
    assert refused(None, provisional(), T0 + HOUR + 1) is Reason.TOO_LATE


def test_a_second_person_confirms_alone_and_moves_the_lapse_without_blocking_the_other_side() -> None:
    leg = apply(opened(), confirm(), T0 + HOUR, FITTED).leg
    assert (leg.lapses_at, leg.previous, leg.state) == (T0 + DAY, OPENING, State.SENT)


def test_a_confirmation_after_the_lapse_is_too_late() -> None:
    assert refused(opened(), confirm(), T0 + HOUR + 1) is Reason.TOO_LATE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signers": (approver(ORG, member="m-aaaaaaaa"),)}, Reason.SECOND_PERSON_MISSING),
        ({"signers": ()}, Reason.SECOND_PERSON_MISSING),
        ({"signers": (author(ORG), approver(ORG))}, Reason.WRONG_ROLE),
        ({"signers": (approver(ORG, Role.ANALYST),)}, Reason.WRONG_ROLE),
        ({"about": LAST}, Reason.WRONG_ABOUT),
        ({"about_facts": replace(FACTS, verb=Verb.REQUEST)}, Reason.WRONG_ABOUT),
        ({"lapses_at": None}, Reason.BAD_TIMES),
    ],
)
def test_a_confirmation_is_by_somebody_else_and_of_what_may_be_confirmed(
    changes: dict[str, object], reason: Reason
) -> None:
    assert refused(opened(), confirm(**changes), T0 + 2) is reason


def test_the_full_form_may_set_a_new_lapse_and_need_not() -> None:
    complete = replace(
        action_by(ORG, Verb.COMPLETE, family=Family.FREEZE), created=T0 + 1, previous=OPENING, message_hash=NEW
    )
    kept = apply(opened(), complete, T0 + 2, FITTED).leg
    moved = apply(opened(), replace(complete, lapses_at=T0 + 2 * DAY), T0 + 2, FITTED).leg
    assert (kept.lapses_at, moved.lapses_at) == (T0 + HOUR, T0 + 2 * DAY)
    assert kept.previous == NEW


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.IN_PROGRESS])
def test_a_pause_leads_back_to_where_it_came_from(state: State) -> None:
    ask = action_by(RCP, Verb.REQUEST_INFO, family=Family.FREEZE)
    paused = apply(leg_in(state, Family.FREEZE), replace(ask, respond_by=None), NOW, FITTED).leg
    assert (paused.state, paused.resume_state) == (State.MORE_INFO, state)
    supply = replace(action_by(ORG, Verb.SUPPLY, family=Family.FREEZE), respond_by=None, previous=NEW)
    assert apply(paused, supply, NOW, FITTED).leg.state is state


def test_a_resumption_without_a_pause_stays() -> None:
    supply = replace(action_by(ORG, Verb.SUPPLY, family=Family.FREEZE), respond_by=None)
    assert apply(leg_in(State.MORE_INFO, Family.FREEZE), supply, NOW, FITTED).leg.state is State.MORE_INFO


@pytest.mark.parametrize(
    ("side", "state", "target"),
    [
        (ORG, State.IN_PROGRESS, State.CLOSED),
        (RCP, State.IN_PROGRESS, State.OUTCOME_REPORTED),
        (RCP, State.ACKNOWLEDGED, State.DECLINED),
    ],
)
def test_one_verb_may_mean_different_things_by_side_and_state(side: Side, state: State, target: State) -> None:
    report = action_by(side, Verb.REPORT_OUTCOME, family=Family.FREEZE)
    assert apply(leg_in(state, Family.FREEZE), report, NOW, FITTED).leg.state is target


def test_other_tables_govern_what_is_allowed_and_how_many_desks() -> None:
    assert allowed_verbs(leg_in(State.IN_PROGRESS, Family.FREEZE), RCP, tables=FITTED) == [
        Verb.REQUEST_INFO,
        Verb.REPORT_OUTCOME,
    ]
    check_counterparts(Family.FREEZE, Verb.REQUEST_PROVISIONAL, ["a/b", "c/d"], joint=True, tables=FITTED)


# --- bad tables


@pytest.mark.parametrize(
    "rules",
    [
        (REFERRAL.rules[1], replace(REFERRAL.rules[1], from_states=ANY_STATE)),
        (REFERRAL.rules[0], REFERRAL.rules[0]),
        (replace(REFERRAL.rules[0], opening=False),),
        (replace(REFERRAL.rules[0], to_state=None),),
        (replace(REFERRAL.rules[1], opening=True),),
    ],
)
def test_a_table_that_contradicts_itself_cannot_be_made(rules: tuple[Rule, ...]) -> None:
    with pytest.raises(ValueError, match=r"two rules|a row"):
        replace(REFERRAL, rules=rules)


def test_every_referral_row_that_starts_a_clock_asks_for_respond_by() -> None:
    due = {rule.verb for rule in REFERRAL.rules if rule.answer_due}
    assert due == {Verb.REFER, Verb.REQUEST_INFO, Verb.SUPPLY, Verb.RECALL}


# --- documentation

OF_WATCHLISTS = {"OFFERED", "SYNCING", "CURRENT", "LAGGING", "REVOKED"}
"""States that no referral is in."""


def test_the_documentation_has_a_line_for_every_row_move_and_state() -> None:
    text = document(REFERRAL)
    lines = text.splitlines()
    assert text.endswith("|\n")
    assert document(REFERRAL) == text
    for rule in REFERRAL.rules:
        assert sum(line.startswith(f"| {rule.verb.name} |") for line in lines) == 1
    assert "| STORED acknowledgement | SENT | DELIVERED |" in lines
    assert "| `deliver_by` goes by | SENT | EXPIRED |" in lines
    states = {line.split(" | ")[0].removeprefix("| ") for line in lines[lines.index("| state | who acts next |") + 2 :]}
    assert states == {state.value for state in State if state is not State.LAPSED} - OF_WATCHLISTS


def test_the_documentation_of_a_row_says_all_of_it() -> None:
    lines = document(REFERRAL).splitlines()
    assert (
        "| REFER | originator | 2 | analyst, supervisor, duty_desk | – | SENT | absent | – | starts | "
        "Opens the leg. The completeness rules pass before it can be approved. |" in lines
    )
    assert (
        "| RECALL | originator | 1 | analyst, supervisor, duty_desk | any | RECALLED if `about` is the opening, "
        "else same | absent | one of its own | starts the recall's | "
        "The recipient must destroy or quarantine it, or say why it cannot. |" in lines
    )
    assert (
        "| ANSWER_RECALL | recipient | 1 | analyst, supervisor, duty_desk | any | same | absent | "
        "one of the other side's: RECALL | stops the recall's | "
        "Destroyed, quarantined, or cannot comply with a reason. May be answered anew. |" in lines
    )


def test_the_documentation_tells_a_late_second_and_a_pause() -> None:
    lines = document(PROVISIONAL).splitlines()
    assert any(
        line.startswith("| CONFIRM | originator | the second | ") and "| the opening: REQUEST_PROVISIONAL |" in line
        for line in lines
    )
    assert any(line.startswith("| SUPPLY |") and "| where it came from |" in line for line in lines)
    assert "| `lapses_at` goes by | SENT | LAPSED |" in lines
