"""CashAddr, the addresses of Bitcoin Cash: the alphabet of bech32 with a code of 40 bits.

Canonical is the plain form in lower case: an address that says that its owner takes tokens (z…, r…) is the same account
as the plain one (q…, p…). Own code for the reason given in `comity.wallets.base58`.

Never does: locate or correct errors.
"""

from __future__ import annotations

from typing import Final

from comity.wallets import bech32
from comity.wallets.chains import BITCOIN_CASH
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
from comity.wallets.further import ECASH
from comity.wallets.testnets import of_testnet

MAIN: Final = "bitcoincash"
"""Prefix of the main network. It may be left out of an address and counts in the checksum all the same."""

_ECASH = "ecash"
_CHAINS = {MAIN: BITCOIN_CASH, "simpleledger": BITCOIN_CASH, _ECASH: ECASH}
_TEST = {
    "bchtest": "Bitcoin Cash testnet",
    "bchreg": "Bitcoin Cash regtest",
    "slptest": "Bitcoin Cash testnet",
    "ectest": "eCash testnet",
}
PREFIXES: Final = frozenset((*_CHAINS, *_TEST))
"""What may stand before a colon. Tokens of the Simple Ledger Protocol are on Bitcoin Cash, and so are their owners."""
_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_CHECK_DIGITS = 8
_SIZES = {0: 20, 3: 32}
_SIZE_BITS, _TYPE_SHIFT = 7, 3
_TYPES = {0: 0, 1: 1, 2: 0, 3: 1}
"""Plain type of each type: pay to a key, pay to a script, and both again for who takes tokens."""


def _polymod(digits: bytes) -> int:
    state = 1
    for digit in digits:
        top = state >> 35
        state = (state & 0x07FFFFFFFF) << 5 ^ digit
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= generator
    return state ^ 1


def _prefixed(prefix: str) -> bytes:
    return bytes([ord(char) & 31 for char in prefix] + [0])


def plain(text: str, named: str | None) -> tuple[str, str]:
    """Returns the chain of an address and its canonical form, without prefix.

    Args:
        text: ASCII, with or without a prefix.
        named: the chain named; it decides which prefix was left out.

    Raises:
        WalletError: NOT_AN_ADDRESS, BAD_LENGTH, BAD_CHECKSUM, MIXED_CASE or TESTNET.
    """
    lower = text.lower()
    prefix, colon, body = lower.rpartition(":")
    prefix = prefix if colon else _ECASH if named == ECASH else MAIN
    digits = bech32.digits_of(body)
    if digits is None or prefix not in PREFIXES:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no CashAddr")
    if _polymod(_prefixed(prefix) + digits):
        raise WalletError(Kind.BAD_CHECKSUM, "the CashAddr checksum does not verify")
    if text not in (lower, text.upper()):
        raise WalletError(Kind.MIXED_CASE, "CashAddr text in both cases")
    data = bech32.bytes_of(digits[:-_CHECK_DIGITS])
    kind = _TYPES.get(data[0] >> _TYPE_SHIFT) if data else None
    if data is None or kind is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no such CashAddr version, or its padding is not zero")
    if _SIZES.get(data[0] & _SIZE_BITS) != len(data) - 1:
        raise WalletError(Kind.BAD_LENGTH, "CashAddr of a wrong length")
    if prefix in _TEST:
        raise of_testnet(_TEST[prefix])
    chain = _CHAINS[prefix]
    return chain, encode(kind, data[1:], _ECASH if chain == ECASH else MAIN)


def encode(kind: int, body: bytes, prefix: str = MAIN) -> str:
    """Returns the canonical address without prefix.

    Args:
        kind: 0 for a key, 1 for a script.
        body: its hash, 20 or 32 bytes.
        prefix: what counts in the code, though it is left out.
    """
    size = {length: code for code, length in _SIZES.items()}[len(body)]
    digits = bech32.digits_from(bytes([kind << _TYPE_SHIFT | size]) + body)
    code = _polymod(_prefixed(prefix) + digits + bytes(_CHECK_DIGITS))
    checks = bytes(code >> 5 * (_CHECK_DIGITS - 1 - place) & 31 for place in range(_CHECK_DIGITS))
    return bech32.text_of(digits + checks)


def decode(address: str) -> tuple[int, bytes]:
    """Returns the kind and the hash of a canonical address: what `encode` was given."""
    digits = bech32.digits_of(address) or b""
    data = bech32.bytes_of(digits[:-_CHECK_DIGITS]) or b"\0"
    return data[0] >> _TYPE_SHIFT, data[1:]
