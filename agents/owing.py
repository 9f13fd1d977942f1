"""What waits for a delivery that the hub still owes: what goes on with the same case, for it may rest on that.

What is left of a delivery tells its case, where it hashes to what was logged. Where nothing tells it, everything that
goes on with a freeze waits, whose sums both sides must add up alike, and what opens no case that is known here. So a
message that was lost stops its own case and, at the worst, freezes; and never what opens a case, or lists.

Never does: ask for anything; decide what is owed (`agents/debts.py`).
"""

from __future__ import annotations

from typing import Final

from comity.envelope import Header
from comity.workflow.families import table_of
from sqlalchemy import Column, Connection, ForeignKey, Integer, LargeBinary, Table

from agents.cases import leg_between
from agents.driver import Driver
from agents.records import PUBLISHED
from agents.schema import METADATA

debt_cases = Table(
    "debt_cases",
    METADATA,
    Column("log_index", Integer, ForeignKey("debts.log_index", ondelete="CASCADE"), primary_key=True),
    Column("case_id", LargeBinary, nullable=False),
)
"""The case of what is owed, where what came of it tells."""

_TELL: Final = "INSERT OR REPLACE INTO debt_cases (log_index, case_id) VALUES (?, ?)"
_OWED: Final = """SELECT DISTINCT case_id IS NOT NULL FROM debts LEFT JOIN debt_cases USING (log_index)
    WHERE log_index < ? AND (case_id = ? OR case_id IS NULL)"""


def tell_case(c: Connection, log_index: int, case_id: bytes) -> None:
    """Keeps the case of what is owed.

    Args:
        c: of the transaction that remembers the debt.
        log_index: its place.
        case_id: of the header that hashes to what was logged there.
    """
    Driver(c).exec_driver_sql(_TELL, (log_index, case_id))


def waits(c: Connection, header: Header, index: int, desk: str) -> bool:
    """Returns whether a message that opens no case waits for something that stands before it in the log.

    Args:
        c: to look with.
        header: of the message.
        index: its place.
        desk: this one.
    """
    told = {bool(row[0]) for row in Driver(c).exec_driver_sql(_OWED, (index, header.case_id))}
    if not told:
        return False
    other = header.counterparts[0] if header.sender == desk else header.sender
    if leg_between(c, header.case_id, desk, other) is None:
        return True
    return header.verb not in PUBLISHED and (True in told or table_of(header.family).holds)
