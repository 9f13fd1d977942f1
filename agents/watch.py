"""Watching: the live inbox of a desk that never sleeps.

Reads the feed as it happens and connects again where the connection broke; refreshes the directory every 30 seconds, so
that a key in this agency's name that nobody made raises its alarm within a minute; pages people (`agents/paging.py`);
reminds at 50, 80 and 95 % of a limit and when it went by (`agents/clocks.py`), each once and across restarts, whether
the hub answers or not; renews keys where this member may.

Never does: open anything; act for a person.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from comity.errors import ComityError, RefusedError, VerificationError

from agents.alarms import Alarm
from agents.client import Client
from agents.paging import Paging
from agents.records import InboxItem, Reminder
from agents.renewal import renew

REFRESH_SECONDS: Final = 30.0
"""How often the directory is refreshed."""
LOOK_SECONDS: Final = 2.0
"""How often limits, alarms and what nobody has opened are looked at: in this home alone, so the hub need not answer."""
RENEW_SECONDS: Final = 3600.0
"""How often renewals are looked at."""
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """Something a person may want to see."""

    kind: Literal["item", "status", "alarm", "reminder", "renewed", "connected", "disconnected"]
    item: InboxItem | None = None
    """With `item`."""
    alarm: Alarm | None = None
    """With `alarm`."""
    reminder: Reminder | None = None
    """With `reminder`."""
    text: str = ""
    """With `renewed` and `disconnected`: what was done, or what went wrong."""


OnEvent = Callable[[WatchEvent], None]


async def watch(client: Client, *, on_event: OnEvent | None = None, stop: asyncio.Event | None = None) -> None:
    """Watches until it is told to stop.

    Args:
        client: open; nobody else needs to be reading its feed, though it does no harm.
        on_event: told what happens.
        stop: set it to end.
    """
    watcher = _Watcher(client, on_event or (lambda _event: None), stop or asyncio.Event())
    await watcher.run()


class _Watcher:
    def __init__(self, client: Client, tell: OnEvent, stop: asyncio.Event) -> None:
        self._client, self._tell, self._stop = client, tell, stop
        self._alarms: set[str] = set()
        self._paging = Paging(client)

    async def run(self) -> None:
        """Runs the loops until told to stop."""
        self._client.forget_ended()
        running = (self._read(), self._refresh(), self._look(), self._renew())
        loops = [asyncio.create_task(loop) for loop in running]
        ended = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait([*loops, ended], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {ended}:
                task.result()  # a loop that ended by itself had an error of ours: it is raised
        finally:
            for task in (*loops, ended):
                task.cancel()
            await asyncio.gather(*loops, ended, self._paging.close(), return_exceptions=True)

    async def _read(self) -> None:
        """Reads the feed: first what was missed, then live; again from the last item where the connection broke."""
        failures = 0
        while True:
            try:
                report = await self._client.sync()
                for item in report.new:
                    self._item(item)
                self._tell(WatchEvent("connected"))
                failures = 0
                async for found in self._client.live():
                    if found is None:
                        self._tell(WatchEvent("status"))
                    else:
                        self._item(found)
            except RefusedError as error:
                self._tell(WatchEvent("disconnected", text=str(error)))
            except VerificationError as error:
                # The evidence is saved and the alarm raised; a hub that mends itself is read again.
                self._tell(WatchEvent("disconnected", text=str(error)))
                failures = max(failures, len(_PAUSES) - 1)
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
            failures += 1

    async def _refresh(self) -> None:
        while True:
            with contextlib.suppress(ComityError):
                await self._client.follow_settings()
                await self._client.refresh()
                await self._client.flush()
            await asyncio.sleep(REFRESH_SECONDS)

    async def _look(self) -> None:
        while True:
            self._due()
            await asyncio.sleep(LOOK_SECONDS)

    async def _renew(self) -> None:
        while True:
            with contextlib.suppress(ComityError):
                for text in await renew(self._client):
                    self._tell(WatchEvent("renewed", text=text))
            await asyncio.sleep(RENEW_SECONDS)

    def _item(self, item: InboxItem) -> None:
        self._tell(WatchEvent("item", item=item))
        self._paging.arrived(item)

    def _due(self) -> None:
        for alarm in self._client.alarms():
            if alarm.id not in self._alarms:
                self._alarms.add(alarm.id)
                self._tell(WatchEvent("alarm", alarm=alarm))
        for reminder in self._client.new_reminders():
            self._tell(WatchEvent("reminder", reminder=reminder))
            self._client.reminded(reminder)  # said first: it is said again rather than never
        self._paging.look()
