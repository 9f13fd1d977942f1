"""What importer tests share: real lists, lists written on the spot, and all that an import makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comity.v1 import watchlist_pb2

from agents.sync.importers import Candidate, Format, ImportPolicy, Limits, RefusalCode, RowRefusal
from agents.sync.importers.judging import Judge
from agents.sync.importers.merging import Assertion, Desired, entry_of, is_live, merge
from agents.sync.importers.opening import Source
from agents.sync.importers.reading import detect, read_rows

WALLETS = Path(__file__).parents[2] / "data" / "wallets"
NOW = 1_795_500_000_000
"""A moment in November 2026."""
BTC = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
ETH = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TRON = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"


def policy(**choices: Any) -> ImportPolicy:
    """A policy of default choices but for those named."""
    return ImportPolicy(now=NOW, **choices)


@dataclass
class Outcome:
    """What an import made of a file."""

    format: Format
    refused: list[RowRefusal] = field(default_factory=list)
    assertions: dict[bytes, Assertion] = field(default_factory=dict)
    accepted: int = 0
    left_out: int = 0
    policy: ImportPolicy = field(default_factory=policy)
    columns: list[str] = field(default_factory=list)

    @property
    def codes(self) -> Mapping[RefusalCode, int]:
        """Refusals by code."""
        return Counter(refusal.code for refusal in self.refused)

    @property
    def desired(self) -> list[Desired]:
        """The entries, by id."""
        live = sorted((key, item) for key, item in self.assertions.items() if is_live(item))
        return [entry_of(key, item, self.policy) for key, item in live]

    @property
    def entries(self) -> list[watchlist_pb2.WatchEntry]:
        """The entries, by id."""
        return [item.entry for item in self.desired]

    @property
    def only(self) -> watchlist_pb2.WatchEntry:
        """The one entry."""
        (entry,) = self.entries
        return entry


def read(path: Path, chosen: ImportPolicy | None = None, named: Format | None = None, **limits: int) -> Outcome:
    """Reads and judges a whole file."""
    chosen = chosen or policy()
    source = Source(path, Limits(**limits))
    outcome = Outcome(named or detect(source), policy=chosen)
    judge = Judge(chosen)
    for raw in read_rows(source, chosen, named):
        verdict = judge.judge(raw)
        if verdict is None:
            outcome.left_out += 1
        elif isinstance(verdict, Candidate):
            outcome.accepted += 1
            outcome.columns.append(verdict.column)
            before = outcome.assertions.get(verdict.entry_id)
            outcome.assertions[verdict.entry_id] = (
                merge(before, verdict.assertion) if before is not None else verdict.assertion
            )
        else:
            outcome.refused.append(verdict)
    return outcome


def written(folder: Path, text: str | bytes, name: str = "list.txt") -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
