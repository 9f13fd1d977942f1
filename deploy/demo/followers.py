"""The unattended agents of the demonstration: one `comity-sync` a desk, each a process of its own.

Never does: look into an agent's files; what it holds is asked of its own program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

from stage import PASSPHRASE, ROOT, START_SECONDS, DemoError, Desk, Stage


class Agent:
    """One desk's agent."""

    def __init__(self, stage: Stage, desk: Desk) -> None:
        """Writes its settings."""
        self.stage, self.desk = stage, desk
        self._process: subprocess.Popen[bytes] | None = None
        self._config = stage.folder / f"{desk.agency}-sync.toml"
        settings = [
            f"home = {json.dumps(str(desk.home))}",
            f"member = {json.dumps(desk.members[0])}",
            "disk_free_megabytes = 1",
            '[observe]\nlisten = "127.0.0.1:0"',
        ]
        self._config.write_text("\n".join(settings) + "\n", encoding="utf-8")

    def begin(self) -> None:
        """Starts the process; `ready` waits until it is up."""
        reading, writing = os.pipe()
        os.write(writing, f"{PASSPHRASE}\n".encode())
        os.close(writing)
        self._told.unlink(missing_ok=True)
        command = [sys.executable, "-m", "agents.sync", "run", "--config", str(self._config)]
        command += ["--passphrase-fd", str(reading), "--ready-file", str(self._told)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, pass_fds=[reading], stdout=log, stderr=log, env=self.stage.environment, cwd=ROOT
            )
        os.close(reading)

    def ready(self) -> None:
        """Waits until it is up.

        Raises:
            DemoError: it is not in time.
        """
        process = self._process
        if process is None:
            raise DemoError(f"the agent of {self.desk.agency} was not started")
        until = time.monotonic() + START_SECONDS
        while not self._told.exists():
            if time.monotonic() > until or process.poll() is not None:
                raise DemoError(f"the agent of {self.desk.agency} does not start: {self._tail()}")
            time.sleep(0.05)
        self.stage.say(f"{self.desk.agency}: comity-sync runs, process {process.pid}")

    def end(self, number: int = signal.SIGTERM) -> None:
        """Ends the process with a signal, and waits for it."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=40)
            self._process = None

    def holds(self) -> list[Any]:
        """Returns the lists it holds, as its own program says."""
        out = self.stage.run(self.desk.agency, "comity-sync", "status", "--config", self._config, "--json", quiet=True)
        found: list[Any] = json.loads(out)
        return found

    def wait_for(self, sequence: int, seconds: float = 30.0) -> Any:
        """Waits until it holds a list up to a batch, and returns that list.

        Raises:
            DemoError: it does not in time.
        """
        until = time.monotonic() + seconds
        while True:
            found = self.holds()
            if found and found[0]["status"] == "CURRENT" and found[0]["sequence"] >= sequence:
                return found[0]
            if time.monotonic() > until:
                raise DemoError(f"the agent of {self.desk.agency} does not catch up: {found} {self._tail()}")
            time.sleep(0.02)

    @property
    def _told(self) -> Any:
        return self.stage.folder / f"{self.desk.agency}-sync.port"

    @property
    def _log(self) -> Any:
        return self.stage.folder / f"{self.desk.agency}-sync.log"

    def _tail(self) -> str:
        return str(self._log.read_text(encoding="utf-8")[-500:])
