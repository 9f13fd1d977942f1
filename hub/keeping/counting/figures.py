"""What a hub did, in figures, from its tables alone: the same answer whether a hub serves or not.

What the tables cannot tell is not guessed: what a hub refused was never stored (its metrics count it), and how full
its queue is only the process knows.

Never does: name a case, a message, a member or a key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from comity.names import agency_of
from comity.receipts import AckState, EventKind
from comity.workflow.terms import Family, Verb

from hub.config import Settings
from hub.db import Database
from hub.exchange.domain import EnvelopeState
from hub.keeping.checking import Progress
from hub.keeping.counting import store
from hub.keeping.counting.oversight import PRUNED, pairs, word
from hub.keeping.counting.spread import spread
from hub.keeping.counting.store import EVERYTHING, Period
from hub.keeping.store import patient

_CLOCKS: Final = (EventKind.OVERDUE, EventKind.LAPSED, EventKind.EXPIRED)
_OTHERS: Final = (EventKind.WITHDRAWN, EventKind.GRANT_USED, EventKind.GRANT_REVOKED, EventKind.ERASED)


def figures(
    settings: Settings, now_ms: int, period: Period = EVERYTHING, progress: Progress | None = None
) -> dict[str, Any]:
    """Returns the figures of one moment, as plain values for JSON.

    Args:
        settings: which database; its quotas stand beside what is used of them.
        now_ms: Unix milliseconds UTC.
        period: from when to when envelopes, acknowledgements and events count; sizes are always the whole.
        progress: is told how far it has come.

    Raises:
        UnsafeSettingError, RefusedError: the database cannot be used.
    """
    database = Database.open(settings.database)
    try:
        return database.read_now(lambda c: _figures(c, settings, now_ms, period, progress), snapshot=True)
    finally:
        database.close()


def _figures(
    connection: Any, settings: Settings, now_ms: int, period: Period, progress: Progress | None
) -> dict[str, Any]:
    patient(connection)
    heads = store.heads(connection)
    told = {EventKind(row[0]): row[1] for row in store.told(connection, period)}
    waits = list(store.waits(connection, period))
    states = store.envelopes_by_state(connection, period)
    of_legs, of_envelopes = store.clocks_due(connection, now_ms)
    return {
        "logs": {"directory_leaves": heads[1][0], "exchange_leaves": heads[2][0], "last_leaf_seconds": heads[2][1]},
        "batches": store.batches(connection, period),
        "envelopes": {
            "by_verb": {
                f"{word(Family, row[0])} {word(Verb, row[1])}": row[2]
                for row in store.envelopes_by_verb(connection, period)
            },
            "by_state": {EnvelopeState(row[0]).name: row[1] for row in states},
            "awaited": sum(row[2] for row in states),
            "by_pair": _pairs(store.envelopes_by_recipients(connection, period)),
        },
        "acknowledgements": {
            state.name: spread([(row[1], row[2]) for row in waits if row[0] == int(state)]) for state in AckState
        },
        "events": {kind.name: told.get(kind, 0) for kind in (*_CLOCKS, *_OTHERS)},
        "refusals": {
            "by_recipient": told.get(EventKind.REFUSED, 0),
            "equivocations": told.get(EventKind.EQUIVOCATION, 0),
        },
        "pairs": pairs(connection, period, progress),
        "legs": {f"{word(Family, row[0])} {row[1]}": row[2] for row in store.legs_by_state(connection)},
        "watchlists": _lists(store.lists(connection)),
        "clocks_due": {"legs": of_legs, "envelopes": of_envelopes},
        "attachments": {
            row[0]: {
                "bytes": row[1],
                "of_bytes": settings.agency_stored_bytes,
                "blobs": row[2],
                "of_blobs": settings.agency_stored_blobs,
                "unfinished": row[3],
                "of_unfinished": settings.agency_unfinished_uploads,
            }
            for row in store.stored(connection)
        },
        "rows": store.row_counts(connection),
        "database_bytes": store.database_bytes(connection),
    }


def _pairs(rows: Iterable[Any]) -> dict[str, int]:
    """Returns how many envelopes went from agency to agency; a joint one counts for each."""
    found: Counter[str] = Counter()
    for agency, sender, recipients, count in rows:
        others = {agency_of(desk) for desk in recipients.splitlines() if desk != sender}
        for other in others or {PRUNED}:
            found[f"{agency} > {other}"] += count
    return dict(sorted(found.items()))


def _lists(rows: Iterable[Any]) -> dict[str, dict[str, int]]:
    """Returns how many watchlists each agency's desks own together, and how many heads of them are kept."""
    found: dict[str, dict[str, int]] = {}
    for owner, lists, heads in rows:
        of_agency = found.setdefault(agency_of(owner), {"lists": 0, "heads": 0})
        of_agency["lists"] += lists
        of_agency["heads"] += int(heads)
    return found
