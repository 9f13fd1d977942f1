"""A desk's agent follows a list: it holds what the owner holds, to the head, and what is missing it asks for itself."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from comity.errors import RefusedError
from comity.v1 import payload_pb2

from agents import mailstore, rereading
from agents.alarms import AlarmKind
from agents.mailstore import Cursor
from agents.sync.owner import places
from agents.sync.screening.lists import ListStatus
from tests.agents.following.desks import Desk, desks, forget, lists_of
from tests.agents.owner.market import entry, removal


async def test_an_offered_list_is_followed_once_a_person_has_subscribed_and_equals_the_owners(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await owner.publish(entry(1), entry(2))
        await desk.pull()
        assert lists_of(desk) == ["OFFERED"]

        await desk.subscribe()
        assert lists_of(desk) == ["SYNCING"]

        await owner.hear()
        await desk.pull()
        assert desk.listed.status is ListStatus.CURRENT
        assert desk.equals(owner)

        await owner.publish(entry(3), removal(entry(1)))
        await desk.pull()
        assert desk.equals(owner)
        assert len(desk.held()) == 2
        assert (desk.alarms, desk.follower.gaps.of(desk.key)) == ([], None)


async def test_a_mailbox_that_was_led_beyond_the_true_log_is_read_on_from_its_own_place_by_both_sides(
    tmp_path: Path,
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await owner.publish(entry(1))
        # A thief of a replaced key had put what came last far up a log of his own; that was forgotten.
        desk.follower.store.set_applied(1 << 40)
        with owner.publisher.store.write() as c:
            places.set_cursor(c, 1 << 40)
        for mailbox in (desk.agent.store, owner.publisher.client.store):
            with mailbox.begin() as mail:
                stood = mailstore.cursor(mail)
                mailstore.set_cursor(mail, Cursor(1 << 41, stood.number, stood.time))
                rereading.go_back(mail, stood.next_index)
                assert mailstore.cursor(mail) == stood
        await desk.pull()
        await desk.subscribe()
        await owner.hear()
        await desk.pull()
        assert desk.listed.status is ListStatus.CURRENT
        assert desk.equals(owner)


async def test_G_04_an_omitted_batch_is_seen_at_the_next_one_and_asked_for_and_comes_again(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        first = desk.listed.sequence
        await owner.publish(entry(2))
        await owner.publish(entry(3))
        await desk.agent.sync()
        assert forget(desk.agent, first + 1, first + 1) == 1

        await desk.follower.catch_up()
        assert (desk.listed.status, desk.listed.sequence) == (ListStatus.LAGGING, first)
        assert [kind for kind, _ in desk.alarms] == [AlarmKind.LIST_LAGGING]

        await desk.follower.look()
        await desk.follower.look()
        assert desk.condition.counts["resyncs"] == 1
        await owner.hear()
        await desk.pull()
        assert desk.listed.status is ListStatus.CURRENT
        assert desk.equals(owner)
        assert desk.follower.gaps.of(desk.key) is None


async def test_a_subscription_that_ends_is_revoked_and_a_new_offer_of_the_list_begins_anew(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        first = desk.listed.terms.case_id
        analyst = desk.subscriber.analyst
        body = payload_pb2.UnsubscribeList(list_id=desk.key.list_id, text="no longer needed")
        await analyst.send((await analyst.unsubscribe(first.hex(), body)).id)
        await owner.hear()
        await owner.publish(entry(2))
        await desk.pull()
        assert (desk.listed.status, len(desk.held())) == (ListStatus.REVOKED, 1)
        await desk.follower.look()
        assert desk.listed.status is ListStatus.REVOKED

        await owner.analyst.send((await owner.analyst.offer_list(desk.agent.desk, owner.row.terms)).id)
        await desk.pull()
        assert desk.listed.status is ListStatus.OFFERED
        assert desk.listed.terms.case_id != first
        await desk.follower.look()
        await desk.subscribe()
        await owner.hear()
        await desk.pull()
        assert desk.listed.status is ListStatus.CURRENT
        assert desk.equals(owner)


async def test_a_list_that_falls_silent_is_lagging_by_the_own_clock_and_asked_for_with_the_first_snapshot_too(
    tmp_path: Path,
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        # The owner's agent is away: after 20 minutes by the own clock the snapshot is asked for.
        await desk.follower.look()
        assert desk.condition.counts["resyncs"] == 0
        desk.subscriber.office.clock.shift = 21 * 60_000
        await silent(desk)
        assert desk.condition.counts["resyncs_refused"] + desk.condition.counts["resyncs"] >= 1
        desk.subscriber.office.clock.shift = 0
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        assert desk.listed.status is ListStatus.CURRENT
        assert desk.equals(owner)

        desk.condition.started = 0
        desk.subscriber.office.clock.shift = 22 * 60_000
        await silent(desk)
        assert desk.listed.status is ListStatus.LAGGING
        assert AlarmKind.LIST_LAGGING in {kind for kind, _ in desk.alarms}
        desk.subscriber.office.clock.shift = 0
        owner.publisher.heartbeat(owner.row.number)
        await owner.publisher.fanout.pump()
        await desk.pull()
        assert (desk.listed.status, desk.follower.gaps.of(desk.key)) == (ListStatus.CURRENT, None)


async def silent(desk: Desk) -> None:
    """A look at the lists; the hub's head is older than this desk's shifted clock lets anything be sealed on."""
    with contextlib.suppress(RefusedError):
        await desk.follower.look()


async def test_nothing_is_acknowledged_before_it_would_outlive_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.hear()
        for number in (1, 2, 3):
            await owner.publish(entry(number))
        done: list[str] = []
        lasting, acknowledge = desk.agent.store.make_lasting, desk.agent.session.acknowledge

        def made_lasting() -> None:
            lasting()
            done.append("lasting")

        async def acknowledged(acks: Sequence[tuple[bytes, bytes]]) -> Any:
            done.append(f"acknowledged {len(acks)}")
            return await acknowledge(acks)

        monkeypatch.setattr(desk.agent.store, "make_lasting", made_lasting)
        monkeypatch.setattr(desk.agent.session, "acknowledge", acknowledged)
        await desk.pull()
        # Of many messages that is waited for once.
        assert done == ["lasting", "acknowledged 4"]
        assert desk.equals(owner)
