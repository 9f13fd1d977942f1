"""`make bench`: what hub and agents take on this machine, in one run, TLS on, durable commits, both databases.

Parts: `calls` (a bare grpc.aio echo over mutual TLS with 128 calls in flight; `Submit` with 1, 16 and 128 in flight;
`SubmitBatch` of 64, 8 in flight), `feeds` (1, 10 and 100 readers), `handling` (what sealing, verifying and opening
cost an agency), `latency` (submit to a subscriber's hands), `directory` (replay of 10,000 statements), `sequencer`
(alone), `pair` (two hubs on one PostgreSQL), `growth` (a log of a million leaves beside one of a thousand), `brokers`
(the same bytes through NATS JetStream and RabbitMQ, where they are installed). Of watchlists, on SQLite: `lookups`
(wallets screened a second), `sync` (first sync of a million entries beside its floor and a TAXII 2.1 pair), `delta`
(publish to screenable at 1, 10 and 50 subscribers), `backlog` (what a desk that was away takes a second). Of cases:
`boards` (ten thousand open ones on an officer's screen, and the story of one), `clocks` (a hundred thousand open ones
with deadlines at the hub), `flash` (from the second signature under a FLASH request to the recipient's screen, beside
fifty other messages a second and a thousand readers).

Every envelope is a distinct referral with a payload of 2 KiB, three recipients (the sender's own copy is one) and two
signatures, sealed before the clock starts. A ratio compares a round with what ran just beside it, and the median of the
rounds is reported. One flat object goes to `build/bench.json`; what a part of a run gives, to `build/bench-part.json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.bench import (
    alone,
    boards,
    brokers,
    calls,
    clocks,
    feeds,
    flash,
    growth,
    handling,
    latency,
    pair,
    replaying,
    watchlists_backlog,
    watchlists_delta,
    watchlists_lookups,
    watchlists_sync,
)
from tests.bench.figures import Number, flat
from tests.bench.processes import ROOT
from tests.bench.setting import ENGINES, FULL, QUICK, Setting, Size, child
from tests.bench.tables import bound, calls_table, numbers_table, threads_table
from tests.bench.watchlists_bounds import bounds
from tests.bench.world import make_world
from tests.support.postgres import postgres_server

WIDTH: Final = 100
Part = Callable[[Setting], list[Number]]
PARTS: Final[dict[str, tuple[Callable[[Size], int], Part]]] = {
    "feeds": (feeds.needs, feeds.run),
    "handling": (handling.needs, handling.run),
    "latency": (latency.needs, latency.run),
    "directory": (replaying.needs, replaying.run),
    "sequencer": (alone.needs, alone.run),
    "pair": (pair.needs, pair.run),
    "growth": (growth.needs, growth.run),
    "brokers": (brokers.needs, brokers.run),
    "lookups": (watchlists_lookups.needs, watchlists_lookups.run),
    "sync": (watchlists_sync.needs, watchlists_sync.run),
    "boards": (boards.needs, boards.run),
    "clocks": (clocks.needs, clocks.run),
    "flash": (flash.needs, flash.run),
    "backlog": (watchlists_backlog.needs, watchlists_backlog.run),
    "delta": (watchlists_delta.needs, watchlists_delta.run),
}
"""How many envelopes each takes, and what it measures. `calls` comes first and has a table of its own."""
NAMES: Final = ("calls", *PARTS)


def measure(setting: Setting, names: tuple[str, ...], console: Console) -> list[Number]:
    """Runs some parts, prints their tables and returns all figures."""
    needs = [calls.needs(setting.size)] if "calls" in names else []
    needs += [PARTS[name][0](setting.size) for name in names if name in PARTS]
    if max(needs):
        setting = setting.sealed(max(needs))
    numbers: list[Number] = []
    found: calls.Outcome | None = None
    for name in names:
        began = time.monotonic()
        if name == "calls":
            found = calls.Calls(setting).run()
            numbers += found.numbers
        else:
            numbers += PARTS[name][1](setting)
        setting.say(f"part {name} took {time.monotonic() - began:.0f} s")
    if found is not None:
        console.print(calls_table(found.figures))
        console.print("CPU: the server's processor time a message, of echo by it; server, client: share of one core")
    if any(number.what for number in numbers):
        console.print(numbers_table(numbers))
    if found is not None:
        console.print(threads_table(found.profiles))
        console.print(bound(found.figures, found.profiles, flat(numbers)))
    if words := bounds(flat(numbers)):
        console.print(words)
    return numbers


def main() -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="each part once and short: proves that it runs, no figure")
    parser.add_argument("--only", choices=NAMES, action="append", help="only this part")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only on this database (both by default)")
    parser.add_argument("--rounds", type=int, help="only the part `calls` (if no other is named), with so many rounds")
    parser.add_argument("--out", type=Path, help="where the flat object goes: by default under build/")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder with the processes' logs")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    names = tuple(arguments.only or (("calls",) if arguments.rounds else NAMES))
    if arguments.rounds:
        size = replace(size, rounds=arguments.rounds)
    engines = tuple(arguments.engine or ENGINES)
    console = Console(width=WIDTH, highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="comity-bench-"))
    began = time.monotonic()
    try:
        with ExitStack() as stack:
            server = stack.enter_context(postgres_server()) if "postgres" in engines else None
            world = make_world(folder)
            load = stack.enter_context(child(folder, "load", "load"))
            reading = stack.enter_context(child(folder, "reading", "reading"))
            setting = Setting(folder, world, size, engines, console.print, (), load, reading, server)
            numbers = measure(setting, names, console)
    finally:
        if arguments.keep:
            console.print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    whole = not arguments.quick and set(names) == set(NAMES) and set(engines) == set(ENGINES)
    out: Path = arguments.out or ROOT / "build" / ("bench.json" if whole else "bench-part.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(flat(numbers), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    console.print(f"{time.monotonic() - began:.0f} s; every figure is in {out}")


if __name__ == "__main__":
    main()
