"""The daemon of a desk: it holds what its owner holds, shows how it is, says what ends, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from comity.v1 import payload_pb2
from comity.workflow.engine import apply
from comity.workflow.referral import REFERRAL
from comity.workflow.terms import Family, Role
from prometheus_client.parser import text_string_to_metric_families

from agents.alarms import AlarmKind
from agents.sync import daemon as daemons
from agents.sync.condition import What
from agents.sync.config import Alarms, Config, Follow, Observe, Wanted
from agents.sync.daemon import Daemon
from agents.sync.following.gaps import Gap
from agents.sync.journal import Journal
from agents.sync.screening.store import ScreeningStore
from hub.exchange import submitting
from tests.agents.following.desks import Desk, desks
from tests.agents.owner.market import Owner, entry


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 # what is waited for sets no event
            await asyncio.sleep(0.02)


async def get(port: int, path: str) -> tuple[int, bytes]:
    """Asks the daemon's web server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


class Lines:
    """A log that a test reads."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def write(self, text: str) -> None:
        self.lines.append(json.loads(text))

    def flush(self) -> None:
        pass

    def events(self) -> list[str]:
        return [str(line["event"]) for line in self.lines]


@contextlib.asynccontextmanager
async def running(desk: Desk, config: Config) -> AsyncIterator[tuple[Daemon, Lines]]:
    """A desk's agent as a daemon in this process."""
    lines = Lines()
    daemon = Daemon(desk.agent, desk.store, config, Journal(desk.agent.clock, lines))  # type: ignore[arg-type]
    desk.follower, desk.condition = daemon.follower, daemon.condition
    task = asyncio.create_task(daemon.run())
    try:
        await until(lambda: daemon.health.port > 0)
        yield daemon, lines
    finally:
        daemon.stop.set()
        await task


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemons, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(daemons, "REFRESH_SECONDS", 0.2)


def settings(desk: Desk, **parts: object) -> Config:
    """The desk's settings, with a web server on a free port."""
    return desk.config.model_copy(update={"observe": Observe(listen="127.0.0.1:0"), **parts})


async def test_a_daemon_follows_live_shows_how_it_is_and_stops_in_order(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        async with running(desk, settings(desk)) as (daemon, lines):
            await follows(owner, desk, daemon)
            await shows(daemon)
            assert (await get(daemon.health.port, "/elsewhere"))[0] == 404
        assert lines.events()[-1] == "ended"
        assert desk.alarms == []
        assert not [line for line in lines.lines if line["level"] == "error"]


async def follows(owner: Owner, desk: Desk, daemon: Daemon) -> None:
    """It takes what is published, each batch once."""
    status, body = await get(daemon.health.port, "/ready")
    assert (status, json.loads(body)["lists"][0]["status"]) in ((503, "SYNCING"), (503, "CURRENT"))
    for number in (1, 2, 3):
        await owner.publish(entry(number))
        await owner.hear()
        await until(lambda: desk.equals(owner))
    await until(lambda: not daemon.condition.lagging() and daemon.condition.expiries != ())
    # The owner is told by acknowledgements that go out behind the messages.
    await until(lambda: not desk.agent.alarms())


async def shows(daemon: Daemon) -> None:
    """What it shows is what it knows, and every expiry has its series."""
    status, body = await get(daemon.health.port, "/ready")
    assert (status, json.loads(body)["ready"]) == (200, True)
    assert (await get(daemon.health.port, "/live"))[0] == 200
    status, body = await get(daemon.health.port, "/metrics")
    found = {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    whats = {key[2] for key in found if key[0] == "comity_expiry_seconds"}  # labels: name, what
    assert {"tls-certificate", "tls-key", "desk-key", "member-key", "agreement", "hub-ca", "hub-certificate"} <= whats
    assert all(value > 0 for key, value in found.items() if key[0] == "comity_expiry_seconds")
    (shown,) = [one for one in daemon.condition.expiries if one.what is What.HUB_CERTIFICATE]
    assert shown.renews_days == 15  # of thirty: the hub sees to that itself, and nobody is told before
    listed = daemon.condition.lists[0]
    assert found["comity_list_sequence", listed.list_id, listed.owner] == listed.sequence > 0
    assert found["comity_list_current", listed.list_id, listed.owner] == 1


async def test_an_alarm_reaches_the_agencys_own_program_once_and_ends_with_its_cause(tmp_path: Path) -> None:
    async with desks(tmp_path) as (_, (desk,)):
        told = tmp_path / "told"
        command = Alarms(command=("/bin/sh", "-c", f'echo "$0 $1" >> {told}'))
        wanted = Follow(lists=(Wanted(owner=desk.key.owner, list_id=desk.key.list_id.hex()),))
        config = settings(desk, alarms=command, follow=wanted, disk_free_megabytes=10**9)
        async with running(desk, config) as (daemon, _):
            await until(lambda: daemon.condition.alarms == 2)
            await until(lambda: told.exists() and told.read_text().count("\n") == 2)
            daemon.reload(settings(desk, alarms=command, follow=wanted))
            await until(lambda: daemon.condition.alarms == 1)
            # A person subscribes: nothing is awaited any more.
            await desk.agent.flush()
            analyst = desk.subscriber.analyst
            await analyst.refresh()
            body = payload_pb2.SubscribeList(
                list_id=desk.key.list_id, contact=payload_pb2.Contact(name="Lee", telephone="+85211112222")
            )
            await analyst.send((await analyst.subscribe(desk.listed.terms.case_id.hex(), body)).id)
            await until(lambda: daemon.condition.alarms == 0)
        kinds = sorted(line.split(" ", 1)[0] for line in told.read_text().splitlines())
        assert kinds == [AlarmKind.LIST_AWAITED, AlarmKind.NOT_FIT]


async def test_a_hub_of_the_release_before_is_said_plainly_and_everything_else_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        # Release 0.1 has the tables of one family.
        before = {Family.REFERRAL: REFERRAL}
        monkeypatch.setattr(submitting, "apply", lambda leg, action, now: apply(leg, action, now, before))
        async with running(desk, settings(desk)) as (daemon, lines):
            await until(lambda: desk.equals(owner))
            gap = Gap(desk.agent.clock(), desk.listed.sequence + 1, desk.listed.sequence + 1, "is missing")

            def is_refused() -> bool:
                if daemon.follower.gaps.of(desk.key) is None:  # what was applied last may close it once more
                    daemon.follower.gaps.open(desk.key, gap)
                return not daemon.condition.offered

            await until(is_refused)
            await until(lambda: AlarmKind.NOT_FIT in {alarm.kind for alarm in desk.agent.alarms()})
            assert (await get(daemon.health.port, "/live"))[0] == 200
            assert json.loads((await get(daemon.health.port, "/ready"))[1])["family_offered"] is False
            # The hub is updated: what comes is taken.
            monkeypatch.setattr(submitting, "apply", apply)
            await owner.publish(entry(2))
            await until(lambda: desk.equals(owner) and daemon.condition.offered)
            await until(lambda: not desk.agent.alarms())
        assert "a loop failed and begins again" not in lines.events()


async def test_one_process_publishes_what_people_signed_and_answers_subscribers_by_itself(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await owner.office.hire(Role.AGENT)
        agent = await owner.office.as_(Role.AGENT)
        await agent.refresh()
        config = Config(home=owner.office.home.path, observe=Observe(listen=""))
        with contextlib.closing(ScreeningStore.open(config.store_path)) as store:
            lines = Lines()
            daemon = Daemon(agent, store, config, Journal(agent.clock, lines))  # type: ignore[arg-type]
            task = asyncio.create_task(daemon.run())
            await desk.subscribe()
            found = owner.sign(entry(1))
            if found.people == 2:
                owner.approve(found)
            async with asyncio.timeout(30):
                while not (desk.held() and desk.equals(owner)):
                    await desk.pull()
            daemon.stop.set()
            await task
        assert daemon.condition.counts["published"] >= 1
        assert lines.events()[-1] == "ended"
        assert "a loop failed and begins again" not in lines.events()
