"""Part `pair`: two hub processes on one PostgreSQL beside one, round by round.

Two databases on one server hold the same directory: one hub serves the first, two the second. Two load processes send
in both cases, to the one hub or to one each, 128 calls in flight altogether. No hub has an examining process here, the
one no more than the two: where several hubs share a machine, they are what keeps its cores busy (deploy/README.md).
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from tests.bench.figures import Number
from tests.bench.processes import Process, carry_out_together
from tests.bench.setting import IN_FLIGHT, Hub, Setting, Size, child, submit_order

LOADS: Final = 2
EXAMINING: Final = {"COMITY_HUB_VERIFIER_PROCESSES": "0"}


@dataclass(frozen=True, slots=True)
class _Round:
    rate: float
    """Messages a second."""
    hub_cpu_ms: float
    """Of all hubs, a message."""
    busy: float
    """Share of the machine's cores that somebody used, whoever."""


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return IN_FLIGHT + size.pair_rounds * size.singles


def run(setting: Setting) -> list[Number]:
    """Measures; nothing without PostgreSQL."""
    if "postgres" not in setting.engines:
        return []
    ones: list[_Round] = []
    twos: list[_Round] = []
    with ExitStack() as stack:
        urls = [stack.enter_context(setting.database("postgres", "pair")) for _ in range(2)]
        single, double = (setting.prepare(url, f"pair-{at}") | EXAMINING for at, url in enumerate(urls))
        second = _second_home(setting, double)
        wanted = ((single, "pair-one"), (double, "pair-two-0"), (second, "pair-two-1"))
        first, *two = stack.enter_context(setting.hubs(*wanted))
        one = [first]
        loads = [setting.load, stack.enter_context(child(setting.folder, "load", "pair-load"))]
        warm = _files(setting, "pair-warm", 0, IN_FLIGHT)
        for hubs in (one, two):
            _round(loads, hubs, warm, IN_FLIGHT)
        for number in range(setting.size.pair_rounds):
            start = IN_FLIGHT + number * setting.size.singles
            files = _files(setting, f"pair-{number}", start, setting.size.singles)
            order = [(ones, one), (twos, two)]
            for rounds, hubs in order if number % 2 == 0 else reversed(order):
                rounds.append(_round(loads, hubs, files, setting.size.singles))
            setting.say(f"round {number + 1}: one hub {ones[-1].rate:,.0f}/s, two {twos[-1].rate:,.0f}/s")
    ratio = median(b.rate / a.rate for a, b in zip(ones, twos, strict=True))
    numbers = [Number("two_processes_vs_one_postgres", ratio, "two hubs on one PostgreSQL, times one", "postgres")]
    for words, name, rounds in (("one hub", "one_process", ones), ("two hubs", "two_processes", twos)):
        for key, value, what in (
            ("per_s", median(r.rate for r in rounds), "messages/s"),
            ("hub_cpu_ms_per_message", median(r.hub_cpu_ms for r in rounds), "hub CPU ms a message"),
            ("machine_busy", median(r.busy for r in rounds), "share of all cores in use"),
        ):
            numbers.append(Number(f"{name}_postgres_{key}", value, f"{words}, two clients, {what}", "postgres"))
    return numbers


def _second_home(setting: Setting, variables: dict[str, str]) -> dict[str, str]:
    """Returns variables of a second hub with the same keys and a home of its own."""
    home = setting.folder / "pair-second"
    shutil.copytree(variables["COMITY_HUB_HOME"], home)
    return variables | {"COMITY_HUB_HOME": str(home), "CREDENTIALS_DIRECTORY": str(home)}


def _files(setting: Setting, name: str, start: int, count: int) -> list[Path]:
    half = count // LOADS
    return [setting.singles(f"{name}-{at}", start + at * half, half) for at in range(LOADS)]


def _round(loads: list[Process], hubs: list[Hub], files: list[Path], messages: int) -> _Round:
    orders = [
        (load, submit_order(hubs[at % len(hubs)].address, file, IN_FLIGHT // LOADS, messages // LOADS))
        for at, (load, file) in enumerate(zip(loads, files, strict=True))
    ]
    used = sum(hub.process.cpu_seconds() for hub in hubs)
    psutil.cpu_percent()
    outcomes = carry_out_together(orders)
    busy = psutil.cpu_percent() / 100
    used = sum(hub.process.cpu_seconds() for hub in hubs) - used
    good = sum(outcome.good for outcome in outcomes)
    return _Round(good / max(outcome.seconds for outcome in outcomes), 1000 * used / good, busy)
