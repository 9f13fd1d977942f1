"""What a row becomes under the owner's choices: required or defaulted, mapped or refused, and warned of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comity.errors import MalformedError
from comity.v1 import payload_pb2, watchlist_pb2

from agents.sync.importers import (
    Candidate,
    Confidence,
    ImportPolicy,
    OnRefusal,
    RawRow,
    RefusalCode,
    RowRefusal,
    Warned,
)
from agents.sync.importers.benign import Benign
from agents.sync.importers.chains import chain_of_asset
from agents.sync.importers.judging import Judge
from agents.sync.importers.merging import Desired, entry_of
from agents.sync.importers.policy import DAY_MS, Action
from agents.sync.importers.rows import Field
from agents.sync.importers.words import moment_of
from tests.agents.sync_import.lists import BTC, ETH, NOW, SEGWIT, TRON, policy

DAY = moment_of("2026-11-24")


def judged(chosen: ImportPolicy | None = None, benign: Benign | None = None, **values: str) -> Candidate | RowRefusal:
    """The verdict on a row with a Bitcoin address and these values."""
    row = RawRow(7, {Field.ADDRESS: BTC, **{Field(name): text for name, text in values.items()}})
    verdict = Judge(chosen or policy(), benign).judge(row)
    assert verdict is not None
    return verdict


def desired(chosen: ImportPolicy | None = None, benign: Benign | None = None, **values: str) -> Desired:
    """The entry of such a row."""
    verdict = judged(chosen, benign, **values)
    assert isinstance(verdict, Candidate)
    return entry_of(verdict.entry_id, verdict.assertion, chosen or policy())


def entry(chosen: ImportPolicy | None = None, **values: str) -> watchlist_pb2.WatchEntry:
    """The entry of such a row."""
    return desired(chosen, **values).entry


@pytest.mark.parametrize(
    ("choices", "values", "code", "column"),
    [
        ({"default_category": ""}, {}, RefusalCode.MISSING_CATEGORY, "category"),
        ({}, {"category": "***"}, RefusalCode.BAD_CATEGORY, "category"),
        ({}, {"category": "x" * 65}, RefusalCode.BAD_CATEGORY, "category"),
        ({"default_confidence": None}, {}, RefusalCode.MISSING_CONFIDENCE, "confidence"),
        ({"default_confidence": None}, {"confidence": "very"}, RefusalCode.BAD_CONFIDENCE, "confidence"),
        ({}, {"confidence": "forensic", "level": "101"}, RefusalCode.BAD_CONFIDENCE, "level"),
        ({"default_days": 0}, {}, RefusalCode.MISSING_END_DATE, "valid_until"),
        ({}, {"valid_until": "03/07/2027"}, RefusalCode.BAD_DATE, "valid_until"),
        ({}, {"valid_from": "yesterday"}, RefusalCode.BAD_DATE, "valid_from"),
        ({}, {"valid_until": "2026-11-01"}, RefusalCode.NOT_VALID_ANY_MORE, "valid_until"),
        ({}, {"valid_from": "2027-06-01", "valid_until": "2027-05-01"}, RefusalCode.NOT_VALID_ANY_MORE, "valid_until"),
        ({}, {"action": "explode"}, RefusalCode.BAD_ACTION, "action"),
        ({}, {"discreet": "perhaps"}, RefusalCode.BAD_VALUE, "discreet"),
        ({}, {"op": "mend", "date": "2026-01-01"}, RefusalCode.BAD_VALUE, "op"),
        ({}, {"op": "add"}, RefusalCode.BAD_DATE, "date"),
        ({"default_giver": ""}, {}, RefusalCode.MISSING_GIVER, "source"),
        ({}, {"source": "x" * 101}, RefusalCode.BAD_GIVER, "source"),
        ({}, {"address": ""}, RefusalCode.NO_WALLET, "address"),
        ({}, {"address": BTC[:-1] + "U"}, RefusalCode.BAD_CHECKSUM, "address"),
        ({}, {"address": "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"}, RefusalCode.TESTNET, "address"),
        ({}, {"chain": "sepolia", "address": ETH}, RefusalCode.TESTNET, "chain"),
        ({}, {"chain": "belacoin"}, RefusalCode.UNKNOWN_CHAIN, "chain"),
        ({}, {"asset": "BELA"}, RefusalCode.UNKNOWN_CHAIN, "asset"),
        ({}, {"chain": "tron"}, RefusalCode.WRONG_CHAIN, "address"),
        ({"chain": "tron"}, {}, RefusalCode.WRONG_CHAIN, "address"),
        ({}, {"address": "", "tx": "0xdeadbeef", "chain": "ETH"}, RefusalCode.NOT_A_TRANSACTION, "tx"),
        ({}, {"address": "", "tx": "ab" * 32}, RefusalCode.UNKNOWN_CHAIN, "tx"),
    ],
)
def test_a_row_that_cannot_be_an_entry_is_refused_with_its_column(
    choices: dict[str, Any], values: dict[str, str], code: RefusalCode, column: str
) -> None:
    verdict = judged(policy(**choices), **values)

    assert isinstance(verdict, RowRefusal)
    assert (verdict.row, verdict.code, verdict.column) == (7, code, column)
    assert BTC not in verdict.text


def test_what_a_row_does_not_say_is_what_the_policy_says() -> None:
    chosen = policy(
        default_giver="own",
        default_category="Fraud",
        default_confidence=Confidence(payload_pb2.CONFIDENCE_KIND_OWN_TRACE, 70),
        default_days=30,
        default_action=Action.HOLD_AND_CALL,
        discreet=True,
    )
    made = entry(chosen)

    assert (made.giver, made.category, made.confidence, made.confidence_level) == ("own", "fraud", 5, 70)
    assert (made.action, made.discreet) == (payload_pb2.WATCH_ACTION_HOLD_AND_CALL, True)
    assert (made.valid_from, made.valid_until) == (DAY, (DAY or 0) + 30 * DAY_MS)


def test_without_a_policy_confidence_is_the_lowest_and_the_action_the_mildest() -> None:
    made = entry()

    assert (made.confidence, made.confidence_level) == (payload_pb2.CONFIDENCE_KIND_UNKNOWN, 1)
    assert made.action == payload_pb2.WATCH_ACTION_OBSERVE
    assert Warned.NO_GIVER in desired().warned


@pytest.mark.parametrize(
    ("word", "level", "kind", "number"),
    [
        ("ownership", "", payload_pb2.CONFIDENCE_KIND_RECORD, 100),
        ("Ledger Immanent", "", payload_pb2.CONFIDENCE_KIND_PUBLIC_SOURCE, 100),
        ("forensic_investigation", "", payload_pb2.CONFIDENCE_KIND_OWN_TRACE, 70),
        ("authority_data", "", payload_pb2.CONFIDENCE_KIND_OFFICIAL, 60),
        ("web_crawl", "35", payload_pb2.CONFIDENCE_KIND_PUBLIC_SOURCE, 35),
        ("web_crawl", "0", payload_pb2.CONFIDENCE_KIND_PUBLIC_SOURCE, 1),
        ("unknown", "80", payload_pb2.CONFIDENCE_KIND_UNKNOWN, 1),
        ("own_trace", "", payload_pb2.CONFIDENCE_KIND_OWN_TRACE, 70),
        ("gut feeling", "", payload_pb2.CONFIDENCE_KIND_UNKNOWN, 1),
        ("85", "", payload_pb2.CONFIDENCE_KIND_UNKNOWN, 1),
        ("", "85", payload_pb2.CONFIDENCE_KIND_UNKNOWN, 1),
        ("forensic", "high", payload_pb2.CONFIDENCE_KIND_PUBLIC_SOURCE, 50),
    ],
)
def test_a_givers_word_of_confidence_is_mapped_or_counts_as_the_lowest(
    word: str, level: str, kind: int, number: int
) -> None:
    made = desired(confidence=word, level=level)

    assert (made.entry.confidence, made.entry.confidence_level) == (kind, number)
    assert (Warned.CONFIDENCE_UNKNOWN in made.warned) == (word in ("gut feeling", "85", "") or level == "high")


def test_a_giver_is_overridden_or_taken_from_an_address_of_the_web() -> None:
    assert entry(policy(giver="we"), source="they").giver == "we"
    web = entry(source="https://user@Example.ORG/list?x")
    assert (web.giver, web.source_url) == ("example.org", "https://user@Example.ORG/list?x")


@pytest.mark.parametrize(
    ("values", "account"),
    [
        ({"address": ETH}, f"eip155:*:{ETH}"),
        ({"address": ETH.lower(), "chain": "Arbitrum One"}, f"eip155:42161:{ETH}"),
        ({"address": ETH, "chain": "8453"}, f"eip155:8453:{ETH}"),
        ({"address": ETH, "asset": "USDT"}, f"eip155:*:{ETH}"),
        ({"address": ETH, "asset": "DAI"}, f"eip155:*:{ETH}"),
        ({"address": ETH, "asset": "bep20"}, f"eip155:56:{ETH}"),
        ({"address": f"eip155:1:{ETH}", "asset": "SHIB"}, f"eip155:1:{ETH}"),
        ({"address": TRON, "asset": "TRC20"}, f"tron:0x2b6653dc:{TRON}"),
        ({"address": SEGWIT.upper(), "chain": "bip122:000000000019d6689c085ae165831e93"}, None),
    ],
)
def test_the_chain_is_that_of_the_column_the_asset_or_the_address(values: dict[str, str], account: str | None) -> None:
    assert entry(**values).account == (account or f"bip122:000000000019d6689c085ae165831e93:{SEGWIT}")


def test_an_owners_hint_names_the_chain_of_an_asset() -> None:
    hints = {"SHIB": "eip155:1", "MINE": ""}

    assert entry(policy(asset_hints=hints), asset="shib", address=ETH).account == f"eip155:1:{ETH}"
    assert entry(policy(asset_hints=hints), asset="MINE", address=ETH).account == f"eip155:*:{ETH}"


def test_a_transaction_alone_is_an_entry_and_beside_an_address_a_reason() -> None:
    alone = entry(address="", tx="0x" + "AB" * 32, chain="ETH")

    assert (alone.account, alone.transaction) == ("", "eip155:1:tx/0x" + "ab" * 32)
    assert alone.as_received == "0x" + "AB" * 32
    assert entry(tx="0x12").why == "tx 0x12"


def test_an_unclear_date_of_the_source_is_warned_of_and_the_day_of_the_import_stands() -> None:
    made = desired(date="03/07/2022")

    assert (made.entry.valid_from, made.dated_from) == (DAY, False)
    assert Warned.DATE_UNCLEAR in made.warned
    assert desired(date="2022-07-03").entry.valid_from == moment_of("3 Jul 2022")


def test_nothing_holds_for_more_than_ten_years() -> None:
    made = desired(valid_from="1999-01-01", valid_until="9999-12-31")

    assert Warned.VALIDITY_CUT in made.warned
    assert made.entry.valid_until - made.entry.valid_from <= 3653 * DAY_MS
    assert made.dated_from is False


def test_texts_that_are_too_long_are_cut_and_links_left_out() -> None:
    made = desired(label="ü" * 150, source_url="https://example.org/" + "x" * 600)

    assert (made.entry.label, made.entry.source_url) == ("ü" * 100, "")
    assert Warned.TEXT_CUT in made.warned


def test_an_owners_own_list_of_benign_wallets_is_warned_of_on_every_chain(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"# ours\naccount,kind,name\n{ETH},exchange,Ours\n{BTC},bridge,x\n", encoding="utf-8")
    benign = Benign.load(path)

    assert Warned.EXCHANGE in desired(None, benign, address=ETH, chain="eip155:137").warned
    assert Warned.BRIDGE in desired(None, benign).warned
    assert Warned.BURN in desired(None, benign, address="0x000000000000000000000000000000000000dEaD").warned


@pytest.mark.parametrize("text", ["account,kind\n", "account,kind,name\nx,burn,y\n", f"account,kind,name\n{BTC},z,y\n"])
def test_a_list_of_benign_wallets_with_an_error_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(MalformedError):
        Benign.load(path)


@pytest.mark.parametrize(
    "choices",
    [
        {"chain": "belacoin"},
        {"giver": "x" * 101},
        {"giver": "a\nb"},
        {"default_giver": " "},
        {"asset_hints": {"X": "belacoin"}},
        {"default_confidence": Confidence(payload_pb2.CONFIDENCE_KIND_UNKNOWN, 50)},
        {"default_confidence": Confidence(payload_pb2.CONFIDENCE_KIND_RECORD, 101)},
        {"default_days": 4000},
        {"default_days": -1},
    ],
)
def test_a_policy_that_cannot_be_is_refused_before_any_row(choices: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        Judge(policy(**choices))


def test_a_policy_is_kept_as_it_was() -> None:
    chosen = policy(
        giver="g",
        default_confidence=None,
        default_action=Action.BLOCK,
        on_refusal=OnRefusal.STOP,
        asset_hints={"A": "ETH"},
        columns={"x": "address"},
        header=False,
        as_of=NOW,
    )

    assert ImportPolicy.from_json(chosen.to_json()) == chosen
    assert ImportPolicy.from_json(policy().to_json()) == policy()


@pytest.mark.parametrize(
    ("asset", "chain"),
    [
        ("USDT-TRC20", "tron:0x2b6653dc"),
        ("usdt_trx", "tron:0x2b6653dc"),
        ("USDC (ETH)", "eip155:1"),
        ("BCHABC", "bip122:000000000000000000651ef99cb9fcbe"),
        ("bitcoin_cash", "bip122:000000000000000000651ef99cb9fcbe"),
        ("KCS", "eip155:321"),
    ],
)
def test_a_token_with_its_network_and_a_coin_in_another_spelling_name_a_chain(asset: str, chain: str) -> None:
    assert chain_of_asset(asset) == chain
