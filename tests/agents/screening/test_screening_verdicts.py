"""What screening says: every spelling, every assertion, and never "clear" of what nobody can know."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from comity.handling import Onward, PermittedAction, Tlp
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import EntryState

from agents.sync.screening.lists import ListStatus
from agents.sync.screening.screening import MAX_AGE_MS, Query, Result, Screener, Verdict
from tests.agents.screening.holding import (
    DAY,
    ETH,
    HANDLING,
    KEY,
    LEGACY,
    NOW,
    OTHER,
    SEGWIT,
    XRP,
    effects,
    opened,
    record,
    screener,
    take_in,
    terms,
    wallet,
)

ADDRESS = ETH.rpartition(":")[2]
ALSO = "0x" + "1" * 40


def one(screening: Screener, address: str, chain: str = "") -> Result:
    return screening.screen([Query(address, chain, "ref")]).results[0]


@pytest.mark.parametrize(
    ("listed", "spellings"),
    [
        (ETH, [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper(), f" {ADDRESS}\n", ETH, f"eip155:137:{ADDRESS}"]),
        (f"eip155:*:{ADDRESS}", [ADDRESS, f"eip155:56:{ADDRESS.lower()}"]),
        (SEGWIT, [SEGWIT, SEGWIT.rpartition(":")[2], SEGWIT.rpartition(":")[2].upper()]),
        (LEGACY, ["1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", LEGACY]),
        (XRP, ["rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2qwGkhgc48zzcx6Gkr", f"{XRP}-7"]),
        (
            "ton:-239:-1%3Ae56754f83426f69b09267bd876ac97c44821345b7e266bd956a7bfbfb98df35c",
            [
                "Ef_lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7-_uY3zXDvq",
                "Uf/lZ1T4NCb2mwkme9h2rJfESCE0W34ma9lWp7+/uY3zXGYv",
                "-1:E56754F83426F69B09267BD876AC97C44821345B7E266BD956A7BFBFB98DF35C",
            ],
        ),
    ],
)
@pytest.mark.parametrize("in_memory", [True, False])
def test_any_spelling_of_a_listed_wallet_is_a_hit(
    tmp_path: Path, listed: str, spellings: list[str], in_memory: bool
) -> None:
    screening = screener(opened(tmp_path, [record(listed)]), in_memory=in_memory)

    assert {one(screening, text).verdict for text in spellings} == {Verdict.HIT}
    assert screening.verdicts(spellings) == [Verdict.HIT] * len(spellings)
    assert {found.entry.account for text in spellings for found in one(screening, text).assertions} == {listed}


def test_a_hit_gives_every_assertion_with_its_list_and_merged_handling_and_says_what_is_discreet(
    tmp_path: Path,
) -> None:
    narrow = payload_pb2.Handling()
    narrow.CopyFrom(HANDLING)
    narrow.tlp = payload_pb2.TLP_RED
    narrow.permitted_action = payload_pb2.PERMITTED_ACTION_EXTERNAL_DIRECT
    store = opened(
        tmp_path, [record(ETH), record(ETH, category="fraud", giver="police", handling=narrow, discreet=True)]
    )
    store.put_list(OTHER, terms(title="HKMA", handling=b""), ListStatus.SYNCING)
    take_in(store, [record(f"eip155:*:{ADDRESS}", action=1)], key=OTHER, sequence=3)
    result = one(screener(store), ADDRESS)
    by_giver = {(found.held.key, found.entry.giver): found for found in result.assertions}

    assert (result.verdict, result.account, result.discreet) == (Verdict.HIT, f"eip155:*:{ADDRESS}", True)
    assert result.query.reference == "ref"
    assert set(by_giver) == {(KEY, "ofac-sdn"), (KEY, "police"), (OTHER, "ofac-sdn")}
    plain, tight, bare = by_giver[KEY, "ofac-sdn"], by_giver[KEY, "police"], by_giver[OTHER, "ofac-sdn"]
    assert (plain.handling.tlp, plain.held.sequence, plain.held.terms.title) == (Tlp.AMBER, 7, "OFAC")
    assert (tight.handling.tlp, tight.handling.permitted_action) == (Tlp.RED, PermittedAction.INTERNAL)
    assert (bare.handling.tlp, bare.handling.onward, bare.held.sequence) == (Tlp.AMBER_STRICT, Onward.ASK, 3)
    assert [tight.entry.discreet, plain.entry.discreet] == [True, False]


@pytest.mark.parametrize(
    ("changes", "now", "state"),
    [
        ({}, NOW, EntryState.ACTIVE),
        ({"suspended": True}, NOW, EntryState.SUSPENDED),
        ({"set_id": b"s" * 16, "provisional_until": NOW + 1}, NOW, EntryState.ACTIVE),
        ({"set_id": b"s" * 16, "provisional_until": NOW - 1}, NOW, EntryState.SUSPENDED),
        ({"valid_until": NOW + 5}, NOW + 5, EntryState.EXPIRED),
        ({"valid_from": NOW + 5}, NOW, EntryState.NOT_YET),
    ],
)
def test_only_what_is_in_force_by_the_own_clock_is_a_hit_and_the_rest_is_told(
    tmp_path: Path, changes: dict[str, object], now: int, state: EntryState
) -> None:
    result = one(screener(opened(tmp_path, [record(ETH, **changes)]), now), ADDRESS)

    assert [found.state for found in result.assertions] == [state]
    assert result.verdict is (Verdict.HIT if state is EntryState.ACTIVE else Verdict.CLEAR)


def test_what_a_stream_calls_clear_without_a_word_has_nothing_said_about_it(tmp_path: Path) -> None:
    screening = screener(opened(tmp_path, [record(ETH, suspended=True)]), NOW)

    assert screening.verdicts([ADDRESS, ALSO]) == [Verdict.CLEAR] * 2
    assert screening.unlisted([ADDRESS, ALSO, "hello"]) == [None, Verdict.CLEAR, None]
    (found,) = one(screening, ADDRESS).assertions
    assert (found.state, found.entry.action) == (EntryState.SUSPENDED, payload_pb2.WATCH_ACTION_BLOCK)


@pytest.mark.parametrize(
    ("text", "chain", "problem"),
    [
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMj", "", "BAD_CHECKSUM"),
        (ADDRESS.replace("D", "d", 1), "", "BAD_CHECKSUM"),
        ("hello", "", "NOT_AN_ADDRESS"),
        ("", "", "NOT_AN_ADDRESS"),
        (ADDRESS, "BTC", "WRONG_CHAIN"),
        (ADDRESS, "eip155:11155111", "TESTNET"),
        ("hello", "ETH", "NOT_AN_ADDRESS"),
    ],
)
def test_what_is_no_wallet_is_invalid_and_never_clear(tmp_path: Path, text: str, chain: str, problem: str) -> None:
    screening = screener(opened(tmp_path, [record(ETH)]))
    result = one(screening, text, chain)

    assert (result.verdict, result.problem, result.account) == (Verdict.INVALID, problem, "")
    assert chain or screening.verdicts([text]) == [Verdict.INVALID]


def test_nothing_is_clear_while_a_list_is_old_missing_or_none_is_held(tmp_path: Path) -> None:
    store = ScreeningStores(tmp_path)

    assert store.verdict() is Verdict.STALE  # no list at all
    store.follow(KEY)
    assert store.verdict() is Verdict.STALE  # subscribed, nothing here yet
    take_in(store.store, [record(ETH)])
    assert store.verdict(NOW + MAX_AGE_MS) is Verdict.CLEAR
    assert store.verdict(NOW + MAX_AGE_MS + 1) is Verdict.STALE
    assert store.verdict(NOW - DAY) is Verdict.STALE  # a clock is wrong: age says nothing
    store.follow(OTHER)
    assert store.verdict() is Verdict.STALE  # one of two has not come
    store.store.set_status(OTHER, ListStatus.REVOKED)
    assert store.verdict() is Verdict.CLEAR
    store.store.put_list(KEY, terms(max_age_ms=60_000), ListStatus.CURRENT)
    assert store.verdict(NOW + 60_001) is Verdict.STALE  # the list's own limit
    assert store.verdict(NOW + 60_001, ADDRESS) is Verdict.HIT  # a hit is told at any age


def test_with_and_without_the_keys_in_memory_the_answers_are_the_same(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(ETH), record(SEGWIT)])
    with (Path(__file__).parents[2] / "data" / "addresses" / "wallets_sample.csv").open(newline="") as file:
        texts = [row["address"] for row in csv.DictReader(file)]
    asked = [Query(text, chain) for text in (ADDRESS, SEGWIT, "", *texts[:300]) for chain in ("", "ETH")]

    quick, slow = (screener(store, in_memory=in_memory).screen(asked).results for in_memory in (True, False))
    assert quick == slow
    assert {result.verdict for result in quick} == {Verdict.HIT, Verdict.INVALID, Verdict.CLEAR}


class ScreeningStores:
    """One store, screened at different moments."""

    def __init__(self, folder: Path) -> None:
        self.store = opened(folder)
        self.store.set_status(KEY, ListStatus.OFFERED)

    def follow(self, key: object) -> None:
        self.store.put_list(key, terms(), ListStatus.SYNCING)  # type: ignore[arg-type]

    def verdict(self, now: int = NOW, text: str = ALSO) -> Verdict:
        screening = screener(self.store, now)
        result = one(screening, text)
        assert screening.verdicts([text]) == [result.verdict]
        assert result.verdict is not Verdict.CLEAR or not any(age.stale for age in screening.lists())
        return result.verdict


def test_a_running_screener_sees_each_batch_snapshot_and_end_of_a_list(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(wallet(number)) for number in range(20)])
    screening = screener(store)
    ask = ["0x" + f"{1:040d}", ADDRESS, "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY"]
    hit, clear = Verdict.HIT, Verdict.CLEAR

    assert screening.verdicts(ask) == [hit, clear, clear]
    store.apply(KEY, effects(8, [record(ETH)], [record(wallet(1))]), heard_at=1)
    assert screening.verdicts(ask) == [clear, hit, clear]
    take_in(store, [record(XRP)], sequence=9)
    assert screening.verdicts(ask) == [clear, clear, hit]
    store.set_status(KEY, ListStatus.REVOKED)
    assert screening.verdicts(ask) == [Verdict.STALE] * 3


def test_more_single_changes_than_are_remembered_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.sync.screening.store.KEPT_CHANGES", 3)
    store = opened(tmp_path, [record(ETH)])
    screening = screener(store)
    for sequence in range(8, 12):
        store.apply(KEY, effects(sequence, [record(wallet(sequence * 10 + n)) for n in range(4)]), heard_at=1)

    assert screening.verdicts([ADDRESS, *(wallet(sequence * 10)[9:] for sequence in range(8, 12))]) == [Verdict.HIT] * 5
    assert store.changed_since(0) is None


def test_a_listed_transaction_is_found(tmp_path: Path) -> None:
    listed = f"eip155:1:tx/0x{'ab' * 32}"
    entry = pb.WatchEntry()
    entry.CopyFrom(record("").entry)
    entry.transaction = listed
    screening = screener(opened(tmp_path, [pb.WatchRecord(entry=entry)]))

    assert [one(screening, *asked).verdict for asked in ((listed,), ("0x" + "AB" * 32, "ETH"))] == [Verdict.HIT] * 2
    assert one(screening, f"eip155:1:tx/0x{'cd' * 32}").verdict is Verdict.CLEAR
    assert screening.verdicts([listed]) == [Verdict.HIT]


@pytest.mark.parametrize("in_memory", [True, False])
def test_keys_are_listed_exactly_even_where_their_short_hashes_meet(tmp_path: Path, in_memory: bool) -> None:
    # Two texts with the same CRC-32, found by search.
    first, second = "solana:x:plumless", "solana:x:buckeroo"
    store = opened(tmp_path, [record(first), record(wallet(1))])
    screening = screener(store, in_memory=in_memory)
    store.apply(KEY, effects(8, [], [record(wallet(1))]), heard_at=1)

    assert screening.listed([first, second, f"eip155:*:0x{1:040d}", ""]) == [True, False, False, False]


@pytest.mark.parametrize("in_memory", [True, False])
def test_every_listed_one_of_many_is_found_wherever_it_stands(tmp_path: Path, in_memory: bool) -> None:
    store = opened(tmp_path, [record(wallet(number)) for number in range(0, 300, 3)])
    screening = screener(store, in_memory=in_memory)
    keys = [f"eip155:*:0x{number:040d}" for number in range(300)]

    assert screening.listed(keys) == [number % 3 == 0 for number in range(300)]
    hits = [verdict is Verdict.HIT for verdict in screening.verdicts([key[9:] for key in keys])]
    assert hits == [number % 3 == 0 for number in range(300)]
    full = screening.screen([Query(key[9:]) for key in keys]).results
    assert [result.verdict is Verdict.HIT for result in full] == hits
