"""The hub's next key by hand: made, copied to every home, named by two operators, and every process signs with it."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import replace
from pathlib import Path

from comity.checkpoint import verify_checkpoint
from comity.directory import parse_statement

from hub.log.domain import LogKeys
from hub.vault import OperatorKeys
from tests.support.commands import hub_command, operator_passphrase, sign
from tests.support.hub import hub_keys
from tests.support.world import World, make_world
from tests.system.processes import CHEAP, PASSPHRASE, HubProcess, hub_home, twin


def operators_files(world: World, folder: Path) -> list[Path]:
    """Lays out what two operators hold; returns the key files."""
    files = []
    for number, operator in enumerate(world.operators[:2], 1):
        file = folder / f"{operator.name}.key"
        keys = OperatorKeys(operator.name, operator.sign_key, operator.tls_key)
        file.write_bytes(keys.seal(operator_passphrase(number).encode()))
        file.with_suffix(".crt").write_bytes(world.certificate(operator.tls_key))
        file.with_suffix(".genesis").write_bytes(parse_statement(world.statements[0]).body)
        files.append(file)
    return files


async def made(hub: HubProcess, code: int = 0) -> str:
    """Runs `comity-hub next-key log` in a home; returns what it said last."""
    before = hub.log.read_text(encoding="utf-8") if hub.log.exists() else ""
    hub.temporary.mkdir(exist_ok=True)
    hub.process = hub._run("next-key", "log", more={})
    assert await hub.ended() == code
    return hub.log.read_text(encoding="utf-8").removeprefix(before)


async def test_two_operators_name_the_hubs_next_key_and_each_process_signs_with_it_at_once(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with hub_home(migrated_postgres_url, tmp_path, world, copied=True) as hub:
        file = hub.home / "hub.key"
        keys = replace(hub_keys(world), logs=LogKeys(world.log_key, world.head_key))
        file.write_bytes(keys.seal(PASSPHRASE, CHEAP))
        lacking, second = twin(hub, "lacking"), twin(hub, "second")
        said = await made(hub)
        found = re.search(r"^next log key: ([0-9a-f]{64})$", said, re.MULTILINE)
        assert found is not None
        # Typed again it is the same one: what operators were told stays so.
        assert await made(hub) == said
        shutil.copy2(file, second.home / "hub.key")
        await asyncio.gather(hub.start(), second.start())

        one, two = operators_files(world, tmp_path)
        statement, new = tmp_path / "replace.statement", found[1]

        def named() -> str:
            words = ["operator", "replace-key", "log", new, "--key", one, "--hub", hub.address, "--out", statement]
            said = hub_command(*words, "--yes", passphrase=operator_passphrase(1))
            return said + sign(2, statement, two, "--hub", hub.address)

        try:
            said = await asyncio.to_thread(named)
            assert f"Another key signs the logs\n  new key: {new}" in said
            assert "appended as entry" in said
            for process in (hub, second):
                note = await process.session("sfc/intake").get_checkpoint("exchange")
                assert verify_checkpoint(note, world.exchange_origin, bytes.fromhex(new))
            assert await second.session("sfc/intake").submit(world.envelope(hub.view()))
            # A home that the file was not copied to does not serve.
            lacking.process = lacking._run("serve", "--listen", "127.0.0.1:0", more={})
            assert await lacking.ended() == 1
            assert "the key file is not the one the directory names" in lacking.log.read_text(encoding="utf-8")
            # The key after that one is another, and the first is kept for what it signed.
            assert new not in await made(twin(hub, "later"))
            assert hub.fsck() == []
        finally:
            await second.close()
            await lacking.close()
