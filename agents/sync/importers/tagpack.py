"""GraphSense TagPacks: YAML, read event by event, so that a pack of any length takes the memory of one tag.

Fields of the header stand for tags that have none of their own, wherever in the file the header stands. Aliases, merge
keys and types of YAML's own are refused: a pack needs none, and a few lines of them can unfold without end.

Never does: construct objects. Every scalar is the text that stands there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from agents.sync.importers.faults import FaultCode, FileRefusedError
from agents.sync.importers.opening import Source
from agents.sync.importers.records import text_of
from agents.sync.importers.rows import Field, RawRow
from agents.sync.importers.subjects import malformed, wallet_rows

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE: Final = "tag:yaml.org,2002:"
_MOST_PARTS: Final = 4096
_PART: Final = 64
"""Characters that each part of a tag counts for beside its text: memory that it takes."""
_EMPTY: Final = frozenset({"", "~", "null", "Null", "NULL"})
_FIELDS: Final = (
    (Field.ADDRESS, "address"),
    (Field.TX, "tx_hash"),
    (Field.ASSET, "currency"),
    (Field.CHAIN, "network"),
    (Field.LABEL, "label"),
    (Field.ACTOR, "actor"),
    (Field.CONFIDENCE, "confidence"),
    (Field.SOURCE, "creator"),
    (Field.SOURCE_URL, "source"),
    (Field.DATE, "lastmod"),
    (Field.CLUSTER, "is_cluster_definer"),
)


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


class _Stream:
    """The text as the parser reads it, with the line's length looked at on the way."""

    def __init__(self, source: Source) -> None:
        self._chunks = source.text()
        self._limit = source.limits.line
        self._length = 0
        self._line = 1
        self._rest = ""
        self._most = source.limits.value
        self.unanswered = 0
        """Characters read since the parser gave something out: of one text, as it were."""

    def read(self, size: int = -1) -> str:
        """Returns the next characters, at most so many."""
        if not self._rest:
            self._rest = next(self._chunks, "")
            self._look(self._rest)
        size = size if size > 0 else len(self._rest)
        out, self._rest = self._rest[:size], self._rest[size:]
        self.unanswered += len(out)
        if self.unanswered > self._most:
            raise FileRefusedError(FaultCode.LINE_TOO_LONG, self._line)
        return out

    def _look(self, chunk: str) -> None:
        first, *others = chunk.split("\n")
        self._length += len(first)
        longest = max((self._length, *(len(line) for line in others)))
        if longest > self._limit:
            raise FileRefusedError(FaultCode.LINE_TOO_LONG, self._line)
        if others:
            self._length = len(others[-1])
            self._line += len(others)


class _Reader:
    """The events of one file."""

    def __init__(self, source: Source) -> None:
        self._depth = source.limits.depth
        self._most = source.limits.value
        self._spent = self._spent_on_header = 0
        self._stream = _Stream(source)
        self._events = yaml.parse(self._stream, Loader=_LOADER)

    def next(self) -> Event:
        """Returns the next event.

        Raises:
            FileRefusedError: DAMAGED, ALIAS, or of the source.
        """
        try:
            event: Event | None = next(self._events, None)
        except yaml.YAMLError:
            raise FileRefusedError(FaultCode.DAMAGED) from None
        except RecursionError:
            raise FileRefusedError(FaultCode.TOO_DEEP) from None
        if event is None:
            raise FileRefusedError(FaultCode.TRUNCATED)
        self._stream.unanswered = 0
        self._spent += _PART + len(getattr(event, "value", ""))
        if self._spent > self._most:
            raise FileRefusedError(FaultCode.LINE_TOO_LONG, _line(event))
        if isinstance(event, AliasEvent):
            raise FileRefusedError(FaultCode.ALIAS, _line(event))
        tag = getattr(event, "tag", None)
        if tag is not None and (not tag.startswith(_CORE) or "python" in tag or "binary" in tag):
            raise FileRefusedError(FaultCode.ALIAS, _line(event))
        return event

    def begin_tag(self) -> None:
        """Begins to count the characters of a tag; those of the header are counted on after it."""
        self._spent_on_header = self._spent

    def end_tag(self) -> None:
        """Ends the count of a tag."""
        self._spent = self._spent_on_header

    def begin(self) -> None:
        """Passes over the beginning, up to the first mapping.

        Raises:
            FileRefusedError: UNKNOWN_FORMAT where the document is no mapping.
        """
        while isinstance(event := self.next(), StreamStartEvent | DocumentStartEvent):
            pass
        if not isinstance(event, MappingStartEvent):
            raise FileRefusedError(FaultCode.UNKNOWN_FORMAT)

    def end(self) -> None:
        """Checks that nothing follows: a second document would be left out unseen.

        Raises:
            FileRefusedError: DAMAGED.
        """
        while not isinstance(event := self.next(), StreamEndEvent):
            if not isinstance(event, DocumentEndEvent):
                raise FileRefusedError(FaultCode.DAMAGED, _line(event))

    def value(self, event: Event, depth: int = 0) -> Any:
        """Returns the value that an event begins: text, list or dict. `None` marks what must not be used.

        Raises:
            FileRefusedError: TOO_DEEP, or LINE_TOO_LONG where it has too many parts.
        """
        if depth > self._depth:
            raise FileRefusedError(FaultCode.TOO_DEEP, _line(event))
        if isinstance(event, ScalarEvent):
            plain = event.style in (None, "")
            return "" if plain and event.value in _EMPTY else event.value.strip()
        if isinstance(event, SequenceStartEvent):
            parts: list[Any] = []
            while not isinstance(event := self.next(), SequenceEndEvent):
                parts.append(self.value(event, depth + 1))
                if len(parts) > _MOST_PARTS:
                    raise FileRefusedError(FaultCode.LINE_TOO_LONG, _line(event))
            return parts
        fields: dict[str, Any] = {}
        while not isinstance(event := self.next(), MappingEndEvent):
            key = self.key(event)
            value = self.value(self.next(), depth + 1)
            # Which of two values is meant, nobody can tell.
            fields[key] = None if key in fields else value
            if len(fields) > _MOST_PARTS:
                raise FileRefusedError(FaultCode.LINE_TOO_LONG, _line(event))
        return fields

    def key(self, event: Event) -> str:
        """Returns a mapping's key.

        Raises:
            FileRefusedError: ALIAS for a merge key, DAMAGED where it is no text.
        """
        if not isinstance(event, ScalarEvent):
            raise FileRefusedError(FaultCode.DAMAGED, _line(event))
        if event.value == "<<":
            raise FileRefusedError(FaultCode.ALIAS, _line(event))
        return str(event.value)


def _walk(source: Source) -> Iterator[tuple[str, int, int, Any]]:
    """Yields key, number of the tag (0 outside of tags), line and value, for each header field and each tag."""
    reader = _Reader(source)
    reader.begin()
    number = 0
    seen: set[str] = set()
    while not isinstance(event := reader.next(), MappingEndEvent):
        key = reader.key(event)
        if key in seen:
            raise FileRefusedError(FaultCode.DAMAGED, _line(event))
        seen.add(key)
        if len(seen) > _MOST_PARTS:
            raise FileRefusedError(FaultCode.LINE_TOO_LONG, _line(event))
        event = reader.next()
        if key == "tags" and isinstance(event, SequenceStartEvent):
            yield key, 0, _line(event), ""
            while not isinstance(event := reader.next(), SequenceEndEvent):
                number += 1
                reader.begin_tag()
                tag = reader.value(event)
                reader.end_tag()
                yield key, number, _line(event), tag
        else:
            yield key, 0, _line(event), reader.value(event)
    reader.end()


def read_header(source: Source) -> dict[str, Any]:
    """Returns the header's fields.

    Raises:
        FileRefusedError: of the source; UNKNOWN_FORMAT where there are no tags.
    """
    header = {key: value for key, number, _, value in _walk(source) if number == 0}
    if "tags" not in header:
        raise FileRefusedError(FaultCode.UNKNOWN_FORMAT)
    return header


def _why(context: Any) -> str:
    """Returns what a tag's context, a JSON text or a mapping, says in words."""
    if isinstance(context, str):
        try:
            context = json.loads(context)
        except (ValueError, RecursionError):
            return str(context)
    if not isinstance(context, dict):
        return text_of(context)
    return "; ".join(f"{key}: {text}" for key, value in context.items() if (text := text_of(value)))


def _rows_of(line: int, tag: Any, header: dict[str, Any]) -> Iterator[RawRow]:
    if not isinstance(tag, dict) or None in tag.values():
        yield malformed(line, text_of(tag))
        return
    fields = {**header, **tag}
    values = {field: text for field, name in _FIELDS if (text := text_of(fields.get(name)))}
    words = [text_of(fields.get(name)) for name in ("category", "abuse")]
    category = " ".join(word for word in words if word) or text_of(fields.get("concepts"))
    said = {
        Field.SOURCE: values.get(Field.SOURCE) or text_of(fields.get("title")),
        Field.CATEGORY: category,
        Field.WHY: _why(fields.get("context")),
    }
    row = RawRow(line, values | {field: text for field, text in said.items() if text}, _COLUMNS)
    for field, name in _FIELDS[:2]:
        if isinstance(several := fields.get(name), list | dict) and several:
            yield from wallet_rows(RawRow(line, _without(row.values, field), _COLUMNS), field, [(name, several)])
            return
    yield row


def _without(values: Mapping[Field, str], field: Field) -> dict[Field, str]:
    return {name: text for name, text in values.items() if name is not field}


_COLUMNS: Final = {field: name for field, name in _FIELDS if field.value != name}


def read_tagpack(source: Source) -> Iterator[RawRow]:
    """Yields a pack's tags; a row's number is its line in the file.

    Raises:
        FileRefusedError: of the source; DAMAGED, ALIAS, TOO_DEEP or UNKNOWN_FORMAT.
    """
    header = read_header(source)
    if None in header.values():
        raise FileRefusedError(FaultCode.DAMAGED)
    for _, number, line, tag in _walk(source):
        if number:
            yield from _rows_of(line, tag, header)
