"""How a holder says that one line stands, read exactly and held against itself.

Never does: know what was said before (`comity.freezes.ledger`), I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from comity.freezes.amounts import ZERO, LedgerError, Problem, read_amount, total
from comity.v1 import payload_pb2 as pb

FIELDS: Final = ("requested", "held", "released", "gone", "outstanding")
"""The amounts of a report, the sum first."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a report says of a line, since the request."""

    requested: Decimal
    """All that the line covers."""
    held: Decimal
    """Held now."""
    released: Decimal
    """Was held, and was let go."""
    gone: Decimal
    """Left before it could be held."""
    outstanding: Decimal
    """Neither."""
    inflow: Decimal
    """What came in since the report before; part of `requested`."""


def read_report(report: pb.LineReport, decimals: int | None = None) -> Totals:
    """Reads a report of one line.

    Args:
        report: as it stands in a message.
        decimals: digits after the point that the line's token has; None where the line is not known.

    Raises:
        LedgerError: an amount is none, the sum is wrong, or the status says something else than the amounts.
    """
    amounts = {name: _read(report, name, decimals) for name in FIELDS}
    inflow = _read(report, "inflow", decimals) if report.inflow else ZERO
    said = Totals(**amounts, inflow=inflow)
    if said.requested != total(said.held, said.released, said.gone, said.outstanding) or inflow > said.requested:
        raise LedgerError(Problem.DOES_NOT_ADD_UP, report.line)
    if not _fits(report.status, said):
        raise LedgerError(Problem.WRONG_STATUS, report.line, "status")
    return said


def _read(report: pb.LineReport, name: str, decimals: int | None) -> Decimal:
    try:
        return read_amount(getattr(report, name), decimals)
    except LedgerError as error:
        raise LedgerError(error.problem, report.line, name) from None


def _fits(status: int, said: Totals) -> bool:
    if status == pb.LINE_STATUS_HELD_FULL:
        return said.held > 0 and not said.gone and not said.outstanding
    if status == pb.LINE_STATUS_HELD_PART:
        return said.held > 0 and bool(said.gone or said.outstanding)
    if status == pb.LINE_STATUS_NOTHING_LEFT:
        return not said.held and not said.outstanding
    return status == pb.LINE_STATUS_FAILED and not said.held and bool(said.outstanding or not said.requested)
