"""A process that answers the product's local screening API on a Unix socket, and nothing else.

Never does: write the store.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from agents.sync.screening.api import serve_screening


async def serve(store: Path, address: str) -> None:
    """Answers until standard input ends."""
    server = await serve_screening(store, address)
    print(server.address, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
