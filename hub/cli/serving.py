"""`comity-hub serve`: the hub as a process.

Never does: take a secret from the command line.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from comity.hardening import harden_process

from hub.building import StartError
from hub.cli import store
from hub.cli.ceremony import KEY_FILE, Config, DatabaseUrl, Home, PassphraseFd
from hub.cli.failures import EXIT_BEHIND, CommandError, in_words, say
from hub.cli.files import read_file, write_file
from hub.cli.passphrases import passphrase
from hub.config import Settings, load_settings
from hub.directory.service import ROLLED_BACK
from hub.log.domain import KeyRetiredError
from hub.log.guard import GO_ON, ForkGuardError
from hub.log.seen import LOST
from hub.policy import PolicyError
from hub.server import build
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
        store.check(settings.database)
        given = passphrase(passphrase_fd, "the hub's keys", credential=True)
        keys = HubKeys.open(given, read_file(settings.home / KEY_FILE))
        if not granted.no_core_dump:
            typer.echo("comity-hub: this system does not let core dumps be switched off", err=True)
        try:
            reason = _run(_serve(settings, keys, ready_fd, ready_file))
        except (StartError, PolicyError) as error:
            if isinstance(error.__cause__, ForkGuardError | KeyRetiredError):
                say(f"does not start: {error}")
                raise typer.Exit(EXIT_BEHIND) from None
            raise CommandError(f"does not start: {error}") from None
        if reason in (ROLLED_BACK, LOST):
            say(f"stopped serving: {reason}. {GO_ON}")
            raise typer.Exit(EXIT_BEHIND)
        if reason:
            raise CommandError(f"stopped serving: {reason}")


def _run(serving: Coroutine[Any, Any, str]) -> str:
    """Runs the server's event loop: libuv's where there is one, which costs a call a quarter less of it."""
    if sys.platform == "win32":
        return asyncio.run(serving)
    import uvloop  # noqa: PLC0415 # not on every system

    return uvloop.run(serving)


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
