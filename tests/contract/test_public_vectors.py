"""Published vectors run against the very functions that seal, open, sign and verify (tests/data/crypto/README.md)."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from comity.blobs import BlobSecrets, open_blob
from comity.errors import MalformedError
from comity.keys import MLKEM_KEY_BYTES, WrapKey, check_signing_key, check_wrap_key, verify
from comity.sealing import hpke_open
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl as rust_openssl
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.exceptions import TypeError as SodiumTypeError
from nacl.exceptions import ValueError as SodiumValueError

DATA = Path(__file__).parent.parent / "data" / "crypto"
P = 2**255 - 19
GOOD_WRAP_KEY = WrapKey.from_seed(bytes(32)).public


def load(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="ascii"))
    assert vectors
    return vectors


def unhex(vector: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(vector[name]) for name in names]


def test_C_13_the_signatures_accepted_are_those_recorded_of_libsodium() -> None:
    vectors = load("cctv/ed25519_libsodium.json")
    changed = [
        v["number"]
        for v in vectors
        if verify(bytes.fromhex(v["key"]), v["msg"].encode(), bytes.fromhex(v["sig"])) != v["accepted"]
    ]
    assert not changed, (
        "the set of accepted signatures changed: parties with different sets see different logs. "
        "Do not record the new set without a decision in DESIGN.md"
    )
    assert (len(vectors), sum(v["accepted"] for v in vectors)) == (536, 23)


def test_C_13_the_recorded_set_follows_from_the_flags_of_the_vectors() -> None:
    fatal = {"low_order_A", "low_order_R", "low_order_residue", "non_canonical_A", "non_canonical_R", "reencoded_k"}
    for v in load("cctv/ed25519_libsodium.json"):
        assert v["accepted"] == fatal.isdisjoint(v["flags"] or [])


def test_C_13_keys_with_a_low_order_part_cannot_be_registered() -> None:
    weak = {"low_order_A", "low_order_component_A", "non_canonical_A"}
    keys = {v["key"] for v in load("cctv/ed25519_libsodium.json") if not weak.isdisjoint(v["flags"] or [])}
    for key in keys:
        with pytest.raises(MalformedError):
            check_signing_key(bytes.fromhex(key))
    assert len(keys) > 8


def test_C_14_wycheproof_ed25519() -> None:
    for v in load("wycheproof/ed25519.json"):
        pk, msg, sig = unhex(v, "pk", "msg", "sig")
        assert verify(pk, msg, sig) == (v["result"] == "valid"), v["tcId"]


def test_C_14_wycheproof_chacha20_poly1305() -> None:
    for v in load("wycheproof/chacha20_poly1305.json"):
        key, iv, aad, msg, ct, tag = unhex(v, "key", "iv", "aad", "msg", "ct", "tag")
        if v["result"] == "valid":
            assert ChaCha20Poly1305(key).encrypt(iv, msg, aad) == ct + tag
            assert ChaCha20Poly1305(key).decrypt(iv, ct + tag, aad) == msg
        else:
            with pytest.raises((InvalidTag, ValueError)):
                ChaCha20Poly1305(key).decrypt(iv, ct + tag, aad)


def test_C_14_wycheproof_xchacha20_poly1305() -> None:
    for v in load("wycheproof/xchacha20_poly1305.json"):
        key, iv, aad, msg, ct, tag = unhex(v, "key", "iv", "aad", "msg", "ct", "tag")
        if v["result"] == "valid":
            assert bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(msg, aad, iv, key) == ct + tag
            assert bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ct + tag, aad, iv, key) == msg
        else:
            with pytest.raises((CryptoError, SodiumTypeError, SodiumValueError)):
                bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ct + tag, aad, iv, key)


def test_C_14_wycheproof_x25519() -> None:
    for v in load("wycheproof/x25519.json"):
        public, private, shared = unhex(v, "public", "private", "shared")
        exchange = X25519PrivateKey.from_private_bytes(private).exchange
        if shared == bytes(32):
            with pytest.raises(ValueError, match="shared key"):
                exchange(X25519PublicKey.from_public_bytes(public))
        else:
            assert exchange(X25519PublicKey.from_public_bytes(public)) == shared, v["tcId"]


def test_C_16_wycheproof_low_order_and_non_canonical_x25519_keys_cannot_be_registered() -> None:
    for v in load("wycheproof/x25519.json"):
        public = bytes.fromhex(v["public"])
        refused = "ZeroSharedSecret" in v["flags"] or int.from_bytes(public, "little") >= P
        if refused:
            with pytest.raises(MalformedError):
                check_wrap_key(GOOD_WRAP_KEY[:MLKEM_KEY_BYTES] + public)
        else:
            assert check_wrap_key(GOOD_WRAP_KEY[:MLKEM_KEY_BYTES] + public)


def test_C_14_wycheproof_mlkem_768() -> None:
    for v in load("wycheproof/mlkem_768.json"):
        seed, c = unhex(v, "seed", "c")
        if v["result"] == "valid":
            ek = bytes.fromhex(v["ek"])
            key = MLKEM768PrivateKey.from_seed_bytes(seed)
            assert key.public_key().public_bytes_raw() == ek
            assert key.decapsulate(c) == bytes.fromhex(v["K"])
        else:
            with pytest.raises(ValueError, match="ML-KEM-768"):
                MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(c)


def test_C_16_wycheproof_mlkem_768_keys_that_are_not_reduced_cannot_be_registered() -> None:
    for v in load("wycheproof/mlkem_768_encaps.json"):
        ek = bytes.fromhex(v["ek"])
        if v["result"] == "valid":
            assert check_wrap_key(ek + GOOD_WRAP_KEY[MLKEM_KEY_BYTES:])
            secret, ciphertext = MLKEM768PublicKey.from_public_bytes(ek).encapsulate()
            assert (len(secret), len(ciphertext)) == (32, 1088)
        else:
            with pytest.raises(MalformedError):
                check_wrap_key(ek + GOOD_WRAP_KEY[MLKEM_KEY_BYTES:])


def test_C_14_wycheproof_hkdf_sha256() -> None:
    for v in load("wycheproof/hkdf_sha256.json"):
        ikm, salt, info, okm = unhex(v, "ikm", "salt", "info", "okm")
        if v["result"] == "valid":
            assert HKDF(SHA256(), v["size"], salt, info).derive(ikm) == okm
        else:
            with pytest.raises(ValueError, match="large"):
                HKDF(SHA256(), v["size"], salt, info)


def test_C_14_hpke_x_wing_as_published_opens_with_our_keys() -> None:
    (v,) = load("hpke/x_wing.json")
    info, secret, public, enc, key, base_nonce = unhex(v, "info", "skRm", "pkRm", "enc", "key", "base_nonce")
    recipient = WrapKey.from_seed(secret)
    assert recipient.public == public
    # The vector has associated data and the one-shot interface has none: the vector's own key and nonce give the same
    # message without it.
    first = v["encryptions"][0]
    plaintext, aad, ciphertext = unhex(first, "pt", "aad", "ct")
    assert ChaCha20Poly1305(key).encrypt(base_nonce, plaintext, aad) == ciphertext
    without_aad = ChaCha20Poly1305(key).encrypt(base_nonce, plaintext, None)
    assert hpke_open(recipient, info, enc + without_aad) == plaintext


def test_C_14_hpke_x_wing_as_published_opens_with_its_associated_data() -> None:
    (v,) = load("hpke/x_wing.json")
    info, secret, enc = unhex(v, "info", "skRm", "enc")
    expanded = hashlib.shake_256(secret).digest(96)
    key = MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    plaintext, aad, ciphertext = unhex(v["encryptions"][0], "pt", "aad", "ct")
    assert rust_openssl.hpke._decrypt_with_aad(suite, enc + ciphertext, key, info, aad) == plaintext


def test_C_14_hpke_rfc_9180_base_mode_over_x25519() -> None:
    kdfs = {1: KDF.HKDF_SHA256, 3: KDF.HKDF_SHA512}
    aeads = {1: AEAD.AES_128_GCM, 2: AEAD.AES_256_GCM, 3: AEAD.CHACHA20_POLY1305}
    for v in load("hpke/rfc9180_x25519_base.json"):
        suite = Suite(KEM.X25519, kdfs[v["kdf_id"]], aeads[v["aead_id"]])
        info, secret, enc = unhex(v, "info", "skRm", "enc")
        key = X25519PrivateKey.from_private_bytes(secret)
        plaintext, aad, ciphertext = unhex(v["encryptions"][0], "pt", "aad", "ct")
        assert rust_openssl.hpke._decrypt_with_aad(suite, enc + ciphertext, key, info, aad) == plaintext


def test_C_14_own_frozen_attachments_still_open() -> None:
    for v in load("own/secretstream.json"):
        attachment_id, key, commitment, sha256 = unhex(v, "attachment_id", "key", "commitment", "sha256")
        secrets = BlobSecrets(attachment_id, key, commitment, v["plain_length"], v["sealed_length"], sha256)
        sink = io.BytesIO()
        open_blob(io.BytesIO(base64.b64decode(v["blob"])), sink, secrets)
        expected = hashlib.shake_256(b"comity attachment %d" % v["plain_length"]).digest(v["plain_length"])
        assert sink.getvalue() == expected
