"""Judges a history: submissions, acknowledgements and deliveries as sets, and what a linear log owes to each of them.

What was answered is there, once, where its receipt says, in every feed that it belongs in. What was not answered is
there wholly or not at all. A retry gets the same bytes. What a reader was handed stays. Numbers have no gaps. What was
asked after another's answer stands behind it. One size of the log has one root.

Never does: look at anything but the history; verify a signature or a proof (whoever recorded did that).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.chaos.history import (
    Answered,
    Asked,
    Delivered,
    Ended,
    Entry,
    Head,
    Held,
    Refused,
    Restarted,
    Resumed,
    Stored,
)

TRY_AGAIN = frozenset({"UNAVAILABLE", "BUSY"})
"""The refusals that faults may bring about."""


def check(history: Sequence[Entry]) -> list[str]:
    """Returns what is wrong, in words; nothing if all is well."""
    return list(_Judged(history).violations())


class _Judged:
    """A history, sorted."""

    def __init__(self, history: Sequence[Entry]) -> None:
        self.history = history
        self.desks: dict[str, tuple[str, ...]] = {}
        self.receipts: dict[str, set[str]] = defaultdict(set)
        self.indexes: dict[str, set[int]] = defaultdict(set)
        self.held: dict[str, dict[int, Held]] = defaultdict(dict)
        self.again: list[Held] = []
        self.stored: dict[str, list[int]] = defaultdict(list)
        self.ended: Ended | None = None
        for entry in history:
            if isinstance(entry, Asked):
                self.desks[entry.op] = entry.desks
            elif isinstance(entry, Answered):
                self.receipts[entry.op].add(entry.receipt)
                self.indexes[entry.op].add(entry.index)
            elif isinstance(entry, Delivered):
                self.indexes[entry.op].add(entry.index)
            elif isinstance(entry, Held):
                if entry.number in self.held[entry.desk]:
                    self.again.append(entry)
                self.held[entry.desk][entry.number] = entry
                self.indexes[entry.op].add(entry.index)
            elif isinstance(entry, Stored):
                self.stored[entry.op].append(entry.index)
                self.indexes[entry.op].add(entry.index)
            elif isinstance(entry, Ended):
                self.ended = entry

    def violations(self) -> Iterator[str]:
        yield from self._restarts()
        if self.ended is None:
            yield "the history has no end: nothing can be said of what was kept"
            return
        yield from self._answers()
        yield from self._effects()
        yield from self._feeds()
        yield from self._readers()
        yield from self._order()
        yield from self._heads()
        yield from self._leaves(self.ended)

    def _restarts(self) -> Iterator[str]:
        for entry in self.history:
            if isinstance(entry, Restarted):
                for finding in entry.findings:
                    yield f"cycle {entry.cycle}, after {entry.fault}: {finding}"
            elif isinstance(entry, Refused) and entry.reason not in TRY_AGAIN:
                yield f"{entry.op} was refused: {entry.reason}"

    def _answers(self) -> Iterator[str]:
        for op, receipts in self.receipts.items():
            if len(receipts) > 1:
                yield f"{op} got {len(receipts)} different receipts"
            if op not in self.stored:
                yield f"{op} was acknowledged and is lost"

    def _effects(self) -> Iterator[str]:
        places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for desk, feed in self.held.items():
            for number, item in feed.items():
                places[item.op, desk].append(number)
        for (op, desk), numbers in places.items():
            if op not in self.desks:
                yield f"{desk} holds {op}, which nobody asked for"
            elif desk not in self.desks[op]:
                yield f"{desk} holds {op}, which is not for it"
            if len(numbers) > 1:
                yield f"{op} was delivered {len(numbers)} times to {desk}"
        for op, indexes in self.indexes.items():
            if len(indexes) > 1 or len(self.stored[op]) > 1:
                yield f"{op} has more than one leaf: {sorted(indexes)}"
            for desk in self.desks.get(op, ()):
                if (op, desk) not in places:
                    yield f"{op} took effect and is not in the feed of {desk}"

    def _feeds(self) -> Iterator[str]:
        for item in self.again:
            yield f"number {item.number} of {item.desk} was given twice"
        for desk, feed in self.held.items():
            if sorted(feed) != list(range(1, len(feed) + 1)):
                yield f"the numbers of {desk} have gaps"
            order = [feed[number].index for number in sorted(feed)]
            if order != sorted(set(order)):
                yield f"the numbers of {desk} are not in the order of the log"

    def _readers(self) -> Iterator[str]:
        """Each reader sees its feed item by item, again after it resumed, and never anything that is not kept."""
        last: dict[str, int] = {}
        for entry in self.history:
            if isinstance(entry, Resumed):
                if entry.number > last.get(entry.desk, 0):
                    yield f"the reader of {entry.desk} saved a place that it had not reached"
                last[entry.desk] = entry.number
            elif isinstance(entry, Delivered):
                if entry.number != last.get(entry.desk, 0) + 1:
                    yield f"{entry.desk} was handed {entry.number} after {last.get(entry.desk, 0)}"
                last[entry.desk] = entry.number
                kept = self.held[entry.desk].get(entry.number)
                if kept is None or (kept.op, kept.index) != (entry.op, entry.index):
                    yield f"{entry.desk} was handed {entry.op} as {entry.number}, which was taken back"

    def _order(self) -> Iterator[str]:
        """Whoever asks after another's answer gets a later place: the log agrees with the clock on the wall."""
        begun: dict[str, int] = {}
        newest = -1
        for entry in self.history:
            if isinstance(entry, Asked):
                begun.setdefault(entry.op, newest)
            elif isinstance(entry, Answered):
                if entry.index <= begun.get(entry.op, -1):
                    yield f"{entry.op} stands at {entry.index}, before what was answered when it was first asked for"
                newest = max(newest, entry.index)

    def _heads(self) -> Iterator[str]:
        roots: dict[int, str] = {}
        for entry in self.history:
            if isinstance(entry, Head) and roots.setdefault(entry.size, entry.root) != entry.root:
                yield f"two roots of the log at size {entry.size}"

    def _leaves(self, ended: Ended) -> Iterator[str]:
        operations = sum(len(indexes) for indexes in self.stored.values())
        if operations + ended.own != ended.size:
            yield f"{ended.size} leaves, of which {operations} are operations and {ended.own} the hub's own"
        largest = max((entry.size for entry in self.history if isinstance(entry, Head)), default=0)
        if largest > ended.size:
            yield f"a head of {largest} leaves was signed; {ended.size} are left"
