"""Questions out of files and streams: plain lines, CSV with a chosen column, JSON lines. Answered as they come.

What is no address is a question like any other and is answered INVALID, and so is a record that is not sound: more
cells than columns, a quotation mark that is never closed, a text that is too long, an object that says one thing twice.
Only a file that is not what it is said to be stops the work.

Never does: keep more than what has just come, guess which of several columns is meant, or put a shifted row right.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from comity.errors import MalformedError

from agents.sync.screening.screening import Query

MAX_LINE: Final = 1 << 20
"""Greatest length of a line, in bytes."""
MAX_TEXT: Final = 512
"""A longer text makes its question INVALID: it is no address, and what stands behind its beginning may be one."""
MAX_RECORD_LINES: Final = 64
"""Lines that one record with quotation marks may run over."""
_COLUMNS: Final = ("address", "wallet", "account")
_DELIMITERS: Final = ",;\t"
_PIECE: Final = 1 << 16


class Form(StrEnum):
    """How questions are written."""

    TEXT = "text"
    """An address a line."""
    CSV = "csv"
    """A header, then a row a question; delimited by comma, semicolon or tab."""
    JSONL = "jsonl"
    """An object, or a text, a line."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a question's parts stand in a row or an object."""

    address: str = ""
    """Name of the column; empty: `address`, `wallet` or `account`."""
    chain: str = ""
    """Name of the column with the chain; empty for none."""
    reference: str = ""
    """Name of the column with the caller's reference; empty: the number of the row."""
    default_chain: str = ""
    """Chain of all that name none; empty where not known."""


class Source(Protocol):
    """Where bytes come from as they are ready."""

    def read1(self, size: int, /) -> bytes:
        """Returns what is ready, at most so many bytes; empty at the end."""


def lines_of(source: Source, before_waiting: Callable[[], None]) -> Iterator[str]:
    """Yields the lines of a source.

    Args:
        source: UTF-8; what is not is replaced, and so no address.
        before_waiting: called when all that has come was yielded.

    Raises:
        MalformedError: a line of more than 1 MiB.
    """
    rest, first = b"", True
    while piece := source.read1(_PIECE):
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > MAX_LINE or any(len(line) > MAX_LINE for line in whole):
            raise MalformedError("a line is longer than 1 MiB")
        for line in whole:
            yield _text(line, first=first) + "\n"
            first = False
        before_waiting()
    if rest:
        yield _text(rest, first=first)


def _text(line: bytes, *, first: bool) -> str:
    text = line.decode("utf-8", "replace")
    return text.removeprefix("\ufeff") if first else text


def queries_in(lines: Iterable[str], form: Form, columns: Columns) -> Iterator[Query]:
    """Yields the questions in some lines; empty lines are none.

    Raises:
        MalformedError: no such column, or not CSV.
    """
    match form:
        case Form.TEXT:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _asked(line.strip(), columns.default_chain, str(number))
        case Form.JSONL:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _of_json(line, number, columns)
        case Form.CSV:
            yield from _of_csv(lines, columns)


def _asked(address: str, chain: str, reference: str) -> Query:
    """Returns a question; a broken one where a part of it cannot be taken as it is."""
    if max(len(address), len(chain), len(reference)) <= MAX_TEXT and not _surrogates(address + chain + reference):
        return Query(address, chain, reference)
    return _broken(address, chain, reference)


def _broken(address: str, chain: str, reference: str) -> Query:
    """Returns a question that is answered INVALID whatever it looks like."""
    address, chain, reference = (
        text[:MAX_TEXT].encode("utf-8", "replace").decode() for text in (address, chain, reference)
    )
    return Query(address, chain, reference, broken=True)


def _surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


class _TwiceError(ValueError):
    """An object has one name twice: which of the two counts is anybody's guess."""


def _of_json(line: str, number: int, columns: Columns) -> Query:
    try:
        found = json.loads(line, object_pairs_hook=_once)
    except _TwiceError:
        return _broken(line.strip(), "", str(number))
    except (ValueError, RecursionError):
        found = line.strip()
    if not isinstance(found, dict):
        return _asked(str(found), columns.default_chain, str(number))
    names = [columns.address] if columns.address else [name for name in found if name.lower() in _COLUMNS]
    if len(names) > 1:
        return _broken(line.strip(), "", str(number))
    return _query(found, "".join(names), number, columns)


def _query(row: Mapping[str, object], name: str, number: int, columns: Columns) -> Query:
    def part(column: str) -> str:
        value = row.get(column) if column else None
        return str(value).strip() if value is not None else ""

    return _asked(part(name), part(columns.chain) or columns.default_chain, part(columns.reference) or str(number))


def _of_csv(lines: Iterable[str], columns: Columns) -> Iterator[Query]:
    pending = iter(lines)
    header_line = next(pending, "")
    delimiter = max(_DELIMITERS, key=header_line.count)
    header = _cells([header_line], delimiter)
    if header is None:
        raise MalformedError("the file is not CSV")
    name = _column(header, columns.address or None)
    chain, reference = (_column(header, named) if named else "" for named in (columns.chain, columns.reference))
    named = Columns(name, chain, reference, columns.default_chain)
    for number, (row, text) in enumerate(_records(pending, delimiter), start=2):
        if row is None or any(row[len(header) :]):
            yield _broken(text, "", str(number))
        elif any(row):
            yield _query(dict(zip(header, row, strict=False)), name, number, named)


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str] | None, str]]:
    """Yields the cells of each record, or None where it is not sound, and its text.

    A quotation mark that is never closed costs its own line: the lines behind it are read again by themselves.
    """
    again: deque[str] = deque()
    while True:
        line = again.popleft() if again else next(lines, None)
        if line is None:
            return
        whole, marks = [line], line.count('"')
        cells = _cells(whole, delimiter)
        if cells is None and marks % 2:
            while marks % 2 and len(whole) < MAX_RECORD_LINES and sum(map(len, whole)) <= MAX_LINE:
                following = again.popleft() if again else next(lines, None)
                if following is None:
                    break
                whole.append(following)
                marks += following.count('"')
            cells = None if marks % 2 else _cells(whole, delimiter)
            if cells is None:
                again.extendleft(reversed(whole[1:]))
        yield cells, line.strip() if cells is None else "".join(whole).strip()


def _cells(lines: list[str], delimiter: str) -> list[str] | None:
    """Returns the cells of the only record in some lines; None where they are not just that."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    if len(rows) > 1:
        return None
    return [cell.strip() for cell in rows[0]] if rows else []


def _column(header: Sequence[str], wanted: str | None) -> str:
    names = (wanted,) if wanted else _COLUMNS
    found = [cell for cell in header if cell.lower() in {name.lower() for name in names}]
    if not found or (wanted is None and len(found) > 1) or header.count(found[0]) > 1:
        raise MalformedError("the file has no column of that name, or several: name it")
    return found[0]
