"""What a search that coverage guides stands on: its targets find what is wrong; what was found is found no more."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from comity.v1 import exchange_pb2

from hub.exchange import examining
from tests.fuzz import decoders, guided, guided_calls, guided_targets, replay
from tests.fuzz.mutate import Mutator


@pytest.fixture(scope="module")
def targets() -> dict[str, guided_targets.Guided]:
    """Every target that needs no hub."""
    return guided_targets.guided()


def test_R_06_what_once_was_found_or_nearly_is_found_no_more(targets: dict[str, guided_targets.Guided]) -> None:
    kept = guided_targets.regressions()

    assert kept
    assert {name for name in kept if name != guided_calls.NAME} <= set(targets)
    assert sum(len(data) for found in kept.values() for data in found) < 64 << 10
    wrong = [
        (name, data.hex(), targets[name].check(data))
        for name, found in kept.items()
        if name != guided_calls.NAME
        for data in found
    ]
    assert [found for found in wrong if found[2]] == []


def test_R_05_what_was_found_in_a_call_is_found_no_more(tmp_path: Path) -> None:
    kept = guided_targets.regressions()[guided_calls.NAME]
    with guided_calls.calls(tmp_path) as target:
        assert [wrong for wrong in map(target.check, [*kept, *target.seeds, b""]) if wrong] == []
        assert target.finish() == []
        mutator = Mutator(random.Random(5))
        changed = [target.change(seed, mutator) for seed in (*target.seeds, b"")]
        assert [wrong for wrong in map(target.check, changed) if wrong] == []
    assert {data[0] for data in target.seeds} == set(range(len(guided_calls.METHODS)))


def test_R_05_a_call_that_breaks_the_hub_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("hub.log.rpc._log", broken)
    number = [target.short for target in guided_calls.METHODS].index("GetCheckpoint")
    with guided_calls.calls(tmp_path) as target:
        wrong = target.check(bytes([number]))
        assert target.check(bytes([number + len(guided_calls.METHODS)])) == wrong
        assert target.finish() == []  # what was told once is not told again
    assert wrong.startswith("GetCheckpoint: ")
    assert "INTERNAL" in wrong
    assert "internal error (ZeroDivisionError)" in wrong


def test_R_06_every_target_takes_its_seeds_and_nothing_changed_by_chance_breaks_it(
    targets: dict[str, guided_targets.Guided],
) -> None:
    mutator = Mutator(random.Random(6))
    for name, target in targets.items():
        assert target.seeds, name
        assert [target.check(seed) for seed in target.seeds if target.check(seed)] == [], name
        changed = [target.change(mutator.rng.choice(target.seeds), mutator) for _ in range(50)]
        assert [target.check(data) for data in changed if target.check(data)] == [], name
        assert target.check(target.change(b"\xff", mutator)) == "", name


def test_the_examination_that_seeds_come_to_goes_to_its_end(targets: dict[str, guided_targets.Guided]) -> None:
    def verdict(name: str, seed: bytes) -> examining.Verdict:
        found: list[examining.Verdict] = []
        with pytest.MonkeyPatch.context() as patching:
            patching.setattr(guided_targets, "verdict_on", lambda *given: found.append(examine(*given)) or found[-1])
            assert targets[name].check(seed) == ""
        return found[0]

    examine = examining.verdict_on
    for name in ("examined envelope", "examined acknowledgement"):
        first, _, genuine = verdict(name, targets[name].seeds[0])
        assert (first, genuine) == (0, True)


@pytest.mark.parametrize(
    ("verdict", "wrong"),
    [
        ((2, "KeyError"), "failed with KeyError"),
        ((0, ("x", b"", "d", b"", 1, "", 1), True), "what was examined is not what was sent"),
        ((1, float("nan")), "its verdict does not come through between processes"),
    ],
)
def test_an_examination_that_errs_is_found(
    targets: dict[str, guided_targets.Guided], monkeypatch: pytest.MonkeyPatch, verdict: object, wrong: str
) -> None:
    monkeypatch.setattr(guided_targets, "verdict_on", lambda *_: verdict)

    target = targets["examined acknowledgement"]
    assert target.check(target.seeds[0]) == wrong


def test_a_decoder_that_takes_what_it_writes_otherwise_is_found() -> None:
    def careless(data: bytes) -> bytes:
        return data.rstrip(b"\0")

    def forgetful(_: bytes) -> bytes:
        raise KeyError

    assert decoders.Decoder(careless, [b"x"], encode=bytes).check(b"x") == ""
    assert decoders.Decoder(careless, [b"x"], encode=bytes).check(b"x\0") == "took what encodes as other bytes"
    assert "KeyError" in decoders.Decoder(careless, [b"x"], encode=forgetful).check(b"x")


def test_a_finding_is_written_with_a_command_that_replays_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = exchange_pb2.SignedAck(body=b"x").SerializeToString()
    path = replay.write(tmp_path, "examined acknowledgement", data, "failed: with KeyError")

    assert replay.read(path) == ("examined acknowledgement", data)
    assert path.read_text(encoding="utf-8").splitlines()[1].split() == [
        ".venv/bin/python", "-m", "tests.fuzz.replay", str(path)
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["replay", str(path)])
    assert replay.main() == 0
    monkeypatch.setattr(guided_targets, "verdict_on", lambda *_: (2, "KeyError"))
    assert replay.main() == 1
    assert capsys.readouterr().out == "nothing is wrong\nfailed with KeyError\n"


TOLD = """#2\tINITED cov: 5 ft: 5 corp: 1/1b exec/s: 0 rss: 57Mb
found: build/fuzz/note-1.txt: note: raised KeyError
#250728\tDONE   cov: 12 ft: 13 corp: 4/18b lim: 4096 exec/s: 50145 rss: 57Mb
stat::number_of_executed_units: 250728
"""


def test_what_the_fuzzer_tells_is_summed_in_one_table() -> None:
    row, other = guided.Row("note"), guided.Row("head", 10, 3, 7)

    assert [guided.read_row(row, TOLD), guided.read_row(row, TOLD)] == [4, 4]
    assert (row.executions, row.edges, len(row.findings)) == (2 * 250728, 12, 2)
    assert row.findings[0] == "build/fuzz/note-1.txt: note: raised KeyError"
    lines = [line.split() for line in guided.table([row, other]).splitlines()]
    assert lines[0] == ["target", "executions", "edges", "corpus", "findings"]
    assert lines[-1] == ["all", str(2 * 250728 + 10), "15", "7", "2"]


@pytest.mark.parametrize(("artifact", "said"), [("crash-01", "note: crash"), ("", "ended with 77")])
def test_a_process_that_is_ended_by_its_input_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, artifact: str, said: str
) -> None:
    def run(command: list[str], **given: object) -> subprocess.CompletedProcess[str]:
        if artifact:
            (tmp_path / "artifacts" / "note" / artifact).write_bytes(b"\0x")
        return subprocess.CompletedProcess(command, 77, "", "out of luck")

    monkeypatch.setattr(guided.subprocess, "run", run)
    (row,) = guided.search(2, tmp_path, ["note"])

    assert len(row.findings) == 1
    assert said in row.findings[0]
    if artifact:
        (path,) = tmp_path.glob("note-*.txt")
        assert replay.read(path) == ("note", b"\0x")


def test_a_corpus_of_which_much_is_superfluous_is_merged_and_a_merge_that_fails_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, fails = tmp_path / "corpus" / "note", True
    corpus.mkdir(parents=True)
    for number in range(guided.MERGE_FILES + 1):
        (corpus / f"{number}").write_bytes(b"x")

    def run(command: list[str], **given: object) -> subprocess.CompletedProcess[str]:
        if "-merge=1" in command and not fails:
            (Path(command[-2]) / "one").write_bytes(b"x")
        return subprocess.CompletedProcess(command, int(fails and "-merge=1" in command), "", TOLD)

    monkeypatch.setattr(guided.subprocess, "run", run)
    assert guided.search(2, tmp_path, ["note"])[0].corpus == guided.MERGE_FILES + 1
    fails = False
    assert guided.search(2, tmp_path, ["note"])[0].corpus == 1
    assert [path.name for path in corpus.iterdir()] == ["one"]
    assert [path.name for path in corpus.parent.iterdir()] == ["note"]


def test_without_the_fuzzer_the_search_says_so_and_does_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.fuzz import __main__ as program

    monkeypatch.setattr(guided.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["fuzz", "--minutes", "0", "--oracle", "0"])

    assert program.main() == 0
    said = capsys.readouterr().out.splitlines()
    assert len([line for line in said if "Atheris is not installed" in line]) == 1
    assert said[-1] == "nothing was found"


def test_with_the_fuzzer_a_finding_ends_the_search_with_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.fuzz import __main__ as program

    monkeypatch.setattr(guided, "is_installed", lambda: True)
    monkeypatch.setattr(guided, "search", lambda *_: [guided.Row("note", 1, 1, 1, ["note: crash"])])
    monkeypatch.setattr(sys, "argv", ["fuzz", "--minutes", "0", "--oracle", "0"])

    assert program.main() == 1
    said = capsys.readouterr()
    assert "found: note: crash" in said.err
    assert "executions" in said.out
