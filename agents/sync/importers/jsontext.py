"""JSON as a stream of elements, in bounded memory: JSON Lines, arrays, and the containers that lists are wrapped in.

A bundle of a gigabyte is one value; what is of use in it are the elements of a few arrays. Those containers are walked
through, everything else is taken whole, up to a limit of characters each.

Never does: know what an element means (`records`, `stix`, `misp`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from agents.sync.importers.faults import FaultCode, FileRefusedError
from agents.sync.importers.opening import Source
from agents.sync.importers.rows import SHOWN, RefusalCode

Path = tuple[str | int, ...]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_EVENT: Final = re.compile(r'\{\s*"Event"')
_FIRST: Final = 64 * 1024
_NO_LISTS: Final = frozenset(
    {
        "Tag",
        "aliases",
        "concepts",
        "entry_dates",
        "external_references",
        "granular_markings",
        "indicator_types",
        "kill_chain_phases",
        "labels",
        "object_marking_refs",
        "object_refs",
        "programs",
        "tags",
    }
)
"""Arrays that are part of one object and no list of such."""
_WRAPPERS: Final = frozenset({"Event", "response", "result", "results", "data"})
_SAMPLE: Final = 3
_FIELDS: Final = 256
_KEYS: Final = 65_536
"""Keys of one container that are remembered, to see one that stands there twice."""


class Element(NamedTuple):
    """A value on the way through a file."""

    row: int
    """Line in JSON Lines, else ordinal of the element, from 1; 0 for what is no element of a list."""
    path: Path
    """Keys and indexes that lead to it; none for an object that was walked through and held no list."""
    value: Any
    broken: RefusalCode | None = None
    """Set where it is not to be used: a line that cannot be read, or an object with a key that stands there twice."""
    text: str = ""


class _Decoder(json.JSONDecoder):
    """Notices a key that stands twice in one object: which of its values is meant, nobody can tell."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=self._pairs)
        self.is_twofold = False

    def _pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        self.is_twofold |= len(fields) != len(pairs)
        return fields


class _Text:
    """What is left to be read, a window at a time."""

    def __init__(self, source: Source) -> None:
        self._chunks = source.text()
        self._limit = source.limits.value
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._decoder = _Decoder()

    @property
    def is_twofold(self) -> bool:
        """Whether the value taken last has a key twice in one object."""
        return self._decoder.is_twofold

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            self._ended = True
            return False
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return True

    def peek(self) -> str:
        """Returns the next character that is no white space, empty at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> str:
        """Takes the next character, which is one of those expected."""
        char = self.peek()
        if not char:
            raise FileRefusedError(FaultCode.TRUNCATED)
        if char not in expected:
            raise FileRefusedError(FaultCode.DAMAGED)
        self._at += 1
        return char

    def is_event(self) -> bool:
        """Tells whether an object with an `Event` comes next."""
        while len(self._buffer) - self._at < 64 and self._more():
            pass
        return _EVENT.match(self._buffer, self._at) is not None

    def value(self) -> Any:
        """Takes the next value whole."""
        if not self.peek():
            raise FileRefusedError(FaultCode.TRUNCATED)
        wanted = _FIRST
        while True:
            while len(self._buffer) - self._at < wanted and not self._ended and self._more():
                pass
            held = len(self._buffer) - self._at
            whole = self._ended and held <= self._limit
            self._decoder.is_twofold = False
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except RecursionError:
                raise FileRefusedError(FaultCode.TOO_DEEP) from None
            except ValueError:
                if whole or held > self._limit:
                    code = FaultCode.LINE_TOO_LONG if not whole else FaultCode.DAMAGED
                    raise FileRefusedError(code) from None
            else:
                if end < len(self._buffer) or self._ended:
                    if end - self._at > self._limit:
                        raise FileRefusedError(FaultCode.LINE_TOO_LONG)
                    self._at = end
                    return value
            wanted = max(held, wanted) * 2


def _is_entered(text: _Text, opening: str, path: Path) -> bool:
    last = path[-1] if path else ""
    if opening == "[":
        listed = last in ("Attribute", "Object") and (len(path) == 1 or path[-2] == "Event")
        return (
            (len(path) <= 1 and last not in _NO_LISTS)
            or listed
            or (len(path) == 2 and path[0] in _WRAPPERS - {"Event"})
        )
    if not path or (last in _WRAPPERS and len(path) <= 4):
        return True
    return isinstance(last, int) and text.is_event()


class _Walk:
    """A walk through a file's containers; counts the elements it passes."""

    def __init__(self, source: Source) -> None:
        self._text = _Text(source)
        self._row = 0

    def run(self) -> Iterator[Element]:
        """Yields every value that is not walked into.

        An object that holds no list is an element itself, after its fields, of which one more than `_FIELDS` is kept.
        """
        while self._text.peek():
            begun = self._row
            fields: dict[str, Any] = {}
            broken: RefusalCode | None = None
            for element in self._value(()):
                yield element
                broken = broken or element.broken
                if len(element.path) == 1 and element.row == 0 and len(fields) <= _FIELDS:
                    fields[str(element.path[0])] = element.value
            if fields and self._row == begun:
                self._row += 1
                yield Element(self._row, (), fields, broken)

    def _value(self, path: Path) -> Iterator[Element]:
        opening = self._text.peek()
        if opening and opening in "[{" and _is_entered(self._text, opening, path):
            self._text.take(opening)
            yield from self._array(path) if opening == "[" else self._object(path)
            return
        value = self._text.value()
        broken = RefusalCode.MALFORMED_ROW if self._text.is_twofold else None
        text = str(value)[:SHOWN] if broken else ""
        if path and isinstance(path[-1], int):
            self._row += 1
            yield Element(self._row, path, value, broken, text)
        else:
            yield Element(0, path, value, broken, text)

    def _array(self, path: Path) -> Iterator[Element]:
        if self._text.peek() == "]":
            self._text.take("]")
            return
        index = 0
        while True:
            yield from self._value((*path, index))
            index += 1
            if self._text.take(",]") == "]":
                return

    def _object(self, path: Path) -> Iterator[Element]:
        if self._text.peek() == "}":
            self._text.take("}")
            return
        seen: set[str] = set()
        while True:
            if self._text.peek() not in ('"', ""):
                raise FileRefusedError(FaultCode.DAMAGED)
            key = self._text.value()
            if key in seen:
                raise FileRefusedError(FaultCode.DAMAGED, self._row)
            if len(seen) < _KEYS:
                seen.add(key)
            self._text.take(":")
            yield from self._value((*path, key))
            if self._text.take(",}") == "}":
                return


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except RecursionError:
        raise FileRefusedError(FaultCode.TOO_DEEP) from None


def is_lines(source: Source) -> bool:
    """Tells whether a JSON file has one value a line: of its first lines one is whole, and it is not the only one."""
    whole, seen = 0, 0
    for line in source.lines():
        if line is None or not line.strip():
            continue
        seen += 1
        if line.lstrip().startswith("{"):
            try:
                whole += isinstance(_loaded(line), dict)
            except (ValueError, FileRefusedError):
                whole += 0
        if seen >= _SAMPLE:
            break
    return whole > 0 and seen > 1


def read_elements(source: Source) -> Iterator[Element]:
    """Yields the values of a JSON file that are not containers of the list itself.

    Raises:
        FileRefusedError: of `Source`; DAMAGED, TRUNCATED, TOO_DEEP, or LINE_TOO_LONG for a value past the limit. In
            JSON Lines a bad line is an element that says so.
    """
    if not is_lines(source):
        yield from _Walk(source).run()
        return
    decoder = _Decoder()
    for number, line in enumerate(source.lines(), start=1):
        decoder.is_twofold = False
        if line is None:
            yield Element(number, (number,), None, RefusalCode.ROW_TOO_LONG)
        elif line.strip():
            try:
                value = decoder.decode(line)
            except (ValueError, RecursionError):
                yield Element(number, (number,), None, RefusalCode.MALFORMED_ROW, line[:SHOWN])
            else:
                broken = RefusalCode.MALFORMED_ROW if decoder.is_twofold else None
                yield Element(number, (number,), value, broken, line[:SHOWN] if broken else "")
