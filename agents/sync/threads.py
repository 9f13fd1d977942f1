"""Work in another thread that is never left alone: whoever is cancelled meanwhile waits for its end.

A store that is used by one thread at a time may be closed, or used by the next, once the caller has gone on.

Never does: interrupt the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs a function in a thread and returns what it returns.

    Raises:
        CancelledError: the caller was cancelled; the function has ended all the same.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if not running.done():
            await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at: nobody else will
        raise
