"""Addresses of one form, many at once: which of them are not sound.

Texts of one length lie side by side, a row each: their digits in one large number or in one row of bytes, so that one
step of the interpreter does what would be one step a text, or even one a character. What a reader says "sound" to, the
reader of single texts (`comity.wallets.readers`) accepts; the other way round need not hold.

Never does: say why, put anything right, take a text that is not ASCII or not of the length of the others.
"""

from __future__ import annotations

from binascii import a2b_base64, crc_hqx
from collections.abc import Sequence
from hashlib import sha256
from itertools import compress, count
from operator import ne
from re import compile as pattern
from struct import Struct
from typing import Final

from sha3 import keccak_256

from comity.wallets import base58

PORTION: Final = 4096
"""At most so many texts at once: enough to share the steps, few enough to stay near the processor."""

_NO_DIGIT = 0xFF

_EVM_LENGTH = 42
_EVM_ROW = _EVM_LENGTH + 1  # with the end of its line
_EVM = pattern(rb"0x[0-9a-fA-F]{40}")
_HEX = b"0123456789abcdef"
# What parts a letter's cases is bit 0x20; EIP-55 has it in a letter whose digit of the hash is below 8.
_SMALL_BIT = bytes(0 if char in b"89abcdef" else 0x20 for char in range(256))
_EVM_BITS = Struct(f"{_EVM_LENGTH}s")
_NONE = bytes(_EVM_LENGTH)
_SMALL_BITS = int.from_bytes(b"\x20" * (_EVM_LENGTH * PORTION))

CHECK58_LENGTHS: Final = range(25, 36)
"""Lengths of the texts whose bytes can be 25."""
_ROW = 40  # digits of a row, eight to a word of 64 bits; the first five are zero
_PARTS = Struct(">15x21s4s")
_OVER, _VERSION, _SECOND = 14, 15, 16  # where the byte beyond the 25 lies in a row, the first of them and the second
_WORD = base58.BASE**8
_PAIR = base58.BASE**16
_TO_ZERO = bytes(0 if char == _NO_DIGIT else char for char in range(256))


def _row_mask(*words: int) -> int:
    row = b"".join(b"\xff" * 8 if word in words else bytes(8) for word in range(5))
    return int.from_bytes(row * PORTION)


_LANES = tuple(
    (width, int.from_bytes((mask & (1 << 8 * _ROW) - 1).to_bytes(_ROW) * PORTION), weight)
    for width, mask, weight in base58.LANES[:3]
)
_LAST_WORD, _LAST_PAIR, _ENDS_OF_PAIRS = _row_mask(4), _row_mask(3, 4), _row_mask(2, 4)

SOLANA_LENGTHS: Final = (43, 44)
"""Lengths that 32 bytes have, all but those that begin with zeros."""

TON_LENGTH: Final = 48
"""Length of a user-friendly address."""
_TON_ROW = 36
_TON_LETTERS = b"-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TON_BEGINS = {b"\x11\x00": b"0%3a", b"\x51\x00": b"0%3a", b"\x11\xff": b"-1%3a", b"\x51\xff": b"-1%3a"}


def evm(texts: Sequence[str]) -> tuple[list[bytes], list[int]]:
    """Reads 0x addresses in any case.

    Args:
        texts: of 42 characters.

    Returns:
        Each in lower case, and the places of those that are not sound.
    """
    joined = "\n".join(texts).encode()
    if _are_hex(joined, len(texts)):
        return _evm(joined)
    fits = [_EVM.fullmatch(text.encode()) is not None for text in texts]
    blank = "0x" + "0" * 40
    lowered, wrong = _evm("\n".join([text if fit else blank for text, fit in zip(texts, fits, strict=True)]).encode())
    return lowered, sorted({*wrong, *(place for place, fit in enumerate(fits) if not fit)})


def _are_hex(joined: bytes, number: int) -> bool:
    others = joined.lower().translate(None, _HEX)
    return others == b"x\n" * (number - 1) + b"x" and joined[::_EVM_ROW] + joined[1::_EVM_ROW] == b"0" * number + (
        b"x" * number
    )


def _evm(joined: bytes) -> tuple[list[bytes], list[int]]:
    lower = joined.lower()
    lowered = lower.split(b"\n")
    if lower == joined:
        return lowered, []
    rows = joined.split(b"\n")
    places = list(compress(count(), map(ne, rows, lowered)))
    # A byte for the 0x, which is in the case that the byte asks for.
    hashes = b"".join([b"\0" + keccak_256(lowered[place][2:]).digest()[:20] for place in places])
    given = int.from_bytes(b"".join([rows[place] for place in places]))
    small = int.from_bytes(hashes.hex().encode().translate(_SMALL_BIT))
    other = (given >> 1) & (given ^ small) & _SMALL_BITS  # only letters have the bit above
    if not other:
        return lowered, []
    found = zip(places, _EVM_BITS.iter_unpack(other.to_bytes(_EVM_LENGTH * len(places))), strict=True)
    differ = [place for place, (bits,) in found if bits != _NONE]
    return lowered, [place for place in differ if rows[place][2:] != rows[place][2:].upper()]


def check58(alphabet: base58.Alphabet, version: int, texts: Sequence[str]) -> list[int]:
    """Reads Base58Check addresses of 25 bytes.

    Args:
        alphabet: their digits.
        version: what their first byte must be; 0 exactly where their first character is the zero.
        texts: of one length out of `CHECK58_LENGTHS`.

    Returns:
        The places of those that are not sound.
    """
    padding = alphabet.zero * (_ROW - len(texts[0]))
    digits = (padding + padding.join(texts)).encode().translate(alphabet.digit_of)
    wrong: set[int] = set()
    if _NO_DIGIT in digits:
        wrong.update(place for place in range(len(texts)) if _NO_DIGIT in digits[place * _ROW : place * _ROW + _ROW])
        digits = digits.translate(_TO_ZERO)
    data = _values(digits)
    wrong.update(
        place
        for place, (body, check) in enumerate(_PARTS.iter_unpack(data))
        if sha256(sha256(body).digest()).digest()[:4] != check
    )
    if any(data[_OVER::_ROW]) or data[_VERSION::_ROW].count(version) != len(texts):
        heads = zip(data[_OVER::_ROW], data[_VERSION::_ROW], strict=True)
        wrong.update(place for place, head in enumerate(heads) if head != (0, version))
    if not version:  # leading zeros are written one for one
        seconds = zip(data[_SECOND::_ROW], digits[_ROW - len(texts[0]) + 1 :: _ROW], strict=True)
        few = [place for place, (byte, digit) in enumerate(seconds) if not byte or not digit]
        wrong.update(place for place in few if alphabet.zeros(texts[place]) != _zeros(data, place))
    return sorted(wrong)


def _zeros(data: bytes, row: int) -> int:
    body = data[row * _ROW + _VERSION : row * _ROW + _ROW]
    return len(body) - len(body.lstrip(b"\0"))


def _values(digits: bytes) -> bytes:
    """Returns the numbers that rows of digits make, each in the bytes of its row."""
    number = int.from_bytes(digits)
    for width, mask, weight in _LANES:
        number = (number & mask) + (number >> width & mask) * weight
    first = number >> 256 & _LAST_WORD  # the first five digits of a row are zero: what follows stays within the row
    pairs = (number & _ENDS_OF_PAIRS) + (number >> 64 & _ENDS_OF_PAIRS) * _WORD
    number = (first * _PAIR + (pairs >> 128 & _LAST_PAIR)) * _PAIR + (pairs & _LAST_PAIR)
    return number.to_bytes(len(digits))


def _digits(value: int) -> bytes:
    return base58.BITCOIN.digits(value, 0).encode().translate(base58.BITCOIN.digit_of)


_SOLANA_LEAST = _digits(1 << 248)
_SOLANA_MOST = _digits((1 << 256) - 1)


def solana(texts: Sequence[str]) -> list[int]:
    """Reads Solana keys that do not begin with a zero.

    Args:
        texts: of one length out of `SOLANA_LENGTHS`.

    Returns:
        The places of those that are not sound.
    """
    length = len(texts[0])
    digits = "".join(texts).encode().translate(base58.BITCOIN.digit_of)
    rows = (digits[start : start + length] for start in range(0, len(digits), length))
    if length == SOLANA_LENGTHS[0]:
        return [place for place, row in enumerate(rows) if row < _SOLANA_LEAST or _NO_DIGIT in row]
    return [place for place, row in enumerate(rows) if row > _SOLANA_MOST or not row[0] or _NO_DIGIT in row]


def ton(texts: Sequence[str]) -> tuple[list[bytes], list[int]]:
    """Reads user-friendly TON addresses in the alphabet for URLs.

    Args:
        texts: of `TON_LENGTH` characters.

    Returns:
        Each in the raw form as CAIP-10 has it, in lower case, and the places of those that are not sound.
    """
    joined = "".join(texts).encode()
    if joined.translate(None, _TON_LETTERS):
        blank = "A" * TON_LENGTH
        fits = [not text.encode().translate(None, _TON_LETTERS) for text in texts]
        joined = "".join([text if fit else blank for text, fit in zip(texts, fits, strict=True)]).encode()
    data = a2b_base64(joined.translate(_TO_STANDARD))
    raw, wrong = [], []
    for place, start in enumerate(range(0, len(data), _TON_ROW)):
        row = data[start : start + _TON_ROW]
        begin = _TON_BEGINS.get(row[:2], b"")
        if not begin or crc_hqx(row, 0):  # over data with its checksum behind it the checksum is zero
            wrong.append(place)
        raw.append(begin + row[2:-2].hex().encode())
    return raw, wrong
