"""The hub is upgraded under traffic: old and new process side by side across a migration that expands and one that
contracts. Nothing is lost, nothing is there twice, and nothing is taken away from a process that needs it.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from comity.checkpoint import verify_checkpoint
from comity.merkle import verify_consistency
from comity.receipts import Receipt, receipt_from_wire, verify_receipt
from comity.v1 import envelope_pb2

from agents.session import Session
from tests.support.commands import hub_command
from tests.support.databases import alembic_config
from tests.support.world import make_world
from tests.system.processes import hub_home, twin, until

OLD = "tests.system.release_one"


class Traffic:
    """Clients that go on sending, whatever is done to the hub."""

    def __init__(self, session: Session, envelope: Callable[[], envelope_pb2.Envelope]) -> None:
        self.receipts: list[Receipt] = []
        self._stopping = False
        self._session, self._envelope = session, envelope
        self._tasks = [asyncio.create_task(self._send()) for _ in range(4)]
        self.sent = 0

    async def _send(self) -> None:
        while not self._stopping:
            self.sent += 1
            self.receipts.append(await self._session.submit(self._envelope()))
            await asyncio.sleep(0.05)

    async def more(self, count: int = 8) -> None:
        """Waits until so many more were taken."""
        goal = len(self.receipts) + count
        await until(lambda: len(self.receipts) >= goal, 60)

    async def end(self) -> None:
        """Sends nothing more, and waits for what was sent."""
        self._stopping = True
        await asyncio.gather(*self._tasks)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL], ids=["asked", "killed"])
async def test_a_release_follows_another_under_traffic(
    migrated_postgres_url: str, tmp_path: Path, ending: signal.Signals
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    url = migrated_postgres_url
    async with hub_home(url, tmp_path, world) as old:
        command.downgrade(alembic_config(url), "0001")
        new = twin(old, "new")
        old.program = OLD
        try:
            await old.start()
            view = old.view()
            # The new one's address is known before it serves: clients have the list from the beginning.
            new.port = free_port()
            both = [old.address, new.address]
            session = old.session("sfc/intake", endpoints=both, patience=120)
            early = await session.get_checkpoint("exchange")
            traffic = Traffic(session, lambda: world.envelope(view))
            await traffic.more()

            # The new release does not serve the old schema, and says what is to be done.
            refused = await asyncio.to_thread(hub_command, "serve", "--home", new.home, "--database-url", url, code=1)
            assert "comity-hub migrate" in refused
            # 1. Expand, under traffic. The old process goes on.
            said = await asyncio.to_thread(hub_command, "migrate", "--database-url", url)
            assert "database at schema 0002" in said
            assert "migrate --contract" in said
            await traffic.more()
            # 2. The new process beside it: both write. Clients that ask for the new one get it.
            await new.start()
            direct = new.session("sfc/intake", endpoints=[new.address])
            newly = [await direct.submit(world.envelope(view)) for _ in range(8)]
            await traffic.more()
            # 3. Nothing is taken away while the old one serves.
            contract = ("migrate", "--database-url", url, "--contract")
            assert "(1)" in await asyncio.to_thread(hub_command, *contract, code=1)
            assert old.rows("SELECT version_num FROM alembic_version") == [("0002",)]
            await traffic.more()
            # 4. The old one ends, asked or not: its clients go on to the new one by themselves.
            assert await old.stop(ending) == (0 if ending is signal.SIGTERM else -signal.SIGKILL)
            await traffic.more()
            # 5. Contract, under traffic, and expand by what waited behind it.
            assert "database at schema 0005" in await asyncio.to_thread(hub_command, *contract)
            await traffic.more()
            await traffic.end()

            receipts = [*traffic.receipts, *newly]
            assert len(traffic.receipts) == traffic.sent
            verified = [verify_receipt(receipt, world.exchange_origin, [world.log_key.public]) for receipt in receipts]
            assert len({one.receipt.index for one in verified}) == len(receipts)
            assert new.rows("SELECT count(*), count(DISTINCT message_hash) FROM envelopes") == [(len(receipts),) * 2]
            reader = new.session("hkma/intake", endpoints=[new.address])
            items = [a.item async for a in reader.read_feed(0, follow=False) if a.HasField("item")]
            assert [item.number for item in items] == list(range(1, len(receipts) + 1))
            assert {receipt_from_wire(item.receipt).leaf for item in items} == {one.leaf for one in receipts}
            late = await direct.get_checkpoint("exchange")
            first, last = [verify_checkpoint(n, world.exchange_origin, world.log_key.public) for n in (early, late)]
            path = await direct.get_consistency("exchange", first.size, last.size)
            verify_consistency(first.size, last.size, first.root, last.root, path)
            assert await new.stop() == 0
            assert new.fsck() == []
        finally:
            await new.close()


def free_port() -> int:
    """Returns a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
