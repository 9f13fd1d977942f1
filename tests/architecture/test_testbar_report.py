"""The report on the test bar counts what was proven and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.testbar import Entry, TestbarPlugin, ids_of, judge, read_catalogue

PLAIN = Entry("C-02", both_backends=False, title="a wrong key")
PAIR = Entry("S-01", both_backends=True, title="a kill")


def report(nodeid: str, outcome: str, when: str = "call") -> pytest.TestReport:
    """A report as pytest hands it to plugins."""
    return pytest.TestReport(nodeid, ("x", 1, "x"), {}, outcome, None, when)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("nodeid", "ids"),
    [
        ("tests/a.py::test_C_02_salamander_ciphertext_is_refused", ("C-02",)),
        ("tests/a.py::test_S_08_D_01_two_at_once[postgres]", ("S-08", "D-01")),
        ("tests/a.py::TestGroup::test_K_10[A_11]", ("K-10",)),
        ("tests/a.py::test_plain_name_that_mentions_C_02", ()),
        ("tests/a.py::test_C_023_is_no_id", ()),
    ],
)
def test_ids_are_read_from_the_beginning_of_a_name(nodeid: str, ids: tuple[str, ...]) -> None:
    assert ids_of(nodeid) == ids


@pytest.mark.parametrize(
    ("entry", "outcomes", "result"),
    [
        (PLAIN, {}, "missing"),
        (PLAIN, {"a::test_C_02": "passed"}, "passed"),
        (PLAIN, {"a::test_C_02": "skipped"}, "missing"),
        (PLAIN, {"a::test_C_02[1]": "passed", "a::test_C_02[2]": "failed"}, "failed"),
        (PLAIN, {"a::test_C_02[1]": "passed", "a::test_C_02[2]": "skipped"}, "passed"),
        (PAIR, {"a::test_S_01[sqlite]": "passed"}, "missing"),
        (PAIR, {"a::test_S_01[sqlite]": "passed", "a::test_S_01[postgres]": "passed"}, "passed"),
        (PAIR, {"a::test_S_01[sqlite]": "passed", "a::test_S_01[postgres]": "skipped"}, "missing"),
        (PAIR, {"sqlite/postgres.py::test_S_01": "passed"}, "missing"),
    ],
)
def test_only_what_ran_and_held_everywhere_counts(entry: Entry, outcomes: dict[str, str], result: str) -> None:
    assert judge(entry, outcomes) == result


def test_the_worst_phase_of_a_test_is_its_outcome_and_runs_add_up(tmp_path: Path) -> None:
    earlier = TestbarPlugin(tmp_path)
    earlier.pytest_runtest_logreport(report("a::test_C_01", "failed"))
    earlier.pytest_runtest_logreport(report("a::test_C_03", "passed"))
    earlier.merge()
    later = TestbarPlugin(tmp_path)
    for outcome, when in (("passed", "setup"), ("passed", "call"), ("failed", "teardown")):
        later.pytest_runtest_logreport(report("a::test_C_02", outcome, when))
    later.pytest_runtest_logreport(report("a::test_C_01", "passed"))
    later.pytest_runtest_logreport(report("a::test_C_04", "skipped", "setup"))
    later.pytest_runtest_logreport(report("a::test_without_an_id", "passed"))

    merged = later.merge()

    assert merged == {
        "a::test_C_01": "passed",
        "a::test_C_02": "failed",
        "a::test_C_03": "passed",
        "a::test_C_04": "skipped",
    }
    assert json.loads((tmp_path / "testbar-runs.json").read_text()) == merged


def test_the_catalogue_names_every_entry_once() -> None:
    catalogue = read_catalogue()
    ids = [entry.id for entry in catalogue]

    assert len(ids) == len(set(ids)) == 139
    assert [entry.id for entry in catalogue if entry.both_backends] == ["S-01", "S-02", "S-03", "S-10"]
    assert all(entry.title for entry in catalogue)
