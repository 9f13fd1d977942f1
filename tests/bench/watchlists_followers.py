"""Subscribers' process of the bench of watchlists: some desks in one process, each the product's daemon on a home and a
screening store of its own. Orders come as JSON lines.

Never does: anything between a batch's arrival and its being screenable that the daemon does not; it notes the moment.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack, closing
from typing import Any

from agents.client import Client, now_ms
from agents.home import Home
from agents.sync import loops
from agents.sync.config import Config, Observe, Owner
from agents.sync.daemon import Daemon
from agents.sync.journal import Journal
from agents.sync.screening.lists import WatchedList
from agents.sync.screening.reading import ScreeningReader
from agents.sync.screening.screening import Query, Screener
from agents.sync.screening.store import ScreeningStore
from tests.bench.watchlists_office import Office
from tests.bench.watchlists_person import subscribe
from tests.bench.watchlists_wallets import account

WAIT_SECONDS = 300.0


class Follower:
    """One desk."""

    def __init__(self, office: Office, client: Client) -> None:
        self.client = client
        self.config = Config(home=office.path, observe=Observe(listen=""), owner=Owner(enabled=False))
        self.store = ScreeningStore.open(self.config.store_path)
        self.daemon = Daemon(client, self.store, self.config, Journal(now_ms))
        self.took: dict[int, float] = {}
        """When each batch had become screenable, seconds of the machine's monotonic clock."""
        self.news = asyncio.Event()
        tell = self.daemon.follower.took

        def took(listed: WatchedList, batch_time: int) -> None:
            now = time.monotonic()
            held = self.store.list_named(listed.key)
            if held is not None:
                self.took[held.sequence] = now
            tell(listed, batch_time)
            self.news.set()

        self.daemon.follower.took = took  # type: ignore[method-assign] # the moment is all that is wanted

    async def reached(self, sequence: int) -> float:
        """Waits until a batch is screenable; returns when that was."""
        while max(self.took, default=0) < sequence:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), WAIT_SECONDS)
        return self.took[sequence]

    def screens(self, number: int) -> str:
        """Returns what another connection says of a wallet: the verdict."""
        with closing(ScreeningReader.open(self.config.store_path)) as reader:
            return Screener(reader, in_memory=False).screen([Query(account(number))]).results[0].verdict.value


class Followers:
    """All desks of this process."""

    def __init__(self, stack: AsyncExitStack, followers: list[Follower]) -> None:
        self._stack, self._followers = stack, followers
        self._tasks: list[asyncio.Task[None]] = []

    async def subscribe(self, list: str) -> dict[str, Any]:  # noqa: A002 # the order's own word
        """Subscribes at every desk."""
        for one in self._followers:
            await subscribe(one.client, bytes.fromhex(list))
        return {"subscribed": len(self._followers)}

    async def follow(self) -> dict[str, Any]:
        """Starts the daemons."""
        self._tasks = [asyncio.create_task(one.daemon.run()) for one in self._followers]
        return {"following": len(self._tasks)}

    async def wait(self, sequence: int) -> dict[str, Any]:
        """Waits until every desk holds a batch; returns when each had it."""
        moments = await asyncio.gather(*(one.reached(sequence) for one in self._followers))
        return {"moments": moments}

    async def check(self, number: int) -> dict[str, Any]:
        """Screens a wallet at every desk."""
        return {"verdicts": [one.screens(number) for one in self._followers]}

    async def stop(self) -> None:
        """Ends the daemons."""
        for one in self._followers:
            one.daemon.stop.set()
        await asyncio.gather(*self._tasks)
        for one in self._followers:
            one.store.close()


async def obey(offices: list[Office]) -> None:
    """Carries out orders until standard input ends."""
    async with AsyncExitStack() as stack:
        opened = [
            (office, await stack.enter_async_context(await Client.open(Home.load(office.path), office.keys())))
            for office in offices
        ]
        followers = Followers(stack, [Follower(office, client) for office, client in opened])
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                order = json.loads(line)
                print(json.dumps(await getattr(followers, order.pop("do"))(**order)), flush=True)
        finally:
            await followers.stop()


if __name__ == "__main__":
    loops.run(obey([Office(**one) for one in json.loads(sys.argv[1])]))
