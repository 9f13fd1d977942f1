"""The innermost part of the chain: it runs the feature's own function, and moves the messages of streams.

A message that cannot be handed on for `stall_seconds` ends the stream, in either direction: a reader that takes nothing
must not hold memory here, and a writer that sends nothing must not hold a call.

Never does: know what is in a message.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc
from comity.errors import Reason, RefusedError

from hub.interceptors.method import Handler, Method, Surroundings
from hub.interceptors.steps import parse_request

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


def entered(method: Method, around: Surroundings) -> Handler:
    """Returns what runs a method's own function."""
    seconds = around.stall_seconds

    async def run(request: Any, context: Context) -> Any:
        given = _messages(method, request, seconds) if method.requests_stream else request
        answer = method.behaviour(given, context)
        if not method.responses_stream:
            return await answer
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


def _stalled() -> RefusedError:
    return RefusedError(Reason.STALLED, "the stream moved nothing for too long and was cut")
