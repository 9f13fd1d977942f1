"""`comity agreement …`: what two agencies have agreed to send each other; both sign, the directory holds it.

Never does: judge the legal basis.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from comity.errors import RefusedError
from comity.v1 import directory_pb2
from comity.workflow.profiles import STANDARD, load_profile, parse_profile
from comity.workflow.terms import Family

from agents.admin import Admin
from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.lists import by_code, number_of
from agents.cli.profile import file_of
from agents.cli.session import Session, fresh, read_file, write_file
from agents.cli.times import stamp, when
from agents.cli.words import label, short, value_code
from agents.client import Client

app = typer.Typer(name="agreement", help="What two agencies have agreed to send each other.", no_args_is_help=True)

RootFile = Annotated[Path | None, typer.Option("--root", help="Sign with the agency's root instead of an admin's key.")]
_DIRECTION = directory_pb2.AgreementDirection.DESCRIPTOR


def _shape(found: Any) -> dict[str, Any]:
    """Returns the JSON shape of an agreement, whether as a statement or as the directory holds it."""
    return {
        "id": found.id.hex(),
        "first": found.first,
        "second": found.second,
        "families": [Family(number).name for number in sorted(found.families)],
        "direction": value_code(_DIRECTION, int(found.direction)),
        "legal_basis": found.legal_basis,
        "valid_until": found.valid_until,
        "profile_sha256": found.profile_sha256.hex(),
    }


def _profile_name(sha256: str) -> str:
    try:
        return f"{load_profile(bytes.fromhex(sha256)).name}, {sha256}"
    except RefusedError:
        return t("{digest}: not known here, so nothing could be sent under it", digest=sha256)


def _show(session: Session, shape: dict[str, Any]) -> None:
    ways = {"BOTH": "{first} and {second}", "FIRST_TO_SECOND": "{first} only", "SECOND_TO_FIRST": "{second} only"}
    session.screen.fields(
        [
            (t("Agreement"), shape["id"]),
            (t("Between"), f"{shape['first']}, {shape['second']}"),
            (t("Covers"), ", ".join(label(name) for name in shape["families"])),
            (t("Who may open"), t(ways[shape["direction"]], first=shape["first"], second=shape["second"])),
            (t("Legal basis"), shape["legal_basis"]),
            (t("Valid until"), stamp(shape["valid_until"])),
            (t("Deadline profile"), _profile_name(shape["profile_sha256"])),
        ]
    )


@app.command("propose")
def propose(
    ctx: typer.Context,
    *,
    other: Annotated[str, typer.Argument(help="The other agency.", metavar="AGENCY")],
    legal_basis: Annotated[str, typer.Option(help="Legal basis, for example a memorandum and its clause.")],
    until: Annotated[str, typer.Option(help="Last day, 2027-12-31.")],
    out: Annotated[Path, typer.Option("--out", help="File to hand to the other agency.")],
    family: Annotated[list[str], typer.Option("--family", help="What it covers; may be repeated.")] = ["referral"],  # noqa: B006 # typer copies it
    direction: Annotated[str, typer.Option(help="Who may open cases: both, ours or theirs.")] = "both",
    profile: Annotated[str, typer.Option(help="Deadline profile: see `comity profile show`.")] = STANDARD,
    root: RootFile = None,
) -> None:
    """Write an agreement, signed by this agency, for the other one to sign."""
    session = Session.of(ctx)
    fresh(out)
    families = frozenset(by_code(Family, text, "--family") for text in family)
    own_first = session.home.agency < other
    ways = {
        "both": "BOTH",
        "ours": "FIRST_TO_SECOND" if own_first else "SECOND_TO_FIRST",
        "theirs": "SECOND_TO_FIRST" if own_first else "FIRST_TO_SECOND",
    }
    if direction not in ways:
        raise UsageError(t("{option} is one of: {listed}", option="--direction", listed=", ".join(ways)))
    valid_until = when(until) or 0
    agreed = parse_profile(file_of(session, profile))
    missing = sorted(families - {covered for covered, _ in agreed.spans})
    if missing:
        listed = ", ".join(label(each) for each in missing)
        raise UsageError(t("That deadline profile says nothing about: {listed}.", listed=listed))
    opened = session.root(root)

    async def body(client: Client) -> None:
        await client.refresh()
        if client.directory().agency(other) is None:
            raise NothingFoundError(t("The directory has no such agency."))
        admin = Admin(client, opened)
        data = admin.propose_agreement(
            other,
            families=sorted(families),
            legal_basis=legal_basis,
            valid_until=valid_until,
            direction=number_of(_DIRECTION, ways[direction], "--direction"),
            profile_sha256=agreed.sha256,
        )
        write_file(out, data)
        shape = _shape(admin.read_agreement(data))
        _show(session, shape)
        session.screen.say(t("Written: {path}. Hand it to {agency}.", path=out, agency=other), "bold green")
        session.screen.next(f"comity agreement accept {out}", t("Its admin then runs"))
        session.screen.result({"agreement": shape, "file": str(out)})

    session.online(body)


@app.command("accept")
def accept(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The agreement as the other agency signed it.", metavar="FILE")],
    root: RootFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Read an agreement, sign it, and enter it in the directory. From then on cases can be sent."""
    session = Session.of(ctx)
    data = read_file(file)
    opened = session.root(root)

    async def body(client: Client) -> None:
        await client.refresh()
        admin = Admin(client, opened)
        shape = _shape(admin.read_agreement(data))
        _show(session, shape)
        session.confirm(t("Sign this agreement for {agency}?", agency=client.agency), yes=yes)
        await admin.accept_agreement(data)
        session.screen.say(t("The agreement is in the directory."), "bold green")
        session.screen.result({"agreement": shape})

    session.online(body)


@app.command("end")
def end(
    ctx: typer.Context,
    *,
    agreement: Annotated[str, typer.Argument(help="Id of the agreement, or its first 6 digits.", metavar="AGREEMENT")],
    root: RootFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End an agreement at once, from this side alone."""
    session = Session.of(ctx)
    opened = session.root(root)

    async def body(client: Client) -> None:
        await client.refresh()
        fitting = [a for a in client.directory().agreements(client.agency) if a.id.hex().startswith(agreement.lower())]
        if len(fitting) != 1 or len(agreement) < 6:
            raise NothingFoundError(t("No agreement has that id: see `comity agreement list`."))
        shape = _shape(fitting[0])
        _show(session, shape)
        session.confirm(t("End this agreement? No new case can be opened under it."), yes=yes)
        await Admin(client, opened).end_agreement(fitting[0].id)
        session.screen.say(t("The agreement has ended."), "bold green")
        session.screen.result({"agreement": shape})

    session.online(body)


@app.command("list")
def list_agreements(ctx: typer.Context) -> None:
    """Show the agreements of this agency that stand."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await client.refresh()
        shapes = [_shape(found) for found in client.directory().agreements(client.agency)]
        rows = [
            (
                short(shape["id"]),
                shape["second"] if shape["first"] == client.agency else shape["first"],
                ", ".join(label(name) for name in shape["families"]),
                stamp(shape["valid_until"])[:10],
                shape["legal_basis"],
            )
            for shape in shapes
        ]
        session.screen.table((t("Id"), t("With"), t("Covers"), t("Until"), t("Legal basis")), rows)
        session.screen.result({"agreements": shapes})

    session.online(body)
