"""A list and its subscriptions as the hub sees them: positions and random heads; what is inside is nobody's business.

Whoever tests what batches hold makes real ones with `comity.watchlists`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from comity.directory import View
from comity.header import WatchlistPosition
from comity.v1 import envelope_pb2
from comity.workflow.terms import Family, Role, Verb

from hub.log.commands import Erase
from tests.support.core import Core
from tests.support.world import World

OWNER = "sfc/intake"


@dataclass
class WatchList:
    """A list of one owner. Its heads are random."""

    world: World
    owner: str = OWNER
    list_id: bytes = field(default_factory=lambda: os.urandom(16))
    heads: list[bytes] = field(default_factory=lambda: [b""])
    """By sequence; empty at 0."""

    def place(self, sequence: int, *, previous: bytes | None = None, head: bytes | None = None) -> WatchlistPosition:
        """Returns the place of a batch; its head and those before it are made up where there are none yet."""
        while len(self.heads) <= min(sequence, 10_000):
            self.heads.append(os.urandom(32))
        known = self.heads[sequence - 1 : sequence + 1] if sequence < len(self.heads) else []
        before, own = known or (os.urandom(32), os.urandom(32))
        return WatchlistPosition(
            self.list_id, sequence, before if previous is None else previous, own if head is None else head
        )

    def envelope(
        self, view: View, case_id: bytes, place: WatchlistPosition, verb: Verb = Verb.PUBLISH, **options: Any
    ) -> envelope_pb2.Envelope:
        """Returns a batch in an envelope to hkma unless told otherwise, signed by the owner's machine."""
        options.setdefault("author", self.world.member(self.owner, Role.AGENT))
        recipients = options.pop("recipients", ["hkma/intake"])
        return self.world.envelope(
            view,
            self.owner,
            recipients,
            verb=verb,
            family=Family.WATCHLIST,
            case_id=case_id,
            watchlist=place,
            **options,
        )


async def subscribe(core: Core, owner: str = OWNER, desk: str = "hkma/intake", *, created: int | None = None) -> bytes:
    """Offers a list to a desk, which stores the offer and takes it; returns the subscription's case id."""
    world, view, case = core.world, core.directory.view(), os.urandom(16)
    options: dict[str, Any] = {"family": Family.WATCHLIST, "case_id": case, "created": created}
    offer = await core.take(world.envelope(view, owner, [desk], verb=Verb.OFFER, **options))
    (stored,) = await core.acknowledge(world.ack(offer.event.message_hash, desk, at=created))
    core.verified(stored)
    await core.take(world.envelope(view, desk, [owner], verb=Verb.SUBSCRIBE, **options))
    return case


@dataclass
class Listed:
    """What a test may want to know of a hub that carried lists for a while."""

    one: WatchList
    """Of sfc: 1 to 3 to both of its subscribers, then 7 and 8 to the first."""
    other: WatchList
    """Of hkma, under the same id: begun at 1, gone on at 4,097 without subscribers, so that 1 is forgotten."""
    case: bytes
    """The first subscription to `one`."""


async def carry(core: Core, *, erase: bool = False) -> Listed:
    """Lets a hub of a world with sfc, hkma and hkpf carry two lists.

    Args:
        core: the hub.
        erase: whether the first batch's envelopes are erased afterwards.
    """
    world, view = core.world, core.directory.view()
    one = WatchList(world)
    other = WatchList(world, "hkma/intake", one.list_id)
    case, second = await subscribe(core), await subscribe(core, desk="hkpf/cctb")
    theirs = await subscribe(core, "hkma/intake", "hkpf/cctb")
    first = []
    for sequence in (1, 2, 3):
        for to, desk in ((case, "hkma/intake"), (second, "hkpf/cctb")):
            taken = await core.take(one.envelope(view, to, one.place(sequence), recipients=[desk]))
            if sequence == 1:
                first.append(taken.event.message_hash)
    await core.take(one.envelope(view, case, one.place(7), Verb.SNAPSHOT))
    await core.take(one.envelope(view, case, one.place(8)))
    await core.take(other.envelope(view, theirs, other.place(1), recipients=["hkpf/cctb"]))
    await core.take(other.envelope(view, theirs, other.place(4097), Verb.SNAPSHOT, recipients=["hkpf/cctb"]))
    if erase:
        for message_hash in first:
            await core.sequencer.submit(Erase(message_hash))
    return Listed(one, other, case)
