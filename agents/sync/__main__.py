"""`comity-sync`: the unattended agent of a desk as a process, its state, and what stands against its going on.

Never does: take a secret from the command line or the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from comity.errors import CannotOpenError, ComityError
from comity.hardening import harden_process

from agents import keyprocess, passphrases
from agents.client import Client, now_ms
from agents.home import Home
from agents.joining import genesis_ca
from agents.keys import Keys, LocalKeys
from agents.passphrases import PassphraseError
from agents.sync import loops
from agents.sync.condition import Condition
from agents.sync.config import Config, ConfigError, load_config
from agents.sync.daemon import Daemon
from agents.sync.doctor import Gravity, examine, gravest
from agents.sync.expiries import expiries, hub_certificates
from agents.sync.journal import Journal
from agents.sync.screening.reading import ScreeningReader, ScreeningStoreError
from agents.sync.screening.store import ScreeningStore
from agents.sync.stores import conditions_of

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

EXIT_FAILED: Final = 1
"""It did not start, or ended by a fault."""
EXIT_SETTINGS: Final = 78
"""The settings cannot be used: starting again does not help."""

HEAD_DIGITS: Final = 16
"""Digits of a head that are shown to a person; all 64 are with `--json`, as in `comity watchlist show --json`."""

ConfigFile = Annotated[Path, typer.Option("--config", help="The settings, TOML.")]
PassphraseFd = Annotated[int | None, typer.Option(help="Read the passphrase from this descriptor.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]


@app.callback()
def about() -> None:
    """Follows watchlists for one desk, keeps the screening store, publishes the desk's own lists. Unattended."""


@app.command()
def run(
    config: ConfigFile,
    *,
    passphrase_fd: PassphraseFd = None,
    ready_file: Annotated[Path | None, typer.Option(help="File to write the health port to when begun.")] = None,
) -> None:
    """Runs until SIGTERM; reads the settings again at SIGHUP."""
    harden_process()
    settings = _settings(config)

    async def body(client: Client) -> None:
        store = ScreeningStore.open(settings.store_path)
        try:
            daemon = Daemon(client, store, settings, Journal(now_ms))
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, daemon.stop.set)
            loop.add_signal_handler(signal.SIGHUP, lambda: _reload(daemon, config))
            await daemon.run(lambda: _told(ready_file, daemon.health.port))
        finally:
            store.close()

    _online(settings, passphrase_fd, body)


@app.command()
def status(config: ConfigFile, *, as_json: AsJson = False) -> None:
    """Shows every list as it is held here. Needs neither hub nor passphrase."""
    settings = _settings(config)
    try:
        with contextlib.closing(ScreeningReader.open(settings.store_path)) as reader:
            lists = conditions_of(reader, settings)
    except ScreeningStoreError as error:
        _fail(str(error), EXIT_FAILED)
    now = now_ms()
    if as_json:
        shown = [
            {
                "owner": one.owner,
                "list": one.list_id,
                "status": one.status,
                "followed": one.followed,
                "sequence": one.sequence,
                "head": one.head or None,
                "entries": one.entries,
                "batch_time": one.batch_time or None,
                "age_seconds": (now - one.batch_time) // 1000 if one.batch_time else None,
                "last_heard": one.last_heard or None,
            }
            for one in lists
        ]
        typer.echo(json.dumps(shown, indent=2))
        return
    for one in lists:
        said = "no batch yet"
        if one.batch_time:
            age = (now - one.batch_time) // 60_000
            said = f"batch {one.sequence}, head {one.head[:HEAD_DIGITS]}, {one.entries} entries, {age} minutes old"
        typer.echo(f"{one.status:8}  {one.owner}  {one.list_id}  {said}")
    if not lists:
        typer.echo("No list was offered to this desk.")


@app.command()
def doctor(config: ConfigFile, *, passphrase_fd: PassphraseFd = None, as_json: AsJson = False) -> None:
    """Names what ends soon and what does not work. Exit code 0: nothing to do; 1: soon; 2: now."""
    settings = _settings(config)
    worst = Gravity.GOOD

    async def body(client: Client) -> None:
        nonlocal worst
        now = now_ms()
        condition = Condition(started=now)
        reached = True
        try:
            head = await client.refresh()
            condition.clock_offset_ms = client.clock() - head.time
        except ComityError:
            reached = False
        with (
            contextlib.suppress(ScreeningStoreError),
            contextlib.closing(ScreeningReader.open(settings.store_path)) as reader,
        ):
            condition.lists = conditions_of(reader, settings)
        shown = await asyncio.to_thread(hub_certificates, client.home.endpoints, genesis_ca(client.store))
        condition.expiries = (*expiries(client, now), *shown)
        condition.alarms = len(client.alarms())
        found = examine(settings, condition, now, reached=reached)
        worst = gravest(found)
        for one in found:
            if as_json:
                line = {"gravity": one.gravity.name, "what": one.what, "name": one.name, "text": one.text}
                typer.echo(json.dumps(line))
            else:
                typer.echo(f"{one.gravity.name:4}  {one.what}  {one.name}  {one.text}")

    _online(settings, passphrase_fd, body)
    raise typer.Exit(int(worst))


def main() -> None:
    """Runs the program; the entry point."""
    app()


def _settings(path: Path) -> Config:
    try:
        return load_config(path)
    except ConfigError as error:
        _fail(str(error), EXIT_SETTINGS)


def _reload(daemon: Daemon, path: Path) -> None:
    try:
        daemon.reload(load_config(path))
    except ConfigError as error:
        daemon.journal.say("settings not read again", level="error", reason=str(error))


def _told(ready_file: Path | None, port: int) -> None:
    if ready_file is not None:
        ready_file.write_text(f"{port}\n")


def _online(settings: Config, passphrase_fd: int | None, body: Callable[[Client], Awaitable[None]]) -> None:
    """Opens home and keys, and runs something with a client."""
    try:
        home = Home.load(settings.home)
        member = settings.member or _only_member(home)
        keys = _keys(settings, home, member, passphrase_fd)
    except CannotOpenError:
        _fail("the key file does not open: wrong passphrase, or damaged", EXIT_FAILED)
    except ComityError as error:
        _fail(error.diagnostics(), EXIT_FAILED)

    async def opened() -> None:
        async with await Client.open(home, keys, patience_seconds=settings.patience_seconds) as client:
            await body(client)

    try:
        loops.run(opened())
    except ComityError as error:
        _fail(error.diagnostics(), EXIT_FAILED)
    except OSError:
        _fail("an address of the settings cannot be listened on, or a file not be read", EXIT_FAILED)
    finally:
        keys.close()


def _keys(settings: Config, home: Home, member: str, passphrase_fd: int | None) -> Keys:
    """Returns the member's keys: by a descriptor, by a credential of systemd, or of its key process."""
    if passphrase_fd is not None:
        return LocalKeys.open(home, member, passphrases.from_fd(passphrase_fd))
    try:
        passphrase = passphrases.from_credential(settings.credential)
    except PassphraseError:
        return keyprocess.connect(home, member)
    return LocalKeys.open(home, member, passphrase)


def _only_member(home: Home) -> str:
    members = home.members()
    if len(members) != 1:
        raise ConfigError("the home has several members: name one in the settings, `member`")
    return members[0]


def _fail(text: str, code: int) -> NoReturn:
    typer.echo(f"comity-sync: {text}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
