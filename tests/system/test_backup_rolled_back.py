"""A hub that was rolled back with everything outside its database too, and the unchanged client that has seen more."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import RefusedError

from agents.alarms import AlarmKind
from agents.errors import SplitViewError
from hub.cli.store import migrate
from hub.clock import SystemClock
from hub.directory.service import ROLLED_BACK, DirectoryService
from hub.keeping.backup import Backup
from hub.keeping.restore import put_back_attachments, restore, verify
from tests.agents.offices import send_referral, two_offices
from tests.support.hub import hub_settings, running_hub


async def rolled_back(folder: Path, url: str) -> None:
    """Takes a backup of the offices' hub, before more is sent."""
    settings = hub_settings(f"sqlite:///{folder / 'hub' / 'hub.sqlite'}", folder / "hub")
    await Backup(settings, SystemClock()).take(folder / "backup")
    into = hub_settings(url, folder / "again")
    into.home.mkdir()
    migrate(url)
    manifest = verify(folder / "backup")
    count = await put_back_attachments(into, folder / "backup", manifest, told)
    restore(into, folder / "backup", manifest, count, told, known=True)
    # And somebody threw the outside checkpoint away.
    (into.home / "checkpoint").unlink()


def told(_what: str, _count: int) -> None:
    """Nobody watches."""


@pytest.mark.parametrize("honest", [True, False], ids=["honest", "ignores-what-it-is-shown"])
async def test_A_03_without_the_outside_checkpoint_the_clients_refuse_and_an_honest_hub_stops(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, honest: bool
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await rolled_back(tmp_path, database_url)
        message = await send_referral(sfc, "hkma/intake")
        recipient = await hkma.client()
        await recipient.sync()
        assert message
        town = sfc.town
        port = town.hub.port
        await town.hub.stop(0.5)
        if not honest:

            async def looks_away(*_: object) -> None:
                return None

            monkeypatch.setattr(DirectoryService, "_compare", looks_away)
        again = tmp_path / "again"
        async with running_hub(database_url, town.world, home=again, listen=f"127.0.0.1:{port}", statements=()) as hub:
            if honest:
                # The client shows its head; the hub sees its own signature on what it does not have.
                with pytest.raises((RefusedError, SplitViewError, ConnectionError)):
                    await recipient.refresh()
                assert await hub.hub.stopped() == ROLLED_BACK
            else:
                with pytest.raises(SplitViewError):
                    await recipient.refresh()
                assert AlarmKind.SPLIT_VIEW in [alarm.kind for alarm in recipient.alarms()]
                assert list(hkma.home.evidence_path.glob("split_view-*.json"))
                with pytest.raises(SplitViewError):
                    await recipient.refresh()
