"""Entries of a watchlist: their ids, what they must hold, the keys they are found under, and how they are read."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from comity.encoding import serialise
from comity.errors import MalformedError
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.wallets import parse_account
from comity.watchlists import EntryState, entry_gaps, entry_id, is_effective, parse_record, screening_key, seen_keys
from comity.watchlists.entries import MAX_RECORD_BYTES, MAX_VALIDITY

from tests.contract.builders import NOW, secret
from tests.contract.test_payload_watchlists import HANDLING
from tests.contract.watchlists import ALICE, BOB, CAROL, DAY, entry

TRANSACTION = "eip155:1:tx/0x" + "ab" * 32
TAGGED = "xrpl:0:rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn-12345"
TON = "ton:-239:0%3A83dfd552e63729b472fcbcc8c45ebcc6691702558b68ec7527e1ba403a0f31a8"


def paths(found: pb.WatchEntry) -> list[str]:
    return [gap.path for gap in entry_gaps(found)]


def test_the_id_is_who_says_what_of_which_wallet_and_nothing_else() -> None:
    parts = [ALICE.encode(), b"ofac-sdn", b"sanctions"]
    tagged = b"comity/v1/watchlist-entry\x00" + b"".join(len(p).to_bytes(8, "big") + p for p in parts)
    assert entry_id(entry()) == hashlib.sha256(tagged).digest()[:16]
    assert entry_id(entry(version=9, label="x", action=4)) == entry_id(entry())
    others = [entry(BOB), entry(giver="un"), entry(category="scam"), entry("", transaction=TRANSACTION)]
    assert len({entry_id(other) for other in [entry(), *others]}) == 5


@pytest.mark.parametrize(
    ("listed", "key"),
    [
        (ALICE, "eip155:*:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        (ALICE.replace(":1:", ":56:"), "eip155:*:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        (ALICE.replace(":1:", ":*:"), "eip155:*:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        (BOB, BOB),
        (TAGGED, TAGGED),
        (TON, TON),
    ],
)
def test_every_spelling_and_chain_of_a_wallet_is_found_under_one_key(listed: str, key: str) -> None:
    assert screening_key(listed) == key
    assert key in seen_keys(parse_account(listed))


def test_a_part_of_an_account_is_also_looked_for_under_the_whole() -> None:
    assert seen_keys(parse_account(TAGGED)) == (TAGGED, CAROL)
    assert seen_keys(parse_account(CAROL)) == (CAROL,)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"account": ALICE.replace(":1:", ":*:"), "as_received": ALICE.split(":")[2].lower()},
        {"account": "", "transaction": TRANSACTION},
        {"account": "", "transaction": TRANSACTION, "as_received": "0x" + "AB" * 32},
        {"account": TON, "as_received": "EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqB2N"},
        {"valid_until": NOW - DAY + MAX_VALIDITY, "review_at": NOW, "discreet": True, "cluster": True},
        {"confidence": payload_pb2.CONFIDENCE_KIND_UNKNOWN, "confidence_level": 1},
        {"label": "證監會", "actor": "x" * 200, "source_url": "https://example.org/" + "x" * 480, "why": "ref"},
        {"category": "unspecified", "handling": HANDLING},
    ],
)
def test_a_complete_entry_has_no_gap(changes: dict[str, Any]) -> None:
    assert entry_gaps(entry(**changes)) == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"account": ""}, "account"),
    ({"transaction": TRANSACTION}, "account"),
    ({"account": ALICE.lower()}, "account"),
    ({"account": "no wallet"}, "account"),
    ({"account": ALICE.split(":")[2]}, "account"),
    ({"account": "", "transaction": TRANSACTION.upper()}, "transaction"),
    ({"account": "", "transaction": "0x" + "ab" * 32}, "transaction"),
    ({"as_received": ALICE.split(":")[2]}, "as_received"),
    ({"as_received": "0xde709f2102306220921060314715629080e2fb77"}, "as_received"),
    ({"as_received": "no wallet"}, "as_received"),
    ({"account": "", "transaction": TRANSACTION, "as_received": "0x" + "ab" * 32}, "as_received"),
    ({"asset": "x" * 21}, "asset"),
    ({"label": "x" * 201}, "label"),
    ({"label": "證" * 67}, "label"),
    ({"label": " "}, "label"),
    ({"label": "a\u202eb"}, "label"),
    ({"actor": "x" * 201}, "actor"),
    ({"source_url": "x" * 501}, "source_url"),
    ({"why": "x" * 501}, "why"),
    ({"giver": ""}, "giver"),
    ({"giver": "x" * 101}, "giver"),
    ({"category": ""}, "category"),
    ({"category": "Scam"}, "category"),
    ({"category": "x" * 65}, "category"),
    ({"confidence": 0}, "confidence"),
    ({"confidence": 99}, "confidence"),
    ({"confidence_level": 0}, "confidence_level"),
    ({"confidence_level": 101}, "confidence_level"),
    ({"confidence": payload_pb2.CONFIDENCE_KIND_UNKNOWN, "confidence_level": 2}, "confidence_level"),
    ({"action": 0}, "action"),
    ({"action": 5}, "action"),
    ({"valid_from": 0}, "valid_from"),
    ({"valid_from": -1}, "valid_from"),
    ({"valid_until": 0}, "valid_until"),
    ({"valid_until": NOW - DAY}, "valid_until"),
    ({"valid_until": NOW - DAY + MAX_VALIDITY + 1}, "valid_until"),
    ({"review_at": -1}, "review_at"),
    ({"version": 0}, "version"),
    ({"handling": payload_pb2.Handling(tlp=payload_pb2.TLP_RED)}, "handling.code"),
]


@pytest.mark.parametrize(("changes", "path"), WRONG)
def test_each_gap_of_an_entry_is_named_by_its_field(changes: dict[str, Any], path: str) -> None:
    found = entry(**changes)
    assert path in paths(found)
    if path not in ("valid_from", "handling.code"):  # without a beginning there is no end, and so on
        assert set(paths(found)) == {path}
    with pytest.raises(MalformedError):
        parse_record(serialise(pb.WatchRecord(entry=found)))


def test_handling_that_contradicts_itself_is_a_gap() -> None:
    found = entry(handling=HANDLING)
    found.handling.code_text = "why"
    assert paths(found) == ["handling.code_text"]


def test_a_record_is_read_as_it_was_written() -> None:
    for record in (
        pb.WatchRecord(entry=entry()),
        pb.WatchRecord(entry=entry(label="x" * 200), suspended=True),
        pb.WatchRecord(entry=entry(), set_id=secret("set")[:16], provisional_until=NOW),
        pb.WatchRecord(entry=entry(handling=HANDLING)),
    ):
        data = serialise(record)
        assert parse_record(data) == record == parse_record(data, checked=False)


def broken(**changes: Any) -> bytes:
    return serialise(pb.WatchRecord(**{"entry": entry()} | changes))


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        broken()[:-1],
        broken() + b"\x28\x01",
        broken(entry=entry(label="x" * MAX_RECORD_BYTES)),
        broken(set_id=bytes(16)),
        broken(set_id=bytes(15), provisional_until=NOW),
        broken(provisional_until=NOW),
        broken(set_id=bytes(16), provisional_until=-1),
        broken(set_id=bytes(16), provisional_until=1 << 60),
        broken(entry=entry(transaction=TRANSACTION)),
        broken(entry=entry("")),
        broken(entry=entry(giver="")),
        broken(entry=entry(giver="x" * 101)),
        broken(entry=entry(asset="x" * 21)),
        broken(entry=entry(label="x" * 201)),
        broken(entry=entry(why="x" * 501)),
        broken(entry=entry(category="A")),
        broken(entry=entry(confidence=0)),
        broken(entry=entry(confidence_level=101)),
        broken(entry=entry(action=9)),
        broken(entry=entry(valid_until=1)),
        broken(entry=entry(version=0)),
        broken(entry=entry(handling=payload_pb2.Handling(tlp=payload_pb2.TLP_RED))),
    ],
)
def test_what_is_no_record_is_refused_even_where_the_content_is_not_looked_at(data: bytes, *, checked: bool) -> None:
    with pytest.raises(MalformedError):
        parse_record(data, checked=checked)


def test_a_wrong_checksum_is_found_where_the_content_is_looked_at_and_only_there() -> None:
    data = broken(entry=entry(ALICE[:-1] + "D"))
    assert parse_record(data, checked=False).entry.version == 1
    with pytest.raises(MalformedError):
        parse_record(data)


@pytest.mark.parametrize(
    ("changes", "now", "state"),
    [
        ({}, NOW, EntryState.ACTIVE),
        ({}, NOW - DAY, EntryState.ACTIVE),
        ({}, NOW - DAY - 1, EntryState.NOT_YET),
        ({}, NOW + 300 * DAY - 1, EntryState.ACTIVE),
        ({}, NOW + 300 * DAY, EntryState.EXPIRED),
        ({"suspended": True}, NOW, EntryState.SUSPENDED),
        ({"suspended": True}, NOW + 300 * DAY, EntryState.EXPIRED),
        ({"set_id": bytes(16), "provisional_until": NOW}, NOW, EntryState.ACTIVE),
        ({"set_id": bytes(16), "provisional_until": NOW}, NOW + 1, EntryState.SUSPENDED),
    ],
)
def test_an_entry_stands_as_the_holders_own_clock_says(changes: dict[str, Any], now: int, state: EntryState) -> None:
    assert is_effective(pb.WatchRecord(entry=entry(), **changes), now) is state
