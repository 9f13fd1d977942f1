"""`comity assist answer-first … feedback`: the answers that only an assistance case has.

What every family has (ack, ask, supply, accept, progress, withdraw, recall, close) is in `answers.py`.

Never does: know which answer is allowed; the workflow says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb

from agents.cli.answering import CaseId, DraftOnly, Files, Form, Text, To, Yes, answer
from agents.cli.catalogue import t
from agents.cli.exits import UsageError
from agents.cli.lists import number_of
from agents.cli.times import date
from agents.client import Client
from agents.records import CaseInfo

app = typer.Typer()

Questions = Annotated[list[str], typer.Option("--question", help="A question; may be repeated.")]
Conditions = Annotated[
    list[str], typer.Option("--condition", help="Condition of use of this part alone; may be repeated.")
]
PartHandling = Annotated[
    Path | None, typer.Option("--handling", help="File with the handling of this part alone; else the case's own.")
]
Total = Annotated[int, typer.Option("--of", min=0, help="Number of parts that there will be.")]
Number = Annotated[int, typer.Option("--number", min=0, help="Number of this part; else the next one.")]


@app.command("answer-first")
def answer_first(
    ctx: typer.Context,
    *,
    case: CaseId,
    kind: Annotated[str, typer.Option("--kind", help="hit, no-hit or not-yet-known.")] = "",
    expected: Annotated[str, typer.Option(help="Date by which more is expected, or 14d.")] = "",
    text: Text = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Say whether there is anything, before it is sent."""
    body = pb.AnswerFirst(expected_date=date(expected), text=text)
    if form is None:
        body.kind = number_of(pb.FirstAnswerKind.DESCRIPTOR, kind, "--kind")
    _say(ctx, Verb.ANSWER_FIRST, case, body, form, draft_only=draft_only, yes=yes)


@app.command("suspend")
def suspend(
    ctx: typer.Context,
    *,
    case: CaseId,
    reason: Annotated[str, typer.Option(help="Why the work is laid aside.")] = "",
    review: Annotated[str, typer.Option(help="Date on which that is looked at again, or 14d.")] = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Lay the work aside until a date."""
    body = pb.Suspend(reason=reason, review_date=date(review))
    _say(ctx, Verb.SUSPEND, case, body, form, draft_only=draft_only, yes=yes)


@app.command("resume")
def resume(
    ctx: typer.Context,
    *,
    case: CaseId,
    text: Text = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Take the work up again."""
    _say(ctx, Verb.RESUME, case, pb.Resume(text=text), form, draft_only=draft_only, yes=yes)


@app.command("refuse")
def refuse(
    ctx: typer.Context,
    *,
    case: CaseId,
    reason: Annotated[
        str, typer.Option(help="out-of-scope, no-legal-power, incomplete, not-held …; --reason ? lists them.")
    ] = "",
    acceptable_if: Annotated[str, typer.Option(help="What would make the request acceptable.")] = "",
    text: Text = "",
    form: Form = None,
) -> None:
    """Refuse, with a coded reason and what would make the request acceptable. A second person approves it."""
    body = pb.RefuseAssistance(acceptable_if=acceptable_if, text=text)
    if form is None:
        body.reason = number_of(pb.AssistanceRefusalReason.DESCRIPTOR, reason, "--reason")
    _say(ctx, Verb.REFUSE, case, body, form, draft_only=True, yes=False)


@app.command("reply-part")
def reply_part(
    ctx: typer.Context,
    *,
    case: CaseId,
    of: Total = 0,
    number: Number = 0,
    text: Text = "",
    condition: Conditions = [],  # noqa: B006 # typer copies it
    handling: PartHandling = None,
    attach: Files = [],  # noqa: B006 # typer copies it
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Send one part of the answer, under a handling and conditions of its own. The last part is a reply."""
    body = pb.ReplyPart(of=of, number=number, text=text, use_conditions=condition)
    _part(ctx, Verb.REPLY_PART, case, body, form, handling=handling, attach=attach, draft_only=draft_only, yes=yes)


@app.command("reply")
def reply(
    ctx: typer.Context,
    *,
    case: CaseId,
    of: Total = 0,
    number: Number = 0,
    text: Text = "",
    condition: Conditions = [],  # noqa: B006 # typer copies it
    final: Annotated[bool, typer.Option("--final", help="All that was asked is answered.")] = False,
    handling: PartHandling = None,
    attach: Files = [],  # noqa: B006 # typer copies it
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Send the last part of the answer, or the only one."""
    body = pb.Reply(of=of, number=number, text=text, use_conditions=condition, final=final)
    _part(ctx, Verb.REPLY, case, body, form, handling=handling, attach=attach, draft_only=draft_only, yes=yes)


@app.command("follow-up")
def follow_up(
    ctx: typer.Context,
    *,
    case: CaseId,
    question: Questions = [],  # noqa: B006 # typer copies it
    text: Text = "",
    to: To = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Ask again after a reply, within the same scope."""
    body = pb.FollowUp(questions=question, text=text)
    _say(ctx, Verb.FOLLOW_UP, case, body, form, draft_only=draft_only, yes=yes, to=to)


@app.command("feedback")
def feedback(
    ctx: typer.Context,
    *,
    case: CaseId,
    usefulness: Annotated[int, typer.Option(min=0, max=5, help="How useful the answer was, 1 to 5.")] = 0,
    used_for: Annotated[list[str], typer.Option("--used-for", help="What it was used for; may be repeated.")] = [],  # noqa: B006 # typer copies it
    text: Text = "",
    to: To = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Say what the answer was good for. Due 90 days after it."""
    body = pb.Feedback(usefulness=usefulness, used_for=used_for, text=text)
    _say(ctx, Verb.FEEDBACK, case, body, form, draft_only=draft_only, yes=yes, to=to)


def _part(
    ctx: typer.Context,
    verb: Verb,
    case: str,
    body: Any,
    form: Path | None,
    *,
    handling: Path | None,
    attach: list[Path],
    draft_only: bool,
    yes: bool,
) -> None:
    """Sends a part; one without a number of its own takes the next one, and a reply without a total is the last."""
    if form is None and verb is Verb.REPLY_PART and not body.of:
        raise UsageError(t("Say with --of how many parts there will be."))

    def numbered(client: Client, leg: CaseInfo) -> Any:
        body.number = body.number or client.next_part(leg.case_id)
        body.of = body.of or body.number
        return body

    _say(ctx, verb, case, numbered, form, handling=handling, attach=attach, draft_only=draft_only, yes=yes)


def _say(ctx: typer.Context, verb: Verb, case: str, body: Any, form: Path | None, **options: Any) -> None:
    """Says something that only an assistance case has."""
    answer(ctx, verb, case, body, form, family=Family.ASSISTANCE, **options)
