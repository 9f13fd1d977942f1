"""Random walks of freezes and assistance: whoever signs what, and whatever the clock does, some things never happen."""

from __future__ import annotations

from dataclasses import replace

from comity.errors import RefusedError
from comity.workflow.engine import allowed_verbs, apply, apply_stored
from comity.workflow.legs import Applied, ClockKind, Leg
from comity.workflow.terms import Family, Side, Standing, State, Verb
from comity.workflow.timers import next_limit, settle
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.acting import MINUTE, fit, opening, signers
from tests.support.expected import EXPECTED, OPENINGS, Expected, find, knows
from tests.support.legs import DAY, HOUR, OPENING, T0, action_by

ASIDE = {Verb.ASK_ONWARD, Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD, Verb.REVOKE_GRANT, Verb.ANSWER_RECALL}
ENDS_ALL = {State.RECALLED, State.WITHDRAWN, State.CLOSED}
"""Where a walk would stop before anything has happened."""
HELD = {State.IN_FORCE, State.CHALLENGED}
PEOPLE = st.sampled_from(("both", "author alone", "approver alone", "the same person twice"))
OPENED = st.sampled_from([(family, verb) for family in (Family.FREEZE, Family.ASSISTANCE) for verb in OPENINGS[family]])
"""How a leg begins."""


class Holds(RuleBasedStateMachine):
    """One leg, driven at random along the rows of the design: rightly or wrongly signed, early, late, or lapsed."""

    leg: Leg

    @initialize(
        how=OPENED,
        until=st.sampled_from((None, 30 * MINUTE, DAY)),
        begun=st.sampled_from((None, State.EXECUTING, State.IN_FORCE, State.CHALLENGED)),
    )
    def opened(self, how: tuple[Family, Verb], until: int | None, begun: State | None) -> None:
        family, verb = how
        made = opening(family, verb)
        if made.lapses_at is None and family is Family.FREEZE and until is not None:
            made = replace(made, lapses_at=T0 + until)
        self.leg = apply(None, made, T0).leg
        if begun is not None and family is Family.FREEZE:  # as if it had come so far already
            self.leg = replace(self.leg, state=begun, question=b"", respond_by=None, awaiting=None)
        self.now, self.counter = T0, 0
        self.lapsed = self.moved = 0
        self.overdue: set[bytes] = set()

    def _take(self, applied: Applied) -> None:
        for event in applied.events:
            if event.kind is ClockKind.OVERDUE:
                assert event.message_hash not in self.overdue
                self.overdue.add(event.message_hash)
            self.lapsed += event.kind is ClockKind.LAPSED
        assert applied.leg.revision >= self.leg.revision
        self.leg = applied.leg

    @rule(span=st.sampled_from((1, MINUTE, HOUR, DAY)))
    def wait(self, span: int) -> None:
        self.now += span

    @rule()
    def somebody_restarts_and_settles(self) -> None:
        self._take(settle(self.leg, self.now))

    @rule()
    def stored(self) -> None:
        try:
            self._take(apply_stored(self.leg, OPENING, self.now))
        except RefusedError:
            assert settle(self.leg, self.now).leg.state not in (State.SENT, State.DELIVERED)

    @rule(choice=st.integers(0, 10**6), people=PEOPLE, span=st.sampled_from((MINUTE, HOUR, DAY)))
    def act(self, choice: int, people: str, span: int) -> None:
        settled = settle(self.leg, self.now).leg
        runs = (row for row in EXPECTED[self.leg.family] if settled.state in row.states and row.verb not in ASIDE)
        rows = [row for row in runs if settled.standing in row.standings and row.target not in ENDS_ALL]
        if not rows:
            return
        row = rows[choice % len(rows)]
        self.counter += 1
        plain = fit(action_by(row.side, row.verb, family=self.leg.family), row)
        action = replace(
            plain,
            signers=signers(people, row.side),
            message_hash=self.counter.to_bytes(32, "big"),
            created=self.now,
            deliver_by=self.now + DAY,
            previous=settled.previous if row.last else b"",
            respond_by=self.now + span if row.asks else None,
            lapses_at=self.now + span if row.lapse else None,
        )
        try:
            applied = apply(self.leg, action, self.now)
        except RefusedError:
            return
        self._check(row, people, settled, applied.leg)
        self._take(applied)

    def _check(self, row: Expected, people: str, before: Leg, after: Leg) -> None:
        assert find(before.family, row.verb, row.side, before.state, before.standing) is not None
        assert people != "the same person twice"
        if before.state in HELD and after.state not in HELD:
            assert people == "both"
        if after.lapses_at != before.lapses_at and before.state in HELD and people != "both":
            assert before.lapses_at is not None
            assert after.lapses_at is not None
            assert after.lapses_at >= before.lapses_at
        if before.standing is not Standing.FULL and after.lapses_at != before.lapses_at:
            self.moved += after.standing is not Standing.FULL
            assert after.standing is not before.standing

    @invariant()
    def the_clock_says_the_same_however_often_it_is_asked(self) -> None:
        now = settle(self.leg, self.now).leg
        assert settle(now, self.now).events == ()
        later = self.now + DAY
        assert settle(now, later).leg == settle(self.leg, later).leg
        limit = next_limit(now)
        assert limit is None or limit >= self.now

    @invariant()
    def what_is_not_full_ends_by_its_date_and_nobody_moves_that_more_than_twice(self) -> None:
        now = settle(self.leg, self.now).leg
        assert self.lapsed + (now.ended_at != self.leg.ended_at) <= 1
        assert self.moved <= 2
        if now.standing is not Standing.FULL:
            assert now.lapses_at is not None
        if now.lapses_at is not None and self.now > now.lapses_at:
            assert now.state not in HELD | {State.SENT, State.ACKNOWLEDGED, State.EXECUTING, State.IN_PROGRESS}

    @invariant()
    def what_is_offered_is_known(self) -> None:
        for side in Side:
            for verb in allowed_verbs(self.leg, side, self.now):
                assert knows(self.leg.family, verb, side)


Holds.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestHoldsWalk = Holds.TestCase
