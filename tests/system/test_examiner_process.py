"""The process that examines strangers' bytes, beside a real hub process."""

from __future__ import annotations

from pathlib import Path

import psutil

from tests.support.world import make_world
from tests.system.processes import hub_home, until


async def test_a_killed_hub_leaves_no_process_behind(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with hub_home(migrated_sqlite_url, tmp_path, world) as hub:
        await hub.start()
        assert hub.process is not None
        (examiner,) = psutil.Process(hub.process.pid).children()
        assert "hub.exchange.examiner" in examiner.cmdline()
        await hub.session("sfc/intake").submit(world.envelope(hub.view()))
        hub.process.kill()
        await hub.ended()
        await until(lambda: not examiner.is_running())
