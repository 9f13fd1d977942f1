"""The background check: one pass over everything stored after another, in slices, an hour at most each.

A finding stops the hub: what is stored is no longer what was promised, and to go on would promise more on top of it.

Never does: repair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from comity.errors import RefusedError

from hub.db import Database
from hub.log.fsck import Fsck
from hub.telemetry import Telemetry

SLICE_SECONDS = 0.05
"""Rest between two pages, so that a pass never takes a core for itself."""


class Scrub:
    """Checks again and again."""

    def __init__(
        self,
        *,
        db: Database,
        telemetry: Telemetry,
        on_damage: Callable[[str], None],
        pass_seconds: float = 3600.0,
    ) -> None:
        """Takes the database, who is told of damage (it stops the hub), and how long one pass may take."""
        self._db, self._telemetry, self._on_damage, self._pass_seconds = db, telemetry, on_damage, pass_seconds
        self._task: asyncio.Task[None] | None = None
        self.passes = 0
        """Passes finished without a finding."""

    def start(self) -> None:
        """Begins, in the background of the running event loop."""
        self._task = asyncio.create_task(self._run(), name="scrub")

    @property
    def alive(self) -> bool:
        """Whether it checks, or was never meant to. A finding ends it, and the hub with it."""
        return self._task is None or not self._task.done()

    async def stop(self) -> None:
        """Ends; a page that is being read is finished."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                if not await self.check_once():
                    return
            except RefusedError:
                await asyncio.sleep(1)  # the database does not answer: the next pass begins anew
                continue
            except Exception as error:  # noqa: BLE001 # it is no finding, and the next pass may tell
                self._telemetry.failed("scrub failed", error)
            await asyncio.sleep(max(0.0, self._pass_seconds - (loop.time() - began)))

    async def check_once(self) -> bool:
        """Runs one pass; returns whether all is well. A finding is reported and ends the pass.

        Raises:
            RefusedError: UNAVAILABLE.
        """
        fsck = Fsck(self._db)
        steps = fsck.steps()
        while await asyncio.to_thread(next, steps, "end") is None:
            if fsck.findings:
                break
            await asyncio.sleep(SLICE_SECONDS)
        if not fsck.findings:
            self.passes += 1
            self._telemetry.counters.add("comity.scrubs")
            return True
        for finding in fsck.findings[:8]:
            self._telemetry.log.error(
                "stored data damaged", log=finding.log.name, index=finding.index, what=finding.what
            )
        self._on_damage("stored data is not what the log commits to")
        return False
