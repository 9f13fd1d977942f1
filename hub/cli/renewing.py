"""`comity-hub next-key`: makes the key that is to sign the logs, or heads, next, beside the one that does.

A next key that lay in a file which somebody may have copied is theirs, too: `--anew` puts another in its place. It says
of each when it was made.

It counts for nothing until two operators have said so (`operator replace-key`): then every process that holds it signs
with it from that entry on. A process that does not hold it ends; so the file is copied, and processes are started
again, before the operators sign.

Never does: sign, change the directory.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from comity.keys import SigningKey

from hub.cli import store
from hub.cli.ceremony import KEY_FILE, Config, DatabaseUrl, Home, PassphraseFd
from hub.cli.failures import CommandError, in_words
from hub.cli.files import read_file, write_file
from hub.cli.passphrases import passphrase
from hub.cli.rpc import HubKeyUse
from hub.clock import SystemClock
from hub.config import Settings, load_settings
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.log.domain import OLDER_THAN_KEYS, KeyNotHeldError, KeyRetiredError, LogKeys
from hub.vault import HubKeys

Anew = Annotated[bool, typer.Option("--anew", help="Make another in the place of the one that lies there.")]
NewPassphrase = Annotated[bool, typer.Option("--new-passphrase", help="Seal the key file under another passphrase.")]
NewPassphraseFd = Annotated[int | None, typer.Option(help="File descriptor to read that passphrase from.")]


def next_key(
    use: Annotated[HubKeyUse, typer.Argument(help="What it signs: the logs' checkpoints, or heads.")],
    home: Home = None,
    *,
    database_url: DatabaseUrl = None,
    config: Config = None,
    passphrase_fd: PassphraseFd = None,
    anew: Anew = False,
    new_passphrase: NewPassphrase = False,
    new_passphrase_fd: NewPassphraseFd = None,
) -> None:
    """Makes the hub's next log or head key, once: typed again it prints the same, until the operators have signed."""
    with in_words():
        settings = load_settings(config, home=home, database_url=database_url)
        store.check(settings.database)
        file = settings.home / KEY_FILE
        given = passphrase(passphrase_fd, "the hub's keys")
        keys = HubKeys.open(given, read_file(file))
        sealing = given
        if new_passphrase or new_passphrase_fd is not None:
            sealing = passphrase(new_passphrase_fd, "the hub's keys from now on", new=True)
        found = replace(keys, logs=asyncio.run(_settled(settings, keys)))
        left = with_next(found, use, SystemClock().now_ms() // 1000, anew=anew)
        if left != keys or sealing != given:
            write_file(file, left.seal(sealing), private=True)
        made = left.logs.next_log if use is HubKeyUse.LOG else left.logs.next_head
        public = b"" if made is None else made.public
        typer.echo(f"next {use.value} key: {public.hex()}")
        typer.echo(f"made {_date(left.next_made.get(use.value))}; after a theft make another with --anew")
        typer.echo(f"it lies in {file}; copy that file to every home of this hub, and start each process again")
        typer.echo(f"then two operators: `comity-hub operator replace-key {use.value} {public.hex()} …`")


def _date(seconds: int | None) -> str:
    if seconds is None:
        return "at a time that is not known"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


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
    except KeyRetiredError:
        raise CommandError(OLDER_THAN_KEYS) from None
    except KeyNotHeldError:
        raise CommandError("the key file is not the one the directory names") from None


def with_next(keys: HubKeys, use: HubKeyUse, now: int, *, anew: bool = False) -> HubKeys:
    """Returns the keys with a next one of a use, made where there is none.

    Args:
        keys: of the hub, those in their place that the directory names.
        use: what the next key signs.
        now: Unix seconds.
        anew: make one in the place of the one that is there. That one is kept as dropped: a statement that names it may
            be under way, and a log whose key is in no file has ended.
    """
    held = keys.logs
    present = held.next_log if use is HubKeyUse.LOG else held.next_head
    if present is not None and not anew:
        return keys
    made, dropped = SigningKey.generate(), () if present is None else (present,)
    if use is HubKeyUse.LOG:
        logs = replace(held, next_log=made, dropped=(*dropped, *held.dropped))
    else:
        logs = replace(held, next_head=made, dropped_heads=(*dropped, *held.dropped_heads))
    return replace(keys, logs=logs, next_made={**keys.next_made, use.value: now})
