"""EVM addresses, and the other addresses that begin with 0x.

A bare 0x address of 40 digits is one of any EVM chain. VeChain has the same form and is no EVM chain: an address is
VeChain's only where that is named. Addresses of 64 digits are Aptos's or Sui's where that chain is named, and nobody's
where none is: too many chains have them. They carry no checksum. `xdc` is how the XDC Network writes 0x.

Never does: put anything right.
"""

from __future__ import annotations

import re
from typing import Final

from sha3 import keccak_256

from comity.wallets.chains import EVM_ANY, XDC
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
from comity.wallets.further import APTOS, SUI, VECHAIN
from comity.wallets.reading import Checksum, Reading

_HEX40 = re.compile(r"[0-9a-fA-F]{40}")
_HEX64 = re.compile(r"[0-9a-fA-F]{64}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_LONG: Final = frozenset((APTOS, SUI))
# 0x20 for a hexadecimal digit of 8 or more, zero for any other.
_CASE_BIT = bytes(0x20 if char in b"89abcdef" else 0 for char in range(256))


def eip55(digits: str) -> str:
    """Returns 40 lower-case hexadecimal digits in the case that EIP-55 gives them."""
    lower = digits.encode()
    number = int.from_bytes(lower)
    # What parts a letter's cases is bit 0x20, and only letters have the bit above it.
    high = int.from_bytes(keccak_256(lower).hexdigest()[:40].encode().translate(_CASE_BIT))
    return (number ^ (number >> 1 & high)).to_bytes(40).decode()


def read_evm(text: str, named: str | None) -> Reading:
    """Reads a 0x address.

    Args:
        text: it begins with 0x.
        named: the chain named; it decides for VeChain and for addresses of 64 digits.

    Raises:
        WalletError: NOT_AN_ADDRESS, BAD_LENGTH or BAD_CHECKSUM.
    """
    digits = text[2:]
    if named in _LONG and _HEX64.fullmatch(digits):
        return Reading(named, text.lower(), Checksum.ABSENT)
    if named in _LONG or not _HEX40.fullmatch(digits):
        if _HEX.fullmatch(digits):
            raise WalletError(Kind.BAD_LENGTH, "0x text that has not as many digits as an address")
        raise WalletError(Kind.NOT_AN_ADDRESS, "0x text that is not hexadecimal")
    lower = digits.lower()
    canonical = eip55(lower)
    if digits == canonical and not digits.isdigit():
        checksum = Checksum.VALID
    elif digits in (lower, digits.upper()):
        checksum = Checksum.ABSENT
    else:
        raise WalletError(Kind.BAD_CHECKSUM, "the EIP-55 checksum does not verify")
    return Reading(VECHAIN if named == VECHAIN else EVM_ANY, "0x" + canonical, checksum)


def read_xdc(text: str) -> Reading:
    """Reads an address of the XDC Network in its own spelling: xdc and 40 digits.

    Raises:
        WalletError: NOT_AN_ADDRESS, BAD_LENGTH or BAD_CHECKSUM.
    """
    return read_evm("0x" + text[3:], None)._replace(chain=XDC)
