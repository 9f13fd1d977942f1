"""Which wallets a row names: one, several that are each meant, or texts that only look like one.

Never does: choose between two wallets. Where nothing says which is meant, the row is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from comity.wallets import WalletError, parse_account

from agents.sync.importers.chains import chain_of_name
from agents.sync.importers.rows import SHOWN, Field, RawRow, RefusalCode

_LIKE_ADDRESS: Final = re.compile(r"(?=.*[0-9])[-0-9A-Za-z:_*%]{25,170}")
_LIKE_TX: Final = re.compile(r"(?:0[xX])?[0-9A-Fa-f]{64}|[1-9A-HJ-NP-Za-km-z]{80,90}")

Named = Iterable[tuple[str, Any]]
"""Column or path, and what stands there; the one that counts most first."""


def is_account(text: str) -> bool:
    """Tells whether a text by itself reads as an account of a supported chain."""
    try:
        parse_account(text)
    except WalletError:
        return False
    return True


def looks_like_address(text: str) -> bool:
    """Tells whether a text is as long as addresses are, of their letters, and has a digit."""
    return _LIKE_ADDRESS.fullmatch(text) is not None


def wallets_in(value: Any) -> Iterator[str]:
    """Yields every text in a value of JSON, keys included, that reads as an account."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if looks_like_address(text := part.strip()) and is_account(text):
                yield text
        elif isinstance(part, Mapping):
            waiting += [*part.values(), *part.keys()][::-1]
        elif isinstance(part, list):
            waiting += reversed(part)


def ambiguous(row: int, text: str) -> RawRow:
    """Returns the row for a wallet that stands where nothing says that it is meant."""
    return RawRow(row, {}, broken=RefusalCode.AMBIGUOUS, text=text[:SHOWN])


def malformed(row: int, text: str = "") -> RawRow:
    """Returns the row for what cannot be taken apart."""
    return RawRow(row, {}, broken=RefusalCode.MALFORMED_ROW, text=text[:SHOWN])


def passed(row: int) -> RawRow:
    """Returns the row for what says nothing of a wallet; it is counted, and no more."""
    return RawRow(row, {}, passed=True)


def _subject(field: Field, text: str, chain: str) -> str:
    """Returns what two spellings of one wallet have in common."""
    if field is Field.TX:
        return text.lower().removeprefix("0x").rpartition("tx/")[2].removeprefix("0x")
    for named in (chain, ""):
        try:
            account = parse_account(text, chain_of_name(named) if named else None)
        except WalletError:
            continue
        return f"{account.address} {account.tag or ''}"
    return text


def wallet_rows(row: RawRow, field: Field, named: Named) -> Iterator[RawRow]:
    """Yields a row for each different wallet that its columns name.

    The first text that stands in one is the row's wallet, whatever it is. A text in a further column is one where it
    looks like one: such columns also hold names and numbers of accounts. Every member of an array is one.

    Args:
        row: everything else that it says.
        field: ADDRESS or TX.
        named: its columns for that field.
    """
    looks = looks_like_address if field is Field.ADDRESS else _LIKE_TX.fullmatch
    found: list[tuple[str, str]] = []
    bad = 0
    for column, said in named:
        for member in said if isinstance(said, list) else (said,):
            text = member.strip() if isinstance(member, str) else ""
            if isinstance(said, list) and not text:
                bad += 1
            elif text and (not found or isinstance(said, list) or looks(text)):
                found.append((column, text))
            elif isinstance(member, dict):
                bad += 1
    seen: dict[str, str] = {}
    for column, text in found:
        if len(found) > 1:
            subject = _subject(field, text, row.values.get(Field.CHAIN, ""))
            if seen.setdefault(subject, column) != column:
                continue  # one wallet in the spellings of two columns
        yield RawRow(row.row, {**row.values, field: text}, {**row.columns, field: column}, flags=row.flags)
    for _ in range(bad):
        yield malformed(row.row)
    if not found and not bad:
        yield row
