"""Part `directory`: replaying a directory of 10,000 statements, as every client and every hub does, and a hub's start.

A hub replays the directory twice before it serves: once to know it, once within the check of everything stored.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from statistics import median
from typing import Final

from comity.directory import Directory
from comity.directory.statements import make_entry

from tests.bench.figures import Number, engine_numbers
from tests.bench.setting import Setting, Size
from tests.bench.world import make_world

ROUNDS: Final = 3
_names = count()


def needs(_: Size) -> int:
    """Returns how many envelopes it takes: none."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures the replay, then the start of a hub with a small and with the large directory on each engine."""
    folder = setting.folder / "directory"
    folder.mkdir()
    setting.say(f"making {setting.size.statements:,} directory statements")
    large = replace(setting, folder=folder, world=make_world(folder, setting.size.statements))
    entries = [make_entry(large.world.began_ms // 1000, statement) for statement in large.world.statements]
    times: list[float] = []
    for _ in range(ROUNDS):
        directory, began = Directory(), time.perf_counter()
        for entry in entries:
            directory.apply(entry)
        times.append(time.perf_counter() - began)
    seconds = median(times)
    setting.say(f"replayed in {seconds:.2f} s")
    few: dict[str, float] = {}
    many: dict[str, float] = {}
    for engine in setting.engines:
        few[engine], many[engine] = _start(setting, engine), _start(large, engine)
    size = f"{len(entries):,} statements"
    return [
        Number("directory_10000_replay_s", seconds, f"replay of a directory, {size}, s"),
        Number("directory_replay_statements_per_s", len(entries) / seconds, "replay of a directory, statements/s"),
        *engine_numbers("hub_start_s", f"start of a hub, {len(setting.world.statements)} statements, s", few),
        *engine_numbers("hub_start_10000_statements_s", f"start of a hub, {size}, s", many),
    ]


def _start(setting: Setting, engine: str) -> float:
    """Returns the seconds from the start of a hub's process to its readiness."""
    name = f"start-{engine}-{next(_names)}"
    with setting.database(engine, name) as url:
        variables = setting.prepare(url, name)
        began = time.perf_counter()
        with setting.hub(variables, name):
            return time.perf_counter() - began
