"""What is not a sound record is INVALID: nothing that stands in a file goes unasked, and no silence is called clear."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from agents.cli import main
from agents.sync.screening.asking import MAX_TEXT, Columns, Form, lines_of, queries_in
from agents.sync.screening.screening import UNREADABLE, Query, Screener, Verdict
from tests.agents.screening.holding import DAY, ETH, opened, record, screener, take_in, wallet

LISTED = ETH.rpartition(":")[2]
CLEAN = "0x" + "9" * 40


@pytest.fixture
def asked(tmp_path: Path) -> Screener:
    return screener(opened(tmp_path, [record(ETH)]))


def questions(text: str, form: Form, columns: Columns | None = None) -> list[Query]:
    lines = lines_of(io.BufferedReader(io.BytesIO(text.encode())), lambda: None)  # type: ignore[arg-type]
    return list(queries_in(lines, form, columns or Columns()))


HIT, INVALID, CLEAR = Verdict.HIT, Verdict.INVALID, Verdict.CLEAR


@pytest.mark.parametrize(
    ("form", "text", "verdicts"),
    [
        (Form.CSV, f"wallet,name\n{CLEAN},Bob\n{LISTED},Eve\n", [CLEAR, HIT]),
        # A quotation mark that is never closed costs its own line, and swallows no other.
        (Form.CSV, f'wallet,name\n{CLEAN},"Bob\n{LISTED},Eve\n{CLEAN},Al\n', [INVALID, HIT, CLEAR]),
        (Form.CSV, f'wallet,name\n{CLEAN},"Bob" x\n{LISTED},Eve\n', [INVALID, HIT]),
        (Form.CSV, f'wallet,name\n{CLEAN},"Bob\nAl"\n{LISTED},5" pipe\n', [CLEAR, HIT]),
        (Form.CSV, f"name,wallet\nBob,{CLEAN},{LISTED}\nBob,{CLEAN},,\n", [INVALID, CLEAR]),
        (Form.CSV, f"wallet,name\n{CLEAN},Bob\r{LISTED},Eve\n", [INVALID]),
        (Form.CSV, "wallet,name\n,\n,Bob\nx\n", [INVALID, INVALID]),
        (Form.CSV, f"wallet,note\n{CLEAN},{'x' * 600}\n", [CLEAR]),  # what is not asked may be long
        (Form.TEXT, f"{CLEAN}{' ' * MAX_TEXT}{LISTED}\n", [INVALID]),
        (Form.TEXT, f"{CLEAN} {LISTED}\n{CLEAN}\r{LISTED}\n", [INVALID, INVALID]),
        (Form.JSONL, f'{{"wallet":"{LISTED}","wallet":"{CLEAN}"}}\n', [INVALID]),
        (Form.JSONL, f'{{"wallet":"{CLEAN}","x":{{"a":1,"a":2}}}}\n', [INVALID]),
        (Form.JSONL, f'{{"address":"{CLEAN}","wallet":"{LISTED}"}}\n', [INVALID]),
        (Form.JSONL, f'{{"address":"{CLEAN}","Address":"{LISTED}"}}\n{{"Wallet":"{LISTED}"}}\n', [INVALID, HIT]),
        (Form.JSONL, f'{{"address":"{CLEAN}{" " * MAX_TEXT}{LISTED}"}}\n{{"address":"{LISTED}"}}\n', [INVALID, HIT]),
        (Form.JSONL, f'{{"address":"\\ud800"}}\n{{"address":"{CLEAN}"}}\n', [INVALID, CLEAR]),
    ],
)
def test_no_record_that_is_not_sound_hides_a_wallet(
    asked: Screener, form: Form, text: str, verdicts: list[Verdict]
) -> None:
    found = asked.screen(questions(text, form)).results

    assert [result.verdict for result in found] == verdicts
    assert all(result.problem for result in found if result.verdict is INVALID)


def test_a_broken_question_is_invalid_whatever_its_text_looks_like_and_no_half_of_a_character_gets_further(
    asked: Screener,
) -> None:
    text = f'{{"address":"{LISTED}","id":"\\ud800"}}\n{{"address":"{LISTED}","id":"{"x" * 600}"}}\n'
    found = asked.screen(questions(text, Form.JSONL, Columns(reference="id"))).results

    assert [(result.verdict, result.problem) for result in found] == [(INVALID, UNREADABLE)] * 2
    assert all(result.query.reference.encode() for result in found)


@pytest.mark.parametrize(("age", "code"), [(0, 0), (2 * DAY, 12)])
@pytest.mark.parametrize("text", ["", "\n \n", "wallet\n"])
def test_a_file_without_questions_ends_by_the_age_of_the_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, age: int, code: int
) -> None:
    store = opened(tmp_path)
    take_in(store, [record(wallet(1))], time=time.time_ns() // 1_000_000 - age)
    file = tmp_path / ("none.csv" if text.startswith("wallet") else "none.txt")
    file.write_text(text)

    assert main.run(["screen", "--store", str(store.path), "--file", str(file)]) == code
    assert "0 clear" in capsys.readouterr().out


def test_people_are_told_which_rows_cannot_be_read_and_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = time.time_ns() // 1_000_000
    store = opened(tmp_path)
    take_in(store, [record(ETH, valid_from=now - DAY, valid_until=now + DAY)], time=now)
    store.set_missing(next(found.key for found in store.lists()))
    file = tmp_path / "rows.csv"
    file.write_text(f"name,wallet\nBob,{CLEAN},{LISTED}\n")

    assert main.run(["screen", "--store", str(store.path), "--file", str(file)]) == 11
    said = capsys.readouterr().out
    assert "its row cannot be read" in said
    assert "something is missing" in said
    assert main.run(["screen", "--store", str(store.path), CLEAN]) == 12
