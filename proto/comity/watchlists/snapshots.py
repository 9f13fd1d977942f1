"""Snapshots: all that is live after a batch, as a stream of frames, so that a million records need little memory.

State = frames of `u32be length ‖ bytes`: a SnapshotPreamble, then WatchRecords in ascending order of their entry ids.
What vouches for it is the state digest in the batch that comes with it, and that batch's head, which the log and every
other subscriber's agent know. Nothing of it may be visible before `adopt` has compared them.

Never does: inflate (`comity.watchlists.packing`), keep records, I/O.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from comity.encoding import parse, serialise
from comity.errors import MalformedError, Reason, VerificationError
from comity.header import WatchlistPosition
from comity.names import check_member
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists.batches import head_of, parse_batch
from comity.watchlists.changes import SHA256_BYTES, check_ids
from comity.watchlists.counting import check_counts
from comity.watchlists.entries import ID_BYTES, MAX_RECORD_BYTES, entry_id, read_records
from comity.watchlists.states import MAX_USED, Standing, used_part

CHUNK_BYTES: Final = 256 << 10
"""About so much comes at once from `write_state`."""
MAX_PREAMBLE_BYTES: Final = 1 << 20
"""Greatest length of a preamble: the change sets of 14 days."""
_REPEATED: Final = {"used": (MAX_USED, MAX_PREAMBLE_BYTES // MAX_USED)}
_LENGTH: Final = 4


class StateRecord(NamedTuple):
    """One live record of a snapshot."""

    entry_id: bytes
    """16 bytes."""
    data: bytes
    """The record, as it travelled: what is stored and digested."""
    record: pb.WatchRecord
    """The record, parsed."""


def write_state(standing: Standing, records: Iterable[bytes], *, count: int) -> Iterator[bytes]:
    """Yields the state of a list in portions of about 256 KiB.

    Args:
        standing: of the list.
        records: bytes of all live records, in ascending order of their entry ids.
        count: how many they are.

    Raises:
        MalformedError: there are more or fewer, or a record is too large.
    """
    used = [standing.used[key] for key in sorted(standing.used)]
    preamble = pb.SnapshotPreamble(list_id=standing.list_id, sequence=standing.sequence, used=used, count=count)
    buffer = bytearray(_frame(serialise(preamble), MAX_PREAMBLE_BYTES))
    written = 0
    for record in records:
        buffer += _frame(record, MAX_RECORD_BYTES)
        written += 1
        if len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if written != count:
        raise MalformedError("a state has another number of records than it states")
    yield bytes(buffer)


def _frame(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise MalformedError("a frame of a state is too large", Reason.TOO_LARGE)
    return len(data).to_bytes(_LENGTH, "big") + data


def _stop(buffer: bytes, start: int, limit: int) -> int:
    """Returns where the frame that begins at `start` ends, 0 while it is not all there."""
    if len(buffer) - start < _LENGTH:
        return 0
    stop = start + _LENGTH + int.from_bytes(buffer[start : start + _LENGTH], "big")
    if stop - start - _LENGTH > limit:
        raise MalformedError("a frame of a state is too large", Reason.TOO_LARGE)
    return stop if stop <= len(buffer) else 0


class StateReader:
    """Reads a state as it comes. Feed it all, then `finish`."""

    __slots__ = ("_buffer", "_hasher", "_last", "count", "preamble")

    preamble: pb.SnapshotPreamble | None
    """The first frame, once it is there."""
    count: int
    """Records so far."""

    def __init__(self) -> None:
        self.preamble = None
        self.count = 0
        self._buffer = b""
        self._last = b""
        self._hasher = hashlib.sha256()

    def feed(self, data: bytes) -> list[StateRecord]:
        """Takes a portion of any length and returns the records that are complete with it.

        The content of a record is not looked at, only its form: the digest vouches for it.

        Raises:
            MalformedError: a frame is no preamble or record, too large, or out of order, or there are too many.
        """
        buffer = self._buffer + data if self._buffer else data
        start = 0
        if self.preamble is None:
            start = _stop(buffer, 0, MAX_PREAMBLE_BYTES)
            if not start:
                self._buffer = buffer
                return []
            self._begin(buffer[_LENGTH:start])
        frames = list[bytes]()
        while stop := _stop(buffer, start, MAX_RECORD_BYTES):
            frames.append(buffer[start + _LENGTH : stop])
            start = stop
        found = list[StateRecord]()
        last, update, sha256 = self._last, self._hasher.update, hashlib.sha256
        for frame, record in zip(frames, read_records(frames), strict=True):
            key = entry_id(record.entry)
            if key <= last:
                raise MalformedError("records are not in strictly ascending order")
            last = key
            update(sha256(frame).digest())
            found.append(StateRecord(key, frame, record))
        self._buffer, self._last = buffer[start:], last
        self.count += len(found)
        if self.preamble is not None and self.count > self.preamble.count:
            raise MalformedError("a state has more records than it states")
        return found

    def _begin(self, frame: bytes) -> None:
        check_counts(pb.SnapshotPreamble, frame, MAX_PREAMBLE_BYTES, _REPEATED)
        preamble = parse(pb.SnapshotPreamble, frame, MAX_PREAMBLE_BYTES)
        if len(preamble.list_id) != ID_BYTES or not preamble.sequence:
            raise MalformedError("a state names no list or sequence")
        check_ids([used.id for used in preamble.used])
        for used in preamble.used:
            check_member(used.author)
            if used.created <= 0 or used.provisional_until < 0 or used.time < 0:
                raise MalformedError("a state names a used change set without its times")
            if len(used.sha256) != SHA256_BYTES or bool(used.changes) != bool(used.time):
                raise MalformedError("a state names a used change set without its digest, or half of what one did")
        self.preamble = preamble
        self._hasher = hashlib.sha256(hashlib.sha256(used_part({used.id: used for used in preamble.used})).digest())

    def finish(self) -> pb.SnapshotPreamble:
        """Returns the preamble, once all was fed.

        Raises:
            MalformedError: it ends within a frame, or has fewer records than it states.
        """
        if self.preamble is None or self._buffer or self.count != self.preamble.count:
            raise MalformedError("a state is cut off")
        return self.preamble

    @property
    def digest(self) -> bytes:
        """State digest of what was read, 32 bytes; of meaning after `finish`."""
        return self._hasher.digest()


def adopt(
    reader: StateReader,
    batch_bytes: bytes,
    position: WatchlistPosition,
    owner_desk: str,
    *,
    latest: int | None = None,
) -> Standing:
    """Returns the standing of a list that was read from a snapshot, after everything that vouches for it was compared.

    Args:
        reader: all of the state was fed.
        batch_bytes: the batch that came with it.
        position: of the header, verified.
        owner_desk: sender of the envelope.
        latest: as for `comity.watchlists.apply_batch`.

    Raises:
        MalformedError: the state is cut off, or the batch is none.
        VerificationError: batch, head, list, sequence, digest or number do not belong together, or the batch is ahead
            of its leaf.
    """
    preamble = reader.finish()
    batch = parse_batch(batch_bytes)
    if latest is not None and batch.time > latest:
        raise VerificationError("a batch is ahead of its leaf")
    if head_of(position.list_id, position.sequence, position.previous_head, batch_bytes) != position.head:
        raise VerificationError("a batch has another head than its header")
    if (preamble.list_id, preamble.sequence) != (position.list_id, position.sequence):
        raise VerificationError("a snapshot is of another list or sequence than its header")
    if (batch.state_digest, batch.live) != (reader.digest, reader.count):
        raise VerificationError("a snapshot is not what its batch states")
    used = {found.id: found for found in preamble.used}
    return Standing(position.list_id, owner_desk, position.sequence, position.head, batch.time, used)
