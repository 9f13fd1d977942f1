"""Segregated-witness addresses: bech32 (BIP-173) for version 0, bech32m (BIP-350) for versions 1 to 16.

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
