"""Tables as data: what a bad one is refused for, how one is documented, and what the engine makes of any."""

from __future__ import annotations

from dataclasses import replace

import pytest
from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.assistance import ASSISTANCE
from comity.workflow.engine import allowed_verbs, apply, check_counterparts
from comity.workflow.families import TABLES
from comity.workflow.freeze import FREEZE
from comity.workflow.referral import REFERRAL
from comity.workflow.tables import ANY_STATE, ClockRule, Rule, document
from comity.workflow.terms import Family, Role, Side, State, Verb

from tests.support.legs import NEW, NOW, T0, action_by, approver, author, leg_in, opening_action

ORG, RCP = Side.ORIGINATOR, Side.RECIPIENT


def test_an_opening_that_asks_for_no_answer_starts_no_clock() -> None:
    notice = replace(REFERRAL, rules=(replace(REFERRAL.rules[0], clock=ClockRule.KEEP), *REFERRAL.rules[1:]))
    action = replace(opening_action(), respond_by=None)
    leg = apply(None, action, T0, {Family.REFERRAL: notice}).leg
    assert (leg.question, leg.respond_by, leg.awaiting, leg.overdue_logged) == (b"", None, None, False)


def test_roles_of_the_author_are_the_rows() -> None:
    refer = replace(REFERRAL.rules[0], who_may=frozenset({Role.DUTY_DESK, Role.AGENT}))
    tables = {Family.REFERRAL: replace(REFERRAL, rules=(refer, *REFERRAL.rules[1:]))}
    machine = replace(opening_action(), signers=(author(ORG, Role.AGENT), approver(ORG)))
    assert apply(None, machine, T0, tables).leg.state is State.SENT
    analyst = replace(machine, signers=(author(ORG, Role.ANALYST), approver(ORG)))
    with pytest.raises(RefusedError) as caught:
        apply(None, analyst, T0, tables)
    assert caught.value.reason is Reason.WRONG_ROLE


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.IN_PROGRESS])
def test_a_pause_leads_back_to_where_it_came_from(state: State) -> None:
    ask = action_by(RCP, Verb.REQUEST_INFO, family=Family.ASSISTANCE)
    paused = apply(leg_in(state, Family.ASSISTANCE), ask, NOW).leg
    assert (paused.state, paused.resume_state) == (State.MORE_INFO, state)
    supply = replace(action_by(ORG, Verb.SUPPLY, family=Family.ASSISTANCE), previous=NEW)
    assert apply(paused, supply, NOW).leg.state is state


def test_a_resumption_without_a_pause_stays() -> None:
    supply = action_by(ORG, Verb.SUPPLY, family=Family.ASSISTANCE)
    assert apply(leg_in(State.MORE_INFO, Family.ASSISTANCE), supply, NOW).leg.state is State.MORE_INFO


def test_other_tables_govern_what_is_allowed_and_how_many_desks() -> None:
    only = {Family.FREEZE: replace(FREEZE, rules=FREEZE.rules[:5])}
    assert allowed_verbs(leg_in(State.SENT, Family.FREEZE), RCP, tables=only) == [Verb.ACKNOWLEDGE]
    check_counterparts(Family.FREEZE, Verb.REQUEST_PROVISIONAL, ["a/b", "c/d"], joint=True, tables=only)
    with pytest.raises(MalformedError):
        check_counterparts(Family.FREEZE, Verb.FORWARD, ["a/b", "c/d"], joint=True, tables=only)


# --- bad tables


@pytest.mark.parametrize(
    "rules",
    [
        (REFERRAL.rules[1], replace(REFERRAL.rules[1], from_states=ANY_STATE)),
        (REFERRAL.rules[0], REFERRAL.rules[0]),
        (replace(REFERRAL.rules[0], opening=False),),
        (replace(REFERRAL.rules[0], to_state=None),),
        (replace(REFERRAL.rules[1], opening=True),),
    ],
)
def test_a_table_that_contradicts_itself_cannot_be_made(rules: tuple[Rule, ...]) -> None:
    with pytest.raises(ValueError, match=r"two rules|a row"):
        replace(REFERRAL, rules=rules)


@pytest.mark.parametrize("family", TABLES)
def test_a_profile_can_say_of_each_verb_whether_an_answer_is_due_and_whether_it_lapses(family: Family) -> None:
    table = TABLES[family]
    for verb in table.verbs:
        rows = [rule for rule in table.rules if rule.verb is verb]
        assert len({(rule.answer_due, rule.lapses) for rule in rows}) == 1, verb


# --- documentation


@pytest.mark.parametrize("family", TABLES)
def test_the_documentation_has_a_line_for_every_row_move_and_state(family: Family) -> None:
    table, text = TABLES[family], document(TABLES[family])
    lines = text.splitlines()
    assert text.endswith("|\n")
    assert document(table) == text
    for verb in table.verbs:
        rows = [rule for rule in table.rules if rule.verb is verb]
        assert sum(line.startswith(f"| {verb.name} |") for line in lines) == len(rows)
    states = {line.split(" | ")[0].removeprefix("| ") for line in lines[lines.index("| state | who acts next |") + 2 :]}
    assert states == STATES_OF[family]


COMMON = {"SENT", "DELIVERED", "ACKNOWLEDGED", "MORE_INFO", "CLOSED", "WITHDRAWN", "RECALLED", "EXPIRED", "FORWARDED"}
STATES_OF = {
    Family.REFERRAL: COMMON | {"IN_PROGRESS", "DECLINED", "REDIRECTED", "OUTCOME_REPORTED"},
    Family.WATCHLIST: {"SENT", "OFFERED", "SYNCING", "CURRENT", "LAGGING", "REVOKED", "EXPIRED"},
    Family.FREEZE: COMMON | {"EXECUTING", "IN_FORCE", "CHALLENGED", "REFUSED", "RELEASED", "LAPSED"},
    Family.ASSISTANCE: COMMON | {"IN_PROGRESS", "SUSPENDED", "REPLIED", "REFUSED", "LAPSED"},
}


def test_the_documentation_of_a_row_says_all_of_it() -> None:
    lines = document(REFERRAL).splitlines()
    for line in (
        "| REFER | originator | 2 | analyst, supervisor, duty_desk | – | SENT | absent | – | starts | "
        "Opens the leg. The completeness rules pass before it can be approved. |",
        "| RECALL | originator | 1 | analyst, supervisor, duty_desk | any | RECALLED if `about` is the opening, "
        "else same | absent | one of its own | starts the recall's | "
        "The recipient must destroy or quarantine it, or say why it cannot. |",
        "| ANSWER_RECALL | recipient | 1 | analyst, supervisor, duty_desk | any | same | absent | "
        "one of the other side's: RECALL | stops the recall's | "
        "Destroyed, quarantined, or cannot comply with a reason. May be answered anew. |",
        "| ASK_ONWARD | recipient | 1 | analyst, supervisor, duty_desk | "
        "any but SENT, WITHDRAWN, RECALLED, FORWARDED | "
        "same | absent | one of the other side's, not FORWARD | keeps | Facts, new desk, purpose. Silence is no. |",
        "| STORED acknowledgement | SENT | DELIVERED |",
        "| `deliver_by` goes by | SENT | EXPIRED |",
        "| a grant over an envelope of it is used: the leg of the new desk | – | FORWARDED |",
    ):
        assert line in lines


def test_the_documentation_tells_standings_ends_precedences_and_pauses() -> None:
    lines = document(FREEZE).splitlines()
    live = "SENT, DELIVERED, ACKNOWLEDGED, MORE_INFO, EXECUTING, IN_FORCE, CHALLENGED"
    who = "analyst, supervisor, duty_desk"
    for line in (
        f"| REQUEST_PROVISIONAL | originator | 1 | {who} | – | SENT | PROVISIONAL | absent | – | starts | required | "
        "FLASH only. Opens the leg with a hold that lapses by itself, with a copy for the sender's own desk. |",
        f"| CONFIRM | originator | the second | {who} | {live} | same | PROVISIONAL → CONFIRMED | absent | the opening "
        "| keeps | required; no sooner | A second person stands behind it. |",
        f"| CONVERT | originator | 2 | {who} | IN_FORCE, CHALLENGED | same | any → FULL | last | – | starts | "
        "optional; no sooner; absent: the leg's goes | "
        "Another instrument, in force before the old one ends. The end is the new one's. |",
        f"| `lapses_at` goes by, standing not FULL | {live} | LAPSED |",
        f"| `lapses_at` goes by, standing FULL | {live} | EXPIRED |",
    ):
        assert line in lines
    lines = document(ASSISTANCE).splitlines()
    assert any(line.startswith("| SUPPLY |") and "| where it came from |" in line for line in lines)
    assert any(line.startswith("| COMPLETE |") and "| –; the leg's goes |" in line for line in lines)
    assert any(line.startswith("| ORAL_NOTICE |") and "| PROVISIONAL |" in line for line in lines)
