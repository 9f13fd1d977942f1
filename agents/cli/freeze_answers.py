"""`comity freeze accept … challenge`: what is said within an open freeze. What one person may say is sent at once.

Each takes a form (`--from`) or, for the fields that are usual, options. Without a form it carries the case's handling.
What freezes share with the other families is in `answers.py`, what moves sums in `freeze_orders.py`.

Never does: know which answer is allowed.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Verb

from agents.cli.answering import CaseId, DraftOnly, Form, Text, To, Yes
from agents.cli.freezing import About, say
from agents.cli.lists import number_of
from agents.cli.times import date, when

app = typer.Typer()

Until = Annotated[str, typer.Option("--until", help="The new end: 30d, a date, or a date with a time.")]


@app.command("accept")
def accept(
    ctx: typer.Context,
    *,
    case: CaseId,
    owner: Annotated[str, typer.Option(help="Who owns it now.")] = "",
    decided_by: Annotated[str, typer.Option("--decided-by", help="Who decided.")] = "",
    text: Text = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Say that it will be executed, and who decided. A binding instrument takes a second person."""
    body = pb.Accept(owner=owner, decided_by=decided_by, note=text)
    say(ctx, Verb.ACCEPT, lambda c: c.accept, case, lambda *_: body, form=form, draft_only=draft_only, yes=yes)


@app.command("refuse")
def refuse(
    ctx: typer.Context,
    *,
    case: CaseId,
    reason: Annotated[
        str, typer.Option(help="no-power, incomplete, no-link, not-our-customer, self-hosted, formal-mla-needed …")
    ] = "",
    text: Text = "",
    form: Form = None,
) -> None:
    """Refuse to hold assets, with a coded reason. A second person approves it."""

    def make(*_: Any) -> pb.RefuseFreeze:
        return pb.RefuseFreeze(reason=number_of(pb.FreezeRefusalReason.DESCRIPTOR, reason, "--reason"), text=text)

    say(ctx, Verb.REFUSE, lambda c: c.refuse_freeze, case, make, form=form, draft_only=True, yes=False)


@app.command("ask-extension")
def ask_extension(
    ctx: typer.Context,
    *,
    case: CaseId,
    until: Until = "",
    diligence: Annotated[str, typer.Option(help="What was done since, and why it takes longer.")] = "",
    to: To = "",
    form: Form = None,
) -> None:
    """Ask for a later end. A second person approves it; nothing is extended by silence."""
    body = pb.AskExtension(until=when(until or None) or 0, diligence=diligence)
    say(
        ctx,
        Verb.ASK_EXTENSION,
        lambda c: c.ask_extension,
        case,
        lambda *_: body,
        form=form,
        draft_only=True,
        yes=False,
        to=to,
    )


@app.command("extend")
def extend(
    ctx: typer.Context,
    *,
    case: CaseId,
    until: Until = "",
    text: Text = "",
    about: About = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Set the later end that was asked for."""
    body = pb.Extend(until=when(until or None) or 0, text=text)
    say(
        ctx,
        Verb.EXTEND,
        lambda c: c.extend,
        case,
        lambda *_: body,
        form=form,
        draft_only=draft_only,
        yes=yes,
        about=about,
    )


@app.command("refuse-extension")
def refuse_extension(
    ctx: typer.Context,
    *,
    case: CaseId,
    text: Text = "",
    about: About = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Leave the end as it is, and say why."""
    say(
        ctx,
        Verb.REFUSE_EXTENSION,
        lambda c: c.refuse_extension,
        case,
        lambda *_: pb.RefuseExtension(text=text),
        form=form,
        draft_only=draft_only,
        yes=yes,
        about=about,
    )


@app.command("challenge")
def challenge(
    ctx: typer.Context,
    *,
    case: CaseId,
    court: Annotated[str, typer.Option(help="The court.")] = "",
    number: Annotated[str, typer.Option(help="The court's number.")] = "",
    next_date: Annotated[str, typer.Option("--next", help="Next hearing or decision: a date, or 14d.")] = "",
    decision: Annotated[str, typer.Option(help="filed, upheld, varied, lifted or withdrawn.")] = "",
    text: Text = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Report a challenge in court, and later its decision."""

    def make(*_: Any) -> pb.ReportChallenge:
        stands = number_of(pb.ChallengeDecision.DESCRIPTOR, decision, "--decision")
        return pb.ReportChallenge(court=court, number=number, next_date=date(next_date), decision=stands, text=text)

    say(ctx, Verb.REPORT_CHALLENGE, lambda c: c.report_challenge, case, make, form=form, draft_only=draft_only, yes=yes)
