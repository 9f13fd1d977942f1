"""The daemon's small web server: /live, /ready and /metrics, for whoever watches this machine.

/live answers as long as the event loop turns. /ready says 503 where the hub was not heard for five minutes or a list
that is followed is not current, and why, as JSON: names of lists and words, never an entry.

It speaks just enough HTTP/1.1 for that, answers one request a connection, and belongs on the loopback interface.

Never does: change anything; content.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, Final

from agents.sync.condition import Condition
from agents.sync.metrics import Metrics

SILENCE_MS: Final = 5 * 60_000
"""After so long without a word from the hub the agent is not ready."""
_SECONDS: Final = 5.0
_HEAD_LIMIT: Final = 8192
MOST: Final = 32
"""So many connections are held at once; the next is closed, so that nobody takes the descriptors of everything else."""


class Health:
    """Serves one condition."""

    def __init__(self, condition: Condition, clock: Callable[[], int]) -> None:
        """Takes what is shown, and Unix milliseconds UTC."""
        self._condition, self._clock = condition, clock
        self._metrics = Metrics(condition, clock)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port that is listened on; 0 where none is."""
        return 0 if self._server is None else int(self._server.sockets[0].getsockname()[1])

    async def start(self, listen: str) -> None:
        """Listens.

        Args:
            listen: `address:port`; empty for not at all.

        Raises:
            OSError: it cannot be listened there.
        """
        if listen:
            host, _, port = listen.rpartition(":")
            self._server = await asyncio.start_server(
                self._connected, host.strip("[]"), int(port), limit=_HEAD_LIMIT, backlog=MOST
            )

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Returns whether everything is as it should be, and the particulars."""
        at, now = self._condition, self._clock()
        lists = [
            {"owner": one.owner, "list": one.list_id, "status": one.status, "sequence": one.sequence}
            for one in at.lists
            if one.followed
        ]
        silent = now - (at.heard or at.started) > SILENCE_MS
        well = not silent and not at.lagging()
        shown = {"ready": well, "connected": at.connected, "silent": silent, "alarms": at.alarms, "lists": lists}
        return well, {**shown, "family_offered": at.offered}

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes a connection, as soon as it is made; one too many is closed before anything is kept for it."""
        if len(self._open) >= MOST:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._answer(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = self._page(head.split(b"\r\n", 1)[0])
                lines = (
                    f"HTTP/1.1 {status}",
                    f"Content-Type: {kind}",
                    f"Content-Length: {len(body)}",
                    "Cache-Control: no-store",
                    "Connection: close",
                )
                writer.write("\r\n".join((*lines, "", "")).encode() + body)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _page(self, request: bytes) -> tuple[str, str, bytes]:
        words = request.split(b" ")
        if len(words) != 3 or words[0] != b"GET":
            return "405 Method Not Allowed", "text/plain", b""
        match words[1].partition(b"?")[0]:
            case b"/metrics":
                return "200 OK", "text/plain; version=0.0.4; charset=utf-8", self._metrics.text()
            case b"/live":
                return "200 OK", "application/json", b'{"live": true}\n'
            case b"/ready" | b"/health":
                well, shown = self.ready()
                status = "200 OK" if well else "503 Service Unavailable"
                return status, "application/json", json.dumps(shown).encode() + b"\n"
        return "404 Not Found", "text/plain", b""
