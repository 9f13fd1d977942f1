"""Desk key grants: how a member holds a desk's private key, at rest and on the way inside the agency.

A grant is a desk key's seed sealed to one member's own key, signed by an admin, or by the delegate that renews the
desk's keys. That signature says where it came from; what it opens counts only where the directory has published that
very key, so a wrong seed in a grant is worth nothing.

Archive keys (`agents/archive.py`) are granted like epochs, but never published. They have a numbering of their own:
number 0 is made with the home, every later one is the size of the directory at which it was made. Among the epochs,
number n > 0 stands at 2^63 + n, where no desk key comes.

A desk key's grant lies in a file that its key is named in: of two keys that were made for one epoch neither takes the
other's place, and whichever is published is held. Homes also hold files without, as they were written before.

Never does: opening (`agents/keys.py`), directory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from comity.encoding import Purpose, parse, serialise, tagged
from comity.errors import MalformedError
from comity.keys import verify
from comity.names import check_desk
from comity.v1 import draft_pb2 as pb

from agents.home import Home, destroy, write_private

ARCHIVE_EPOCH: Final = 0
"""The first archive key's place among the epochs."""
_ARCHIVES: Final = 1 << 63
_LIMIT = 8192
_SUFFIX = ".grant"

Sign = Callable[[bytes, bytes], bytes]
"""Takes a key id and tagged bytes, returns the signature."""


def archive_epoch(number: int) -> int:
    """Returns where an archive key stands among the epochs."""
    return _ARCHIVES + number if number else ARCHIVE_EPOCH


def archive_number(epoch: int) -> int | None:
    """Returns the number of the archive key that stands there, or None where a desk key does."""
    if epoch == ARCHIVE_EPOCH:
        return 0
    return epoch - _ARCHIVES if epoch > _ARCHIVES else None


@dataclass(frozen=True, slots=True)
class DeskKeyGrant:
    """A grant as it was signed."""

    desk: str
    """`agency/desk`."""
    epoch: int
    """Epoch of the desk key, or an archive key's place among them."""
    member_kid: bytes
    """Key id of the member's wrapping key, 32 bytes."""
    sealed_seed: bytes
    """The seed, sealed."""
    signer: bytes
    """Key id of who granted it, 32 bytes."""
    body: bytes
    """What was signed."""
    sig: bytes
    """Ed25519, 64 bytes."""

    @property
    def archive(self) -> int | None:
        """Number of the archive key; None for a desk key."""
        return archive_number(self.epoch)

    @property
    def label(self) -> str:
        """How a file that is handed over is named after it."""
        number = self.archive
        return f"archive-{number}" if number else str(self.epoch)

    def signed_by(self, public: bytes) -> bool:
        """Returns whether a key signed it."""
        return verify(public, tagged(Purpose.DESK_KEY, self.body), self.sig)


def make_grant(desk: str, epoch: int, member_kid: bytes, sealed_seed: bytes, *, signer: bytes, sign: Sign) -> bytes:
    """Returns a serialised SignedDeskKeyGrant.

    Args:
        desk: `agency/desk`.
        epoch: epoch of the desk key, or an archive key's place among them.
        member_kid: key id of the member's X-Wing key.
        sealed_seed: the desk key's seed sealed to it (`comity.sealing.seal_desk_key`).
        signer: key id of the admin or delegate.
        sign: signs with that key.

    Raises:
        MalformedError: an argument is of the wrong form.
    """
    body = serialise(
        pb.DeskKeyGrant(version=1, desk=check_desk(desk), epoch=epoch, member_kid=member_kid, sealed_seed=sealed_seed)
    )
    return serialise(pb.SignedDeskKeyGrant(body=body, kid=signer, sig=sign(signer, tagged(Purpose.DESK_KEY, body))))


def parse_grant(data: bytes) -> DeskKeyGrant:
    """Parses a serialised SignedDeskKeyGrant; its signature is not looked at.

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    signed = parse(pb.SignedDeskKeyGrant, data, _LIMIT)
    grant = parse(pb.DeskKeyGrant, signed.body, _LIMIT)
    if grant.version != 1 or len(grant.member_kid) != 32 or len(signed.kid) != 32 or grant.epoch == _ARCHIVES:
        raise MalformedError("not a desk key grant")
    return DeskKeyGrant(
        check_desk(grant.desk), grant.epoch, grant.member_kid, grant.sealed_seed, signed.kid, signed.body, signed.sig
    )


def save_grant(home: Home, member: str, data: bytes, key_id: bytes = b"") -> DeskKeyGrant:
    """Keeps a grant in the home; one for the same desk, epoch and key is replaced.

    Args:
        home: where.
        member: whose it is.
        data: serialised SignedDeskKeyGrant.
        key_id: of the desk key in it, 32 bytes; empty for an archive key's.

    Raises:
        MalformedError: not a grant.
    """
    grant = parse_grant(data)
    folder = home.grants_path(member)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / _file_name(grant.desk, grant.epoch, key_id), data)
    return grant


def holds_grant(home: Home, member: str, desk: str, epoch: int, key_id: bytes) -> bool:
    """Returns whether a member has a grant of a desk key, by what its file is called."""
    folder = home.grants_path(member)
    return any((folder / _file_name(check_desk(desk), epoch, named)).exists() for named in (key_id, b""))


def load_grants(home: Home, member: str) -> list[bytes]:
    """Returns a member's grants as they were saved, by desk and epoch."""
    folder = home.grants_path(member)
    files = sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else []
    return [file.read_bytes() for file in files]


def parsed_grants(home: Home, member: str) -> list[tuple[bytes, DeskKeyGrant]]:
    """Returns a member's grants with what they say; a file that is none is left out."""
    found = []
    for data in load_grants(home, member):
        with contextlib.suppress(MalformedError):
            found.append((data, parse_grant(data)))
    return found


def destroy_grant(home: Home, member: str, desk: str, epoch: int) -> bool:
    """Destroys a member's copy of a desk key and of all others made for its epoch. Returns whether there was one."""
    found = _files_of(home, member, desk, epoch)
    for path in found:
        destroy(path)
    return bool(found)


def destroy_losers(home: Home, member: str, desk: str, epoch: int, key_id: bytes) -> bool:
    """Destroys a member's copies of the keys that were made for an epoch and will not be published. Says if there were.

    Args:
        home: where.
        member: whose.
        desk: `agency/desk`.
        epoch: that is published: no other key of it ever will be.
        key_id: of the key that it was published with, 32 bytes.
    """
    kept = {_file_name(desk, epoch, named) for named in (key_id, b"")}
    found = [path for path in _files_of(home, member, desk, epoch) if path.name not in kept]
    for path in found:
        destroy(path)
    return bool(found)


def _files_of(home: Home, member: str, desk: str, epoch: int) -> list[Path]:
    folder, stem = home.grants_path(member), _file_name(check_desk(desk), epoch).removesuffix(_SUFFIX)
    files = sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else []
    return [file for file in files if file.name.startswith(f"{stem}.")]


def _file_name(desk: str, epoch: int, key_id: bytes = b"") -> str:
    named = f".{key_id.hex()}" if key_id else ""
    return f"{desk.replace('/', '.')}.{epoch:012d}{named}{_SUFFIX}"
