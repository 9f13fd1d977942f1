"""`python -m tests.chaos`: runs the cycles on each database, shows how they go, and says what was violated.

Ends with 1 where something was, and keeps the history of that era in `build/`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import time
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from tests.chaos.arena import Outcome, run_era
from tests.chaos.faults import PASSED, plan
from tests.chaos.history import Entry, write
from tests.chaos.processes import Zygote
from tests.support.postgres import PostgresServer, postgres_server

BUILD = Path(__file__).resolve().parents[2] / "build"
ENGINES = ("sqlite", "postgres")
ERA = 12
"""Cycles on one database, before the next begins with a fresh one."""
SHOWN = 20


def arguments() -> argparse.Namespace:
    """Returns what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Breaks real hubs and checks them.")
    parser.add_argument("--cycles", type=int, default=1000, help="for each database (default 1000)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each database, at most")
    parser.add_argument("--seed", type=int, default=None, help="of the plan; times differ from run to run all the same")
    parser.add_argument("--database", choices=ENGINES, default=None, help="one only (default: both)")
    parser.add_argument("--rate", type=float, default=30.0, help="submissions a second that are offered")
    return parser.parse_args()


async def on(engine: str, server: PostgresServer | None, asked: argparse.Namespace, console: Console) -> Outcome:
    """Runs the cycles on one database."""
    rng, total = random.Random(f"{asked.seed} {engine}"), Outcome()
    faults = plan(engine, asked.cycles, rng)
    end = time.monotonic() + asked.seconds
    zygote = await Zygote.begin(BUILD / "chaos.log")
    columns = (
        TextColumn("{task.fields[engine]:<9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), TextColumn("{task.description}"),
    )  # fmt: skip
    try:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("", total=asked.cycles, engine=engine)

            def tell(number: int, said: str) -> None:
                bar.update(task, completed=number, description=said)
                if not console.is_terminal:  # where no bar can move, one line a cycle
                    console.print(f"{engine} {number}/{asked.cycles} {said}", markup=False)

            while total.cycles < asked.cycles and time.monotonic() < end:
                history: list[Entry] = []
                path = BUILD / f"chaos-{engine}-{asked.seed}-{total.cycles + 1}.jsonl"
                try:
                    outcome = await run_era(
                        zygote,
                        server,
                        faults[total.cycles : total.cycles + ERA],
                        rng,
                        history,
                        first=total.cycles + 1,
                        rate=asked.rate,
                        progress=tell,
                        until=end,
                    )
                except BaseException:
                    write(path, history)
                    console.print(f"the run itself failed; what had happened so far: {path}")
                    raise
                if outcome.violations:
                    write(path, history)
                    outcome.kept.append(path)
                total.add(outcome)
    finally:
        await zygote.end()
    return total


def show(outcomes: dict[str, Outcome], console: Console) -> None:
    """Prints the table, and the first violations."""
    table = Table(box=SIMPLE)
    table.add_column("")
    for engine in outcomes:
        table.add_column(engine, justify="right")
    rows = {
        "cycles": "cycles",
        "processes killed": "kills",
        "pages lost with the power": "lost_pages",  # none, of a hub that waits for the disk, but those being written
        "messages acknowledged": "submitted",
        "receipts compared": "answers",
        "items handed to readers": "delivered",
        "leaves verified": "leaves",
    }
    for words, name in rows.items():
        table.add_row(words, *(f"{getattr(outcome, name):,}" for outcome in outcomes.values()))
    for kind in sorted({kind for outcome in outcomes.values() for kind in outcome.faults}):
        table.add_row(f"  {kind}", *(f"{outcome.faults.get(kind, 0):,}" for outcome in outcomes.values()))
    table.add_row("seconds", *(f"{outcome.seconds:,.0f}" for outcome in outcomes.values()))
    table.add_row("violations", *(f"{len(outcome.violations):,}" for outcome in outcomes.values()))
    console.print(table)
    for engine, outcome in outcomes.items():
        for violation in outcome.violations[:SHOWN]:
            console.print(f"{engine}: {violation}", style="red", markup=False)
        for path in outcome.kept:
            console.print(f"{engine}: history kept in {path}", markup=False)


def main() -> int:
    """Runs everything; returns the exit code."""
    asked, console = arguments(), Console()
    asked.seed = secrets.randbelow(1 << 32) if asked.seed is None else asked.seed
    BUILD.mkdir(exist_ok=True)
    console.print(f"seed {asked.seed}; the first {len(PASSED)} cycles kill once at each point")
    outcomes = {}
    for engine in (asked.database,) if asked.database else ENGINES:
        if engine == "sqlite":
            outcomes[engine] = asyncio.run(on(engine, None, asked, console))
        else:
            with postgres_server() as server:
                outcomes[engine] = asyncio.run(on(engine, server, asked, console))
    show(outcomes, console)
    return 1 if any(outcome.violations for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
