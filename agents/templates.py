"""Empty forms with a comment on every field: what it holds, whether it must stand, and which values a list has.

A template is a form: `agents.forms.load_form` reads it as it stands and names what is still missing.

Never does: choose words. Whoever prints it says how fields, kinds and values are called (`Wording`).
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from comity.payload import body_name
from comity.payload_rules import RULES, Gap, Kind, Rule
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb
from google.protobuf.message import Message

from agents.composing import default_handling
from agents.forms import FormError, plain, prefix_of, written

_WIDTH: Final = 110
_EMPTY: Final = frozenset({Kind.ENUM, Kind.NUMBER, Kind.FLAG, Kind.TIME, Kind.BYTES})


def _nothing(_: Any) -> str:
    return ""


def _no_value(_: Any, __: int) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a template speaks. The default is the contract's own English."""

    field: Callable[[Any], str] = _nothing
    """What a field is called; empty where its name says it."""
    kind: Callable[[tuple[str, ...]], str] = ", ".join
    """What a field holds, part by part: `text on one line`, `up to 100 bytes`."""
    value: Callable[[Any, int], str] = _no_value
    """What a listed value means; empty where its code says it."""
    head: Callable[[str], str] = str
    """A sentence at the head of a part."""


_KINDS: Final = {
    Kind.TIME: "date and time with zone: 2026-12-01T18:00+08:00 or 2026-12-01T18:00 Asia/Hong_Kong",
    Kind.BYTES: "hexadecimal",
}
"""What people write where the contract holds something else."""
FILL_IN: Final = "fill in, delete what you do not need. Required fields are marked with *."
HANDLING: Final = "What may be done with it; delete the whole for the default."


def template(
    family: Family,
    verb: Verb,
    wording: Wording | None = None,
    *,
    filled: Message | None = None,
    needed: frozenset[str] = frozenset(),
) -> str:
    """Returns a form of a verb with a comment on every field.

    Args:
        family: whose verb it is.
        verb: which body it is.
        wording: how to speak; None for plain English.
        filled: the verb's body with what is to stand in the form beforehand; None for an empty form.
        needed: paths below the body, `instrument.number`, of fields that must stand beyond those that always must.

    Raises:
        FormError: the verb has no form.
    """
    words = wording or Wording()
    name = body_name(family, verb)
    if name is None:
        raise FormError((Gap("form", "is too large, or the verb has none in this version"),))
    body = pb.Payload.DESCRIPTOR.fields_by_name[name].message_type
    lines = [f"# {verb.name}: {words.head(FILL_IN)}", f"{verb.name}:"]
    lines += _Writer(words, needed).record(body, filled, "", "  ")
    lines += [f"  # {words.head(HANDLING)}", "  handling:"]
    return "\n".join([*lines, *_handling(words), ""])


def _handling(words: Wording) -> Iterator[str]:
    usual = plain(default_handling())
    writer = _Writer(words, frozenset())
    for field in pb.Handling.DESCRIPTOR.fields:
        value = usual.get(field.name)
        yield from writer.values(field, "    ")
        begin = "    " if value else "    # "
        yield f"{begin}{field.name}: {'' if value is None else value}  {writer.comment(field, '')}".rstrip()


class _Writer:
    """Writes the fields of a record, one below the other."""

    def __init__(self, words: Wording, needed: frozenset[str]) -> None:
        self._words, self._needed = words, needed

    def record(self, descriptor: Any, filled: Any, path: str, indent: str) -> list[str]:
        """Returns the lines of a record's fields."""
        lines: list[str] = []
        for field in descriptor.fields:
            place, rule = f"{path}{field.name}", RULES[descriptor.name][field.name]
            value = None if filled is None else getattr(filled, field.name)
            lines += self.values(field, indent)
            begin, comment = f"{indent}{field.name}:", self.comment(field, place)
            if field.message_type is not None:
                lines.append(f"{begin}  {comment}".rstrip())
                lines += self._nested(field, filled, place, indent)
            elif field.is_repeated:
                lines.append(f"{begin} [{', '.join(_text(field, one) for one in value or ())}]  {comment}".rstrip())
            else:
                empty = "" if rule.kind in _EMPTY else '""'
                lines.append(f"{begin} {_text(field, value) if value else empty}  {comment}".rstrip())
        return lines

    def _nested(self, field: Any, filled: Any, place: str, indent: str) -> list[str]:
        below = f"{place}."
        if not field.is_repeated:
            inner = getattr(filled, field.name) if filled is not None and filled.HasField(field.name) else None
            return self.record(field.message_type, inner, below, f"{indent}  ")
        items: list[Any] = [] if filled is None else list(getattr(filled, field.name))
        lines: list[str] = []
        for item in items or [None]:
            nested = self.record(field.message_type, item, below, f"{indent}    ")
            first = next(number for number, line in enumerate(nested) if not line.lstrip().startswith("#"))
            # The dash stands before the first field, below the remarks that belong to it.
            lines += [*nested[:first], f"{indent}  - {nested[first].strip()}", *nested[first + 1 :]]
        return lines

    def values(self, field: Any, indent: str) -> Iterator[str]:
        """Yields the remarks that explain a list's values, above the field."""
        if field.enum_type is None:
            return
        found = [(self._code(value), self._words.value(field.enum_type, value.number)) for value in _listed(field)]
        if self._explained(field):
            text = " · ".join(f"{code} {meaning}".strip().replace(" ", "\u00a0") for code, meaning in found)
            for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False):
                yield f"{indent}# {line}".replace("\u00a0", " ")

    def comment(self, field: Any, place: str) -> str:
        """Returns the remark behind a field."""
        rule: Rule = RULES[field.containing_type.name][field.name]
        star = "* " if rule.required or place in self._needed else ""
        said = ": ".join(filter(None, (self._words.field(field), self._kind(field, rule))))
        return f"# {star}{said}".rstrip()

    def _explained(self, field: Any) -> bool:
        """Returns whether remarks above a field list its values, with what they mean."""
        return any(self._words.value(field.enum_type, value.number) for value in _listed(field))

    def _kind(self, field: Any, rule: Rule) -> str:
        if field.enum_type is not None:
            return "" if self._explained(field) else ", ".join(map(self._code, _listed(field)))
        parts = [_KINDS.get(rule.kind, rule.kind.value)]
        if rule.limit > 0:
            parts.append(f"{rule.limit} bytes" if rule.kind is Kind.BYTES else f"up to {rule.limit} bytes")
        if field.is_repeated:
            parts.append(f"up to {rule.count}")
        return self._words.kind(tuple(parts))

    @staticmethod
    def _code(value: Any) -> str:
        code: str = value.name
        return code.removeprefix(prefix_of(value.type))


def _text(field: Any, value: Any) -> str:
    """Returns a value as YAML reads it back: text in quotes."""
    shown = written(field, value)
    return json.dumps(shown, ensure_ascii=False) if isinstance(value, str) else str(shown)


def _listed(field: Any) -> list[Any]:
    return [value for value in field.enum_type.values if value.number]
