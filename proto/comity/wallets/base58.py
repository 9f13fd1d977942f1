"""Base58 in the alphabets of Bitcoin and the XRP Ledger, Base58Check, and Monero's base58 in blocks.

Own code, though PyPI has codecs: the readers here must tell a wrong character from a wrong checksum, and a library's
refusals differ by message text only. It also keeps a young package out of what decides whether two wallets are one.
The published codecs are oracles in the tests.

Never does: guess, trim, or put a character right.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

BASE = 58
"""Number of digits."""
_NO_DIGIT = 0xFF
_FULL_BLOCK = 8
_ENCODED_BLOCK = 11
# Characters that a block of n bytes takes, by n (Monero).
_ENCODED_SIZES = (0, 2, 3, 5, 6, 7, 9, 10, 11)


_WIDEST = 256
_WIDEST_WEIGHT: Final[int] = BASE**_WIDEST


def _lanes() -> tuple[tuple[int, int, int], ...]:
    """Returns, step by step: bits of a lane, mask of every second lane, and 58 to the number of digits in a lane."""
    steps, width, weight = [], 8, BASE
    while width < 8 * _WIDEST:
        lane = bytes(width // 8) + b"\xff" * (width // 8)
        steps.append((width, int.from_bytes(lane * (4 * _WIDEST // width)), weight))
        width, weight = 2 * width, weight * weight
    return tuple(steps)


LANES = _lanes()
"""How digits that stand a byte each in one number become its value: each step joins neighbours, all of them at once."""


def value_of(digits: bytes) -> int:
    """Returns the number that base 58 digits, a byte each, make."""
    if len(digits) > _WIDEST:
        return value_of(digits[:-_WIDEST]) * _WIDEST_WEIGHT + value_of(digits[-_WIDEST:])
    value = int.from_bytes(digits)
    for width, mask, weight in LANES[: (len(digits) - 1).bit_length()]:
        value = (value & mask) + (value >> width & mask) * weight
    return value


class Alphabet:
    """Fifty-eight characters with their value tables."""

    __slots__ = ("_chars", "digit_of", "zero")

    def __init__(self, chars: str) -> None:
        """Builds the tables.

        Args:
            chars: 58 different ASCII characters, the one that stands for zero first.
        """
        self._chars = chars
        table = bytearray([_NO_DIGIT]) * 256
        for digit, char in enumerate(chars):
            table[ord(char)] = digit
        self.zero: Final = chars[0]
        """The character that stands for zero."""
        self.digit_of: Final = bytes(table)
        """Value of each byte as a digit, 255 for one that is none; for `bytes.translate`."""

    def number(self, text: str) -> int | None:
        """Returns the value of ASCII `text` as one number, or None where a character is not of the alphabet."""
        digits = text.encode().translate(self.digit_of)
        return None if _NO_DIGIT in digits else value_of(digits)

    def decode(self, text: str) -> bytes | None:
        """Returns the bytes of ASCII `text`, or None where a character is not of the alphabet.

        The time is quadratic in the length: the caller limits it.
        """
        value = self.number(text)
        if value is None:
            return None
        body = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return bytes(self.zeros(text)) + body

    def zeros(self, text: str) -> int:
        """Returns how many zero bytes the bytes of a text begin with."""
        return len(text) - len(text.lstrip(self.zero))

    def digits(self, value: int, width: int) -> str:
        """Returns `value` in at least `width` characters."""
        out: list[str] = []
        while value or len(out) < width:
            value, digit = divmod(value, BASE)
            out.append(self._chars[digit])
        return "".join(reversed(out))

    def encode(self, data: bytes) -> str:
        """Returns the text of `data`; leading zero bytes become leading first characters."""
        zeros = len(data) - len(data.lstrip(b"\0"))
        return self.zero * zeros + self.digits(int.from_bytes(data, "big"), 0)

    def encode_check(self, payload: bytes) -> str:
        """Returns the Base58Check text of `payload`."""
        return self.encode(payload + checksum(payload))


BITCOIN = Alphabet("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
RIPPLE = Alphabet("rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz")


def checksum(payload: bytes) -> bytes:
    """Returns the first four bytes of SHA-256 twice."""
    return sha256(sha256(payload).digest()).digest()[:4]


def verifies(data: bytes) -> bool:
    """Tells whether the last four bytes of `data` are the checksum of those before."""
    return checksum(data[:-4]) == data[-4:]


def decode_blocks(text: str) -> bytes | None:
    """Returns the bytes of ASCII `text` in Monero's block encoding.

    Returns:
        None where a character is not of the alphabet, or a block's length or value is one that no bytes have.
    """
    out = []
    for start in range(0, len(text), _ENCODED_BLOCK):
        block = text[start : start + _ENCODED_BLOCK]
        value = BITCOIN.number(block)
        if value is None or len(block) not in _ENCODED_SIZES:
            return None
        size = _ENCODED_SIZES.index(len(block))
        if value >> (8 * size):
            return None
        out.append(value.to_bytes(size, "big"))
    return b"".join(out)


def encode_blocks(data: bytes) -> str:
    """Returns the text of `data` in Monero's block encoding."""
    blocks = [data[start : start + _FULL_BLOCK] for start in range(0, len(data), _FULL_BLOCK)]
    return "".join(BITCOIN.digits(int.from_bytes(block, "big"), _ENCODED_SIZES[len(block)]) for block in blocks)
