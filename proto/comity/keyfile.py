"""Key files: secrets at rest under a passphrase, by Argon2id and committed XChaCha20-Poly1305.

    header = "comity/keyfile/1" ‖ u64be(passes) ‖ u64be(memory) ‖ salt[16]
    key    = Argon2id(passphrase, salt, passes, memory), 32 bytes
    file   = header ‖ commitment[32] ‖ ciphertext of pad(plaintext)       info tagged("keyring", header), aad = header

The cost stands in the file and is bounded on both sides: a file made cheap by someone else is refused, and so is one
that would exhaust the machine. Opening has one error, `CannotOpenError`: a wrong passphrase looks like a damaged file.

Never does: I/O, asking for passphrases, choosing the cost by the environment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from comity.committed import COMMITMENT_BYTES, committed_decrypt, committed_encrypt
from comity.encoding import Purpose, tagged, u64be
from comity.errors import CannotOpenError, MalformedError, Reason
from comity.padding import pad

KEYFILE_LIMIT: Final = 1024 * 1024
"""Greatest length of a key file, in bytes."""

_MAGIC = b"comity/keyfile/1"
_SALT_BYTES = 16
_HEADER_BYTES = len(_MAGIC) + 8 + 8 + _SALT_BYTES


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at a passphrase costs."""

    passes: int
    """Argon2id passes over the memory."""
    memory_bytes: int
    """Memory that each guess fills, in bytes."""


MODERATE: Final = Cost(
    bindings.crypto_pwhash_argon2id_OPSLIMIT_MODERATE, bindings.crypto_pwhash_argon2id_MEMLIMIT_MODERATE
)
"""libsodium's moderate cost: 3 passes over 256 MiB, under a second on a laptop."""
CEILING: Final = Cost(16, 1024**3)
"""The dearest file that is opened."""


def seal_keyfile(passphrase: bytes, plaintext: bytes, cost: Cost = MODERATE) -> bytes:
    """Returns a key file.

    Args:
        passphrase: not empty.
        plaintext: the secrets.
        cost: of one guess; anything cheaper than MODERATE is for tests.

    Raises:
        MalformedError: no passphrase, a cost outside Argon2id's limits or above CEILING, or too much plaintext.
    """
    if not passphrase:
        raise MalformedError("a key file needs a passphrase")
    header = _MAGIC + u64be(cost.passes) + u64be(cost.memory_bytes) + os.urandom(_SALT_BYTES)
    try:
        key = _derive(passphrase, header, floor=cost)
    except CannotOpenError:
        raise MalformedError("a key file cannot be made at this cost") from None
    commitment, ciphertext = committed_encrypt(key, tagged(Purpose.KEYRING, header), header, pad(plaintext))
    data = header + commitment + ciphertext
    if len(data) > KEYFILE_LIMIT:
        raise MalformedError("too large for a key file", Reason.TOO_LARGE)
    return data


def open_keyfile(passphrase: bytes, data: bytes, floor: Cost = MODERATE) -> bytes:
    """Returns the secrets of a key file.

    Args:
        passphrase: as it was sealed.
        data: the file.
        floor: the cheapest file that is taken; anything below MODERATE is for tests.

    Raises:
        CannotOpenError: wrong passphrase, damaged, another version, or a cost out of bounds.
    """
    if len(data) > KEYFILE_LIMIT:
        raise CannotOpenError
    header, rest = data[:_HEADER_BYTES], data[_HEADER_BYTES:]
    key = _derive(passphrase, header, floor)
    return committed_decrypt(
        key, tagged(Purpose.KEYRING, header), header, rest[:COMMITMENT_BYTES], rest[COMMITMENT_BYTES:]
    )


def _derive(passphrase: bytes, header: bytes, floor: Cost) -> bytes:
    if len(header) != _HEADER_BYTES or not header.startswith(_MAGIC):
        raise CannotOpenError
    passes, memory = int.from_bytes(header[16:24], "big"), int.from_bytes(header[24:32], "big")
    if not (floor.passes <= passes <= CEILING.passes and floor.memory_bytes <= memory <= CEILING.memory_bytes):
        raise CannotOpenError
    try:
        key: bytes = bindings.crypto_pwhash_alg(
            32, passphrase, header[32:], passes, memory, bindings.crypto_pwhash_ALG_ARGON2ID13
        )
    except (CryptoError, ValueError):
        # Below libsodium's own limits, or the memory is not to be had.
        raise CannotOpenError from None
    return key
