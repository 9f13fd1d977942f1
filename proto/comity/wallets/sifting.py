"""Many texts at once: the key of each that is plainly sound, several times faster than reading them one by one.

`sift` knows the forms that make up nearly all of what is screened: EVM in any case, Base58Check of Bitcoin, Litecoin
and Tron, bech32 and bech32m in one case, classic XRP Ledger addresses, Solana keys. For these it says exactly what
`parse_account` says, checksums included. For any other text, sound or not, it says nothing: `parse_account` decides.

Texts of one form are worked on together: their digits lie side by side in one large number, or position by position in
one row of bytes, so that one step of the interpreter does what would be one step a character.

Never does: refuse, put anything right, give a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct
from typing import Final

from comity.wallets import base58, bech32
from comity.wallets.chains import BITCOIN, EVM_ANY, LITECOIN, SOLANA, TRON, XRPL
from comity.wallets.readers import eip55

PORTION: Final = 4096
"""So many texts are worked on together: enough to share the steps, few enough to stay near the processor."""

_Item = tuple[int, str]
_Keys = list[str | None]

_EVM_LENGTH = 42
_EVM_BYTES = 20
_EVM_KEY = f"{EVM_ANY}:"
_CHECK58_LENGTHS = range(25, 36)  # of texts whose bytes can be 25
_CHECK58_BYTES = 25
_CHECK58_LIMIT = 1 << 200
_CHECK58_KEYS = {
    0x00: f"{BITCOIN}:",
    0x05: f"{BITCOIN}:",
    0x30: f"{LITECOIN}:",
    0x32: f"{LITECOIN}:",
    0x41: f"{TRON}:",
}
_XRP_KEYS = {0x00: f"{XRPL}:"}
_SOLANA_KEY = f"{SOLANA}:".lower()
_SOLANA_LENGTHS = (43, 44)  # all lengths that 32 bytes have but for those that begin with zeros
_SEGWIT_KEYS = {"bc": f"{BITCOIN}:", "ltc": f"{LITECOIN}:"}
_SEGWIT_BEGINS = ("bc1", "ltc1", "tb1", "bcrt1", "tltc1", "rltc1")
_MAY_BE_SEGWIT = frozenset("LTr")
_NO_DIGIT = 0xFF
_HASH_MASK = (1 << 160) - 1
_OLD_SCRIPT = b"\x05"
_LITECOIN_SCRIPT = f"{LITECOIN}:M"

_ROW = 40  # digits of a row, eight to a word
_WORDS = Struct(">5Q")
_WORD = base58.BASE**8
_ROW_LANES = tuple(
    (width, int.from_bytes(mask.to_bytes(_ROW) * PORTION), weight)
    for width, mask, weight in ((w, m & (1 << 8 * _ROW) - 1, b) for w, m, b in base58.LANES[:3])
)


def sift(texts: Sequence[str]) -> list[str | None]:
    """Returns, for each text, the canonical screening key of its account in lower case; None where it does not say.

    The key is `comity.watchlists.screening_key` of what `parse_account` gives for the bare text, with every letter in
    lower case: right for telling what is not listed, too coarse for telling two base58 addresses apart.

    Args:
        texts: addresses as received.
    """
    keys: _Keys = []
    for start in range(0, len(texts), PORTION):
        keys += _sift(texts[start : start + PORTION])
    return keys


def canonical(text: str, key: str) -> str:
    """Returns the canonical screening key of a text, in its own case.

    Args:
        text: as received.
        key: what `sift` returned for it.
    """
    if key.startswith(_EVM_KEY):
        return f"{_EVM_KEY}0x{eip55(key[-2 * _EVM_BYTES :])}"
    address = text.strip()
    if address.lower().startswith(_SEGWIT_BEGINS):  # `sift` gives no text of another form that begins so a key
        return key
    prefix = key[: -len(address)]
    return (f"{SOLANA}:" if prefix == _SOLANA_KEY else prefix) + address


def bare_script_account(account: str) -> str:
    """Returns the account that an old script address (3…) of a Litecoin account means where no chain is named.

    Args:
        account: canonical CAIP-10.

    Returns:
        The canonical account of Bitcoin's with the same bytes; empty where the account has no such form.
    """
    if not account.startswith(_LITECOIN_SCRIPT):
        return ""
    value = base58.BITCOIN.number(account.removeprefix(f"{LITECOIN}:")) or 0
    body = (value >> 32 & _HASH_MASK).to_bytes(20)
    return f"{BITCOIN}:{base58.BITCOIN.encode_check(_OLD_SCRIPT + body)}"


def _sift(texts: Sequence[str]) -> _Keys:
    keys: _Keys = [None] * len(texts)
    evm: list[_Item] = []
    check58: list[_Item] = []
    xrp: list[_Item] = []
    segwit: dict[tuple[str, int], list[_Item]] = {}
    for place, received in enumerate(texts):
        if not received.isascii():  # some letters beyond ASCII have a small form within it
            continue
        text = received.strip()
        first, length = text[:1], len(text)
        if first == "0":
            if length == _EVM_LENGTH and text[1] == "x":
                evm.append((place, text))
        elif first in "13LMT" and length in _CHECK58_LENGTHS:
            check58.append((place, text))
        elif first == "r" and length in _CHECK58_LENGTHS:
            xrp.append((place, text))
        elif length in _SOLANA_LENGTHS and _is_solana(text):
            keys[place] = _SOLANA_KEY + text.lower()
        elif first in "bBlL":
            _sort_segwit(place, text, segwit)
    _read_evm(evm, keys)
    _read_check58(check58, keys, base58.BITCOIN, _CHECK58_KEYS)
    _read_check58(xrp, keys, base58.RIPPLE, _XRP_KEYS)
    for (hrp, length), items in segwit.items():
        _read_segwit(hrp, length, items, keys)
    return keys


def _read_evm(items: list[_Item], keys: _Keys) -> None:
    for place, text in items:
        lower = text.lower()
        try:
            raw = bytes.fromhex(lower[2:])
        except ValueError:
            continue
        if len(raw) != _EVM_BYTES:  # white space stood between digits
            continue
        if text != lower:
            digits = text[2:]
            if digits not in (eip55(lower[2:]), digits.upper()):
                continue
        keys[place] = _EVM_KEY + lower


def _rows(texts: list[str], width: int, table: bytes) -> tuple[bytes, list[bool] | None]:
    """Returns the digits of texts of one width, a row each; which rows are digits only, or None where all are."""
    digits = "".join(texts).encode("ascii", "replace").translate(table)
    if _NO_DIGIT not in digits:
        return digits, None
    return digits, [_NO_DIGIT not in digits[start : start + width] for start in range(0, len(digits), width)]


def _read_check58(items: list[_Item], keys: _Keys, alphabet: base58.Alphabet, key_of: dict[int, str]) -> None:
    if not items:
        return
    zero = alphabet.zero
    digits, sound = _rows([text.rjust(_ROW, zero) for _, text in items], _ROW, alphabet.digit_of)
    if sound is not None:
        items = [item for item, is_sound in zip(items, sound, strict=True) if is_sound]
        rows = (digits[start : start + _ROW] for start in range(0, len(digits), _ROW))
        digits = b"".join(row for row, is_sound in zip(rows, sound, strict=True) if is_sound)
    number = int.from_bytes(digits)
    for width, mask, weight in _ROW_LANES:
        number = (number & mask) + (number >> width & mask) * weight
    words = _WORDS.iter_unpack(number.to_bytes(len(digits)))
    for (place, text), (a, b, c, d, e) in zip(items, words, strict=True):
        value = (((a * _WORD + b) * _WORD + c) * _WORD + d) * _WORD + e
        if value >= _CHECK58_LIMIT:
            continue
        data = value.to_bytes(_CHECK58_BYTES)
        if sha256(sha256(data[:21]).digest()).digest()[:4] != data[21:]:
            continue
        first = text[0]
        if (first == zero or not data[0]) and alphabet.zeros(text) != _CHECK58_BYTES - len(data.lstrip(b"\0")):
            continue
        key = key_of.get(data[0])
        lower = text.lower()
        if key is not None and not (first in _MAY_BE_SEGWIT and lower.startswith(_SEGWIT_BEGINS)):
            keys[place] = key + lower


def _is_solana(text: str) -> bool:
    digits = text.encode("ascii", "replace").translate(base58.BITCOIN.digit_of)
    if _NO_DIGIT in digits or not digits[0] or text.lower().startswith(_SEGWIT_BEGINS):
        return False
    return digits >= _SOLANA_LEAST if len(digits) == _SOLANA_LENGTHS[0] else digits <= _SOLANA_MOST


def _digits(value: int) -> bytes:
    return base58.BITCOIN.digits(value, 0).encode().translate(base58.BITCOIN.digit_of)


_SOLANA_LEAST = _digits(1 << 248)
_SOLANA_MOST = _digits((1 << 256) - 1)


def _sort_segwit(place: int, text: str, groups: dict[tuple[str, int], list[_Item]]) -> None:
    lower = text.lower()
    hrp, _, data = lower.partition("1")
    if hrp in _SEGWIT_KEYS and text in (lower, text.upper()):
        groups.setdefault((hrp, len(data)), []).append((place, lower))


def _read_segwit(hrp: str, length: int, items: list[_Item], keys: _Keys) -> None:
    start = len(hrp) + 1
    sound = bech32.are_segwit(hrp, length, [lower[start:] for _, lower in items])
    key = _SEGWIT_KEYS[hrp]
    for (place, lower), is_sound in zip(items, sound, strict=True):
        if is_sound:
            keys[place] = key + lower
