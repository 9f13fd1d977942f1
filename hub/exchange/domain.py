"""What a batch of the exchange knows and changes, in memory: envelopes, legs, acknowledgements, drafts of events.

A `Book` is filled with a few statements, the commands are applied to it in their order, and what became different is
saved with a few statements. Several envelopes of one leg in one batch therefore work like several in a row.

Never does: I/O, clocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from comity.checks import Signer
from comity.envelope import Envelope
from comity.errors import Reason, RefusedError
from comity.receipts import AckState, EventKind
from comity.workflow.families import TABLES
from comity.workflow.legs import ClockEvent, Leg
from comity.workflow.terms import Family, State, Verb
from comity.workflow.timers import next_limit

from hub.exchange.grants import Grants
from hub.exchange.lists import Lists
from hub.log.commands import Acknowledge
from hub.log.domain import Draft, Existing, New, Party

DAY_MS = 86_400_000
ERASE_AFTER_MS = 14 * DAY_MS
"""From the moment when nobody waits for an envelope any more to its erasure."""
PRUNE_AFTER_MS = 365 * DAY_MS
"""From the end of a leg to the end of what is still known of its envelopes."""
MAX_EQUIVOCATIONS = 16
"""Contents recorded for one envelope id; a flood of further ones must not grow the log."""


class EnvelopeState(IntEnum):
    """How much the hub still has of an envelope."""

    LIVE = 1
    """All of it."""
    WITHDRAWN = 2
    """Taken back before it was stored: no ciphertext, no wraps."""
    EXPIRED = 3
    """`deliver_by` went by: no wraps for those who had not stored it."""
    ERASED = 4
    """Who, to whom, which verb, which leaf."""
    PRUNED = 5
    """Its id, its hash, and that it was erased."""


@dataclass(slots=True)
class Known:
    """An envelope that the hub has or had."""

    message_hash: bytes
    sender_agency: str
    envelope_id: bytes
    sender: str
    recipients: tuple[str, ...]
    case_id: bytes
    family: Family
    verb: Verb
    opening: bool
    author_member: str
    deliver_by: int
    state: EnvelopeState
    unstored: int
    due: int | None
    index: int | None
    """Its leaf; None while it is in the batch at hand."""
    position: int = -1
    """Its draft in the batch at hand."""

    @property
    def counterparts(self) -> tuple[str, ...]:
        """Recipients without the sender's own copy."""
        return tuple(desk for desk in self.recipients if desk != self.sender)


@dataclass(slots=True)
class LegEntry:
    """A leg and what the database holds of it."""

    leg: Leg
    stored_revision: int
    """0 where the database has none."""
    finished_at: int | None
    """When it ended."""


@dataclass(slots=True)
class Submitted:
    """Source of a SUBMITTED draft."""

    envelope: Envelope
    known: Known
    weight: int
    """Bytes that the envelope keeps in memory, roughly."""


@dataclass(frozen=True, slots=True)
class Equivocated:
    """Source of an EQUIVOCATION draft."""

    sender_agency: str
    envelope_id: bytes
    other_hash: bytes


LegKey = tuple[str, bytes, str]
Changed = tuple[LegKey, LegEntry]


@dataclass(slots=True)
class Book:
    """The state that a batch works on."""

    by_id: dict[tuple[str, bytes], Known] = field(default_factory=dict)
    by_hash: dict[bytes, Known] = field(default_factory=dict)
    legs: dict[LegKey, LegEntry] = field(default_factory=dict)
    acks: dict[tuple[bytes, str, int], Existing | New] = field(default_factory=dict)
    """By (message hash, desk, state)."""
    blobs: dict[tuple[str, bytes], int] = field(default_factory=dict)
    """Length of each complete blob, by agency and digest."""
    equivocations: dict[tuple[str, bytes], set[bytes]] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    submitted: list[Submitted] = field(default_factory=list)
    changed_envelopes: dict[bytes, Known] = field(default_factory=dict)
    changed_legs: dict[LegKey, LegEntry] = field(default_factory=dict)
    dropped_wraps: list[tuple[Known, str]] = field(default_factory=list)
    """(envelope, desk) whose wrap goes."""
    dropped_ciphertexts: list[Known] = field(default_factory=list)
    erased: list[Known] = field(default_factory=list)
    pruned: list[Known] = field(default_factory=list)
    pruned_legs: list[LegKey] = field(default_factory=list)
    lists: Lists = field(default_factory=Lists)
    grants: Grants = field(default_factory=Grants)
    signers: dict[tuple[object, ...], tuple[Signer, ...]] = field(default_factory=dict)
    """Who signed, by all that `check_parties` goes by besides the moment."""

    def add(self, known: Known) -> None:
        """Takes an envelope in."""
        self.by_id[known.sender_agency, known.envelope_id] = known
        self.by_hash[known.message_hash] = known

    def find_leg(self, desk: str, case_id: bytes, other: str) -> LegEntry | None:
        """Returns the leg of a case between two desks, whichever opened it."""
        return self.legs.get((desk, case_id, other)) or self.legs.get((other, case_id, desk))

    def put_leg(self, leg: Leg, now_ms: int) -> None:
        """Remembers a leg as it now is."""
        key = leg.key
        entry = self.legs.get(key)
        if entry is None:
            entry = self.legs[key] = LegEntry(leg, 0, None)
        entry.leg = leg
        if is_over(leg):
            entry.finished_at = now_ms
        self.changed_legs[key] = entry

    def touch(self, known: Known) -> None:
        """Remembers that an envelope's row has changed."""
        self.changed_envelopes[known.message_hash] = known

    def draft(self, draft: Draft) -> New:
        """Adds an event."""
        self.drafts.append(draft)
        return New(len(self.drafts) - 1)

    def draft_clocks(self, leg: Leg, events: tuple[ClockEvent, ...]) -> None:
        """Adds what clocks did to a leg; both sides are told."""
        for event in events:
            self.draft(
                Draft(
                    EventKind[event.kind.name],
                    (Party(leg.originator), Party(leg.recipient)),
                    message_hash=event.message_hash,
                    effective_time=event.limit,
                )
            )

    def stored(self, known: Known, desk: str) -> bool:
        """Returns whether a desk has acknowledged an envelope as STORED."""
        return (known.message_hash, desk, int(AckState.STORED)) in self.acks


@cache
def is_final(family: Family, state: State) -> bool:
    """Returns whether nothing but a recall leaves a state."""
    return TABLES[family].is_final(state)


def is_over(leg: Leg) -> bool:
    """Returns whether a leg has ended, so that what is kept of it may go a year after its last change.

    Of what a clock ended an outcome may still be told, and on an onward leg a recall may come: nothing waits for it.
    """
    return leg.ended_at is not None or bool(leg.onward) or is_final(leg.family, leg.state)


@cache
def is_opening(family: Family, verb: Verb) -> bool:
    """Returns whether a verb opens a leg; False for a family that is not carried, which others refuse."""
    table = TABLES.get(family)
    return table is not None and table.opening(verb) is not None


def limit_of(entry: LegEntry) -> int | None:
    """Returns when a clock will next do something to a leg."""
    return next_limit(entry.leg)


def erased_error(known: Known) -> RefusedError:
    """Returns the answer to a retry of an envelope that was erased."""
    return RefusedError(Reason.ERASED, "the message was erased after its time", index=str(known.index))


@dataclass(frozen=True, slots=True)
class AckSource:
    """Source of an ACKNOWLEDGED or REFUSED draft."""

    command: Acknowledge
