"""Part `backlog`: a desk that was away takes thousands of batches: how many a second, and in how much memory.

Owner, hub and subscriber are processes. The batches change nothing, so that the figure is what each message costs by
itself: delivery, proofs, opening, one transaction at least, acknowledgement.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Final

from tests.bench.figures import Number
from tests.bench.setting import MEGABYTE, Setting, Size
from tests.bench.watchlists_delta import followers_of, owner_of
from tests.bench.watchlists_offices import town

TOGETHER: Final = 500
"""Batches that the owner publishes in one go."""


def needs(_: Size) -> int:
    """Returns how many envelopes it takes."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures."""
    count = setting.size.backlog
    with ExitStack() as stack:
        found = stack.enter_context(town(setting, "backlog", 1))
        owner = stack.enter_context(owner_of(setting, found.owner, "backlog-owner"))
        made = owner.ask({"do": "create"})
        owner.ask({"do": "offer", "desks": [one.desk for one in found.subscribers]})
        desk = stack.enter_context(followers_of(setting, found.subscribers, "backlog-desk"))
        desk.ask({"do": "subscribe", "list": made["list"]})
        owner.ask({"do": "serve", "count": 1})
        sequence = 0
        for first in range(0, count, TOGETHER):
            sequence = owner.ask({"do": "beat", "count": min(TOGETHER, count - first)})["sequence"]
        before = desk.memory_bytes()
        desk.forget_peak()
        began, used = time.monotonic(), desk.cpu_seconds()
        desk.ask({"do": "follow"})
        (moment,) = desk.ask({"do": "wait", "sequence": sequence})["moments"]
        spent = desk.cpu_seconds() - used
        grown = (desk.peak_bytes() - before) / MEGABYTE
    rate = count / (moment - began)
    setting.say(f"{count:,} batches waited for a desk: {rate:,.0f}/s, {grown:.0f} MiB more at most")
    return [
        Number("backlog_per_s", rate, f"backlog of {count:,} batches, taken a second"),
        Number("backlog_cpu_ms_per_message", 1000 * spent / count, "backlog: CPU ms of the agent a message"),
        Number("backlog_grown_mb", grown, "backlog: memory of the agent, most above its start, MiB"),
    ]
