"""Runs `comity-hub` as people and machines do: in this process for its words, as a process of its own to serve."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from hub.cli.main import app
from tests.support.sources import ROOT

HUB_PASSPHRASE = "the hub's own passphrase"
READY_SECONDS = 60


def operator_passphrase(number: int) -> str:
    """Each operator has a passphrase of its own."""
    return f"passphrase of operator {number}"


@contextmanager
def passphrase_pipe(passphrase: str) -> Iterator[int]:
    """A file descriptor that a passphrase can be read from."""
    read, write = os.pipe()
    os.write(write, passphrase.encode() + b"\n")
    os.close(write)
    try:
        yield read
    finally:
        os.close(read)


def hub_command(*arguments: object, passphrase: str | None = None, code: int = 0) -> str:
    """Runs one command in this process and returns all it said.

    Args:
        arguments: of the command.
        passphrase: handed over by --passphrase-fd where it is given.
        code: that it must end with.
    """
    words = [str(a) for a in arguments]
    if passphrase is None:
        result = CliRunner().invoke(app, words)
    else:
        with passphrase_pipe(passphrase) as descriptor:
            result = CliRunner().invoke(app, [*words, "--passphrase-fd", str(descriptor)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def make_operators(folder: Path) -> list[Path]:
    """Makes three operators' keys; returns the key files."""
    for number in (1, 2, 3):
        keygen = ["operator", "keygen", "--name", f"op-{number}", "--out", folder]
        hub_command(*keygen, passphrase=operator_passphrase(number))
    return [folder / f"op-{n}.key" for n in (1, 2, 3)]


def operators_in(folder: Path, made: Path) -> list[Path]:
    """Copies operators' keys that were made before; returns the key files."""
    for file in made.iterdir():
        shutil.copy2(file, folder / file.name)
    return [folder / f"op-{n}.key" for n in (1, 2, 3)]


def begin_hub(home: Path, keys: list[Path], database_url: str, *, origin: str = "hub.example") -> str:
    """Runs `init` up to the unsigned genesis."""
    publics = [word for key in keys for word in ("--operator", key.with_suffix(".pub"))]
    return hub_command(
        "init", "--home", home, "--origin", origin, "--database-url", database_url, *publics, passphrase=HUB_PASSPHRASE
    )


def sign(number: int, file: Path, key: Path, *more: object, code: int = 0) -> str:
    """Signs a statement as an operator."""
    passphrase = operator_passphrase(number)
    return hub_command("operator", "sign", file, "--key", key, "--yes", *more, passphrase=passphrase, code=code)


def found_hub(home: Path, keys: list[Path], database_url: str) -> None:
    """Runs the whole ceremony; certificates then lie beside the operators' keys."""
    begin_hub(home, keys, database_url)
    for number, key in enumerate(keys, 1):
        sign(number, home / "genesis.statement", key)
    hub_command(
        "init",
        "--home",
        home,
        "--database-url",
        database_url,
        "--finish",
        home / "genesis.statement",
        passphrase=HUB_PASSPHRASE,
    )
    for key in keys:
        key.with_suffix(".crt").write_bytes((home / "operators" / key.with_suffix(".crt").name).read_bytes())


class HubProcess:
    """A hub as a process of its own."""

    def __init__(self, home: Path, database_url: str, *arguments: object, **variables: str) -> None:
        """Starts it; `wait_ready` returns when it serves."""
        self._ready = home / "ready"
        self._ready.unlink(missing_ok=True)
        read, write = os.pipe()
        os.write(write, HUB_PASSPHRASE.encode())
        os.close(write)
        environment = {k: v for k, v in os.environ.items() if k != "GRPC_SSL_CIPHER_SUITES"}
        environment |= {"PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"} | variables
        command = [sys.executable, "-m", "hub", "serve", "--home", home, "--database-url", database_url]
        command += ["--listen", "127.0.0.1:0", "--passphrase-fd", str(read), "--ready-file", self._ready, *arguments]
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            pass_fds=[read],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=home,
        )
        os.close(read)

    def wait_ready(self) -> str:
        """Returns host:port once it serves."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready.exists():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, "the hub did not begin to serve"
            time.sleep(0.02)
        return f"127.0.0.1:{int(self._ready.read_text())}"

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and returns how the process ended."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def output(self) -> str:
        """Returns all it said; it must have ended."""
        assert self.process.stdout is not None
        return self.process.stdout.read().decode()

    def close(self) -> None:
        """Ends it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def hub_process(home: Path, database_url: str, *arguments: object, **variables: str) -> Iterator[HubProcess]:
    """A hub as a process of its own, for as long as the block lasts."""
    running = HubProcess(home, database_url, *arguments, **variables)
    try:
        yield running
    finally:
        running.close()
