"""Watchlists as the hub knows them: at which sequence which head was shown, and the rule that admits the next batch.

A list is (owner desk, list id). All subscribers are shown one line of heads: a batch is the next one on the last head,
or one that was shown before, in the same words. A SNAPSHOT may also leave a gap: an owner without subscribers goes on
by itself, and whoever joins begins at its newest batch. One subscription carries one list for as long as it lasts.

Never does: I/O, look into a batch: its head is compared, and recomputed by those who can read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from comity.errors import Reason, RefusedError
from comity.header import Header, WatchlistPosition
from comity.workflow.terms import Verb

WINDOW: Final = 4096
"""Sequence numbers back from the newest of which the heads are kept: six weeks of heartbeats."""
MAX_AHEAD: Final = 1_000_000
"""So far may a SNAPSHOT leave the last known sequence behind it: nobody uses up a list's numbers in one go."""

ListKey = tuple[str, bytes]
"""(owner desk, list id)."""
Subscription = tuple[str, bytes, str]
"""(originator desk, case id, recipient desk)."""
Shown = tuple[bytes, bytes]
"""(previous head, head); the first is empty at sequence 1."""


@dataclass(slots=True)
class ListEntry:
    """One list, as far as a batch of envelopes needs it."""

    last: int = 0
    """The newest sequence; 0 for a list that the hub has never heard of."""
    shown: dict[int, Shown] = field(default_factory=dict)
    """Of the newest sequence and of those that were asked for, where they are kept."""
    added: dict[int, int] = field(default_factory=dict)
    """What is new: the draft that shows it, by sequence, ascending."""

    def add(self, sequence: int, shown: Shown) -> None:
        """Takes in what is kept of one sequence."""
        self.shown[sequence] = shown
        self.last = max(self.last, sequence)


@dataclass(slots=True)
class Lists:
    """The lists and subscriptions of a batch of envelopes."""

    kept: bool = True
    """False where the database has no place for them: it is at a schema of before."""
    entries: dict[ListKey, ListEntry] = field(default_factory=dict)
    legs: dict[Subscription, bytes] = field(default_factory=dict)
    """Which list a subscription carries, where anything was published to it."""
    new_legs: dict[Subscription, bytes] = field(default_factory=dict)
    """What is new among these."""

    def entry(self, key: ListKey) -> ListEntry:
        """Returns a list; an empty one where it is unknown."""
        return self.entries.setdefault(key, ListEntry())

    def check(self, header: Header, leg: Subscription) -> None:
        """Refuses a batch that is not the next one of its list, and none of those shown before.

        Args:
            header: of any envelope; only PUBLISH and SNAPSHOT stand somewhere in a list.
            leg: the subscription that it goes to.

        Raises:
            RefusedError: WRONG_SEQUENCE, or FAMILY_NOT_OFFERED where lists cannot be kept.
        """
        place = header.watchlist
        if place is None:
            return
        if not self.kept:
            raise RefusedError(
                Reason.FAMILY_NOT_OFFERED, "the hub's database keeps no watchlists yet", family=header.family.name
            )
        entry = self.entry((header.sender, place.list_id))
        if self.legs.get(leg, place.list_id) != place.list_id:
            raise RefusedError(
                Reason.WRONG_SEQUENCE, "this subscription carries another list", sequence=str(entry.last)
            )
        if not _fits(entry, place, anywhere=header.verb is Verb.SNAPSHOT):
            raise RefusedError(
                Reason.WRONG_SEQUENCE,
                "the batch is not the next one of its list, or another head was shown at that sequence",
                sequence=str(entry.last),
                head=entry.shown[entry.last][1].hex() if entry.last else "",
            )

    def take(self, header: Header, leg: Subscription, position: int) -> None:
        """Remembers a batch that was admitted.

        Args:
            header: of its envelope; nothing happens where it stands in no list.
            leg: the subscription that it goes to.
            position: of the draft that logs it.
        """
        place = header.watchlist
        if place is None:
            return
        entry = self.entry((header.sender, place.list_id))
        if place.sequence > entry.last:
            entry.added[place.sequence] = position
            entry.add(place.sequence, (place.previous_head, place.head))
        if leg not in self.legs:
            self.legs[leg] = self.new_legs[leg] = place.list_id


def _fits(entry: ListEntry, place: WatchlistPosition, *, anywhere: bool) -> bool:
    shown = entry.shown.get(place.sequence)
    if shown is not None:
        return shown == (place.previous_head, place.head)
    if place.sequence <= entry.last or place.sequence > entry.last + MAX_AHEAD:
        return False  # long ago, in a gap, or too far ahead
    if place.sequence == entry.last + 1:
        return not entry.last or place.previous_head == entry.shown[entry.last][1]
    return anywhere
