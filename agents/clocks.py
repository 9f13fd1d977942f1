"""Clocks on this side: what comes near its limit, what went by, and who has to confirm; hub or no hub.

Everything is computed from the bytes that are kept here and this side's own clock. Which members were reminded of what
is kept as well, so that nobody is told the same again after a restart, and nobody misses what fell due while nobody
watched.

Never does: network; move a case (`comity.workflow.timers` does, in memory, and the feed for good).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from comity.envelope import parse_header
from comity.errors import RefusedError
from comity.names import agency_of
from comity.v1 import envelope_pb2
from comity.workflow.families import TABLES
from comity.workflow.legs import Leg
from comity.workflow.profiles import load_profile
from comity.workflow.terms import Family, Side, Standing, State
from comity.workflow.timers import settle
from sqlalchemy import Connection

from agents import boardstore, mailstore
from agents.boardstore import OpenLeg, Told
from agents.cases import profile_between
from agents.home import Home
from agents.records import LimitKind, Reminder
from agents.store import Store
from agents.trust import Clock, Trust

PERCENTS: Final = (50, 80, 95)
"""When people are reminded where no agreement says otherwise."""
GONE: Final = 100
"""The percent of a limit that went by."""
_TIMED: Final = frozenset(
    (int(family), int(standing), state.value)
    for family, table in TABLES.items()
    for standing in Standing
    for state in table.timed_out(standing)
)
"""Where a leg ends by itself when its end goes by: by family, standing and state, as a store has them."""


class Limit(NamedTuple):
    """One limit of a leg, Unix milliseconds UTC."""

    kind: LimitKind
    since: int
    """From when its time counts."""
    at: int
    ours: bool
    """This desk must do something before it."""


class Clocks:
    """The limits of one home's cases."""

    def __init__(self, home: Home, store: Store, trust: Trust, member: str, clock: Clock) -> None:
        self._home, self._store, self._trust, self._member, self._clock = home, store, trust, member, clock
        self._since: dict[tuple[str, bytes, str, int], int] = {}
        self._told: dict[tuple[str, bytes, str, str, int], int] = {}

    def reminders(self) -> list[Reminder]:
        """Returns every limit of which as much has gone as the agreed profile reminds of, with the newest percent."""
        now, percents = self._clock(), dict[tuple[str, Family], tuple[int, ...]]()
        with self._store.begin(lasting=False) as c:
            return [
                reminder
                for leg in boardstore.legs_near(c, now, self._least())
                for reminder in self._of(c, leg, now, percents)
            ]

    def untold(self) -> list[Reminder]:
        """Returns the reminders that this member was not told yet; `tell` remembers that they were."""
        found = [one for one in self.reminders() if self._told.get(_key(one), 0) < one.percent]
        if not found:
            return []
        with self._store.begin(lasting=False) as c:
            for one in found:
                self._told[_key(one)] = boardstore.percent_told(c, self._row(one))
        return [one for one in found if self._told[_key(one)] < one.percent]

    def tell(self, reminder: Reminder) -> None:
        """Remembers that this member was told."""
        self._told[_key(reminder)] = reminder.percent
        with self._store.begin(lasting=False) as c:
            boardstore.tell(c, self._row(reminder))

    def forget_ended(self) -> None:
        """Forgets what was told of cases that are over."""
        with self._store.begin(lasting=False) as c:
            boardstore.forget_told(c, self._member)

    def unconfirmed(self) -> list[OpenLeg]:
        """Returns what one person of this desk opened and a second person must still confirm, before it lapses."""
        now = self._clock()
        with self._store.begin(lasting=False) as c:
            found = boardstore.provisional(c, self._home.desk)
            return [leg for leg in found if not self._ended(c, leg, now)]

    # --- how

    def _of(
        self, c: Connection, leg: OpenLeg, now: int, percents: dict[tuple[str, Family], tuple[int, ...]]
    ) -> Iterator[Reminder]:
        ended = self._ended(c, leg, now)
        other = leg.recipient if leg.originator == self._home.desk else leg.originator
        key = (agency_of(other), Family(leg.family))
        for limit in self._limits(c, leg, ended=ended):
            if key not in percents:
                percents[key] = self._percents(*key, now)
            span = limit.at - limit.since
            passed = [percent for percent in percents[key] if limit.since + span * percent // 100 <= now]
            if now > limit.at:
                passed.append(GONE)
            if passed:
                case_id, ours = leg.case_id.hex(), limit.ours
                yield Reminder(case_id, *_desks(leg), ours, limit.at, passed[-1], limit.kind, key[1])

    def _limits(self, c: Connection, leg: OpenLeg, *, ended: State | None) -> Iterator[Limit]:
        side = Side.ORIGINATOR if leg.originator == self._home.desk else Side.RECIPIENT
        if leg.respond_by is not None and ended is None:
            since = boardstore.created_of(c, leg.question)
            yield Limit(LimitKind.ANSWER, since or leg.opened, leg.respond_by, leg.awaiting == side.value)
        if leg.recall_respond_by is not None:
            since = boardstore.created_of(c, leg.recall)
            yield Limit(LimitKind.RECALL, since or leg.opened, leg.recall_respond_by, side is Side.RECIPIENT)
        # What expired undelivered before that has no other end to remind of.
        if leg.lapses_at is not None and times_out(leg) and (ended is None or self._clock() > leg.lapses_at):
            yield Limit(LimitKind.LAPSE, self._lapse_since(c, leg), leg.lapses_at, side is Side.ORIGINATOR)

    def _lapse_since(self, c: Connection, leg: OpenLeg) -> int:
        """Returns when the envelope was sealed that set the leg's end: an extension begins its time anew."""
        place = (leg.originator, leg.case_id, leg.recipient, leg.lapses_at or 0)
        if place not in self._since:
            since = leg.opened
            for data in boardstore.envelopes_of(c, leg.case_id):
                header = parse_header(envelope_pb2.Envelope.FromString(data).header)
                if header.lapses_at == leg.lapses_at and header.created > since:
                    since = header.created
            self._since[place] = since
        return self._since[place]

    def _ended(self, c: Connection, leg: OpenLeg, now: int) -> State | None:
        """Returns how a leg has ended by this side's own clock that is still open in the store, or None."""
        after = settled(c, leg, now)
        return None if after is None or after.state.value == leg.state else after.state

    def _percents(self, agency: str, family: Family, now: int) -> tuple[int, ...]:
        try:
            profile = profile_between(self._trust.view(), self._home.agency, agency, family, now)
        except RefusedError:
            return PERCENTS  # a leg that a grant opened needs no agreement
        return profile.reminders_percent or PERCENTS

    def _least(self) -> int:
        """Returns the least percent that any agreement of this agency reminds of."""
        least = PERCENTS[0]
        for agreement in self._trust.view().agreements(self._home.agency):
            try:
                percents = load_profile(agreement.profile_sha256).reminders_percent
            except RefusedError:
                continue
            least = min(least, *percents) if percents else least
        return least

    def _row(self, one: Reminder) -> Told:
        case_id = bytes.fromhex(one.case_id)
        return Told(self._member, one.originator, case_id, one.recipient, one.kind.value, one.respond_by, one.percent)


def times_out(leg: OpenLeg) -> bool:
    """Returns whether a leg ends when its `lapses_at` goes by: one that was released, say, does not any more."""
    return (leg.family, leg.standing, leg.state) in _TIMED


def settled(c: Connection, leg: OpenLeg, now: int) -> Leg | None:
    """Returns a leg as this side's own clock has it, where a limit that can end it went by; else None.

    Args:
        c: to look with.
        leg: as it is stored.
        now: Unix milliseconds UTC.
    """
    lapses = leg.lapses_at is not None and now > leg.lapses_at
    if not lapses and not (leg.state == State.SENT.value and now > leg.deliver_by):
        return None
    found = mailstore.legs(c, leg.case_id)
    whole = next((one for one in found if (one.originator, one.recipient) == _desks(leg)), None)
    return None if whole is None else settle(whole, now).leg


def _desks(leg: OpenLeg) -> tuple[str, str]:
    return leg.originator, leg.recipient


def _key(one: Reminder) -> tuple[str, bytes, str, str, int]:
    return one.originator, bytes.fromhex(one.case_id), one.recipient, one.kind.value, one.respond_by
