"""XChaCha20-Poly1305 does not commit to its key: a forged ciphertext opens under two. The commitment refuses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest
from comity.committed import expand
from comity.encoding import Purpose, digest, serialise, tagged
from comity.errors import CannotOpenError
from comity.padding import unpad
from comity.sealing import open_content
from comity.v1.envelope_pb2 import Seal
from Crypto.Cipher import ChaCha20
from nacl import bindings

HEADER = b"any header"
HH = digest(Purpose.HEADER, HEADER)
P = 2**130 - 5
TOP = 2**128


@dataclass(frozen=True, slots=True)
class AeadKey:
    """One of the two keys a salamander opens under, with what the forger derives from it."""

    content_key: bytes
    key: bytes
    nonce: bytes
    commitment: bytes
    r: int
    s: int
    stream: bytes

    @classmethod
    def derive(cls, content_key: bytes, length: int) -> AeadKey:
        okm = expand(content_key, tagged(Purpose.PAYLOAD, HH), 88)
        key, nonce = okm[:32], okm[32:56]
        stream = ChaCha20.new(key=key, nonce=nonce).encrypt(bytes(64 + length))
        r = int.from_bytes(stream[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
        return cls(content_key, key, nonce, okm[56:], r, int.from_bytes(stream[16:32], "little"), stream[64:])

    def decrypt(self, ciphertext: bytes) -> bytes:
        plaintext: bytes = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, HH, self.nonce, self.key)
        return plaintext


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def salamander(length: int = 4096) -> tuple[AeadKey, AeadKey, bytes]:
    """Makes one ciphertext with tag that opens, with valid padding, under two keys.

    Poly1305 is a polynomial in r over GF(2^130 - 5) whose coefficients are the blocks. For a chosen tag each key gives
    one linear equation, so two free blocks satisfy both. The first half of the first key's plaintext is chosen text.
    """
    first = AeadKey.derive(bytes(32), length)
    # Both plaintexts must end in the padding's mark, so both key streams must agree in their last byte.
    candidates = (AeadKey.derive(i.to_bytes(32, "big"), length) for i in range(1, 100_000))
    second = next(key for key in candidates if key.stream[-1] == first.stream[-1])
    plaintext = (b"the text the first one reads. " * length)[: length - 1] + b"\x80"
    body = bytearray(xor(plaintext, first.stream))
    aad_and_length = HH, len(HH).to_bytes(8, "little") + length.to_bytes(8, "little")
    for attempt in range(10_000):
        body[length // 2 : length // 2 + 16] = hashlib.sha256(attempt.to_bytes(4, "big")).digest()[:16]
        data = aad_and_length[0] + bytes(body) + aad_and_length[1]
        blocks = [int.from_bytes(data[i : i + 16], "little") + TOP for i in range(0, len(data), 16)]
        free = (len(HH) // 16, len(HH) // 16 + 1)
        tag = (attempt * 0x9E3779B97F4A7C15F39CC0605CEDC834) % TOP
        rows = []
        for key in (first, second):
            powers = [pow(key.r, len(blocks) - j, P) for j in free]
            rest = sum(block * pow(key.r, len(blocks) - j, P) for j, block in enumerate(blocks) if j not in free)
            rows.append((*powers, ((tag - key.s) % TOP - rest) % P))
        (a, b, e), (c, d, f) = rows
        inverse = pow(a * d - b * c, -1, P)
        x, y = (e * d - b * f) * inverse % P, (a * f - e * c) * inverse % P
        if TOP <= x < 2 * TOP and TOP <= y < 2 * TOP:
            body[:32] = (x - TOP).to_bytes(16, "little") + (y - TOP).to_bytes(16, "little")
            return first, second, bytes(body) + tag.to_bytes(16, "little")
    raise AssertionError("no salamander found")


@pytest.fixture(scope="module")
def forged() -> tuple[AeadKey, AeadKey, bytes]:
    return salamander()


def test_C_02_the_bare_aead_opens_a_salamander_under_both_keys(forged: tuple[AeadKey, AeadKey, bytes]) -> None:
    first, second, ciphertext = forged
    one, other = unpad(first.decrypt(ciphertext)), unpad(second.decrypt(ciphertext))
    assert b"the text the first one reads" in one
    assert b"the text the first one reads" not in other


def test_C_02_salamander_ciphertext_is_refused(forged: tuple[AeadKey, AeadKey, bytes]) -> None:
    first, second, ciphertext = forged
    for honest, refused in ((first, second), (second, first)):
        seal = serialise(
            Seal(
                commitment=honest.commitment,
                ciphertext_sha256=hashlib.sha256(ciphertext).digest(),
                ciphertext_length=len(ciphertext),
            )
        )
        assert open_content(HEADER, seal, ciphertext, honest.content_key)
        with pytest.raises(CannotOpenError):
            open_content(HEADER, seal, ciphertext, refused.content_key)
