"""Many texts at once: the key of each that is plainly sound, several times faster than reading them one by one.

It knows the forms that make up nearly all of what is screened: EVM in any case, Base58Check of Bitcoin, Litecoin and
Tron, bech32 and bech32m in one case, classic XRP Ledger addresses, Solana keys, TON's user-friendly addresses. For
these it says exactly what `parse_account` says, checksums included. For any other text, sound or not, it says nothing:
`parse_account` decides.

Texts are sorted by length and first character, and those of one form read together (`comity.wallets.bulk`).

Never does: refuse, put anything right, give a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter

from comity.wallets import base58, bech32, bulk
from comity.wallets.bulk import CHECK58_LENGTHS, PORTION, SOLANA_LENGTHS, TON_LENGTH
from comity.wallets.chains import BITCOIN, EVM_ANY, LITECOIN, SOLANA, TON, TRON, XRPL
from comity.wallets.evm import eip55
from comity.wallets.readers import PARTS

_EVM_LENGTH = 42
_EVM_BYTES = 20
_EVM_KEY = f"{EVM_ANY}:"
_CHECK58 = {
    "1": (base58.BITCOIN, 0x00, f"{BITCOIN}:"),
    "3": (base58.BITCOIN, 0x05, f"{BITCOIN}:"),
    "L": (base58.BITCOIN, 0x30, f"{LITECOIN}:"),
    "M": (base58.BITCOIN, 0x32, f"{LITECOIN}:"),
    "T": (base58.BITCOIN, 0x41, f"{TRON}:"),
    "r": (base58.RIPPLE, 0x00, f"{XRPL}:"),
}
_SOLANA_KEY = f"{SOLANA}:".lower()
_TON_KEY = f"{TON}:"
_SEGWIT = {"b": ("bc", f"{BITCOIN}:"), "l": ("ltc", f"{LITECOIN}:")}
_SEGWIT_BEGINS = tuple(f"{part}1".encode() for part in sorted(PARTS))
# For each of the first three characters, a bit for each eighth of the beginnings that some of it have: a text that has
# no bit in common in all three begins as none of them.
_LETTERS = tuple(
    bytes(
        sum(
            {
                1 << number % 8
                for number, begin in enumerate(_SEGWIT_BEGINS)
                if begin[place : place + 1] in (b"", letter)
            }
        )
        for letter in (bytes([char]) for char in range(256))
    )
    for place in range(3)
)
_MAY_BE_SEGWIT = frozenset(char for char in _CHECK58 if char.lower() in {part[0] for part in PARTS})
_FIRST = itemgetter(slice(1))


@dataclass(frozen=True, slots=True)
class Sound:
    """Texts of one form that are sound."""

    prefix: str
    """What their keys begin with."""
    places: list[int]
    """Where each stands among the texts."""
    addresses: list[bytes]
    """What follows the prefix in the key of each, in lower case."""


def sift(texts: Sequence[str]) -> list[str | None]:
    """Returns, for each text, the canonical screening key of its account in lower case; None where it does not say.

    The key is `comity.watchlists.screening_key` of what `parse_account` gives for the bare text, with every letter in
    lower case: right for telling what is not listed, too coarse for telling two base58 addresses apart.

    Args:
        texts: addresses as received.
    """
    keys: list[str | None] = [None] * len(texts)
    for sound in sort_out(texts)[0]:
        prefix = sound.prefix
        for place, address in zip(sound.places, sound.addresses, strict=True):
            keys[place] = prefix + address.decode()
    return keys


def sort_out(texts: Sequence[str]) -> tuple[list[Sound], list[int]]:
    """Returns what `sift` says by form, and the places of the texts of which it says nothing.

    Args:
        texts: addresses as received.
    """
    sorting = _Sorting()
    for start in range(0, len(texts), PORTION):
        sorting.take(start, texts[start : start + PORTION])
    return sorting.sound, sorting.rest


def canonical(text: str, key: str) -> str:
    """Returns the canonical screening key of a text, in its own case.

    Args:
        text: as received.
        key: what `sift` returned for it.
    """
    if key.startswith(_EVM_KEY):
        return f"{_EVM_KEY}0x{eip55(key[-2 * _EVM_BYTES :])}"
    if key.startswith(_TON_KEY):
        return key.replace("%3a", "%3A")
    address = text.strip()
    if address.lower().encode().startswith(_SEGWIT_BEGINS):  # `sift` gives no text of another form that begins so a key
        return key
    prefix = key[: -len(address)]
    return (f"{SOLANA}:" if prefix == _SOLANA_KEY else prefix) + address


class _Sorting:
    """What was found so far."""

    def __init__(self) -> None:
        self.sound: list[Sound] = []
        self.rest: list[int] = []

    def take(self, start: int, received: Sequence[str]) -> None:
        """Takes in a portion whose first text stands at `start`."""
        texts = list(map(str.strip, received))
        if not "".join(received).isascii():  # some letters beyond ASCII have a small form within it
            texts = [text if text.isascii() else "" for text in texts]
        groups: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for place, form in enumerate(zip(map(len, texts), map(_FIRST, texts), strict=True)):
            groups[form].append(place)
        keys: dict[int, list[int]] = {length: [] for length in SOLANA_LENGTHS}
        for (length, first), places in groups.items():
            others = places
            if first in _CHECK58 and length in CHECK58_LENGTHS:
                others = self._check58(start, texts, first, places)
            elif first == "0" and length == _EVM_LENGTH:
                lowered, wrong = bulk.evm([texts[place] for place in places])
                others = self._keep(start, _EVM_KEY, places, lowered, wrong)
            elif length == TON_LENGTH and first in "EU":
                raw, wrong = bulk.ton([texts[place] for place in places])
                others = self._keep(start, _TON_KEY, places, raw, wrong)
            elif first in "bBlL" and length:
                others = self._segwit(start, texts, first, places)
            if length in keys:
                keys[length] += others
            else:
                self.rest += [start + place for place in others]
        for places in keys.values():
            self.rest += [start + place for place in self._solana(start, texts, places)]

    def _keep(
        self, start: int, prefix: str, places: list[int], addresses: list[bytes], wrong: Sequence[int]
    ) -> list[int]:
        """Keeps what is sound of one form, and returns the places in the portion of what is not."""
        others = [places[row] for row in wrong]
        if others:
            good = bytearray(b"\1") * len(places)
            for row in wrong:
                good[row] = 0
            places, addresses = list(compress(places, good)), list(compress(addresses, good))
        self.sound.append(Sound(prefix, [start + place for place in places] if start else places, addresses))
        return others

    def _check58(self, start: int, texts: list[str], first: str, places: list[int]) -> list[int]:
        alphabet, version, prefix = _CHECK58[first]
        asked = [texts[place] for place in places]
        lowered = _lowered(asked)
        wrong = bulk.check58(alphabet, version, asked)
        if first in _MAY_BE_SEGWIT:
            wrong += _rows_beginning(lowered)
        return self._keep(start, prefix, places, lowered, wrong)

    def _segwit(self, start: int, texts: list[str], first: str, places: list[int]) -> list[int]:
        hrp, prefix = _SEGWIT[first.lower()]
        begin, in_case = (f"{hrp}1", str.islower) if first.islower() else (f"{hrp}1".upper(), str.isupper)
        others = [place for place in places if not (texts[place].startswith(begin) and in_case(texts[place]))]
        fits = sorted({*places}.difference(others)) if others else places
        if fits:
            lowered = _lowered([texts[place] for place in fits])
            sound = bech32.are_segwit(hrp, len(lowered[0]) - len(begin), [row[len(begin) :] for row in lowered])
            wrong = [row for row, is_sound in enumerate(sound) if not is_sound]
            others += self._keep(start, prefix, fits, lowered, wrong)
        return others

    def _solana(self, start: int, texts: list[str], places: list[int]) -> list[int]:
        if not places:
            return []
        asked = [texts[place] for place in places]
        lowered = _lowered(asked)
        wrong = sorted({*bulk.solana(asked), *_rows_beginning(lowered)})
        return self._keep(start, _SOLANA_KEY, places, lowered, wrong)


def _lowered(texts: list[str]) -> list[bytes]:
    """Returns each text in lower case. Only of texts without line ends this says anything."""
    lines = "\n".join(texts).lower().encode().split(b"\n")
    return lines if len(lines) == len(texts) else [text.lower().encode() for text in texts]


def _rows_beginning(lowered: list[bytes]) -> list[int]:
    """Returns the places of the texts, all of one length, that begin as segwit addresses do."""
    joined, length = b"".join(lowered), len(lowered[0])
    columns = (joined[place::length].translate(letters) for place, letters in enumerate(_LETTERS))
    first, second, third = (int.from_bytes(column) for column in columns)
    likely = (first & second & third).to_bytes(len(lowered))
    return [row for row in compress(range(len(lowered)), likely) if lowered[row].startswith(_SEGWIT_BEGINS)]
