"""`comity recall …`: take a case back from everybody it reached, and see who has answered what.

A single recall is `comity referral recall` (and likewise in the other families); its answer is `answer-recall` there.

Never does: believe that something is gone because nobody answers.
"""

from __future__ import annotations

from typing import Annotated

import typer
from comity.names import agency_of
from comity.v1 import payload_pb2 as pb

from agents.cli.answering import CaseId, Text, Yes
from agents.cli.catalogue import t
from agents.cli.lists import number_of
from agents.cli.mail import case_named, caught_up
from agents.cli.referral import NoSync, open_seen
from agents.cli.render import show_readers
from agents.cli.sending import ask_to_send, send_now
from agents.cli.session import Session
from agents.cli.times import due, short_stamp
from agents.cli.views import sent_view
from agents.cli.words import label, short, status_label
from agents.client import Client
from agents.onward.lists import RecallLine

app = typer.Typer(name="recall", help="Taking a case back, also from where it was passed on.", no_args_is_help=True)


@app.command("list")
def list_recalls(ctx: typer.Context, *, case: CaseId, no_sync: NoSync = False) -> None:
    """Show whom a case has reached, through whom, and who has answered what of its recalls."""
    session = Session.of(ctx)

    async def run(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        legs = case_named(client, case)
        lines = client.recall_list(legs[0].case_id)
        for line in lines:
            if line.answer_message:
                await open_seen(client, line.answer_message)
        rows = [
            (
                line.desk,
                line.through,
                status_label(line.status) if line.status else "",
                short(line.recall),
                short_stamp(line.asked) if line.asked else t("not asked"),
                _answer(line),
                line.text,
            )
            for line in lines
        ]
        columns = (t("Desk"), t("Through"), t("Proved"), t("Recall"), t("Asked"), t("Answered"), t("Reason"))
        styles = ["bold red" if line.overdue else "" for line in lines]
        session.screen.table(columns, rows, styles)
        warn_unpinned(session, client, lines)
        if any(not line.recall for line in lines):
            session.screen.next(session.command(f"recall send {short(legs[0].case_id)}"), t("You can"))
        session.screen.result({"recalls": [line_view(line) for line in lines]})
        late.raise_if_unreachable()

    session.online(run)


def warn_unpinned(session: Session, client: Client, lines: list[RecallLine]) -> None:
    """Says whom a recall cannot be sent to before an officer has called."""
    for line in lines:
        agency = agency_of(line.desk)
        if not line.recall and not client.trust.pinned(agency):
            session.screen.warn(
                t("{desk} was not asked: first compare fingerprints with {agency}.", desk=line.desk, agency=agency)
            )


def _answer(line: RecallLine) -> str:
    if line.answer:
        return f"{label(line.answer)}, {short_stamp(line.answered)}"
    if not line.recall:
        return ""
    return t("OVERDUE: {time}", time=due(line.respond_by)) if line.overdue else due(line.respond_by)


@app.command("send")
def send(
    ctx: typer.Context,
    *,
    case: CaseId,
    reason: Annotated[str, typer.Option(help="false-positive, wrong-recipient or legal.")],
    text: Text = "",
    yes: Yes = False,
) -> None:
    """Recall a case from every desk that it reached, also from those that it was passed on to."""
    session = Session.of(ctx)
    body = pb.Recall(reason=number_of(pb.RecallReason.DESCRIPTOR, reason, "--reason"), text=text)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        legs = case_named(client, case)
        drafts = await client.recall_all(legs[0].case_id, body)
        if not drafts:
            session.screen.say(t("Everybody was asked before, or has it no more."), "dim")
        for info in drafts:
            session.screen.say(t("Recall at {desk}", desk=", ".join(info.to)), "bold")
            show_readers(session.screen, client.who_can_read(info.id))
        if drafts:
            ask_to_send(session, client, drafts, yes=yes)
        sent = [await send_now(session, client, info) for info in drafts]
        warn_unpinned(session, client, client.recall_list(legs[0].case_id))
        if sent:
            session.screen.next(session.command(f"recall list {short(legs[0].case_id)}"), t("Who has answered"))
        session.screen.result({"sent": [sent_view(one) for one in sent]})

    session.online(run)


def line_view(line: RecallLine) -> dict[str, object]:
    """Returns what became of a case at one desk, for a machine."""
    return {
        "desk": line.desk,
        "through": line.through or None,
        "original": line.original,
        "recall": line.recall or None,
        "status": line.status.value if line.status else None,
        "asked": line.asked or None,
        "respond_by": line.respond_by or None,
        "overdue": line.overdue,
        "answer": line.answer or None,
        "text": line.text or None,
        "answered": line.answered or None,
    }
