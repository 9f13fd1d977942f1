"""Lists come in many shapes: the same assertions are found in each, and none is made up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from agents.sync.importers import FaultCode, FileRefusedError, Format, RefusalCode, Warned
from agents.sync.importers.policy import Action
from agents.sync.importers.words import moment_of
from tests.agents.sync_import.lists import BTC, ETH, SEGWIT, TRON, policy, read, written

BITCOIN = "bip122:000000000019d6689c085ae165831e93"
HEADER = "chain,address,category,label\n"
ROW = f"BTC,{BTC},scam,A label\n"


def facts(path: Path) -> list[tuple[str, str, str]]:
    """Account, category and label of each entry."""
    return sorted((entry.account, entry.category, entry.label) for entry in read(path).entries)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROW,
        "LABEL;Category;Blockchain;Wallet Address\nA label;scam;bitcoin;" + BTC,
        f"walletAddress\tabuse\tname\tcurrency\r\n{BTC}\tScam\tA label\tXBT\r\n",
        f"address|category|label|asset\n {BTC} |scam| A label |BTC\n",
        f'"address","label","category","asset"\n"{BTC}","A label","scam","BTC"\n\n',
        f"sep=;\naddress;label;category\n{BTC};A label;scam\n",
        "\ufeff" + HEADER + ROW,
        f"# address,label,category\n# a remark\n{BTC},A label,scam\n",
        f"checksum_ok,address,,category,label,Unheard of\n1,{BTC},,scam,A label,x\n",
        f"Adresse,Bemerkung,category,label\n{BTC},x,scam,A label\n",
        json.dumps([{"address": BTC, "category": "scam", "label": "A label"}]),
        json.dumps({"note": "x", "wallets": [{"Address": BTC, "abuse": "scam", "name": "A label", "coin": "BTC"}]}),
        json.dumps({"address": BTC, "category": "scam", "label": "A label"}, indent=1),
        json.dumps({BTC: {"category": "scam", "label": "A label"}}),
        f'{{"address": "{BTC}", "category": "scam", "label": "A label"}}\n\n{{"wallet": "{BTC}", "abuse": "scam"}}\n',
        f"tags:\n- label: A label\n  address: {BTC}\n  currency: BTC\nabuse: scam\ntitle: After\n",
        f"---\ntitle: One\ncreator: Two\nabuse: scam\ntags: [{{address: {BTC}, label: A label}}]\n",
        json.dumps({"Event": {"Attribute": [{"type": "btc", "value": BTC, "category": "scam"}], "info": "A label"}}),
    ],
)
def test_one_assertion_is_the_same_in_every_shape(tmp_path: Path, text: str) -> None:
    assert facts(written(tmp_path, text)) == [(f"{BITCOIN}:{BTC}", "scam", "A label")]


@pytest.mark.parametrize("packed", [False, True])
def test_a_gzip_archive_is_read_as_what_it_holds(tmp_path: Path, packed: bool) -> None:
    plain = (HEADER + ROW).encode()
    # An archive may have several members, which are one after the other.
    path = written(tmp_path, gzip.compress(plain[:30]) + gzip.compress(plain[30:]) if packed else plain)

    assert facts(path) == [(f"{BITCOIN}:{BTC}", "scam", "A label")]


def test_columns_without_a_header_are_found_by_what_they_hold(tmp_path: Path) -> None:
    rows = "".join(f"Arbitrum,{ETH[:-4]}{number:04x},Fraud,Shop {number}\n".lower() for number in range(40))
    entries = read(written(tmp_path, rows)).entries

    assert len(entries) == 40
    assert {entry.account.rpartition(":")[0] for entry in entries} == {"eip155:42161"}
    assert {entry.category for entry in entries} == {"fraud"}
    assert {entry.label for entry in entries} == {f"shop {number}" for number in range(40)}


def test_addresses_alone_are_a_list_and_remarks_among_them_are_none(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, f"{BTC}\n# remark\n{TRON}\n{ETH}\nhello\n"))

    assert len(outcome.entries) == 3
    assert [(refusal.row, refusal.code) for refusal in outcome.refused] == [(5, RefusalCode.NOT_AN_ADDRESS)]


def test_the_owner_may_say_what_the_columns_are(tmp_path: Path) -> None:
    path = written(tmp_path, f"scam,{TRON},x\nfraud,{BTC},y\n")
    chosen = policy(columns={"1": "category", "2": "address", "3": ""}, header=False)

    assert sorted((entry.category, entry.label) for entry in read(path, chosen).entries) == [
        ("fraud", ""),
        ("scam", ""),
    ]


def test_a_quotation_mark_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    text = f'address,label\n{BTC},"open\n{TRON},"a ""quoted""\nlabel, in two lines"\n{ETH},fine\n'
    outcome = read(written(tmp_path, text))

    assert [(refusal.row, refusal.code) for refusal in outcome.refused] == [(2, RefusalCode.MALFORMED_ROW)]
    assert {entry.label for entry in outcome.entries} == {'a "quoted" label, in two lines', "fine"}


def test_a_row_with_cells_too_many_is_refused_and_one_with_cells_missing_is_not(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, f"address,label,category\n{BTC},a,b,c\n{TRON}\n{ETH},a,b,,\n"))

    assert [(refusal.row, refusal.code) for refusal in outcome.refused] == [(2, RefusalCode.MALFORMED_ROW)]
    assert len(outcome.entries) == 2


def test_a_formula_in_a_cell_is_text(tmp_path: Path) -> None:
    entry = read(written(tmp_path, f'address,label\n{BTC},"=HYPERLINK(""x"")"\n')).only

    assert entry.label == '=HYPERLINK("x")'


def test_a_bad_line_of_json_lines_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = [
        json.dumps({"address": BTC}),
        '{"address": ',
        "7",
        json.dumps({"label": "x"}),
        json.dumps({"address": TRON}),
    ]
    outcome = read(written(tmp_path, "\n".join(lines)))

    assert [(refusal.row, refusal.code) for refusal in outcome.refused] == [
        (2, RefusalCode.MALFORMED_ROW),
        (3, RefusalCode.MALFORMED_ROW),
        (4, RefusalCode.NO_WALLET),
    ]
    assert len(outcome.entries) == 2


def stix(pattern: str, **more: object) -> dict[str, object]:
    """An indicator."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--1",
        "pattern_type": "stix",
        "pattern": pattern,
        "name": "Label",
        "indicator_types": ["ransomware"],
        "valid_from": "2026-01-02T00:00:00Z",
        "created_by_ref": "identity--1",
        **more,
    }


IDENTITY = {"type": "identity", "id": "identity--1", "name": "An Agency"}
WALLET = "cryptocurrency-wallet:value"


@pytest.mark.parametrize(
    ("pattern", "wallets"),
    [
        (f"[{WALLET} = '{BTC}']", {BTC}),
        (f"[{WALLET} = '{BTC}' OR {WALLET} = '{SEGWIT}']", {BTC, SEGWIT}),
        (f"[{WALLET} = '{BTC}'] OR [ipv4-addr:value = '1.2.3.4']", {BTC}),
        (f"[{WALLET} IN ('{BTC}', '{TRON}')]", {BTC, TRON}),
        (f"[cryptocurrency-wallet:address = '{TRON}' AND cryptocurrency-wallet:symbol = 'TRX']", {TRON}),
        ("[file:hashes.'SHA-256' = 'aa']", set()),
        (f"[{WALLET} = '{BTC}' AND {WALLET} = '{SEGWIT}']", None),
        (f"[{WALLET} = '{BTC}' AND ipv4-addr:value = '1.2.3.4']", None),
        (f"[{WALLET} = '{BTC}'] AND [{WALLET} = '{SEGWIT}']", None),
        (f"[{WALLET} = '{BTC}'] FOLLOWEDBY [ipv4-addr:value = '1.2.3.4']", None),
        (f"[{WALLET} != '{BTC}']", None),
        (f"[NOT {WALLET} = '{BTC}']", None),
        (f"[{WALLET} LIKE '{BTC}']", None),
        (f"[{WALLET} = '{BTC}'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'", None),
    ],
)
def test_a_stix_pattern_is_taken_where_each_wallet_alone_is_meant(
    tmp_path: Path, pattern: str, wallets: set[str] | None
) -> None:
    bundle = {"type": "bundle", "id": "bundle--1", "objects": [stix(pattern), IDENTITY]}
    outcome = read(written(tmp_path, json.dumps(bundle)))

    assert outcome.format is Format.STIX
    assert {entry.account.rpartition(":")[2] for entry in outcome.entries} == (wallets or set())
    assert set(outcome.codes) == ({RefusalCode.PATTERN} if wallets is None else set())
    assert {(entry.giver, entry.category, entry.label) for entry in outcome.entries} <= {
        ("An Agency", "ransomware", "Label")
    }


def test_stix_objects_are_found_one_a_line_in_observations_and_as_misp_writes_them(tmp_path: Path) -> None:
    objects = [
        {"type": "cryptocurrency-wallet", "id": "cryptocurrency-wallet--1", "value": BTC},
        {
            "type": "observed-data",
            "id": "observed-data--1",
            "objects": {"0": {"type": "cryptocurrency-wallet", "value": TRON}},
        },
        {"type": "x-misp-object-btc", "id": "x-misp-object-btc--1", "x_misp_value": SEGWIT},
        stix(f"[{WALLET} = '{ETH}']", revoked=True, modified="2026-05-01T00:00:00Z"),
    ]
    outcome = read(written(tmp_path, "\n".join(json.dumps(item) for item in objects)))

    assert {entry.account.rpartition(":")[2] for entry in outcome.entries} == {BTC, TRON, SEGWIT}
    assert outcome.accepted == 4  # the revoked one was read, too


def test_a_misp_event_says_what_its_attributes_do_not_wherever_it_says_it(tmp_path: Path) -> None:
    attributes = [
        {"type": "btc", "value": BTC, "to_ids": False, "first_seen": "2026-02-03T00:00:00Z"},
        {"type": "xmr", "value": "nothing"},
        {"type": "dash", "value": "Xs3vzQmNvAxRa3Xo8XzQqUb3BMgb9EogF4"},
        {"type": "btc", "value": SEGWIT, "deleted": True},
        {"type": "url", "value": "https://example.org"},
    ]
    tags = [{"name": "tlp:amber"}, {"name": 'dark-web:topic="ransomware"'}]
    event = {"Attribute": attributes, "info": "An event", "Orgc": {"name": "CERT"}, "Tag": tags, "date": "2026-01-01"}
    path = written(tmp_path, json.dumps({"response": [{"Event": event}]}))
    outcome = read(path, policy(default_action=Action.BLOCK))
    desired, dash = sorted(outcome.desired, key=lambda item: not item.entry.account.endswith(BTC))

    assert (desired.entry.giver, desired.entry.category, desired.entry.label) == ("CERT", "ransomware", "An event")
    assert Warned.NOT_FOR_DETECTION in desired.warned
    assert desired.entry.action == Action.OBSERVE
    assert [refusal.code for refusal in outcome.refused] == [RefusalCode.NOT_AN_ADDRESS]
    assert dash.entry.account == "bip122:00000ffd590b1485b3caadc19b22e637:Xs3vzQmNvAxRa3Xo8XzQqUb3BMgb9EogF4"


def test_of_several_dates_of_listing_the_earliest_counts(tmp_path: Path) -> None:
    record = {"sdn_uid": "1", "asset": "XBT", "address": BTC, "entry_dates": ["2025-06-01", "2025-01-02"]}

    assert read(written(tmp_path, json.dumps([record]))).only.valid_from == moment_of("2025-01-02")


def test_a_csv_of_the_ofac_list_is_told_by_its_columns(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, f"sdn_uid,asset,address,entry_date\n1,XBT,{BTC},2025-01-01\n"))

    assert (outcome.format, outcome.only.giver, outcome.only.category) == (Format.OFAC, "ofac-sdn", "sanctioned")


@pytest.mark.parametrize(
    ("text", "named", "code"),
    [
        ("colour,size\nred,1\n", None, FaultCode.NO_WALLET_COLUMN),
        ('{"objects": 7}', None, FaultCode.UNKNOWN_FORMAT),
        ("title: x\ncreator: y\nlabel: z\n", None, FaultCode.UNKNOWN_FORMAT),
        (HEADER + ROW, Format.STIX, FaultCode.UNKNOWN_FORMAT),
        ("- address: x\n", Format.TAGPACK, FaultCode.UNKNOWN_FORMAT),
        ("   \n\n", None, FaultCode.EMPTY),
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(
    tmp_path: Path, text: str, named: Format | None, code: FaultCode
) -> None:
    with pytest.raises(FileRefusedError) as refused:
        read(written(tmp_path, text), named=named)

    assert refused.value.code is code


def test_a_wallet_that_stands_in_a_column_that_says_it_is_something_else_is_no_column_of_wallets(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, f"what,category,source\nETH,scam,{BTC}\n")

    with pytest.raises(FileRefusedError) as caught:
        read(path)
    assert caught.value.code is FaultCode.NO_WALLET_COLUMN
