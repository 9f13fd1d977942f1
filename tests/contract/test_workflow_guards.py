"""Every guard of the engine, each by an action that is right but for one point."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.actions import AboutFacts, Action, action_of
from comity.workflow.engine import apply, check_counterparts
from comity.workflow.legs import Leg
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Side, State, Verb

from tests.support.legs import (
    CASE,
    DAY,
    HOUR,
    LAST,
    NEW,
    NOW,
    OPENING,
    ORIGINATOR,
    RECALLING,
    RECIPIENT,
    T0,
    action_by,
    approver,
    author,
    leg_in,
    opening_action,
)

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT


def refusal(leg: Leg | None, action: Action, now_ms: int = NOW) -> tuple[Reason, dict[str, str]]:
    with pytest.raises(RefusedError) as caught:
        apply(leg, action, now_ms)
    return caught.value.reason, caught.value.metadata


# --- parties


def test_an_opening_makes_a_leg_with_everything_that_is_remembered() -> None:
    refer = opening_action()

    applied = apply(None, refer, T0)

    assert applied.before is None
    assert applied.events == ()
    assert applied.rule is not None
    assert applied.rule.verb is Verb.REFER
    assert applied.leg == Leg(
        originator=ORIGINATOR,
        case_id=CASE,
        recipient=RECIPIENT,
        family=Family.REFERRAL,
        state=State.SENT,
        revision=1,
        opening=OPENING,
        previous=OPENING,
        opened=T0,
        deliver_by=T0 + 3 * DAY,
        question=OPENING,
        respond_by=T0 + DAY,
        awaiting=RCP,
    )
    assert applied.leg.key == (ORIGINATOR, CASE, RECIPIENT)


def test_a_desk_opens_no_leg_with_itself() -> None:
    assert refusal(None, replace(opening_action(), counterpart=ORIGINATOR), T0)[0] is Reason.UNKNOWN_CASE


@pytest.mark.parametrize("side", Side)
def test_a_case_is_opened_once_between_two_desks_whichever_begins(side: Side) -> None:
    reason, metadata = refusal(leg_in(State.DECLINED), action_by(side, Verb.REFER))
    assert reason is Reason.WRONG_STATE
    consent = "GRANT_ONWARD,REFUSE_ONWARD,REVOKE_GRANT"
    assert metadata["allowed"] == {ORG: f"RECALL,CLOSE,{consent}", RCP: "ANSWER_RECALL,ASK_ONWARD"}[side]


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "hkma/intake"},
        {"counterpart": "hkma/intake"},
        {"counterpart": RECIPIENT},
        {"case_id": bytes(16)},
    ],
)
def test_an_envelope_of_another_leg_is_an_unknown_case(change: dict[str, str]) -> None:
    action = replace(action_by(RCP, Verb.ACKNOWLEDGE), **change)  # type: ignore[arg-type] # one field of either type
    assert refusal(leg_in(State.DELIVERED), action)[0] is Reason.UNKNOWN_CASE


def test_an_envelope_of_another_family_is_an_unknown_case() -> None:
    leg = leg_in(State.DELIVERED, Family.FREEZE)
    assert refusal(leg, action_by(RCP, Verb.ACKNOWLEDGE))[0] is Reason.UNKNOWN_CASE


@pytest.mark.parametrize("kind", [AgencyKind.HOLDER, AgencyKind.ISSUER])
@pytest.mark.parametrize("side", Side)
def test_a_holder_or_issuer_is_no_party_to_a_referral(kind: AgencyKind, side: Side) -> None:
    for action in (
        replace(action_by(side, Verb.RECALL), sender_kind=kind),
        replace(action_by(side, Verb.RECALL), counterpart_kind=kind),
    ):
        assert refusal(leg_in(State.DELIVERED), action) == (Reason.FAMILY_NOT_OFFERED, {"family": "REFERRAL"})


# --- times


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"created": NOW + 120_001}, Reason.CREATED_IN_FUTURE),
        ({"created": NOW - 97 * HOUR}, Reason.CREATED_TOO_OLD),
        ({"deliver_by": NOW + 15 * DAY}, Reason.BAD_TIMES),
        ({"precedence": Precedence.FLASH, "created": NOW - 2 * HOUR}, Reason.CREATED_TOO_OLD),
        ({"created": NOW - 2 * HOUR, "deliver_by": NOW - HOUR}, Reason.TOO_LATE),
        ({"respond_by": NOW + HOUR}, Reason.BAD_TIMES),
        ({"lapses_at": NOW + HOUR}, Reason.BAD_TIMES),
    ],
)
def test_the_headers_times_are_held_against_the_leafs(change: dict[str, int], reason: Reason) -> None:
    action = replace(action_by(RCP, Verb.ACKNOWLEDGE), **change)  # type: ignore[arg-type] # fields of numbers
    assert refusal(leg_in(State.DELIVERED), action)[0] is reason


@pytest.mark.parametrize(
    ("side", "verb", "state"),
    [(RCP, Verb.REQUEST_INFO, State.ACKNOWLEDGED), (ORG, Verb.SUPPLY, State.MORE_INFO), (ORG, Verb.RECALL, State.SENT)],
)
def test_a_verb_that_asks_for_an_answer_must_say_by_when(side: Side, verb: Verb, state: State) -> None:
    action = replace(action_by(side, verb), respond_by=None)
    assert refusal(leg_in(state), action)[0] is Reason.BAD_TIMES


def test_only_a_second_signature_gives_a_header_the_longer_age() -> None:
    late = replace(action_by(RCP, Verb.ACKNOWLEDGE), created=NOW - 25 * HOUR, deliver_by=NOW + HOUR)
    assert apply(leg_in(State.DELIVERED), late, NOW).leg.state is State.ACKNOWLEDGED
    alone = replace(late, signers=(author(RCP),))
    assert refusal(leg_in(State.DELIVERED), alone)[0] is Reason.CREATED_TOO_OLD


# --- previous and about


@pytest.mark.parametrize("previous", [b"", OPENING])
def test_a_state_changing_verb_must_name_the_last_envelope(previous: bytes) -> None:
    action = replace(action_by(RCP, Verb.ACKNOWLEDGE), previous=previous)
    assert refusal(leg_in(State.DELIVERED), action)[0] is Reason.WRONG_PREVIOUS


@pytest.mark.parametrize(
    ("side", "verb", "state"),
    [
        (ORG, Verb.WITHDRAW, State.SENT),
        (ORG, Verb.RECALL, State.CLOSED),
        (RCP, Verb.ANSWER_RECALL, State.RECALLED),
        (RCP, Verb.REPORT_PROGRESS, State.IN_PROGRESS),
    ],
)
def test_a_verb_that_nobody_may_block_carries_no_previous(side: Side, verb: Verb, state: State) -> None:
    action = replace(action_by(side, verb), previous=LAST)
    assert refusal(leg_in(state), action)[0] is Reason.WRONG_PREVIOUS


def test_an_opening_carries_no_previous() -> None:
    assert refusal(None, replace(opening_action(), previous=LAST), T0)[0] is Reason.WRONG_PREVIOUS


def test_an_opening_carries_no_about() -> None:
    assert refusal(None, replace(opening_action(), about=LAST), T0)[0] is Reason.WRONG_ABOUT


def test_a_verb_without_about_must_not_carry_one() -> None:
    action = replace(action_by(RCP, Verb.ACKNOWLEDGE), about=OPENING)
    assert refusal(leg_in(State.DELIVERED), action)[0] is Reason.WRONG_ABOUT


REFER_FACTS = AboutFacts(ORIGINATOR, Verb.REFER, "sfc/m-aaaaaaaa")
THEIR_FACTS = AboutFacts(RECIPIENT, Verb.REQUEST_INFO, "police/m-aaaaaaaa")
RECALL_FACTS = AboutFacts(ORIGINATOR, Verb.RECALL, "sfc/m-aaaaaaaa")
STRANGE_FACTS = AboutFacts("hkma/intake", Verb.RECALL, "hkma/m-aaaaaaaa")


@pytest.mark.parametrize(
    ("side", "verb", "about", "facts"),
    [
        (ORG, Verb.WITHDRAW, b"", None),
        (ORG, Verb.WITHDRAW, OPENING, None),
        (ORG, Verb.WITHDRAW, b"", REFER_FACTS),
        (ORG, Verb.WITHDRAW, LAST, REFER_FACTS),
        (ORG, Verb.RECALL, b"", REFER_FACTS),
        (ORG, Verb.RECALL, OPENING, None),
        (ORG, Verb.RECALL, LAST, THEIR_FACTS),
        (ORG, Verb.RECALL, LAST, STRANGE_FACTS),
        (RCP, Verb.ANSWER_RECALL, RECALLING, None),
        (RCP, Verb.ANSWER_RECALL, b"", RECALL_FACTS),
        (RCP, Verb.ANSWER_RECALL, OPENING, REFER_FACTS),
        (RCP, Verb.ANSWER_RECALL, RECALLING, replace(RECALL_FACTS, sender=RECIPIENT)),
        (RCP, Verb.ANSWER_RECALL, RECALLING, STRANGE_FACTS),
    ],
)
def test_about_must_name_an_envelope_of_the_leg_that_the_verb_can_refer_to(
    side: Side, verb: Verb, about: bytes, facts: AboutFacts | None
) -> None:
    action = replace(action_by(side, verb), about=about, about_facts=facts)
    assert refusal(leg_in(State.SENT), action)[0] is Reason.WRONG_ABOUT


def test_a_recall_of_a_later_envelope_leaves_the_state() -> None:
    supply = AboutFacts(ORIGINATOR, Verb.SUPPLY, "sfc/m-aaaaaaaa")
    action = replace(action_by(ORG, Verb.RECALL), about=LAST, about_facts=supply)

    leg = apply(leg_in(State.IN_PROGRESS), action, NOW).leg

    assert (leg.state, leg.revision) == (State.IN_PROGRESS, 8)
    assert (leg.recall, leg.recall_respond_by) == (NEW, NOW + 2 * DAY)


# --- what a row does


def test_what_changes_nothing_keeps_the_revision() -> None:
    leg = leg_in(State.IN_PROGRESS)
    assert apply(leg, action_by(RCP, Verb.REPORT_PROGRESS), NOW).leg == leg


def test_what_changes_something_counts_the_revision_up() -> None:
    applied = apply(leg_in(State.DELIVERED), action_by(RCP, Verb.ACKNOWLEDGE), NOW)
    assert (applied.before, applied.leg.revision) == (State.DELIVERED, 8)


def test_a_refused_action_leaves_the_leg_untouched() -> None:
    leg = leg_in(State.DELIVERED)
    refusal(leg, replace(action_by(RCP, Verb.ACKNOWLEDGE), previous=OPENING))
    assert leg == leg_in(State.DELIVERED)


# --- four eyes


def test_C_11_whoever_wrote_it_cannot_be_its_second_person() -> None:
    same = (author(RCP, Role.ANALYST, Role.APPROVER), approver(RCP, Role.APPROVER, member="m-aaaaaaaa"))
    action = replace(action_by(RCP, Verb.DECLINE), signers=same)
    assert refusal(leg_in(State.ACKNOWLEDGED), action)[0] is Reason.SECOND_PERSON_MISSING


def test_C_12_a_second_person_without_the_role_approver_is_refused() -> None:
    signers = (author(RCP), approver(RCP, *(role for role in Role if role is not Role.APPROVER)))
    action = replace(action_by(RCP, Verb.DECLINE), signers=signers)
    assert refusal(leg_in(State.ACKNOWLEDGED), action) == (Reason.WRONG_ROLE, {"verb": "DECLINE"})


# --- how many desks


def test_an_opening_goes_to_one_desk_or_is_marked_joint() -> None:
    check_counterparts(Family.REFERRAL, Verb.REFER, ["a/b"], joint=False)
    check_counterparts(Family.REFERRAL, Verb.REFER, ["a/b", "c/d"], joint=True)


@pytest.mark.parametrize(
    ("verb", "desks", "joint"),
    [
        (Verb.REFER, ["a/b", "c/d"], False),
        (Verb.REFER, ["a/b"], True),
        (Verb.REFER, [], False),
        (Verb.SUPPLY, ["a/b", "c/d"], False),
        (Verb.SUPPLY, ["a/b", "c/d"], True),
    ],
)
def test_every_other_envelope_serves_exactly_one_leg(verb: Verb, desks: list[str], joint: bool) -> None:
    with pytest.raises(MalformedError):
        check_counterparts(Family.REFERRAL, verb, desks, joint=joint)


def test_the_desks_of_a_family_that_is_not_carried_are_not_counted() -> None:
    with pytest.raises(RefusedError) as caught:
        check_counterparts(Family.FREEZE, Verb.REQUEST, ["a/b"], joint=False, tables={})
    assert caught.value.reason is Reason.FAMILY_NOT_OFFERED


# --- from a header


class HeaderOnTheWire:
    """A header as it was parsed: absent times are 0."""

    family = Family.REFERRAL
    verb = Verb.ACKNOWLEDGE
    case_id = CASE
    previous = LAST
    about = b""
    sender = RECIPIENT
    precedence = Precedence.ROUTINE
    created = NOW
    deliver_by = NOW + DAY
    respond_by = 0
    lapses_at = 0


def test_an_action_is_read_from_a_header_with_absent_times_as_none() -> None:
    expected = action_by(RCP, Verb.ACKNOWLEDGE)
    action = action_of(
        HeaderOnTheWire(),
        NEW,
        expected.signers,
        counterpart=ORIGINATOR,
        sender_kind=AgencyKind.AUTHORITY,
        counterpart_kind=AgencyKind.AUTHORITY,
        about_facts=None,
    )
    assert action == expected
