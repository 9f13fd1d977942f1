"""Checkpoints: a log's origin, size and root as a C2SP signed note (signed-note, tlog-checkpoint).

Ed25519 notes only. Signatures of keys that are not asked about, whatever their type, are carried and ignored, so a
witness's cosignature (tlog-cosignature) can stand in the same note. Extension lines are opaque: signed, carried,
ignored; our own logs write none.

Never does: trust in a text before its signature was checked; re-serialising in order to check one.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from comity.errors import MalformedError, Reason, VerificationError
from comity.keys import SIGNATURE_BYTES, SIGNING_KEY_BYTES, verify
from comity.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE

MAX_SIGNATURES = 16
"""Most signatures in a note; the specification wants at least as many accepted."""
MAX_NOTE = 128 * 1024
"""Greatest length of a note in bytes: 16 post-quantum signatures and their text fit."""
ED25519 = b"\x01"
"""Signature type of a log's own signature."""
KEY_ID_SIZE = 4
"""Bytes of a key id."""

_EM_DASH = "\u2014 "
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_FORBIDDEN_IN_LINE = re.compile("[\x00-\x1f\ud800-\udfff]")
_FORBIDDEN_IN_NOTE = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself.

    Attributes:
        origin: the log's name; one line, compared exactly.
        size: number of leaves, 0 to 2**63 - 1.
        root: of the tree of that size, 32 bytes.
        extensions: further lines of the text, none of them empty.

    Raises:
        MalformedError: no checkpoint could say that.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or _FORBIDDEN_IN_LINE.search(line):
                raise MalformedError("line of a checkpoint is empty or has control characters")
        if not 0 <= self.size <= MAX_SIZE:
            raise MalformedError("size of a checkpoint is out of range")
        if len(self.root) != HASH_SIZE:
            raise MalformedError("root of a checkpoint is not 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise MalformedError("root of a checkpoint is not that of the empty tree")

    def body_text(self) -> bytes:
        """Returns the text that is signed, UTF-8, with its final line feed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions, "")
        return "\n".join(lines).encode()


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not yet checked.

    Attributes:
        name: of the key.
        key_id: 4 bytes; says with the name which key of which type it is.
        signature: at least one byte; 64 for Ed25519.
    """

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """An Ed25519 key with the name that it signs under.

    Attributes:
        name: non-empty, without spaces or plus.
        public: 32 bytes.

    Raises:
        MalformedError: name or key could not stand in a note.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _is_key_name(self.name):
            raise MalformedError("not a name of a key")
        if len(self.public) != SIGNING_KEY_BYTES:
            raise MalformedError("not an Ed25519 public key")

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_SIZE]


def _is_key_name(name: str) -> bool:
    return (
        bool(name) and not _FORBIDDEN_IN_LINE.search(name) and not any(char == "+" or char.isspace() for char in name)
    )


def _from_base64(text: str) -> bytes:
    try:
        data = b64decode(text.encode(), validate=True)
    except ValueError:
        raise MalformedError("not base64") from None
    if b64encode(data).decode() != text:
        raise MalformedError("base64 is not canonical")
    return data


def verifier_key(name: str, public: bytes) -> str:
    """Returns the key as a C2SP vkey: `<name>+<key id in hex>+<base64 of type and key>`.

    Raises:
        MalformedError: name or key could not stand in a note.
    """
    key = VerifierKey(name, public)
    return f"{name}+{key.key_id.hex()}+{b64encode(ED25519 + public).decode()}"


def parse_verifier_key(text: str) -> VerifierKey:
    """Reads a vkey.

    Raises:
        MalformedError: not a vkey, not of type Ed25519, or its key id is not the key's.
    """
    name, key_id, encoded = (*text.split("+", 2), "", "")[:3]
    if _KEY_ID.fullmatch(key_id) is None or not encoded:
        raise MalformedError("not a verifier key")
    material = _from_base64(encoded)
    if material[:1] != ED25519:
        raise MalformedError("verifier key is not of type Ed25519")
    key = VerifierKey(name, material[1:])
    if key.key_id.hex() != key_id:
        raise MalformedError("verifier key does not have that id")
    return key


def sign_note(text: bytes, key: VerifierKey, sign: Callable[[bytes], bytes]) -> bytes:
    """Returns a note with one signature.

    Args:
        text: what to sign, ending in a line feed.
        key: the public half of the signing key, and its name.
        sign: gives the Ed25519 signature over its argument, 64 bytes.

    Raises:
        MalformedError: the text cannot be that of a note, or the signature is not 64 bytes.
    """
    signature = sign(text)
    if len(signature) != SIGNATURE_BYTES:
        raise MalformedError("not an Ed25519 signature")
    line = f"{_EM_DASH}{key.name} {b64encode(key.key_id + signature).decode()}\n"
    note = text + b"\n" + line.encode()
    if parse_note(note)[0] != text:
        raise MalformedError("not the text of a note")
    return note


def parse_note(note: bytes) -> tuple[bytes, tuple[NoteSignature, ...]]:
    """Takes a note apart; checks its form, not its signatures.

    Args:
        note: as it travelled.

    Returns:
        The text that the signatures are over, and the signatures in order.

    Raises:
        MalformedError: not the form of a signed note, or larger than `MAX_NOTE` or `MAX_SIGNATURES`.
    """
    if len(note) > MAX_NOTE:
        raise MalformedError("note is too large", Reason.TOO_LARGE)
    try:
        decoded = note.decode()
    except UnicodeDecodeError:
        raise MalformedError("note is not UTF-8") from None
    if _FORBIDDEN_IN_NOTE.search(decoded):
        raise MalformedError("note has control characters")
    # The last empty line separates, so signature lines cannot hold one.
    text, separator, tail = decoded.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise MalformedError("note has no signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedError("note has too many signatures", Reason.TOO_LARGE)
    return (text + "\n").encode(), tuple(_parse_signature(line) for line in lines)


def _parse_signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_EM_DASH).partition(" ")
    if not line.startswith(_EM_DASH) or not separator or not _is_key_name(name):
        raise MalformedError("not a signature line")
    data = _from_base64(encoded)
    if len(data) <= KEY_ID_SIZE:
        raise MalformedError("not a signature line")
    return NoteSignature(name, data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


def verify_note(note: bytes, key: VerifierKey) -> bytes:
    """Returns the text of a note that a key signed.

    Other keys' signatures are ignored, also those that share the name or the id with this key, but not both.

    Raises:
        VerificationError: malformed, not signed by that key, or a signature by that key does not verify.
    """
    try:
        text, signatures = parse_note(note)
    except MalformedError:
        raise VerificationError("not a signed note") from None
    own = [item.signature for item in signatures if (item.name, item.key_id) == (key.name, key.key_id)]
    if not own:
        raise VerificationError("note is not signed by the expected key")
    if not all(verify(key.public, text, signature) for signature in own):
        raise VerificationError("signature of a note does not verify")
    return text


def sign_checkpoint(checkpoint: Checkpoint, name: str, sign: Callable[[bytes], bytes], public: bytes) -> bytes:
    """Returns the checkpoint as a signed note; the same bytes each time, Ed25519 being deterministic.

    Args:
        checkpoint: what to sign.
        name: of the key; the origin, for a log's own signature.
        sign: gives the Ed25519 signature over its argument, 64 bytes.
        public: the key that `sign` signs under, 32 bytes.

    Raises:
        MalformedError: name, key or signature could not stand in a note.
    """
    return sign_note(checkpoint.body_text(), VerifierKey(name, public), sign)


def parse_checkpoint(note: bytes) -> tuple[Checkpoint, tuple[NoteSignature, ...]]:
    """Reads a checkpoint without checking its signatures: nothing in it may be trusted yet.

    Raises:
        MalformedError: not a signed note, or its text is not the one text of a checkpoint.
    """
    text, signatures = parse_note(note)
    return _parse_text(text), signatures


def _parse_text(text: bytes) -> Checkpoint:
    lines = text.decode()[:-1].split("\n")
    if len(lines) < 3:
        raise MalformedError("checkpoint has fewer than three lines")
    origin, size, root, *extensions = lines
    if _SIZE.fullmatch(size) is None:
        raise MalformedError("size of a checkpoint is not canonical")
    return Checkpoint(origin, int(size), _from_base64(root), tuple(extensions))


@lru_cache(maxsize=64)  # the receipts of a batch bring one note, byte for byte; what does not verify is not kept
def verify_checkpoint(note: bytes, origin: str, public: bytes) -> Checkpoint:
    """Returns the checkpoint that a log signed.

    Args:
        note: as it travelled.
        origin: the log's, which is its key's name too.
        public: the log's key, 32 bytes.

    Raises:
        VerificationError: malformed, another log's, or not signed by that key.
        MalformedError: `origin` or `public`, which are the caller's own, could not be a log's.
    """
    text = verify_note(note, VerifierKey(origin, public))
    try:
        checkpoint = _parse_text(text)
    except MalformedError:
        raise VerificationError("not a checkpoint") from None
    if checkpoint.origin != origin:
        raise VerificationError("checkpoint is another log's")
    return checkpoint
