"""MISP JSON: attributes of type btc, xmr and dash, and the objects for wallets and transactions.

The event's date, organisation and tags stand for attributes that have none of their own, wherever in the event they
stand. Attributes that are deleted, and attributes and objects of other kinds, are passed over; those not meant for
detection are only to be observed. A wallet that stands in an attribute of another kind is refused, not passed over.

Never does: follow correlations, galaxies or references.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from agents.sync.importers.accounting import account_for, broken_row, members
from agents.sync.importers.faults import FaultCode, FileRefusedError
from agents.sync.importers.jsontext import Element, Path, read_elements
from agents.sync.importers.opening import Source
from agents.sync.importers.records import text_of
from agents.sync.importers.rows import Field, RawRow, Warned
from agents.sync.importers.subjects import ambiguous, malformed, passed, wallets_in

_ASSET_OF_TYPE: Final = {"btc": "BTC", "xmr": "XMR", "dash": "DASH"}
_ADDRESSES: Final = frozenset({"address", "address-crypto", "address-xmr", "wallet-address", "btc-address"})
_TRANSACTIONS: Final = frozenset({"transaction-number"})
_HOLDERS: Final = frozenset({"Event", "Object", "Attribute", "response"})
_OBJECTS: Final = frozenset({"coin-address", "btc-wallet", "btc-transaction", "cryptocurrency-transaction"})
_CATEGORY_TAG: Final = "comity:category"
"""How this project's own exports write the category; goes before the taxonomies, which name it for others."""
_TAXONOMIES: Final = (_CATEGORY_TAG, "cryptocurrency-threat:", "dark-web:", "financial-fraud:", "rsit:fraud")
_TAG: Final = re.compile(r'[^:]+:([^=]+)(?:="([^"]*)")?')
_EVENTS: Final = 100_000
_DEPTH: Final = 8
_OWN_TAGS: Final = {"comity:confidence": Field.CONFIDENCE, "comity:level": Field.LEVEL}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _said_by_tags(tags: Any) -> dict[Field, str]:
    """Returns the category that tags name, and the confidence where they are this project's own."""
    names = [text_of(tag.get("name")) for tag in _list(tags) if isinstance(tag, dict)]
    said: dict[Field, str] = {}
    for name in sorted(names, key=lambda name: not name.startswith(_CATEGORY_TAG)):
        match = _TAG.fullmatch(name)
        if match is not None and name.startswith(_TAXONOMIES):
            said.setdefault(Field.CATEGORY, match[2] or match[1])
        elif match is not None and (field := _OWN_TAGS.get(name.partition("=")[0])) is not None:
            said.setdefault(field, match[2] or "")
    return said


def _event_context(event: Mapping[str, Any]) -> dict[Field, str]:
    organisation = event.get("Orgc") or event.get("Org")
    said = {
        Field.SOURCE: text_of(organisation.get("name")) if isinstance(organisation, dict) else "",
        Field.LABEL: text_of(event.get("info")),
        Field.DATE: text_of(event.get("date")),
        **_said_by_tags(event.get("Tag")),
    }
    return {field: text for field, text in said.items() if text}


def attribute_rows(row: int, attributes: Iterable[Any], name: str, shared: Mapping[Field, str]) -> Iterator[RawRow]:
    """Yields the wallets and transactions among the attributes of one object, or one attribute by itself.

    Where there are none, one row says so: passed over, or refused in an object that is there to hold one.

    Args:
        row: the element's number.
        attributes: as they were read.
        name: the object's; empty for an attribute by itself.
        shared: what the event or object says of all.
    """
    given = list(attributes)
    parts = [part for part in given if isinstance(part, dict) and part.get("deleted") not in (True, "1", 1)]
    by_relation = {text_of(part.get("object_relation")): text_of(part.get("value")) for part in parts}
    found = [malformed(row, text_of(part)) for part in given if not isinstance(part, dict)]
    taken: set[str] = set()
    others: list[Any] = []
    for part in parts:
        relation, kind, value = (text_of(part.get(key)) for key in ("object_relation", "type", "value"))
        is_address = kind in _ASSET_OF_TYPE or (name in _OBJECTS and relation in _ADDRESSES)
        is_transaction = name in _OBJECTS and relation in _TRANSACTIONS
        if not (is_address or is_transaction):
            others.append(part)
            continue
        if isinstance(part.get("value"), list | dict):
            found.append(malformed(row, value))
            continue
        taken.add(value)
        field = Field.TX if is_transaction else Field.ADDRESS
        asset = by_relation.get("symbol") or _ASSET_OF_TYPE.get(kind, "BTC" if name.startswith("btc-") else "")
        values = {
            field: value,
            Field.ASSET: asset,
            Field.LABEL: by_relation.get("text") or shared.get(Field.LABEL, ""),
            Field.WHY: text_of(part.get("comment")) or shared.get(Field.WHY, ""),
            Field.CATEGORY: shared.get(Field.CATEGORY, "") or text_of(part.get("category")),
            **_said_by_tags(part.get("Tag")),
            Field.VALID_FROM: text_of(part.get("first_seen")),
            Field.DATE: text_of(part.get("timestamp")) or shared.get(Field.DATE, ""),
        }
        said = {**shared, **{name: text for name, text in values.items() if text}}
        flags = Warned.NOT_FOR_DETECTION if part.get("to_ids") in (False, "0", 0) else Warned.NONE
        found.append(RawRow(row, said, {field: relation or kind}, flags=flags))
    found += [ambiguous(row, text) for part in others for text in wallets_in(part.get("value")) if text not in taken]
    if not found:
        found.append(RawRow(row, dict(shared)) if name in _OBJECTS and parts else passed(row))
    yield from found


def item_rows(row: int, item: Any, shared: Mapping[Field, str], depth: int = 0) -> Iterator[RawRow]:
    """Yields the wallets of an event, an object or an attribute, in whatever it is wrapped; one row at least."""
    if not isinstance(item, dict) or depth > _DEPTH:
        yield malformed(row, text_of(item))
        return
    found: list[RawRow] = []
    for key, value in item.items():
        parts = value if isinstance(value, list) else [value]
        if key not in _HOLDERS:
            found += [ambiguous(row, text) for text in wallets_in(value)] if isinstance(value, list | dict) else []
            continue
        for part in parts:
            if not isinstance(part, dict):
                found.append(malformed(row, text_of(part)))
            elif key == "Object" and part.get("deleted") in (True, "1", 1):
                found.append(passed(row))
            elif key == "Object":
                found += attribute_rows(row, _list(part.get("Attribute")), text_of(part.get("name")), shared)
            elif key == "Attribute":
                found += attribute_rows(row, [part], "", shared)
            else:
                context = {**shared, **_event_context(part)} if key == "Event" else shared
                found += item_rows(row, part, context, depth + 1)
    yield from found or [passed(row)]


def _event_of(path: Path) -> Path:
    return path[: path.index("Event") + 1] if "Event" in path else ()


def _contexts(source: Source) -> dict[Path, dict[Field, str]]:
    """Returns what each event says of itself; it may say so after its attributes."""
    said: dict[Path, dict[str, Any]] = {}
    for element in read_elements(source):
        event = _event_of(element.path)
        if event and len(element.path) == len(event) + 1 and element.path[-1] in ("info", "date", "Orgc", "Org", "Tag"):
            said.setdefault(event, {})[str(element.path[-1])] = element.value
            if len(said) > _EVENTS:
                raise FileRefusedError(FaultCode.TOO_MANY_ROWS)
    return {event: _event_context(fields) for event, fields in said.items()}


def read_misp(source: Source) -> Iterator[RawRow]:
    """Yields the wallets and transactions of events, objects and attributes.

    Raises:
        FileRefusedError: of `read_elements`; TOO_MANY_ROWS for too many events.
    """
    contexts = _contexts(source)

    def rows_of(element: Element) -> Iterator[RawRow]:
        if element.broken is not None:
            yield broken_row(element)
            return
        shared = contexts.get(_event_of(element.path), {})
        for member in members(element):
            yield from item_rows(element.row, _wrapped(member), shared)

    return account_for(read_elements(source), rows_of)


def _wrapped(element: Element) -> Any:
    """Returns an object or attribute as an event holds it."""
    item, path = element.value, element.path
    if not isinstance(item, dict):
        return item
    for at in (-1, -2):
        if len(path) >= -at and path[at] in ("Attribute", "Object"):
            return {str(path[at]): item}
    if "type" in item and "value" in item:
        return {"Attribute": item}
    return {"Object": item} if isinstance(item.get("Attribute"), list) and "name" in item else item
