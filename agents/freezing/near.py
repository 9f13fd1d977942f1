"""Near spellings of an address whose checksum is wrong, and the way an address is read back by telephone.

One slip is looked for: the case of an EIP-55 or bech32 text, one character that was mistyped, or two neighbours that
changed places. What is offered verifies; whether it is the one that was meant, the caller says.

Never does: apply any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from comity.wallets import Account, Checksum, WalletError, parse_account

MOST_OFFERED: Final = 5
"""So many near spellings are offered: more would be read to nobody."""
GROUP: Final = 4
"""Characters of a group that is read back."""

_LONGEST: Final = 74
_HEX: Final = "0123456789abcdefABCDEF"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SEGWIT: Final = re.compile(r"(?i)(bc|ltc)1")


def near_spellings(text: str, chain: str | None = None) -> tuple[str, ...]:
    """Returns addresses that verify and are one slip away from a text that does not; empty where it verifies.

    Args:
        text: as it was heard or pasted.
        chain: CAIP-2, an asset symbol or a chain's name; None where none was given.
    """
    written = text.strip()
    if _account(written, chain) is not None or not written.isascii() or len(written) > _LONGEST:
        return ()
    found: dict[str, None] = {}
    for candidate in _candidates(written):
        account = _account(candidate, chain)
        if account is not None and account.checksum is Checksum.VALID:
            found.setdefault(account.address)
        if len(found) == MOST_OFFERED:
            break
    return tuple(found)


def read_back(address: str) -> str:
    """Returns an address in groups of four, as it is read aloud; what says the kind of address stands apart."""
    head = "0x" if address.startswith("0x") else (_SEGWIT.match(address) or [""])[0]
    rest = address[len(head) :]
    groups = [rest[at : at + GROUP] for at in range(0, len(rest), GROUP)]
    return " ".join([head, *groups] if head else groups)


def _account(text: str, chain: str | None) -> Account | None:
    try:
        return parse_account(text, chain)
    except WalletError:
        return None


def _candidates(text: str) -> Iterator[str]:
    """Yields every text that is one slip away, the likeliest slips first."""
    if text[:2] in ("0x", "0X"):
        head, body, alphabet = "0x", text[2:], _HEX
    elif found := _SEGWIT.match(text):
        head, body, alphabet = found[0].lower(), text[found.end() :].lower(), _BECH32
        yield head + body
    else:
        head, body, alphabet = "", text, _BASE58
    for at in range(len(body) - 1):
        if body[at] != body[at + 1]:
            yield f"{head}{body[:at]}{body[at + 1]}{body[at]}{body[at + 2 :]}"
    for at, typed in enumerate(body):
        for char in alphabet:
            if char != typed:
                yield f"{head}{body[:at]}{char}{body[at + 1 :]}"
    if alphabet is _HEX:
        # Digits all right and the case wrong: also what a text with two slips would look like, so it comes last.
        recased = _account(head + body.lower(), None)
        if recased is not None:
            yield recased.address
