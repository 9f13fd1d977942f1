"""`comity desk …`: the key that mail to a desk is sealed to, who holds it, who renews it, and the duty telephone.

Never does: send a desk's private key through the hub.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents.accepting import accept_grants
from agents.admin import Admin
from agents.cli.catalogue import t
from agents.cli.exits import UsageError
from agents.cli.lists import Languages, spoken
from agents.cli.session import Session, read_file, write_file
from agents.client import Client
from agents.grants import parse_grant

app = typer.Typer(name="desk", help="The desk's key, its duty telephone, and who renews it.", no_args_is_help=True)

RootFile = Annotated[Path | None, typer.Option("--root", help="Sign with the agency's root instead of an admin's key.")]


@app.command("publish")
def publish(
    ctx: typer.Context,
    at_once: Annotated[bool, typer.Option("--at-once", help="It begins now, not a day ahead.")] = False,
    root: RootFile = None,
) -> None:
    """Publish the desk's next key and grant it to every live member of the desk."""
    session = Session.of(ctx)
    opened = session.root(root)

    async def body(client: Client) -> None:
        await client.refresh()
        epoch = await Admin(client, opened).publish_desk_key(at_once=at_once)
        session.screen.say(t("{desk} has key number {epoch}.", desk=client.desk, epoch=epoch), "bold green")
        session.screen.result({"desk": client.desk, "epoch": epoch})

    session.online(body)


@app.command("grant")
def grant(
    ctx: typer.Context,
    member: Annotated[str, typer.Argument(help="Member id.", metavar="MEMBER")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the grants, for a member's other home.")] = None,
) -> None:
    """Grant the desk's keys to a member again."""
    session = Session.of(ctx)
    if out is not None and not out.is_dir():
        raise UsageError(t("There is no such folder: {path}", path=out))

    async def body(client: Client) -> None:
        await client.refresh()
        files = []
        for data in Admin(client).grant(member):
            if out is not None:
                found = parse_grant(data)
                path = out / f"{found.desk.replace('/', '.')}.{found.label}.grant"
                write_file(path, data)
                files.append(str(path))
                session.screen.say(t("Written: {path}", path=path))
        session.screen.say(t("{member} holds the desk's keys.", member=member), "bold green")
        session.screen.result({"member": member, "desk": client.desk, "files": files})

    session.online(body)


@app.command("accept")
def accept(
    ctx: typer.Context,
    *,
    file: Annotated[list[Path], typer.Argument(help="Grants as the admin handed them over.", metavar="FILE…")],
) -> None:
    """Take grants of the desk's key that were made in another home."""
    session = Session.of(ctx)
    files = [read_file(path) for path in file]

    async def body(client: Client) -> None:
        grants = await accept_grants(client, files)
        opened = [{"desk": g.desk, "epoch": g.epoch if g.archive is None else 0, "archive": g.archive} for g in grants]
        session.screen.say(t("{n} of {all} grants open with your keys.", n=len(grants), all=len(files)), "bold green")
        session.screen.result({"accepted": opened, "files": len(files)})

    session.online(body)


@app.command("contact")
def contact(
    ctx: typer.Context,
    *,
    telephone: Annotated[str, typer.Option(help="Duty telephone, day and night: +85212345678.")],
    hours: Annotated[str, typer.Option(help="When the telephone is answered.")] = "24/7",
    language: Languages = None,  # typer copies it
    root: RootFile = None,
) -> None:
    """Publish the desk's duty telephone: the only number that others will call back."""
    session = Session.of(ctx)
    opened = session.root(root)

    async def body(client: Client) -> None:
        await client.refresh()
        await Admin(client, opened).contact(telephone=telephone, hours=hours, languages=spoken(language))
        session.screen.say(t("Others now call {telephone}.", telephone=telephone), "bold green")
        session.screen.result(
            {"desk": client.desk, "telephone": telephone, "hours": hours, "languages": list(spoken(language))}
        )

    session.online(body)


@app.command("delegate")
def delegate(
    ctx: typer.Context,
    *,
    member: Annotated[str, typer.Argument(help="Member id, for example the agent's.", metavar="MEMBER")],
    days: Annotated[int, typer.Option("--days", min=1, help="For how many days.")] = 400,
    root: RootFile = None,
) -> None:
    """Let a member renew this desk's keys by itself while it watches. It may sign nothing else."""
    session = Session.of(ctx)
    opened = session.root(root)

    async def body(client: Client) -> None:
        await client.refresh()
        await Admin(client, opened).delegate(member, valid_days=days)
        session.screen.say(t("{member} renews the keys of {desk}.", member=member, desk=client.desk), "bold green")
        session.screen.result({"member": member, "desk": client.desk, "valid_days": days})

    session.online(body)
