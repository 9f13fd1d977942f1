"""The search that coverage guides: each target under Atheris in a process of its own, for its share of the time.

What reached something new stays in `build/fuzz/corpus/TARGET`, where the next search goes on; where much of it has
become superfluous it is merged. Findings stand in `build/fuzz/`, each with the command that replays it.

Never does: import Atheris, which not every machine can install.
"""

from __future__ import annotations

import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import guided_calls, guided_targets, replay

LONGEST_PASS = 1200.0
"""Seconds: after these each target begins anew, a hub among them."""
CALLS_SHARE = 6
"""The hub's calls count as so many targets: there is most behind them."""
SUPERFLUOUS = 3
"""A corpus with so many times the files that the search keeps is merged."""
MERGE_FILES = 256
"""… but not one with fewer."""
FLAGS = ("-print_final_stats=1", "-max_len=65536", "-timeout=30", "-rss_limit_mb=2048")
_DONE = re.compile(r"^#\d+\s+DONE\s+cov: (\d+) .*? corp: (\d+)/", re.MULTILINE)
_RUNS = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
_FOUND = re.compile(r"^found: .*", re.MULTILINE)


@dataclass
class Row:
    """What a target's search came to."""

    target: str
    executions: int = 0
    edges: int = 0
    corpus: int = 0
    findings: list[str] = field(default_factory=list)


def is_installed() -> bool:
    """Returns whether there is an Atheris to search with."""
    return importlib.util.find_spec("atheris") is not None


def names() -> list[str]:
    """Returns the targets' names."""
    return [*guided_targets.guided(), guided_calls.NAME]


def search(seconds: float, folder: Path, only: Sequence[str] = ()) -> list[Row]:
    """Searches for so long in all; returns a row a target."""
    rows = {name: Row(name) for name in only or names()}
    passes = max(1, math.ceil(seconds / LONGEST_PASS))
    whole = sum(CALLS_SHARE if name == guided_calls.NAME else 1 for name in rows)
    for _ in range(passes):
        for name, row in rows.items():
            part = CALLS_SHARE if name == guided_calls.NAME else 1
            _target(row, max(2, round(seconds / passes * part / whole)), folder)
            print(f"guided: {name}: {row.executions} executions, {len(row.findings)} findings", flush=True)
    return list(rows.values())


def _target(row: Row, seconds: int, folder: Path) -> None:
    corpus = folder / "corpus" / guided_targets.slug(row.target)
    artifacts = folder / "artifacts" / guided_targets.slug(row.target)
    for made in (corpus, artifacts):
        made.mkdir(parents=True, exist_ok=True)
    known = set(artifacts.iterdir())
    flags = [f"-max_total_time={seconds}", f"-artifact_prefix={artifacts}/", *FLAGS, str(corpus)]
    code, told = _run(row.target, corpus, folder, seconds, flags)
    kept = read_row(row, told)
    new = sorted(set(artifacts.iterdir()) - known)
    for path in new:
        kind = path.name.partition("-")[0]
        where = replay.write(folder, row.target, path.read_bytes(), f"{kind} (the process ended with {code})")
        row.findings.append(f"{where}: {row.target}: {kind}")
    if code and not new:
        row.findings.append(f"{row.target}: the process ended with {code}: {told[-2000:]}")
    files = len(list(corpus.iterdir()))
    if not code and files > max(MERGE_FILES, SUPERFLUOUS * kept):
        files = _merge(row.target, corpus, folder)
    row.corpus = files


def _merge(name: str, corpus: Path, folder: Path) -> int:
    """Leaves the fewest inputs that reach all that the corpus reaches; returns how many. Where that fails all stay."""
    merged = corpus.with_name(f"{corpus.name}.merged")
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    code, _ = _run(name, corpus, folder, 3600, ["-merge=1", *FLAGS, str(merged), str(corpus)])
    if code or not any(merged.iterdir()):
        shutil.rmtree(merged)
    else:
        shutil.rmtree(corpus)
        merged.rename(corpus)
    return len(list(corpus.iterdir()))


def _run(name: str, corpus: Path, folder: Path, seconds: int, flags: Iterable[str]) -> tuple[int, str]:
    """Runs one process of the search; returns how it ended and what it told."""
    command = [sys.executable, "-m", "tests.fuzz.guided_process", name, str(corpus), str(folder), str(seconds), *flags]
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            command,
            cwd=replay.ROOT,
            env={**os.environ, "TMPDIR": scratch},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    return done.returncode, done.stderr + done.stdout


def read_row(row: Row, told: str) -> int:
    """Adds what libFuzzer told to a row; returns how many inputs it kept."""
    kept = 0
    for done in _DONE.finditer(told):
        row.edges, kept = max(row.edges, int(done[1])), int(done[2])
    row.executions += sum(int(found[1]) for found in _RUNS.finditer(told))
    row.findings += [found[0].removeprefix("found: ") for found in _FOUND.finditer(told)]
    return kept


def table(rows: Sequence[Row]) -> str:
    """Returns the results as a table, with a sum."""
    head = ("target", "executions", "edges", "corpus", "findings")
    lines = [(r.target, str(r.executions), str(r.edges), str(r.corpus), str(len(r.findings))) for r in rows]
    sums = ("all", *(str(sum(int(line[n]) for line in lines)) for n in range(1, 5)))
    every = [head, *lines, sums]
    widths = [max(len(line[n]) for line in every) for n in range(5)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(line[n].rjust(widths[n]) for n in range(1, 5))]) for line in every
    )
