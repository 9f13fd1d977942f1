"""Who waits for what: a ticket holds the results of one call until all are there.

Tickets live on the event loop. Other threads hand results over in lists, one call into the loop a batch. A call that
was cancelled leaves its ticket to be filled and forgotten, so that it never disturbs a batch.

Never does: threads, database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from comity.errors import Reason, RefusedError

MAX_WEIGHT: Final = 64 << 20
"""Bytes of commands that may be held in memory at once."""
LEAST_SHARE: Final = 256
"""Commands that one agency may always have waiting: one whole call."""


class Ticket:
    """The results of one call."""

    __slots__ = ("_left", "count", "future", "owner", "results", "weight")

    def __init__(self, count: int, weight: int, future: asyncio.Future[list[Any]], owner: str = "") -> None:
        """Takes how many results there will be, and whose share of the queue they count against."""
        self.results: list[Any] = [None] * count
        self.future = future
        self.count = count
        self.weight = weight
        self.owner = owner
        self._left = count

    def fill(self, slot: int, result: Any) -> bool:
        """Puts one result in its place; returns whether it was the last."""
        self.results[slot] = result
        self._left -= 1
        if self._left:
            return False
        if not self.future.done():  # a cancelled call waits no more
            self.future.set_result(self.results)
        return True


Answer = tuple[Ticket, int, Any]
"""(ticket, place, result)."""


class Admission:
    """How much may wait at once, of all and of each agency. Used on the event loop only."""

    def __init__(self, limit: int, share_percent: int = 100) -> None:
        """Takes the greatest number of commands held, and how much of that, and of the bytes, may be one agency's."""
        self._limit = limit
        self._share = max(LEAST_SHARE, limit * share_percent // 100)
        self._share_weight = MAX_WEIGHT * share_percent // 100
        self._held: dict[str, tuple[int, int]] = {}
        self.count = 0
        self.weight = 0

    def admit(self, count: int, weight: int, owner: str = "") -> Ticket:
        """Returns a ticket for some commands.

        Args:
            count: of commands.
            weight: bytes they keep in memory.
            owner: agency whose share they count against; empty for the hub's own, which have none.

        Raises:
            RefusedError: BUSY: the queue is full, or the agency's share of it.
        """
        # One call is let in whenever nothing waits, whatever its size: its size was checked elsewhere.
        if self.count and (self.count + count > self._limit or self.weight + weight > MAX_WEIGHT):
            raise RefusedError(Reason.BUSY, "the hub's queue is full; try again with the same envelope id")
        if owner:
            held, bytes_held = self._held.get(owner, (0, 0))
            if held and (held + count > self._share or bytes_held + weight > self._share_weight):
                raise RefusedError(Reason.BUSY, "the agency's share of the hub's queue is full; try again the same way")
            self._held[owner] = (held + count, bytes_held + weight)
        self.count += count
        self.weight += weight
        return Ticket(count, weight, asyncio.get_running_loop().create_future(), owner)

    def settle(self, answers: Sequence[Answer]) -> None:
        """Hands results to those who wait."""
        for ticket, slot, result in answers:
            if ticket.fill(slot, result):
                self.count -= ticket.count
                self.weight -= ticket.weight
                if ticket.owner:
                    self._give_back(ticket)

    def _give_back(self, ticket: Ticket) -> None:
        held, weight = self._held.pop(ticket.owner)
        if held > ticket.count:
            self._held[ticket.owner] = (held - ticket.count, weight - ticket.weight)
