"""One side of the bench of FLASH: the two officers who sign and send, the officer at the screen, or the other traffic.

Orders and answers are JSON lines. Moments are seconds of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from comity.errors import RefusedError
from comity.workflow.terms import Precedence

from agents.cli.watching import line_of
from agents.client import Client, now_ms
from agents.home import Home
from agents.store import Store
from agents.watch import WatchEvent
from tests.agents.freezing.freezes import request
from tests.bench.load import channels_to
from tests.bench.watchlists_office import Office
from tests.bench.wire import SUBMIT_METHOD, read_calls

RETRY_SECONDS: Final = 0.2


class Senders:
    """The author, and the second person whose signature starts the clock."""

    def __init__(self, author: Client, approver: Client) -> None:
        self._author, self._approver = author, approver
        self._drafts: list[tuple[str, str]] = []

    async def prepare(self, to: str, count: int) -> dict[str, Any]:
        """Drafts so many requests to hold assets at once, and lets the second person look at them."""
        await self._author.refresh()
        await self._approver.refresh()
        for _ in range(count):
            body = request(urgency_reason="The account is being emptied.")
            draft = await self._author.request_freeze(to, body, precedence=Precedence.FLASH)
            self._drafts.append((draft.id, self._approver.review(draft.id).info.message_hash))
        return {"prepared": count}

    async def send(self, rate: float) -> dict[str, Any]:
        """Signs and sends one after another at fixed moments; returns when each was about to be signed."""
        began: dict[str, float] = {}
        first = time.monotonic() + 0.2
        for number, (draft, message_hash) in enumerate(self._drafts):
            await asyncio.sleep(first + number / rate - time.monotonic())
            began[message_hash] = time.monotonic()
            self._approver.approve(draft, message_hash)
            await self._author.send(draft)
        return {"began": began}


async def officers(office: Office) -> None:
    """Carries out orders of the sending side."""
    async with _client(office) as author:
        store = Store.open(author.home.store_path)
        # The second person only reads and signs: this hub knows no TLS key of theirs, and is not asked for one.
        approver = Client(author.home, office.keys(office.approver), store, author.session, now_ms)
        senders = Senders(author, approver)
        while said := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(said)
            print(json.dumps(await getattr(senders, order.pop("do"))(**order)), flush=True)
        store.close()


async def screen(office: Office) -> None:
    """Follows the feed as `comity watch` does; asked for a number, waits until so many lines were made."""
    shown: dict[str, float] = {}
    news = asyncio.Event()

    async def follow(client: Client) -> None:
        while True:
            with contextlib.suppress(RefusedError):  # the hub is busy while a thousand connect: again, as a watch does
                async for item in client.live():
                    if item is not None:
                        line_of(WatchEvent("item", item=item))
                        shown[item.message] = time.monotonic()
                        news.set()
            await asyncio.sleep(RETRY_SECONDS)

    async with _client(office) as client:
        await client.sync()
        following = asyncio.create_task(follow(client))
        while not client.caught_up_at:  # noqa: ASYNC110 # until the feed told its head: it is read live from then on
            await asyncio.sleep(RETRY_SECONDS)
        print(json.dumps({"follows": office.desk}), flush=True)
        while said := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(said)
            async with asyncio.timeout(order["seconds"]):
                while len(shown) < order["count"]:
                    news.clear()
                    await news.wait()
            print(json.dumps({"shown": shown}), flush=True)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def others(folder: Path) -> None:
    """Sends the calls of a file at a rate, whether the hub keeps up or not, until they have all gone."""
    while said := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(said)
        channels = channels_to(order["address"], folder, order["client"])
        await asyncio.gather(*(channel.channel_ready() for channel in channels))
        stubs: list[Any] = [channel.unary_unary(SUBMIT_METHOD) for channel in channels]
        print(json.dumps({"sends": True}), flush=True)
        first, calls = time.monotonic(), read_calls(Path(order["file"]))

        async def one(stub: Any, call: bytes, moment: float) -> None:
            await asyncio.sleep(moment - time.monotonic())
            await stub(call)

        moments = (first + number / order["rate"] for number in range(len(calls)))
        await asyncio.gather(*map(one, cycle(stubs), calls, moments))
        print(json.dumps({"sent": len(calls), "seconds": time.monotonic() - first}), flush=True)
        for channel in channels:
            await channel.close()


@asynccontextmanager
async def _client(office: Office) -> AsyncIterator[Client]:
    async with await Client.open(Home.load(office.path), office.keys()) as client:
        yield client


if __name__ == "__main__":
    who, said_of_it = sys.argv[1:]
    if who == "others":
        asyncio.run(others(Path(said_of_it)))
    else:
        asyncio.run({"officers": officers, "screen": screen}[who](Office(**json.loads(said_of_it))))
