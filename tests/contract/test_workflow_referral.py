"""The referral table, proven whole: every state x verb x side x signatures against what the design says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.actions import Signer
from comity.workflow.engine import allowed_verbs, apply
from comity.workflow.families import TABLES
from comity.workflow.terms import Family, Role, Side, State, Verb

from tests.support.legs import NEW, NOW, action_by, approver, author, leg_in, opening_action

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
S = State

# Written from the design's table of referrals, not from the code: (verb, side, people) -> from -> to.
EXPECTED: dict[tuple[Verb, Side, int], dict[State, State]] = {
    (Verb.ACKNOWLEDGE, RCP, 1): {S.DELIVERED: S.ACKNOWLEDGED},
    (Verb.REQUEST_INFO, RCP, 1): {S.ACKNOWLEDGED: S.MORE_INFO},
    (Verb.SUPPLY, ORG, 1): {S.MORE_INFO: S.ACKNOWLEDGED},
    (Verb.ACCEPT, RCP, 1): {S.ACKNOWLEDGED: S.IN_PROGRESS, S.MORE_INFO: S.IN_PROGRESS},
    (Verb.ACCEPT_IN_PART, RCP, 1): {S.ACKNOWLEDGED: S.IN_PROGRESS, S.MORE_INFO: S.IN_PROGRESS},
    (Verb.DECLINE, RCP, 2): {S.ACKNOWLEDGED: S.DECLINED, S.MORE_INFO: S.DECLINED},
    (Verb.REDIRECT, RCP, 1): {S.ACKNOWLEDGED: S.REDIRECTED, S.MORE_INFO: S.REDIRECTED},
    (Verb.REPORT_PROGRESS, RCP, 1): {S.IN_PROGRESS: S.IN_PROGRESS},
    (Verb.REPORT_OUTCOME, RCP, 1): {S.IN_PROGRESS: S.OUTCOME_REPORTED},
    (Verb.WITHDRAW, ORG, 1): {S.SENT: S.WITHDRAWN},
    (Verb.RECALL, ORG, 1): dict.fromkeys(State, S.RECALLED),
    (Verb.ANSWER_RECALL, RCP, 1): {state: state for state in State},
    (Verb.CLOSE, ORG, 1): {S.DECLINED: S.CLOSED, S.REDIRECTED: S.CLOSED, S.OUTCOME_REPORTED: S.CLOSED},
}
BY_VERB = {(verb, side): (people, moves) for (verb, side, people), moves in EXPECTED.items()}
NEED_TWO = {verb for verb, _, people in EXPECTED if people == 2} | {Verb.REFER}


def signatures(side: Side) -> dict[str, tuple[tuple[Signer, ...], Reason | None, Reason | None]]:
    """Who signs -> (signers, refusal where one person is needed, refusal where two are)."""
    wrong, missing = Reason.WRONG_ROLE, Reason.SECOND_PERSON_MISSING
    me = author(side)
    return {
        "both": ((me, approver(side)), None, None),
        "author alone": ((me,), None, missing),
        "approver alone": ((approver(side),), wrong, wrong),
        "nobody": ((), wrong, wrong),
        "two authors": ((me, author(side, member="m-cccccccc")), wrong, wrong),
        "two approvers": ((me, approver(side), approver(side, member="m-cccccccc")), wrong, wrong),
        "the same person twice": ((me, approver(side, member="m-aaaaaaaa")), missing, missing),
        "an approver of another agency": ((me, approver(side.other)), wrong, wrong),
        "an author of another agency": ((author(side.other), approver(side)), wrong, wrong),
        "a second who may not approve": ((me, approver(side, Role.ANALYST, Role.SUPERVISOR)), wrong, wrong),
        "a machine as the second": ((me, approver(side, Role.APPROVER, Role.AGENT)), wrong, wrong),
    }


def outcome(state: State, verb: Verb, side: Side, signers: tuple[Signer, ...], *, granted: bool) -> State | Reason:
    """What the engine makes of it: the state after, or the reason of the refusal."""
    action = replace(action_by(side, verb), signers=signers, granted=granted)
    try:
        return apply(leg_in(state), action, NOW).leg.state
    except RefusedError as error:
        return error.reason


def expectation(state: State, verb: Verb, side: Side) -> State | Reason:
    """What the design makes of it when the signatures are in order and a grant is there."""
    if (verb, side) not in BY_VERB:
        return Reason.WRONG_STATE
    moves = BY_VERB[verb, side][1]
    if state in moves:
        return moves[state]
    return Reason.TOO_LATE if state in (S.EXPIRED, S.LAPSED) else Reason.WRONG_STATE


@pytest.mark.parametrize("state", State)
def test_every_verb_from_either_side_with_every_signature_does_what_the_design_says(state: State) -> None:
    for verb in Verb:
        for side in Side:
            right = expectation(state, verb, side)
            for name, (signers, where_one, where_two) in signatures(side).items():
                refusal = where_two if verb in NEED_TWO else where_one
                expected = right if isinstance(right, Reason) or refusal is None else refusal
                assert outcome(state, verb, side, signers, granted=True) == expected, (verb, side, name)


@pytest.mark.parametrize("state", State)
def test_the_verbs_offered_are_those_that_would_be_taken(state: State) -> None:
    for side in Side:
        taken = [
            verb
            for verb in Verb
            if isinstance(outcome(state, verb, side, (author(side), approver(side)), granted=False), State)
        ]
        assert allowed_verbs(leg_in(state), side) == taken


@pytest.mark.parametrize("role", Role)
def test_analyst_supervisor_and_duty_desk_write_every_verb_and_nobody_else_writes_any(role: Role) -> None:
    may = role in (Role.ANALYST, Role.SUPERVISOR, Role.DUTY_DESK)
    for (verb, side, _), moves in EXPECTED.items():
        state, target = next(iter(moves.items()))
        got = outcome(state, verb, side, (author(side, role), approver(side)), granted=True)
        assert got == (target if may else Reason.WRONG_ROLE), verb


@pytest.mark.parametrize("role", Role)
def test_only_the_role_approver_approves_a_decline_and_it_is_enough(role: Role) -> None:
    got = outcome(S.ACKNOWLEDGED, Verb.DECLINE, RCP, (author(RCP), approver(RCP, role)), granted=False)
    assert got == (S.DECLINED if role is Role.APPROVER else Reason.WRONG_ROLE)


@pytest.mark.parametrize("state", [S.ACKNOWLEDGED, S.MORE_INFO])
def test_redirect_without_a_grant_is_refused(state: State) -> None:
    assert outcome(state, Verb.REDIRECT, RCP, (author(RCP),), granted=False) is Reason.NO_GRANT


def test_refer_opens_a_leg_with_two_signatures_only() -> None:
    refer = opening_action()
    for name, (signers, _, refusal) in signatures(ORG).items():
        action = replace(refer, signers=signers)
        if refusal is None:
            assert apply(None, action, refer.created).leg.state is S.SENT
        else:
            with pytest.raises(RefusedError) as caught:
                apply(None, action, refer.created)
            assert caught.value.reason is refusal, name


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.REFER])
def test_nothing_but_refer_opens_a_referral(verb: Verb) -> None:
    with pytest.raises(RefusedError) as caught:
        apply(None, action_by(ORG, verb), NOW)
    assert caught.value.reason is Reason.UNKNOWN_CASE


@pytest.mark.parametrize("family", [Family.FREEZE, Family.ASSISTANCE])
def test_a_family_this_version_does_not_carry_is_refused(family: Family) -> None:
    with pytest.raises(RefusedError) as caught:
        apply(None, action_by(ORG, Verb.REFER, family=family), NOW)
    assert (caught.value.reason, caught.value.metadata) == (Reason.FAMILY_NOT_OFFERED, {"family": family.name})


def test_a_wrong_state_names_the_state_and_the_verbs_that_are_allowed() -> None:
    with pytest.raises(RefusedError) as caught:
        apply(leg_in(S.MORE_INFO), action_by(RCP, Verb.SUPPLY), NOW)
    assert caught.value.metadata == {
        "state": "MORE_INFO",
        "allowed": "ACCEPT,ACCEPT_IN_PART,DECLINE,ANSWER_RECALL",
    }


def test_the_answer_to_a_recall_is_not_offered_before_there_is_one() -> None:
    fresh = replace(leg_in(S.DELIVERED), recall=b"")
    assert allowed_verbs(fresh, RCP) == [Verb.ACKNOWLEDGE]


def test_a_state_changing_envelope_becomes_the_one_that_previous_must_name() -> None:
    carry = {v for v, _, _ in EXPECTED} - {Verb.WITHDRAW, Verb.RECALL, Verb.ANSWER_RECALL, Verb.REPORT_PROGRESS}
    for (verb, side, _), moves in EXPECTED.items():
        leg = leg_in(next(iter(moves)))
        after = apply(leg, replace(action_by(side, verb), granted=True), NOW).leg
        assert after.previous == (NEW if verb in carry else leg.previous), verb


def test_final_states_are_those_from_which_only_a_recall_and_its_answer_run() -> None:
    table = TABLES[Family.REFERRAL]
    never = {S.OFFERED, S.SYNCING, S.CURRENT, S.LAGGING, S.REVOKED}
    final = {S.CLOSED, S.WITHDRAWN, S.RECALLED, S.EXPIRED, S.LAPSED} | never
    assert {state for state in State if table.is_final(state)} == final
