"""Two hub processes on one PostgreSQL: where one goes or falls silent, a client carries on through the other."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import feed_pb2
from comity.workflow.terms import Role

from agents import endpoints, session
from agents.client import Client
from agents.endpoints import Answer
from tests.agents.offices import Office, Town, agree, pin, referral, send_referral
from tests.support.hub import running_hub
from tests.support.line import Line, line_to
from tests.support.world import begin_world

Break = Callable[[Line], Awaitable[None]]


async def cut(line: Line) -> None:
    await line.cut()


async def freeze(line: Line) -> None:
    line.freeze()


@dataclass
class Place:
    """Two hub processes, a line to the first, and two offices that know both, the first one first."""

    sfc: Office
    hkma: Office
    first: Line
    second: str
    """Endpoint of the second."""

    async def sender(self) -> Client:
        """The analyst of the sender, connected through the line."""
        return await self.connected(self.sfc, Role.ANALYST)

    async def connected(self, office: Office, role: Role) -> Client:
        """A colleague, connected through the line.

        On a busy machine the impatience below leaves the first process although nothing is broken: then once more.
        """
        for _ in range(20):
            client = await office.as_(role)
            await client.refresh()
            if client.session.endpoints.present == self.first.address:
                return client
        raise AssertionError("the first process is not reached")

    async def sealed(self, client: Client) -> str:
        """A draft that both have signed."""
        draft = await client.refer("hkma/intake", referral())
        approver = await self.sfc.as_(Role.APPROVER)
        await approver.refresh()
        approver.approve(draft.id, draft.message_hash)
        return draft.id


@contextlib.asynccontextmanager
async def place(folder: Path, url: str) -> AsyncIterator[Place]:
    world = begin_world()
    homes = [folder / "hub-1", folder / "hub-2"]
    for home in homes:
        home.mkdir()
    async with (
        running_hub(url, world, home=homes[0]) as one,
        running_hub(url, world, home=homes[1], statements=()) as two,
        line_to(one.hub.port) as line,
    ):
        here = Town(one.hub, world, folder)
        try:
            sfc, hkma = await here.office("sfc"), await here.office("hkma")
            for role in (Role.ANALYST, Role.APPROVER):
                await sfc.hire(role)
            await hkma.hire(Role.AGENT)
            await agree(sfc, hkma)
            await pin(sfc, hkma)
            await pin(hkma, sfc)
            for office in (sfc, hkma):
                office.home = office.home.changed(endpoints=[line.address, two.address])
            yield Place(sfc, hkma, line, two.address)
        finally:
            for office in here.offices.values():
                await office.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "ATTEMPT_SECONDS", 1.0)
    monkeypatch.setattr(endpoints, "CONNECT_SECONDS", 0.5)


async def test_a_process_that_is_gone_or_silent_is_left_by_whoever_comes_and_whoever_is_connected(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    async with place(tmp_path, migrated_postgres_url) as here:
        for broken in (freeze, cut):
            connected, coming = await here.sender(), await here.sfc.as_(Role.ANALYST)
            await broken(here.first)
            for client in (connected, coming):
                begun = time.monotonic()
                await client.refresh()
                assert time.monotonic() - begun < 6
                assert client.session.endpoints.present == here.second
            here.first.thaw()
        assert (await coming.verify_log()).findings == ()


async def test_calls_that_fail_together_go_on_to_the_next_process_and_not_past_it(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    async with place(tmp_path, migrated_postgres_url) as here:
        client = await here.sender()
        here.first.freeze()
        heads = await asyncio.gather(*(client.session.get_head(None) for _ in range(9)))
        assert len(heads) == 9
        assert client.session.endpoints.present == here.second


async def test_S_08_a_submission_whose_answer_was_lost_is_repeated_elsewhere_and_stands_once(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    async with place(tmp_path, migrated_postgres_url) as here:
        client = await here.sender()
        draft = await here.sealed(client)
        here.first.silence()  # the first process takes it, and nobody hears of it
        sent = await client.send(draft)
        assert client.session.endpoints.present == here.second

        here.first.thaw()
        reader = await here.hkma.as_(Role.AGENT)
        report = await reader.sync()
        assert [item.message for item in report.new] == [sent.message_hash]
        assert (report.quarantined, reader.alarms()) == (0, [])
        log = await reader.verify_log()
        assert (log.findings, log.exchange_size) == ((), sent.log_index + 2)  # the message and its acknowledgement
        await client.sync()
        assert client.alarms() == []


@pytest.mark.parametrize("broken", [cut, freeze])
async def test_D_03_a_live_feed_goes_on_from_its_index_at_the_next_process(
    tmp_path: Path, migrated_postgres_url: str, broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "FEED_IDLE_SECONDS", 1.0)
    async with place(tmp_path, migrated_postgres_url) as here:
        reader, told, starts = await here.connected(here.hkma, Role.AGENT), list[str](), list[int]()
        honest = reader.session.read_feed

        async def counting(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            starts.append(start)
            async for response in honest(start, follow=follow):
                yield response

        reader.session.read_feed = counting  # type: ignore[method-assign]

        async def live(wanted: int) -> None:
            while len(told) < wanted:
                with contextlib.suppress(RefusedError):
                    async for item in reader.live():
                        told.extend([item.message] if item is not None else [])
                        if len(told) >= wanted:
                            break

        sent = [await send_referral(here.sfc, "hkma/intake")]
        await asyncio.wait_for(live(1), 20)
        reading = asyncio.create_task(live(3))
        await asyncio.sleep(0)
        await broken(here.first)
        sent += [await send_referral(here.sfc, "hkma/intake") for _ in range(2)]
        await asyncio.wait_for(reading, 30)

        assert told == sent
        assert starts == sorted(starts)
        assert starts[-1] > starts[0]
        assert (reader.alarms(), reader.session.endpoints.present) == ([], here.second)


async def test_the_preferred_process_is_taken_back_once_it_answers_again(
    tmp_path: Path, migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place(tmp_path, migrated_postgres_url) as here:
        client = await here.sender()
        monkeypatch.setattr(endpoints, "RETURN_SECONDS", 0.0)
        here.first.freeze()
        for _ in range(3):
            await client.refresh()
        assert client.session.endpoints.present == here.second
        silent, answering = await client.session.endpoints.ask()
        assert silent == Answer(here.first.address, None)
        assert (answering.endpoint, answering.seconds is None) == (here.second, False)

        here.first.thaw()
        async with asyncio.timeout(20):
            while client.session.endpoints.present != here.first.address:
                await client.refresh()
                await asyncio.sleep(0.05)
        before = here.first.connections
        await client.refresh()
        assert (await client.session.endpoints.ask())[0].seconds is not None
        assert here.first.connections == before + 1  # that of the question: the client's own is open already


async def test_where_nobody_answers_it_is_said_in_bounded_time(tmp_path: Path, migrated_postgres_url: str) -> None:
    async with place(tmp_path, migrated_postgres_url) as here:
        here.sfc.home = here.sfc.home.changed(endpoints=[here.first.address, "127.0.0.1:9"])
        client = await here.sender()
        here.first.freeze()
        begun = time.monotonic()
        with pytest.raises(RefusedError) as refused:
            await client.refresh()
        assert refused.value.reason is Reason.UNAVAILABLE
        assert time.monotonic() - begun < 10
        here.first.thaw()
        await client.refresh()


async def test_a_list_that_somebody_changed_is_taken_by_what_runs_already(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    async with place(tmp_path, migrated_postgres_url) as here:
        client = await here.sender()
        await client.follow_settings()
        assert client.session.endpoints.present == here.first.address
        here.sfc.home.changed(endpoints=[here.second])
        here.first.freeze()
        await client.follow_settings()
        assert client.session.endpoints.addresses == (here.second,)
        assert (await client.refresh()).directory_size > 0
