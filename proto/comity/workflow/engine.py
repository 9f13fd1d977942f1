"""The engine: interprets a family's table for one leg. Pure, and shared by the hub and the agents.

`apply` takes the leg before and one verified envelope and returns the leg after, in these steps:

1. family, kinds of agency, sides
2. clocks that have run out are settled; they count whether the log has them yet or not
3. the row for verb, side, state and standing
4. the header's precedence and times, and whether respond_by and lapses_at stand where the row has them
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
from typing import Final, cast

from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.actions import Action, HeaderFields
from comity.workflow.clocks import check_times
from comity.workflow.families import TABLES, table_of
from comity.workflow.guards import (
    check_about,
    check_kinds,
    check_lapse,
    check_precedence,
    check_presence,
    check_previous,
)
from comity.workflow.legs import Applied, Leg
from comity.workflow.signers import check_second, check_signers
from comity.workflow.tables import ClockRule, PreviousRule, Rule, Table
from comity.workflow.terms import Family, Side, Standing, State, Verb
from comity.workflow.timers import settle, stop_clock

RECALL_VERBS: Final = frozenset({Verb.RECALL, Verb.ANSWER_RECALL})
"""What runs between an originator and a desk that received something of it under a grant."""


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
            `limit`), WRONG_PRECEDENCE, CREATED_IN_FUTURE, CREATED_TOO_OLD, BAD_TIMES, WRONG_ROLE,
            SECOND_PERSON_MISSING, NO_GRANT, WRONG_PREVIOUS or WRONG_ABOUT. The leg is then as before.
    """
    table = table_of(action.family, tables)
    side = _side(leg, action)
    check_kinds(table, action, side)
    settled = None if leg is None else settle(leg, now_ms, tables)
    now_leg = None if settled is None else settled.leg
    rule = _row(table, now_leg, action, side)
    check_precedence(rule, now_leg, action)
    check_times(
        precedence=action.precedence,
        created=action.created,
        deliver_by=action.deliver_by,
        respond_by=action.respond_by,
        lapses_at=action.lapses_at,
        has_approver=action.has_approver,
        now_ms=now_ms,
    )
    check_presence(rule, action)
    check_lapse(rule, now_leg, action)
    check_signers(rule, action)
    if rule.needs_grant and not (action.granted if now_leg is None else now_leg.forwarded):
        raise RefusedError(Reason.NO_GRANT, "the verb needs an onward grant", verb=action.verb.name)
    check_previous(rule, now_leg, action)
    check_about(rule, now_leg, action, side)
    check_second(rule, action)
    if now_leg is None or settled is None:
        return Applied(_open(rule, action, now_ms), None, rule=rule)
    return Applied(_advance(table, rule, now_leg, action, now_ms), settled.before, settled.events, rule)


def apply_stored(leg: Leg, message_hash: bytes, now_ms: int, tables: Mapping[Family, Table] = TABLES) -> Applied:
    """Returns the leg after the recipient's STORED acknowledgement of an envelope. Other states of it move no leg.

    Args:
        leg: the leg that the envelope serves.
        message_hash: the envelope that was stored. Only the opening one moves the leg, and not one that has lapsed.
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
    if now_leg.ended_at is not None and now_ms > now_leg.deliver_by:
        raise RefusedError(Reason.TOO_LATE, "its time went by before it was stored", limit=str(now_leg.ended_at))
    if now_leg.state not in stored:
        return settled
    moved = replace(now_leg, state=stored[now_leg.state], revision=now_leg.revision + 1)
    return Applied(moved, settled.before, settled.events)


def apply_forwarded(leg: Leg, forward: HeaderFields, tables: Mapping[Family, Table] = TABLES) -> Leg:
    """Returns the leg of an original after its recipient used a grant over it. FORWARD itself opens a leg of its own.

    What began by one person's word and lapses (a hold, an oral notice) is passed on only once it stands fully, with two
    people behind it. What holds something (FREEZE) besides only while it goes on, and never for longer than it goes on
    itself: else what one person said, or a hold that ended, would begin anew elsewhere, in full and without an end.

    Args:
        leg: that the original and its GRANT_ONWARD serve, with its clocks settled.
        forward: header of the FORWARD.
        tables: the families there are.

    Raises:
        RefusedError: NO_GRANT where the originator took the case back after it had consented, where it is not FULL, or
            where what holds something has ended; BAD_TIMES where it would go on for longer than the leg.
    """
    if leg.state in (State.RECALLED, State.WITHDRAWN):
        raise RefusedError(Reason.NO_GRANT, "what was to be passed on was taken back", verb=Verb.FORWARD.name)
    table = table_of(leg.family, tables)
    if leg.standing is not Standing.FULL or (table.holds and leg.state not in table.ends):
        raise RefusedError(
            Reason.NO_GRANT, "what was to be passed on has ended, or is not full", verb=Verb.FORWARD.name
        )
    if table.holds and leg.lapses_at is not None and not 0 < forward.lapses_at <= leg.lapses_at:
        raise RefusedError(
            Reason.BAD_TIMES, "lapses_at comes later than what is passed on ends", limit=str(leg.lapses_at)
        )
    return leg if leg.forwarded else replace(leg, forwarded=True, revision=leg.revision + 1)


def onward_leg(
    *,
    family: Family,
    originator: str,
    case_id: bytes,
    original_hash: bytes,
    recipient: str,
    opened: int,
    deliver_by: int,
    forward_hash: bytes,
) -> Leg:
    """Returns the leg on which an originator recalls an original from the desk that received it under a grant.

    It is made together with the use of the grant, unless a leg of that key is there. `comity.grants.leg_made_by` reads
    all of this in the FORWARD's header.

    Args:
        family: of the original.
        originator: desk that sent it.
        case_id: of the original, not of the FORWARD.
        original_hash: message hash of the original; a RECALL names it as `about`.
        recipient: the new desk.
        opened: `created` of the FORWARD, Unix milliseconds UTC.
        deliver_by: of the FORWARD.
        forward_hash: message hash of the FORWARD.
    """
    return Leg(
        originator=originator,
        case_id=case_id,
        recipient=recipient,
        family=family,
        state=State.FORWARDED,
        revision=1,
        opening=original_hash,
        previous=original_hash,
        opened=opened,
        deliver_by=deliver_by,
        onward=forward_hash,
    )


def allowed_verbs(
    leg: Leg, side: Side, now_ms: int | None = None, tables: Mapping[Family, Table] = TABLES
) -> list[Verb]:
    """Returns the verbs that a side may send now, ascending.

    Verbs that need an onward grant are left out where none was used, and so is the answer to a recall that nobody
    made. Whether there is something that another verb could be about is not asked.

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


def _allowed(table: Table, leg: Leg, side: Side) -> list[Verb]:
    return [rule.verb for rule in table.runs_from(leg.state, side) if _is_offered(rule, leg)]


def _is_offered(rule: Rule, leg: Leg) -> bool:
    if leg.onward and rule.verb not in RECALL_VERBS:
        return False  # what else stands aside is about envelopes that this leg has none of
    if rule.verb is Verb.ANSWER_RECALL and not leg.recall:
        return False
    return _runs(rule, leg) and (leg.forwarded or not rule.needs_grant)


def _runs(rule: Rule, leg: Leg) -> bool:
    """Returns whether a row that the leg's state admits runs on it."""
    if rule.unless_awaited and leg.awaiting is rule.side:
        return False
    # Desks without an agreement say one thing at a time: a grant that was used is no way to send without end.
    if leg.onward and rule.verb is Verb.RECALL and leg.recall_respond_by is not None:
        return False
    return leg.standing in rule.standings


def _row(table: Table, leg: Leg | None, action: Action, side: Side) -> Rule:
    if leg is None:
        opening = table.opening(action.verb)
        if opening is None:
            raise RefusedError(Reason.UNKNOWN_CASE, "no leg of that case between these desks")
        return opening
    rows = table.find(action.verb, side)
    for rule in rows:
        if leg.state in rule.from_states and _runs(rule, leg):
            return rule
    if rows and leg.ended_at is not None:
        raise RefusedError(Reason.TOO_LATE, "a time limit of the leg went by", limit=str(leg.ended_at))
    raise RefusedError(
        Reason.WRONG_STATE,
        "the leg's state does not admit the verb from this side",
        state=leg.state,
        allowed=",".join(verb.name for verb in _allowed(table, leg, side)),
    )


def _too_late_to_blame(action: Action, now_ms: int) -> bool:
    """Returns whether less than half of the time to answer was left when the envelope was in the log.

    Nobody is overdue for that: the second person may take days to sign, and a sender could hold an envelope back on
    purpose, so that its limit goes by as soon as it arrives.
    """
    limit = action.respond_by
    return limit is not None and 2 * (limit - now_ms) < limit - action.created


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
        awaiting=rule.side.other if awaits else None,
        overdue_logged=_too_late_to_blame(action, now_ms),
        lapses_at=action.lapses_at,
        standing=rule.to_standing or Standing.FULL,
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
    if action.lapses_at is not None or rule.replaces_lapse or rule.clears_lapse:
        after = replace(after, lapses_at=action.lapses_at)
    if rule.to_standing is not None:
        after = replace(after, standing=rule.to_standing)
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
        case ClockRule.START_OWN:  # a promise that came to the log too late is broken all the same
            return replace(
                leg,
                question=action.message_hash,
                respond_by=action.respond_by,
                awaiting=rule.side,
                overdue_logged=False,
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
