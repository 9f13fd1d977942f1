"""A hub that has lived: a little of everything that its tables can hold, for the tests of what looks after them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from comity.envelope import parse_envelope
from comity.receipts import AckState
from comity.workflow.terms import Verb

from hub.blobs.objects import Objects, open_objects
from hub.log.commands import Erase
from tests.support.blobs import SFC, make_blobs, named, pieces
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.world import World

BEGINS: Final = 1_785_718_800_000
"""When a world begins in which a hub lives: Monday, 3 August 2026, 01:00 UTC. How many limits a month holds depends on
weekdays and holidays."""
DESK = "hkma/intake"


@dataclass(frozen=True)
class Lived:
    """What a test may want to know of it."""

    blob: bytes
    """An attachment that an envelope names."""
    answered: bytes
    """Hash of an opening envelope that was stored, opened and answered."""
    late: bytes
    """Hash of an opening envelope that nobody stored in time."""


async def live(url: str, world: World, blobs: Path, *, checkpoint_file: Path | None = None) -> Lived:
    """Lets a hub of a world with sfc and hkma live for a month, to the end of every clock but the last ones.

    There are referrals that were stored, answered, overdue, withdrawn, expired and erased, one with an attachment, an
    equivocation, an unfinished upload, and legs in several states. What it leaves behind verifies.
    """
    clock = FakeClock(world.now)
    async with running_core(url, world, clock=clock, checkpoint_file=checkpoint_file) as core:
        lived = await _live(core, world, clock, open_objects(str(blobs)))
        findings = core.fsck()
        assert findings == [], findings
    return lived


async def _live(core: Core, world: World, clock: FakeClock, objects: Objects) -> Lived:
    view, case = core.directory.view(), os.urandom(16)
    blob = os.urandom(5000)
    service = make_blobs(core.db, objects, clock)
    await service.upload(SFC, named(blob), len(blob), 0, pieces(blob))
    await service.upload(SFC, os.urandom(32), 9000, 0, pieces(os.urandom(100)))
    late = (await core.take(world.envelope(view))).event.message_hash
    clock.advance(days=1)
    first = world.envelope(view, case_id=case, blobs=[(named(blob), len(blob))], created=clock.now)
    answered = (await core.take(first)).event.message_hash
    await core.acknowledge(world.ack(answered, DESK), world.ack(answered, DESK, AckState.OPENED))
    again = world.envelope(view, envelope_id=parse_envelope(first).header.envelope_id, created=clock.now)
    assert texts(await core.submit(again)) == ["ALREADY_EXISTS"]
    reply = world.envelope(
        view, DESK, ["sfc/intake"], verb=Verb.ACKNOWLEDGE, case_id=case, previous=answered, created=clock.now
    )
    replied = (await core.take(reply)).event.message_hash
    await core.acknowledge(world.ack(replied, "sfc/intake"))

    second = os.urandom(16)
    taken_back = (await core.take(world.envelope(view, case_id=second, created=clock.now))).event.message_hash
    withdrawal = world.envelope(view, verb=Verb.WITHDRAW, case_id=second, about=taken_back, created=clock.now)
    await core.take(withdrawal)
    erased = (await core.take(world.envelope(view, created=clock.now))).event.message_hash
    await core.sequencer.submit(Erase(erased))
    open_still = (await core.take(world.envelope(view, created=clock.now))).event.message_hash
    await core.acknowledge(world.ack(open_still, DESK))
    clock.advance(days=12)
    while await core.clockwork.tick():
        pass
    await core.take(world.envelope(view, created=clock.now))
    clock.advance(days=1, hours=12)
    while await core.clockwork.tick():
        pass
    return Lived(blob, answered, late)
