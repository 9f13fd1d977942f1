"""`comity referral draft … approve … send`: four eyes on what leaves the agency.

A draft shows who will be able to read it. The second person sees what was found by opening the very ciphertext that
is signed. Nothing about a draft, not even its size, reaches the hub before both have signed.

Never does: approve without showing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from comity.payload import body_of
from comity.workflow.terms import Family, Precedence, Verb

from agents.cases import opens_case
from agents.cli.catalogue import t
from agents.cli.exits import CommandError
from agents.cli.lists import by_code
from agents.cli.mail import caught_up, draft_named, noun_of
from agents.cli.render import show_readers, show_review
from agents.cli.sending import after_draft, ask_to_send, send_now
from agents.cli.session import Session, fresh, read_text, reading
from agents.cli.templating import check_text, print_template
from agents.cli.times import offset, short_stamp, when
from agents.cli.views import draft_view, gap_views, reader_views, review_view, sent_view
from agents.cli.words import COMMANDS, label, short, verb_label
from agents.client import Client
from agents.composing import CHOSEN_END
from agents.errors import IncompleteError
from agents.forms import load_form
from agents.records import DraftState

app = typer.Typer()


def commands(*names: str) -> list[Any]:
    """Returns commands of this module by name, for the other nouns below which they stand, too."""
    return [command for command in app.registered_commands if command.name in names]


DraftId = Annotated[str, typer.Argument(help="Draft id, or its first 6 digits.", metavar="DRAFT")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Files = Annotated[
    list[Path], typer.Option("--attach", help="File to attach; may be repeated. Sealed here, uploaded by send.")
]


@app.command("template")
def show_template(
    ctx: typer.Context,
    *,
    verb: Annotated[str, typer.Argument(help="What for: refer, ack, ask, supply …", metavar="VERB")] = "refer",
) -> None:
    """Print a form with comments, to fill in: comity referral template refer > case.yaml."""
    session = Session.of(ctx)
    names = {"refer": Verb.REFER, "accept-in-part": Verb.ACCEPT_IN_PART} | {
        name: found for found, name in COMMANDS.items() if found is not Verb.ACCEPT_IN_PART
    }
    chosen = names.get(verb.lower()) or by_code(Verb, verb, "VERB")
    print_template(session, Family.REFERRAL, chosen)


@app.command("draft")
def draft(
    ctx: typer.Context,
    *,
    to: Annotated[list[str], typer.Option("--to", help="Desk to refer to; may be repeated with --joint.")],
    form: Annotated[Path, typer.Option("--from", help="Filled-in form, YAML or JSON; - for the standard input.")],
    attach: Files = [],  # noqa: B006 # typer copies it
    precedence: Annotated[str, typer.Option(help="routine, urgent or flash.")] = "routine",
    respond_by: Annotated[str | None, typer.Option(help="Answer by: 8h, 3d, a date; else the agreed time.")] = None,
    deliver_by: Annotated[str | None, typer.Option(help="Deliver by: 8h, 3d, a date; else the agreed time.")] = None,
    joint: Annotated[bool, typer.Option("--joint", help="Several desks together, which see one another.")] = False,
) -> None:
    """Draft a case referral. It stays here until a second person has approved it."""
    session = Session.of(ctx)
    level = by_code(Precedence, precedence, "--precedence")
    body, handling = load_form(read_text(form), Family.REFERRAL, Verb.REFER, level)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        with session.screen.progress(t("Sealing")) as report:
            info = await client.draft(
                Verb.REFER,
                body,
                to=tuple(to),
                handling=handling,
                attachments=tuple(attach),
                precedence=level,
                respond_by=when(respond_by),
                deliver_by=when(deliver_by),
                joint=joint,
                progress=report,
            )
        after_draft(session, client, info)

    session.online(run)


@app.command("check")
def check(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="A draft's id, or a form's file.", metavar="DRAFT|FILE")],
    verb: Annotated[str, typer.Option(help="What the form is for.")] = "refer",
) -> None:
    """Say everything that is missing or wrong in a form, or that stands against sending a draft."""
    session = Session.of(ctx)
    if Path(what).is_file():
        check_text(session, read_text(Path(what)), Family.REFERRAL, by_code(Verb, verb, "--verb"))
    else:
        check_draft(session, what)


def check_draft(session: Session, what: str) -> None:
    """Says everything that stands against sending a draft.

    Raises:
        IncompleteError: something does; all of it is named.
    """
    screen = session.screen

    async def body(client: Client) -> None:
        await caught_up(session, client)
        found = tuple(client.check(draft_named(session, client, what).id))
        screen.result({"gaps": gap_views(found)})
        if found:
            raise IncompleteError(found)
        screen.say(t("Nothing stands in the way of sending it."), "bold green")

    session.online(body)


@app.command("drafts")
def list_drafts(
    ctx: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Sent and discarded ones, too.")] = False,
) -> None:
    """Show the drafts of this desk, and who must act on them."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        found = client.drafts()
        if not everything:
            found = [info for info in found if info.state in {DraftState.AWAITING_APPROVAL, DraftState.READY}]
        rows = [
            (short(i.id), verb_label(i.verb), ", ".join(i.to), i.author, label(i.state), short_stamp(i.created))
            for i in found
        ]
        session.screen.table(
            (t("Draft"), t("Message"), t("To"), t("Author"), t("State"), f"{t('Sealed')} ({offset()})"), rows
        )
        session.screen.result({"drafts": [draft_view(info) for info in found]})

    session.online(body)


@app.command("review")
def review(ctx: typer.Context, draft: DraftId) -> None:
    """Show a draft in full and who will be able to read it, without signing."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        found = client.review(draft_named(session, client, draft).id)
        show_review(session.screen, found)
        session.screen.result(review_view(found))

    session.online(body)


@app.command("approve")
def approve(
    ctx: typer.Context,
    *,
    draft: DraftId,
    yes: Yes = False,
    send: Annotated[bool, typer.Option("--send", help="Send it at once.")] = False,
) -> None:
    """Read a colleague's draft in full and sign it as the second person."""
    session = Session.of(ctx)
    screen = session.screen

    async def body(client: Client) -> None:
        await caught_up(session, client)
        found = client.review(draft_named(session, client, draft).id)
        show_review(screen, found)
        if found.gaps:
            raise IncompleteError(found.gaps)
        session.confirm(t("You have read it. Sign it as the second person?"), yes=yes)
        signed = client.approve(found.info.id, message_hash=found.info.message_hash)
        screen.say(t("Approved by {member}.", member=client.member), "bold green")
        if send:
            sent = await send_now(session, client, signed.info)
            screen.result({**review_view(signed), "sent": sent_view(sent)})
            return
        screen.next(session.command(f"{noun_of(client, signed.info)} send {short(signed.info.id)}"))
        screen.result({**review_view(signed), "sent": None})

    session.online(body)


@app.command("reseal")
def reseal(ctx: typer.Context, draft: DraftId) -> None:
    """Seal a draft anew: a key has changed or it is too old. You become its author; both sign again."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await caught_up(session, client)
        after_draft(session, client, await client.reseal(draft_named(session, client, draft).id))

    session.online(body)


@app.command("attach")
def attach_to_draft(
    ctx: typer.Context,
    draft: DraftId,
    file: Annotated[list[Path], typer.Argument(help="Files to attach.", metavar="FILE…")],
) -> None:
    """Attach files to a draft that has none. It is sealed anew; you become its author and both sign again."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await caught_up(session, client)
        old = client.review(draft_named(session, client, draft).id)
        if old.payload.attachments:
            raise CommandError(t("It has attachments already: draft it again and name every file with --attach."))
        header = old.header
        opening = opens_case(header.family, header.verb)
        with session.screen.progress(t("Sealing")) as report:
            info = await client.draft(
                header.verb,
                body_of(old.payload),
                to=header.counterparts if opening else (),
                case=None if opening else header.case_id.hex(),
                handling=old.payload.handling,
                attachments=tuple(file),
                precedence=header.precedence,
                about=header.about.hex() or None,
                joint=header.joint,
                lapses_at=header.lapses_at or None if header.verb in CHOSEN_END else None,
                family=header.family,
                progress=report,
            )
        client.discard(old.info.id)
        after_draft(session, client, info)

    session.online(body)


@app.command("discard")
def discard(ctx: typer.Context, draft: DraftId, yes: Yes = False) -> None:
    """Throw a draft away."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        info = draft_named(session, client, draft)
        session.confirm(t("Throw draft {draft} away?", draft=info.id), yes=yes)
        client.discard(info.id)
        session.screen.say(t("Discarded."), "bold green")
        session.screen.result({"discarded": True})

    session.online(body)


@app.command("send")
def send(ctx: typer.Context, draft: DraftId, yes: Yes = False) -> None:
    """Send a draft that is ready: attachments first, then the message. Safe to repeat."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await caught_up(session, client)
        info = draft_named(session, client, draft)
        if info.state is DraftState.AWAITING_APPROVAL:
            after_draft(session, client, info)
            raise CommandError(t("Not sent: a second person approves it first."))
        sent_before = info.state is DraftState.SENT  # its content is gone; sending says again what is proved
        readers = [] if sent_before else client.who_can_read(info.id)
        if not sent_before:
            show_readers(session.screen, readers)
            ask_to_send(session, client, [info], yes=yes)
        sent = await send_now(session, client, info)
        session.screen.result({"draft": draft_view(info), "readers": reader_views(readers), "sent": sent_view(sent)})

    session.online(body)


@app.command("export")
def export(
    ctx: typer.Context, *, draft: DraftId, out: Annotated[Path, typer.Option("--out", help="File to write.")]
) -> None:
    """Write a sealed draft and its attachments to a file, for an approver who works in another home of this desk."""
    session = Session.of(ctx)
    fresh(out)

    async def body(client: Client) -> None:
        with session.screen.progress(t("Writing")) as report:
            await client.export_draft(draft_named(session, client, draft).id, out, progress=report)
        session.screen.say(
            t("Written: {path}. Only the approvers of this desk and its author can open it.", path=out), "bold green"
        )
        session.screen.result({"file": str(out)})

    session.online(body)


@app.command("import")
def import_draft(
    ctx: typer.Context, *, file: Annotated[Path, typer.Argument(help="The sealed draft.", metavar="FILE")]
) -> None:
    """Take a sealed draft from another home of this desk."""
    session = Session.of(ctx)

    with reading(file) as source:

        async def body(client: Client) -> None:
            with session.screen.progress(t("Reading")) as report:
                info = await client.import_draft(source, progress=report)
            after_draft(session, client, info)

        session.online(body)
