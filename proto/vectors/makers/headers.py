"""Vectors of headers and seals: what the hub reads, and every way in which one is out of form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from comity.encoding import serialise
from comity.header import BlobRef, WatchlistPosition, encode_header
from comity.v1 import envelope_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb
from vectors.makers.book import Book

from tests.contract.builders import RECIPIENT, SENDER, THIRD, desk_kid, fresh, secret
from tests.contract.envelopes import header

HASH = secret("a hash")
LAST = 253_402_128_000_000
BATCH = WatchlistPosition(secret("list")[:16], 2, secret("previous head"), secret("head"))
Change = Callable[[pb.Header], object]


def header_vectors() -> Book:
    """Headers."""
    book = Book("header", "Headers, field by field; one fault each (section 4).")
    plain = header(fresh(), (THIRD, RECIPIENT, SENDER))
    full = replace(
        plain,
        previous=HASH,
        about=secret("about"),
        lapses_at=LAST,
        joint=True,
        precedence=Precedence.FLASH,
        blobs=(BlobRef(b"\x01" * 32, 1), BlobRef(b"\x02" * 32, 5 << 30)),
    )
    published = replace(plain, family=Family.WATCHLIST, verb=Verb.PUBLISH, watchlist=BATCH)
    first = replace(published, verb=Verb.SNAPSHOT, watchlist=replace(BATCH, sequence=1, previous_head=b""))
    bases = {"plain": plain, "every field": full, "a batch": published, "the first batch": first}
    data = {name: encode_header(value) for name, value in bases.items()}
    for name, encoded in data.items():
        book.good(name, "header", input={"data": encoded.hex()})

    def case(name: str, change: Change, expect: str = "MALFORMED", base: str = "plain") -> None:
        m = pb.Header.FromString(data[base])
        change(m)
        book.bad(name, "header", expect, input={"data": serialise(m).hex()})

    def put(field: str, value: Any) -> Change:
        return lambda m: setattr(m, field, value)

    for field in ("version", "suite"):
        for number in (0, 2):
            case(f"{field} {number}", put(field, number), "UNSUPPORTED_VERSION")
    for field, value in {
        "origin": "hub.example",
        "envelope_id": bytes(15),
        "family": 5,
        "verb": 79,
        "case_id": bytes(17),
        "previous": bytes(31),
        "about": bytes(33),
        "sender": "sfc",
        "author": bytes(31),
        "precedence": 4,
        "created": LAST + 1,
        "deliver_by": -1,
        "respond_by": LAST + 1,
        "lapses_at": -1,
        "directory_root": bytes(31),
    }.items():
        case(f"{field} out of form", put(field, value))
    for field in (
        "origin",
        "envelope_id",
        "family",
        "verb",
        "case_id",
        "sender",
        "recipients",
        "author",
        "precedence",
        "created",
        "deliver_by",
        "directory_root",
    ):
        case(f"no {field}", lambda m, f=field: m.ClearField(f))  # type: ignore[misc]
    case("an envelope id that is no UUIDv7", put("envelope_id", bytes.fromhex("01a1b2c3d4e54000800000000000000a")))
    case("an envelope id of another variant", put("envelope_id", bytes.fromhex("01a1b2c3d4e57000c00000000000000a")))
    case("a grant where none stands", lambda m: m.grant.SetInParent())
    case("a provisional hold without a copy", _hold_without_a_copy)
    _recipients(case)
    _lists(case)
    for name, changed in {
        "an unknown field": data["plain"] + b"\xc0\x01\x01",
        "a field twice": data["plain"] + b"\x08\x01",
        "a byte cut off": data["plain"][:-1],
        "nothing but zeros": bytes(8),
    }.items():
        book.bad(name, "header", "MALFORMED", input={"data": changed.hex()})
    book.bad("nothing", "header", "UNSUPPORTED_VERSION", input={"data": ""})
    _seals(book)
    return book


def _hold_without_a_copy(m: pb.Header) -> None:
    m.family, m.verb = int(Family.FREEZE), int(Verb.REQUEST_PROVISIONAL)  # type: ignore[assignment] # their numbers
    del m.recipients[2]


def _recipients(case: Callable[..., None]) -> None:
    case("recipients in another order", lambda m: m.recipients.insert(0, m.recipients.pop()))
    case("a recipient twice", lambda m: m.recipients.append(m.recipients[2]))
    case("a desk that is none", lambda m: setattr(m.recipients[0], "desk", "icac"))
    case("a desk key id too short", lambda m: setattr(m.recipients[0], "desk_key_id", bytes(31)))

    def own_copy_alone(m: pb.Header) -> None:
        del m.recipients[:]
        m.recipients.add(desk=SENDER, desk_key_id=desk_kid(SENDER))

    def crowd(m: pb.Header) -> None:
        del m.recipients[:]
        for number in range(257):
            m.recipients.add(desk=f"a1/d{number:03}", desk_key_id=bytes(32))

    case("nobody but the sender", own_copy_alone)
    case("257 recipients", crowd, "TOO_LARGE")


def _lists(case: Callable[..., None]) -> None:
    def blobs(*pairs: tuple[bytes, int]) -> Change:
        def change(m: pb.Header) -> None:
            for sha256, length in pairs:
                m.blobs.add(sha256=sha256, length=length)

        return change

    one, two = b"\x01" * 32, b"\x02" * 32
    case("attachments in another order", blobs((two, 1), (one, 1)))
    case("an attachment twice", blobs((one, 1), (one, 1)))
    case("an attachment's digest too short", blobs((bytes(31), 1)))
    case("an empty attachment", blobs((one, 0)), "TOO_LARGE")
    case("an attachment above 5 GiB", blobs((one, (5 << 30) + 1)), "TOO_LARGE")
    case("65 attachments", blobs(*((bytes([i]) * 32, 1) for i in range(65))), "TOO_LARGE")
    case("a position outside a list", lambda m: m.watchlist.SetInParent())
    for field, value in {"list_id": bytes(15), "sequence": 0, "previous_head": bytes(31), "head": bytes(31)}.items():
        case(f"{field} out of form", lambda m, f=field, v=value: setattr(m.watchlist, f, v), base="a batch")
    case("a sequence beyond 2^53", lambda m: setattr(m.watchlist, "sequence", (1 << 53) + 1), base="a batch")
    case("a position in another family", lambda m: setattr(m, "family", int(Family.REFERRAL)), base="a batch")
    case("a batch without position", lambda m: m.ClearField("watchlist"), base="a batch")
    case("a later batch without previous head", lambda m: m.watchlist.ClearField("previous_head"), base="a batch")
    case("a first batch with previous head", lambda m: setattr(m.watchlist, "sequence", 1), base="a batch")


def _seals(book: Book) -> None:
    seal = pb.Seal(commitment=HASH, ciphertext_sha256=HASH, ciphertext_length=4112, wrap_sha256=[HASH, secret("w")])
    book.good("a seal", "seal", input={"data": serialise(seal).hex()})
    seal.ciphertext_length = 1_000_000
    book.good("a seal of much", "seal", input={"data": serialise(seal).hex()})
    book.bad("a seal with a field twice", "seal", "MALFORMED", input={"data": serialise(seal).hex() + "1801"})


BOOKS = (header_vectors,)
