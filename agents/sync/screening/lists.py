"""What the screening store says of a list, and how a record is found: by a short hash of its screening key.

The hash (CRC-32 of the lower-case key) is stable between processes and small. It only narrows down: whoever finds
something by it compares the key itself, so that a collision costs a moment and never a wrong answer.

Never does: read or write the store, cryptography. CRC-32 vouches for nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zlib import crc32

from comity.v1 import watchlist_pb2 as pb
from comity.wallets.coins import bare_account
from comity.watchlists.entries import screening_key


class ListStatus(StrEnum):
    """How a list stands at this agency."""

    OFFERED = "OFFERED"
    """Offered; nobody here has subscribed."""
    SYNCING = "SYNCING"
    """Subscribed; the first snapshot is not here yet."""
    CURRENT = "CURRENT"
    """Everything that the owner is known to have published is here."""
    LAGGING = "LAGGING"
    """Something is missing, or the owner was not heard in time."""
    REVOKED = "REVOKED"
    """The subscription has ended. The list is not asked any more."""


ASKED: Final = frozenset({ListStatus.SYNCING, ListStatus.CURRENT, ListStatus.LAGGING})
"""Statuses of lists that a wallet is screened against."""


@dataclass(frozen=True, slots=True, order=True)
class ListKey:
    """Which list."""

    owner: str
    """Desk that owns it, `agency/desk`."""
    list_id: bytes
    """The list, 16 bytes."""


@dataclass(frozen=True, slots=True)
class ListTerms:
    """What a list was offered under."""

    title: str
    """For people."""
    default_action: int
    """Number of a WatchAction."""
    handling: bytes
    """Serialised `comity.v1.Handling` of the offer; empty where none is known."""
    case_id: bytes
    """The subscription, 16 bytes."""
    max_age_ms: int = 0
    """Age of the newest batch from which nothing may be called clear, in milliseconds; 0: the screener's own limit."""


@dataclass(frozen=True, slots=True)
class WatchedList:
    """A list as it is held."""

    key: ListKey
    """Which."""
    terms: ListTerms
    """What it was offered under."""
    status: ListStatus
    """How it stands."""
    generation: int
    """Under which its records are kept; 0 while there are none."""
    sequence: int
    """Batch up to which it is held; 0 for none."""
    head: bytes
    """Head after that batch, 32 bytes; empty for none."""
    batch_time: int
    """Unix milliseconds UTC that the batch states; 0 for none."""
    leaf_time: int
    """Unix seconds UTC at which the hub logged it; 0 for none."""
    last_heard: int
    """Unix milliseconds UTC, by the own clock, at which something of the owner's last came; 0 for never."""
    count: int
    """Number of records."""
    seen: int = 0
    """Greatest sequence that the list is known to have, as far as that is more than what is held."""

    @property
    def is_missing(self) -> bool:
        """Whether it is known that something was published that is not here. Mere silence is told by the age."""
        return self.seen > self.sequence


def subject_of(entry: pb.WatchEntry) -> str:
    """Returns what an entry is about: its canonical account or transaction."""
    return entry.account or entry.transaction


def key_of(entry: pb.WatchEntry) -> str:
    """Returns the key that an entry is found under."""
    return screening_key(entry.account) if entry.account else entry.transaction


def bare_tail_of(key: str) -> int | None:
    """Returns the short hash of what else a text without a chain may be read as that means this screening key."""
    bare = bare_account(key)
    return tail_of(bare) if bare else None


def tail_of(key: str) -> int:
    """Returns the short hash of a screening key, 0 to 2³²-1."""
    return crc32(key.lower().encode())
