"""Segregated-witness addresses: bech32 (BIP-173) for version 0, bech32m (BIP-350) for versions 1 to 16.

Own code for the reason given in `comity.wallets.base58`. The checksum runs over a table of 32 entries, and the state
after each known human-readable part is computed once.

Never does: locate or correct errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import repeat

from comity.wallets.errors import WalletError, WalletErrorKind

_CHARSET = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_NO_DIGIT = 0xFF
_DIGIT_OF = bytes(_CHARSET.index(char) if char in _CHARSET else _NO_DIGIT for char in range(256))
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32 = 1
_BECH32M = 0x2BC830A3
_LIMIT = 90
"""BIP-173: greatest length of the whole text."""


def _feedback(top: int) -> int:
    out = 0
    for bit, generator in enumerate(_GENERATOR):
        if top >> bit & 1:
            out ^= generator
    return out


_FEEDBACK = tuple(_feedback(top) for top in range(32))


def _polymod(state: int, digits: bytes) -> int:
    for digit in digits:
        state = (state & 0x1FFFFFF) << 5 ^ digit ^ _FEEDBACK[state >> 25]
    return state


@cache  # called with the few known human-readable parts only
def _state_after(hrp: str) -> int:
    raw = hrp.encode()
    return _polymod(1, bytes([char >> 5 for char in raw] + [0] + [char & 31 for char in raw]))


def residue(hrp: str, data: str) -> int:
    """Returns what the checksum leaves: 1 for bech32, 0x2bc830a3 for bech32m, anything else for neither.

    Args:
        hrp: human-readable part, one of the few this package knows, in lower case.
        data: what follows the separator, lower-case ASCII, its checksum included.
    """
    digits = data.encode().translate(_DIGIT_OF)
    return 0 if _NO_DIGIT in digits else _polymod(_state_after(hrp), digits)


def verifies(hrp: str, data: str) -> bool:
    """Tells whether either checksum is right."""
    return residue(hrp, data) in (_BECH32, _BECH32M)


def _parts(value: int) -> tuple[int, int, int, int]:
    """Returns the 30 bits of a checksum's state as four bytes."""
    return value >> 22, value >> 14 & 0xFF, value >> 6 & 0xFF, value & 0x3F


@cache  # called with fewer than _LIMIT numbers
def _contributions(following: int) -> tuple[bytes, ...]:
    """Returns what a digit with so many digits behind it adds to the state: four tables for `bytes.translate`."""
    behind = bytes(following)
    parts = [_parts(_polymod(0, bytes([digit]) + behind)) for digit in range(32)]
    return tuple(bytes(part[number] for part in parts) + bytes(224) for number in range(4))


def _sums(length: int, rows: bytes) -> list[int]:
    """Returns what the digits of each row add up to: four rows of bytes, each as one number.

    The checksum is linear: what it leaves is the exclusive or of what each digit adds, and that depends on the digit
    and its place only. So all rows are summed up together, place by place.
    """
    sums = [0, 0, 0, 0]
    for place in range(length):
        column = rows[place::length]
        for number, table in enumerate(_contributions(length - 1 - place)):
            sums[number] ^= int.from_bytes(column.translate(table))
    return sums


def _misses(sums: list[int], count: int, target: int) -> bytes:
    """Returns a byte a row, zero where its digits add up to `target`."""
    missed = 0
    for found, part in zip(sums, _parts(target), strict=True):
        missed |= found ^ int.from_bytes(bytes([part]) * count)
    return missed.to_bytes(count)


def are_segwit(hrp: str, length: int, texts: list[str]) -> list[bool]:
    """Tells of many texts at once what `check_segwit` tells of one: whether it would return.

    Args:
        hrp: human-readable part, one of the few this package knows, in lower case.
        length: of each text.
        texts: what follows the separator, in lower case.
    """
    size, spare = divmod(5 * (length - 7), 8)
    if length < 7 or len(hrp) + 1 + length > _LIMIT or not 2 <= size <= 40 or spare > 4:
        return [False] * len(texts)
    count, padding = len(texts), (1 << spare) - 1
    rows = "".join(texts).encode("ascii", "replace").translate(_DIGIT_OF)
    whole: Iterator[bool] = repeat(True)
    if _NO_DIGIT in rows:
        whole = iter([_NO_DIGIT not in rows[start : start + length] for start in range(0, len(rows), length)])
    sums, before = _sums(length, rows), _polymod(_state_after(hrp), bytes(length))
    old, new = (_misses(sums, count, before ^ constant) for constant in (_BECH32, _BECH32M))
    versions, pads = rows[::length], rows[length - 7 :: length]
    is_old_size = size in (20, 32)
    return [
        not (missed_new or version > 16 if version else missed_old or not is_old_size)
        and not pad & padding
        and is_whole
        for version, pad, missed_old, missed_new, is_whole in zip(versions, pads, old, new, whole, strict=False)
    ]


def check_segwit(hrp: str, data: str) -> None:
    """Checks a segregated-witness address by all rules of BIP-173 and BIP-350.

    Args:
        hrp: human-readable part, lower case.
        data: what follows the separator, lower-case ASCII.

    Raises:
        WalletError: NOT_AN_ADDRESS (character, version or padding), BAD_LENGTH or BAD_CHECKSUM (also when the
            checksum is that of the other encoding).
    """
    digits = data.encode().translate(_DIGIT_OF)
    if _NO_DIGIT in digits:
        raise WalletError(WalletErrorKind.NOT_AN_ADDRESS, "a character that bech32 does not have")
    if len(digits) < 7 or len(hrp) + 1 + len(data) > _LIMIT:
        raise WalletError(WalletErrorKind.BAD_LENGTH, "bech32 text of a wrong length")
    version = digits[0]
    if _polymod(_state_after(hrp), digits) != (_BECH32M if version else _BECH32):
        raise WalletError(WalletErrorKind.BAD_CHECKSUM, "the bech32 checksum does not verify")
    if version > 16:
        raise WalletError(WalletErrorKind.NOT_AN_ADDRESS, "no such witness version")
    bits = 5 * (len(digits) - 7)
    size, spare = divmod(bits, 8)
    if not 2 <= size <= 40 or (version == 0 and size not in (20, 32)):
        raise WalletError(WalletErrorKind.BAD_LENGTH, "witness program of a wrong length")
    # Fewer than five spare bits, all zero; they are the low bits of the last digit before the checksum.
    if spare > 4 or digits[-7] & ((1 << spare) - 1):
        raise WalletError(WalletErrorKind.NOT_AN_ADDRESS, "wrong padding of the witness program")
