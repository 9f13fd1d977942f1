"""Part `delta`: from the moment two people's signed change is published to the moment it is screenable everywhere.

The owner, the hub and the subscribers are processes; the subscribers share two, each desk with a daemon, a home and a
screening store of its own. The clock starts as `Publisher.publish` is called with everything signed, and stops at each
desk when the batch's transaction in its screening store has been committed: any screener then finds it.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Final

from tests.bench.figures import Number, percentile
from tests.bench.processes import Process
from tests.bench.setting import Setting, Size
from tests.bench.watchlists_office import Office
from tests.bench.watchlists_offices import town
from tests.bench.watchlists_rows import rows_file

SHARED_BY: Final = 2
"""Processes that the subscribers share."""
SEEDED: Final = 1_000
"""Entries that the list has before."""


def needs(_: Size) -> int:
    """Returns how many envelopes it takes."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures."""
    numbers: list[Number] = []
    for subscribers, rounds in setting.size.deltas:
        numbers += _with(setting, subscribers, dict(rounds))
    return numbers


def _with(setting: Setting, count: int, rounds: dict[int, int]) -> list[Number]:
    """Measures with a number of subscribers: so many rounds of deltas of each size."""
    numbers: list[Number] = []
    with ExitStack() as stack:
        found = stack.enter_context(town(setting, f"delta-{count}", count))
        owner = stack.enter_context(owner_of(setting, found.owner, f"delta-{count}-owner"))
        made = owner.ask({"do": "create"})
        owner.ask({"do": "grow", "rows": str(rows_file(setting, SEEDED))})
        owner.ask({"do": "offer", "desks": [one.desk for one in found.subscribers]})
        groups = [found.subscribers[at::SHARED_BY] for at in range(min(SHARED_BY, count))]
        followers = [
            stack.enter_context(followers_of(setting, group, f"delta-{count}-followers-{at}"))
            for at, group in enumerate(groups)
        ]
        for process in followers:
            process.ask({"do": "subscribe", "list": made["list"]})
        for process in followers:
            process.ask({"do": "follow"})
        owner.ask({"do": "serve", "count": count})
        parts = _Parts(owner, found.hub.process, followers)
        first = SEEDED
        parts.delta(first, 1)  # what is opened once is open now
        for size, times in rounds.items():
            rounds_of_it: list[_Delta] = []
            for _ in range(times):
                first += size
                rounds_of_it.append(parts.delta(first, size))
            for process in followers:
                if set(process.ask({"do": "check", "number": first})["verdicts"]) != {"HIT"}:
                    raise RuntimeError("what was published is not found at every desk")
            numbers += _numbers(count, size, rounds_of_it)
            p50, p99 = numbers[-5].value, numbers[-4].value
            setting.say(f"{count} subscribers, delta of {size:,}: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    return numbers


@dataclass(frozen=True, slots=True)
class _Delta:
    """One delta."""

    waited: list[float]
    """Milliseconds from publishing until each desk had it."""
    cpu: tuple[float, float, float]
    """Milliseconds of processor time until then: of owner, hub, subscribers."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The processes of one town."""

    owner: Process
    hub: Process
    followers: list[Process]

    def delta(self, first: int, size: int) -> _Delta:
        """Publishes once, and waits until every desk has acknowledged."""
        self.owner.ask({"do": "sign", "first": first, "count": size})
        before = self._cpu()
        said = self.owner.ask({"do": "publish"})
        for process in self.followers:
            process.tell({"do": "wait", "sequence": said["sequence"]})
        moments = [moment for process in self.followers for moment in process.hear()["moments"]]
        used = [1000 * (now - then) for now, then in zip(self._cpu(), before, strict=True)]
        self.owner.ask({"do": "settle"})
        return _Delta([1000 * (moment - said["began"]) for moment in moments], (used[0], used[1], used[2]))

    def _cpu(self) -> tuple[float, float, float]:
        return (
            self.owner.cpu_seconds(),
            self.hub.cpu_seconds(),
            sum(process.cpu_seconds() for process in self.followers),
        )


def _numbers(count: int, size: int, deltas: list[_Delta]) -> list[Number]:
    plain = "" if size == 100 else f"{size}_entries_"
    after = f"{count}_subscribers"
    what = f"delta of {size:,} at {count} subscriber{'s' * (count > 1)}"
    waited = sorted(moment for delta in deltas for moment in delta.waited)
    cpu = [sum(values) / len(deltas) for values in zip(*(delta.cpu for delta in deltas), strict=True)]
    return [
        Number(f"delta_{plain}p50_ms_{after}", percentile(waited, 50), f"{what}, publish to screenable, p50 ms"),
        Number(f"delta_{plain}p99_ms_{after}", percentile(waited, 99), f"{what}, publish to screenable, p99 ms"),
        *(
            Number(f"delta_{plain}{name}_cpu_ms_{after}", value, f"{what}, CPU ms of {words}")
            for name, words, value in zip(("owner", "hub", "agents"), ("owner", "hub", "all agents"), cpu, strict=True)
        ),
    ]


def owner_of(setting: Setting, office: Office, name: str) -> Process:
    """Returns the process of a list's owner, not started."""
    return Process("tests.bench.watchlists_owner", json.dumps(asdict(office)), log=setting.folder / f"{name}.log")


def followers_of(setting: Setting, offices: tuple[Office, ...], name: str) -> Process:
    """Returns a process of subscribers, not started."""
    said = json.dumps([asdict(office) for office in offices])
    return Process("tests.bench.watchlists_followers", said, log=setting.folder / f"{name}.log")
