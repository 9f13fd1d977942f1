"""The event loop of a program that runs for long: libuv's where there is one, which leaves more of the processor.

An agent that follows a list needs a tenth less of it for a change of a hundred entries (`make bench`, part `delta`). A
command that a person types is over before the import has paid.

Never does: choose for code that is called within a loop.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(body: Coroutine[Any, Any, T]) -> T:
    """Runs a program's body in a loop of its own and returns what it returns, as `asyncio.run` does."""
    if sys.platform == "win32":
        return asyncio.run(body)
    import uvloop  # noqa: PLC0415 # not on every system

    return uvloop.run(body)
