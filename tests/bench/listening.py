"""A reader that notes when each clock event is in its hands: orders and answers are JSON lines.

Never does: verify what it reads.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from comity.receipts import EventKind, parse_event
from comity.v1 import feed_pb2

from tests.bench.load import channel_to
from tests.bench.wire import FEED_METHOD

_CLOCKS = frozenset({EventKind.OVERDUE, EventKind.LAPSED, EventKind.EXPIRED})


async def listen(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    """Follows a desk's feed until so many clock events came. Returns by how much each came after its limit, ms."""
    delays: list[float] = []
    async with channel_to(order["address"], folder, order["client"]) as channel:
        await asyncio.wait_for(channel.channel_ready(), 30)
        stream: Any = channel.unary_stream(FEED_METHOD, response_deserializer=feed_pb2.ReadFeedResponse.FromString)
        request = feed_pb2.ReadFeedRequest(from_index=0, follow=True).SerializeToString()
        async with asyncio.timeout(order["seconds"]):
            async for answer in stream(request):
                now = time.time() * 1000
                if not answer.item.receipt.event:
                    continue
                event = parse_event(answer.item.receipt.event)
                if event.kind in _CLOCKS:
                    delays.append(now - event.effective_time)
                if len(delays) >= order["count"]:
                    break
    return {"delays": delays}


if __name__ == "__main__":
    for said in sys.stdin:
        print(json.dumps(asyncio.run(listen(Path(sys.argv[1]), json.loads(said)))), flush=True)
