"""How an agency's own cases went: times to acknowledge and to execute, lapses, refusals by their codes, by counterpart.

Times are between leaves of the log, so nobody's clock is believed. Unlike the hub's statistics these know what was
refused and why, so they stay in this home.

Never does: network; change anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Final

from comity.receipts import EventKind
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Side, State, Verb

from agents import boardstore, mailstore
from agents.boardstore import SaidRow
from agents.store import Store

EXECUTED: Final[Mapping[Family, Verb]] = MappingProxyType(
    {
        Family.REFERRAL: Verb.REPORT_OUTCOME,
        Family.WATCHLIST: Verb.SUBSCRIBE,
        Family.FREEZE: Verb.REPORT_EXECUTION,
        Family.ASSISTANCE: Verb.REPLY,
    }
)
"""What a recipient says when it has done what was asked."""
REFUSALS: Final = frozenset({Verb.DECLINE, Verb.REFUSE})
UNKNOWN: Final = "UNREAD"
"""Stands for the code of a refusal that nobody here has opened, or that cannot be opened."""

CodeOf = Callable[[bytes], str]
"""Returns the code of a refusal by its hash, empty where it is not to be had."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long something took, milliseconds; None where it never happened."""

    count: int = 0
    median: int | None = None
    p90: int | None = None


@dataclass(frozen=True, slots=True)
class CaseStatistics:
    """The cases with one desk, of one family, opened by one side."""

    desk: str
    """The other one."""
    family: Family
    side: Side
    """Where this desk stands: ORIGINATOR where it opened them."""
    cases: int
    acknowledged: Took
    """From the log's time of the opening to that of the acknowledgement by a person."""
    executed: Took
    """To the report of the execution, the reply, the outcome."""
    overdue_ours: int
    """How often the log said OVERDUE of this desk's answer."""
    overdue_theirs: int
    lapsed: int
    """Ended by their own date without the second person, or the full form, in time."""
    expired: int
    """Not stored in time, or at their end."""
    refusals: Mapping[str, int]
    """By code."""


class _Tally:
    def __init__(self) -> None:
        self.cases = self.overdue_ours = self.overdue_theirs = self.lapsed = self.expired = 0
        self.acknowledged, self.executed = list[int](), list[int]()
        self.refusals = Counter[str]()


def statistics(store: Store, desk: str, code_of: CodeOf) -> list[CaseStatistics]:
    """Returns how the cases of a desk went, in the order of desk, family and side.

    Args:
        store: of the home.
        desk: this one.
        code_of: opens a refusal for its code.
    """
    with store.begin(lasting=False) as c:
        legs = mailstore.legs(c)
        said = boardstore.said(c)
        overdue = boardstore.clock_events(c, int(EventKind.OVERDUE))
    by_case = defaultdict[bytes, list[SaidRow]](list)
    for row in said:
        by_case[row.case_id].append(row)
    tallies = defaultdict[tuple[str, Family, Side], _Tally](_Tally)
    of_case = defaultdict[bytes, list[Leg]](list)
    for leg in legs:
        of_case[leg.case_id].append(leg)
        _count(tallies[_key(leg, desk)], leg, by_case[leg.case_id], code_of)
    for case_id, outgoing in overdue:
        for leg in of_case[case_id][:1]:
            tally = tallies[_key(leg, desk)]
            tally.overdue_theirs += outgoing
            tally.overdue_ours += not outgoing
    keys = sorted(tallies, key=lambda key: (key[0], int(key[1]), key[2].value))
    return [_statistics(key, tallies[key]) for key in keys]


def _key(leg: Leg, desk: str) -> tuple[str, Family, Side]:
    own = leg.originator == desk
    return (leg.recipient, leg.family, Side.ORIGINATOR) if own else (leg.originator, leg.family, Side.RECIPIENT)


def _count(tally: _Tally, leg: Leg, said: Iterable[SaidRow], code_of: CodeOf) -> None:
    tally.cases += 1
    tally.lapsed += leg.state is State.LAPSED
    tally.expired += leg.state is State.EXPIRED
    began: int | None = None
    done, seen = EXECUTED[leg.family], set[Verb]()
    for row in said:
        if row.message_hash == leg.opening:
            began = row.leaf_time
        if row.sender != leg.recipient:
            continue
        verb = Verb(row.verb)
        if verb in REFUSALS:
            tally.refusals[code_of(row.message_hash) or UNKNOWN] += 1
        if began is None or verb in seen:
            continue
        seen.add(verb)
        if verb is Verb.ACKNOWLEDGE:
            tally.acknowledged.append(row.leaf_time - began)
        elif verb is done:
            tally.executed.append(row.leaf_time - began)


def _statistics(key: tuple[str, Family, Side], tally: _Tally) -> CaseStatistics:
    desk, family, side = key
    return CaseStatistics(
        desk=desk,
        family=family,
        side=side,
        cases=tally.cases,
        acknowledged=_took(tally.acknowledged),
        executed=_took(tally.executed),
        overdue_ours=tally.overdue_ours,
        overdue_theirs=tally.overdue_theirs,
        lapsed=tally.lapsed,
        expired=tally.expired,
        refusals=MappingProxyType(dict(sorted(tally.refusals.items()))),
    )


def _took(times: list[int]) -> Took:
    if not times:
        return Took()
    ascending = sorted(times)
    return Took(len(times), int(median(ascending)), ascending[min(len(times) - 1, len(times) * 9 // 10)])
