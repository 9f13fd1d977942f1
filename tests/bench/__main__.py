"""`make bench`: what one hub process takes, beside a bare gRPC echo of the same bytes, in one run on this machine.

(a) a bare grpc.aio echo over mutual TLS, 128 calls in flight; (b) `Submit`, 128 in flight; (c) `SubmitBatch` of 64;
(b) and (c) on SQLite and on PostgreSQL, both with durable commits. Every envelope is a distinct referral with a payload
of 2 KiB, three recipients (the sender's own copy is one) and two signatures, sealed before the clock starts. Echo and
hub take turns, because the machine may be busy with other things; a ratio compares a round with the echo just before
and just after it, and the median of the rounds is reported. One flat object goes to `build/bench.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from tests.bench.figures import KINDS, Beside, Figure, Sample, of_echo, of_hub
from tests.bench.load import Order
from tests.bench.processes import ROOT, Process, carry_out
from tests.bench.sealing import in_batches, one_by_one, seal_many
from tests.bench.wire import BATCH_METHOD, ECHO_METHOD, SUBMIT_METHOD, write_calls
from tests.bench.world import BenchWorld, first_answer, make_world, seed
from tests.support.postgres import postgres_server

ENGINES = ("sqlite", "postgres")
IN_FLIGHT = 128
BATCH = 64
BATCHES_IN_FLIGHT = 4
"""Calls of `SubmitBatch` in flight: the hub verifies one while it commits another."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    echoes: int
    """Calls of the echo in each of its turns."""
    singles: int
    """Envelopes sent by `Submit` in each round."""
    batched: int
    """Envelopes sent by `SubmitBatch` in each round."""


FULL = Size(rounds=7, echoes=2048, singles=1536, batched=2048)
QUICK = Size(rounds=1, echoes=512, singles=256, batched=256)


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'bench.sqlite'}"
        return
    with postgres_server() as server:
        yield server.create_database()


class Bench:
    """One run."""

    def __init__(self, folder: Path, size: Size, say: Callable[[str], None]) -> None:
        """Takes a folder for everything temporary, how much to measure, and where to report progress."""
        self._folder, self._size, self._say = folder, size, say
        self._echoes: list[Sample] = []

    def run(self, engines: tuple[str, ...]) -> list[Figure]:
        """Measures everything on each engine in turn."""
        world = make_world(self._folder)
        needed = self._size.rounds * (self._size.singles + self._size.batched) + 2 * BATCH + 1
        self._say(f"sealing {needed} envelopes")
        self._prepare(seal_many(world.plan, needed))
        figures = [figure for engine in engines for figure in self._engine(engine, world)]
        return [of_echo(self._echoes), *figures]

    def _prepare(self, envelopes: list[bytes]) -> None:
        first, warm, at = envelopes[:1], envelopes[1 : 1 + 2 * BATCH], 1 + 2 * BATCH
        write_calls(self._file("first"), one_by_one(first))
        write_calls(self._file("warm_submit"), one_by_one(warm[:BATCH]))
        write_calls(self._file("warm_batch"), in_batches(warm[BATCH:], BATCH))
        for number in range(self._size.rounds):
            singles = envelopes[at : at + self._size.singles]
            at += self._size.singles
            batched = envelopes[at : at + self._size.batched]
            at += self._size.batched
            write_calls(self._file(f"submit{number}"), one_by_one(singles))
            write_calls(self._file(f"batch{number}"), in_batches(batched, BATCH))
            if number == 0:
                write_calls(self._file("echo"), one_by_one(singles))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.calls"

    def _engine(self, engine: str, world: BenchWorld) -> list[Figure]:
        rounds: dict[str, list[Beside]] = {kind: [] for kind in KINDS}
        with ExitStack() as stack:
            url = stack.enter_context(_database(engine, self._folder))
            variables = seed(world, url, self._folder / engine)
            hub = stack.enter_context(self._process("hub", f"hub-{engine}", variables, "serve"))
            address = hub.line().rpartition(" ")[2]  # "comity-hub listens on 127.0.0.1:PORT"
            # The echo gives back what the hub gives, so that the client's part of the work is the same.
            answer = first_answer(address, self._folder, self._file("first"))
            (self._folder / "answer").write_bytes(answer)
            echo = stack.enter_context(self._process("tests.bench.echo", "echo", {}, str(self._folder)))
            load = stack.enter_context(self._process("tests.bench.load", "load", {}, str(self._folder)))
            turns = _Turns(load, f"127.0.0.1:{echo.line()}", echo, address, hub, self._file)
            turns.submit("warm_submit", BATCH)
            turns.batch("warm_batch", BATCH)
            turns.echo(self._size.echoes)
            before = turns.echo(self._size.echoes)
            self._echoes.append(before)
            for number in range(self._size.rounds):
                for kind in KINDS:
                    if kind == "submit_c128":
                        sample = turns.submit(f"submit{number}", self._size.singles)
                    else:
                        sample = turns.batch(f"batch{number}", self._size.batched)
                    after = turns.echo(self._size.echoes)
                    rounds[kind].append(Beside(sample, before, after))
                    self._echoes.append(after)
                    before = after
                self._say(
                    f"{engine}, round {number + 1}: echo {before.rate:,.0f}/s, "
                    + ", ".join(f"{kind} {some[-1].sample.rate:,.0f}/s" for kind, some in rounds.items())
                )
        return [of_hub(kind, engine, some) for kind, some in rounds.items()]

    def _process(self, module: str, name: str, variables: dict[str, str], *arguments: str) -> Process:
        return Process(module, *arguments, log=self._folder / f"{name}.log", variables=variables)


class _Turns:
    """The three kinds of turn."""

    def __init__(
        self, load: Process, echo_at: str, echo: Process, hub_at: str, hub: Process, file: Callable[[str], Path]
    ) -> None:
        self._load, self._echo_at, self._echo, self._hub_at, self._hub = load, echo_at, echo, hub_at, hub
        self._file = file

    def echo(self, messages: int) -> Sample:
        """The yardstick."""
        return self._turn(self._echo, self._echo_at, ECHO_METHOD, "echo", IN_FLIGHT, messages)

    def submit(self, name: str, messages: int) -> Sample:
        """Envelopes one by one."""
        return self._turn(self._hub, self._hub_at, SUBMIT_METHOD, name, IN_FLIGHT, messages)

    def batch(self, name: str, messages: int) -> Sample:
        """Envelopes in batches."""
        return self._turn(self._hub, self._hub_at, BATCH_METHOD, name, BATCHES_IN_FLIGHT, messages)

    def _turn(self, server: Process, address: str, method: str, name: str, in_flight: int, messages: int) -> Sample:
        order = Order(address, method, str(self._file(name)), in_flight, "client", messages)
        cpu = server.cpu_seconds()
        outcome = carry_out(self._load, order)
        return Sample(
            messages=outcome.good,
            seconds=outcome.seconds,
            p50_ms=outcome.p50_ms,
            p99_ms=outcome.p99_ms,
            client_cpu=outcome.client_cpu,
            server_cpu_seconds=server.cpu_seconds() - cpu,
        )


def table_of(figures: list[Figure]) -> Table:
    """Returns the figures as people read them."""
    table = Table(title=f"{os.cpu_count()} cores, grpcio {grpc.__version__}; medians of the rounds", box=SIMPLE)
    table.add_column("", no_wrap=True)
    names = ("messages/s", "p50 ms", "p99 ms", "of echo", "(range)", "by CPU", "CPU ms", "server", "client")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for f in figures:
        table.add_row(
            f.name.removeprefix("submit_"),
            f"{f.rate:,.0f}",
            f"{f.p50_ms:.0f}",
            f"{f.p99_ms:.0f}",
            f"{f.ratio:.2f}",
            f"{f.lowest:.2f}-{f.highest:.2f}",
            f"{f.cpu_ratio:.2f}",
            f"{f.cpu_ms:.2f}",
            f"{f.server_cpu:.0%}",
            f"{f.client_cpu:.0%}",
        )
    return table


def main() -> None:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a single short round: proves that it runs, no figure")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only on this database (both by default)")
    parser.add_argument("--rounds", type=int, help="rounds on each database")
    parser.add_argument("--out", type=Path, help="where the flat object goes: build/bench.json, nowhere with --quick")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder with the processes' logs")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    if arguments.rounds:
        size = Size(arguments.rounds, size.echoes, size.singles, size.batched)
    console = Console(width=110)
    folder = Path(tempfile.mkdtemp(prefix="comity-bench-"))
    try:
        figures = Bench(folder, size, console.print).run(tuple(arguments.engine or ENGINES))
    finally:
        if arguments.keep:
            console.print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    console.print(table_of(figures))
    console.print("by CPU: from the servers' processor time a message (CPU ms); server, client: share of one core")
    out = arguments.out or (None if arguments.quick else ROOT / "build" / "bench.json")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        flat = {key: number for figure in figures for key, number in figure.flat().items()}
        out.write_text(json.dumps(flat, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
