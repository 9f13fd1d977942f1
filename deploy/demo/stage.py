"""The stage: processes, folders, and what is shown to the person who watches.

Never does: look into anything the programs keep; it uses them as a person does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector import Collector

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PASSPHRASE = "correct horse battery staple"  # of throw-away keys
START_SECONDS = 30.0


class DemoError(Exception):
    """Something did not happen as it must."""


@dataclass
class Desk:
    """One agency's desk in the demonstration."""

    agency: str
    desk: str
    name_en: str
    name_zh: str
    jurisdiction: str
    telephone: str
    home: Path
    kind: str = "authority"
    """authority or holder."""
    members: list[str] = field(default_factory=list)
    """The first is the admin; the second, where there is one, seconds."""
    fingerprint: str = ""


class Worker:
    """A process that runs commands for one agency or the operators."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        )

    def begin(self, program: str, arguments: list[str], passphrases: list[str]) -> None:
        """Hands a command over without waiting for it."""
        assert self._process.stdin is not None
        request = {"program": program, "arguments": arguments, "passphrases": passphrases}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def end(self) -> tuple[int, str, str]:
        """Waits for the command and returns its exit code, output and messages."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise DemoError("an agency's process died")
        answer = json.loads(line)
        return answer["code"], answer["out"], answer["err"]

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


class Stage:
    """Runs commands and shows them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = time.monotonic()
        self.port = 0
        self._hub: subprocess.Popen[bytes] | None = None
        self._collector: Collector | None = None
        self._workers: dict[str, Worker] = {}
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto")]),
            "PYTHONWARNINGS": "error",
            "COMITY_LANG": "en",
            "NO_COLOR": "1",
            "COLUMNS": "110",
        }

    def heading(self, text: str) -> None:
        """Shows what comes now."""
        print(f"\n[{time.monotonic() - self.started:5.1f} s] {text}", flush=True)

    def say(self, text: str) -> None:
        """Shows one indented line."""
        for line in text.rstrip("\n").splitlines():
            print(f"    {line}", flush=True)

    def _worker(self, who: str) -> Worker:
        if who not in self._workers:
            self._workers[who] = Worker(self.environment)
        return self._workers[who]

    def begin(self, who: str, program: str, *arguments: object, passphrases: int = 0, quiet: bool = False) -> None:
        """Starts a command in an agency's process; `finish` waits for it. Several begun are run and finish in order."""
        if not quiet:
            self.show(program, *arguments)
        self._worker(who).begin(program, [str(a) for a in arguments], [PASSPHRASE] * passphrases)

    def show(self, program: str, *arguments: object) -> None:
        """Shows a command as it is typed."""
        texts = [str(a) for a in arguments]
        shown = " ".join(f"'{t}'" if " " in t else t for t in texts).replace(str(self.folder), "…")
        print(f"    $ {program} {shown[:150]}{'…' if len(shown) > 150 else ''}", flush=True)

    def finish(self, who: str, *, fails: int | None = None, ends: int = 0) -> str:
        """Waits for an agency's command and returns what it printed.

        Args:
            who: whose.
            fails: the exit code of a refusal, where one is expected: returns what it printed to standard error.
            ends: the exit code of an answer that is not 0.

        Raises:
            DemoError: it ended otherwise.
        """
        code, out, err = self._worker(who).end()
        if fails is None and code != ends:
            raise DemoError(f"{who}: exit code {code}: {err.strip() or out.strip()}")
        if fails is not None and code != fails:
            raise DemoError(f"{who}: exit code {code} where {fails} was expected: {err.strip() or out.strip()}")
        return err if fails is not None else out

    def run(self, who: str, program: str, *arguments: object, passphrases: int = 0, quiet: bool = False) -> str:
        """Runs a command in an agency's process and returns what it printed."""
        self.begin(who, program, *arguments, passphrases=passphrases, quiet=quiet)
        return self.finish(who)

    def comity(self, desk: Desk, member: int, *arguments: object, quiet: bool = False) -> str:
        """Runs a command for a member of a desk, unlocked before."""
        return self.run(
            desk.agency, "comity", "--home", desk.home, "--as", desk.members[member], *arguments, quiet=quiet
        )

    def refused(self, desk: Desk, member: int, *arguments: object, code: int = 1) -> str:
        """Runs a command for a member that must be refused. Returns the first line of why."""
        self.begin(desk.agency, "comity", "--home", desk.home, "--as", desk.members[member], *arguments)
        return self.finish(desk.agency, fails=code).splitlines()[0]

    def data(self, desk: Desk, member: int, *arguments: object, quiet: bool = True) -> Any:
        """Runs a command for a member with `--json` and returns what it says."""
        return json.loads(self.comity(desk, member, "--json", *arguments, quiet=quiet))

    def start_hub(self, home: Path, *, traced: bool = True) -> None:
        """Starts the hub's process on a free port.

        Args:
            home: the hub's.
            traced: whether it sends traces and metrics to a collector of this demonstration, in the same folder.

        Raises:
            DemoError: it does not listen in time.
        """
        ready = home / "port"
        ready.unlink(missing_ok=True)
        reading, writing = os.pipe()
        os.write(writing, f"{PASSPHRASE}\n".encode())
        os.close(writing)
        listen = f"127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "hub", "serve", "--home", str(home), "--listen", listen]
        command += ["--passphrase-fd", str(reading), "--ready-file", str(ready)]
        environment = self.environment
        if traced:
            self._collector = self._collector or Collector(home)
            environment = {**environment, **self._collector.environment}
        with (home / "hub.log").open("ab") as log:
            self._hub = subprocess.Popen(command, pass_fds=[reading], stdout=log, stderr=log, env=environment, cwd=ROOT)
        os.close(reading)
        until = time.monotonic() + START_SECONDS
        while not ready.exists() or not ready.read_text(encoding="ascii").strip():
            if time.monotonic() > until or self._hub.poll() is not None:
                raise DemoError(f"the hub does not listen: {(home / 'hub.log').read_text(encoding='utf-8')[-500:]}")
            time.sleep(0.05)
        self.port = int(ready.read_text(encoding="ascii"))
        self.say(f"the hub listens on 127.0.0.1:{self.port}, process {self._hub.pid}")

    def stop_hub(self, number: int = signal.SIGTERM) -> int:
        """Stops the hub's process and returns its exit code."""
        if self._hub is None:
            return 0
        self._hub.send_signal(number)
        code = self._hub.wait(timeout=40)
        self._hub = None
        return code

    @property
    def hub_pid(self) -> int:
        """Process id of the hub."""
        return 0 if self._hub is None else self._hub.pid

    def lock_everyone(self) -> None:
        """Ends the key processes of every home."""
        for home in self.folder.glob("*/home.toml"):
            who = home.parent.name
            if who in self._workers:
                self._workers[who].begin("comity", ["--home", str(home.parent), "lock", "--all"], [])
                self._workers[who].end()

    def close_workers(self) -> None:
        """Ends every agency's process, and the collector."""
        if self._collector is not None:
            self._collector.close()
            self._collector = None
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()
