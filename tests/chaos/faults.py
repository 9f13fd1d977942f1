"""What can happen to hubs in a chaos run, and the plan of which comes when.

Every fault leaves each hub serving again, in a process of its own.

Never does: check what was kept (`arena.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from hub.faults import POINTS
from tests.chaos.database import How, Proxy, crash
from tests.chaos.powercut import cut_power
from tests.chaos.processes import QuickHub
from tests.support.postgres import PostgresServer
from tests.system.processes import until

PASSED = tuple(sorted(POINTS - {"clockwork.before_commands"}))
"""Points that traffic passes by; the clocks' own is passed when something is due, which nothing here is."""
TRAFFIC, TRAFFIC_SECONDS = 120, 1.5
"""So many answers may pass before a fault, and so much time at most."""
OFTEN = 20
SELDOM = {"feed.before_page": 3, "log.before_head": 1, "log.before_checkpoint_file": 2}
"""The passage at which a process dies is one of the first so many: a few points are passed about once a second."""
REACHED_SECONDS = 4.0
"""A point that was not passed by then is given up, and the process killed where it stands."""
SHARES = {
    "sqlite": {"point": 44, "kill": 20, "start": 8, "power": 12, "pause": 6, "end": 4, "full": 6},
    "postgres": {"point": 42, "kill": 18, "start": 8, "crash": 7, "cut": 13, "pause": 8, "end": 4},
}
"""How often each fault comes, once every point was killed at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that happens."""

    kind: str
    point: str = ""
    passage: int = 1

    def __str__(self) -> str:
        return f"{self.kind} at {self.point}, passage {self.passage}" if self.point else self.kind


def plan(engine: str, cycles: int, rng: random.Random) -> list[Fault]:
    """Returns what happens in each cycle: first a kill at every point in any order, then whatever comes.

    Args:
        engine: of the database.
        cycles: how many.
        rng: chooses.
    """
    first = [_at(point, rng) for point in rng.sample(PASSED, len(PASSED))]
    kinds = SHARES[engine]
    rest = rng.choices(list(kinds), list(kinds.values()), k=max(0, cycles - len(first)))
    return [*first, *(_at(rng.choice(PASSED), rng) if kind == "point" else Fault(kind) for kind in rest)][:cycles]


def _at(point: str, rng: random.Random) -> Fault:
    return Fault("point", point, rng.randint(1, SELDOM.get(point, OFTEN)))


@dataclass
class Place:
    """Where faults happen."""

    hubs: list[QuickHub]
    rng: random.Random
    answers: Callable[[], int]
    """How many answers clients have had so far."""
    scatter: Callable[[], None]
    """Spreads the clients over all hubs again."""
    server: PostgresServer | None = None
    proxy: Proxy | None = None
    """Between the last hub and the server."""
    kills: int = 0
    """Processes killed so far."""
    lost_pages: int = 0
    """Pages that cuts of the power cost so far."""
    findings: list[str] = field(default_factory=list)

    async def moment(self, least: float = 0.02, most: float = 0.4) -> None:
        """Lets a random time pass."""
        await asyncio.sleep(self.rng.uniform(least, most))

    async def traffic(self) -> None:
        """Lets a random number of answers pass, so that what comes next comes in the midst of work."""
        wanted = self.answers() + self.rng.randint(1, TRAFFIC)
        with contextlib.suppress(TimeoutError):
            await until(lambda: self.answers() >= wanted, TRAFFIC_SECONDS)
        await self.moment(0.0, 0.02)

    async def serve(self, hub: QuickHub, fault: str = "") -> bool:
        """Starts a hub, unless it runs; returns False where it died of its fault before it served."""
        if hub.alive:
            return True
        await hub.spawn(fault)
        if await hub.listens():
            self.scatter()
            return True
        if hub.process.returncode != -signal.SIGKILL or not fault:
            self.findings.append(f"a hub does not start: {hub.process.returncode}: {hub.last_words()}")
        return False

    async def kill(self, hub: QuickHub) -> None:
        """Kills a hub."""
        self.kills += hub.alive
        await hub.kill()


async def _point(place: Place, hub: QuickHub, fault: Fault) -> str:
    await place.kill(hub)
    if await place.serve(hub, f"{fault.point}:kill@{fault.passage}"):
        with contextlib.suppress(TimeoutError):
            await until(lambda: not hub.alive, REACHED_SECONDS)
            place.kills += 1
            return str(fault)
        return f"kill, {fault.point} not passed"
    place.kills += 1
    return f"{fault}, at the start"


async def _kill(place: Place, hub: QuickHub, _: Fault) -> str:
    await place.traffic()
    await place.kill(hub)
    return "kill"


async def _start(place: Place, hub: QuickHub, _: Fault) -> str:
    await place.kill(hub)
    await hub.spawn()
    await place.moment(0.0, 0.8)
    await place.kill(hub)
    return "kill during the start"


async def _end(place: Place, hub: QuickHub, _: Fault) -> str:
    await place.traffic()
    hub.process.send_signal(signal.SIGTERM)
    await until(lambda: not hub.alive, 45)
    if hub.process.returncode != 0:
        place.findings.append(f"SIGTERM ended with {hub.process.returncode}: {hub.last_words()}")
    return "SIGTERM"


async def _pause(place: Place, hub: QuickHub, _: Fault) -> str:
    await place.traffic()
    hub.process.send_signal(signal.SIGSTOP)
    await place.moment(0.2, 2.0)
    hub.process.send_signal(signal.SIGCONT)
    await place.traffic()
    return "SIGSTOP, SIGCONT"


def _database_of(hub: QuickHub) -> Path:
    return Path(hub.url.removeprefix("sqlite:///"))


async def _power(place: Place, hub: QuickHub, _: Fault) -> str:
    await place.traffic()
    hub.process.send_signal(signal.SIGSTOP)
    stopped = Path(f"/proc/{hub.process.pid}/stat")
    await until(lambda: stopped.read_text().rpartition(")")[2].split()[0] == "T")
    database = _database_of(hub)
    copy = database.with_name("cut.sqlite")
    lost = await asyncio.to_thread(cut_power, database, copy, place.rng)
    place.lost_pages += lost
    await place.kill(hub)
    _replace(database, copy)
    return f"power cut, {lost} pages lost"


def _replace(database: Path, copy: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        old, new = Path(f"{database}{suffix}"), Path(f"{copy}{suffix}")
        old.unlink(missing_ok=True)
        if new.exists():
            new.rename(old)


async def _full(place: Place, hub: QuickHub, _: Fault) -> str:
    """A disk that is full for this one process: its files cannot grow beyond a little more than they have."""
    await place.traffic()
    database = _database_of(hub)
    largest = max(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))
    most = resource.RLIM_INFINITY
    resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, (largest + place.rng.randint(0, 1 << 16), most))
    await place.moment(0.3, 1.0)
    if hub.alive:
        resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, (most, most))
    return "disk full"


async def _crash(place: Place, hub: QuickHub, _: Fault) -> str:
    assert place.server is not None
    await place.traffic()
    how: How = place.rng.choice(("immediate", "kill"))
    await crash(place.server, how)
    return "PostgreSQL killed" if how == "kill" else "PostgreSQL restarted, -m immediate"


async def _cut(place: Place, hub: QuickHub, _: Fault) -> str:
    assert place.proxy is not None
    side = place.rng.choice(("before", "after"))
    cuts = place.proxy.cuts
    place.proxy.arm(side)
    proxy = place.proxy
    try:
        await until(lambda: proxy.cuts > cuts, REACHED_SECONDS)
    except TimeoutError:
        proxy.disarm()
        return "connection not cut: nothing was committed by it"
    return f"connection cut {side} COMMIT"


HAPPENS: dict[str, Callable[[Place, QuickHub, Fault], Awaitable[str]]] = {
    "point": _point,
    "kill": _kill,
    "start": _start,
    "end": _end,
    "pause": _pause,
    "power": _power,
    "full": _full,
    "crash": _crash,
    "cut": _cut,
}
"""What each kind does."""
LIVES = frozenset({"pause", "crash", "cut"})
"""Kinds that no hub may end of."""


async def happen(place: Place, fault: Fault) -> str:
    """Lets a fault happen to one of the hubs, and every hub serve afterwards. Returns what it came to, in words."""
    hub = place.rng.choice(place.hubs)
    said = await HAPPENS[fault.kind](place, hub, fault)
    for one in place.hubs:
        if not one.alive and fault.kind in LIVES:
            place.findings.append(f"a hub ended of {said}: {one.process.returncode}: {one.last_words()}")
        if one.armed and one.alive:
            await place.kill(one)
        await place.serve(one)
    return said
