"""Watchlists that are provably complete: entries, what people sign, the chain of batches, what is live, snapshots.

Pure and shared by owner and subscribers: what one makes the other checks, with the same code (PROTOCOL.md, section
"Watchlists"). All of it is sealed; the hub sees list ids, sequences and heads in headers, and imports nothing of this.

Never does: I/O, read a clock, hold a private key.
"""

from __future__ import annotations

from comity.watchlists.batches import encode_batch, head_of, parse_batch
from comity.watchlists.changes import (
    BULK,
    confirmation_signed_bytes,
    encode_change_set,
    encode_confirmation,
    parse_change_set,
    parse_confirmation,
    people_needed,
    signed_bytes,
    verify_change_set,
    verify_confirmation,
)
from comity.watchlists.entries import entry_gaps, entry_id, parse_record, screening_key, seen_keys
from comity.watchlists.memory import MemoryRecords
from comity.watchlists.packing import Inflater, attached, deflate, inflate, pack
from comity.watchlists.snapshots import StateReader, StateRecord, adopt, write_state
from comity.watchlists.states import (
    Effects,
    EntryState,
    Records,
    Standing,
    apply_batch,
    digest_after,
    is_effective,
    state_digest,
)

__all__ = [
    "BULK",
    "Effects",
    "EntryState",
    "Inflater",
    "MemoryRecords",
    "Records",
    "Standing",
    "StateReader",
    "StateRecord",
    "adopt",
    "apply_batch",
    "attached",
    "confirmation_signed_bytes",
    "deflate",
    "digest_after",
    "encode_batch",
    "encode_change_set",
    "encode_confirmation",
    "entry_gaps",
    "entry_id",
    "head_of",
    "inflate",
    "is_effective",
    "pack",
    "parse_batch",
    "parse_change_set",
    "parse_confirmation",
    "parse_record",
    "people_needed",
    "screening_key",
    "seen_keys",
    "signed_bytes",
    "state_digest",
    "verify_change_set",
    "verify_confirmation",
    "write_state",
]
