"""What the hub owes: deliveries that came without their envelope.

An envelope may be missing for four reasons, and each can be checked: its sender withdrew it (a WITHDRAW in the log
names it, signed); its `deliver_by` went by (header, seal and signatures still come, and are those that were logged:
what goes on with a case moves that by them, `agents/unread.py`); it was erased after its time (14 days lie between its
leaf and now); or the hub lost or withholds it. Only the last is a debt. It raises an alarm once the hub had its chance,
at the end of the pass; reading goes on, so that one message that was lost stops none but what may rest on it
(`agents/owing.py`); and it is asked for again, until the envelope comes or a reason does. A pass asks for so many,
beginning where the last one ended, and one whose asking fails ends no pass: what never comes keeps no later one from
its turn.

Never does: open anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final, cast

from comity.encoding import serialise
from comity.envelope import Header, message_hash, parse_header
from comity.errors import MalformedError, RefusedError
from comity.receipts import EventKind, Leaf, encode_receipt, receipt_from_wire
from comity.v1 import feed_pb2
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.lateness import counts_late, raise_unread_anywhere
from agents.mailstore import Cursor, Debt, EventRow
from agents.occurrences import finish
from agents.onward.receiving import keep_unopened
from agents.owing import tell_case, waits
from agents.rereading import comes_again
from agents.session import Session
from agents.store import Store
from agents.tied import OvertakenError
from agents.trust import CLOCK_SKEW_MS, Clock, Trust
from agents.unread import is_signed, keep_unread, unread_of
from agents.verifying import Item, Verifier, leaf_time

RETENTION_MS: Final = 14 * 86_400_000
"""How long the hub keeps an envelope at least, counted from its leaf."""
ASKED_AT_ONCE: Final = 64
"""How many debts are asked for in one pass."""


def is_erased(wire: feed_pb2.FeedItem) -> bool:
    """Returns whether the hub says of an item that all but its place was erased."""
    return not wire.receipt.event and not wire.receipt.salt


def has_content(wire: feed_pb2.FeedItem) -> bool:
    """Returns whether an item brings an envelope, and not only what is left of one."""
    return wire.HasField("envelope") and bool(wire.envelope.ciphertext or wire.envelope.wraps)


class Debts:
    """Takes what came without its envelope, and asks for it again."""

    def __init__(self, store: Store, trust: Trust, verifier: Verifier, clock: Clock) -> None:
        self._store, self._trust, self._verifier, self._clock = store, trust, verifier, clock

    def take(self, item: Item) -> None:
        """Takes a verified SUBMITTED item without content: a numbered tombstone, or a debt.

        Raises:
            UnknownProfileError: the agreed profile is not here: reading stops.
        """
        header = self._named(item)
        expired = header is not None and self._explains(item, header)
        theirs = header is not None and header.sender != self._verifier.desk
        unread = unread_of(self._store, self._verifier, item) if expired and theirs else None
        with self._store.begin() as c:
            if not rows.to_be_taken(c, item.index):
                return
            finish(c, item, believed=expired)
            if header is not None and expired:
                keep_unopened(c, item, header, self._verifier.desk)
                if unread is not None:
                    keep_unread(c, item, unread, self._clock())
                    if header.verb is Verb.WITHDRAW:
                        withdrawn(c, header.about)
            else:
                self._owe(c, item, header)

    def hold(self, item: Item) -> None:
        """Keeps a message waiting that came whole before what it may rest on: that is owed, and is taken first."""
        with self._store.begin() as c:
            if not rows.to_be_taken(c, item.index):
                return
            finish(c, item, believed=False)
            self._owe(c, item, self._named(item))

    async def take_erased(self, session: Session, wire: feed_pb2.FeedItem, after: Cursor) -> None:
        """Takes an item of which the hub says that it was erased: a tombstone whose place alone is proved, or a debt.

        Raises:
            VerificationError: the hub cannot prove its place.
            OvertakenError: this desk stands further back by now, because a log was forgotten.
        """
        leaf, tied = await self._verifier.erased(session, wire, after)
        index, receipt = wire.receipt.index, receipt_from_wire(wire.receipt)
        explained, data = self._outlived(leaf), encode_receipt(receipt)
        row = EventRow(index, wire.number, b"", EventKind.SUBMITTED, b"", "", leaf_time(leaf), data, explained)
        with self._store.begin() as c:
            if rows.cursor(c).next_index < after.next_index:
                raise OvertakenError
            tied.keep(c)
            if not rows.to_be_taken(c, index) or comes_again(c, wire.number, receipt, b"", leaf_time(leaf), b""):
                return
            if rows.cursor(c).next_index <= index:
                rows.put_event(c, row)
                rows.set_cursor(c, Cursor(index + 1, wire.number, leaf_time(leaf)))
            elif explained:
                rows.believe(c, index)
            if explained:
                rows.end_debt(c, index)
                raise_unread_anywhere(c, leaf_time(leaf) + CLOCK_SKEW_MS, self._clock())
            else:
                rows.add_debt(c, Debt(index, wire.number, b""))

    async def ask(self, session: Session) -> AsyncIterator[tuple[feed_pb2.FeedItem, Cursor]]:
        """Asks for what is owed. Called once everything that the newest head covers has come: so has every WITHDRAW.

        Yields:
            Items to be taken, each with where this desk stood before it. One that still has no envelope afterwards
            raises an alarm.

        Raises:
            RefusedError: the hub did not answer for one; raised once it was asked for all the others.
        """
        refused: RefusedError | None = None
        with self._store.begin() as c:
            chosen = _chosen(rows.debts(c), rows.next_debt(c))
            if chosen:  # before they are asked for: a pass that ends among them must not begin with them again
                rows.set_next_debt(c, chosen[-1].log_index + 1)
        for debt in sorted(chosen, key=lambda debt: debt.log_index):
            wire: feed_pb2.FeedItem | None = None
            try:
                wire = await _read_one(session, debt.log_index)
            except RefusedError as error:
                refused = refused or error
            if wire is not None:
                yield wire, Cursor(debt.log_index, debt.number - 1, 0)
            with self._store.begin() as c:
                still = rows.is_owed(c, debt.log_index)
            if still and not (wire is not None and has_content(wire)):  # what waits for another is not missing
                parts: dict[str, bytes | int] = {} if wire is None else {"feed_item": serialise(wire)}
                self._trust.history.invalid(str(debt.log_index), debt.log_index, parts)
        if refused is not None:
            raise refused

    def _explains(self, item: Item, header: Header) -> bool:
        """Returns whether what is left of a message says why it is not here.

        Its limit went by. What goes on with a case moves that all the same: so its signatures must be here, and
        nothing may be owed that stands before it.
        """
        if header.deliver_by >= self._clock() + CLOCK_SKEW_MS:
            return False
        if not counts_late(header) or header.sender == self._verifier.desk:
            return True
        with self._store.begin() as c:
            return is_signed(item) and not waits(c, header, item.index, self._verifier.desk)

    def _owe(self, c: Connection, item: Item, header: Header | None) -> None:
        rows.add_debt(c, Debt(item.index, item.number, item.verified.event.message_hash))
        if header is not None:
            tell_case(c, item.index, header.case_id)

    def _named(self, item: Item) -> Header | None:
        """Returns the header of what came, where that hashes to what was logged."""
        wire = item.wire.envelope
        if message_hash(wire.header, wire.seal) != item.verified.event.message_hash:
            return None
        try:
            return parse_header(wire.header)
        except MalformedError:
            return None

    def _outlived(self, leaf: Leaf) -> bool:
        return leaf_time(leaf) + RETENTION_MS < self._clock() + CLOCK_SKEW_MS


def withdrawn(c: Connection, about: bytes) -> None:
    """Settles a debt: a verified WITHDRAW names the message."""
    for debt in rows.debts(c):
        if debt.message_hash == about:
            rows.believe(c, debt.log_index)
            rows.end_debt(c, debt.log_index)


def _chosen(owed: list[Debt], start: int) -> list[Debt]:
    """Returns the debts that a pass asks for: from a log index on, and round to those before it."""
    ahead = [debt for debt in owed if debt.log_index >= start]
    return [*ahead, *owed[: len(owed) - len(ahead)]][:ASKED_AT_ONCE]


async def _read_one(session: Session, index: int) -> feed_pb2.FeedItem | None:
    """Returns the item of this desk that stands at an index, or None where the hub shows none there."""
    async with aclosing(cast("Any", session.read_feed(index, follow=False))) as responses:
        async for response in responses:
            found = response.item if response.WhichOneof("message") == "item" else None
            return found if found is not None and found.receipt.index == index else None
    return None
