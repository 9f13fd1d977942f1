"""Gaps: what of a list is missing, when it was asked for, and when it is asked for again.

A RESYNC is sent once a gap and again with a growing pause, by the agent's own key. What was asked is kept in the
mailbox, so that an agent that is started time and again does not ask each time. A gap that is shut is not asked for any
more, and nothing fills it: what came does not verify, or the store is not what the owner published. A person subscribes
anew.

Never does: judge that something is missing (`agents/sync/following/follower.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Final

from comity.errors import ComityError
from comity.v1 import payload_pb2
from comity.workflow.terms import Verb

from agents import truststore
from agents.client import Client
from agents.records import DraftState
from agents.store import Store
from agents.sync.screening.lists import ListKey

LONGEST_PAUSE_MS: Final = 86_400_000
KEPT_BATCHES: Final = 4096
"""So many batches an owner keeps, and the hub their heads: who lacks more cannot be given them one by one."""
LOST_AFTER: Final = 5
"""Askings without an answer after which a person is told that it may never come."""
_NAME: Final = "resync "


@dataclass(frozen=True, slots=True)
class Gap:
    """What a list lacks."""

    since: int
    """When that was noticed, Unix milliseconds UTC."""
    from_sequence: int
    """First batch that is missing; 0 where the whole is wanted."""
    newest: int
    """Greatest sequence that was seen of the list."""
    reason: str
    """Constant words, for the owner too."""
    asked: int = 0
    """When it was asked for last, Unix milliseconds UTC; 0 for never."""
    tries: int = 0
    """How often it was asked for."""
    refused: int = 0
    """How often what came for it did not verify."""
    shut: bool = False
    """Whether nothing fills it but a new subscription."""

    def lost(self, held: int) -> bool:
        """Returns whether what is missing behind a sequence that is held cannot be expected any more."""
        return self.shut or self.newest - held > (0 if self.tries >= LOST_AFTER else KEPT_BATCHES)

    def due(self, now: int, retry_seconds: int) -> bool:
        """Returns whether it is time to ask, for the first time or again."""
        if self.shut:
            return False
        if not self.tries:
            return True
        return now - self.asked >= min(retry_seconds * 1000 << min(self.tries - 1, 30), LONGEST_PAUSE_MS)


class Gaps:
    """The gaps of one home's lists."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[ListKey, Gap | None] = {}

    def of(self, key: ListKey) -> Gap | None:
        """Returns a list's gap, or None where nothing is missing."""
        if key not in self._known:
            with self._store.begin(lasting=False) as c:
                found = truststore.get_meta(c, _name(key))
            self._known[key] = Gap(**json.loads(found)) if found else None
        return self._known[key]

    def open(self, key: ListKey, gap: Gap) -> bool:
        """Notes that something is missing. Returns whether it is a new gap; one that is known only grows.

        Args:
            key: of which list.
            gap: what is missing.
        """
        known = self.of(key)
        if known is None:
            self._put(key, gap)
            return True
        grown = replace(
            known,
            newest=max(known.newest, gap.newest),
            refused=known.refused + gap.refused,
            shut=known.shut or gap.shut,
        )
        if grown != known:
            self._put(key, grown)
        return False

    def await_first(self, key: ListKey, until: int, retry_seconds: int) -> None:
        """Notes that a list's first snapshot is to come, and from when on it is asked for, Unix milliseconds UTC."""
        self._put(key, Gap(until, 0, 0, "has not come", until - retry_seconds * 1000, 1))

    def move(self, key: ListKey, gap: Gap, from_sequence: int, now: int) -> None:
        """Notes that a part of what is missing has come: where it was asked for, the rest is on its way."""
        moved = replace(gap, from_sequence=from_sequence, refused=0)
        self._put(key, replace(moved, asked=now, tries=1) if gap.tries else moved)

    def close(self, key: ListKey) -> None:
        """Notes that nothing is missing."""
        if self.of(key) is not None:
            with self._store.begin(lasting=False) as c:
                truststore.put_meta(c, _name(key), b"")
            self._known[key] = None

    async def ask(self, client: Client, key: ListKey, case_id: bytes, gap: Gap, now: int) -> None:
        """Sends the RESYNC of a gap. That it was asked for is noted first: a hub that does not answer costs one turn.

        Raises:
            ComityError: it could not be sent; it is tried again after the pause.
        """
        self._put(key, replace(gap, asked=now, tries=gap.tries + 1))
        await self._discard_old(client)
        body = payload_pb2.Resync(list_id=key.list_id, from_sequence=gap.from_sequence, reason=gap.reason)
        draft = await client.draft(Verb.RESYNC, body, case=case_id.hex())
        await client.send(draft.id)

    async def _discard_old(self, client: Client) -> None:
        """Forgets requests that a killed process had written and not sent."""
        for draft in client.drafts():
            if draft.verb is Verb.RESYNC and draft.state in (DraftState.READY, DraftState.AWAITING_APPROVAL):
                try:
                    client.discard(draft.id)
                except ComityError:
                    continue

    def _put(self, key: ListKey, gap: Gap) -> None:
        with self._store.begin(lasting=False) as c:
            truststore.put_meta(c, _name(key), json.dumps(asdict(gap)).encode())
        self._known[key] = gap


def _name(key: ListKey) -> str:
    return f"{_NAME}{key.owner} {key.list_id.hex()}"
