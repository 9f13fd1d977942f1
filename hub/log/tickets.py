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


class Ticket:
    """The results of one call."""

    __slots__ = ("_left", "count", "future", "results", "weight")

    def __init__(self, count: int, weight: int, future: asyncio.Future[list[Any]]) -> None:
        """Takes how many results there will be."""
        self.results: list[Any] = [None] * count
        self.future = future
        self.count = count
        self.weight = weight
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
    """How much may wait at once. Used on the event loop only."""

    def __init__(self, limit: int) -> None:
        """Takes the greatest number of commands held."""
        self._limit = limit
        self.count = 0
        self.weight = 0

    def admit(self, count: int, weight: int) -> Ticket:
        """Returns a ticket for some commands.

        Args:
            count: of commands.
            weight: bytes they keep in memory.

        Raises:
            RefusedError: BUSY: the queue is full.
        """
        # One call is let in whenever nothing waits, whatever its size: its size was checked elsewhere.
        if self.count and (self.count + count > self._limit or self.weight + weight > MAX_WEIGHT):
            raise RefusedError(Reason.BUSY, "the hub's queue is full; try again with the same envelope id")
        self.count += count
        self.weight += weight
        return Ticket(count, weight, asyncio.get_running_loop().create_future())

    def settle(self, answers: Sequence[Answer]) -> None:
        """Hands results to those who wait."""
        for ticket, slot, result in answers:
            if ticket.fill(slot, result):
                self.count -= ticket.count
                self.weight -= ticket.weight
