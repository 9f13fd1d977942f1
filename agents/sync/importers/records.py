"""Records by field name, as JSON lists have them, and the extract of the OFAC list with its events by date.

Who says so and in which category is filled in for the OFAC list alone, and only where a row does not say it itself.

Never does: judge what a field says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from agents.sync.importers.accounting import account_for, broken_row
from agents.sync.importers.columns import assign, field_of
from agents.sync.importers.jsontext import Element, read_elements
from agents.sync.importers.opening import Source
from agents.sync.importers.policy import ImportPolicy
from agents.sync.importers.rows import Field, RawRow
from agents.sync.importers.subjects import ambiguous, looks_like_address, malformed, passed, wallet_rows, wallets_in

OFAC_GIVER: Final = "ofac-sdn"
"""Who says so in every form of the OFAC list."""
OFAC_CATEGORY: Final = "sanctioned"
_FIXED: Final = {Field.SOURCE: OFAC_GIVER, Field.CATEGORY: OFAC_CATEGORY, Field.CONFIDENCE: "official"}
_KEY: Final = re.compile(r"[-0-9A-Za-z:_*%]{25,170}")
_WALLETS: Final = (Field.ADDRESS, Field.TX)
_FIELDS: Final = 256


def text_of(value: Any) -> str:
    """Returns a value as one text: lists of words joined, what is nested left out."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:64]
    if isinstance(value, list):
        return " ".join(text_of(part) for part in value if isinstance(part, str))
    return ""


class _Names:
    """Which keys say what, remembered for records of the same shape."""

    def __init__(self, policy: ImportPolicy) -> None:
        self._own = policy.columns
        self._shapes: dict[tuple[str, ...], tuple[tuple[Field, tuple[str, ...]], ...]] = {}

    def of(self, record: Mapping[str, Any]) -> tuple[tuple[Field, tuple[str, ...]], ...]:
        """Returns the keys of each field, the first that says anything counts."""
        shape = tuple(record)
        known = self._shapes.get(shape)
        if known is None:
            found = assign(shape, self._own)
            known = tuple((field, tuple(shape[index] for index in indexes)) for field, indexes in found.items())
            if len(self._shapes) < 1024:
                self._shapes[shape] = known
        return known


class _Reader:
    """Makes rows of the elements of one file."""

    def __init__(self, source: Source, policy: ImportPolicy, *, is_ofac: bool) -> None:
        self._source = source
        self._names = _Names(policy)
        self._is_ofac = is_ofac
        self._count = 0

    @cached_property
    def _parents(self) -> frozenset[tuple[str | int, ...]]:
        """Where records stand under their addresses; the file is read once more for it."""
        return frozenset(element.path[:-1] for element in read_elements(self._source) if is_keyed(element))

    def rows(self, element: Element) -> Iterable[RawRow]:
        """Yields the rows of an element of a list, or of an object that is no list."""
        value, path = element.value, element.path
        if not path and any(isinstance(part, dict) for part in value.values()) and () in self._parents:
            return
        if element.broken is not None or (isinstance(value, dict) and len(value) > _FIELDS):
            yield broken_row(element)
        elif isinstance(value, dict):
            rows = list(self._record(element.row, value))
            if any(row.broken or row.values.keys() & {*_WALLETS} for row in rows):
                yield from rows
            elif path:
                nested = [ambiguous(element.row, text) for text in wallets_in(value)]
                yield from nested or rows
        elif _is_listed(element):
            is_text = isinstance(value, str) and (len(path) > 1 or _KEY.fullmatch(value.strip()) is not None)
            yield (
                RawRow(element.row, {Field.ADDRESS: value.strip()})
                if is_text
                else malformed(element.row, text_of(value))
            )
        else:
            yield from [ambiguous(element.row, text) for text in wallets_in(value)] or [passed(element.row)]

    def beside(self, element: Element, row: int) -> Iterator[RawRow]:
        """Yields a record that stands under its address, and refusals for wallets elsewhere."""
        value, key, parent = element.value, str(element.path[-1]) if element.path else "", element.path[:-1]
        found = is_keyed(element)
        if isinstance(value, dict) and (found or parent in self._parents):
            self._count += 1
            if element.broken is not None or len(value) > _FIELDS:
                yield malformed(self._count, key)
            else:
                yield from self._record(self._count, value, key)
        elif isinstance(value, list) and parent in self._parents:
            self._count += 1
            yield malformed(self._count, key)
        else:
            for text in wallets_in({key: value}):
                yield ambiguous(row, text)

    def _record(self, number: int, record: Mapping[str, Any], key: str = "") -> Iterator[RawRow]:
        values: dict[Field, str] = {}
        columns: dict[Field, str] = {}
        named: dict[Field, list[tuple[str, Any]]] = {Field.ADDRESS: [], Field.TX: []}
        for field, keys in self._names.of(record):
            if field in named:
                named[field] = [(name, _wallet_of(record[name])) for name in keys if record[name] not in (None, "", [])]
                keys = keys if all(isinstance(said, str) for _, said in named[field]) else ()  # noqa: PLW2901 # narrowed
            for name in keys:
                if said := text_of(record[name]):
                    values[field], columns[field] = said, name
                    break
        row = RawRow(number, values, columns)
        row = _ofac_row(row, record) if self._is_ofac else row
        if key and (not named[Field.ADDRESS] or (looks_like_address(key) and any(wallets_in(key)))):
            named[Field.ADDRESS].append(("key", key))
        only = named[Field.ADDRESS] if len(named[Field.ADDRESS]) == 1 else []
        if only and only[0][1] == row.values.get(Field.ADDRESS):
            yield row
        elif named[Field.ADDRESS]:
            yield from wallet_rows(row, Field.ADDRESS, named[Field.ADDRESS])
        else:
            yield from wallet_rows(row, Field.TX, named[Field.TX])


def _wallet_of(value: Any) -> Any:
    return value if isinstance(value, list | dict) else text_of(value)


def _is_listed(element: Element) -> bool:
    """Tells whether an element stands in an array of addresses: one without a name, or one that is named so."""
    name = element.path[-2] if len(element.path) > 1 else 0
    return isinstance(name, int) or any(field_of(form) is Field.ADDRESS for form in (name, name[:-1], name[:-2]))


def is_address_text(element: Element) -> bool:
    """Tells whether an element of a list is text that might be an address, and no remark."""
    value = element.value
    if not element.row or not isinstance(value, str) or _KEY.fullmatch(value.strip()) is None:
        return False
    return _is_listed(element)


def is_keyed(element: Element) -> bool:
    """Tells whether an element is a record that stands under its address as key."""
    path = element.path
    return not element.row and bool(path) and isinstance(element.value, dict) and looks_like_address(str(path[-1]))


def read_records(source: Source, policy: ImportPolicy, *, is_ofac: bool = False) -> Iterator[RawRow]:
    """Yields records, addresses in an array, and records under their address as key.

    Of the OFAC list, the extract and the list of events both have one giver and one category. The extract names a
    party, its programmes and the dates of its listing: the earliest counts. Persons are named by number there, never by
    name; that is left as it is.

    Args:
        source: the file.
        policy: the owner's assignment of columns.
        is_ofac: whether it is a form of the OFAC list.

    Raises:
        FileRefusedError: of `read_elements`.
    """
    reader = _Reader(source, policy, is_ofac=is_ofac)
    return account_for(read_elements(source), reader.rows, reader.beside)


def as_ofac(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """Yields rows of a CSV of the OFAC list with its giver and category where they name none."""
    for row in rows:
        yield replace(row, values=_filled(row.values)) if row.broken is None and not row.passed else row


def is_ofac_record(names: Collection[str]) -> bool:
    """Tells by the names of a record's fields whether it is of the OFAC list.

    The extract numbers its parties. The events have these fields and nothing on who says so or why: a record with a
    source, category or confidence of its own is someone else's.
    """
    known = {field for name in names if (field := field_of(name))}
    if "sdn_uid" in names:
        return Field.CATEGORY not in known
    said = {Field.SOURCE, Field.SOURCE_URL, Field.CATEGORY, Field.CONFIDENCE, Field.LEVEL, Field.ACTOR, Field.WHY}
    return {"op", "asset", "address", "date"} <= {*names} and not said & known


def _filled(values: Mapping[Field, str]) -> dict[Field, str]:
    """Returns a row of the OFAC list with what it leaves out; one that another giver's name stands in is left as is."""
    source = values.get(Field.SOURCE, "")
    if source and not source.casefold().startswith("ofac"):
        return dict(values)
    return {**_FIXED, **values, Field.SOURCE: OFAC_GIVER}


def _words(value: Any) -> list[str]:
    return [word for part in value if (word := text_of(part))] if isinstance(value, list) else []


def _ofac_row(row: RawRow, record: Mapping[str, Any]) -> RawRow:
    values = _filled(row.values)
    if dates := sorted(_words(record.get("entry_dates"))):
        values[Field.DATE] = dates[0]
    if uid := text_of(record.get("sdn_uid")):
        values.setdefault(Field.LABEL, f"SDN {uid}")
        values.setdefault(Field.WHY, " ".join(("SDN", uid, *_words(record.get("programs")))))
    if record.get("party_type") != "Individual" and (name := text_of(record.get("party_name"))):
        values.setdefault(Field.ACTOR, name)
    return replace(row, values=values)
