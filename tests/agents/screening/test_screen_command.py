"""`comity screen`: addresses, files and streams; for people, machines and spreadsheets; one exit code a verdict."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from comity.v1 import payload_pb2

import agents.cli
from agents.cli import main
from agents.cli.catalogue import Language, use
from agents.sync.screening.asking import Columns, Form, lines_of, queries_in
from agents.sync.screening.screening import Query
from agents.sync.screening.sightings import SightingQueue
from tests.agents.screening.holding import DAY, ETH, LEGACY, opened, record, take_in
from tests.support.sources import ROOT

ADDRESS = ETH.rpartition(":")[2]
OTHER = "0x" + "9" * 40
PAGE = (Path(agents.cli.__file__).parent / "JSON.md").read_text("utf-8")
SHAPES = {name: json.loads(text) for name, text in re.findall(r"^```json (\w+)\n(.*?)\n```$", PAGE, re.M | re.S)}


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    use(Language.EN)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store whose only list is of this moment: the command reads this machine's clock."""
    now = time.time_ns() // 1_000_000
    held = opened(tmp_path)
    times = {"valid_from": now - DAY, "valid_until": now + 300 * DAY}
    label = "=HYPERLINK(1) \u202eevil"
    take_in(held, [record(ETH, label=label, discreet=True, **times), record(LEGACY, **times)], time=now)
    return held.path


def comity(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main.run(["screen", *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_hit_is_told_with_who_says_so_and_the_warning_not_to_tip_off(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = comity(capsys, "--store", str(store), ADDRESS.lower(), OTHER)

    assert code == 10
    for text in ("HIT", "ofac-sdn", "sanctions", "OFAC · sfc/intake · batch 7", "DISCREET", "Block", ETH, "CLEAR"):
        assert text in said
    assert "1 hits · 0 invalid · 0 stale · 1 clear" in said
    assert "file 7" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    ("asked", "code"), [((OTHER,), 0), ((OTHER, "nonsense"), 11), ((ADDRESS, "nonsense"), 10), (("nonsense",), 11)]
)
def test_the_exit_code_is_that_of_the_gravest_verdict(
    store: Path, capsys: pytest.CaptureFixture[str], asked: tuple[str, ...], code: int
) -> None:
    assert comity(capsys, "--store", str(store), *asked)[0] == code


def test_lists_that_are_too_old_let_nothing_be_clear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = opened(tmp_path, [record(LEGACY)])
    take_in(old, [record(LEGACY)], sequence=9, time=time.time_ns() // 1_000_000 - 3_600_000)

    code, said = comity(capsys, "--store", str(old.path), OTHER, "--max-age", "59")
    assert (code, "too old to say clear" in said) == (12, True)
    assert comity(capsys, "--store", str(old.path), OTHER, "--max-age", "61")[0] == 0

    # Without a limit of the asker's own, what the agent's settings say holds, as in the local API.
    assert comity(capsys, "--store", str(old.path), OTHER)[0] == 12
    old.set_max_age(61 * 60_000)
    assert comity(capsys, "--store", str(old.path), OTHER)[0] == 0
    old.set_max_age(59 * 60_000)
    assert comity(capsys, "--store", str(old.path), OTHER)[0] == 12
    assert comity(capsys, "--store", str(old.path), OTHER, "--max-age", "61")[0] == 0
    (tmp_path / "none").mkdir()
    empty = opened(tmp_path / "none")
    empty.close()
    assert comity(capsys, "--store", str(empty.path), OTHER)[0] == 12


def test_json_has_the_shapes_of_the_page(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = comity(capsys, "--store", str(store), "--json", ADDRESS, OTHER, "nonsense")
    *results, summary = [json.loads(line) for line in said.splitlines()]

    assert code == 10
    assert [found["verdict"] for found in results] == ["HIT", "CLEAR", "INVALID"]
    assert {frozenset(found) for found in results} == {frozenset(SHAPES["screened"])}
    assert set(results[0]["assertions"][0]) == set(SHAPES["assertion"])
    assert results[0]["assertions"][0]["confidence"] == "OFFICIAL"
    assert results[0]["assertions"][0]["handling"]["tlp"] == "AMBER"
    assert results[2]["problem"] == "NOT_AN_ADDRESS"
    assert set(summary["lists"][0]) == set(SHAPES["age"])
    assert summary["counts"] == {"HIT": 1, "INVALID": 1, "STALE": 0, "CLEAR": 1}


def test_a_csv_file_is_answered_as_csv_in_which_nothing_is_a_formula(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "deposits.csv"
    asked.write_text(f"\ufeffid;Wallet;sum\n=1+1;{ADDRESS};5\nb;{OTHER};6\nc;@cmd;7\n", encoding="utf-8")
    code, said = comity(
        capsys, "--store", str(store), "--file", str(asked), "--csv", "--column", "wallet", "--reference-column", "id"
    )
    rows = list(csv.DictReader(io.StringIO(said)))

    assert code == 10
    assert [(row["reference"], row["verdict"]) for row in rows] == [("'=1+1", "HIT"), ("b", "CLEAR"), ("c", "INVALID")]
    assert rows[0]["label"] == "'=HYPERLINK(1) \\u202eevil"
    assert (rows[0]["tlp"], rows[0]["action"], rows[0]["discreet"]) == ("AMBER", "BLOCK", "true")
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]


def test_a_file_shows_people_what_is_not_clear_and_counts_the_rest(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "wallets.txt"
    asked.write_text("\n".join([OTHER] * 700 + ["", ADDRESS, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "nonsense"]))
    code, said = comity(capsys, "--store", str(store), "--file", str(asked))

    assert code == 10
    assert "2 hits · 1 invalid · 0 stale · 700 clear" in said
    assert OTHER not in said
    assert comity(capsys, "--store", str(store), "--file", str(asked), "--all")[1].count(OTHER) == 700


def test_a_suspended_block_is_shown_to_people_and_machines_wherever_it_is_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = time.time_ns() // 1_000_000
    held = opened(tmp_path)
    take_in(held, [record(ETH, suspended=True, valid_from=now - DAY, valid_until=now + DAY)], time=now)
    asked = tmp_path / "asked.txt"
    asked.write_text(f"{ADDRESS}\n{OTHER}\n")
    for arguments in ((ADDRESS, OTHER), ("--file", str(asked))):
        code, said = comity(capsys, "--store", str(held.path), *arguments)
        assert (code, said.count("suspended"), said.count(OTHER)) == (0, 1, int(arguments[0] == ADDRESS))
        assert "block" in said.lower()
    (_, said) = comity(capsys, "--store", str(held.path), "--file", str(asked), "--csv")
    (row,) = [row for row in csv.DictReader(io.StringIO(said)) if row["state"]]
    assert (row["address"], row["verdict"], row["state"]) == (ADDRESS, "CLEAR", "SUSPENDED")


def test_rules_put_hits_into_the_queue_beside_the_store(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\naction_at_least = "BLOCK"\nkind = "SEEN_DEPOSIT"\n')
    comity(capsys, "--store", str(store), ADDRESS, OTHER, "--rules", str(rules))
    with SightingQueue(store.parent / "sightings.db") as queue:
        waiting = queue.waiting()

    assert [wanted.kind for _, wanted in waiting] == [payload_pb2.SIGHTING_KIND_SEEN_DEPOSIT]


def test_a_stream_is_answered_while_it_is_still_open(store: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "agents.cli.main",
        "screen",
        "--store",
        str(store),
        "--json",
        "--format",
        "jsonl",
        "-",
    ]
    asking = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'proto'}:{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert asking.stdin is not None
    assert asking.stdout is not None
    for question, verdict in (({"address": ADDRESS}, "HIT"), ({"wallet": OTHER, "x": 1}, "CLEAR"), ("zz", "INVALID")):
        asking.stdin.write(json.dumps(question) + "\n")
        asking.stdin.flush()
        assert json.loads(asking.stdout.readline())["verdict"] == verdict  # the next question waits for this answer
    out, _ = asking.communicate()

    assert json.loads(out)["counts"]["HIT"] == 1
    assert asking.returncode == 10


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("-", ADDRESS), 2),
        ((ADDRESS, "--file", "x"), 2),
        ((ADDRESS, "--csv", "--json"), 2),
        (("--file", "there-is-none.csv"), 4),
    ],
)
def test_a_command_line_that_cannot_be_is_refused(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int
) -> None:
    assert comity(capsys, "--store", str(store), *arguments)[0] == code


def test_without_a_store_nothing_is_said_to_be_clear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = comity(capsys, "--store", str(tmp_path / "none.db"), OTHER)

    assert code == 1
    assert "CLEAR" not in said


def test_chinese_readers_are_answered_in_chinese(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = comity(capsys, "--lang", "zh-Hant", "--store", str(store), ADDRESS)[1]

    assert "命中" in said
    assert "切勿通風報信" in said


def asked(text: bytes, form: Form, columns: Columns | None = None) -> list[Query]:
    lines = lines_of(io.BufferedReader(io.BytesIO(text)), lambda: None)  # type: ignore[arg-type]
    return list(queries_in(lines, form, columns or Columns()))


@pytest.mark.parametrize(
    ("text", "form", "columns", "expected"),
    [
        (b"a\n\n b \r\nc", Form.TEXT, Columns(), [Query("a", "", "1"), Query("b", "", "3"), Query("c", "", "4")]),
        (
            b'"a"\n{"account":"b","c":"ETH"}\n',
            Form.JSONL,
            Columns(chain="c"),
            [Query("a", "", "1"), Query("b", "ETH", "2")],
        ),
        (
            b"{broken\n[1]\n{}\n",
            Form.JSONL,
            Columns(),
            [Query("{broken", "", "1"), Query("[1]", "", "2"), Query("", "", "3")],
        ),
        (
            b"x,address\n1,a\n\n2\n",
            Form.CSV,
            Columns(default_chain="BTC"),
            [Query("a", "BTC", "2"), Query("", "BTC", "4")],
        ),
        (b'address\tn\n"a\nb"\t1\n', Form.CSV, Columns(reference="n"), [Query("a\nb", "", "1")]),
        ("address\n\u9322".encode("utf-16"), Form.TEXT, Columns(), None),
    ],
)
def test_questions_are_read_out_of_every_form(text: bytes, form: Form, columns: Columns, expected: Any) -> None:
    found = asked(text, form, columns)

    assert found == expected or (expected is None and all("\ufffd" in query.address for query in found[:1]))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (b"", Columns()),
        (b"a,b\n1,2\n", Columns()),
        (b"address,wallet\n1,2\n", Columns()),
        (b"address,address\n1,2\n", Columns("address")),
        (b"address\n1\n", Columns(chain="chain")),
        (b"address\n" + b"x" * (2 << 20), Columns()),
        (b"address\r1\r2\r", Columns()),
    ],
)
def test_a_file_that_is_not_what_it_is_said_to_be_is_refused(text: bytes, columns: Columns) -> None:
    from comity.errors import MalformedError

    with pytest.raises(MalformedError):
        asked(text, Form.CSV, columns)
