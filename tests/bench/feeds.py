"""Part `feeds`: delivery to 1, 10 and 100 readers, what is recent from memory and what is older from the database.

Never does: verify what is read; see part `handling`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from tests.bench.figures import Number, engine_numbers
from tests.bench.setting import IN_FLIGHT, MEGABYTE, Hub, Setting, Size, submit_order, turn
from tests.bench.world import READERS

READERS_AT_ONCE: Final = (1, 10, 100)
SETTLE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Delivered:
    """What some readers got."""

    rate: float
    """Items a second, all readers together."""
    cpu_ms: float
    """The hub's processor time an item."""


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return size.feed


def run(setting: Setting) -> list[Number]:
    """Measures on each engine in turn."""
    rates: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    costs: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    memory: dict[str, float] = {}
    feed = setting.singles("feed", 0, setting.size.feed)
    for engine in setting.engines:
        with setting.database(engine, f"feeds-{engine}") as url:
            variables = setting.prepare(url, f"feeds-{engine}")
            for place in ("recent", "stored"):
                with setting.hub(variables, f"feeds-{engine}") as hub:
                    if place == "recent":
                        order = submit_order(hub.address, feed, IN_FLIGHT, setting.size.feed)
                        turn(setting.load, hub.process, order)
                    for readers in READERS_AT_ONCE:
                        found = _drain(setting, hub, readers)
                        rates[place, readers][engine], costs[place, readers][engine] = found.rate, found.cpu_ms
                        setting.say(f"{engine}: {readers} readers, {place}: {found.rate:,.0f} items/s")
                    if place == "recent":
                        memory[engine] = _memory(setting, hub)
    numbers: list[Number] = []
    for place, where in (("recent", "from memory"), ("stored", "from the database")):
        for readers in READERS_AT_ONCE:
            name, at = f"feed_{place}_{readers}_readers", (place, readers)
            who = f"{readers} reader{'s' if readers > 1 else ''} {where}"
            numbers += engine_numbers(f"{name}_items_per_s", f"feed, {who}, items/s", rates[at])
            numbers += engine_numbers(f"{name}_cpu_ms_per_item", f"feed, {who}, hub CPU ms an item", costs[at])
    return [*numbers, *engine_numbers("hub_100_readers_mb", "memory of the hub with 100 live readers, MiB", memory)]


def _order(do: str, hub: Hub) -> dict[str, Any]:
    return {"do": do, "address": hub.address, "clients": list(READERS.values())}


def _drain(setting: Setting, hub: Hub, readers: int) -> _Delivered:
    """Measures readers that each read the newest items of their desk, several times where that is few."""
    wanted = max(1, setting.size.delivered // readers)
    each = min(setting.size.feed, max(setting.size.feed // 8, wanted))
    # The founding of the hub and its starts are in the log too; every envelope is an item of every reader's desk.
    order = _order("drain", hub) | {"readers": readers, "start": setting.size.feed - each}
    order["times"] = max(1, wanted // each)
    reading = setting.reading
    reading.ask(order | {"start": setting.size.feed - 1, "times": 1})  # connections are made before the clock
    cpu = hub.process.cpu_seconds()
    found = reading.ask(order)
    cpu = hub.process.cpu_seconds() - cpu
    reading.ask({"do": "release"})
    return _Delivered(found["items"] / found["seconds"], 1000 * cpu / found["items"])


def _memory(setting: Setting, hub: Hub) -> float:
    """Returns the hub's memory while a hundred readers follow and nothing happens, MiB."""
    reading = setting.reading
    reading.ask(_order("hold", hub) | {"readers": 100, "start": setting.size.feed})
    time.sleep(SETTLE_SECONDS)
    held = hub.process.memory_bytes() / MEGABYTE
    reading.ask({"do": "release"})
    return held
