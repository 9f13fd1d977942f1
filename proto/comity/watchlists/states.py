"""What is live in a list, and what a batch makes of it. Owner and subscribers run the same `apply_batch`.

It checks everything: the chain, who signed each change set, that no set is used twice, that each change follows from
what is live, and that the machine of the owner did no more than a machine may. It changes nothing: it returns the
`Effects`, which the caller stores in one transaction, or raises.

Clocks do not change what is live. An entry whose time is over, or that nobody confirmed, stays in the list until a
batch removes it; `is_effective` says how it stands at a moment, by the holder's own clock.

Never does: I/O, read a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

from comity.directory.state import View
from comity.encoding import serialise
from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.header import WatchlistPosition
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists.batches import head_of, parse_batch
from comity.watchlists.changes import (
    AFTER_CREATED,
    ALONE,
    BEFORE_CREATED,
    BULK,
    MAX_CHANGES,
    PROVISIONAL,
    URGENT_AFTER_CREATED,
    changes_of,
    parse_confirmation,
    people_needed,
    read_change_set,
    verify_change_set,
    verify_confirmation,
)
from comity.watchlists.entries import records_of

MAX_USED: Final = 4096
"""Greatest number of change sets that are remembered: a list takes no more of them in 14 days."""


class Records(Protocol):
    """What is live in one list, as its holder keeps it."""

    def get(self, entry_id: bytes) -> pb.WatchRecord | None:
        """Returns a live record, None where there is none."""

    def among(self, entry_ids: Sequence[bytes]) -> Mapping[bytes, pb.WatchRecord]:
        """Returns those of some ids that are live, by id."""

    def of_set(self, set_id: bytes) -> Iterable[bytes]:
        """Returns the entry ids of the live records whose `set_id` is that one."""

    def digests(self) -> Iterable[tuple[bytes, bytes]]:
        """Returns (entry id, SHA-256 of the record's bytes) of all that is live, ascending by entry id."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a list has come."""

    list_id: bytes
    """16 bytes."""
    owner_desk: str
    """Desk that owns it."""
    sequence: int = 0
    """Of the last batch; 0 before the first."""
    head: bytes = b""
    """Of the last batch, 32 bytes; empty before the first."""
    time: int = 0
    """Of the last batch, Unix milliseconds UTC; 0 before the first."""
    used: Mapping[bytes, pb.UsedSet] = field(default_factory=dict)
    """Change sets that could still be replayed or still count, by id. Not to be changed in place."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a batch makes of a list."""

    standing: Standing
    """Afterwards."""
    puts: Mapping[bytes, bytes]
    """New bytes of records that are new or changed, by entry id, ascending."""
    removed: tuple[bytes, ...]
    """Entry ids of records that are live no longer, ascending."""
    records: Mapping[bytes, pb.WatchRecord]
    """The records of `puts`, parsed."""
    batch: pb.WatchBatch
    """The batch, parsed."""


class EntryState(StrEnum):
    """How an entry stands at a moment."""

    ACTIVE = "ACTIVE"
    """In force."""
    SUSPENDED = "SUSPENDED"
    """Suspended by a batch, or urgent and confirmed by nobody in time."""
    EXPIRED = "EXPIRED"
    """Its time is over."""
    NOT_YET = "NOT_YET"
    """Its time has not begun."""


def is_effective(record: pb.WatchRecord, now_ms: int) -> EntryState:
    """Returns how a record stands at a moment, Unix milliseconds UTC."""
    entry = record.entry
    if now_ms >= entry.valid_until:
        return EntryState.EXPIRED
    if now_ms < entry.valid_from:
        return EntryState.NOT_YET
    if record.suspended or 0 < record.provisional_until < now_ms:
        return EntryState.SUSPENDED
    return EntryState.ACTIVE


def state_digest(used: Mapping[bytes, pb.UsedSet], record_digests: Iterable[bytes]) -> bytes:
    """Returns the digest of a list's state, 32 bytes.

    Args:
        used: of the standing.
        record_digests: SHA-256 of each live record's bytes, in ascending order of the entry ids.
    """
    hasher = hashlib.sha256(hashlib.sha256(used_part(used)).digest())
    for digest in record_digests:
        hasher.update(digest)
    return hasher.digest()


def used_part(used: Mapping[bytes, pb.UsedSet]) -> bytes:
    """Returns the bytes by which the used change sets enter the digest."""
    return serialise(pb.SnapshotPreamble(used=[used[found] for found in sorted(used)]))


def digest_after(effects: Effects, records: Records) -> tuple[bytes, int]:
    """Returns digest and number of what is live after a batch.

    Args:
        effects: of the batch.
        records: what was live before it.
    """
    counted = 0

    def digests() -> Iterator[bytes]:
        nonlocal counted
        for digest in _merged(records.digests(), effects):
            counted += 1
            yield digest

    found = state_digest(effects.standing.used, digests())
    return found, counted


def _merged(before: Iterable[tuple[bytes, bytes]], effects: Effects) -> Iterator[bytes]:
    """Yields the digests of what is live afterwards, in order: those before, with the changes laid over them."""
    gone = {*effects.removed, *effects.puts}
    changes = iter(effects.puts.items())
    change = next(changes, None)
    for entry_id, digest in before:
        while change is not None and change[0] < entry_id:
            yield hashlib.sha256(change[1]).digest()
            change = next(changes, None)
        if entry_id not in gone:
            yield digest
    while change is not None:
        yield hashlib.sha256(change[1]).digest()
        change = next(changes, None)


def apply_batch(
    standing: Standing,
    batch_bytes: bytes,
    view: View,
    records: Records,
    *,
    position: WatchlistPosition | None = None,
    latest: int | None = None,
) -> Effects:
    """Returns what the next batch of a list makes of it.

    Args:
        standing: before.
        batch_bytes: as they travelled.
        view: a directory that reaches to the batch's time, or further.
        records: what is live before.
        position: of the header that the batch came under; None where the owner makes the batch.
        latest: the leaf's time, Unix milliseconds UTC. A batch that is dated later could drop what is not over, and
            would be judged by a directory that is still to come. None where the owner makes the batch.

    Raises:
        MalformedError: something in it breaks the form.
        VerificationError: it is not the next one, its head or digest is not the one stated, a set is used twice or out
            of its time, a change does not follow from what is live, or a machine did what a machine may not.
        RefusedError: BAD_SIGNATURE, WRONG_ROLE or SECOND_PERSON_MISSING, of the people who signed a set.
    """
    batch = parse_batch(batch_bytes)
    head = head_of(standing.list_id, standing.sequence + 1, standing.head, batch_bytes)
    if position is not None:
        expected = WatchlistPosition(standing.list_id, standing.sequence + 1, standing.head, head)
        if position != expected:
            raise VerificationError("a batch is not the next one of its list, or has another head than its header")
    if batch.time < standing.time or (latest is not None and batch.time > latest):
        raise VerificationError("a batch has an earlier time than the one before it, or is ahead of its leaf")
    work = _Work(standing, batch.time, view, records)
    for signed in batch.sets:
        work.change(signed)
    for confirmation in batch.confirmations:
        work.confirm(confirmation)
    work.suspend(batch.suspends)
    work.drop(batch.drops)
    after = replace(standing, sequence=standing.sequence + 1, head=head, time=batch.time, used=work.used_after())
    effects = work.effects(after, batch)
    if batch.state_digest and digest_after(effects, records) != (batch.state_digest, batch.live):
        raise VerificationError("what is live after a batch is not what the batch states")
    return effects


class _Work:
    """One batch at work: what is live, with the changes so far laid over it."""

    __slots__ = ("_bytes", "_changed", "_changes", "_records", "_standing", "_time", "_used", "_view")

    def __init__(self, standing: Standing, time: int, view: View, records: Records) -> None:
        self._standing = standing
        self._time = time
        self._view = view
        self._records = records
        self._changed: dict[bytes, pb.WatchRecord | None] = {}
        self._bytes: dict[bytes, tuple[bytes, pb.WatchRecord]] = {}  # the bytes of a record that is as it travelled
        self._used = dict(standing.used)
        self._changes = 0

    def _get(self, entry_id: bytes) -> pb.WatchRecord | None:
        return self._changed[entry_id] if entry_id in self._changed else self._records.get(entry_id)

    def _live(self, entry_id: bytes) -> pb.WatchRecord:
        found = self._get(entry_id)
        if found is None:
            raise VerificationError("a change concerns an entry that is not live")
        return found

    def _count(self, changes: int) -> None:
        self._changes += changes
        if self._changes > MAX_CHANGES:
            raise MalformedError("a batch has too many changes")

    def _action_of(self, entry_id: bytes) -> int:
        found = self._get(entry_id)
        return payload_pb2.WATCH_ACTION_UNSPECIFIED if found is None else found.entry.action

    def change(self, signed: pb.SignedChangeSet) -> None:
        """Applies one change set."""
        owner = self._standing.owner_desk
        signers = verify_change_set(signed, self._view, owner, self._time)
        found, ids, entries = read_change_set(signed.body)
        changes = changes_of(found)
        self._count(changes)
        if found.list_id != self._standing.list_id or found.id in self._used:
            raise VerificationError("a change set is of another list, or was used before")
        until = found.created + (URGENT_AFTER_CREATED if found.urgent else AFTER_CREATED)
        if not found.created - BEFORE_CREATED <= self._time <= until:
            raise VerificationError("a change set is used before or after its time")
        if len(signers) < people_needed(found, self._action_of):
            raise RefusedError(Reason.SECOND_PERSON_MISSING, "the change set needs an APPROVER")
        used = pb.UsedSet(id=found.id, created=found.created, author=signers[0].member)
        used.sha256 = hashlib.sha256(signed.body).digest()
        if len(signers) == 1:
            self._check_alone(used.author, changes, urgent=found.urgent)
            used.changes, used.time = changes, self._time
            used.provisional_until = self._time + PROVISIONAL if found.urgent else 0
        provisional = used.provisional_until
        self._used[found.id] = used
        for removal in found.removals:
            if self._live(removal.entry_id).entry.version != removal.version:
                raise VerificationError("a removal is of another version than the one that is live")
            self._changed[removal.entry_id] = None
        held = self._records.among(ids)
        # Most entries become a record of their own as they travelled: for those nothing is serialised again.
        bare = zip(*records_of(entries), strict=True)
        for entry_id, (data, record) in zip(ids, bare, strict=True):
            before = self._changed[entry_id] if entry_id in self._changed else held.get(entry_id)
            if record.entry.version != (1 if before is None else before.entry.version + 1):
                raise VerificationError("an entry has not the version after the one that is live")
            self._changed[entry_id] = record
            if provisional:
                # Whoever says again what nobody confirmed gets no further hour by it.
                earlier = 0 if before is None else before.provisional_until
                record.set_id, record.provisional_until = found.id, min(provisional, earlier or provisional)
            if before is not None and before.suspended:
                record.suspended = True
            elif not provisional:
                self._bytes[entry_id] = data, record
        for entry_id in found.lifts:
            self._set_suspended(entry_id, suspended=False)

    def _check_alone(self, author: str, changes: int, *, urgent: bool) -> None:
        """Checks what one person does against what the same person did alone before: portions of bulk are bulk."""
        since = self._time - ALONE
        for used in self._used.values():
            if used.author != author:
                continue
            if urgent and used.provisional_until > since:
                raise RefusedError(Reason.SECOND_PERSON_MISSING, "nobody confirmed the author's urgent set before")
            changes += used.changes if used.time > since else 0
        if changes > BULK:
            raise RefusedError(Reason.SECOND_PERSON_MISSING, "the author has changed too much alone within a day")

    def _set_suspended(self, entry_id: bytes, *, suspended: bool) -> None:
        after = pb.WatchRecord()
        after.CopyFrom(self._live(entry_id))
        if after.suspended == suspended:
            raise VerificationError("a suspension begins or ends that has begun or ended before")
        after.suspended = suspended
        self._changed[entry_id] = after

    def confirm(self, signed: pb.SignedConfirmation) -> None:
        """Applies one confirmation: what came with the urgent set is provisional no longer."""
        found = parse_confirmation(signed.body)
        used = self._used.get(found.set_id)
        if found.list_id != self._standing.list_id or used is None or not used.provisional_until:
            raise VerificationError("a confirmation concerns no change set that waits for one")
        if found.set_sha256 != used.sha256:
            raise VerificationError("a confirmation is of other bytes than those of the change set")
        if self._time > used.provisional_until:
            raise VerificationError("a confirmation comes too late")
        verify_confirmation(signed, self._view, self._standing.owner_desk, self._time, author=used.author)
        self._used[found.set_id] = pb.UsedSet(id=used.id, created=used.created, author=used.author, sha256=used.sha256)
        for entry_id in {*self._records.of_set(found.set_id), *self._changed}:
            record = self._get(entry_id)
            if record is not None and record.set_id == found.set_id:
                self._changed[entry_id] = pb.WatchRecord(entry=record.entry, suspended=record.suspended)

    def suspend(self, ids: Sequence[bytes]) -> None:
        """Suspends entries, by the owner's machine."""
        self._count(len(ids))
        for entry_id in ids:
            self._set_suspended(entry_id, suspended=True)

    def drop(self, ids: Sequence[bytes]) -> None:
        """Drops entries whose time is over, by the owner's machine."""
        self._count(len(ids))
        for entry_id in ids:
            if self._live(entry_id).entry.valid_until >= self._time:
                raise VerificationError("a machine drops an entry whose time is not over")
            self._changed[entry_id] = None

    def used_after(self) -> dict[bytes, pb.UsedSet]:
        """Returns the change sets that could still be replayed, or still count, after this batch."""
        kept = {
            key: used
            for key, used in self._used.items()
            if max(used.created + AFTER_CREATED, used.time + ALONE) >= self._time
        }
        if len(kept) > MAX_USED:
            raise VerificationError("a list has taken too many change sets within 14 days")
        return kept

    def effects(self, after: Standing, batch: pb.WatchBatch) -> Effects:
        """Returns what came of it."""
        ordered = sorted(self._changed.items())
        records = {entry_id: record for entry_id, record in ordered if record is not None}
        puts = {entry_id: self._bytes_of(entry_id, record) for entry_id, record in records.items()}
        return Effects(after, puts, tuple(i for i, record in ordered if record is None), records, batch)

    def _bytes_of(self, entry_id: bytes, record: pb.WatchRecord) -> bytes:
        data, known = self._bytes.get(entry_id, (b"", None))
        return data if known is record else serialise(record)
