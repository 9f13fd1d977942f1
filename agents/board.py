"""The board: every case that is not over, what limits it, how much time is left, and whose turn it is.

Made of what stands in the open (`agents/boardstore.py`): nothing is decrypted, so that ten thousand cases fit into the
time that a screen may take. By this side's own clock: what lapsed while the hub was away has lapsed.

Never does: change anything; show content. The amounts of a freeze are sealed: `agents/freezing` opens them, one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from types import MappingProxyType
from typing import Final, NamedTuple

from comity.names import agency_of
from comity.workflow.terms import Family, Side, Standing, State

from agents import boardstore
from agents.boardstore import ENDED, OpenLeg
from agents.clocks import settled, times_out
from agents.home import Home
from agents.records import LimitKind, MessageStatus
from agents.store import Store
from agents.trust import Clock, Trust

_FIRST: Final = frozenset({int(Family.FREEZE), int(Family.ASSISTANCE)})
"""Families that stand above the others."""
_SENT: Final = State.SENT.value
_DELIVERED: Final = MessageStatus.DELIVERED.value
_PROVISIONAL: Final = int(Standing.PROVISIONAL)
_SIDES: Final[Mapping[str, Side]] = MappingProxyType({side.value: side for side in Side})
_Due = tuple[int | None, LimitKind | None]
_Key = tuple[int | str | bytes, ...]
_NEVER: Final = 1 << 62
_FAMILIES: Final[Mapping[int, Family]] = MappingProxyType({int(family): family for family in Family})
_STATES: Final[Mapping[str, State]] = MappingProxyType({state.value: state for state in State})
_STANDINGS: Final[Mapping[int, Standing]] = MappingProxyType({int(standing): standing for standing in Standing})

TURN: Final[Mapping[State, Side | None]] = MappingProxyType(
    {
        State.SENT: Side.RECIPIENT,
        State.DELIVERED: Side.RECIPIENT,
        State.ACKNOWLEDGED: Side.RECIPIENT,
        State.MORE_INFO: Side.ORIGINATOR,
        State.IN_PROGRESS: Side.RECIPIENT,
        State.SUSPENDED: Side.RECIPIENT,
        State.EXECUTING: Side.RECIPIENT,
        State.IN_FORCE: None,
        State.CHALLENGED: Side.RECIPIENT,
        State.REPLIED: Side.ORIGINATOR,
        State.REFUSED: Side.ORIGINATOR,
        State.RELEASED: Side.ORIGINATOR,
        State.DECLINED: Side.ORIGINATOR,
        State.REDIRECTED: Side.ORIGINATOR,
        State.OUTCOME_REPORTED: Side.ORIGINATOR,
        State.CLOSED: None,
        State.WITHDRAWN: None,
        State.RECALLED: Side.RECIPIENT,
        State.EXPIRED: None,
        State.LAPSED: None,
        State.FORWARDED: None,
        State.OFFERED: Side.RECIPIENT,
        State.SYNCING: Side.ORIGINATOR,
        State.CURRENT: None,
        State.LAGGING: Side.ORIGINATOR,
        State.REVOKED: None,
    }
)
"""Which side acts next where no answer is awaited; None where nobody has to."""
# An enum's own hash is a call of Python: ten thousand rows go by the plain words.
_TURN: Final[Mapping[str, Side | None]] = {state.value: side for state, side in TURN.items()}
_ENDED: Final = frozenset(state.value for state in ENDED)


class Sort(StrEnum):
    """What comes first."""

    TIME = "time"
    """Freezes and requests first; among them whatever has the least time left."""
    STATE = "state"
    FAMILY = "family"
    WITH = "with"
    """The other desk."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases are shown; empty for all."""

    families: Collection[Family] = ()
    states: Collection[State] = ()
    desk: str = ""
    """The other side: an agency, or a desk."""
    ours: bool = False
    """Only those in which this desk acts next."""


EVERYTHING: Final = Filter()
"""Every open case."""


class BoardRow(NamedTuple):
    """One open case. Times are Unix milliseconds UTC."""

    case_id: str
    family: Family
    side: Side
    """Where this desk stands."""
    desk: str
    """The other one."""
    state: State
    standing: Standing
    flash: bool
    """Somebody said FLASH in it."""
    ours: bool
    """This desk acts next; False where the other one does, or nobody has to."""
    theirs: bool
    due: int | None
    """The limit that is next to go by, or that went by already; None where there is none."""
    limit: LimitKind | None
    """Of what."""
    respond_by: int | None
    recall_respond_by: int | None
    lapses_at: int | None
    deliver_by: int | None
    """While the opening message is not stored."""
    opened: int
    own_clock: bool
    """The state is by this desk's own clock: the log has not said so."""
    unseen: str
    """Own FLASH mail that no person has opened: DELIVERED where a machine has stored it, SUBMITTED where none has."""
    telephone: str
    """The other desk's duty telephone in the directory, where somebody has to call: with `unseen`."""


class Page(NamedTuple):
    """The top of the board."""

    rows: list[BoardRow]
    total: int
    """How many cases there are, those below the page too."""
    late: int
    """In how many of them a limit went by."""


class Board:
    """The open cases of one home."""

    def __init__(self, home: Home, store: Store, trust: Trust, clock: Clock) -> None:
        self._home, self._store, self._trust, self._clock = home, store, trust, clock

    def page(self, wanted: Filter = EVERYTHING, sort: Sort = Sort.TIME, most: int | None = None) -> Page:
        """Returns the open cases, those first that come first.

        Args:
            wanted: which.
            sort: in which order.
            most: how many rows are made; None for all.
        """
        now, desk, key = self._clock(), self._home.desk, _KEYS[sort]
        with self._store.begin(lasting=False) as c:
            legs = boardstore.open_legs(c)
            ended = {
                leg[:3]: after
                for leg in legs
                if (leg.lapses_at is not None and now > leg.lapses_at) or (now > leg.deliver_by and leg.state == _SENT)
                if (after := settled(c, leg, now)) is not None
            }
            flash = boardstore.flash_cases(c)
            unseen = {(case, desk): status for _, case, desk, status in boardstore.unseen_flash(c)}
        found, late = list[tuple[_Key, OpenLeg, str, _Due]](), 0
        for leg in legs:
            state = leg.state
            if ended and (after := ended.get(leg[:3])) is not None:
                state = after.state.value
            if wanted is not EVERYTHING and not _fits(leg, state, wanted, desk):
                continue
            due = _next(leg, state)
            late += due[0] is not None and due[0] < now
            found.append((key(leg, state, due[0], desk), leg, state, due))
        found.sort(key=_first)
        rows = [self._row(leg, state, due, flash, unseen) for _, leg, state, due in found[:most]]
        return Page(rows, len(found), late)

    def _row(
        self, leg: OpenLeg, state: str, due: _Due, flash: Collection[bytes], unseen: Mapping[tuple[bytes, str], str]
    ) -> BoardRow:
        own = leg.originator == self._home.desk
        side, other = (Side.ORIGINATOR, leg.recipient) if own else (Side.RECIPIENT, leg.originator)
        acts, theirs = _turns(leg, state, self._home.desk)
        status = unseen.get((leg.case_id, other), "") if unseen else ""
        return BoardRow(
            leg.case_id.hex(),
            _FAMILIES[leg.family],
            side,
            other,
            _STATES[state],
            _STANDINGS[leg.standing],
            leg.case_id in flash,
            acts,
            theirs,
            due[0],
            due[1],
            None if state in _ENDED else leg.respond_by,
            leg.recall_respond_by,
            leg.lapses_at,
            leg.deliver_by if state == _SENT else None,
            leg.opened,
            state != leg.state,
            status,
            self._telephone(other) if status == _DELIVERED else "",
        )

    def _telephone(self, desk: str) -> str:
        contact = self._trust.view().contact(desk)
        return "" if contact is None else contact.telephone


def _turns(leg: OpenLeg, state: str, desk: str) -> tuple[bool, bool]:
    """Returns whether a desk acts next, and whether the other one does. While a second person is wanted, both do."""
    own = leg.originator == desk
    if state in _ENDED:
        return (not own, own) if leg.recall_respond_by is not None else (False, False)
    turn = _TURN[state] if leg.awaiting is None else _SIDES[leg.awaiting]
    ours = turn is (Side.ORIGINATOR if own else Side.RECIPIENT)
    theirs = turn is not None and not ours
    if leg.standing == _PROVISIONAL:
        return ours or own, theirs or not own
    return ours, theirs


def _next(leg: OpenLeg, state: str) -> _Due:
    """Returns the limit of a leg that is next to go by, and of what it is one."""
    due: int | None = None
    limit: LimitKind | None = None
    if leg.respond_by is not None and state not in _ENDED:
        due, limit = leg.respond_by, LimitKind.ANSWER
    if leg.recall_respond_by is not None and (due is None or leg.recall_respond_by < due):
        due, limit = leg.recall_respond_by, LimitKind.RECALL
    if leg.lapses_at is not None and (due is None or leg.lapses_at < due) and times_out(leg):
        due, limit = leg.lapses_at, LimitKind.LAPSE
    if state == _SENT and (due is None or leg.deliver_by < due):
        due, limit = leg.deliver_by, LimitKind.DELIVERY
    return due, limit


def _fits(leg: OpenLeg, state: str, wanted: Filter, desk: str) -> bool:
    if wanted.families and _FAMILIES[leg.family] not in wanted.families:
        return False
    if wanted.states and _STATES[state] not in wanted.states:
        return False
    other = _other(leg, desk)
    if wanted.desk and wanted.desk not in (other, agency_of(other)):
        return False
    return not wanted.ours or _turns(leg, state, desk)[0]


def _other(leg: OpenLeg, desk: str) -> str:
    return leg.recipient if leg.originator == desk else leg.originator


# Each key ends in the time left and in what no two legs have in common.


def _by_time(leg: OpenLeg, _state: str, due: int | None, _desk: str) -> _Key:
    return leg.family not in _FIRST, _NEVER if due is None else due, leg.case_id, leg.recipient


def _by_state(leg: OpenLeg, state: str, due: int | None, desk: str) -> _Key:
    return state, *_by_time(leg, state, due, desk)


def _by_family(leg: OpenLeg, state: str, due: int | None, desk: str) -> _Key:
    return leg.family not in _FIRST, leg.family, *_by_time(leg, state, due, desk)


def _by_desk(leg: OpenLeg, state: str, due: int | None, desk: str) -> _Key:
    return _other(leg, desk), *_by_time(leg, state, due, desk)


_first: Final = itemgetter(0)
_KEYS: Final = MappingProxyType(
    {Sort.TIME: _by_time, Sort.STATE: _by_state, Sort.FAMILY: _by_family, Sort.WITH: _by_desk}
)
