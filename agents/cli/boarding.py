"""How a row of the board is shown: its cells, its colour, its JSON.

Never does: choose or sort rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

from comity.errors import ComityError
from comity.freezes import write_amount
from comity.workflow.terms import Family, Standing, State

from agents.board import BoardRow
from agents.boardstore import ENDED
from agents.cli.catalogue import labelled, t
from agents.cli.times import due, seconds
from agents.cli.words import label, short
from agents.client import Client
from agents.records import LimitKind

Held = dict[tuple[str, str], tuple[str, ...]]
"""Amounts with their tokens, by case and other desk."""
SOON_MS: Final = 3_600_000
"""What is due within this stands out."""
_MINUTES_MS: Final = 120_000
_HOLDS: Final = frozenset({State.IN_FORCE, State.CHALLENGED})


def columns() -> tuple[str, ...]:
    """Returns the headings."""
    return (
        t("Case"),
        t("Kind"),
        t("With"),
        t("State"),
        t("Time left"),
        t("Limit"),
        t("Whose turn"),
        t("Held"),
    )


def line(row: BoardRow, held: Sequence[str], now: int) -> tuple[str, ...]:
    """Returns the cells of a row.

    Args:
        row: of the board.
        held: amounts that its holder has reported.
        now: Unix milliseconds UTC.
    """
    return (
        short(row.case_id),
        label(row.family),
        row.desk,
        _state(row, now),
        _left(row.due, now),
        "" if row.limit is None else _limit(row.limit),
        t("we") if row.ours and not row.theirs else t("both") if row.ours else t("they") if row.theirs else "",
        "; ".join(held),
    )


def _state(row: BoardRow, now: int) -> str:
    words = [label(row.state)]
    if row.own_clock:
        words = [t("{state} (by our clock)", state=words[0])]
    if row.standing in (Standing.PROVISIONAL, Standing.CONFIRMED) and row.state not in ENDED:
        standing = t("PROVISIONAL") if row.standing is Standing.PROVISIONAL else t("CONFIRMED")
        limit = t("lapses {when}", when=_left(row.lapses_at, now)) if row.lapses_at else ""
        words.append(labelled(standing, limit) if limit else standing)
    if row.telephone:
        words.append(t("stored, no person yet: call {telephone}", telephone=row.telephone))
    return " · ".join(words)


def _left(at_ms: int | None, now: int) -> str:
    """Returns how long there is still time, in seconds where that is less than two minutes."""
    if at_ms is None or abs(at_ms - now) >= _MINUTES_MS:
        return due(at_ms, now)
    span = seconds(abs(at_ms - now) // 1000)
    return t("in {span}", span=span) if at_ms >= now else t("{span} overdue", span=span)


def _limit(kind: LimitKind) -> str:
    names = {
        LimitKind.ANSWER: t("answer due"),
        LimitKind.RECALL: t("recall to answer"),
        LimitKind.LAPSE: t("ends by itself"),
        LimitKind.DELIVERY: t("not delivered yet"),
    }
    return names[kind]


def style_of(row: BoardRow, now: int) -> str:
    """Returns the colour of a row: red past its limit, yellow near it, bold where this desk acts."""
    if row.own_clock or (row.due is not None and row.due < now):
        return "bold red"
    if row.telephone or (row.flash and row.ours):
        return "bold red"
    if row.due is not None and row.due - now < SOON_MS:
        return "bold yellow" if row.ours else "yellow"
    return "bold" if row.ours else ""


def held_by(client: Client, rows: Sequence[BoardRow]) -> Held:
    """Returns what the holders of some freezes have reported as held: only of the rows that are shown.

    The sums are content: each case is opened for them, one by one, and one that does not open has none.
    """
    found: Held = {}
    for row in rows:
        if row.family is not Family.FREEZE or row.state not in _HOLDS or row.own_clock:
            continue
        with contextlib.suppress(ComityError):
            standing = client.freeze(row.case_id, row.desk)
            if standing.holds and standing.lines:
                lines = ((line.row.held, line.asset.token) for line in standing.lines)
                found[row.case_id, row.desk] = tuple(f"{write_amount(held)} {token}" for held, token in lines if held)
    return found


def row_view(row: BoardRow, held: Sequence[str] | None, now: int) -> dict[str, Any]:
    """Returns the JSON shape of a row.

    Args:
        row: of the board.
        held: amounts; None where they were not opened, or nothing is held.
        now: Unix milliseconds UTC.
    """
    return {
        "case": row.case_id,
        "family": row.family.name,
        "side": row.side.value,
        "with": row.desk,
        "state": row.state.value,
        "standing": row.standing.name,
        "flash": row.flash,
        "ours": row.ours,
        "theirs": row.theirs,
        "next": row.state.next_actor,
        "due": row.due,
        "left": None if row.due is None else row.due - now,
        "limit": None if row.limit is None else row.limit.value,
        "respond_by": row.respond_by,
        "recall_respond_by": row.recall_respond_by,
        "lapses_at": row.lapses_at,
        "deliver_by": row.deliver_by,
        "opened": row.opened,
        "own_clock": row.own_clock,
        "unseen": row.unseen or None,
        "telephone": row.telephone or None,
        "held": None if held is None else list(held),
    }
