"""What clocks and the STORED acknowledgement do to a leg. In time means: leaf time <= the limit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.actions import AboutFacts
from comity.workflow.engine import allowed_verbs, apply, apply_stored
from comity.workflow.legs import ClockEvent, ClockKind, Leg
from comity.workflow.terms import Side, State, Verb
from comity.workflow.timers import apply_clock, next_limit, settle

from tests.support.legs import DAY, HOUR, LAST, NEW, OPENING, ORIGINATOR, T0, action_by, leg_in, opening_action

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
RESPOND = T0 + DAY
DELIVER = T0 + 3 * DAY
OVERDUE = ClockEvent(ClockKind.OVERDUE, RESPOND, OPENING, RCP)
EXPIRED = ClockEvent(ClockKind.EXPIRED, DELIVER, OPENING, None)


def sent() -> Leg:
    return apply(None, opening_action(), T0).leg


def delivered() -> Leg:
    return apply_stored(sent(), OPENING, T0 + 1).leg


def at(now_ms: int, side: Side, verb: Verb, leg: Leg) -> Leg:
    action = action_by(side, verb)
    previous = leg.previous if action.previous else b""
    respond_by = now_ms + DAY if action.respond_by else None
    return apply(
        leg,
        replace(action, created=now_ms, deliver_by=now_ms + DAY, respond_by=respond_by, previous=previous),
        now_ms,
    ).leg


# --- stored


def test_stored_moves_sent_to_delivered_up_to_the_limit_itself() -> None:
    applied = apply_stored(sent(), OPENING, DELIVER)
    assert (applied.before, applied.leg.state, applied.leg.revision) == (State.SENT, State.DELIVERED, 3)
    assert applied.events == (OVERDUE,)


def test_stored_after_the_limit_is_too_late_whether_the_event_was_logged_or_not() -> None:
    for leg in (sent(), settle(sent(), DELIVER + 1).leg):
        with pytest.raises(RefusedError) as caught:
            apply_stored(leg, OPENING, DELIVER + 1)
        assert (caught.value.reason, caught.value.metadata) == (Reason.TOO_LATE, {"limit": str(DELIVER)})


def test_stored_after_a_withdrawal_is_refused() -> None:
    withdrawn = at(T0 + 1, ORG, Verb.WITHDRAW, sent())
    with pytest.raises(RefusedError) as caught:
        apply_stored(withdrawn, OPENING, T0 + 2)
    assert caught.value.metadata == {"state": "WITHDRAWN", "allowed": ""}


def test_stored_of_a_later_envelope_moves_nothing() -> None:
    assert apply_stored(sent(), LAST, T0 + 1).leg == sent()


@pytest.mark.parametrize("state", [s for s in State if s not in (State.SENT, State.WITHDRAWN) and not s.endswith("ED")])
def test_stored_once_more_moves_nothing(state: State) -> None:
    assert apply_stored(leg_in(state), OPENING, T0 + 1).leg == leg_in(state)


def test_stored_of_what_was_recalled_before_leaves_it_recalled() -> None:
    recalled = at(T0 + 1, ORG, Verb.RECALL, sent())
    assert apply_stored(recalled, OPENING, T0 + 2).leg == recalled


# --- overdue


def test_a_leg_is_overdue_once_and_only_after_the_limit() -> None:
    assert settle(delivered(), RESPOND).events == ()
    late = settle(delivered(), RESPOND + 1)
    assert (late.before, late.events, late.leg.overdue_logged) == (State.DELIVERED, (OVERDUE,), True)
    assert late.leg.revision == delivered().revision + 1
    assert settle(late.leg, RESPOND + 10 * DAY).events == ()


def test_a_late_answer_counts_and_brings_the_event_with_it_if_nobody_logged_it() -> None:
    leg = delivered()
    action = replace(action_by(RCP, Verb.ACKNOWLEDGE), created=RESPOND, previous=OPENING)

    applied = apply(leg, action, RESPOND + 1)

    assert applied.leg.state is State.ACKNOWLEDGED
    assert applied.events == (OVERDUE,)
    assert not applied.leg.overdue_logged
    logged = apply(settle(leg, RESPOND + 1).leg, action, RESPOND + 1)
    assert (logged.leg, logged.events) == (applied.leg, ())


def test_an_answer_in_time_stops_the_clock() -> None:
    leg = at(RESPOND, RCP, Verb.ACKNOWLEDGE, delivered())
    assert (leg.question, leg.respond_by, leg.awaiting, leg.overdue_logged) == (b"", None, None, False)
    assert next_limit(leg) is None


def test_the_clock_changes_sides_with_each_question() -> None:
    leg = at(T0 + 2, RCP, Verb.ACKNOWLEDGE, delivered())
    asked = at(T0 + 3, RCP, Verb.REQUEST_INFO, replace(leg, overdue_logged=True))
    assert (asked.awaiting, asked.respond_by, asked.question, asked.overdue_logged) == (ORG, T0 + 3 + DAY, NEW, False)
    supplied = at(T0 + 4, ORG, Verb.SUPPLY, asked)
    assert (supplied.awaiting, supplied.respond_by) == (RCP, T0 + 4 + DAY)
    assert at(T0 + 5, RCP, Verb.ACCEPT, supplied).awaiting is None


def test_nobody_is_overdue_for_a_limit_that_had_gone_by_before_the_envelope_was_logged() -> None:
    opened = apply(None, opening_action(), RESPOND + 1).leg
    assert (opened.awaiting, opened.overdue_logged) == (RCP, True)
    assert settle(opened, RESPOND + DAY).events == ()
    in_time = apply(None, opening_action(), T0 + DAY // 2).leg
    assert settle(in_time, RESPOND + 1).events == (OVERDUE,)
    held_back = apply(None, opening_action(), T0 + DAY // 2 + 1).leg
    assert settle(held_back, RESPOND + 1).events == ()

    now = T0 + 10 * HOUR
    asking = replace(action_by(RCP, Verb.REQUEST_INFO), created=T0, respond_by=now - 1, deliver_by=now)
    assert apply(leg_in(State.ACKNOWLEDGED), asking, now).leg.overdue_logged
    recall = replace(action_by(ORG, Verb.RECALL), created=T0, respond_by=now - 1, deliver_by=now)
    assert apply(leg_in(State.ACKNOWLEDGED), recall, now).leg.recall_overdue_logged
    for late in (0, 1):
        held = replace(recall, respond_by=now + 10 * HOUR, deliver_by=now + DAY)
        after = apply(leg_in(State.ACKNOWLEDGED), held, now + late).leg
        assert bool(settle(after, now + DAY).events) is (late == 0)


# --- recalls have a clock of their own


def test_a_recall_of_a_later_envelope_hides_no_other_clock() -> None:
    leg = delivered()
    facts = AboutFacts(ORIGINATOR, Verb.SUPPLY, "sfc/m-aaaaaaaa")
    recall = replace(action_by(ORG, Verb.RECALL), created=T0 + 2, respond_by=T0 + HOUR, about=LAST, about_facts=facts)
    recalled = apply(leg, recall, T0 + 2).leg

    events = settle(recalled, RESPOND + 1).events

    assert events == (ClockEvent(ClockKind.OVERDUE, T0 + HOUR, NEW, RCP), OVERDUE)


def test_answering_the_newest_recall_stops_its_clock_and_answering_an_older_one_does_not() -> None:
    recalled = at(T0 + 2, ORG, Verb.RECALL, delivered())
    assert recalled.recall_respond_by == T0 + 2 + DAY
    facts = AboutFacts(ORIGINATOR, Verb.RECALL, "sfc/m-aaaaaaaa")
    answer = replace(action_by(RCP, Verb.ANSWER_RECALL), created=T0 + 3, about_facts=facts)
    assert apply(recalled, replace(answer, about=LAST), T0 + 3).leg == recalled
    answered = apply(recalled, replace(answer, about=NEW), T0 + 3).leg
    assert (answered.recall, answered.recall_respond_by) == (NEW, None)
    assert next_limit(answered) is None
    assert apply(answered, replace(answer, about=NEW), T0 + 4).leg == answered


def test_a_recalled_leg_awaits_nothing_but_the_answer_to_the_recall() -> None:
    recalled = at(T0 + 2, ORG, Verb.RECALL, delivered())
    assert (recalled.state, recalled.awaiting, recalled.respond_by) == (State.RECALLED, None, None)
    assert next_limit(recalled) == recalled.recall_respond_by
    late = settle(recalled, T0 + 3 + DAY)
    assert late.events == (ClockEvent(ClockKind.OVERDUE, T0 + 2 + DAY, NEW, RCP),)
    assert late.leg.revision == recalled.revision + 1
    assert settle(late.leg, T0 + 9 * DAY).events == ()
    facts = AboutFacts(ORIGINATOR, Verb.RECALL, "sfc/m-aaaaaaaa")
    answer = replace(action_by(RCP, Verb.ANSWER_RECALL), created=T0 + 2 * DAY, about=NEW, about_facts=facts)
    answered = apply(late.leg, replace(answer, deliver_by=T0 + 9 * DAY), T0 + 2 * DAY).leg
    assert (answered.recall_respond_by, answered.recall_overdue_logged) == (None, False)


# --- expired


def test_what_was_not_stored_in_time_expires_and_awaits_nothing_more() -> None:
    applied = settle(sent(), DELIVER + 1)
    assert applied.events == (OVERDUE, EXPIRED)
    assert (applied.leg.state, applied.leg.ended_at) == (State.EXPIRED, DELIVER)
    assert applied.leg.revision == sent().revision + 2
    assert applied.leg.awaiting is None
    assert next_limit(applied.leg) is None


def test_what_expired_first_is_never_overdue() -> None:
    applied = settle(replace(sent(), respond_by=DELIVER + DAY), DELIVER + 9 * DAY)
    assert applied.events == (EXPIRED,)


def test_an_action_after_the_limit_is_refused_whether_the_event_was_logged_or_not() -> None:
    withdraw = replace(action_by(ORG, Verb.WITHDRAW), created=DELIVER, deliver_by=DELIVER + DAY)
    assert apply(sent(), withdraw, DELIVER).leg.state is State.WITHDRAWN
    for leg in (sent(), settle(sent(), DELIVER + 1).leg):
        with pytest.raises(RefusedError) as caught:
            apply(leg, withdraw, DELIVER + 1)
        assert (caught.value.reason, caught.value.metadata) == (Reason.TOO_LATE, {"limit": str(DELIVER)})


def test_an_expired_leg_can_still_be_recalled() -> None:
    recall = replace(action_by(ORG, Verb.RECALL), created=DELIVER, deliver_by=DELIVER + DAY, respond_by=DELIVER + DAY)
    applied = apply(sent(), recall, DELIVER + 1)
    assert (applied.before, applied.leg.state) == (State.SENT, State.RECALLED)
    assert applied.events == (OVERDUE, EXPIRED)


def test_what_is_allowed_depends_on_the_time_where_one_is_given() -> None:
    consent = [Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD, Verb.REVOKE_GRANT]
    assert allowed_verbs(sent(), ORG) == [Verb.WITHDRAW, Verb.RECALL, Verb.REVOKE_GRANT]
    assert allowed_verbs(sent(), ORG, DELIVER) == [Verb.WITHDRAW, Verb.RECALL, Verb.REVOKE_GRANT]
    assert allowed_verbs(sent(), ORG, DELIVER + 1) == [Verb.RECALL, *consent]


# --- the next limit, and events from the log


def test_the_next_limit_is_the_earliest_that_is_still_to_come() -> None:
    assert next_limit(sent()) == RESPOND
    assert next_limit(settle(sent(), RESPOND + 1).leg) == DELIVER
    assert next_limit(delivered()) == RESPOND
    assert next_limit(leg_in(State.CLOSED)) is None


def test_an_event_of_the_log_is_applied_when_it_is_due() -> None:
    applied = apply_clock(sent(), ClockKind.EXPIRED, OPENING, DELIVER + 1)
    assert (applied.before, applied.leg.state, applied.events) == (State.SENT, State.EXPIRED, (EXPIRED,))
    overdue = apply_clock(delivered(), ClockKind.OVERDUE, OPENING, RESPOND + 1)
    assert overdue.leg == settle(delivered(), RESPOND + 1).leg


@pytest.mark.parametrize(
    ("kind", "message_hash", "now_ms"),
    [
        (ClockKind.OVERDUE, OPENING, RESPOND),
        (ClockKind.OVERDUE, LAST, RESPOND + 1),
        (ClockKind.EXPIRED, OPENING, DELIVER),
        (ClockKind.LAPSED, OPENING, DELIVER + DAY),
    ],
)
def test_an_event_of_the_log_that_is_not_due_is_refused(kind: ClockKind, message_hash: bytes, now_ms: int) -> None:
    with pytest.raises(RefusedError) as caught:
        apply_clock(sent(), kind, message_hash, now_ms)
    assert caught.value.reason is Reason.BAD_TIMES
