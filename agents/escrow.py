"""The root's escrow copy: two files for two custodians, neither of which says anything alone.

Two shares by exclusive or, not Shamir: with two of two it is the same thing, nothing can be got wrong, and a stranger
can rejoin them by hand. Losing one share loses the copy, not the root; the root's own file is the other copy. Each
share lies under its custodian's own passphrase. The root's public key in both files tells whether a join is right.

Never does: keep the joined root; `agents/keyring.py` writes it under a passphrase.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from comity.errors import CannotOpenError, MalformedError
from comity.keyfile import MODERATE, Cost, open_keyfile, seal_keyfile
from comity.keys import SEED_BYTES, SigningKey
from comity.names import check_agency

from agents.keyring import RootKeyring


@dataclass(frozen=True, slots=True)
class _Share:
    agency: str
    part: str
    """`a` or `b`."""
    pair: str
    """Random, the same in both files of one escrow."""
    public: bytes
    share: bytes

    def seal(self, passphrase: bytes, cost: Cost) -> bytes:
        fields = {
            "version": 1,
            "agency": self.agency,
            "part": self.part,
            "pair": self.pair,
            "public": self.public.hex(),
            "share": self.share.hex(),
        }
        return seal_keyfile(passphrase, json.dumps(fields).encode(), cost)

    @classmethod
    def open(cls, data: bytes, passphrase: bytes, floor: Cost) -> _Share:
        try:
            fields = json.loads(open_keyfile(passphrase, data, floor))
            share = bytes.fromhex(fields["share"])
            found = cls(
                check_agency(fields["agency"]), fields["part"], fields["pair"], bytes.fromhex(fields["public"]), share
            )
        except (KeyError, TypeError, ValueError, MalformedError):
            raise CannotOpenError from None
        if fields["version"] != 1 or len(share) != SEED_BYTES:
            raise CannotOpenError
        return found


def split(root: RootKeyring, passphrase_a: bytes, passphrase_b: bytes, cost: Cost = MODERATE) -> tuple[bytes, bytes]:
    """Returns the two custodians' files.

    Args:
        root: the root.
        passphrase_a: of the first custodian.
        passphrase_b: of the second, who does not know the first's.
        cost: of one guess; anything cheaper than MODERATE is for tests.

    Raises:
        MalformedError: the passphrases are the same or empty.
    """
    if passphrase_a == passphrase_b:
        raise MalformedError("two custodians have two passphrases")
    pair, mask = os.urandom(16).hex(), os.urandom(SEED_BYTES)
    shares = (mask, _xor(root.key.seed, mask))
    files = [
        _Share(root.agency, part, pair, root.key.public, share).seal(passphrase, cost)
        for part, share, passphrase in zip("ab", shares, (passphrase_a, passphrase_b), strict=True)
    ]
    return files[0], files[1]


def join(file_a: bytes, passphrase_a: bytes, file_b: bytes, passphrase_b: bytes, floor: Cost = MODERATE) -> RootKeyring:
    """Returns the root from both custodians' files, in either order.

    Raises:
        CannotOpenError: a wrong passphrase, a damaged file, or two files that do not belong together.
    """
    one, two = _Share.open(file_a, passphrase_a, floor), _Share.open(file_b, passphrase_b, floor)
    if {one.part, two.part} != {"a", "b"} or (one.agency, one.pair, one.public) != (two.agency, two.pair, two.public):
        raise CannotOpenError
    key = SigningKey(_xor(one.share, two.share))
    if key.public != one.public:
        raise CannotOpenError
    return RootKeyring(one.agency, key)


def _xor(one: bytes, two: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, two, strict=True))
