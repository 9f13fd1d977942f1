"""Keyrings at rest: one Argon2id file a member, one for the agency's root, and their backups.

A member's file holds two seeds, for signing and for opening, and is written when they are made and when the passphrase
changes, never in between. All else that is secret is sealed to the opening key: desk keys (`agents/grants.py`), TLS
keys (`agents/transport.py`). So a desk key can be renewed by a process that knows no passphrase, members of one desk
share a node without sharing a passphrase, and nobody's leaving changes anybody's file.

A backup is the member's file and desk keys under a second passphrase that lies in a safe: a forgotten passphrase must
not lose live mail. The root is a file of its own, kept offline; see `agents/escrow.py` for its copy.

Never does: asking for passphrases, network.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from comity.errors import CannotOpenError, MalformedError
from comity.keyfile import KEYFILE_LIMIT, MODERATE, Cost, open_keyfile, seal_keyfile
from comity.keys import SigningKey, Use, WrapKey, kid
from comity.names import check_agency, check_member
from comity.sealing import open_desk_key

from agents.grants import load_grants, parse_grant, save_grant
from agents.home import Home, write_private

_TLS_FILE: Final = re.compile(r"[0-9a-f]{64}\.(box|pem)")


@dataclass(frozen=True, slots=True)
class MemberKeyring:
    """A member's own keys."""

    member: str
    """`agency/m-xxxxxxxx`."""
    sign: SigningKey
    """Signs envelopes, acknowledgements, statements."""
    wrap: WrapKey
    """Opens drafts and desk key grants."""

    @classmethod
    def generate(cls, member: str) -> MemberKeyring:
        """Returns new keys for a member."""
        return cls(check_member(member), SigningKey.generate(), WrapKey.generate())

    @property
    def sign_kid(self) -> bytes:
        """Key id of the signing key."""
        return kid(self.member, Use.SIGN, self.sign.public)

    @property
    def wrap_kid(self) -> bytes:
        """Key id of the wrapping key."""
        return kid(self.member, Use.WRAP, self.wrap.public)

    def save(self, home: Home, passphrase: bytes, cost: Cost = MODERATE) -> None:
        """Writes the member's file, replacing one of that member."""
        write_private(home.keyring_path(self.member), seal_keyfile(passphrase, _encode(self.fields()), cost))

    @classmethod
    def load(cls, home: Home, member: str, passphrase: bytes, floor: Cost = MODERATE) -> MemberKeyring:
        """Opens a member's file.

        Args:
            home: where it lies.
            member: whose.
            passphrase: as it was sealed.
            floor: the cheapest file that is taken; below MODERATE for tests only.

        Raises:
            MalformedError: no file of that member.
            CannotOpenError: wrong passphrase, or damaged.
        """
        found = cls.from_fields(_decode(open_keyfile(passphrase, _read(home.keyring_path(member)), floor)))
        if found.member != member:
            raise CannotOpenError
        return found

    def fields(self) -> dict[str, Any]:
        """Returns what a key file holds of it: secret."""
        return {"member": self.member, "sign": self.sign.seed.hex(), "wrap": self.wrap.seed.hex()}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> MemberKeyring:
        """Returns the keyring of a key file's fields.

        Raises:
            CannotOpenError: they are none.
        """
        try:
            return cls(
                check_member(fields["member"]),
                SigningKey(bytes.fromhex(fields["sign"])),
                WrapKey(bytes.fromhex(fields["wrap"])),
            )
        except (KeyError, TypeError, ValueError, MalformedError):
            raise CannotOpenError from None


@dataclass(frozen=True, slots=True)
class RootKeyring:
    """An agency's root."""

    agency: str
    """Agency id."""
    key: SigningKey
    """Its root key."""

    @property
    def kid(self) -> bytes:
        """Key id of the root."""
        return kid(self.agency, Use.ROOT, self.key.public)


def create_root(path: Path, agency: str, passphrase: bytes, cost: Cost = MODERATE) -> RootKeyring:
    """Makes an agency's root and writes its file, which is then to be kept offline.

    Raises:
        MalformedError: not an agency id, or there is a file of that name.
    """
    if path.exists():
        raise MalformedError("there is a file of that name already")
    root = RootKeyring(check_agency(agency), SigningKey.generate())
    save_root(path, root, passphrase, cost)
    return root


def save_root(path: Path, root: RootKeyring, passphrase: bytes, cost: Cost = MODERATE) -> None:
    """Writes a root's file."""
    write_private(path, seal_keyfile(passphrase, _encode({"agency": root.agency, "root": root.key.seed.hex()}), cost))


def open_root(path: Path, passphrase: bytes, floor: Cost = MODERATE) -> RootKeyring:
    """Opens a root's file.

    Raises:
        MalformedError: no such file.
        CannotOpenError: wrong passphrase, or damaged.
    """
    fields = _decode(open_keyfile(passphrase, _read(path), floor))
    try:
        return RootKeyring(check_agency(fields["agency"]), SigningKey(bytes.fromhex(fields["root"])))
    except (KeyError, TypeError, ValueError, MalformedError):
        raise CannotOpenError from None


def change_passphrase(
    home: Home, member: str, old: bytes, new: bytes, *, cost: Cost = MODERATE, floor: Cost = MODERATE
) -> None:
    """Seals a member's file under another passphrase. Copies of the old file still open with the old one.

    Raises:
        MalformedError: no file of that member, or an empty new passphrase.
        CannotOpenError: wrong passphrase, or damaged.
    """
    MemberKeyring.load(home, member, old, floor).save(home, new, cost)


def backup(
    home: Home,
    member: str,
    passphrase: bytes,
    backup_passphrase: bytes,
    *,
    cost: Cost = MODERATE,
    floor: Cost = MODERATE,
) -> bytes:
    """Returns a file that restores a member's keys, desk keys and TLS keys.

    Raises:
        MalformedError: no file of that member, or an empty backup passphrase.
        CannotOpenError: wrong passphrase, or damaged.
    """
    keyring = MemberKeyring.load(home, member, passphrase, floor)
    grants = [base64.b64encode(data).decode() for data in load_grants(home, member)]
    folder = home.tls_path(member)
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    tls = {file.name: base64.b64encode(file.read_bytes()).decode() for file in files if _TLS_FILE.fullmatch(file.name)}
    return seal_keyfile(backup_passphrase, _encode({**keyring.fields(), "grants": grants, "tls": tls}), cost)


def restore(
    home: Home,
    data: bytes,
    backup_passphrase: bytes,
    passphrase: bytes,
    *,
    cost: Cost = MODERATE,
    floor: Cost = MODERATE,
) -> str:
    """Puts a backup's keys back into a home, under a new passphrase. Returns the member.

    Raises:
        CannotOpenError: wrong backup passphrase, damaged, or a member of another agency than the home's.
        MalformedError: an empty passphrase.
    """
    fields = _decode(open_keyfile(backup_passphrase, data, floor))
    keyring = MemberKeyring.from_fields(fields)
    if not keyring.member.startswith(f"{home.agency}/"):
        raise CannotOpenError
    try:
        grants = [base64.b64decode(text, validate=True) for text in fields["grants"]]
        tls = {name: base64.b64decode(text, validate=True) for name, text in fields["tls"].items()}
        for grant in grants:
            parse_grant(grant)
        if not all(_TLS_FILE.fullmatch(name) for name in tls):
            raise CannotOpenError
    except (KeyError, TypeError, ValueError, AttributeError, MalformedError):
        raise CannotOpenError from None
    keyring.save(home, passphrase, cost)
    folder = home.tls_path(keyring.member)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, content in tls.items():
        write_private(folder / name, content)
    for grant in grants:
        save_grant(home, keyring.member, grant, _desk_kid(grant, keyring))
    return keyring.member


def _desk_kid(data: bytes, keyring: MemberKeyring) -> bytes:
    """Returns the id of the desk key in a grant; empty for an archive key's, and for one that does not open."""
    grant = parse_grant(data)
    if grant.archive is not None:
        return b""
    try:
        key = open_desk_key(grant.desk, grant.epoch, grant.member_kid, grant.sealed_seed, keyring.wrap)
    except CannotOpenError:
        return b""
    return kid(grant.desk, Use.DESK, key.public)


def new_member_id(agency: str) -> str:
    """Returns a fresh pseudonym, `agency/m-xxxxxxxx`."""
    letters = base64.b32encode(os.urandom(5)).decode().lower()
    return check_member(f"{check_agency(agency)}/m-{letters}")


def _encode(fields: Mapping[str, Any]) -> bytes:
    return json.dumps({"version": 1, **fields}, sort_keys=True).encode()


def _decode(data: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(data)
    except ValueError:
        raise CannotOpenError from None
    if not isinstance(fields, dict) or fields.get("version") != 1:
        raise CannotOpenError
    return fields


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(KEYFILE_LIMIT + 1)
    except FileNotFoundError:
        raise MalformedError("there is no such key file") from None
