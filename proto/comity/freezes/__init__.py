"""Asset freezes: the ledger of what is held, in exact decimals, and what a freeze has come to.

Pure and shared by both sides: what the holder's side reports the other one checks, with the same code (PROTOCOL.md,
section "Freezes"). All of it is sealed; the hub imports nothing of this.

Never does: I/O, read a clock, hold a private key.
"""

from __future__ import annotations

from comity.freezes.amounts import TEXTS, LedgerError, Problem, read_amount, write_amount
from comity.freezes.ledger import Ledger, Row
from comity.freezes.reports import Totals, read_report
from comity.freezes.rules import (
    HOLDING,
    NON_BINDING,
    RESTS_ON,
    Freeze,
    InForce,
    in_force,
    judge,
    may_destroy,
    needs_two,
)

__all__ = [
    "HOLDING",
    "NON_BINDING",
    "RESTS_ON",
    "TEXTS",
    "Freeze",
    "InForce",
    "Ledger",
    "LedgerError",
    "Problem",
    "Row",
    "Totals",
    "in_force",
    "judge",
    "may_destroy",
    "needs_two",
    "read_amount",
    "read_report",
    "write_amount",
]
