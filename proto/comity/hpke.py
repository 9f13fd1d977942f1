"""HPKE in base mode (RFC 9180) over X-Wing, with HKDF-SHA256 and ChaCha20-Poly1305: how every key is wrapped.

A private key may live in another process: wherever a `WrapKey` opens, an `Unwrap` function that asks that process does
too. Opening has one error, `CannotOpenError`, whatever went wrong.

Never imported by the hub. Never does: I/O; choosing an algorithm by what a message says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from comity.errors import CannotOpenError
from comity.keys import MLKEM_KEY_BYTES, WrapKey, check_wrap_key, expand_wrap_seed

HPKE_OVERHEAD: Final = 1120 + 16
"""Bytes that HPKE adds: the X-Wing encapsulation and the AEAD's tag."""

Unwrap = Callable[[bytes, bytes], bytes]
"""Opens HPKE data: takes (info, data), returns the plaintext or raises CannotOpenError."""

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
# Expanding a seed costs more than opening does. The expanded key lives no longer than the WrapKey it belongs to.
_EXPANDED: WeakKeyDictionary[WrapKey, MLKEM768X25519PrivateKey] = WeakKeyDictionary()


def hpke_seal(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Returns `plaintext` sealed to an X-Wing key by HPKE in base mode: encapsulation ‖ ciphertext.

    Args:
        public: X-Wing public key, 1,216 bytes.
        info: context that opening must repeat; comes from `tagged`.
        plaintext: to be sealed.

    Raises:
        MalformedError: not an X-Wing public key, or a degenerate one.
    """
    return _SUITE.encrypt(plaintext, _public_key(public), info)


def hpke_open(key: WrapKey, info: bytes, data: bytes) -> bytes:
    """Returns what `hpke_seal` sealed to this key under this info.

    Raises:
        CannotOpenError: it cannot be opened.
    """
    try:
        return _SUITE.decrypt(data, _private_key(key), info)
    except InvalidTag:
        raise CannotOpenError from None


def unwrapper(key: WrapKey) -> Unwrap:
    """Returns the opening function of a key held in this process."""
    return partial(hpke_open, key)


def open_fixed(key: WrapKey | Unwrap, info: bytes, data: bytes, length: int) -> bytes:
    """Returns HPKE-sealed data of a known length.

    Raises:
        CannotOpenError: it cannot be opened or has another length.
    """
    if len(data) != HPKE_OVERHEAD + length:
        raise CannotOpenError
    return hpke_open(key, info, data) if isinstance(key, WrapKey) else key(info, data)


@lru_cache(maxsize=1024)
def _public_key(public: bytes) -> MLKEM768X25519PublicKey:
    check_wrap_key(public)
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:MLKEM_KEY_BYTES]),
        X25519PublicKey.from_public_bytes(public[MLKEM_KEY_BYTES:]),
    )


def _private_key(key: WrapKey) -> MLKEM768X25519PrivateKey:
    expanded = _EXPANDED.get(key)
    if expanded is None:
        mlkem_seed, x25519_secret = expand_wrap_seed(key.seed)
        expanded = MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(mlkem_seed), X25519PrivateKey.from_private_bytes(x25519_secret)
        )
        _EXPANDED[key] = expanded
    return expanded
