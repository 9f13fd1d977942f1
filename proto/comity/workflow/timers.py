"""What clocks do to a leg: OVERDUE once, EXPIRED, LAPSED. Computed alike by the hub and by each side for itself.

`lapses_at` going by is one event, LAPSED, wherever it leads: a leg that is not FULL becomes LAPSED, because nobody
stood behind it in time; a FULL one has reached its end and becomes EXPIRED (`Table.timed_out`).

In time means: leaf time <= limit. `now_ms` is the leaf's time (its seconds × 1000), so that everybody who reads the
log comes to the same answer; an agency that is cut off passes its own clock.

`settle` says what has fallen due. It does not matter whether a clock event was logged yet: `engine.apply` settles
first, so an action after a limit meets the same state either way, and the events it found are handed to the caller.

Never does: wait, remind or read a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from comity.errors import Reason, RefusedError
from comity.workflow.families import TABLES, table_of
from comity.workflow.legs import Applied, ClockEvent, ClockKind, Leg
from comity.workflow.tables import Table
from comity.workflow.terms import Family, Side


def _pending(leg: Leg, table: Table) -> list[ClockEvent]:
    """Returns what will happen unless something else does. At one limit the earlier in the list comes first."""
    pending: list[ClockEvent] = []
    if leg.respond_by is not None and not leg.overdue_logged:
        pending.append(ClockEvent(ClockKind.OVERDUE, leg.respond_by, leg.question, leg.awaiting))
    if leg.recall_respond_by is not None and not leg.recall_overdue_logged:
        pending.append(ClockEvent(ClockKind.OVERDUE, leg.recall_respond_by, leg.recall, Side.RECIPIENT))
    if leg.state in table.expires:
        pending.append(ClockEvent(ClockKind.EXPIRED, leg.deliver_by, leg.opening, None))
    if leg.lapses_at is not None and leg.state in table.timed_out(leg.standing):
        pending.append(ClockEvent(ClockKind.LAPSED, leg.lapses_at, leg.opening, None))
    return sorted(pending, key=lambda event: event.limit)


def _happen(leg: Leg, table: Table, event: ClockEvent) -> Leg:
    if event.kind is ClockKind.OVERDUE:
        if event.message_hash == leg.recall:
            return replace(leg, revision=leg.revision + 1, recall_overdue_logged=True)
        return replace(leg, revision=leg.revision + 1, overdue_logged=True)
    moves = table.expires if event.kind is ClockKind.EXPIRED else table.timed_out(leg.standing)
    ended = replace(leg, revision=leg.revision + 1, state=moves[leg.state], ended_at=event.limit)
    return stop_clock(ended)


def stop_clock(leg: Leg) -> Leg:
    """Returns a leg on which no answer but that to a recall is awaited. The revision stays."""
    return replace(leg, question=b"", respond_by=None, awaiting=None, overdue_logged=False)


def next_limit(leg: Leg, tables: Mapping[Family, Table] = TABLES) -> int | None:
    """Returns the limit whose passing will be the leg's next clock event, or None where none is in sight.

    The event is due as soon as the time is greater. A store can index this number to find legs to settle.
    """
    pending = _pending(leg, table_of(leg.family, tables))
    return pending[0].limit if pending else None


def settle(leg: Leg, now_ms: int, tables: Mapping[Family, Table] = TABLES) -> Applied:
    """Returns the leg after all that clocks have done up to now, with the events in the order of their limits.

    Args:
        leg: the leg as stored.
        now_ms: the leaf's time.
        tables: the families there are.
    """
    table = table_of(leg.family, tables)
    events: list[ClockEvent] = []
    after = leg
    while (pending := _pending(after, table)) and now_ms > pending[0].limit:
        after = _happen(after, table, pending[0])
        events.append(pending[0])
    return Applied(after, leg.state, tuple(events))


def apply_clock(
    leg: Leg, kind: ClockKind, message_hash: bytes, now_ms: int, tables: Mapping[Family, Table] = TABLES
) -> Applied:
    """Returns the leg after one clock event that the hub logged. An agency checks it so against the leaf's time.

    Args:
        leg: the leg as stored.
        kind: what the log says.
        message_hash: the envelope that the event is about.
        now_ms: the leaf's time.
        tables: the families there are.

    Raises:
        RefusedError: BAD_TIMES: nothing of that kind is due. Either it is known already, or the hub errs.
    """
    table = table_of(leg.family, tables)
    for event in _pending(leg, table):
        if (event.kind, event.message_hash) == (kind, message_hash) and now_ms > event.limit:
            return Applied(_happen(leg, table, event), leg.state, (event,))
    raise RefusedError(Reason.BAD_TIMES, "no such clock event is due")
