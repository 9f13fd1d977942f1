"""Random lives of a list: whatever is published, retracted, lost, reordered or killed, everybody ends with one list."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from comity.errors import RefusedError
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import entry_id
from comity.workflow.terms import Verb

from agents import mailstore
from agents.sync.following import follower
from agents.sync.screening.store import ScreeningStore
from tests.agents.following.desks import Desk, desks, live
from tests.agents.owner.market import Owner, entry, removal

STEPS = 22
NUMBERS = [number for number in range(1, 250) if f"{number + 1:x}".isdecimal()]


class KilledError(BaseException):
    """Stands for the end of a process: nothing that it was doing goes on."""


class Walk:
    """One random life."""

    def __init__(self, seed: int, owner: Owner, following: list[Desk]) -> None:
        self.random, self.owner, self.desks = random.Random(seed), owner, following
        self.listed: dict[int, pb.WatchEntry] = {}

    async def step(self) -> None:
        """Does one thing."""
        act = self.random.choice([self.publish] * 4 + [self.beat, self.pull, self.pull, self.ask, self.lose])
        act = self.random.choice([act, act, act, self.swap, self.kill, self.forget])
        await act()

    async def publish(self) -> None:
        """New entries, changed ones, and removals of others, in one change set."""
        picked = self.random.sample(NUMBERS, self.random.randint(1, 4))
        changes: list[pb.WatchEntry | pb.Removal] = []
        for number in picked:
            known = self.listed.get(number)
            if known is not None and self.random.random() < 0.5:
                changes.append(removal(self.listed.pop(number)))
                continue
            self.listed[number] = entry(number, version=1 if known is None else known.version + 1, label="changed")
            changes.append(self.listed[number])
        await self.owner.publish(*changes)

    async def beat(self) -> None:
        """An empty batch, and an answer to whoever has asked."""
        self.owner.publisher.heartbeat(self.owner.row.number)
        await self.owner.hear()

    async def pull(self) -> None:
        """A desk takes what has come."""
        await self.random.choice(self.desks).pull()

    async def ask(self) -> None:
        """A desk looks around."""
        await self.random.choice(self.desks).follower.look()

    async def lose(self) -> None:
        """The hub loses some of what a desk has not taken yet."""
        desk = self.random.choice(self.desks)
        await desk.agent.sync()
        for message in self.waiting(desk):
            if self.random.random() < 0.4:
                with desk.agent.store.begin() as c:
                    c.exec_driver_sql("DELETE FROM messages WHERE message_hash = ?", (message.message_hash,))

    async def swap(self) -> None:
        """The hub changes the order of two."""
        desk = self.random.choice(self.desks)
        await desk.agent.sync()
        waiting = self.waiting(desk)
        if len(waiting) > 1:
            one, two = self.random.sample(waiting, 2)
            with desk.agent.store.begin() as c:
                mailstore.update_message(c, one.message_hash, log_index=two.log_index)
                mailstore.update_message(c, two.message_hash, log_index=one.log_index)

    async def kill(self) -> None:
        """A desk's agent dies at some statement on its store, and is started again."""
        desk = self.random.choice(self.desks)
        await desk.agent.sync()
        left = self.random.randint(1, 40)

        def count(_statement: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise KilledError

        honest = desk.store._db
        desk.store._db = Dying(honest, count)  # type: ignore[assignment]
        with suppress(KilledError):
            await desk.follower.catch_up()
        desk.store._db = honest
        desk.store.close()
        desk.store = ScreeningStore.open(desk.config.store_path)
        desk.begin()

    async def forget(self) -> None:
        """A desk loses its store."""
        desk = self.random.choice(self.desks)
        desk.store.close()
        for file in desk.config.home.glob("screening.db*"):
            file.unlink()
        desk.store = ScreeningStore.open(desk.config.store_path)
        desk.begin()

    def waiting(self, desk: Desk) -> list[mailstore.Message]:
        """Batches and snapshots in the mailbox that the store has not taken."""
        applied = desk.store.applied_index()
        with desk.agent.store.begin() as c:
            found = mailstore.messages(c, outgoing=False)
        return [m for m in found if m.verb in (Verb.PUBLISH, Verb.SNAPSHOT) and m.log_index > applied]

    async def settle(self, desk: Desk) -> None:
        """What is missing comes, within the pauses between two askings."""
        for minutes in (0, 1, 3, 7):
            desk.subscriber.office.clock.shift = minutes * 61_000
            with suppress(RefusedError):
                await desk.follower.look()
            await self.owner.hear()
            await desk.pull()
            if desk.equals(self.owner):
                return


class Dying:
    """A connection that counts its statements."""

    def __init__(self, honest: Any, count: Any) -> None:
        self._honest, self._count = honest, count

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._honest, name)
        if name not in ("execute", "executemany"):
            return found

        def counted(statement: str, *arguments: Any) -> Any:
            if (
                statement != "ROLLBACK"
            ):  # a process that is dead says nothing; its transaction is taken back all the same
                self._count(statement)
            return found(statement, *arguments)

        return counted


@pytest.mark.parametrize("seed", [2])
async def test_random_publishing_retracting_losing_reordering_and_killing_ends_with_one_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(follower, "TRIES", 1000)  # the killer is the walk, not a message
    async with desks(tmp_path, 3) as (owner, following):
        for desk in following:
            desk.config = desk.config.model_copy(update={"lag": desk.config.lag.model_copy(update={"minutes": 1})})
            desk.begin()
            await desk.subscribe()
        await owner.hear()
        walk = Walk(seed, owner, following)
        for _ in range(STEPS):
            await walk.step()
        await walk.publish()
        # What one desk asks for may be answered by a batch that all are sent.
        for desk in [*following, *following]:
            await walk.settle(desk)
        row = owner.now
        assert set(live(owner)) == {entry_id(found) for found in walk.listed.values()}
        assert [(desk.listed.sequence, desk.listed.head) for desk in following] == [(row.sequence, row.head)] * 3
        assert [desk.held() == live(owner) for desk in following] == [True] * 3
