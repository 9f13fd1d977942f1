"""The one history: what may stand beside a head or a leaf that was seen, and what no honest hub can have signed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from comity.directory import Head, sign_head
from comity.errors import VerificationError
from comity.keys import SigningKey
from comity.receipts import Leaf

from agents import truststore as rows
from agents.alarms import AlarmKind
from agents.errors import SplitViewError
from agents.history import CLOCK_SKEW_MS, HUB_SLACK_MS, History, contradict
from agents.home import Home
from agents.store import Store
from agents.truststore import SeenHead

NOW = 1_800_000_000_000
KEY = SigningKey.generate()


def head(directory_size: int, exchange_size: int, time: int = NOW) -> SeenHead:
    found = Head("h.example/d", directory_size, bytes(32), "h.example/e", exchange_size, bytes(32), time)
    return SeenHead(found, *sign_head(found, KEY))


def leaf(directory_size: int, time_seconds: int = NOW // 1000) -> Leaf:
    return Leaf(time_seconds, directory_size, bytes(32), os.urandom(32))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A desk's home."""
    return Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")


@pytest.fixture
def history(home: Home) -> History:
    """A history of which nothing was seen yet."""
    return History(home, Store.open(home.store_path), lambda: NOW)


def keep(history: History, *heads: SeenHead) -> None:
    for one in heads:
        history.check_head(one)
        history.keep_head(one)


def keep_leaf(history: History, index: int, said: Leaf) -> None:
    with history._store.begin() as c:
        rows.put_leaf(c, index, said)


# --- heads


@pytest.mark.parametrize(
    ("one", "other", "honest"),
    [
        (head(5, 10), head(5, 10, NOW + 10**9), True),
        (head(5, 10), head(6, 12, NOW - CLOCK_SKEW_MS), True),
        (head(5, 10, NOW + HUB_SLACK_MS), head(5, 11), True),
        (head(5, 10, NOW + HUB_SLACK_MS + 1), head(5, 11), False),
        (head(5, 10, NOW + HUB_SLACK_MS + 1), head(6, 10), False),
        (head(6, 10), head(5, 11), False),
        (head(6, 10), head(5, 11, NOW + 10**9), False),
    ],
)
def test_of_two_heads_one_covers_the_other_and_is_not_the_older_one(
    one: SeenHead, other: SeenHead, honest: bool
) -> None:
    assert contradict(one.head, other.head) is not honest
    assert contradict(other.head, one.head) is not honest


def test_two_processes_whose_clocks_are_two_minutes_apart_never_trip_a_client(history: History) -> None:
    sizes = [(5, 10), (5, 12), (6, 12), (6, 12), (7, 15), (7, 20)]
    for at, (directory, exchange) in enumerate(sizes):
        ahead = CLOCK_SKEW_MS if at % 2 else 0
        seen = head(directory, exchange, NOW + 1000 * at + ahead)
        history.check_head(seen, history.newest)
        history.keep_head(seen)
    assert history.newest is not None
    assert (history.newest.head.directory_size, history.newest.head.exchange_size) == (7, 20)
    history.check_head(head(5, 12, NOW + 1000))  # one that was long on its way
    history.keep_head(head(5, 12, NOW + 1000))
    assert history.newest.head.exchange_size == 20


@pytest.mark.parametrize("shorter", [(4, 10), (5, 9), (4, 9)])
def test_an_answer_that_covers_less_than_what_was_presented_is_a_split_view_with_both_heads(
    history: History, home: Home, shorter: tuple[int, int]
) -> None:
    keep(history, head(5, 10))
    with pytest.raises(SplitViewError):
        history.check_head(head(*shorter, NOW + 1), history.newest)
    assert history.newest is not None
    assert history.newest.head.exchange_size == 10
    (file,) = home.evidence_path.glob("split_view-*.json")
    parts = json.loads(file.read_bytes())["parts"]
    assert all(parts[name]["base64"] for name in ("head", "head_signature", "shown_head", "shown_head_signature"))
    with history._store.begin() as c:
        assert [alarm.kind for alarm in rows.alarms(c)] == [AlarmKind.SPLIT_VIEW]


@pytest.mark.parametrize("shown", [(7, 15), (4, 25), (8, 5)])
def test_a_head_that_neither_covers_one_held_nor_is_covered_by_it_is_a_split_view(
    history: History, shown: tuple[int, int]
) -> None:
    keep(history, head(5, 10), head(6, 20), head(7, 30, NOW + 1))
    with pytest.raises(SplitViewError):
        history.check_head(head(*shown))


def test_a_head_that_a_colleagues_process_has_kept_counts_and_stays(history: History, home: Home) -> None:
    other = History(home, history._store, lambda: NOW)
    keep(other, head(6, 10))
    history.keep_head(head(5, 10, NOW + 1))
    assert history.newest is not None
    assert history.newest.head.directory_size == 6
    with pytest.raises(SplitViewError):
        history.check_head(head(5, 11))


def test_heads_of_years_are_thinned_without_losing_when_a_directory_was_there(history: History) -> None:
    for at in range(200):
        keep(history, head(5 + at // 100, 10 + at, NOW + at * 30_000))
    with history._store.begin() as c:
        kept = [rows.head_up_to(c, size) for size in range(10, 210)]
    sizes = sorted({found.head.exchange_size for found in kept if found is not None})
    assert len(sizes) < 20
    assert {10, 110, 209} <= set(sizes)
    with pytest.raises(VerificationError):
        history.check_leaf(110, leaf(5, NOW // 1000 + 10**6), None)


# --- leaves


@pytest.mark.parametrize(("late", "honest"), [(0, True), (1, False)])
def test_a_leaf_names_no_directory_that_was_superseded_before(history: History, late: int, honest: bool) -> None:
    def check() -> None:
        history.check_leaf(3, leaf(5, 1000 + late), 1000)

    if honest:
        check()
    else:
        with pytest.raises(VerificationError):
            check()


@pytest.mark.parametrize(("early", "honest"), [(0, True), (1, False)])
def test_a_leaf_is_not_from_before_the_directory_that_it_names(history: History, early: int, honest: bool) -> None:
    if honest:
        history.check_leaf(3, leaf(5, 1000 - early), 1000, 1000)
    else:
        with pytest.raises(VerificationError):
            history.check_leaf(3, leaf(5, 1000 - early), 1000, 1000)


@pytest.mark.parametrize(
    ("said", "honest"),
    [
        ((5, 1000), True),
        ((6, 1002), True),
        ((7, 1005), True),
        ((4, 1002), False),
        ((8, 1002), False),
        ((6, 999), False),
        ((6, 1006), False),
    ],
)
def test_neither_directory_nor_time_goes_back_along_the_log(
    history: History, said: tuple[int, int], honest: bool
) -> None:
    keep_leaf(history, 2, leaf(5, 1000))
    keep_leaf(history, 9, leaf(7, 1005))
    if honest:
        history.check_leaf(4, leaf(*said), None)
    else:
        with pytest.raises(VerificationError):
            history.check_leaf(4, leaf(*said), None)


def test_a_leaf_that_a_head_does_not_cover_was_checked_under_at_least_its_directory(history: History) -> None:
    keep(history, head(5, 10), head(6, 20))
    history.check_leaf(9, leaf(4), None)
    history.check_leaf(19, leaf(5), None)
    history.check_leaf(20, leaf(6), None)
    for index, size in ((10, 4), (20, 5), (10**6, 5)):
        with pytest.raises(VerificationError):
            history.check_leaf(index, leaf(size), None)


@pytest.mark.parametrize(("early", "honest"), [(HUB_SLACK_MS, True), (HUB_SLACK_MS + 1000, False)])
def test_a_leaf_that_a_head_does_not_cover_is_not_from_before_it(history: History, early: int, honest: bool) -> None:
    keep(history, head(5, 10))
    said = leaf(5, (NOW - early) // 1000)
    history.check_leaf(9, said, None)
    if honest:
        history.check_leaf(10, said, None)
    else:
        with pytest.raises(VerificationError):
            history.check_leaf(10, said, None)
