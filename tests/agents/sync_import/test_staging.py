"""An import on disk: whatever cuts it off, it ends with what it would have ended with, or gives out nothing."""

from __future__ import annotations

import gzip
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.sync.importers import FaultCode, FileRefusedError, Format, OnRefusal, RefusalCode, Warned
from agents.sync.progress import ImportInfo, ImportState, Progress, StagingCode
from agents.sync.staging import Staging, StagingError
from tests.agents.sync_import.lists import BTC, WALLETS, policy, written
from tests.support.sources import ROOT

SAMPLE = WALLETS / "wallets_merged_sample.csv.gz"


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging.open(tmp_path / "staging.db") as opened:
        yield opened


def whole(staging: Staging, info: ImportInfo) -> tuple[object, ...]:
    """All that an import gives out, but for what is its own."""
    return (
        info.state,
        info.rows,
        info.counts.stored(),
        [(item.entry_id, item.entry.SerializeToString(), item.rows) for item in staging.candidates(info.id)],
        list(staging.refusals(info.id)),
    )


def test_an_import_gives_out_its_entries_by_id_and_its_refusals_by_row(staging: Staging) -> None:
    seen: list[Progress] = []
    begun = staging.begin(SAMPLE, policy())
    info = staging.run(begun.id, progress=seen.append)

    assert (begun.state, begun.rows, begun.format) == (ImportState.RUNNING, 0, Format.CSV)
    assert (info.state, info.rows, info.counts.accepted, info.counts.merged) == (ImportState.DONE, 1551, 1533, 3)
    assert info.counts.refused[RefusalCode.BAD_CHECKSUM] == 2
    assert info.counts.warned[Warned.NO_CHECKSUM] == 187
    ids = [item.entry_id for item in staging.candidates(info.id)]
    assert ids == sorted(set(ids))
    rows = [refusal.row for refusal in staging.refusals(info.id)]
    assert rows == sorted(rows)
    assert len(rows) == 18
    assert seen[-1] == Progress(1551, info.size, info.size)


def test_an_import_that_is_killed_goes_on_at_its_row_and_ends_the_same(staging: Staging, tmp_path: Path) -> None:
    rows = "".join(f"{BTC},label {number % 50}\nno wallet {number},x\n" for number in range(4500))
    path = written(tmp_path, "address,label\n" + rows)
    expected = whole(staging, staging.run(staging.begin(path, policy()).id))
    begun = staging.begin(path, policy())
    program = [sys.executable, "-m", "tests.agents.sync_import.dying_import", tmp_path / "staging.db", begun.id]
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"}

    done = []
    for _ in range(2):
        died = subprocess.run([*program, "2"], cwd=ROOT, env=environment, check=False)
        assert died.returncode == -signal.SIGKILL
        done.append(staging.info(begun.id).rows)

    assert done == [4000, 8000]
    assert staging.info(begun.id).state is ImportState.RUNNING
    with pytest.raises(StagingError) as early:
        next(staging.candidates(begun.id))
    assert early.value.code is StagingCode.NOT_COMPLETE
    assert whole(staging, staging.run(begun.id)) == expected


def test_rows_of_one_entry_far_apart_are_one_entry(staging: Staging, tmp_path: Path) -> None:
    filler = "not a wallet,x\n" * 4100
    info = staging.run(staging.begin(written(tmp_path, f"address,label\n{BTC},b\n{filler}{BTC},a\n"), policy()).id)
    (desired,) = staging.candidates(info.id)

    assert (desired.entry.label, desired.rows, desired.first_row) == ("a; b", 2, 2)
    assert (info.counts.entries, info.counts.merged) == (1, 1)


def test_an_import_that_is_to_stop_at_a_refusal_gives_out_nothing(staging: Staging, tmp_path: Path) -> None:
    path = written(tmp_path, f"address\n{BTC}\nno wallet\n{BTC}\n")
    info = staging.run(staging.begin(path, policy(on_refusal=OnRefusal.STOP)).id)

    assert (info.state, info.rows) == (ImportState.STOPPED, 2)
    assert [refusal.row for refusal in staging.refusals(info.id)] == [3]
    with pytest.raises(StagingError) as stopped:
        list(staging.candidates(info.id))
    assert stopped.value.code is StagingCode.NOT_COMPLETE
    assert staging.run(info.id) == info


def test_a_file_that_turns_out_to_be_damaged_gives_out_nothing(staging: Staging, tmp_path: Path) -> None:
    lines = "address\n" + f"{BTC}\n" * 9_000
    cut = written(tmp_path, gzip.compress(lines.encode())[:-20], "cut.gz")
    latin = written(tmp_path, lines.encode() + "Zürich".encode("latin-1"), "latin.csv")

    for path, code, row in ((cut, FaultCode.TRUNCATED, 0), (latin, FaultCode.NOT_UTF8, 9_002)):
        info = staging.run(staging.begin(path, policy()).id)
        assert (info.state, info.fault, info.fault_row) == (ImportState.REFUSED, code, row)
        assert info.counts.accepted > 0
        with pytest.raises(StagingError):
            list(staging.candidates(info.id))


def test_a_file_that_is_refused_as_it_stands_leaves_nothing_behind(staging: Staging, tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError):
        staging.begin(written(tmp_path, ""), policy())

    assert staging.imports() == []


def test_an_import_goes_on_with_its_own_file_only(staging: Staging, tmp_path: Path) -> None:
    path = written(tmp_path, f"address\n{BTC}\n")
    begun = staging.begin(path, policy())
    written(tmp_path, f"address\n{BTC}\nx\n")

    with pytest.raises(FileRefusedError) as changed:
        staging.run(begun.id)
    assert changed.value.code is FaultCode.CHANGED
    moved = written(tmp_path, f"address\n{BTC}\n", "moved.csv")
    assert staging.run(begun.id, path=moved).state is ImportState.DONE


def test_a_file_that_changes_while_it_is_read_is_refused(staging: Staging, tmp_path: Path) -> None:
    path = written(tmp_path, "address\n" + f"{BTC}\n" * 2500)
    begun = staging.begin(path, policy())

    def lengthen(progress: Progress) -> None:
        if progress.rows == 2000:
            with path.open("ab") as file:
                file.write(f"{BTC}\n".encode())

    info = staging.run(begun.id, progress=lengthen)
    assert (info.state, info.fault) == (ImportState.REFUSED, FaultCode.CHANGED)


def test_two_processes_do_not_run_one_import(staging: Staging, tmp_path: Path) -> None:
    path = written(tmp_path, "address\n" + f"{BTC}\n" * 5000)
    begun = staging.begin(path, policy())

    def overtake(progress: Progress) -> None:
        if progress.rows == 2000:
            with Staging.open(tmp_path / "staging.db") as other:
                other.run(begun.id)

    with pytest.raises(StagingError) as busy:
        staging.run(begun.id, progress=overtake)
    assert busy.value.code is StagingCode.BUSY
    info = staging.info(begun.id)
    assert (info.state, info.counts.accepted) == (ImportState.DONE, 5000)


def test_imports_are_listed_and_what_is_forgotten_is_gone_from_the_file(staging: Staging, tmp_path: Path) -> None:
    first = staging.run(staging.begin(SAMPLE, policy()).id)
    second = staging.begin(written(tmp_path, f"address\n{BTC}\n"), policy(giver="g"))
    assert [info.id for info in staging.imports()] == [first.id, second.id]

    staging.forget(first.id)

    assert [info.id for info in staging.imports()] == [second.id]
    assert staging.imports()[0].policy == policy(giver="g")
    with sqlite3.connect(tmp_path / "staging.db") as connection:
        assert connection.execute("SELECT count(*) FROM candidates").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM refusals").fetchone() == (0,)
    connection.close()
    for call in (staging.info, staging.forget, staging.run):
        with pytest.raises(StagingError) as unknown:
            call(first.id)
        assert unknown.value.code is StagingCode.UNKNOWN_IMPORT


def test_what_the_events_have_delisted_is_told_by_id(staging: Staging) -> None:
    info = staging.run(staging.begin(WALLETS / "ofac_list_events.jsonl", policy()).id)
    live = {item.entry_id for item in staging.candidates(info.id)}
    delisted = list(staging.delisted(info.id))

    assert (len(live), len(delisted), info.counts.entries) == (526, 69, 595)
    assert delisted == sorted(delisted)
    assert not live & {*delisted}


def test_the_file_is_the_owners_alone_and_one_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "staging.db"
    Staging.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()

    with pytest.raises(StagingError) as newer:
        Staging.open(path)
    assert newer.value.code is StagingCode.NEWER_VERSION
