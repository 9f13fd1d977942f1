"""The checkpoint in a batch: tied behind the batch, and a second history is found out all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.errors import Reason, RefusedError

from agents import truststore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import SplitViewError
from tests.agents.following.desks import Desk, desks
from tests.agents.owner.market import Owner, entry


def due(desk: Desk) -> list[int]:
    with desk.agent.store.begin() as c:
        return [found.size for found in truststore.gossip_due(c)]


def newest(desk: Desk) -> truststore.TrustedSize:
    with desk.agent.store.begin() as c:
        found = truststore.newest_size(c)
    assert found is not None
    return found


def passes_off(owner: Owner, size: int, root: bytes, *, signed: bool = True) -> None:
    """Has the owner's machine put a checkpoint into its batches."""
    world = owner.office.town.world
    found = Checkpoint(world.exchange_origin, size, root)
    note = sign_checkpoint(found, found.origin, world.log_key.sign, world.log_key.public)
    client: Client = owner.publisher.fanout._client  # the machine's own
    client.trust.newest_note = lambda: note if signed else note[:-5] + b"AAA=\n"  # type: ignore[method-assign]


async def test_a_batch_counts_at_once_and_its_checkpoint_is_tied_with_the_acknowledgements(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        size = newest(desk).size - 1
        with desk.agent.store.begin() as c:  # the owner has seen the log at a size that the desk does not hold
            c.exec_driver_sql("DELETE FROM checkpoints WHERE size = ?", (size,))
        desk.agent.trust.history._tied.clear()
        passes_off(owner, size, await owner.office.town.hub.logs.root_at(2, size) or b"")
        await owner.publish(entry(2))
        reading = desk.agent.live_unseen()
        while len(desk.held()) < 2:
            await anext(reading)
            await desk.follower.catch_up()
        await reading.aclose()  # type: ignore[attr-defined]
        waiting = due(desk)
        honest = desk.agent.session.get_consistency

        async def silent(*_: object) -> list[bytes]:
            raise RefusedError(Reason.UNAVAILABLE, "not now")

        desk.agent.session.get_consistency = silent  # type: ignore[method-assign,assignment]
        with pytest.raises(RefusedError):
            await desk.agent.trust.settle_gossip(desk.agent.session)
        assert due(desk) == waiting != []
        desk.agent.session.get_consistency = honest  # type: ignore[method-assign]
        await desk.agent.flush()
        assert due(desk) == []
        assert not desk.agent.alarms()

        # What the hub does not answer for hides no other history that waits behind it.
        with desk.agent.store.begin() as c:
            c.exec_driver_sql("DELETE FROM checkpoints WHERE size = ?", (size,))
            truststore.put_gossip_due(c, truststore.TrustedSize(size, bytes(32), b""))
            truststore.put_gossip_due(c, truststore.TrustedSize(size + 1, bytes(32), b""))
        assert due(desk) == [size, size + 1]
        desk.agent.trust.history._tied.clear()
        desk.agent.session.get_consistency = silent  # type: ignore[method-assign,assignment]
        with pytest.raises(SplitViewError):
            await desk.agent.trust.settle_gossip(desk.agent.session)
        assert [alarm.kind for alarm in desk.agent.alarms()] == [AlarmKind.SPLIT_VIEW]


@pytest.mark.parametrize("known", [True, False])
async def test_a_hub_that_shows_the_owner_another_history_is_found_out_by_every_follower(
    tmp_path: Path, known: bool
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        size = newest(desk).size
        passes_off(owner, size if known else size - 1, bytes(32))
        await owner.publish(entry(2))
        with pytest.raises(SplitViewError):
            await desk.pull()
        assert AlarmKind.SPLIT_VIEW in {alarm.kind for alarm in desk.agent.alarms()}


async def test_what_no_log_has_signed_is_no_checkpoint_and_stops_nothing(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        passes_off(owner, 3, bytes(32), signed=False)
        await owner.publish(entry(2))
        report = await desk.agent.sync()
        assert report.quarantined == 1
        assert due(desk) == []
