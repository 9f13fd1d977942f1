"""kill -9 at any point: the store is what it was or what comes next, and in the end the owner's list."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from comity.watchlists import state_digest
from comity.workflow.terms import Role

from agents.sync.owner import lists
from agents.sync.screening.store import ScreeningStore
from tests.agents.following.desks import desks
from tests.agents.owner.market import Owner, entry, removal
from tests.system.processes import ROOT, environment

POINTS = (3, 6, 9, 14, 19, 23, 27, 33, 41, 52, 60, 70, 0)


def state(owner: Owner) -> list[str]:
    """Head and digest of the owner's list now."""
    row = owner.now
    with owner.publisher.store.write() as c:
        standing = lists.standing(c, row, owner.office.home.desk)
        digests = [digest for _, digest in lists.LiveRecords(c, row.number).digests()]
    return [standing.head.hex(), state_digest(standing.used, digests).hex()]


async def test_an_agent_killed_at_any_statement_holds_one_of_the_owners_states_and_ends_with_the_last(
    tmp_path: Path,
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        states = [["", ""]]
        # Numbers without letters: an address with letters has its checksum in their case.
        await owner.publish(*(entry(number) for number in range(1, 257) if f"{number + 1:x}".isdecimal()))
        await desk.subscribe()
        await owner.hear()
        states.append(state(owner))
        for changes in ((entry(258), entry(259)), (removal(entry(7)), entry(260)), (removal(entry(258)),)):
            await owner.publish(*changes)
            states.append(state(owner))
        desk.store.close()

        words = [sys.executable, "-m", "tests.agents.following.dying_agent", str(desk.config.home)]
        words += [desk.subscriber.office.people[Role.AGENT], *map(str, POINTS)]
        process = await asyncio.create_subprocess_exec(*words, stdout=PIPE, env=environment(), cwd=ROOT)
        said, _ = await process.communicate()
        desk.store = ScreeningStore.open(desk.config.store_path)

        ends = [json.loads(line) for line in said.splitlines()]
        killed = [held for code, *held in ends if code == -signal.SIGKILL]
        assert len(ends) == len(POINTS)
        assert len(killed) >= 8
        assert all(held in states for held in killed)
        assert ends[-1] == [0, *states[-1]]
        assert desk.equals(owner)
