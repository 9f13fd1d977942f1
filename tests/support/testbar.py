"""Pytest plugin: says which promises of the test bar this run kept.

A test that covers an entry bears its id in its name: `test_C_02_…`, or `test_S_08_D_01_…` for two. The catalogue is
`testbar_ids.tsv`. After a run `build/testbar.json` maps every id to `passed`, `failed` or `missing`, and a table is
printed.

An id is `failed` when any of its tests failed; `passed` when at least one ran and all that ran succeeded; otherwise
`missing`: a test that was skipped proves nothing. An entry marked P must run on both databases, so one that was seen on
only one of them (`sqlite` or `postgres` in its name or parameter) is `missing` too.

Results of several runs add up, test by test, in `build/testbar-runs.json`, until `make test` begins anew. Under xdist
only the process that controls the workers writes. It never changes the outcome of a run.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

Result = Literal["passed", "failed", "missing"]
CATALOGUE = Path(__file__).with_name("testbar_ids.tsv")
ID_IN_NAME = re.compile(r"(?<=_)([A-Z])_(\d\d)(?=_|$)")
LEADING_IDS = re.compile(r"test(?:_[A-Z]_\d\d)+(?=_|$)")
BACKENDS = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue."""

    id: str
    """Group and number, such as `S-01`."""
    both_backends: bool
    """Whether it counts only when it ran on PostgreSQL and on SQLite."""
    title: str
    """What is attacked or what fails, in a few words."""


def read_catalogue() -> tuple[Entry, ...]:
    """Returns every entry of the test bar in its order."""
    rows = [line.split("\t") for line in CATALOGUE.read_text(encoding="utf-8").splitlines()[1:]]
    return tuple(Entry(id_, mark == "P", title) for id_, mark, title in rows)


def ids_of(nodeid: str) -> tuple[str, ...]:
    """Returns the ids that a test's name begins with.

    Args:
        nodeid: pytest's address of the test, parameters included.
    """
    name = nodeid.partition("[")[0].rpartition("::")[2]
    leading = LEADING_IDS.match(name)
    return tuple(f"{group}-{number}" for group, number in ID_IN_NAME.findall(leading[0])) if leading else ()


def judge(entry: Entry, outcomes: dict[str, str]) -> Result:
    """Returns the result of one entry.

    Args:
        entry: The entry.
        outcomes: Outcome by test address, of every test that bears the id.
    """
    if "failed" in outcomes.values():
        return "failed"
    passed = [nodeid for nodeid, outcome in outcomes.items() if outcome == "passed"]
    if entry.both_backends and not all(any(_names(nodeid, backend) for nodeid in passed) for backend in BACKENDS):
        return "missing"
    return "passed" if passed else "missing"


def _names(nodeid: str, backend: str) -> bool:
    """Whether a test's own name or its parameters speak of a backend; its path does not count."""
    path_and_name, _, parameters = nodeid.partition("[")
    return backend in path_and_name.rpartition("::")[2] or backend in parameters


class TestbarPlugin:
    """Collects outcomes in the controlling process, writes and prints them at the end."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps the worst outcome of a test's three phases; a test that never reached its call is no pass."""
        if not ids_of(report.nodeid):
            return
        before = self._outcomes.get(report.nodeid)
        if report.failed:
            self._outcomes[report.nodeid] = "failed"
        elif before != "failed" and (report.skipped or report.when == "call"):
            self._outcomes[report.nodeid] = "skipped" if report.skipped else "passed"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Writes both files and prints the table: of this run's ids, or of all where `TESTBAR_TABLE=all`."""
        if not self._outcomes and not os.environ.get("TESTBAR_TABLE"):
            return
        merged = self.merge()
        catalogue = read_catalogue()
        results = {entry.id: judge(entry, _bearing(entry.id, merged)) for entry in catalogue}
        (self._folder / "testbar.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        touched = {id_ for nodeid in self._outcomes for id_ in ids_of(nodeid)}
        terminalreporter.section("test bar")
        for entry in catalogue:
            if entry.id in touched or os.environ.get("TESTBAR_TABLE") == "all":
                terminalreporter.write_line(f"{entry.id:<5} {results[entry.id]:<8} {entry.title}")
        for unknown in sorted(touched - results.keys()):
            terminalreporter.write_line(f"{unknown:<5} is no id of the test bar")
        counts = {result: list(results.values()).count(result) for result in ("passed", "failed", "missing")}
        terminalreporter.write_line(", ".join(f"{count} {result}" for result, count in counts.items()))

    def merge(self) -> dict[str, str]:
        """Adds this run's outcomes to those of the runs before it, the newest of each test winning.

        Returns:
            All of them, as they were written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "testbar-runs.json"
        earlier: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        merged = earlier | self._outcomes
        path.write_text(json.dumps(merged, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return merged


def _bearing(id_: str, outcomes: dict[str, str]) -> dict[str, str]:
    return {nodeid: outcome for nodeid, outcome in outcomes.items() if id_ in ids_of(nodeid)}


def pytest_configure(config: pytest.Config) -> None:
    """Registers the plugin in the process that sees all reports, and in no worker."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(TestbarPlugin(config.rootpath / "build"), "testbar")
