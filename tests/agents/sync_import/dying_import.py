"""A process that imports and is killed by itself, for real, after so many portions."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from agents.sync.progress import Progress
from agents.sync.staging import Staging


def main(staging: str, import_id: str, portions: str) -> None:
    """Runs the import until it dies."""
    left = int(portions)

    def count(_: Progress) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with Staging.open(Path(staging)) as store:
        store.run(import_id, progress=count)


if __name__ == "__main__":
    main(*sys.argv[1:])
