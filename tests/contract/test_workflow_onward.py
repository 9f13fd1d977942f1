"""Onward consent and recall on legs: what a used grant changes, and the leg by which a recall reaches a third desk."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.actions import AboutFacts, Action
from comity.workflow.engine import (
    allowed_verbs,
    apply,
    apply_forwarded,
    apply_stored,
    check_counterparts,
    onward_leg,
)
from comity.workflow.legs import ClockEvent, ClockKind, Leg
from comity.workflow.terms import AgencyKind, Family, Precedence, Side, Standing, State, Verb
from comity.workflow.timers import next_limit, settle

from tests.support.acting import act, opening, standing_leg
from tests.support.expected import EXPECTED, LIVE
from tests.support.legs import CASE, DAY, HOUR, LAST, NEW, NOW, OPENING, ORIGINATOR, T0, leg_in

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
FAMILIES = list(EXPECTED)
THIRD = "police/cctb"
"""The new desk: the recipient of the onward leg."""
FORWARD = b"\x08" * 32
ORIGINAL = OPENING


def third_leg(family: Family = Family.REFERRAL) -> Leg:
    """The leg between the originator and the desk that received something of it under a grant."""
    return onward_leg(
        family=family,
        originator=ORIGINATOR,
        case_id=CASE,
        original_hash=ORIGINAL,
        recipient=THIRD,
        opened=T0,
        deliver_by=T0 + DAY,
        forward_hash=FORWARD,
    )


def recall(family: Family = Family.REFERRAL, **changes: object) -> Action:
    """A recall of the original, as its originator sends it to the third desk, where nobody knows that one's facts."""
    action = replace(act(family, Verb.RECALL, ORG), about=ORIGINAL, about_facts=None, precedence=Precedence.ROUTINE)
    return replace(action, **changes)  # type: ignore[arg-type] # any field


def answer(**changes: object) -> Action:
    """The third desk's answer to that."""
    facts = AboutFacts(ORIGINATOR, Verb.RECALL, "sfc/m-aaaaaaaa")
    action = replace(act(Family.REFERRAL, Verb.ANSWER_RECALL, RCP), about=NEW, about_facts=facts)
    return replace(action, message_hash=b"\x09" * 32, **changes)  # type: ignore[arg-type] # any field


def refusal(leg: Leg | None, action: Action, now_ms: int = NOW) -> Reason:
    with pytest.raises(RefusedError) as caught:
        apply(leg, action, now_ms)
    return caught.value.reason


# --- asking, granting, refusing, revoking


@pytest.mark.parametrize("family", FAMILIES)
def test_consent_moves_no_leg_and_no_clock(family: Family) -> None:
    leg = replace(standing_leg(family, State.ACKNOWLEDGED), lapses_at=None, question=LAST, respond_by=NOW + DAY)
    leg = replace(leg, awaiting=RCP)
    for verb, side in (
        (Verb.ASK_ONWARD, RCP),
        (Verb.GRANT_ONWARD, ORG),
        (Verb.REFUSE_ONWARD, ORG),
        (Verb.REVOKE_GRANT, ORG),
    ):
        assert apply(leg, act(family, verb, side), NOW).leg == leg


@pytest.mark.parametrize("family", FAMILIES)
def test_C_11_one_person_grants_nothing(family: Family) -> None:
    grant = act(family, Verb.GRANT_ONWARD, ORG)
    alone = replace(grant, signers=grant.signers[:1])
    assert refusal(standing_leg(family, State.ACKNOWLEDGED), alone) is Reason.SECOND_PERSON_MISSING


@pytest.mark.parametrize("verb", [Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD])
def test_consent_answers_a_question_of_the_holders(verb: Verb) -> None:
    leg, action = leg_in(State.IN_PROGRESS), act(Family.REFERRAL, verb, ORG)
    assert action.about_facts is not None
    for facts in (None, replace(action.about_facts, verb=Verb.SUPPLY), replace(action.about_facts, sender=ORIGINATOR)):
        assert refusal(leg, replace(action, about_facts=facts)) is Reason.WRONG_ABOUT


def test_G_08_what_came_under_a_grant_is_asked_of_nobody_but_its_originator() -> None:
    leg, ask = leg_in(State.IN_PROGRESS), act(Family.REFERRAL, Verb.ASK_ONWARD, RCP)
    assert ask.about_facts is not None
    assert apply(leg, ask, NOW).leg == leg
    passed_on = replace(ask, about_facts=replace(ask.about_facts, verb=Verb.FORWARD))
    assert refusal(leg, passed_on) is Reason.WRONG_ABOUT


# --- using a grant


@pytest.mark.parametrize("family", FAMILIES)
def test_G_07_nothing_is_passed_on_without_a_grant_nor_to_several_desks(family: Family) -> None:
    forward = opening(family, Verb.FORWARD)
    assert refusal(None, replace(forward, granted=False), T0) is Reason.NO_GRANT
    alone = replace(forward, signers=forward.signers[:1])
    assert refusal(None, alone, T0) is Reason.SECOND_PERSON_MISSING
    holder = replace(forward, sender_kind=AgencyKind.HOLDER)
    assert refusal(None, holder, T0) is Reason.FAMILY_NOT_OFFERED
    with pytest.raises(MalformedError):
        check_counterparts(family, Verb.FORWARD, ["a/b", "c/d"], joint=False)


@dataclass(frozen=True)
class Passing:
    """What `apply_forwarded` reads of a FORWARD's header."""

    lapses_at: int = 0
    family: Family = Family.REFERRAL
    verb: Verb = Verb.FORWARD
    case_id: bytes = CASE
    previous: bytes = b""
    about: bytes = b""
    sender: str = "police/cctb"
    precedence: Precedence = Precedence.ROUTINE
    created: int = NOW
    deliver_by: int = NOW + DAY
    respond_by: int = NOW + DAY


def passed_on(leg: Leg, lapses_at: int = 0) -> Leg | Reason:
    try:
        return apply_forwarded(leg, Passing(lapses_at))
    except RefusedError as error:
        return error.reason


@pytest.mark.parametrize("family", [Family.REFERRAL, Family.ASSISTANCE])
def test_a_used_grant_is_remembered_once(family: Family) -> None:
    leg = leg_in(State.IN_PROGRESS, family)
    after = apply_forwarded(leg, Passing())
    assert after == replace(leg, forwarded=True, revision=leg.revision + 1)
    assert apply_forwarded(after, Passing()) == after
    assert passed_on(leg_in(State.CLOSED, family)) == replace(leg_in(State.CLOSED, family), forwarded=True, revision=8)


@pytest.mark.parametrize("state", [State.RECALLED, State.WITHDRAWN])
def test_what_was_taken_back_is_passed_on_no_more(state: State) -> None:
    with pytest.raises(RefusedError) as caught:
        apply_forwarded(leg_in(state), Passing())
    assert (caught.value.reason, caught.value.metadata) == (Reason.NO_GRANT, {"verb": "FORWARD"})


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("state", State)
def test_a_freeze_is_passed_on_only_while_it_goes_on_and_two_people_stand_behind_it(
    state: State, standing: Standing
) -> None:
    leg = replace(standing_leg(Family.FREEZE, state, standing), forwarded=False)
    found = passed_on(leg, NOW)
    goes_on = state in LIVE[Family.FREEZE] and standing is Standing.FULL
    assert found == (replace(leg, forwarded=True, revision=leg.revision + 1) if goes_on else Reason.NO_GRANT)


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("state", [State.DELIVERED, State.IN_PROGRESS, State.REPLIED, State.LAPSED, State.CLOSED])
def test_an_oral_notice_is_passed_on_only_once_two_people_have_completed_it(state: State, standing: Standing) -> None:
    leg = replace(standing_leg(Family.ASSISTANCE, state, standing), forwarded=False)
    after = replace(leg, forwarded=True, revision=leg.revision + 1)
    assert passed_on(leg) == (after if standing is Standing.FULL else Reason.NO_GRANT)


def test_a_freeze_that_is_passed_on_ends_no_later_than_what_is_passed_on() -> None:
    leg = replace(standing_leg(Family.FREEZE, State.IN_FORCE), forwarded=False, lapses_at=NOW + DAY)
    after = replace(leg, forwarded=True, revision=leg.revision + 1)
    assert (passed_on(leg, NOW + DAY), passed_on(leg, NOW + DAY - 1)) == (after, after)
    assert (passed_on(leg, NOW + DAY + 1), passed_on(leg)) == (Reason.BAD_TIMES, Reason.BAD_TIMES)
    endless = replace(leg, lapses_at=None)
    assert (passed_on(endless), passed_on(endless, NOW)) == (replace(after, lapses_at=None),) * 2


# --- the third desk's leg


@pytest.mark.parametrize("family", FAMILIES)
def test_on_a_leg_of_a_used_grant_a_recall_and_its_answer_run_and_nothing_else(family: Family) -> None:
    leg = third_leg(family)
    recalled = replace(apply(leg, recall(family), NOW).leg, recall_respond_by=None)
    for verb in Verb:
        for side in Side:
            if verb not in (Verb.RECALL, Verb.ANSWER_RECALL):
                action = act(family, verb, side)
                assert refusal(leg, action) is Reason.WRONG_STATE, verb
                gone = Reason.WRONG_ABOUT if (verb, side) == (Verb.REVOKE_GRANT, ORG) else Reason.WRONG_STATE
                no_facts = replace(action, about_facts=None)
                assert refusal(recalled, no_facts) is gone, verb
    assert [allowed_verbs(leg, side) for side in Side] == [[Verb.RECALL], []]
    assert [allowed_verbs(recalled, side) for side in Side] == [[Verb.RECALL], [Verb.ANSWER_RECALL]]
    assert settle(leg, NOW + 999 * DAY).leg == leg
    assert next_limit(leg) is None
    assert apply_stored(leg, ORIGINAL, NOW).leg == leg


def test_a_recall_reaches_the_third_desk_and_waits_for_its_answer() -> None:
    recalled = apply(third_leg(), recall(), NOW).leg
    assert (recalled.state, recalled.recall, recalled.recall_respond_by) == (State.RECALLED, NEW, NOW + DAY)
    late = settle(recalled, NOW + DAY + 1)
    assert late.events == (ClockEvent(ClockKind.OVERDUE, NOW + DAY, NEW, RCP),)
    answered = apply(recalled, answer(), NOW).leg
    assert (answered.state, answered.recall_respond_by) == (State.RECALLED, None)
    assert refusal(recalled, answer(about=ORIGINAL)) is Reason.WRONG_ABOUT


def test_a_recall_on_that_leg_is_the_originators_and_of_what_it_sent() -> None:
    leg = third_leg()
    assert refusal(leg, recall(about=LAST)) is Reason.WRONG_ABOUT
    assert refusal(leg, recall(about=b"")) is Reason.WRONG_ABOUT
    by_the_third = replace(recall(), sender=THIRD, counterpart=ORIGINATOR, signers=answer().signers)
    assert refusal(leg, by_the_third) is Reason.WRONG_STATE
    assert refusal(leg, replace(recall(), sender="icac/ops")) is Reason.UNKNOWN_CASE


def test_another_original_that_reached_the_same_desk_is_recalled_by_what_the_caller_knows_of_it() -> None:
    facts = AboutFacts(ORIGINATOR, Verb.SUPPLY, "sfc/m-aaaaaaaa")
    after = apply(third_leg(), recall(about=LAST, about_facts=facts), NOW).leg
    assert (after.state, after.recall) == (State.FORWARDED, NEW)
    again = replace(recall(), message_hash=b"\x0a" * 32)
    assert apply(apply(after, answer(), NOW).leg, again, NOW + HOUR // 4).leg.state is State.RECALLED


@pytest.mark.parametrize("family", FAMILIES)
def test_a_used_grant_is_no_way_to_send_without_end(family: Family) -> None:
    recalled = apply(third_leg(family), recall(family), NOW).leg
    again = replace(recall(family), message_hash=b"\x0a" * 32)
    assert refusal(recalled, again) is Reason.WRONG_STATE
    assert refusal(recalled, again, NOW + DAY + 1) in (Reason.WRONG_STATE, Reason.TOO_LATE)
    assert [allowed_verbs(recalled, side) for side in Side] == [[], [Verb.ANSWER_RECALL]]
    answered = replace(answer(), family=family, message_hash=b"\x0b" * 32)
    assert apply(apply(recalled, answered, NOW).leg, again, NOW).leg.recall == b"\x0a" * 32
    for precedence in (Precedence.URGENT, Precedence.FLASH):
        with pytest.raises(RefusedError) as caught:
            apply(third_leg(family), replace(again, precedence=precedence), NOW)
        assert caught.value.reason is Reason.WRONG_PRECEDENCE
        assert caught.value.metadata == {"allowed": "ROUTINE"}


def test_the_original_answers_for_nothing_but_its_recall() -> None:
    recalled = apply(third_leg(), recall(), NOW).leg
    facts = AboutFacts(ORIGINATOR, Verb.GRANT_ONWARD, "sfc/m-aaaaaaaa")
    revoke = replace(act(Family.REFERRAL, Verb.REVOKE_GRANT, ORG), about=ORIGINAL, about_facts=facts)
    assert refusal(recalled, revoke) is Reason.WRONG_ABOUT
