"""Part `latency`: from the moment an envelope is meant to be sent to the moment a subscriber has it in hand.

Fifty envelopes a second, whether the hub keeps up or not; the desks of both counterparts follow their feeds.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from tests.bench.figures import Number, engine_numbers
from tests.bench.setting import Setting, Size
from tests.bench.world import READERS, SENDER

RATE: Final = 50
"""Envelopes a second."""
_WORDS: Final = (
    ("read_p50_ms", "submit_to_reader_p50_ms", "submit to a subscriber's hands at 50/s, p50 ms"),
    ("read_p99_ms", "submit_to_reader_p99_ms", "submit to a subscriber's hands at 50/s, p99 ms"),
    ("receipt_p50_ms", "submit_at_50_per_s_p50_ms", "submit to receipt at 50/s, p50 ms"),
    ("receipt_p99_ms", "submit_at_50_per_s_p99_ms", "submit to receipt at 50/s, p99 ms"),
)


def needs(size: Size) -> int:
    """Returns how many envelopes it takes."""
    return RATE + int(RATE * size.latency_seconds)


def run(setting: Setting) -> list[Number]:
    """Measures on each engine in turn."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    count = needs(setting.size) - RATE
    warm, file = setting.singles("latency_warm", 0, RATE), setting.singles("latency", RATE, count)
    for engine in setting.engines:
        with setting.fresh_hub(engine, f"latency-{engine}") as hub:
            clients = [name for desk, name in READERS.items() if desk != SENDER]
            order = {"do": "race", "address": hub.address, "clients": clients, "rate": RATE}
            setting.reading.ask(order | {"file": str(warm), "count": RATE})
            found = setting.reading.ask(order | {"file": str(file), "count": count})
        for name, value in found.items():
            values[name][engine] = value
        setting.say(f"{engine}: to a subscriber p50 {found['read_p50_ms']:.1f} ms, p99 {found['read_p99_ms']:.1f} ms")
    return [number for name, key, what in _WORDS for number in engine_numbers(key, what, values[name])]
