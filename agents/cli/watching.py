"""What `comity watch` says of each event, to people and to machines.

Never does: show content; nothing was opened.
"""

from __future__ import annotations

from typing import Any

from comity.workflow.terms import Precedence

from agents.cli.catalogue import labelled, t
from agents.cli.said import said
from agents.cli.times import due, now_ms, stamp
from agents.cli.views import alarm_view, inbox_view, reminder_view
from agents.cli.words import label, mail_noun, short, verb_label
from agents.clocks import GONE
from agents.records import InboxItem, LimitKind, Reminder, Standing
from agents.watch import WatchEvent


def line_of(event: WatchEvent) -> tuple[str, str]:
    """Returns the line for people, and its style."""
    text, style = _said(event)
    return f"{stamp(now_ms())}  {text}", style


def _said(event: WatchEvent) -> tuple[str, str]:
    if event.item is not None:
        return _item(event.item), "bold red" if event.item.precedence is Precedence.FLASH else "bold"
    if event.alarm is not None:
        words = f"{said(event.alarm.text)}  {event.alarm.telephone}".rstrip()
        return labelled(t("ALARM"), f"{words}  comity alarm dismiss {event.alarm.id[:8]}"), "bold red"
    if event.reminder is not None:
        return _reminder(event.reminder), "bold red" if event.reminder.percent >= GONE else "bold yellow"
    match event.kind:
        case "connected":
            return t("Connected."), "green"
        case "disconnected":
            return t("Disconnected; trying again."), "yellow"
        case "renewed":
            return labelled(t("Renewed by itself"), event.text), "dim"
    return t("Something moved: see `comity case list`."), "dim"


def _item(item: InboxItem) -> str:
    standing = f"  {label(item.standing)}" if item.standing is not Standing.GOOD else ""
    limit = f"  ({due(item.respond_by)})" if item.respond_by and item.awaited else ""
    what = f"{label(item.precedence)}  {verb_label(item.verb)} ← {item.sender}{limit}{standing}"
    return f"{what}  comity {mail_noun(item.family)} show {short(item.message)}"


def _reminder(reminder: Reminder) -> str:
    return labelled(
        f"{t('Case')} {short(reminder.case_id)} · {label(reminder.family)}",
        f"{_what(reminder)} {due(reminder.respond_by)} ({reminder.percent} %)",
    )


def _what(reminder: Reminder) -> str:
    if reminder.kind is LimitKind.RECALL:
        return t("a recall waits for our answer") if reminder.ours else t("a recall waits for their answer")
    if reminder.kind is LimitKind.LAPSE:
        if reminder.percent >= GONE:
            return t("it has ended by its own date, by this desk's clock")
        return t("it ends by itself unless we act") if reminder.ours else t("it ends by itself unless they act")
    return t("our answer is due") if reminder.ours else t("their answer is due")


def view_of(event: WatchEvent) -> dict[str, Any]:
    """Returns the JSON shape."""
    return {
        "kind": event.kind,
        "time": now_ms(),
        "item": inbox_view(event.item) if event.item else None,
        "alarm": alarm_view(event.alarm) if event.alarm else None,
        "reminder": reminder_view(event.reminder) if event.reminder else None,
        "text": event.text or None,
    }
