"""Watching: the live inbox of a desk that never sleeps.

Reads the feed as it happens and connects again where the connection broke; refreshes the directory every 30 seconds, so
that a key in this agency's name that nobody made raises its alarm within a minute; pages a person for urgent mail;
reminds at 50, 80 and 95 % of a limit; renews keys where this member may.

The pager is any program that the agency names. It is told precedence, family and age in seconds, as its three last
arguments, and nothing else: no sender, no case, no content. For FLASH it runs again until a person has opened it.

Never does: open anything; act for a person.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from comity.errors import ComityError, RefusedError, VerificationError
from comity.workflow.families import TABLES
from comity.workflow.terms import Family, Precedence

from agents.alarms import Alarm
from agents.client import Client
from agents.records import InboxItem, MessageStatus, Reminder
from agents.renewal import renew

REFRESH_SECONDS: Final = 30.0
"""How often the directory is refreshed and everything waited for is looked at."""
RENEW_SECONDS: Final = 3600.0
"""How often renewals are looked at."""
PAGE_SECONDS: Final = 60.0
"""How often the pager runs for a FLASH message that nobody has opened."""
PAGER_TIMEOUT_SECONDS: Final = 30.0
"""How long the pager may run."""
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
        self._reminded: set[tuple[str, str, int, int]] = set()
        self._paged: dict[str, float] = {}
        self._pagers: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Runs the three loops until told to stop."""
        loops = [asyncio.create_task(loop) for loop in (self._read(), self._look(), self._renew())]
        ended = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait([*loops, ended], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {ended}:
                task.result()  # a loop that ended by itself had an error of ours: it is raised
        finally:
            for task in (*loops, ended, *self._pagers):
                task.cancel()
            await asyncio.gather(*loops, ended, *self._pagers, return_exceptions=True)

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

    async def _look(self) -> None:
        """Refreshes, and looks at what is due."""
        while True:
            with contextlib.suppress(ComityError):
                await self._client.follow_settings()
                await self._client.refresh()
                await self._client.flush()
            self._due()
            await asyncio.sleep(REFRESH_SECONDS)

    async def _renew(self) -> None:
        while True:
            with contextlib.suppress(ComityError):
                for text in await renew(self._client):
                    self._tell(WatchEvent("renewed", text=text))
            await asyncio.sleep(RENEW_SECONDS)

    def _item(self, item: InboxItem) -> None:
        self._tell(WatchEvent("item", item=item))
        if item.precedence is not Precedence.ROUTINE:
            self._page(item)

    def _due(self) -> None:
        for alarm in self._client.alarms():
            if alarm.id not in self._alarms:
                self._alarms.add(alarm.id)
                self._tell(WatchEvent("alarm", alarm=alarm))
        for reminder in self._client.reminders():
            key = (reminder.case_id, reminder.recipient, reminder.respond_by, reminder.percent)
            if key not in self._reminded:
                self._reminded.add(key)
                self._tell(WatchEvent("reminder", reminder=reminder))
        for item in self._client.inbox(unread_only=True):
            if item.precedence is Precedence.FLASH and item.status is MessageStatus.DELIVERED:
                self._page(item)

    def _page(self, item: InboxItem) -> None:
        """Runs the pager, not more often than once a minute for one message."""
        now = asyncio.get_running_loop().time()
        if not self._client.home.pager or now - self._paged.get(item.message, -PAGE_SECONDS) < PAGE_SECONDS:
            return
        self._paged[item.message] = now
        age = max(0, self._client.clock() - item.created) // 1000
        arguments = (*self._client.home.pager, item.precedence.name, _family(item).name, str(age))
        task = asyncio.create_task(_run(arguments))
        self._pagers.add(task)
        task.add_done_callback(self._pagers.discard)


def _family(item: InboxItem) -> Family:
    """Returns what kind of work a message is of; what several kinds share is taken for a referral's."""
    return next(
        (family for family, table in TABLES.items() if family is not Family.REFERRAL and item.verb in table.verbs),
        Family.REFERRAL,
    )


async def _run(arguments: Sequence[str]) -> None:
    """Runs a program without a shell, its output unread; one that hangs is ended."""
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return  # the agency's program is not there; the message stands in the inbox all the same
    try:
        await asyncio.wait_for(process.wait(), PAGER_TIMEOUT_SECONDS)
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
