"""Vectors of the logs: trees, checkpoints, receipts, acknowledgements, heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from comity import receipts
from comity.checkpoint import Checkpoint, VerifierKey, sign_checkpoint, sign_note
from comity.directory import Head, sign_head
from comity.encoding import Purpose, serialise, tagged
from comity.merkle import Frontier, append, consistency_path, leaf_hash, node_hash
from comity.receipts import Ack, AckState, Event, EventKind, Leaf
from comity.v1 import directory_pb2, exchange_pb2, log_pb2
from vectors.makers.book import Book

from tests.contract.builders import (
    EXCHANGE,
    HEAD_KEY,
    LOG_KEY,
    NOW,
    ORIGIN,
    RECIPIENT,
    T0,
    THEIR_AUTHOR,
    secret,
    signing_key,
)

FAILED = "VERIFICATION_FAILED"
LAST = 253_402_128_000_000
LEAVES = [b"leaf %d" % number for number in range(9)]


def _tree(size: int) -> Any:
    return append(Frontier.empty(), [leaf_hash(leaf) for leaf in LEAVES[:size]])


def _node(height: int, index: int) -> bytes:
    if height == 0:
        return leaf_hash(LEAVES[index])
    return node_hash(_node(height - 1, 2 * index), _node(height - 1, 2 * index + 1))


def merkle() -> Book:
    """Roots and proofs."""
    book = Book("merkle", "Roots, inclusion proofs and consistency proofs of the RFC 6962 tree (section 6).")
    for size in range(len(LEAVES) + 1):
        book.good(f"root of {size}", "root", input={"leaves": [leaf.hex() for leaf in LEAVES[:size]]})
    good: dict[str, dict[str, Any]] = {}
    for index, size in ((0, 1), (0, 2), (2, 3), (3, 7), (6, 7), (5, 8), (8, 9), (0, 9)):
        tree = _tree(size)
        good[f"leaf {index} of {size}"] = {
            "leaf_hash": leaf_hash(LEAVES[index]).hex(),
            "index": index,
            "size": size,
            "path": [p.hex() for p in tree.paths[index]],
            "root": tree.root.hex(),
        }
    for name, inputs in good.items():
        book.good(name, "inclusion", input=inputs)
    base = good["leaf 3 of 7"]
    zero = bytes(32).hex()
    for name, changed in {
        "another leaf": {"leaf_hash": zero},
        "a leaf's bytes instead of its hash": {"leaf_hash": LEAVES[3].hex()},
        "another index": {"index": 2},
        "an index outside": {"index": 7},
        "another size": {"size": 9},
        "another root": {"root": zero},
        "a hash less": {"path": base["path"][:-1]},
        "a hash more": {"path": [*base["path"], zero]},
        "hashes in another order": {"path": base["path"][::-1]},
        "a hash too short": {"path": [base["path"][0][:-2], *base["path"][1:]]},
        "no path": {"path": []},
    }.items():
        book.bad(f"inclusion: {name}", "inclusion", FAILED, like="leaf 3 of 7", input=changed)
    for first, second in ((0, 5), (1, 2), (3, 7), (4, 7), (4, 8), (6, 9), (7, 7)):
        path = consistency_path(first, second, _node)
        roots = {"first_root": _tree(first).root.hex(), "second_root": _tree(second).root.hex()}
        inputs = {"first": first, "second": second, "path": [p.hex() for p in path], **roots}
        book.good(f"from {first} to {second}", "consistency", input=inputs)
    base = book.cases[-5]["input"]
    for name, changed in {
        "another earlier root": {"first_root": zero},
        "another later root": {"second_root": zero},
        "roots exchanged": {"first_root": base["second_root"], "second_root": base["first_root"]},
        "sizes exchanged": {"first": 7, "second": 3},
        "another earlier size": {"first": 2},
        "a hash less": {"path": base["path"][:-1]},
        "a hash more": {"path": [*base["path"], zero]},
        "no path": {"path": []},
    }.items():
        book.bad(f"consistency: {name}", "consistency", FAILED, like="from 3 to 7", input=changed)
    book.bad("consistency: one size, two roots", "consistency", FAILED, like="from 7 to 7", input={"first_root": zero})
    return book


def _note(size: int, root: bytes, origin: str = EXCHANGE, key: str = "log key", **more: Any) -> bytes:
    signer = signing_key(key)
    return sign_checkpoint(Checkpoint(origin, size, root, **more), origin, signer.sign, signer.public)


def checkpoint() -> Book:
    """Signed checkpoints."""
    book = Book(
        "checkpoint",
        "Checkpoints as signed notes (section 6, C2SP tlog-checkpoint).",
        {"origin": EXCHANGE, "public": LOG_KEY.public.hex()},
    )
    own = VerifierKey(EXCHANGE, LOG_KEY.public)
    tree = _tree(7)
    note = _note(7, tree.root)
    text, line = note.split(b"\n\n")
    other = _note(7, tree.root, key="another key").split(b"\n\n")[1]

    def good(name: str, data: bytes) -> None:
        book.good(name, "checkpoint", input={"note": data.hex()})

    def bad(name: str, data: bytes, **changes: Any) -> None:
        book.bad(name, "checkpoint", FAILED, input={"note": data.hex(), **changes})

    def signed(body: str) -> bytes:
        return sign_note(body.encode(), own, LOG_KEY.sign)

    good("a checkpoint", note)
    good("of the empty tree", _note(0, Frontier.empty().root()))
    good("of the largest tree", _note(2**63 - 1, tree.root))
    good("with another's signature before", text + b"\n\n" + other + line)
    good("with another's signature after", note + other)
    good("with an extension line", _note(7, tree.root, extensions=("extension",)))
    lines = text.decode().split("\n")
    bad("another size", note.replace(b"\n7\n", b"\n8\n"))
    bad("another log", note, origin=ORIGIN)
    bad("another key", note, public=signing_key("another key").public.hex())
    bad("signed by another key alone", text + b"\n\n" + other)
    wrong = LOG_KEY.sign(b"something else\n")
    bad("signed twice, once wrongly", note + sign_note(text + b"\n", own, lambda _: wrong).split(b"\n\n")[1])
    bad("no signature", text + b"\n\n")
    bad("no empty line", text + b"\n" + line)
    bad("carriage returns", note.replace(b"\n", b"\r\n"))
    bad("no line feed at the end", note[:-1])
    bad("a hyphen for the dash", note.replace("\u2014".encode(), b"-"))
    bad("17 signatures", note + other * 16)
    bad("nothing", b"")
    bad("no UTF-8", b"\xff" + note)
    bad("size with a leading zero", signed(f"{lines[0]}\n07\n{lines[2]}\n"))
    bad("size with a plus", signed(f"{lines[0]}\n+7\n{lines[2]}\n"))
    bad("size of 2 to the 63", signed(f"{lines[0]}\n{2**63}\n{lines[2]}\n"))
    bad("base64 that is not canonical", signed(f"{lines[0]}\n7\n{lines[2][:-2]}{chr(ord(lines[2][-2]) + 1)}=\n"))
    bad("a root too short", signed(f"{lines[0]}\n7\n{lines[2][4:]}\n"))
    bad("another origin in the text", signed(f"{ORIGIN}\n7\n{lines[2]}\n"))
    bad("two lines", signed(f"{lines[0]}\n7\n"))
    bad("the empty tree with another root", signed(f"{lines[0]}\n0\n{lines[2]}\n"))
    return book


EVENT = Event(
    EventKind.SUBMITTED,
    secret("message"),
    secret("signatures"),
    (secret("author"), secret("approver")),
    (receipts.delivery_commitment(secret("delivery salt"), RECIPIENT, 7),),
)
SALT = secret("salt")
LEAF = Leaf(T0, 18, secret("directory root"), receipts.commitment(SALT, receipts.encode_event(EVENT)))


def receipt() -> Book:
    """Receipts, and the events and leaves in them."""
    book = Book(
        "receipt",
        "Receipts, events and leaves (section 6).",
        {"origin": EXCHANGE, "log_keys": [signing_key("second log key").public.hex(), LOG_KEY.public.hex()]},
    )
    delivered = {"salt": secret("delivery salt").hex(), "desk": RECIPIENT, "number": 7}
    book.good("a delivery", "delivery", input=delivered)
    leaves = [*LEAVES[:4], receipts.encode_leaf(LEAF), LEAVES[5]]
    tree = append(Frontier.empty(), [leaf_hash(leaf) for leaf in leaves])
    path = [p.hex() for p in tree.paths[4]]
    base: dict[str, Any] = {
        "event": receipts.encode_event(EVENT).hex(),
        "salt": SALT.hex(),
        "index": 4,
        "leaf": leaves[4].hex(),
        "inclusion_path": path,
        "checkpoint": _note(6, tree.root).hex(),
    }
    book.good("a receipt", "receipt", input=base)
    old = {"checkpoint": _note(6, tree.root, key="second log key").hex()}
    book.good("under another of the log's keys", "receipt", like="a receipt", input=old)
    short = receipts.encode_leaf(replace(LEAF, commitment=receipts.commitment(SALT[:-1], receipts.encode_event(EVENT))))
    for name, changed in {
        "another salt": {"salt": bytes(32).hex()},
        "a salt too short": {"salt": SALT[:-1].hex(), "leaf": short.hex()},
        "another event": {"event": receipts.encode_event(replace(EVENT, kind=EventKind.ERASED)).hex()},
        "an event that is not canonical": {"event": base["event"] + "0800"},
        "another leaf": {"leaf": receipts.encode_leaf(replace(LEAF, time_seconds=T0 + 1)).hex()},
        "a leaf that is none": {"leaf": ""},
        "another index": {"index": 5},
        "an index outside": {"index": 6},
        "a path too short": {"inclusion_path": path[:-1]},
        "a path too long": {"inclusion_path": [*path, bytes(32).hex()]},
        "another path": {"inclusion_path": [bytes(32).hex(), *path[1:]]},
        "a checkpoint of another size": {"checkpoint": _note(7, tree.root).hex()},
        "a checkpoint of another root": {"checkpoint": _note(6, bytes(32)).hex()},
        "a checkpoint of another key": {"checkpoint": _note(6, tree.root, key="another key").hex()},
        "a checkpoint of another log": {"checkpoint": _note(6, tree.root, origin=ORIGIN).hex()},
        "no checkpoint": {"checkpoint": ""},
        "no key": {"log_keys": []},
    }.items():
        book.bad(name, "receipt", FAILED, like="a receipt", input=changed)
    _events(book)
    _leaves(book)
    return book


def _events(book: Book) -> None:
    values = secret("x")
    for name, genuine in {
        "submitted": EVENT,
        "acknowledged": Event(EventKind.ACKNOWLEDGED, values, values, (values,), (), values, 0, AckState.STORED),
        "overdue": Event(EventKind.OVERDUE, values, effective_time=NOW, deliveries=(values, secret("y"))),
        "started": Event(EventKind.STARTED),
    }.items():
        book.good(f"event: {name}", "event", input={"data": receipts.encode_event(genuine).hex()})
    for field, value, expect in (
        ("version", 2, "UNSUPPORTED_VERSION"),
        ("kind", 0, "MALFORMED"),
        ("kind", 14, "MALFORMED"),
        ("message_hash", bytes(31), "MALFORMED"),
        ("signatures_digest", bytes(33), "MALFORMED"),
        ("other_hash", b"x", "MALFORMED"),
        ("effective_time", -1, "MALFORMED"),
        ("effective_time", LAST + 1, "MALFORMED"),
        ("ack_state", 4, "MALFORMED"),
    ):
        m = log_pb2.Event.FromString(receipts.encode_event(EVENT))
        setattr(m, field, value)
        shown = value.hex() if isinstance(value, bytes) else value
        book.bad(f"event: {field} {shown}", "event", expect, input={"data": serialise(m).hex()})
    for field in ("kids", "deliveries"):
        m = log_pb2.Event.FromString(receipts.encode_event(EVENT))
        getattr(m, field).append(b"short")
        book.bad(f"event: short hash in {field}", "event", "MALFORMED", input={"data": serialise(m).hex()})


def _leaves(book: Book) -> None:
    book.good("leaf", "leaf", input={"data": receipts.encode_leaf(LEAF).hex()})
    for field, value, expect in (
        ("version", 0, "UNSUPPORTED_VERSION"),
        ("time_seconds", 0, "MALFORMED"),
        ("time_seconds", LAST // 1000 + 1, "MALFORMED"),
        ("directory_root", bytes(31), "MALFORMED"),
        ("commitment", b"", "MALFORMED"),
    ):
        m = log_pb2.Leaf.FromString(receipts.encode_leaf(LEAF))
        setattr(m, field, value)
        shown = value.hex() if isinstance(value, bytes) else value
        book.bad(f"leaf: {field} {shown}", "leaf", expect, input={"data": serialise(m).hex()})
    book.bad("leaf: too large", "leaf", "TOO_LARGE", input={"data": bytes(257).hex()})


def ack() -> Book:
    """Acknowledgements."""
    book = Book("ack", "Signed acknowledgements (section 6).", {"public": THEIR_AUTHOR.public.hex()})
    stored = Ack(EXCHANGE, secret("message"), RECIPIENT, THEIR_AUTHOR.kid, AckState.STORED, "", NOW)

    def inputs(body: bytes) -> dict[str, str]:
        return {"body": body.hex(), "sig": THEIR_AUTHOR.key.sign(receipts.ack_signing_bytes(body)).hex()}

    book.good("stored", "ack", input=inputs(receipts.encode_ack(stored)))
    book.good("opened", "ack", input=inputs(receipts.encode_ack(replace(stored, state=AckState.OPENED))))
    for reason in ("CANNOT_OPEN", "QUARANTINED", "EXPIRED", "SUSPECT"):
        refused = replace(stored, state=AckState.REFUSED, reason=reason)
        book.good(f"refused: {reason}", "ack", input=inputs(receipts.encode_ack(refused)))
    changes: Mapping[str, dict[str, Any]] = {
        "another origin's form": {"origin": "hub"},
        "a message hash too short": {"message_hash": bytes(31)},
        "a desk that is none": {"desk": "police"},
        "no key id": {"kid": b""},
        "no time": {"time": 0},
        "a time after all": {"time": LAST + 1},
        "a reason without a refusal": {"reason": "EXPIRED"},
        "a refusal without a reason": {"state": AckState.REFUSED},
        "a reason that is not listed": {"state": AckState.REFUSED, "reason": "BECAUSE"},
    }
    for name, changed in changes.items():
        book.bad(name, "ack", "MALFORMED", input=inputs(receipts.encode_ack(replace(stored, **changed))))
    for name, field, value, expect in (
        ("another version", "version", 2, "UNSUPPORTED_VERSION"),
        ("no state", "state", 0, "MALFORMED"),
        ("an unknown state", "state", 4, "MALFORMED"),
    ):
        m = exchange_pb2.Ack.FromString(receipts.encode_ack(stored))
        setattr(m, field, value)
        book.bad(name, "ack", expect, input=inputs(serialise(m)))
    book.bad("too large", "ack", "TOO_LARGE", input=inputs(bytes(1025)))
    body = receipts.encode_ack(stored)
    for name, given in {
        "signed without purpose": {"body": body.hex(), "sig": THEIR_AUTHOR.key.sign(body).hex()},
        "signed by another key": {"body": body.hex(), "sig": LOG_KEY.sign(receipts.ack_signing_bytes(body)).hex()},
        "another body": inputs(body) | {"body": receipts.encode_ack(replace(stored, time=NOW + 1)).hex()},
    }.items():
        book.bad(name, "ack", FAILED, input=given)
    return book


def head() -> Book:
    """Signed heads."""
    book = Book("head", "Signed heads (section 3).", {"public": HEAD_KEY.public.hex()})
    now = Head(ORIGIN, 18, secret("directory root"), EXCHANGE, 100, secret("exchange root"), NOW)

    def inputs(value: Head, **changes: Any) -> dict[str, str]:
        body, sig = sign_head(value, HEAD_KEY)
        return {"body": body.hex(), "sig": sig.hex(), **changes}

    book.good("a head", "head", input=inputs(now))
    book.good("of an empty exchange", "head", input=inputs(replace(now, exchange_size=0)))
    changes: Mapping[str, dict[str, Any]] = {
        "a directory root too short": {"directory_root": bytes(31)},
        "no exchange root": {"exchange_root": b""},
        "no time": {"time": 0},
        "a time after all": {"time": LAST + 1},
        "an origin that is none": {"directory_origin": "hub"},
        "no exchange origin": {"exchange_origin": ""},
    }
    for name, changed in changes.items():
        book.bad(name, "head", "MALFORMED", input=inputs(replace(now, **changed)))
    m = directory_pb2.Head.FromString(sign_head(now, HEAD_KEY)[0])
    m.version = 2
    body = serialise(m)
    sig = HEAD_KEY.sign(tagged(Purpose.HEAD, body)).hex()
    book.bad("another version", "head", "UNSUPPORTED_VERSION", input={"body": body.hex(), "sig": sig})
    by_log_key = sign_head(now, LOG_KEY)[1].hex()
    book.bad("signed by the log key", "head", FAILED, input=inputs(now, sig=by_log_key))
    later = sign_head(replace(now, time=NOW + 1), HEAD_KEY)[0].hex()
    book.bad("another body", "head", FAILED, input=inputs(now, body=later))
    return book


BOOKS = (merkle, checkpoint, receipt, ack, head)
