"""The watchlist table, proven whole: every state x verb x side x role against what the design says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.actions import AboutFacts, Action, Signer
from comity.workflow.engine import allowed_verbs, apply, apply_stored
from comity.workflow.legs import Leg
from comity.workflow.tables import document
from comity.workflow.terms import AgencyKind, Family, Role, Side, State, Verb
from comity.workflow.watchlist import WATCHLIST

from tests.support.legs import DAY, NEW, NOW, OPENING, ORIGINATOR, RECIPIENT, T0, action_by, approver, author, leg_in

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
S, V = State, Verb
ASKED = b"\x07" * 32
SUBSCRIBED = (S.SYNCING, S.CURRENT, S.LAGGING)
STAY = {state: state for state in SUBSCRIBED}
END = dict.fromkeys((S.OFFERED, *SUBSCRIBED), S.REVOKED)

# Written from the design, not from the code: (verb, side) -> from -> to.
EXPECTED: dict[tuple[Verb, Side], dict[State, State]] = {
    (V.SUBSCRIBE, RCP): {S.OFFERED: S.SYNCING},
    (V.UNSUBSCRIBE, ORG): END,
    (V.UNSUBSCRIBE, RCP): END,
    (V.PUBLISH, ORG): {S.SYNCING: S.SYNCING, S.CURRENT: S.CURRENT, S.LAGGING: S.CURRENT},
    (V.SNAPSHOT, ORG): dict.fromkeys(SUBSCRIBED, S.CURRENT),
    (V.RESYNC, RCP): {S.SYNCING: S.SYNCING, S.CURRENT: S.LAGGING, S.LAGGING: S.LAGGING},
    (V.CHALLENGE, RCP): STAY,
    (V.ANSWER, ORG): STAY,
    (V.SIGHTING, RCP): STAY,
}
MACHINE = {V.PUBLISH, V.SNAPSHOT, V.RESYNC, V.SIGHTING}
PEOPLE = {Role.ANALYST, Role.SUPERVISOR, Role.DUTY_DESK}


def action(side: Side, verb: Verb, *signers: Signer) -> Action:
    """An action that fits `leg`."""
    made = action_by(side, verb, family=Family.WATCHLIST)
    asked = AboutFacts(RECIPIENT, V.CHALLENGE, "police/m-aaaaaaaa")
    return replace(
        made,
        signers=signers or (author(side),),
        previous=b"",
        respond_by=NOW + DAY if verb is V.CHALLENGE else None,
        about=ASKED if verb is V.ANSWER else b"",
        about_facts=asked if verb is V.ANSWER else None,
    )


def leg(state: State) -> Leg:
    """A subscription in a state, with one challenge open where that can be."""
    open_question = state in SUBSCRIBED
    return replace(
        leg_in(state, Family.WATCHLIST),
        recall=b"",
        question=ASKED if open_question else b"",
        respond_by=NOW + DAY if open_question else None,
        awaiting=ORG if open_question else None,
    )


def outcome(state: State, made: Action) -> State | Reason:
    try:
        return apply(leg(state), made, NOW).leg.state
    except RefusedError as error:
        return error.reason


@pytest.mark.parametrize("state", State)
def test_every_verb_from_either_side_does_what_the_design_says(state: State) -> None:
    for verb in Verb:
        for side in Side:
            moves = EXPECTED.get((verb, side), {})
            ended = moves and state in (S.EXPIRED, S.LAPSED)
            expected = moves.get(state, Reason.TOO_LATE if ended else Reason.WRONG_STATE)
            assert outcome(state, action(side, verb)) == expected, (verb, side)
            assert outcome(state, action(side, verb, author(side), approver(side))) == expected, (verb, side)


@pytest.mark.parametrize("state", State)
def test_the_verbs_offered_are_those_that_would_be_taken(state: State) -> None:
    for side in Side:
        taken = [verb for verb in Verb if isinstance(outcome(state, action(side, verb)), State)]
        assert allowed_verbs(leg(state), side) == taken


@pytest.mark.parametrize("role", Role)
def test_a_machine_publishes_snapshots_asks_again_and_reports_and_people_do_all(role: Role) -> None:
    for (verb, side), moves in EXPECTED.items():
        may = role in PEOPLE or (role is Role.AGENT and verb in MACHINE)
        state, target = next(iter(moves.items()))
        assert outcome(state, action(side, verb, author(side, role))) == (target if may else Reason.WRONG_ROLE), verb


def test_an_offer_opens_a_leg_that_is_offered_once_it_is_stored() -> None:
    offer = replace(action(ORG, V.OFFER), message_hash=OPENING, created=T0, deliver_by=T0 + DAY)
    opened = apply(None, offer, T0).leg
    assert (opened.state, opened.question, opened.respond_by) == (S.SENT, b"", None)
    assert apply_stored(opened, OPENING, T0 + 1).leg.state is S.OFFERED
    late = apply_stored(opened, b"\x09" * 32, T0 + DAY + 1).leg
    assert late.state is S.EXPIRED
    with pytest.raises(RefusedError) as caught:
        apply(opened, action(RCP, V.SUBSCRIBE), T0 + 1 + 3_600_000)
    assert caught.value.reason is Reason.WRONG_STATE


@pytest.mark.parametrize("kind", AgencyKind)
def test_only_authorities_own_a_list_and_follow_one(kind: AgencyKind) -> None:
    offer = replace(action(ORG, V.OFFER), created=NOW)
    assert apply(None, offer, NOW).leg.recipient == RECIPIENT
    if kind is not AgencyKind.AUTHORITY:
        for of_that_kind in (replace(offer, sender_kind=kind), replace(offer, counterpart_kind=kind)):
            with pytest.raises(RefusedError) as caught:
                apply(None, of_that_kind, NOW)
            assert caught.value.reason is Reason.FAMILY_NOT_OFFERED


def test_no_verb_of_the_family_carries_previous_or_becomes_one() -> None:
    for (verb, side), moves in EXPECTED.items():
        before = leg(next(iter(moves)))
        made = action(side, verb)
        assert apply(before, made, NOW).leg.previous == before.previous
        with pytest.raises(RefusedError) as caught:
            apply(before, replace(made, previous=before.previous), NOW)
        assert caught.value.reason is Reason.WRONG_PREVIOUS


def test_a_challenge_must_be_answered_by_its_time_and_the_answer_stops_the_clock() -> None:
    before = replace(leg(S.CURRENT), question=b"", respond_by=None, awaiting=None)
    asked = apply(before, action(RCP, V.CHALLENGE), NOW).leg
    assert (asked.question, asked.respond_by, asked.awaiting) == (NEW, NOW + DAY, ORG)
    assert apply(asked, action(ORG, V.PUBLISH), NOW).leg.respond_by == NOW + DAY
    answer = replace(action(ORG, V.ANSWER), about=NEW)
    assert apply(asked, answer, NOW).leg.respond_by is None
    with pytest.raises(RefusedError) as caught:
        apply(before, replace(action(RCP, V.CHALLENGE), respond_by=None), NOW)
    assert caught.value.reason is Reason.BAD_TIMES


def test_an_answer_to_an_older_challenge_leaves_the_clock_to_the_newer_one() -> None:
    asked = apply(leg(S.CURRENT), action(RCP, V.CHALLENGE), NOW).leg
    first = apply(asked, action(ORG, V.ANSWER), NOW).leg
    assert (first.question, first.respond_by, first.awaiting) == (NEW, NOW + DAY, ORG)
    assert apply(first, replace(action(ORG, V.ANSWER), about=NEW), NOW).leg.awaiting is None


def test_an_answer_is_about_a_challenge_of_the_other_side() -> None:
    answer = action(ORG, V.ANSWER)
    wrong = (
        replace(answer, about=b"", about_facts=None),
        replace(answer, about_facts=AboutFacts(RECIPIENT, V.SIGHTING, "police/m-aaaaaaaa")),
        replace(answer, about_facts=AboutFacts(ORIGINATOR, V.CHALLENGE, "sfc/m-aaaaaaaa")),
    )
    assert [outcome(S.CURRENT, made) for made in wrong] == [Reason.WRONG_ABOUT] * 3


def test_a_subscription_that_ended_awaits_nothing_and_cannot_be_revived() -> None:
    ended = apply(leg(S.CURRENT), action(RCP, V.UNSUBSCRIBE), NOW).leg
    assert (ended.state, ended.awaiting, ended.respond_by) == (S.REVOKED, None, None)
    assert {state for state in SUBSCRIBED if WATCHLIST.is_final(state)} == set()
    assert WATCHLIST.is_final(S.REVOKED)


def test_the_documentation_has_every_row_of_the_family() -> None:
    lines = document(WATCHLIST).splitlines()
    rows = [line for line in lines if line.startswith(tuple(f"| {verb.name} |" for verb in WATCHLIST.verbs))]
    assert len(rows) == len(WATCHLIST.rules)
    assert "| STORED acknowledgement | SENT | OFFERED |" in lines
    assert any("| stops, if `about` is what is awaited |" in row for row in rows if row.startswith("| ANSWER |"))
