"""CSV and its relatives: cells between commas, semicolons, tabs or bars, with a header or none; or an address a line.

A quotation mark that is never closed costs its own line and no other. What a cell begins with (`=`, `+`, `@`) is data.
Where no header names the columns, a sample of the rows shows which holds the wallets. A remark is a line of one cell
that begins with `#`, or any such line at the beginning of the file that holds no wallet.

Never does: guess a shifted row right. More cells than columns is a refusal, and so is a second wallet in a column that
nothing names.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from comity.wallets import WalletError

from agents.sync.importers.chains import chain_of_name
from agents.sync.importers.columns import assign, field_of
from agents.sync.importers.faults import FaultCode, FileRefusedError
from agents.sync.importers.opening import Source
from agents.sync.importers.policy import ImportPolicy
from agents.sync.importers.rows import SHOWN, Field, RawRow, RefusalCode
from agents.sync.importers.subjects import ambiguous, is_account, malformed, passed, wallet_rows

_DELIMITERS: Final = (",", ";", "\t", "|")
_WALLETS: Final = (Field.ADDRESS, Field.TX)
_SAMPLE: Final = 50
_SHORT: Final = 20
"""No address is as short as that."""
_LINES: Final = 64
"""Lines that one quoted cell may run over."""


class _Record(NamedTuple):
    line: int
    cells: list[str]
    broken: RefusalCode | None = None
    text: str = ""
    is_remark: bool = False


def _records(source: Source, delimiter: str) -> Iterator[_Record]:
    begun = False
    for record in _split(source, delimiter):
        cells = record.cells
        if record.broken is None and cells and cells[0].startswith("#"):
            named = record.line == 1 and any(field_of(cell) in _WALLETS for cell in cells)
            if not named and (len(cells) == 1 or not (begun or any(is_account(cell.lstrip("#")) for cell in cells))):
                yield record._replace(is_remark=True)
                continue
        begun = True
        yield record


def _split(source: Source, delimiter: str) -> Iterator[_Record]:
    pending: deque[tuple[int, str | None]] = deque()
    lines = enumerate(source.lines(), start=1)
    while True:
        number, line = pending.popleft() if pending else next(lines, (0, ""))
        if number == 0:
            return
        if line is None:
            yield _Record(number, [], RefusalCode.ROW_TOO_LONG)
        elif not line.strip():
            continue
        elif '"' not in line:
            yield _Record(number, [cell.strip() for cell in line.split(delimiter)])
        else:
            first = _Record(number, [line])
            yield _quoted(first, lines, pending, delimiter=delimiter, longest=source.limits.line)


def _quoted(
    first: _Record,
    lines: Iterator[tuple[int, str | None]],
    pending: deque[tuple[int, str | None]],
    *,
    delimiter: str,
    longest: int,
) -> _Record:
    number, line = first.line, first.cells[0]
    whole = [line]
    marks, size = line.count('"'), len(line)
    taken: list[tuple[int, str | None]] = []
    while marks % 2 and len(whole) < _LINES and size <= longest:
        following = pending.popleft() if pending else next(lines, None)
        if following is None:
            break
        taken.append(following)
        if following[1] is None:
            break
        whole.append(following[1])
        marks += following[1].count('"')
        size += len(following[1])
    if marks % 2 == 0 and size <= longest:
        try:
            rows = list(csv.reader([part + "\n" for part in whole], delimiter=delimiter, strict=True))
        except csv.Error:
            rows = []
        if len(rows) == 1:
            return _Record(number, [cell.strip() for cell in rows[0]])
    pending.extendleft(reversed(taken))  # only this line is lost
    return _Record(number, [], RefusalCode.MALFORMED_ROW, line[:SHOWN])


def _delimiter(source: Source) -> tuple[str, int]:
    """Returns the delimiter, and how many lines to pass over (Excel's `sep=` line)."""
    for number, line in enumerate(source.lines(), start=1):
        if line is None or not line.strip():
            if number > _SAMPLE:
                break
            continue
        if number == 1 and line.lower().startswith("sep=") and len(line) == 5:
            return line[4], 1
        bare = "".join(line.split('"')[::2])
        best = max(_DELIMITERS, key=bare.count)
        return (best if bare.count(best) else ","), 0
    return ",", 0


def _is_chain(text: str) -> bool:
    try:
        return chain_of_name(text) is not None
    except WalletError:
        return False


def _might_be_one(record: _Record) -> bool:
    # A list of addresses of which none is supported, say: each is refused by itself.
    return len(record.cells) == 1 and len(record.cells[0]) > _SHORT and " " not in record.cells[0]


def _wallet_column(sample: list[_Record]) -> int | None:
    hits: dict[int, int] = {}
    for record in sample:
        for index, cell in enumerate(record.cells):
            if _SHORT < len(cell) < 200 and is_account(cell):
                hits[index] = hits.get(index, 0) + 1
    return max(hits, key=lambda index: (hits[index], -index)) if hits else None


def _shown_by_content(sample: list[_Record], wallets: int) -> dict[Field, tuple[int, ...]]:
    """Returns what the columns of a file without a header say, as far as it shows."""
    columns: dict[Field, tuple[int, ...]] = {Field.ADDRESS: (wallets,)}
    width = max(len(record.cells) for record in sample)
    for index in range(width):
        cells = [record.cells[index] for record in sample if index < len(record.cells) and record.cells[index]]
        if index == wallets or not cells:
            continue
        if Field.CHAIN not in columns and all(_is_chain(cell) for cell in cells):
            columns[Field.CHAIN] = (index,)
        elif Field.CATEGORY not in columns and len({*cells}) <= max(1, len(cells) // 5) and len(cells[0]) <= 64:
            columns[Field.CATEGORY] = (index,)
        elif Field.LABEL not in columns and not any(cell.replace(".", "").isdigit() for cell in cells):
            columns[Field.LABEL] = (index,)
    return columns


class _Layout(NamedTuple):
    header: _Record | None
    names: Mapping[int, str]
    columns: Mapping[Field, tuple[int, ...]]
    is_shown: bool
    """Whether the rows show where the wallets are, and no name does."""


def _layout(sample: list[_Record], policy: ImportPolicy) -> _Layout:
    whole = [record for record in sample if record.broken is None and not record.is_remark]
    if not whole:
        raise FileRefusedError(FaultCode.UNKNOWN_FORMAT)
    first = whole[0]
    own = policy.columns
    is_header = policy.header
    if is_header is None:
        named = {field_of(cell) for cell in first.cells} - {None}
        owned = bool({cell.casefold() for cell in first.cells} & {name.casefold() for name in own})
        is_header = owned or bool(named & {Field.ADDRESS, Field.TX}) or len(named) > 1
        is_header = is_header and not any(is_account(cell) for cell in first.cells)
    found = _wallet_column([record for record in whole if record is not first])
    if not is_header and policy.header is None and found is not None and found < len(first.cells):
        # A header whose word for wallets nobody knows; without a known word it may as well be a row with a bad wallet.
        over = first.cells[found]
        is_header = any(map(field_of, first.cells)) and len(over) < 25 and not any(map(str.isdigit, over))
    names = dict(enumerate(first.cells)) if is_header else {}
    columns = assign(first.cells if is_header else ["" for _ in first.cells], own)
    is_shown = Field.ADDRESS not in columns and Field.TX not in columns
    if is_shown:
        wallets = found if found is not None else _wallet_column([first])
        if wallets is None and not is_header and all(_might_be_one(record) for record in whole):
            wallets = 0
        if wallets is None:
            raise FileRefusedError(FaultCode.NO_WALLET_COLUMN, first.line)
        shown = {Field.ADDRESS: (wallets,)} if is_header else _shown_by_content(whole, wallets)
        taken = {index for indexes in columns.values() for index in indexes}
        columns |= {field: at for field, at in shown.items() if field not in columns and not taken & {*at}}
        if Field.ADDRESS not in columns:  # what looks like wallets stands in a column that says it is something else
            raise FileRefusedError(FaultCode.NO_WALLET_COLUMN, first.line)
    return _Layout(first if is_header else None, names, columns, is_shown)


def read_delimited(source: Source, policy: ImportPolicy) -> Iterator[RawRow]:
    """Yields the rows of a CSV; rows are numbered as their lines.

    Raises:
        FileRefusedError: of `Source`; UNKNOWN_FORMAT or NO_WALLET_COLUMN.
    """
    delimiter, skip = _delimiter(source)
    sampled = (record for record in _records(source, delimiter) if record.line > skip)
    layout = _layout(list(islice(sampled, _SAMPLE)), policy)
    columns = {
        field: layout.names.get(indexes[0], f"column {indexes[0] + 1}") for field, indexes in layout.columns.items()
    }
    single = [(field, indexes[0]) for field, indexes in layout.columns.items() if len(indexes) == 1]
    several = [(field, indexes) for field, indexes in layout.columns.items() if len(indexes) > 1]
    width = len(layout.header.cells) if layout.header else 0
    first = layout.header.line if layout.header else 0
    for record in _records(source, delimiter):
        cells = record.cells
        if record.line <= skip or record.line == first:
            continue
        if record.is_remark:
            yield passed(record.line)
            continue
        if record.broken is not None:
            yield RawRow(record.line, {}, broken=record.broken, text=record.text)
            continue
        if not any(cells):
            continue
        if width and any(cells[width:]):
            yield malformed(record.line, delimiter.join(cells))
            continue
        count = len(cells)
        if layout.is_shown and _names_another(cells, layout.columns[Field.ADDRESS][0]):
            yield ambiguous(record.line, delimiter.join(cells))
            continue
        values = {field: cells[index] for field, index in single if index < count and cells[index]}
        row = RawRow(record.line, values, columns)
        named: dict[Field, list[tuple[str, str]]] = {}
        for field, indexes in several:
            said = [(layout.names.get(at, f"column {at + 1}"), cells[at]) for at in indexes if at < count and cells[at]]
            if said:
                values[field] = said[0][1]
            if len(said) > 1 and field in _WALLETS:
                named[field] = said
        if Field.ADDRESS in named:
            yield from wallet_rows(row, Field.ADDRESS, named[Field.ADDRESS])
        elif Field.TX in named and Field.ADDRESS not in values:
            yield from wallet_rows(row, Field.TX, named[Field.TX])
        else:
            yield row


def _names_another(cells: list[str], wallet: int) -> bool:
    own = cells[wallet] if wallet < len(cells) else ""
    return any(len(cell) > _SHORT and cell != own and is_account(cell) for cell in cells)
