"""`comity referral ack … close`: the answers within an open case. One-person answers are sent at once.

What says the same in every family stands below `comity assist` and `comity freeze`, too (`commands`).

Never does: know which answer is allowed; the workflow says so.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Verb

from agents.cli.answering import About, CaseId, DraftOnly, Files, Form, RespondBy, Text, To, Yes, answer
from agents.cli.catalogue import t
from agents.cli.exits import UsageError
from agents.cli.lists import number_of
from agents.cli.times import date

app = typer.Typer()


def commands(*names: str) -> list[Any]:
    """Returns commands of this module by name, for the other nouns below which they stand, too."""
    return [command for command in app.registered_commands if command.name in names]


@app.command("ack")
def ack(
    ctx: typer.Context,
    *,
    case: CaseId,
    reference: Annotated[str, typer.Option(help="Your own reference.")] = "",
    name: Annotated[str, typer.Option(help="Officer in charge.")] = "",
    unit: Annotated[str, typer.Option(help="Unit of that officer.")] = "",
    telephone: Annotated[str, typer.Option(help="Telephone of that officer; else the desk's duty telephone.")] = "",
    email: Annotated[str, typer.Option(help="E-mail of that officer.")] = "",
    expected: Annotated[str, typer.Option(help="Date by which you expect to answer, or 14d.")] = "",
    text: Text = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Acknowledge a case: your reference, your officer, your expected date."""
    contact = pb.Contact(name=name, unit=unit, telephone=telephone, email=email)
    body = pb.AcknowledgeCase(reference=reference, contact=contact, expected_date=date(expected), note=text)
    answer(ctx, Verb.ACKNOWLEDGE, case, body, form, draft_only=draft_only, yes=yes)


@app.command("ask")
def ask(
    ctx: typer.Context,
    *,
    case: CaseId,
    question: Annotated[
        list[str], typer.Option("--question", help='KIND:text, for example identity:"Who is it?"; may be repeated.')
    ] = [],  # noqa: B006 # typer copies it
    respond_by: RespondBy = None,
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Ask the originator for what is missing. The clock changes sides."""
    body = pb.RequestInfo()
    for item in question:
        kind, colon, words = item.partition(":")
        if not colon:
            raise UsageError(t('A question is KIND:text, for example evidence:"The bank statement of March".'))
        gap = number_of(pb.InfoGap.DESCRIPTOR, kind, "KIND")
        body.questions.add(gap=gap, text=words.strip())
    answer(ctx, Verb.REQUEST_INFO, case, body, form, draft_only=draft_only, yes=yes, respond_by=respond_by)


@app.command("supply")
def supply(
    ctx: typer.Context,
    *,
    case: CaseId,
    text: Text = "",
    to: To = "",
    attach: Files = [],  # noqa: B006 # typer copies it
    respond_by: RespondBy = None,
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Supply what was asked for."""
    body = pb.Supply(text=text)
    answer(
        ctx,
        Verb.SUPPLY,
        case,
        body,
        form,
        draft_only=draft_only,
        yes=yes,
        attach=attach,
        to=to,
        respond_by=respond_by,
    )


@app.command("accept")
def accept(
    ctx: typer.Context,
    *,
    case: CaseId,
    owner: Annotated[str, typer.Option(help="Who owns it now.")] = "",
    part: Annotated[list[str], typer.Option("--part", help="Accept this part only; may be repeated.")] = [],  # noqa: B006 # typer copies it
    text: Text = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Accept the case, or with --part some parts of it."""
    body = pb.Accept(owner=owner, parts=part, note=text)
    verb = Verb.ACCEPT_IN_PART if part else Verb.ACCEPT
    answer(ctx, verb, case, body, form, draft_only=draft_only, yes=yes)


@app.command("decline")
def decline(
    ctx: typer.Context,
    *,
    case: CaseId,
    reason: Annotated[
        str,
        typer.Option(
            help="no-power, not-in-public-interest, insufficient, duplicate, capacity, conflict or time-barred."
        ),
    ] = "",
    text: Text = "",
    form: Form = None,
) -> None:
    """Decline the case, with a coded reason. A second person approves it."""
    body = pb.Decline(text=text)
    if form is None:
        body.reason = number_of(pb.DeclineReason.DESCRIPTOR, reason, "--reason")
    answer(ctx, Verb.DECLINE, case, body, form, draft_only=True, yes=False)


@app.command("redirect")
def redirect(
    ctx: typer.Context,
    *,
    case: CaseId,
    desk: Annotated[str, typer.Option(help="The desk that should have it.")] = "",
    text: Text = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Say which desk should have the case. Needs the originator's consent."""
    answer(ctx, Verb.REDIRECT, case, pb.Redirect(desk=desk, text=text), form, draft_only=draft_only, yes=yes)


@app.command("progress")
def progress(
    ctx: typer.Context,
    *,
    case: CaseId,
    text: Text = "",
    expected: Annotated[str, typer.Option(help="New expected date, where the last one slips, or 14d.")] = "",
    slip_reason: Annotated[str, typer.Option(help="Why it slips.")] = "",
    attach: Files = [],  # noqa: B006 # typer copies it
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Report how far the work is."""
    body = pb.ReportProgress(text=text, expected_date=date(expected), slip_reason=slip_reason)
    answer(ctx, Verb.REPORT_PROGRESS, case, body, form, draft_only=draft_only, yes=yes, attach=attach)


@app.command("outcome")
def outcome(
    ctx: typer.Context,
    *,
    case: CaseId,
    result: Annotated[
        list[str],
        typer.Option("--result", help="KIND, or KIND:AMOUNT:CURRENCY, for example freeze:120000:HKD; may be repeated."),
    ] = [],  # noqa: B006 # typer copies it
    usefulness: Annotated[int, typer.Option(min=0, max=5, help="How useful the referral was, 1 to 5.")] = 0,
    text: Text = "",
    attach: Files = [],  # noqa: B006 # typer copies it
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Report what came of the case."""
    body = pb.ReportOutcome(usefulness=usefulness)
    for item in result:
        kind, _, rest = item.partition(":")
        amount, _, currency = rest.partition(":")
        number = number_of(pb.OutcomeKind.DESCRIPTOR, kind, "KIND")
        body.outcomes.add(kind=number, amount=amount, currency=currency, text=text)
    answer(ctx, Verb.REPORT_OUTCOME, case, body, form, draft_only=draft_only, yes=yes, attach=attach)


@app.command("withdraw")
def withdraw(
    ctx: typer.Context,
    *,
    case: CaseId,
    text: Text = "",
    to: To = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Take a case back before it was delivered; afterwards it is a recall."""
    answer(ctx, Verb.WITHDRAW, case, pb.Withdraw(text=text), form, draft_only=draft_only, yes=yes, to=to)


@app.command("recall")
def recall(
    ctx: typer.Context,
    *,
    case: CaseId,
    reason: Annotated[str, typer.Option(help="false-positive, wrong-recipient or legal.")] = "",
    text: Text = "",
    to: To = "",
    about: About = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Ask the recipient to destroy or quarantine what you sent."""
    body = pb.Recall(text=text)
    if form is None:
        body.reason = number_of(pb.RecallReason.DESCRIPTOR, reason, "--reason")
    answer(ctx, Verb.RECALL, case, body, form, draft_only=draft_only, yes=yes, to=to, about=about)


@app.command("answer-recall")
def answer_recall(
    ctx: typer.Context,
    *,
    case: CaseId,
    done: Annotated[str, typer.Option(help="destroyed, quarantined or cannot-comply.")] = "",
    text: Text = "",
    about: Annotated[str, typer.Option("--about", help="The recall that it answers; else the newest.")] = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Say what was done after a recall."""
    body = pb.AnswerRecall(text=text)
    if form is None:
        body.kind = number_of(pb.RecallAnswerKind.DESCRIPTOR, done, "--done")
    answer(ctx, Verb.ANSWER_RECALL, case, body, form, draft_only=draft_only, yes=yes, about=about)


@app.command("close")
def close(
    ctx: typer.Context,
    *,
    case: CaseId,
    text: Text = "",
    to: To = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Close a case that was answered."""
    answer(ctx, Verb.CLOSE, case, pb.Close(text=text), form, draft_only=draft_only, yes=yes, to=to)
