"""A stranger's client: reads the vectors with nothing but PROTOCOL.md, hashlib, PyNaCl and `cryptography`.

It imports nothing of this project, not even its protobuf stubs: the wire format is decoded by hand. What it computes is
compared with what the vectors say, so that a mistake which both halves of the project share would still be found.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from nacl import bindings
from nacl.exceptions import BadSignatureError

Inputs = Mapping[str, Any]
Field = tuple[int, int, Any]
HEX = bytes.fromhex
SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


# --- bytes


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tagged(purpose: str, *parts: bytes) -> bytes:
    out = b"comity/v1/" + purpose.encode() + b"\x00"
    for part in parts:
        out += len(part).to_bytes(8, "big") + part
    return out


def digest(purpose: str, *parts: bytes) -> bytes:
    return sha256(tagged(purpose, *parts))


def signed(public: bytes, data: bytes, sig: bytes) -> bool:
    try:
        bindings.crypto_sign_open(sig + data, public)
    except (BadSignatureError, ValueError):
        return False
    return True


def expand(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(SHA512(), length, info).derive(key)


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data: bytes) -> list[Field]:
    """The fields of a message: (number, wire type, value)."""
    found: list[Field] = []
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
            found.append((tag >> 3, 0, value))
        else:
            assert tag & 7 == 2
            length, at = varint(data, at)
            found.append((tag >> 3, 2, data[at : at + length]))
            at += length
    assert at == len(data)
    return found


def one(data: bytes, number: int, default: Any = b"") -> Any:
    """A singular field."""
    return next((value for n, _, value in fields(data) if n == number), default)


def many(data: bytes, number: int) -> list[bytes]:
    """A repeated field of messages, texts or bytes."""
    return [value for n, _, value in fields(data) if n == number]


def is_canonical(data: bytes) -> bool:
    """Ascending fields, shortest varints, no default values: what can be seen without knowing the message."""
    out = b""
    last = 0
    for number, wire, value in fields(data):
        if number < last or (wire == 0 and value == 0):
            return False
        last = number
        out += shortest(number << 3 | wire)
        out += shortest(value) if wire == 0 else shortest(len(value)) + value
    return out == data


def shortest(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


# --- trees


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf)


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """RFC 6962's definition, word for word."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + tree_root(hashes[:k]) + tree_root(hashes[k:]))


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The recursive definition of an audit path, from the root down."""
    if size == 1:
        assert not path
        return leaf
    k = 1 << (size - 1).bit_length() - 1
    *below, sibling = path
    if index < k:
        return sha256(b"\x01" + root_by_path(leaf, index, k, below) + sibling)
    return sha256(b"\x01" + sibling + root_by_path(leaf, index - k, size - k, below))


def roots_by_proof(first: int, size: int, path: list[bytes], *, whole: bool, known: bytes) -> tuple[bytes, bytes]:
    """RFC 6962's SUBPROOF read backwards: (root of the first leaves, root of all of these)."""
    if first == size:
        return (known, known) if whole else (path[0], path[0])
    k = 1 << (size - 1).bit_length() - 1
    *below, sibling = path
    if first <= k:
        early, late = roots_by_proof(first, k, below, whole=whole, known=known)
        return early, sha256(b"\x01" + late + sibling)
    early, late = roots_by_proof(first - k, size - k, below, whole=False, known=known)
    return sha256(b"\x01" + sibling + early), sha256(b"\x01" + sibling + late)


def note(data: bytes, origin: str, public: bytes) -> tuple[int, bytes]:
    """A checkpoint's size and root, its signature verified."""
    text, _, tail = data.rpartition(b"\n\n")
    text += b"\n"
    key_id = sha256(origin.encode() + b"\n\x01" + public)[:4]
    found = []
    for line in tail.decode().splitlines():
        dash, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded)
        assert dash == "\u2014"
        if name == origin and raw[:4] == key_id:
            found.append(raw[4:])
    assert found
    assert all(signed(public, text, sig) for sig in found)
    lines = text.decode().split("\n")
    assert lines[0] == origin
    return int(lines[1]), base64.b64decode(lines[2])


# --- sealing


def x_wing(seed: bytes) -> MLKEM768X25519PrivateKey:
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )


def x_wing_public(seed: bytes) -> bytes:
    expanded = hashlib.shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return mlkem + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()


def padme(length: int) -> int:
    e = length.bit_length() - 1
    s = e.bit_length()
    step = 1 << (e - s)
    return -(-length // step) * step


def pad(content: bytes) -> bytes:
    size = max(4096, padme(len(content) + 1))
    return content + b"\x80" + bytes(size - len(content) - 1)


def open_envelope(i: Inputs) -> dict[str, str]:
    """Section 4 from end to end."""
    header, seal, ciphertext = HEX(i["header"]), HEX(i["seal"]), HEX(i["ciphertext"])
    assert is_canonical(header)
    assert is_canonical(seal)
    recipients = [(one(r, 1).decode(), one(r, 2)) for r in many(header, 11)]
    assert recipients == sorted(set(recipients))
    wrap_digests = many(seal, 4)
    for wrap in i["wraps"]:
        place = [desk for desk, _ in recipients].index(wrap["desk"])
        assert sha256(HEX(wrap["data"])) == wrap_digests[place]
    assert (one(seal, 2), one(seal, 3)) == (sha256(ciphertext), len(ciphertext))
    parts: list[bytes] = []
    for s in i["signatures"]:
        role = {1: b"AUTHOR", 2: b"APPROVER"}[s["role"]]
        assert signed(HEX(i["signing_keys"][s["kid"]]), tagged("envelope", header, seal, role), HEX(s["sig"]))
        parts += [HEX(s["kid"]), role, HEX(s["sig"])]
    assert HEX(i["signatures"][0]["kid"]) == one(header, 12)
    hh = digest("header", header)
    desk_key_id = dict(recipients)[i["opens"]]
    assert desk_key_id == digest("kid", i["opens"].encode(), b"desk", x_wing_public(HEX(i["desk_seed"])))
    wrapped = next(HEX(w["data"]) for w in i["wraps"] if w["desk"] == i["opens"])
    content_key = SUITE.decrypt(wrapped, x_wing(HEX(i["desk_seed"])), tagged("wrap", hh, desk_key_id))
    okm = expand(content_key, tagged("payload", hh), 88)
    assert okm[56:] == one(seal, 1)
    plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, hh, okm[32:56], okm[:32])
    payload = plain.rstrip(b"\x00")[:-1]
    assert pad(payload) == plain
    return {
        "message_hash": digest("message-hash", header, seal).hex(),
        "signatures_digest": digest("signatures", *parts).hex(),
        "content_key": content_key.hex(),
        "payload": payload.hex(),
    }


def open_attachment(i: Inputs) -> str:
    """Section 5's stream."""
    okm = expand(HEX(i["key"]), tagged("attachment", HEX(i["id"])), 64)
    blob = HEX(i["blob"])
    assert okm[32:] == HEX(i["commitment"])
    assert (sha256(blob), len(blob)) == (HEX(i["sha256"]), i["sealed_length"])
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, blob[:24], okm[:32])
    plain, at = b"", 24
    while at < len(blob):
        piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, blob[at : at + 65_553])
        at += 65_553
        plain += piece
        assert (tag == bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL) == (at >= len(blob))
    assert len(plain) == max(4096, padme(i["plain_length"]))
    assert not any(plain[i["plain_length"] :])
    return sha256(plain[: i["plain_length"]]).hex()
