"""Forms: a payload's body as YAML or JSON that a person writes, and back. Of every family.

Field names are those of `payload.proto`; values of lists may be written without their prefix (`AMBER` for `TLP_AMBER`),
bytes as hexadecimal, times with an offset or the name of a time zone. `handling` stands beside the body's fields. Every
gap is named at once, by its field. Wallets may be written as anybody writes them: the canonical form is put beside the
text as received, which is kept untouched.

Never does: sealing; guess what a person meant.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Final

import yaml
from comity.payload import Body, Gap, body_name, gaps, set_body
from comity.payload_rules import RULES, Kind
from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, parse_account
from comity.workflow.terms import Family, Precedence, Verb
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from agents.composing import default_handling
from agents.errors import IncompleteError
from agents.formtimes import FormTimeError, from_ms, is_zoned, moment, to_ms

_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_DIGITS: Final = re.compile(r"[0-9]+")
_MOMENTS: Final = frozenset({Kind.MOMENT, Kind.WHEN})
FORM_LIMIT: Final = 4 << 20
"""Greatest length of a form, in bytes."""


class FormError(IncompleteError):
    """A form that cannot be taken. Carries every gap."""


def load_form(
    text: str,
    family: Family,
    verb: Verb,
    precedence: Precedence = Precedence.ROUTINE,
    *,
    adding: Callable[[Any], None] | None = None,
) -> tuple[Body, pb.Handling | None]:
    """Reads a form.

    Args:
        text: YAML or JSON.
        family: whose verb it is.
        verb: which body it is.
        precedence: URGENT and FLASH need a reason.
        adding: puts into the body what the form need not hold, before it is checked; None for nothing.

    Returns:
        The body, and the handling where the form has one.

    Raises:
        FormError: every gap, by field.
    """
    body, handling, found = read_form(text, family, verb)
    if body is not None:
        if adding is not None:
            adding(body)
        named = [gap.path for gap in found]
        ruled = _gaps(body, handling, family, verb, precedence)
        found += [gap for gap in ruled if not _told(gap.path, named)]
    if body is None or found:
        raise FormError(tuple(found))
    return body, handling


def read_handling(text: str) -> pb.Handling:
    """Reads a handling that stands alone, as YAML or JSON.

    Raises:
        FormError: every gap, by field.
    """
    fields = _loaded(text)
    fields = fields["handling"] if isinstance(fields, dict) and set(fields) == {"handling"} else fields
    handling, found = pb.Handling(), list[Gap]()
    _fill(handling, fields, "handling", found)
    if found:
        raise FormError(tuple(found))
    return handling


def check_form(text: str, family: Family, verb: Verb, precedence: Precedence = Precedence.ROUTINE) -> list[Gap]:
    """Returns everything that is missing or wrong in a form; empty where it is complete."""
    try:
        load_form(text, family, verb, precedence)
    except FormError as error:
        return list(error.gaps)
    return []


def to_form(verb: Verb, body: Body, handling: pb.Handling | None = None) -> str:
    """Returns a body as the YAML that `load_form` reads."""
    fields = plain(body)
    if handling is not None:
        fields["handling"] = plain(handling)
    return str(yaml.safe_dump({verb.name: fields}, allow_unicode=True, sort_keys=False, width=100))


def plain(message: Message) -> dict[str, Any]:
    """Returns what stands in a message as a form has it: codes without prefix, bytes as hexadecimal, times in UTC."""
    return {
        field.name: [written(field, item) for item in value] if field.is_repeated else written(field, value)
        for field, value in message.ListFields()
    }


def prefix_of(enum: Any) -> str:
    """Returns what the values of a list begin with: the part before UNSPECIFIED."""
    name: str = enum.values[0].name
    return name.removesuffix("UNSPECIFIED")


def written(field: Any, value: Any) -> Any:
    """Returns one value of a field as a form writes it."""
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is not None:
        found = field.enum_type.values_by_number.get(value)
        return value if found is None else found.name.removeprefix(prefix_of(field.enum_type))
    if isinstance(value, bytes):
        return value.hex()
    if _kind(field) is Kind.TIME:
        return from_ms(value)
    return value


def _kind(field: Any) -> Kind | None:
    rule = RULES.get(field.containing_type.name, {}).get(field.name)
    return None if rule is None else rule.kind


def _told(path: str, named: Iterable[str]) -> bool:
    """Returns whether a gap says again what was said of that field, or of the record that it would stand in."""
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in named)


def read_form(text: str, family: Family, verb: Verb) -> tuple[Body | None, pb.Handling | None, list[Gap]]:
    """Reads a form without asking whether it is complete.

    Returns:
        Body and handling, None where the form has none, and what of it could not be read.
    """
    name = body_name(family, verb)
    if name is None or len(text.encode("utf-8", "replace")) > FORM_LIMIT:
        return None, None, [Gap("form", "is too large, or the verb has none in this version")]
    try:
        fields = _loaded(text)
    except FormError as error:
        return None, None, list(error.gaps)
    if isinstance(fields, dict) and isinstance(fields.get(verb.name), dict) and set(fields) <= {verb.name, "handling"}:
        # The handling may stand within or beside the verb's own fields.
        beside = {key: value for key, value in fields.items() if key == "handling"}
        fields = {**beside, **fields[verb.name]}
    if not isinstance(fields, dict):
        return None, None, [Gap("form", "has no fields")]
    found: list[Gap] = []
    handling = None
    if fields.get("handling") is not None:
        handling = pb.Handling()
        _fill(handling, fields["handling"], "handling", found)
    body: Body = getattr(pb.Payload(), name)
    _fill(body, {key: value for key, value in fields.items() if key != "handling"}, name, found)
    return body, handling, found


def _loaded(text: str) -> Any:
    try:
        return yaml.load(unicodedata.normalize("NFC", text), Loader=_PlainLoader)  # noqa: S506 # a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError):
        raise FormError((Gap("form", "is neither YAML nor JSON"),)) from None


def _gaps(body: Body, handling: pb.Handling | None, family: Family, verb: Verb, precedence: Precedence) -> list[Gap]:
    payload = pb.Payload(version=1, handling=handling or default_handling(), gossip=pb.Gossip())
    set_body(payload, family, verb, body)
    return gaps(payload, family, verb, precedence)


def _fill(message: Message, fields: Any, path: str, found: list[Gap]) -> None:
    """Puts a form's fields into a message; what does not fit becomes a gap."""
    if not isinstance(fields, dict):
        found.append(Gap(path, "is not a record of fields"))
        return
    known = message.DESCRIPTOR.fields_by_name
    for key, value in fields.items():
        if not isinstance(key, str) or key not in known:
            # The name itself may be content that slipped: it is not repeated.
            near = difflib.get_close_matches(str(key), known, n=1)
            problem = "is misspelt" if near else "has a field that there is not"
            found.append(Gap(f"{path}.{near[0]}" if near else path, problem))
        elif value is not None:
            _set(message, known[key], value, f"{path}.{key}", found)
    if "account_as_received" in known:
        _canonical(message, path, found)


def _set(message: Message, field: Any, value: Any, path: str, found: list[Gap]) -> None:
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) != field.is_repeated:
        found.append(Gap(path, "is a list" if field.is_repeated else "is no list"))
        return
    rule = RULES[message.DESCRIPTOR.name][field.name]
    for number, item in enumerate(values):
        place = f"{path}[{number}]" if field.is_repeated else path
        if field.message_type is not None:
            if _blank(item) and (field.is_repeated or not rule.required):
                continue
            target = getattr(message, field.name)
            part = target.add() if field.is_repeated else target
            part.SetInParent()
            _fill(part, item, place, found)
        else:
            _scalar_into(message, field, item, place, found)


def _blank(item: Any) -> bool:
    """Returns whether a record was left as the template has it."""
    return isinstance(item, dict) and all(
        value in (None, "", []) or _blank(value) or (isinstance(value, list) and all(map(_blank, value)))
        for value in item.values()
    )


def _scalar_into(message: Message, field: Any, value: Any, path: str, found: list[Gap]) -> None:
    kind, text = _kind(field), value if isinstance(value, str) else None
    try:
        if text is not None:
            value = _meant(field, kind, text)
        if isinstance(value, bytes):
            _put(message, field, value)
            return
        json_format.ParseDict({field.name: [value] if field.is_repeated else value}, (part := type(message)()))
    except FormTimeError as error:
        found.append(Gap(path, str(error)))
        return
    except (json_format.ParseError, TypeError, ValueError):
        found.append(Gap(path, "is not of the right kind"))
        return
    message.MergeFrom(part)


def _meant(field: Any, kind: Kind | None, text: str) -> Any:
    """Returns a text as the field holds it."""
    if field.enum_type is not None:
        return _enum_name(field.enum_type, text)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _FLAGS.get(text.strip().lower(), text)
    if field.type == FieldDescriptor.TYPE_BYTES and _HEX.fullmatch(text.strip()):
        return bytes.fromhex(text.strip())
    if kind is Kind.TIME and text and not _DIGITS.fullmatch(text):
        return to_ms(text)
    if kind in _MOMENTS and is_zoned(text):
        return moment(text).isoformat()
    return text


def _put(message: Message, field: Any, value: bytes) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def _enum_name(enum: Any, value: str) -> str:
    """Returns the value of a list that a text names, whole or without its prefix; else the text."""
    wanted = value.strip().upper().replace("-", "_").replace(" ", "_").replace("+", "_")
    whole = f"{prefix_of(enum)}{wanted}"
    return next((name for name in (wanted, whole) if name in enum.values_by_name), value)


def _canonical(record: Any, path: str, found: list[Gap]) -> None:
    """Puts the canonical account beside the text as received, whichever of the two was written."""
    written = record.account_as_received or record.account
    if not written:
        return
    try:
        account = parse_account(written)
        if record.account and record.account_as_received:
            given = parse_account(record.account)
            account = parse_account(written, given.chain)
            if given.caip10 != account.caip10:
                found.append(Gap(f"{path}.account", "is another account than the one received"))
                return
    except WalletError as error:
        found.append(Gap(f"{path}.account", f"{error.kind}: {error}"))
        return
    record.account_as_received = written
    record.account = account.caip10


class _PlainLoader(yaml.SafeLoader):
    """YAML without guesses: every value is the text that was written, but for null. No aliases: they can explode."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
