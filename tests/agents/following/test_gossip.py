"""The checkpoint in a batch: tied behind the batch, and a second history is found out all the same."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.errors import Reason, RefusedError

from agents import truststore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import SplitViewError
from agents.gossip import TOLD_A_PASS, settle
from tests.agents.following.desks import Desk, desks
from tests.agents.owner.market import Owner, entry


def due(desk: Desk) -> list[int]:
    with desk.agent.store.begin() as c:
        return [one.found.size for one in truststore.gossip_due(c)]


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


async def hidden_fork(owner: Owner, desk: Desk) -> int:
    """Has the owner shown a root at a size that the desk does not hold; the batch that says so is applied."""
    await desk.subscribe()
    await owner.publish(entry(1))
    await owner.hear()
    await desk.pull()
    with desk.agent.store.begin() as c:
        held = set(c.exec_driver_sql("SELECT size FROM checkpoints").scalars())
    size = max(set(range(1, newest(desk).size)) - held)
    passes_off(owner, size, bytes(32))
    return size


def split(desk: Desk) -> int:
    """How many alarms of a second history stand."""
    return sum(alarm.kind is AlarmKind.SPLIT_VIEW for alarm in desk.agent.alarms())


def without_proof_of(desk: Desk, size: int, reason: Reason) -> list[int]:
    """Has the hub answer for everything but that size; returns what grows with each refusal."""
    asked: list[int] = []
    honest = desk.agent.session.get_consistency

    async def answer(log: str, first: int, second: int) -> list[bytes]:
        if size in (first, second):
            asked.append(size)
            raise RefusedError(reason, "no")
        return await honest(log, first, second)

    desk.agent.session.get_consistency = answer  # type: ignore[method-assign]
    return asked


async def test_a_hub_that_says_it_has_no_proof_is_told_of_at_once_and_once(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size = await hidden_fork(owner, desk)
        asked = without_proof_of(desk, size, Reason.NOT_FOUND)
        await owner.publish(entry(2))
        with pytest.raises(SplitViewError):
            await desk.pull()
        assert split(desk) == 1
        evidence = len(list(desk.agent.home.evidence_path.iterdir()))
        await desk.agent.flush()
        # It stays due and is asked for; nobody is told anew at each pass, and none fails for it.
        assert (due(desk), len(asked), len(list(desk.agent.home.evidence_path.iterdir()))) == ([size], 2, evidence)


class Passes:
    """Passes of a desk that ask for what is due, at moments of the test's choosing."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self.now = desk, desk.agent.clock()

    async def one(self, minutes: float, head_minutes: float = 0) -> bool:
        """Makes a pass so long after the last, with a head that old. Returns whether a second history was told of."""
        self.now += round(minutes * 60_000)
        agent, head_time = self._desk.agent, self.now - round(head_minutes * 60_000)
        try:
            await settle(agent.session, agent.store, agent.trust.history, head_time, self.now)
        except SplitViewError:
            return True
        except RefusedError:
            return False
        raise AssertionError


async def test_a_hub_that_signs_heads_and_never_proves_is_told_of_after_ten_minutes(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size = await hidden_fork(owner, desk)
        without_proof_of(desk, size, Reason.UNAVAILABLE)
        await owner.publish(entry(2))
        with pytest.raises(RefusedError):
            await desk.pull()
        passes = Passes(desk)
        # Of what lies between two passes a minute counts at most: nobody was asked, as far as is known.
        assert not any([await passes.one(60) for _ in range(9)])
        # A hub of which nothing comes at all is another alarm; the time stands still until it is back.
        assert not any([await passes.one(5, head_minutes=11) for _ in range(9)])
        assert not await passes.one(1, head_minutes=10)
        assert split(desk) == 0
        assert await passes.one(0.1)
        assert split(desk) == 1


async def test_what_was_told_of_because_no_proof_came_is_taken_back_with_the_proof(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size = await hidden_fork(owner, desk)
        passes_off(owner, size, await owner.office.town.hub.logs.root_at(2, size) or b"")
        honest = desk.agent.session.get_consistency
        without_proof_of(desk, size, Reason.UNAVAILABLE)
        await owner.publish(entry(2))
        with pytest.raises(RefusedError):
            await desk.pull()
        passes = Passes(desk)
        while not await passes.one(1):
            pass
        assert split(desk) == 1
        desk.agent.session.get_consistency = honest  # type: ignore[method-assign]
        await desk.agent.flush()
        assert (desk.agent.alarms(), due(desk)) == ([], [])
        assert desk.agent.trust.check_sealable()


async def test_a_missing_proof_that_was_explained_away_does_not_hide_the_proof_of_a_fork(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size = await hidden_fork(owner, desk)
        agent, honest = desk.agent, desk.agent.session.get_consistency
        without_proof_of(desk, size, Reason.NOT_FOUND)
        await owner.publish(entry(2))
        with pytest.raises(SplitViewError):
            await desk.pull()
        agent.dismiss_alarm(agent.alarms()[0].id)
        assert agent.trust.check_sealable()
        agent.session.get_consistency = honest  # type: ignore[method-assign]
        with pytest.raises(SplitViewError):
            await agent.flush()
        assert (split(desk), due(desk)) == (1, [])
        with pytest.raises(SplitViewError):
            agent.trust.check_sealable()


async def test_what_another_process_has_had_proved_meanwhile_is_told_of_no_more(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size = await hidden_fork(owner, desk)
        agent, store = desk.agent, desk.agent.store
        root = await owner.office.town.hub.logs.root_at(2, size) or b""
        found = truststore.TrustedSize(size, root, b"")
        with store.begin() as c:
            truststore.put_gossip_due(c, found)

        async def too_late(*_: object) -> list[bytes]:
            with store.begin() as c:  # as another process of this home does with the proof
                truststore.put_checkpoint(c, found)
                truststore.drop_gossip_due(c, found)
            raise RefusedError(Reason.NOT_FOUND, "no such size")

        agent.session.get_consistency = too_late  # type: ignore[method-assign,assignment]
        with pytest.raises(RefusedError):
            await agent.trust.settle_gossip(agent.session)
        assert (agent.alarms(), due(desk)) == ([], [])
        assert agent.trust.check_sealable()


async def test_foreign_lines_make_no_other_checkpoint_of_one_and_are_not_kept(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size, world = await hidden_fork(owner, desk), owner.office.town.world
        checkpoint = Checkpoint(world.exchange_origin, size, bytes(32))
        note = sign_checkpoint(checkpoint, checkpoint.origin, world.log_key.sign, world.log_key.public)
        for number in range(3):
            line = f"\u2014 x{number} {b64encode(bytes(8000)).decode()}\n".encode()
            found = desk.agent.trust.note_gossip(note + line, size + 1)
            assert found == truststore.TrustedSize(size, bytes(32), note)


async def test_many_that_were_told_of_are_asked_for_in_turn(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await hidden_fork(owner, desk)
        agent, asked = desk.agent, list[int]()
        greatest = newest(desk).size
        with agent.store.begin() as c:
            for size in range(greatest + 1, greatest + 2 + 2 * TOLD_A_PASS):
                truststore.put_gossip_due(c, truststore.TrustedSize(size, bytes(32), b"x"))

        async def nothing(_log: str, _first: int, second: int) -> list[bytes]:
            asked.append(second)
            raise RefusedError(Reason.NOT_FOUND, "no such size")

        agent.session.get_consistency = nothing  # type: ignore[method-assign,assignment]
        passes = Passes(desk)
        assert await passes.one(1)
        waiting = due(desk)
        assert asked == waiting
        asked.clear()
        for each in range(3):
            passes.now += 60_000
            await settle(agent.session, agent.store, agent.trust.history, passes.now, passes.now)
            assert len(asked) == (each + 1) * TOLD_A_PASS
        assert set(asked) == set(waiting)
        assert due(desk) == waiting


async def test_a_hub_that_fails_the_feed_or_the_first_acknowledgement_is_still_asked_for_its_proofs(
    tmp_path: Path,
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size = await hidden_fork(owner, desk)
        agent = desk.agent

        async def no_feed(_start: int, *, follow: bool) -> AsyncIterator[object]:
            raise RefusedError(Reason.INTERNAL, "not now")
            yield follow

        agent.session.read_feed = no_feed  # type: ignore[method-assign,assignment]
        for found in (1, 2):
            with agent.store.begin() as c:
                truststore.put_gossip_due(c, truststore.TrustedSize(size, bytes([found]) * 32, b""))
            with pytest.raises(SplitViewError):
                await agent.sync()
            assert (split(desk), due(desk)) == (found, [])

            async def no_acks(*_: object) -> int:
                raise RefusedError(Reason.UNAVAILABLE, "not now")

            agent._acks.flush = no_acks  # type: ignore[method-assign,assignment]
        # Without anything that is due it is the call's own error.
        with pytest.raises(RefusedError):
            await agent.sync()


async def test_a_hub_that_answers_no_acknowledgement_is_still_asked_for_its_proofs(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        size = await hidden_fork(owner, desk)
        await owner.publish(entry(2))
        reading = desk.agent.live_unseen()
        while len(desk.held()) < 2:
            await anext(reading)
            await desk.follower.catch_up()
        await reading.aclose()  # type: ignore[attr-defined]
        assert due(desk) == [size]

        async def silent(*_: object) -> list[object]:
            raise RefusedError(Reason.UNAVAILABLE, "not now")

        desk.agent.session.acknowledge = silent  # type: ignore[method-assign,assignment]
        with pytest.raises(SplitViewError):
            await desk.agent.flush()
        assert (split(desk), due(desk)) == (1, [])


async def test_a_fork_that_was_explained_away_hides_none_that_comes_later(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        agent = desk.agent

        async def shown(size: int, root: bytes) -> None:
            with agent.store.begin() as c:
                truststore.put_gossip_due(c, truststore.TrustedSize(size, root, b""))
            with pytest.raises(SplitViewError):
                await agent.trust.settle_gossip(agent.session)

        await shown(2, bytes(32))
        agent.dismiss_alarm(agent.alarms()[0].id)
        await shown(newest(desk).size - 1, b"\x01" * 32)
        assert (split(desk), due(desk)) == (1, [])
