"""What the commands of `comity freeze` have in common: saying one thing in a freeze, and lines as people type them.

Never does: know which answer is allowed; the workflow says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from comity.payload_rules import is_amount
from comity.workflow.terms import Family, Side, Verb

from agents.cli.answering import about_named, case_of, precedence_of
from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.mail import caught_up
from agents.cli.sending import draft_and_send
from agents.cli.session import Session, read_text
from agents.cli.times import when
from agents.client import Client
from agents.forms import load_form
from agents.records import CaseInfo, DraftInfo

About = Annotated[str, typer.Option("--about", help="The message it is about; else the newest that it can answer.")]
Lines = Annotated[
    list[str],
    typer.Option("--line", help="LINE:NAME=VALUE,NAME=VALUE, for example 1:held=1200.5,gone=300; may be repeated."),
]
NOUN: Final = "freeze"

Say = Callable[..., Awaitable[DraftInfo]]
"""A verb of the client: takes case and body, and the further arguments of `Client.draft`."""
Making = Callable[[Client, CaseInfo], Any]
"""Makes a body out of options and of what the client knows of the case."""


def freeze_named(client: Client, text: str, desk: str = "") -> CaseInfo:
    """Returns the leg of a freeze whose case id begins so.

    Raises:
        NothingFoundError: none does, or it is not with that desk.
        UsageError: it is no freeze, or with several desks.
    """
    legs = [leg for leg in case_of(client, text, Family.FREEZE) if not desk or desk in (leg.originator, leg.recipient)]
    if not legs:
        raise NothingFoundError(t("The case is not with that desk."))
    if len(legs) > 1:
        raise UsageError(t("The case is with several desks: name one with --to."))
    return legs[0]


def say(
    ctx: typer.Context,
    verb: Verb,
    how: Callable[[Client], Say],
    case: str,
    make: Making,
    *,
    form: Path | None,
    draft_only: bool,
    yes: bool,
    attach: Sequence[Path] = (),
    about: str = "",
    to: str = "",
    respond_by: str | None = None,
) -> None:
    """Drafts one thing in a freeze, from a form or from options, and sends it where one person suffices.

    Args:
        ctx: of the command.
        verb: what it does.
        how: picks the client's method.
        case: case id or its beginning.
        make: makes the body of options; not used where a form is given.
        form: file of a form, or None.
        draft_only: do not send.
        yes: do not ask.
        attach: files.
        about: message id or its beginning.
        to: the desk, where the case is with several.
        respond_by: as typed.
    """
    session = Session.of(ctx)
    written = None if form is None else read_text(form)

    async def run(client: Client) -> None:
        await caught_up(session, client)
        leg = freeze_named(client, case, to)
        handling = None
        if written is None:
            body = make(client, leg)
        else:
            body, handling = load_form(written, Family.FREEZE, verb)
        arguments: dict[str, Any] = {"precedence": precedence_of(client, leg), "respond_by": when(respond_by)}
        if about:
            arguments["about"] = about_named(client, about)
        with session.screen.progress(t("Sealing")) as report:
            info = await how(client)(
                leg.case_id,
                body,
                to=(leg.recipient if leg.side is Side.ORIGINATOR else leg.originator,),
                handling=handling,
                attachments=tuple(attach),
                progress=report,
                **arguments,
            )
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(run)


def lines_of(given: Sequence[str], names: frozenset[str]) -> Mapping[int, Mapping[str, str]]:
    """Reads `LINE:NAME=VALUE,…` as people type it.

    Args:
        given: one text a line.
        names: what may be named.

    Raises:
        UsageError: anything else; the message lists the names.
    """
    found: dict[int, dict[str, str]] = {}
    for item in given:
        number, _, rest = item.partition(":")
        pairs = [pair.partition("=") for pair in rest.split(",")]
        right = all(name.strip() in names and equals for name, equals, _ in pairs)
        if not (number.isascii() and number.isdecimal()) or not right:
            listed = ", ".join(sorted(names))
            raise UsageError(t("A line is LINE:NAME=VALUE,NAME=VALUE; names: {listed}", listed=listed))
        found.setdefault(int(number), {}).update({name.strip(): value.strip() for name, _, value in pairs})
    return found


def amount(text: str) -> str:
    """Returns an exact decimal as it was typed.

    Raises:
        UsageError: it is none: a sign, an exponent, a comma, anything but digits with at most one point.
    """
    if not is_amount(text):
        raise UsageError(t("An amount is digits with at most one point: 1200.5"))
    return text
