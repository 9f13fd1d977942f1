"""`comity member …`: the people of this agency, by pseudonym, and the keys they may use.

Never does: hold a person's name; the agency keeps that list elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from comity.v1 import directory_pb2
from comity.workflow.terms import Role

from agents import joining
from agents.admin import Admin
from agents.cli.catalogue import t
from agents.cli.exits import UsageError
from agents.cli.lists import by_code, number_of
from agents.cli.session import Session, fresh, read_file, write_file
from agents.cli.times import now_ms, stamp, when
from agents.cli.words import label, value_code
from agents.client import Client
from agents.keyring import MemberKeyring, new_member_id

app = typer.Typer(name="member", help="The people of this agency and their keys.", no_args_is_help=True)

RootFile = Annotated[Path | None, typer.Option("--root", help="Sign with the agency's root instead of an admin's key.")]
Roles = Annotated[
    list[str],
    typer.Option(
        "--role", help="Role; may be repeated: analyst, approver, supervisor, duty-desk, agent, auditor, admin."
    ),
]
Desks = Annotated[list[str], typer.Option("--desk", help="Desk; may be repeated; else this home's.")]
Days = Annotated[int, typer.Option("--days", min=1, help="For how many days.")]


def _request(session: Session) -> tuple[str, bytes]:
    member = new_member_id(session.home.agency)
    passphrase = session.passphrase(t("{member}, chosen by its owner", member=member), new=True)
    MemberKeyring.generate(member).save(session.home, passphrase)
    return member, joining.member_request(session.home, member, passphrase)


def _behind(session: Session, admin: Admin) -> list[str]:
    """Shows which other desks need new keys now, and what to run there. Returns them."""
    desks = admin.behind()
    if desks:
        named = ", ".join(desks)
        why = t("These desks make new keys at their next renewal: {desks}. At once, in each home", desks=named)
        session.screen.next("comity desk publish --at-once", why)
    return desks


@app.command("request")
def request(
    ctx: typer.Context, *, out: Annotated[Path, typer.Option("--out", help="Request to hand to the admin.")]
) -> None:
    """Make keys for a new member in this home, and a request for its admin. The keys stay here."""
    session = Session.of(ctx)
    fresh(out)
    member, data = _request(session)
    write_file(out, data)
    screen = session.screen
    screen.say(t("{member} is made. Hand the request to an admin: {path}", member=member, path=out), "bold green")
    screen.next(f"comity --as ADMIN member certify {out} --role analyst", t("The admin then runs"))
    screen.result({"member": member, "file": str(out)})


@app.command("certify")
def certify(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The new member's request.", metavar="FILE")],
    role: Roles,
    desk: Desks = [],  # noqa: B006 # typer copies it
    days: Days = 365,
    root: RootFile = None,
) -> None:
    """Certify a member's keys and roles, and grant it the desk's key. Renews a member, too, and takes roles away."""
    session = Session.of(ctx)
    data = read_file(file)
    roles = frozenset(by_code(Role, text, "--role") for text in role)
    opened = session.root(root)

    async def body(client: Client) -> None:
        await client.refresh()
        epochs = len(client.directory().desk_keys(client.desk))
        admin = Admin(client, opened)
        certified = await admin.certify(data, roles=sorted(roles), desks=desk, valid_days=days)
        words = ", ".join(label(r) for r in sorted(roles))
        session.screen.say(t("{member} is certified: {roles}.", member=certified, roles=words), "bold green")
        renewed = len(client.directory().desk_keys(client.desk)) > epochs
        if renewed:
            session.screen.say(t("That takes something from this member: {desk} has new keys.", desk=client.desk))
        elif certified in session.home.members():
            session.screen.next(session.command("unlock", certified), t("The new member then runs"))
        result = {"member": certified, "roles": [r.name for r in sorted(roles)], "valid_days": days}
        session.screen.result(result | {"renewed": renewed, "behind": _behind(session, admin)})

    session.online(body)


@app.command("add")
def add(
    ctx: typer.Context,
    *,
    role: Roles,
    desk: Desks = [],  # noqa: B006 # typer copies it
    days: Days = 365,
    root: RootFile = None,
) -> None:
    """Make and certify a new member of this home in one go; its owner types the new passphrase."""
    session = Session.of(ctx)
    roles = frozenset(by_code(Role, text, "--role") for text in role)
    session.member()  # nobody chooses a passphrase before it is known who certifies
    opened = session.root(root)
    acting = session.keys(session.member())
    acting.close()
    member, data = _request(session)

    async def body(client: Client) -> None:
        await client.refresh()
        await Admin(client, opened).certify(data, roles=sorted(roles), desks=desk, valid_days=days)
        words = ", ".join(label(r) for r in sorted(roles))
        session.screen.say(t("{member} is certified: {roles}.", member=member, roles=words), "bold green")
        session.screen.next(session.command("unlock", member), t("The new member then runs"))
        session.screen.result({"member": member, "roles": [r.name for r in sorted(roles)], "valid_days": days})

    session.online(body)


@app.command("revoke")
def revoke(
    ctx: typer.Context,
    *,
    member: Annotated[str, typer.Argument(help="Member id.", metavar="MEMBER")],
    reason: Annotated[str, typer.Option(help="left, compromised, superseded or error.")],
    suspect_from: Annotated[str | None, typer.Option(help="From when its mail is suspect: a date and time.")] = None,
    root: RootFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End a member's keys at once. The desk gets a new key at once, which leaves it out."""
    session = Session.of(ctx)
    why = number_of(directory_pb2.RevocationReason.DESCRIPTOR, reason, "--reason")
    suspect = when(suspect_from) or 0
    opened = session.root(root)
    session.confirm(t("Revoke {member}? It cannot be undone.", member=member), yes=yes)

    async def body(client: Client) -> None:
        await client.refresh()
        admin = Admin(client, opened)
        await admin.revoke(member, why, suspect_from=suspect)
        session.screen.say(t("{member} is revoked.", member=member), "bold green")
        session.screen.result(
            {
                "member": member,
                "reason": value_code(directory_pb2.RevocationReason.DESCRIPTOR, why),
                "suspect_from": suspect or None,
                "behind": _behind(session, admin),
            }
        )

    session.online(body)


@app.command("dispute")
def dispute(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Key id, 64 hexadecimal digits.", metavar="KEY")],
    *,
    root: RootFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Block a key that bears this agency's name though nobody here made it."""
    session = Session.of(ctx)
    try:
        key_id = bytes.fromhex(key)
    except ValueError:
        raise UsageError(t("A key id is 64 hexadecimal digits.")) from None
    opened = session.root(root)
    session.confirm(t("Block this key? It only blocks; nothing unblocks it."), yes=yes)

    async def body(client: Client) -> None:
        await client.refresh()
        await Admin(client, opened).dispute(key_id)
        session.screen.say(t("The key is blocked."), "bold green")
        session.screen.result({"key": key})

    session.online(body)


@app.command("list")
def list_members(ctx: typer.Context) -> None:
    """Show the members of this agency: roles, desks, and until when."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await client.refresh()
        found = client.directory().members_of(client.agency, now_ms())
        here = set(session.home.members())
        rows = [
            (
                m.member,
                ", ".join(label(role) for role in sorted(m.roles)),
                ", ".join(sorted(m.desks)),
                stamp(m.valid_until)[:10],
                t("in this home") if m.member in here else "",
            )
            for m in found
        ]
        session.screen.table((t("Member"), t("Roles"), t("Desks"), t("Until"), ""), rows)
        data = [
            {
                "member": m.member,
                "roles": [role.name for role in sorted(m.roles)],
                "desks": sorted(m.desks),
                "valid_until": m.valid_until,
                "in_this_home": m.member in here,
            }
            for m in found
        ]
        session.screen.result({"members": data})

    session.online(body)
