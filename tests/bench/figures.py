"""From rounds to figures: medians of rates, and of their ratios to the echo that ran just before and just after.

Never does: measure, print.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

KINDS: Final = ("submit_c1", "submit_c16", "submit_c128", "submit_batch64")
BESIDE_ECHO: Final = ("submit_c128", "submit_batch64")
"""Kinds that are held against the echo, which has 128 calls in flight."""
DEFAULT_ENGINE: Final = "sqlite"
"""The engine of a hub out of the box: a figure without an engine's name is that one's."""


@dataclass(frozen=True, slots=True)
class Number:
    """One figure of the flat object, and the words that it stands behind in the table."""

    key: str
    """Name in the flat object."""
    value: float
    what: str
    """What was measured, for people, its unit included."""
    engine: str = ""
    """`sqlite` or `postgres`; empty where no database has part in it."""


def engine_numbers(key: str, what: str, values: dict[str, float]) -> list[Number]:
    """Returns one figure an engine, named with it; and the default engine's once more under the plain name.

    Args:
        key: plain name.
        what: for people.
        values: by engine.
    """
    found = [Number(f"{key}_{engine}", value, what, engine) for engine, value in values.items()]
    plain = values.get(DEFAULT_ENGINE, next(iter(values.values()), None))
    return found if plain is None else [*found, Number(key, plain, "")]


def flat(numbers: Iterable[Number]) -> dict[str, float]:
    """Returns the flat object: figure name to number."""
    return {number.key: round(float(number.value), 4) for number in numbers}


def percentile(ascending: list[float], percent: int) -> float:
    """Returns a percentile of values in ascending order, at least one."""
    return ascending[min(len(ascending) - 1, len(ascending) * percent // 100)]


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one kind."""

    messages: int
    seconds: float
    p50_ms: float
    p99_ms: float
    client_cpu: float
    """Share of one core that the load process used."""
    server_cpu_seconds: float
    """Processor time of the server process; a database server's own is not in it."""

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """The server's processor time a message, milliseconds."""
        return 1000 * self.server_cpu_seconds / self.messages

    @property
    def server_cpu(self) -> float:
        """Share of one core that the server used."""
        return self.server_cpu_seconds / self.seconds


@dataclass(frozen=True, slots=True)
class Beside:
    """A sample with its yardstick: the echo before it and the echo after it."""

    sample: Sample
    before: Sample
    after: Sample

    @property
    def ratio(self) -> float:
        """Its rate in echoes, taken from the mean of the two."""
        return self.sample.rate / ((self.before.rate + self.after.rate) / 2)

    @property
    def cpu_ratio(self) -> float:
        """The same from processor time, which other people's load on the machine disturbs less."""
        return (self.before.cpu_ms + self.after.cpu_ms) / 2 / self.sample.cpu_ms


@dataclass(frozen=True, slots=True)
class Figure:
    """What is reported of one kind on one database, or of the echo."""

    name: str
    rate: float
    p50_ms: float
    p99_ms: float
    client_cpu: float
    server_cpu: float
    cpu_ms: float
    ratio: float | None = None
    """To the echo; None where it is not held against it."""
    lowest: float = 0.0
    """Least ratio of any round."""
    highest: float = 0.0
    cpu_ratio: float = 0.0

    def numbers(self) -> list[Number]:
        """Returns the figure as keys and numbers of the flat object; the calls' own table shows them."""
        found = {
            f"{self.name}_per_s": self.rate,
            f"{self.name}_p50_ms": self.p50_ms,
            f"{self.name}_p99_ms": self.p99_ms,
            f"{self.name}_server_cpu_ms_per_message": self.cpu_ms,
        }
        if self.ratio is not None and self.name != "echo_c128":
            kind, _, database = self.name.rpartition("_")
            found[f"{kind}_vs_echo_{database}"] = self.ratio
            found[f"{kind}_vs_echo_cpu_{database}"] = self.cpu_ratio
        return [Number(key, value, "") for key, value in found.items()]


def of_samples(name: str, samples: list[Sample], rounds: list[Beside] | None = None) -> Figure:
    """Returns the medians of some samples.

    Args:
        name: of the figure.
        samples: at least one.
        rounds: the same with their yardsticks; None where there are none.
    """
    beside = rounds or []
    return Figure(
        name=name,
        rate=median(s.rate for s in samples),
        p50_ms=median(s.p50_ms for s in samples),
        p99_ms=median(s.p99_ms for s in samples),
        client_cpu=median(s.client_cpu for s in samples),
        server_cpu=median(s.server_cpu for s in samples),
        cpu_ms=median(s.cpu_ms for s in samples),
        ratio=median(r.ratio for r in beside) if beside else None,
        lowest=min((r.ratio for r in beside), default=0.0),
        highest=max((r.ratio for r in beside), default=0.0),
        cpu_ratio=median(r.cpu_ratio for r in beside) if beside else 0.0,
    )


def of_rounds(kind: str, database: str, rounds: list[Beside]) -> Figure:
    """Returns the figure of one kind of call on one database.

    Args:
        kind: one of `BESIDE_ECHO`.
        database: `sqlite` or `postgres`.
        rounds: at least one.
    """
    return of_samples(f"{kind}_{database}", [r.sample for r in rounds], rounds)
