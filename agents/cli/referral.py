"""`comity referral …`: received and sent mail. Drafts and answers are in `drafts.py` and `answers.py`.

Never does: open a message that was only listed; opening tells the sender that a person saw it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from comity.payload import body_of
from comity.workflow.terms import Precedence, Side, Verb

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.linking import linked_legs, show_linked
from agents.cli.mail import caught_up, message_named
from agents.cli.render import (
    answers,
    next_actor,
    show_content,
    show_duplicates,
    show_header,
    show_inbox,
    show_review,
    show_standing,
    size,
)
from agents.cli.said import said
from agents.cli.session import Session
from agents.cli.times import due
from agents.cli.views import case_view, inbox_view, opened_view, outbox_view, review_view
from agents.cli.words import BY_MACHINES, label, mail_noun, short, status_label, verb_label
from agents.client import Client
from agents.records import CaseInfo, MessageStatus, OpenedMessage, SentItem, Standing

app = typer.Typer(name="referral", help="Case referrals: draft, approve, send, read, answer.", no_args_is_help=True)


def commands(*names: str) -> list[Any]:
    """Returns commands of this module by name, for the other nouns below which they stand, too."""
    return [command for command in app.registered_commands if command.name in names]


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
            session.screen.next(session.command(f"{mail_noun(first.family)} show {short(first.message)}"), t("Read"))
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
            (short(item.message), verb_label(item.verb), desk, short(item.case_id), proved(client, item, desk, status))
            for item in items
            for desk, status in item.statuses.items()
        ]
        session.screen.table((t("Id"), t("Message"), t("To"), t("Case"), t("Proved")), rows)
        session.screen.result({"sent": [outbox_view(item) for item in items]})
        late.raise_if_unreachable()

    session.online(body)


def proved(client: Client, item: SentItem, desk: str, status: MessageStatus) -> str:
    """Returns how far a message has come; of a FLASH one that no person has opened, whom to call."""
    contact = client.directory().contact(desk)
    if item.precedence is not Precedence.FLASH or status is not MessageStatus.DELIVERED or contact is None:
        return status_label(status)
    unseen = t("stored, no person yet: call {telephone}", telephone=contact.telephone)
    return f"{status_label(status)} · {unseen}"


@app.command("show")
def show(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="Message, draft or case id, or its first 6 digits.", metavar="ID")],
    second_look: Annotated[bool, typer.Option("--second-look", help="Also what was set aside after a recall.")] = False,
    no_sync: NoSync = False,
) -> None:
    """Open a message and show it. The sender learns that a person has seen it."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        if not await show_one(session, client, what, second_look=second_look):
            await show_one(session, client, _newest_of_case(session, client, what), second_look=second_look)
        late.raise_if_unreachable()

    session.online(body)


async def show_one(session: Session, client: Client, what: str, *, second_look: bool = False) -> bool:
    """Shows the message or draft whose id begins so; a message that nobody has opened is opened.

    Args:
        session: of the command.
        client: open.
        what: id of a message or draft, or its beginning.
        second_look: also what was set aside after a recall.

    Returns:
        Whether there is one.
    """
    screen = session.screen
    message = message_named(client, what)
    if not message and [info for info in client.drafts() if info.id.startswith(what.lower())]:
        review = client.review(what)
        show_review(screen, review)
        screen.result({"draft": review_view(review)})
        return True
    if not message:
        return False
    opened = await open_seen(client, message, second_look=second_look)
    legs = client.case(opened.header.case_id.hex())
    _show_opened(session, opened, legs, awaited=client.awaited(message))
    linked = linked_legs(client, legs[0].case_id) if legs else []
    show_linked(session, linked)
    shown = {"message": opened_view(opened), "legs": [case_view(leg) for leg in legs]}
    screen.result({**shown, "linked": [case_view(leg) for leg in linked]})
    return True


async def open_seen(client: Client, message: str, *, second_look: bool = False) -> OpenedMessage:
    """Opens a message for the person at the screen: for the first time with word to its sender."""
    unread = {item.message for item in client.inbox(unread_only=True)}
    if message in unread:
        return await client.open_item(message, second_look=second_look)
    return client.peek(message, second_look=second_look)


def _newest_of_case(session: Session, client: Client, text: str) -> str:
    found = [item for item in client.inbox() if item.case_id.startswith(text.lower())]
    own = [item for item in client.sent() if item.case_id.startswith(text.lower())]
    if found:
        return max(found, key=lambda item: item.received).message
    if own:
        return max(own, key=lambda item: item.created).message
    raise NothingFoundError(t("Nothing here has that id: see `comity {noun} inbox`.", noun=session.noun))


def _show_opened(session: Session, opened: OpenedMessage, legs: list[CaseInfo], *, awaited: bool) -> None:
    screen = session.screen
    show_standing(screen, opened.standing)
    show_header(screen, opened.header, author=opened.author, message=opened.message, awaited=awaited)
    show_content(screen, opened.payload, opened.attachments)
    if getattr(body_of(opened.payload), "other_channels", None):
        screen.warn(said("the same request went through other channels"))
    show_duplicates(screen, opened.duplicates)
    _show_onward(session, opened, legs)
    if opened.attachments:
        first = opened.attachments[0]
        noun = mail_noun(opened.header.family)
        command = session.command(f"{noun} save {short(opened.message)} {short(first.id)} --into FOLDER")
        screen.next(command, t("Save an attachment"))
    for leg in legs:
        screen.heading(t("Case"))
        screen.fields(
            [(t("State"), label(leg.state)), (t("Next"), next_actor(leg)), (t("Answer"), due(leg.respond_by))]
        )
        commands = answers(leg)
        if commands and opened.standing is Standing.GOOD:
            screen.next("\n  ".join(session.command(command) for command in commands), t("You can"))


def _show_onward(session: Session, opened: OpenedMessage, legs: list[CaseInfo]) -> None:
    """Shows how it goes on with what is to be passed on, or was."""
    verb, sides = opened.header.verb, {leg.side for leg in legs}
    commands = []
    if verb is Verb.FORWARD:
        commands = [f"onward show {short(opened.message)}"]
    elif verb is Verb.ASK_ONWARD and Side.ORIGINATOR in sides:
        commands = [f"onward grant {short(opened.message)}", f"onward refuse {short(opened.message)} --reason REASON"]
    elif verb is Verb.GRANT_ONWARD and Side.RECIPIENT in sides:
        commands = [f"onward forward {short(opened.message)}"]
    if commands and opened.standing is Standing.GOOD:
        session.screen.next("\n  ".join(session.command(command) for command in commands), t("You can"))


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
