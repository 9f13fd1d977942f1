"""Nothing that stands in a file is dropped without a word: it is accepted, refused, or counted as passed over."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sync.importers import FaultCode, FileRefusedError, Format, RefusalCode
from tests.agents.sync_import.lists import BTC, ETH, SEGWIT, TRON, Outcome, read, written

GOOD, BAD, OTHER = "good", "bad", "other"
UNREADABLE = "[x-crypto-wallet:wallet_address = '%s']"


def wallet(number: int) -> str:
    return f"0x{number + 1:040x}"


def indicator(number: int, **more: object) -> dict[str, object]:
    return {
        "type": "indicator",
        "id": f"indicator--{number}",
        "pattern": f"[cryptocurrency-wallet:value = '{wallet(number)}']",
        **more,
    }


def event(attributes: list[Any]) -> dict[str, Any]:
    return {"Event": {"info": "x", "Attribute": attributes}}


Makers = tuple[Callable[[int], Any], ...]
CSV: tuple[Makers, Makers, Makers] = (
    (lambda n: f"{wallet(n)},a", lambda n: f'"{wallet(n)}","a"'),
    (lambda n: f"0x{n:04x},a", lambda _: ",a", lambda n: f"{wallet(n)},a,b,c", lambda n: f"#{wallet(n)},a"),
    (lambda _: "# a remark",),
)
RECORDS: tuple[Makers, Makers, Makers] = (
    (lambda n: {"address": wallet(n)}, wallet, lambda n: {"address": [wallet(n)]}),
    (
        lambda n: {"address": f"0x{n:04x}"},
        lambda n: {"address": {"hash": wallet(n)}},
        lambda n: {"label": "x", "wallets": [{"address": wallet(n)}]},
        lambda _: {"label": "x"},
        lambda _: 7,
        lambda _: None,
        lambda _: "a remark",
    ),
    (),
)
NAMES: tuple[Makers, Makers, Makers] = (
    (wallet,),
    (lambda n: f"0x{n:04x}", lambda _: 7, lambda _: "", lambda n: [wallet(n)], lambda n: wallet(n) + "\u200b"),
    (),
)
STIX: tuple[Makers, Makers, Makers] = (
    (
        indicator,
        lambda n: {"type": "cryptocurrency-wallet", "id": "x--1", "value": wallet(n)},
        lambda n: {"type": "bundle", "objects": [indicator(n)]},
    ),
    (
        lambda n: indicator(n, pattern=UNREADABLE % wallet(n)),
        lambda n: indicator(n, pattern=f"[file:name = 'a'] OR {UNREADABLE % wallet(n)}"),
        lambda n: indicator(n, pattern=f'[cryptocurrency-wallet:value = "{wallet(n)}"]'),
        lambda n: indicator(n, pattern=f"[user-account:account_login = '{wallet(n)}']"),
        lambda n: indicator(n, pattern=[wallet(n)]),
        lambda n: indicator(n, pattern_type="pcre"),
        lambda n: {"type": "x-watch", "id": "x-watch--1", "where": wallet(n)},
        lambda _: {"type": "cryptocurrency-wallet", "id": "x--1"},
        lambda _: 7,
        lambda _: {"id": "x--1"},
    ),
    (
        lambda _: {"type": "identity", "id": "identity--1", "name": "x"},
        lambda n: indicator(n, pattern="[file:hashes.'SHA-256' = 'aa']"),
        lambda n: indicator(n, pattern="alert tcp any any", pattern_type="snort"),
        lambda _: {"type": "x-other", "id": "x-other--1"},
    ),
)
MISP: tuple[Makers, Makers, Makers] = (
    (lambda _: {"type": "btc", "value": BTC}, lambda _: {"type": "btc", "value": SEGWIT}),
    (
        lambda n: {"type": "btc", "value": f"0x{n:04x}"},
        lambda n: {"type": "eth", "value": wallet(n)},
        lambda _: {"type": "btc", "value": ""},
        lambda n: {"type": "btc", "value": [wallet(n)]},
        lambda _: "text",
    ),
    (
        lambda _: {"type": "url", "value": "https://example.org/"},
        lambda n: {"type": "btc", "value": wallet(n), "deleted": True},
    ),
)
TAGS: tuple[Makers, Makers, Makers] = (
    (lambda n: f"- address: '{wallet(n)}'\n", lambda n: f"- address: ['{wallet(n)}']\n"),
    (lambda _: "- label: x\n", lambda _: "- just text\n", lambda _: "- [a, b]\n", lambda _: "- address: {a: b}\n"),
    (),
)
SHAPES: dict[str, tuple[tuple[Makers, Makers, Makers], Callable[[list[Any]], str]]] = {
    "csv": (CSV, lambda items: "address,label\n" + "\n".join(items)),
    "json array": (RECORDS, json.dumps),
    "json wrapped": (RECORDS, lambda items: json.dumps({"note": "x", "data": {"addresses": items}})),
    "json lines": (RECORDS, lambda items: "\n".join(map(json.dumps, [{"address": ETH}, *items]))),
    "json names": (NAMES, lambda items: json.dumps({"addresses": items})),
    "stix bundle": (STIX, lambda items: json.dumps({"type": "bundle", "id": "bundle--1", "objects": items})),
    "stix array": (STIX, json.dumps),
    "stix bundles": (STIX, lambda items: json.dumps([{"type": "bundle", "id": "bundle--1", "objects": items}])),
    "misp event": (MISP, lambda items: json.dumps(event(items))),
    "misp response": (MISP, lambda items: json.dumps({"response": [event(items)]})),
    "misp array": (MISP, lambda items: json.dumps([event(items)])),
    "tagpack": (TAGS, lambda items: "title: x\ncreator: y\ntags:\n" + "".join(items)),
}


def outcome_of(text: str, named: Format | None = None) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return read(written(Path(folder), text), named=named)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=25)
@given(st.data())
def test_every_element_is_accepted_refused_or_counted_as_passed_over(shape: str, data: st.DataObject) -> None:
    makers, render = SHAPES[shape]
    kinds = st.sampled_from([kind for kind, some in zip((GOOD, BAD, OTHER), makers, strict=True) if some])
    drawn = [GOOD, *data.draw(st.lists(kinds, max_size=8))]
    items = []
    for number, kind in enumerate(drawn):
        some = makers[(GOOD, BAD, OTHER).index(kind)]
        items.append(some[0](number) if number == 0 else data.draw(st.sampled_from(some))(number))
    outcome = outcome_of(render(items))

    more = shape == "json lines"
    assert outcome.accepted == drawn.count(GOOD) + more
    assert len(outcome.refused) == drawn.count(BAD)
    assert outcome.left_out == drawn.count(OTHER)


def codes(outcome: Outcome) -> list[tuple[int, RefusalCode]]:
    return [(refusal.row, refusal.code) for refusal in outcome.refused]


@pytest.mark.parametrize(
    ("content", "accepted", "refused"),
    [
        ({"addresses": [BTC], "sanctioned_addresses": [SEGWIT, TRON]}, 1, [RefusalCode.AMBIGUOUS] * 2),
        ({"btc": [{"address": BTC}], "meta": {"list": [{"address": ETH}]}}, 1, [RefusalCode.AMBIGUOUS]),
        ({"address": BTC, "notes": ["x"]}, 0, [RefusalCode.AMBIGUOUS]),
        (
            {"0x1234": {"label": "x"}, BTC: {"label": "x"}, "1Boat SLR": {"label": "x"}, ETH: {"label": "y"}},
            2,
            [RefusalCode.BAD_LENGTH, RefusalCode.NOT_AN_ADDRESS],
        ),
        ([{"address": [BTC, SEGWIT, "x", {}]}], 2, [RefusalCode.NOT_AN_ADDRESS, RefusalCode.MALFORMED_ROW]),
        ([{"address": BTC, "wallet": SEGWIT, "account": "John's"}], 2, []),
        ([[BTC, "0x1234"], [{"address": ETH}]], 2, [RefusalCode.BAD_LENGTH]),
        ([{"address": BTC}, {"label": "x" * 10, **{f"k{n}": n for n in range(300)}}], 1, [RefusalCode.MALFORMED_ROW]),
    ],
)
def test_wallets_in_other_places_of_a_json_file_are_taken_or_refused(
    content: Any, accepted: int, refused: list[RefusalCode]
) -> None:
    outcome = outcome_of(json.dumps(content), Format.JSON)

    assert outcome.accepted == accepted
    assert sorted(code for _, code in codes(outcome)) == sorted(refused)


def test_a_key_that_stands_twice_is_refused_as_nobody_can_tell_which_value_is_meant() -> None:
    twice = f'{{"address": "{BTC}", "address": "{ETH}"}}'
    good = json.dumps({"address": TRON})

    assert codes(outcome_of(f"[{twice}, {good}]")) == [(1, RefusalCode.MALFORMED_ROW)]
    assert codes(outcome_of(f"{good}\n{twice}\n")) == [(2, RefusalCode.MALFORMED_ROW)]
    with pytest.raises(FileRefusedError) as refused:
        outcome_of(twice)
    assert refused.value.code is FaultCode.DAMAGED


def test_a_bundle_in_an_array_is_read_to_its_end() -> None:
    objects = [indicator(number) for number in range(1500)]
    observed = {str(number): {"type": "cryptocurrency-wallet", "value": wallet(number)} for number in range(1500)}
    seen = {"type": "observed-data", "id": "observed-data--1", "objects": observed}

    assert outcome_of(json.dumps([{"type": "bundle", "id": "bundle--1", "objects": objects}])).accepted == 1500
    assert outcome_of(json.dumps({"type": "bundle", "id": "bundle--1", "objects": [seen]})).accepted == 1500


def test_a_second_wallet_in_a_row_is_taken_where_a_column_says_so_and_else_the_row_is_refused() -> None:
    named = outcome_of(f"address,wallet,category\n{BTC},{ETH},scam\n{TRON},Main wallet,scam\n")
    twice = outcome_of(f"account,address,chain\neip155:1:{ETH},{ETH.lower()},eip155:1\n")
    unnamed = outcome_of(f"{BTC},{ETH}\n{SEGWIT},x\n")

    assert (named.accepted, codes(named)) == (3, [])
    assert {entry.category for entry in named.entries} == {"scam"}
    assert (twice.accepted, twice.only.account) == (1, f"eip155:1:{ETH}")
    assert (unnamed.accepted, codes(unnamed)) == (1, [(1, RefusalCode.AMBIGUOUS)])


def test_a_remark_has_one_cell_and_a_first_row_with_a_bad_wallet_is_no_header() -> None:
    labelled = outcome_of(f"label,address\n#1 drainer,{ETH}\nok,{BTC}\n# remark\n")
    begun = outcome_of(f"# from: a, b and c\naddress,label\n{BTC},x\n")
    bad_first = outcome_of(f"1BadAddr,scam\n{BTC},scam\n{TRON},scam\n")

    assert (labelled.accepted, labelled.left_out, codes(labelled)) == (2, 1, [])
    assert (begun.accepted, begun.left_out, codes(begun)) == (1, 1, [])
    assert (bad_first.accepted, codes(bad_first)) == (2, [(1, RefusalCode.NOT_AN_ADDRESS)])


def test_attributes_of_a_misp_object_that_hold_an_unmarked_wallet_are_refused() -> None:
    attributes = [
        {"object_relation": "address", "type": "btc", "value": BTC},
        {"object_relation": "address-eth", "type": "text", "value": ETH},
        {"object_relation": "symbol", "type": "text", "value": "BTC"},
    ]
    objects = [{"name": "coin-address", "Attribute": attributes}, {"name": "coin-address", "Attribute": attributes[2:]}]
    outcome = outcome_of(json.dumps({"Event": {"info": "x", "Object": [*objects, {"name": "file", "Attribute": []}]}}))

    assert (outcome.accepted, outcome.left_out) == (1, 1)
    assert codes(outcome) == [(1, RefusalCode.AMBIGUOUS), (2, RefusalCode.NO_WALLET)]
