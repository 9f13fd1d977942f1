"""`comity watch`: stays connected, shows what arrives, pages, reminds, and renews keys where delegated.

Never does: open a message. Only a person does.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import Sequence
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
        list[str] | None,
        typer.Option(
            help="Program to run for urgent mail; given again: who is paged next. Kept in the home. Empty for none."
        ),
    ] = None,
    approver_pager: Annotated[
        list[str] | None,
        typer.Option(help="The same, while an approver must confirm. Empty for the pagers of urgent mail."),
    ] = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0.1, help="Stop after so many seconds.")] = None,
) -> None:
    """Stay connected and show what arrives, as it arrives. Stop with Ctrl-C."""
    session = Session.of(ctx)
    if pager:
        programs = _programs(pager)
        session.change_home(pager=programs[0] if programs else (), further_pagers=programs[1:])
    if approver_pager:
        session.change_home(approver_pagers=_programs(approver_pager))

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


def _programs(texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Returns programs with their arguments; an empty text is none."""
    return tuple(tuple(words) for words in map(shlex.split, texts) if words)
