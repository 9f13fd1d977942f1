"""What several commands do with mail: catch up with the hub, and find what a person named.

Never does: print content.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.errors import ComityError
from comity.workflow.terms import Family

from agents.cases import family_opened_by
from agents.cli.catalogue import t
from agents.cli.exits import ExitCode, NothingFoundError, exit_code_of
from agents.cli.session import Session
from agents.cli.words import mail_noun
from agents.client import Client
from agents.records import CaseInfo, DraftInfo, SyncReport


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How reading the feed went."""

    report: SyncReport | None
    """None where it was not read."""
    error: ComityError | None = None
    """Why the hub could not be reached; what is here was shown all the same."""

    def raise_if_unreachable(self) -> None:
        """Ends the command with the hub's absence, after everything was shown."""
        if self.error is not None:
            raise self.error


async def caught_up(session: Session, client: Client, *, offline: bool = False) -> CatchUp:
    """Reads the feed, so that what is shown is current; where the hub is away, warns and goes on with what is here."""
    if offline:
        return CatchUp(None)
    try:
        return CatchUp(await client.sync())
    except ComityError as error:
        if exit_code_of(error) is not ExitCode.UNREACHABLE:
            raise
        session.screen.warn(t("The hub does not answer. What follows is what was here before."))
        return CatchUp(None, error)


def message_named(client: Client, text: str) -> str:
    """Returns the id of the received or sent message whose id begins so, empty where there is none."""
    if len(text) < 6:
        raise NothingFoundError(t("Give at least 6 digits of an id."))
    known = [item.message for item in client.inbox()] + [item.message for item in client.sent()]
    fitting = {message for message in known if message.startswith(text.lower())}
    if len(fitting) > 1:
        raise NothingFoundError(t("Several ids begin so: give more digits."))
    return next(iter(fitting), "")


def case_named(client: Client, text: str) -> list[CaseInfo]:
    """Returns the legs of the case whose id begins so.

    Raises:
        NothingFoundError: none does, or several do.
    """
    if len(text) < 6:
        raise NothingFoundError(t("Give at least 6 digits of an id."))
    fitting = client.cases_from(text)
    if not fitting:
        raise NothingFoundError(t("There is no such case here: see `comity case list`."))
    if len(fitting) > 1:
        raise NothingFoundError(t("Several ids begin so: give more digits."))
    return client.case(fitting[0])


def draft_named(session: Session, client: Client, text: str) -> DraftInfo:
    """Returns the draft whose id begins so.

    Raises:
        NothingFoundError: none does, or several do.
    """
    if len(text) < 6:
        raise NothingFoundError(t("Give at least 6 digits of an id."))
    fitting = [info for info in client.drafts() if info.id.startswith(text.lower())]
    if not fitting:
        raise NothingFoundError(t("No draft has that id: see `comity {noun} drafts`.", noun=session.noun))
    if len(fitting) > 1:
        raise NothingFoundError(t("Several ids begin so: give more digits."))
    return fitting[0]


def family_of(client: Client, info: DraftInfo) -> Family:
    """Returns the family of a draft: of its case, or of what it would open."""
    if client.cases_from(info.case_id):
        return client.case(info.case_id)[0].family
    try:
        return client.review(info.id).header.family
    except ComityError:  # sealed for others of this desk: its verb says nearly always which family it opens
        return family_opened_by(info.verb)


def noun_of(client: Client, info: DraftInfo) -> str:
    """Returns the noun below which the commands on a draft stand."""
    return mail_noun(family_of(client, info))
