"""Readers of chains with a form of address of their own: Filecoin, Nano, Stacks, ICON, Nimiq, NEAR, Hedera.

Each of the first five begins with letters and has a length that no other address has, and all of those but ICON's a
checksum. NEAR's and Hedera's have neither: they are read only where the chain is named.

Canonical forms, where a chain leaves a choice: upper case for Stacks and Nimiq, lower case for the others; Nano's
present prefix; no spaces; Hedera without the checksum, of which most tools know nothing.

Never does: put anything right, ask a network.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from comity.wallets import base58
from comity.wallets.errors import WalletError
from comity.wallets.errors import WalletErrorKind as Kind
from comity.wallets.further import FILECOIN, HEDERA, ICON, NANO, NEAR, NIMIQ, STACKS
from comity.wallets.reading import Checksum, Reading
from comity.wallets.testnets import of_testnet

# Of the actors that may give addresses of kind 4, there is one: number 10, for EVM accounts.
_FILECOIN = re.compile(r"([ft])(?:([12])([a-z2-7]{39})|(3)([a-z2-7]{84})|(4)10f([a-z2-7]{39}))")
_FILECOIN_ID = re.compile(r"([ft])0(0|[1-9][0-9]{0,19})")
_FILECOIN_HEADS = {"1": b"\x01", "2": b"\x02", "3": b"\x03", "4": b"\x04\x0a"}
_FILECOIN_CHECK = 4
_NANO = re.compile(r"(?:nano|xrb)_([13][13-9a-km-uw-z]{59})")
_NANO_DIGITS = {char: digit for digit, char in enumerate("13456789abcdefghijkmnopqrstuwxyz")}
_NANO_CHECK = 40
_STACKS = re.compile(r"S[PMTN][0-9A-HJKMNP-TV-Z]{26,39}")
_STACKS_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_STACKS_TEST = "TN"
_STACKS_HASH = 20
_ICON = re.compile(r"[hc]x[0-9a-f]{40}")
_NIMIQ = re.compile(r"NQ[0-9]{2}(?: ?[0-9A-HJ-NP-VXY]{4}){8}")
_NEAR = re.compile(r"(?=.{2,64}$)(?:[a-z0-9]+[-_])*[a-z0-9]+(?:\.(?:[a-z0-9]+[-_])*[a-z0-9]+)*")
_HEDERA = re.compile(r"((?:0|[1-9][0-9]{0,18})(?:\.(?:0|[1-9][0-9]{0,18})){2})(?:-([a-z]{5}))?")
_HEDERA_MODULI = (26**3, 26**5)
_HEDERA_WEIGHTS = (31, 1_000_003)
_HEDERA_TEST = {1: "Hedera testnet", 2: "Hedera previewnet"}


def _wrong(name: str) -> WalletError:
    return WalletError(Kind.BAD_CHECKSUM, f"the checksum of the {name} address does not verify")


def _read_filecoin(text: str) -> Reading:
    match = _FILECOIN.fullmatch(text)
    if match is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no Filecoin address")
    network, kind, digits = (part for part in match.groups() if part)
    data = base64.b32decode(digits.upper() + "=" * (-len(digits) % 8))
    body, check = data[:-_FILECOIN_CHECK], data[-_FILECOIN_CHECK:]
    if blake2b(_FILECOIN_HEADS[kind] + body, digest_size=_FILECOIN_CHECK).digest() != check:
        raise _wrong("Filecoin")
    if base64.b32encode(data).decode().rstrip("=").lower() != digits:
        raise WalletError(Kind.NOT_AN_ADDRESS, "Filecoin address with bits left over")
    if network == "t":
        raise of_testnet("Filecoin testnet")
    return Reading(FILECOIN, text, Checksum.VALID)


def _read_nano(text: str) -> Reading:
    match = _NANO.fullmatch(text)
    if match is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no Nano address")
    value = 0
    for char in match[1]:
        value = value << 5 | _NANO_DIGITS[char]
    key = (value >> _NANO_CHECK).to_bytes(33)[1:]  # the first digit, 1 or 3, has one bit of the key
    if blake2b(key, digest_size=5).digest()[::-1] != (value & (1 << _NANO_CHECK) - 1).to_bytes(5):
        raise _wrong("Nano")
    return Reading(NANO, f"nano_{match[1]}", Checksum.VALID)


def _read_stacks(text: str) -> Reading:
    value = 0
    for char in text[2:]:
        value = value << 5 | _STACKS_DIGITS.index(char)
    zeros = len(text) - 2 - len(text[2:].lstrip("0"))
    data = bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8)
    if len(data) != _STACKS_HASH + 4:
        raise WalletError(Kind.BAD_LENGTH, "Stacks address of a wrong length")
    if base58.checksum(bytes([_STACKS_DIGITS.index(text[1])]) + data[:-4]) != data[-4:]:
        raise _wrong("Stacks")
    if text[1] in _STACKS_TEST:
        raise of_testnet("Stacks testnet")
    return Reading(STACKS, text, Checksum.VALID)


def _read_icon(text: str) -> Reading:
    return Reading(ICON, text, Checksum.ABSENT)


def _read_nimiq(text: str) -> Reading:
    plain = text.replace(" ", "").upper()
    # ISO 7064: country and check digits go to the end, a letter counts as two digits.
    if int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 != 1:
        raise _wrong("Nimiq")
    return Reading(NIMIQ, plain, Checksum.VALID)


_READERS: Final[tuple[tuple[re.Pattern[str], Callable[[str], Reading]], ...]] = (
    (_FILECOIN, _read_filecoin),
    (re.compile(r"(?:nano|xrb)_.+"), _read_nano),
    (_STACKS, _read_stacks),
    (_ICON, _read_icon),
    (_NIMIQ, _read_nimiq),
)
BEGINS: Final = frozenset("ftnxShcN")
"""First characters of what `read_own` reads."""


def read_own(text: str) -> Reading | None:
    """Reads an address that says its chain by its form.

    Returns:
        None where it has none of these forms.

    Raises:
        WalletError: any kind but WRONG_CHAIN, MIXED_CASE and NOT_A_TRANSACTION.
    """
    for form, reader in _READERS:
        if form.fullmatch(text):
            return reader(text)
    return None


def _read_near(text: str) -> Reading:
    if not _NEAR.fullmatch(text):
        raise WalletError(Kind.NOT_AN_ADDRESS, "no account of NEAR")
    if text.endswith(".testnet"):
        raise of_testnet("NEAR testnet")
    return Reading(NEAR, text, Checksum.ABSENT)


def _hip15(address: str, ledger: int) -> str:
    """Returns the five letters of HIP-15 for an account on a ledger."""
    digits = [10 if char == "." else int(char) for char in address]
    summed = weighted = odd = even = 0
    for place, digit in enumerate(digits):
        weighted = (weighted * _HEDERA_WEIGHTS[0] + digit) % _HEDERA_MODULI[0]
        even, odd = (even + digit, odd) if place % 2 == 0 else (even, odd + digit)
    for byte in bytes([ledger]) + bytes(6):
        summed = (summed * _HEDERA_WEIGHTS[0] + byte) % _HEDERA_MODULI[1]
    value = (((len(address) % 5 * 11 + even % 11) * 11 + odd % 11) * _HEDERA_MODULI[0] + weighted + summed) % (
        _HEDERA_MODULI[1]
    )
    value = value * _HEDERA_WEIGHTS[1] % _HEDERA_MODULI[1]
    letters = ""
    for _ in range(5):
        value, letter = divmod(value, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def _read_hedera(text: str) -> Reading:
    match = _HEDERA.fullmatch(text)
    if match is None:
        raise WalletError(Kind.NOT_AN_ADDRESS, "no account of Hedera")
    if match[2] is None:
        return Reading(HEDERA, match[1], Checksum.ABSENT)
    for ledger, name in _HEDERA_TEST.items():
        if match[2] == _hip15(match[1], ledger):
            raise of_testnet(name)
    if match[2] != _hip15(match[1], 0):
        raise _wrong("Hedera")
    return Reading(HEDERA, match[1], Checksum.VALID)


def _read_filecoin_named(text: str) -> Reading:
    match = _FILECOIN_ID.fullmatch(text)
    if match is None:
        return _read_filecoin(text)
    if match[1] == "t":
        raise of_testnet("Filecoin testnet")
    return Reading(FILECOIN, text, Checksum.ABSENT)


BY_NAME: Final = {NEAR: _read_near, HEDERA: _read_hedera, FILECOIN: _read_filecoin_named}
"""Readers of the chains of which every form, or some, are read only where the chain is named."""
