"""Random walks of one referral against a model that knows states, hashes and one clock, and nothing of the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from comity.errors import Reason, RefusedError
from comity.workflow.actions import AboutFacts
from comity.workflow.engine import allowed_verbs, apply, apply_stored
from comity.workflow.legs import Applied, ClockEvent, ClockKind, Leg
from comity.workflow.terms import Side, Verb
from comity.workflow.timers import next_limit, settle
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.legs import DAY, OPENING, ORIGINATOR, T0, action_by, opening_action

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT
MOVES: dict[tuple[str, Side, Verb], str] = {
    ("DELIVERED", RCP, Verb.ACKNOWLEDGE): "ACKNOWLEDGED",
    ("ACKNOWLEDGED", RCP, Verb.REQUEST_INFO): "MORE_INFO",
    ("MORE_INFO", ORG, Verb.SUPPLY): "ACKNOWLEDGED",
    **{
        (state, RCP, verb): target
        for state in ("ACKNOWLEDGED", "MORE_INFO")
        for verb, target in (
            (Verb.ACCEPT, "IN_PROGRESS"),
            (Verb.ACCEPT_IN_PART, "IN_PROGRESS"),
            (Verb.DECLINE, "DECLINED"),
        )
    },
    ("IN_PROGRESS", RCP, Verb.REPORT_PROGRESS): "IN_PROGRESS",
    ("IN_PROGRESS", RCP, Verb.REPORT_OUTCOME): "OUTCOME_REPORTED",
    ("SENT", ORG, Verb.WITHDRAW): "WITHDRAWN",
    ("DECLINED", ORG, Verb.CLOSE): "CLOSED",
    ("OUTCOME_REPORTED", ORG, Verb.CLOSE): "CLOSED",
}
CHAINED = frozenset(Verb) - {Verb.WITHDRAW, Verb.RECALL, Verb.ANSWER_RECALL, Verb.REPORT_PROGRESS}
ASKS = {Verb.REQUEST_INFO, Verb.SUPPLY, Verb.RECALL}
REFERRAL_VERBS = sorted({verb for _, _, verb in MOVES} | {Verb.RECALL, Verb.ANSWER_RECALL, Verb.REFER})
CONSENT = {Verb.ASK_ONWARD, Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD, Verb.REVOKE_GRANT}
"""Verbs that stand aside of the work; `test_workflow_onward` has them."""


def attempt(step: Callable[[], Applied]) -> Applied | Reason:
    """Returns what came of a step, or why it was refused."""
    try:
        return step()
    except RefusedError as error:
        return error.reason


class Referral(RuleBasedStateMachine):
    """One leg, driven at random: right and wrong verbs, right and stale `previous`, time, STORED."""

    leg: Leg

    @initialize()
    def opened(self) -> None:
        self.leg = apply(None, opening_action(), T0).leg
        self.now = T0
        self.counter = 100
        self.state = "SENT"
        self.previous = OPENING
        self.recall = b""
        self.waits_until: int | None = T0 + DAY
        self.overdue = 0
        self.overdue_expected = 0

    def _time_passes(self) -> None:
        """The model's clocks."""
        if self.waits_until is not None and self.now > self.waits_until:
            self.overdue_expected += 1
            self.waits_until = None
        if self.state == "SENT" and self.now > T0 + 3 * DAY:
            self.state, self.waits_until = "EXPIRED", None

    @rule(span=st.integers(1, 2 * DAY))
    def wait(self, span: int) -> None:
        self.now += span
        self._time_passes()

    @rule()
    def the_hub_settles(self) -> None:
        applied = settle(self.leg, self.now)
        self._count(applied.events)
        self.leg = applied.leg

    @rule()
    def stored(self) -> None:
        outcome = attempt(lambda: apply_stored(self.leg, OPENING, self.now))
        if isinstance(outcome, Reason):
            assert (self.state, outcome) in (
                ("EXPIRED", Reason.TOO_LATE),
                ("RECALLED", Reason.TOO_LATE),
                ("WITHDRAWN", Reason.WRONG_STATE),
            )
            return
        applied = outcome
        self._count(applied.events)
        self.leg = applied.leg
        assert self.state not in ("EXPIRED", "WITHDRAWN")
        if self.state == "SENT":
            self.state = "DELIVERED"

    @rule(side=st.sampled_from(Side), verb=st.sampled_from(REFERRAL_VERBS), stale=st.booleans())
    def act(self, side: Side, verb: Verb, stale: bool) -> None:
        self.counter += 1
        own_hash = self.counter.to_bytes(32, "big")
        previous = (b"\xff" * 32 if stale else self.previous) if verb in CHAINED and verb is not Verb.REFER else b""
        action = replace(
            action_by(side, verb),
            message_hash=own_hash,
            created=self.now,
            deliver_by=self.now + DAY,
            respond_by=self.now + DAY if verb in ASKS or verb is Verb.REFER else None,
            previous=previous,
        )
        if verb is Verb.ANSWER_RECALL:
            facts = AboutFacts(ORIGINATOR, Verb.RECALL, "sfc/m-aaaaaaaa") if self.recall else None
            action = replace(action, about=self.recall, about_facts=facts)
        target = self._target(side, verb)
        wrong_chain = verb in CHAINED and stale
        outcome = attempt(lambda: apply(self.leg, action, self.now))
        if isinstance(outcome, Reason):
            assert target is None or wrong_chain or (verb is Verb.ANSWER_RECALL and not self.recall)
            if target is not None:
                assert outcome is (Reason.WRONG_PREVIOUS if wrong_chain else Reason.WRONG_ABOUT)
            return
        applied = outcome
        assert target is not None
        assert not wrong_chain
        self._count(applied.events)
        self.leg, self.state = applied.leg, target
        if verb in CHAINED:
            self.previous = own_hash
        if verb is Verb.RECALL:
            self.recall = own_hash
        if verb in ASKS - {Verb.RECALL}:
            self.waits_until = self.now + DAY
        elif verb not in (Verb.REPORT_PROGRESS, Verb.ANSWER_RECALL):
            self.waits_until = None

    def _target(self, side: Side, verb: Verb) -> str | None:
        if verb is Verb.RECALL:
            return "RECALLED" if side is ORG else None
        if verb is Verb.ANSWER_RECALL:
            return self.state if side is RCP else None
        return MOVES.get((self.state, side, verb))

    def _count(self, events: tuple[ClockEvent, ...]) -> None:
        self.overdue += sum(self._is_overdue(event) for event in events)

    def _is_overdue(self, event: ClockEvent) -> bool:
        return event.kind is ClockKind.OVERDUE and event.message_hash != self.leg.recall

    @invariant()
    def the_model_and_the_leg_agree(self) -> None:
        settled = settle(self.leg, self.now)
        assert settled.leg.state == self.state
        assert settled.leg.previous == self.previous
        pending = sum(self._is_overdue(event) for event in settled.events)
        assert self.overdue + pending == self.overdue_expected
        assert self.leg.revision >= 1
        limit = next_limit(settled.leg)
        assert limit is None or limit >= self.now

    @invariant()
    def what_is_offered_is_what_the_model_allows(self) -> None:
        for side in Side:
            offered = [verb for verb in allowed_verbs(self.leg, side, self.now) if verb not in CONSENT]
            expected = [
                verb
                for verb in REFERRAL_VERBS
                if self._target(side, verb) is not None and (self.recall or verb is not Verb.ANSWER_RECALL)
            ]
            assert offered == expected


Referral.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestReferralWalk = Referral.TestCase
