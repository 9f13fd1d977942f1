"""One examining process and what is on its way through it.

Never does: look at what is moved. Used on the event loop only.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Self, cast

from hub.exchange.examiner import frame, frames
from hub.exchange.examining import Verdict

END_SECONDS: Final = 5.0


class Lane(asyncio.Protocol):
    """A process, with first in, first out. Made by `open`."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        on_verdicts: Callable[[list[tuple[Any, Verdict]]], None],
        on_lost: Callable[[Lane, list[Any]], None],
    ) -> None:
        """Takes the process and who is told."""
        self._child = child
        self._on_verdicts, self._on_lost = on_verdicts, on_lost
        self._under_way: deque[Any] = deque()
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._moved = 0.0
        self._sent = 0

    @classmethod
    async def open(
        cls,
        on_verdicts: Callable[[list[tuple[Any, Verdict]]], None],
        on_lost: Callable[[Lane, list[Any]], None],
    ) -> Self:
        """Starts a process.

        Args:
            on_verdicts: gets (item, its verdict) pairs, in the order in which the items were sent.
            on_lost: gets this lane and the items without a verdict, once, when the process has ended.
        """
        starting = asyncio.ensure_future(asyncio.to_thread(_start))
        try:
            child, ours = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The hub stops: what the thread has started meanwhile must not be left behind.
            child, ours = await starting
            ours.close()
            child.kill()
            child.wait()
            raise
        ours.setblocking(False)  # the socket's own signature
        lane = cls(child, on_verdicts, on_lost)
        await asyncio.get_running_loop().create_connection(lambda: lane, sock=ours)
        return lane

    @property
    def waiting(self) -> int:
        """Items without a verdict."""
        return len(self._under_way)

    @property
    def alive(self) -> bool:
        """Whether it takes items."""
        return self._transport is not None and not self._transport.is_closing()

    def idle_for(self, now: float) -> float:
        """Returns for how many seconds it has owed a verdict and given none; 0 where it owes none.

        Args:
            now: the event loop's time.
        """
        return now - self._moved if self._under_way else 0.0

    def tell(self, value: object) -> None:
        """Sends what has no answer."""
        if self._transport is not None:
            self._transport.write(frame(value))

    def send(self, items: Sequence[Any], values: Sequence[tuple[object, ...]]) -> None:
        """Sends items, as plain values, to be examined.

        Raises:
            MemoryError, ValueError: they cannot be sent; nothing was.
        """
        data = frame([(self._sent + at, *value) for at, value in enumerate(values)])
        if not self._under_way:
            self._moved = asyncio.get_running_loop().time()
        self._sent += len(items)
        self._under_way.extend(items)
        if self._transport is not None:
            self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport's part."""
        # Both ways; how much may wait is for the sequencer's admission to say.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hands verdicts on."""
        self._buffer += data
        self._moved = asyncio.get_running_loop().time()
        for verdicts in frames(self._buffer):
            first = self._sent - len(self._under_way)
            expected = range(first, min(first + len(verdicts), self._sent))
            if [number for number, _ in verdicts] != list(expected):
                # asyncio closes the connection, and whoever waits is told: of this frame nobody was answered yet.
                raise RuntimeError("a verdict on another item")
            self._on_verdicts([(self._under_way.popleft(), verdict) for _, verdict in verdicts])

    def connection_lost(self, _: Exception | None) -> None:
        """Tells who waits."""
        lost, self._under_way = list(self._under_way), deque()
        self._on_lost(self, lost)

    async def close(self) -> None:
        """Ends the process; what is under way is lost."""
        if self._transport is not None:
            self._transport.close()
        try:
            await asyncio.to_thread(self._child.wait, END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            await asyncio.to_thread(self._child.wait)

    def reap(self) -> None:
        """Ends what is left of a process that does not answer any more. Blocks for an instant."""
        self._child.kill()
        self._child.wait()


def _start() -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        # No variable of the hub's reaches it, least of all where a passphrase lies; what it might write goes nowhere.
        child = subprocess.Popen(  # noqa: S603 # this interpreter and a module of ours
            [sys.executable, "-m", "hub.exchange.examiner", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
        )
    return child, ours
