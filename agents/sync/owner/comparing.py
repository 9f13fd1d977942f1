"""Comparing: what the log has of this desk's lists is what this home has of them, or the home was put back.

Every batch that this desk has published stands in the mailbox under its place in the log: sent from here, or brought
back by the feed as the desk's own copy. Its header, which this desk has signed, names sequence and heads. A list of
which the log has a batch that this home has not, or has otherwise, halts before anything more is made of it.

Never does: ask the hub; mend a list (`repairing.py`).
"""

from __future__ import annotations

import sqlite3
from typing import Final

from comity.errors import Reason
from comity.header import WatchlistPosition

from agents import mailstore
from agents.alarms import AlarmKind, raise_alarm
from agents.client import Client
from agents.errors import NotUniqueError
from agents.sync.owner import lists, mailrows, places
from agents.sync.owner.lists import ListRow
from agents.sync.owner.store import OwnerStore

PORTION: Final = 512
"""Headers that are compared in one transaction."""


class Comparing:
    """Compares the lists of one home with the log."""

    def __init__(self, store: OwnerStore, client: Client) -> None:
        self._store, self._client = store, client

    def compare(self) -> int:
        """Compares what the log has brought since the last time. Returns how many lists were found to be otherwise."""
        otherwise = 0
        while True:
            with self._store.write() as c:
                after = places.compared(c)
                with self._client.store.begin(lasting=False) as mail:
                    if mailstore.cursor(mail).next_index <= after:
                        after = -1  # the feed is read anew, from further back
                    found = mailrows.published(mail, after, PORTION)
                for place, header in found:
                    after = place
                    otherwise += header.watchlist is not None and self._is_otherwise(c, header.watchlist)
                if found:
                    places.set_compared(c, after)
            if len(found) < PORTION:
                return otherwise

    def _is_otherwise(self, c: sqlite3.Connection, at: WatchlistPosition) -> bool:
        """Halts a list of which this home has not what the log has. Returns whether it did."""
        try:
            row = lists.by_id(c, at.list_id)
        except NotUniqueError:
            return False  # another home of this desk owns it
        if row.halted or not is_otherwise(c, row, at):
            return False
        halt(c, self._client, row, at.sequence)
        return True


def is_otherwise(c: sqlite3.Connection, row: ListRow, at: WatchlistPosition) -> bool:
    """Returns whether a list does not stand here, or has not come to, where the log has it."""
    batch = lists.batch(c, row.number, at.sequence)
    same = batch is None or (batch.previous_head, batch.head) == (at.previous_head, at.head)
    return at.sequence > row.sequence or not same


def first_otherwise(c: sqlite3.Connection, client: Client, row: ListRow, start: int) -> int:
    """Returns the first sequence of which the log has, from a place on, what a list has not here; 0 for none."""
    found, after = 0, start - 1
    while True:
        with client.store.begin(lasting=False) as mail:
            portion = mailrows.published(mail, after, PORTION)
        for place, header in portion:
            at, after = header.watchlist, place
            if at is not None and at.list_id == row.list_id and is_otherwise(c, row, at):
                found = min(found or at.sequence, at.sequence)
        if len(portion) < PORTION:
            return found


def halt(c: sqlite3.Connection, client: Client, row: ListRow, known: int) -> None:
    """Has nothing more be made of a list, and raises the alarm.

    Args:
        c: of a writing transaction.
        client: of the home.
        row: the list.
        known: the sequence at which it is otherwise known.
    """
    lists.halt(c, row.number, Reason.WRONG_SEQUENCE.value)
    with client.store.begin() as mail:
        subject = f"{row.list_id.hex()} {row.sequence} {known}"
        raise_alarm(mail, AlarmKind.LIST_FORKED, subject, client.clock())
