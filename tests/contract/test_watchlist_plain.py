"""Entries that are plainly complete: whatever is said to be has no gap, and what is usual is said to be."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from comity.v1 import payload_pb2
from comity.wallets import WalletError, parse_account
from comity.watchlists import entry_gaps
from comity.watchlists.entries import MAX_VALIDITY
from comity.watchlists.plain import plainly_complete
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.builders import NOW
from tests.contract.watchlists import ALICE, entry

DATA = Path(__file__).parents[1] / "data" / "addresses"
DAY = 86_400_000
EVM = ALICE.rpartition(":")[2]


def texts(file: str, column: str) -> list[str]:
    with (DATA / file).open(encoding="utf-8", newline="") as rows:
        return [row[column] for row in csv.DictReader(rows)]


def accounts() -> list[str]:
    """Canonical accounts of real wallets, and the same under every chain's name."""
    found = []
    for text in texts("wallets_sample.csv", "address"):
        try:
            found.append(parse_account(text).caip10)
        except WalletError:
            continue
    chains = sorted(
        {account.rpartition(":")[0] for account in found} | {"eip155:0", "eip155:56", "eip155:*", "eip155:5"}
    )
    return [*found, *(f"{chain}:{account.rpartition(':')[2]}" for chain in chains for account in found[:40])]


def test_what_is_plainly_complete_has_no_gap_and_real_wallets_are() -> None:
    asked = [entry(account) for account in accounts()]
    said = plainly_complete(asked)
    assert [one.account for one, plain in zip(asked, said, strict=True) if plain and entry_gaps(one)] == []
    sound = [not entry_gaps(one) for one in asked]
    assert sum(said) > 0.8 * sum(sound) > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "", "transaction": "eip155:1:tx/0x" + "ab" * 32},
        {"as_received": EVM.lower()},
        {"handling": payload_pb2.Handling()},
        {"giver": ""},
        {"giver": " "},
        {"giver": "x" * 101},
        {"label": "y" * 201},
        {"label": "陳大文"},
        {"label": "line\nfeed"},
        {"confidence": payload_pb2.CONFIDENCE_KIND_UNKNOWN},
        {"valid_until": NOW + MAX_VALIDITY + DAY},
        {"review_at": -1},
        {"account": EVM},
        {"account": f"eip155:1: {EVM}"},
        {"account": f"eip155:01:{EVM}"},
        {"account": f"eip155:1:{EVM.lower()}"},
        {"account": "eip155:1:0x" + "zz" * 20},
        {"account": f"bip122:000000000019d6689c085ae165831e93:{EVM}"},
        {"account": f"eip155:11155111:{EVM}"},
    ],
    ids=range(19),
)
def test_of_anything_unusual_nothing_is_said(changes: dict[str, Any]) -> None:
    account = changes.pop("account", ALICE)
    assert plainly_complete([entry(), entry(account, **changes), entry()]) == [True, False, True]


@given(
    st.sampled_from(
        [ALICE, "xrpl:0:rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "tron:0x2b6653dc:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"]
    ),
    st.integers(0, 60),
    st.text("0123456789abcdefABCDEF:xX*-T ", max_size=2),
    st.integers(0, 2),
)
def test_no_slip_of_the_pen_is_plainly_complete_unless_it_is_complete(at: str, place: int, new: str, gone: int) -> None:
    asked = entry(at[:place] + new + at[place + gone :])
    assert not plainly_complete([asked])[0] or not entry_gaps(asked)
