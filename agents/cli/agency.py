"""`comity agency …`: a desk's home, joining the hub by file, and the ceremony of comparing fingerprints.

Never does: trust on first use. A fingerprint is typed by a person who heard it over another channel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from comity.errors import Reason, RefusedError
from comity.names import HUB
from comity.workflow.terms import AgencyKind

from agents import joining
from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.lists import Languages, by_code, spoken
from agents.cli.session import Session, fresh, read_file, write_file
from agents.cli.times import stamp
from agents.cli.words import grouped
from agents.client import Client
from agents.home import Home
from agents.keyring import MemberKeyring, create_root, new_member_id

app = typer.Typer(
    name="agency", help="This agency's home, joining, and other agencies' fingerprints.", no_args_is_help=True
)

Endpoints = Annotated[list[str], typer.Option("--endpoint", help="Hub process, host:port; may be repeated.")]
RootFile = Annotated[Path, typer.Option("--root", help="File of the agency's root; keep it offline.")]


@app.command("init")
def init(
    ctx: typer.Context,
    *,
    desk: Annotated[str, typer.Argument(help="The desk, agency/desk.", metavar="DESK")],
    root: RootFile,
    endpoint: Endpoints = [],  # noqa: B006 # typer copies it
) -> None:
    """Make this desk's home, the agency's root, and its first member, who is its admin."""
    session = Session.of(ctx)
    fresh(root)
    if (session.home_path / "home.toml").exists():
        raise UsageError(t("There is a home in {path} already.", path=session.home_path))
    agency = desk.partition("/")[0]
    member = new_member_id(agency)
    Home(session.home_path, agency, desk, endpoints=tuple(endpoint))  # checks the names before anybody is asked
    rooted = session.passphrase(t("the root of {agency}", agency=agency), new=True)
    own = session.passphrase(member, new=True)
    home = Home.create(session.home_path, agency=agency, desk=desk, endpoints=endpoint)
    create_root(root, agency, rooted)
    MemberKeyring.generate(member).save(home, own)
    screen = session.screen
    screen.say(t("The home of {desk} is made: {path}", desk=desk, path=home.path), "bold green")
    screen.fields([(t("First member, admin"), member), (t("Root file, keep it offline"), str(root))])
    screen.next(session.command("agency apply --root FILE --out FILE …", member))
    screen.result({"home": str(home.path), "agency": agency, "desk": desk, "member": member, "root": str(root)})


@app.command("apply")
def apply(
    ctx: typer.Context,
    *,
    root: RootFile,
    out: Annotated[Path, typer.Option("--out", help="Request to hand to the operators.")],
    hub: Annotated[str, typer.Option("--hub", help="Origin of the hub's directory, as its operators say it.")],
    name_en: Annotated[str, typer.Option(help="Name of the agency in English.")],
    name_zh: Annotated[str, typer.Option(help="Name of the agency in Chinese.")],
    telephone: Annotated[str, typer.Option(help="Duty telephone, day and night: +85212345678.")],
    jurisdiction: Annotated[str, typer.Option(help="Two letters, for example HK.")] = "HK",
    kind: Annotated[str, typer.Option(help="authority, holder or issuer.")] = "authority",
    hours: Annotated[str, typer.Option(help="When the telephone is answered.")] = "24/7",
    language: Languages = None,  # typer copies it
) -> None:
    """Write the request to join, for the operators, and show the root's fingerprint."""
    session = Session.of(ctx)
    fresh(out)
    opened = session.root(root)
    if opened is None:
        raise UsageError(t("{what} is missing.", what="--root"))
    member = session.member()
    data = joining.make_request(
        session.home,
        opened,
        member,
        session.member_passphrase(member),
        kind=by_code(AgencyKind, kind, "--kind"),
        name_en=name_en,
        name_zh=name_zh,
        jurisdiction=jurisdiction,
        telephone=telephone,
        hours=hours,
        languages=spoken(language),
        hub_origin=hub,
    )
    write_file(out, data)
    fingerprint = "".join(joining.root_fingerprint(data).split())
    screen = session.screen
    screen.say(t("Written: {path}. Hand it to two operators of the hub.", path=out), "bold green")
    screen.heading(t("Fingerprint of your root. Read it out by telephone when others ask for it:"))
    screen.say(grouped(fingerprint))
    screen.next(session.command("agency join ANSWER --endpoint HOST:PORT"), t("When the operators have answered"))
    screen.result({"file": str(out), "agency": opened.agency, "fingerprint": fingerprint})


@app.command("join")
def join(
    ctx: typer.Context,
    *,
    answer: Annotated[Path, typer.Argument(help="The operators' answer.", metavar="ANSWER")],
    endpoint: Endpoints = [],  # noqa: B006 # typer copies it
    fingerprint: Annotated[
        str, typer.Option(help="The hub's fingerprint as an operator read it out; else asked for.")
    ] = "",
) -> None:
    """Take the operators' answer, after comparing the hub's fingerprint with them by telephone."""
    session = Session.of(ctx)
    data = read_file(answer)
    typed = _typed(session, fingerprint, t("The hub's 60 digits, as an operator reads them out:"))
    joining.accept_answer(session.home, data, typed, endpoints=tuple(endpoint) or session.home.endpoints)
    home = Home.load(session.home_path)
    screen = session.screen
    screen.say(t("{desk} has joined. The hub's fingerprint is right.", desk=home.desk), "bold green")
    screen.next(session.command("unlock"))
    screen.result({"desk": home.desk, "hub": home.hub_origin, "endpoints": list(home.endpoints)})


@app.command("endpoints")
def endpoints(
    ctx: typer.Context,
    *,
    endpoint: Annotated[
        list[str] | None,
        typer.Argument(help="The new list, host:port, the preferred one first.", metavar="[HOST:PORT…]"),
    ] = None,
) -> None:
    """Show which processes of the hub answer, or change the list of them."""
    session = Session.of(ctx)
    if endpoint:
        session.change_home(endpoints=tuple(endpoint))
        session.screen.say(t("The list is changed. What runs already takes it within a minute."), "bold green")
        session.screen.next(session.command("agency endpoints"), t("Whether they answer"))
        session.screen.result({"endpoints": [_endpoint(name) for name in session.home.endpoints]})
        return

    async def body(client: Client) -> None:
        answers = await client.session.endpoints.ask()
        rows, data = [], []
        for found in answers:
            answered = found.seconds is not None
            milliseconds = round((found.seconds or 0.0) * 1000)
            rows.append((found.endpoint, t("answers in {n} ms", n=milliseconds) if answered else t("DOES NOT ANSWER")))
            data.append(_endpoint(found.endpoint, answers=answered, milliseconds=milliseconds if answered else None))
        session.screen.table((t("Process of the hub"), ""), rows)
        session.screen.result({"endpoints": data})
        if not any(found.seconds is not None for found in answers):
            raise RefusedError(Reason.UNAVAILABLE, "no process of the hub answers")

    session.online(body)


def _endpoint(name: str, *, answers: bool | None = None, milliseconds: int | None = None) -> dict[str, object]:
    return {"endpoint": name, "answers": answers, "milliseconds": milliseconds}


@app.command("fingerprint")
def fingerprint_of(
    ctx: typer.Context,
    *,
    agency: Annotated[
        str, typer.Argument(help="An agency, or hub; your own where none is named.", metavar="AGENCY")
    ] = "",
) -> None:
    """Show a fingerprint to read out or to compare; comparing is what `agency pin` does."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await client.refresh()
        name = agency or client.agency
        digits = "".join((client.hub_fingerprint() if name == HUB else client.fingerprint(name)).split())
        pinned = any(pin.name == name for pin in client.pins())
        screen = session.screen
        screen.say(t("Fingerprint of {name}", name=name), "bold")
        screen.say(grouped(digits))
        if name != client.agency:
            screen.say(t("compared here") if pinned else t("NOT compared here yet"), "green" if pinned else "bold red")
        screen.result({"name": name, "fingerprint": digits, "pinned": pinned})

    session.online(body)


@app.command("pin")
def pin(
    ctx: typer.Context,
    *,
    agency: Annotated[str, typer.Argument(help="The agency.", metavar="AGENCY")],
    fingerprint: Annotated[str, typer.Option(help="Its fingerprint as its officer read it out; else asked for.")] = "",
) -> None:
    """Compare an agency's fingerprint: call its officer, type what you hear. Nothing is sent to it before."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await client.refresh()
        if client.directory().agency(agency) is None:
            raise NothingFoundError(t("The directory has no such agency."))
        question = t("The 60 digits of {agency}, as its officer reads them out:", agency=agency)
        client.pin(agency, _typed(session, fingerprint, question))
        session.screen.say(t("{agency} is compared: it is who it says.", agency=agency), "bold green")
        session.screen.result({"agency": agency, "pinned": True})

    session.online(body)


@app.command("list")
def list_agencies(ctx: typer.Context) -> None:
    """Show the agencies, their desks and duty telephones, and whose fingerprint was compared here."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await client.refresh()
        view = client.directory()
        pins = {pin.name: pin.time for pin in client.pins()}
        rows, data = [], []
        for desk in view.desks():
            found = view.agency(desk.partition("/")[0])
            contact = view.contact(desk)
            if found is None:
                continue
            own = found.agency == client.agency
            compared = t("own") if own else stamp(pins.get(found.agency)) or t("NOT COMPARED")
            rows.append((desk, found.name_en, found.name_zh, contact.telephone if contact else "", compared))
            data.append(
                {
                    "desk": desk,
                    "agency": found.agency,
                    "kind": found.kind.name,
                    "name_en": found.name_en,
                    "name_zh": found.name_zh,
                    "jurisdiction": found.jurisdiction,
                    "suspended": view.suspended(found.agency),
                    "telephone": contact.telephone if contact else None,
                    "hours": contact.hours if contact else None,
                    "pinned": pins.get(found.agency),
                }
            )
        columns = (t("Desk"), t("Agency"), "", t("Duty telephone"), t("Fingerprint compared"))
        session.screen.table(columns, rows)
        session.screen.result({"desks": data})

    session.online(body)


def _typed(session: Session, given: str, question: str) -> str:
    if not given and not session.screen.interactive:
        raise UsageError(t("{what} is missing.", what="--fingerprint"))
    return "".join((given or session.screen.ask(question)).split())
