"""Every state x standing x verb x side x signatures of referrals, freezes and assistance, against what was designed.

The expectation is written by hand in `tests.support.expected`; the tables of the code are not asked.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.actions import Action
from comity.workflow.engine import allowed_verbs, apply, apply_stored
from comity.workflow.families import TABLES
from comity.workflow.legs import Leg
from comity.workflow.tables import Rule
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Side, Standing, State, Verb

from tests.support.acting import (
    ENDS,
    SIGNATURES,
    act,
    fit,
    judged,
    lapsed_state,
    opening,
    signers,
    standing_leg,
)
from tests.support.expected import EXPECTED, FINAL, OPENINGS, Expected, find, knows
from tests.support.legs import DAY, HOUR, NEW, NOW, OPENING, T0, approver, author

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
FAMILIES = list(EXPECTED)
ENDED = (State.EXPIRED, State.LAPSED)
WORDS = {
    "": "keeps",
    "stop": "stops",
    "start": "starts",
    "own": "starts its own",
    "recall": "starts the recall's",
    "answered": "stops the recall's",
    "reply": "stops, if `about` is what is awaited",
}


def outcome(leg: Leg | None, action: Action, now_ms: int = NOW) -> State | Reason:
    try:
        return apply(leg, action, now_ms).leg.state
    except RefusedError as error:
        return error.reason


def expectation(family: Family, verb: Verb, side: Side, state: State, standing: Standing) -> Expected | Reason:
    row = find(family, verb, side, state, standing)
    if row is not None:
        return row
    return Reason.TOO_LATE if state in ENDED and knows(family, verb, side) else Reason.WRONG_STATE


@pytest.mark.exhaustive
@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_verb_from_either_side_with_every_signature_does_what_the_design_says(
    family: Family, standing: Standing
) -> None:
    actions = {
        (verb, side, name): replace(act(family, verb, side), signers=signers(name, side))
        for verb in Verb
        for side in Side
        for name in SIGNATURES
    }
    for state in State:
        leg = standing_leg(family, state, standing)
        for verb in Verb:
            for side in Side:
                row = expectation(family, verb, side, state, standing)
                plain = actions[verb, side, "both"]
                for name in SIGNATURES:
                    action = actions[verb, side, name]
                    if isinstance(row, Expected):  # one verb may be about different things in different states
                        action = replace(fit(plain, row), signers=action.signers)
                        right: State | Reason = judged(name, row.people) or row.target or state
                    else:
                        right = row
                    assert outcome(leg, action) == right, (state, verb, side, name)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_leaves_standing_clock_end_and_chain_as_the_design_says(family: Family) -> None:
    for row in EXPECTED[family]:
        state, standing = min(row.states), min(row.standings)
        leg = standing_leg(family, state, standing)
        plain = fit(act(family, row.verb, row.side), row)
        after = apply(
            leg, replace(plain, signers=signers("approver alone" if row.people == "S" else "both", row.side)), NOW
        ).leg
        assert after.standing is (standing if row.to_standing is None else row.to_standing), row
        assert after.previous == (NEW if row.last else leg.previous), row
        waits = {"start": row.side.other, "own": row.side}.get(row.clock)
        assert (after.awaiting, after.respond_by) == (waits, None if waits is None else NOW + DAY), row
        assert after.recall_respond_by == (NOW + DAY if row.clock == "recall" else None), row
        moved = {"lapse": NOW + DAY, "lapse?": None, "": leg.lapses_at}[row.lapse]
        cleared = (family, row.verb) == (Family.ASSISTANCE, Verb.COMPLETE)
        assert after.lapses_at == (None if cleared else moved), row


@pytest.mark.parametrize("family", FAMILIES)
def test_the_table_has_the_designs_rows_and_no_other(family: Family) -> None:
    def shape(rule: Rule) -> tuple[object, ...]:
        return (rule.verb, rule.side, rule.from_states, rule.standings, str(rule.clock), rule.unless_awaited)

    ours = {shape(rule) for rule in TABLES[family].rules if not rule.opening}
    assert ours == {
        (row.verb, row.side, row.states, row.standings, WORDS[row.clock], row.unawaited) for row in EXPECTED[family]
    }
    assert {rule.verb for rule in TABLES[family].rules if rule.opening} == set(OPENINGS[family])


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_verbs_offered_are_those_that_would_be_taken(family: Family, standing: Standing) -> None:
    for state in State:
        leg = standing_leg(family, state, standing)
        for side in Side:
            rows = {row.verb for row in EXPECTED[family] if row.side is side and state in row.states}
            taken = [verb for verb in sorted(rows) if find(family, verb, side, state, standing)]
            assert allowed_verbs(leg, side) == taken, (state, side)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_opening_takes_its_people_and_begins_in_its_standing(family: Family) -> None:
    provisional = (Verb.REQUEST_PROVISIONAL, Verb.ORAL_NOTICE)
    for verb in Verb:
        for name in SIGNATURES:
            action = replace(opening(family, verb), signers=signers(name, ORG))
            if verb in OPENINGS[family]:
                right: State | Reason = judged(name, OPENINGS[family][verb]) or State.SENT
            else:
                right = Reason.UNKNOWN_CASE
            assert outcome(None, action, T0) == right, (verb, name)
        if verb in OPENINGS[family]:
            leg = apply(None, opening(family, verb), T0).leg
            assert leg.standing is (Standing.PROVISIONAL if verb in provisional else Standing.FULL)
            assert leg.lapses_at == (T0 + HOUR if verb in provisional else None)
            assert (leg.awaiting, leg.respond_by, leg.forwarded, leg.onward) == (RCP, T0 + DAY, False, b"")
            assert apply_stored(leg, OPENING, T0 + 1).leg.state is State.DELIVERED


@pytest.mark.parametrize("family", FAMILIES)
def test_a_case_is_opened_once_between_two_desks(family: Family) -> None:
    for verb in OPENINGS[family]:
        for side in Side:
            action = replace(opening(family, verb), sender=act(family, verb, side).sender, created=NOW)
            action = replace(action, counterpart=act(family, verb, side).counterpart, lapses_at=None)
            assert outcome(standing_leg(family, State.SENT), action) is Reason.WRONG_STATE


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("family", FAMILIES)
def test_analyst_supervisor_and_duty_desk_write_and_only_an_approver_is_the_second(family: Family, role: Role) -> None:
    may = role in (Role.ANALYST, Role.SUPERVISOR, Role.DUTY_DESK)
    for row in EXPECTED[family]:
        state, standing = min(row.states), min(row.standings)
        leg, plain = standing_leg(family, state, standing), fit(act(family, row.verb, row.side), row)
        right = row.target or state
        if row.people != "S":
            written = replace(plain, signers=(author(row.side, role), approver(row.side)))
            assert outcome(leg, written) == (right if may else Reason.WRONG_ROLE), row
        me = () if row.people == "S" else (author(row.side),)
        seconded = replace(plain, signers=(*me, approver(row.side, role)))
        assert outcome(leg, seconded) == (right if role is Role.APPROVER else Reason.WRONG_ROLE), row


@pytest.mark.parametrize("kind", AgencyKind)
@pytest.mark.parametrize("family", FAMILIES)
def test_holders_and_issuers_are_asked_for_freezes_and_answer_them_and_nothing_else(
    family: Family, kind: AgencyKind
) -> None:
    authority = kind is AgencyKind.AUTHORITY
    for verb in OPENINGS[family]:
        to_them = outcome(None, replace(opening(family, verb), counterpart_kind=kind), T0)
        assert (to_them is State.SENT) == (authority or family is Family.FREEZE)
        from_them = outcome(None, replace(opening(family, verb), sender_kind=kind), T0)
        assert (from_them is State.SENT) == authority
    for row in EXPECTED[family]:
        if row.side is RCP:
            leg = standing_leg(family, min(row.states), min(row.standings))
            answer = replace(fit(act(family, row.verb, RCP), row), sender_kind=kind)
            taken = isinstance(outcome(leg, answer), State)
            assert taken == (authority or family is Family.FREEZE), row


@pytest.mark.parametrize("family", FAMILIES)
def test_a_leg_has_ended_where_nothing_is_left_but_recalls_and_onward_consent(family: Family) -> None:
    table = TABLES[family]
    used = {rule.to_state for rule in table.rules} | {*table.expires.values(), *table.lapses.values()} - {None}
    assert {state for state in used if state and table.is_final(state)} == {*map(State, FINAL[family])} & used
    assert not table.is_final(State.FORWARDED)


@pytest.mark.parametrize("precedence", Precedence)
def test_a_provisional_hold_travels_as_flash_alone_and_all_else_as_anything(precedence: Precedence) -> None:
    for family, verbs in OPENINGS.items():
        for verb in verbs:
            action = replace(opening(family, verb), precedence=precedence)
            wrong = verb is Verb.REQUEST_PROVISIONAL and precedence is not Precedence.FLASH
            assert outcome(None, action, T0) == (Reason.WRONG_PRECEDENCE if wrong else State.SENT)
            if wrong:
                with pytest.raises(RefusedError) as caught:
                    apply(None, action, T0)
                assert caught.value.metadata == {"allowed": "FLASH"}


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("family", [Family.FREEZE, Family.ASSISTANCE])
def test_its_date_lapses_what_is_not_full_and_ends_what_is(family: Family, standing: Standing) -> None:
    moves = lapsed_state(family, standing)
    for state in State:
        leg = replace(standing_leg(family, state, standing), lapses_at=ENDS)
        late = replace(act(family, Verb.ASK_ONWARD, RCP), created=ENDS, deliver_by=ENDS + DAY)
        in_time = outcome(leg, late, ENDS)
        after = outcome(leg, late, ENDS + 1)
        if state in moves:
            assert (in_time, after) == (Reason.WRONG_STATE if state is State.SENT else state, moves[state]), state
        else:
            assert after == in_time, state
