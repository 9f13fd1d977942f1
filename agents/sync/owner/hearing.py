"""Hearing: what subscribers wrote has its effect once, in the order of the log.

The mailbox has verified, stored and acknowledged it like any mail. Effect and cursor are one transaction. A message
that cannot be read, or is of an agency that nobody compared, has none.

Never does: send; answer a challenge for a person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from comity.errors import ComityError
from comity.names import agency_of
from comity.v1 import payload_pb2
from comity.workflow.terms import State, Verb

from agents import mailstore, rereading
from agents.cases import leg_between
from agents.client import Client
from agents.keys import UnknownKeyError
from agents.records import OpenedMessage, Standing
from agents.sync.owner import lists, mailrows, outbox, places, reports
from agents.sync.owner.lists import ListRow
from agents.sync.owner.mailrows import Arrived
from agents.sync.owner.outbox import SNAPSHOT, SubscriberState
from agents.sync.owner.store import OwnerStore

PORTION: Final = 64
CHALLENGERS: Final = 2
"""So many agencies that challenge an entry with the action BLOCK suspend it."""
_SUBSCRIBED: Final = frozenset({State.SYNCING, State.CURRENT, State.LAGGING})

Suspend = Callable[[sqlite3.Connection, int, bytes], int]
"""Suspends an entry of a list; returns the batch's sequence, 0 where it cannot be suspended."""


class Hearing:
    """Takes what subscribers wrote."""

    def __init__(self, store: OwnerStore, client: Client) -> None:
        self._store, self._client = store, client

    def hear(self, suspend: Suspend) -> int:
        """Takes everything that is new. Returns how many messages.

        Args:
            suspend: of the publisher.
        """
        heard = 0
        while True:
            with self._store.write() as c:
                with self._client.store.begin(lasting=False) as mail:
                    seen = places.went_back(c)
                    times, place = rereading.went_back(mail, seen)
                if times != seen:
                    places.go_back(c, times, place)
                after = places.cursor(c)
            with self._client.store.begin(lasting=False) as mail:
                found = mailrows.arrived(mail, after, PORTION)
            for message in found:
                try:
                    opened = self._opened(message)
                except UnknownKeyError:
                    return heard  # another member of this home can read it, or this one once it was granted the key
                with self._store.write() as c:
                    if places.went_back(c) != times:
                        break  # another process of this home has gone back meanwhile: this was read before
                    if places.cursor(c) >= message.log_index:
                        continue  # another process of this home was first
                    if opened is not None:
                        self._take(c, message, opened, suspend)
                    places.set_cursor(c, message.log_index)
                heard += 1
            else:
                if len(found) < PORTION:
                    return heard

    def _opened(self, message: Arrived) -> OpenedMessage | None:
        """Returns what a message says, None where it has no effect."""
        if message.standing is not Standing.GOOD:
            return None
        try:
            opened = self._client.peek(message.message_hash.hex())
        except UnknownKeyError:
            raise
        except ComityError:
            return None
        return opened if opened.standing is Standing.GOOD else None

    def _take(self, c: sqlite3.Connection, message: Arrived, opened: OpenedMessage, suspend: Suspend) -> None:
        if message.verb is Verb.UNSUBSCRIBE:
            outbox.revoke(c, message.case_id)
            return
        if message.outgoing:
            return
        row = self._offered(c, message)
        if row is None:
            return
        body, known = opened.payload, outbox.subscriber(c, message.case_id)
        ended = known is not None and known.state is SubscriberState.REVOKED
        match message.verb:
            case Verb.SUBSCRIBE if not ended and body.subscribe_list.list_id == row.list_id:
                self._join(c, message, row, body.subscribe_list.reference)
            case Verb.RESYNC if not ended and body.resync.list_id == row.list_id:
                if known is None or known.state is not SubscriberState.ACTIVE:
                    self._join(c, message, row, "")
                self._asked(c, message.case_id, body.resync.from_sequence)
            case Verb.CHALLENGE if body.challenge_entry.list_id == row.list_id:
                self._challenged(c, message, row, body.challenge_entry, suspend)
            case Verb.SIGHTING if body.report_sighting.list_id == row.list_id:
                reports.add_sighting(c, message, row.number, body.report_sighting)
            case _:
                pass

    def _offered(self, c: sqlite3.Connection, message: Arrived) -> ListRow | None:
        """Returns the list that this desk has offered in a case, None where it has offered none to that desk."""
        known = outbox.subscriber(c, message.case_id)
        if known is not None:
            return lists.by_number(c, known.list) if known.desk == message.sender else None
        with self._client.store.begin(lasting=False) as mail:
            leg = leg_between(mail, message.case_id, self._client.desk, message.sender)
            opening = None if leg is None else mailstore.message(mail, leg.opening)
        if opening is None or not opening.outgoing:
            return None
        try:
            offer = self._client.peek(opening.message_hash.hex()).payload.offer_list
            return lists.by_id(c, offer.list_id)
        except ComityError:
            return None

    def _asked(self, c: sqlite3.Connection, case_id: bytes, first: int) -> None:
        """Notes from where on a subscriber lacks batches; while one asking is answered another begins nothing anew."""
        known = outbox.subscriber(c, case_id)
        if not first:
            outbox.set_wants(c, case_id, SNAPSHOT)
        elif known is not None and known.wants in ("", SNAPSHOT):
            outbox.drop_unsent(c, case_id)
            outbox.set_wants(c, case_id, str(first))

    def _join(self, c: sqlite3.Connection, message: Arrived, row: ListRow, reference: str) -> None:
        outbox.put_subscriber(
            c,
            case_id=message.case_id,
            number=row.number,
            desk=message.sender,
            state=SubscriberState.ACTIVE,
            now=message.leaf_time,
            reference=reference,
            wants=SNAPSHOT,
        )

    def _challenged(
        self,
        c: sqlite3.Connection,
        message: Arrived,
        row: ListRow,
        body: payload_pb2.ChallengeEntry,
        suspend: Suspend,
    ) -> None:
        """Keeps a challenge. Where two agencies challenge what is to be blocked, that waits for no person."""
        reports.add_challenge(c, message, row.number, body)
        record = lists.record(c, row.number, body.entry_id)
        if record is None or record.suspended or record.entry.action != payload_pb2.WATCH_ACTION_BLOCK:
            return
        desks = reports.challengers(c, row.number, body.entry_id)
        if len({agency_of(desk) for desk in desks}) >= CHALLENGERS:
            suspend(c, row.number, body.entry_id)
