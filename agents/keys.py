"""Keys as the client uses them: it signs and opens by key id and never sees a seed.

`LocalKeys` holds them in this process; `agents/keyprocess.py` holds them in another one. Both sign only bytes that
`comity.encoding.tagged` made for a purpose of a member, so that whoever reaches the keys cannot have anything else
signed with them.

Never does: passphrases, asking the directory whether a key is good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, Protocol

from comity.encoding import PREFIX, Purpose
from comity.errors import CannotOpenError, ComityError, MalformedError
from comity.hpke import Unwrap, hpke_open
from comity.keyfile import MODERATE, Cost
from comity.keys import Use, WrapKey, kid
from comity.names import check_desk
from comity.sealing import open_desk_key, seal_desk_key

from agents.grants import DeskKeyGrant, archive_number, load_grants, parse_grant
from agents.home import Home
from agents.keyring import MemberKeyring

PURPOSES: Final = tuple(
    PREFIX + purpose.encode() + b"\x00"
    for purpose in (
        Purpose.ENVELOPE,
        Purpose.ACK,
        Purpose.STATEMENT,
        Purpose.DESK_KEY,
        Purpose.DRAFT_SIGNATURE,
        Purpose.WATCHLIST_CHANGES,
        Purpose.WATCHLIST_CONFIRM,
    )
)
"""How signed bytes of a member begin."""
_DESK_KEY_INFO: Final = PREFIX + Purpose.DESK_KEY.encode() + b"\x00"
DATA_LIMIT: Final = 256 * 1024
"""Greatest length of what is signed or opened here, in bytes: headers, seals and wraps, never content."""


class UnknownKeyError(ComityError):
    """These keys do not hold that key. For a desk key: another member, or an admin, has to grant it."""


class KeyUse(StrEnum):
    """What a key that is held is for."""

    SIGN = "sign"
    """The member signs with it."""
    WRAP = "wrap"
    """Opens what is for the member alone."""
    DESK = "desk"
    """Opens mail to the desk."""
    ARCHIVE = "archive"
    """Opens mail that the node keeps."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key that is held, without its secret."""

    kid: bytes
    """Key id, 32 bytes."""
    use: KeyUse
    """What for."""
    owner: str
    """Member or desk."""
    epoch: int
    """Desk and archive keys: the epoch. Others: 0."""
    public: bytes
    """The public key."""
    grant: bytes = b""
    """Desk and archive keys: SHA-256 of the grant that it was opened from. Others: empty."""


class Keys(Protocol):
    """A member's keys, wherever they are."""

    @property
    def member(self) -> str:
        """Whose they are, `agency/m-xxxxxxxx`."""
        ...

    def entries(self) -> tuple[KeyEntry, ...]:
        """Returns what is held."""
        ...

    def sign(self, key_id: bytes, data: bytes) -> bytes:
        """Returns a signature, 64 bytes.

        Args:
            key_id: of the signing key.
            data: tagged bytes of one of `PURPOSES`.

        Raises:
            UnknownKeyError: not held.
            MalformedError: the bytes are of no purpose that a member signs.
        """
        ...

    def unwrap(self, key_id: bytes, info: bytes, data: bytes) -> bytes:
        """Returns what HPKE sealed to a key that is held.

        Raises:
            CannotOpenError: it cannot be opened, or the key is not held.
        """
        ...

    def create_desk_key(self, desk: str, epoch: int) -> tuple[bytes, bytes]:
        """Makes a new desk (or archive) key. Returns its public key and its seed sealed to this member."""
        ...

    def regrant(self, key_id: bytes, member_kid: bytes, member_public: bytes) -> bytes:
        """Returns the seed of a desk (or archive) key that is held, sealed to another member.

        Raises:
            UnknownKeyError: it is not held.
            MalformedError: not a key that can be sealed to.
        """
        ...

    def granted(self, grant: bytes) -> bytes:
        """Returns the public key of the desk (or archive) key in a grant, which need not be in the home.

        Raises:
            MalformedError: not a grant.
            CannotOpenError: it is not for this member, or damaged.
        """
        ...

    def reload(self) -> None:
        """Reads the home's grants again: some were added or destroyed."""
        ...

    def close(self) -> None:
        """Lets go of the keys."""
        ...


def find(keys: Keys, use: KeyUse) -> KeyEntry:
    """Returns the key of a use; of several the one with the highest epoch.

    Raises:
        UnknownKeyError: none is held.
    """
    found = [entry for entry in keys.entries() if entry.use is use]
    if not found:
        raise UnknownKeyError(f"no {use.value} key is held")
    return max(found, key=lambda entry: entry.epoch)


def unwrapping(keys: Keys, key_id: bytes) -> Unwrap:
    """Returns the opening function of one key."""
    return partial(keys.unwrap, key_id)


class LocalKeys:
    """Keys in this process."""

    def __init__(self, keyring: MemberKeyring, grants: Callable[[], list[bytes]]) -> None:
        """Takes a member's own keys and a source of its desk key grants.

        Args:
            keyring: the member's own keys.
            grants: returns serialised grants; called again at `reload`.
        """
        self._keyring = keyring
        self._grants = grants
        self._wraps: dict[bytes, WrapKey] = {}
        self._entries: tuple[KeyEntry, ...] = ()
        self.reload()

    @classmethod
    def open(cls, home: Home, member: str, passphrase: bytes, floor: Cost = MODERATE) -> LocalKeys:
        """Opens a member's keyring in a home.

        Raises:
            MalformedError: no keyring of that member.
            CannotOpenError: wrong passphrase, or damaged.
        """
        keyring = MemberKeyring.load(home, member, passphrase, floor)
        return cls(keyring, lambda: load_grants(home, member))

    @property
    def member(self) -> str:
        """Whose they are."""
        return self._keyring.member

    def entries(self) -> tuple[KeyEntry, ...]:
        """Returns what is held."""
        return self._entries

    def sign(self, key_id: bytes, data: bytes) -> bytes:
        """Returns a signature, see `Keys.sign`."""
        if key_id != self._keyring.sign_kid:
            raise UnknownKeyError("that signing key is not held")
        if not data.startswith(PURPOSES):
            raise MalformedError("not bytes that a member signs")
        return self._keyring.sign.sign(data)

    def unwrap(self, key_id: bytes, info: bytes, data: bytes) -> bytes:
        """Returns what was sealed, see `Keys.unwrap`."""
        key = self._wraps.get(key_id)
        # A grant holds a private key: it is opened at `reload`, and what is in it stays here.
        if key is None or info.startswith(_DESK_KEY_INFO):
            raise CannotOpenError
        return hpke_open(key, info, data)

    def create_desk_key(self, desk: str, epoch: int) -> tuple[bytes, bytes]:
        """Makes a new desk key, see `Keys.create_desk_key`."""
        key, own = WrapKey.generate(), self._keyring
        return key.public, seal_desk_key(check_desk(desk), epoch, own.wrap_kid, own.wrap.public, key.seed)

    def regrant(self, key_id: bytes, member_kid: bytes, member_public: bytes) -> bytes:
        """Returns a desk key sealed to another member, see `Keys.regrant`."""
        held = [e for e in self._entries if e.kid == key_id and e.use in (KeyUse.DESK, KeyUse.ARCHIVE)]
        if not held:
            raise UnknownKeyError("that desk key is not held")
        seed = self._wraps[key_id].seed
        return seal_desk_key(held[0].owner, held[0].epoch, member_kid, member_public, seed)

    def granted(self, grant: bytes) -> bytes:
        """Returns the public key in a grant, see `Keys.granted`."""
        return self._opened(parse_grant(grant)).public

    def reload(self) -> None:
        """Reads the grants again. One that does not open is left out: it is a damaged file, or another key's."""
        own = self._keyring
        wraps = {own.wrap_kid: own.wrap}
        entries = [
            KeyEntry(own.sign_kid, KeyUse.SIGN, own.member, 0, own.sign.public),
            KeyEntry(own.wrap_kid, KeyUse.WRAP, own.member, 0, own.wrap.public),
        ]
        for data in self._grants():
            try:
                grant = parse_grant(data)
                key = self._opened(grant)
            except (MalformedError, CannotOpenError):
                continue
            key_id = kid(grant.desk, Use.DESK, key.public)
            use = KeyUse.DESK if archive_number(grant.epoch) is None else KeyUse.ARCHIVE
            wraps[key_id] = key
            entries.append(KeyEntry(key_id, use, grant.desk, grant.epoch, key.public, hashlib.sha256(data).digest()))
        self._wraps, self._entries = wraps, tuple(entries)

    def _opened(self, grant: DeskKeyGrant) -> WrapKey:
        wrap = self._keyring.wrap
        return open_desk_key(grant.desk, grant.epoch, grant.member_kid, grant.sealed_seed, wrap)

    def close(self) -> None:
        """Forgets the keys. Python cannot wipe them: they live until the memory is used again."""
        self._wraps, self._entries = {}, ()
