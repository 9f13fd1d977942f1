"""Agents in processes of their own, for tests: each follows its lists and is killed at its n-th statement on the store.

    python -m tests.agents.following.dying_agent HOME MEMBER N…

A child is forked for each N, the last one lives (N = 0). After each, one line of JSON says how it ended and what the
store holds: head and digest of the only list that has any.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from comity.watchlists import state_digest

from agents.client import Client
from agents.home import Home
from agents.keys import LocalKeys
from agents.sync.condition import Condition
from agents.sync.config import Config
from agents.sync.following import follower, unpacking
from agents.sync.screening.reading import ScreeningReader, ScreeningStoreError
from agents.sync.screening.store import ScreeningStore
from tests.agents.offices import CHEAP, PASSPHRASE


async def follow(home: str, member: str, deadly: int) -> None:
    """Brings mailbox and store up to date, or dies on the way."""
    at = Home.load(home)
    client = await Client.open(at, LocalKeys.open(at, member, PASSPHRASE, CHEAP), patience_seconds=5.0)
    await client.sync()
    config = Config(home=Path(home))
    store = ScreeningStore.open(config.store_path)
    statements = 0

    def count(_statement: str) -> None:
        nonlocal statements
        statements += 1
        if statements == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    store._db.set_trace_callback(count)
    following = follower.Follower(client, store, config, Condition(started=0), lambda _kind, _subject: None)
    await following.catch_up()
    store.close()
    await client.close()


def held(home: str) -> list[str]:
    """Head and digest of what the store holds now."""
    try:
        reader = ScreeningReader.open(Config(home=Path(home)).store_path)
    except ScreeningStoreError:
        return ["", ""]
    with closing(reader):
        for listed in reader.lists():
            standing = reader.standing(listed.key)
            if standing is not None:
                digests = (digest for _, digest in reader.records(listed.key).digests())
                return [standing.head.hex(), state_digest(standing.used, digests).hex()]
    return ["", ""]


def main(home: str, member: str, *points: str) -> None:
    """Runs one child after another."""
    follower.TRIES = 1000  # what is looked at here is the store, not what a message that kills is worth
    unpacking.RECORDS_AT_ONCE = 40
    for point in points:
        child = os.fork()
        if not child:
            asyncio.run(follow(home, member, int(point)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), *held(home)]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
