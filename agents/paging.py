"""Paging: programs of the agency's own that call people, one after another, until a person is there.

A program is told precedence, family and age in seconds, as its three last arguments, and nothing else: no sender, no
case, no content. While a FLASH message stands unopened the pagers of the home run in their order, the next one each
minute, and after the last the first again. Which one is next follows from how long the message waits, so that a restart
goes on where it was. The approvers' pagers run in the same way while an opening by one person of this desk waits for
its second.

Never does: open anything; decide that somebody is there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from comity.workflow.terms import Family, Precedence

from agents.client import Client
from agents.records import InboxItem

PAGE_SECONDS: Final = 60.0
"""How long one has until the next is paged."""
PAGER_TIMEOUT_SECONDS: Final = 30.0
"""How long a pager may run."""


class Paging:
    """Runs the pagers of one home."""

    def __init__(self, client: Client) -> None:
        """Takes the open home."""
        self._client = client
        self._paged: dict[str, int] = {}
        self._running: set[asyncio.Task[None]] = set()

    def arrived(self, item: InboxItem) -> None:
        """Pages for mail that came a moment ago, unless it can wait until somebody looks."""
        if item.precedence is not Precedence.ROUTINE:
            self._page(item.message, item.precedence, self._family(item), since=item.received, sealed=item.created)

    def look(self) -> None:
        """Pages for what waits still: FLASH mail for anybody, openings by one person for this desk's approvers."""
        for item in self._client.unopened_flash():
            self._page(item.message, Precedence.FLASH, self._family(item), since=item.received, sealed=item.created)
        for leg in self._client.unconfirmed():
            subject = f"{leg.case_id.hex()} {leg.recipient}"
            family, opened = Family(leg.family), leg.opened
            self._page(subject, Precedence.FLASH, family, since=opened, sealed=opened, approvers=True)

    async def close(self) -> None:
        """Ends the programs that still run."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _page(
        self, subject: str, precedence: Precedence, family: Family, *, since: int, sealed: int, approvers: bool = False
    ) -> None:
        """Runs the pager whose turn it is, once in its turn.

        Args:
            subject: what nobody has looked at.
            precedence: of it.
            family: of it.
            since: from when it waits here, Unix milliseconds UTC.
            sealed: when it was sealed, Unix milliseconds UTC.
            approvers: those of the approvers are paged.
        """
        line, now = self._client.home.pagers(approvers=approvers), self._client.clock()
        turn = max(0, now - since) // int(PAGE_SECONDS * 1000)
        if not line or self._paged.get(subject) == turn:
            return
        self._paged[subject] = turn
        age = max(0, now - sealed) // 1000
        task = asyncio.create_task(_run((*line[turn % len(line)], precedence.name, family.name, str(age))))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _family(self, item: InboxItem) -> Family:
        """Returns what kind of work a message is of; of a case that is not known here it is called a referral's."""
        return self._client.family_of(item.case_id) or Family.REFERRAL


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
