"""A relay that counts: passes bytes between a process and the hub, and says how many went each way.

Never does: look at them; they are encrypted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

_PIECE = 1 << 18


class Relay:
    """Counts what passes."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self.up, self.down = 0, 0

    async def serve(self) -> None:
        """Says where it listens, and for each line of standard input how many bytes went to the hub and came back."""
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({"up": self.up, "down": self.down}), flush=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, self._port)
        await asyncio.gather(self._pass(reader, back, up=True), self._pass(there, writer, up=False))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(_PIECE):
                if up:
                    self.up += len(piece)
                else:
                    self.down += len(piece)
                writer.write(piece)
                await writer.drain()
        writer.close()


if __name__ == "__main__":
    asyncio.run(Relay(sys.argv[1]).serve())
