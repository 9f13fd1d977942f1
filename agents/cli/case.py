"""`comity case …`: where cases stand, and everything that happened in one, with its proof.

Never does: move a case. `comity referral` does.
"""

from __future__ import annotations

from typing import Annotated

import typer
from comity.workflow.terms import Side

from agents.cli.catalogue import t
from agents.cli.mail import case_named, caught_up
from agents.cli.render import answers, next_actor
from agents.cli.screen import Screen
from agents.cli.session import Session
from agents.cli.times import due, offset, short_stamp
from agents.cli.views import case_view, event_view
from agents.cli.words import label, short, verb_label
from agents.client import Client
from agents.records import CaseInfo

app = typer.Typer(name="case", help="Where cases stand, and what happened in them.", no_args_is_help=True)

CaseId = Annotated[str, typer.Argument(help="Case id, or its first 6 digits.", metavar="CASE")]
NoSync = Annotated[bool, typer.Option("--no-sync", help="Show what is here; do not ask the hub.")]


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
def timeline(ctx: typer.Context, case: CaseId, no_sync: NoSync = False) -> None:
    """Show everything that happened in a case, in the order of the log."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        late = await caught_up(session, client, offline=no_sync)
        legs = case_named(client, case)
        events = client.timeline(legs[0].case_id)
        screen = session.screen
        for leg in legs:
            screen.say(f"{t('Case')} {leg.case_id}", "bold")
            screen.fields(
                [
                    (t("From"), leg.originator),
                    (t("To"), leg.recipient),
                    (t("State"), label(leg.state)),
                    (t("Next"), next_actor(leg)),
                ]
            )
        screen.say()
        rows = [
            (
                short_stamp(event.time),
                label(event.kind),
                verb_label(event.verb) if event.verb else "",
                event.desk or event.sender,
                str(event.log_index),
                t("yes") if event.proof else t("NO"),
            )
            for event in events
        ]
        screen.table((f"{t('Time')} ({offset()})", t("Event"), t("Message"), t("By"), t("Log"), t("Proof")), rows)
        commands = [session.command(command) for leg in legs for command in answers(leg)]
        if commands:
            screen.next("\n  ".join(dict.fromkeys(commands)), t("You can"))
        screen.result({"legs": [case_view(leg) for leg in legs], "events": [event_view(event) for event in events]})
        late.raise_if_unreachable()

    session.online(body)
