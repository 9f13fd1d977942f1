"""Part `calls`: the echo, `Submit` with 1, 16 and 128 in flight, and `SubmitBatch` of 64, in rounds.

Echo and hub take turns, because the machine may be busy with other things. What the hub holds in memory, and on which
threads its time went, is read beside it.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.figures import (
    BESIDE_ECHO,
    KINDS,
    Beside,
    Figure,
    Number,
    Sample,
    engine_numbers,
    of_rounds,
    of_samples,
)
from tests.bench.load import Order
from tests.bench.processes import Process
from tests.bench.setting import BATCH, IN_FLIGHT, MEGABYTE, Hub, Setting, Size, batch_order, child, submit_order, turn
from tests.bench.threads import Profile, Spent, profile
from tests.bench.wire import ECHO_METHOD
from tests.bench.world import first_answer

PROFILED: Final = "submit_c128"
"""The kind of call whose time is told by thread."""
IN_FLIGHT_OF: Final = {"submit_c1": 1, "submit_c16": 16, "submit_c128": IN_FLIGHT}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the part found."""

    figures: list[Figure]
    """The echo first."""
    numbers: list[Number]
    profiles: list[Profile]


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return 1 + 2 * BATCH + size.rounds * sum(_messages(size).values())


def _messages(size: Size) -> dict[str, int]:
    return dict(zip(KINDS, (size.lonely, size.few, size.singles, size.batched), strict=True))


class Calls:
    """The part, over all engines of a run."""

    def __init__(self, setting: Setting) -> None:
        """Takes the run."""
        self._setting = setting
        self._messages = _messages(setting.size)
        self._echoes: list[Sample] = []
        self._files: dict[str, Path] = {}

    def run(self) -> Outcome:
        """Measures on each engine in turn."""
        self._write()
        figures: list[Figure] = []
        profiles: list[Profile] = []
        idle: dict[str, float] = {}
        loaded: dict[str, float] = {}
        for engine in self._setting.engines:
            with self._setting.fresh_hub(engine, f"calls-{engine}") as hub:
                idle[engine] = hub.process.memory_bytes() / MEGABYTE
                found, spent = self._engine(engine, hub)
                loaded[engine] = hub.process.memory_bytes() / MEGABYTE
                figures += found
                profiles.append(spent)
        numbers = [n for figure in [of_samples("echo_c128", self._echoes), *figures] for n in figure.numbers()]
        numbers += engine_numbers("hub_idle_mb", "memory of a hub that just started, MiB", idle)
        numbers += engine_numbers("hub_after_load_mb", "memory of the hub after these calls, MiB", loaded)
        numbers += [number for one in profiles for number in one.numbers()]
        return Outcome([of_samples("echo_c128", self._echoes), *figures], numbers, profiles)

    def _write(self) -> None:
        setting = self._setting
        self._files["first"] = setting.singles("first", 0, 1)
        self._files["warm_submit"] = setting.singles("warm_submit", 1, BATCH)
        self._files["warm_batch"] = setting.batches("warm_batch", 1 + BATCH, BATCH)
        at = 1 + 2 * BATCH
        for number in range(setting.size.rounds):
            for kind, messages in self._messages.items():
                write = setting.batches if kind == "submit_batch64" else setting.singles
                self._files[f"{kind}-{number}"] = write(f"{kind}-{number}", at, messages)
                at += messages
        self._files["echo"] = self._files["submit_c128-0"]

    def _engine(self, engine: str, hub: Hub) -> tuple[list[Figure], Profile]:
        setting, size = self._setting, self._setting.size
        alone: dict[str, list[Sample]] = {kind: [] for kind in KINDS if kind not in BESIDE_ECHO}
        beside: dict[str, list[Beside]] = {kind: [] for kind in BESIDE_ECHO}
        with ExitStack() as stack:
            # The echo gives back what the hub gives, so that the client's part of the work is the same.
            answer = first_answer(hub.address, setting.folder, self._files["first"])
            (setting.folder / "answer").write_bytes(answer)
            echo = stack.enter_context(child(setting.folder, "echo", "echo"))
            turns = _Turns(setting, hub, echo, echo.line(), self._files["echo"])
            turns.hub(submit_order(hub.address, self._files["warm_submit"], IN_FLIGHT, BATCH))
            turns.hub(batch_order(hub.address, self._files["warm_batch"], BATCH))
            turns.echo()
            for number in range(size.rounds):
                for kind, samples in alone.items():
                    samples.append(turns.hub(self._order(kind, hub.address, number)))
                before = turns.echo()
                self._echoes.append(before)
                for kind, rounds in beside.items():
                    sample = turns.hub(self._order(kind, hub.address, number), watched=kind == PROFILED)
                    after = turns.echo()
                    self._echoes.append(after)
                    rounds.append(Beside(sample, before, after))
                    before = after
                rates = {kind: samples[-1].rate for kind, samples in alone.items()}
                rates |= {kind: rounds[-1].sample.rate for kind, rounds in beside.items()}
                said = ", ".join(f"{kind.removeprefix('submit_')} {rate:,.0f}/s" for kind, rate in rates.items())
                setting.say(f"{engine}, round {number + 1}: echo {before.rate:,.0f}/s, {said}")
        figures = [of_samples(f"{kind}_{engine}", samples) for kind, samples in alone.items()]
        figures += [of_rounds(kind, engine, rounds) for kind, rounds in beside.items()]
        return figures, turns.profile(engine, size.rounds * self._messages[PROFILED])

    def _order(self, kind: str, address: str, number: int) -> Order:
        file, messages = self._files[f"{kind}-{number}"], self._messages[kind]
        if kind == "submit_batch64":
            return batch_order(address, file, messages)
        return submit_order(address, file, IN_FLIGHT_OF[kind], messages)


class _Turns:
    """Who is called next: the hub or the echo."""

    def __init__(self, setting: Setting, hub: Hub, echo: Process, port: str, calls: Path) -> None:
        self._setting, self._hub, self._echo = setting, hub, echo
        self._echo_order = Order(f"127.0.0.1:{port}", ECHO_METHOD, str(calls), IN_FLIGHT, "client", setting.size.echoes)
        self._before: list[dict[str, Spent]] = []
        self._after: list[dict[str, Spent]] = []
        self._database_seconds = 0.0

    def echo(self) -> Sample:
        """The yardstick."""
        return turn(self._setting.load, self._echo, self._echo_order)

    def hub(self, order: Order, *, watched: bool = False) -> Sample:
        """Calls of the hub; where they are watched, its threads' time is noted."""
        if not watched:
            return turn(self._setting.load, self._hub.process, order)
        self._before.append(self._hub.threads())
        database = self._setting.database_seconds()
        sample = turn(self._setting.load, self._hub.process, order)
        self._database_seconds += self._setting.database_seconds() - database
        self._after.append(self._hub.threads())
        return sample

    def profile(self, engine: str, messages: int) -> Profile:
        """Returns where the time went while it was watched."""
        database_ms = 1000 * self._database_seconds / messages if engine == "postgres" else 0.0
        return profile(engine, messages, self._before, self._after, database_ms)
