"""A process of the owner's home that signs and publishes one entry after the other, until it is done or killed.

Arguments: home, member, first number, how many. It prints a line after each.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from agents.client import Client
from agents.home import Home
from agents.keys import LocalKeys
from agents.sync.owner import lists
from agents.sync.owner.desk import sign
from agents.sync.owner.publisher import Publisher
from tests.agents.offices import CHEAP, PASSPHRASE
from tests.agents.owner.market import entry


async def publish(path: Path, member: str, first: int, count: int) -> None:
    """Publishes so many entries, each in a batch of its own."""
    home = Home.load(path)
    async with await Client.open(home, LocalKeys.open(home, member, PASSPHRASE, CHEAP)) as client:
        await client.refresh()
        publisher = Publisher.open(client)
        with publisher.store.read() as c:
            (row,) = lists.all_lists(c)
        for number in range(first, first + count):
            sign(publisher, row, [entry(number)])
            await publisher.publish(row.number)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        publisher.close()


if __name__ == "__main__":
    asyncio.run(publish(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
