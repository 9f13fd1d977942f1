"""What an officer's program does with a home full of cases, measured: one order on standard input, one answer."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from statistics import median
from typing import Any

from agents.board import EVERYTHING, Sort
from agents.cli.boarding import columns, line, row_view, style_of
from agents.cli.mail import case_named
from agents.cli.screen import Screen, encoded
from agents.client import Client
from agents.home import Home
from agents.keys import LocalKeys
from tests.agents.offices import PASSPHRASE
from tests.bench.watchlists_office import CHEAP


async def obey(order: dict[str, Any]) -> dict[str, float]:
    """Measures, milliseconds: medians of some rounds."""
    home, rounds = Home.load(order["home"]), order["rounds"]
    keys = LocalKeys.open(home, order["member"], PASSPHRASE, CHEAP)
    async with await Client.open(home, keys) as client:
        return {
            "board_10k_ms": _median(rounds, lambda: _board(client, order["lines"])),
            "board_10k_json_ms": _median(rounds, lambda: _json(client)),
            "timeline_10k_ms": _median(rounds, lambda: _timeline(client, order["case"])),
            "clocks_10k_ms": _median(rounds, client.new_reminders),
        }


def _board(client: Client, lines: int) -> None:
    rows, now = client.board_page(EVERYTHING, Sort.TIME, lines).rows, client.clock()
    with redirect_stdout(io.StringIO()):
        Screen().table(columns(), [line(row, (), now) for row in rows], [style_of(row, now) for row in rows])


def _timeline(client: Client, case: str) -> None:
    legs = case_named(client, case[:8])
    client.timeline(legs[0].case_id, linked=True)


def _json(client: Client) -> None:
    now = client.clock()
    encoded({"time": now, "cases": [row_view(row, None, now) for row in client.board()]})


def _median(rounds: int, act: Callable[[], object]) -> float:
    """Returns milliseconds: the median of some rounds, the first left out: it warms what a process keeps."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - began))
    return median(times[1:])


if __name__ == "__main__":
    gc.freeze()  # as the program does
    for said in sys.stdin:
        print(json.dumps(asyncio.run(obey(json.loads(said)))), flush=True)
