"""Vectors of sealed envelopes.

Content keys are fixed; HPKE draws an encapsulation for each wrap. The wraps that came out once stand as `materials` in
the file and are used again; everything around them is made anew each time and must be the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from comity.committed import committed_encrypt
from comity.encoding import Purpose, digest, serialise, tagged
from comity.envelope import SignatureRole, signing_bytes
from comity.header import Header, encode_header
from comity.sealing import encrypt_content, hpke_seal, pad, wrap_info
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.terms import Precedence, Verb
from vectors.makers.book import Book

from tests.contract.builders import (
    APPROVER,
    AUTHOR,
    RECIPIENT,
    SENDER,
    THIRD,
    Signer,
    desk_kid,
    desk_wrap_key,
    fresh,
    secret,
)
from tests.contract.envelopes import header, payload

Materials = Mapping[str, Any]
A, B = SignatureRole.AUTHOR, SignatureRole.APPROVER
SIGNED = ((AUTHOR, A), (APPROVER, B))


class Sealer:
    """Seals with fixed content keys; wraps are taken from the materials, or made and kept."""

    def __init__(self, materials: Materials) -> None:
        self._old = materials
        self.materials: dict[str, str] = {}

    def wrap(self, data: bytes, desk: str, content_key: bytes) -> bytes:
        """A wrap of a content key under a header, for a desk."""
        info = wrap_info(data, desk_kid(desk))
        name = "wrap " + hashlib.sha256(info + content_key).hexdigest()[:16]
        kept = (
            self.materials.get(name)
            or self._old.get(name)
            or hpke_seal(desk_wrap_key(desk).public, info, content_key).hex()
        )
        self.materials[name] = kept
        return bytes.fromhex(kept)


def _seal(commitment: bytes, ciphertext: bytes, wraps: Sequence[bytes]) -> bytes:
    return serialise(
        envelope_pb2.Seal(
            commitment=commitment,
            ciphertext_sha256=hashlib.sha256(ciphertext).digest(),
            ciphertext_length=len(ciphertext),
            wrap_sha256=[hashlib.sha256(w).digest() for w in wraps],
        )
    )


def _signatures(data: bytes, seal: bytes, signers: Sequence[tuple[Signer, SignatureRole]]) -> list[dict[str, Any]]:
    return [
        {"kid": s.kid.hex(), "role": int(role), "sig": s.key.sign(signing_bytes(data, seal, role)).hex()}
        for s, role in signers
    ]


def _inputs(
    sealer: Sealer,
    plain: Header,
    content: bytes,
    opens: str,
    *,
    signers: Sequence[tuple[Signer, SignatureRole]] = SIGNED,
) -> dict[str, Any]:
    """A whole envelope at the hub, opened by one of its desks."""
    data = encode_header(plain)
    content_key = secret(f"content key of {plain.envelope_id.hex()}")
    desks = [r.desk for r in plain.recipients]
    wraps = [sealer.wrap(data, desk, content_key) for desk in desks]
    commitment, ciphertext = encrypt_content(data, content, content_key)
    seal = _seal(commitment, ciphertext, wraps)
    return {
        "header": data.hex(),
        "seal": seal.hex(),
        "ciphertext": ciphertext.hex(),
        "wraps": [{"desk": desk, "data": w.hex()} for desk, w in zip(desks, wraps, strict=True)],
        "signatures": _signatures(data, seal, signers),
        "reader": None,
        "opens": opens,
        "desk_seed": desk_wrap_key(opens).seed.hex(),
    }


def _resigned(base: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """What a dishonest author would send: parts of a base changed, and signed."""
    data = bytes.fromhex(changes.get("header", base["header"]))
    seal = bytes.fromhex(changes.get("seal", base["seal"]))
    return {**changes, "signatures": _signatures(data, seal, SIGNED)}


def envelope(materials: Materials) -> Book:
    """Envelopes that open, and envelopes with one fault."""
    sealer = Sealer(materials)
    keys = {s.kid.hex(): s.public.hex() for s in (AUTHOR, APPROVER)}
    book = Book(
        "envelope",
        "Sealed envelopes with the desks' private seeds; one fault each (section 4).",
        {"signing_keys": keys},
    )
    world = fresh()
    one = header(world, (RECIPIENT,))
    base = _inputs(sealer, one, payload(), RECIPIENT)
    book.good("one recipient", "open_envelope", input=base)
    three = header(world, (THIRD, RECIPIENT, SENDER), envelope_id=_id(2), joint=True)
    for desk in (THIRD, RECIPIENT, SENDER):
        inputs = _inputs(sealer, three, payload(), desk)
        if desk != THIRD:
            own = {name: inputs[name] for name in ("opens", "desk_seed")}
            book.good(f"three recipients, opened by {desk}", "open_envelope", like="three recipients", input=own)
            handed = [w for w in inputs["wraps"] if w["desk"] == desk]
            book.good(
                f"as the feed hands it to {desk}",
                "open_envelope",
                like="three recipients",
                input=own | {"reader": desk, "wraps": handed},
            )
        else:
            book.good("three recipients", "open_envelope", input=inputs)
    alone = header(world, (RECIPIENT,), envelope_id=_id(3), verb=Verb.ACKNOWLEDGE, previous=secret("previous"))
    book.good(
        "an author alone",
        "open_envelope",
        input=_inputs(sealer, alone, _acknowledgement(), RECIPIENT, signers=SIGNED[:1]),
    )
    urgent = header(world, (RECIPIENT,), envelope_id=_id(4), precedence=Precedence.FLASH)
    m = payload_pb2.Payload.FromString(payload())
    m.refer.urgency_reason = "Funds are leaving"
    m.refer.summary = "long " * 900
    book.good("a payload of the next size", "open_envelope", input=_inputs(sealer, urgent, serialise(m), RECIPIENT))
    _bad_form(book, base)
    _bad_signatures(book, base)
    _bad_opening(book, base, sealer, one)
    book.materials = sealer.materials
    return book


def _id(number: int) -> bytes:
    return bytes.fromhex("01a1b2c3d4e5700080000000000000") + bytes([number])


def _acknowledgement() -> bytes:
    m = payload_pb2.Payload.FromString(payload())
    contact = m.refer.contact
    body = payload_pb2.AcknowledgeCase(reference="CCTB/1", contact=contact, expected_date="2027-03-01")
    m.acknowledge_case.CopyFrom(body)
    return serialise(m)


def _bad_form(book: Book, base: Mapping[str, Any]) -> None:
    seal, wrap = envelope_pb2.Seal.FromString(bytes.fromhex(base["seal"])), bytes.fromhex(base["wraps"][0]["data"])
    ciphertext = bytes.fromhex(base["ciphertext"])

    def case(name: str, expect: str, **changes: Any) -> None:
        book.bad(name, "open_envelope", expect, like="one recipient", input=_resigned(base, **changes))

    def sealed(change: Callable[[envelope_pb2.Seal], object]) -> str:
        m = envelope_pb2.Seal()
        m.CopyFrom(seal)
        change(m)
        return serialise(m).hex()

    for place in (0, 40, len(bytes.fromhex(base["seal"])) - 1):
        data = bytearray.fromhex(base["seal"])
        data[place] ^= 0xFF
        book.bad(
            f"seal: byte {place} changed",
            "open_envelope",
            {0: "MALFORMED", 40: "CIPHERTEXT_MISMATCH"}.get(place, "CIPHERTEXT_MISMATCH"),
            like="one recipient",
            input={"seal": data.hex()},
        )
    case("seal: a field more", "MALFORMED", seal=base["seal"] + "7801")
    case("seal: too large", "TOO_LARGE", seal=base["seal"] + "00" * (16 << 10))
    case("seal: nothing", "MALFORMED", seal="")
    case("seal: no commitment", "MALFORMED", seal=sealed(lambda m: m.ClearField("commitment")))
    case("seal: digest too short", "MALFORMED", seal=sealed(lambda m: setattr(m, "ciphertext_sha256", bytes(31))))
    case("seal: ciphertext too short", "MALFORMED", seal=sealed(lambda m: setattr(m, "ciphertext_length", 4111)))
    case("seal: another length", "CIPHERTEXT_MISMATCH", seal=sealed(lambda m: setattr(m, "ciphertext_length", 4113)))
    case(
        "seal: another digest", "CIPHERTEXT_MISMATCH", seal=sealed(lambda m: setattr(m, "ciphertext_sha256", bytes(32)))
    )
    case("seal: no wrap", "MALFORMED", seal=sealed(lambda m: m.ClearField("wrap_sha256")))
    case("seal: a wrap too many", "MALFORMED", seal=sealed(lambda m: m.wrap_sha256.append(bytes(32))))
    case("seal: another wrap", "CIPHERTEXT_MISMATCH", seal=sealed(lambda m: m.wrap_sha256.__setitem__(0, bytes(32))))
    case("seal: a wrap digest too short", "MALFORMED", seal=sealed(lambda m: m.wrap_sha256.__setitem__(0, bytes(31))))
    case("wraps: none", "MALFORMED", wraps=[])
    case("wraps: of another desk", "MALFORMED", wraps=[{"desk": THIRD, "data": wrap.hex()}])
    case("wraps: twice", "MALFORMED", wraps=[{"desk": RECIPIENT, "data": wrap.hex()}] * 2)
    case("wraps: one bit", "CIPHERTEXT_MISMATCH", wraps=[{"desk": RECIPIENT, "data": _flip(wrap, 700).hex()}])
    case("wraps: cut short", "CIPHERTEXT_MISMATCH", wraps=[{"desk": RECIPIENT, "data": wrap[:-1].hex()}])
    long = sealed(lambda m: m.wrap_sha256.__setitem__(0, hashlib.sha256(wrap + b"\x00").digest()))
    case("wraps: too long", "CIPHERTEXT_MISMATCH", wraps=[{"desk": RECIPIENT, "data": wrap.hex() + "00"}], seal=long)
    for name, edit in {
        "one bit": {"at": 2000, "set": _flip(ciphertext, 2000)[2000:2001].hex()},
        "cut short": {"keep": 4111},
        "a byte more": {"add": "00"},
        "nothing": {"keep": 0},
    }.items():
        book.bad(
            f"ciphertext: {name}",
            "open_envelope",
            "CIPHERTEXT_MISMATCH",
            like="one recipient",
            input={},
            edit={"ciphertext": edit},
        )
    reader = {"reader": THIRD, "wraps": [{"desk": THIRD, "data": wrap.hex()}]}
    book.bad("a reader that is no recipient", "open_envelope", "MALFORMED", like="one recipient", input=reader)
    book.bad(
        "a wrap of somebody else handed out",
        "open_envelope",
        "MALFORMED",
        like="three recipients",
        input={"reader": THIRD},
    )
    order = [book.cases[1]["input"]["wraps"][i] for i in (1, 0, 2)]
    book.bad("wraps in another order", "open_envelope", "MALFORMED", like="three recipients", input={"wraps": order})


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _bad_signatures(book: Book, base: Mapping[str, Any]) -> None:
    author, approver = base["signatures"]
    data, seal = bytes.fromhex(base["header"]), bytes.fromhex(base["seal"])
    other = Signer("police/m-author00")

    def case(name: str, expect: str, signatures: list[dict[str, Any]]) -> None:
        book.bad(f"signatures: {name}", "open_envelope", expect, like="one recipient", input={"signatures": signatures})

    def by(signer: Signer, role: SignatureRole, text: bytes, key_id: bytes | None = None) -> dict[str, Any]:
        return {"kid": (key_id or signer.kid).hex(), "role": int(role), "sig": signer.key.sign(text).hex()}

    right = signing_bytes(data, seal, A)
    case("none", "MALFORMED", [])
    case("approver first", "MALFORMED", [approver, author])
    case("approver alone", "BAD_SIGNATURE", [approver])
    case("two authors", "MALFORMED", [author, author])
    case("three", "MALFORMED", [author, approver, approver])
    case("no role", "MALFORMED", [author, approver | {"role": 0}])
    case("unknown role", "MALFORMED", [author, approver | {"role": 3}])
    case("a key id too short", "MALFORMED", [author, approver | {"kid": approver["kid"][:-2]}])
    case("too short", "MALFORMED", [author, approver | {"sig": approver["sig"][:-2]}])
    case("an author whom the header does not name", "BAD_SIGNATURE", [by(other, A, right)])
    case("somebody else in the author's name", "BAD_SIGNATURE", [by(other, A, right, AUTHOR.kid)])
    case("an approver who is unknown", "BAD_SIGNATURE", [author, by(other, B, signing_bytes(data, seal, B))])
    case("one bit", "BAD_SIGNATURE", [author | {"sig": _flip(bytes.fromhex(author["sig"]), 5).hex()}])
    case("the author's as the approver's", "BAD_SIGNATURE", [author, author | {"role": 2}])
    case(
        "the approver's in the role of author",
        "BAD_SIGNATURE",
        [author, approver | {"sig": by(APPROVER, A, right)["sig"]}],
    )
    for name, text in {
        "over the header alone": tagged(Purpose.ENVELOPE, data, b"AUTHOR"),
        "over header and seal in one": tagged(Purpose.ENVELOPE, data + seal, b"AUTHOR"),
        "without purpose": data + seal + b"AUTHOR",
        "for another purpose": tagged(Purpose.MESSAGE_HASH, data, seal, b"AUTHOR"),
        "role as a number": tagged(Purpose.ENVELOPE, data, seal, b"\x01"),
        "over the message hash": digest(Purpose.MESSAGE_HASH, data, seal),
    }.items():
        case(name, "BAD_SIGNATURE", [by(AUTHOR, A, text)])
    changed = replace(header(fresh(), (RECIPIENT,)), deliver_by=header(fresh()).deliver_by + 1)
    book.bad(
        "a header changed after it was signed",
        "open_envelope",
        "BAD_SIGNATURE",
        like="one recipient",
        input={"header": encode_header(changed).hex()},
    )


def _bad_opening(book: Book, base: Mapping[str, Any], sealer: Sealer, plain: Header) -> None:
    data = bytes.fromhex(base["header"])
    content_key = secret(f"content key of {plain.envelope_id.hex()}")
    hh = digest(Purpose.HEADER, data)
    info = tagged(Purpose.PAYLOAD, hh)
    wrap = bytes.fromhex(base["wraps"][0]["data"])

    def case(name: str, **changes: Any) -> None:
        book.bad(f"opening: {name}", "open_envelope", "CANNOT_OPEN", like="one recipient", input=changes)

    def sealed(commitment: bytes, ciphertext: bytes, wrapped: bytes = wrap) -> dict[str, Any]:
        seal = _seal(commitment, ciphertext, [wrapped]).hex()
        wraps = [{"desk": RECIPIENT, "data": wrapped.hex()}]
        parts = {"seal": seal, "ciphertext": ciphertext.hex(), "wraps": wraps}
        return _resigned(base, **{name: value for name, value in parts.items() if value != base[name]})

    commitment, ciphertext = encrypt_content(data, payload(), content_key)
    case("with another desk's key", desk_seed=desk_wrap_key(THIRD).seed.hex())
    case("by a desk that is not addressed", opens=THIRD, desk_seed=desk_wrap_key(THIRD).seed.hex())
    case("another commitment", **sealed(bytes(32), ciphertext))
    case("another ciphertext", **sealed(commitment, _flip(ciphertext, 100)))
    case("another tag", **sealed(commitment, _flip(ciphertext, len(ciphertext) - 1)))
    case("a wrap with one bit changed in the encapsulation", **sealed(commitment, ciphertext, _flip(wrap, 3)))
    case("a wrap with one bit changed in the X25519 part", **sealed(commitment, ciphertext, _flip(wrap, 1090)))
    case("a wrap with one bit changed in the sealed key", **sealed(commitment, ciphertext, _flip(wrap, 1125)))
    case(
        "a wrap of another content key", **sealed(commitment, ciphertext, sealer.wrap(data, RECIPIENT, secret("other")))
    )
    moved = encode_header(replace(plain, deliver_by=plain.deliver_by + 1))
    case("a wrap under another header", **sealed(commitment, ciphertext, sealer.wrap(moved, RECIPIENT, content_key)))
    moved_commitment, moved_ciphertext = encrypt_content(moved, payload(), content_key)
    case("sealed under another header", **sealed(moved_commitment, moved_ciphertext))
    for name, aad, used in (("other associated data", b"", info), ("another purpose", hh, tagged(Purpose.DRAFT, hh))):
        case(name, **sealed(*committed_encrypt(content_key, used, aad, pad(payload()))))
    padded = pad(payload())
    content = payload()
    for name, plaintext in {
        "no mark in the padding": content.ljust(4096, b"\x00"),
        "another mark": (content + b"\x81").ljust(4096, b"\x00"),
        "padding one byte longer": padded + b"\x00",
        "padding of the next size": padded.ljust(8192, b"\x00"),
        "padding that is not zero": padded[:-1] + b"\x01",
    }.items():
        case(name, **sealed(*committed_encrypt(content_key, info, hh, plaintext)))
    _bad_payloads(case, sealed, data, content_key)


def _bad_payloads(
    case: Callable[..., None], sealed: Callable[..., dict[str, Any]], data: bytes, content_key: bytes
) -> None:
    def changed(change: Callable[[payload_pb2.Payload], object]) -> bytes:
        m = payload_pb2.Payload.FromString(payload())
        change(m)
        return serialise(m)

    for name, content in {
        "no payload": b"",
        "a payload that is no message": b"\xff" * 10,
        "a payload that is not canonical": payload() + b"\x08\x01",
        "a payload of another version": changed(lambda m: setattr(m, "version", 2)),
        "the body of another verb": _acknowledgement(),
        "no handling": changed(lambda m: m.ClearField("handling")),
        "an attachment that the header does not name": changed(
            lambda m: m.attachments.add(
                id=bytes(16),
                key=bytes(32),
                commitment=bytes(32),
                name="a.pdf",
                media_type="application/pdf",
                blob_sha256=bytes(32),
                plain_length=1,
                blob_length=4137,
            )
        ),
        "a summary that hides text": changed(lambda m: setattr(m.refer, "summary", "a\u202eb")),
    }.items():
        case(name, **sealed(*encrypt_content(data, content, content_key)))
