"""What the referral table says beyond `test_workflow_families`: grants, what is offered, what a refusal names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.engine import allowed_verbs, apply
from comity.workflow.referral import REFERRAL
from comity.workflow.terms import Family, Side, State, Verb

from tests.support.legs import NOW, action_by, leg_in, opening_action

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
S = State


@pytest.mark.parametrize("state", [S.ACKNOWLEDGED, S.MORE_INFO])
def test_redirect_waits_for_the_use_of_a_grant_and_takes_nobodys_word_for_it(state: State) -> None:
    redirect = action_by(RCP, Verb.REDIRECT)
    for granted in (False, True):
        with pytest.raises(RefusedError) as caught:
            apply(leg_in(state), replace(redirect, granted=granted), NOW)
        assert (caught.value.reason, caught.value.metadata) == (Reason.NO_GRANT, {"verb": "REDIRECT"})
    assert Verb.REDIRECT not in allowed_verbs(leg_in(state), RCP)
    passed_on = replace(leg_in(state), forwarded=True)
    assert Verb.REDIRECT in allowed_verbs(passed_on, RCP)
    assert apply(passed_on, redirect, NOW).leg.state is S.REDIRECTED


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.REFER])
def test_nothing_but_refer_opens_a_referral_without_a_grant(verb: Verb) -> None:
    action = replace(opening_action(), verb=verb)
    with pytest.raises(RefusedError) as caught:
        apply(None, action, action.created)
    assert caught.value.reason is (Reason.NO_GRANT if verb is Verb.FORWARD else Reason.UNKNOWN_CASE)


@pytest.mark.parametrize("family", [Family.FREEZE, Family.ASSISTANCE])
def test_a_family_that_is_not_carried_is_refused(family: Family) -> None:
    with pytest.raises(RefusedError) as caught:
        apply(None, action_by(ORG, Verb.REFER, family=family), NOW, {Family.REFERRAL: REFERRAL})
    assert (caught.value.reason, caught.value.metadata) == (Reason.FAMILY_NOT_OFFERED, {"family": family.name})


def test_a_wrong_state_names_the_state_and_the_verbs_that_are_allowed() -> None:
    with pytest.raises(RefusedError) as caught:
        apply(leg_in(S.MORE_INFO), action_by(RCP, Verb.SUPPLY), NOW)
    assert caught.value.metadata == {
        "state": "MORE_INFO",
        "allowed": "ACCEPT,ACCEPT_IN_PART,DECLINE,ANSWER_RECALL,ASK_ONWARD",
    }


def test_the_answer_to_a_recall_is_not_offered_before_there_is_one() -> None:
    fresh = replace(leg_in(S.DELIVERED), recall=b"")
    assert allowed_verbs(fresh, RCP) == [Verb.ACKNOWLEDGE, Verb.ASK_ONWARD]
