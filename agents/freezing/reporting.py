"""Reports out of what a person knows, with the totals that the ledger knows.

Whoever executes a freeze says what is held and what has gone; what follows from that is not typed but added up.

Never does: round, guess an amount that nobody said.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from comity.freezes import LedgerError, Problem, Row, read_amount, write_amount
from comity.freezes.amounts import ZERO, rest, total
from comity.v1 import payload_pb2 as pb

NAMES: Final = frozenset(
    {"held", "gone", "requested", "inflow", "next_hop", "next_holder", "next_transaction", "evidence", "answer"}
)
"""What may be said of a line."""
_WORDS: Final = ("next_hop", "next_holder", "next_transaction", "evidence", "answer")


def line_report(row: Row, said: Mapping[str, str], when: str) -> pb.LineReport:
    """Returns the report of one line.

    Args:
        row: what the ledger knows of it.
        said: amounts and words by name; what is not named is as before.
        when: as of which date or moment.

    Raises:
        LedgerError: an amount is none, or more than there is.
    """
    held = _amount(said, "held", row, row.held)
    gone = _amount(said, "gone", row, row.gone)
    inflow = _amount(said, "inflow", row, ZERO)
    known = row.requested
    if known is None:
        # Of all there is: what is held and what has gone, unless somebody knows better.
        requested = _amount(said, "requested", row, total(held, row.released, gone))
    else:
        requested = total(known, inflow)
    outstanding = rest(requested, total(held, row.released, gone))
    if outstanding < 0:
        raise LedgerError(Problem.DOES_NOT_ADD_UP, row.number, "held")
    return pb.LineReport(
        line=row.number,
        status=_status(held, gone, outstanding),
        requested=write_amount(requested),
        held=write_amount(held),
        released=write_amount(row.released),
        gone=write_amount(gone),
        outstanding=write_amount(outstanding),
        inflow=write_amount(inflow) if inflow else "",
        when=when,
        **{name: said.get(name, "") for name in _WORDS},
    )


def _status(held: Decimal, gone: Decimal, outstanding: Decimal) -> pb.LineStatus:
    if held:
        return pb.LINE_STATUS_HELD_PART if gone or outstanding else pb.LINE_STATUS_HELD_FULL
    return pb.LINE_STATUS_FAILED if outstanding or not gone else pb.LINE_STATUS_NOTHING_LEFT


def _amount(said: Mapping[str, str], name: str, row: Row, known: Decimal) -> Decimal:
    if name not in said:
        return known
    try:
        return read_amount(said[name], row.decimals)
    except LedgerError as error:
        raise LedgerError(error.problem, row.number, name) from None
