"""Acknowledgements: each counts once, only from who received the envelope, and the sender is told."""

from __future__ import annotations

import os

import pytest
from comity.receipts import AckState, EventKind
from comity.workflow.terms import Role

from tests.support.core import running_core, texts
from tests.support.world import World, make_world


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


async def test_acknowledgements_are_answered_once_and_told_to_the_sender(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        stored, opened = world.ack(opening, "hkma/intake"), world.ack(opening, "hkma/intake", AckState.OPENED)
        later = world.ack(opening, "hkma/intake", at=world.now + 5)
        first = await core.acknowledge(stored, opened, stored)
        assert first[0] == first[2] != first[1]
        assert (await core.acknowledge(later)) == [first[0]]

        feed = await core.read("sfc/intake")
        assert [item.kind.name for item in feed] == ["SUBMITTED", "ACKNOWLEDGED", "ACKNOWLEDGED"]
        assert [item.ack for item in feed[1:]] == [stored, opened]
        assert [item.number for item in feed] == [1, 2, 3]


async def test_D_12_an_acknowledgement_that_is_not_its_desks_own_is_refused(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        opening = (await core.take(world.envelope(core.directory.view()))).event.message_hash
        body, sig = world.ack(opening, "hkma/intake")
        stranger = world.member("sfc/intake", Role.AGENT)
        assert texts(await core.acknowledge((body, bytes(64)))) == ["BAD_SIGNATURE"]
        assert texts(await core.acknowledge(world.ack(opening, "hkma/intake", member=stranger))) == ["BAD_SIGNATURE"]
        assert texts(await core.acknowledge((body, sig), desk="sfc/intake")) == ["WRONG_SENDER"]
        assert texts(await core.acknowledge(world.ack(os.urandom(32), "hkma/intake"))) == ["UNKNOWN_MESSAGE"]
        # The sender's own copy needs none, and a desk that got nothing can give none.
        assert texts(await core.acknowledge(world.ack(opening, "sfc/intake"))) == ["UNKNOWN_MESSAGE"]
        assert texts(await core.acknowledge(world.ack(opening, "sfc/enforcement"))) == ["UNKNOWN_MESSAGE"]
        refusal = world.ack(opening, "hkma/intake", AckState.REFUSED, reason="CANNOT_OPEN")
        assert texts(await core.acknowledge(refusal)) == ["receipt"]
        assert (await core.read("sfc/intake"))[-1].kind is EventKind.REFUSED
