"""Rules of content, entered by every package that has some, and run at drafting, approving and intake.

A message that breaks a rule is refused before it leaves; one that comes all the same is kept with
`Standing.CONTRADICTS`: shown, alarmed, acted on by nobody. What counts is handed to whoever keeps something beside it.

Never does: roles, signatures, states, times of the header (`comity.checks`, `comity.workflow`); fields of a body
(`comity.payload`); network; open anything.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from agents.assisting.judging import judge_assistance
from agents.contents import Forget, Judge, Said, Seconds, Take, Taking
from agents.freezing.judging import freeze_needs_two, judge_freeze, take_freeze
from agents.freezing.keeping import judge_destruction
from agents.freezing.serial import serial_hold_needs_two
from agents.onward.consent import judge_onward, take_grants
from agents.onward.facts import forget_facts
from agents.onward.links import take_links

JUDGES: Final[tuple[Judge, ...]] = (judge_onward, judge_assistance, judge_freeze, judge_destruction)
"""Every package's rules; each passes over what is none of its own."""
SECONDS: Final[tuple[Seconds, ...]] = (freeze_needs_two, serial_hold_needs_two)
"""What asks for a second person where the workflow's row would do with one."""
TAKES: Final[tuple[Take, ...]] = (take_links, take_grants, take_freeze)
"""What is kept of messages beside themselves."""
FORGETS: Final[tuple[Forget, ...]] = (forget_facts,)
"""What is forgotten with a message."""


def judge(c: Connection, said: Said) -> None:
    """Holds a message's content against the rules.

    Raises:
        ContentRefusedError: it breaks one.
    """
    for rule in JUDGES:
        rule(c, said)


def needs_two(c: Connection, said: Said) -> bool:
    """Returns whether content asks for an AUTHOR and an APPROVER where the workflow's row would do with one."""
    return any(rule(c, said) for rule in SECONDS)


def take(c: Connection, taking: Taking) -> None:
    """Keeps what follows from a message that counts; called once a leg."""
    for rule in TAKES:
        rule(c, taking)


def forget(c: Connection, message_hash: bytes) -> None:
    """Forgets what was kept of a message's content: it was destroyed after a recall."""
    for rule in FORGETS:
        rule(c, message_hash)
