"""Alarms of the daemon: raised in the home, written to the log, handed to the agency's own program.

The program is run without a shell, with the alarm's kind and subject behind its own arguments: names of lists, members
and desks, log indexes, and nothing else.

Never does: dismiss what it did not raise.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from agents.alarms import AlarmKind, alarm_id, raise_alarm
from agents.client import Client
from agents.sync.condition import Condition
from agents.sync.config import Config
from agents.sync.journal import Journal

_END: Final = "DELETE FROM alarms WHERE id = ?"
SECONDS: Final = 30.0
"""How long the program may run."""


class Alarming:
    """Raises and passes on the alarms of one home."""

    def __init__(self, client: Client, config: Config, condition: Condition, journal: Journal) -> None:
        self._client, self.config, self._condition, self._journal = client, config, condition, journal
        self._told: set[str] = set()
        self._running: set[asyncio.Task[None]] = set()

    def raise_(self, kind: AlarmKind, subject: str) -> None:
        """Raises an alarm; the same one stands once."""
        with self._client.store.begin(lasting=False) as c:
            raise_alarm(c, kind, subject, self._client.clock())

    def dismiss(self, kind: AlarmKind, subject: str) -> None:
        """Forgets an alarm of this daemon's own whose cause is gone, so that it can be raised again."""
        with self._client.store.begin(lasting=False) as c:
            c.exec_driver_sql(_END, (alarm_id(kind, subject),))

    def look(self) -> None:
        """Passes on every alarm that stands and was not passed on by this process."""
        standing = self._client.alarms()
        self._condition.alarms = len(standing)
        for alarm in standing:
            if alarm.id in self._told:
                continue
            self._told.add(alarm.id)
            self._condition.count("alarms")
            self._journal.say("alarm", level="warning", kind=alarm.kind.value, subject=alarm.subject)
            if self.config.alarms.command:
                arguments = (*self.config.alarms.command, alarm.kind.value, alarm.subject)
                task = asyncio.create_task(_run(arguments))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        self._told &= {alarm.id for alarm in standing}

    async def close(self) -> None:
        """Ends the programs that still run."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


async def _run(arguments: Sequence[str]) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return  # the agency's program is not there; the alarm stands all the same
    try:
        async with asyncio.timeout(SECONDS):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
