"""What happens to PostgreSQL: a crash, and a wire between it and a hub that is cut at COMMIT.

The cut comes before the server hears of the COMMIT, or before the hub hears that it was done: it cannot tell which.

Never does: change a byte, or touch a connection that commits nothing of weight.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from pathlib import Path
from typing import Literal, Self

from tests.support.postgres import PostgresServer
from tests.system.processes import ROOT, environment

How = Literal["immediate", "kill"]
Side = Literal["before", "after"]
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
DONE = b"C\x00\x00\x00\x0bCOMMIT\x00"
WEIGHT = 2048
"""Bytes of a transaction that changes something; what readers and new connections send is less."""
SOCKET = ".s.PGSQL.5432"

CRASH = """
import sys
from pathlib import Path
from tests.support.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]))
server.kill() if sys.argv[2] == "kill" else server.stop("immediate")
server.start()
"""


async def crash(server: PostgresServer, how: How) -> None:
    """Crashes a server and starts it again, by another process: to change the user, this one would have to fork.

    Raises:
        RuntimeError: it does not start.
    """
    words = [sys.executable, "-c", CRASH, str(server.home), how]
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, env=environment())
    if await process.wait():
        raise RuntimeError("the database does not start again")


class Proxy:
    """Listens in a folder of its own and passes everything on, in a thread of its own, as long as its block lasts."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        """Takes the server and a folder with a short name, in which nothing else is."""
        self._server, self._folder = server, folder
        self._armed: Side | None = None
        self.cuts = 0
        """Connections cut at COMMIT so far."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._listening: asyncio.Server | None = None
        self._wires: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._listening = await asyncio.start_unix_server(self._connected, self._folder / SOCKET)

    async def _stop(self) -> None:
        assert self._listening is not None
        self._listening.close()
        wires = list(self._wires)
        for wire in wires:
            wire.cancel()
        await asyncio.gather(*wires, return_exceptions=True)
        await self._listening.wait_closed()

    def through(self, url: str) -> str:
        """Returns the address of a database by way of this proxy."""
        return url.replace(str(self._server.home), str(self._folder))

    def arm(self, side: Side) -> None:
        """Cuts the next connection that commits, before or after the server hears of it."""
        self._armed = side

    def disarm(self) -> None:
        """Cuts nothing."""
        self._armed = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._wires.add(task)
        ends = [writer]
        try:
            there, to = await asyncio.open_unix_connection(self._server.home / SOCKET)
            ends.append(to)
            wire = _Wire(self, writer, to)
            await asyncio.gather(wire.out(reader), wire.back(there))
        except OSError:
            pass  # the server is not there: neither is the connection
        finally:
            self._wires.discard(task)
            for end in ends:
                end.close()
            for end in ends:
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    def cut(self, side: Side) -> bool:
        """Returns whether a wire is to be cut here, once."""
        if self._armed != side:
            return False
        self._armed = None
        self.cuts += 1
        return True


class _Wire:
    """One connection of the hub's."""

    def __init__(self, proxy: Proxy, hub: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy, self._hub, self._server = proxy, hub, server
        self._weight = 0
        self._doomed = False

    async def out(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                self._weight += len(data)
                if data.endswith(COMMIT):
                    if self._weight >= WEIGHT:
                        if self._proxy.cut("before"):
                            break
                        self._doomed = self._proxy.cut("after")
                    self._weight = 0
                self._server.write(data)
                await self._server.drain()
        self._close()

    async def back(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if self._doomed and DONE in data:
                    break
                self._hub.write(data)
                await self._hub.drain()
        self._close()

    def _close(self) -> None:
        self._hub.close()
        self._server.close()
