"""Wallets that seldom belong on a list: burn addresses, exchanges' own wallets, bridges and routers.

`benign.csv` comes with the program; an owner may add a file of the same columns. What is on it is warned of, never
refused: a hot wallet may be meant.

Never does: say that a wallet is harmless. It knows a few dozen of very many.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

from comity.errors import MalformedError
from comity.wallets import Account, WalletError, parse_account
from comity.watchlists.entries import seen_keys

from agents.sync.importers.rows import Warned

_KINDS: Final = MappingProxyType({"burn": Warned.BURN, "exchange": Warned.EXCHANGE, "bridge": Warned.BRIDGE})
_MOST: Final = 100_000
_COLUMNS: Final = {"account", "kind", "name"}


class Benign:
    """A list of wallets by the key that screening finds them under."""

    def __init__(self, kinds: Mapping[str, Warned]) -> None:
        self._kinds = kinds

    @classmethod
    def load(cls, further: Path | None = None) -> Benign:
        """Returns the list that comes with the program, and a further file's where one is named.

        Raises:
            MalformedError: the further file has other columns, a row that is no wallet or no kind, or too many rows.
            OSError: it cannot be read.
        """
        own = _own()
        if further is None:
            return cls(own)
        with further.open(encoding="utf-8-sig", newline="") as file:
            return cls({**own, **_read(file)})

    def warning(self, account: Account) -> Warned:
        """Returns what is known of an account, on any chain of its kind."""
        for key in seen_keys(account):
            if key in self._kinds:
                return self._kinds[key]
        return Warned.NONE


def _read(file: Iterable[str]) -> dict[str, Warned]:
    rows = csv.DictReader(line for line in file if not line.startswith("#"))
    if not set(rows.fieldnames or ()) >= _COLUMNS:
        raise MalformedError("a list of benign wallets needs the columns account, kind and name")
    kinds: dict[str, Warned] = {}
    try:
        for row in rows:
            kinds[seen_keys(parse_account(row["account"]))[0]] = _KINDS[row["kind"]]
            if len(kinds) > _MOST:
                raise MalformedError("a list of benign wallets has too many rows")
    except (WalletError, KeyError, AttributeError, UnicodeDecodeError, csv.Error):
        raise MalformedError("a list of benign wallets has a row that is no wallet or of no kind") from None
    return kinds


@lru_cache(maxsize=1)
def _own() -> Mapping[str, Warned]:
    with resources.files("agents.sync.importers").joinpath("benign.csv").open(encoding="utf-8") as file:
        return MappingProxyType(_read(file))
