"""`comity referral ack … close`: the answers within an open case. One-person answers are sent at once.

Each takes a form (`--from`) or, for the fields that are usual, options. Without a form it carries the case's handling.

Never does: know which answer is allowed; the workflow says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from comity.errors import ComityError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence, Verb

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.lists import number_of
from agents.cli.mail import case_named, caught_up, message_named
from agents.cli.sending import draft_and_send
from agents.cli.session import Session, read_text
from agents.cli.times import date, when
from agents.client import Client
from agents.records import CaseInfo
from agents.referral import load_form

app = typer.Typer()

CaseId = Annotated[str, typer.Argument(help="Case id, or its first 6 digits.", metavar="CASE")]
Form = Annotated[
    Path | None, typer.Option("--from", help="Filled-in form instead of options; - for the standard input.")
]
DraftOnly = Annotated[bool, typer.Option("--draft-only", help="Draft it; do not send.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Files = Annotated[
    list[Path], typer.Option("--attach", help="File to attach; may be repeated. Sealed here, uploaded by send.")
]
Text = Annotated[str, typer.Option("--text", help="In words.")]
About = Annotated[str, typer.Option("--about", help="The message it is about; else the one that opened the case.")]
To = Annotated[str, typer.Option("--to", help="The desk, where the case is with several.")]
RespondBy = Annotated[str | None, typer.Option(help="Answer by: 8h, 3d, a date; else the agreed time.")]


def _answer(
    ctx: typer.Context,
    verb: Verb,
    case: str,
    body: Any,
    form: Path | None,
    *,
    draft_only: bool,
    yes: bool,
    attach: list[Path] | None = None,
    about: str = "",
    to: str = "",
    respond_by: str | None = None,
) -> None:
    """Drafts an answer from a form or a body, and sends it where one person suffices.

    Args:
        ctx: of the command.
        verb: what it does.
        case: case id or its beginning.
        body: made of options; not used where a form is given.
        form: file of a form, or None.
        draft_only: do not send.
        yes: do not ask.
        attach: files.
        about: message id or its beginning.
        to: the desk, where the case is with several.
        respond_by: as typed.
    """
    session = Session.of(ctx)
    handling = None
    if form is not None:
        body, handling = load_form(read_text(form), verb)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        legs = case_named(client, case)
        if verb is Verb.ACKNOWLEDGE and form is None and not body.contact.telephone:
            duty = client.directory().contact(client.desk)
            body.contact.telephone = duty.telephone if duty else ""
        with session.screen.progress(t("Sealing")) as report:
            info = await client.draft(
                verb,
                body,
                to=(to,) if to else (),
                case=legs[0].case_id,
                handling=_handling_of(client, legs[0]) if handling is None else handling,
                attachments=tuple(attach or ()),
                precedence=Precedence.ROUTINE,
                about=_about(client, about),
                respond_by=when(respond_by),
                progress=report,
            )
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(run)


def _handling_of(client: Client, leg: CaseInfo) -> pb.Handling | None:
    """Returns the case's own handling: an answer permits no more than what it answers, unless a form says otherwise."""
    try:
        return client.peek(leg.opening).payload.handling
    except ComityError:
        return None  # not here, or not to be opened: the default holds


def _about(client: Client, text: str) -> str | None:
    if not text:
        return None
    found = message_named(client, text)
    if not found:
        raise NothingFoundError(t("There is no such message here."))
    return found


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
    """Acknowledge a referral: your reference, your officer, your expected date."""
    contact = pb.Contact(name=name, unit=unit, telephone=telephone, email=email)
    body = pb.AcknowledgeCase(reference=reference, contact=contact, expected_date=date(expected), note=text)
    _answer(ctx, Verb.ACKNOWLEDGE, case, body, form, draft_only=draft_only, yes=yes)


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
    _answer(ctx, Verb.REQUEST_INFO, case, body, form, draft_only=draft_only, yes=yes, respond_by=respond_by)


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
    _answer(
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
    _answer(ctx, verb, case, body, form, draft_only=draft_only, yes=yes)


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
    _answer(ctx, Verb.DECLINE, case, body, form, draft_only=True, yes=False)


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
    _answer(ctx, Verb.REDIRECT, case, pb.Redirect(desk=desk, text=text), form, draft_only=draft_only, yes=yes)


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
    _answer(ctx, Verb.REPORT_PROGRESS, case, body, form, draft_only=draft_only, yes=yes, attach=attach)


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
    _answer(ctx, Verb.REPORT_OUTCOME, case, body, form, draft_only=draft_only, yes=yes, attach=attach)


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
    """Take a referral back before it was delivered; afterwards it is a recall."""
    _answer(ctx, Verb.WITHDRAW, case, pb.Withdraw(text=text), form, draft_only=draft_only, yes=yes, to=to)


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
    _answer(ctx, Verb.RECALL, case, body, form, draft_only=draft_only, yes=yes, to=to, about=about)


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
    _answer(ctx, Verb.ANSWER_RECALL, case, body, form, draft_only=draft_only, yes=yes, about=about)


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
    _answer(ctx, Verb.CLOSE, case, pb.Close(text=text), form, draft_only=draft_only, yes=yes, to=to)
