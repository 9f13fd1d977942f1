"""The innermost part of the chain: it runs the feature's own function, and moves the messages of streams.

A message that cannot be handed on for `stall_seconds` ends the stream, in either direction: a reader that takes nothing
must not hold memory here, and a writer that sends nothing must not hold a call.

Never does: know what is in a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final, TypeAlias

import grpc
from comity.errors import Reason, RefusedError

from hub.interceptors.method import Handler, Method, Surroundings
from hub.interceptors.steps import parse_request

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

HEAR_OUT_SECONDS: Final = 2.0
HEAR_OUT_BYTES: Final = 16 * 1024 * 1024


def entered(method: Method, around: Surroundings) -> Handler:
    """Returns what runs a method's own function."""
    seconds = around.stall_seconds

    async def run(request: Any, context: Context) -> Any:
        given = _messages(method, request, seconds) if method.requests_stream else request
        answer = method.behaviour(given, context)
        if not method.responses_stream:
            if not method.requests_stream:
                return await answer
            try:
                return await answer
            finally:
                await _hear_out(request)
        if not inspect.isasyncgen(answer):
            return await answer
        async with aclosing(answer):
            async for message in answer:
                await _write(context, message, seconds)
        return None

    return run


async def _write(context: Context, message: Any, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await context.write(message)
    except TimeoutError:
        raise _stalled() from None
    except grpc.aio.InternalError:
        # gRPC's way to say that the client has gone: it cancelled, or its connection was lost. No fault of anybody's.
        raise asyncio.CancelledError from None


async def _messages(method: Method, raw: AsyncIterator[bytes], seconds: float) -> AsyncIterator[Any]:
    source = aiter(raw)
    while True:
        try:
            async with asyncio.timeout(seconds):
                data = await anext(source)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise _stalled() from None
        yield parse_request(method, data)


async def _hear_out(raw: AsyncIterator[bytes]) -> None:
    """Takes, for a little while, what a client still sends after it was answered.

    Clients that are in the middle of a message when the answer comes report a failed write instead of the answer.
    """
    left = HEAR_OUT_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEAR_OUT_SECONDS):
            async for data in raw:
                left -= len(data)
                if left < 0:
                    return


def _stalled() -> RefusedError:
    return RefusedError(Reason.STALLED, "the stream moved nothing for too long and was cut")
