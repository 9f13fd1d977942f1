"""`comity onward …`: ask, grant, refuse, revoke, pass on, and read what was passed on as its originator's words.

Never does: consent by silence; show an original that is not proved.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from comity.names import agency_of
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence

from agents.cli.answering import DraftOnly, Text, Yes
from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.lists import by_code, number_of
from agents.cli.mail import caught_up, message_named
from agents.cli.referral import NoSync
from agents.cli.render import show_content, show_header, show_standing, size
from agents.cli.sending import after_draft, draft_and_send
from agents.cli.session import Session
from agents.cli.times import due, stamp, when
from agents.cli.views import content_view, header_view
from agents.cli.words import short
from agents.client import Client
from agents.onward.lists import GrantInfo, OpenedOriginal

app = typer.Typer(
    name="onward", help="Passing on what others sent: with its originator's consent, once.", no_args_is_help=True
)

MessageId = Annotated[str, typer.Argument(help="Message id, or its first 6 digits.", metavar="MESSAGE")]
AskId = Annotated[str, typer.Argument(help="The question's id, or its first 6 digits.", metavar="QUESTION")]
GrantId = Annotated[str, typer.Argument(help="The grant's id, or its first 6 digits.", metavar="GRANT")]


def _named(client: Client, text: str) -> str:
    found = message_named(client, text)
    if not found:
        raise NothingFoundError(t("There is no such message here."))
    return found


@app.command("ask")
def ask(
    ctx: typer.Context,
    *,
    message: MessageId,
    desk: Annotated[str, typer.Option(help="The desk that is to have it.")],
    purpose: Annotated[str, typer.Option(help="What it is to be used for there.")],
    facts: Annotated[str, typer.Option(help="What is to be passed on, and why it is needed there.")],
    gateway: Annotated[str, typer.Option(help="Legal gateway there.")] = "",
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Ask the originator whether its message may be passed on. Silence is no."""
    session = Session.of(ctx)
    body = pb.AskOnward(desk=desk, purpose=purpose, facts=facts, legal_gateway=gateway)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        info = await client.ask_onward(_named(client, message), body)
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(run)


@app.command("grant")
def grant(
    ctx: typer.Context,
    *,
    question: AskId,
    expires: Annotated[str | None, typer.Option(help="Until when: 8h, 3d, a date; else a week.")] = None,
    conditions: Annotated[str, typer.Option(help="Conditions beyond the handling.")] = "",
) -> None:
    """Grant what was asked: that message, that desk, once. A second person approves it."""
    session = Session.of(ctx)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        found = _named(client, question)
        info = await client.grant_onward(found, pb.GrantOnward(conditions=conditions), expires=when(expires))
        after_draft(session, client, info)

    session.online(run)


@app.command("refuse")
def refuse(
    ctx: typer.Context,
    *,
    question: AskId,
    reason: Annotated[
        str,
        typer.Option(
            help="out-of-scope, impairs-investigation, fundamental-principles, source-risk or "
            "third-party-consent-needed."
        ),
    ],
    text: Text = "",
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Refuse what was asked, with a coded reason."""
    session = Session.of(ctx)
    body = pb.RefuseOnward(reason=number_of(pb.OnwardRefusalReason.DESCRIPTOR, reason, "--reason"), text=text)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        info = await client.refuse_onward(_named(client, question), body)
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(run)


@app.command("revoke")
def revoke(
    ctx: typer.Context, *, grant_id: GrantId, text: Text = "", draft_only: DraftOnly = False, yes: Yes = False
) -> None:
    """Take a grant back while nobody has used it; afterwards it is a recall."""
    session = Session.of(ctx)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        info = await client.revoke_grant(_grant(client, grant_id).grant, pb.RevokeGrant(text=text))
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(run)


@app.command("forward")
def forward(
    ctx: typer.Context,
    *,
    grant_id: GrantId,
    text: Text = "",
    precedence: Annotated[str, typer.Option(help="routine, urgent or flash.")] = "routine",
    respond_by: Annotated[str | None, typer.Option(help="Answer by: 8h, 3d, a date; else the agreed time.")] = None,
) -> None:
    """Pass a message on as its originator's, under a grant. A second person approves it."""
    session = Session.of(ctx)
    level = by_code(Precedence, precedence, "--precedence")

    async def run(client: Client) -> None:
        await caught_up(session, client)
        found = _grant(client, grant_id).grant
        info = await client.forward(found, text, precedence=level, respond_by=when(respond_by))
        after_draft(session, client, info)

    session.online(run)


@app.command("list")
def list_grants(
    ctx: typer.Context,
    *,
    case: Annotated[str, typer.Argument(help="Case id, or its first 6 digits; else every case.", metavar="CASE")] = "",
    no_sync: NoSync = False,
) -> None:
    """Show the grants that this desk gave or was given, and what became of them."""
    session = Session.of(ctx)

    async def run(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        found = client.onward_grants(case)
        rows = [
            (
                short(one.grant),
                short(one.case_id),
                t("ours") if one.ours else t("theirs"),
                one.holder,
                one.new_desk,
                _state(one.state),
                due(one.expires) if one.state == "OPEN" else stamp(one.at) if one.at else "",
            )
            for one in found
        ]
        columns = (t("Grant"), t("Case"), t("Given by"), t("May pass it on"), t("To"), t("State"), t("Until / since"))
        session.screen.table(columns, rows)
        if not found:
            session.screen.say(t("Nothing here."), "dim")
        usable = [one for one in found if one.state == "OPEN" and not one.ours]
        if usable:
            session.screen.next(session.command(f"onward forward {short(usable[0].grant)}"), t("You can"))
        session.screen.result({"grants": [grant_view(one) for one in found]})
        late.raise_if_unreachable()

    session.online(run)


@app.command("show")
def show(ctx: typer.Context, *, message: MessageId, no_sync: NoSync = False) -> None:
    """Show what was passed on, proved, as the words of whoever wrote it."""
    session = Session.of(ctx)

    async def run(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        found = _named(client, message)
        desk = client.originator_of(found)
        if desk and not client.trust.pinned(agency_of(desk)) and agency_of(desk) != client.agency:
            text = t("It brings the words of {desk}; nobody here has compared that agency's fingerprint.", desk=desk)
            session.screen.warn(text)
        original = await client.open_original(found)
        _show_original(session, original)
        session.screen.result({"original": original_view(original)})
        late.raise_if_unreachable()

    session.online(run)


@app.command("save")
def save(
    ctx: typer.Context,
    *,
    message: MessageId,
    attachment: Annotated[str, typer.Argument(help="Attachment id, or its beginning.", metavar="ATTACHMENT")],
    into: Annotated[Path, typer.Option("--into", help="Folder to save into.")] = Path(),
) -> None:
    """Save an attachment of what was passed on, under a safe name, after the whole of it was found genuine."""
    session = Session.of(ctx)
    if not into.is_dir():
        raise UsageError(t("There is no such folder: {path}", path=into))

    async def run(client: Client) -> None:
        with session.screen.progress(t("Saving")) as report:
            path = await client.save_original_attachment(_named(client, message), attachment, into, progress=report)
        session.screen.say(t("Saved: {path} ({size})", path=path, size=size(path.stat().st_size)), "bold green")
        session.screen.result({"saved": [{"attachment": attachment, "file": str(path)}]})

    session.online(run)


def _state(state: str) -> str:
    return {"OPEN": t("open"), "USED": t("used"), "REVOKED": t("revoked")}.get(state) or t("over")


def _grant(client: Client, text: str) -> GrantInfo:
    fitting = [one for one in client.onward_grants() if len(text) >= 6 and one.grant.startswith(text.lower())]
    if len(fitting) != 1:
        raise NothingFoundError(t("No grant has that id: see `comity onward list`."))
    return fitting[0]


def _show_original(session: Session, original: OpenedOriginal) -> None:
    screen = session.screen
    whose = t("Passed on with consent: what follows is {desk}'s, proved.", desk=original.header.sender)
    screen.say(whose, "bold green")
    show_standing(screen, original.standing)
    show_header(screen, original.header, author=original.author, message=original.message)
    screen.fields([(t("In the log"), f"{original.log_index}, {stamp(original.time)}")])
    show_content(screen, original.payload, original.attachments)
    if original.attachments:
        first = original.attachments[0]
        command = session.command(f"onward save {short(original.forward)} {short(first.id)} --into FOLDER")
        screen.next(command, t("Save an attachment"))


def grant_view(one: GrantInfo) -> dict[str, object]:
    """Returns a grant for a machine."""
    return {
        "grant": one.grant,
        "case": one.case_id,
        "original": one.original,
        "originator": one.originator,
        "holder": one.holder,
        "to": one.new_desk,
        "expires": one.expires,
        "state": one.state,
        "at": one.at or None,
        "forward": one.forward or None,
        "ours": one.ours,
    }


def original_view(original: OpenedOriginal) -> dict[str, object]:
    """Returns what was passed on for a machine."""
    return {
        "message": original.message,
        "forward": original.forward,
        "standing": original.standing.value,
        "author": original.author or None,
        "log_index": original.log_index,
        "time": original.time,
        "header": header_view(original.header),
        "content": content_view(original.payload, original.attachments),
    }
