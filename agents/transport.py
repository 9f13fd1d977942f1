"""TLS identity of a home: one key a member, sealed to that member's own key, and its certificate.

Each member has a TLS key of its own: nobody shares a secret with a colleague or a machine, and one person's leaving
revokes one key. The private key is handed to the TLS stack's memory in the client process, unlike all other keys; it
says which desk calls, and can neither sign nor open anything.

Never does: connect (`agents/session.py`), register keys (`agents/admin.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from comity.encoding import Purpose
from comity.errors import CannotOpenError, ComityError, MalformedError
from comity.sealing import open_box, seal_box
from comity.tls import TlsKey, certificate_to_pem, certificate_validity, spki_sha256_of_certificate

from agents.home import Home, write_private
from agents.keys import Keys, KeyUse, find, unwrapping

_BOX: Final = ".box"
_CERTIFICATE: Final = ".pem"


class NoIdentityError(ComityError):
    """The member has no TLS key with a certificate that is valid now."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a member shows the hub."""

    key: TlsKey
    """The key."""
    certificate_pem: bytes
    """Its certificate."""
    valid_until: int
    """End of the certificate, Unix milliseconds UTC."""


def create_tls_key(home: Home, member: str, wrap: tuple[bytes, bytes]) -> TlsKey:
    """Makes a TLS key for a member and keeps it sealed. It is used once its certificate is saved.

    Args:
        home: where it is kept.
        member: whose.
        wrap: key id and public key of the member's X-Wing key.
    """
    key = TlsKey.generate()
    folder = home.tls_path(member)
    folder.mkdir(mode=0o700, exist_ok=True)
    box = seal_box(Purpose.KEYRING, member.encode(), key.to_pem(), [wrap])
    write_private(folder / f"{key.spki_sha256.hex()}{_BOX}", box)
    return key


def save_certificate(home: Home, member: str, certificate: bytes) -> None:
    """Keeps a certificate of one of a member's TLS keys.

    Raises:
        MalformedError: not a certificate, or of a key that is not here.
    """
    folder = home.tls_path(member)
    name = spki_sha256_of_certificate(certificate).hex()
    if not (folder / f"{name}{_BOX}").exists():
        raise MalformedError("the certificate is not of a TLS key of this home")
    write_private(folder / f"{name}{_CERTIFICATE}", certificate_to_pem(certificate))


def load_tls_key(home: Home, keys: Keys, spki_sha256: bytes) -> TlsKey:
    """Opens a TLS key.

    Raises:
        CannotOpenError: it is not there, or not this member's.
    """
    wrap = find(keys, KeyUse.WRAP)
    try:
        data = (home.tls_path(keys.member) / f"{spki_sha256.hex()}{_BOX}").read_bytes()
    except FileNotFoundError:
        raise CannotOpenError from None
    pem = open_box(Purpose.KEYRING, keys.member.encode(), data, wrap.kid, unwrapping(keys, wrap.kid))
    return TlsKey.from_pem(pem)


def load_identity(home: Home, keys: Keys, now: int) -> Identity:
    """Returns the member's TLS key whose certificate began last and is valid now.

    Raises:
        NoIdentityError: there is none.
        CannotOpenError: it is damaged.
    """
    best: tuple[tuple[int, int], Path] | None = None
    folder = home.tls_path(keys.member)
    for file in sorted(folder.glob(f"*{_CERTIFICATE}")) if folder.is_dir() else []:
        begin, end = certificate_validity(file.read_bytes())
        # The hub's clock may be a little ahead of ours.
        if begin - 300_000 <= now < end and (best is None or (begin, file.stat().st_mtime_ns) > best[0]):
            best = ((begin, file.stat().st_mtime_ns), file)
    if best is None:
        raise NoIdentityError("no TLS certificate of this member is valid now")
    pem = best[1].read_bytes()
    key = load_tls_key(home, keys, spki_sha256_of_certificate(pem))
    return Identity(key, pem, certificate_validity(pem)[1])
