"""Sealing and opening of envelope payloads (PROTOCOL.md, section "Envelope") and of desk key grants.

The header is in the key derivation, the associated data and every wrap, so nothing sealed can be moved under another
header; the commitment makes a content key open exactly one plaintext. The whole sealing surface is exported from here.

Opening has one error, `CannotOpenError`, whatever went wrong. It proves no authorship: verify signatures first.

Never imported by the hub. Never does: signatures, I/O, clocks.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from comity.boxes import box_recipients, open_box, seal_box
from comity.committed import CONTENT_KEY_BYTES, committed_decrypt, committed_encrypt
from comity.encoding import Purpose, digest, parse, serialise, tagged, u64be
from comity.errors import CannotOpenError, MalformedError
from comity.hpke import HPKE_OVERHEAD, Unwrap, hpke_open, hpke_seal, open_fixed, unwrapper
from comity.keys import SEED_BYTES, WrapKey
from comity.padding import pad, unpad
from comity.v1.envelope_pb2 import Seal

__all__ = [
    "CONTENT_KEY_BYTES",
    "SEAL_LIMIT",
    "WRAP_BYTES",
    "Sealed",
    "Unwrap",
    "box_recipients",
    "desk_key_info",
    "encrypt_content",
    "hpke_open",
    "hpke_seal",
    "open_box",
    "open_content",
    "open_desk_key",
    "open_wrap",
    "pad",
    "seal_box",
    "seal_content",
    "seal_desk_key",
    "unpad",
    "unwrapper",
    "wrap_info",
]

WRAP_BYTES: Final = HPKE_OVERHEAD + CONTENT_KEY_BYTES
"""Length of a wrap, 1,168 bytes, always."""
SEAL_LIMIT: Final = 16 * 1024
"""Greatest length of a serialised Seal; 256 recipients need less."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload sealed to its recipients."""

    seal: bytes
    """Serialised `comity.v1.Seal`: what is signed beside the header."""
    ciphertext: bytes
    """The sealed, padded payload."""
    wraps: tuple[bytes, ...]
    """The content key for each recipient, in the order they were given."""
    content_key: bytes = field(repr=False)
    """The CEK, 32 bytes, secret: kept for the approver, never sent."""

    @property
    def cek(self) -> bytes:
        """The content key under its name in the protocol."""
        return self.content_key


def seal_content(header: bytes, payload: bytes, recipients: Sequence[tuple[bytes, bytes]]) -> Sealed:
    """Seals a payload under a fresh content key.

    Args:
        header: serialised Header, exactly as it will travel.
        payload: serialised Payload.
        recipients: (desk key id, X-Wing public key) of each recipient, in the header's order.

    Raises:
        MalformedError: no recipient, or a key that must not be wrapped to.
    """
    if not recipients:
        raise MalformedError("an envelope needs a recipient")
    content_key = os.urandom(CONTENT_KEY_BYTES)
    commitment, ciphertext = encrypt_content(header, payload, content_key)
    wraps = tuple(hpke_seal(public, wrap_info(header, kid), content_key) for kid, public in recipients)
    seal = Seal(
        commitment=commitment,
        ciphertext_sha256=hashlib.sha256(ciphertext).digest(),
        ciphertext_length=len(ciphertext),
        wrap_sha256=[hashlib.sha256(wrap).digest() for wrap in wraps],
    )
    return Sealed(serialise(seal), ciphertext, wraps, content_key)


def encrypt_content(header: bytes, payload: bytes, content_key: bytes) -> tuple[bytes, bytes]:
    """Returns (commitment, ciphertext): the deterministic part of sealing, for `seal_content` and test vectors.

    The nonce follows from the content key and the header: never seal two payloads with the same pair.
    """
    hh = digest(Purpose.HEADER, header)
    return committed_encrypt(content_key, tagged(Purpose.PAYLOAD, hh), hh, pad(payload))


def wrap_info(header: bytes, desk_key_id: bytes) -> bytes:
    """Returns the HPKE info of one recipient's wrap: `tagged("wrap", hh, desk key id)`."""
    return tagged(Purpose.WRAP, digest(Purpose.HEADER, header), desk_key_id)


def open_wrap(header: bytes, desk_key_id: bytes, wrap: bytes, key: WrapKey | Unwrap) -> bytes:
    """Returns the content key, 32 bytes, from one recipient's wrap.

    Args:
        header: serialised Header as it travelled.
        desk_key_id: this recipient's desk key id as the header names it.
        wrap: this recipient's wrap.
        key: the desk key of that id, or a function that opens with it.

    Raises:
        CannotOpenError: it cannot be opened.
    """
    return open_fixed(key, wrap_info(header, desk_key_id), wrap, CONTENT_KEY_BYTES)


def open_content(header: bytes, seal: bytes, ciphertext: bytes, content_key: bytes) -> bytes:
    """Returns the payload. The commitment is compared before anything is decrypted.

    Args:
        header: serialised Header as it travelled.
        seal: serialised Seal as it travelled.
        ciphertext: the ciphertext.
        content_key: from `open_wrap`, or given to a court.

    Raises:
        CannotOpenError: it cannot be opened.
    """
    try:
        parsed = parse(Seal, seal, SEAL_LIMIT)
    except MalformedError:
        raise CannotOpenError from None
    ciphertext_sha256 = hashlib.sha256(ciphertext).digest()
    if parsed.ciphertext_length != len(ciphertext) or parsed.ciphertext_sha256 != ciphertext_sha256:
        raise CannotOpenError
    hh = digest(Purpose.HEADER, header)
    return committed_decrypt(content_key, tagged(Purpose.PAYLOAD, hh), hh, parsed.commitment, ciphertext)


def seal_desk_key(desk: str, epoch: int, member_kid: bytes, member_public: bytes, seed: bytes) -> bytes:
    """Returns `DeskKeyGrant.sealed_seed`: a desk's private key for one member.

    Args:
        desk: `agency/desk`.
        epoch: epoch of the desk key.
        member_kid: key id of the member's X-Wing key.
        member_public: that key.
        seed: the desk key's seed, 32 bytes.

    Raises:
        MalformedError: the seed or the member's key is none.
    """
    if len(seed) != SEED_BYTES:
        raise MalformedError("a desk key is a seed of 32 bytes")
    return hpke_seal(member_public, desk_key_info(desk, epoch, member_kid), seed)


def open_desk_key(desk: str, epoch: int, member_kid: bytes, sealed_seed: bytes, key: WrapKey | Unwrap) -> WrapKey:
    """Returns the desk key from a grant. Compare its public key with the directory's before using it.

    Args:
        desk: `agency/desk` as the grant says.
        epoch: epoch as the grant says.
        member_kid: key id of the member's X-Wing key.
        sealed_seed: from the grant.
        key: the member's X-Wing key, or a function that opens with it.

    Raises:
        CannotOpenError: it cannot be opened.
    """
    return WrapKey(open_fixed(key, desk_key_info(desk, epoch, member_kid), sealed_seed, SEED_BYTES))


def desk_key_info(desk: str, epoch: int, member_kid: bytes) -> bytes:
    """Returns the HPKE info of a desk key grant: `tagged("desk-key", desk, u64be(epoch), member kid)`."""
    return tagged(Purpose.DESK_KEY, desk.encode(), u64be(epoch), member_kid)
