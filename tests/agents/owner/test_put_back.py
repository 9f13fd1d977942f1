"""An owner's home that is put back from an older copy notices before it publishes, reads itself back, and goes on."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.directory import View
from comity.directory.records import DeskKey
from comity.errors import Reason, RefusedError
from comity.header import parse_header
from comity.v1 import feed_pb2, payload_pb2
from comity.workflow.terms import Role, Verb

from agents.alarms import AlarmKind
from agents.client import Client
from agents.home import Home
from agents.keys import LocalKeys
from agents.session import Session
from agents.sync.owner import bodies, holding, lists, mailrows, outbox, places, sealing
from agents.sync.owner.publications import PublicationState, by_prefix
from agents.sync.owner.publisher import Publisher
from agents.sync.owner.repairing import Problem, Repaired, RepairError, repair
from tests.agents.offices import CHEAP, PASSPHRASE
from tests.agents.owner.market import Follower, Owner, entry, market, removal
from tests.agents.owner.test_publishing import equal


@asynccontextmanager
async def put_back(owner: Owner, copy: Path) -> AsyncIterator[Owner]:
    """The owner at an older copy of its home."""
    home, member = Home.load(copy), owner.office.people[Role.ANALYST]
    keys = LocalKeys.open(home, member, PASSPHRASE, CHEAP)
    async with await Client.open(home, keys, clock=owner.office.clock, patience_seconds=2.0) as client:
        publisher = Publisher.open(client)
        try:
            yield replace(owner, analyst=client, publisher=publisher)
        finally:
            publisher.close()


def copied(owner: Owner, to: Path) -> Path:
    """Copies the owner's home as it stands: nothing is being written."""
    return Path(shutil.copytree(owner.office.home.path, to, ignore=shutil.ignore_patterns("*.sock")))


def kinds(client: Client) -> list[AlarmKind]:
    return [alarm.kind for alarm in client.alarms()]


def state(owner: Owner) -> tuple[int, bytes, int, int, list[tuple[bytes, bytes]]]:
    with owner.publisher.store.read() as c:
        row = lists.by_number(c, owner.row.number)
        return row.sequence, row.head, row.live, row.stated, list(lists.records(c, row.number))


def copies(owner: Owner) -> list[tuple[int, int]]:
    """How many envelopes of each batch there are, by sequence, and how many of them with a copy for this desk."""
    envelopes, found = Counter[int](), Counter[int]()
    with owner.analyst.store.begin() as c:
        for _, header in mailrows.published(c, -1, 1000):
            assert header.watchlist is not None
            envelopes[header.watchlist.sequence] += 1
            found[header.watchlist.sequence] += owner.office.home.desk in {one.desk for one in header.recipients}
    return [(envelopes[sequence], found[sequence]) for sequence in range(1, owner.now.sequence + 1)]


def without_copies(owner: Owner, patch: pytest.MonkeyPatch) -> None:
    """Has what is sealed bear no copy for this desk, as before it had a key."""
    desk_key = View.desk_key

    def others(self: View, desk: str, now: int) -> DeskKey | None:
        return None if desk == owner.office.home.desk else desk_key(self, desk, now)

    patch.setattr(View, "desk_key", others)


def without(sequence: int) -> Callable[..., AsyncIterator[feed_pb2.ReadFeedResponse]]:
    """A feed in which the hub keeps one batch back."""
    read = Session.read_feed

    async def reads(self: Session, start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        async for response in read(self, start, follow=follow):
            header = response.item.envelope.header
            at = parse_header(header).watchlist if header else None
            if at is None or at.sequence != sequence:
                yield response

    return reads


async def follow(owner: Owner, followers: list[Follower]) -> None:
    for follower in followers:
        await follower.follow(owner.office.home.desk)
        assert equal(owner, follower)


async def test_a_home_that_was_put_back_halts_before_it_publishes_reads_itself_back_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path, 2) as (owner, followers):
        for follower in followers:
            await follower.subscribe(owner.row.list_id)
        await owner.hear()
        monkeypatch.setattr(bodies, "INLINE_BYTES", 150)  # what people signed travels as an attachment
        await owner.publish(entry(1))
        waiting = owner.sign(entry(2, action=payload_pb2.WATCH_ACTION_BLOCK))
        copy = copied(owner, tmp_path / "copy")
        owner.approve(waiting)
        await owner.publisher.publish(owner.row.number)
        await owner.publish(*(entry(number) for number in range(3, 12)), removal(entry(1)))
        with owner.publisher.store.write() as c:
            owner.publisher.publish_digest(c, owner.now)
        await owner.hear()
        await owner.hear()  # what it has published has its place before this desk's newest item
        await follow(owner, followers)
        assert owner.analyst.alarms() == []
        # No subscriber sees by its own envelopes whether there are others, and each that leaves leaves a copy behind.
        assert all(sent == found for sent, found in copies(owner)), copies(owner)
        newest, seen = state(owner), [len(follower.verbs) for follower in followers]

        async with put_back(owner, copy) as old:
            before = state(old)
            assert before[0] < newest[0]
            old.sign(entry(20))
            with pytest.raises(RefusedError) as refused:
                await old.publisher.publish(old.row.number)
            assert refused.value.reason is Reason.WRONG_SEQUENCE
            assert (await old.publisher.tick()).halted == [old.row.list_id.hex()]
            # Nothing was made, nobody was sent anything, and nobody is said to have forged an acknowledgement: it is
            # said that they acknowledge what this home does not have.
            assert state(old) == before
            await follow(owner, followers)
            assert [len(follower.verbs) for follower in followers] == seen
            assert set(kinds(old.analyst)) == {AlarmKind.LIST_FORKED}

            with monkeypatch.context() as patch:
                patch.setattr(Session, "read_feed", without(newest[0]))
                with pytest.raises(RepairError) as missing:  # a hub that keeps the newest back gains nothing by it
                    await repair(old.publisher, old.row.number)
            assert (missing.value.problem, missing.value.sequence) == (Problem.MISSING, newest[0])
            assert (state(old), old.now.halted) == (before, Reason.WRONG_SEQUENCE)
            assert await repair(old.publisher, old.row.number) == Repaired(before[0] + 1, newest[0], 2)
            assert state(old) == newest
            assert not old.now.halted
            assert old.analyst.alarms() == []
            with old.publisher.store.read() as c:
                assert by_prefix(c, waiting.id.hex()).state is PublicationState.PUBLISHED
            with pytest.raises(RepairError) as nothing:
                await repair(old.publisher, old.row.number)
            assert nothing.value.problem is Problem.NOTHING
            # What was ready in the older copy may have been taken back since: it waits for a person.
            await old.publisher.publish(old.row.number)
            assert old.now.live == newest[2]
            with old.publisher.store.write() as c:
                (held,) = holding.waiting(c, old.row.number)
                assert held.state is PublicationState.HELD_BACK
                with pytest.raises(RefusedError):
                    holding.release(c, held.list + 1, held)
                holding.release(c, held.list, held)
                with pytest.raises(RefusedError):
                    holding.release(c, held.list, held)
            await old.publisher.publish(old.row.number)
            assert old.now.live == newest[2] + 1
            await follow(old, followers)
            assert [follower.verbs[-1] for follower in followers] == [Verb.PUBLISH] * 2


async def test_a_list_of_which_a_batch_has_no_copy_is_not_read_back_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await follower.subscribe(owner.row.list_id)
        await owner.hear()
        await owner.publish(entry(1))
        copy = copied(owner, tmp_path / "copy")
        with monkeypatch.context() as patch:
            without_copies(owner, patch)
            await owner.publish(entry(2))
        await owner.publish(entry(3))
        await follow(owner, [follower])
        async with put_back(owner, copy) as old:
            before = state(old)
            assert await old.publisher.begin() == 1
            # Of what this home neither has nor was brought a copy of, an acknowledgement is said.
            assert set(kinds(old.analyst)) == {AlarmKind.LIST_FORKED, AlarmKind.ACK_UNKNOWN}
            with pytest.raises(RepairError) as refused:
                await repair(old.publisher, old.row.number)
            assert (refused.value.problem, refused.value.sequence) == (Problem.MISSING, before[0] + 1)
            assert (state(old), old.now.halted) == (before, Reason.WRONG_SEQUENCE)
            # Where it has gone on by itself, which nothing does that has compared before, it is another line.
            with old.publisher.store.write() as c:
                lists.halt(c, old.row.number, "")
            old.publisher.heartbeat(old.row.number)
            assert await old.publisher.begin() == 0  # that was compared before
            with pytest.raises(RepairError) as other:
                await repair(old.publisher, old.row.number)
            assert other.value.problem is Problem.OTHER_LINE
            with old.publisher.store.write() as c:
                places.set_compared(c, 10**9)  # the feed stands further back by now
            assert await old.publisher.begin() == 1


async def test_a_copy_beside_the_good_one_that_does_not_open_keeps_nobody_from_reading_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path, 1) as (owner, followers):
        await followers[0].subscribe(owner.row.list_id)
        await owner.hear()
        await owner.publish(entry(1))
        copy = copied(owner, tmp_path / "copy")
        await owner.publish(entry(2))
        await owner.hear()
        await followers[0].follow(owner.office.home.desk)
        await owner.hear()
        newest, genuine = owner.now.sequence, sealing.seal_content
        own = owner.analyst.directory().desk_key(owner.office.home.desk, owner.analyst.clock())
        assert own is not None

        def for_others(data: bytes, payload: bytes, keys: Any) -> Any:
            other = next(key for kid, key in keys if kid != own.kid)
            return genuine(data, payload, [(kid, other if kid == own.kid else key) for kid, key in keys])

        # Whoever has the machine's key sends a batch once more, with a copy that this desk cannot open.
        with owner.publisher.store.write() as c:
            outbox.add(c, owner.row.number, outbox.active(c, owner.row.number)[0].case_id, Verb.PUBLISH, newest)
        with monkeypatch.context() as patch:
            patch.setattr(sealing, "seal_content", for_others)
            assert (await owner.publisher.fanout.pump()).logged == 1
        await owner.hear()
        assert copies(owner)[-1] == (2, 2)
        async with put_back(owner, copy) as old:
            assert await old.publisher.begin() == 1
            last = (await repair(old.publisher, old.row.number)).last
            assert (last, old.now.head) == (newest, owner.now.head)
