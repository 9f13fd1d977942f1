"""Searches for inputs that break the hub or a decoder: `make fuzz`, `make fuzz MINUTES=600`.

Ends with 1 where something was found; findings stand in `build/fuzz/`, one a file, with the input in base64. The same
seed makes the same choices; keys are new each time.
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

from tests.fuzz import decoders, oracle
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
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    failed = bool(given.oracle) and bool(oracle.main(given.oracle))
    end, seed, sent = time.monotonic() + given.minutes * 60, given.seed, 0
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
    print("something was found, see build/fuzz" if failed else "nothing was found")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
