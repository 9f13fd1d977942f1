"""A stranger's replay of the directory: every signature and chain, and what holds in the end. See `stranger`."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.contract.stranger import HEX, Inputs, digest, fields, leaf_hash, many, one, sha256, signed, tagged, tree_root

KINDS = {
    10: "hub_genesis", 11: "agency_admitted", 12: "member_certified", 13: "desk_key_published", 14: "transport_key",
    15: "rotation_delegated", 16: "duty_contact", 17: "revoked", 18: "agreement_signed", 19: "agreement_ended",
    20: "root_replaced", 21: "operator_replaced", 22: "log_key_replaced", 23: "head_key_replaced",
    24: "agency_suspended", 25: "agency_resumed", 26: "witness_listed", 27: "key_disputed",
}  # fmt: skip


@dataclass
class Replay:
    """What a stranger remembers."""

    origin: bytes = b""
    hashes: list[bytes] = field(default_factory=list)
    chains: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    keys: dict[bytes, bytes] = field(default_factory=dict)
    """Key id to public key, of everything that may sign."""
    roots: dict[str, bytes] = field(default_factory=dict)
    operators: list[str] = field(default_factory=list)
    log_keys: list[bytes] = field(default_factory=list)
    head_key: bytes = b""
    members: dict[str, bytes] = field(default_factory=dict)
    """Member to its newest certificate."""
    desk_keys: dict[str, list[bytes]] = field(default_factory=dict)
    tls: dict[bytes, list[bytes]] = field(default_factory=dict)
    agreements: dict[bytes, bytes] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    blocked: set[bytes] = field(default_factory=set)


def kid(owner: bytes, use: bytes, public: bytes) -> bytes:
    return digest("kid", owner, use, public)


def apply(state: Replay, entry: bytes) -> dict[str, str]:
    """One entry: its kind and the root after it. Every signature must be by a key that is known or introduced here."""
    body = one(one(entry, 3), 1)
    number, content = next((n, v) for n, _, v in fields(body) if n >= 10)
    state.origin = state.origin or one(body, 2)
    assert one(body, 2) == state.origin
    for position in many(body, 3):
        signer = one(position, 1)
        expected = state.chains.get(signer, (0, b""))
        assert (one(position, 2, 0), one(position, 3)) == expected
        state.chains[signer] = (expected[0] + 1, digest("statement", body))
    _CHANGES[number](state, content)
    for signature in many(one(entry, 3), 2):
        public = state.keys[one(signature, 1)]
        assert signed(public, tagged("statement", body), one(signature, 3))
    state.hashes.append(leaf_hash(entry))
    return {"kind": KINDS[number], "root": tree_root(state.hashes).hex()}


def _learn(state: Replay, owner: bytes, use: bytes, public: bytes) -> None:
    state.keys[kid(owner, use, public)] = public


def _operator(state: Replay, key: bytes) -> None:
    state.operators.append(one(key, 1).decode())
    _learn(state, one(key, 1), b"operator", one(key, 2))


def _genesis(state: Replay, c: bytes) -> None:
    for key in many(c, 4):
        _operator(state, key)
    state.log_keys, state.head_key = [one(c, 2)], one(c, 3)


def _admitted(state: Replay, c: bytes) -> None:
    state.roots[one(c, 1).decode()] = one(c, 6)
    _learn(state, one(c, 1), b"root", one(c, 6))


def _root_replaced(state: Replay, c: bytes) -> None:
    state.roots[one(c, 1).decode()] = one(c, 2)
    _learn(state, one(c, 1), b"root", one(c, 2))


def _member(state: Replay, c: bytes) -> None:
    state.members[one(c, 1).decode()] = c
    _learn(state, one(c, 1), b"sign", one(c, 4))


def _desk_key(state: Replay, c: bytes) -> None:
    state.desk_keys.setdefault(one(c, 1).decode(), []).append(c)


def _transport(state: Replay, c: bytes) -> None:
    state.tls.setdefault(one(c, 2), []).append(c)


def _operator_replaced(state: Replay, c: bytes) -> None:
    state.operators.remove(one(c, 1).decode())
    _operator(state, one(c, 2))


def _log_key(state: Replay, c: bytes) -> None:
    state.log_keys.insert(0, one(c, 1))


def _head_key(state: Replay, c: bytes) -> None:
    state.head_key = one(c, 1)


def _witness(state: Replay, c: bytes) -> None:
    name, _, encoded = one(c, 1).decode().split("+", 2)
    _learn(state, name.encode(), b"log", base64.b64decode(encoded)[1:])


_CHANGES: dict[int, Any] = {
    10: _genesis,
    11: _admitted,
    12: _member,
    13: _desk_key,
    14: _transport,
    15: lambda _state, _c: None,
    16: lambda _state, _c: None,
    17: lambda state, c: state.blocked.add(one(c, 1)),
    18: lambda state, c: state.agreements.update({one(c, 1): c}),
    19: lambda state, c: state.agreements.pop(one(c, 1)),
    20: _root_replaced,
    21: _operator_replaced,
    22: _log_key,
    23: _head_key,
    24: lambda state, c: state.suspended.add(one(c, 1).decode()),
    25: lambda state, c: state.suspended.remove(one(c, 1).decode()),
    26: _witness,
    27: lambda state, c: state.blocked.add(one(c, 1)),
}

ROLES = (b"", b"ANALYST", b"APPROVER", b"SUPERVISOR", b"DUTY_DESK", b"AGENT", b"AUDITOR", b"ADMIN")


def replayed(entries: list[str]) -> tuple[Replay, list[dict[str, str]]]:
    state = Replay()
    return state, [apply(state, HEX(entry)) for entry in entries]


def live(i: Inputs) -> dict[str, Any]:
    """What holds as of a size, at a moment."""
    state, steps = replayed(i["entries"][: i["size"]])
    now = i["time"]

    def alive(c: bytes, begin: int, end: int) -> bool:
        return bool(one(c, begin, 0) <= now < one(c, end, 0))

    members = {}
    for name in sorted(state.members):
        c = state.members[name]
        sign = kid(name.encode(), b"sign", one(c, 4))
        if alive(c, 6, 7) and sign not in state.blocked:
            roles = sorted(ROLES[number].decode() for number in one(c, 3))
            members[name] = [sign.hex(), roles, sorted(d.decode() for d in many(c, 2))]
    desks: dict[str, Any] = {}
    for desk, epochs in sorted(state.desk_keys.items()):
        begun = [c for c in epochs if one(c, 4, 0) <= now]
        key = kid(desk.encode(), b"desk", one(begun[-1], 3)) if begun else b""
        good = bool(begun) and now < one(begun[-1], 5, 0) and key not in state.blocked
        desks[desk] = [one(begun[-1], 2, 0), key.hex()] if good else None
    tls = {}
    for spki, records in sorted(state.tls.items()):
        if any(alive(c, 3, 4) and kid(one(c, 1), b"tls", spki) not in state.blocked for c in records):
            tls[spki.hex()] = one(records[0], 1).decode()
    return {
        "root": steps[-1]["root"],
        "log_keys": [key.hex() for key in state.log_keys],
        "head_key": state.head_key.hex(),
        "operators": state.operators,
        "roots": {agency: state.roots[agency].hex() for agency in sorted(state.roots)},
        "suspended": sorted(state.suspended),
        "members": members,
        "desk_keys": desks,
        "tls": tls,
        "agreements": sorted(key.hex() for key in state.agreements),
    }


def statement(i: Inputs) -> dict[str, Any]:
    """An entry taken apart."""
    entry = HEX(i["entries"][i["number"]])
    body = one(one(entry, 3), 1)
    return {
        "time_seconds": one(entry, 2),
        "origin": one(body, 2).decode(),
        "kind": next(KINDS[n] for n, _, _ in fields(body) if n >= 10),
        "digest": digest("statement", body).hex(),
        "positions": [[one(p, 1).decode(), one(p, 2, 0), one(p, 3).hex()] for p in many(body, 3)],
        "signers": [one(s, 1).hex() for s in many(one(entry, 3), 2)],
    }


def appended(i: Inputs) -> str:
    """The root after one more entry, its signatures verified."""
    return replayed([*i["entries"][: i["after"]], i["entry"]])[1][-1]["root"]


def fingerprint(body: bytes) -> str:
    digits = str(int(sha256(tagged("fingerprint", body)).hex(), 16) % 10**60).rjust(60, "0")
    return " ".join(digits[at : at + 5] for at in range(0, 60, 5))
