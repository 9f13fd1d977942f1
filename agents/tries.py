"""Tries: how often an item was begun, so that a message that kills its reader is quarantined.

Counted is only what looks at what the sender wrote. While the hub is waited for nothing is counted: a hub that hangs,
or a reader that is stopped meanwhile, says nothing against the message.

A count outlives the death of its reader, and need not outlive a power cut: that is none of the message's doing.

Never does: decide what becomes of an item (`agents/intake.py`).
"""

from __future__ import annotations

from sqlalchemy import Connection

from agents import mailstore as rows
from agents.store import Store


class Try:
    """One beginning of one item."""

    __slots__ = ("_counted", "_index", "_store")

    def __init__(self, store: Store, index: int) -> None:
        """Takes where the count is kept, and the item's place in the exchange log. Counts nothing yet."""
        self._store, self._index, self._counted = store, index, False

    def count(self, c: Connection) -> int:
        """Counts it. Returns how often the item was begun, this time included."""
        self._counted = True
        return rows.count_try(c, self._index)

    def take_back(self) -> None:
        """Takes it back, before the hub is asked or where it ended in order; nothing where it is not counted."""
        if self._counted:
            with self._store.begin(lasting=False) as c:
                rows.take_back_try(c, self._index)
            self._counted = False

    def go_on(self) -> None:
        """Counts it again where it was taken back: the hub has answered."""
        if not self._counted:
            with self._store.begin(lasting=False) as c:
                self.count(c)
