"""A part of the daemon that fails for a reason nobody foresaw begins again by itself, whether new mail comes or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.sync import daemon as daemons
from agents.sync.following.follower import Follower
from agents.sync.following.joining import Joining
from tests.agents.following.desks import desks
from tests.agents.following.test_daemon import running, settings, until
from tests.agents.owner.market import entry


async def test_what_could_not_be_applied_is_applied_once_it_can_be_without_any_new_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemons, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(daemons, "_PAUSES", (0.05,) * len(daemons._PAUSES))
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.agent.sync()  # everything is in the mailbox: nothing more comes
        for part, name in ((Follower, "catch_up"), (Joining, "take")):
            honest = getattr(part, name)
            sick = [4]

            async def failing(self: Any, *, _honest: Any = honest, _left: list[int] = sick, **named: Any) -> int:
                if _left[0]:
                    _left[0] -= 1
                    raise ValueError
                return int(await _honest(self, **named))

            monkeypatch.setattr(part, name, failing)
        async with running(desk, settings(desk)) as (daemon, _):
            await until(lambda: bool(desk.held()) and desk.equals(owner))
            assert daemon.condition.counts["failures"] == 8
