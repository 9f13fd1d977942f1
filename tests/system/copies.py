"""Hub processes for tests that start many: copies of one process that has imported the hub (`tests/chaos/zygote.py`).

A copy runs `comity-hub serve` itself. What it saves is the second of importing, and the price of the passphrase.

Never does: outlive the test run. The process that is copied ends with it, and its copies with that.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

START_SECONDS = 60.0


class Copy:
    """A process that is no child of this one, with what tests use of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Returns how it ended; None while it runs."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends a signal; nothing where it has ended."""
        with contextlib.suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """Kills it."""
        self.send_signal(signal.SIGKILL)

    def wait(self) -> None:
        """Waits until it has ended."""
        assert self._ended.wait(START_SECONDS)

    def ended(self, code: int) -> None:
        """Takes how it ended; negative is the number of a signal."""
        self.returncode = code
        os.close(self._handle)
        self._handle = -1
        self._ended.set()


class Original:
    """The process that is copied."""

    def __init__(self, variables: dict[str, str], folder: Path) -> None:
        """Starts it; the first copy waits until it has imported everything.

        Args:
            variables: its whole environment.
            folder: that it works in.
        """
        self._copies: dict[int, Copy] = {}
        self._started: queue.Queue[Copy | None] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=variables,
            cwd=folder,
        )
        self._reading = threading.Thread(target=self._read, daemon=True, name="copies")
        self._reading.start()
        atexit.register(self.end)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "started" in said:
                copy = self._copies[said["started"]] = Copy(said["started"])
                self._started.put(copy)
            else:
                self._copies.pop(said["ended"]).ended(said["code"])
        self._started.put(None)

    def start(self, words: Sequence[str], variables: dict[str, str], log: Path, passphrase: bytes) -> Copy:
        """Starts a copy.

        Args:
            words: of its command line, without the passphrase's.
            variables: of its environment, beside the original's.
            log: where its output goes.
            passphrase: of its key file.
        """
        assert self._process.stdin is not None
        order = {"words": list(words), "variables": variables, "log": str(log), "passphrase": passphrase.decode()}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        copy = self._started.get(timeout=START_SECONDS)
        assert copy is not None, "the process that is copied has ended"
        return copy

    def end(self) -> None:
        """Ends it and every copy that still runs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._reading.join()
        self._process.stdout.close()


@cache
def original(folder: Path, *variables: tuple[str, str]) -> Original:
    """The one of this process, for copies with the same environment."""
    return Original(dict(variables), folder)
