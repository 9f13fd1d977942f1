"""A publisher to NATS JetStream: as much of its text protocol as it takes to publish and be told that it is stored.

Never does: consume.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from itertools import count
from typing import Any, Final, Self

STREAM: Final = "bench"
LIMIT: Final = 4 << 20
_inboxes = count(1)


class JetStreamPublisher:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use `connect`."""
        self._reader, self._writer = reader, writer
        self._inbox = f"_INBOX.bench{next(_inboxes)}"
        self._numbers = count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._receiver: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext) -> Self:
        """Connects and makes the stream where it is not there yet.

        Raises:
            OSError: nobody listens.
            RuntimeError: the server refuses.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
        if not (await reader.readline()).startswith(b"INFO "):
            raise RuntimeError("no NATS server")
        await writer.start_tls(tls, server_hostname="localhost")
        self = cls(reader, writer)
        options = {"verbose": False, "pedantic": False, "tls_required": True, "lang": "bench", "version": "1"}
        writer.write(b"CONNECT %b\r\nSUB %b.* 1\r\n" % (json.dumps(options).encode(), self._inbox.encode()))
        self._receiver = asyncio.create_task(self._receive())
        wanted = {"name": STREAM, "subjects": [STREAM], "storage": "file", "num_replicas": 1}
        made = await self._request(f"$JS.API.STREAM.CREATE.{STREAM}", json.dumps(wanted).encode())
        if "error" in made:
            raise RuntimeError("the stream cannot be made")
        return self

    async def publish(self, body: bytes) -> None:
        """Publishes a message and returns once it is stored.

        Raises:
            RuntimeError: it is not.
        """
        answer = await self._request(STREAM, body)
        if "seq" not in answer:
            raise RuntimeError("a message was not stored")

    async def close(self) -> None:
        """Closes the connection."""
        if self._receiver is not None:
            self._receiver.cancel()
        self._writer.close()

    async def _request(self, subject: str, body: bytes) -> dict[str, Any]:
        if self._receiver is None or self._receiver.done():
            raise RuntimeError("the connection ended")
        reply = f"{self._inbox}.{next(self._numbers)}"
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[reply] = future
        self._writer.write(b"PUB %b %b %d\r\n%b\r\n" % (subject.encode(), reply.encode(), len(body), body))
        return await future

    async def _receive(self) -> None:
        try:
            while line := await self._reader.readline():
                word, *fields = line.decode().split()
                if word == "MSG":  # subject, subscription, length
                    body = (await self._reader.readexactly(int(fields[-1]) + 2))[:-2]
                    self._waiting.pop(fields[0]).set_result(json.loads(body))
                elif word == "PING":
                    self._writer.write(b"PONG\r\n")
                elif word == "-ERR":
                    break
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(RuntimeError("the connection ended"))
