"""`comity log …`: the whole audit log, checked from the bytes.

Never does: believe the hub.
"""

from __future__ import annotations

import typer

from agents.cli.catalogue import t
from agents.cli.exits import FindingsError
from agents.cli.said import said
from agents.cli.session import Session
from agents.client import Client

app = typer.Typer(name="log", help="The audit log, checked from the bytes.", no_args_is_help=True)


@app.callback()
def log() -> None:
    """The audit log, checked from the bytes."""


@app.command("verify")
def verify(ctx: typer.Context) -> None:
    """Check both logs whole, and every receipt held here against them."""
    session = Session.of(ctx)

    async def body(client: Client) -> None:
        await client.refresh()
        screen = session.screen
        with screen.progress(t("Checking the log")) as report:
            found = await client.verify_log(progress=report)
        screen.fields(
            [
                (t("Directory entries"), str(found.directory_size)),
                (t("Exchange leaves"), str(found.exchange_size)),
                (t("Receipts checked"), str(found.receipts_checked)),
            ]
        )
        for finding in found.findings:
            screen.say(said(finding), "bold red")
        if not found.findings:
            screen.say(t("All is well: one history, and every receipt held here is in it."), "bold green")
        screen.result(
            {
                "directory_size": found.directory_size,
                "exchange_size": found.exchange_size,
                "receipts_checked": found.receipts_checked,
                "findings": list(found.findings),
            }
        )
        if found.findings:
            raise FindingsError(
                t("The log does not verify. Send nothing; keep the evidence folder and call the operators.")
            )

    session.online(body)
