"""Who may download an attachment: who uploaded or sent it, and who still holds a wrap of an envelope that names it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.terms import Verb

from hub.blobs.objects import Objects
from hub.blobs.service import BlobService
from hub.log.commands import Erase
from tests.support.blobs import HKMA, SFC, fetched, make_blobs, member, named, pieces
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core
from tests.support.world import World, make_world

OSR = member("osr/intake")
COLLEAGUE = member("sfc/enforcement")
DATA = os.urandom(1000)


@dataclass
class Town:
    """A hub, its world, and an uploaded attachment."""

    core: Core
    world: World
    clock: FakeClock
    blobs: BlobService

    async def send(self, *to: str, case_id: bytes | None = None, joint: bool = False, own_copy: bool = True) -> bytes:
        """Sends the attachment; returns the message hash."""
        envelope = self.world.envelope(
            self.core.directory.view(),
            recipients=to,
            case_id=case_id,
            joint=joint,
            own_copy=own_copy,
            blobs=[(named(DATA), len(DATA))],
        )
        return (await self.core.take(envelope)).event.message_hash

    async def readers(self) -> list[str]:
        """The desks that get it."""
        found = []
        for who in (SFC, COLLEAGUE, HKMA, OSR):
            try:
                assert await fetched(self.blobs, who, named(DATA)) == DATA
                found.append(who.desk)
            except RefusedError as error:
                if (error.reason, str(error)) != (Reason.NOT_FOUND, "no such blob"):
                    raise
        return found

    async def run_clocks(self) -> None:
        """Lets the clockwork do all there is to do."""
        while await self.core.clockwork.tick():
            pass


@pytest.fixture
async def town(migrated_database_url: str, objects: Objects) -> AsyncIterator[Town]:
    """Three agencies, and an attachment that one has uploaded."""
    clock = FakeClock()
    world = make_world(clock.now, agencies=("sfc", "hkma", "osr"))
    async with running_core(migrated_database_url, world, clock=clock) as core:
        blobs = make_blobs(core.db, objects, clock, core.telemetry)
        await blobs.upload(SFC, named(DATA), len(DATA), 0, pieces(DATA))
        yield Town(core, world, clock, blobs)


async def test_a_desk_reads_what_was_sent_to_it_and_its_colleagues_do_not(town: Town) -> None:
    assert await town.readers() == ["sfc/intake"]
    await town.send("hkma/intake")

    assert await town.readers() == ["sfc/intake", "hkma/intake"]
    with pytest.raises(RefusedError):
        await fetched(town.blobs, member("hkma/another"), named(DATA))


async def test_who_sent_it_reads_it_without_a_copy_and_without_having_uploaded_it(town: Town) -> None:
    data = os.urandom(500)
    await town.blobs.upload(COLLEAGUE, named(data), len(data), 0, pieces(data))
    with pytest.raises(RefusedError):
        await fetched(town.blobs, SFC, named(data))
    view = town.core.directory.view()
    await town.core.take(town.world.envelope(view, own_copy=False, blobs=[(named(data), len(data))]))

    assert await fetched(town.blobs, SFC, named(data)) == data
    assert await fetched(town.blobs, COLLEAGUE, named(data)) == data


async def test_the_withdrawn_leg_of_a_joint_envelope_takes_its_attachments_along(town: Town) -> None:
    case = os.urandom(16)
    opening = await town.send("hkma/intake", "osr/intake", case_id=case, joint=True)
    assert await town.readers() == ["sfc/intake", "hkma/intake", "osr/intake"]
    view = town.core.directory.view()
    await town.core.take(
        town.world.envelope(view, recipients=["osr/intake"], verb=Verb.WITHDRAW, case_id=case, about=opening)
    )

    assert await town.readers() == ["sfc/intake", "hkma/intake"]


async def test_what_expired_before_a_desk_stored_it_takes_its_attachments_along(town: Town) -> None:
    opening = await town.send("hkma/intake", "osr/intake", joint=True)
    await town.core.acknowledge(town.world.ack(opening, "hkma/intake"))
    town.clock.advance(days=15)
    await town.run_clocks()

    assert await town.readers() == ["sfc/intake", "hkma/intake"]


async def test_what_was_erased_takes_its_attachments_along(town: Town) -> None:
    opening = await town.send("hkma/intake")
    await town.core.sequencer.submit(Erase(opening))

    assert await town.readers() == ["sfc/intake"]  # its own upload, until it is collected
    town.clock.advance(hours=25)
    await town.blobs.collect()
    assert await town.readers() == []


async def test_bytes_that_are_lost_are_no_fault_without_a_name(town: Town, objects: Objects) -> None:
    await town.send("hkma/intake")
    await objects.delete([stored.path for stored in await objects.list("blobs")])

    assert await town.readers() == []
    assert [line for line, _ in town.core.log.lines] == ["an attachment's bytes are missing"] * 2
