"""`comity next`: everything that waits for the person who asks, the most urgent first, each with its command.

Never does: open or sign anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer
from comity.workflow.terms import Family, Precedence, Verb

from agents.cli.catalogue import labelled, t
from agents.cli.mail import caught_up, noun_of
from agents.cli.render import answers
from agents.cli.said import said
from agents.cli.sending import approvers_of
from agents.cli.session import Session
from agents.cli.times import due
from agents.cli.words import BY_MACHINES, NOUNS, label, mail_noun, short, verb_label
from agents.client import Client
from agents.records import DraftState, MessageStatus, Standing

app = typer.Typer()

_NEVER = 1 << 62
_CLOSES = ("DECLINED", "REFUSED", "REDIRECTED", "OUTCOME_REPORTED")
_OURS_NEXT = {"ORIGINATOR": _CLOSES, "RECIPIENT": (*_CLOSES, "OFFERED")}
"""States in which a side acts next though no answer is due."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits."""

    kind: str
    """alarm, approve, send, confirm, read or answer."""
    urgency: int
    """0 alarm, 1 FLASH, 2 URGENT, 3 anything else."""
    respond_by: int | None
    """Unix milliseconds UTC; None where no limit is set."""
    what: str
    """For people."""
    subject: str
    """Full id."""
    command: str
    """What to run."""

    def view(self) -> dict[str, Any]:
        """Returns its JSON shape."""
        return {
            "kind": self.kind,
            "urgency": self.urgency,
            "respond_by": self.respond_by,
            "subject": self.subject,
            "command": self.command,
        }


def _urgency(precedence: Precedence) -> int:
    return 4 - int(precedence)


def tasks(session: Session, client: Client) -> list[Task]:
    """Returns what waits for the acting member, the most urgent first."""
    found = [
        Task(
            "alarm",
            0,
            None,
            labelled(t("ALARM"), said(alarm.text)),
            alarm.id,
            session.command(f"alarm dismiss {alarm.id[:8]}"),
        )
        for alarm in client.alarms()
    ]
    may_approve = client.member in approvers_of(client)
    for info in client.drafts():
        what = f"{verb_label(info.verb)} → {', '.join(info.to)}"
        if info.state is DraftState.AWAITING_APPROVAL and may_approve and info.author != client.member:
            command = session.command(f"{noun_of(client, info)} approve {short(info.id)}")
            what = labelled(t("Approve"), what)
            found.append(Task("approve", _urgency(info.precedence), None, what, info.id, command))
        elif info.state is DraftState.READY:
            command = session.command(f"{noun_of(client, info)} send {short(info.id)}")
            found.append(Task("send", _urgency(info.precedence), None, labelled(t("Send"), what), info.id, command))
    for leg in client.unconfirmed() if may_approve else ():
        if client.author_of(leg.opening) != client.member:
            case_id, family = leg.case_id.hex(), Family(leg.family)
            what = labelled(t("Confirm"), f"{label(family)} → {leg.recipient}")
            command = session.command(f"{NOUNS[family]} confirm {short(case_id)}")
            found.append(Task("confirm", 1, leg.lapses_at, what, case_id, command))
    unread: set[str] = set()
    for item in client.inbox(unread_only=True):
        if item.verb in BY_MACHINES:
            continue
        if item.status is MessageStatus.DELIVERED and item.standing in {Standing.GOOD, Standing.SUSPECT}:
            unread.add(item.case_id)
            what = labelled(t("Read"), f"{verb_label(item.verb)} ← {item.sender}")
            command = session.command(f"{mail_noun(item.family)} show {short(item.message)}")
            respond_by = item.respond_by if item.respond_by and item.awaited else None
            found.append(Task("read", _urgency(item.precedence), respond_by, what, item.message, command))
    for case in client.cases():
        # What one person began and two must put in writing lapses by itself: that comes before any other answer.
        commands = [found for found in answers(case) if Verb.COMPLETE in case.allowed and " complete " in found]
        ours = bool(commands) or case.awaiting is case.side or case.state.value in _OURS_NEXT.get(case.side.value, ())
        commands = commands or answers(case)
        if case.case_id in unread or not commands or not ours:
            continue
        other = case.recipient if case.side.value == "ORIGINATOR" else case.originator
        what = labelled(t("Answer"), f"{label(case.state)} · {other}")
        respond_by = case.respond_by if case.awaiting is case.side else None
        found.append(Task("answer", 3, respond_by, what, case.case_id, session.command(commands[0])))
    return sorted(found, key=lambda task: (task.urgency, task.respond_by or _NEVER))


@app.command("next")
def show_next(
    ctx: typer.Context,
    *,
    no_sync: bool = typer.Option(False, "--no-sync", help="Show what is here; do not ask the hub."),
) -> None:
    """Show all that waits for you, the most urgent first."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        waiting = tasks(session, client)
        screen = session.screen
        for task in waiting:
            limit = f" ({due(task.respond_by)})" if task.respond_by else ""
            urgent = f"{label(Precedence(4 - task.urgency))} · " if 0 < task.urgency < 3 else ""
            screen.say(f"{urgent}{task.what}{limit}", "bold red" if task.urgency < 2 else "bold")
            screen.say(f"  {task.command}", "cyan")
        if not waiting:
            screen.say(t("Nothing waits for {member}.", member=client.member), "bold green")
        screen.result({"member": client.member, "next": [task.view() for task in waiting]})
        late.raise_if_unreachable()

    session.online(body)
