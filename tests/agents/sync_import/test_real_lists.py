"""Real published lists, defects included: what is a wallet is taken, what is none is named by row, column and code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from comity.v1 import payload_pb2
from comity.wallets import parse_account
from comity.watchlists.entries import entry_gaps, entry_id

from agents.sync.importers import Format, RefusalCode, Warned
from agents.sync.importers.words import moment_of
from tests.agents.sync_import.lists import WALLETS, Outcome, policy, read

LISTS = sorted(path for path in WALLETS.rglob("*") if path.suffix in (".csv", ".gz", ".jsonl", ".json", ".yaml"))
NO_LIST = {"misp_stix_custom_objects.json"}
EXPECTED = {
    "wallets_merged_sample.csv.gz": (Format.CSV, 1533, 18),
    "address_sanctioned.csv": (Format.CSV, 90, 0),
    "sanctioned_addresses_TRX.txt": (Format.CSV, 20, 0),
    "ofac_sdn_wallets.jsonl": (Format.OFAC, 101, 2),
    "ofac_list_events.jsonl": (Format.OFAC, 671, 2),
    "nbctf_seizure_order_wallets.jsonl": (Format.JSON, 24, 0),
    "misp_event_wallets_derived.json": (Format.MISP, 40, 0),
    "stix21_crypto_extension_examples.json": (Format.STIX, 1, 1),
    "tagpacks/aft-alqaeda-forfeit_vc.yaml": (Format.TAGPACK, 106, 0),
    "tagpacks/exchange-wallets-huobi.yaml": (Format.TAGPACK, 48, 0),
    "tagpacks/mixing_fc2021.yaml": (Format.TAGPACK, 50, 0),
    "tagpacks/sextortion_excello.yaml": (Format.TAGPACK, 400, 0),
    "tagpack_format_tests/empty_tag_list.yaml": (Format.TAGPACK, 0, 0),
    "tagpack_format_tests/duplicate_tag.yaml": (Format.TAGPACK, 0, 3),
    "tagpack_format_tests/with_concepts.yaml": (Format.TAGPACK, 0, 2),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_list_is_recognised_and_every_row_of_it_is_accounted_for(name: str) -> None:
    outcome = read(WALLETS / name)

    assert (outcome.format, outcome.accepted, len(outcome.refused)) == EXPECTED[name]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_entry_made_of_a_real_list_is_complete_and_has_the_id_of_the_contract(path: Path) -> None:
    if path.name in NO_LIST:
        return
    outcome = read(path)

    for desired in outcome.desired:
        assert entry_gaps(desired.entry) == []
        assert entry_id(desired.entry) == desired.entry_id
    assert all(refusal.row > 0 for refusal in outcome.refused)


def test_each_published_defect_is_refused_with_its_code_and_never_put_right() -> None:
    outcome = read(WALLETS / "defects.csv")

    assert outcome.accepted == 0
    assert [(refusal.row, refusal.column, refusal.code) for refusal in outcome.refused] == [
        (2, "address", RefusalCode.BAD_LENGTH),
        (3, "address", RefusalCode.BAD_CHECKSUM),
        (4, "address", RefusalCode.WRONG_CHAIN),
        (5, "asset", RefusalCode.UNKNOWN_CHAIN),
        (6, "address", RefusalCode.BAD_LENGTH),
        (7, "address", RefusalCode.WRONG_CHAIN),
        (8, "address", RefusalCode.BAD_LENGTH),
        (9, "address", RefusalCode.NOT_AN_ADDRESS),
        (10, "address", RefusalCode.BAD_LENGTH),
        (11, "address", RefusalCode.BAD_CHECKSUM),
        (12, "address", RefusalCode.BAD_CHECKSUM),
        (13, "address", RefusalCode.BAD_CHECKSUM),
        (14, "address", RefusalCode.WRONG_CHAIN),
    ]
    with (WALLETS / "defects.csv").open(encoding="utf-8", newline="") as file:
        shown = [row["address"] for row in csv.DictReader(file)]
    assert all(address in refusal.shown for address, refusal in zip(shown, outcome.refused, strict=True))


def accounts(outcome: Outcome) -> set[str]:
    """Accounts of the entries."""
    return {entry.account for entry in outcome.entries}


def removed_on(day: str) -> set[str]:
    """Accounts that the list of events says were removed on a day."""
    lines = (WALLETS / "ofac_list_events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [event for event in map(json.loads, lines) if (event["date"], event["op"]) == (day, "remove")]
    return {parse_account(event["address"], event["caip2"]).caip10 for event in events}


def test_the_events_of_the_ofac_list_show_its_mass_removal() -> None:
    events = WALLETS / "ofac_list_events.jsonl"
    before = read(events, policy(as_of=moment_of("2025-03-20")))
    after = read(events, policy(as_of=moment_of("2025-03-21")))

    assert (len(accounts(before)), len(accounts(after))) == (496, 428)
    assert accounts(before) - accounts(after) == removed_on("2025-03-21")
    assert accounts(after) - accounts(before) == set()
    assert before.left_out > after.left_out > 0


def test_both_forms_of_the_ofac_list_make_the_same_entries() -> None:
    listed = read(WALLETS / "ofac_sdn_wallets.jsonl")
    events = read(WALLETS / "ofac_list_events.jsonl")

    assert {item.entry_id for item in listed.desired} <= {item.entry_id for item in events.desired}
    entry = next(entry for entry in listed.entries if entry.account.endswith(":TA3941uFAvmVibSkQ6fMJXxmaSNovX86mz"))
    assert (entry.giver, entry.category, entry.confidence, entry.confidence_level) == (
        "ofac-sdn",
        "sanctioned",
        payload_pb2.CONFIDENCE_KIND_OFFICIAL,
        100,
    )
    tenth = moment_of("2017-11-23")
    assert entry.valid_from == tenth  # listed on 2017-09-26; an entry holds for ten years at most
    assert (entry.actor, entry.why) == ("CHEIL CREDIT BANK", "SDN 22985 DPRK4")


def test_a_tag_says_what_its_pack_says_where_it_says_nothing_itself() -> None:
    entries = {entry.account.rpartition(":")[2]: entry for entry in read(WALLETS / "tagpacks/hydra.yaml").entries}
    entry = entries["1BCWMwpR4M1nYUuuYe2bmzrNuwGoF9ZAbA"]

    assert (entry.giver, entry.category, entry.label, entry.actor, entry.cluster) == (
        "GraphSense Core Team",
        "market",
        "Hydra Market",
        "hydramarket",
        True,
    )
    assert (entry.confidence, entry.confidence_level) == (payload_pb2.CONFIDENCE_KIND_OFFICIAL, 60)
    assert entry.source_url == "https://home.treasury.gov/policy-issues/financial-sanctions/recent-actions/20220405"
    assert entry.valid_from == max(moment_of("2023-05-10") or 0, 1)


def test_an_exchanges_own_wallets_are_imported_with_a_warning() -> None:
    warned = [item for item in read(WALLETS / "tagpacks/exchange-wallets-huobi.yaml").desired if item.warned]

    assert sum(Warned.EXCHANGE in item.warned for item in warned) == 4
    zero = parse_account("0x0000000000000000000000000000000000000000").address
    burnt = [item for item in read(WALLETS / "tagpacks/usdt_blacklist.yaml").desired if Warned.BURN in item.warned]
    assert [item.entry.account for item in burnt] == [f"eip155:1:{zero}"]
