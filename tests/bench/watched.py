"""The hub as `comity-hub` runs it, which on SIGUSR1 tells which of its threads is which, and nothing more.

The kernel counts each thread's processor time by number; Python's names for them are known inside the process only.

Never does: anything between start and signal.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import threading
from pathlib import Path

NAMES_VARIABLE = "BENCH_THREAD_NAMES"
"""File that gets the threads' names: one JSON object, number to name."""


def _tell(*_: object) -> None:
    names = {str(thread.native_id): thread.name for thread in threading.enumerate()}
    path = Path(os.environ[NAMES_VARIABLE])
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(names), encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _tell)
    runpy.run_module("hub", run_name="__main__", alter_sys=True)
