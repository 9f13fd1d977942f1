"""Alarms: what a person must look at, because the machine cannot settle it.

An alarm names a kind and a subject (an id), never content. It stands until somebody dismisses it; the same one is not
raised twice.

Never does: decide what follows; that is said in the kind.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from agents.truststore import AlarmRow, add_alarm, alarms, remove_alarm


class AlarmKind(StrEnum):
    """Why. The text says what to do."""

    text: str

    def __new__(cls, name: str, text: str) -> AlarmKind:
        """Makes a member out of its name and what to do."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.text = text
        return member

    DIRECTORY_REFUSED = (
        "DIRECTORY_REFUSED",
        "The hub showed a directory entry that breaks the rules. It was not taken; evidence is saved.",
    )
    OWN_KEY_UNKNOWN = (
        "OWN_KEY_UNKNOWN",
        "The directory has a statement in this agency's name that was not made here. If nobody made it, dispute it.",
    )
    SPLIT_VIEW = (
        "SPLIT_VIEW",
        "The hub has shown two histories, or cannot prove that it has one. Nothing is sealed; evidence is saved.",
    )
    REPLACED_KEY = (
        "REPLACED_KEY",
        "A hub key that was replaced has signed what cannot be so. It does not count; send operators the evidence.",
    )
    INVALID_DELIVERY = (
        "INVALID_DELIVERY",
        "The hub delivered something that does not verify, or owes a message. It does not count; evidence is saved.",
    )
    DELIVERY_GAP = ("DELIVERY_GAP", "The hub left out a delivery to this desk. Evidence is saved; call the operators.")
    ACK_FORGED = ("ACK_FORGED", "An acknowledgement does not verify. It does not count; evidence is saved.")
    ACK_UNKNOWN = (
        "ACK_UNKNOWN",
        "A recipient acknowledges a message that this home does not have. If no other home sent it, look for a stolen "
        "key.",
    )
    EQUIVOCATION = ("EQUIVOCATION", "One envelope id of this desk was used for two contents. Look for a stolen key.")
    NOT_STORED = ("NOT_STORED", "A message was not stored by its recipient in time. Call its duty desk.")
    NOT_SENT = (
        "NOT_SENT",
        "A message that only a thief of a hub key had did not go out again. Look at it; draft it anew.",
    )
    NOT_OPENED = ("NOT_OPENED", "Stored, no person yet: a FLASH message was not opened. Call the duty telephone.")
    NOBODY_THERE = (
        "NOBODY_THERE",
        "A FLASH message is past its answer's limit and no person has opened it. Call the duty telephone or superiors.",
    )
    LIST_FORKED = (
        "LIST_FORKED",
        "The hub knows a watchlist of this desk further than this home does, or otherwise. Nothing more is published: "
        "run `comity watchlist repair`.",
    )
    CONTRADICTION = (
        "CONTRADICTION",
        "A message breaks a rule of its family. It is shown and not acted on; call its sender at the duty telephone.",
    )
    CAME_BACK = (
        "CAME_BACK",
        "A freeze that had ended here by its own date goes on: word of that came late, and was in time. Report anew.",
    )
    UNREAD = (
        "UNREAD",
        "A message of a freeze was not read by its recipient. The two sides' sums may differ: call the other desk.",
    )
    HEAD_STALE = ("HEAD_STALE", "The newest head is older than 10 minutes: nothing can be sealed. Check the network.")
    LIST_LAGGING = (
        "LIST_LAGGING",
        "A watchlist is behind. What is missing was asked for again; if that lasts, call the list's owner.",
    )
    LIST_REFUSED = (
        "LIST_REFUSED",
        "A batch of a watchlist does not verify. It was not taken, what was held stays; call the list's owner.",
    )
    LIST_LOST = (
        "LIST_LOST",
        "A watchlist cannot be caught up. It stays as it was: call its owner, who offers it anew; a person subscribes.",
    )
    LIST_AWAITED = (
        "LIST_AWAITED",
        "A watchlist that this agent is to follow was offered. A person subscribes once, then it is followed.",
    )
    LIST_ENDED = (
        "LIST_ENDED",
        "The subscription to a watchlist has ended: it is not screened against any more. Call its owner.",
    )
    ENDS_SOON = ("ENDS_SOON", "Something that this desk's agent needs ends soon. See `comity-sync doctor`.")
    NOT_FIT = ("NOT_FIT", "Disk, clock or release do not fit. See `comity-sync doctor`.")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm."""

    id: str
    kind: AlarmKind
    subject: str
    """What it is about: an id, or a name of the directory."""
    raised: int
    """Unix milliseconds UTC."""
    telephone: str = ""
    """Of the desk that nobody seems to be at, as the directory has it; empty where that is not what it is about."""

    @property
    def text(self) -> str:
        """What happened and what to do."""
        return self.kind.text


def raise_alarm(c: Connection, kind: AlarmKind, subject: str, now: int) -> bool:
    """Raises an alarm unless the same one stands or was dismissed. Returns whether it is new."""
    return add_alarm(c, AlarmRow(alarm_id(kind, subject), kind.value, subject, now))


def withdraw_alarm(c: Connection, kind: AlarmKind, subject: str) -> None:
    """Takes back an alarm that has proved unfounded, unless somebody dismissed it."""
    remove_alarm(c, alarm_id(kind, subject))


def withdraw_alarms(c: Connection, kind: AlarmKind, beginning: str) -> None:
    """Takes back every alarm of a kind whose subject begins so: what it was about is mended."""
    for row in alarms(c):
        if row.kind == kind.value and row.subject.startswith(beginning):
            remove_alarm(c, row.id)


def alarm_id(kind: AlarmKind, subject: str) -> str:
    """Returns an alarm's id: the same kind and subject have the same."""
    return hashlib.sha256(f"{kind}\n{subject}".encode()).hexdigest()[:16]


def from_row(row: AlarmRow) -> Alarm:
    """Returns the alarm of a row."""
    return Alarm(row.id, AlarmKind[row.kind], row.subject, row.raised)
