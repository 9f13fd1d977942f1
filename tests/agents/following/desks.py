"""A desk that follows a list with the unattended agent's own parts: mailbox, screening store, follower."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.workflow.terms import Role

from agents import mailstore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.sync.condition import Condition
from agents.sync.config import Config
from agents.sync.following.follower import Follower
from agents.sync.owner import lists
from agents.sync.screening.lists import ListKey, WatchedList
from agents.sync.screening.store import ScreeningStore
from tests.agents.owner.market import Follower as Subscriber
from tests.agents.owner.market import Owner, market


@dataclass
class Desk:
    """A following desk and what it holds."""

    subscriber: Subscriber
    agent: Client
    key: ListKey
    config: Config
    store: ScreeningStore
    condition: Condition
    alarms: list[tuple[AlarmKind, str]] = field(default_factory=list)
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new follower on the store, as after a start."""
        self.follower = Follower(
            self.agent, self.store, self.config, self.condition, lambda kind, name: self.alarms.append((kind, name))
        )

    @property
    def listed(self) -> WatchedList:
        """The list as it stands here."""
        found = self.store.list_named(self.key)
        assert found is not None
        return found

    def held(self) -> dict[bytes, bytes]:
        """Everything that is live here."""
        return dict(self.store.records(self.key).bytes())

    async def pull(self) -> None:
        """Reads the feed to its end and applies it."""
        await self.agent.sync()
        await self.follower.catch_up()

    async def subscribe(self) -> None:
        """A person takes the offer; the agent sees it."""
        await self.pull()
        analyst = self.subscriber.analyst
        await analyst.refresh()
        body = payload_pb2.SubscribeList(
            list_id=self.key.list_id, contact=payload_pb2.Contact(name="Lee", telephone="+85211112222")
        )
        await analyst.send((await analyst.subscribe(self.listed.terms.case_id.hex(), body)).id)
        await self.pull()

    def equals(self, owner: Owner) -> bool:
        """Whether the store is the owner's list, to the byte and the head."""
        row = owner.now
        return (self.listed.sequence, self.listed.head) == (row.sequence, row.head) and self.held() == live(owner)


def live(owner: Owner) -> dict[bytes, bytes]:
    """What is live at the owner."""
    with owner.publisher.store.write() as c:
        return dict(lists.records(c, owner.row.number))


def lists_of(desk: Desk) -> list[str]:
    """Statuses of every list that the desk knows."""
    return [one.status.value for one in desk.store.lists()]


@contextlib.asynccontextmanager
async def desks(folder: Path, followers: int = 1) -> AsyncIterator[tuple[Owner, list[Desk]]]:
    """An owner with an empty list that it has offered, and desks with an agent each."""
    async with market(folder, followers) as (owner, subscribers):
        found = []
        for subscriber in subscribers:
            await subscriber.office.hire(Role.AGENT)
            agent = await subscriber.office.as_(Role.AGENT)
            home = subscriber.office.home.path
            config = Config(home=home)
            key = ListKey(owner.office.home.desk, owner.row.list_id)
            store = ScreeningStore.open(config.store_path)
            found.append(Desk(subscriber, agent, key, config, store, Condition(started=agent.clock())))
        try:
            yield owner, found
        finally:
            for desk in found:
                desk.store.close()


def forget(client: Client, sequence_from: int, sequence_to: int) -> int:
    """Takes batches out of the mailbox as if the hub had never delivered them. Returns how many."""
    gone = 0
    with client.store.begin() as c:
        for message in mailstore.messages(c, outgoing=False):
            found = mailstore.message(c, message.message_hash)
            assert found is not None
            position = position_of(found)
            if position is not None and sequence_from <= position[0] <= sequence_to:
                c.exec_driver_sql("DELETE FROM messages WHERE message_hash = ?", (message.message_hash,))
                gone += 1
    return gone


def position_of(message: mailstore.Message) -> tuple[int, bytes] | None:
    """Sequence and head that a kept message names."""
    from agents.cases import header_of

    position = header_of(message).watchlist
    return None if position is None else (position.sequence, position.head)


def entries(numbers: Iterator[int]) -> list[pb.WatchEntry]:
    """Entries of some numbers."""
    from tests.agents.owner.market import entry

    return [entry(number) for number in numbers]
