"""Node and its locked libraries: installed once for each lock, beside the program that needs them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).with_name("node")
OLDEST = (20, 19)
INSTALL_SECONDS = 300


def missing() -> str:
    """Returns what this machine lacks to run the second implementation, empty where it has everything."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "node and npm are not installed"
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    wanted = ".".join(map(str, OLDEST))
    return "" if version >= OLDEST else f"node {wanted} or newer is needed, this is {said.strip()}"


def install() -> None:
    """Installs the libraries that the lock names, unless they are there already.

    Raises:
        subprocess.CalledProcessError: npm could not.
    """
    lock = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".lock-sha256"
    with (FOLDER / "package-lock.json").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two runs must not install into one folder at the same time
        if stamp.exists() and stamp.read_text(encoding="ascii") == lock:
            return
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=FOLDER,
            check=True,
            timeout=INSTALL_SECONDS,
        )
        stamp.write_text(lock, encoding="ascii")


def environment() -> dict[str, str]:
    """Returns the environment of a node program: where things are, and nothing that this run was told."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def pass_vectors() -> str:
    """Runs the second implementation over every vector; returns its last line.

    Raises:
        AssertionError: it disagrees with one.
    """
    done = subprocess.run(
        ["node", "vectors.js"], cwd=FOLDER, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout.strip().splitlines()[-1]
