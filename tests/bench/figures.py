"""From rounds to figures: medians of rates, and of their ratios to the echo that ran just before and just after."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final

KINDS: Final = ("submit_c128", "submit_batch64")


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
    ratio: float
    lowest: float
    """Least ratio of any round."""
    highest: float
    cpu_ratio: float

    def flat(self) -> dict[str, float]:
        """Returns the figure as keys and numbers of the flat object."""
        numbers = {
            f"{self.name}_per_s": self.rate,
            f"{self.name}_p50_ms": self.p50_ms,
            f"{self.name}_p99_ms": self.p99_ms,
            f"{self.name}_server_cpu_ms_per_message": self.cpu_ms,
        }
        if self.name != "echo_c128":
            kind, _, database = self.name.rpartition("_")
            numbers[f"{kind}_vs_echo_{database}"] = self.ratio
            numbers[f"{kind}_vs_echo_cpu_{database}"] = self.cpu_ratio
        return {name: round(number, 4) for name, number in numbers.items()}


def _figure(name: str, samples: list[Sample], ratios: list[float], cpu_ratios: list[float]) -> Figure:
    return Figure(
        name=name,
        rate=median(s.rate for s in samples),
        p50_ms=median(s.p50_ms for s in samples),
        p99_ms=median(s.p99_ms for s in samples),
        client_cpu=median(s.client_cpu for s in samples),
        server_cpu=median(s.server_cpu for s in samples),
        cpu_ms=median(s.cpu_ms for s in samples),
        ratio=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        cpu_ratio=median(cpu_ratios),
    )


def of_echo(samples: list[Sample]) -> Figure:
    """Returns the yardstick's own figure."""
    return _figure("echo_c128", samples, [1.0], [1.0])


def of_hub(kind: str, database: str, rounds: list[Beside]) -> Figure:
    """Returns the figure of one kind of call on one database.

    Args:
        kind: one of `KINDS`.
        database: `sqlite` or `postgres`.
        rounds: at least one.
    """
    return _figure(
        f"{kind}_{database}",
        [r.sample for r in rounds],
        [r.ratio for r in rounds],
        [r.cpu_ratio for r in rounds],
    )
