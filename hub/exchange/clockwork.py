"""The loop that looks for clocks which have run out, and hands them to the sequencer as commands.

Under the head lock each is looked at again, so several processes may find the same one: exactly one logs it.

Never does: decide that something is due; that is the workflow's, with the leaf's time.
"""

from __future__ import annotations

import asyncio
from typing import Final

from comity.errors import ComityError, RefusedError

from hub.clock import Clock
from hub.db import Database
from hub.exchange import store
from hub.faults import FaultError, Faults
from hub.log.commands import Command, EnvelopeDue
from hub.log.sequencer import Sequencer
from hub.telemetry import Telemetry

PAGE: Final = 256
"""Clocks looked at in one round, of legs and of envelopes each."""


class Clockwork:
    """Logs OVERDUE, LAPSED, EXPIRED and ERASED in time."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        faults: Faults,
        sequencer: Sequencer,
        telemetry: Telemetry,
        interval_seconds: float = 1.0,
    ) -> None:
        """Takes its collaborators and how often it looks."""
        self._db, self._clock, self._faults, self._sequencer = db, clock, faults, sequencer
        self._telemetry, self._interval = telemetry, interval_seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, in the background of the running event loop."""
        self._task = asyncio.create_task(self._run(), name="clockwork")

    async def stop(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                handled = await self.tick()
            except (RefusedError, FaultError):
                handled = 0  # the database does not answer, or the queue is full: later
            if handled < PAGE:
                await asyncio.sleep(self._interval)

    async def tick(self) -> int:
        """Handles what is due now, up to a page of each kind; returns how many commands that were.

        Raises:
            RefusedError: UNAVAILABLE or BUSY.
        """
        now = self._clock.now_ms()
        # A leaf's time is in whole seconds: what ran out within this one is found in the next.
        due = await self._db.read(lambda connection: store.due(connection, now // 1000 * 1000, PAGE))
        if not due:
            return 0
        if self._faults.armed:
            self._faults.hit("clockwork.before_commands")
        # Envelopes first: what expires with its leg is then told once, by the leg's own clock.
        due.sort(key=lambda command: isinstance(command, EnvelopeDue))
        for part in (due[:PAGE], due[PAGE:]):
            if part:
                await self._submit(part)
        self._telemetry.counters.add("comity.clocks", len(due))
        return len(due)

    async def _submit(self, commands: list[Command]) -> None:
        ticket = self._sequencer.admit(len(commands), sum(command.weight for command in commands))
        self._sequencer.offer([(command, ticket, slot) for slot, command in enumerate(commands)])
        for result in await ticket.future:
            if isinstance(result, RefusedError):
                raise result
            if isinstance(result, BaseException) and not isinstance(result, ComityError):
                raise result
