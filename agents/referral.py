"""Forms: a payload's body as YAML or JSON that a person writes, and back.

Field names are those of `payload.proto`; values of lists may be written without their prefix (`AMBER` for `TLP_AMBER`).
`handling` stands beside the body's fields. Every gap is named at once, by its field. Wallets may be written as anybody
writes them: the canonical form is put beside the text as received, which is kept untouched.

Never does: sealing; guess what a person meant.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

import yaml
from comity.payload import BODY_OF_VERB, Body, Gap, gaps, set_body
from comity.payload_rules import RULES, Kind, Rule
from comity.v1 import payload_pb2 as pb
from comity.wallets import WalletError, parse_account
from comity.workflow.terms import Precedence, Verb
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from agents.composing import default_handling
from agents.errors import IncompleteError

_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}
FORM_LIMIT: Final = 4 << 20
"""Greatest length of a form, in bytes."""


class FormError(IncompleteError):
    """A form that cannot be taken. Carries every gap."""


def load_form(text: str, verb: Verb, precedence: Precedence = Precedence.ROUTINE) -> tuple[Body, pb.Handling | None]:
    """Reads a form.

    Args:
        text: YAML or JSON.
        verb: which body it is.
        precedence: URGENT and FLASH need a reason.

    Returns:
        The body, and the handling where the form has one.

    Raises:
        FormError: every gap, by field.
    """
    body, handling, found = _read(text, verb)
    if body is not None and not found:
        found = _gaps(body, handling, verb, precedence)
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


def check_form(text: str, verb: Verb, precedence: Precedence = Precedence.ROUTINE) -> list[Gap]:
    """Returns everything that is missing or wrong in a form; empty where it is complete."""
    try:
        load_form(text, verb, precedence)
    except FormError as error:
        return list(error.gaps)
    return []


def to_form(verb: Verb, body: Body, handling: pb.Handling | None = None) -> str:
    """Returns a body as the YAML that `load_form` reads."""
    fields: dict[str, Any] = _plain(body)
    if handling is not None:
        fields["handling"] = _plain(handling)
    return str(yaml.safe_dump({verb.name: fields}, allow_unicode=True, sort_keys=False, width=100))


def template(verb: Verb) -> str:
    """Returns an empty form with a comment on every field: what it holds, and whether it must stand."""
    body = pb.Payload.DESCRIPTOR.fields_by_name[BODY_OF_VERB[verb]].message_type
    lines = [f"# {verb.name}: fill in, delete what you do not need. Required fields are marked with *."]
    lines += [f"{verb.name}:", *_template(body, "  ")]
    lines += ["  # What may be done with it; delete the whole for the default.", "  handling:"]
    handling = _plain(default_handling())
    for field in pb.Handling.DESCRIPTOR.fields:
        value = handling.get(field.name)
        begin, comment = "    " if value else "    # ", _comment(field, "Handling")
        lines.append(f"{begin}{field.name}: {_scalar(value)}  {comment}".rstrip())
    return "\n".join([*lines, ""])


def _read(text: str, verb: Verb) -> tuple[Body | None, pb.Handling | None, list[Gap]]:
    name = BODY_OF_VERB.get(verb)
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


def _gaps(body: Body, handling: pb.Handling | None, verb: Verb, precedence: Precedence) -> list[Gap]:
    payload = pb.Payload(version=1, handling=handling or default_handling(), gossip=pb.Gossip())
    set_body(payload, verb, body)
    return gaps(payload, verb, precedence)


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
    if isinstance(message, pb.OnChainFact):
        _canonical(message, path, found)


def _set(message: Message, field: Any, value: Any, path: str, found: list[Gap]) -> None:
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) != field.is_repeated:
        found.append(Gap(path, "is a list" if field.is_repeated else "is no list"))
        return
    for number, item in enumerate(values):
        place = f"{path}[{number}]" if field.is_repeated else path
        if field.message_type is not None:
            if field.is_repeated and _blank(item):
                continue
            target = getattr(message, field.name)
            part = target.add() if field.is_repeated else target
            part.SetInParent()
            _fill(part, item, place, found)
        else:
            _scalar_into(message, field, item, place, found)


def _blank(item: Any) -> bool:
    """Returns whether a record was left as the template has it."""
    return isinstance(item, dict) and all(value in (None, "", []) for value in item.values())


def _scalar_into(message: Message, field: Any, value: Any, path: str, found: list[Gap]) -> None:
    if field.enum_type is not None and isinstance(value, str):
        value = _enum_name(field.enum_type.values_by_name, value)
    if field.type == FieldDescriptor.TYPE_BOOL:
        value = _FLAGS.get(str(value).strip().lower(), value)
    try:
        json_format.ParseDict({field.name: [value] if field.is_repeated else value}, (part := type(message)()))
    except (json_format.ParseError, TypeError, ValueError):
        found.append(Gap(path, "is not of the right kind"))
        return
    message.MergeFrom(part)


def _enum_name(names: Iterable[str], value: str) -> str:
    wanted = value.strip().upper().replace("-", "_").replace(" ", "_").replace("+", "_")
    fitting = [name for name in names if name == wanted or name.endswith(f"_{wanted}")]
    exact = [name for name in fitting if name == wanted] or sorted(fitting, key=len)[:1]
    return exact[0] if exact else value


def _canonical(fact: pb.OnChainFact, path: str, found: list[Gap]) -> None:
    """Puts the canonical account beside the text as received, whichever of the two was written."""
    written = fact.account_as_received or fact.account
    if not written:
        return
    try:
        account = parse_account(written)
        if fact.account and fact.account_as_received:
            given = parse_account(fact.account)
            account = parse_account(written, given.chain)
            if given.caip10 != account.caip10:
                found.append(Gap(f"{path}.account", "is another account than the one received"))
                return
    except WalletError as error:
        found.append(Gap(f"{path}.account", f"{error.kind}: {error}"))
        return
    fact.account_as_received = written
    fact.account = account.caip10


def _plain(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return fields


def _template(descriptor: Any, indent: str) -> list[str]:
    lines = []
    for field in descriptor.fields:
        rule = RULES[descriptor.name][field.name]
        comment = _comment(field, descriptor.name)
        dash = "- " if field.is_repeated else ""
        if field.message_type is not None:
            lines.append(f"{indent}{field.name}:  {comment}".rstrip())
            nested = _template(field.message_type, indent + "    ")
            first = f"{indent}  {dash}{nested[0].strip()}" if dash else nested[0][2:]
            lines += [first, *(nested[1:] if dash else [line[2:] for line in nested[1:]])]
        elif field.is_repeated:
            lines.append(f"{indent}{field.name}: []  {comment}".rstrip())
        else:
            lines.append(f"{indent}{field.name}: {_empty(rule)}  {comment}".rstrip())
    return lines


def _empty(rule: Rule) -> str:
    return "" if rule.kind in (Kind.ENUM, Kind.NUMBER, Kind.FLAG, Kind.TIME, Kind.BYTES) else '""'


def _comment(field: Any, message: str) -> str:
    rule = RULES[message][field.name]
    star = "* " if rule.required else ""
    if field.enum_type is not None:
        prefix = _prefix([value.name for value in field.enum_type.values])
        return f"# {star}{', '.join(v.name.removeprefix(prefix) for v in field.enum_type.values if v.number)}"
    limit = f", up to {rule.limit} bytes" if rule.limit > 0 and rule.kind is not Kind.BYTES else ""
    many = f", up to {rule.count}" if field.is_repeated else ""
    return f"# {star}{rule.kind.value}{limit}{many}"


def _prefix(names: list[str]) -> str:
    """Returns what the values of a list begin with: the part before UNSPECIFIED."""
    return names[0].removesuffix("UNSPECIFIED")


def _scalar(value: object) -> str:
    return "" if value is None else str(value)


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
