"""Two real processes publish one list at once, and one of them is killed: the list goes on, whole, for everybody."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from comity.workflow.terms import Role, Verb

from agents.sync.owner import outbox
from agents.sync.owner.publications import ready
from tests.agents.owner.market import Owner, market
from tests.agents.owner.test_publishing import equal

COUNT = 12


async def begun(owner: Owner, member: str, first: int) -> asyncio.subprocess.Process:
    """Starts a process that publishes."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.agents.owner.publishing_process",
        str(owner.office.home.path),
        member,
        str(first),
        str(COUNT),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


async def test_a_publisher_that_is_killed_beside_another_leaves_the_list_whole(tmp_path: Path) -> None:
    async with market(tmp_path, 2) as (owner, followers):
        for follower in followers:
            await follower.subscribe(owner.row.list_id)
        await owner.hear()
        member = owner.office.people[Role.ANALYST]
        one, other = await asyncio.gather(begun(owner, member, 1), begun(owner, member, 100))
        assert one.stdout is not None
        await one.stdout.readline()
        await one.stdout.readline()
        one.kill()
        said, _ = await other.communicate()
        assert (await one.wait(), other.returncode) == (-9, 0)
        assert said.split() == [str(number).encode() for number in range(100, 100 + COUNT)]

        await owner.publisher.publish(owner.row.number)
        with owner.publisher.store.read() as c:
            assert ready(c, owner.row.number) == []
            assert outbox.unsent(c, 10) == []
        assert owner.now.live >= COUNT + 2
        for follower in followers:
            await follower.follow(owner.office.home.desk)
            assert equal(owner, follower)
            assert follower.verbs == [Verb.SNAPSHOT] + [Verb.PUBLISH] * (owner.now.sequence - 1)
        assert owner.analyst.alarms() == followers[0].analyst.alarms() == []
