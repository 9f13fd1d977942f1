"""Compares the rows of spent grants with the events that spent them, in both directions; those of recalls likewise.

Each GRANT_USED and GRANT_REVOKED of the log has its row, until the GRANT_ONWARD is pruned; each row has its event.

What was recalled before the schema had a place for it, or by a release that knows none, is not kept: from the first
RECALL that is kept on, each one is.

Never does: repair, judge whether a grant might be spent (`replay.py` does, from the log).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from comity.errors import MalformedError
from comity.header import Header, parse_header
from comity.receipts import Event, EventKind, parse_event
from comity.workflow.legs import Leg
from comity.workflow.terms import Verb

from hub.exchange.audit import store as rows
from hub.exchange.domain import EnvelopeState
from hub.exchange.grants import Recalled

SPENT: Final = frozenset({EventKind.GRANT_USED, EventKind.GRANT_REVOKED})
"""What spends a grant."""
Found = Callable[[int, str, str], None]
"""Is told (index, table, constant words) of each finding."""


def compare_event(connection: Any, index: int, event: Event, found: Found) -> None:
    """Looks for the row of one event.

    Args:
        connection: to read on.
        index: leaf of the event.
        event: one of `SPENT`.
        found: is told what is wrong.
    """
    row = rows.spent_grant(connection, event.message_hash)
    if row is None:
        if rows.state_of(connection, event.message_hash) != EnvelopeState.PRUNED:
            found(index, "grants", "a grant that was spent is not kept as spent")
    elif not _is_of(row, index, event):
        found(index, "grants", "a grant is not kept as it was spent")


def compare_rows(connection: Any, found: Found) -> None:
    """Looks for the event of every row.

    Args:
        connection: to read on, at one moment.
        found: is told what is wrong.
    """
    for row in rows.spent_grants(connection):
        event = None if row.event is None else parse_event(row.event)
        if event is None or event.kind not in SPENT or not _is_of(row, row.idx, event) or row.verb != Verb.GRANT_ONWARD:
            found(row.idx, "grants", "a grant is kept as spent that no event at its leaf tells of")


def compare_recall(connection: Any, index: int, header: Header, found: Found) -> list[Recalled]:
    """Looks for the rows of one RECALL.

    Args:
        connection: to read on.
        index: its leaf.
        header: of the RECALL.
        found: is told what is wrong.

    Returns:
        What is kept as recalled.
    """
    kept = [Recalled(header.about, desk) for desk in header.counterparts]
    kept = [each for each in kept if rows.is_recalled(connection, *each)]
    first = rows.first_recall(connection)
    missing = not kept and first is not None and first < index
    if missing and rows.state_of(connection, header.about) != EnvelopeState.PRUNED:
        found(index, "recalls", "what was recalled is not kept as recalled")
    return kept


def compare_recalls(connection: Any, found: Found) -> None:
    """Looks for the RECALL of every row."""
    for row in rows.recalls(connection):
        if row.verb != Verb.RECALL or not _names(row):
            found(row.idx, "recalls", "something is kept as recalled that no RECALL at its leaf names")


def marked(leg: Leg) -> Leg:
    """Returns the leg after something of it was passed on by an envelope of which nothing is kept any more."""
    return leg if leg.forwarded else replace(leg, forwarded=True, revision=leg.revision + 1)


def _names(row: Any) -> bool:
    """Returns whether a RECALL names what is kept as recalled; once it is erased nobody can tell."""
    if row.header is None:
        return True
    try:
        header = parse_header(row.header)
    except MalformedError:
        return False
    return header.about == bytes(row.message_hash) and row.desk in header.counterparts


def _is_of(row: Any, index: int, event: Event) -> bool:
    used = event.kind is EventKind.GRANT_USED
    by, other = (row.used_by, row.revoked_by) if used else (row.revoked_by, row.used_by)
    named = by is not None and bytes(by) == event.other_hash and other is None
    return named and bytes(row.message_hash) == event.message_hash and row.idx == index
