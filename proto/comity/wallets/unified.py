"""Unified addresses of Zcash: ZIP 316, revision 0.

Bech32m of any length over bytes that F4Jumble has mixed, so that no two addresses share a visible beginning. Within are
receivers in ascending order, each with its type and length, and at the end the human-readable part, filled up to 16.

A unified address stays itself: which of its receivers is meant is the payer's choice, and its parts are accounts of
their own.

Never does: take an address apart into others, put anything right.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from comity.wallets import bech32
from comity.wallets.chains import ZCASH
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
from comity.wallets.reading import Checksum, Reading
from comity.wallets.testnets import of_testnet

_MAIN = "u"
_TEST = {"utest": "Zcash testnet", "uregtest": "Zcash regtest"}
PARTS: Final = frozenset((_MAIN, *_TEST))
"""Human-readable parts of unified addresses."""

_PADDING = 16
_LEAST = 48  # F4Jumble is not defined below
_BLOCK = 64
_KEY, _SCRIPT, _SAPLING, _ORCHARD = range(4)
_SIZES = {_KEY: 20, _SCRIPT: 20, _SAPLING: 43, _ORCHARD: 43}
_LAST_TYPE = 0x02000000
# First byte of a number of 2, 4 and 8 bytes, and the least that is written so.
_WIDE = {0xFD: (2, 0xFD), 0xFE: (4, 0x10000), 0xFF: (8, 0x100000000)}


def _mixed(data: bytes, other: bytes, number: int, name: bytes) -> bytes:
    """Returns `data` mixed with a hash of `other`, of as many blocks as it takes; the last one cut off."""
    stream = b""
    for block in range(-(-len(data) // _BLOCK)):
        person = name + bytes([number]) + block.to_bytes(2, "little")
        size = min(_BLOCK, len(data)) if name.endswith(b"H") else _BLOCK
        stream += blake2b(other, digest_size=size, person=person).digest()
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def unjumbled(data: bytes) -> bytes:
    """Returns what F4Jumble made `data` of."""
    middle = min(_BLOCK, len(data) // 2)
    left, right = data[:middle], data[middle:]
    left = _mixed(left, right, 1, b"UA_F4Jumble_H")
    right = _mixed(right, left, 1, b"UA_F4Jumble_G")
    left = _mixed(left, right, 0, b"UA_F4Jumble_H")
    return left + _mixed(right, left, 0, b"UA_F4Jumble_G")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Returns the number at a place and the place behind it; minus one for one that is cut off or written too long."""
    if at >= len(data):
        return -1, at
    size, least = _WIDE.get(data[at], (0, 0))
    end = at + 1 + size
    value = int.from_bytes(data[at + 1 : end], "little") if size else data[at]
    return (value if end <= len(data) and value >= least else -1), end


def _is_sound(data: bytes) -> bool:
    """Tells whether receivers are in order, each of its size, not two transparent ones, and one at least shielded."""
    at, last = 0, -1
    while at < len(data):
        kind, at = _number(data, at)
        size, at = _number(data, at)
        if (
            not last < kind <= _LAST_TYPE
            or size < 0
            or _SIZES.get(kind, size) != size
            or (last, kind) == (_KEY, _SCRIPT)
        ):
            return False
        at, last = at + size, kind
    return at == len(data) and last > _SCRIPT


def read_unified(text: str, lower: str, hrp: str, data: str) -> Reading:
    """Reads a unified address.

    Args:
        text: as received.
        lower: in lower case.
        hrp: what stands before its separator, one of `PARTS`.
        data: what stands behind.

    Raises:
        WalletError: NOT_AN_ADDRESS, BAD_LENGTH, BAD_CHECKSUM, MIXED_CASE or TESTNET.
    """
    found = bech32.payload(hrp, data, bech32.BECH32M)
    if text not in (lower, text.upper()):
        raise WalletError(Kind.MIXED_CASE, "bech32m text in both cases")
    if len(found) < _LEAST:
        raise WalletError(Kind.BAD_LENGTH, "a unified address of a wrong length")
    plain = unjumbled(found)
    if plain[-_PADDING:] != hrp.encode().ljust(_PADDING, b"\0") or not _is_sound(plain[:-_PADDING]):
        raise WalletError(Kind.NOT_AN_ADDRESS, "no receivers of a unified address")
    if hrp in _TEST:
        raise of_testnet(_TEST[hrp])
    return Reading(ZCASH, lower, Checksum.VALID)
