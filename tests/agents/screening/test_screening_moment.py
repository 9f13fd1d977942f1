"""One call, one moment: what is written meanwhile is in the next answer, and never half of it in this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.sync.screening.lists import ListKey, ListStatus
from agents.sync.screening.screening import MAX_AGE_MS, MOST_ASSERTIONS, Query, Screener, Verdict
from agents.sync.screening.store import ScreeningStore
from tests.agents.screening.holding import (
    DAY,
    ETH,
    KEY,
    NOW,
    OTHER,
    effects,
    opened,
    reading,
    record,
    screener,
    take_in,
    terms,
    wallet,
)

ADDRESS = ETH.rpartition(":")[2]
ALSO = "0x" + "1" * 40
SCRIPT = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
LITECOIN_SCRIPT = "bip122:12a765e31ffd4059bada1e25190f6e98:MQMHBtvnBfxTzt3K2bdxgSE7qZPHSXWsGM"
LISTING: dict[str, tuple[int | None, Callable[[ScreeningStore], object]]] = {
    "a first snapshot": (None, lambda store: take_in(store, [record(ETH)])),
    "a batch": (NOW, lambda store: store.apply(KEY, effects(8, [record(ETH)]), heard_at=NOW)),
    "a batch after silence": (
        NOW - 10 * DAY,
        lambda store: store.apply(KEY, effects(8, [record(ETH)]), heard_at=NOW),
    ),
}


@pytest.mark.parametrize("listing", LISTING)
@pytest.mark.parametrize("call", ["screen", "verdicts"])
def test_what_is_listed_while_a_call_is_under_way_is_never_clear_under_the_new_sequence(
    tmp_path: Path, listing: str, call: str
) -> None:
    before, act = LISTING[listing]
    store = opened(tmp_path)
    if before is not None:
        take_in(store, [record(wallet(1))], time=before)
    to_do = [act]

    def clock() -> int:
        if to_do and ready:
            to_do.pop()(store)  # the writer commits while the screener is between two looks
        return NOW

    ready: list[bool] = []
    screening = Screener(reading(store.path), clock=clock)
    ready.append(True)

    def ask() -> tuple[Verdict, int]:
        if call == "verdicts":
            return screening.verdicts([ADDRESS])[0], 0
        found = screening.screen([Query(ADDRESS)])
        return found.results[0].verdict, found.lists[0].held.sequence

    verdict, sequence = ask()
    assert not to_do
    assert verdict is (Verdict.CLEAR if before == NOW else Verdict.STALE)  # as it was when the call began
    assert sequence < 8
    assert ask()[0] is Verdict.HIT


def both(store: ScreeningStore, text: str = ALSO, now: int = NOW) -> Verdict:
    screening = screener(store, now)
    (verdict,) = screening.verdicts([text])
    assert screening.screen([Query(text)]).results[0].verdict is verdict
    return verdict


def test_a_list_that_is_known_to_lack_something_keeps_clear_back_and_mere_silence_does_so_by_age(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path, [record(ETH)])
    assert both(store) is Verdict.CLEAR

    store.set_status(KEY, ListStatus.LAGGING, silent=True)
    assert both(store) is Verdict.CLEAR
    assert both(store, now=NOW + MAX_AGE_MS + 1) is Verdict.STALE
    store.set_missing(KEY, 9)  # a batch that says 9 came, and 8 did not
    assert (both(store), both(store, ADDRESS)) == (Verdict.STALE, Verdict.HIT)
    store.apply(KEY, effects(8), heard_at=NOW)
    assert both(store) is Verdict.STALE  # current by its status, and still without 9
    store.apply(KEY, effects(9), heard_at=NOW)
    assert both(store) is Verdict.CLEAR
    store.set_status(KEY, ListStatus.LAGGING)
    assert both(store) is Verdict.STALE
    store.set_status(KEY, ListStatus.CURRENT)
    assert both(store) is Verdict.CLEAR
    store.set_missing(KEY, 1 << 63)  # no number of anybody's breaks the store
    store.put_list(KEY, terms(case_id=b"n" * 16), ListStatus.SYNCING)
    assert both(store) is Verdict.STALE  # subscribed anew: what is held may be of long ago
    take_in(store, [record(ETH)], sequence=10)
    assert both(store) is Verdict.CLEAR


def test_a_list_that_must_be_followed_and_is_not_keeps_clear_back(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(ETH)])
    store.set_wanted([KEY, OTHER])
    assert both(store) is Verdict.STALE  # never offered
    assert [(age.held.key, age.stale) for age in screener(store).lists()] == [(OTHER, True), (KEY, False)]
    store.put_list(OTHER, terms(), ListStatus.OFFERED)
    assert both(store) is Verdict.STALE
    store.put_list(OTHER, terms(), ListStatus.SYNCING)
    take_in(store, [record(wallet(1))], key=OTHER)
    assert both(store) is Verdict.CLEAR
    store.set_status(KEY, ListStatus.REVOKED)
    assert (both(store), both(store, ADDRESS)) == (Verdict.STALE, Verdict.STALE)
    store.set_wanted([ListKey(OTHER.owner, OTHER.list_id)])
    assert both(store) is Verdict.CLEAR  # nobody wants the other any more


def test_a_bare_script_address_is_asked_for_on_both_chains_that_it_may_mean(tmp_path: Path) -> None:
    store = opened(tmp_path, [record(LITECOIN_SCRIPT), record(wallet(1))])
    found = screener(store).screen([Query(SCRIPT), Query(f" {SCRIPT}"), Query(SCRIPT, "LTC"), Query(SCRIPT, "BTC")])

    assert [result.verdict for result in found.results] == [Verdict.HIT] * 3 + [Verdict.CLEAR]
    assert [one.entry.account for one in found.results[0].assertions] == [LITECOIN_SCRIPT]
    assert screener(store).verdicts([SCRIPT, f"{SCRIPT}\n", ALSO]) == [Verdict.HIT, Verdict.HIT, Verdict.CLEAR]
    assert both(store, f"bip122:000000000019d6689c085ae165831e93:{SCRIPT}") is Verdict.CLEAR
    slow = screener(store, in_memory=False).screen([Query(SCRIPT)]).results[0]
    assert slow == found.results[0]

    running = screener(store)
    store.apply(KEY, effects(8, [], [record(LITECOIN_SCRIPT)]), heard_at=NOW)
    assert running.verdicts([SCRIPT]) == [Verdict.CLEAR]
    assert screener(store).verdicts([SCRIPT]) == [Verdict.CLEAR]
    store.apply(KEY, effects(9, [record(LITECOIN_SCRIPT)]), heard_at=NOW)
    assert running.verdicts([SCRIPT]) == [Verdict.HIT]
    take_in(store, [record(wallet(1))], sequence=10)
    assert running.verdicts([SCRIPT]) == [Verdict.CLEAR]
    while store.clean():
        continue
    assert store._db.execute("SELECT count(*) FROM bare").fetchone() == (0,)


def test_of_more_assertions_than_are_told_the_gravest_are_and_the_rest_is_counted(tmp_path: Path) -> None:
    many = [
        record(ETH, category=f"c{number}", action=1 + number % 3, suspended=number % 2 == 0)
        for number in range(MOST_ASSERTIONS)
    ]
    last = [record(ETH, category="zz", discreet=True, suspended=True), record(ETH, category="yy", action=4)]
    (result, again) = screener(opened(tmp_path, [*many, *last])).screen([Query(ADDRESS)] * 2).results

    assert (len(result.assertions), result.left_out) == (MOST_ASSERTIONS, 2)
    assert (result.verdict, result.discreet) == (Verdict.HIT, True)
    assert result.assertions[0].entry.category == "yy"
    assert again == result
