"""Transaction identifiers: `<CAIP-2>:tx/<identifier>`, after the examples of the draft CAIP-221.

An identifier carries no checksum and does not say its chain: the chain is always named.

Never does: ask a network whether a transaction exists.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from comity.wallets import base58
from comity.wallets.account import MAX_TEXT
from comity.wallets.chains import EVM_ACCOUNT, EVM_ANY, EVM_PREFIX, SOLANA, TON, XRPL, resolve_caip2, resolve_chain
from comity.wallets.errors import WalletError, WalletErrorKind

_CAIP = re.compile(r"([-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}):tx/(.+)")
_HEX64 = re.compile(r"[0-9a-fA-F]{64}")
_BASE64_32 = re.compile(r"[-_+/0-9A-Za-z]{43}=")
_SIGNATURE = re.compile(r"[1-9A-HJ-NP-Za-km-z]{64,88}")


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction on a chain."""

    caip: str
    """Canonical form. Parsing it gives itself."""
    chain: str
    """CAIP-2."""
    identifier: str
    """Canonical: 64 hexadecimal digits, lower case (XRP Ledger: upper), after 0x on EVM chains; base58 on Solana."""
    raw: str
    """The text as received, untouched."""


def _fail() -> WalletError:
    return WalletError(WalletErrorKind.NOT_A_TRANSACTION, "no transaction identifier of the chain named")


def _canonical(text: str, chain: str) -> str:
    if chain == SOLANA:
        data = base58.BITCOIN.decode(text) if _SIGNATURE.fullmatch(text) else None
        if data is None or len(data) != 64:
            raise _fail()
        return text
    if chain == TON and _BASE64_32.fullmatch(text):
        return binascii.a2b_base64(text.replace("-", "+").replace("_", "/")).hex()
    prefix = "0x" if chain.startswith(EVM_PREFIX) else ""
    digits = text.removeprefix(prefix)
    if not text.startswith(prefix) or not _HEX64.fullmatch(digits):
        raise _fail()
    return digits.upper() if chain == XRPL else prefix + digits.lower()


def parse_transaction(text: str, chain: str | None = None) -> Transaction:
    """Parses a transaction identifier.

    Args:
        text: the canonical form, or an identifier as the chain's tools show it; white space around it does not count.
        chain: CAIP-2, asset symbol or chain name; needed where `text` does not name the chain.

    Raises:
        WalletError: NOT_A_TRANSACTION, UNKNOWN_CHAIN (also where no one chain is named), WRONG_CHAIN or TESTNET.
    """
    named = None if chain is None else resolve_chain(chain)
    body = text.strip()
    if len(body) > MAX_TEXT:
        raise _fail()
    if caip := _CAIP.fullmatch(body):
        prefix, body = resolve_caip2(caip[1]), caip[2]
        if named is not None and named != prefix:
            raise WalletError(WalletErrorKind.WRONG_CHAIN, "a transaction of another chain than the one named")
        named = prefix
    if named is None or named in (EVM_ANY, EVM_ACCOUNT):
        raise WalletError(WalletErrorKind.UNKNOWN_CHAIN, "a transaction needs the name of its chain")
    identifier = _canonical(body, named)
    return Transaction(f"{named}:tx/{identifier}", named, identifier, text)
