"""`comity board`: every open case by the time that is left, freezes and requests first; live on a terminal.

Never does: move a case; tell anybody that a person has seen it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from comity.errors import ComityError
from comity.workflow.terms import Family, State

from agents.board import Filter, Page, Sort
from agents.cli.boarding import Held, columns, held_by, line, row_view, style_of
from agents.cli.catalogue import labelled, t
from agents.cli.exits import UsageError
from agents.cli.mail import caught_up
from agents.cli.session import Session
from agents.cli.times import now_ms, stamp
from agents.client import Client

app = typer.Typer()

ROWS: Final = 200
"""Rows printed unless more are asked for: whoever has more wants a filter."""
_AROUND: Final = 4
"""Lines of the screen that are no rows."""
_READ_SECONDS: Final = 10
"""How often the board is read again though nothing came: what lapses by this desk's own clock moves by itself."""
_PAUSES: Final = (1.0, 2.0, 5.0, 10.0)


@app.command("board")
def board(
    ctx: typer.Context,
    *,
    sort: Annotated[Sort, typer.Option(help="What comes first: time, state, family or with.")] = Sort.TIME,
    family: Annotated[list[str] | None, typer.Option(help="Only this family; may be given again.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Only this state; may be given again.")] = None,
    desk: Annotated[str, typer.Option("--with", help="Only with this agency or desk.")] = "",
    ours: Annotated[bool, typer.Option("--ours", help="Only those in which this desk acts next.")] = False,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Print so many at most.")] = ROWS,
    once: Annotated[bool, typer.Option("--once", help="Print it once; do not stay.")] = False,
    seconds: Annotated[float | None, typer.Option("--for", min=0.1, help="Stop after so many seconds.")] = None,
    no_sync: Annotated[bool, typer.Option("--no-sync", help="Show what is here; do not ask the hub.")] = False,
) -> None:
    """Show every open case by time left. On a terminal it stays and follows; stop with Ctrl-C."""
    session = Session.of(ctx)
    wanted = Filter(_families(family or ()), _states(state or ()), desk, ours)

    async def body(client: Client) -> None:
        if session.screen.is_terminal and not once:
            await _stay(session, client, wanted, sort, seconds)
            return
        late = await caught_up(session, client, offline=no_sync)
        _print(session, client, client.board_page(wanted, sort, None if session.screen.as_json else rows), rows)
        late.raise_if_unreachable()

    session.online(body)


def _families(names: Sequence[str]) -> frozenset[Family]:
    known = {family.name: family for family in Family}
    if not {name.upper() for name in names} <= set(known):
        raise UsageError(t("A family is one of: {names}", names=", ".join(known).lower()))
    return frozenset(known[name.upper()] for name in names)


def _states(names: Sequence[str]) -> frozenset[State]:
    known = {state.value: state for state in State}
    found = {name.upper().replace("-", "_") for name in names}
    if not found <= set(known):
        raise UsageError(t("A state is one of: {names}", names=", ".join(known).lower()))
    return frozenset(known[name] for name in found)


def _print(session: Session, client: Client, page: Page, most: int) -> None:
    screen, now = session.screen, now_ms()
    held = held_by(client, page.rows[:most])
    if screen.as_json:
        screen.result(
            {"time": now, "cases": [row_view(row, held.get((row.case_id, row.desk)), now) for row in page.rows]}
        )
        return
    lines = [line(row, held.get((row.case_id, row.desk), ()), now) for row in page.rows]
    screen.table(columns(), lines, [style_of(row, now) for row in page.rows])
    if not page.total:
        screen.say(t("No open case."), "bold green")
    if page.total > len(page.rows):
        screen.say(t("{n} more: use --rows, or a filter.", n=page.total - len(page.rows)), "dim")


async def _stay(session: Session, client: Client, wanted: Filter, sort: Sort, seconds: float | None) -> None:
    """Shows the board, again each second, and what is in it anew whenever something came."""
    stop, changed, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    connected: list[bool | None] = [None]
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    following = asyncio.create_task(_follow(client, changed, connected))
    try:
        with session.screen.live() as show:
            page, held = Page([], 0, 0), Held()
            read_at = -float(_READ_SECONDS)
            while not stop.is_set():
                if changed.is_set() or loop.time() - read_at >= _READ_SECONDS:
                    changed.clear()
                    page, read_at = client.board_page(wanted, sort, session.screen.height), loop.time()
                    held = held_by(client, page.rows)
                now, top = now_ms(), page.rows[: max(1, session.screen.height - _AROUND)]
                lines = [line(row, held.get((row.case_id, row.desk), ()), now) for row in top]
                show(
                    heading(client.desk, page, now, connected=connected[0]),
                    columns(),
                    lines,
                    [style_of(row, now) for row in top],
                )
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1.0)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def heading(desk: str, page: Page, now: int, *, connected: bool | None) -> str:
    """Returns the line above the board.

    Args:
        desk: whose board it is.
        page: what is shown.
        now: Unix milliseconds UTC.
        connected: whether the hub answers; None while that is not known yet.
    """
    words = t("{n} open, {late} past a limit", n=page.total, late=page.late)
    hub = t("connecting") if connected is None else t("connected") if connected else t("THE HUB DOES NOT ANSWER")
    return f"{labelled(desk, words)} · {stamp(now)} · {hub}"


async def _follow(client: Client, changed: asyncio.Event, connected: list[bool | None]) -> None:
    """Reads the feed as it happens, again where the connection broke."""
    failures = 0
    while True:
        try:
            await client.sync()
            connected[0], failures = True, 0
            changed.set()
            async for _ in client.live():
                changed.set()
        except ComityError:
            connected[0] = False
            changed.set()
        await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
        failures += 1
