"""Notices what other processes committed: PostgreSQL announces each batch, and a poll finds what was missed.

The directory is read on, so that a revocation made through any process holds in this one within a second, and a process
ends that does not hold the key which it names now; feeds are told the log's new size.

Never does: write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from comity.errors import ComityError, RefusedError

from hub.db import Database
from hub.log.domain import NOT_HELD, DirectorySource, KeyNotHeldError, LogKeys
from hub.log.seen import FatalError, Seen
from hub.telemetry import Telemetry


class Follower:
    """Keeps one process up with the others."""

    def __init__(
        self,
        *,
        db: Database,
        directory: DirectorySource,
        keys: LogKeys,
        seen: Seen,
        on_grown: Callable[[int], None],
        on_failure: Callable[[str], None],
        telemetry: Telemetry,
        poll_seconds: float = 1.0,
    ) -> None:
        """Takes who is told the exchange log's size, and who is told that this process must not go on."""
        self._db, self._directory = db, directory
        self._on_grown, self._on_failure, self._poll = on_grown, on_failure, poll_seconds
        self._keys, self._seen, self._telemetry = keys, seen, telemetry
        self._checked = 0
        self._announced = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, in the background of the running event loop."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._announced.set)

        def lost(reason: str) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._on_failure, reason)

        self._db.listen(wake, lost)
        self._task = asyncio.create_task(self._run(), name="follower")

    @property
    def alive(self) -> bool:
        """Whether it follows, or was never meant to."""
        return self._task is None or not self._task.done()

    async def stop(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._poll):
                    await self._announced.wait()
            except TimeoutError:
                pass
            self._announced.clear()
            try:
                await self.look()
            except RefusedError:
                continue  # the database does not answer
            except ComityError:
                self._on_failure("a stored entry of the directory breaks its rules")
                return
            except FatalError as error:
                self._on_failure(str(error))
                return
            except Exception as error:  # noqa: BLE001 # the next look may succeed
                self._telemetry.failed("not followed", error)

    async def look(self) -> None:
        """Looks once.

        Raises:
            ComityError: UNAVAILABLE, or a stored entry of the directory is refused.
            FatalError: the database is not the one that this process knows, or its directory names a key not held here.
        """
        self._on_grown(await self._db.read(self._read))

    def _read(self, connection: Any) -> int:
        heads = self._seen.look(connection)
        if heads.directory.size > self._directory.current.size:
            self._directory.refresh(connection)
        if self._directory.current.size != self._checked:
            self._check_keys()
        return heads.exchange.size

    def _check_keys(self) -> None:
        # Whatever is asked of this process next, it could not sign: clients are better off elsewhere at once.
        view = self._directory.view()
        try:
            self._keys.settled(view.log_key(), view.head_key())
        except KeyNotHeldError:
            raise FatalError(NOT_HELD) from None
        self._checked = view.size
