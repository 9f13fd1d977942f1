"""Importers: what others publish as lists of wallets, read row by row into assertions that an owner may put on a list.

`reading.read_rows` streams a file of any supported format as `RawRow`; `judging.Judge` makes of each a `Candidate` or a
`RowRefusal`; `merging` joins candidates that are one entry; `agents.sync.staging` keeps all of it on disk, so that an
import can be interrupted and taken up again.

Never does: put an address right, publish anything, ask a network.
"""

from __future__ import annotations

from agents.sync.importers.faults import FaultCode, FileRefusedError, Limits
from agents.sync.importers.policy import Confidence, ImportPolicy, OnRefusal
from agents.sync.importers.rows import Candidate, Format, RawRow, RefusalCode, RowRefusal, Warned

__all__ = [
    "Candidate",
    "Confidence",
    "FaultCode",
    "FileRefusedError",
    "Format",
    "ImportPolicy",
    "Limits",
    "OnRefusal",
    "RawRow",
    "RefusalCode",
    "RowRefusal",
    "Warned",
]
