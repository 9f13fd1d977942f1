"""Rows of one entry come together the same in any order and any grouping; rows of differing givers never do."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from random import Random

from comity.v1 import payload_pb2
from hypothesis import given
from hypothesis import strategies as st

from agents.sync.importers.merging import Assertion, entry_of, event_key, identity, is_live, merge
from agents.sync.importers.words import moment_of
from tests.agents.sync_import.lists import BTC, ETH, NOW, SEGWIT, policy, read, written

TEXTS = st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=60), max_size=3)
MOMENTS = st.sampled_from([0, NOW - 2 * 86_400_000, NOW, NOW + 86_400_000])
KEYS = st.builds(event_key, st.sampled_from([1, 2, 3]), st.integers(1, 4))
EVENTS = st.lists(
    st.builds(
        lambda asset, key, adds: (asset, key, 0) if adds else (asset, 0, key),
        st.sampled_from(["ETH", "USDT", ""]),
        KEYS,
        st.booleans(),
    ),
    max_size=1,
)
SORTED = TEXTS.map(lambda texts: tuple(sorted({*texts})))
ONE = st.lists(st.sampled_from(["A", "B", "C"]), max_size=1).map(tuple)
ASSERTIONS = st.builds(
    Assertion,
    account=st.just(f"bip122:000000000019d6689c085ae165831e93:{BTC}"),
    transaction=st.just(""),
    giver=st.just("g"),
    category=st.just("scam"),
    kind=st.integers(1, 6),
    level=st.integers(1, 100),
    action=st.integers(1, 4),
    labels=SORTED,
    actors=SORTED,
    reasons=SORTED,
    links=ONE,
    assets=ONE,
    received=ONE,
    begins=MOMENTS,
    ends=MOMENTS,
    review=MOMENTS,
    discreet=st.booleans(),
    cluster=st.booleans(),
    events=EVENTS.map(tuple),
    warned=st.integers(0, 4095),
    first_row=st.integers(1, 9),
)
ROWS = st.lists(ASSERTIONS, min_size=1, max_size=6)


@given(ROWS, st.randoms(), st.integers(0, 6))
def test_the_order_of_rows_and_where_an_import_was_cut_change_nothing(
    rows: list[Assertion], random: Random, cut: int
) -> None:
    whole = reduce(merge, rows)
    shuffled = [*rows]
    random.shuffle(shuffled)
    parts = [part for part in (shuffled[:cut], shuffled[cut:]) if part]
    stored = [Assertion.from_json(reduce(merge, part).to_json()) for part in parts]

    assert reduce(merge, stored) == whole
    assert whole.rows == len(rows)


@given(ROWS)
def test_the_most_careful_row_decides(rows: list[Assertion]) -> None:
    whole = reduce(merge, rows)

    assert whole.action == max(row.action for row in rows)
    assert (whole.level, whole.kind) == max((row.level, row.kind) for row in rows)
    assert whole.discreet == any(row.discreet for row in rows)
    assert whole.begins == min((row.begins for row in rows if row.begins), default=0)
    assert whole.ends == max(row.ends for row in rows)
    if is_live(whole):
        entry = entry_of(identity(whole), whole, policy()).entry
        assert 0 < entry.valid_from < entry.valid_until
        assert len(entry.label.encode()) <= 200


@given(ASSERTIONS)
def test_a_row_that_is_read_twice_says_nothing_more(row: Assertion) -> None:
    twice = merge(row, row)

    assert entry_of(b"", twice, policy()).entry == entry_of(b"", row, policy()).entry if is_live(row) else True
    assert is_live(twice) == is_live(row)


def test_every_spelling_of_one_wallet_is_one_entry(tmp_path: Path) -> None:
    rows = [
        ("eip155:1", ETH.lower()),
        ("ethereum", "0x" + ETH[2:].upper()),
        ("", f"eip155:1:{ETH}"),
        ("ETH", f" {ETH} "),
        ("BTC", SEGWIT),
        ("", SEGWIT.upper()),
    ]
    text = "chain,address,label,source\n" + "".join(
        f"{chain},{address},L{number},g\n" for number, (chain, address) in enumerate(rows)
    )
    outcome = read(written(tmp_path, text))

    assert {(entry.account, entry.label) for entry in outcome.entries} == {
        (f"eip155:1:{ETH}", "L0; L1; L2; L3"),
        (f"bip122:000000000019d6689c085ae165831e93:{SEGWIT}", "L4; L5"),
    }
    assert outcome.accepted == 6


def test_differing_givers_and_categories_stand_side_by_side(tmp_path: Path) -> None:
    text = f"address,source,category\n{BTC},a,scam\n{BTC},b,scam\n{BTC},a,mixer\n{BTC},a,Scam\n"
    outcome = read(written(tmp_path, text))

    assert sorted((entry.giver, entry.category) for entry in outcome.entries) == [
        ("a", "mixer"),
        ("a", "scam"),
        ("b", "scam"),
    ]


def test_an_entry_is_live_while_one_of_its_assets_is_listed(tmp_path: Path) -> None:
    def live(*events: str) -> bool:
        path = written(tmp_path, "date,op,asset,address\n" + "".join(f"{event},{ETH}\n" for event in events))
        return bool(read(path).entries)

    assert live("2026-01-01,add,USDT", "2026-02-01,add,USDC", "2026-03-01,remove,USDT")
    assert not live("2026-01-01,add,USDT", "2026-02-01,add,USDC", "2026-03-01,remove,USDT", "2026-04-01,remove,USDC")
    assert live("2026-03-01,add,USDT", "2026-02-01,remove,USDT")
    assert live("2026-03-01,remove,USDT", "2026-03-01,add,USDT")
    assert not live("2026-03-01,add,USDT", "2026-03-01,remove,USDT")


def test_an_entry_listed_again_begins_anew(tmp_path: Path) -> None:
    rows = f"2026-01-01,add,USDT,{ETH}\n2026-02-01,remove,USDT,{ETH}\n2026-05-01,add,USDT,{ETH}\n"
    entry = read(written(tmp_path, "date,action,asset,address\n" + rows)).only

    assert entry.valid_from == moment_of("2026-05-01")
    assert entry.action == payload_pb2.WATCH_ACTION_OBSERVE
