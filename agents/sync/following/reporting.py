"""Reporting: sightings that wait are sent to the owners of the lists, each under its subscription.

A sighting is marked as sent after the hub has it. What was made of it is kept beside it before it leaves: an agent that
is killed between the two, or that does not hear the hub's answer, sends that very message again, and the hub has it
once. One that an agreement does not let through waits, and those to other owners go on.

Never does: decide what is reported (`agents/sync/screening/rules.py`).
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from comity.errors import ComityError, Reason, RefusedError
from comity.v1 import payload_pb2
from comity.workflow.terms import Verb

from agents.client import Client
from agents.errors import NotUniqueError
from agents.sync.condition import Condition
from agents.sync.screening.lists import ASKED, ListKey
from agents.sync.screening.reading import ScreeningReader
from agents.sync.screening.rules import SightingWanted
from agents.sync.screening.sightings import FILE, MOST, SightingQueue

PORTION: Final = 20
"""Sightings that are sent in one turn."""
_PAGE: Final = 500
_HELD: Final = frozenset({Reason.FAMILY_NOT_OFFERED, Reason.NO_AGREEMENT})
"""People may put these right: what waits stays."""
_AGAIN: Final = frozenset({Reason.UNAVAILABLE, Reason.BUSY, Reason.STALLED, Reason.INTERNAL, Reason.QUOTA})


class Reporting:
    """Sends one home's sightings."""

    def __init__(self, client: Client, store: ScreeningReader, condition: Condition) -> None:
        self._client, self._store, self._condition = client, store, condition
        self._path: Path = client.home.path / FILE

    async def send(self) -> int:
        """Sends a portion of what waits. Returns how many were sent.

        Raises:
            RefusedError: the hub does not answer, or no owner may be told anything; what waits stays.
        """
        if not self._path.exists():
            return 0
        sent = done = after = 0
        held: dict[ListKey, RefusedError] = {}
        with closing(SightingQueue(self._path, self._client.clock)) as queue:
            while done < PORTION and (page := queue.waiting(_PAGE, after)):
                for number, sighting in page:
                    after = number
                    if sighting.key in held or done >= PORTION:
                        continue
                    try:
                        told = await self._tell(queue, number, sighting)
                    except RefusedError as error:
                        if error.reason not in _HELD:
                            raise
                        held[sighting.key] = error
                        continue
                    queue.sent(number, self._client.clock())
                    self._condition.count("sightings" if told else "sightings_dropped")
                    done, sent = done + 1, sent + told
        if held:
            self._condition.count("sightings_held", len(held))
            if not sent:
                raise next(iter(held.values()))
        return sent

    def look(self) -> None:
        """Forgets what was sent long ago, and shows whether the queue is full."""
        if self._path.exists():
            with closing(SightingQueue(self._path, self._client.clock)) as queue:
                self._condition.sightings_full = queue.waiting_count() >= MOST
                self._condition.counts["sightings_lost"] = queue.lost_count()

    async def _tell(self, queue: SightingQueue, number: int, sighting: SightingWanted) -> bool:
        """Sends one. Returns False where it can never be sent: the subscription is over, or the owner not pinned."""
        listed = self._store.list_named(sighting.key)
        if listed is None or listed.status not in ASKED:
            return False
        if draft := queue.draft_of(number):
            try:
                return await self._send(queue, number, draft)
            except NotUniqueError:  # the draft is here no more: a home from a backup
                queue.bind(number, "")
            except RefusedError as error:  # for good: the hub has it not, and it is written anew
                if error.reason in _AGAIN:
                    raise
            except ComityError:
                return False
        body = payload_pb2.ReportSighting(
            list_id=sighting.key.list_id,
            entry_id=sighting.entry_id,
            entry_version=sighting.entry_version,
            when=sighting.when,
            account=sighting.account,
            reference=sighting.reference,
        )
        body.kind = sighting.kind  # type: ignore[assignment] # the numbers are the proto's
        try:
            draft = (await self._client.draft(Verb.SIGHTING, body, case=listed.terms.case_id.hex())).id
            queue.bind(number, draft)
            return await self._send(queue, number, draft)
        except RefusedError as error:
            if error.reason in _AGAIN or error.reason in _HELD:
                raise
            return False
        except ComityError:
            return False

    async def _send(self, queue: SightingQueue, number: int, draft: str) -> bool:
        """Sends what was made of one; forgets it where the hub says that it does not take it."""
        try:
            await self._client.send(draft)
        except RefusedError as error:
            if error.reason not in _AGAIN:
                queue.bind(number, "")
                with suppress(ComityError):
                    self._client.discard(draft)
            raise
        return True
