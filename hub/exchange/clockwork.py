"""The loop that looks for clocks which have run out, and hands them to the sequencer as commands.

Under the head lock each is looked at again, so several processes may find the same one: exactly one logs it. A clock
that fails is put off, for longer each time, so that the others go on.

Never does: decide that something is due; that is the workflow's, with the leaf's time.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from comity.errors import Reason, RefusedError

from hub.clock import Clock
from hub.db import Database
from hub.exchange import store
from hub.faults import FaultError, Faults
from hub.log.commands import Command, EnvelopeDue
from hub.log.sequencer import Sequencer
from hub.telemetry import Telemetry

PAGE: Final = 256
"""Clocks looked at in one round, of legs and of envelopes each."""
PUT_OFF_MS: Final = 60_000
"""For how long a clock that failed is put off, the first time; doubled each time that follows."""
MAX_PUT_OFF_MS: Final = 3_600_000
JUST_AFTER: Final = 0.02
"""Seconds after a second's beginning at which it is looked: the database's clock may be that much behind."""
_LATER: Final = frozenset({Reason.UNAVAILABLE, Reason.BUSY})
"""Says something of the hub, and nothing against the clock."""


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
        self._put_off: dict[Command, tuple[int, int]] = {}
        """Clocks that failed to (how often, until when)."""

    @property
    def alive(self) -> bool:
        """Whether it looks, or was never meant to."""
        return self._task is None or not self._task.done()

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
            except Exception as error:  # noqa: BLE001 # whatever it is, clocks must go on
                self._telemetry.failed("clocks failed", error)
                handled = 0
            if handled < PAGE:
                await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        """Returns how long to wait: what runs out within a second is due as soon as the next one begins, not later."""
        if self._interval < 1:
            return self._interval
        return self._interval - self._clock.now_ms() % 1000 / 1000 + JUST_AFTER

    async def tick(self) -> int:
        """Handles what is due now, up to a page of each kind; returns how many commands that were.

        Raises:
            RefusedError: UNAVAILABLE or BUSY.
        """
        now = self._clock.now_ms()
        waiting = {command for command, (_, until) in self._put_off.items() if now < until}
        # A leaf's time is in whole seconds: what ran out within this one is found in the next.
        limit = PAGE + len(waiting)
        found = await self._db.read(lambda connection: store.due(connection, now // 1000 * 1000, limit))
        due = [command for command in found if command not in waiting]
        if not due:
            return 0
        if self._faults.armed:
            self._faults.hit("clockwork.before_commands")
        # Envelopes first: what expires with its leg is then told once, by the leg's own clock.
        due.sort(key=lambda command: isinstance(command, EnvelopeDue))
        for at in range(0, len(due), PAGE):
            await self._submit(due[at : at + PAGE], now)
        self._telemetry.counters.add("comity.clocks", len(due))
        return len(due)

    async def _submit(self, commands: list[Command], now: int) -> None:
        ticket = self._sequencer.admit(len(commands), sum(command.weight for command in commands))
        self._sequencer.offer([(command, ticket, slot) for slot, command in enumerate(commands)])
        later: RefusedError | None = None
        for command, result in zip(commands, await ticket.future, strict=True):
            if isinstance(result, RefusedError) and result.reason in _LATER:
                later = result
            elif isinstance(result, BaseException):
                self._fail(command, result, now)
            else:
                self._put_off.pop(command, None)
        if later is not None:
            raise later

    def _fail(self, command: Any, error: BaseException, now: int) -> None:
        times = self._put_off.get(command, (0, 0))[0]
        recent = {key: kept for key, kept in self._put_off.items() if kept[1] > now - MAX_PUT_OFF_MS}
        self._put_off = recent  # without those that have gone since
        self._put_off[command] = (times + 1, now + min(PUT_OFF_MS << min(times, 16), MAX_PUT_OFF_MS))
        self._telemetry.failed("a clock was put off", error)
