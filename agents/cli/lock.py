"""`comity unlock` and `comity lock`: type a passphrase once, then work.

Never does: keep a passphrase itself. The key process holds the keys, the OS keyring the passphrase where asked to.
"""

from __future__ import annotations

from typing import Annotated

import typer
from comity.errors import CannotOpenError

from agents import keyprocess, passphrases
from agents.cli.catalogue import t
from agents.cli.exits import WrongPassphraseError
from agents.cli.session import Session
from agents.cli.times import seconds

app = typer.Typer()


@app.command()
def unlock(
    ctx: typer.Context,
    *,
    idle: Annotated[
        int | None, typer.Option(min=1, help="Seconds without use until the keys are locked again.")
    ] = None,
    remember: Annotated[bool, typer.Option("--remember", help="Keep the passphrase in the OS keyring.")] = False,
) -> None:
    """Open your keys: type the passphrase once, then work until you are idle."""
    session = Session.of(ctx)
    member = session.member()
    passphrase = session.member_passphrase(member)
    try:
        keyprocess.unlock(session.home, member, passphrase, idle_seconds=idle)
    except CannotOpenError:
        raise WrongPassphraseError(t("The keyring does not open: wrong passphrase, or damaged.")) from None
    if remember:
        passphrases.save_to_os_keyring(session.home, member, passphrase)
    found = keyprocess.status(session.home, member)
    left = int(found.idle_seconds_left) if found else 0
    screen = session.screen
    screen.say(
        t("{member} is unlocked; it locks after {span} without use.", member=member, span=seconds(left)), "bold green"
    )
    screen.result({"member": member, "unlocked": found is not None, "idle_seconds_left": left})


@app.command()
def lock(
    ctx: typer.Context,
    *,
    everyone: Annotated[bool, typer.Option("--all", help="Lock the keys of every member of this home.")] = False,
) -> None:
    """Close your keys now."""
    session = Session.of(ctx)
    members = session.home.members() if everyone else [session.member()]
    locked = [member for member in members if keyprocess.lock(session.home, member)]
    for member in locked:
        session.screen.say(t("{member} is locked.", member=member))
    if not locked:
        session.screen.say(t("Nothing was unlocked."))
    session.screen.result({"locked": locked})
