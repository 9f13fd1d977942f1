"""Part `clocks`: a hundred thousand open cases with deadlines, and what the hub's clock loop makes of them.

Their legs are written as rows; ten limits a second run out while the hub serves. The delay of an event counts from the
limit itself to the moment at which a reader of one side has it in hand. The loop's cost is the processor time that the
hub uses in a minute of this, with what it uses in a minute of no limits taken off.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from comity.workflow.terms import Family, Side, State

from hub.db import Database
from hub.schema import legs
from tests.bench.figures import Number, engine_numbers, percentile
from tests.bench.processes import Process
from tests.bench.setting import Hub, Setting, Size, child
from tests.bench.world import DESKS, READERS, SENDER

RATE: Final = 10
"""Limits that run out a second."""
START_SECONDS: Final = 2
"""From the rows being written to the first limit."""
QUIET_SECONDS: Final = 2.0
"""For how long the hub's cost is taken with no limit running out."""
PATIENCE: Final = 60
_DAY: Final = 86_400_000
_ROWS: Final = 5_000
_WORDS: Final = (
    ("p50", "clock_event_p50_ms", "clock event: limit to a reader's hands, p50 ms"),
    ("p99", "clock_event_p99_ms", "clock event: limit to a reader's hands, p99 ms"),
    ("cpu", "clock_loop_cpu_ms_per_minute", "clock loop: CPU ms a minute, 600 limits in it"),
    ("quiet", "clock_loop_quiet_cpu_ms_per_minute", "hub without limits running out: CPU ms a minute"),
)


def needs(_: Size) -> int:
    """Returns how many envelopes it takes."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures on each engine in turn."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for engine in setting.engines:
        with setting.database(engine, f"clocks-{engine}") as url:
            variables = setting.prepare(url, f"clocks-{engine}")
            _fill(url, setting.size)
            with (
                setting.hub(variables, f"clocks-{engine}") as hub,
                child(setting.folder, "listening", f"clocks-{engine}") as reader,
            ):
                found = _watch(setting, hub, reader, url)
        for name, value in found.items():
            values[name][engine] = value
        setting.say(f"{engine}: clock events p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms")
    return [number for name, key, what in _WORDS for number in engine_numbers(key, what, values[name])]


def _watch(setting: Setting, hub: Hub, reader: Process, url: str) -> dict[str, float]:
    """Listens until all limits have run out. Returns the delays and what the loop cost."""
    count = RATE * setting.size.clock_seconds
    seconds = setting.size.clock_seconds + PATIENCE
    reader.tell({"address": hub.address, "client": READERS[SENDER], "count": count, "seconds": seconds})
    time.sleep(1.0)  # the reader connects meanwhile
    cpu = hub.process.cpu_seconds()
    time.sleep(QUIET_SECONDS)
    quiet = (hub.process.cpu_seconds() - cpu) / QUIET_SECONDS
    first = _run_out(url, setting.size)
    time.sleep(max(0.0, first / 1000 - time.time()))
    began, cpu = time.monotonic(), hub.process.cpu_seconds()
    delays = sorted(reader.hear()["delays"])
    used, took = hub.process.cpu_seconds() - cpu, time.monotonic() - began
    return {
        "p50": percentile(delays, 50),
        "p99": percentile(delays, 99),
        "cpu": 60_000 * (used / took - quiet),
        "quiet": 60_000 * quiet,
    }


def _fill(url: str, size: Size) -> None:
    """Writes the legs whose limits are far."""
    database = Database.open(url)
    try:
        with database.writing() as connection:
            for rows in _far(size.clocks):
                connection.execute(legs.insert(), rows)
    finally:
        database.close()


def _run_out(url: str, size: Size) -> int:
    """Writes the legs whose limits run out while the hub serves. Returns when the first does, Unix milliseconds."""
    chance, database = Random(3), Database.open(url)
    try:
        first = time.time_ns() // 1_000_000 + START_SECONDS * 1000
        moments = [first + chance.randrange(size.clock_seconds * 1000) for _ in range(RATE * size.clock_seconds)]
        with database.writing() as connection:
            connection.execute(legs.insert(), [_row(moment) for moment in moments])
        return first
    finally:
        database.close()


def _far(count: int) -> Iterator[list[dict[str, Any]]]:
    """Yields rows of legs whose limits are days to a year away."""
    chance, now = Random(2), time.time_ns() // 1_000_000
    for at in range(0, count, _ROWS):
        yield [_row(now + chance.randrange(2 * _DAY, 365 * _DAY)) for _ in range(min(_ROWS, count - at))]


def _row(limit: int) -> dict[str, Any]:
    question = os.urandom(32)
    return {
        "originator": SENDER,
        "case_id": os.urandom(16),
        "recipient": next(desk for desk in DESKS if desk != SENDER),
        "family": int(Family.REFERRAL),
        "state": State.DELIVERED.value,
        "revision": 2,
        "opening": question,
        "previous": question,
        "opened": limit - 10 * _DAY,
        "deliver_by": limit + 10 * _DAY,
        "question": question,
        "respond_by": limit,
        "awaiting": Side.RECIPIENT.value,
        "overdue_logged": False,
        "recall": b"",
        "recall_overdue_logged": False,
        "next_limit": limit,
    }
