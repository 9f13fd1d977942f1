"""Vectors of onward consent: grants in headers, whether one covers a forwarding, the leg that its use makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from comity.encoding import serialise
from comity.header import Header, Recipient, encode_grant, encode_header
from comity.v1 import envelope_pb2 as pb
from comity.workflow.terms import Family, Verb
from vectors.makers.book import Book

from tests.contract.builders import APPROVER, AUTHOR, NOW, RECIPIENT, SENDER, THIRD, fresh, secret
from tests.contract.consents import ORIGINAL, TERMS, consent, forwarding, given
from tests.contract.envelopes import header

Change = Callable[[pb.Header], object]


def onward() -> Book:
    """Grants."""
    world = fresh()
    book = Book("onward", "Onward consent: grants in headers; what a FORWARD may carry under one (sections 4 and 7).")
    granting, forward = consent(world), forwarding(world)
    data = {"a grant is given": encode_header(granting), "a grant is used": encode_header(forward)}
    for name, encoded in data.items():
        book.good(name, "header", input={"data": encoded.hex()})

    def case(name: str, base: str, change: Change) -> None:
        m = pb.Header.FromString(data[f"a grant is {base}"])
        change(m)
        book.bad(f"{base}: {name}", "header", "MALFORMED", input={"data": serialise(m).hex()})

    def terms(**changes: Any) -> Change:
        def change(m: pb.Header) -> None:
            body = encode_grant(TERMS)
            for field, value in changes.items():
                setattr(body, field, value)
            m.grant.terms = serialise(body)

        return change

    faults: dict[str, dict[str, Any]] = {
        "no id": {"id": b""},
        "another hub": {"origin": "hub.example/other"},
        "the hash of nothing": {"original_hash": b""},
        "another holder": {"holder": THIRD},
        "the holder is the new desk": {"new_desk": RECIPIENT},
        "the originator is the new desk": {"new_desk": SENDER},
        "over before it began": {"expires": NOW},
        "used never": {"uses": 0},
        "used twice": {"uses": 2},
    }
    for name, changes in faults.items():
        case(name, "given", terms(**changes))
    for field, value in {"header": b"x", "seal": b"x"}.items():
        case(f"with a {field}", "given", lambda m, f=field, v=value: setattr(m.grant, f, v))  # type: ignore[misc]
        case(f"without a {field}", "used", lambda m, f=field: m.grant.ClearField(f))  # type: ignore[misc]
    case("without terms", "given", lambda m: m.grant.ClearField("terms"))
    case("with terms", "used", terms())
    case("without a grant", "given", lambda m: m.ClearField("grant"))
    case("without a grant", "used", lambda m: m.ClearField("grant"))
    case("to two desks", "given", lambda m: m.recipients.add(desk="tax/desk", desk_key_id=bytes(32)))
    case("a grant that is none", "used", lambda m: setattr(m.grant, "header", encode_header(header(world))))
    case("a grant in a grant", "used", lambda m: setattr(m.grant, "header", data["a grant is used"]))
    case("in the case of the original", "used", lambda m: setattr(m, "case_id", granting.case_id))
    case("a seal above 16 KiB", "used", lambda m: setattr(m.grant, "seal", bytes((16 << 10) + 1)))
    case("one signature", "used", lambda m: m.grant.signatures.pop())
    case("the second signs first", "used", lambda m: m.grant.signatures.reverse())
    case("signed by another author", "used", lambda m: setattr(m.grant.signatures[0], "kid", APPROVER.kid))
    case("signed twice by one key", "used", lambda m: setattr(m.grant.signatures[1], "kid", AUTHOR.kid))
    case("a signature too short", "used", lambda m: setattr(m.grant.signatures[1], "sig", bytes(63)))
    _covered(book, granting, forward)
    return book


def _covered(book: Book, granting: Header, forward: Header) -> None:
    original: dict[str, Any] = {
        "message_hash": ORIGINAL.hex(),
        "sender": SENDER,
        "counterparts": [RECIPIENT],
        "family": Family.REFERRAL.name,
        "case_id": granting.case_id.hex(),
        "verb": Verb.REFER.name,
    }
    book.shared = {"message_hash": secret("forward").hex(), "now": NOW, "original": original}

    def inputs(plain: Header) -> dict[str, Any]:
        return {"data": encode_header(plain).hex()}

    like = "a forwarding that is covered"
    book.good(like, "onward", input=inputs(forward))
    book.good("at the last moment", "onward", like=like, input={"now": TERMS.expires})
    book.bad("a moment later", "onward", "NO_GRANT", like=like, input={"now": TERMS.expires + 1})
    world = fresh()
    for name, plain in {
        "another family": replace(forward, family=Family.FREEZE),
        "another holder": replace(forward, sender="police/other"),
        "another desk": replace(forward, recipients=(Recipient("icac/other", bytes(32)),)),
        "a further desk": replace(forward, recipients=(*forward.recipients[:1], Recipient("tax/desk", bytes(32)))),
        "a grant of another hub": replace(
            forward,
            granted=given(world, origin="hub.example/other", grant=replace(TERMS, origin="hub.example/other")),
        ),
    }.items():
        book.bad(name, "onward", "NO_GRANT", input=inputs(plain))
    for name, changes in {
        "another envelope": {"message_hash": secret("another").hex()},
        "an envelope of the holder": {"sender": RECIPIENT},
        "an envelope to others": {"counterparts": [THIRD]},
        "an envelope of another family": {"family": Family.FREEZE.name},
        "an envelope of another case": {"case_id": bytes(16).hex()},
        "what came under a grant itself": {"verb": Verb.FORWARD.name},
        "a hold of one person": {"verb": Verb.REQUEST_PROVISIONAL.name},
        "an oral notice": {"verb": Verb.ORAL_NOTICE.name},
    }.items():
        book.bad(name, "onward", "NO_GRANT", like=like, input={"original": original | changes})


BOOKS = (onward,)
