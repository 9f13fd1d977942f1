"""Bech32: segregated-witness addresses by BIP-173 (version 0) and BIP-350 (1 to 16), and other chains' use of BIP-173.

Own code for the reason given in `comity.wallets.base58`. The checksum runs over a table of 32 entries, and the state
after each known human-readable part is computed once.

Never does: locate or correct errors.
"""

from __future__ import annotations

from functools import cache

from comity.wallets.errors import WalletError, WalletErrorKind

_CHARSET = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_NO_DIGIT = 0xFF
_DIGIT_OF = bytes(_CHARSET.index(char) if char in _CHARSET else _NO_DIGIT for char in range(256))
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32 = 1
BECH32M = 0x2BC830A3
"""What the checksum of bech32m leaves."""
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
    return residue(hrp, data) in (_BECH32, BECH32M)


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


def are_segwit(hrp: str, length: int, texts: list[bytes]) -> list[bool]:
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
    rows = b"".join(texts).translate(_DIGIT_OF)
    sums, before = _sums(length, rows), _polymod(_state_after(hrp), bytes(length))
    versions = rows[::length]
    missed = _misses(sums, count, before ^ _BECH32)
    if any(versions):
        new = _misses(sums, count, before ^ BECH32M)
        missed = bytes(
            (miss_new or version > 16) if version else miss_old
            for version, miss_old, miss_new in zip(versions, missed, new, strict=True)
        )
    sound = [not miss for miss in missed]
    if padding or _NO_DIGIT in rows or size not in (20, 32):
        starts = range(0, len(rows), length)
        sound = [
            is_sound
            and not rows[start + length - 7] & padding
            and (size in (20, 32) or rows[start] > 0)
            and _NO_DIGIT not in rows[start : start + length]
            for is_sound, start in zip(sound, starts, strict=True)
        ]
    return sound


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
    if _polymod(_state_after(hrp), digits) != (BECH32M if version else _BECH32):
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


def digits_of(data: str) -> bytes | None:
    """Returns the digits, 0 to 31 each, of lower-case ASCII text, or None where a character is not of the alphabet."""
    digits = data.encode().translate(_DIGIT_OF)
    return None if _NO_DIGIT in digits else digits


def text_of(digits: bytes) -> str:
    """Returns the text of digits."""
    return bytes(_CHARSET[digit] for digit in digits).decode()


def bytes_of(digits: bytes) -> bytes | None:
    """Returns the bytes that digits make, or None where what is left over is a digit, or is not zero."""
    size, spare = divmod(5 * len(digits), 8)
    value = 0
    for digit in digits:
        value = value << 5 | digit
    return None if spare > 4 or value & ((1 << spare) - 1) else (value >> spare).to_bytes(size)


def digits_from(data: bytes) -> bytes:
    """Returns the digits that bytes make, filled up with zeros."""
    count = (8 * len(data) + 4) // 5
    value = int.from_bytes(data) << 5 * count - 8 * len(data)
    return bytes(value >> 5 * (count - 1 - place) & 31 for place in range(count))


def payload(hrp: str, data: str, constant: int = _BECH32) -> bytes:
    """Returns the bytes of a bech32 text that is no witness program. BIP-173's limit of 90 does not hold for these.

    Args:
        hrp: human-readable part, one of the few this package knows, in lower case.
        data: what follows the separator, lower-case ASCII.
        constant: what its checksum leaves; `BECH32M` for bech32m.

    Raises:
        WalletError: NOT_AN_ADDRESS (character or padding) or BAD_CHECKSUM.
    """
    digits = digits_of(data)
    if digits is None:
        raise WalletError(WalletErrorKind.NOT_AN_ADDRESS, "a character that bech32 does not have")
    if _polymod(_state_after(hrp), digits) != constant:
        raise WalletError(WalletErrorKind.BAD_CHECKSUM, "the bech32 checksum does not verify")
    found = bytes_of(digits[:-6])
    if found is None:
        raise WalletError(WalletErrorKind.NOT_AN_ADDRESS, "wrong padding of a bech32 text")
    return found
