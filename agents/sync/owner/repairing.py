"""Repairing: a home that was put back from an older copy reads its own batches back from the hub, and goes on.

Each envelope has a copy for this desk, which the hub keeps for at least 14 days. They are read from the feed anew, each
with its receipt, its place and this desk's signatures, and opened; then applied as every subscriber applies them: each
on the head of the one before, each change set signed by those who may, each digest that one states compared with what
is live. They have to lead from what is here to the last that the log is known to have of the list, and all that it has
has to be here then. Only then does anything change here, all of it in one transaction. What people had signed in the
older copy and nobody has published waits (`holding.py`).

Where nothing is missing, the list has halted on a word of the hub's: then the log itself has to show that it has the
list as it is here (`agreeing.py`).

Never does: take a batch that does not follow; pass over one that is missing; go on from what is here where the log has
another line; make a batch.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, Final, cast

from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError, VerificationError
from comity.header import WatchlistPosition
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import apply_batch, head_of
from comity.watchlists.changes import parse_confirmation
from comity.workflow.terms import Verb

from agents.alarms import AlarmKind, withdraw_alarms
from agents.client import Client
from agents.sync.following.unpacking import batch_bytes
from agents.sync.owner import agreeing, holding, lists, mailrows, publications
from agents.sync.owner.comparing import first_otherwise
from agents.sync.owner.lists import ListRow
from agents.sync.owner.publisher import Publisher
from agents.sync.owner.store import OwnerStore

BEFORE_MS: Final = 86_400_000
"""So far before the newest batch that is here the feed is read anew."""


class Problem(StrEnum):
    """Why a list cannot be read back."""

    NOTHING = "NOTHING"
    """The log has no batch that this home lacks, and the list has not halted."""
    MISSING = "MISSING"
    """The log has a batch of which there is no copy: it was erased, had none, or is withheld."""
    OTHER_LINE = "OTHER_LINE"
    """This home has made a batch of its own where the log has another."""
    NOT_SHOWN = "NOT_SHOWN"
    """Nothing is missing, but the hub does not take the newest batch, or nobody follows to whom it could go."""
    WITHHELD = "WITHHELD"
    """The hub withholds something that this desk may have sent: it may be a batch."""


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
    at: int
    """Where its bytes begin in the file that they wait in."""
    length: int
    time: int
    """Of its leaf, Unix milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was read back."""

    first: int
    """Sequence of the first batch; 0 where none was missing, and the log was shown to have the list as it is here."""
    last: int
    changed: int
    """How many of them bring what people signed."""


async def repair(publisher: Publisher, number: int) -> Repaired:
    """Brings a list to where the log has it, and lets it go on.

    Args:
        publisher: of the home, for a member who can open what its desk is sent.
        number: of the list.

    Raises:
        RepairError: the log does not lead on from what is here, or does not show that it has what is here.
        RefusedError: the hub did not answer, or has an attachment no more; BUSY: the list has moved on meanwhile.
        MalformedError, VerificationError: a batch does not verify. A copy that does not open is left out.
    """
    store, client = publisher.store, publisher.client
    await client.sync()
    with store.read() as c:
        row = lists.by_number(c, number)
    with client.store.begin(lasting=False) as mail:
        # What the log has otherwise may be older than what this home has made by itself.
        start = mailrows.place_before(mail, (row.time or row.created) - BEFORE_MS)
    with tempfile.TemporaryFile(dir=client.home.path) as spool:
        copies = await _copies(store, client, row, start, spool)
        if copies:
            _check_line(row, copies)
            return _brought(publisher, row, start, copies, spool)
    return await _shown(publisher, row, start)


def _brought(publisher: Publisher, row: ListRow, start: int, copies: dict[int, Copy], spool: IO[bytes]) -> Repaired:
    """Applies what is missing, compares, and lets the list go on: all of it or nothing."""
    client = publisher.client
    with publisher.store.write() as c:
        _check_unmoved(c, row)
        changed = sum(_replayed(c, client, row.number, copy, spool) for _, copy in sorted(copies.items()))
        _let_go_on(c, client, row)
        holding.hold(c, row.number)
    _withdraw(publisher.store, client, row)
    return Repaired(min(copies), max(copies), changed)


async def _shown(publisher: Publisher, row: ListRow, start: int) -> Repaired:
    """Has the log show that it has a list as it is here, and lets it go on."""
    store, client = publisher.store, publisher.client
    with store.read() as c:
        other = first_otherwise(c, client, row, 0)
    if other:
        raise RepairError(Problem.MISSING if other > row.sequence else Problem.OTHER_LINE, other)
    if not row.halted:
        _withdraw(store, client, row)  # a repair was killed before it came to that
        raise RepairError(Problem.NOTHING, row.sequence)
    if await agreeing.place_taken(store, client, publisher.fanout, row.number) is None:
        raise RepairError(Problem.NOT_SHOWN, row.sequence)
    with store.write() as c:
        _check_unmoved(c, row)
        with client.store.begin(lasting=False) as mail:
            if agreeing.is_withheld(mail, client, start):
                raise RepairError(Problem.WITHHELD, row.sequence)
        _let_go_on(c, client, row)
    _withdraw(store, client, row)
    return Repaired(0, 0, 0)


def _check_unmoved(c: sqlite3.Connection, row: ListRow) -> None:
    now = lists.by_number(c, row.number)
    if (now.sequence, now.head) != (row.sequence, row.head):
        raise RefusedError(Reason.BUSY, "the list has moved on: try again")


def _let_go_on(c: sqlite3.Connection, client: Client, row: ListRow) -> None:
    """Lets a list go on, of which the log has nothing, however old, that is not here by now."""
    now = lists.by_number(c, row.number)
    if other := first_otherwise(c, client, now, 0):
        raise RepairError(Problem.MISSING if other > now.sequence else Problem.OTHER_LINE, other)
    lists.halt(c, row.number, "")


def _withdraw(store: OwnerStore, client: Client, row: ListRow) -> None:
    """Ends the alarm of a list that goes on; another process of this home may have halted it since it was looked at."""
    with store.write() as c:
        if not lists.by_number(c, row.number).halted:
            with client.store.begin() as mail:
                withdraw_alarms(mail, AlarmKind.LIST_FORKED, f"{row.list_id.hex()} ")


async def _copies(store: OwnerStore, client: Client, row: ListRow, start: int, spool: IO[bytes]) -> dict[int, Copy]:
    """Returns every batch behind what is here, by sequence, as this desk's copies in the feed have it.

    Their bytes go to a file that nobody else sees, as they come: of a thousand batches one is in memory.
    """
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
                found[at.sequence] = Copy(at, spool.tell(), len(data), time)
                spool.write(data)
    return found


def _position(store: OwnerStore, row: ListRow, sequence: int) -> WatchlistPosition | None:
    """Returns where a batch that is kept here stands."""
    with store.read() as c:
        batch = lists.batch(c, row.number, sequence)
    return None if batch is None else WatchlistPosition(row.list_id, sequence, batch.previous_head, batch.head)


def _check_line(row: ListRow, copies: dict[int, Copy]) -> None:
    for sequence in range(row.sequence + 1, max(copies)):
        if sequence not in copies:
            raise RepairError(Problem.MISSING, sequence)
    if copies[row.sequence + 1].position.previous_head != row.head:
        raise RepairError(Problem.OTHER_LINE, row.sequence)


def _replayed(c: sqlite3.Connection, client: Client, number: int, copy: Copy, spool: IO[bytes]) -> bool:
    """Makes a batch the list's newest. Returns whether it brings what people signed."""
    spool.seek(copy.at)
    data = spool.read(copy.length)
    row = lists.by_number(c, number)
    before, records = lists.standing(c, row, client.desk), lists.LiveRecords(c, number)
    effects = apply_batch(before, data, client.directory(), records, position=copy.position, latest=copy.time)
    after = lists.apply(c, row, before, effects, data)
    if effects.batch.state_digest:
        lists.stated(c, after, effects.batch.time)
    for signed in effects.batch.sets:
        used = effects.standing.used.get(pb.ChangeSet.FromString(signed.body).id)
        publication = None if used is None else publications.of_set(c, used.id)
        if used is not None and publication is not None:  # it was signed here before the copy was made
            until = used.provisional_until
            publications.set_done(c, used.id, published=True, provisional_until=until)
            publications.settle(c, publication, after.sequence)
            holding.hold_on(c, publication)
    for confirmation in effects.batch.confirmations:
        holding.confirmed(c, parse_confirmation(confirmation.body).set_id)
    return bool(effects.batch.sets or effects.batch.confirmations)
