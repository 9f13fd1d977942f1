"""What follows a draft: who can read it, the next command, and sending with its proof.

Never does: say SUBMITTED, DELIVERED or OPENED before the SDK holds the proof.
"""

from __future__ import annotations

import typer
from comity.workflow.terms import Role

from agents.cli.catalogue import t
from agents.cli.exits import NotConfirmedError
from agents.cli.render import show_gaps, show_readers
from agents.cli.session import Session
from agents.cli.times import now_ms, stamp
from agents.cli.views import draft_view, reader_views, sent_view
from agents.cli.words import NOUNS, label, short, verb_label
from agents.client import Client
from agents.records import DraftInfo, DraftState, MessageStatus, Sent


def noun_of(ctx: typer.Context) -> str:
    """Returns the noun below which a command was typed: the same commands on drafts stand below several."""
    above = (ctx.parent.info_name or "") if ctx.parent is not None else ""
    return above if above in NOUNS.values() else "referral"


def after_draft(session: Session, client: Client, info: DraftInfo, noun: str = "referral") -> None:
    """Shows a draft's readers and state, and the command that comes next: of the second person, or to send.

    Args:
        session: of the command.
        client: open.
        info: of the draft.
        noun: whose commands come next.
    """
    screen = session.screen
    screen.say(f"{verb_label(info.verb)} → {', '.join(info.to)}", "bold")
    screen.fields(
        [
            (t("Draft"), info.id),
            (t("Case"), info.case_id),
            (t("Author"), info.author),
            (t("Precedence"), label(info.precedence)),
            (t("State"), label(info.state)),
        ]
    )
    readers = client.who_can_read(info.id)
    show_readers(screen, readers)
    show_gaps(screen, client.check(info.id) if info.state is DraftState.READY else ())
    approvers = [member for member in approvers_of(client) if member != info.author]
    if info.state is DraftState.AWAITING_APPROVAL:
        why = t("Not sent. A second person of this desk now runs")
        if not approvers:
            screen.warn(t("Nobody else of this desk may approve: an admin certifies somebody with `member add`."))
        screen.next(session.command(f"{noun} approve {short(info.id)}", approvers[0] if approvers else "MEMBER"), why)
        if len(approvers) > 1:
            screen.say(t("Others who may: {members}", members=", ".join(approvers[1:])), "dim")
    elif info.state is DraftState.READY:
        screen.next(session.command(f"{noun} send {short(info.id)}"), t("Not sent yet"))
    screen.result({"draft": draft_view(info), "readers": reader_views(readers), "approvers": approvers, "sent": None})


def approvers_of(client: Client) -> list[str]:
    """Returns the members who may approve for this desk now."""
    members = client.directory().members_of(client.agency, now_ms())
    return [m.member for m in members if Role.APPROVER in m.roles and client.desk in m.desks]


def ask_to_send(session: Session, info: DraftInfo, question: str, *, yes: bool, noun: str) -> None:
    """Asks a person at a terminal whether to send; where not, says that the draft stays and how it is sent later.

    Raises:
        NotConfirmedError: the answer was no.
    """
    if not session.screen.interactive:
        return
    try:
        session.confirm(question, yes=yes, default=True)
    except NotConfirmedError:
        session.screen.next(session.command(f"{noun} send {short(info.id)}"), t("The draft is kept. To send it"))
        raise NotConfirmedError(t("Nothing was sent.")) from None


async def send_now(session: Session, client: Client, info: DraftInfo) -> Sent:
    """Sends a draft, with a bar on uploads, and says what is proved."""
    screen = session.screen
    with screen.progress(t("Sending")) as report:
        sent = await client.send(info.id, progress=report)
    if sent.status is MessageStatus.SUBMITTED:
        screen.say(
            t(
                "SUBMITTED: in the log at {index}, {time}. The receipt is verified.",
                index=sent.log_index,
                time=stamp(sent.time),
            ),
            "bold green",
        )
    else:
        screen.say(label(sent.status), "bold yellow")
    screen.fields([(t("Message"), sent.message_hash), (t("Case"), sent.case_id)])
    screen.say(t("`comity referral sent` says DELIVERED and OPENED as soon as that is proved."), "dim")
    return sent


async def draft_and_send(
    session: Session, client: Client, info: DraftInfo, *, draft_only: bool, yes: bool, noun: str = "referral"
) -> None:
    """Sends a one-person draft at once, after showing who will read it; stops where a second person is needed."""
    if draft_only or info.state is not DraftState.READY:
        after_draft(session, client, info, noun)
        return
    screen = session.screen
    readers = client.who_can_read(info.id)
    screen.say(f"{verb_label(info.verb)} → {', '.join(info.to)}", "bold")
    show_readers(screen, readers)
    ask_to_send(session, info, t("Send it now?"), yes=yes, noun=noun)
    sent = await send_now(session, client, info)
    screen.result(
        {"draft": draft_view(info), "readers": reader_views(readers), "approvers": [], "sent": sent_view(sent)}
    )
