"""Which column says what: names as lists write them, in any case, order and spelling of spaces.

Never does: look into a row. What a column without a known name holds is `delimited`'s to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from comity.errors import MalformedError

from agents.sync.importers.rows import Field

_NAMES: Final[Mapping[Field, tuple[str, ...]]] = MappingProxyType(
    {
        Field.CHAIN: ("caip2", "caip_2", "chain", "blockchain", "network", "chain_id", "chainid", "chain_name"),
        Field.ASSET: (
            "asset",
            "currency",
            "asset_type",
            "symbol",
            "coin",
            "token",
            "ticker",
            "crypto",
            "cryptocurrency",
            "currency_symbol",
            "crypto_currency",
        ),
        Field.ADDRESS: (
            "address",
            "account",
            "caip10",
            "caip_10",
            "wallet",
            "wallet_address",
            "crypto_address",
            "cryptocurrency_address",
            "digital_currency_address",
            "account_id",
            "account_address",
            "addr",
        ),
        Field.TX: (
            "tx",
            "tx_hash",
            "txid",
            "tx_id",
            "txhash",
            "transaction",
            "transaction_hash",
            "transaction_id",
            "transaction_number",
        ),
        Field.CATEGORY: (
            "category",
            "abuse",
            "concept",
            "concepts",
            "categories",
            "crime_type",
            "threat_type",
            "entity_type",
            "tag_type",
            "type",
        ),
        Field.LABEL: ("label", "name_tag", "nametag", "name", "party_name", "title", "tag", "target", "labels"),
        Field.ACTOR: ("actor", "entity", "owner", "holder", "family", "group", "entity_name"),
        Field.CONFIDENCE: ("confidence", "confidence_kind", "reliability"),
        Field.LEVEL: ("level", "confidence_level", "confidence_score"),
        Field.SOURCE: ("source", "giver", "provider", "publisher", "source_name", "creator", "reporter"),
        Field.SOURCE_URL: ("source_url", "url", "link", "source_uri", "reference_url", "href"),
        Field.WHY: ("why", "note", "notes", "comment", "comments", "remark", "remarks", "description", "reason"),
        Field.DATE: (
            "date",
            "lastmod",
            "list_date",
            "listed",
            "listed_on",
            "date_added",
            "added",
            "created",
            "created_at",
            "updated_at",
        ),
        Field.ACTION: ("action", "watch_action"),
        Field.DISCREET: ("discreet",),
        Field.CLUSTER: ("cluster", "is_cluster_definer", "is_cluster"),
        Field.VALID_FROM: ("valid_from", "start_date", "effective_from", "effective_date"),
        Field.VALID_UNTIL: ("valid_until", "valid_to", "end_date", "expires", "expiry", "expires_at", "expiry_date"),
        Field.REVIEW: ("review_at", "review", "review_date"),
        Field.OP: ("op", "operation"),
    }
)
_RANK: Final = {name: (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names)}
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Returns a column's name in lower case with underscores."""
    cut = _CAMEL.sub("_", name.strip().lstrip("#").strip().strip("\"'")[:80])
    return re.sub(r"[^a-z0-9]+", "_", cut.casefold()).strip("_")


def field_of(name: str) -> Field | None:
    """Returns what a column of that name says, None where it is not known."""
    known = _RANK.get(plain_name(name))
    return known[0] if known else None


def check_columns(columns: Mapping[str, str]) -> None:
    """Checks an owner's own assignment of columns.

    Raises:
        MalformedError: it names a field that does not exist.
    """
    if not {*columns.values()} <= {field.value for field in Field} | {""}:
        raise MalformedError("a column is assigned to a field that does not exist")


def assign(names: Iterable[str], own: Mapping[str, str]) -> dict[Field, tuple[int, ...]]:
    """Returns which columns say what, by their positions from 0; the first that says anything counts.

    Args:
        names: the columns, in order.
        own: the owner's own assignment, by name in any case or by number from 1; it goes before everything.
    """
    mine = {plain_name(name): value for name, value in own.items()}
    found: dict[Field, list[tuple[int, int]]] = {}
    for index, name in enumerate(names):
        plain = plain_name(name)
        value = mine.get(plain, mine.get(str(index + 1)))
        if value is not None:
            if value:
                found.setdefault(Field(value), []).append((-1, index))
        elif known := _RANK.get(plain):
            found.setdefault(known[0], []).append((known[1], index))
    return {field: tuple(index for _, index in sorted(ranked)) for field, ranked in found.items()}
