"""Repairing: a home that was put back from an older copy reads its own batches back from the hub, and goes on.

Of each batch one envelope has a copy for this desk, which the hub keeps for at least 14 days. They are read from the
feed anew, each with its receipt, its place and this desk's signatures, and opened; then applied as every subscriber
applies them: each on the head of the one before, each change set signed by those who may, each digest that one states
compared with what is live. They have to lead from what is here to the last that the log has of the list. Only then does
anything change here, all of it in one transaction.

Never does: take a batch that does not follow; pass over one that is missing; go on from what is here where the log has
another line; make a batch.
"""

from __future__ import annotations

import sqlite3
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError, VerificationError
from comity.header import WatchlistPosition
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import apply_batch, head_of
from comity.watchlists.changes import parse_confirmation
from comity.workflow.terms import Verb

from agents.alarms import AlarmKind, alarm_id, withdraw_alarms
from agents.client import Client
from agents.sync.following.unpacking import batch_bytes
from agents.sync.owner import lists, mailrows, outbox, places, publications
from agents.sync.owner.lists import ListRow
from agents.sync.owner.store import OwnerStore
from agents.truststore import remove_alarm

BEFORE_MS: Final = 86_400_000
"""So far before the newest batch that is here the feed is read anew."""


class Problem(StrEnum):
    """Why a list cannot be read back."""

    NOTHING = "NOTHING"
    """The log has no copy of a batch that this home lacks."""
    MISSING = "MISSING"
    """Of a batch before the last there is no copy: it was erased, or had none."""
    OTHER_LINE = "OTHER_LINE"
    """This home has made a batch of its own where the log has another."""


class RepairError(ComityError):
    """A list cannot be read back. Nothing was changed."""

    def __init__(self, problem: Problem, sequence: int) -> None:
        """Takes why, and the sequence at which it is so."""
        super().__init__("the list cannot be read back from the log")
        self.problem, self.sequence = problem, sequence


@dataclass(frozen=True, slots=True)
class Copy:
    """One batch as the log has it."""

    position: WatchlistPosition
    data: bytes
    time: int
    """Of its leaf, Unix milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was read back."""

    first: int
    """Sequence of the first batch."""
    last: int
    changed: int
    """How many of them bring what people signed."""


async def repair(store: OwnerStore, client: Client, number: int) -> Repaired:
    """Brings a list to where the log has it, and lets it go on.

    Args:
        store: of the home.
        client: of a member who can open what its desk is sent.
        number: of the list.

    Raises:
        RepairError: the log does not lead on from what is here.
        RefusedError: the hub did not answer, or has an attachment no more; BUSY: the list has moved on meanwhile.
        MalformedError, VerificationError: a batch does not verify. A copy that does not open is left out.
    """
    await client.sync()
    with store.read() as c:
        row = lists.by_number(c, number)
    with client.store.begin(lasting=False) as mail:
        # What the log has otherwise may be older than what this home has made by itself.
        start = mailrows.place_before(mail, (row.time or row.created) - BEFORE_MS)
    copies = await _copies(store, client, row, start)
    _check_line(row, copies)
    with store.write() as c:
        now = lists.by_number(c, number)
        if (now.sequence, now.head) != (row.sequence, row.head):
            raise RefusedError(Reason.BUSY, "the list has moved on: try again")
        changed = sum(_replayed(c, client, number, copy) for _, copy in sorted(copies.items()))
        lists.halt(c, number, "")
        places.set_compared(c, start - 1)  # once more: where the hub kept one back, the list halts again
    with store.read() as c:
        desks = {one.desk for one in outbox.subscribers(c, number)}
    with client.store.begin() as mail:
        withdraw_alarms(mail, AlarmKind.LIST_FORKED, f"{row.list_id.hex()} ")
        for desk in desks:  # what they acknowledged is here now
            remove_alarm(mail, alarm_id(AlarmKind.ACK_UNKNOWN, desk))
    return Repaired(min(copies), max(copies), changed)


async def _copies(store: OwnerStore, client: Client, row: ListRow, start: int) -> dict[int, Copy]:
    """Returns every batch behind what is here, by sequence, as this desk's copies in the feed have it."""
    found: dict[int, Copy] = {}
    async with aclosing(cast("Any", client.published_again(start, row.list_id))) as messages:
        async for header, payload, time in messages:
            at: WatchlistPosition = header.watchlist
            known = found[at.sequence].position if at.sequence in found else _position(store, row, at.sequence)
            if known is not None and known != at:
                if at.sequence in found:
                    raise VerificationError("a list has two heads at one sequence")
                raise RepairError(Problem.OTHER_LINE, at.sequence)
            if at.sequence <= row.sequence or at.sequence in found:
                continue
            body = payload.publish_batch if header.verb is Verb.PUBLISH else payload.send_snapshot
            try:
                data = await batch_bytes(client.session, payload, body.batch, client.home.path)
            except (CannotOpenError, MalformedError):
                continue  # whoever has the machine's key can send another beside the good one
            if head_of(row.list_id, at.sequence, at.previous_head, data) == at.head:
                found[at.sequence] = Copy(at, data, time)
    return found


def _position(store: OwnerStore, row: ListRow, sequence: int) -> WatchlistPosition | None:
    """Returns where a batch that is kept here stands."""
    with store.read() as c:
        batch = lists.batch(c, row.number, sequence)
    return None if batch is None else WatchlistPosition(row.list_id, sequence, batch.previous_head, batch.head)


def _check_line(row: ListRow, copies: dict[int, Copy]) -> None:
    if not copies:
        raise RepairError(Problem.NOTHING, row.sequence)
    for sequence in range(row.sequence + 1, max(copies)):
        if sequence not in copies:
            raise RepairError(Problem.MISSING, sequence)
    if copies[row.sequence + 1].position.previous_head != row.head:
        raise RepairError(Problem.OTHER_LINE, row.sequence)


def _replayed(c: sqlite3.Connection, client: Client, number: int, copy: Copy) -> bool:
    """Makes a batch the list's newest. Returns whether it brings what people signed."""
    row = lists.by_number(c, number)
    before, records = lists.standing(c, row, client.desk), lists.LiveRecords(c, number)
    effects = apply_batch(before, copy.data, client.directory(), records, position=copy.position, latest=copy.time)
    after = lists.apply(c, row, before, effects, copy.data)
    if effects.batch.state_digest:
        lists.stated(c, after, effects.batch.time)
    for signed in effects.batch.sets:
        used = effects.standing.used.get(pb.ChangeSet.FromString(signed.body).id)
        publication = None if used is None else publications.of_set(c, used.id)
        if used is not None and publication is not None:  # it was signed here before the copy was made
            until = used.provisional_until
            publications.set_done(c, used.id, published=True, provisional_until=until)
            publications.settle(c, publication, after.sequence)
    for confirmation in effects.batch.confirmations:
        publications.drop_confirmation(c, parse_confirmation(confirmation.body).set_id)
    return bool(effects.batch.sets or effects.batch.confirmations)
