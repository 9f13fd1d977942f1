"""Holds: what one person can begin and nobody can prolong, what two must end, and what a date ends by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.actions import AboutFacts, Action
from comity.workflow.engine import allowed_verbs, apply, apply_stored
from comity.workflow.families import TABLES
from comity.workflow.legs import ClockEvent, ClockKind, Leg
from comity.workflow.tables import People
from comity.workflow.terms import Family, Precedence, Side, Standing, State, Verb
from comity.workflow.timers import apply_clock, next_limit, settle

from tests.support.acting import ASKED, ENDS, MINUTE, act, opening, standing_leg
from tests.support.expected import EXPECTED
from tests.support.legs import DAY, HOUR, LAST, NEW, NOW, OPENING, ORIGINATOR, T0, approver, author

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
FREEZE, ASSISTANCE = Family.FREEZE, Family.ASSISTANCE
HOLDING = (State.EXECUTING, State.IN_FORCE, State.CHALLENGED)
OPENED = AboutFacts(ORIGINATOR, Verb.REQUEST_PROVISIONAL, "sfc/m-aaaaaaaa")


def refusal(leg: Leg | None, action: Action, now_ms: int = NOW) -> tuple[Reason, dict[str, str]]:
    with pytest.raises(RefusedError) as caught:
        apply(leg, action, now_ms)
    return caught.value.reason, caught.value.metadata


def provisional() -> Leg:
    """A provisional hold, opened at T0, which lapses an hour later."""
    return apply(None, opening(FREEZE, Verb.REQUEST_PROVISIONAL), T0).leg


def confirm(now: int, until: int, **changes: object) -> Action:
    """A confirmation by somebody else."""
    action = replace(
        act(FREEZE, Verb.CONFIRM, ORG),
        about=OPENING,
        about_facts=OPENED,
        signers=(approver(ORG),),
        created=now,
        deliver_by=now + DAY,
        lapses_at=until,
    )
    return replace(action, **changes)  # type: ignore[arg-type] # any field


def complete(now: int, until: int) -> Action:
    """The full form, by two."""
    return confirm(now, until, verb=Verb.COMPLETE, signers=(author(ORG), approver(ORG)))


# --- lapsing


def test_a_provisional_hold_lapses_by_itself_and_says_so_once() -> None:
    leg = replace(provisional(), overdue_logged=True)
    assert next_limit(leg) == T0 + HOUR
    assert settle(leg, T0 + HOUR).events == ()
    lapsed = settle(leg, T0 + HOUR + 1)
    assert lapsed.events == (ClockEvent(ClockKind.LAPSED, T0 + HOUR, OPENING, None),)
    assert (lapsed.leg.state, lapsed.leg.ended_at, lapsed.leg.awaiting) == (State.LAPSED, T0 + HOUR, None)
    assert settle(lapsed.leg, T0 + DAY).events == ()
    assert apply_clock(leg, ClockKind.LAPSED, OPENING, T0 + HOUR + 1).leg == lapsed.leg


def test_the_second_person_moves_the_lapse_once_and_the_full_form_once_more() -> None:
    confirmed = apply(provisional(), confirm(T0 + HOUR, T0 + DAY), T0 + HOUR).leg
    assert (confirmed.standing, confirmed.lapses_at, confirmed.state) == (Standing.CONFIRMED, T0 + DAY, State.SENT)
    assert (confirmed.previous, confirmed.question) == (OPENING, OPENING)
    again = confirm(T0 + 2 * HOUR, T0 + 3 * DAY)
    assert refusal(confirmed, again, T0 + 2 * HOUR)[0] is Reason.WRONG_STATE
    completed = apply(confirmed, complete(T0 + DAY, T0 + 2 * DAY), T0 + DAY).leg
    assert (completed.standing, completed.lapses_at) == (Standing.COMPLETED, T0 + 2 * DAY)
    assert refusal(completed, complete(T0 + DAY, T0 + 9 * DAY), T0 + DAY)[0] is Reason.WRONG_STATE
    assert settle(completed, T0 + 2 * DAY + 1).leg.state is State.LAPSED


def test_the_full_form_needs_no_confirmation_before_it() -> None:
    assert apply(provisional(), complete(T0 + 1, T0 + DAY), T0 + 1).leg.standing is Standing.COMPLETED


@pytest.mark.parametrize("make", [confirm, complete])
def test_what_comes_after_the_lapse_is_too_late(make: object) -> None:
    action = make(T0 + HOUR, T0 + DAY)  # type: ignore[operator] # one of the two above
    assert refusal(provisional(), action, T0 + HOUR + 1) == (Reason.TOO_LATE, {"limit": str(T0 + HOUR)})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signers": (approver(ORG, member="m-aaaaaaaa"),)}, Reason.SECOND_PERSON_MISSING),
        ({"about": LAST}, Reason.WRONG_ABOUT),
        ({"about_facts": None}, Reason.WRONG_ABOUT),
        ({"previous": OPENING}, Reason.WRONG_PREVIOUS),
        ({"lapses_at": None}, Reason.BAD_TIMES),
        ({"respond_by": T0 + DAY}, Reason.BAD_TIMES),
    ],
)
def test_C_11_a_confirmation_is_by_somebody_else_and_of_the_opening(changes: dict[str, object], reason: Reason) -> None:
    assert refusal(provisional(), confirm(T0 + 2, T0 + DAY, **changes), T0 + 2)[0] is reason


def test_a_hold_that_lapses_says_when() -> None:
    for changes in ({"lapses_at": None}, {"lapses_at": T0}):
        action = replace(opening(FREEZE, Verb.REQUEST_PROVISIONAL), **changes)
        assert refusal(None, action, T0)[0] is Reason.BAD_TIMES
    late = replace(opening(FREEZE, Verb.REQUEST_PROVISIONAL), lapses_at=T0 + MINUTE)
    assert refusal(None, late, T0 + MINUTE + 1)[0] is Reason.TOO_LATE


@pytest.mark.parametrize("standing", [Standing.PROVISIONAL, Standing.CONFIRMED, Standing.COMPLETED])
def test_nobody_asks_for_more_time_for_a_hold_that_is_not_full_and_nobody_gives_it(standing: Standing) -> None:
    leg = standing_leg(FREEZE, State.IN_FORCE, standing)
    for verb, side in ((Verb.ASK_EXTENSION, ORG), (Verb.EXTEND, RCP), (Verb.REFUSE_EXTENSION, RCP)):
        assert refusal(leg, act(FREEZE, verb, side))[0] is Reason.WRONG_STATE
        assert verb not in allowed_verbs(leg, side)


def test_an_oral_notice_gains_no_time_by_a_second_person_and_lasts_once_it_is_written() -> None:
    notice = apply(None, opening(ASSISTANCE, Verb.ORAL_NOTICE), T0).leg
    seen = replace(confirm(T0 + 1, 0), family=ASSISTANCE, lapses_at=None)
    confirmed = apply(notice, seen, T0 + 1).leg
    assert (confirmed.standing, confirmed.lapses_at) == (Standing.CONFIRMED, T0 + HOUR)
    assert settle(confirmed, T0 + HOUR + 1).leg.state is State.LAPSED
    written = replace(complete(T0 + 2, 0), family=ASSISTANCE, lapses_at=None)
    full = apply(confirmed, written, T0 + 2).leg
    assert (full.standing, full.lapses_at, full.state) == (Standing.FULL, None, State.SENT)
    assert settle(full, T0 + HOUR + 1).leg.state is State.SENT
    assert refusal(full, written, T0 + 3)[0] is Reason.WRONG_STATE


# --- what is in force ends by two people or by its date


def test_nothing_that_one_person_signs_ends_what_is_held() -> None:
    table = TABLES[FREEZE]
    for rule in table.rules:
        if rule.from_states & set(HOLDING) and rule.people is People.ONE:
            assert rule.to_state in (None, State.IN_FORCE, State.CHALLENGED), rule.verb
            assert rule.lapses.value == "forbidden" or rule.no_sooner, rule.verb
            assert (rule.clears_lapse, rule.replaces_lapse) == (False, False), rule.verb


@pytest.mark.parametrize("state", HOLDING)
def test_a_recall_of_the_request_leaves_held_what_is_held(state: State) -> None:
    leg = standing_leg(FREEZE, state)
    facts = AboutFacts(ORIGINATOR, Verb.REQUEST, "sfc/m-aaaaaaaa")
    after = apply(leg, replace(act(FREEZE, Verb.RECALL, ORG), about=OPENING, about_facts=facts), NOW).leg
    assert (after.state, after.recall, after.recall_respond_by) == (state, NEW, NOW + DAY)


@pytest.mark.parametrize("verb", [Verb.RELEASE, Verb.REPORT_OUTCOME, Verb.ASK_RELEASE])
def test_one_person_releases_nothing_and_asks_for_no_release(verb: Verb) -> None:
    rows = [row for row in EXPECTED[FREEZE] if row.verb is verb and State.IN_FORCE in row.states]
    for row in rows:
        alone = replace(act(FREEZE, verb, row.side), signers=(author(row.side),))
        assert refusal(standing_leg(FREEZE, State.IN_FORCE), alone)[0] is Reason.SECOND_PERSON_MISSING
    assert rows


@pytest.mark.parametrize("family_verb", [Verb.REQUEST, Verb.REQUEST_PROVISIONAL, Verb.FORWARD, Verb.CONVERT])
def test_a_release_may_be_by_order_of_the_recipients_own_court(family_verb: Verb) -> None:
    leg = standing_leg(FREEZE, State.CHALLENGED)
    facts = AboutFacts(ORIGINATOR, family_verb, "sfc/m-aaaaaaaa")
    release = replace(act(FREEZE, Verb.RELEASE, RCP), about=OPENING, about_facts=facts)
    assert apply(leg, release, NOW).leg.state is State.RELEASED
    theirs = replace(release, about_facts=replace(facts, verb=Verb.SUPPLY))
    assert refusal(leg, theirs)[0] is Reason.WRONG_ABOUT


@pytest.mark.parametrize("verb", [Verb.CONFIRM, Verb.COMPLETE])
def test_the_end_of_a_provisional_hold_never_comes_sooner(verb: Verb) -> None:
    make = {Verb.CONFIRM: confirm, Verb.COMPLETE: complete}[verb]
    sooner = make(T0 + MINUTE, T0 + HOUR - 1)
    assert refusal(provisional(), sooner, T0 + MINUTE) == (Reason.BAD_TIMES, {"limit": str(T0 + HOUR)})
    assert apply(provisional(), make(T0 + MINUTE, T0 + HOUR), T0 + MINUTE).leg.lapses_at == T0 + HOUR


def test_an_extension_extends_and_there_is_none_without_an_end() -> None:
    leg = standing_leg(FREEZE, State.IN_FORCE)
    extend = act(FREEZE, Verb.EXTEND, RCP)
    assert apply(leg, replace(extend, lapses_at=ENDS), NOW).leg.lapses_at == ENDS
    assert refusal(leg, replace(extend, lapses_at=ENDS - 1)) == (Reason.BAD_TIMES, {"limit": str(ENDS)})
    assert refusal(replace(leg, lapses_at=None), extend) == (Reason.BAD_TIMES, {})


@pytest.mark.parametrize("verb", [Verb.EXTEND, Verb.REFUSE_EXTENSION, Verb.VARY])
def test_a_question_is_answered_once_and_by_what_names_it(verb: Verb) -> None:
    answer = replace(act(FREEZE, verb, RCP), signers=(author(RCP),))
    leg = replace(standing_leg(FREEZE, State.IN_FORCE), awaiting=RCP, respond_by=NOW + DAY)
    after = apply(leg, answer, NOW).leg
    assert (after.question, after.awaiting, after.respond_by) == (b"", None, None)
    again = replace(answer, previous=NEW, message_hash=b"\x0a" * 32)
    assert refusal(after, again)[0] is Reason.WRONG_ABOUT
    asked_since = replace(leg, question=b"\x0b" * 32)
    assert refusal(asked_since, answer)[0] is Reason.WRONG_ABOUT
    assert answer.about_facts is not None
    own = replace(answer, about_facts=replace(answer.about_facts, sender=answer.sender))
    assert refusal(leg, own)[0] is Reason.WRONG_ABOUT


@pytest.mark.parametrize("asked", [Verb.ASK_EXTENSION, Verb.ASK_RELEASE, Verb.ASK_VARIATION])
def test_neither_a_report_nor_a_question_of_its_own_takes_the_recipients_clock_away(asked: Verb) -> None:
    ask = replace(act(FREEZE, asked, ORG), message_hash=ASKED)
    leg = apply(replace(standing_leg(FREEZE, State.IN_FORCE), lapses_at=NOW + 9 * DAY), ask, NOW).leg
    report = replace(act(FREEZE, Verb.REPORT_EXECUTION, RCP), previous=ASKED, about=b"", about_facts=None)
    after = apply(leg, report, NOW).leg
    assert (after.awaiting, after.respond_by, after.question) == (RCP, NOW + DAY, ASKED)
    assert Verb.ASK_VARIATION not in allowed_verbs(leg, RCP)
    assert refusal(leg, replace(act(FREEZE, Verb.ASK_VARIATION, RCP), previous=ASKED))[0] is Reason.WRONG_STATE
    facts = AboutFacts(ORIGINATOR, asked, "sfc/m-aaaaaaaa")
    assert refusal(leg, replace(report, about=ASKED, about_facts=facts))[0] is Reason.WRONG_ABOUT


@pytest.mark.parametrize("asked", [Verb.ASK_EXTENSION, Verb.ASK_RELEASE, Verb.CONVERT, Verb.ASK_VARIATION])
def test_one_person_takes_back_by_a_variation_only_what_one_person_asked(asked: Verb) -> None:
    ask = replace(act(FREEZE, asked, ORG), message_hash=ASKED)
    leg = apply(replace(standing_leg(FREEZE, State.IN_FORCE), lapses_at=NOW + DAY), ask, NOW).leg
    silent = replace(act(FREEZE, Verb.ASK_VARIATION, ORG), previous=ASKED, signers=(author(ORG),))
    assert refusal(leg, silent)[0] is Reason.SECOND_PERSON_MISSING
    overdue = replace(leg, respond_by=NOW - 1, overdue_logged=True)
    assert refusal(overdue, silent)[0] is Reason.SECOND_PERSON_MISSING
    own = AboutFacts(ORIGINATOR, asked, "sfc/m-aaaaaaaa")
    named = replace(silent, about=ASKED, about_facts=own)
    two = replace(silent, signers=(author(ORG), approver(ORG)))
    replacing = [two, named] if asked is Verb.ASK_VARIATION else [two]
    for action in replacing:
        after = apply(leg, action, NOW).leg
        assert (after.question, after.awaiting, after.respond_by) == (NEW, RCP, NOW + DAY)
    if asked is not Verb.ASK_VARIATION:
        assert refusal(leg, named)[0] is Reason.WRONG_ABOUT
    for signers in (silent.signers, two.signers):
        for wrong in (
            replace(named, about=OPENING),
            replace(named, about_facts=None),
            replace(named, about_facts=replace(own, sender=ask.counterpart)),
        ):
            assert refusal(leg, replace(wrong, signers=signers))[0] is Reason.WRONG_ABOUT


@pytest.mark.parametrize("awaiting", [None, ORG])
def test_a_variation_names_no_question_where_it_takes_the_place_of_none(awaiting: Side | None) -> None:
    leg = replace(standing_leg(FREEZE, State.IN_FORCE), awaiting=awaiting, respond_by=NOW + DAY if awaiting else None)
    alone = replace(act(FREEZE, Verb.ASK_VARIATION, ORG), signers=(author(ORG),))
    assert apply(leg, alone, NOW).leg.question == NEW
    own = AboutFacts(ORIGINATOR, Verb.ASK_VARIATION, "sfc/m-aaaaaaaa")
    assert refusal(leg, replace(alone, about=ASKED, about_facts=own))[0] is Reason.WRONG_ABOUT


def test_a_report_about_a_conversion_answers_it() -> None:
    convert = replace(act(FREEZE, Verb.CONVERT, ORG), message_hash=ASKED)
    leg = apply(standing_leg(FREEZE, State.IN_FORCE), convert, NOW).leg
    facts = AboutFacts(ORIGINATOR, Verb.CONVERT, "sfc/m-aaaaaaaa")
    report = replace(act(FREEZE, Verb.REPORT_EXECUTION, RCP), previous=ASKED, about=ASKED, about_facts=facts)
    assert apply(leg, report, NOW).leg.awaiting is None
    without = apply(leg, replace(report, about=b"", about_facts=None), NOW).leg
    assert (without.awaiting, without.question) == (RCP, ASKED)
    assert refusal(replace(leg, question=b"\x0b" * 32), report)[0] is Reason.WRONG_ABOUT


def test_a_first_answer_takes_no_reply_away() -> None:
    leg = standing_leg(ASSISTANCE, State.ACKNOWLEDGED)
    accepted = apply(leg, act(ASSISTANCE, Verb.ACCEPT, RCP), NOW).leg
    answer = replace(act(ASSISTANCE, Verb.ANSWER_FIRST, RCP), message_hash=b"\x0a" * 32)
    after = apply(accepted, replace(answer, previous=NEW), NOW).leg
    assert (after.awaiting, after.respond_by, after.question) == (RCP, NOW + DAY, NEW)
    acknowledged = replace(leg, awaiting=RCP, respond_by=NOW + DAY)
    assert apply(acknowledged, answer, NOW).leg.awaiting is None


def test_another_instrument_may_end_sooner_but_not_before_the_other_side_could_object() -> None:
    leg = replace(standing_leg(FREEZE, State.IN_FORCE), lapses_at=NOW + 9 * DAY)
    convert = replace(act(FREEZE, Verb.CONVERT, ORG), respond_by=NOW + DAY)
    assert apply(leg, replace(convert, lapses_at=NOW + DAY), NOW).leg.lapses_at == NOW + DAY
    for without in (leg, replace(leg, lapses_at=None)):
        stealthy = replace(convert, lapses_at=NOW + DAY - 1)
        assert refusal(without, stealthy) == (Reason.BAD_TIMES, {"limit": str(NOW + DAY)})
    nearer = replace(leg, lapses_at=NOW + HOUR, standing=Standing.PROVISIONAL)
    full = apply(nearer, replace(convert, lapses_at=NOW + HOUR), NOW).leg
    assert (full.standing, full.lapses_at) == (Standing.FULL, NOW + HOUR)
    unending = apply(nearer, convert, NOW).leg
    assert (unending.standing, unending.lapses_at) == (Standing.FULL, None)
    assert settle(unending, NOW + 999 * DAY).leg.state is State.IN_FORCE


def test_a_full_freeze_without_a_date_ends_by_people_alone_and_one_with_a_date_by_that() -> None:
    for until in (None, T0 + 9 * DAY):
        leg = apply(None, replace(opening(FREEZE, Verb.REQUEST), lapses_at=until), T0).leg
        stored = apply_stored(leg, OPENING, T0 + 1).leg
        late = settle(stored, T0 + 99 * DAY)
        assert late.leg.state is (State.DELIVERED if until is None else State.EXPIRED)
        assert [event.kind for event in late.events][1:] == ([] if until is None else [ClockKind.LAPSED])


def test_D_09_a_freeze_ends_by_its_own_date_whether_anybody_logged_it_or_not() -> None:
    leg = standing_leg(FREEZE, State.IN_FORCE)
    report = replace(act(FREEZE, Verb.REPORT_EXECUTION, RCP), created=ENDS, deliver_by=ENDS + DAY)
    assert apply(leg, report, ENDS).leg.state is State.IN_FORCE
    for before in (leg, settle(leg, ENDS + 1).leg, settle(leg, ENDS + 9 * DAY).leg):
        assert refusal(before, report, ENDS + 1) == (Reason.TOO_LATE, {"limit": str(ENDS)})
        assert settle(before, ENDS + 9 * DAY).leg.ended_at == ENDS
    assert allowed_verbs(leg, RCP, ENDS + 1) == [Verb.REPORT_OUTCOME, Verb.ANSWER_RECALL, Verb.ASK_ONWARD]


def test_D_09_what_lapsed_before_it_came_is_kept_as_lapsed_until_it_is_delivered_no_more() -> None:
    unseen = replace(provisional(), overdue_logged=True)
    for now in (T0 + HOUR + 1, T0 + 3 * DAY):
        applied = apply_stored(unseen, OPENING, now)
        assert (applied.leg.state, [event.kind for event in applied.events]) == (State.LAPSED, [ClockKind.LAPSED])
        assert refusal(applied.leg, act(FREEZE, Verb.ACKNOWLEDGE, RCP), NOW)[0] is Reason.TOO_LATE
    with pytest.raises(RefusedError) as caught:
        apply_stored(unseen, OPENING, T0 + 3 * DAY + 1)
    assert (caught.value.reason, caught.value.metadata) == (Reason.TOO_LATE, {"limit": str(T0 + HOUR)})


def test_D_10_a_release_before_its_freeze_is_applied_to_nothing() -> None:
    release = act(FREEZE, Verb.RELEASE, RCP)
    assert refusal(None, release)[0] is Reason.UNKNOWN_CASE
    for state in (State.SENT, State.DELIVERED, State.ACKNOWLEDGED, State.EXECUTING):
        assert refusal(standing_leg(FREEZE, state), release)[0] is Reason.WRONG_STATE
    assert apply(standing_leg(FREEZE, State.IN_FORCE), release, NOW).leg.state is State.RELEASED


# --- whose promise it is


def test_a_promise_is_ones_own_and_broken_also_where_it_came_to_the_log_too_late() -> None:
    leg = standing_leg(FREEZE, State.DELIVERED)
    promise = replace(act(FREEZE, Verb.ACKNOWLEDGE, RCP), precedence=Precedence.URGENT, respond_by=NOW + MINUTE)
    made = apply(leg, promise, NOW).leg
    overdue = ClockEvent(ClockKind.OVERDUE, NOW + MINUTE, NEW, RCP)
    assert (made.awaiting, made.question, made.respond_by) == (RCP, NEW, NOW + MINUTE)
    assert settle(made, NOW + MINUTE + 1).events == (overdue,)
    held_back = apply(leg, promise, NOW + MINUTE + 1).leg
    assert settle(held_back, NOW + MINUTE + 1).events == (overdue,)
    asked = replace(act(FREEZE, Verb.REQUEST_INFO, RCP), precedence=Precedence.URGENT, respond_by=NOW + MINUTE)
    blamed = apply(replace(leg, state=State.ACKNOWLEDGED), asked, NOW + MINUTE + 1).leg
    assert settle(blamed, NOW + MINUTE + 1).events == ()


def test_two_officers_at_once_one_wins_and_the_other_is_told() -> None:
    leg = standing_leg(FREEZE, State.ACKNOWLEDGED)
    first = apply(leg, act(FREEZE, Verb.REQUEST_INFO, RCP), NOW).leg
    assert refusal(first, act(FREEZE, Verb.REFUSE, RCP))[0] is Reason.WRONG_PREVIOUS
    accepted = apply(leg, act(FREEZE, Verb.ACCEPT, RCP), NOW).leg
    reason, metadata = refusal(accepted, act(FREEZE, Verb.REFUSE, RCP))
    assert (reason, metadata["state"]) == (Reason.WRONG_STATE, "EXECUTING")
