"""What this process has seen of both logs: a database that lacks any of it was rolled back under a living process.

A restore or a recovery to an earlier moment can put an older database in the place of the one that is served. Whoever
went on there would sign a second history. So the furthest that was seen of each log is remembered, and whoever locks
the heads, follows them or is about to sign looks first whether the database still begins with it, and whether its
fence is the one of this process's start. Where it is not, this process must not write or sign any more.

Never does: write, sign, forget.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from comity.merkle import EMPTY_ROOT

from hub.log import store
from hub.log.domain import LogName, LogState

LOST: Final = "the database lacks what this process saw in it"
"""Why a hub stops whose database was put back under it."""
FENCED: Final = "the database was promoted or restored: start again"
"""Why a hub stops whose database has another fence than at its start."""


class FatalError(Exception):
    """Sequencing must stop for good; the message says why, in constant words."""


class Reached(NamedTuple):
    """How far a log had come."""

    size: int
    root: bytes


class Seen:
    """One process's memory of both logs. Used from any thread."""

    def __init__(self) -> None:
        """Has seen nothing; the fence is the one of the first look."""
        self._changing = threading.Lock()
        self._furthest = {log: Reached(0, EMPTY_ROOT) for log in LogName}
        self._fences: tuple[int, int] | None = None
        self._lost = ""
        self._listeners: list[Callable[[str], None]] = []

    def on_lost(self, listener: Callable[[str], None]) -> None:
        """Registers who is told, on any thread, why this process must not go on."""
        self._listeners.append(listener)

    def look(self, connection: Any) -> store.Heads:
        """Reads both heads.

        Raises:
            FatalError: the database is not the one that this process knows. From then on, always.
        """
        return self._compared(connection, store.read_heads)

    def lock(self, connection: Any) -> store.Heads:
        """Locks both heads until the transaction ends, and reads them.

        Raises:
            FatalError: as for `look`.
        """
        return self._compared(connection, store.lock_heads)

    def reached(self, log: LogName, size: int, root: bytes) -> None:
        """Remembers what became durable."""
        with self._changing:
            if size > self._furthest[log].size:
                self._furthest[log] = Reached(size, root)

    def _compared(self, connection: Any, read: Callable[[Any, tuple[int, int]], store.Heads]) -> store.Heads:
        if self._lost:
            raise FatalError(self._lost)
        # What was seen before the statement began must be in it; what others commit meanwhile need not.
        directory, exchange = (self._furthest[log] for log in LogName)
        heads = read(connection, (directory.size, exchange.size))
        if self._fences is None:
            self._fences = (heads.directory.fence, heads.exchange.fence)
        if (heads.directory.fence, heads.exchange.fence) != self._fences:
            self._lose(FENCED)
        if not (
            _begins_with(heads.directory, heads.directory_before, directory)
            and _begins_with(heads.exchange, heads.exchange_before, exchange)
        ):
            self._lose(LOST)
        for state in (heads.directory, heads.exchange):
            self.reached(state.log, state.size, state.root)
        return heads

    def give_up(self, reason: str) -> None:
        """Ends all looking and locking for good, and tells who listens, on any thread."""
        self._lost = reason
        for listener in self._listeners:
            listener(reason)

    def _lose(self, reason: str) -> None:
        self.give_up(reason)
        raise FatalError(reason)


def _begins_with(state: LogState, before: bytes | None, seen: Reached) -> bool:
    """Returns whether a log begins with what was seen; `before` is the root of its batch that ended there."""
    if state.size == seen.size:
        return state.root == seen.root
    return state.size > seen.size and (not seen.size or before == seen.root)
