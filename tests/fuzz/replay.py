"""Gives a target what once was found: `python -m tests.fuzz.replay build/fuzz/FILE`. Ends with 1 where it still is so.

A finding's file holds `target: input in base64: what was wrong`, then the command. Needs no fuzzer.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import tempfile
from pathlib import Path

from tests.fuzz import guided_calls, guided_targets

ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, name: str, data: bytes, wrong: str) -> Path:
    """Writes a finding with the command that replays it; returns its file."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(data + wrong.encode()).hexdigest()[:16]
    path = folder / f"{guided_targets.slug(name)}-{digest}.txt"
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    command = f".venv/bin/python -m tests.fuzz.replay {shown}"
    path.write_text(f"{name}: {base64.b64encode(data).decode()}: {wrong}\n{command}\n", encoding="utf-8")
    return path


def read(path: Path) -> tuple[str, bytes]:
    """Returns the target's name and the input of a finding."""
    name, data, _ = path.read_text(encoding="utf-8").split("\n", 1)[0].split(": ", 2)
    return name, base64.b64decode(data)


def replay(name: str, data: bytes) -> str:
    """Returns what is wrong with it, empty where nothing is."""
    if name != guided_calls.NAME:
        return guided_targets.guided()[name].check(data)
    with tempfile.TemporaryDirectory() as folder, guided_calls.calls(Path(folder)) as target:
        return "; ".join(filter(None, [target.check(data), *target.finish()]))


def main() -> int:
    """Replays one finding; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.replay", description=__doc__)
    parser.add_argument("file", type=Path)
    wrong = replay(*read(parser.parse_args().file))
    print(wrong or "nothing is wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
