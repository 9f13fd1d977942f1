"""Base58 in the alphabets of Bitcoin and the XRP Ledger, Base58Check, and Monero's base58 in blocks.

Own code, though PyPI has codecs: the readers here must tell a wrong character from a wrong checksum, and a library's
refusals differ by message text only. It also keeps a young package out of what decides whether two wallets are one.
The published codecs are oracles in the tests.

Never does: guess, trim, or put a character right.
"""

from __future__ import annotations

from hashlib import sha256

_BASE = 58
_NO_DIGIT = 0xFF
_FULL_BLOCK = 8
_ENCODED_BLOCK = 11
# Characters that a block of n bytes takes, by n (Monero).
_ENCODED_SIZES = (0, 2, 3, 5, 6, 7, 9, 10, 11)


class Alphabet:
    """Fifty-eight characters with their value tables."""

    __slots__ = ("_chars", "_digit_of")

    def __init__(self, chars: str) -> None:
        """Builds the tables.

        Args:
            chars: 58 different ASCII characters, the one that stands for zero first.
        """
        self._chars = chars
        table = bytearray([_NO_DIGIT]) * 256
        for digit, char in enumerate(chars):
            table[ord(char)] = digit
        self._digit_of = bytes(table)

    def number(self, text: str) -> int | None:
        """Returns the value of ASCII `text` as one number, or None where a character is not of the alphabet."""
        digits = text.encode().translate(self._digit_of)
        if _NO_DIGIT in digits:
            return None
        value = 0
        for digit in digits:
            value = value * _BASE + digit
        return value

    def decode(self, text: str) -> bytes | None:
        """Returns the bytes of ASCII `text`, or None where a character is not of the alphabet.

        The time is quadratic in the length: the caller limits it.
        """
        value = self.number(text)
        if value is None:
            return None
        zeros = len(text) - len(text.lstrip(self._chars[0]))
        return bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")

    def digits(self, value: int, width: int) -> str:
        """Returns `value` in at least `width` characters."""
        out: list[str] = []
        while value or len(out) < width:
            value, digit = divmod(value, _BASE)
            out.append(self._chars[digit])
        return "".join(reversed(out))

    def encode(self, data: bytes) -> str:
        """Returns the text of `data`; leading zero bytes become leading first characters."""
        zeros = len(data) - len(data.lstrip(b"\0"))
        return self._chars[0] * zeros + self.digits(int.from_bytes(data, "big"), 0)

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
