"""Part `growth`: what a message costs when the log has 1,000 leaves and when it has 1,000,000, round by round.

Both hubs start on small logs and the logs are grown beneath them, because a hub reads everything stored before it
serves. The figure compares processor time of the hubs a message in `SubmitBatch` of 64, where the log's part of the
work is greatest; the wall clock is beside it, because a database server's own time is in that alone. The background
check of everything stored is not in it: it saw the small logs and rests until its next pass.
"""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from statistics import median
from typing import Final

from tests.bench.figures import Number, Sample, engine_numbers
from tests.bench.grown import Ground, grow
from tests.bench.setting import BATCH, IN_FLIGHT, Hub, Setting, Size, batch_order, submit_order, turn

SMALL: Final = 1000
NAMES: Final = ("small", "large")
ALONE: Final = 50_000
"""Leaves that are appended sooner than another process is started."""


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return IN_FLIGHT + BATCH + size.grown_rounds * (size.singles + size.batched)


def run(setting: Setting) -> list[Number]:
    """Measures on each engine in turn; the logs are grown side by side."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    with ExitStack() as stack:
        served = {engine: _serve(setting, engine, stack) for engine in setting.engines}
        began = time.perf_counter()
        _grow(setting, [urls for urls, _ in served.values()])
        setting.say(f"logs of {setting.size.grown:,} leaves in {time.perf_counter() - began:.0f} s")
        for engine, (_, hubs) in served.items():
            for name, value in _engine(setting, engine, hubs).items():
                found[name][engine] = value
    leaves = f"{setting.size.grown:,}"
    size = f"{leaves} leaves, times {SMALL:,}"
    words = {
        "cost_per_message_1e6_vs_1e3_leaves": f"hub CPU a message in batches, {size}",
        "wall_per_message_1e6_vs_1e3_leaves": f"time a message in batches, {size}",
        "cost_per_single_message_1e6_vs_1e3_leaves": f"hub CPU a message singly, {size}",
        "wall_per_single_message_1e6_vs_1e3_leaves": f"time a message singly, {size}",
        "submit_batch64_1e3_leaves_cpu_ms_per_message": f"SubmitBatch, hub CPU ms a message, {SMALL:,} leaves",
        "submit_batch64_1e6_leaves_cpu_ms_per_message": f"SubmitBatch, hub CPU ms a message, {leaves} leaves",
    }
    return [number for key, what in words.items() for number in engine_numbers(key, what, found[key])]


def _serve(setting: Setting, engine: str, stack: ExitStack) -> tuple[list[str], dict[str, Hub]]:
    """Starts a hub for the small log and one for the large; returns their databases and the hubs."""
    names = [f"growth-{name}-{engine}" for name in NAMES]
    urls = [stack.enter_context(setting.database(engine, name)) for name in names]
    variables = [setting.prepare(url, name) for url, name in zip(urls, names, strict=True)]
    hubs = stack.enter_context(setting.hubs(*zip(variables, names, strict=True)))
    return urls, dict(zip(NAMES, hubs, strict=True))


def _grow(setting: Setting, databases: list[list[str]]) -> None:
    world = setting.world
    ground = Ground(world.plan, world.began_ms, world.keys.logs.log_key.public)
    large = [urls[1] for urls in databases]
    for small, _ in databases:
        grow(small, ground, SMALL)
    if setting.size.grown <= ALONE:
        for url in large:
            grow(url, ground, setting.size.grown)
        return
    with ProcessPoolExecutor(len(large), mp_context=get_context("spawn")) as pool:
        list(pool.map(grow, large, [ground] * len(large), [setting.size.grown] * len(large)))


def _engine(setting: Setting, engine: str, hubs: dict[str, Hub]) -> dict[str, float]:
    size, load = setting.size, setting.load
    rounds: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    warm = (setting.singles("growth-warm", 0, IN_FLIGHT), setting.batches("growth-warm-batch", IN_FLIGHT, BATCH))
    for hub in hubs.values():
        turn(load, hub.process, submit_order(hub.address, warm[0], IN_FLIGHT, IN_FLIGHT))
        turn(load, hub.process, batch_order(hub.address, warm[1], BATCH))
    at = IN_FLIGHT + BATCH
    for number in range(size.grown_rounds):
        single = setting.singles(f"growth-{number}", at, size.singles)
        batch = setting.batches(f"growth-batch-{number}", at + size.singles, size.batched)
        at += size.singles + size.batched
        for name in NAMES if number % 2 == 0 else reversed(NAMES):
            hub = hubs[name]
            order = submit_order(hub.address, single, IN_FLIGHT, size.singles)
            rounds[name, "single"].append(turn(load, hub.process, order))
            order = batch_order(hub.address, batch, size.batched)
            rounds[name, "batch"].append(turn(load, hub.process, order))
    found: dict[str, float] = {}
    for kind, infix in (("batch", ""), ("single", "single_")):
        pairs = list(zip(rounds["small", kind], rounds["large", kind], strict=True))
        found[f"cost_per_{infix}message_1e6_vs_1e3_leaves"] = median(b.cpu_ms / a.cpu_ms for a, b in pairs)
        found[f"wall_per_{infix}message_1e6_vs_1e3_leaves"] = median(a.rate / b.rate for a, b in pairs)
    for name, short in (("small", "1e3"), ("large", "1e6")):
        cpu = median(sample.cpu_ms for sample in rounds[name, "batch"])
        found[f"submit_batch64_{short}_leaves_cpu_ms_per_message"] = cpu
    setting.say(f"{engine}: cost a message at {size.grown:,} leaves {found['cost_per_message_1e6_vs_1e3_leaves']:.2f}")
    return found
