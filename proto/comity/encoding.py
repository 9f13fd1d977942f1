"""Bytes to hash and sign, and the strict parser of what was signed. The only module that builds such bytes.

`tagged` gives every signature, hash, KDF info and AAD its own purpose and length-prefixes every part, so that no two
signed objects share a byte string. `parse` accepts the canonical serialisation of a message and nothing else, so that
parse-then-serialise is the identity and unknown fields cannot ride along.

Never does: I/O, key handling, re-serialising in order to verify.
"""

from __future__ import annotations

import hashlib
import unicodedata
from enum import StrEnum
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from comity.errors import MalformedError, Reason

PREFIX = b"comity/v1/"
HASH_BYTES = 32
"""Length of every hash, and of every key id."""


class Purpose(StrEnum):
    """What a tagged byte string is for. With its closing zero byte none is a prefix of another."""

    STATEMENT = "statement"
    HEAD = "head"
    KID = "kid"
    FINGERPRINT = "fingerprint"
    HEADER = "header"
    PAYLOAD = "payload"
    WRAP = "wrap"
    ENVELOPE = "envelope"
    MESSAGE_HASH = "message-hash"
    SIGNATURES = "signatures"
    ATTACHMENT = "attachment"
    DESK_KEY = "desk-key"
    DRAFT = "draft"
    DRAFT_SIGNATURE = "draft-signature"
    DELIVERY = "delivery"
    LEAF = "leaf"
    ACK = "ack"
    ACK_BODY = "ack-body"
    WATCHLIST = "watchlist"
    WATCHLIST_ENTRY = "watchlist-entry"
    WATCHLIST_CHANGES = "watchlist-changes"
    WATCHLIST_CONFIRM = "watchlist-confirm"
    KEYRING = "keyring"
    ARCHIVE = "archive"


_TAGS = {purpose: PREFIX + purpose.encode() + b"\x00" for purpose in Purpose}


def u64be(value: int) -> bytes:
    """Returns an unsigned 64-bit number in big-endian order.

    Raises:
        MalformedError: the number does not fit.
    """
    try:
        return value.to_bytes(8, "big")
    except OverflowError:
        raise MalformedError("number does not fit in 64 bits") from None


def tagged(purpose: Purpose, *parts: bytes) -> bytes:
    """Returns `"comity/v1/" ‖ purpose ‖ 0x00 ‖ u64be(len p1) ‖ p1 ‖ …` (PROTOCOL.md, section 2)."""
    out = [_TAGS[purpose]]
    for part in parts:
        out += (len(part).to_bytes(8, "big"), part)
    return b"".join(out)


def digest(purpose: Purpose, *parts: bytes) -> bytes:
    """Returns SHA-256 of `tagged(purpose, *parts)`, 32 bytes."""
    return hashlib.sha256(tagged(purpose, *parts)).digest()


def framed(part: bytes) -> bytes:
    """Returns a part as it stands in tagged bytes, with its length before it: to be kept where it comes again."""
    return len(part).to_bytes(8, "big") + part


def digest_framed(purpose: Purpose, *parts: bytes) -> bytes:
    """Returns what `digest` returns for parts that `framed` made; for what is asked a million times."""
    return hashlib.sha256(_TAGS[purpose] + b"".join(parts)).digest()


def exactly(value: bytes, length: int, what: str) -> bytes:
    """Returns `value` if it has that length in bytes.

    Raises:
        MalformedError: it has not; `what` names it.
    """
    if len(value) != length:
        raise MalformedError(f"{what} is not {length} bytes long")
    return value


M = TypeVar("M", bound=Message)


def parse(message_type: type[M], data: bytes, limit: int) -> M:
    """Parses canonical bytes strictly.

    Args:
        message_type: the protobuf class.
        data: the bytes as they travelled.
        limit: greatest length accepted, in bytes.

    Returns:
        The message; serialising it gives `data` again.

    Raises:
        MalformedError: too long, not parseable, an unknown field, or not the canonical serialisation.
    """
    if len(data) > limit:
        raise MalformedError(f"{message_type.DESCRIPTOR.name} is larger than {limit} bytes", Reason.TOO_LARGE)
    message = message_type()
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise MalformedError(f"not a {message_type.DESCRIPTOR.name}") from None
    message.DiscardUnknownFields()  # type: ignore[no-untyped-call, unused-ignore] # stubs differ between releases
    if serialise(message) != data:
        raise MalformedError(f"not a canonical {message_type.DESCRIPTOR.name}")
    return message


def serialise(message: Message) -> bytes:
    """Returns the canonical serialisation: ascending field numbers, minimal varints, default values absent."""
    return message.SerializeToString(deterministic=True)


# Unassigned characters (Cn) are let through: which they are differs between releases of Unicode, and two parties must
# not judge one statement differently. What these categories and the noncharacters hold never changes.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
# Characters that reorder or hide text: bidirectional controls, zero-width joiners are left alone (names need them).
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _is_noncharacter(char: str) -> bool:
    code = ord(char)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def check_text(text: str, limit: int, *, multiline: bool = False) -> str:
    """Returns `text` if it may stand in a message.

    Args:
        text: to be checked.
        limit: greatest length in UTF-8 bytes.
        multiline: True where line feeds may stand.

    Raises:
        MalformedError: too long, not NFC, or with control, bidi or private-use characters or noncharacters.
    """
    if len(text.encode("utf-8", "surrogatepass")) > limit:
        raise MalformedError(f"text is longer than {limit} bytes", Reason.TOO_LARGE)
    if text.isascii() and text.isprintable():
        return text
    if not unicodedata.is_normalized("NFC", text):
        raise MalformedError("text is not in Unicode normal form C")
    for char in text:
        if char == "\n" and multiline:
            continue
        if char in _BIDI or unicodedata.category(char) in _FORBIDDEN_CATEGORIES or _is_noncharacter(char):
            raise MalformedError("text holds a control, bidirectional or private character")
    return text
