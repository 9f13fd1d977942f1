"""`comity alarm …`: what the machine could not settle and a person must look at.

Never does: dismiss by itself.
"""

from __future__ import annotations

from typing import Annotated

import typer

from agents.cli.catalogue import t
from agents.cli.exits import NothingFoundError
from agents.cli.said import said
from agents.cli.session import Session
from agents.cli.times import stamp
from agents.cli.views import alarm_view
from agents.client import Client

app = typer.Typer(name="alarm", help="What a person must look at.", no_args_is_help=True)


@app.command("list")
def list_alarms(ctx: typer.Context) -> None:
    """Show the alarms that nobody has dismissed."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        found = client.alarms()
        for alarm in found:
            session.screen.say(said(alarm.text), "bold red")
            pairs = [(t("Alarm"), alarm.id), (t("About"), alarm.subject), (t("Since"), stamp(alarm.raised))]
            if alarm.telephone:
                pairs.append((t("Duty telephone"), alarm.telephone))
            session.screen.fields(pairs)
        if not found:
            session.screen.say(t("No alarm."), "bold green")
        session.screen.result({"alarms": [alarm_view(alarm) for alarm in found]})

    session.online(body)


@app.command("dismiss")
def dismiss(
    ctx: typer.Context,
    *,
    alarm: Annotated[str, typer.Argument(help="Id of the alarm, or its first 6 digits.", metavar="ALARM")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Dismiss an alarm that you have looked into."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        fitting = [found for found in client.alarms() if found.id.startswith(alarm.lower())]
        if len(fitting) != 1 or len(alarm) < 6:
            raise NothingFoundError(t("No alarm has that id: see `comity alarm list`."))
        session.screen.say(said(fitting[0].text), "bold red")
        session.confirm(t("You have looked into it. Dismiss it?"), yes=yes)
        client.dismiss_alarm(fitting[0].id)
        session.screen.say(t("Dismissed."), "bold green")
        session.screen.result({"dismissed": fitting[0].id})

    session.online(body)
