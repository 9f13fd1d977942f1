"""What was exported can be imported again: the importers of this project read what its exporters write."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from comity.v1 import watchlist_pb2 as wl
from comity.wallets import parse_account

from agents.sync.exporters.exporting import Format
from agents.sync.importers.judging import Judge
from agents.sync.importers.merging import entry_of
from agents.sync.importers.opening import Source
from agents.sync.importers.policy import ImportPolicy
from agents.sync.importers.reading import read_rows
from agents.sync.importers.rows import Candidate
from tests.agents.sync_export.lists import NOW, WALLETS, listed, mixed, record, written

NAMED = [one for one in mixed() if not one.entry.label.startswith("=")]
"""Without the label that a spreadsheet would calculate: it comes back with the apostrophe that keeps it from that."""


def imported(path: Path) -> list[wl.WatchEntry]:
    """Reads a file as an owner's import does, its format found out; refuses nothing, or fails."""
    policy = ImportPolicy(now=NOW)
    judge = Judge(policy)
    found = [judge.judge(row) for row in read_rows(Source(path), policy) if not row.passed]
    assert [one for one in found if not isinstance(one, Candidate)] == []
    return [entry_of(one.entry_id, one.assertion, policy).entry for one in found if isinstance(one, Candidate)]


def test_csv_comes_back_field_by_field(tmp_path: Path) -> None:
    _, report = written(tmp_path, Format.CSV, listed(NAMED))

    back = imported(report.path)
    for entry in back:
        entry.ClearField("as_received")  # an address with a tag stands in two spellings in a row
    assert back == [one.entry for one in NAMED]


@pytest.mark.parametrize("form", [Format.STIX, Format.TAGPACK, Format.MISP])
def test_wallets_come_back_from_every_other_format(tmp_path: Path, form: Format) -> None:
    records = [record(account, label=f"label {number}") for number, account in enumerate(WALLETS)]
    _, report = written(tmp_path, form, listed(records))

    entries = {entry.label: entry for entry in imported(report.path)}

    back = {entry.account.rpartition(":")[2] for entry in entries.values()}
    assert back == {account.rpartition(":")[2] for account in WALLETS}
    assert len(entries) == len(WALLETS) == len(imported(report.path))
    assert {entry.valid_from for entry in entries.values()} == {records[0].entry.valid_from}
    assert {entry.category for entry in entries.values()} == {"sanction"}
    assert {entry.confidence_level for entry in entries.values()} == {60}
    assert {entry.confidence for entry in entries.values()} == {records[0].entry.confidence}
    if form is Format.STIX:
        assert {entry.account for entry in entries.values()} == {*WALLETS}
        assert {entry.giver for entry in entries.values()} == {"ofac-sdn"}


@pytest.mark.parametrize("account", [*WALLETS, f"ton:-239:-1%3A{'e5' * 32}", f"ton:-239:0%3A{'0a' * 32}"])
def test_the_address_and_chain_columns_of_a_csv_read_as_the_account(tmp_path: Path, account: str) -> None:
    text, report = written(tmp_path, Format.CSV, listed([record(account)]))
    (row,) = csv.DictReader(io.StringIO(text))

    assert parse_account(row["address"], row["chain"]).caip10 == row["account"] == account
    assert [entry.account for entry in imported(report.path)] == [account]
