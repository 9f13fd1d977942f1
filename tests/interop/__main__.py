"""`make interop`: the second implementation passes every vector, then plays a case against a real hub and the SDK."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.interop import node
from tests.interop.play import play


def main() -> int:
    """Runs both parts and prints a line a step; returns the exit code."""
    lacking = node.missing()
    if lacking:
        print(f"interop: not run: {lacking}")
        return 2
    node.install()
    print(node.pass_vectors(), flush=True)
    with tempfile.TemporaryDirectory(prefix="comity-interop-") as folder:
        played = asyncio.run(play(Path(folder), lambda line: print(line, flush=True)))
    differing = [name for name, value in played.ours.items() if played.theirs.get(name) != value]
    if differing:
        print(f"interop: the two sides differ in {', '.join(differing)}")
        return 1
    print("interop: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
