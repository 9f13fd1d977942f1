"""Where the hub's processor time goes, thread by thread, as the kernel counts it: a profile that costs nothing.

Never does: look inside a thread.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Number

WAIT_SECONDS = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")
_KINDS = (
    (re.compile(r"MainThread"), "event loop"),
    (re.compile(r"hub-verifier"), "verifier"),
    (re.compile(r"hub-sequencer"), "sequencer"),
    (re.compile(r"hub-read.*"), "database readers"),
    (re.compile(r"hub-listen"), "listener"),
    (re.compile(r".*_poll_wrapper.*"), "gRPC's poller"),
)
CORE = "gRPC's own threads"
"""Threads that Python did not start."""
OTHERS = "other threads"


@dataclass(frozen=True, slots=True)
class Spent:
    """What threads of one kind have used."""

    user: float
    """Seconds."""
    system: float
    """Seconds, in the kernel: sockets, files, waking one another."""
    switches: int
    """Times that a thread gave the processor away because it waited."""

    def minus(self, other: Spent) -> Spent:
        """Returns what was used since."""
        return Spent(self.user - other.user, self.system - other.system, self.switches - other.switches)


def names_of(pid: int, file: Path) -> dict[str, str]:
    """Asks a process that runs `watched.py` for its threads' names.

    Args:
        pid: of the process.
        file: the one that its variable names.

    Raises:
        RuntimeError: it does not tell.
    """
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    until = time.monotonic() + WAIT_SECONDS
    while not file.exists():
        if time.monotonic() > until:
            raise RuntimeError("the hub does not tell its threads' names")
        time.sleep(0.01)
    names: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return names


def _kind(name: str | None) -> str:
    if name is None:
        return CORE
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), OTHERS)


def spent(pid: int, names: dict[str, str]) -> dict[str, Spent]:
    """Returns what the threads of a process have used so far, by kind.

    Args:
        pid: of the process.
        names: of its Python threads, from `names_of`.
    """
    user: Counter[str] = Counter()
    system: Counter[str] = Counter()
    switches: Counter[str] = Counter()
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            fields = (task / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
            status = (task / "status").read_text(encoding="ascii")
        except OSError:
            continue  # the thread has ended
        kind = _kind(names.get(task.name))
        user[kind] += int(fields[11])
        system[kind] += int(fields[12])
        found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", status, re.MULTILINE)
        switches[kind] += int(found[1]) if found else 0
    return {kind: Spent(user[kind] / _TICKS, system[kind] / _TICKS, switches[kind]) for kind in user}


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the time of one kind of call went on one database."""

    engine: str
    messages: int
    by_kind: dict[str, Spent]
    database_ms: float
    """Processor time of the database server's own processes, milliseconds a message; 0 where there is none."""

    def ms(self, kind: str) -> tuple[float, float]:
        """Returns (user, system) milliseconds a message."""
        one = self.by_kind[kind]
        return 1000 * one.user / self.messages, 1000 * one.system / self.messages

    @property
    def kinds(self) -> list[str]:
        """The kinds that used anything worth a line, most first."""
        found = [kind for kind in self.by_kind if sum(self.ms(kind)) >= 0.0005]
        return sorted(found, key=lambda kind: -sum(self.ms(kind)))

    @property
    def total_ms(self) -> float:
        """Milliseconds a message, all threads."""
        return sum(sum(self.ms(kind)) for kind in self.by_kind)

    @property
    def system_share(self) -> float:
        """How much of that was spent in the kernel, 0 to 1."""
        return sum(self.ms(kind)[1] for kind in self.by_kind) / self.total_ms if self.total_ms else 0.0

    def numbers(self) -> list[Number]:
        """Returns the profile as figures."""
        return [
            Number(f"submit_c128_{self.engine}_cpu_ms_{re.sub('[^a-z]+', '_', kind.lower())}", sum(self.ms(kind)), "")
            for kind in self.kinds
        ] + [Number(f"submit_c128_{self.engine}_database_server_cpu_ms", self.database_ms, "")]


def profile(
    engine: str,
    messages: int,
    before: list[dict[str, Spent]],
    after: list[dict[str, Spent]],
    database_ms: float,
) -> Profile:
    """Returns where the time went between pairs of looks.

    Args:
        engine: for the names of the figures.
        messages: that were handled between the looks, all together.
        before: the earlier look of each pair.
        after: the later ones.
        database_ms: of the database server meanwhile.
    """
    nothing, total = Spent(0.0, 0.0, 0), dict[str, Spent]()
    for one, two in zip(before, after, strict=True):
        for kind, used in two.items():
            delta, sum_ = used.minus(one.get(kind, nothing)), total.get(kind, nothing)
            total[kind] = Spent(sum_.user + delta.user, sum_.system + delta.system, sum_.switches + delta.switches)
    return Profile(engine, messages, total, database_ms)
