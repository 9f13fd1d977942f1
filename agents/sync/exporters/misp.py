"""MISP: one event for each list, with one `coin-address` or `cryptocurrency-transaction` object for each entry.

Every uuid is a UUIDv5 of what it stands for, so that a later export updates the event of an earlier one. The event is
unpublished and for the own organisation only: who else is to see it is decided in MISP, by a person, under the marks it
carries. Several lists stand in one `response`, as MISP's own search writes it.

Never does: lower a mark; an object narrower than its list has a mark of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID, uuid5

from comity.wallets.chains import BITCOIN, MONERO

from agents.sync.exporters.rows import ListHead, Row, action_name, confidence_name, iso, limits, tlp_name

NAMESPACE: Final = UUID("3d8e61b4-92f7-5f0a-8b1d-0c4a7e52d9c6")
"""Namespace of every uuid here. Never changes."""
_TEMPLATES: Final = {
    "coin-address": ("d0e6997e-78da-4815-a6a1-cfc1c1cb8a46", "7", "An address used in a cryptocurrency"),
    "cryptocurrency-transaction": (
        "a4aab70f-e43a-48cb-bf82-505de8228dd6",
        "3",
        "An object to describe a cryptocurrency transaction.",
    ),
}
_RELATIONS: Final = {BITCOIN: ("address", "btc"), MONERO: ("address-xmr", "xmr")}
_INHERIT: Final = "5"
_OWN_ORGANISATION: Final = "0"


def _uuid(*parts: str) -> str:
    return str(uuid5(NAMESPACE, "\n".join(parts)))


def _written(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _tags(row: Row) -> list[dict[str, str]]:
    entry = row.entry
    level = entry.confidence_level
    word = "high" if level >= 75 else "moderate" if level >= 40 else "low"
    names = [
        f'estimative-language:confidence-in-analytic-judgment="{word}"',
        f'comity:confidence="{confidence_name(entry.confidence)}"',
        f'comity:level="{level}"',
        f'comity:action="{action_name(row.action)}"',
        f'comity:category="{entry.category}"',
    ]
    if row.handling.tlp is not row.head.handling.tlp:
        names.insert(0, f"tlp:{tlp_name(row.handling).lower()}")
    return [{"name": name} for name in names]


def _object(row: Row) -> dict[str, Any]:
    entry, own = row.entry, _uuid("entry", row.head.list_id.hex(), row.entry_id.hex())
    at = str(row.head.time_ms // 1000)

    def attribute(relation: str, kind: str, value: str, *, found: bool = False) -> dict[str, Any]:
        return {
            "uuid": _uuid("attribute", own, relation),
            "object_relation": relation,
            "type": kind,
            "category": "Financial fraud" if found else "Other",
            "value": value,
            "to_ids": found,
            "disable_correlation": not found,
            "distribution": _INHERIT,
            "timestamp": at,
        }

    if entry.transaction:
        name, relation, kind = "cryptocurrency-transaction", "transaction-number", "text"
    else:
        name, (relation, kind) = "coin-address", _RELATIONS.get(row.chain, ("address-crypto", "text"))
    value = attribute(relation, kind, row.value, found=True)
    value |= {"Tag": _tags(row), "comment": row.account}
    # As the conversion between STIX and MISP has it: first seen is valid from, last seen is valid until.
    value |= {"first_seen": iso(entry.valid_from), "last_seen": iso(entry.valid_until)}
    attributes = [value, attribute("symbol", "text", row.symbol)]
    said = "; ".join(filter(None, (entry.category, entry.label, entry.actor)))
    if not entry.transaction:  # the template of transactions has no place for it
        attributes.append(attribute("text", "text", said))
    template, version, description = _TEMPLATES[name]
    where = f"source: {entry.source_url}; " if entry.source_url else ""
    validity = f"valid from {iso(entry.valid_from)} until {iso(entry.valid_until)}"
    return {
        "uuid": own,
        "name": name,
        "meta-category": "financial",
        "description": description,
        "template_uuid": template,
        "template_version": version,
        "distribution": _INHERIT,
        "timestamp": at,
        "comment": f"{said}; giver: {entry.giver}; {where}{validity}; {limits(row.handling)}",
        "Attribute": attributes,
    }


def _event(head: ListHead) -> dict[str, Any]:
    return {
        "uuid": _uuid("list", head.list_id.hex()),
        "info": f"{head.title} ({head.owner_desk}, batch {head.sequence}); {limits(head.handling)}",
        "date": iso(head.time_ms)[:10],
        "timestamp": str(head.time_ms // 1000),
        "threat_level_id": "4",
        "analysis": "2",
        "distribution": _OWN_ORGANISATION,
        "published": False,
        "Orgc": {"name": head.owner, "uuid": _uuid("agency", head.owner)},
        "Tag": [{"name": f"tlp:{tlp_name(head.handling).lower()}"}],
    }


def write(sections: Iterable[tuple[ListHead, Iterable[Row]]], *, several: bool) -> Iterator[str]:
    """Yields the file's text in pieces.

    Args:
        sections: each list and its rows.
        several: whether there is more than one list.
    """
    yield '{"response":[\n' if several else ""
    between = ""
    for head, rows in sections:
        yield f'{between}{{"Event":{_written(_event(head))[:-1]},"Object":['
        before = "\n"
        for row in rows:
            yield before + _written(_object(row))
            before = ",\n"
        yield "\n]}}\n"
        between = ","
    yield "]}\n" if several else ""
