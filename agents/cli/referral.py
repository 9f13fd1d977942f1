"""`comity referral …`: received and sent mail. Drafts and answers are in `drafts.py` and `answers.py`.

Never does: open a message that was only listed; opening tells the sender that a person saw it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.mail import caught_up, message_named
from agents.cli.render import (
    answers,
    next_actor,
    show_content,
    show_header,
    show_inbox,
    show_review,
    show_standing,
    size,
)
from agents.cli.session import Session
from agents.cli.times import due
from agents.cli.views import case_view, inbox_view, opened_view, outbox_view, review_view
from agents.cli.words import BY_MACHINES, label, short, status_label, verb_label
from agents.client import Client
from agents.records import CaseInfo, MessageStatus, OpenedMessage, Standing

app = typer.Typer(name="referral", help="Case referrals: draft, approve, send, read, answer.", no_args_is_help=True)

NoSync = Annotated[bool, typer.Option("--no-sync", help="Show what is here; do not ask the hub.")]
MessageId = Annotated[str, typer.Argument(help="Message id, or its first 6 digits.", metavar="MESSAGE")]


@app.command("inbox")
def inbox(
    ctx: typer.Context,
    *,
    unread: Annotated[bool, typer.Option("--unread", help="Only what nobody has opened.")] = False,
    no_sync: NoSync = False,
) -> None:
    """Show received messages, without opening them."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        items = client.inbox(unread_only=unread)
        show_inbox(session.screen, items)
        if not items:
            session.screen.say(t("Nothing here."), "dim")
        read = [item for item in items if item.verb not in BY_MACHINES]
        waiting = [item for item in read if item.status is MessageStatus.DELIVERED and item.standing is Standing.GOOD]
        if waiting:
            first = min(waiting, key=lambda item: (-item.precedence, item.respond_by or item.deliver_by))
            session.screen.next(session.command(f"referral show {short(first.message)}"), t("Read"))
        session.screen.result({"inbox": [inbox_view(item) for item in items]})
        late.raise_if_unreachable()

    session.online(body)


@app.command("sent")
def sent(ctx: typer.Context, no_sync: NoSync = False) -> None:
    """Show sent messages and how far each has come, as far as it is proved."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        items = client.sent()
        rows = [
            (short(item.message), verb_label(item.verb), desk, short(item.case_id), status_label(status))
            for item in items
            for desk, status in item.statuses.items()
        ]
        session.screen.table((t("Id"), t("Message"), t("To"), t("Case"), t("Proved")), rows)
        session.screen.result({"sent": [outbox_view(item) for item in items]})
        late.raise_if_unreachable()

    session.online(body)


@app.command("show")
def show(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="Message, draft or case id, or its first 6 digits.", metavar="ID")],
    no_sync: NoSync = False,
) -> None:
    """Open a message and show it. The sender learns that a person has seen it."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        screen = session.screen
        message = message_named(client, what)
        if not message and [info for info in client.drafts() if info.id.startswith(what.lower())]:
            review = client.review(what)
            show_review(screen, review)
            screen.result({"draft": review_view(review)})
            return
        opened = await open_seen(client, message or _newest_of_case(client, what))
        legs = client.case(opened.header.case_id.hex())
        _show_opened(session, opened, legs)
        screen.result({"message": opened_view(opened), "legs": [case_view(leg) for leg in legs]})
        late.raise_if_unreachable()

    session.online(body)


async def open_seen(client: Client, message: str) -> OpenedMessage:
    """Opens a message for the person at the screen: for the first time with word to its sender."""
    unread = {item.message for item in client.inbox(unread_only=True)}
    return await client.open_item(message) if message in unread else client.peek(message)


def _newest_of_case(client: Client, text: str) -> str:
    found = [item for item in client.inbox() if item.case_id.startswith(text.lower())]
    own = [item for item in client.sent() if item.case_id.startswith(text.lower())]
    if found:
        return max(found, key=lambda item: item.received).message
    if own:
        return max(own, key=lambda item: item.created).message
    raise NothingFoundError(t("Nothing here has that id: see `comity referral inbox`."))


def _show_opened(session: Session, opened: OpenedMessage, legs: list[CaseInfo]) -> None:
    screen = session.screen
    show_standing(screen, opened.standing)
    show_header(screen, opened.header, author=opened.author, message=opened.message)
    show_content(screen, opened.payload, opened.attachments)
    if opened.attachments:
        first = opened.attachments[0]
        command = session.command(f"referral save {short(opened.message)} {short(first.id)} --into FOLDER")
        screen.next(command, t("Save an attachment"))
    for leg in legs:
        screen.heading(t("Case"))
        screen.fields(
            [(t("State"), label(leg.state)), (t("Next"), next_actor(leg)), (t("Answer"), due(leg.respond_by))]
        )
        commands = answers(leg)
        if commands and opened.standing is Standing.GOOD:
            screen.next("\n  ".join(session.command(command) for command in commands), t("You can"))


@app.command("save")
def save(
    ctx: typer.Context,
    *,
    message: MessageId,
    attachment: Annotated[
        str, typer.Argument(help="Attachment id, or its beginning; all where none is named.", metavar="ATTACHMENT")
    ] = "",
    into: Annotated[Path, typer.Option("--into", help="Folder to save into.")] = Path(),
) -> None:
    """Save attachments of a message or draft, under safe names, after the whole of each was found genuine."""
    session = Session.of(ctx)
    if not into.is_dir():
        raise UsageError(t("There is no such folder: {path}", path=into))

    async def body(client: Client) -> None:
        found = message_named(client, message)
        draft = "" if found else next((d.id for d in client.drafts() if d.id.startswith(message.lower())), "")
        if not found and not draft:
            raise NothingFoundError(t("There is no such message here."))
        payload = client.review(draft).payload if draft else (await open_seen(client, found)).payload
        listed = [(item.id.hex(), item.plain_length) for item in payload.attachments]
        chosen = [(name, length) for name, length in listed if name.startswith(attachment.lower())]
        if not chosen:
            raise NothingFoundError(t("The message has no such attachment."))
        saved = []
        for name, length in chosen:
            if draft:
                path = client.save_draft_attachment(draft, name, into)
            else:
                with session.screen.progress(t("Saving")) as report:
                    path = await client.save_attachment(found, name, into, progress=report)
            session.screen.say(t("Saved: {path} ({size})", path=path, size=size(length)), "bold green")
            saved.append({"attachment": name, "file": str(path), "length": length})
        session.screen.result({"saved": saved})

    session.online(body)
