"""One era of a chaos run: a hub founded in a fresh database, its processes, its clients, some cycles, the judgement.

Eras are short because everything stored is read again after every restart, twice: by the hub before it serves, and from
here.

Never does: choose faults (`faults.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from comity.errors import RefusedError
from comity.receipts import EventKind, parse_event
from sqlalchemy.exc import DatabaseError

from hub.cli.store import migrate
from tests.chaos.audit import Auditor
from tests.chaos.checker import check
from tests.chaos.database import Proxy
from tests.chaos.faults import Fault, Place, happen
from tests.chaos.history import Answered, Delivered, Ended, Entry, Restarted, Stored
from tests.chaos.load import DESKS, Load
from tests.chaos.processes import QuickHub, Zygote, free_port
from tests.support.postgres import PostgresServer
from tests.support.world import make_world
from tests.system.processes import hub_home, twin
from tests.system.processes import until as until_so

ALIVE_SECONDS = 60.0
"""Within this time after a fault every hub answers, and clients are answered."""
BACK = 20
"""So many answers show that the clients are back."""
OPERATIONS = {EventKind.SUBMITTED, EventKind.ACKNOWLEDGED}


@dataclass
class Outcome:
    """What an era, or several, came to."""

    cycles: int = 0
    kills: int = 0
    lost_pages: int = 0
    submitted: int = 0
    """Submissions that were acknowledged."""
    answers: int = 0
    """Receipts that were given, retries included."""
    delivered: int = 0
    leaves: int = 0
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    """Histories that were kept because something was violated."""

    def add(self, other: Outcome) -> None:
        """Adds another's figures."""
        for name in ("cycles", "kills", "lost_pages", "submitted", "answers", "delivered", "leaves", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind, count in other.faults.items():
            self.faults[kind] = self.faults.get(kind, 0) + count
        self.violations += other.violations
        self.kept += other.kept


class Arena:
    """One hub under load."""

    def __init__(self, hubs: list[QuickHub], place: Place, load: Load, auditor: Auditor) -> None:
        """Use `open_arena`."""
        self.hubs, self.place, self.load, self.auditor = hubs, place, load, auditor

    async def verify(self, *, everything: bool = False) -> list[str]:
        """Returns what is wrong with what is stored, with the log as clients know it, or with any of the hubs."""
        answers, began = self.load.answers, time.monotonic()
        try:
            findings = [str(finding) for finding in await asyncio.to_thread(self.hubs[0].fsck)]
        except (RefusedError, DatabaseError) as error:
            findings = [f"the database cannot be read: {type(error).__name__}"]
        if not all(hub.alive for hub in self.hubs):
            return findings + self.load.findings + self.place.findings
        for hub in self.hubs:
            session = self.load.session(DESKS[0], [hub.address])
            try:
                findings += await self.auditor.look(session, everything=everything and hub is self.hubs[0])
            except RefusedError as refused:
                findings.append(f"a hub does not answer: {refused.reason}")
            finally:
                await session.close()
        while not everything and self.load.answers < answers + BACK:
            self.load.check()
            if time.monotonic() > began + ALIVE_SECONDS:
                findings.append("nothing is answered any more")
                break
            await asyncio.sleep(0.01)
        findings += self.load.findings + self.place.findings
        self.load.findings, self.place.findings = [], []
        return findings

    def stored(self) -> list[Entry]:
        """Returns what the database's rows say of every operation."""
        hub = self.hubs[0]
        entries: list[Entry] = [
            Stored(f"m:{h.hex()}", i) for i, h in hub.rows("SELECT idx, message_hash FROM envelopes")
        ]
        rows = hub.rows("SELECT idx, message_hash, desk FROM acks")
        entries += [Stored(f"a:{h.hex()}:{desk}", i) for i, h, desk in rows]
        kinds = [parse_event(bytes(event)).kind for (event,) in hub.rows("SELECT event FROM openings")]
        ((size,),) = hub.rows("SELECT size FROM log_heads WHERE log = 2")
        return [*entries, Ended(int(size), sum(kind not in OPERATIONS for kind in kinds))]


@contextlib.asynccontextmanager
async def open_arena(
    zygote: Zygote,
    server: PostgresServer | None,
    history: list[Entry],
    rng: random.Random,
    *,
    rate: float,
    folder: Path,
    hubs: int = 2,
) -> AsyncIterator[Arena]:
    """Founds a hub and begins the load.

    Args:
        zygote: starts processes.
        server: PostgreSQL; None for SQLite, which one process serves.
        history: where everything goes.
        rng: chooses.
        rate: submissions a second that are offered.
        folder: for everything that is kept while this lasts; a short name.
        hubs: processes on PostgreSQL; the last one's connections pass by a proxy.
    """
    world = make_world(agencies=("hkma", "sfc"))
    url = server.create_database() if server else f"sqlite:///{folder / 'hub.sqlite'}"
    await asyncio.to_thread(migrate, url)
    proxy = None
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(hub_home(url, folder, world))
        homes = [first.home]
        if server is not None:
            wire = folder / "wire"
            wire.mkdir()
            proxy = stack.enter_context(Proxy(server, wire))
            homes += [twin(first, f"hub{n}").home for n in range(2, hubs + 1)]
        processes = [QuickHub.at(home, url, world, zygote, free_port()) for home in homes]
        if proxy is not None:
            processes[-1].url = proxy.through(url)
        auditor = Auditor(world, history, rng)
        load = Load(world, first.view(), [hub.address for hub in processes], history, auditor, rng, rate)
        try:
            for hub in processes:
                await hub.start()
            load.start()
            place = Place(processes, rng, lambda: load.answers, load.scatter, server, proxy)
            yield Arena(processes, place, load, auditor)
        finally:
            await load.stop()
            for hub in processes:
                await hub.kill()
    if server is not None:
        server.drop_database(url)


async def run_era(
    zygote: Zygote,
    server: PostgresServer | None,
    faults: Sequence[Fault],
    rng: random.Random,
    history: list[Entry],
    *,
    first: int = 1,
    rate: float = 30.0,
    progress: Callable[[int, str], None] = lambda _number, _said: None,
    until: float = float("inf"),
) -> Outcome:
    """Runs some cycles on a fresh hub and judges them.

    Args:
        zygote: starts processes.
        server: PostgreSQL, or None for SQLite.
        faults: one a cycle.
        rng: chooses.
        history: where everything goes.
        first: number of the first cycle.
        rate: submissions a second that are offered.
        progress: is told of each cycle that is over.
        until: by the monotonic clock; no cycle begins later.
    """
    began, outcome = time.monotonic(), Outcome()
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))  # short: a socket lies in it
    try:
        async with open_arena(zygote, server, history, rng, rate=rate, folder=folder) as arena:
            for number, fault in enumerate(faults, start=first):
                if time.monotonic() > until:
                    break
                said = await happen(arena.place, fault)
                history.append(Restarted(number, said, tuple(await arena.verify())))
                outcome.cycles += 1
                if not all(hub.alive for hub in arena.hubs):
                    break  # it was written down why; there is nothing left to break
                outcome.faults[fault.kind] = outcome.faults.get(fault.kind, 0) + 1
                progress(number, said)
            if all(hub.alive for hub in arena.hubs):
                await _judge(arena, history, first + outcome.cycles)
            outcome.kills, outcome.lost_pages = arena.place.kills, arena.place.lost_pages
            outcome.leaves = arena.auditor.size
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    outcome.submitted = len({entry.op for entry in history if isinstance(entry, Answered) and entry.op[0] == "m"})
    outcome.answers = sum(isinstance(entry, Answered) for entry in history)
    outcome.delivered = sum(isinstance(entry, Delivered) for entry in history)
    outcome.violations = check(history)
    outcome.seconds = time.monotonic() - began
    return outcome


async def _leftovers(arena: Arena) -> list[str]:
    """Returns what dead hubs left running; a helper may take a moment to see that its hub is gone."""
    living = {hub.process.pid for hub in arena.hubs if hub.alive}
    dead = {pid for hub in arena.hubs for pid in hub.pids} - living

    def left() -> list[str]:
        found = []
        for process in psutil.process_iter(["pid"]):
            with contextlib.suppress(ProcessLookupError, psutil.Error):
                if os.getsid(process.pid) in dead and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"a dead hub left a process: {' '.join(process.cmdline())[:80]}")
        return found

    with contextlib.suppress(TimeoutError):
        await until_so(lambda: not left(), 10)
    return left()


async def _judge(arena: Arena, history: list[Entry], number: int) -> None:
    findings = []
    try:
        await arena.load.settle(ALIVE_SECONDS)
    except TimeoutError:
        findings.append("what was begun does not come to an end")
    await arena.load.again()
    await arena.load.hold()
    findings += await arena.verify(everything=True)
    findings += await _leftovers(arena)
    history.append(Restarted(number, "the end", tuple(findings)))
    history.extend(await asyncio.to_thread(arena.stored))
