"""What an owner published to a thief of replaced hub keys goes out again once it is back at its hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.alarms import AlarmKind
from agents.sync.owner import outbox
from tests.agents.owner.market import entry, market
from tests.agents.owner.test_publishing import equal
from tests.agents.replaced_keys import replace_keys
from tests.agents.thieves import Thief


async def test_every_subscriber_gets_what_only_a_thief_had_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path, 2) as (owner, followers):
        desk, town = owner.office.home.desk, owner.office.town
        for follower in followers:
            await follower.subscribe(owner.row.list_id)
        await owner.hear()
        await owner.publish(entry(1))
        for follower in followers:
            await follower.follow(desk)
        await owner.hear()
        thief = await Thief.of(owner.analyst, town.world)
        await replace_keys(town)
        with thief.between(monkeypatch):
            await owner.publish(entry(2))
            await owner.publish(entry(3))
            await owner.hear()
            with owner.publisher.store.write() as c:
                assert outbox.unsent(c, 10) == []
                lost = outbox.logged(c)
            assert len(lost) == 4
        for follower in followers:
            await follower.follow(desk)
            assert not equal(owner, follower)

        await owner.hear()
        # What another process has done with a row meanwhile stays so.
        with owner.publisher.store.write() as c:
            for out in lost:
                outbox.again(c, out)
            assert outbox.unsent(c, 10) == []
        for follower in followers:
            assert [len(effect.puts) for effect in await follower.follow(desk)] == [1, 1]
            assert equal(owner, follower)
        await owner.hear()
        with owner.publisher.store.write() as c:
            assert (outbox.unsent(c, 10), outbox.logged(c)) == ([], [])
        assert {alarm.kind for alarm in owner.analyst.alarms()} == {AlarmKind.REPLACED_KEY}
        assert not owner.now.halted
        assert (await owner.analyst.verify_log()).findings == ()
