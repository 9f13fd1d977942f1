"""`comity case …`: where cases stand, and everything that happened in one, with its proof.

Never does: move a case. The commands of its family do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from comity.workflow.terms import Side

from agents.cli.catalogue import t
from agents.cli.mail import case_named, caught_up
from agents.cli.render import answers, next_actor
from agents.cli.screen import Screen
from agents.cli.session import Session
from agents.cli.times import due, offset, seconds, short_stamp
from agents.cli.views import case_view, event_view, statistics_view
from agents.cli.words import label, short, verb_label
from agents.client import Client
from agents.records import CaseInfo, TimelineEvent
from agents.statistics import Took

app = typer.Typer(name="case", help="Where cases stand, and what happened in them.", no_args_is_help=True)

CaseId = Annotated[str, typer.Argument(help="Case id, or its first 6 digits.", metavar="CASE")]
NoSync = Annotated[bool, typer.Option("--no-sync", help="Show what is here; do not ask the hub.")]


_LATE: Final = frozenset({"OVERDUE", "LAPSED", "EXPIRED"})
"""What clocks did."""


def show_cases(screen: Screen, cases: list[CaseInfo]) -> None:
    """Shows legs in a table."""
    rows = []
    for case in cases:
        ours = case.side is Side.ORIGINATOR
        rows.append(
            (
                short(case.case_id),
                case.recipient if ours else case.originator,
                t("ours") if ours else t("theirs"),
                label(case.state),
                due(case.respond_by) if case.awaiting else "",
                t("we") if case.awaiting is case.side else t("they") if case.awaiting else "",
            )
        )
    screen.table((t("Case"), t("With"), t("Opened by"), t("State"), t("Answer"), t("Whose turn")), rows)


@app.command("list")
def list_cases(
    ctx: typer.Context,
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Leave out what is closed.")] = False,
    no_sync: NoSync = False,
) -> None:
    """Show the cases of this desk and whose turn it is."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        cases = client.cases()
        if open_only:
            cases = [case for case in cases if case.state.value not in {"CLOSED", "WITHDRAWN", "EXPIRED", "LAPSED"}]
        show_cases(session.screen, cases)
        session.screen.result({"cases": [case_view(case) for case in cases]})
        late.raise_if_unreachable()

    session.online(body)


@app.command("timeline")
def timeline(
    ctx: typer.Context,
    case: CaseId,
    *,
    alone: Annotated[bool, typer.Option("--alone", help="Without the cases that it is linked with.")] = False,
    no_sync: NoSync = False,
) -> None:
    """Show everything that happened in a case and those it is linked with, in the order of the log."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        first = case_named(client, case)
        linked = [] if alone else client.story_cases(first[0].case_id)[1:]
        legs = [*first, *(leg for other in linked for leg in client.case(other) if client.family_of(other))]
        events = client.timeline(first[0].case_id, linked=not alone)
        screen = session.screen
        for leg in legs:
            _show_leg(screen, leg, several=bool(linked))
        screen.say()
        columns, rows = _rows(events, several=bool(linked))
        screen.table(columns, rows, [_style(event) for event in events])
        commands = [session.command(command) for leg in legs for command in answers(leg)]
        if commands:
            screen.next("\n  ".join(dict.fromkeys(commands)), t("You can"))
        screen.result(
            {
                "legs": [case_view(leg) for leg in legs],
                "linked": linked,
                "events": [event_view(event) for event in events],
            }
        )
        late.raise_if_unreachable()

    session.online(body)


def _show_leg(screen: Screen, leg: CaseInfo, *, several: bool) -> None:
    screen.say(f"{t('Case')} {leg.case_id}{f' · {label(leg.family)}' if several else ''}", "bold")
    screen.fields(
        [
            (t("From"), leg.originator),
            (t("To"), leg.recipient),
            (t("State"), label(leg.state)),
            (t("Next"), next_actor(leg)),
        ]
    )


def _rows(events: Sequence[TimelineEvent], *, several: bool) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Returns headings and rows; of several cases each row says which one it is of."""
    columns = (f"{t('Time')} ({offset()})", t("Event"), t("Message"), t("By"), t("Log"), t("Proof"))
    rows: list[tuple[str, ...]] = [
        (
            short_stamp(event.time),
            label(event.kind),
            verb_label(event.verb) if event.verb else "",
            event.desk or event.sender,
            t("our clock") if event.own_clock else str(event.log_index),
            "" if event.own_clock else t("yes") if event.proof else t("NO"),
        )
        for event in events
    ]
    if not several:
        return columns, rows
    cases = [f"{short(event.case_id)} {label(event.family)}" if event.family else "" for event in events]
    named: list[tuple[str, ...]] = [(row[0], case, *row[1:]) for row, case in zip(rows, cases, strict=True)]
    return (columns[0], t("Case"), *columns[1:]), named


def _style(event: TimelineEvent) -> str:
    if event.own_clock or event.kind in _LATE:
        return "yellow"
    return "" if event.proof else "bold red"


@app.command("stats")
def stats(ctx: typer.Context, *, no_sync: NoSync = False) -> None:
    """Show how cases went: times to acknowledge and to execute, lapses, refusals by code, by counterpart."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        found = client.statistics()
        rows = [
            (
                one.desk,
                label(one.family),
                t("ours") if one.side is Side.ORIGINATOR else t("theirs"),
                str(one.cases),
                _took(one.acknowledged),
                _took(one.executed),
                f"{one.overdue_ours} / {one.overdue_theirs}",
                f"{one.lapsed} / {one.expired}",
                ", ".join(f"{label(code)} {count}" for code, count in one.refusals.items()),
            )
            for one in found
        ]
        columns = [t("With"), t("Kind"), t("Opened by"), t("Cases"), t("To acknowledge"), t("To execute")]
        columns += [t("Overdue: we / they"), t("Lapsed / expired"), t("Refusals")]
        session.screen.table(columns, rows)
        session.screen.result({"statistics": [statistics_view(one) for one in found]})
        late.raise_if_unreachable()

    session.online(body)


def _took(took: Took) -> str:
    """Returns how long something took: the median, and what nine of ten stay below."""
    if took.median is None or took.p90 is None:
        return ""
    return t(
        "{median}, 90 % within {p90} ({n})",
        median=seconds(took.median // 1000),
        p90=seconds(took.p90 // 1000),
        n=took.count,
    )
