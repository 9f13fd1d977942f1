"""A publisher to RabbitMQ: as much of AMQP 0-9-1 as it takes to publish persistent messages and have them confirmed.

Never does: consume.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from itertools import count
from typing import Final, Self

QUEUE: Final = b"bench"
METHOD, HEADER, BODY = 1, 2, 3
END: Final = b"\xce"
START, TUNE, OPENED = (10, 10), (10, 30), (10, 41)
CHANNEL_OPENED, DECLARED, SELECTED = (20, 11), (50, 11), (85, 11)
ACK, NACK = (60, 80), (60, 120)
PERSISTENT: Final = struct.pack(">HB", 0x1000, 2)
DURABLE: Final = 2


def _short(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def _method(number: tuple[int, int], arguments: bytes) -> bytes:
    return struct.pack(">HH", *number) + arguments


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + END


class RabbitPublisher:
    """One connection with one channel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use `connect`."""
        self._reader, self._writer = reader, writer
        self._most = 0
        self._tags = count(1)
        self._confirmed = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._receiver: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext) -> Self:
        """Connects, opens a channel that confirms, and declares the durable queue.

        Raises:
            OSError: nobody listens.
            EOFError: the server is not ready.
            RuntimeError: it says something else than expected.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost")
        self = cls(reader, writer)
        writer.write(b"AMQP\x00\x00\x09\x01")
        await self._expect(START)
        who = b"\x00guest\x00guest"
        answer = struct.pack(">I", 0) + _short(b"PLAIN") + struct.pack(">I", len(who)) + who + _short(b"en_US")
        self._send(0, (10, 11), answer)
        channels, self._most, _ = struct.unpack(">HIH", await self._expect(TUNE))
        self._send(0, (10, 31), struct.pack(">HIH", channels, self._most, 0))
        self._send(0, (10, 40), _short(b"/") + _short(b"") + b"\x00")
        await self._expect(OPENED)
        self._send(1, (20, 10), _short(b""))
        await self._expect(CHANNEL_OPENED)
        self._send(1, (50, 10), struct.pack(">H", 0) + _short(QUEUE) + struct.pack(">BI", DURABLE, 0))
        await self._expect(DECLARED)
        self._send(1, (85, 10), b"\x00")
        await self._expect(SELECTED)
        self._receiver = asyncio.create_task(self._receive())
        return self

    async def publish(self, body: bytes) -> None:
        """Publishes a persistent message and returns once it is confirmed.

        Raises:
            RuntimeError: it is refused, or the connection has ended.
        """
        if self._receiver is None or self._receiver.done():
            raise RuntimeError("the connection ended")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[next(self._tags)] = future
        part = self._most - 8
        method = _method((60, 40), struct.pack(">H", 0) + _short(b"") + _short(QUEUE) + b"\x00")
        header = struct.pack(">HHQ", 60, 0, len(body)) + PERSISTENT
        frames = [_frame(METHOD, 1, method), _frame(HEADER, 1, header)]
        frames += [_frame(BODY, 1, body[at : at + part]) for at in range(0, len(body), part)]
        self._writer.write(b"".join(frames))
        await future

    async def close(self) -> None:
        """Closes the connection."""
        if self._receiver is not None:
            self._receiver.cancel()
        self._writer.close()

    def _send(self, channel: int, number: tuple[int, int], arguments: bytes) -> None:
        self._writer.write(_frame(METHOD, channel, _method(number, arguments)))

    async def _next(self) -> tuple[tuple[int, int], bytes]:
        while True:
            kind, _, size = struct.unpack(">BHI", await self._reader.readexactly(7))
            payload = (await self._reader.readexactly(size + 1))[:-1]
            if kind == METHOD:
                group, number = struct.unpack_from(">HH", payload)
                return (group, number), payload[4:]

    async def _expect(self, number: tuple[int, int]) -> bytes:
        given, arguments = await self._next()
        if given != number:
            raise RuntimeError("the server says something else than expected")
        return arguments

    async def _receive(self) -> None:
        try:
            while True:
                number, arguments = await self._next()
                if number not in (ACK, NACK):
                    break
                tag, several = struct.unpack_from(">QB", arguments)
                for one in range(self._confirmed + 1 if several else tag, tag + 1):
                    self._settle(one, good=number == ACK)
                while self._confirmed + 1 not in self._waiting and self._confirmed < tag:
                    self._confirmed += 1
        finally:
            for tag in list(self._waiting):
                self._settle(tag, good=False)

    def _settle(self, tag: int, *, good: bool) -> None:
        future = self._waiting.pop(tag, None)
        if future is None or future.done():
            return
        if good:
            future.set_result(None)
        else:
            future.set_exception(RuntimeError("a message was not confirmed"))
