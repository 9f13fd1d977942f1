"""What the readers of addresses give: `Reading`, with the verdict of the checksum.

Never does: read anything itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Checksum(StrEnum):
    """What the checksum in the text said. One that is wrong is no verdict but an error."""

    VALID = "VALID"
    """The text carries a checksum and it verifies."""
    ABSENT = "ABSENT"
    """The text carries none: Solana, EVM in one case, raw TON, EOS. A slip of the pen would go unnoticed."""


class Reading(NamedTuple):
    """What a reader made of a text."""

    chain: str
    """CAIP-2, or `eip155:*`."""
    address: str
    """Canonical address."""
    checksum: Checksum
    tag: str | None = None
    """Destination tag (XRP Ledger, decimal), payment id (Monero, 16 hexadecimal digits) or memo (Stellar)."""
    local: str | None = None
    """What stands for the account in CAIP-10 where that is not `address`."""
    parent: str | None = None
    """The CAIP-10 part of the account that the tag divides, where there is a tag."""
