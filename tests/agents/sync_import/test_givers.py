"""Who says so, in which category and how surely, is what the row says: nobody's list becomes another's by its shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from comity.v1 import payload_pb2

from agents.sync.importers import Format
from tests.agents.sync_import.lists import BTC, ETH, SEGWIT, TRON, read, written

EVENT = {"op": "add", "asset": "ETH", "address": ETH, "date": "2024-01-01"}
PARTY = {"sdn_uid": "1", "party_type": "Entity", "programs": ["DPRK4"], "asset": "ETH", "address": ETH}
OFAC = ("ofac-sdn", "sanctioned", payload_pb2.CONFIDENCE_KIND_OFFICIAL)
OWN = ("some-blog", "scam", payload_pb2.CONFIDENCE_KIND_UNKNOWN)


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    ("record", "named", "form", "said"),
    [
        (EVENT, None, Format.OFAC, OFAC),
        (PARTY, None, Format.OFAC, OFAC),
        (PARTY | {"source": "OFAC SDN Advanced XML"}, None, Format.OFAC, OFAC),
        (EVENT | {"source": "some-blog", "category": "scam"}, None, Format.JSON, OWN),
        (EVENT | {"source": "some-blog", "category": "scam"}, Format.OFAC, Format.OFAC, OWN),
        (EVENT | {"source": "some-blog"}, None, Format.JSON, ("some-blog", "unspecified", OWN[2])),
        (EVENT | {"category": "scam"}, None, Format.JSON, ("unspecified", "scam", OWN[2])),
        (EVENT | {"category": "scam"}, Format.OFAC, Format.OFAC, ("ofac-sdn", "scam", OFAC[2])),
        (PARTY | {"source": "some-blog", "category": "scam"}, None, Format.JSON, OWN),
    ],
)
def test_the_ofac_list_is_filled_in_only_where_it_is_one_and_says_nothing_itself(
    tmp_path: Path, record: dict[str, Any], named: Format | None, form: Format, said: tuple[str, str, int]
) -> None:
    outcome = read(written(tmp_path, lines(record, record)), named=named)
    entry = outcome.only

    assert (outcome.format, (entry.giver, entry.category, entry.confidence)) == (form, said)


def test_a_csv_with_numbers_of_parties_and_categories_of_its_own_is_no_ofac_list(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, f"sdn_uid,address,source,category\n1,{BTC},some-blog,scam\n"))

    assert (outcome.format, outcome.only.giver, outcome.only.category) == (Format.CSV, "some-blog", "scam")


def bundle(*objects: dict[str, Any]) -> str:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects})


def test_a_wallet_object_adds_nothing_to_the_indicator_that_names_it(tmp_path: Path) -> None:
    wallets = [{"type": "cryptocurrency-wallet", "id": f"x--{value}", "value": value} for value in (BTC, ETH, TRON)]
    agency = {"type": "identity", "id": "identity--1", "name": "An Agency"}
    indicator = {
        "type": "indicator",
        "id": "indicator--1",
        "pattern": f"[cryptocurrency-wallet:value IN ('{BTC}', '{ETH.lower()}')]",
        "confidence": 85,
        "indicator_types": ["scam"],
        "created_by_ref": "identity--1",
    }
    outcome = read(written(tmp_path, bundle(*wallets, indicator, agency)))

    said = {entry.account.rpartition(":")[2]: (entry.giver, entry.category) for entry in outcome.entries}
    assert said == {
        BTC: ("An Agency", "scam"),
        ETH: ("An Agency", "scam"),
        TRON: ("unspecified", "unspecified"),
    }
    assert (outcome.accepted, outcome.left_out) == (3, 3)
    levels = {(entry.confidence, entry.confidence_level) for entry in outcome.entries if entry.giver == "An Agency"}
    assert levels == {(payload_pb2.CONFIDENCE_KIND_HEURISTIC, 85)}


def test_a_misp_tag_of_our_own_names_the_category_and_the_confidence(tmp_path: Path) -> None:
    names = (
        'dark-web:topic="ransomware"',
        'comity:category="scam"',
        'comity:confidence="official"',
        'comity:level="60"',
        "comity:level",
    )
    attribute = {"type": "btc", "value": SEGWIT, "Tag": [{"name": name} for name in names]}
    entry = read(written(tmp_path, json.dumps({"Event": {"info": "x", "Attribute": [attribute]}}))).only

    assert (entry.category, entry.confidence, entry.confidence_level) == (
        "scam",
        payload_pb2.CONFIDENCE_KIND_OFFICIAL,
        60,
    )
