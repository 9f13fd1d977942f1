"""One target under Atheris, in a process of its own: `python -m tests.fuzz.guided_process TARGET CORPUS FOUND SECONDS`.

Imports of `comity` and `hub` are instrumented, so nothing of the project's may be imported before. What follows these
arguments is libFuzzer's. A finding of a kind is written once, and the search goes on; what ends the process (a crash, a
call that hangs, memory) libFuzzer writes.

Never does: end by itself before its time, or clean up: libFuzzer ends the process where it stands, and who started it
removes the temporary folder that it was given as TMPDIR.
"""

from __future__ import annotations

import hashlib
import random
import shlex
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-not-found, unused-ignore] # optional: see requirements/fuzz.in
import psutil

GROWTH_BYTES = 100 << 20
LOOK_EACH = 500
"""Executions from one look at the memory to the next."""
OWN_MUTATIONS = 0.3
"""Part of the changes that is libFuzzer's: it knows what was compared with what."""
FIRST_PART, LAST_PART = 0.2, 0.9
"""Of the time: memory counts after the first, what is looked at last is looked at after the second."""


class Watching:
    """What is done about each input."""

    def __init__(self, target: Any, found: Path, seconds: float) -> None:
        """Takes the target, the folder for findings and how long the search goes on."""
        self._target, self._found, self._seconds = target, found, seconds
        self._begun, self._count, self._before, self._finished = time.monotonic(), 0, 0, False
        self._kinds: set[str] = set()
        self._process = psutil.Process()

    def one(self, data: bytes) -> None:
        """Gives the target one input."""
        self._tell(data, self._target.check(data))
        self._count += 1
        if self._count % LOOK_EACH == 0:
            self._look(data)

    def _look(self, data: bytes) -> None:
        part = (time.monotonic() - self._begun) / self._seconds
        if part > FIRST_PART:
            now = self._process.memory_info().rss
            self._before = self._before or now
            if now - self._before > GROWTH_BYTES:
                self._tell(data, "memory grew by more than 100 MiB")
        if part > LAST_PART and not self._finished:
            self._finished = True
            for wrong in self._target.finish():
                self._tell(data, f"afterwards: {wrong}")

    def _tell(self, data: bytes, wrong: str) -> None:
        if wrong and wrong not in self._kinds:
            self._kinds.add(wrong)
            from tests.fuzz.replay import write

            path = write(self._found, self._target.name, data, wrong)
            print(f"found: {path}: {self._target.name}: {wrong}", file=sys.stderr, flush=True)


def main() -> None:
    """Searches; libFuzzer ends the process."""
    name, corpus, found, seconds, *flags = sys.argv[1:]
    with ExitStack() as stack:
        with atheris.instrument_imports(include=["comity", "hub"]):
            from tests.fuzz import guided_calls, guided_targets
            from tests.fuzz.mutate import Mutator
        folder = Path(tempfile.mkdtemp())
        is_calls = name == guided_calls.NAME
        target = stack.enter_context(guided_calls.calls(folder)) if is_calls else guided_targets.guided()[name]
        seeds = folder / "seeds"
        seeds.mkdir()
        for seed in target.seeds:
            (seeds / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)

        def change(data: bytes, max_size: int, seed: int) -> bytes:
            rng = random.Random(seed)
            if rng.random() < OWN_MUTATIONS:
                return bytes(atheris.Mutate(data, max_size))
            return bytes(target.change(data, Mutator(rng))[:max_size])

        watching = Watching(target, Path(found), float(seconds))
        # To merge, libFuzzer starts the program again by its first argument, which a shell reads.
        again = shlex.join([sys.executable, "-m", "tests.fuzz.guided_process", name, corpus, found, seconds])
        atheris.Setup([again, *flags, str(seeds)], watching.one, custom_mutator=change)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
