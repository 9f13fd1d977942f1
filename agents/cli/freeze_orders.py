"""`comity freeze report … release`: what moves sums, instruments and assets.

Sums are added up from what is typed and from the ledger. Before a release the number to call is shown, the directory's
and no other; without a call that was made nothing is drafted.

Never does: show a number out of a message; release by one person.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from comity.freezes import LedgerError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Verb

from agents.cli.answering import CaseId, DraftOnly, Files, Form, Text, To, Yes
from agents.cli.catalogue import t
from agents.cli.exits import CommandError, UsageError
from agents.cli.freeze_ledger import said_of
from agents.cli.freezing import About, Lines, lines_of, say
from agents.cli.lists import number_of
from agents.cli.session import Session
from agents.cli.times import now_ms, stamp, when
from agents.client import Client
from agents.freezing.instruments import NEVER_BINDING
from agents.freezing.reporting import NAMES, line_report
from agents.freezing.standing import FreezeStanding
from agents.freezing.templates import number_of_kind
from agents.records import CaseInfo

app = typer.Typer()

_VARIES = frozenset({"release", "increase"})
_BECAME = frozenset({"held", "released", "returned", "forfeited"})
SpokenTo = Annotated[str, typer.Option("--spoken-to", help="With whom you spoke at the directory's number.")]
Ground = Annotated[str, typer.Option(help="case-ended, court-order, return-to-victim, replaced, mistake or other.")]


@app.command("report")
def report(
    ctx: typer.Context,
    *,
    case: CaseId,
    line: Lines = [],  # noqa: B006 # typer copies it
    as_of: Annotated[str, typer.Option("--when", help="As of which date; else today.")] = "",
    contact: Annotated[
        list[str], typer.Option("--holder-contact", help="HOLDER;CHANNEL;ANSWER, with whom you dealt; may be repeated.")
    ] = [],  # noqa: B006 # typer copies it
    text: Text = "",
    attach: Files = [],  # noqa: B006 # typer copies it
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Report what is held, line by line: --line 1:held=600,gone=300,next_hop=… The rest is added up."""
    said, at = lines_of(line, NAMES), as_of or stamp(now_ms())[:10]

    def make(client: Client, leg: CaseInfo) -> pb.ReportExecution:
        standing = _standing(client, leg)
        rows = {found.row.number: found.row for found in standing.lines}
        if not said or not set(said) <= set(rows):
            known = ", ".join(str(number) for number in rows)
            raise UsageError(t("Say how each line stands with --line; lines: {lines}", lines=known))
        try:
            reports = [line_report(rows[number], words, at) for number, words in said.items()]
        except LedgerError as error:
            raise CommandError(said_of(error)) from None
        dealt = [part.split(";", 2) for part in contact]
        contacts = [
            pb.HolderContact(
                holder=one[0], when=at, channel=one[1] if one[1:] else "", answer=one[2] if one[2:] else ""
            )
            for one in dealt
        ]
        return pb.ReportExecution(lines=reports, holder_contacts=contacts, text=text)

    say(
        ctx,
        Verb.REPORT_EXECUTION,
        lambda c: c.report_execution,
        case,
        make,
        form=form,
        draft_only=draft_only,
        yes=yes,
        attach=attach,
    )


def _standing(client: Client, leg: CaseInfo) -> FreezeStanding:
    standing = client.freeze(leg.case_id, leg.recipient)
    if standing.withheld:
        raise CommandError(t("Nobody here has opened the request, or it may not be shown: nothing of it is told."))
    if standing.freeze is None:
        raise CommandError(t("The request is not here to be read: nothing can be added up."))
    return standing


def _variations(line: list[str]) -> list[pb.LineVariation]:
    found = lines_of(line, _VARIES)
    return [pb.LineVariation(line=number, **changes) for number, changes in found.items()]


@app.command("ask-variation")
def ask_variation(
    ctx: typer.Context,
    *,
    case: CaseId,
    line: Lines = [],  # noqa: B006 # typer copies it
    payments: Annotated[str, typer.Option(help="Payments that are to be allowed.")] = "",
    text: Text = "",
    to: To = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Ask to let a part go, or to hold more: --line 1:release=50 or --line 1:increase=200."""
    body = pb.AskVariation(lines=_variations(line), permitted_payments=payments, text=text)
    say(
        ctx,
        Verb.ASK_VARIATION,
        lambda c: c.ask_variation,
        case,
        lambda *_: body,
        form=form,
        draft_only=draft_only,
        yes=yes,
        to=to,
    )


@app.command("vary")
def vary(
    ctx: typer.Context,
    *,
    case: CaseId,
    line: Lines = [],  # noqa: B006 # typer copies it
    payments: Annotated[str, typer.Option(help="Payments that are allowed from now on.")] = "",
    text: Text = "",
    about: About = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Change what was asked to be changed, or less; the sums add up."""
    body = pb.Vary(lines=_variations(line), permitted_payments=payments, text=text)
    say(
        ctx,
        Verb.VARY,
        lambda c: c.vary,
        case,
        lambda *_: body,
        form=form,
        draft_only=draft_only,
        yes=yes,
        about=about,
    )


@app.command("convert")
def convert(
    ctx: typer.Context,
    *,
    case: CaseId,
    instrument: Annotated[str, typer.Option(help="restriction-notice, restraint-order, injunction …")] = "",
    authority: Annotated[str, typer.Option(help="The court or authority whose instrument it is.")] = "",
    number: Annotated[str, typer.Option(help="Its number.")] = "",
    legal_text: Annotated[str, typer.Option("--legal-text", help="The provision and its words.")] = "",
    start: Annotated[str, typer.Option(help="From when it is in force; else now.")] = "",
    end: Annotated[str, typer.Option(help="When it ends: 90d, a date; else at its review.")] = "",
    review: Annotated[str, typer.Option(help="When it is reviewed, where it has no end.")] = "",
    text: Text = "",
    to: To = "",
    attach: Files = [],  # noqa: B006 # typer copies it
    form: Form = None,
) -> None:
    """Put another instrument in the place of the one in force, without a gap. A second person approves it."""

    def make(*_: Any) -> pb.Convert:
        kind = number_of(pb.InstrumentKind.DESCRIPTOR, instrument, "--instrument")
        new = pb.Instrument(
            kind=kind,
            binding=kind not in {number_of_kind(name) for name in NEVER_BINDING},
            legal_text=legal_text,
            authority=authority,
            number=number,
            start=when(start or None) or now_ms(),
            end=when(end or None) or 0,
            review=when(review or None) or 0,
        )
        return pb.Convert(instrument=new, text=text)

    say(ctx, Verb.CONVERT, lambda c: c.convert, case, make, form=form, draft_only=True, yes=False, attach=attach, to=to)


def _called(ctx: typer.Context, client: Client, leg: CaseInfo, spoken_to: str, *, denied: bool) -> pb.CallBack:
    """Returns the record of the call, or shows whom to call and stops.

    Raises:
        CommandError: nobody was called.
    """
    session = Session.of(ctx)
    other = leg.originator if leg.recipient == client.desk else leg.recipient
    duty = client.whom_to_call(leg.case_id, other)
    if not spoken_to:
        session.screen.result({"call": {"desk": duty.desk, "telephone": duty.telephone, "hours": duty.hours}})
        session.screen.heading(t("CALL FIRST, AT THE DIRECTORY'S NUMBER"))
        session.screen.say(f"  {duty.desk}: {duty.telephone}{f' ({duty.hours})' if duty.hours else ''}", "bold")
        session.screen.say(t("Never at a number out of a message."), "dim")
        raise CommandError(t("Nothing was drafted: say with --spoken-to who has confirmed it."))
    return client.called_back(leg.case_id, spoken_to=spoken_to, confirmed=not denied, desk=other)


@app.command("ask-release")
def ask_release(
    ctx: typer.Context,
    *,
    case: CaseId,
    ground: Ground = "",
    spoken_to: SpokenTo = "",
    text: Text = "",
    to: To = "",
    form: Form = None,
) -> None:
    """Ask to release everything that is held, after a call. A second person approves it; a part is a variation."""

    def make(client: Client, leg: CaseInfo) -> pb.AskRelease:
        call = _called(ctx, client, leg, spoken_to, denied=False)
        held = [pb.LineRelease(line=one.row.number, all=True) for one in _standing(client, leg).lines]
        why = number_of(pb.ReleaseGround.DESCRIPTOR, ground, "--ground")
        return pb.AskRelease(lines=held, ground=why, text=text, call_back=call)

    say(ctx, Verb.ASK_RELEASE, lambda c: c.ask_release, case, make, form=form, draft_only=True, yes=False, to=to)


@app.command("release")
def release(
    ctx: typer.Context,
    *,
    case: CaseId,
    ground: Ground = "",
    spoken_to: SpokenTo = "",
    denied: Annotated[
        bool, typer.Option("--denied", help="The originator does not confirm it; only with court-order.")
    ] = False,
    text: Text = "",
    about: About = "",
    form: Form = None,
) -> None:
    """Release everything that is held, after a call of your own. A second person approves it."""

    def make(client: Client, leg: CaseInfo) -> pb.Release:
        call = _called(ctx, client, leg, spoken_to, denied=denied)
        held = [pb.LineRelease(line=one.row.number, all=True) for one in _standing(client, leg).lines]
        why = number_of(pb.ReleaseGround.DESCRIPTOR, ground, "--ground")
        return pb.Release(lines=held, ground=why, text=text, call_back=call)

    say(ctx, Verb.RELEASE, lambda c: c.release, case, make, form=form, draft_only=True, yes=False, about=about)


@app.command("outcome")
def outcome(
    ctx: typer.Context,
    *,
    case: CaseId,
    line: Lines = [],  # noqa: B006 # typer copies it
    event: Annotated[str, typer.Option("--event", help="When it happened, for example the loss: a date or time.")] = "",
    text: Text = "",
    to: To = "",
    form: Form = None,
    draft_only: DraftOnly = False,
    yes: Yes = False,
) -> None:
    """Report what came of it: --line 1:returned=550,released=50. What is not named is 0; time to hold is added."""
    said = lines_of(line, _BECAME)

    def make(client: Client, leg: CaseInfo) -> pb.FreezeOutcome:
        standing = _standing(client, leg)
        lines = [
            pb.LineOutcome(line=number, **{name: words.get(name, "0") for name in _BECAME})
            for number, words in said.items()
        ]
        began = when(f"{event}T00:00" if len(event) == 10 else event or None) or 0
        return pb.FreezeOutcome(lines=lines, event_at=began, held_at=standing.held_since, text=text)

    say(
        ctx,
        Verb.REPORT_OUTCOME,
        lambda c: c.report_freeze_outcome,
        case,
        make,
        form=form,
        draft_only=draft_only,
        yes=yes,
        to=to,
    )
