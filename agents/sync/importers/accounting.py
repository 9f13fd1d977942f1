"""Accounts for every element of a JSON file: each becomes rows, and what stands beside the lists is looked through.

Never does: know a format (`records`, `stix`, `misp`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from agents.sync.importers.jsontext import Element
from agents.sync.importers.rows import Field, RawRow, RefusalCode
from agents.sync.importers.subjects import ambiguous, wallets_in

_HELD: Final = 256
_WALLETS: Final = {Field.ADDRESS, Field.TX}


def broken_row(element: Element) -> RawRow:
    """Returns the row of an element that is not to be used."""
    return RawRow(element.row, {}, broken=element.broken or RefusalCode.MALFORMED_ROW, text=element.text)


def beside_lists(element: Element, row: int) -> Iterator[RawRow]:
    """Yields a refusal for each wallet in an array or object that is no list of this format; texts are left alone."""
    if isinstance(element.value, dict | list):
        for text in wallets_in(element.value):
            yield ambiguous(row, text)


def account_for(
    elements: Iterable[Element],
    rows_of: Callable[[Element], Iterable[RawRow]],
    beside: Callable[[Element, int], Iterable[RawRow]] = beside_lists,
) -> Iterator[RawRow]:
    """Yields the rows of a file.

    Args:
        elements: of the file.
        rows_of: makes rows of an element of a list, and of a whole object; at least one of each of the former.
        beside: makes rows of a value that is no element; given the number of the latest row, from 1. Where it turns
            out to be a field of an object that is a row itself, its refusals for unclear wallets are dropped.
    """
    held: list[RawRow] = []
    latest = 1
    for element in elements:
        latest = max(latest, element.row)
        if not element.row:
            for row in beside(element, latest):
                if len(element.path) == 1 and row.broken is RefusalCode.AMBIGUOUS and len(held) < _HELD:
                    held.append(row)
                else:
                    yield row
        elif element.path:
            yield from held
            held.clear()
            yield from rows_of(element)
        else:  # the fields were seen as they passed; now the whole
            whole = list(rows_of(element))
            if not any(row.broken or row.values.keys() & _WALLETS for row in whole):
                yield from held
            yield from whole
            held.clear()
    yield from held


def members(element: Element) -> Iterator[Element]:
    """Yields an element, or the members of one that is an array by itself: a line of JSON Lines, say."""
    if isinstance(element.value, list):
        for index, value in enumerate(element.value):
            yield Element(element.row, (*element.path, index), value)
    else:
        yield element
