"""Amounts of a freeze: exact decimals of one token, never floats, never rounded.

An amount is text: digits and at most one point. It has no more digits after the point than its token, and as a whole
number of the token's smallest unit it fits in 256 bits, as ledgers keep it.

Never does: convert between tokens or currencies, I/O.
"""

from __future__ import annotations

from decimal import Clamped, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, Rounded, Underflow
from enum import StrEnum
from typing import Final

from comity.errors import ComityError
from comity.payload_rules import is_amount

DECIMALS_LIMIT: Final = 36
"""Greatest number of digits after the point that a token may have."""
UNITS: Final = 2**256
"""A number of smallest units is below it."""
ZERO: Final = Decimal(0)
"""Nothing."""

# Wide enough for every sum of a ledger; what would not fit exactly is an error and never a rounded number.
_EXACT: Final = Context(
    prec=400,
    traps=[Clamped, DivisionByZero, Inexact, InvalidOperation, Overflow, Rounded, Underflow],
)


class Problem(StrEnum):
    """Why something does not fit a freeze. Each has one text, see `TEXTS`."""

    NOT_AN_AMOUNT = "NOT_AN_AMOUNT"
    NEGATIVE = "NEGATIVE"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    OVERFLOW = "OVERFLOW"
    ZERO = "ZERO"
    NOT_OPENED = "NOT_OPENED"
    UNKNOWN_LINE = "UNKNOWN_LINE"
    LINE_TWICE = "LINE_TWICE"
    LINE_MISSING = "LINE_MISSING"
    CHANGED_LINE = "CHANGED_LINE"
    DOES_NOT_ADD_UP = "DOES_NOT_ADD_UP"
    WRONG_STATUS = "WRONG_STATUS"
    NOT_THE_TOTALS = "NOT_THE_TOTALS"
    INFLOW_NOT_COVERED = "INFLOW_NOT_COVERED"
    RELEASED_WITHOUT_RELEASE = "RELEASED_WITHOUT_RELEASE"
    HELD_WITHOUT_REPORT = "HELD_WITHOUT_REPORT"
    MORE_THAN_HELD = "MORE_THAN_HELD"
    STILL_HELD = "STILL_HELD"
    IS_A_RELEASE = "IS_A_RELEASE"
    HELD_IS_GONE = "HELD_IS_GONE"
    MORE_THAN_ASKED = "MORE_THAN_ASKED"
    NOT_ASKED = "NOT_ASKED"
    GAP_BETWEEN = "GAP_BETWEEN"
    NOT_LATER = "NOT_LATER"
    ENDS_DIFFER = "ENDS_DIFFER"
    NOT_ITS_OWN = "NOT_ITS_OWN"


TEXTS: Final = {
    Problem.NOT_AN_AMOUNT: "is not an exact decimal: digits and at most one point",
    Problem.NEGATIVE: "is negative",
    Problem.TOO_MANY_DECIMALS: "has more digits after the point than the token",
    Problem.OVERFLOW: "is larger than a ledger can hold",
    Problem.ZERO: "is nothing at all",
    Problem.NOT_OPENED: "belongs to a freeze that was not asked for",
    Problem.UNKNOWN_LINE: "is a line that was not asked for",
    Problem.LINE_TWICE: "is a line that stands twice",
    Problem.LINE_MISSING: "leaves out a line of which something was held",
    Problem.CHANGED_LINE: "leaves out or changes a line of the provisional hold",
    Problem.DOES_NOT_ADD_UP: "does not add up: requested = held + released + gone + outstanding",
    Problem.WRONG_STATUS: "has a status that its amounts contradict",
    Problem.NOT_THE_TOTALS: "does not go on from the totals before",
    Problem.INFLOW_NOT_COVERED: "reports an inflow, and the line covers none",
    Problem.RELEASED_WITHOUT_RELEASE: "reports as released what no release or variation let go",
    Problem.HELD_WITHOUT_REPORT: "speaks of assets as held, and no report has said so",
    Problem.MORE_THAN_HELD: "is more than what is held",
    Problem.STILL_HELD: "leaves something held, now or before: a part is a variation, no release",
    Problem.IS_A_RELEASE: "leaves a crumb of a line, with the variations before it: that is a release",
    Problem.HELD_IS_GONE: "reports as gone what was held",
    Problem.MORE_THAN_ASKED: "goes beyond what was asked",
    Problem.NOT_ASKED: "was not asked for, or what asked for it is not here",
    Problem.GAP_BETWEEN: "begins after the one before has ended",
    Problem.NOT_LATER: "is not later than the end that is set",
    Problem.ENDS_DIFFER: "is another end than the header's lapses_at",
    Problem.NOT_ITS_OWN: "extends what was passed on: a conversion to an instrument of one's own goes on from it",
}
"""What each problem says after the name of what has it; constant text."""


class LedgerError(ComityError):
    """Something does not fit a freeze; nothing was changed."""

    def __init__(self, problem: Problem, line: int = 0, field: str = "") -> None:
        super().__init__(TEXTS[problem])
        self.problem = problem
        """Why."""
        self.line = line
        """Number of the line; 0 where it is none in particular."""
        self.field = field
        """Field of the body or of the line; empty where it is the whole."""


def read_amount(text: str, decimals: int | None = None) -> Decimal:
    """Reads an amount.

    Args:
        text: as it stands in a message.
        decimals: digits after the point that the token has; None where the token is not known, and then 36 will do.

    Raises:
        LedgerError: NEGATIVE, NOT_AN_AMOUNT, TOO_MANY_DECIMALS or OVERFLOW.
    """
    if text.startswith("-"):
        raise LedgerError(Problem.NEGATIVE)
    if not is_amount(text):
        raise LedgerError(Problem.NOT_AN_AMOUNT)
    if len(text.partition(".")[2]) > (DECIMALS_LIMIT if decimals is None else decimals):
        raise LedgerError(Problem.TOO_MANY_DECIMALS)
    return fitting(Decimal(text), decimals or 0)


def fitting(amount: Decimal, decimals: int) -> Decimal:
    """Returns an amount that a ledger can hold.

    Raises:
        LedgerError: OVERFLOW.
    """
    if _EXACT.scaleb(amount, decimals) >= UNITS:
        raise LedgerError(Problem.OVERFLOW)
    return amount


def total(*amounts: Decimal) -> Decimal:
    """Returns the exact sum."""
    found = ZERO
    for amount in amounts:
        found = _EXACT.add(found, amount)
    return found


def rest(amount: Decimal, taken: Decimal) -> Decimal:
    """Returns the exact difference; negative where more was taken."""
    return _EXACT.subtract(amount, taken)


def times(amount: Decimal, count: int) -> Decimal:
    """Returns the exact product."""
    return _EXACT.multiply(amount, Decimal(count))


def write_amount(amount: Decimal) -> str:
    """Returns an amount as text, without zeros that say nothing."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
