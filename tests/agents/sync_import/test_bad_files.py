"""Files that are no use as a whole, or made to do harm: each is refused with a word, in bounded memory."""

from __future__ import annotations

import gzip
import itertools
import json
import tracemalloc
from pathlib import Path

import pytest

from agents.sync.importers import FaultCode, FileRefusedError, Format, RefusalCode
from agents.sync.importers.opening import Source
from tests.agents.sync_import.lists import BTC, SEGWIT, TRON, read, written

ROWS = f"address,label\n{BTC},a\n{TRON},b\n"
PACK = "title: T\ncreator: C\ntags:\n"
DEEP = 5_000


def fault(path: Path, named: Format | None = None, **limits: int) -> tuple[FaultCode, int]:
    """Why a file is refused, and at which row."""
    with pytest.raises(FileRefusedError) as refused:
        read(path, named=named, **limits)
    return refused.value.code, refused.value.row


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (FaultCode.EMPTY, 0)),
        (ROWS.encode("utf-16"), (FaultCode.UTF16, 1)),
        (ROWS.encode("utf-16-be"), (FaultCode.UTF16, 1)),
        (ROWS.encode("utf-32"), (FaultCode.UTF16, 1)),
        (ROWS.replace(",b", ",Zürich").encode("latin-1"), (FaultCode.NOT_UTF8, 3)),
        (ROWS.replace(",b", ",b\0").encode(), (FaultCode.NUL_BYTE, 3)),
        (gzip.compress(ROWS.encode(), mtime=0)[:-9], (FaultCode.TRUNCATED, 0)),
        (gzip.compress(ROWS.encode(), mtime=0) + b"rest", (FaultCode.DAMAGED, 0)),
        (gzip.compress(ROWS.encode(), mtime=0)[:-4] + b"\0\0\0\0", (FaultCode.DAMAGED, 0)),
        (f'[{{"address": "{BTC}"}}, {{"address": '.encode(), (FaultCode.DAMAGED, 0)),
        (f'[{{"address": "{BTC}"}}'.encode(), (FaultCode.TRUNCATED, 0)),
        (f'[{{"address": "{BTC}"}} {{"address": "{BTC}"}}]'.encode(), (FaultCode.DAMAGED, 0)),
        (b"[" + b'{"a":' * DEEP, (FaultCode.TOO_DEEP, 0)),
        (b'{"address": ' + b"[" * DEEP, (FaultCode.TOO_DEEP, 0)),
        ((PACK + "- &a {address: x}\n- *a\n").encode(), (FaultCode.ALIAS, 5)),
        ((PACK + "- <<: {address: x}\n").encode(), (FaultCode.ALIAS, 4)),
        ((PACK + "- !!python/object/apply:os.system [ls]\n").encode(), (FaultCode.ALIAS, 4)),
        ((PACK + "- {address: x\n").encode(), (FaultCode.DAMAGED, 0)),
        ((PACK + "- " + "[" * 100).encode(), (FaultCode.TOO_DEEP, 4)),
        ((PACK + f"- address: {BTC}\ntags: []\n").encode(), (FaultCode.DAMAGED, 5)),
        ((PACK + f"- address: {BTC}\n---\ntags: []\n").encode(), (FaultCode.DAMAGED, 5)),
    ],
    ids=itertools.count(),  # the same in every process, whatever the bytes are
)
def test_a_file_that_is_no_use_is_refused_with_a_word(
    tmp_path: Path, content: bytes, expected: tuple[FaultCode, int]
) -> None:
    assert fault(written(tmp_path, content)) == expected


def test_a_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    assert fault(tmp_path) == (FaultCode.NOT_A_FILE, 0)
    assert fault(tmp_path / "absent") == (FaultCode.NOT_A_FILE, 0)


def test_a_file_of_two_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(2 << 30)

    assert fault(path) == (FaultCode.TOO_LARGE, 0)
    assert fault(path, file=4 << 30) == (FaultCode.UTF16, 1)


def test_an_archive_that_unpacks_without_end_is_cut_off(tmp_path: Path) -> None:
    bomb = gzip.compress(ROWS.encode() + b"x" * (64 << 20), 9)
    path = written(tmp_path, bomb)

    tracemalloc.start()
    try:
        code, _ = fault(path, inflated=8 << 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert code is FaultCode.INFLATES_TOO_FAR
    assert len(bomb) < 1 << 20
    assert peak < 8 << 20


def test_a_line_of_ten_megabytes_is_one_refused_row_of_a_csv(tmp_path: Path) -> None:
    path = written(tmp_path, f"address,label\n{BTC},a\n{TRON},{'x' * (10 << 20)}\n{SEGWIT},c\n")

    tracemalloc.start()
    try:
        outcome = read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [(refusal.row, refusal.code) for refusal in outcome.refused] == [(3, RefusalCode.ROW_TOO_LONG)]
    assert len(outcome.entries) == 2
    assert peak < 6 << 20


def test_a_line_of_json_that_is_too_long_is_one_refused_row(tmp_path: Path) -> None:
    lines = [json.dumps({"address": address, "label": label}) for address, label in ((BTC, "a"), (TRON, "x" * 2000))]
    outcome = read(written(tmp_path, "\n".join([lines[0], *lines])), line=1000)

    assert [(refusal.row, refusal.code) for refusal in outcome.refused] == [(3, RefusalCode.ROW_TOO_LONG)]


def test_values_lines_and_rows_past_the_limit_end_the_file_where_they_cannot_be_left_out(tmp_path: Path) -> None:
    value = written(tmp_path, json.dumps([{"address": BTC, "label": "x" * 300_000}]))
    pack = written(tmp_path, PACK + f"- address: {BTC}\n  label: {'x' * 3000}\n", "pack")
    many = written(tmp_path, ROWS, "rows")

    assert fault(value, value=100_000)[0] is FaultCode.LINE_TOO_LONG
    assert fault(pack, line=1000)[0] is FaultCode.LINE_TOO_LONG
    assert fault(many, rows=1) == (FaultCode.TOO_MANY_ROWS, 3)


def test_a_tag_that_says_one_thing_twice_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    outcome = read(written(tmp_path, PACK + f"- address: {BTC}\n  address: {TRON}\n- address: {SEGWIT}\n- just text\n"))

    assert [(refusal.row, refusal.code) for refusal in outcome.refused] == [
        (4, RefusalCode.MALFORMED_ROW),
        (7, RefusalCode.MALFORMED_ROW),
    ]
    assert [entry.account.rpartition(":")[2] for entry in outcome.entries] == [SEGWIT]


def test_a_long_array_is_read_in_the_memory_of_a_part_of_it(tmp_path: Path) -> None:
    record = json.dumps({"address": BTC, "label": "x" * 8000})
    path = written(tmp_path, '{"objects": [' + ",".join([record] * 1100) + "]}")

    tracemalloc.start()
    try:
        outcome = read(path, named=Format.JSON)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert outcome.accepted == 1100
    assert path.stat().st_size > 8 << 20
    assert peak < 4 << 20


def test_a_value_that_never_ends_is_given_up_at_the_limit(tmp_path: Path) -> None:
    path = written(tmp_path, '[{"address": "' + "x" * (8 << 20))

    tracemalloc.start()
    try:
        code, _ = fault(path, named=Format.JSON, value=100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert code is FaultCode.LINE_TOO_LONG
    assert peak < 4 << 20


def test_no_fault_quotes_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS.replace(",b", ",Zürich").encode("latin-1"))

    with pytest.raises(FileRefusedError) as refused:
        read(path)

    assert BTC not in str(refused.value)
    assert str(refused.value) == "the text is not UTF-8; save it as UTF-8 and import it again"


def test_hidden_characters_and_halves_of_pairs_come_into_no_text(tmp_path: Path) -> None:
    record = {"address": BTC, "label": "a\ud800b\u202ec\0d", "category": "x\ud800"}
    outcome = read(written(tmp_path, json.dumps(record) + "\n" + '{"address": "\\ud800", "label": "\\u202e"}\n'))

    assert outcome.only.label == "abcd"
    assert [refusal.code for refusal in outcome.refused] == [RefusalCode.NOT_AN_ADDRESS]
    assert all(refusal.shown.isprintable() for refusal in outcome.refused)


def test_a_file_is_the_same_text_whatever_size_its_parts_are_read_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "address,label\r\n" + f"{BTC},Zürich 中\r\n" * 20 + f"{TRON},end"
    path = written(tmp_path, gzip.compress(text.encode()))
    whole = list(Source(path).lines())
    monkeypatch.setattr("agents.sync.importers.opening._CHUNK", 7)

    assert list(Source(path).lines()) == whole == text.split("\r\n")


def test_an_archive_of_members_without_content_is_given_up(tmp_path: Path) -> None:
    nothing = gzip.compress(b"", mtime=0)
    few = written(tmp_path, gzip.compress(ROWS.encode()) + nothing * 16, "few")
    many = written(tmp_path, gzip.compress(ROWS.encode()) + nothing * 20_000, "many")

    assert read(few).accepted == 2
    assert fault(many) == (FaultCode.TOO_MANY_PARTS, 0)


ENDLESS = {
    "one text": PACK + f'- address: {BTC}\n  label: "' + ("a" * 1000 + "\n") * 12_000 + '"\n',
    "many parts of a tag": PACK + f"- address: {BTC}\n  context:\n" + ("  - [" + "ab, " * 1000 + "z]\n") * 1_500,
    "many fields of the header": "".join(f"k{number}: x\n" for number in range(9000)) + PACK + f"- address: {BTC}\n",
    "one field of the header": f"title: [{('x' * 1000 + ', ' + chr(10)) * 9000}]\ncreator: y\ntags:\n",
    "remarks": PACK + ("# " + "x" * 1000 + "\n") * 12_000 + f"- address: {BTC}\n",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_tag_and_a_header_take_no_more_memory_than_the_limit(tmp_path: Path, what: str) -> None:
    path = written(tmp_path, gzip.compress(ENDLESS[what].encode()))

    tracemalloc.start()
    try:
        code, _ = fault(path, named=Format.TAGPACK)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert code is FaultCode.LINE_TOO_LONG
    assert peak < 16 << 20


def test_a_pack_of_many_tags_is_no_long_tag(tmp_path: Path) -> None:
    tags = "".join(f"- address: {BTC}\n  label: {'x' * 1000}\n" for _ in range(100))

    assert read(written(tmp_path, PACK + tags), value=20_000).accepted == 100
