"""Keys: signing keys (Ed25519), wrapping keys (X-Wing), key ids and the fingerprints that people compare.

Ed25519 is libsodium's alone: other verifiers accept other edge cases, so they are never mixed. A wrapping key is one
32-byte seed, expanded as in the X-Wing draft.

Never does: opening of anything sealed (`comity.sealing`), I/O, clocks. Python cannot wipe memory: a secret lives until
the interpreter reuses it, which is why processes that hold keys are hardened (`comity.hardening`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from nacl import bindings
from nacl.exceptions import BadSignatureError

from comity.encoding import Purpose, digest
from comity.errors import MalformedError

SEED_BYTES: Final = 32
"""Length of every seed."""
SIGNING_KEY_BYTES: Final = 32
"""Length of an Ed25519 public key."""
SIGNATURE_BYTES: Final = 64
"""Length of an Ed25519 signature."""
MLKEM_KEY_BYTES: Final = 1184
"""Length of an ML-KEM-768 encapsulation key."""
WRAP_KEY_BYTES: Final = MLKEM_KEY_BYTES + 32
"""Length of an X-Wing public key: ML-KEM-768 encapsulation key ‖ X25519 public key."""
FINGERPRINT_DIGITS: Final = 60
"""Decimal digits of a fingerprint."""

_MLKEM_Q = 3329
_MLKEM_VECTOR_BYTES = 1152
_X25519_P = 2**255 - 19
_PROBE = X25519PrivateKey.from_private_bytes(b"\x01" * 32)


class Use(StrEnum):
    """What a key is for. One key has one use; the use is part of its id."""

    ROOT = "root"
    OPERATOR = "operator"
    LOG = "log"
    HEAD = "head"
    SIGN = "sign"
    WRAP = "wrap"
    DESK = "desk"
    TLS = "tls"


def kid(owner: str, use: Use, public: bytes) -> bytes:
    """Returns a key's id, 32 bytes: the same key of the same owner for the same use keeps its id when renewed.

    Args:
        owner: agency, desk, member, operator or origin that the key belongs to.
        use: what it is for.
        public: the public key as it is published (for TLS keys the SHA-256 of the SubjectPublicKeyInfo).
    """
    return digest(Purpose.KID, owner.encode(), use.encode(), public)


class SigningKey:
    """An Ed25519 key pair. Its repr shows the public key only."""

    __slots__ = ("_secret", "public", "seed")

    seed: bytes
    """The secret, 32 bytes."""
    public: bytes
    """The public key, 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise MalformedError("a signing key is a seed of 32 bytes")
        self.seed = bytes(seed)
        self.public, self._secret = bindings.crypto_sign_seed_keypair(self.seed)

    @classmethod
    def generate(cls) -> SigningKey:
        """Returns a new key from the operating system's randomness."""
        return cls(os.urandom(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Returns the key of a seed.

        Raises:
            MalformedError: the seed is not 32 bytes long.
        """
        return cls(seed)

    def sign(self, data: bytes) -> bytes:
        """Returns the signature over `data`, 64 bytes. `data` comes from `comity.encoding.tagged` and nowhere else."""
        signed: bytes = bindings.crypto_sign(data, self._secret)
        return signed[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()})"


def verify(public: bytes, data: bytes, sig: bytes) -> bool:
    """Returns whether `sig` is libsodium's idea of a signature of `public` over `data`. Total: any bytes may be given.

    libsodium runs without the interpreter lock, so threads verify in parallel.
    """
    if len(public) != SIGNING_KEY_BYTES or len(sig) != SIGNATURE_BYTES:
        return False
    try:
        bindings.crypto_sign_open(sig + data, public)
    except BadSignatureError:
        return False
    return True


def check_signing_key(public: bytes) -> bytes:
    """Returns `public` if it may be registered as an Ed25519 key.

    Raises:
        MalformedError: wrong length, not a point, not canonical, of low order, or outside the prime-order group.
    """
    if len(public) != SIGNING_KEY_BYTES or not bindings.crypto_core_ed25519_is_valid_point(bytes(public)):
        raise MalformedError("not an Ed25519 public key")
    return public


class WrapKey:
    """An X-Wing key pair (ML-KEM-768 with X25519). Its repr shows a digest of the public key only."""

    __slots__ = ("__weakref__", "public", "seed")

    seed: bytes
    """The secret, 32 bytes."""
    public: bytes
    """The public key, 1,216 bytes."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise MalformedError("a wrapping key is a seed of 32 bytes")
        self.seed = bytes(seed)
        mlkem_seed, x25519_secret = expand_wrap_seed(self.seed)
        self.public = (
            MLKEM768PrivateKey.from_seed_bytes(mlkem_seed).public_key().public_bytes_raw()
            + X25519PrivateKey.from_private_bytes(x25519_secret).public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls) -> WrapKey:
        """Returns a new key from the operating system's randomness."""
        return cls(os.urandom(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> WrapKey:
        """Returns the key of a seed.

        Raises:
            MalformedError: the seed is not 32 bytes long.
        """
        return cls(seed)

    def __repr__(self) -> str:
        return f"WrapKey(public_sha256={hashlib.sha256(self.public).hexdigest()})"


def expand_wrap_seed(seed: bytes) -> tuple[bytes, bytes]:
    """Returns the ML-KEM seed (d ‖ z, 64 bytes) and the X25519 secret (32 bytes) of an X-Wing seed."""
    expanded = hashlib.shake_256(seed).digest(96)
    return expanded[:64], expanded[64:]


def check_wrap_key(public: bytes) -> bytes:
    """Returns `public` if it may be registered and wrapped to as an X-Wing key.

    Raises:
        MalformedError: wrong length, an ML-KEM coefficient not below 3,329, or an X25519 point of low order or not
            in canonical form.
    """
    if len(public) != WRAP_KEY_BYTES:
        raise MalformedError("not an X-Wing public key")
    for i in range(0, _MLKEM_VECTOR_BYTES, 3):
        low, middle, high = public[i : i + 3]
        if low | (middle & 15) << 8 >= _MLKEM_Q or middle >> 4 | high << 4 >= _MLKEM_Q:
            raise MalformedError("not an X-Wing public key")
    point = public[MLKEM_KEY_BYTES:]
    if int.from_bytes(point, "little") >= _X25519_P:
        raise MalformedError("not an X-Wing public key")
    try:
        # Every scalar is a multiple of the cofactor, so a low-order point gives zero whatever the scalar.
        _PROBE.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        raise MalformedError("not an X-Wing public key") from None
    return public


def fingerprint(body: bytes) -> str:
    """Returns the fingerprint that two officers compare aloud: 60 decimal digits in 12 groups of 5.

    Args:
        body: body of the statement whose fingerprint it is (an agency's admission or the genesis).
    """
    number = int.from_bytes(digest(Purpose.FINGERPRINT, body), "big") % 10**FINGERPRINT_DIGITS
    digits = f"{number:0{FINGERPRINT_DIGITS}d}"
    return " ".join(digits[i : i + 5] for i in range(0, FINGERPRINT_DIGITS, 5))


def same_fingerprint(typed: str, body: bytes) -> bool:
    """Returns whether `typed` is the fingerprint of `body`; spaces may stand anywhere, nothing else is forgiven."""
    expected = fingerprint(body).replace(" ", "").encode()
    given = typed.replace(" ", "").encode("utf-8", "surrogatepass")
    return hmac.compare_digest(given, expected)
