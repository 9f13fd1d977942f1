"""What a snapshot can do: bring a newcomer in, be compared, and nothing else; what it may cost is settled before."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from comity.encoding import serialise
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import entry_id
from comity.workflow.terms import Role, Verb

from agents.alarms import AlarmKind
from agents.sync.config import Snapshots
from agents.sync.following import joining, unpacking
from agents.sync.following.gaps import KEPT_BATCHES, LOST_AFTER, Gap
from agents.sync.owner import lists, outbox
from agents.sync.owner.publisher import Publisher
from agents.sync.screening.lists import ListStatus
from tests.agents.following.desks import Desk, desks
from tests.agents.following.test_faults import give_all, inbox, synced
from tests.agents.owner.market import Owner, entry, removal


async def forge(owner: Owner, *forged: pb.WatchEntry) -> None:
    """The owner's machine alone, with its own key: puts entries in that nobody signed, and gives all a snapshot."""
    await owner.office.hire(Role.AGENT)
    machine = Publisher.open(await owner.office.as_(Role.AGENT))
    await machine.client.sync()
    number = owner.row.number
    with machine.store.write() as c:
        for one in forged:
            data = serialise(pb.WatchRecord(entry=one))
            row = (number, entry_id(one), data, hashlib.sha256(data).digest(), one.valid_until)
            c.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, x'')", row)
        c.execute("UPDATE lists SET live = live + ?", (len(forged),))
    machine.heartbeat(number)  # shown to nobody
    with machine.store.write() as c:
        machine.publish_digest(c, lists.by_number(c, number))
        for subscriber in outbox.active(c, number):
            outbox.drop_unsent(c, subscriber.case_id)
            outbox.set_wants(c, subscriber.case_id, outbox.SNAPSHOT)
        c.execute("UPDATE subscribers SET given = 1")
    await machine.tick()
    await machine.fanout.pump()
    machine.close()


async def test_a_machine_that_puts_in_what_nobody_signed_gets_it_past_nobody_who_follows(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await synced(owner, desk)
        await owner.publish(entry(2))
        await owner.publish(removal(entry(2)))
        await desk.pull()
        honest = (desk.listed.sequence, desk.held())
        await forge(owner, entry(9, action=4), entry(2))
        await desk.pull()
        assert Verb.SNAPSHOT in {m.verb for m in inbox(desk)[-2:]}
        assert (desk.listed.sequence, desk.held(), desk.listed.status) == (*honest, ListStatus.LAGGING)
        # Asking does not help the machine either: what comes is replayed, and does not verify, or does not come at all.
        for minutes in (0, 2, 5):
            desk.subscriber.office.clock.shift = minutes * 60_000
            await desk.follower.look()
            await owner.hear()
            await desk.pull()
        assert desk.condition.counts["resyncs"] >= 1
        assert (desk.listed.sequence, desk.held(), desk.listed.status) == (*honest, ListStatus.LAGGING)
        assert AlarmKind.LIST_LAGGING in {kind for kind, _ in desk.alarms}


async def test_the_weekly_snapshot_is_compared_and_a_store_that_differs_takes_no_more(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await synced(owner, desk)
        give_all(owner)
        await owner.hear()
        await desk.pull()
        assert (desk.listed.status, desk.alarms, desk.equals(owner)) == (ListStatus.CURRENT, [], True)
        assert desk.condition.counts["snapshots"] <= 1

        owner.publisher.heartbeat(owner.row.number)
        with owner.publisher.store.write() as c:
            owner.publisher.publish_digest(c, owner.now)
        await owner.hear()
        await desk.pull()
        at = desk.listed.sequence
        desk.store._db.execute("UPDATE records SET record = CAST(record || x'0000' AS BLOB)")  # a disk that lies
        give_all(owner)
        await owner.hear()
        await desk.pull()
        assert (desk.listed.sequence, owner.now.sequence) == (at, at)
        assert desk.listed.status is ListStatus.LAGGING
        assert AlarmKind.LIST_REFUSED in {kind for kind, _ in desk.alarms}
        await owner.publish(entry(3))
        await desk.pull()
        assert (desk.listed.sequence, desk.listed.status) == (at, ListStatus.LAGGING)


async def test_what_the_owner_keeps_no_more_is_said_and_not_asked_for(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await synced(owner, desk)
        at = desk.listed.sequence
        desk.follower.taking.gap(desk.listed, "is missing", newest=at + KEPT_BATCHES + 1)
        await desk.follower.look()
        await desk.follower.look()
        assert [kind for kind, _ in desk.alarms] == [AlarmKind.LIST_LAGGING, AlarmKind.LIST_LOST]
        assert desk.condition.counts["resyncs"] == 0
    kept = Gap(1, at + 1, at + KEPT_BATCHES, "is missing")
    assert not kept.lost(at)
    assert Gap(1, at + 1, at + 2, "is missing", tries=LOST_AFTER).lost(at)
    assert not Gap(1, at + 1, 0, "was not heard in time", tries=LOST_AFTER).lost(at)


async def test_while_a_snapshot_is_read_other_mail_is_taken_and_what_came_behind_it_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await owner.publish(entry(1))
        await desk.subscribe()
        await owner.hear()
        await owner.publish(entry(2))
        reading, go_on = asyncio.Event(), asyncio.Event()
        read_state = joining.read_state

        async def slow(*arguments: Any, **named: Any) -> Any:
            reading.set()
            await go_on.wait()
            return await read_state(*arguments, **named)

        monkeypatch.setattr(joining, "read_state", slow)
        await desk.agent.sync()
        await desk.follower.catch_up(join=False)
        task = asyncio.create_task(desk.follower.joining.take())
        await reading.wait()
        await owner.publish(entry(3))
        await desk.agent.sync()
        async with asyncio.timeout(20):
            assert await desk.follower.catch_up(join=False) == 1
            await desk.follower.look()
            assert not await desk.follower.clean()
        assert (desk.listed.status, desk.held()) == (ListStatus.SYNCING, {})
        go_on.set()
        await task
        assert desk.equals(owner)
        assert (desk.listed.status, desk.condition.counts["resyncs"]) == (ListStatus.CURRENT, 0)


async def test_a_snapshot_that_would_cost_too_much_is_refused_with_an_alarm_and_comes_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await owner.publish(*(entry(number) for number in (1, 2, 3)))
        await desk.subscribe()
        desk.follower.config = desk.config.model_copy(update={"snapshots": Snapshots(records=2)})
        await owner.hear()
        await desk.pull()
        assert (desk.listed.status, desk.held()) == (ListStatus.SYNCING, {})
        assert [kind for kind, _ in desk.alarms] == [AlarmKind.LIST_REFUSED]

        desk.follower.config = desk.config
        monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 60)
        await given_again(owner, desk)
        assert (desk.listed.status, desk.held()) == (ListStatus.SYNCING, {})
        assert AlarmKind.NOT_FIT in {kind for kind, _ in desk.alarms}

        monkeypatch.setattr(unpacking, "FREE_BYTES", 0)
        await given_again(owner, desk)
        assert desk.listed.status is ListStatus.CURRENT
        assert desk.equals(owner)


async def given_again(owner: Owner, desk: Desk) -> None:
    """The owner gives the snapshot again."""
    with owner.publisher.store.write() as c:
        c.execute("UPDATE subscribers SET given = 1, wants = 'SNAPSHOT'")
    await owner.hear()
    await desk.pull()
