"""STIX 2.1: wallets and transactions in indicator patterns, in the extension's objects, and in what MISP makes of them.

A pattern is taken where each of its wallets alone is what it indicates: alternatives (`OR`, `IN`), or one wallet with
its asset. A wallet tied to anything else (`AND`, `NOT`, `FOLLOWEDBY`, times) is refused, as an entry could not hold it,
and so is a pattern that speaks of wallets in words not known here.

An object for a wallet that an indicator of the file names adds nothing to it and is passed over, as are objects that
hold no wallet. A confidence in STIX is a number without a word on what it rests on: a heuristic of that level.

Never does: follow relationships.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from agents.sync.importers.accounting import account_for, broken_row, members
from agents.sync.importers.faults import FaultCode, FileRefusedError
from agents.sync.importers.jsontext import Element, read_elements
from agents.sync.importers.misp import attribute_rows
from agents.sync.importers.opening import Source
from agents.sync.importers.records import text_of
from agents.sync.importers.rows import SHOWN, Field, RawRow, RefusalCode
from agents.sync.importers.subjects import ambiguous, is_account, malformed, passed, wallets_in

_WALLET: Final = re.compile(r"(?:x-)?(?:opencti-)?crypto-?(?:currency)?-?(?:wallet|address)")
_TRANSACTION: Final = re.compile(r"(?:x-)?crypto-?(?:currency)?-?transaction")
_ASSETS: Final = ("symbol", "currency", "currency_symbol", "asset", "asset_type", "coin")
_TOKEN: Final = re.compile(
    r"(?P<text>'(?:[^'\\]|\\.)*')|(?P<path>[a-z0-9-]+:[A-Za-z0-9_.'\"\[\]-]*[A-Za-z0-9_'\"])|(?P<word>[A-Za-z]+)"
    r"|(?P<sign>!=|==?|<=?|>=?|[()\[\],])|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
OWN_EXTENSION: Final = "extension-definition--f9adf098-6c4b-529f-9f61-f423b2c1dc1b"
"""Id of the property extension that this project's exports put what an entry says into."""
_KNOWN: Final = frozenset(
    """
    artifact attack-pattern autonomous-system campaign course-of-action directory domain-name email-addr email-message
    extension-definition file grouping identity incident infrastructure intrusion-set ipv4-addr ipv6-addr
    language-content location mac-addr malware malware-analysis marking-definition mutex network-traffic note opinion
    process relationship report sighting software threat-actor tool url user-account vulnerability windows-registry-key
    x509-certificate bundle observed-data
    """.split()  # noqa: SIM905 # a list of words, read as one
)
"""Types of STIX 2.1 that are no wallets."""
_PLAIN_WORDS: Final = frozenset({"OR", "AND", "IN"})
_NAMES: Final = 50_000
_DEPTH: Final = 3
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'")
_WORD: Final = re.compile(r"[-0-9A-Za-z:_%]{25,170}")
_SPEAKS: Final = re.compile(r"wallet|crypto|coin", re.IGNORECASE)
"""What the path of a wallet in a pattern has in it, in whatever words."""


class _UnfitError(Exception):
    """A pattern that no entry can hold, or that cannot be read."""


def pattern_wallets(pattern: str) -> list[tuple[Field, str, str]]:
    """Returns what a pattern names: ADDRESS or TX, the text, and the asset where one stands beside it.

    Raises:
        _UnfitError: a wallet is tied to something else, or stands where it cannot be read.
    """
    found: list[tuple[Field, str]] = []
    assets: list[str] = []
    subject: Field | None = None
    others = 0
    odd = False
    words: set[str] = set()
    signs: set[str] = set()
    for match in _TOKEN.finditer(pattern):
        kind, token = match.lastgroup, match[0]
        if kind == "path":
            subject = _subject(token)
            others += subject is None
            odd |= subject is None and _SPEAKS.search(token) is not None
        elif kind == "text" and subject is not None:
            text = re.sub(r"\\(.)", r"\1", token[1:-1])
            if subject is Field.ASSET:
                assets.append(text)
            else:
                found.append((subject, text))
        elif kind == "text":
            odd |= any(True for _ in wallets_in(token[1:-1]))
        elif kind == "word":
            words.add(token)
        elif kind in ("sign", "other"):
            signs.add(token)
    if not found and (assets or _SPEAKS.search(_QUOTED.sub("", pattern))):
        raise _UnfitError
    if odd:
        raise _UnfitError
    if not found:
        return []
    tied = "AND" in words and (others or len(found) > 1 or len(assets) != 1 or "OR" in words or pattern.count("[") > 1)
    if (
        odd
        or tied
        or words - _PLAIN_WORDS
        or signs - {"=", "==", "(", ")", "[", "]", ","}
        or (assets and "AND" not in words)
    ):
        raise _UnfitError
    return [(field, text, assets[0] if assets else "") for field, text in found]


def _subject(path: str) -> Field | None:
    kind, _, field = path.partition(":")
    name = field.strip("'\"").rpartition(".")[2]
    if _WALLET.fullmatch(kind):
        return Field.ADDRESS if name in ("value", "address") else Field.ASSET if name in _ASSETS else None
    if _TRANSACTION.fullmatch(kind):
        return Field.TX if name in ("value", "hash", "txid") else Field.ASSET if name in _ASSETS else None
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _shared(item: Mapping[str, Any], names: Mapping[str, str]) -> dict[Field, str]:
    """Returns what any object may say about itself."""
    links = [text_of(part.get("url")) for part in _list(item.get("external_references")) if isinstance(part, dict)]
    kinds = _list(item.get("indicator_types")) or [
        label for label in _list(item.get("labels")) if isinstance(label, str) and not label.startswith("misp:")
    ]
    said = {
        Field.SOURCE: names.get(text_of(item.get("created_by_ref")), ""),
        Field.LABEL: text_of(item.get("name")) or names.get(text_of(item.get("holder_ref")), ""),
        Field.WHY: text_of(item.get("description")),
        Field.CATEGORY: text_of(kinds),
        Field.LEVEL: text_of(item.get("confidence")),
        Field.SOURCE_URL: next((link for link in links if link), ""),
        Field.VALID_FROM: text_of(item.get("valid_from")),
        Field.VALID_UNTIL: text_of(item.get("valid_until")),
        Field.DATE: text_of(item.get("modified")) or text_of(item.get("created")),
    }
    if said[Field.LEVEL]:
        said[Field.CONFIDENCE] = "heuristic"
    said |= _own(item)
    if item.get("revoked") is True:
        said |= {Field.OP: "remove", Field.VALID_FROM: said[Field.DATE], Field.VALID_UNTIL: ""}
    return {field: text for field, text in said.items() if text}


def _own(item: Mapping[str, Any]) -> dict[Field, str]:
    """Returns what this project's exports say in an extension of their own."""
    extensions = item.get("extensions")
    own = extensions.get(OWN_EXTENSION) if isinstance(extensions, dict) else None
    if not isinstance(own, dict):
        return {}
    fields = (Field.CATEGORY, Field.ACTOR, Field.ASSET, Field.ACTION, Field.CONFIDENCE, Field.CLUSTER)
    said = {field: text_of(own.get(field.value)) for field in fields} | {Field.SOURCE: text_of(own.get("giver"))}
    account = text_of(own.get("account"))
    if ":tx/" not in account:
        said[Field.CHAIN] = account.rpartition(":")[0]
    return {field: text for field, text in said.items() if text}


def _indicator(row: int, item: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[RawRow]:
    pattern = text_of(item.get("pattern"))
    is_stix = item.get("pattern_type", "stix") == "stix"
    try:
        if (is_stix and not pattern) or not isinstance(item.get("pattern", ""), str):
            raise _UnfitError
        if not is_stix and (_SPEAKS.search(pattern) or any(map(is_account, _WORD.findall(pattern)))):
            raise _UnfitError
        wallets = pattern_wallets(pattern) if is_stix else []
    except _UnfitError:
        yield RawRow(row, {}, broken=RefusalCode.PATTERN, text=pattern[:SHOWN])
        return
    if not wallets:
        yield passed(row)
    for field, text, asset in wallets:
        values = {**_shared(item, names), field: text.strip()}
        yield RawRow(row, values | {Field.ASSET: asset} if asset else values, {field: "pattern"})


class _Reader:
    """Makes rows of the objects of one file."""

    def __init__(self, names: Mapping[str, str], indicated: array[int]) -> None:
        self._names = names
        self._indicated = indicated

    def rows(self, element: Element) -> Iterator[RawRow]:
        """Yields the rows of an element: an object, or several one by one."""
        if element.broken is not None:
            yield broken_row(element)
            return
        for member in members(element):
            yield from self._object(element.row, member.value, 0)

    def _object(self, row: int, item: Any, depth: int) -> Iterator[RawRow]:
        if not isinstance(item, dict) or not isinstance(item.get("type"), str) or depth > _DEPTH:
            yield malformed(row, text_of(item))
            return
        kind: str = item["type"]
        if kind in ("bundle", "observed-data") and item.get("objects"):
            for part in _inner(item):
                yield from self._object(row, part, depth + 1)
        elif kind == "indicator":
            yield from _indicator(row, item, self._names)
        elif _is_wallet(kind):
            yield self._wallet(row, item)
        elif kind.startswith("x-misp-object"):
            shared = _shared(item, self._names)
            attributes = _list(item.get("x_misp_attributes")) or [
                {
                    "type": kind.removeprefix("x-misp-object-"),
                    "value": item.get("x_misp_value"),
                    "category": item.get("x_misp_category"),
                    "comment": item.get("x_misp_comment"),
                }
            ]
            yield from attribute_rows(row, attributes, text_of(item.get("x_misp_name")), shared)
        elif kind in _KNOWN:
            yield passed(row)
        else:
            yield from [ambiguous(row, text) for text in wallets_in(item)] or [passed(row)]

    def _wallet(self, row: int, item: Mapping[str, Any]) -> RawRow:
        field, key = _subject_of(item)
        said = _shared(item, self._names)
        if isinstance(item.get(key), list | dict):
            return malformed(row)
        values = {**said, field: text_of(item.get(key))}
        if not said.keys() & {Field.SOURCE, Field.CATEGORY} and self._is_indicated(values[field]):
            return passed(row)
        if asset := next((text for name in _ASSETS if (text := text_of(item.get(name)))), ""):
            values[Field.ASSET] = asset
        return RawRow(row, {name: text for name, text in values.items() if text}, {field: key})

    def _is_indicated(self, text: str) -> bool:
        mark = _mark(text)
        at = bisect_left(self._indicated, mark)
        return at < len(self._indicated) and self._indicated[at] == mark


def _is_wallet(kind: str) -> bool:
    return _WALLET.fullmatch(kind) is not None or _TRANSACTION.fullmatch(kind) is not None


def _subject_of(item: Mapping[str, Any]) -> tuple[Field, str]:
    """Returns ADDRESS or TX, and the property that holds it."""
    field = Field.TX if _TRANSACTION.fullmatch(item["type"]) else Field.ADDRESS
    keys = ("value", "address") if field is Field.ADDRESS else ("value", "hash", "txid")
    return field, next((name for name in keys if item.get(name)), keys[0])


def _inner(item: Mapping[str, Any]) -> list[Any]:
    inner = item.get("objects")
    return list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else [inner]


def _mark(text: str) -> int:
    """Returns 64 bits that stand for a wallet's text; addresses on EVM chains are the same in either case."""
    plain = text.lower() if text[:2] in ("0x", "0X") else text
    return int.from_bytes(sha256(plain.encode(errors="replace")).digest()[:8])


def _flat(item: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if isinstance(item, list):
        for part in item:
            yield from _flat(part, depth)
    elif isinstance(item, dict) and depth <= _DEPTH:
        yield item
        if item.get("type") == "bundle" and item.get("objects"):
            for part in _inner(item):
                yield from _flat(part, depth + 1)


def _first_reading(source: Source) -> _Reader:
    """Returns what is to be known of a file before any object is a row: names, and the wallets of its indicators."""
    names: dict[str, str] = {}
    indicated = array("Q")
    for element in read_elements(source):
        for item in _flat(element.value):
            if item.get("type") == "identity":
                names[text_of(item.get("id"))[:100]] = text_of(item.get("name"))[:SHOWN]
                if len(names) > _NAMES:
                    raise FileRefusedError(FaultCode.TOO_MANY_ROWS, element.row)
            elif item.get("type") == "indicator" and item.get("pattern_type", "stix") == "stix":
                try:
                    indicated.extend(_mark(text) for _, text, _ in pattern_wallets(text_of(item.get("pattern"))))
                except _UnfitError:
                    continue
                if len(indicated) > source.limits.rows:
                    raise FileRefusedError(FaultCode.TOO_MANY_ROWS, element.row)
    return _Reader(names, array("Q", sorted(indicated)))


def read_stix(source: Source) -> Iterator[RawRow]:
    """Yields the wallets and transactions of a bundle, an array, or objects one a line.

    Raises:
        FileRefusedError: of `read_elements`; TOO_MANY_ROWS for too many identities.
    """
    return account_for(read_elements(source), _first_reading(source).rows)
