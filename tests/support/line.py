"""A line to a hub that a test can cut, freeze or let hear without answering, as a process that is stopped would be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field


@dataclass
class Line:
    """Forwards connections to a hub."""

    hub_port: int
    port: int = 0
    connections: int = 0
    """How many were taken so far."""
    heard: int = 0
    """How many bytes the hub was sent so far."""
    _hears: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def address(self) -> str:
        """What goes into a list of endpoints."""
        return f"127.0.0.1:{self.port}"

    def freeze(self) -> None:
        """From now on nothing passes; connections are taken, as the kernel does for a process that was stopped."""
        self._hears.clear()
        self._answers.clear()

    def silence(self) -> None:
        """From now on the hub hears and its answers do not arrive."""
        self._answers.clear()

    def thaw(self) -> None:
        """Everything passes again, also what was held back."""
        self._hears.set()
        self._answers.set()

    async def open(self) -> None:
        """Takes connections, on the same port as before."""
        self.thaw()
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Breaks what there is, and refuses what comes."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def _count(self, data: bytes) -> None:
        self.heard += len(data)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        other_writer: asyncio.StreamWriter | None = None
        ways: list[asyncio.Task[None]] = []
        try:
            await self._hears.wait()
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.hub_port)
            ways.append(asyncio.create_task(_pass(reader, other_writer, self._hears, self._count)))
            ways.append(asyncio.create_task(_pass(other_reader, writer, self._answers, len)))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the line was cut
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for found in (writer, other_writer):
                if found is not None:
                    found.transport.abort()


async def _pass(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    gate: asyncio.Event,
    told: Callable[[bytes], object],
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            await gate.wait()
            told(data)
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def line_to(hub_port: int) -> AsyncIterator[Line]:
    """A line to the hub on a port of this machine."""
    line = Line(hub_port)
    await line.open()
    try:
        yield line
    finally:
        await line.cut()
