"""What follows a draft: who can read it, the next command, and sending with its proof.

Never does: say SUBMITTED, DELIVERED or OPENED before the SDK holds the proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comity.workflow.terms import Role

from agents.cli.catalogue import t
from agents.cli.exits import NotConfirmedError, UsageError
from agents.cli.mail import noun_of
from agents.cli.render import show_gaps, show_readers
from agents.cli.session import Session
from agents.cli.times import due, now_ms, stamp
from agents.cli.views import draft_view, reader_views, sent_view
from agents.cli.words import label, short, verb_label
from agents.client import Client
from agents.records import DraftInfo, DraftState, MessageStatus, Sent


def after_draft(session: Session, client: Client, info: DraftInfo) -> None:
    """Shows a draft's readers and state, and the command that comes next: of the second person, or to send.

    Args:
        session: of the command.
        client: open.
        info: of the draft; its family says below which noun the next commands stand.
    """
    screen, noun = session.screen, noun_of(client, info)
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


def ask_to_send(
    session: Session, client: Client, drafts: Sequence[DraftInfo], *, yes: bool, question: str = ""
) -> None:
    """Asks a person whether to send; where not, says that the drafts stay and how they are sent later.

    Args:
        session: of the command.
        client: open.
        drafts: ready to go.
        yes: `--yes` stands for the answer.
        question: what is asked; empty for the usual one.

    Raises:
        NotConfirmedError: the answer was no.
        UsageError: there is no terminal to ask on: without `--yes` nothing goes.
    """
    try:
        session.confirm(question or t("Send it now?"), yes=yes, default=True)
    except (NotConfirmedError, UsageError) as error:
        commands = [session.command(f"{noun_of(client, info)} send {short(info.id)}") for info in drafts]
        session.screen.next("\n  ".join(commands), t("The draft is kept. To send it"))
        if isinstance(error, UsageError):
            session.screen.result({"drafts": [draft_view(info) for info in drafts], "sent": None})
            raise
        raise NotConfirmedError(t("Nothing was sent.")) from None


async def send_now(session: Session, client: Client, info: DraftInfo) -> Sent:
    """Sends a draft, with a bar on uploads, and says what is proved."""
    screen, noun = session.screen, noun_of(client, info)
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
    screen.say(t("`comity {noun} sent` says DELIVERED and OPENED as soon as that is proved.", noun=noun), "dim")
    return sent


async def draft_and_send(
    session: Session, client: Client, info: DraftInfo, *, draft_only: bool, yes: bool, provisional: bool = False
) -> None:
    """Sends a one-person draft at once, after showing who will read it; stops where a second person is needed.

    Args:
        session: of the command.
        client: open.
        info: of the draft.
        draft_only: do not send.
        yes: do not ask.
        provisional: it lapses by itself unless a second person acts: when and who is said.
    """
    if draft_only or info.state is not DraftState.READY:
        after_draft(session, client, info)
        return
    screen = session.screen
    readers = client.who_can_read(info.id)
    screen.say(f"{verb_label(info.verb)} → {', '.join(info.to)}", "bold")
    show_readers(screen, readers)
    ask_to_send(session, client, [info], yes=yes)
    lapses_at = client.review(info.id).header.lapses_at if provisional else 0
    sent = await send_now(session, client, info)
    found = {"draft": draft_view(info), "readers": reader_views(readers), "approvers": [], "sent": sent_view(sent)}
    screen.result({**found, **show_lapse(session, client, info, lapses_at)} if provisional else found)


def show_lapse(session: Session, client: Client, info: DraftInfo, lapses_at: int) -> dict[str, Any]:
    """Says when what one person began lapses, and who may confirm it; returns both for a machine.

    Args:
        session: of the command.
        client: open.
        info: of the draft that was sent.
        lapses_at: Unix milliseconds UTC.
    """
    screen = session.screen
    others = [member for member in approvers_of(client) if member != info.author]
    screen.heading(t("IT LAPSES BY ITSELF"))
    screen.say(f"  {stamp(lapses_at)} ({due(lapses_at)})", "bold red")
    if others:
        why = t("Before that, a second person of this desk confirms")
        screen.next(session.command(f"{noun_of(client, info)} confirm {short(info.case_id)}", others[0]), why)
        if len(others) > 1:
            screen.say(t("Others who may: {members}", members=", ".join(others[1:])), "dim")
    else:
        screen.warn(t("Nobody else of this desk may confirm: an admin certifies somebody with `member add`."))
    return {"lapses_at": lapses_at, "confirmers": others}
