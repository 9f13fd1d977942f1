"""Vectors of attachments. The stream header is random: the two sealed blobs in the file are kept."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import Any

from comity import blobs
from vectors.makers.book import Book

from tests.contract.builders import secret


def attachment(materials: Mapping[str, Any]) -> Book:
    """Attachments that open, and with one fault."""
    book = Book("blob", "Sealed attachments with their keys; one fault each (section 5).")
    for name, length in (("short", 12), ("two chunks", 65_537)):
        plain = hashlib.shake_256(secret(f"attachment {length}")).digest(length)
        book.good(name, "open_attachment", input=materials.get(name) or _sealed_blob(plain))
    short, long = (bytes.fromhex(case["input"]["blob"]) for case in book.cases)
    other = book.cases[1]["input"]

    def case(name: str, like: str = "short", edit: Mapping[str, Any] | None = None, **changes: Any) -> None:
        parts: dict[str, Any] = {"like": like, "input": changes} | ({"edit": {"blob": edit}} if edit else {})
        book.bad(name, "open_attachment", "CANNOT_OPEN", **parts)

    def named(data: bytes) -> dict[str, Any]:
        return {"sha256": hashlib.sha256(data).hexdigest()}

    case("another key", key=secret("other").hex())
    case("another id", id=bytes(16).hex())
    case("another commitment", commitment=bytes(32).hex())
    case("another attachment's key and commitment", **{k: other[k] for k in ("id", "key", "commitment")})
    case("another digest", sha256=bytes(32).hex())
    case("another sealed length", sealed_length=len(short) + 1)
    case("a plain length of the next size", plain_length=4097)
    case("a plain length that cuts content off", plain_length=11)
    case("nothing", edit={"keep": 0}, **named(b""))
    case("the stream's header alone", edit={"keep": 24}, **named(short[:24]))
    case("cut by one byte", edit={"keep": len(short) - 1}, **named(short[:-1]))
    case("a byte more", edit={"add": "00"}, **named(short + b"\x00"))
    for place in (0, 24, 2000, len(short) - 1):
        flipped = short[:place] + bytes([short[place] ^ 1]) + short[place + 1 :]
        case(f"byte {place} changed", edit={"at": place, "set": flipped[place : place + 1].hex()}, **named(flipped))
    chunk = 65_536 + 17
    case("cut after the first chunk", "two chunks", {"keep": 24 + chunk}, **named(long[: 24 + chunk]))
    last_alone = long[:24] + long[24 + chunk :]
    case("the first chunk left out", "two chunks", {"keep": 24, "add": long[24 + chunk :].hex()}, **named(last_alone))
    swapped = long[:24] + long[1024:2024] + long[24:1024] + long[2024:]
    case("two pieces of a chunk changed places", "two chunks", {"swap": [24, 1024, 1000]}, **named(swapped))
    return book


def _sealed_blob(plain: bytes) -> dict[str, Any]:
    sink = io.BytesIO()
    made = blobs.seal_blob(io.BytesIO(plain), sink)
    return {
        "blob": sink.getvalue().hex(),
        "id": made.attachment_id.hex(),
        "key": made.key.hex(),
        "commitment": made.commitment.hex(),
        "plain_length": made.plain_length,
        "sealed_length": made.sealed_length,
        "sha256": made.sha256.hex(),
    }
