"""The board: which cases stand on it, in which order, and what is said of each, in colour, in JSON, in Chinese."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Side, Standing, State

from agents import mailstore
from agents.board import EVERYTHING, TURN, BoardRow, Filter, Page, Sort
from agents.boardstore import ENDED, fill_open
from agents.cli.board import _families, _print, _states, _stay, heading
from agents.cli.boarding import columns, line, row_view, style_of
from agents.cli.catalogue import Language, use
from agents.cli.exits import UsageError
from agents.cli.screen import Screen
from agents.client import Client
from agents.records import LimitKind
from tests.agents.offices import two_offices

HOUR = 3_600_000
OURS, THEIRS = "sfc/intake", "hkma/intake"


def leg(number: int, state: State, family: Family, now: int, **changes: Any) -> Leg:
    """Returns a leg that this desk opened an hour ago."""
    case_id = number.to_bytes(16, "big")
    fields: dict[str, Any] = {
        "originator": OURS,
        "case_id": case_id,
        "recipient": THEIRS,
        "family": family,
        "state": state,
        "revision": 1,
        "opening": case_id * 2,
        "previous": case_id * 2,
        "opened": now - HOUR,
        "deliver_by": now + 10 * HOUR,
    }
    return Leg(**(fields | changes))


def legs(now: int) -> list[Leg]:
    """Returns cases of every family with limits of every kind, two of which are over."""
    asked = {"question": b"q" * 32, "awaiting": Side.RECIPIENT}
    return [
        leg(1, State.IN_PROGRESS, Family.REFERRAL, now, respond_by=now + HOUR, **asked),
        leg(2, State.IN_FORCE, Family.FREEZE, now, lapses_at=now + 50 * HOUR),
        leg(3, State.IN_PROGRESS, Family.ASSISTANCE, now, respond_by=now - HOUR, overdue_logged=True, **asked),
        leg(4, State.SENT, Family.FREEZE, now, lapses_at=now + 2 * HOUR, standing=Standing.PROVISIONAL),
        leg(5, State.CLOSED, Family.FREEZE, now),
        leg(6, State.RECALLED, Family.REFERRAL, now, recall=b"r" * 32, recall_respond_by=now + 3 * HOUR),
        leg(7, State.RECALLED, Family.REFERRAL, now, recall=b"r" * 32),
        leg(8, State.CURRENT, Family.WATCHLIST, now, recipient="hkpf/intake"),
        leg(9, State.REPLIED, Family.ASSISTANCE, now, originator=THEIRS, recipient=OURS),
        leg(
            10,
            State.MORE_INFO,
            Family.REFERRAL,
            now,
            respond_by=now + 9 * HOUR,
            **(asked | {"awaiting": Side.ORIGINATOR}),
        ),
        leg(11, State.EXECUTING, Family.FREEZE, now, lapses_at=now - HOUR, standing=Standing.CONFIRMED),
    ]


def numbers(rows: list[BoardRow]) -> list[int]:
    return [int(row.case_id, 16) for row in rows]


async def test_the_board_shows_what_is_open_freezes_and_requests_first_by_time_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _):
        client = await sfc.client()
        now = client.clock()
        with client.store.begin() as c:
            for one in legs(now):
                mailstore.put_leg(c, one)

        rows = {int(row.case_id, 16): row for row in client.board()}
        assert numbers(client.board()) == [3, 11, 4, 2, 9, 1, 6, 10, 8]
        assert [(rows[n].ours, rows[n].theirs) for n in (1, 2, 3, 4, 6, 9, 10)] == [
            (False, True),
            (False, False),
            (False, True),
            (True, True),  # a second person here, whoever answers there
            (False, True),
            (False, True),
            (True, False),
        ]
        kinds = {n: rows[n].limit for n in (1, 2, 4, 6, 8)}
        assert kinds == {1: LimitKind.ANSWER, 2: LimitKind.LAPSE, 4: LimitKind.LAPSE, 6: LimitKind.RECALL, 8: None}
        assert (rows[11].state, rows[11].own_clock) == (State.LAPSED, True)
        assert [number for number, row in rows.items() if row.own_clock] == [11]

        assert numbers(client.board(sort=Sort.WITH))[-1] == 8
        assert [row.state for row in client.board(sort=Sort.STATE)] == sorted(row.state for row in rows.values())
        assert [int(row.family) for row in client.board(sort=Sort.FAMILY)] == [3, 3, 3, 4, 4, 1, 1, 1, 2]
        assert numbers(client.board(Filter(families={Family.FREEZE}))) == [11, 4, 2]
        assert numbers(client.board(Filter(states={State.SENT, State.REPLIED}))) == [4, 9]
        assert numbers(client.board(Filter(desk="hkpf"))) == numbers(client.board(Filter(desk="hkpf/intake"))) == [8]
        assert numbers(client.board(Filter(ours=True))) == [4, 10]
        page = client.board_page(EVERYTHING, Sort.TIME, 2)
        assert (numbers(page.rows), page.total, page.late) == ([3, 11], 9, 2)

        check_what_is_said(rows, now)
        await check_the_screens(client, capsys, monkeypatch)

        with client.store.begin() as c:  # what ends is off the board with the transaction that ends it
            mailstore.put_leg(c, leg(1, State.CLOSED, Family.REFERRAL, now))
        assert 1 not in numbers(client.board())
        with client.store.begin() as c:  # a store of before has the legs alone
            c.exec_driver_sql("DELETE FROM open_legs")
            fill_open(c, mailstore.legs(c))
        assert numbers(client.board()) == [3, 11, 4, 2, 9, 6, 10, 8]


def check_what_is_said(rows: dict[int, BoardRow], now: int) -> None:
    text = {number: " | ".join(line(row, ("5 USDT",), now)) for number, row in rows.items()}
    assert "Sent · PROVISIONAL: lapses in 2 h" in text[4]
    assert "ends by itself | both | 5 USDT" in text[4]
    assert "60 min overdue | answer due | they" in text[3]
    assert "Lapsed (by our clock)" in text[11]
    called = rows[4]._replace(unseen="DELIVERED", telephone="+85212345678")
    assert "stored, no person yet: call +85212345678" in line(called, (), now)[3]
    assert style_of(called, now) == style_of(rows[3], now) == style_of(rows[11], now) == "bold red"
    assert style_of(rows[10], now) == "bold"
    assert style_of(rows[10]._replace(due=now + 1), now) == "bold yellow"
    view = row_view(rows[3], None, now)
    assert (view["left"], view["limit"], view["standing"], view["held"]) == (-HOUR, "ANSWER", "FULL", None)
    use(Language.ZH_HANT)
    try:
        assert "臨時：失效時間：" in line(rows[4], (), now)[3]
        assert "剩餘時間" in columns()
    finally:
        use(Language.EN)


async def check_the_screens(
    client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = client.board_page(EVERYTHING, Sort.TIME, 3)
    _print(cast("Any", SimpleNamespace(screen=Screen())), client, page, 3)
    out = capsys.readouterr().out
    assert "6 more: use --rows" in out
    assert len(out.splitlines()) >= 5

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    session = cast("Any", SimpleNamespace(screen=Screen()))
    assert session.screen.is_terminal
    async with asyncio.timeout(10):
        await _stay(session, client, EVERYTHING, Sort.TIME, 0.5)
    out = capsys.readouterr().out
    assert "9 open, 2 past a limit" in out
    assert "\x1b[" in out


def test_the_hub_is_not_said_to_be_away_before_it_was_asked() -> None:
    said = {known: heading("sfc/intake", Page([], 0, 0), 1, connected=known) for known in (None, True, False)}
    assert said[None].endswith(" · connecting")
    assert said[True].endswith(" · connected")
    assert said[False].endswith(" · THE HUB DOES NOT ANSWER")


async def test_what_was_released_or_put_in_writing_ends_by_itself_no_more_and_nobody_is_reminded_of_it(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _):
        head = await sfc.client()
        now = sfc.clock()
        ends = {"opened": now - 99 * HOUR, "deliver_by": now + 10 * HOUR, "lapses_at": now + HOUR}
        written = leg(3, State.ACKNOWLEDGED, Family.ASSISTANCE, now, standing=Standing.FULL, **ends)
        found = [
            leg(1, State.RELEASED, Family.FREEZE, now, **ends),
            leg(2, State.IN_FORCE, Family.FREEZE, now, **ends),
            written,
            replace(written, case_id=bytes(16), standing=Standing.PROVISIONAL),
        ]
        with head.store.begin() as c:
            for one in found:
                mailstore.put_leg(c, one)
            fill_open(c, found)
        limits = {int(row.case_id, 16): row.limit for row in head.board_page(EVERYTHING, Sort.TIME, None).rows}
        assert limits == {0: LimitKind.LAPSE, 1: None, 2: LimitKind.LAPSE, 3: None}
        reminded = {int(one.case_id, 16) for one in head.reminders() if one.kind is LimitKind.LAPSE}
        assert reminded == {0, 2}


def test_every_state_has_a_turn_and_those_that_are_over_have_none() -> None:
    assert set(TURN) == set(State)
    assert {state for state in ENDED if TURN[state] is not None} == {State.RECALLED}


def test_a_family_or_state_that_there_is_not_is_refused_by_name() -> None:
    assert _families(["freeze"]) == {Family.FREEZE}
    assert _states(["in-force", "SENT"]) == {State.IN_FORCE, State.SENT}
    with pytest.raises(UsageError, match="freeze"):
        _families(["frozen"])
    with pytest.raises(UsageError, match="in_force"):
        _states(["frozen"])
