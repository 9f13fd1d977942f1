"""What two agencies make of each other's requests, in figures: for those who oversee the agencies.

Everything is told of a pair "who asked > who was asked": how much of what was sent, how long the answers took, what ran
out, what was refused. All of it follows from the log; the tables that are read are those that `fsck` holds against it.
Why a request was refused is sealed: the hub counts the verb, and the one coded reason that an acknowledgement has.

Never does: name a desk, a case, a message, a member or a key; guess at what is sealed or pruned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from comity.names import agency_of
from comity.receipts import AckState, EventKind, parse_ack
from comity.workflow.families import TABLES
from comity.workflow.tables import ClockRule
from comity.workflow.terms import Family, Verb

from hub.keeping.checking import Progress
from hub.keeping.counting import store
from hub.keeping.counting.spread import spread
from hub.keeping.counting.store import Period

PRUNED: Final = "pruned"
"""Stands for the agencies of which nothing is known any more."""
_PARTS: Final = (50, 95)  # in a hundred
_MEASURED: Final = {
    (Family.REFERRAL, Verb.ACKNOWLEDGE): "to_acknowledge",
    (Family.REFERRAL, Verb.REPORT_OUTCOME): "to_outcome",
    (Family.FREEZE, Verb.ACKNOWLEDGE): "to_acknowledge",
    (Family.FREEZE, Verb.REPORT_EXECUTION): "to_execute",
    (Family.ASSISTANCE, Verb.ACKNOWLEDGE): "to_acknowledge",
    (Family.ASSISTANCE, Verb.ANSWER_FIRST): "to_first_answer",
    (Family.ASSISTANCE, Verb.REPLY): "to_reply",
}
"""How long it took from the opening envelope's leaf to that of the first one with this verb on the same leg."""
_TIMED: Final = frozenset(family for family, _ in _MEASURED)
_REFUSALS: Final = frozenset({Verb.DECLINE, Verb.REFUSE, Verb.REFUSE_ONWARD, Verb.REFUSE_EXTENSION})
_EVENTS: Final = {
    EventKind.OVERDUE: "overdue",
    EventKind.LAPSED: "lapsed",
    EventKind.EXPIRED: "expired",
    EventKind.GRANT_USED: "grants_used",
    EventKind.GRANT_REVOKED: "grants_revoked",
}
_OWN_CLOCK: Final = {(t.family, r.verb) for t in TABLES.values() for r in t.rules if r.clock is ClockRule.START_OWN}
"""What sets a limit to its sender instead of the other side."""
_TOLD_EVERY: Final = 1000


@dataclass(slots=True)
class _Pair:
    """One family between one agency that asked and one that was asked."""

    sent: Counter[str] = field(default_factory=Counter)
    waited: dict[str, Counter[int]] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    not_taken: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        """Returns what there is; nothing is said of what did not happen."""
        found: dict[str, Any] = {}
        for name, counted in (("sent", self.sent), ("refused", self.refused), ("not_taken", self.not_taken)):
            if counted:
                found[name] = dict(sorted(counted.items()))
        found |= {name: spread(sorted(seconds.items()), _PARTS) for name, seconds in sorted(self.waited.items())}
        return found | dict(sorted(self.happened.items()))


@dataclass(slots=True)
class _Pairs:
    """All of them."""

    by_name: dict[tuple[str, int], _Pair] = field(default_factory=dict)

    def of(self, asked: str, was_asked: str, family: int) -> _Pair:
        """Returns one of them, by its agencies."""
        return self.by_name.setdefault((f"{asked} > {was_asked}", family), _Pair())

    def figures(self) -> dict[str, Any]:
        """Returns them by pair, then by family."""
        found: dict[str, Any] = {}
        for (name, family), pair in sorted(self.by_name.items()):
            if figures := pair.figures():
                found.setdefault(name, {})[word(Family, family)] = figures
        return found


def pairs(connection: Any, period: Period, progress: Progress | None = None) -> dict[str, Any]:
    """Returns the figures of each pair of agencies by family, as plain values for JSON.

    Args:
        connection: to read on, at one moment.
        period: what counts. A wait counts when it ended in it, whenever it began.
        progress: is told how many envelopes were looked at.
    """
    found = _Pairs()
    _count_sent(found, store.sent(connection, period.until), period, progress)
    _count_events(found, store.events(connection, period, [int(kind) for kind in _EVENTS]))
    for family, asked, desk, body in store.refused(connection, period, int(AckState.REFUSED)):
        found.of(asked, agency_of(desk), family).not_taken[parse_ack(body).reason] += 1
    return found.figures()


def _count_sent(found: _Pairs, rows: Iterable[Any], period: Period, progress: Progress | None) -> None:
    waiting: dict[tuple[bytes, str, str], tuple[int, set[str]]] = {}
    """Legs on which something measured is still to come: when they were opened, and what has come."""
    for count, (time, family, verb, opening, case_id, sender, recipients, agency) in enumerate(rows, start=1):
        others = [desk for desk in recipients.splitlines() if desk != sender]
        counts = time >= period.since
        for desk in others:
            if opening and family in _TIMED:
                waiting[bytes(case_id), sender, desk] = (time, set())
                continue
            key, name = (bytes(case_id), desk, sender), _MEASURED.get((family, verb))
            opened, come = waiting.get(key, (0, None))
            if name is not None and come is not None and name not in come:
                come.add(name)
                if counts:
                    waited = found.of(agency_of(desk), agency, family).waited
                    waited.setdefault(name, Counter())[time - opened] += 1
        if not counts:
            continue
        for other in sorted({agency_of(desk) for desk in others}) or [PRUNED]:
            found.of(agency, other, family).sent[word(Verb, verb)] += 1
            if verb in _REFUSALS:
                found.of(other, agency, family).refused[word(Verb, verb)] += 1
            if verb == Verb.RECALL:
                found.of(agency, other, family).happened["recalls"] += 1
        if progress is not None and count % _TOLD_EVERY == 0:
            progress("envelopes", count)


def _count_events(found: _Pairs, rows: Iterable[Any]) -> None:
    for _, told in groupby(rows, key=lambda row: row.idx):
        desks = list(told)
        first = desks[0]
        sender = agency = first.sender_agency
        if first.sender:
            others = [agency_of(row.desk) for row in desks if row.desk != first.sender]
        else:  # pruned
            others = [agency_of(row.desk) for row in desks if agency_of(row.desk) != sender]
        other = others[0] if others else agency
        late = (first.family, first.verb) in _OWN_CLOCK and first.kind == EventKind.OVERDUE
        asked, was_asked = (other, agency) if late else (agency, other)
        found.of(asked, was_asked, first.family).happened[_EVENTS[EventKind(first.kind)]] += 1


def word(kind: Any, number: int) -> str:
    """Returns the name of a number as this release knows it, or the number."""
    try:
        return str(kind(number).name)
    except ValueError:
        return str(number)
