"""What all parts of the bench share: how much is measured, the sealed envelopes, databases, hubs and load processes.

Never does: measure.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psutil

from tests.bench.figures import Sample
from tests.bench.load import Order
from tests.bench.processes import Process, carry_out
from tests.bench.sealing import in_batches, one_by_one, seal_many
from tests.bench.threads import Spent, names_of, spent
from tests.bench.watched import NAMES_VARIABLE
from tests.bench.wire import BATCH_METHOD, SUBMIT_METHOD, write_calls
from tests.bench.world import BenchWorld, seed
from tests.support.postgres import PostgresServer

ENGINES: Final = ("sqlite", "postgres")
IN_FLIGHT: Final = 128
BATCH: Final = 64
BATCHES_IN_FLIGHT: Final = 8
"""Calls of `SubmitBatch` in flight: the hub verifies one while it commits another."""
MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    """Rounds of calls beside the echo, on each database."""
    echoes: int
    """Calls of the echo in each of its turns."""
    lonely: int
    """Envelopes sent by `Submit` one after another in each round."""
    few: int
    """Envelopes sent by `Submit`, 16 in flight, in each round."""
    singles: int
    """Envelopes sent by `Submit`, 128 in flight, in each round."""
    batched: int
    """Envelopes sent by `SubmitBatch` in each round."""
    feed: int
    """Envelopes in the feeds that readers read."""
    delivered: int
    """Items that a number of readers get together."""
    latency_seconds: float
    handled: int
    """Envelopes sealed, opened and verified in process."""
    statements: int
    """In the directory that is replayed."""
    alone: int
    """Batches of 256 that the sequencer gets without anything around it."""
    pair_rounds: int
    grown: int
    """Leaves of the large log; the small one has 1,000."""
    grown_rounds: int
    published: int
    """Messages sent to each message broker."""
    wallets: int
    """Entries of the large watchlist."""
    taxii: tuple[int, ...]
    """Objects in the collections of the TAXII pair."""
    lookups: int
    """Wallets that are screened."""
    deltas: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    """Subscribers of a watchlist, and for each number of changes how often so many are published."""
    backlog: int
    """Batches of a watchlist that wait for a desk that was away."""
    cases: int
    """Open cases on the board of one home."""
    clocks: int
    """Open cases with deadlines at a hub."""
    clock_seconds: int
    """For how long limits run out."""
    flash: int
    """FLASH messages that are measured."""
    readers: int
    """Readers that are connected meanwhile."""


FULL: Final = Size(
    rounds=5,
    echoes=2048,
    lonely=96,
    few=384,
    singles=1536,
    batched=2048,
    feed=1024,
    delivered=8192,
    latency_seconds=12.0,
    handled=200,
    statements=10_000,
    alone=16,
    pair_rounds=4,
    grown=1_000_000,
    grown_rounds=4,
    published=4096,
    wallets=1_000_000,
    taxii=(100, 500),
    lookups=200_000,
    deltas=(
        (1, ((1, 30), (100, 60), (10_000, 2))),
        (10, ((1, 10), (100, 20), (10_000, 1))),
        (50, ((1, 4), (100, 12), (10_000, 1))),
    ),
    backlog=2_000,
    cases=10_000,
    clocks=100_000,
    clock_seconds=60,
    flash=200,
    readers=1_000,
)
QUICK: Final = Size(
    rounds=1,
    echoes=512,
    lonely=8,
    few=64,
    singles=128,
    batched=128,
    feed=64,
    delivered=256,
    latency_seconds=0.5,
    handled=8,
    statements=120,
    alone=1,
    pair_rounds=1,
    grown=1_500,
    grown_rounds=1,
    published=64,
    wallets=1_000,
    taxii=(100,),
    lookups=2_000,
    deltas=((3, ((1, 2), (100, 3))),),
    backlog=20,
    cases=100,
    clocks=500,
    clock_seconds=2,
    flash=2,
    readers=6,
)


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub process of a run."""

    process: Process
    address: str
    names: Path
    """File that gets its threads' names."""

    def threads(self) -> dict[str, Spent]:
        """Returns what its threads have used so far, by kind."""
        return spent(self.process.pid, names_of(self.process.pid, self.names))


@dataclass(frozen=True, slots=True)
class Setting:
    """One run: where everything temporary lies, the world, and how much is measured."""

    folder: Path
    world: BenchWorld
    size: Size
    engines: tuple[str, ...]
    say: Callable[[str], None]
    """Reports progress."""
    envelopes: Sequence[bytes]
    """Sealed before the clock starts. Every part begins with the first on databases of its own."""
    load: Process
    """Runs `load.py`; the one of the run."""
    reading: Process
    """Runs `reading.py`; the one of the run."""
    server: PostgresServer | None
    """Where `engines` has PostgreSQL: the one server of the run, on which every part has databases of its own."""

    def sealed(self, count: int) -> Setting:
        """Returns the same with so many envelopes sealed."""
        self.say(f"sealing {count:,} envelopes")
        return replace(self, envelopes=seal_many(self.world.plan, count))

    def singles(self, name: str, start: int, count: int) -> Path:
        """Writes a file of `SubmitRequest`s and returns its path."""
        path = self.folder / f"{name}.calls"
        write_calls(path, one_by_one(self.envelopes[start : start + count]))
        return path

    def batches(self, name: str, start: int, count: int) -> Path:
        """Writes a file of `SubmitBatchRequest`s and returns its path."""
        path = self.folder / f"{name}.calls"
        write_calls(path, in_batches(self.envelopes[start : start + count], BATCH))
        return path

    @contextmanager
    def database(self, engine: str, name: str) -> Iterator[str]:
        """Gives an empty database, which is removed when the block ends."""
        if engine == "postgres":
            if self.server is None:
                raise RuntimeError("this run has no PostgreSQL")
            url = self.server.create_database()
            yield url
            self.server.drop_database(url)
            return
        file = self.folder / f"{name}.sqlite"
        yield f"sqlite:///{file}"
        for path in self.folder.glob(f"{file.name}*"):
            path.unlink()

    def prepare(self, url: str, name: str) -> dict[str, str]:
        """Fills an empty database with the world's directory; returns the variables of hubs that serve it."""
        return seed(self.world, url, self.folder / name)

    @contextmanager
    def hubs(self, *wanted: tuple[dict[str, str], str]) -> Iterator[list[Hub]]:
        """Runs hubs, each by (variables, name), until the block ends."""
        with ExitStack() as stack:
            started: list[tuple[Process, Path]] = []
            for variables, name in wanted:
                names = self.folder / f"{name}.threads"
                more = variables | {NAMES_VARIABLE: str(names)}
                process = Process("tests.bench.watched", "serve", log=self.folder / f"{name}.log", variables=more)
                started.append((stack.enter_context(process), names))
            # Each says "comity-hub listens on 127.0.0.1:PORT" once it is ready.
            yield [Hub(process, process.line().rpartition(" ")[2], names) for process, names in started]

    @contextmanager
    def hub(self, variables: dict[str, str], name: str) -> Iterator[Hub]:
        """Runs one hub until the block ends."""
        with self.hubs((variables, name)) as hubs:
            yield hubs[0]

    @contextmanager
    def fresh_hub(self, engine: str, name: str) -> Iterator[Hub]:
        """Runs a hub on a database of its own until the block ends."""
        with ExitStack() as stack:
            url = stack.enter_context(self.database(engine, name))
            yield stack.enter_context(self.hub(self.prepare(url, name), name))

    def database_seconds(self) -> float:
        """Returns the processor time that PostgreSQL's processes have used so far; 0 without one."""
        if self.server is None:
            return 0.0
        pid = int((self.server.home / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        postmaster, used = psutil.Process(pid), 0.0
        for process in (postmaster, *postmaster.children()):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used += times.user + times.system
        return used


def child(folder: Path, module: str, name: str) -> Process:
    """Starts a process of the bench that takes orders; a context manager."""
    return Process(f"tests.bench.{module}", str(folder), log=folder / f"{name}.log")


def turn(load: Process, server: Process, order: Order) -> Sample:
    """Has an order carried out and returns what it took."""
    cpu = server.cpu_seconds()
    outcome = carry_out(load, order)
    return Sample(
        messages=outcome.good,
        seconds=outcome.seconds,
        p50_ms=outcome.p50_ms,
        p99_ms=outcome.p99_ms,
        client_cpu=outcome.client_cpu,
        server_cpu_seconds=server.cpu_seconds() - cpu,
    )


def submit_order(address: str, file: Path, in_flight: int, messages: int) -> Order:
    """Returns the order to send envelopes one by one."""
    return Order(address, SUBMIT_METHOD, str(file), in_flight, "client", messages)


def batch_order(address: str, file: Path, messages: int) -> Order:
    """Returns the order to send envelopes in batches."""
    return Order(address, BATCH_METHOD, str(file), BATCHES_IN_FLIGHT, "client", messages)
