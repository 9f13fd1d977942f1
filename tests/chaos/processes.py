"""Hub processes that start in a moment: copies of one process that has imported the hub (`zygote.py`).

Never does: decide what happens to them (`faults.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import select
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.zygote import CHEAP
from tests.support.hub import hub_keys
from tests.support.world import World
from tests.system.processes import PASSPHRASE, ROOT, START_SECONDS, HubProcess, environment, until

QUICK = {
    "COMITY_HUB_AGENCY_REQUESTS_PER_SECOND": "1000000",
    "COMITY_HUB_AGENCY_REQUEST_BURST": "1000000",
}
"""Settings of every hub here: nobody is told to wait for its quota."""
PORTS = (20_000, 30_000)
"""Below those that the system gives away: nobody else takes a hub's port while it is dead."""


def free_port() -> int:
    """Returns a port that nobody listens on; not by the seed, so that two runs at once choose differently."""
    while True:
        port = random.SystemRandom().randint(*PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Child:
    """A process of the zygote's, with what tests use of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Returns how it ended; None while it runs."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends a signal; nothing where it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """Kills it."""
        self.send_signal(signal.SIGKILL)

    def wait(self) -> None:
        """Waits until it has ended."""
        waiting = select.poll()
        waiting.register(self._handle, select.POLLIN)
        waiting.poll()

    def ended(self, code: int) -> None:
        """Takes how it ended."""
        self.returncode = code
        os.close(self._handle)
        self._handle = -1


class Zygote:
    """The process that is copied."""

    def __init__(self, process: Process) -> None:
        """Use `begin`."""
        self._process = process
        self._children: dict[int, Child] = {}
        self._started: asyncio.Queue[Child] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def begin(cls, log: Path) -> Zygote:
        """Starts it; the first hub waits until it has imported everything.

        Args:
            log: where its own errors go.
        """
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.chaos.zygote", stdin=PIPE, stdout=PIPE, stderr=errors,
                env=environment(**QUICK), cwd=ROOT,
            )  # fmt: skip
        return cls(process)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if "started" in said:
                child = self._children[said["started"]] = Child(said["started"])
                self._started.put_nowait(child)
            else:
                self._children.pop(said["ended"]).ended(said["code"])

    async def spawn(self, words: list[str], variables: dict[str, str], log: Path) -> Child:
        """Starts a hub; one at a time.

        Args:
            words: of its command line.
            variables: of its environment.
            log: where its output goes.
        """
        assert self._process.stdin is not None
        order = {"words": words, "variables": variables, "log": str(log), "passphrase": PASSPHRASE.decode()}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        started = asyncio.ensure_future(self._started.get())
        await asyncio.wait([started, self._reading], timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            raise RuntimeError("the process that is copied does not start; its log says why")
        return started.result()

    async def end(self) -> None:
        """Ends it and every hub that still runs."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading


@dataclass
class QuickHub(HubProcess):
    """One hub's home, its process a copy."""

    zygote: Zygote | None = None
    armed: str = ""
    """The fault that the present process was started with."""
    process: Any = None
    pids: set[int] = field(default_factory=set)
    """Of every process it ever had."""

    @classmethod
    def at(cls, home: Path, url: str, world: World, zygote: Zygote, port: int) -> QuickHub:
        """Returns a hub that does not run yet; its key file is sealed anew, cheaply."""
        (home / "hub.key").write_bytes(hub_keys(world).seal(PASSPHRASE, CHEAP))
        return cls(home, url, world, port=port, zygote=zygote)

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    async def spawn(self, fault: str = "") -> None:
        """Starts a process and does not wait for it."""
        assert self.zygote is not None
        assert not self.alive
        self._ready.unlink(missing_ok=True)
        self.temporary.mkdir(exist_ok=True)
        words = ["serve", "--home", str(self.home), "--database-url", self.url, "--listen", self.address]
        variables = {"TMPDIR": str(self.temporary), "FAULT": fault}
        self.armed = fault
        self.process = await self.zygote.spawn([*words, "--ready-file", str(self._ready)], variables, self.log)
        self.pids.add(self.process.pid)

    @property
    def _ready(self) -> Path:
        return self.home / "port"

    async def listens(self) -> bool:
        """Waits until the process listens; False where it ended before."""
        await until(lambda: not self.alive or (self._ready.exists() and self._ready.read_text()), START_SECONDS)
        return self.alive

    async def start(self, **more: str) -> None:
        """Starts a process and waits until it listens.

        Args:
            **more: FAULT, or nothing.
        """
        await self.spawn(more.get("FAULT", ""))
        assert await self.listens(), self.last_words()

    def last_words(self) -> str:
        """Returns the end of what its processes wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log.exists() else ""

    async def kill(self) -> None:
        """Kills its process, if one runs."""
        if self.alive:
            self.process.kill()
            await until(lambda: not self.alive)
