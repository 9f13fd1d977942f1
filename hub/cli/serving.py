"""`comity-hub serve` and `fsck`: the hub as a process.

Never does: take a secret from the command line.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from pathlib import Path
from typing import Annotated

import typer
from comity.hardening import harden_process

from hub.cli import store
from hub.cli.ceremony import KEY_FILE, Config, DatabaseUrl, Home, PassphraseFd
from hub.cli.failures import EXIT_FAILED, CommandError, in_words
from hub.cli.files import read_file, write_file
from hub.cli.passphrases import passphrase
from hub.config import Settings, load_settings
from hub.founding import check
from hub.policy import PolicyError
from hub.server import StartError, build
from hub.vault import HubKeys


def serve(
    home: Home = None,
    *,
    listen: Annotated[str | None, typer.Option(help="host:port; port 0 takes a free one.")] = None,
    database_url: DatabaseUrl = None,
    config: Config = None,
    passphrase_fd: PassphraseFd = None,
    ready_fd: Annotated[int | None, typer.Option(help="File descriptor to write the port to when listening.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="File to write the port to when listening.")] = None,
) -> None:
    """Serves until SIGTERM; then finishes what was promised and ends."""
    with in_words():
        granted = harden_process()
        settings = load_settings(config, home=home, listen=listen, database_url=database_url)
        _check_schema(settings)
        given = passphrase(passphrase_fd, "the hub's keys", credential=True)
        keys = HubKeys.open(given, read_file(settings.home / KEY_FILE))
        if not granted.no_core_dump:
            typer.echo("comity-hub: this system does not let core dumps be switched off", err=True)
        try:
            reason = asyncio.run(_serve(settings, keys, ready_fd, ready_file))
        except (StartError, PolicyError) as error:
            raise CommandError(f"does not start: {error}") from None
        if reason:
            raise CommandError(f"stopped serving: {reason}")


def _check_schema(settings: Settings) -> None:
    present, newest = store.revision(settings.database), store.newest(settings.database)
    if present != newest:
        raise CommandError("the database is at another schema than this release's: run `comity-hub migrate`")


async def _serve(settings: Settings, keys: HubKeys, ready_fd: int | None, ready_file: Path | None) -> str:
    hub = await build(settings, keys)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hub.request_stop)
    await hub.start()
    # What was built lives as long as the process; what calls leave behind is mostly freed without the collector.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        typer.echo(f"comity-hub listens on {hub.address}")
        if ready_file is not None:
            write_file(ready_file, f"{hub.port}\n".encode())
        if ready_fd is not None:
            os.write(ready_fd, f"{hub.port}\n".encode())
            os.close(ready_fd)
        return await hub.stopped()
    finally:
        await hub.stop(settings.shutdown_grace_seconds)


def fsck(
    home: Home = None,
    *,
    database_url: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Re-hashes everything that is stored and compares it with the log; names what does not verify."""
    with in_words():
        settings = load_settings(config, home=home, database_url=database_url)
        findings = asyncio.run(check(settings))
        for finding in findings:
            typer.echo(finding)
        if findings:
            raise typer.Exit(EXIT_FAILED)
        typer.echo("everything stored verifies")
