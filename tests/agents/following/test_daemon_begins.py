"""A daemon that cannot begin leaves nothing of it open; one that reads its settings again answers by them at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from agents.alarms import Alarm, AlarmKind
from agents.sync.config import Observe, Screening
from agents.sync.daemon import Daemon
from agents.sync.journal import Journal
from agents.sync.screening.api import AddressError
from agents.sync.screening.reading import ScreeningReader
from agents.sync.screening.sightings import FILE
from tests.agents.following.desks import desks

RULES = '[[rule]]\naction_at_least = "BLOCK"\nkind = "HELD"\n'


async def test_a_socket_folder_that_is_open_to_others_leaves_no_address_and_no_file_open(tmp_path: Path) -> None:
    folder, rules = tmp_path / "api", tmp_path / "rules.toml"
    folder.mkdir(mode=0o755)
    rules.write_text(RULES)
    async with desks(tmp_path) as (_, (desk,)):
        parts = {
            "observe": Observe(listen="127.0.0.1:0"),
            "screening": Screening(address=f"unix:{folder}/screening.sock", rules=rules),
        }
        daemon = Daemon(desk.agent, desk.store, desk.config.model_copy(update=parts), Journal(desk.agent.clock))
        before = descriptors()
        with pytest.raises(AddressError):
            await daemon.run()
        assert daemon.health.port == 0
        await asyncio.sleep(0)
        assert descriptors() <= before
        assert (desk.agent.home.path / FILE).exists()  # its file was opened, and is closed


async def test_settings_that_are_read_again_say_at_once_how_old_a_list_may_be(tmp_path: Path) -> None:
    async with desks(tmp_path) as (_, (desk,)):
        parts = {"observe": Observe(listen=""), "screening": Screening(max_age_minutes=2)}
        config = desk.config.model_copy(update=parts)
        daemon = Daemon(desk.agent, desk.store, config, Journal(desk.agent.clock))
        with ScreeningReader.open(desk.store.path) as reader:
            assert reader.max_age_ms() == 120_000
            daemon.reload(config.model_copy(update={"screening": Screening()}))
            assert reader.max_age_ms() == 3_600_000
        daemon.stop.set()
        await daemon.run()


async def test_a_look_around_asks_once_what_stands_and_ends_what_has_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (_, (desk,)):
        daemon = Daemon(desk.agent, desk.store, desk.config, Journal(desk.agent.clock))
        daemon.alarming.raise_(AlarmKind.LIST_LAGGING, f"{desk.key.owner} {desk.key.list_id.hex()} missing")
        daemon.alarming.raise_(AlarmKind.ENDS_SOON, "something")
        alarms, asked = desk.agent.alarms, list[int]()

        def asks() -> list[Alarm]:
            asked.append(len(found := alarms()))
            return found

        monkeypatch.setattr(desk.agent, "alarms", asks)
        look = asyncio.create_task(daemon._look())
        async with asyncio.timeout(20):
            while not daemon.condition.alarms:  # noqa: ASYNC110 # what is waited for sets no event
                await asyncio.sleep(0.01)
        look.cancel()
        assert asked == [2]  # it looks at all mail that is waited for: once, in ten seconds
        assert [alarm.kind for alarm in alarms()] == [AlarmKind.ENDS_SOON]
        daemon._reader.close()


def descriptors() -> tuple[int, int]:
    """How many addresses this process listens on, and how many files of sightings it holds open."""
    me = psutil.Process()
    listening = sum(one.status == psutil.CONN_LISTEN for one in me.net_connections("tcp"))
    return listening, sum(Path(one.path).name.startswith(FILE) for one in me.open_files())
