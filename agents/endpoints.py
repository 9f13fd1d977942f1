"""Where the hub is reached: a list of its processes in order of preference, and the one connection that is open now.

A process that refuses connections is passed over at once, one that takes a connection and says nothing after a few
seconds. Whoever finds that the present one does not answer leaves it, for everybody: calls under way on it break and
are made again on the next. After a while the first of the list is asked again, and taken back once it answers.

Never does: calls of its own but the one that asks whether a process answers; decide what is tried again
(`agents/session.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2, directory_pb2_grpc
from grpc import aio

CALL_SECONDS: Final = 15.0
"""How long one attempt may take where there is nowhere else to go."""
ATTEMPT_SECONDS: Final = 5.0
"""How long one attempt may take where another process can be asked."""
CONNECT_SECONDS: Final = 3.0
"""How long a process may take for a connection and its handshake, where another can be asked."""
RETURN_SECONDS: Final = 60.0
"""How often it is asked whether the preferred process answers again."""
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 8 << 20),
    ("grpc.max_send_message_length", 8 << 20),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.enable_retries", 0),
    # Left alone, gRPC would come to wait for two minutes: longer than the patience here, and than a hub's restart.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Without a pool of its own a channel would go on over an earlier one's connection, with an earlier TLS key.
    ("grpc.use_local_subchannel_pool", 1),
)
_SILENT: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether one process of the hub answers."""

    endpoint: str
    """`host:port`."""
    seconds: float | None
    """How long connection and answer took together; None where there was no answer."""


class Endpoints:
    """The hub's processes, and the connection to one of them."""

    def __init__(self, addresses: Sequence[str], credentials: grpc.ChannelCredentials) -> None:
        """Takes where they listen, in order of preference and at least one, and who calls."""
        self.addresses = tuple(addresses)
        self._credentials = credentials
        self._at = 0
        self._channel: aio.Channel | None = None
        self._opening = asyncio.Lock()
        self._left_at = 0.0
        self._return: asyncio.Task[None] | None = None

    @property
    def present(self) -> str:
        """The one that is called now, or would be next."""
        return self.addresses[self._at]

    @property
    def attempt_seconds(self) -> float:
        """How long one attempt at a call may take."""
        return ATTEMPT_SECONDS if len(self.addresses) > 1 else CALL_SECONDS

    async def open(self) -> Any:
        """Returns the connection; typed loosely because the generated stubs are typed for the blocking API.

        Raises:
            RefusedError: UNAVAILABLE: no process of the list takes a connection.
        """
        async with self._opening:
            if self._channel is None:
                self._channel = await self._connect()
            self._look_back()
            return self._channel

    async def leave(self, channel: Any) -> None:
        """Goes on to the next process, unless somebody has done so already.

        Args:
            channel: the connection on which there was no answer.
        """
        old = self._channel
        if old is not None and channel is old and len(self.addresses) > 1:
            self._channel = None
            self._move()
            await old.close()

    async def close(self) -> None:
        """Closes the connection; the next call would open one again."""
        channel, self._channel = self._channel, None
        back, self._return = self._return, None
        if back is not None:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
        if channel is not None:
            await channel.close()

    async def ask(self) -> list[Answer]:
        """Asks every process of the list at once whether it answers, in the order of the list."""
        return list(await asyncio.gather(*(self._ask(address) for address in self.addresses)))

    # --- how

    async def _connect(self) -> aio.Channel:
        if len(self.addresses) == 1:
            return self._make(self.addresses[0])  # there is nothing to choose: the call will tell
        for _ in self.addresses:
            channel = self._make(self.present)
            try:
                if await _ready(channel):
                    return channel
            except BaseException:
                await channel.close()
                raise
            await channel.close()
            self._move()
        raise RefusedError(Reason.UNAVAILABLE, "no process of the hub takes a connection")

    def _make(self, address: str) -> aio.Channel:
        return aio.secure_channel(address, self._credentials, options=_OPTIONS)

    def _move(self) -> None:
        self._at = (self._at + 1) % len(self.addresses)
        self._left_at = asyncio.get_running_loop().time()

    def _look_back(self) -> None:
        """Begins to ask the first of the list whether it answers again, where that is due."""
        waited = asyncio.get_running_loop().time() - self._left_at
        if self._at and waited >= RETURN_SECONDS and (self._return is None or self._return.done()):
            self._left_at += waited
            self._return = asyncio.create_task(self._go_back())

    async def _go_back(self) -> None:
        old, channel, taken = None, self._make(self.addresses[0]), False
        try:
            if await _answers(channel):
                async with self._opening:
                    old, self._channel, self._at, taken = self._channel, channel, 0, True
                if old is not None:
                    # What is under way goes on for as long as a call may take; a feed is then read on from where it is.
                    await old.close(CALL_SECONDS)
        finally:
            for unused in (old, None if taken else channel):
                if unused is not None:
                    await unused.close()

    async def _ask(self, address: str) -> Answer:
        begun, channel = asyncio.get_running_loop().time(), self._make(address)
        try:
            answers = await _answers(channel)
        finally:
            await channel.close()
        return Answer(address, asyncio.get_running_loop().time() - begun if answers else None)


async def _ready(channel: aio.Channel) -> bool:
    """Returns whether a connection comes about: False at once where it is refused, else after a while."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            state = channel.get_state(try_to_connect=True)
            while state not in (grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.TRANSIENT_FAILURE):
                await channel.wait_for_state_change(state)
                state = channel.get_state(try_to_connect=True)
            return state is grpc.ChannelConnectivity.READY
    return False


async def _answers(channel: Any) -> bool:
    """Returns whether a process answers, be it with a refusal."""
    try:
        await directory_pb2_grpc.DirectoryServiceStub(channel).GetHead(
            directory_pb2.GetHeadRequest(), timeout=ATTEMPT_SECONDS
        )
    except aio.AioRpcError as error:
        return error.code() not in _SILENT
    return True
