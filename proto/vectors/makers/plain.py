"""Vectors of bytes, texts, names, keys and padding."""

from __future__ import annotations

import hashlib

from comity.encoding import Purpose, serialise
from comity.keys import FINGERPRINT_DIGITS, fingerprint
from comity.v1 import envelope_pb2, log_pb2
from vectors.makers.book import Book

from tests.contract.builders import secret, signing_key, wrap_key

ORDER = 2**252 + 27742317777372353535851937790883648493
"""Order of Ed25519's group."""


def encoding() -> Book:
    """Tagged bytes, the canonical form, texts and names."""
    book = Book("encoding", "Tagged bytes and digests; the canonical form of messages; texts; names (section 2).")
    for purpose in Purpose:
        parts = [b"", b"part", bytes(32)][: 1 + len(purpose) % 3]
        book.good(f"tagged {purpose}", "tagged", input={"purpose": purpose, "parts": [p.hex() for p in parts]})
    for name, parts in (("nothing", []), ("one part", [b"ab"]), ("the same bytes in two parts", [b"a", b"b"])):
        book.good(f"digest of {name}", "digest", input={"purpose": "kid", "parts": [p.hex() for p in parts]})
    _canonical(book)
    _texts(book)
    _names(book)
    return book


def _canonical(book: Book) -> None:
    leaf = serialise(log_pb2.Leaf(version=1, time_seconds=300, directory_root=b"r" * 32))
    roles = b"\x1a\x02\x01\x02"
    recipient = serialise(envelope_pb2.Recipient(desk="sfc/intake"))
    nested = b"\x5a" + bytes([len(recipient) + 2]) + recipient + b"\x78\x01"

    def case(name: str, data: bytes, expect: str | None, message: str = "Leaf", limit: int = 256) -> None:
        inputs = {"message": message, "data": data.hex(), "limit": limit}
        if expect is None:
            book.good(name, "canonical", input=inputs)
        else:
            book.bad(name, "canonical", expect, input=inputs)

    case("a leaf", leaf, None)
    case("an empty message", b"", None)
    case("packed repeated numbers", roles, None, "MemberCertified")
    case("a leaf of exactly the limit", leaf, None, limit=len(leaf))
    case("a leaf one byte above the limit", leaf, "TOO_LARGE", limit=len(leaf) - 1)
    for name, data in {
        "cut short": leaf[:-1],
        "a group": b"\x0b\x0c",
        "half a field": leaf + b"\x08",
        "an unknown field": leaf + b"\x78\x01",
        "an unknown empty field": leaf + b"\x7a\x00",
        "a field twice": leaf + b"\x08\x01",
        "fields in descending order": leaf[2:] + leaf[:2],
        "a padded varint": b"\x08\x81\x00" + leaf[2:],
        "a padded tag": b"\x88\x00\x01" + leaf[2:],
        "a default value written": leaf + b"\x2a\x00",
        "a number of more than 32 bits in a uint32": b"\x08\x81\x80\x80\x80\x10" + leaf[2:],
        "field number zero": b"\x00\x01" + leaf,
        "another wire type": b"\x0d\x01\x00\x00\x00" + leaf[2:],
    }.items():
        case(name, data, "MALFORMED")
    case("unpacked repeated numbers", b"\x18\x01\x18\x02", "MALFORMED", "MemberCertified")
    case("an unknown field inside", nested, "MALFORMED", "Header")
    case("a text that is no UTF-8", b"\x1a\x01\xff", "MALFORMED", "Header")


def _texts(book: Book) -> None:
    def case(name: str, text: str, expect: str | None, limit: int = 100, *, lines: bool = False) -> None:
        utf8 = text.encode(errors="surrogatepass").hex()
        inputs = {"utf8": utf8, "limit": limit, "lines": lines}
        if expect is None:
            book.good(name, "text", input=inputs)
        else:
            book.bad(name, "text", expect, input=inputs)

    case("text: plain", "O'Neil & Sons", None)
    case("text: Chinese", "證監會", None, 9)
    case("text: beyond the basic plane", "𠮷野家", None)
    case("text: a joiner that a name needs", "क्\u200dष", None)
    case("text: unassigned for now", "\U000323b0", None)
    case("text: lines", "one\ntwo", None, lines=True)
    case("text: one byte too long", "證監會", "TOO_LARGE", 8)
    for name, text in {
        "not composed": "e\u0301",
        "NUL": "a\x00",
        "a line feed": "a\nb",
        "a tab": "a\tb",
        "next line": "a\x85",
        "right-to-left override": "a\u202eb",
        "isolate": "\u2066a",
        "left-to-right mark": "a\u200e",
        "byte order mark": "\ufeffa",
        "a surrogate": "\ud800",
        "private use": "\ue000",
        "a noncharacter": "\ufdd0",
        "the last of a plane": "\U0001ffff",
        "line separator": "a\u2028",
    }.items():
        case(f"text: {name}", text, "MALFORMED")
    case("lines: a carriage return", "a\r\nb", "MALFORMED", lines=True)


def _names(book: Book) -> None:
    good = {
        "agency": ["sfc", "a" * 31],
        "operator": ["op-one"],
        "desk": ["sfc/intake"],
        "member": ["sfc/m-abcd0123"],
        "origin": ["hub.example/exchange"],
        "jurisdiction": ["HK"],
        "telephone": ["+85212345678"],
        "language": ["zh-Hant"],
    }
    bad = {
        "agency": ["hub", "a", "A1", "1a", "a" * 32, "sfc/intake", "\u0455fc", "sfc\n"],
        "operator": ["op/one"],
        "desk": ["sfc", "sfc/i", "sfc/intake/x"],
        "member": ["sfc/author", "sfc/m-abcd012"],
        "origin": ["hub.example", "https://hub.example/x"],
        "jurisdiction": ["hk"],
        "telephone": ["85212345678"],
        "language": ["en_GB"],
    }
    for kind, texts in good.items():
        for number, text in enumerate(texts):
            book.good(f"{kind} {number}", "name", input={"kind": kind, "text": text})
    for kind, texts in bad.items():
        for number, text in enumerate(texts):
            book.bad(f"no {kind} {number}", "name", "MALFORMED", input={"kind": kind, "text": text})


def kid() -> Book:
    """Key ids and the keys that may be registered."""
    book = Book("kid", "Key ids; the public keys that may be registered; X-Wing keys from their seeds (sections 1, 3).")
    sign, wrap = signing_key("vector").public, wrap_key("vector")
    owners = {
        "root": "sfc",
        "operator": "op-one",
        "log": "hub.example/directory",
        "head": "hub.example/directory",
        "sign": "sfc/m-author00",
        "tls": "sfc/intake",
    }
    for use, owner in owners.items():
        book.good(f"kid {use}", "kid", input={"owner": owner, "use": use, "public": sign.hex()})
    for use, owner in {"wrap": "sfc/m-author00", "desk": "sfc/intake"}.items():
        book.good(f"kid {use}", "kid", input={"owner": owner, "use": use, "public": wrap.public.hex()})
    book.good("X-Wing key of a seed", "wrap_seed", input={"seed": wrap.seed.hex()})
    book.good("an Ed25519 key", "signing_key", input={"public": sign.hex()})
    low_order = {
        "zero": bytes(32),
        "one": b"\x01" + bytes(31),
        "order eight": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        "not canonical": (2**255 - 19).to_bytes(32, "little"),
        "not on the curve": b"\x02" + bytes(31),
        "short": sign[:-1],
        "long": sign + b"\x00",
    }
    for name, public in low_order.items():
        book.bad(f"Ed25519: {name}", "signing_key", "MALFORMED", input={"public": public.hex()})
    book.good("an X-Wing key", "wrap_key", input={"public": wrap.public.hex()})
    book.bad("X-Wing: short", "wrap_key", "MALFORMED", input={"public": wrap.public[:-1].hex()})
    points = {
        "X25519 point zero": bytes(32),
        "X25519 point one": b"\x01" + bytes(31),
        "X25519 point not canonical": (2**255 - 19).to_bytes(32, "little"),
        "X25519 point with its top bit": wrap.public[1184:1215] + bytes([wrap.public[1215] | 0x80]),
    }
    for name, point in points.items():
        changed = {str(1184 + i): f"{byte:02x}" for i, byte in enumerate(point)}
        book.bad(f"X-Wing: {name}", "wrap_key", "MALFORMED", like="an X-Wing key", input={"bytes": changed})
    for name, place, changed in (
        ("first coefficient is 3329", 0, {"0": "01", "1": f"{wrap.public[1] & 0xF0 | 0x0D:02x}"}),
        ("last coefficient is 4095", 1149, {"1150": f"{wrap.public[1150] | 0xF0:02x}", "1151": "ff"}),
    ):
        assert place % 3 == 0
        book.bad(f"X-Wing: {name}", "wrap_key", "MALFORMED", like="an X-Wing key", input={"bytes": changed})
    return book


def fingerprints() -> Book:
    """What two officers read to each other."""
    book = Book("fingerprint", "Fingerprints: 60 digits in 12 groups of 5 (section 3).")
    # A body whose number has a leading zero, so that nobody forgets to fill up.
    short = next(b for b in (str(i).encode() for i in range(1000)) if fingerprint(b).startswith("0"))
    for name, body in (("of nothing", b""), ("of a text", b"body"), ("with a leading zero", short)):
        book.good(f"fingerprint {name}", "fingerprint", input={"body": body.hex()})
    shown = fingerprint(b"body")
    digits = shown.replace(" ", "")
    assert len(digits) == FINGERPRINT_DIGITS
    for name, typed in (("as shown", shown), ("without spaces", digits), ("in lines", shown[:35] + " " + shown[35:])):
        book.good(f"typed {name}", "same_fingerprint", input={"body": b"body".hex(), "typed": typed})
    wrong = {
        "one digit": digits[:30] + str((int(digits[30]) + 1) % 10) + digits[31:],
        "two digits changed places": digits[1] + digits[0] + digits[2:],
        "one digit less": digits[:-1],
        "one digit more": digits + "0",
        "nothing": "",
        "other digits": "".join(chr(0x660 + int(d)) for d in digits),
        "a hyphen": shown.replace(" ", "-"),
    }
    for name, typed in wrong.items():
        book.bad(f"wrong: {name}", "same_fingerprint", "DIFFERENT", input={"body": b"body".hex(), "typed": typed})
    return book


def ed25519() -> Book:
    """What counts as a signature."""
    book = Book("ed25519", "What libsodium takes for a signature, and so everybody must (section 1).")
    key, data = signing_key("vector"), b"comity/v1/vector\x00"
    sig = key.sign(data)
    s = int.from_bytes(sig[32:], "little")

    def inputs(public: bytes = key.public, text: bytes = data, given: bytes = sig) -> dict[str, str]:
        return {"public": public.hex(), "data": text.hex(), "sig": given.hex()}

    book.good("a signature", "verify", input=inputs())
    book.good("over nothing", "verify", input=inputs(text=b"", given=key.sign(b"")))
    for name, changed in {
        "another text": inputs(text=data + b"\x00"),
        "another key": inputs(public=signing_key("another").public),
        "S plus the order": inputs(given=sig[:32] + (s + ORDER).to_bytes(32, "little")),
        "R changed": inputs(given=bytes([sig[0] ^ 1]) + sig[1:]),
        "S changed": inputs(given=sig[:32] + bytes([sig[32] ^ 1]) + sig[33:]),
        "zero signature": inputs(given=bytes(64)),
        "short signature": inputs(given=sig[:-1]),
        "long signature": inputs(given=sig + b"\x00"),
        "short key": inputs(public=key.public[:-1]),
        "key of low order, R the same, S zero": inputs(public=b"\x01" + bytes(31), given=b"\x01" + bytes(63)),
        "key zero, R zero, S zero": inputs(public=bytes(32), given=bytes(64)),
    }.items():
        book.bad(name, "verify", "VERIFICATION_FAILED", input=changed)
    return book


def padding() -> Book:
    """Padding of what is sealed."""
    book = Book("padding", "Padded lengths; padding and its undoing (section 4).")
    for length in (0, 1, 4095, 4096, 4097, 5000, 10_000, 65_536, 65_537, 1_000_000, 67_108_864, 5_000_000_000):
        book.good(f"length {length}", "padme", input={"length": length})
    for name, content in (
        ("nothing", b""),
        ("a text", b"payload"),
        ("zeros", bytes(3)),
        ("the mark", b"\x80"),
        ("as much as fits the least", hashlib.shake_256(secret("pad")).digest(4095)),
        ("one byte more", hashlib.shake_256(secret("pad")).digest(4096)),
    ):
        book.good(f"pad {name}", "pad", input={"content": content.hex()})
    book.good("unpad", "unpad", input={"begin": b"payload\x80".hex(), "zeros": 4088})
    book.good("unpad nothing", "unpad", input={"begin": "80", "zeros": 4095})
    for name, begin, zeros in (
        ("nothing at all", b"", 0),
        ("zeros only", b"", 4096),
        ("no mark", b"payload", 4089),
        ("another mark", b"payload\x81", 4088),
        ("one zero less", b"payload\x80", 4087),
        ("one zero more", b"payload\x80", 4089),
        ("the next size", b"payload\x80", 8184),
        ("below the least", b"payload\x80", 8),
    ):
        book.bad(f"unpad: {name}", "unpad", "MALFORMED", input={"begin": begin.hex(), "zeros": zeros})
    return book


BOOKS = (encoding, kid, fingerprints, ed25519, padding)
