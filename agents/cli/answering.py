"""What the answers of every family have in common: from options or a form to a draft, and sent where one person may.

Each takes a form (`--from`) or, for the fields that are usual, options. Without a form it carries the case's handling.

Never does: know which answer is allowed; the workflow says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import typer
from comity.errors import ComityError
from comity.workflow.terms import Family, Precedence, Verb

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError, UsageError
from agents.cli.mail import case_named, caught_up, message_named
from agents.cli.sending import draft_and_send
from agents.cli.session import Session, read_text
from agents.cli.times import when
from agents.cli.words import NOUNS
from agents.client import Client
from agents.forms import load_form, read_handling
from agents.records import CaseInfo, DraftInfo

CaseId = Annotated[str, typer.Argument(help="Case id, or its first 6 digits.", metavar="CASE")]
Form = Annotated[
    Path | None, typer.Option("--from", help="Filled-in form instead of options; - for the standard input.")
]
DraftOnly = Annotated[bool, typer.Option("--draft-only", help="Draft it; do not send.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Files = Annotated[
    list[Path], typer.Option("--attach", help="File to attach; may be repeated. Sealed here, uploaded by send.")
]
Text = Annotated[str, typer.Option("--text", help="In words.")]
About = Annotated[str, typer.Option("--about", help="The message it is about; else the one that opened the case.")]
To = Annotated[str, typer.Option("--to", help="The desk, where the case is with several.")]
RespondBy = Annotated[str | None, typer.Option(help="Answer by: 8h, 3d, a date; else the agreed time.")]
_IN_HASTE: Final = frozenset(
    {
        Verb.ACKNOWLEDGE,
        Verb.ANSWER_FIRST,
        Verb.REQUEST_INFO,
        Verb.SUPPLY,
        Verb.ACCEPT,
        Verb.ACCEPT_IN_PART,
        Verb.CONFIRM,
        Verb.COMPLETE,
    }
)

_OF_ASSISTANCE: Final[Mapping[Verb, Callable[..., Awaitable[DraftInfo]]]] = MappingProxyType(
    {
        Verb.CONFIRM: Client.confirm_notice,
        Verb.COMPLETE: Client.complete_request,
        Verb.ANSWER_FIRST: Client.answer_first,
        Verb.SUSPEND: Client.suspend,
        Verb.RESUME: Client.resume,
        Verb.REFUSE: Client.refuse_assistance,
        Verb.REPLY_PART: Client.reply_part,
        Verb.REPLY: Client.reply,
        Verb.FOLLOW_UP: Client.follow_up,
        Verb.FEEDBACK: Client.feedback,
    }
)
"""How the SDK says what only an assistance case has: one way for people and programs."""


def answer(
    ctx: typer.Context,
    verb: Verb,
    case: str,
    body: Any,
    form: Path | None,
    *,
    draft_only: bool,
    yes: bool,
    attach: list[Path] | None = None,
    about: str = "",
    to: str = "",
    respond_by: str | None = None,
    family: Family | None = None,
    handling: Path | None = None,
) -> None:
    """Drafts an answer from a form or a body, and sends it where one person suffices.

    Args:
        ctx: of the command.
        verb: what it does.
        case: case id or its beginning.
        body: made of options, or makes it of the client and the leg; not used where a form is given.
        form: file of a form, or None.
        draft_only: do not send.
        yes: do not ask.
        attach: files.
        about: message id or its beginning.
        to: the desk, where the case is with several.
        respond_by: as typed.
        family: of the cases that the command is for; None where it says the same in every family.
        handling: file with the handling of this answer alone; None for the form's, or the case's own.
    """
    session = Session.of(ctx)
    written = None if form is None else read_text(form)
    own = None if handling is None else read_handling(read_text(handling))

    async def run(client: Client) -> None:
        nonlocal body
        formed = None
        await caught_up(session, client)
        legs = case_of(client, case, family)
        if written is not None:
            body, formed = load_form(written, legs[0].family, verb)
        elif callable(body):
            body = body(client, legs[0])
        if verb is Verb.ACKNOWLEDGE and form is None and not body.contact.telephone:
            duty = client.directory().contact(client.desk)
            body.contact.telephone = duty.telephone if duty else ""
        say = _OF_ASSISTANCE.get(verb) if family is Family.ASSISTANCE else None
        with session.screen.progress(t("Sealing")) as report:
            arguments: dict[str, Any] = {
                "to": (to,) if to else (),
                "handling": own or formed,
                "attachments": tuple(attach or ()),
                "precedence": precedence_of(client, legs[0], verb),
                "about": about_named(client, about),
                "respond_by": when(respond_by),
                "progress": report,
            }
            if say is None:
                info = await client.draft(verb, body, case=legs[0].case_id, **arguments)
            else:
                info = await say(client, legs[0].case_id, body, **arguments)
        await draft_and_send(session, client, info, draft_only=draft_only, yes=yes)

    session.online(run)


def case_of(client: Client, case: str, family: Family | None) -> list[CaseInfo]:
    """Returns the legs of the case whose id begins so.

    Args:
        client: open.
        case: as typed.
        family: that it must be of; None for any.

    Raises:
        NothingFoundError: none does, or several do.
        UsageError: it is of another family.
    """
    legs = case_named(client, case)
    if family is not None and legs[0].family is not family:
        raise UsageError(t("That case belongs to `comity {noun}`.", noun=NOUNS[legs[0].family]))
    return legs


def precedence_of(client: Client, leg: CaseInfo, verb: Verb | None = None) -> Precedence:
    """Returns how soon the other side must look: what is asked for in haste is answered in haste.

    Args:
        client: open.
        leg: of the case.
        verb: what is said; what begins or answers a first clock keeps even FLASH, for its limit is FLASH's.
    """
    if leg.family is Family.REFERRAL:
        return Precedence.ROUTINE
    try:
        opened = client.peek(leg.opening).header.precedence
        return opened if verb in _IN_HASTE else min(opened, Precedence.URGENT)
    except ComityError:
        return Precedence.ROUTINE


def about_named(client: Client, text: str) -> str | None:
    """Returns the id of the message that is named, None where none is.

    Raises:
        NothingFoundError: there is no such message, or several.
    """
    if not text:
        return None
    found = message_named(client, text)
    if not found:
        raise NothingFoundError(t("There is no such message here."))
    return found
