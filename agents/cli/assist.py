"""`comity assist …`: cross-border assistance. Forms, the request, the oral notice, and how a request stands.

Answers are in `assist_answers.py`; what every family has in common stands below this noun, too.

Never does: open a message that was only listed; opening tells the sender that a person saw it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb

from agents.cli.answering import CaseId, DraftOnly, Files, Form, Text, To, Yes, answer, case_of
from agents.cli.assist_forms import FORMS, carry, form_of, freeze_link, needed_with, notice_in_writing
from agents.cli.catalogue import t
from agents.cli.drafts import check_draft
from agents.cli.exits import UsageError
from agents.cli.lists import by_code, number_of
from agents.cli.mail import caught_up
from agents.cli.sending import after_draft, draft_and_send
from agents.cli.session import Session, read_text
from agents.cli.templating import check_text, print_template
from agents.cli.times import now_ms, when
from agents.cli.words import short
from agents.client import Client
from agents.forms import load_form

app = typer.Typer(name="assist", help="Cross-border assistance: ask, answer in parts, follow up.", no_args_is_help=True)

_INSTRUMENT: Final[Any] = pb.AssistanceInstrument.DESCRIPTOR
_KIND: Final[Any] = pb.AssistanceKind.DESCRIPTOR
InstrumentName = Annotated[
    str, typer.Option(help="iosco-mmou, iosco-emmou, bilateral, egmont, police, sfo-s186 or courtesy.")
]
Kinds = Annotated[
    list[str], typer.Option("--kind", help="What is asked for: information-held, records, freeze …; may be repeated.")
]
Level = Annotated[str, typer.Option("--precedence", help="routine, urgent or flash.")]


@app.command("template")
def show_template(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="What for: request, oral, complete, reply-part …", metavar="FORM")] = (
        "request"
    ),
    instrument: InstrumentName = "",
    kind: Kinds = [],  # noqa: B006 # typer copies it
    case: Annotated[str, typer.Option(help="The oral notice that the form is to put in writing.")] = "",
) -> None:
    """Print a form with comments, to fill in: comity assist template request > request.yaml."""
    session = Session.of(ctx)
    verb = form_of(what)
    filled = FORMS[verb]()
    if (instrument or kind) and not hasattr(filled, "kinds"):
        raise UsageError(t("Only request, oral and complete have an instrument and kinds."))
    if instrument:
        filled.instrument = number_of(_INSTRUMENT, instrument, "--instrument")
    if kind:
        filled.kinds.extend(number_of(_KIND, one, "--kind") for one in kind)
    if not case:
        print_template(session, Family.ASSISTANCE, verb, filled=filled, needed=needed_with(filled))
        return
    if verb is not Verb.COMPLETE:
        raise UsageError(t("Only complete is filled from a case."))

    async def run(client: Client) -> None:
        await caught_up(session, client)
        leg = case_of(client, case, Family.ASSISTANCE)[0]
        filled.MergeFrom(notice_in_writing(client.peek(leg.opening).payload))
        print_template(session, Family.ASSISTANCE, verb, filled=filled, needed=needed_with(filled))

    session.online(run)


@app.command("check")
def check(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="A draft's id, or a form's file.", metavar="DRAFT|FILE")],
    form: Annotated[str, typer.Option("--form", help="What the form is for.")] = "request",
    precedence: Level = "routine",
) -> None:
    """Say everything that is missing or wrong in a form, or that stands against sending a draft."""
    session = Session.of(ctx)
    if Path(what).is_file():
        level = by_code(Precedence, precedence, "--precedence")
        check_text(session, read_text(Path(what)), Family.ASSISTANCE, form_of(form), level)
    else:
        check_draft(session, what)


@app.command("draft")
def draft(
    ctx: typer.Context,
    *,
    to: Annotated[list[str], typer.Option("--to", help="Desk to ask; may be repeated with --joint.")],
    form: Annotated[Path, typer.Option("--from", help="Filled-in form, YAML or JSON; - for the standard input.")],
    freeze: Annotated[str, typer.Option("--freeze", help="The freeze case that this request carries.")] = "",
    attach: Files = [],  # noqa: B006 # typer copies it
    precedence: Level = "routine",
    respond_by: Annotated[str | None, typer.Option(help="Answer by: 8h, 3d, a date; else the agreed time.")] = None,
    deliver_by: Annotated[str | None, typer.Option(help="Deliver by: 8h, 3d, a date; else the agreed time.")] = None,
    joint: Annotated[bool, typer.Option("--joint", help="Several desks together, which see one another.")] = False,
) -> None:
    """Draft a request for assistance. It stays here until a second person has approved it."""
    session = Session.of(ctx)
    level, written = by_code(Precedence, precedence, "--precedence"), read_text(form)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        link = freeze_link(case_of(client, freeze, Family.FREEZE)[0]) if freeze else None
        body, handling = load_form(
            written, Family.ASSISTANCE, Verb.REQUEST, level, adding=lambda found: carry(found, link)
        )
        with session.screen.progress(t("Sealing")) as report:
            info = await client.draft(
                Verb.REQUEST,
                body,
                to=tuple(to),
                handling=handling,
                attachments=tuple(attach),
                precedence=level,
                respond_by=when(respond_by),
                deliver_by=when(deliver_by),
                joint=joint,
                family=Family.ASSISTANCE,
                progress=report,
            )
        after_draft(session, client, info)

    session.online(run)


@app.command("oral")
def oral(
    ctx: typer.Context,
    *,
    to: Annotated[str, typer.Option("--to", help="Desk that was asked by telephone.")],
    spoken_to: Annotated[str, typer.Option(help="With whom it was spoken.")] = "",
    spoken_at: Annotated[str, typer.Option(help="When: 2026-03-01T14:05; else now.")] = "",
    summary: Annotated[str, typer.Option(help="What was asked.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why it could not wait for writing.")] = "",
    instrument: InstrumentName = "courtesy",
    kind: Kinds = [],  # noqa: B006 # typer copies it
    reference: Annotated[str, typer.Option(help="Your own reference.")] = "",
    name: Annotated[str, typer.Option(help="Officer in charge.")] = "",
    telephone: Annotated[str, typer.Option(help="Telephone of that officer; else the desk's duty telephone.")] = "",
    form: Form = None,
    precedence: Level = "urgent",
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Put on record what was asked by telephone. It lapses unless two people complete it in writing in time."""
    session = Session.of(ctx)
    level = by_code(Precedence, precedence, "--precedence")
    written = None if form is None else read_text(form)
    body: Any = pb.OralNotice(
        contact=pb.Contact(name=name, telephone=telephone),
        summary=summary,
        urgency_reason=why,
        spoken_to=spoken_to,
        spoken_at=when(spoken_at) if spoken_at else now_ms(),
        reference=reference,
    )
    if written is None:
        body.instrument = number_of(_INSTRUMENT, instrument, "--instrument")
        body.kinds.extend(number_of(_KIND, one, "--kind") for one in kind)

    async def run(client: Client) -> None:
        nonlocal body
        handling = None
        await caught_up(session, client)
        if written is not None:
            body, handling = load_form(written, Family.ASSISTANCE, Verb.ORAL_NOTICE, level)
        elif not body.contact.telephone:
            duty = client.directory().contact(client.desk)
            body.contact.telephone = duty.telephone if duty else ""
        info = await client.oral_notice(to, body, handling=handling, precedence=level)
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes, provisional=True)
        if not session.screen.as_json:
            session.screen.next(
                session.command(f"assist template complete --case {short(info.case_id)} > written.yaml"),
                t("Put it in writing before it lapses"),
            )
            complete = session.command(f"assist complete {short(info.case_id)} --from written.yaml")
            session.screen.next(complete, t("Then hand it in; a second person approves it"))

    session.online(run)


@app.command("confirm")
def confirm(
    ctx: typer.Context,
    *,
    case: CaseId,
    text: Text = "",
    to: To = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Second a colleague's oral notice. It still has to be completed in writing."""
    answer(
        ctx,
        Verb.CONFIRM,
        case,
        pb.Confirm(text=text),
        form,
        draft_only=draft_only,
        yes=yes,
        to=to,
        family=Family.ASSISTANCE,
    )


@app.command("complete")
def complete(
    ctx: typer.Context,
    *,
    case: CaseId,
    form: Annotated[Path, typer.Option("--from", help="Filled-in form, YAML or JSON; - for the standard input.")],
    attach: Files = [],  # noqa: B006 # typer copies it
) -> None:
    """Put an oral notice in writing, with the same subject and scope. A second person approves it."""
    answer(ctx, Verb.COMPLETE, case, None, form, draft_only=True, yes=False, attach=attach, family=Family.ASSISTANCE)
