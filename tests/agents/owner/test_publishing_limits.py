"""What the owner's side does not let one person do alone, and by whose clock its batches are dated."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import BULK
from comity.watchlists.batches import MAX_SETS
from comity.workflow.terms import Role

from agents.sync.owner import lists, publications
from agents.sync.owner.publications import PublicationState
from tests.agents.following.desks import desks
from tests.agents.owner.market import Owner, entry, market, removal

BLOCK = payload_pb2.WATCH_ACTION_BLOCK
HOUR = 3_600_000


def batches(owner: Owner) -> list[pb.WatchBatch]:
    """The batches so far."""
    with owner.publisher.store.read() as c:
        rows = [lists.batch(c, owner.row.number, n) for n in range(1, owner.now.sequence + 1)]
    return [pb.WatchBatch.FromString(row.data) for row in rows if row is not None]


async def test_one_person_hurries_once_and_bulk_in_several_goes_is_bulk(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, _):
        number = owner.row.number
        first = owner.sign(entry(1, action=BLOCK), urgent=True)
        assert (first.urgent, first.state) == (True, PublicationState.READY)
        for publish in (False, True):  # neither while it waits to go out nor while it waits for its confirmation
            if publish:
                await owner.publisher.publish(number)
            with pytest.raises(RefusedError) as caught:
                owner.sign(entry(2, action=BLOCK), urgent=True)
            assert caught.value.reason is Reason.SECOND_PERSON_MISSING
        view, second = owner.analyst.directory(), owner.approver
        with owner.publisher.store.write() as c:
            publications.confirm(
                c, first, owner.row, first.digest, keys=second.keys, desk=second.desk, view=view, now=second.clock()
            )
        await owner.publisher.publish(number)
        assert owner.sign(entry(2, action=BLOCK), urgent=True).state is PublicationState.READY
        await owner.publisher.publish(number)

        alone = owner.sign(*(entry(n) for n in range(3, 3 + BULK - 1)))
        assert (alone.people, alone.state) == (1, PublicationState.READY)
        more = owner.sign(entry(200))
        assert (more.people, more.state) == (2, PublicationState.AWAITING_APPROVAL)
        hurried = owner.sign(entry(201, action=BLOCK), urgent=False)
        assert hurried.state is PublicationState.AWAITING_APPROVAL
        await owner.publisher.publish(number)
        many = owner.sign(*(entry(n, action=BLOCK) for n in range(202, 202 + BULK + 1)), urgent=True)
        assert (many.urgent, many.state) == (False, PublicationState.AWAITING_APPROVAL)
        for found in (more, many):
            owner.approve(found)
        assert (await owner.publisher.publish(number)).stale == []
        assert owner.now.live == 2 + BULK - 1 + 1 + BULK + 1


async def test_a_batch_is_dated_by_the_hub_and_takes_what_is_due_by_then(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()

        # The owner's clock is a minute and a half ahead: the hub takes its envelopes, and followers its batches.
        clock = owner.office.clock
        clock.shift = 90_000
        await owner.publish(entry(2))
        await desk.pull()
        assert desk.equals(owner)
        head = owner.analyst.trust.head
        assert head is not None
        assert batches(owner)[-1].time <= head.time < owner.analyst.clock() - 60_000

        # What was signed ten minutes ahead waits for its time; nothing of it is lost.
        clock.shift = 0
        ahead = publications.create(
            owner.publisher.store,
            owner.row,
            [entry(3)],
            keys=owner.analyst.keys,
            desk=owner.analyst.desk,
            now=owner.analyst.clock() + 600_000,
        )
        sequence = owner.now.sequence
        report = await owner.publisher.publish(owner.row.number)
        assert (report.batches, report.stale, owner.now.sequence) == (0, [], sequence)
        with owner.publisher.store.read() as c:
            assert publications.by_prefix(c, ahead.id.hex()).state is PublicationState.READY


async def test_more_sets_than_a_batch_holds_go_out_in_several_and_a_new_colleagues_at_once(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, _):
        found = [owner.sign(entry(n)) for n in range(1, MAX_SETS + 2)]
        report = await owner.publisher.publish(owner.row.number)
        assert (report.batches, report.stale) == (2, [])
        assert [len(batch.sets) for batch in batches(owner)] == [MAX_SETS, 1]
        assert owner.now.live == len(found)

        # Nobody counts in the second in which the directory names them: the batch waits for the next one.
        await owner.office.hire(Role.DUTY_DESK)
        colleague = await owner.office.as_(Role.DUTY_DESK)
        await owner.analyst.refresh()
        publications.create(
            owner.publisher.store,
            owner.row,
            [removal(entry(1))],
            keys=colleague.keys,
            desk=colleague.desk,
            now=colleague.clock(),
        )
        assert (await owner.publisher.publish(owner.row.number)).stale == []
        assert owner.now.live == len(found) - 1
