"""STIX 2.1: one bundle with an indicator for each entry, and the wallet or transaction it is about.

Wallets and transactions are the objects of the extension that the ecosystem uses (`cryptocurrency-wallet`, ids after
its rule). Every id is a UUIDv5 of what it stands for: the same entry is the same object in every export, and an import
updates what an earlier one brought. `modified` is the time of the batch at which the list was exported.

The wallet's `value` cannot say a chain, so that two EVM chains share one wallet object; `external_references` hold the
CAIP-10 account. The entry's own fields stand in a property extension of the indicator, the category in its labels.

Never does: claim more than the entry. Indicators have no type: a list does not say which it would be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID, uuid5

from comity.handling import Handling

from agents.sync.exporters.rows import ListHead, Row, action_name, confidence_name, iso, limits, tlp_name
from agents.sync.exporters.seen import Seen

NAMESPACE: Final = UUID("7f1c2a5e-3b0d-5c47-9a53-64c1f0f5b2ad")
"""Namespace of every id here but those of wallets and transactions. Never changes."""
_OASIS: Final = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
_MAPPED: Final = "2026-01-01T00:00:00.000Z"  # of what has no time of its own, so that it is the same in every export
_TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP: Final = {
    "CLEAR": "94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_SCHEMAS: Final = "https://raw.githubusercontent.com/muchdogesec/stix2extensions/main/automodel_generated/schemas/scos/"
_EXTENSIONS: Final = {
    "cryptocurrency-wallet": ("be78509e-6958-51b1-8b26-d17ee0eba2d7", "CryptocurrencyWallet", "wallets"),
    "cryptocurrency-transaction": ("151d042d-4dcf-5e44-843f-1024440318e5", "CryptocurrencyTransaction", "transactions"),
}
_ENTRY_EXTENSION: Final = f"extension-definition--{uuid5(NAMESPACE, 'entry extension')}"
_MOST_SHARED: Final = 1000
_AUTHOR: Final = "Comity"  # of the extension: the same object whoever exports
_ENTRY_SCHEMA: Final = (
    "account: CAIP-10 account, or <CAIP-2>:tx/<id>; giver: who says so; category: the giver's word; actor; asset; "
    "action: observe, alert_me, hold_and_call or block; confidence: unknown, heuristic, public_source, record, "
    "own_trace or official; cluster: whether it stands for a cluster; list: id of the list; sequence: batch at which "
    "it was exported; entry: id of the entry; version: of the entry"
)

Object = dict[str, Any]


def _uuid(kind: str, *parts: str) -> UUID:
    return uuid5(NAMESPACE, "\n".join((kind, *parts)))


def _of(kind: str, uuid: UUID | str) -> str:
    return f"{kind}--{uuid}"


def _tlp(name: str) -> Object:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _of("marking-definition", _TLP[name]),
        "created": "2022-10-01T00:00:00.000Z",
        "name": f"TLP:{name}",
        "extensions": {_TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": name.lower()}},
    }


def _statement(handling: Handling) -> Object:
    text = limits(handling)
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _of("marking-definition", _uuid("statement", text)),
        "created": _MAPPED,
        "definition_type": "statement",
        "definition": {"statement": text},
    }


def _identity(agency: str) -> Object:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": _of("identity", _uuid("identity", agency)),
        "created": _MAPPED,
        "modified": _MAPPED,
        "name": agency,
        "identity_class": "organization",
    }


def _definition(kind: str) -> Object:
    uuid, name, what = _EXTENSIONS[kind]
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": _of("extension-definition", uuid),
        "created_by_ref": "identity--9779a2db-f98c-5f4b-8d08-8ee04e02dbb5",
        "created": "2020-01-01T00:00:00.000Z",
        "modified": "2020-01-01T00:00:00.000Z",
        "name": name,
        "description": f"This extension creates a new SCO that can be used to represent cryptocurrency {what}.",
        "schema": f"{_SCHEMAS}{kind}.json",
        "version": "1.0",
        "extension_types": ["new-sco"],
    }


def _entry_definition() -> Object:
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": _ENTRY_EXTENSION,
        "created_by_ref": _of("identity", _uuid("identity", _AUTHOR)),
        "created": _MAPPED,
        "modified": _MAPPED,
        "name": "WatchlistEntry",
        "description": "What an entry of a watchlist says about a wallet or transaction.",
        "schema": _ENTRY_SCHEMA,
        "version": "1.0",
        "extension_types": ["property-extension"],
    }


def _observable(kind: str, row: Row) -> Object:
    extension = _of("extension-definition", _EXTENSIONS[kind][0])
    found = {
        "type": kind,
        "spec_version": "2.1",
        "id": _of(kind, uuid5(_OASIS, row.value)),
        "value": row.value,
        "extensions": {extension: {"extension_type": "new-sco"}},
    }
    return found | {"symbol": row.symbol} if kind == "cryptocurrency-transaction" else found


def _entry(row: Row) -> Object:
    entry = row.entry
    fields: Object = {
        "account": row.account,
        "giver": entry.giver,
        "category": entry.category,
        "actor": entry.actor,
        "asset": entry.asset,
        "action": action_name(row.action),
        "confidence": confidence_name(entry.confidence),
        "cluster": entry.cluster,
        "list": row.head.list_id.hex(),
        "sequence": row.head.sequence,
        "entry": row.entry_id.hex(),
        "version": entry.version,
    }
    return {"extension_type": "property-extension"} | {name: value for name, value in fields.items() if value != ""}


def _description(row: Row) -> str:
    entry = row.entry
    said = {
        "category": entry.category,
        "giver": entry.giver,
        "actor": entry.actor,
        "action asked for": action_name(row.action),
        "list": f"{row.head.owner_desk}, {row.head.title}, batch {row.head.sequence}",
    }
    return "; ".join(f"{name}: {text}" for name, text in said.items() if text)


def _indicator(kind: str, row: Row, marks: list[str]) -> Object:
    entry, modified = row.entry, iso(row.head.time_ms)
    references: list[Object] = [{"source_name": "caip-10", "external_id": row.account}]
    if entry.source_url.startswith(("https://", "http://")):
        references.append({"source_name": entry.giver, "url": entry.source_url})
    quoted = row.value.replace("\\", "\\\\").replace("'", "\\'")
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": _of("indicator", _uuid("entry", row.head.list_id.hex(), row.entry_id.hex())),
        "created_by_ref": _of("identity", _uuid("identity", row.head.owner)),
        "created": iso(min(entry.valid_from, row.head.time_ms)),
        "modified": modified,
        "name": entry.label or f"{row.symbol} {row.value}",
        "description": _description(row),
        "pattern": f"[{kind}:value = '{quoted}']",
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": iso(entry.valid_from),
        "valid_until": iso(entry.valid_until),
        "confidence": entry.confidence_level,
        "labels": [entry.category],
        "external_references": references,
        "object_marking_refs": marks,
        "extensions": {_ENTRY_EXTENSION: _entry(row)},
    }


def _relationship(indicator: Object, observable: Object) -> Object:
    shared = {name: indicator[name] for name in ("created_by_ref", "created", "modified", "object_marking_refs")}
    return {
        "type": "relationship",
        "spec_version": "2.1",
        "id": _of("relationship", _uuid("relationship", indicator["id"], observable["id"])),
        "relationship_type": "related-to",
        "source_ref": indicator["id"],
        "target_ref": observable["id"],
        **shared,
    }


class _Maker:
    """Makes objects, and those that many rows share once for all of them."""

    def __init__(self) -> None:
        self._shared: dict[tuple[str, str, Handling], list[str]] = {}

    def objects(self, row: Row) -> Iterator[Object]:
        """Yields what a row needs, what it refers to first; shared objects with the first row that needs them."""
        kind = "cryptocurrency-transaction" if row.entry.transaction else "cryptocurrency-wallet"
        key = (kind, row.head.owner, row.handling)
        if key not in self._shared:
            if len(self._shared) >= _MOST_SHARED:
                self._shared.clear()
            marks = [_tlp(tlp_name(row.handling)), _statement(row.handling)]
            self._shared[key] = [mark["id"] for mark in marks]
            yield from marks
            yield from (_identity(row.head.owner), _identity(_AUTHOR), _entry_definition(), _definition(kind))
        observable = _observable(kind, row)
        indicator = _indicator(kind, row, self._shared[key])
        yield observable
        yield indicator
        yield _relationship(indicator, observable)


def write(sections: Iterable[tuple[ListHead, Iterable[Row]]], *, name: str) -> Iterator[str]:
    """Yields the file's text in pieces.

    Args:
        sections: each list and its rows.
        name: what this export is of; its id is made from it.
    """
    yield f'{{"type":"bundle","id":"{_of("bundle", _uuid("bundle", name))}"'
    before = ',"objects":[\n'
    maker = _Maker()
    with Seen() as seen:
        for _, rows in sections:
            for row in rows:
                for found in maker.objects(row):
                    if seen.is_new(UUID(found["id"].rpartition("--")[2])):
                        yield before + json.dumps(found, ensure_ascii=False, separators=(",", ":"))
                        before = ",\n"
    yield "}\n" if before.startswith(',"') else "\n]}\n"
