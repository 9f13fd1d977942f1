"""An owner and three holders of a list, at random: they hold the same, byte for byte, or have refused to go on.

Holders get batches late, twice, out of order, altered, and with sets that were used before; one may begin anew from a
snapshot. Whatever happens, at each sequence each of them stands where the owner stood.
"""

from __future__ import annotations

from typing import Any

from comity.errors import ComityError
from comity.header import WatchlistPosition
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import Standing, StateReader, adopt, encode_batch, entry_id, head_of, parse_batch, write_state
from comity.watchlists.changes import ALONE, PROVISIONAL
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.contract.builders import APPROVER, AUTHOR, NOW, SENDER, Signer
from tests.contract.watchlists import (
    DAY,
    LIST_ID,
    MINUTE,
    SECOND,
    List,
    change_set,
    confirmation,
    entry,
    signed_set,
    world,
)

VIEW = world().view
WALLETS = [f"eip155:*:0x{n:040d}" for n in range(8)]
HOLDERS = st.integers(0, 2)
Frozen = tuple[Standing, dict[bytes, bytes]]


class Lists(RuleBasedStateMachine):
    """The owner, the batches so far, and the holders."""

    def __init__(self) -> None:
        super().__init__()
        self.time = NOW
        self.made = 0
        self.owner = List(VIEW)
        self.holders = [List(VIEW) for _ in range(3)]
        self.batches: list[tuple[bytes, WatchlistPosition]] = []
        self.history: list[Frozen] = [(self.owner.standing, {})]
        self.sets: list[pb.SignedChangeSet] = []
        self.pending: dict[str, tuple[pb.ChangeSet, int]] = {}

    def _publish(self, *sets: pb.SignedChangeSet, **changes: Any) -> None:
        before = self.owner.standing
        data = self.owner.publish(*sets, time=self.time, **changes)
        after = self.owner.standing
        self.batches.append((data, WatchlistPosition(LIST_ID, after.sequence, before.head, after.head)))
        self.history.append((after, dict(self.owner.records.kept)))
        self.sets += sets

    @rule(wanted=st.dictionaries(st.sampled_from(WALLETS), st.integers(0, 5), max_size=5), urgent=st.booleans())
    def changes(self, wanted: dict[str, int], *, urgent: bool) -> None:
        """People put, remove and lift; alone only who has nothing urgent that waits for a second person."""
        free = [who for who in (AUTHOR, SECOND) if not self._hurried(who)]
        urgent = urgent and bool(free)
        puts, removals, lifts = [], [], []
        for wallet, wish in wanted.items():
            found = self.owner.records.get(entry_id(entry(wallet)))
            version = found.entry.version if found else 0
            if wish == 0 and found and not urgent:
                removals.append(
                    pb.Removal(entry_id=entry_id(found.entry), version=version, reason=pb.REMOVAL_REASON_OTHER)
                )
            elif wish == 5 and found and found.suspended and not urgent:
                lifts.append(entry_id(found.entry))
            elif 0 < wish < 5:
                until = self.time + wish * DAY
                puts.append(entry(wallet, version=version + 1, action=wish, valid_until=until))
        if puts or removals or lifts:
            label = f"set {self.made}"
            self.made += 1
            content = change_set(label, created=self.time, urgent=urgent, puts=puts, removals=removals, lifts=lifts)
            if urgent:
                self.pending[label] = (content, self.time + PROVISIONAL)
            self._publish(signed_set(content, free[0]) if urgent else signed_set(content, AUTHOR, APPROVER))

    @rule()
    def confirm(self) -> None:
        """A second person confirms what still can be."""
        sets = [content for content, limit in self.pending.values() if limit >= self.time]
        self.pending.clear()
        self._publish(confirmations=[confirmation(content, created=self.time) for content in sets])

    def _hurried(self, who: Signer) -> bool:
        used = self.owner.standing.used.values()
        return any(one.author == who.owner and one.provisional_until > self.time - ALONE for one in used)

    @rule(number=st.integers(0, 7))
    def machine(self, number: int) -> None:
        """The owner's machine suspends one and drops all that is over."""
        records = {key: pb.WatchRecord.FromString(data) for key, data in sorted(self.owner.records.kept.items())}
        drops = [key for key, record in records.items() if record.entry.valid_until < self.time]
        ready = [key for key, record in records.items() if not record.suspended and key not in drops]
        self._publish(drops=drops, suspends=ready[number : number + 1])

    @rule(minutes=st.sampled_from([0, 1, 59, 24 * 60, 5 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        """Time goes by."""
        self.time += minutes * MINUTE

    @rule(number=HOLDERS, count=st.integers(1, 4))
    def deliver(self, number: int, count: int) -> None:
        """A holder gets the next batches."""
        holder = self.holders[number]
        for data, position in self.batches[holder.standing.sequence :][:count]:
            holder.take(data, position=position)

    def _refused(self, holder: List, data: bytes, position: WatchlistPosition | None) -> None:
        try:
            holder.take(data, position=position)
        except ComityError:
            return
        raise AssertionError("a holder took what it must not")

    @precondition(lambda self: self.batches)
    @rule(number=HOLDERS, which=st.integers(0, 50))
    def deliver_another(self, number: int, which: int) -> None:
        """A holder gets a batch again, or one too early."""
        holder = self.holders[number]
        data, position = self.batches[which % len(self.batches)]
        if position.sequence != holder.standing.sequence + 1:
            self._refused(holder, data, position)

    @precondition(lambda self: self.batches)
    @rule(number=HOLDERS, at=st.integers(0, 1 << 20), bit=st.integers(0, 7))
    def deliver_altered(self, number: int, at: int, bit: int) -> None:
        """A holder gets its next batch with one bit changed."""
        holder = self.holders[number]
        for data, position in self.batches[holder.standing.sequence :][:1]:
            altered = bytearray(data)
            altered[at % len(data)] ^= 1 << bit
            self._refused(holder, bytes(altered), position)

    @precondition(lambda self: self.sets)
    @rule(number=HOLDERS, which=st.integers(0, 50))
    def replay(self, number: int, which: int) -> None:
        """The owner's machine uses a set again that a holder has, in a batch of its own under a header that fits."""
        holder = self.holders[number]
        old = self.sets[which % len(self.sets)]
        known = {s.body for data, _ in self.batches[: holder.standing.sequence] for s in parse_batch(data).sets}
        if old.body in known:
            at = max(self.time, holder.standing.time)
            data = encode_batch(pb.WatchBatch(salt=bytes(32), time=at, sets=[old]))
            place = holder.standing
            head = head_of(LIST_ID, place.sequence + 1, place.head, data)
            self._refused(holder, data, WatchlistPosition(LIST_ID, place.sequence + 1, place.head, head))

    @precondition(lambda self: self.batches)
    @rule(number=HOLDERS)
    def begin_anew(self, number: int) -> None:
        """A holder loses everything and gets a snapshot."""
        holder, (data, position) = self.holders[number], self.batches[-1]
        kept = self.owner.records.kept
        reader, found = StateReader(), dict[bytes, bytes]()
        for chunk in write_state(self.owner.standing, [kept[key] for key in sorted(kept)], count=len(kept)):
            found |= {record.entry_id: record.data for record in reader.feed(chunk)}
        holder.standing = adopt(reader, data, position, SENDER)
        holder.records.kept = found

    @invariant()
    def every_holder_stands_where_the_owner_stood(self) -> None:
        """At its sequence."""
        for holder in self.holders:
            assert (holder.standing, holder.records.kept) == self.history[holder.standing.sequence]

    def teardown(self) -> None:
        """At the end all get what is missing and hold the same."""
        for holder in self.holders:
            for data, position in self.batches[holder.standing.sequence :]:
                holder.take(data, position=position)
            assert (holder.standing, holder.records.kept) == (self.owner.standing, self.owner.records.kept)


Lists.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestOwnerAndHolders = Lists.TestCase
