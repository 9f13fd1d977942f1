"""Rules: what is reported back without a person, once a day, and kept until it is sent."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from comity.errors import MalformedError
from comity.v1 import payload_pb2

from agents.sync.screening.rules import Rule, load_rules, wanted
from agents.sync.screening.screening import Query
from agents.sync.screening.sightings import KEPT_MS, SightingQueue
from tests.agents.screening.holding import DAY, ETH, KEY, NOW, opened, record, screener, wallet

ADDRESS = ETH.rpartition(":")[2]
RULES = """
[[rule]]
action_at_least = "BLOCK"
kind = "HELD"
category = "fraud"

[[rule]]
action_at_least = "HOLD_AND_CALL"
kind = "SEEN_DEPOSIT"
owner = "sfc/intake"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_first_rule_that_fits_what_is_in_force_decides(tmp_path: Path) -> None:
    listed = [
        record(ETH),
        record(ETH, category="fraud"),
        record(ETH, category="theft", action=payload_pb2.WATCH_ACTION_ALERT_ME),
        record(ETH, category="scam", suspended=True),
    ]
    results = screener(opened(tmp_path, listed)).screen([Query(ADDRESS, "ETH", "tx-1"), Query("0x" + "9" * 40)]).results
    found = list(wanted(load_rules(written(tmp_path, RULES)), results, NOW))

    assert sorted(sighting.kind for sighting in found) == [
        payload_pb2.SIGHTING_KIND_SEEN_DEPOSIT,
        payload_pb2.SIGHTING_KIND_HELD,
    ]
    assert {(s.key, s.account, s.reference, s.entry_version) for s in found} == {(KEY, ETH, "", 1)}
    assert {s.when for s in found} == {"2026-09-21T14:13:20+00:00"}
    assert list(wanted([Rule(1, 1, owner="hkma/intake")], results, NOW)) == []


def test_a_hit_is_kept_once_a_day_until_it_is_sent_and_survives_a_restart(tmp_path: Path) -> None:
    screening = screener(opened(tmp_path, [record(ETH), record(wallet(1))]))
    results = screening.screen([Query(ADDRESS, "", "tx-1")]).results
    rules = [Rule(payload_pb2.WATCH_ACTION_OBSERVE, payload_pb2.SIGHTING_KIND_SEEN_DEPOSIT)]
    path = tmp_path / "sightings.db"
    with SightingQueue(path, lambda: NOW) as queue:
        assert queue.put(wanted(rules, results, NOW)) == 1
        assert queue.put(wanted(rules, results, NOW + 1)) == 0
        assert queue.put(wanted(rules, results, NOW + DAY)) == 1
        assert queue.put([]) == 0
    with SightingQueue(path, lambda: NOW) as queue:
        (first, sighting), (second, _) = queue.waiting()
        assert [sighting] == list(wanted(rules, results, NOW))
        queue.sent(first, NOW)
        assert [number for number, _ in queue.waiting()] == [second]
        assert queue.put(wanted(rules, results, NOW)) == 0  # sent, and not again
        queue.sent(second, NOW + KEPT_MS + 1)
        assert queue.put(wanted(rules, results, NOW)) == 1  # forgotten after a week
    assert path.stat().st_mode & 0o077 == 0


def test_no_more_wait_than_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.sync.screening.sightings.MOST", 2)
    screening = screener(opened(tmp_path, [record(ETH)]))
    results = screening.screen([Query(ADDRESS)]).results
    with SightingQueue(tmp_path / "sightings.db") as queue:
        days = [found for day in range(5) for found in wanted([Rule(1, 1)], results, NOW + day * DAY)]
        assert queue.put(days) == 2
        assert queue.put(days[:2]) == 0
        assert (queue.waiting_count(), queue.lost_count()) == (2, 3)  # what waits already is not lost


def test_one_wallet_is_one_sighting_a_day_however_often_and_under_whatever_reference(tmp_path: Path) -> None:
    screening = screener(opened(tmp_path, [record(ETH)]))
    results = screening.screen([Query(ADDRESS, "", f"customer {number}") for number in range(500)]).results
    told = load_rules(written(tmp_path, '[[rule]]\naction_at_least = "OBSERVE"\nkind = "HELD"\nreference = "send"\n'))
    with SightingQueue(tmp_path / "sightings.db") as queue:
        assert queue.put(wanted([Rule(1, 1)], results, NOW)) == 1
        assert queue.put(wanted(told, results, NOW)) == 1
        assert [found.reference for _, found in queue.waiting()] == ["", "customer 0"]
        queue.sent(queue.waiting()[1][0], NOW)
    with sqlite3.connect(tmp_path / "sightings.db") as db:
        assert db.execute("SELECT reference FROM sightings").fetchall() == [("",), ("",)]  # sent, and not kept
    db.close()


def test_what_was_sent_is_forgotten_when_the_queue_is_opened_though_nothing_more_is_sent(tmp_path: Path) -> None:
    results = screener(opened(tmp_path, [record(ETH)])).screen([Query(ADDRESS)]).results
    path = tmp_path / "sightings.db"
    with SightingQueue(path, lambda: NOW) as queue:
        queue.put(wanted([Rule(1, 1)], results, NOW))
        queue.sent(queue.waiting()[0][0], NOW)
    SightingQueue(path, lambda: NOW + KEPT_MS + 1).close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM sightings").fetchone() == (0,)
    db.close()


def test_sightings_that_cannot_be_kept_hold_up_nobody_else(tmp_path: Path) -> None:
    results = screener(opened(tmp_path, [record(ETH)])).screen([Query(ADDRESS)]).results
    (good,) = wanted([Rule(1, 1)], results, NOW)
    path = tmp_path / "sightings.db"
    with SightingQueue(path) as queue:
        with pytest.raises(UnicodeEncodeError):
            queue.put([good, replace(good, account="\ud800")])
        with SightingQueue(path) as other:  # the sender, in another process: nothing is locked
            assert other.put([good]) == 1
        assert queue.waiting_count() == 1


@pytest.mark.parametrize(
    "text",
    [
        "rule = 3",
        "other = 1",
        "not toml",
        '[[rule]]\nkind = "HELD"',
        '[[rule]]\naction_at_least = "SHOOT"\nkind = "HELD"',
        '[[rule]]\naction_at_least = "BLOCK"\nkind = "FALSE_POSITIVE"',
        '[[rule]]\naction_at_least = "BLOCK"\nkind = "HELD"\nowner = "nobody"',
        '[[rule]]\naction_at_least = "BLOCK"\nkind = "HELD"\nextra = "x"',
        '[[rule]]\naction_at_least = "BLOCK"\nkind = 3',
        '[[rule]]\naction_at_least = "BLOCK"\nkind = "HELD"\nreference = "no"',
    ],
)
def test_a_rule_that_says_what_no_rule_says_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MalformedError):
        load_rules(written(tmp_path, text))
