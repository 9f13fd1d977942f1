"""Every method of a real hub in the searching process itself, so that coverage of the hub's code guides what is sent.

An input is one byte, the number of the method, and the request. The hub, its database and its wire are those of
`tests.fuzz.rpc`; it examines envelopes in this process and not in one of its own, which a search could not see into.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from alembic import command

from hub.telemetry import Telemetry, make_log
from tests.fuzz.corpus import Signing, changed, targets
from tests.fuzz.guided_targets import Guided
from tests.fuzz.mutate import Mutator
from tests.fuzz.rpc import FAULTS, LIMITS, Outcome, Search
from tests.support.databases import alembic_config
from tests.support.hub import running_hub
from tests.support.world import make_world

NAME = "calls"
METHODS = targets()


class Calls:
    """One hub and what is sent to it, one call at a time."""

    def __init__(self, runner: asyncio.Runner, searching: Search, lines: StringIO, outcome: Outcome) -> None:
        self._runner, self._searching, self._lines, self._outcome = runner, searching, lines, outcome
        self.seeds, self._signing = self._started()
        self._everything = [seed for found in self.seeds.values() for seed in found]

    def _started(self) -> tuple[dict[str, list[bytes]], Signing]:
        return self._runner.run(self._searching.seeds())

    def check(self, data: bytes) -> str:
        """Makes one call; returns what is wrong."""
        if not data:
            return ""
        target = METHODS[data[0] % len(METHODS)]
        self._runner.run(self._searching.send(target, data[1:]))
        told = self._lines.getvalue()
        self._lines.seek(0)
        self._lines.truncate()
        faults = [line for line in map(json.loads, told.splitlines()) if line["event"] in FAULTS]
        wrong = [finding.rpartition(": ")[2] for finding in self._outcome.findings]
        self._outcome.findings.clear()
        self._outcome.examples.clear()
        wrong += [f"{line['event']} ({line.get('error', '')})" for line in faults]
        return f"{target.short}: {'; '.join(wrong)}" if wrong else ""

    def change(self, data: bytes, mutator: Mutator) -> bytes:
        """Changes a request, or makes and signs a new one; now and then another method's."""
        number = data[0] % len(METHODS) if data else 0
        seed = data[1:]
        if not data or mutator.rng.random() < 0.1:
            number = mutator.rng.randrange(len(METHODS))
            seed = mutator.rng.choice(self.seeds[METHODS[number].short])
        return bytes([number]) + changed(METHODS[number], seed, self._everything, self._signing, mutator)

    def finish(self) -> list[str]:
        """Returns what is wrong with the hub after all that."""
        self._runner.run(self._searching.look())
        return list(self._outcome.findings)


@contextmanager
def calls(folder: Path) -> Iterator[Guided]:
    """Runs a hub and gives what can be sent to it."""
    url = f"sqlite:///{folder}/hub.sqlite"
    command.upgrade(alembic_config(url), "head")
    lines, outcome, world = StringIO(), Outcome(), make_world(agencies=("sfc", "hkma"))
    hub_of = running_hub(url, world, home=folder, telemetry=Telemetry(make_log("warning", lines)), **LIMITS)
    with asyncio.Runner() as runner:
        hub = runner.run(hub_of.__aenter__())
        searching = Search(hub, world, lines, outcome)
        made = Calls(runner, searching, lines, outcome)
        seeds = [bytes([n]) + seed for n, target in enumerate(METHODS) for seed in made.seeds[target.short]]
        random.Random(1).shuffle(seeds)
        try:
            yield Guided(NAME, made.check, made.change, seeds, made.finish)
        finally:
            runner.run(searching.close())
            runner.run(hub_of.__aexit__(None, None, None))
