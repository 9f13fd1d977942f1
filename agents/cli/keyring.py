"""`comity keyring …`: copies of keys for the safe, the root's two custodians, another passphrase.

Never does: write a key that is not under a passphrase.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from comity.errors import CannotOpenError

from agents import escrow, keyprocess
from agents.cli.catalogue import t
from agents.cli.exits import WrongPassphraseError
from agents.cli.session import Session, fresh, read_file, write_file
from agents.keyring import backup, change_passphrase, restore, save_root

app = typer.Typer(name="keyring", help="Copies of keys for the safe, and passphrases.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="File to write; it must not exist yet.")]


@app.command("list")
def list_keyrings(ctx: typer.Context) -> None:
    """Show whose keys lie in this home, and whether they are unlocked."""
    session = Session.of(ctx)
    found = [(member, keyprocess.status(session.home, member)) for member in session.home.members()]
    rows = [(member, t("unlocked") if state else t("locked")) for member, state in found]
    session.screen.table((t("Member"), t("Keys")), rows)
    session.screen.result({"keyrings": [{"member": member, "unlocked": state is not None} for member, state in found]})


@app.command("backup")
def make_backup(ctx: typer.Context, out: Out) -> None:
    """Write your keys and the desk's to a file for the safe, under a passphrase of its own."""
    session = Session.of(ctx)
    fresh(out)
    member = session.member()
    passphrase = session.member_passphrase(member)
    second = session.passphrase(t("the backup"), new=True)
    try:
        data = backup(session.home, member, passphrase, second)
    except CannotOpenError:
        raise WrongPassphraseError(t("The keyring does not open: wrong passphrase, or damaged.")) from None
    write_file(out, data)
    session.screen.say(t("Written: {path}. Put it and its passphrase in two different safes.", path=out), "bold green")
    session.screen.result({"member": member, "file": str(out)})


@app.command("restore")
def restore_backup(
    ctx: typer.Context, *, file: Annotated[Path, typer.Argument(help="The backup file.", metavar="FILE")]
) -> None:
    """Put the keys of a backup back into this home, under a new passphrase."""
    session = Session.of(ctx)
    data = read_file(file)
    first = session.passphrase(t("the backup"))
    second = session.passphrase(t("the restored keyring"), new=True)
    try:
        member = restore(session.home, data, first, second)
    except CannotOpenError:
        raise WrongPassphraseError(t("The backup does not open: wrong passphrase, or damaged.")) from None
    session.screen.say(t("{member} is restored.", member=member), "bold green")
    session.screen.next(session.command("unlock", member))
    session.screen.result({"member": member})


@app.command("escrow")
def split_root(
    ctx: typer.Context,
    *,
    root: Annotated[Path, typer.Option(help="File of the agency's root.")],
    first: Annotated[Path, typer.Option("--out-a", help="File of the first custodian.")],
    second: Annotated[Path, typer.Option("--out-b", help="File of the second custodian.")],
) -> None:
    """Split a copy of the root between two custodians; neither file says anything alone."""
    session = Session.of(ctx)
    fresh(first)
    fresh(second)
    opened = session.root(root)
    if opened is None:
        raise WrongPassphraseError(t("The root file does not open: wrong passphrase, or damaged."))
    words = (
        session.passphrase(t("the first custodian's file"), new=True),
        session.passphrase(t("the second custodian's file"), new=True),
    )
    for path, data in zip((first, second), escrow.split(opened, *words), strict=True):
        write_file(path, data)
        session.screen.say(t("Written: {path}", path=path))
    session.screen.say(t("Give each file to its custodian. Both are needed to restore the root."), "bold")
    session.screen.result({"agency": opened.agency, "files": [str(first), str(second)]})


@app.command("join")
def join_root(
    ctx: typer.Context,
    *,
    first: Annotated[Path, typer.Argument(help="File of one custodian.", metavar="FILE-A")],
    second: Annotated[Path, typer.Argument(help="File of the other custodian.", metavar="FILE-B")],
    out: Out,
) -> None:
    """Restore the root from both custodians' files."""
    session = Session.of(ctx)
    fresh(out)
    data = (read_file(first), read_file(second))
    words = (
        session.passphrase(t("the first custodian's file")),
        session.passphrase(t("the second custodian's file")),
    )
    chosen = session.passphrase(t("the restored root"), new=True)
    try:
        root = escrow.join(data[0], words[0], data[1], words[1])
    except CannotOpenError:
        raise WrongPassphraseError(
            t("The root cannot be joined: a wrong passphrase, or files that do not belong together.")
        ) from None
    save_root(out, root, chosen)
    session.screen.say(t("The root of {agency} is restored: {path}", agency=root.agency, path=out), "bold green")
    session.screen.result({"agency": root.agency, "file": str(out)})


@app.command("passphrase")
def new_passphrase(ctx: typer.Context) -> None:
    """Choose another passphrase for your keys."""
    session = Session.of(ctx)
    member = session.member()
    old = session.member_passphrase(member)
    chosen = session.passphrase(t("{member}, the new one", member=member), new=True)
    try:
        change_passphrase(session.home, member, old, chosen)
    except CannotOpenError:
        raise WrongPassphraseError(t("The keyring does not open: wrong passphrase, or damaged.")) from None
    session.screen.say(t("Changed. Copies of the old file still open with the old passphrase."), "bold green")
    session.screen.result({"member": member})
