"""`comity-hub next-key`: makes the key that is to sign the logs, or heads, next, beside the one that does.

It counts for nothing until two operators have said so (`operator replace-key`): then every process that holds it signs
with it from that entry on. A process that does not hold it ends; so the file is copied, and processes are started
again, before the operators sign.

Never does: sign, change the directory.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

import typer
from comity.keys import SigningKey

from hub.cli import store
from hub.cli.ceremony import KEY_FILE, Config, DatabaseUrl, Home, PassphraseFd
from hub.cli.failures import CommandError, in_words
from hub.cli.files import read_file, write_file
from hub.cli.passphrases import passphrase
from hub.cli.rpc import HubKeyUse
from hub.config import Settings, load_settings
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.log.domain import KeyNotHeldError, LogKeys
from hub.vault import HubKeys


def next_key(
    use: Annotated[HubKeyUse, typer.Argument(help="What it signs: the logs' checkpoints, or heads.")],
    home: Home = None,
    *,
    database_url: DatabaseUrl = None,
    config: Config = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Makes the hub's next log or head key, once: typed again it prints the same, until the operators have signed."""
    with in_words():
        settings = load_settings(config, home=home, database_url=database_url)
        store.check(settings.database)
        file = settings.home / KEY_FILE
        given = passphrase(passphrase_fd, "the hub's keys")
        keys = HubKeys.open(given, read_file(file))
        logs = _with_next(asyncio.run(_settled(settings, keys)), use)
        if logs != keys.logs:
            write_file(file, replace(keys, logs=logs).seal(given), private=True)
        made = logs.next_log if use is HubKeyUse.LOG else logs.next_head
        public = b"" if made is None else made.public
        typer.echo(f"next {use.value} key: {public.hex()}")
        typer.echo(f"it lies in {file}; copy that file to every home of this hub, and start each process again")
        typer.echo(f"then two operators: `comity-hub operator replace-key {use.value} {public.hex()} …`")


async def _settled(settings: Settings, keys: HubKeys) -> LogKeys:
    """Returns the keys of the logs with those in their place that the directory names by now."""
    database = Database.open(settings.database)
    try:
        directory = HubDirectory()
        await database.read(directory.refresh)
    finally:
        database.close()
    if not directory.current.size or directory.current.state.origin != keys.origin:
        raise CommandError("the database is not of the hub that the key file is of")
    view = directory.view()
    try:
        return keys.logs.settled(view.log_key(), view.head_key())
    except KeyNotHeldError:
        raise CommandError("the key file is not the one the directory names") from None


def _with_next(logs: LogKeys, use: HubKeyUse) -> LogKeys:
    """Returns the keys with a next one of a use, made where there is none."""
    if use is HubKeyUse.LOG:
        return logs if logs.next_log is not None else replace(logs, next_log=SigningKey.generate())
    return logs if logs.next_head is not None else replace(logs, next_head=SigningKey.generate())
