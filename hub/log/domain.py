"""What is appended to the logs and what comes of it. Pure: drafts of events go in, leaves, openings and paths come out.

Never does: I/O, clocks, randomness: salts are arguments. What a batch makes by the thousand is not frozen: that would
double the time to make it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Protocol

from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.directory import Directory, View
from comity.errors import ComityError
from comity.keys import SigningKey
from comity.merkle import Frontier, append, leaf_hash
from comity.receipts import (
    SALT_BYTES,
    AckState,
    Event,
    EventKind,
    Leaf,
    Receipt,
    commitment,
    delivery_commitment,
    encode_event,
    encode_leaf,
)

MAX_BACKWARDS_SECONDS = 5
"""How far the clock may be behind the log's last leaf before sequencing stops."""
HASH_BYTES = 32


class LogName(IntEnum):
    """The two logs; the numbers are the protocol's and the database's."""

    DIRECTORY = 1
    EXCHANGE = 2


class DirectorySource(Protocol):
    """What the sequencer and its clients need of the replayed directory (`hub/directory/service.py`)."""

    @property
    def current(self) -> Directory:
        """The published directory; never mutated, only replaced."""

    def view(self) -> View:
        """Returns the newest snapshot."""

    def publish(self, directory: Directory) -> None:
        """Makes a grown copy the current directory."""

    def refresh(self, connection: Any) -> None:
        """Reads the entries beyond the current size from the log and publishes them."""


NOT_HELD = "the directory names a key that this process does not hold: copy hub.key, start again"
"""Why a process ends whose key file was not copied before the operators replaced a key."""
OLDER_THAN_KEYS = "the directory names a key that the key file lists as replaced: the database is older"
"""Why keys are not used on a database that lacks the entry which replaced one of them."""


class KeyNotHeldError(Exception):
    """The directory names a key that this process does not hold: it must not sign."""


class KeyRetiredError(KeyNotHeldError):
    """The directory names a key that is known to have been replaced: the database lacks the entry that said so."""


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The hub's private keys for its logs. Which of them signs, the directory says: at each of its sizes one."""

    log_key: SigningKey
    """Signs checkpoints."""
    head_key: SigningKey
    """Signs heads."""
    retired: tuple[SigningKey, ...] = ()
    """Earlier log keys: checkpoints of their time are signed again to the same bytes. A database whose directory names
    one as the present key is from before the entry that replaced it."""
    next_log: SigningKey | None = None
    """Signs checkpoints once the directory names it."""
    next_head: SigningKey | None = None
    """Signs heads once the directory names it."""
    retired_heads: tuple[SigningKey, ...] = ()
    """The same of head keys."""
    dropped: tuple[SigningKey, ...] = ()
    """Next log keys in whose place another was made. One signs only where the directory names it all the same, because
    the statement was under way; no new statement may name it."""
    dropped_heads: tuple[SigningKey, ...] = ()
    """The same of next head keys."""

    @property
    def log_keys(self) -> tuple[SigningKey, ...]:
        """Every log key that is held."""
        return (self.log_key, *_there(self.next_log), *self.retired, *self.dropped)

    @property
    def head_keys(self) -> tuple[SigningKey, ...]:
        """Every head key that is held."""
        return (*self.own_heads, *self.retired_heads, *self.dropped_heads)

    @property
    def own_heads(self) -> tuple[SigningKey, ...]:
        """The head keys that nobody else has, as far as is known: the present one and the next."""
        return (self.head_key, *_there(self.next_head))

    def is_past(self, public: bytes) -> bool:
        """Returns whether a key was replaced, or is a next one in whose place another was made."""
        past = (*self.retired, *self.retired_heads, *self.dropped, *self.dropped_heads)
        return any(key.public == public for key in past)

    def signer_of(self, public: bytes) -> SigningKey:
        """Returns the log key that signed a stored batch. No other stands in for it.

        Raises:
            KeyNotHeldError: it is not held.
        """
        return _named(self.log_keys, public)

    def named_log(self, public: bytes) -> SigningKey:
        """Returns the log key that the directory names.

        Raises:
            KeyNotHeldError: it is not held.
        """
        return _named(self.log_keys, public)

    def named_head(self, public: bytes) -> SigningKey:
        """Returns the head key that the directory names.

        Raises:
            KeyNotHeldError: it is not held.
        """
        return _named(self.head_keys, public)

    def settled(self, log: bytes, head: bytes) -> LogKeys:
        """Returns the keys with those in their place that the directory names; earlier ones are kept as retired.

        Args:
            log: public half of the log key that the directory names.
            head: the same of the head key.

        Raises:
            KeyRetiredError: one was replaced before, so that the database is older than these keys.
            KeyNotHeldError: one is not held.
        """
        if any(key.public == log for key in self.retired) or any(key.public == head for key in self.retired_heads):
            raise KeyRetiredError
        log_key, head_key = self.named_log(log), self.named_head(head)
        # Once another is named no statement is under way that names a dropped one: it would be about an earlier state.
        if log_key is not self.log_key:
            return replace(
                self,
                log_key=log_key,
                next_log=None if log_key is self.next_log else self.next_log,
                retired=(self.log_key, *self.retired, *(key for key in self.dropped if key is not log_key)),
                dropped=(),
            ).settled(log, head)
        if head_key is not self.head_key:
            gone = (key for key in self.dropped_heads if key is not head_key)
            return replace(
                self,
                head_key=head_key,
                next_head=None if head_key is self.next_head else self.next_head,
                retired_heads=(self.head_key, *self.retired_heads, *gone),
                dropped_heads=(),
            )
        return self


def _there(key: SigningKey | None) -> tuple[SigningKey, ...]:
    return () if key is None else (key,)


def _named(held: Iterable[SigningKey], public: bytes) -> SigningKey:
    for key in held:
        if key.public == public:
            return key
    raise KeyNotHeldError


@dataclass(frozen=True, slots=True)
class LogState:
    """One log as its head row tells."""

    log: LogName
    frontier: Frontier
    root: bytes
    time_seconds: int
    fence: int

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self.frontier.size


@dataclass(frozen=True, slots=True)
class Moment:
    """When and under which directory a batch is made: what its leaves say."""

    time_seconds: int
    """Unix seconds, never decreasing."""
    directory_size: int
    directory_root: bytes

    @property
    def now_ms(self) -> int:
        """The leaves' time in milliseconds, by which all limits are judged."""
        return self.time_seconds * 1000


@dataclass(slots=True)
class Party:
    """A desk that is told of an event."""

    desk: str
    wrap: bytes | None = None
    """Its wrap, where the event brings it an envelope."""


@dataclass(slots=True)
class Draft:
    """An event about to be logged; its deliveries are numbered when the batch is."""

    kind: EventKind
    parties: tuple[Party, ...] = ()
    message_hash: bytes = b""
    signatures_digest: bytes = b""
    kids: tuple[bytes, ...] = ()
    other_hash: bytes = b""
    effective_time: int = 0
    ack_state: AckState | None = None
    source: object = None
    """What brought it about, for whoever saves and delivers it."""


@dataclass(slots=True)
class Delivery:
    """One party's place in an event."""

    desk: str
    number: int
    salt: bytes
    wrap: bytes | None


@dataclass(slots=True)
class Sequenced:
    """One event in the log."""

    draft: Draft
    index: int
    event: bytes
    salt: bytes
    leaf: bytes
    leaf_hash: bytes
    path: tuple[bytes, ...]
    deliveries: tuple[Delivery, ...]

    def receipt(self, checkpoint: bytes) -> Receipt:
        """Returns the receipt, given its batch's checkpoint."""
        return Receipt(self.event, self.salt, self.index, self.leaf, self.path, checkpoint)


@dataclass(slots=True)
class Batch:
    """What one transaction appended to the exchange log."""

    first: int
    root: bytes
    size: int
    moment: Moment
    entries: list[Sequenced]
    completed: list[tuple[int, int, bytes]] = field(default_factory=list)
    """(tile level, index, hash) of rows that became complete."""
    frontier: Frontier = field(default_factory=Frontier.empty)
    checkpoint: bytes = b""
    """Signed after the commit."""


@dataclass(frozen=True, slots=True)
class Existing:
    """An outcome: the receipt of an event that is in the log since earlier."""

    index: int


@dataclass(frozen=True, slots=True)
class New:
    """An outcome: the receipt of an event of this batch."""

    position: int


Outcome = ComityError | Existing | New | None
"""What becomes of one command; None where there is nothing to tell."""


def salts_needed(drafts: Sequence[Draft]) -> int:
    """Returns how many random bytes `sequence` takes."""
    return SALT_BYTES * sum(1 + len(draft.parties) for draft in drafts)


def sequence(
    frontier: Frontier, drafts: Sequence[Draft], counters: dict[str, int], moment: Moment, salts: bytes
) -> Batch:
    """Gives every event its leaf, its deliveries their numbers, and the log its new frontier.

    Args:
        frontier: of the exchange log before the batch.
        drafts: in the order of the log.
        counters: last delivery number of every party's desk; counted on here.
        moment: of the batch.
        salts: `salts_needed` random bytes.
    """
    first, at = frontier.size, 0
    pending: list[tuple[Draft, bytes, bytes, bytes, tuple[Delivery, ...]]] = []
    for draft in drafts:
        salt, at = salts[at : at + SALT_BYTES], at + SALT_BYTES
        deliveries: list[Delivery] = []
        commitments: list[bytes] = []
        for party in draft.parties:
            number = counters.get(party.desk, 0) + 1
            counters[party.desk] = number
            own, at = salts[at : at + SALT_BYTES], at + SALT_BYTES
            deliveries.append(Delivery(party.desk, number, own, party.wrap))
            commitments.append(delivery_commitment(own, party.desk, number))
        event = encode_event(
            Event(
                draft.kind,
                draft.message_hash,
                draft.signatures_digest,
                draft.kids,
                tuple(commitments),
                draft.other_hash,
                draft.effective_time,
                draft.ack_state,
            )
        )
        leaf = encode_leaf(
            Leaf(moment.time_seconds, moment.directory_size, moment.directory_root, commitment(salt, event))
        )
        pending.append((draft, event, salt, leaf, tuple(deliveries)))
    hashes = [leaf_hash(item[3]) for item in pending]
    grown = append(frontier, hashes)
    entries = [
        Sequenced(draft, first + place, event, salt, leaf, hashes[place], path, deliveries)
        for place, ((draft, event, salt, leaf, deliveries), path) in enumerate(zip(pending, grown.paths, strict=True))
    ]
    return Batch(first, grown.root, grown.frontier.size, moment, entries, grown.completed, grown.frontier)


def note_of(origin: str, size: int, root: bytes, key: SigningKey) -> bytes:
    """Returns the signed checkpoint of a log at a size: a function of its arguments alone."""
    return sign_checkpoint(Checkpoint(origin, size, root), origin, key.sign, key.public)


def pack_hashes(path: Sequence[bytes]) -> bytes:
    """Returns hashes of 32 bytes as one column holds them."""
    return b"".join(path)


def unpack_hashes(data: bytes) -> tuple[bytes, ...]:
    """Reads what `pack_hashes` wrote."""
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))
