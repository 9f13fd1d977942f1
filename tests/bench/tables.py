"""The figures as people read them, on a hundred columns, and what bounds the hub in words made from them.

Never does: measure.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import grpc
from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table

from tests.bench.figures import Figure, Number
from tests.bench.threads import Profile


def calls_table(figures: Sequence[Figure]) -> Group:
    """Returns the echo and the calls of the hub."""
    title = f"{os.cpu_count()} cores, grpcio {grpc.__version__}; medians of the rounds:"
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("", no_wrap=True)
    for name in ("msg/s", "p50 ms", "p99 ms", "of echo", "(range)", "by CPU", "CPU ms", "server", "client"):
        table.add_column(name, justify="right", no_wrap=True)
    for f in figures:
        table.add_row(
            f.name.removeprefix("submit_"),
            f"{f.rate:,.0f}",
            f"{f.p50_ms:.1f}" if f.p50_ms < 10 else f"{f.p50_ms:.0f}",
            f"{f.p99_ms:.0f}",
            "" if f.ratio is None else f"{f.ratio:.2f}",
            "" if f.ratio is None else f"{f.lowest:.2f}-{f.highest:.2f}",
            "" if f.ratio is None else f"{f.cpu_ratio:.2f}",
            f"{f.cpu_ms:.2f}",
            f"{f.server_cpu:.0%}",
            f"{f.client_cpu:.0%}",
        )
    return Group(title, table)


def numbers_table(numbers: Sequence[Number]) -> Group:
    """Returns all other figures: a line each, a column a database."""
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in ("SQLite", "PostgreSQL", "neither"):
        table.add_column(name, justify="right", no_wrap=True)
    lines: dict[str, dict[str, str]] = {}
    for number in numbers:
        if number.what:
            lines.setdefault(number.what, {})[number.engine] = _short(number.value)
    for what, cells in lines.items():
        table.add_row(what, cells.get("sqlite", ""), cells.get("postgres", ""), cells.get("", ""))
    return Group("The other parts:", table)


def threads_table(profiles: Sequence[Profile]) -> Group:
    """Returns on which of the hub's threads the time of `Submit` with 128 in flight went."""
    title = "Submit, 128 in flight: the hub's processor time, µs a message (in the kernel), by thread:"
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("", no_wrap=True)
    for profile in profiles:
        table.add_column(profile.engine, justify="right", no_wrap=True)
        table.add_column("waits", justify="right", no_wrap=True)
    kinds = list(dict.fromkeys(kind for profile in profiles for kind in profile.kinds))
    for kind in kinds:
        cells: list[str] = []
        for profile in profiles:
            if kind not in profile.by_kind:
                cells += ["", ""]
                continue
            user, system = profile.ms(kind)
            waits = profile.by_kind[kind].switches / profile.messages
            cells += [f"{1000 * (user + system):,.0f} ({1000 * system:,.0f})", f"{waits:.1f}"]
        table.add_row(kind, *cells)
    if any(profile.database_ms for profile in profiles):
        servers = [f"{1000 * profile.database_ms:,.0f}" if profile.database_ms else "" for profile in profiles]
        table.add_row("beside it: PostgreSQL's processes", *(cell for server in servers for cell in (server, "")))
    return Group(title, table)


def bound(figures: Sequence[Figure], profiles: Sequence[Profile], flat: Mapping[str, float]) -> str:
    """Says in words what bounds `Submit` with 128 in flight, and two hubs on one database where they were measured."""
    echo = figures[0]
    said = ["What bounds it:"]
    for profile in profiles:
        figure = next(f for f in figures if f.name == f"submit_c128_{profile.engine}")
        first, *others = profile.kinds
        parts = ", ".join(f"{kind} {1000 * sum(profile.ms(kind)):,.0f}" for kind in others[:3])
        said.append(
            f"on {profile.engine} a message costs the hub {1000 * profile.total_ms:,.0f} µs of processor time (the bare"
            f" echo {1000 * echo.cpu_ms:,.0f}), most of it in {first} ({1000 * sum(profile.ms(first)):,.0f}), then"
            f" {parts}; {profile.system_share:.0%} is spent in the kernel. The hub keeps {figure.server_cpu:.2f} of a"
            f" core busy, the clients {figure.client_cpu:.2f}, of {os.cpu_count()}."
        )
    said.append("CPython runs one thread of a process at a time, so a hub that is busy for a whole core is at its end.")
    if "two_processes_vs_one_postgres" in flat:
        one, two = (flat[f"{name}_postgres_machine_busy"] for name in ("one_process", "two_processes"))
        said.append(
            f"With one hub on PostgreSQL and two clients {one:.0%} of this machine's cores were busy, with two hubs"
            f" {two:.0%}: what is left is all that a second hub can win."
        )
    return " ".join(said)


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
