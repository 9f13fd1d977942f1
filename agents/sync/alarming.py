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

from agents.alarms import Alarm, AlarmKind, alarm_id, raise_alarm
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
        """Ends what has recovered, and passes on every other alarm that was not passed on by this process.

        What stands is asked for once: that looks at all mail that is waited for.
        """
        standing = self._lasting(self._client.alarms())
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

    def _lasting(self, standing: Sequence[Alarm]) -> list[Alarm]:
        """Ends the alarm of every list that is current again, or subscribed to. Returns the others."""
        lagging = {f"{one.owner} {one.list_id} " for one in self._condition.lagging()}
        by_status = {
            status: {f"{one.owner} {one.list_id} " for one in self._condition.lists if one.status == status}
            for status in ("OFFERED", "REVOKED")
        }
        causes = {
            AlarmKind.LIST_LAGGING: lagging,
            AlarmKind.LIST_LOST: lagging,
            AlarmKind.LIST_AWAITED: by_status["OFFERED"],
            AlarmKind.LIST_ENDED: by_status["OFFERED"] | by_status["REVOKED"],
        }
        lasting = []
        for alarm in standing:
            names = causes.get(alarm.kind)
            if names is None or any(alarm.subject.startswith(name) for name in names):
                lasting.append(alarm)
            else:
                self.dismiss(alarm.kind, alarm.subject)
        return lasting

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
