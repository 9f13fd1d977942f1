"""What an import changes on a list: told in one pass, in order, and nothing loosened on the way."""

from __future__ import annotations

from typing import Any

import pytest
from comity.v1 import payload_pb2, watchlist_pb2
from hypothesis import given
from hypothesis import strategies as st

from agents.sync.diff import SLACK_MS, ChangeKind, diff
from agents.sync.importers import Warned
from agents.sync.importers.merging import Desired
from agents.sync.importers.policy import DAY_MS
from tests.agents.sync_import.lists import NOW

YEAR = 365 * DAY_MS


def entry(label: str = "", giver: str = "g", **fields: Any) -> watchlist_pb2.WatchEntry:
    """An entry; what it is about does not matter here."""
    given_ = {"valid_from": NOW, "valid_until": NOW + YEAR, "version": 1, "action": 1} | fields
    return watchlist_pb2.WatchEntry(label=label, giver=giver, category="scam", **given_)


def desired(key: int, made: watchlist_pb2.WatchEntry, *, dated: bool = False) -> Desired:
    """An entry as an import wants it."""
    return Desired(bytes([key]), made, dated, dated, Warned.NONE, 1, 1)


def live(key: int, made: watchlist_pb2.WatchEntry) -> tuple[bytes, watchlist_pb2.WatchRecord]:
    """A record of a list."""
    return bytes([key]), watchlist_pb2.WatchRecord(entry=made)


LABELS = st.dictionaries(st.integers(1, 30), st.sampled_from(["a", "b"]))


@given(LABELS, st.dictionaries(st.integers(1, 30), st.tuples(st.sampled_from(["a", "b"]), st.booleans())))
def test_the_changes_make_the_list_what_was_wanted(wanted: dict[int, str], lives: dict[int, tuple[str, bool]]) -> None:
    items = [desired(key, entry(wanted[key])) for key in sorted(wanted)]
    records = [live(key, entry(lives[key][0], "g" if lives[key][1] else "h", version=4)) for key in sorted(lives)]
    changes = list(diff(items, records, now_ms=NOW, remove_absent_of={"g"}))

    after = {key: label for key, (label, _) in lives.items()}
    for change in changes:
        key = change.entry_id[0]
        if change.kind is ChangeKind.REMOVE:
            assert change.before is not None
            assert (change.before.version, lives[key][1]) == (4, True)
            del after[key]
        elif change.entry is not None:
            assert change.entry.version == (5 if key in lives else 1)
            after[key] = change.entry.label
    assert [change.entry_id for change in changes] == [bytes([key]) for key in sorted({*wanted, *lives})]
    assert after == wanted | {key: label for key, (label, own) in lives.items() if not own and key not in wanted}


def only(item: Desired, before: watchlist_pb2.WatchEntry, now_ms: int = NOW) -> tuple[ChangeKind, tuple[str, ...]]:
    """The lot of one entry."""
    (change,) = diff([item], [live(1, before)], now_ms=now_ms)
    return change.kind, change.fields


def test_without_a_giver_named_nothing_is_removed() -> None:
    (change,) = diff([], [live(1, entry())], now_ms=NOW)

    assert change.kind is ChangeKind.KEEP


def test_dates_that_no_file_states_are_no_reason_for_a_change_until_they_run_out() -> None:
    later = desired(1, entry(valid_from=NOW + DAY_MS, valid_until=NOW + YEAR + DAY_MS))
    much_later = desired(1, entry(valid_until=NOW + YEAR + SLACK_MS + 1))
    short = desired(1, entry(valid_until=NOW + 15 * DAY_MS))

    assert only(later, entry()) == (ChangeKind.KEEP, ())
    assert only(much_later, entry()) == (ChangeKind.CHANGE, ("valid_until",))
    assert only(short, entry(valid_from=NOW - DAY_MS, valid_until=NOW + 10 * DAY_MS)) == (
        ChangeKind.CHANGE,
        ("valid_until",),
    )
    assert only(short, entry(valid_until=NOW + 14 * DAY_MS)) == (ChangeKind.KEEP, ())


def test_dates_that_a_file_states_are_taken() -> None:
    stated = desired(1, entry(valid_from=NOW + 1, valid_until=NOW + YEAR + 1), dated=True)

    assert only(stated, entry()) == (ChangeKind.CHANGE, ("valid_from", "valid_until"))


def test_an_entry_never_comes_to_hold_for_more_than_ten_years() -> None:
    old = entry(valid_from=NOW - 3600 * DAY_MS, valid_until=NOW + DAY_MS)
    (change,) = diff([desired(1, entry())], [live(1, old)], now_ms=NOW)

    assert change.entry is not None
    assert change.entry.valid_until - change.entry.valid_from == 3653 * DAY_MS


def test_handling_and_review_that_an_import_does_not_know_stay() -> None:
    handling = payload_pb2.Handling(tlp=payload_pb2.TLP_RED)
    before = entry(handling=handling, review_at=NOW + DAY_MS, version=2)
    (kept,) = diff([desired(1, entry())], [live(1, before)], now_ms=NOW)
    (changed,) = diff([desired(1, entry("new"))], [live(1, before)], now_ms=NOW)

    assert kept.kind is ChangeKind.KEEP
    assert changed.entry is not None
    assert (changed.entry.handling, changed.entry.review_at, changed.entry.version) == (handling, NOW + DAY_MS, 3)


@pytest.mark.parametrize(("wanted", "lives"), [((2, 1), ()), ((1, 1), ()), ((), (2, 1)), ((3,), (2, 2))])
def test_sides_out_of_order_are_refused(wanted: tuple[int, ...], lives: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        list(diff((desired(key, entry()) for key in wanted), (live(key, entry()) for key in lives), now_ms=NOW))
