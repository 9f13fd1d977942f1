"""BLAKE-256, 14 rounds, the candidate for SHA-3 and not BLAKE2: what Decred's addresses are checked with.

No library of the project has it. Only for messages of at most 55 bytes, one block: an address has 22, a hash 32.

Never does: take a longer message.
"""

from __future__ import annotations

from typing import Final

_MASK = 0xFFFFFFFF
_INITIAL = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip
_PI = (
    0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89,
    0x452821E6, 0x38D01377, 0xBE5466CF, 0x34E90C6C, 0xC0AC29B7, 0xC97C50DD, 0x3F84D5B5, 0xB5470917,
)  # fmt: skip
_ORDERS = tuple(
    tuple(int(digit, 16) for digit in row)
    for row in (
        "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d",
        "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0",
    )
)  # fmt: skip
_STEPS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))  # fmt: skip
_ROUNDS: Final = 14
_MOST: Final = 55


def _turned(value: int, bits: int) -> int:
    return (value >> bits | value << 32 - bits) & _MASK


def blake256(data: bytes) -> bytes:
    """Returns the hash of at most 55 bytes."""
    padded = bytearray(data.ljust(_MOST, b"\0") + b"\1" + (8 * len(data)).to_bytes(8))
    padded[len(data)] |= 0x80
    words = [int.from_bytes(padded[start : start + 4]) for start in range(0, 64, 4)]
    bits = 8 * len(data)
    state = [*_INITIAL, *_PI[:4], bits ^ _PI[4], bits ^ _PI[5], *_PI[6:8]]
    for number in range(_ROUNDS):
        order = _ORDERS[number % len(_ORDERS)]
        for step, (a, b, c, d) in enumerate(_STEPS):
            one, other = order[2 * step], order[2 * step + 1]
            state[a] = (state[a] + state[b] + (words[one] ^ _PI[other])) & _MASK
            state[d] = _turned(state[d] ^ state[a], 16)
            state[c] = (state[c] + state[d]) & _MASK
            state[b] = _turned(state[b] ^ state[c], 12)
            state[a] = (state[a] + state[b] + (words[other] ^ _PI[one])) & _MASK
            state[d] = _turned(state[d] ^ state[a], 8)
            state[c] = (state[c] + state[d]) & _MASK
            state[b] = _turned(state[b] ^ state[c], 7)
    return b"".join((word ^ state[place] ^ state[place + 8]).to_bytes(4) for place, word in enumerate(_INITIAL))
