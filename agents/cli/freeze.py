"""`comity freeze …`: forms, drafts, the second person's word, and where a freeze stands.

Never does: say that anything is frozen; the ledger says what is held, by the holder's report.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb

from agents.cli.answering import CaseId, DraftOnly, Files, Text, Yes, about_named
from agents.cli.catalogue import t
from agents.cli.drafts import check_draft
from agents.cli.exits import CommandError, UsageError
from agents.cli.freezing import NOUN, freeze_named
from agents.cli.lists import by_code
from agents.cli.mail import caught_up
from agents.cli.render import show_content
from agents.cli.sending import after_draft, draft_and_send
from agents.cli.session import Session, read_text
from agents.cli.templating import BILINGUAL, check_text, print_template
from agents.cli.times import when
from agents.cli.words import FREEZE_COMMANDS
from agents.client import Client
from agents.forms import load_form
from agents.freezing import prefilled
from agents.freezing.templates import KINDS, begun, needed, remarks
from agents.templates import template

app = typer.Typer(name=NOUN, help="Asset freezes: hold, report, extend, release.", no_args_is_help=True)


def _verb(text: str) -> Verb:
    names = {"request": Verb.REQUEST, "hold": Verb.REQUEST_PROVISIONAL}
    names |= {name: verb for verb, name in FREEZE_COMMANDS.items()}
    return names.get(text.lower()) or by_code(Verb, text, "VERB")


@app.command("template")
def show_template(
    ctx: typer.Context,
    *,
    verb: Annotated[str, typer.Argument(help="What for: request, hold, report, convert …", metavar="VERB")] = "request",
    instrument: Annotated[
        str, typer.Option(help="restriction-notice, voluntary-hold, restraint-order, stop-payment …")
    ] = "",
) -> None:
    """Print a form with comments in both languages: comity freeze template --instrument restriction-notice."""
    session, chosen = Session.of(ctx), _verb(verb)
    if not instrument:
        print_template(session, Family.FREEZE, chosen)
        return
    if chosen is not Verb.REQUEST:
        raise UsageError(t("An instrument is of a request: leave the verb out."))
    kind = _kind(instrument)
    head = "".join(f"# {line}\n" for line in remarks(kind))
    form = template(Family.FREEZE, chosen, BILINGUAL, filled=begun(kind), needed=needed(kind))
    if not session.screen.as_json:
        typer.echo(f"{head}{form}", nl=False)
    session.screen.result({"verb": chosen.name, "instrument": kind, "form": f"{head}{form}"})


def _kind(text: str) -> str:
    wanted = text.strip().upper().replace("-", "_").replace(" ", "_")
    fitting = [kind for kind in KINDS if kind == wanted] or [k for k in KINDS if wanted and k.startswith(wanted)]
    if len(fitting) != 1:
        listed = ", ".join(kind.lower().replace("_", "-") for kind in KINDS)
        raise UsageError(t("{option} is one of: {listed}", option="--instrument", listed=listed))
    return fitting[0]


@app.command("check")
def check(
    ctx: typer.Context,
    *,
    what: Annotated[str, typer.Argument(help="A draft's id, or a form's file.", metavar="DRAFT|FILE")],
    verb: Annotated[str, typer.Option(help="What the form is for.")] = "request",
    precedence: Annotated[str, typer.Option(help="routine, urgent or flash.")] = "routine",
) -> None:
    """Say everything that is missing or wrong in a form, or that stands against sending a draft."""
    session = Session.of(ctx)
    if Path(what).is_file():
        level = by_code(Precedence, precedence, "--precedence")
        check_text(session, read_text(Path(what)), Family.FREEZE, _verb(verb), level)
    else:
        check_draft(session, what)


@app.command("draft")
def draft(
    ctx: typer.Context,
    *,
    to: Annotated[list[str], typer.Option("--to", help="Desk to ask; may be repeated with --joint.")],
    form: Annotated[Path, typer.Option("--from", help="Filled-in form, YAML or JSON; - for the standard input.")],
    attach: Files = [],  # noqa: B006 # typer copies it
    precedence: Annotated[str, typer.Option(help="routine, urgent or flash.")] = "routine",
    respond_by: Annotated[str | None, typer.Option(help="Answer by: 8h, 3d, a date; else the agreed time.")] = None,
    deliver_by: Annotated[str | None, typer.Option(help="Deliver by: 8h, 3d, a date; else the agreed time.")] = None,
    joint: Annotated[bool, typer.Option("--joint", help="Several desks together, which see one another.")] = False,
    quotes: Annotated[
        list[str], typer.Option("--quotes", help="Message of which it says something; may be repeated.")
    ] = [],  # noqa: B006 # typer copies it
    agreed: Annotated[
        bool, typer.Option("--agreed", help="Whoever is quoted was asked, and agreed that it is said to these desks.")
    ] = False,
) -> None:
    """Draft a request to hold assets. Not a byte leaves this desk before a second person has approved it."""
    session = Session.of(ctx)
    level = by_code(Precedence, precedence, "--precedence")
    asked, handling = load_form(read_text(form), Family.FREEZE, Verb.REQUEST, level)

    async def body(client: Client) -> None:
        await caught_up(session, client)
        with session.screen.progress(t("Sealing")) as report:
            info = await client.request_freeze(
                tuple(to),
                asked,  # type: ignore[arg-type] # the form's verb says which body it is
                handling=handling,
                attachments=tuple(attach),
                precedence=level,
                respond_by=when(respond_by),
                deliver_by=when(deliver_by),
                joint=joint,
                quotes=[message for message in (about_named(client, one) for one in quotes) if message],
                agreed=agreed,
                progress=report,
            )
        after_draft(session, client, info)

    session.online(body)


@app.command("confirm")
def confirm(
    ctx: typer.Context, *, case: CaseId, text: Text = "", draft_only: DraftOnly = False, yes: Yes = False
) -> None:
    """Confirm a colleague's provisional hold as its second person, after reading it."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await caught_up(session, client)
        leg = freeze_named(client, case)
        opened = client.peek(leg.opening)
        show_content(session.screen, opened.payload, opened.attachments)
        if session.screen.interactive:
            session.confirm(t("You have read it. Confirm it as the second person?"), yes=yes)
        elif not yes and not draft_only:
            raise UsageError(t("There is no terminal to ask on: look at it first, then add --yes."))
        info = await client.confirm_hold(leg.case_id, pb.Confirm(text=text), handling=opened.payload.handling)
        await draft_and_send(session, client, info, draft_only=draft_only, yes=True)

    session.online(body)


@app.command("complete")
def complete(
    ctx: typer.Context,
    *,
    case: CaseId,
    form: Annotated[
        Path | None, typer.Option("--from", help="Filled-in form, YAML or JSON; - for the standard input.")
    ] = None,
    as_template: Annotated[
        bool, typer.Option("--template", help="Print the form, begun with what the hold says, and do nothing else.")
    ] = False,
    attach: Files = [],  # noqa: B006 # typer copies it
) -> None:
    """Supply the full form of a provisional hold. A second person approves it."""
    session = Session.of(ctx)
    if as_template is (form is not None):
        raise UsageError(t("Either --template to print the form, or --from to hand it in."))

    async def body(client: Client) -> None:
        await caught_up(session, client)
        leg = freeze_named(client, case)
        held = client.peek(leg.opening).payload
        if not held.HasField("request_hold"):
            raise CommandError(t("That freeze is no provisional hold: there is nothing to complete."))
        if form is None:
            print_template(session, Family.FREEZE, Verb.COMPLETE, filled=prefilled.completed(held.request_hold))
            return
        asked, handling = load_form(read_text(form), Family.FREEZE, Verb.COMPLETE)
        with session.screen.progress(t("Sealing")) as report:
            info = await client.complete_hold(
                leg.case_id,
                asked,  # type: ignore[arg-type] # the form's verb says which body it is
                handling=handling or held.handling,
                attachments=tuple(attach),
                progress=report,
            )
        after_draft(session, client, info)

    session.online(body)
