"""XChaCha20-Poly1305 with a key commitment.

The AEAD alone does not commit: one ciphertext can be made to open two ways under two keys in a fraction of a second.
Here the commitment, derived from the key beside the AEAD's own key and nonce, is compared before anything is decrypted.

Never does: randomness, I/O; it says nothing about who encrypted.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from nacl import bindings
from nacl.exceptions import CryptoError

from comity.errors import CannotOpenError, MalformedError
from comity.padding import unpad

CONTENT_KEY_BYTES: Final = 32
"""Length of a content key (CEK)."""
COMMITMENT_BYTES: Final = 32
"""Length of a commitment to a content key."""
TAG_BYTES: Final = 16
"""Length of the AEAD's tag, at the end of the ciphertext."""


def committed_encrypt(key: bytes, info: bytes, aad: bytes, padded: bytes) -> tuple[bytes, bytes]:
    """Returns (commitment, ciphertext) of XChaCha20-Poly1305 with a key commitment.

    Args:
        key: 32 random bytes that encrypt nothing else under this info.
        info: tagged bytes that the key, nonce and commitment are derived with.
        aad: associated data.
        padded: plaintext, already padded.
    """
    aead_key, nonce, commitment = _derive(key, info)
    return commitment, bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, aad, nonce, aead_key)


def committed_decrypt(key: bytes, info: bytes, aad: bytes, commitment: bytes, ciphertext: bytes) -> bytes:
    """Returns the unpadded plaintext of `committed_encrypt`.

    Raises:
        CannotOpenError: it cannot be opened.
    """
    aead_key, nonce, expected = _derive(key, info)
    if not hmac.compare_digest(expected, commitment) or len(ciphertext) < TAG_BYTES:
        raise CannotOpenError
    try:
        return unpad(bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, aad, nonce, aead_key))
    except (CryptoError, MalformedError):
        raise CannotOpenError from None


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """Returns HKDF-Expand-SHA512 of a uniformly random key.

    Args:
        key: 32 bytes, the pseudorandom key.
        info: tagged bytes.
        length: how many bytes are wanted.
    """
    return HKDFExpand(algorithm=SHA512(), length=length, info=info).derive(key)


def _derive(key: bytes, info: bytes) -> tuple[bytes, bytes, bytes]:
    okm = expand(key, info, 32 + 24 + COMMITMENT_BYTES)
    return okm[:32], okm[32:56], okm[56:]
