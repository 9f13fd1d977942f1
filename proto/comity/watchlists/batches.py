"""Batches: the links of a list's chain, and its heads.

The head of a batch commits to the list, the sequence, the head before it and the batch's bytes. Equal heads are equal
histories, so that subscribers who hold one head were shown the same list, and nothing is missing from it.

Never does: verify people, apply a change (`comity.watchlists.states`), I/O.
"""

from __future__ import annotations

from typing import Final

from comity.encoding import Purpose, digest, parse, serialise, u64be
from comity.errors import MalformedError
from comity.payload_rules import LATEST_TIME
from comity.payload_watchlists import BATCH_LIMIT
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists.changes import (
    MAX_CHANGES,
    MAX_CONFIRMATION_BYTES,
    check_ids,
    parse_change_set,
    parse_confirmation,
)
from comity.watchlists.counting import check_counts
from comity.watchlists.entries import ID_BYTES

SALT_BYTES: Final = 32
"""Length of a batch's salt: without it somebody who sees heads could test what a batch says."""
HASH_BYTES: Final = 32
MAX_SETS: Final = 64
"""Greatest number of change sets in a batch, and of confirmations."""
STATED_EVERY: Final = 256
"""A batch whose sequence is a multiple of that states the digest of what is live after it, as others may."""

_REPEATED: Final = {
    "sets": (MAX_SETS, BATCH_LIMIT),
    "confirmations": (MAX_SETS, 2 * MAX_CONFIRMATION_BYTES),
    "suspends": (MAX_CHANGES, ID_BYTES),
    "drops": (MAX_CHANGES, ID_BYTES),
}
_SIGNED: Final = {"signatures": (2, 1 << 10)}


def encode_batch(batch: pb.WatchBatch) -> bytes:
    """Returns the bytes of a batch that is about to be published.

    Raises:
        MalformedError: it breaks a rule, or is too large.
    """
    data = serialise(batch)
    parse_batch(data)
    return data


def parse_batch(data: bytes) -> pb.WatchBatch:
    """Parses a batch strictly: its own form. What its sets hold, and whether they fit, `apply_batch` looks at.

    Raises:
        MalformedError: it is none, breaks a rule, or is too large.
    """
    for name, item in check_counts(pb.WatchBatch, data, BATCH_LIMIT, _REPEATED):
        if name == "sets":
            check_counts(pb.SignedChangeSet, item, BATCH_LIMIT, _SIGNED)
    batch = parse(pb.WatchBatch, data, BATCH_LIMIT)
    if len(batch.salt) != SALT_BYTES or not 0 < batch.time <= LATEST_TIME:
        raise MalformedError("a batch has no salt or time")
    if len(batch.state_digest) not in (0, HASH_BYTES) or (batch.live and not batch.state_digest):
        raise MalformedError("a batch states half of what is live")
    check_ids(batch.suspends)
    check_ids(batch.drops)
    if len(batch.suspends) + len(batch.drops) + len(batch.sets) + len(batch.confirmations) > MAX_CHANGES:
        raise MalformedError("a batch has too many changes")
    return batch


def head_of(list_id: bytes, sequence: int, previous_head: bytes, batch: bytes) -> bytes:
    """Returns the head of a batch, 32 bytes.

    Args:
        list_id: 16 bytes.
        sequence: from 1.
        previous_head: 32 bytes; empty at sequence 1.
        batch: serialised.

    Raises:
        MalformedError: the sequence does not fit in 64 bits.
    """
    return digest(Purpose.WATCHLIST, list_id, u64be(sequence), previous_head, batch)


__all__ = [
    "HASH_BYTES",
    "SALT_BYTES",
    "STATED_EVERY",
    "encode_batch",
    "head_of",
    "parse_batch",
    "parse_change_set",
    "parse_confirmation",
]
