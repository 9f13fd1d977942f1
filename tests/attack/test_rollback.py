"""A hub put back to an older database: it is stopped by the checkpoint it kept elsewhere, and by its own clients."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from comity.directory.heads import parse_head
from comity.errors import Reason, RefusedError
from sqlalchemy import make_url

from tests.support.postgres import PostgresServer
from tests.support.world import make_world
from tests.system.processes import hub_home

LOG = "SELECT size, root, fence FROM log_heads ORDER BY log"
SIGNED = "SELECT log, size, root FROM log_batches ORDER BY log, size"


def copied(url: str, to: Path, request: pytest.FixtureRequest) -> str:
    """Returns the address of a copy of a database that nobody uses now."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        source, target = sqlite3.connect(str(parsed.database)), sqlite3.connect(to)
        source.backup(target)
        source.close()
        target.close()
        return f"sqlite:///{to}"
    server: PostgresServer = request.getfixturevalue("shared_postgres")
    copy = server.create_database(template=str(parsed.database))
    request.addfinalizer(lambda: server.drop_database(copy))
    return copy


async def test_A_03_a_hub_put_back_to_a_backup_signs_nothing_and_its_clients_find_it_out(
    migrated_database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await hub.start()
        sfc = hub.session("sfc/intake")
        await sfc.submit(world.envelope(hub.view()))
        assert await hub.stop() == 0
        backup = copied(hub.url, tmp_path / "backup.sqlite", request)

        await hub.start()
        for _ in range(3):
            await sfc.submit(world.envelope(hub.view()))
        seen = await sfc.get_head(None)
        assert await hub.stop() == 0

        # The checkpoint beside the database is ahead of it.
        hub.url = backup
        before = hub.rows(LOG), hub.rows(SIGNED)
        with pytest.raises(AssertionError, match="FORK-GUARD"):
            await hub.start()
        assert await hub.ended() > 0
        assert (hub.rows(LOG), hub.rows(SIGNED)) == before

        # Without it, the first client that presents what it was shown.
        checkpoint = hub.home / "checkpoint"
        assert checkpoint.exists()
        checkpoint.unlink()
        await hub.start()
        other = hub.session("hkma/intake", patience=1.0)
        assert parse_head((await other.get_head(None))[0]).exchange_size < parse_head(seen[0]).exchange_size
        late = hub.session("sfc/intake", patience=1.0)
        with pytest.raises(RefusedError) as refused:
            await late.get_head(seen)
        assert refused.value.reason is Reason.UNAVAILABLE
        assert await hub.ended() != 0
        signed = hub.rows(SIGNED)
        assert "own signature on another log" in hub.log.read_text(encoding="utf-8")
        with pytest.raises(RefusedError):
            await other.get_head(None)
        assert hub.rows(SIGNED) == signed
