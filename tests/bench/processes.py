"""The processes of a bench: started with this interpreter, ended with it, their processor time read from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import psutil

from tests.bench.load import Order, Outcome

ROOT = Path(__file__).resolve().parents[2]
END_SECONDS = 30


class Process:
    """One child: a module of this package that says it is ready by one line on standard output."""

    def __init__(self, module: str, *arguments: str, log: Path, variables: dict[str, str] | None = None) -> None:
        """Starts it.

        Args:
            module: for example `tests.bench.echo`.
            *arguments: of its command line.
            log: file that its standard error goes to.
            variables: added to the environment.
        """
        self._log = log
        path = os.pathsep.join([str(ROOT), str(ROOT / "proto"), os.environ.get("PYTHONPATH", "")])
        with log.open("ab") as errors:
            self._child = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": path} | (variables or {}),
            )
        self._watched = psutil.Process(self._child.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child.terminate()
        try:
            self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    def line(self) -> str:
        """Returns the next line it writes.

        Raises:
            RuntimeError: it ended instead.
        """
        line = self._child.stdout.readline() if self._child.stdout is not None else ""
        if not line:
            said = self._log.read_text(errors="replace")[-4000:]
            raise RuntimeError(f"a process of the bench ended: {said}")
        return line.strip()

    def tell(self, question: dict[str, Any]) -> None:
        """Sends one JSON object."""
        if self._child.stdin is None:
            raise RuntimeError("the process takes no questions")
        self._child.stdin.write(json.dumps(question) + "\n")
        self._child.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Returns the next JSON object that it writes."""
        answer: dict[str, Any] = json.loads(self.line())
        return answer

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Sends one JSON object and returns the one that comes back."""
        self.tell(question)
        return self.hear()

    def cpu_seconds(self) -> float:
        """Returns the processor time it has used so far, user and system."""
        times = self._watched.cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> int:
        """Returns how much memory it holds now: its resident set."""
        return int(self._watched.memory_info().rss)

    def peak_bytes(self) -> int:
        """Returns the greatest resident set it has had, or since `forget_peak`."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))

    def forget_peak(self) -> None:
        """Has the kernel count the greatest resident set from now on."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")


def carry_out(load: Process, order: Order) -> Outcome:
    """Has the load process send one order's calls.

    Raises:
        RuntimeError: a call failed, or an answer was no receipt: a figure from such a round would mean nothing.
    """
    return carry_out_together([(load, order)])[0]


def carry_out_together(orders: Sequence[tuple[Process, Order]]) -> list[Outcome]:
    """Has several load processes send at the same time.

    Raises:
        RuntimeError: as for `carry_out`.
    """
    for load, order in orders:
        load.tell(asdict(order))
    outcomes = [Outcome(**load.hear()) for load, _ in orders]
    for outcome in outcomes:
        if outcome.failure:
            raise RuntimeError(f"a call of the bench failed: {outcome.failure}")
    return outcomes
