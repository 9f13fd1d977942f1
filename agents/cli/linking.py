"""The cases that belong to one, below it: each shows the other, with the command that shows it.

Never does: open anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.cli.catalogue import t
from agents.cli.session import Session
from agents.cli.words import NOUNS, label, short
from agents.client import Client
from agents.records import CaseInfo


def linked_legs(client: Client, case_id: str) -> list[CaseInfo]:
    """Returns the legs of the cases that are linked with one, as far as they are kept here.

    Args:
        client: open.
        case_id: the whole id.
    """
    wanted = set(client.story_cases(case_id)) - {case_id}
    return [case for case in client.cases() if case.case_id in wanted] if wanted else []


def show_linked(session: Session, legs: Sequence[CaseInfo]) -> None:
    """Shows the cases that belong to one, each with the command that shows it."""
    if not legs:
        return
    screen = session.screen
    screen.heading(t("Linked cases"))
    rows = [(label(leg.family), short(leg.case_id), leg.originator, leg.recipient, label(leg.state)) for leg in legs]
    screen.table((t("Family"), t("Case"), t("From"), t("To"), t("State")), rows)
    commands = [session.command(f"{NOUNS[leg.family]} show {short(leg.case_id)}") for leg in legs]
    screen.next("\n  ".join(dict.fromkeys(commands)), t("Read"))
