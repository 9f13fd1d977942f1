"""A large body that the hub does not take holds those who are to be sent it alone; nobody is given it twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.terms import Verb

from agents.session import Session
from agents.sync.owner import answering, bodies, outbox, uploading
from agents.sync.owner.outbox import SNAPSHOT
from tests.agents.following.desks import desks
from tests.agents.owner.market import Follower, Owner, entry, market
from tests.agents.owner.test_interrupted_fanout import resync
from tests.agents.owner.test_publishing import equal


class Uploads:
    """Uploads that are refused, or stand still, until they are let through."""

    def __init__(self) -> None:
        self.refusing, self.standing, self.calls = True, False, 0
        self.through = asyncio.Event()

    async def __call__(self, *arguments: object) -> None:
        self.calls += 1
        if self.refusing:
            raise RefusedError(Reason.QUOTA, "the agency has no room left")
        if self.standing:
            await self.through.wait()
        await self._upload(*arguments)  # type: ignore[arg-type]

    _upload = staticmethod(uploading.upload)


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> Uploads:
    """A list whose states are too large for an envelope, and what becomes of them."""
    pack = bodies.pack_body

    def large(*arguments: object) -> object:
        with monkeypatch.context() as patch:
            patch.setattr(bodies, "INLINE_BYTES", 1)
            return pack(*arguments)  # type: ignore[arg-type]

    found = Uploads()
    monkeypatch.setattr(answering, "pack_body", large)
    monkeypatch.setattr(uploading, "upload", found)
    return found


async def joined(owner: Owner, follower: Follower) -> None:
    """A desk has joined, while the list's states were small."""
    await follower.subscribe(owner.row.list_id)
    await owner.hear()
    await follower.follow(owner.office.home.desk)


def forget_given(owner: Owner) -> None:
    with owner.publisher.store.write() as c:
        c.execute("UPDATE subscribers SET given = 1")


def sent(owner: Owner) -> dict[str, tuple[int, str]]:
    """Of each desk what it was sent last, and why it was sent no more."""
    with owner.publisher.store.read() as c:
        return {one.desk: (one.sent, one.fault) for one in outbox.active(c, owner.row.number)}


async def test_an_upload_that_is_refused_or_stands_still_holds_only_the_envelopes_that_name_it(
    tmp_path: Path, uploads: Uploads
) -> None:
    async with desks(tmp_path, 2) as (owner, (good, bad)):
        await good.subscribe()
        uploads.refusing = False
        await owner.publish(entry(1))
        await owner.hear()
        await good.pull()
        assert good.equals(owner)  # its snapshot came as an attachment

        uploads.refusing = True
        await bad.subscribe()
        owner.publisher.heartbeat(owner.row.number)  # so that another state is packed than the one that is there
        with owner.publisher.store.write() as c:
            c.execute("UPDATE batches SET time = 1")
        for number in (2, 3):
            owner.sign(entry(number))
            await owner.hear()
        await good.pull()
        assert good.equals(owner)
        assert sent(owner)[good.agent.desk] == (owner.now.sequence, "")
        assert sent(owner)[bad.agent.desk] == (0, Reason.QUOTA)
        asked = uploads.calls
        await owner.publisher.tick()
        assert uploads.calls == asked  # a pass that waits for nobody leaves it alone for a while

        # A pass does not wait for an upload that stands still, either.
        uploads.refusing, uploads.standing = False, True
        owner.publisher.fanout._uploading._failed.clear()
        owner.sign(entry(4))
        await owner.publisher.tick()
        await owner.publisher.tick()
        await good.pull()
        assert good.equals(owner)
        assert (sent(owner)[bad.agent.desk][0], uploads.calls) == (0, asked + 1)

        uploads.through.set()
        await owner.hear()
        await bad.pull()
        assert bad.equals(owner)


async def test_asking_for_the_whole_again_and_again_brings_one_snapshot_and_costs_no_batch(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await owner.publish(entry(1))
        await joined(owner, follower)
        at = owner.now.sequence
        for _ in range(2):
            assert await resync(follower, owner, 0) == []
        forget_given(owner)
        await owner.hear()
        await follower.follow(owner.office.home.desk)
        assert follower.verbs.count(Verb.SNAPSHOT) == 2
        assert owner.now.sequence == at
        assert equal(owner, follower)


async def test_a_pass_that_fails_cleans_up_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await owner.publish(entry(1))
        await joined(owner, follower)
        with owner.publisher.store.write() as c:
            c.execute("UPDATE batches SET time = 1")
            assert c.execute("SELECT count(*) FROM blobs").fetchone()[0] > 0
            outbox.add(c, owner.row.number, bytes.fromhex(follower.case), Verb.PUBLISH, owner.now.sequence)
            c.execute("UPDATE blobs SET sequence = 0")

        async def away(*_: object) -> None:
            raise RefusedError(Reason.UNAVAILABLE, "the hub does not answer")

        monkeypatch.setattr(Session, "submit_batch", away)
        with pytest.raises(RefusedError):
            await owner.publisher.tick()
        with owner.publisher.store.read() as c:
            assert c.execute("SELECT count(*) FROM blobs WHERE sequence = 0").fetchone()[0] == 0


async def test_who_is_too_far_behind_is_sent_batches_in_portions_and_no_snapshot(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        await owner.publish(entry(1))
        await joined(owner, follower)
        case = bytes.fromhex(follower.case)
        with owner.publisher.store.write() as c:
            outbox.add(c, owner.row.number, case, Verb.PUBLISH, owner.now.sequence)
            outbox.fall_back(c, case)
            found = outbox.subscriber(c, case)
            assert found is not None
            assert (found.wants, outbox.unsent_count(c, case)) == (str(owner.now.sequence), 0)
            outbox.add(c, owner.row.number, case, Verb.SNAPSHOT, owner.now.sequence)
            outbox.fall_back(c, case)
            found = outbox.subscriber(c, case)
        assert found is not None
        assert found.wants == SNAPSHOT
