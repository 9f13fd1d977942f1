"""The engine: interprets a family's table for one leg. Pure, and shared by the hub and the agents.

`apply` takes the leg before and one verified envelope and returns the leg after, in these steps:

1. family, kinds of agency, sides
2. clocks that have run out are settled; they count whether the log has them yet or not
3. the row for verb, side and state
4. the header's times, and whether respond_by and lapses_at stand where the row has them
5. who signed
6. grant, `previous`, `about`
7. the new leg

Its caller has checked everything that needs bytes, keys or the directory, and finds the leg: there is at most one of a
case between two desks, in either direction, because an opening is refused while there is one.

Never does: I/O, look at content, read a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.actions import Action
from comity.workflow.clocks import check_times
from comity.workflow.families import TABLES, table_of
from comity.workflow.legs import Applied, Leg
from comity.workflow.signers import check_second, check_signers
from comity.workflow.tables import AboutRule, ClockRule, Presence, PreviousRule, Rule, Table
from comity.workflow.terms import AgencyKind, Family, Side, State, Verb
from comity.workflow.timers import settle, stop_clock


def apply(leg: Leg | None, action: Action, now_ms: int, tables: Mapping[Family, Table] = TABLES) -> Applied:
    """Returns the leg after an envelope.

    Args:
        leg: the leg of that case between the two desks, whichever opened it; None where there is none.
        action: the envelope, as seen from this leg.
        now_ms: the leaf's time, its seconds × 1000.
        tables: the families there are.

    Returns:
        The leg, the row used, and the clock events that fell due before and were not logged yet.

    Raises:
        RefusedError: FAMILY_NOT_OFFERED, UNKNOWN_CASE, WRONG_STATE (with `state` and `allowed`), TOO_LATE (with
            `limit`), CREATED_IN_FUTURE, CREATED_TOO_OLD, BAD_TIMES, WRONG_ROLE, SECOND_PERSON_MISSING, NO_GRANT,
            WRONG_PREVIOUS or WRONG_ABOUT. The leg is then as before.
    """
    table = table_of(action.family, tables)
    side = _side(leg, action)
    _check_kinds(table, action, side)
    settled = None if leg is None else settle(leg, now_ms, tables)
    now_leg = None if settled is None else settled.leg
    rule = _row(table, now_leg, action, side)
    check_times(
        precedence=action.precedence,
        created=action.created,
        deliver_by=action.deliver_by,
        respond_by=action.respond_by,
        lapses_at=action.lapses_at,
        has_approver=action.has_approver,
        now_ms=now_ms,
    )
    _check_presence(rule, action)
    check_signers(rule, action)
    if rule.needs_grant and not action.granted:
        raise RefusedError(Reason.NO_GRANT, "the verb needs an onward grant", verb=action.verb.name)
    _check_previous(rule, now_leg, action)
    if not _about_is_right(rule, now_leg, action, side):
        raise RefusedError(Reason.WRONG_ABOUT, "about names no envelope of this leg that the verb could refer to")
    check_second(rule, action)
    if now_leg is None or settled is None:
        return Applied(_open(rule, action, now_ms), None, rule=rule)
    return Applied(_advance(table, rule, now_leg, action, now_ms), settled.before, settled.events, rule)


def apply_stored(leg: Leg, message_hash: bytes, now_ms: int, tables: Mapping[Family, Table] = TABLES) -> Applied:
    """Returns the leg after the recipient's STORED acknowledgement of an envelope. Other states of it move no leg.

    Args:
        leg: the leg that the envelope serves.
        message_hash: the envelope that was stored. Only the opening one moves the leg.
        now_ms: the leaf's time.
        tables: the families there are.

    Raises:
        RefusedError: TOO_LATE where `deliver_by` had gone by; WRONG_STATE where the envelope was withdrawn before.
    """
    settled = settle(leg, now_ms, tables)
    now_leg = settled.leg
    stored = table_of(leg.family, tables).stored
    if message_hash != now_leg.opening:
        return settled
    if now_leg.state is State.WITHDRAWN:
        raise RefusedError(Reason.WRONG_STATE, "it was withdrawn before it was stored", state=now_leg.state, allowed="")
    if now_leg.ended_at is not None:
        raise RefusedError(Reason.TOO_LATE, "its time went by before it was stored", limit=str(now_leg.ended_at))
    if now_leg.state not in stored:
        return settled
    moved = replace(now_leg, state=stored[now_leg.state], revision=now_leg.revision + 1)
    return Applied(moved, settled.before, settled.events)


def allowed_verbs(
    leg: Leg, side: Side, now_ms: int | None = None, tables: Mapping[Family, Table] = TABLES
) -> list[Verb]:
    """Returns the verbs that a side may send now, ascending.

    Verbs that need an onward grant are left out, and so is the answer to a recall that nobody made.

    Args:
        leg: the leg.
        side: who would send.
        now_ms: the time, for clocks that have run out; None where the leg is already settled.
        tables: the families there are.
    """
    now_leg = leg if now_ms is None else settle(leg, now_ms, tables).leg
    return _allowed(table_of(leg.family, tables), now_leg, side)


def check_counterparts(
    family: Family, verb: Verb, counterparts: Sequence[str], *, joint: bool, tables: Mapping[Family, Table] = TABLES
) -> None:
    """Checks how many desks an envelope may address beside the sender's own copy.

    An opening envelope goes to one desk, or to several that shall see one another if it is marked joint; every other
    one serves one leg.

    Raises:
        MalformedError: it addresses too many, or is marked joint where it is not.
        RefusedError: FAMILY_NOT_OFFERED.
    """
    opens = table_of(family, tables).opening(verb) is not None
    if joint and (not opens or len(counterparts) < 2):
        raise MalformedError("only an opening envelope to several desks is joint")
    if not joint and len(counterparts) != 1:
        raise MalformedError("only a joint envelope serves more than one leg")


def _side(leg: Leg | None, action: Action) -> Side:
    if leg is None:
        if action.sender == action.counterpart:
            raise RefusedError(Reason.UNKNOWN_CASE, "a desk has no leg with itself")
        return Side.ORIGINATOR
    side = leg.side_of(action.sender)
    if side is None or leg.side_of(action.counterpart) is not side.other:
        raise RefusedError(Reason.UNKNOWN_CASE, "no leg of that case between these desks")
    if (leg.case_id, leg.family) != (action.case_id, action.family):
        raise RefusedError(Reason.UNKNOWN_CASE, "no leg of that case and family between these desks")
    return side


def _check_kinds(table: Table, action: Action, side: Side) -> None:
    kinds: tuple[AgencyKind, AgencyKind] = (action.sender_kind, action.counterpart_kind)
    originator, recipient = kinds if side is Side.ORIGINATOR else kinds[::-1]
    if originator not in table.originator_kinds or recipient not in table.recipient_kinds:
        raise RefusedError(
            Reason.FAMILY_NOT_OFFERED, "the family is not for agencies of these kinds", family=table.family.name
        )


def _allowed(table: Table, leg: Leg, side: Side) -> list[Verb]:
    return [
        rule.verb
        for rule in table.runs_from(leg.state, side)
        if not rule.needs_grant and (leg.recall or Verb.RECALL not in rule.about_verbs)
    ]


def _row(table: Table, leg: Leg | None, action: Action, side: Side) -> Rule:
    if leg is None:
        opening = table.opening(action.verb)
        if opening is None:
            raise RefusedError(Reason.UNKNOWN_CASE, "no leg of that case between these desks")
        return opening
    rows = table.find(action.verb, side)
    for rule in rows:
        if leg.state in rule.from_states:
            return rule
    if rows and leg.ended_at is not None:
        raise RefusedError(Reason.TOO_LATE, "a time limit of the leg went by", limit=str(leg.ended_at))
    raise RefusedError(
        Reason.WRONG_STATE,
        "the leg's state does not admit the verb from this side",
        state=leg.state,
        allowed=",".join(verb.name for verb in _allowed(table, leg, side)),
    )


def _check_presence(rule: Rule, action: Action) -> None:
    if (action.respond_by is not None) != rule.answer_due:
        raise RefusedError(Reason.BAD_TIMES, "respond_by stands where no answer is due, or is missing where one is")
    wrong = Presence.REQUIRED if action.lapses_at is None else Presence.FORBIDDEN
    if rule.lapses is wrong:
        raise RefusedError(Reason.BAD_TIMES, "lapses_at stands where nothing lapses, or is missing where it does")


def _check_previous(rule: Rule, leg: Leg | None, action: Action) -> None:
    expected = leg.previous if leg is not None and rule.previous is PreviousRule.LAST else b""
    if action.previous != expected:
        raise RefusedError(Reason.WRONG_PREVIOUS, "previous is not the last envelope of the leg, or stands needlessly")


def _about_is_right(rule: Rule, leg: Leg | None, action: Action, side: Side) -> bool:
    if rule.about is AboutRule.ABSENT:
        return action.about == b""
    facts = action.about_facts
    if leg is None or facts is None or action.about == b"":
        return False
    if rule.about_verbs and facts.verb not in rule.about_verbs:
        return False
    if rule.about is AboutRule.OPENING:
        return action.about == leg.opening
    return leg.side_of(facts.sender) is (side if rule.about is AboutRule.OWN else side.other)


def _too_late_to_blame(action: Action, now_ms: int) -> bool:
    """Returns whether the limit had gone by before the envelope was in the log: nobody is overdue for that.

    The second person may take days to sign, and a sender could hold an envelope back on purpose.
    """
    return action.respond_by is not None and now_ms > action.respond_by


def _open(rule: Rule, action: Action, now_ms: int) -> Leg:
    awaits = rule.clock is ClockRule.START
    return Leg(
        originator=action.sender,
        case_id=action.case_id,
        recipient=action.counterpart,
        family=action.family,
        state=cast("State", rule.to_state),  # the table's constructor made sure
        revision=1,
        opening=action.message_hash,
        previous=action.message_hash,
        opened=action.created,
        deliver_by=action.deliver_by,
        question=action.message_hash if awaits else b"",
        respond_by=action.respond_by,
        awaiting=Side.RECIPIENT if awaits else None,
        overdue_logged=_too_late_to_blame(action, now_ms),
        lapses_at=action.lapses_at,
    )


def _target(rule: Rule, leg: Leg, action: Action) -> State:
    if rule.resumes:
        return leg.resume_state or leg.state
    if rule.to_state is None or (rule.moves_if_about_opening and action.about != leg.opening):
        return leg.state
    return rule.to_state


def _advance(table: Table, rule: Rule, leg: Leg, action: Action, now_ms: int) -> Leg:
    after = replace(leg, state=_target(rule, leg, action))
    if rule.previous is PreviousRule.LAST:
        after = replace(after, previous=action.message_hash)
    if rule.pauses:
        after = replace(after, resume_state=leg.state)
    if action.lapses_at is not None:
        after = replace(after, lapses_at=action.lapses_at)
    after = _turn_clock(rule, after, action, now_ms)
    if table.is_final(after.state):
        after = stop_clock(after)
    return after if after == leg else replace(after, revision=leg.revision + 1)


def _turn_clock(rule: Rule, leg: Leg, action: Action, now_ms: int) -> Leg:
    match rule.clock:
        case ClockRule.STOP:
            return stop_clock(leg)
        case ClockRule.STOP_ANSWERED if action.about == leg.question:
            return stop_clock(leg)
        case ClockRule.START:
            return replace(
                leg,
                question=action.message_hash,
                respond_by=action.respond_by,
                awaiting=rule.side.other,
                overdue_logged=_too_late_to_blame(action, now_ms),
            )
        case ClockRule.START_RECALL:
            return replace(
                leg,
                recall=action.message_hash,
                recall_respond_by=action.respond_by,
                recall_overdue_logged=_too_late_to_blame(action, now_ms),
            )
        case ClockRule.STOP_RECALL if action.about == leg.recall:
            return replace(leg, recall_respond_by=None, recall_overdue_logged=False)
        case _:
            return leg
