"""`comity watch`: stays connected, shows what arrives, pages, reminds, and renews keys where delegated.

Never does: open a message. Only a person does.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from typing import Annotated

import typer

from agents.cli.catalogue import t
from agents.cli.session import Session
from agents.cli.watching import line_of, view_of
from agents.client import Client
from agents.watch import WatchEvent, watch

app = typer.Typer()


@app.command("watch")
def watch_command(
    ctx: typer.Context,
    *,
    pager: Annotated[
        str | None, typer.Option(help="Program to run for urgent mail; kept in the home. Empty for none.")
    ] = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0.1, help="Stop after so many seconds.")] = None,
) -> None:
    """Stay connected and show what arrives, as it arrives. Stop with Ctrl-C."""
    session = Session.of(ctx)
    if pager is not None:
        session.change_home(pager=tuple(shlex.split(pager)))

    def show(event: WatchEvent) -> None:
        text, style = line_of(event)
        session.screen.say(text, style)
        session.screen.result(view_of(event))

    async def body(client: Client) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        if sys.platform != "win32":  # there Ctrl-C arrives as KeyboardInterrupt
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.set)
        if seconds is not None:
            loop.call_later(seconds, stop.set)
        session.screen.note(t("Watching {desk} as {member}. Stop with Ctrl-C.", desk=client.desk, member=client.member))
        await watch(client, on_event=show, stop=stop)

    session.online(body)
