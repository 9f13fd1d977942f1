"""Searches for inputs that break the hub or a decoder: `make fuzz`, `make fuzz MINUTES=600`.

Half of the time a search by chance sends to a hub and to every decoder; half of it coverage guides one, where Atheris
can be installed. Ends with 1 where something was found; findings stand in `build/fuzz/`, one a file, with the input in
base64. The same seed makes the same choices by chance; keys are new each time.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from alembic import command

from tests.fuzz import decoders, guided, oracle
from tests.fuzz.rpc import Outcome, save, search
from tests.support.databases import ROOT, alembic_config

FOUND = ROOT / "build" / "fuzz"
ROUND = 20_000
"""Inputs to one hub: after these a new one begins."""


def _calls(seed: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/hub.sqlite"
        command.upgrade(alembic_config(url), "head")
        return asyncio.run(search(url, Path(folder), seed=seed, count=ROUND))


def main() -> int:
    """Searches until the time is up; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to search")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32), help="of chance")
    parser.add_argument("--oracle", type=int, default=100_000, help="bad envelopes of each kind; 0 leaves it out")
    parser.add_argument("--guided", choices=("also", "only", "no"), default="also", help="whether coverage guides")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    failed = bool(given.oracle) and bool(oracle.main(given.oracle))
    seconds = given.minutes * 60
    if given.guided != "no" and guided.is_installed():
        seconds -= (part := seconds if given.guided == "only" else seconds / 2)
        failed = _guided(part) or failed
    elif given.guided != "no":
        print("guided: left out, Atheris is not installed (it has wheels for some CPythons on Linux, x86-64)")
    failed = _by_chance(seconds, given.seed) or failed
    print("something was found, see build/fuzz" if failed else "nothing was found")
    return int(failed)


def _guided(seconds: float) -> bool:
    rows = guided.search(seconds, FOUND)
    for row in rows:
        for finding in row.findings:
            print(f"found: {finding[:300]}", file=sys.stderr, flush=True)
    print(guided.table(rows), flush=True)
    return any(row.findings for row in rows)


def _by_chance(seconds: float, seed: int) -> bool:
    end, sent, failed = time.monotonic() + seconds, 0, False
    while time.monotonic() < end:
        outcome = _calls(seed)
        outcome.findings += decoders.search(seed, ROUND)
        sent += outcome.sent + ROUND * len(decoders.decoders())
        print(f"{sent} inputs; calls: {dict(outcome.answers.most_common())}; {outcome.growth >> 20} MiB", flush=True)
        for finding in outcome.findings[:10]:
            print(f"found: {finding[:300]}", file=sys.stderr, flush=True)
        save(outcome, FOUND)
        failed = failed or bool(outcome.findings)
        seed += 1
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
