"""Desk key grants: how a member holds a desk's private key, at rest and on the way inside the agency.

A grant is a desk key's seed sealed to one member's own key, signed by an admin, or by the delegate that renews the
desk's keys. That signature says where it came from; what it opens counts only where the directory has published that
very key, so a wrong seed in a grant is worth nothing.

Archive keys (`agents/archive.py`) are granted like epochs, but never published. They have a numbering of their own:
number 0 is made with the home, every later one is the size of the directory at which it was made. Among the epochs,
number n > 0 stands at 2^63 + n, where no desk key comes.

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


def save_grant(home: Home, member: str, data: bytes) -> DeskKeyGrant:
    """Keeps a grant in the home; one for the same desk and epoch is replaced.

    Raises:
        MalformedError: not a grant.
    """
    grant = parse_grant(data)
    folder = home.grants_path(member)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / _file_name(grant.desk, grant.epoch), data)
    return grant


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
    """Destroys a member's copy of a desk key. Returns whether there was one."""
    path = _path(home, member, desk, epoch)
    if not path.exists():
        return False
    destroy(path)
    return True


def _path(home: Home, member: str, desk: str, epoch: int) -> Path:
    return home.grants_path(member) / _file_name(check_desk(desk), epoch)


def _file_name(desk: str, epoch: int) -> str:
    return f"{desk.replace('/', '.')}.{epoch:012d}{_SUFFIX}"
