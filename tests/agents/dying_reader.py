"""A reader in a process of its own, for tests: brings a desk's mail up to date, and is killed on the way where asked.

    python -m tests.agents.dying_reader HOME MEMBER before-acknowledging | before-commit | alive

It says `ready` before it begins and waits for a line, so that two can begin at once; then, if it lives, how many
messages were new to it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from agents import mailstore
from agents.client import Client
from agents.home import Home
from agents.keys import LocalKeys
from tests.agents.offices import CHEAP, PASSPHRASE


def die(*_: object) -> Any:
    """Is killed at once: nothing is rolled back, closed or said by this process."""
    os.kill(os.getpid(), signal.SIGKILL)


async def read(home: str, member: str, where: str) -> None:
    """Brings the mail up to date."""
    at = Home.load(home)
    client = await Client.open(at, LocalKeys.open(at, member, PASSPHRASE, CHEAP), patience_seconds=5.0)
    if where == "before-acknowledging":
        client.session.acknowledge = die  # type: ignore[method-assign]
    elif where == "before-commit":
        mailstore.add_ack = die
    print("ready", flush=True)
    sys.stdin.readline()
    report = await client.sync()
    print(len(report.new), flush=True)
    await client.close()


if __name__ == "__main__":
    asyncio.run(read(*sys.argv[1:]))
