"""A real hub in a process of its own, after its ceremony: what transcripts are played against."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OPERATORS = ("op-a", "op-b", "op-c")
SECRET = "correct horse battery staple"


@dataclass(frozen=True)
class HubProcess:
    """A running hub and its operators' files."""

    folder: Path
    address: str
    fingerprint: str

    def admit(self, request: Path) -> Path:
        """Has two operators admit an agency; returns their answer."""
        answer = request.with_suffix(".answer")
        key = [self.folder / "ops" / f"{name}.key" for name in OPERATORS]
        comity_hub("operator", "admit", request, "--key", key[0], "--yes")
        comity_hub("operator", "admit", request, "--key", key[1], "--yes", "--hub", self.address, "--answer", answer)
        return answer


def comity_hub(*arguments: str | Path) -> str:
    """Runs one command of the hub and returns what it prints."""
    reading, writing = os.pipe()
    os.write(writing, f"{SECRET}\n{SECRET}\n".encode())
    os.close(writing)
    command = [sys.executable, "-m", "hub", *map(str, arguments), "--passphrase-fd", str(reading)]
    ended = subprocess.run(command, capture_output=True, text=True, pass_fds=(reading,), check=False, env=environment())
    os.close(reading)
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}


@contextmanager
def running_hub(folder: Path) -> Iterator[HubProcess]:
    """Runs a hub after its ceremony, listening on a free port of this machine."""
    home, ops = folder / "home", folder / "ops"
    for name in OPERATORS:
        comity_hub("operator", "keygen", "--name", name, "--out", ops)
    public = [part for name in OPERATORS for part in ("--operator", ops / f"{name}.pub")]
    comity_hub("init", "--home", home, "--origin", "hub.example", *public)
    genesis = home / "genesis.statement"
    for name in OPERATORS:
        comity_hub("operator", "sign", genesis, "--key", ops / f"{name}.key", "--yes")
    said = comity_hub("init", "--home", home, "--finish", genesis)
    for name in OPERATORS:
        (ops / f"{name}.crt").write_bytes((home / "operators" / f"{name}.crt").read_bytes())
    fingerprint = said.split("fingerprint: ")[1].splitlines()[0]
    ready, secret = os.pipe(), os.pipe()
    os.write(secret[1], f"{SECRET}\n".encode())
    serve = ["serve", "--home", str(home), "--listen", "127.0.0.1:0", "--passphrase-fd", str(secret[0])]
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub", *serve, "--ready-fd", str(ready[1])],
            stdout=log,
            stderr=log,
            pass_fds=(secret[0], ready[1]),
            env=environment(),
        )
    for descriptor in (ready[1], *secret):
        os.close(descriptor)
    with os.fdopen(ready[0], "rb") as pipe:
        port = pipe.readline().decode().strip()
    assert port, (folder / "hub.log").read_text("utf-8")
    yield HubProcess(folder, f"127.0.0.1:{port}", "".join(fingerprint.split()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
