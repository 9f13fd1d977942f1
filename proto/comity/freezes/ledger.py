"""The ledger of a freeze: for each asset line what was requested, and what became of it, in exact decimals.

    requested = held + released + gone + outstanding

holds of every line after every step, on both sides, for both compute it with this code out of the same messages in the
order of the log. A step that would break it raises and changes nothing. `ALL` becomes a number with the first report
that has one.

Never does: decide who may do what (`comity.workflow`), read a clock, I/O.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol, TypeVar

from comity.freezes.amounts import ZERO, LedgerError, Problem, fitting, read_amount, rest, total
from comity.freezes.reports import read_report
from comity.v1 import payload_pb2 as pb


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger."""

    number: int
    """As in the request."""
    asset: tuple[str, str, str]
    """Account, platform's account, token."""
    decimals: int
    """Digits after the point that the token has."""
    asked: Decimal | None
    """What the request asked for; None is all there is."""
    later_inflows: bool
    """Whether what comes in later is covered."""
    requested: Decimal | None
    """What is to be held, variations and inflows included; None while all there is is not known."""
    held: Decimal = ZERO
    """Held now."""
    released: Decimal = ZERO
    """Was held, and was let go, returned or forfeited."""
    gone: Decimal = ZERO
    """Left before it could be held."""
    outstanding: Decimal = ZERO
    """Neither."""
    returned: Decimal = ZERO
    """Of what was released: returned to the victim."""
    forfeited: Decimal = ZERO
    """Of what was released: forfeited."""
    reported: bool = False
    """Whether a report has spoken of it. Before it nothing is held."""
    varied: Decimal = ZERO
    """What variations have let go, all together; no report and no outcome changes it."""
    taken: Decimal = ZERO
    """What reports took out of held and have not put back, part of outstanding: it was held, so it is never gone."""

    @property
    def reconciles(self) -> bool:
        """Whether the line adds up; always."""
        parts = (self.held, self.released, self.gone, self.outstanding)
        return total(*parts) == (self.requested or ZERO) and min(parts) >= 0


class _Numbered(Protocol):
    @property
    def line(self) -> int: ...


N = TypeVar("N", bound=_Numbered)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All lines of one freeze. A value: each step gives a new one."""

    rows: tuple[Row, ...]
    """By ascending number."""

    @classmethod
    def open(cls, lines: Iterable[pb.AssetLine]) -> Ledger:
        """Returns the ledger of a request, before anything was held.

        Raises:
            LedgerError: an amount is none, or a number stands twice.
        """
        rows = sorted((_open(line) for line in lines), key=lambda row: row.number)
        for one, other in itertools.pairwise(rows):
            if one.number == other.number:
                raise LedgerError(Problem.LINE_TWICE, one.number, "number")
        return cls(tuple(rows))

    def row(self, number: int) -> Row:
        """Returns a line by its number.

        Raises:
            LedgerError: UNKNOWN_LINE.
        """
        for row in self.rows:
            if row.number == number:
                return row
        raise LedgerError(Problem.UNKNOWN_LINE, number, "line")

    @property
    def holds(self) -> bool:
        """Whether anything is held now, as a report has said."""
        return any(row.held for row in self.rows)

    def complete(self, lines: Iterable[pb.AssetLine]) -> Ledger:
        """Returns the ledger of a provisional hold that was put into its full form: the same lines, and further ones.

        Raises:
            LedgerError: CHANGED_LINE of the first that is missing or is another; as for `open`.
        """
        written = {row.number: row for row in Ledger.open(lines).rows}
        kept = []
        for row in self.rows:
            new = written.pop(row.number, None)
            if new is None or (new.asset, new.decimals, new.asked) != (row.asset, row.decimals, row.asked):
                raise LedgerError(Problem.CHANGED_LINE, row.number)
            kept.append(replace(row, later_inflows=row.later_inflows or new.later_inflows))
        return Ledger(tuple(sorted([*kept, *written.values()], key=lambda row: row.number)))

    def report(self, reports: Iterable[pb.LineReport]) -> Ledger:
        """Returns the ledger after the holder's side has said how lines stand.

        Raises:
            LedgerError: a report does not add up, does not go on from what was said before, or is of no line.
        """
        return self._each(reports, _reported)

    def release(self, releases: Iterable[pb.LineRelease]) -> Ledger:
        """Returns the ledger after something was let go.

        Raises:
            LedgerError: MORE_THAN_HELD, HELD_WITHOUT_REPORT, ZERO, of no line, or no amount.
        """
        return self._each(releases, _released)

    def vary(self, variations: Iterable[pb.LineVariation]) -> Ledger:
        """Returns the ledger after a part was let go, or more is to be held.

        Raises:
            LedgerError: as for `release`; OVERFLOW.
        """
        return self._each(variations, _varied)

    def outcome(self, outcomes: Iterable[pb.LineOutcome]) -> Ledger:
        """Returns the ledger after it was said what became of all that was ever held.

        Raises:
            LedgerError: NOT_THE_TOTALS, MORE_THAN_HELD, LINE_MISSING, of no line, or no amount.
        """
        said = list(outcomes)
        done = self._each(said, _ended)
        named = {outcome.line for outcome in said}
        for row in self.rows:
            if row.number not in named and (row.held or row.released):
                raise LedgerError(Problem.LINE_MISSING, row.number)
        return done

    def _each(self, items: Iterable[N], step: Callable[[Row, N], Row]) -> Ledger:
        rows = {row.number: row for row in self.rows}
        done = set()
        for item in items:
            if item.line in done:
                raise LedgerError(Problem.LINE_TWICE, item.line, "line")
            done.add(item.line)
            rows[item.line] = step(self.row(item.line), item)
        return Ledger(tuple(rows.values()))


def _open(line: pb.AssetLine) -> Row:
    asked = None if line.all else _amount(line.amount, line.decimals, line.number, "amount")
    if asked == 0:
        raise LedgerError(Problem.ZERO, line.number, "amount")
    return Row(
        number=line.number,
        asset=(line.account, line.platform_account, line.token),
        decimals=line.decimals,
        asked=asked,
        later_inflows=line.later_inflows,
        requested=asked,
        outstanding=asked or ZERO,
    )


def _reported(row: Row, report: pb.LineReport) -> Row:
    said = read_report(report, row.decimals)
    if said.inflow and not row.later_inflows:
        raise LedgerError(Problem.INFLOW_NOT_COVERED, row.number, "inflow")
    if said.released != row.released:
        raise LedgerError(Problem.RELEASED_WITHOUT_RELEASE, row.number, "released")
    known = said.requested if row.requested is None else total(row.requested, said.inflow)
    if said.requested != known or (row.requested is None and said.inflow):
        raise LedgerError(Problem.NOT_THE_TOTALS, row.number, "requested")
    # What was held cannot have left before it could be held; without a release it is held, or it is outstanding, and
    # it stays so by however many reports.
    free = rest(row.outstanding, row.taken)
    if row.requested is not None and said.gone > total(row.gone, free, said.inflow):
        raise LedgerError(Problem.HELD_IS_GONE, row.number, "gone")
    # A hold that failed may not have shown what there is: all stays all.
    unknown = row.requested is None and report.status == pb.LINE_STATUS_FAILED and not said.requested
    return replace(
        row,
        requested=None if unknown else said.requested,
        held=said.held,
        gone=said.gone,
        outstanding=said.outstanding,
        reported=True,
        taken=max(ZERO, rest(total(row.taken, row.held), said.held)),
    )


def _released(row: Row, release: pb.LineRelease) -> Row:
    amount = row.held if release.all else _amount(release.amount, row.decimals, row.number, "amount")
    return row if release.all and not amount else _let_go(row, amount, "amount")


def _varied(row: Row, variation: pb.LineVariation) -> Row:
    done = row
    if variation.release:
        amount = _amount(variation.release, row.decimals, row.number, "release")
        done = replace(_let_go(done, amount, "release"), varied=total(done.varied, amount))
    if variation.increase:
        more = _amount(variation.increase, row.decimals, row.number, "increase")
        done = _raised(done, more)
    return done


def _let_go(row: Row, amount: Decimal, field: str) -> Row:
    if not amount:
        raise LedgerError(Problem.ZERO, row.number, field)
    if not row.reported:
        raise LedgerError(Problem.HELD_WITHOUT_REPORT, row.number, field)
    if amount > row.held:
        raise LedgerError(Problem.MORE_THAN_HELD, row.number, field)
    return replace(row, held=rest(row.held, amount), released=total(row.released, amount))


def _raised(row: Row, more: Decimal) -> Row:
    if not more:
        raise LedgerError(Problem.ZERO, row.number, "increase")
    if row.requested is None:
        raise LedgerError(Problem.MORE_THAN_ASKED, row.number, "increase")
    try:
        requested = fitting(total(row.requested, more), row.decimals)
    except LedgerError as error:
        raise LedgerError(error.problem, row.number, "increase") from None
    return replace(row, requested=requested, outstanding=total(row.outstanding, more))


def _ended(row: Row, outcome: pb.LineOutcome) -> Row:
    held, released, returned, forfeited = (
        _amount(getattr(outcome, name), row.decimals, row.number, name)
        for name in ("held", "released", "returned", "forfeited")
    )
    if held > row.held:
        raise LedgerError(Problem.MORE_THAN_HELD, row.number, "held")
    left = total(released, returned, forfeited)
    if total(held, left) != total(row.held, row.released):
        raise LedgerError(Problem.NOT_THE_TOTALS, row.number)
    return replace(row, held=held, released=left, returned=returned, forfeited=forfeited)


def _amount(text: str, decimals: int, line: int, field: str) -> Decimal:
    try:
        return read_amount(text, decimals)
    except LedgerError as error:
        raise LedgerError(error.problem, line, field) from None
