"""The project's own vectors: the contract gives what they say, and so does a client that shares no code with it."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from vectors import functions, words

from tests.contract import stranger, stranger_deadlines, stranger_directory, stranger_freezes, stranger_lists
from tests.contract.stranger import HEX, digest, many, one, signed, tagged

FOLDER = Path(functions.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))
CLASSES = {
    "MALFORMED", "TOO_LARGE", "UNSUPPORTED_VERSION", "CIPHERTEXT_MISMATCH", "BAD_SIGNATURE", "CANNOT_OPEN",
    "VERIFICATION_FAILED", "STATEMENT_REFUSED", "STALE_POSITION", "WRONG_ORIGIN", "DIFFERENT", "HANDLING_LOWERED",
}  # fmt: skip


@cache
def book(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", FILES)
def test_C_15_the_contract_says_what_every_vector_says(name: str) -> None:
    wrong = []
    for case in book(name)["cases"]:
        key, value = functions.run(case, book(name))
        if case.get(key) != json.loads(json.dumps(value)):
            wrong.append((case["name"], key, value))
    assert wrong == []


def test_C_15_there_are_enough_of_them_and_they_stay_small() -> None:
    cases = [case for name in FILES if "workflow" not in name for case in book(name)["cases"]]
    assert sum("expect" in case for case in cases) >= 400
    assert sum("output" in case for case in cases) >= 200
    assert all(("expect" in case) != ("output" in case) for case in cases)
    assert sum(path.stat().st_size for path in FOLDER.glob("*.json")) < 2_000_000


def test_C_15_an_envelope_fails_in_every_class_more_than_once() -> None:
    names = ("header", "envelope", "blob", "directory", "statements", "receipt", "ack", "head", "checkpoint")
    classes = Counter(c["expect"].split(":")[0] for name in names for c in book(name)["cases"] if "expect" in c)
    assert set(classes) <= CLASSES
    assert sum(classes.values()) >= 150
    for kind in (
        "MALFORMED",
        "TOO_LARGE",
        "UNSUPPORTED_VERSION",
        "CIPHERTEXT_MISMATCH",
        "BAD_SIGNATURE",
        "CANNOT_OPEN",
    ):
        assert classes[kind] > 3, kind


def test_the_files_are_what_make_writes() -> None:
    done = subprocess.run([sys.executable, FOLDER / "make.py", "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_file_has_its_line_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in FILES if f"`{name}.json`" not in readme] == []
    used = {case["function"] for name in FILES for case in book(name)["cases"]}
    assert used == set(functions.FUNCTIONS)
    assert [name for name in sorted(used) if f"`{name}`" not in readme] == []


# --- the stranger


def receipt(i: Any) -> Any:
    leaf = HEX(i["leaf"])
    assert one(leaf, 5) == digest("leaf", HEX(i["salt"]), HEX(i["event"]))
    checkpoint = HEX(i["checkpoint"])
    key = next(HEX(k) for k in i["log_keys"] if stranger_signed(checkpoint, i["origin"], HEX(k)))
    size, root = stranger.note(checkpoint, i["origin"], key)
    path = [HEX(p) for p in i["inclusion_path"]]
    assert stranger.root_by_path(stranger.leaf_hash(leaf), i["index"], size, path) == root
    return {"event": event(HEX(i["event"])), "leaf": leaf_fields(leaf), "size": size}


def stranger_signed(note: bytes, origin: str, key: bytes) -> bool:
    key_id = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    return any(stranger.base64.b64decode(line.split()[-1])[:4] == key_id for line in note.splitlines()[-1:])


EVENTS = (
    "SUBMITTED", "ACKNOWLEDGED", "REFUSED", "WITHDRAWN", "GRANT_USED", "GRANT_REVOKED",
    "OVERDUE", "LAPSED", "EXPIRED", "EQUIVOCATION", "ERASED", "OPERATOR",
    "STARTED",
)  # fmt: skip
STATES = ("STORED", "OPENED", "REFUSED")


def event(data: bytes) -> Any:
    state = one(data, 9, 0)
    return {
        "kind": EVENTS[one(data, 2) - 1],
        "message_hash": one(data, 3).hex(),
        "signatures_digest": one(data, 4).hex(),
        "kids": [k.hex() for k in many(data, 5)],
        "deliveries": [d.hex() for d in many(data, 6)],
        "other_hash": one(data, 7).hex(),
        "effective_time": one(data, 8, 0),
        "ack_state": STATES[state - 1] if state else None,
    }


def leaf_fields(data: bytes) -> Any:
    return {
        "time_seconds": one(data, 2),
        "directory_size": one(data, 3, 0),
        "directory_root": one(data, 4).hex(),
        "commitment": one(data, 5).hex(),
    }


def ack(i: Any) -> Any:
    body, sig = HEX(i["body"]), HEX(i["sig"])
    assert signed(HEX(i["public"]), tagged("ack", body), sig)
    return {
        "origin": one(body, 2).decode(),
        "message_hash": one(body, 3).hex(),
        "desk": one(body, 4).decode(),
        "kid": one(body, 5).hex(),
        "state": STATES[one(body, 6) - 1],
        "reason": one(body, 7).decode(),
        "time": one(body, 8),
        "ack_body_digest": digest("ack-body", body).hex(),
        "signatures_digest": digest("signatures", one(body, 5), sig).hex(),
    }


def head(i: Any) -> Any:
    body = HEX(i["body"])
    assert signed(HEX(i["public"]), tagged("head", body), HEX(i["sig"]))
    return {
        "directory_origin": one(body, 2).decode(),
        "directory_size": one(body, 3, 0),
        "directory_root": one(body, 4).hex(),
        "exchange_origin": one(body, 5).decode(),
        "exchange_size": one(body, 6, 0),
        "exchange_root": one(body, 7).hex(),
        "time": one(body, 8),
    }


def checkpoint(i: Any) -> Any:
    size, root = stranger.note(HEX(i["note"]), i["origin"], HEX(i["public"]))
    return {"size": size, "root": root.hex()}


def inclusion(i: Any) -> bool:
    path = [HEX(p) for p in i["path"]]
    return stranger.root_by_path(HEX(i["leaf_hash"]), i["index"], i["size"], path) == HEX(i["root"])


def consistency(i: Any) -> bool:
    first, second, path = HEX(i["first_root"]), HEX(i["second_root"]), [HEX(p) for p in i["path"]]
    if i["first"] == 0:
        return not path and first == hashlib.sha256(b"").digest()
    return stranger.roots_by_proof(i["first"], i["second"], path, whole=True, known=first) == (first, second)


FAMILIES = ("REFERRAL", "WATCHLIST", "FREEZE", "ASSISTANCE")
PRECEDENCES = ("ROUTINE", "URGENT", "FLASH")
VERBS = {1: "REFER", 18: "GRANT_ONWARD", 20: "FORWARD", 33: "PUBLISH", 34: "SNAPSHOT"}


def header(data: bytes) -> Any:
    assert stranger.is_canonical(data)
    place = one(data, 22, None)
    names = ("list_id", "sequence", "previous_head", "head")
    return {
        "origin": one(data, 3).decode(),
        "envelope_id": one(data, 4).hex(),
        "family": FAMILIES[one(data, 5) - 1],
        "verb": VERBS[one(data, 6)],
        "case_id": one(data, 7).hex(),
        "previous": one(data, 8).hex(),
        "about": one(data, 9).hex(),
        "sender": one(data, 10).decode(),
        "recipients": [{"desk": one(r, 1).decode(), "desk_key_id": one(r, 2).hex()} for r in many(data, 11)],
        "author": one(data, 12).hex(),
        "precedence": PRECEDENCES[one(data, 13) - 1],
        "created": one(data, 14, 0),
        "deliver_by": one(data, 15, 0),
        "respond_by": one(data, 16, 0),
        "lapses_at": one(data, 17, 0),
        "directory_size": one(data, 18, 0),
        "directory_root": one(data, 19).hex(),
        "blobs": [{"sha256": one(b, 1).hex(), "length": one(b, 2)} for b in many(data, 20)],
        "watchlist": place
        and {n: v if isinstance(v := one(place, k), int) else v.hex() for k, n in enumerate(names, start=1)},
        "joint": bool(one(data, 23, 0)),
        "grant": one(data, 21, None) and terms(one(one(data, 21), 1)),
        "granted": one(data, 21, None) and granted(one(data, 21)),
    }


def terms(data: bytes) -> Any:
    if not data:
        return None
    return {
        "id": one(data, 1).hex(),
        "origin": one(data, 2).decode(),
        "original_hash": one(data, 3).hex(),
        "holder": one(data, 4).decode(),
        "new_desk": one(data, 5).decode(),
        "expires": one(data, 6),
    }


def granted(data: bytes) -> Any:
    inner, seal_bytes = one(data, 2), one(data, 3)
    if not inner:
        return None
    return {
        "header_bytes": inner.hex(),
        "seal_bytes": seal_bytes.hex(),
        "signatures": [
            {"kid": one(s, 1).hex(), "role": ("AUTHOR", "APPROVER")[one(s, 2) - 1], "sig": one(s, 3).hex()}
            for s in many(data, 4)
        ],
        "header": header(inner),
        "message_hash": digest("message-hash", inner, seal_bytes).hex(),
    }


def onward(i: Any) -> Any:
    forward, original = header(HEX(i["data"])), i["original"]
    given = forward["granted"]["header"]
    grant = given["grant"]
    others = [r["desk"] for r in forward["recipients"] if r["desk"] != forward["sender"]]
    assert (given["origin"], given["family"]) == (forward["origin"], forward["family"])
    assert (grant["holder"], [grant["new_desk"]]) == (forward["sender"], others)
    assert i["now"] <= grant["expires"]
    assert grant["original_hash"] == original["message_hash"]
    assert grant["holder"] in original["counterparts"]
    assert {name: original[name] for name in ("sender", "family", "case_id")}.items() <= given.items()
    leg = {
        "originator": given["sender"],
        "case_id": given["case_id"],
        "recipient": grant["new_desk"],
        "family": given["family"],
        "state": "FORWARDED",
        "revision": 1,
        "opening": grant["original_hash"],
        "previous": grant["original_hash"],
        "opened": forward["created"],
        "deliver_by": forward["deliver_by"],
        "standing": "FULL",
        "onward": i["message_hash"],
    }
    return {"grant": grant, "leg": leg}


def seal(i: Any) -> Any:
    data = HEX(i["data"])
    return {
        "commitment": one(data, 1).hex(),
        "ciphertext_sha256": one(data, 2).hex(),
        "ciphertext_length": one(data, 3),
        "wrap_sha256": [w.hex() for w in many(data, 4)],
    }


STRANGER: dict[str, Callable[[Any], Any]] = {
    "tagged": lambda i: tagged(i["purpose"], *map(HEX, i["parts"])).hex(),
    "digest": lambda i: digest(i["purpose"], *map(HEX, i["parts"])).hex(),
    "canonical": lambda i: i["data"] if stranger.is_canonical(HEX(i["data"])) else None,
    "kid": lambda i: digest("kid", i["owner"].encode(), i["use"].encode(), HEX(i["public"])).hex(),
    "wrap_seed": lambda i: stranger.x_wing_public(HEX(i["seed"])).hex(),
    "fingerprint": lambda i: stranger_directory.fingerprint(HEX(i["body"])),
    "same_fingerprint": lambda i: (
        i["typed"].replace(" ", "") == stranger_directory.fingerprint(HEX(i["body"])).replace(" ", "")
    ),
    "verify": lambda i: signed(HEX(i["public"]), HEX(i["data"]), HEX(i["sig"])),
    "header": lambda i: header(HEX(i["data"])),
    "onward": onward,
    "freeze": stranger_freezes.freeze,
    "deadlines": stranger_deadlines.deadlines,
    "close": stranger_deadlines.close,
    "seal": seal,
    "open_envelope": stranger.open_envelope,
    "open_attachment": stranger.open_attachment,
    "root": lambda i: stranger.tree_root([stranger.leaf_hash(HEX(leaf)) for leaf in i["leaves"]]).hex(),
    "inclusion": inclusion,
    "consistency": consistency,
    "checkpoint": checkpoint,
    "receipt": receipt,
    "event": lambda i: event(HEX(i["data"])),
    "leaf": lambda i: leaf_fields(HEX(i["data"])),
    "delivery": lambda i: digest("delivery", HEX(i["salt"]), i["desk"].encode(), i["number"].to_bytes(8, "big")).hex(),
    "ack": ack,
    "head": head,
    "replay": lambda i: stranger_directory.replayed(i["entries"])[1],
    "append": stranger_directory.appended,
    "live": stranger_directory.live,
    "statement": stranger_directory.statement,
    "entry": stranger_lists.entry,
    "change_set": stranger_lists.change_set,
    "follow": stranger_lists.follow,
    "snapshot": stranger_lists.snapshot,
    "inflate": lambda i: zlib.decompress(HEX(i["deflated"])).hex(),
    "padme": lambda i: max(4096, stranger.padme(i["length"])) if i["length"] > 4096 else 4096,
    "pad": lambda i: {
        "length": len(stranger.pad(HEX(i["content"]))),
        "sha256": hashlib.sha256(stranger.pad(HEX(i["content"]))).hexdigest(),
    },
    "unpad": lambda i: (HEX(i["begin"]) + bytes(i["zeros"])).rstrip(b"\x00")[:-1].hex(),
}
ONE_SIDED = {
    "text", "name", "signing_key", "wrap_key", "account", "transaction", "body", "step", "stored", "merge", "reply",
}  # fmt: skip
"""What only says yes, or is a table of its own: compared with published lists elsewhere."""


@pytest.mark.parametrize("name", FILES)
def test_C_15_a_stranger_comes_to_the_same(name: str) -> None:
    wrong = []
    for case in book(name)["cases"]:
        stranger_says = STRANGER.get(case["function"])
        if stranger_says is not None and "output" in case:
            found = stranger_says(words.complete(case, book(name)))
            if found != case["output"]:
                wrong.append((case["name"], found))
    assert wrong == []


def test_C_15_the_stranger_knows_every_function_that_computes_something() -> None:
    assert set(STRANGER) | ONE_SIDED | {"forward"} == set(functions.FUNCTIONS)


def test_C_15_the_stranger_shares_no_code_with_the_contract() -> None:
    for module in (stranger, stranger_directory, stranger_freezes, stranger_lists):
        tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
        imported = {
            name.split(".")[0] if not name.startswith("tests.") else name
            for node in ast.walk(tree)
            for name in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
        }
        assert imported <= {
            "__future__", "base64", "collections", "cryptography", "dataclasses", "hashlib", "nacl",
            "tests.contract.stranger", "tests.contract.stranger_directory", "typing",
        }  # fmt: skip
