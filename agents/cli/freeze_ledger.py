"""`comity freeze ledger` and `follow-on`: what is held, line by line, and where the rest has gone.

"Frozen" is said here alone, and only of what a holder has reported as held under what binds it.

Never does: add up by itself (`comity.freezes` does), send.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from comity.freezes import TEXTS, LedgerError, write_amount
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Side, State, Verb

from agents.cli.answering import CaseId
from agents.cli.catalogue import language, t
from agents.cli.exits import CommandError, UsageError
from agents.cli.freezing import freeze_named
from agents.cli.mail import caught_up
from agents.cli.said import said
from agents.cli.screen import Screen
from agents.cli.session import Session
from agents.cli.templating import print_template
from agents.cli.times import due, stamp
from agents.cli.words import label, short, value_code, value_label
from agents.client import Client
from agents.freezing.instruments import wording
from agents.freezing.prefilled import follow_on, follow_on_assistance, has_next_hop
from agents.freezing.standing import FreezeStanding, LineStanding
from agents.freezing.templates import headline, kind_of

app = typer.Typer()

NoSync = Annotated[bool, typer.Option("--no-sync", help="Show what is here; do not ask the hub.")]
To = Annotated[str, typer.Option("--to", help="The desk, where the case is with several.")]
_PARTS = ("requested", "held", "released", "gone", "outstanding")
_ENDED_OTHERWISE: Final = frozenset({State.RELEASED, State.REFUSED, State.WITHDRAWN, State.CLOSED, State.RECALLED})
"""States after which nothing ends by itself any more."""


def said_of(error: LedgerError) -> str:
    """Returns what does not fit a freeze, in the reader's language."""
    place = t("Line {n}", n=error.line) if error.line else error.field
    return t("{place} {problem}.", place=place, problem=said(TEXTS[error.problem]))


@app.command("ledger")
def ledger(ctx: typer.Context, *, case: CaseId, to: To = "", no_sync: NoSync = False) -> None:
    """Show what is held, released, gone and outstanding, line by line, by the holder's reports."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        leg = freeze_named(client, case, to)
        standing = client.freeze(leg.case_id, to)
        show_ledger(session, standing)
        session.screen.result(ledger_view(standing))
        late.raise_if_unreachable()

    session.online(body)


def show_ledger(session: Session, standing: FreezeStanding) -> None:
    """Shows where a freeze stands, and what comes next where something has gone on."""
    screen = session.screen
    screen.say(f"{t('Case')} {standing.case_id}", "bold")
    if standing.asked is not None:
        screen.say(instrument_words(standing))
    pairs = [(t("State"), state_words(standing)), (t("Second person"), label(standing.standing))]
    screen.fields([*pairs, *end_fields(standing)])
    if standing.withheld:
        text = t("Nobody here has opened the request, or it may not be shown: nothing of it is told.")
        screen.say(text, "bold yellow")
        return
    screen.say(held_words(standing), "bold green" if standing.holds else "bold yellow")
    if standing.broken:
        screen.warn(t("Something of this case is not here to be read: the sums may not be the other side's."))
    if standing.suspect:
        screen.warn(t("Something of this case was signed with a key that is suspect: call before you act on it."))
    _table(screen, standing)
    for line in standing.lines:
        if line.report is not None and has_next_hop(line.report) and standing.side is Side.ORIGINATOR:
            where = line.report.next_holder or line.report.next_hop
            why = t("Line {n} has gone on to {where}. Ask the next holder", n=line.row.number, where=where)
            place = f"{short(standing.case_id)} --line {line.row.number}"
            screen.next(session.command(f"freeze follow-on {place} > next.yaml"), why)


def end_fields(standing: FreezeStanding) -> list[tuple[str, str]]:
    """Returns when a freeze ends by itself, or has; nothing where it ended otherwise."""
    if standing.state in _ENDED_OTHERWISE:
        return []
    if standing.state in (State.LAPSED, State.EXPIRED):
        return [(t("Ended by itself"), stamp(standing.ends) if standing.ends else t("yes"))]
    return [(t("Ends by itself"), f"{stamp(standing.ends)} ({due(standing.ends)})" if standing.ends else t("no"))]


def instrument_words(standing: FreezeStanding) -> str:
    """Returns what a freeze rests on now: after a conversion that is not what it began with."""
    instrument = standing.freeze.instrument if standing.freeze is not None else None
    if instrument is None:
        return headline(standing.asked, language().value)
    return wording(kind_of(instrument.kind), binding=instrument.binding).line(language().value)


def state_words(standing: FreezeStanding) -> str:
    """Returns where a freeze stands; what binds nobody is neither executed nor in force."""
    instrument = standing.freeze.instrument if standing.freeze is not None else None
    if instrument is not None and instrument.binding:
        return label(standing.state)
    asked = {State.EXECUTING: t("With the holder"), State.IN_FORCE: t("Reported by the holder")}
    return asked.get(standing.state) or label(standing.state)


def held_words(standing: FreezeStanding) -> str:
    """Returns whether anything is held, in words that promise no more than the holder has said."""
    if standing.report_anew:
        return t("It had ended here by its own date and goes on after all: report anew what is held.")
    if not standing.held_since:
        return t("Nothing is reported as held yet.")
    if not standing.holds:
        return t("Nothing is held now.")
    since = stamp(standing.held_since)
    instrument = standing.freeze.instrument if standing.freeze is not None else None
    if instrument is not None and instrument.binding:
        return t("FROZEN, by the holder's report; first held {time}.", time=since)
    return t("HELD by the holder's own decision, by its report; first held {time}.", time=since)


def _table(screen: Screen, standing: FreezeStanding) -> None:
    rows = [
        (
            str(line.row.number),
            line.asset.holder,
            f"{line.asset.account or line.asset.platform_account}\n{line.asset.token}",
            *(_part(line, name) for name in _PARTS),
            value_label(pb.LineStatus.DESCRIPTOR, line.report.status) if line.report else "",
        )
        for line in standing.lines
    ]
    columns = (t("Line"), t("Holder"), t("Account"), *(t(name.capitalize()) for name in _PARTS), t("Report"))
    screen.table(columns, rows)


def _part(line: LineStanding, name: str) -> str:
    value = getattr(line.row, name)
    return t("all") if value is None else write_amount(value)


def ledger_view(standing: FreezeStanding) -> dict[str, Any]:
    """Returns where a freeze stands."""
    instrument = standing.freeze.instrument if standing.freeze is not None else None
    return {
        "case": standing.case_id,
        "originator": standing.originator,
        "recipient": standing.recipient,
        "state": standing.state.value,
        "standing": standing.standing.name,
        "instrument": value_code(pb.InstrumentKind.DESCRIPTOR, instrument.kind) if instrument else None,
        "binding": instrument.binding if instrument else False,
        "ends": standing.ends or None,
        "holds": standing.holds,
        "held_since": standing.held_since or None,
        "report_anew": standing.report_anew,
        "broken": standing.broken,
        "suspect": standing.suspect,
        "withheld": standing.withheld,
        "lines": [line_view(line) for line in standing.lines],
    }


def line_view(line: LineStanding) -> dict[str, Any]:
    """Returns one line of a ledger; amounts are exact decimals as text, null while all there is is not known."""
    row, report = line.row, line.report
    sums = {name: None if getattr(row, name) is None else write_amount(getattr(row, name)) for name in _PARTS}
    return {
        "line": row.number,
        "holder": line.asset.holder or None,
        "account": line.asset.account or None,
        "platform_account": line.asset.platform_account or None,
        "token": line.asset.token,
        **sums,
        "status": value_code(pb.LineStatus.DESCRIPTOR, report.status) if report else None,
        "next_hop": (report.next_hop if report else "") or None,
        "next_holder": (report.next_holder if report else "") or None,
    }


@app.command("follow-on")
def follow(
    ctx: typer.Context,
    *,
    case: CaseId,
    number: Annotated[int, typer.Option("--line", help="The line of which something has gone on.")],
    assist: Annotated[
        bool, typer.Option("--assist", help="A request for assistance to the next country, instead of a freeze.")
    ] = False,
    to: To = "",
) -> None:
    """Print the form of the next request, begun with where the assets went and linked to this case."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await caught_up(session, client)
        leg = freeze_named(client, case, to)
        standing = client.freeze(leg.case_id, to)
        line = next((one for one in standing.lines if one.row.number == number), None)
        if line is None:
            raise UsageError(t("The case has no such line."))
        if line.report is None or not has_next_hop(line.report) or standing.asked is None:
            raise CommandError(t("No report says where the assets of that line went."))
        session.screen.note(t("Where they went is the other side's word: ask its consent before you pass it on."))
        told = "" if assist else f" --quotes {short(line.message)} --agreed"
        noun = "assist" if assist else "freeze"
        session.screen.note(session.command(f"{noun} draft --to DESK --from next.yaml{told}"))
        case_id = bytes.fromhex(standing.case_id)
        if assist:
            begun = follow_on_assistance(standing.asked, line.report, case_id, standing.originator)
            print_template(session, Family.ASSISTANCE, Verb.REQUEST, filled=begun)
            return
        wanted = follow_on(standing.asked, line.report, case_id, standing.originator)
        print_template(session, Family.FREEZE, Verb.REQUEST, filled=wanted)

    session.online(body)
