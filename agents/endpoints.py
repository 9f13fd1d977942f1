"""Where the hub is reached: a list of its processes in order of preference, and the one connection that is open now.

A process that refuses connections is passed over at once, one that takes a connection and says nothing after a few
seconds. Whoever finds that the present one does not answer or has no room leaves it, for everybody. What is under way
on it goes on for as long as a call may take, so that nobody's leaving cuts what another has begun; what then is cut
begins again on the next. After a while the first of the list is asked again, and taken back once it serves.

Never does: calls of its own but the one that asks whether a process answers; decide what is tried again
(`agents/session.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2, directory_pb2_grpc
from grpc import aio

from agents.refusals import ELSEWHERE, refusal

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
        self._left: dict[aio.Channel, asyncio.Task[None]] = {}
        self._lent = 0
        self._closed = False

    @property
    def present(self) -> str:
        """The one that is called now, or would be next."""
        return self.addresses[self._at]

    @property
    def attempt_seconds(self) -> float:
        """How long one attempt at a call may take."""
        return ATTEMPT_SECONDS if len(self.addresses) > 1 else CALL_SECONDS

    @contextlib.asynccontextmanager
    async def lend(self) -> AsyncIterator[Any]:
        """Lends the connection for one call; typed loosely because the stubs are typed for the blocking API.

        Raises:
            RefusedError: UNAVAILABLE: no process of the list takes a connection.
        """
        self._lent += 1
        try:
            yield await self._open()
        finally:
            self._lent -= 1
            if self._closed and not self._lent:
                await self._close()

    def leave(self, channel: Any) -> None:
        """Goes on to the next process, unless somebody has done so already.

        Args:
            channel: the connection on which nothing came of a call.
        """
        old = self._channel
        if old is not None and channel is old and len(self.addresses) > 1:
            self._channel = None
            self._move()
            self._let_end(old)

    def leave_present(self) -> None:
        """Goes on to the next process: what the present one shows does not count."""
        if self._channel is not None:
            self.leave(self._channel)

    async def close(self) -> None:
        """Closes the connection. Should a call that it cut begin again, that one is closed with its end."""
        self._closed = True
        await self._close()

    async def ask(self) -> list[Answer]:
        """Asks every process of the list at once whether it answers, in the order of the list."""
        return list(await asyncio.gather(*(self._ask(address) for address in self.addresses)))

    # --- how

    async def _open(self) -> aio.Channel:
        async with self._opening:
            if self._channel is None:
                self._channel = await self._connect()
            self._look_back()
            return self._channel

    async def _close(self) -> None:
        channel, self._channel = self._channel, None
        back, self._return = self._return, None
        left = dict(self._left)
        ending = [*left.values()] if back is None else [*left.values(), back]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for open_still in left if channel is None else (*left, channel):
            await open_still.close()

    def _let_end(self, channel: aio.Channel) -> None:
        """Closes a connection that was left, once what is under way on it has ended or was given the time to."""
        task = self._left[channel] = asyncio.create_task(channel.close(CALL_SECONDS))
        task.add_done_callback(lambda _: self._left.pop(channel, None))

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
        channel, taken = self._make(self.addresses[0]), False
        try:
            if await _answers(channel, serving=True):
                async with self._opening:
                    old, self._channel, self._at, taken = self._channel, channel, 0, True
                if old is not None:
                    self._let_end(old)
        finally:
            if not taken:
                await channel.close()

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


async def _answers(channel: Any, *, serving: bool = False) -> bool:
    """Returns whether a process answers, be it with a refusal; where it is to serve, not with any that sends us on."""
    try:
        await directory_pb2_grpc.DirectoryServiceStub(channel).GetHead(
            directory_pb2.GetHeadRequest(), timeout=ATTEMPT_SECONDS
        )
    except aio.AioRpcError as error:
        return error.code() not in _SILENT and not (serving and refusal(error).reason in ELSEWHERE)
    return True
