"""A stranger's reading of watchlists: ids, heads, what is live after each batch, and its digest. See `stranger`.

It takes batches for granted and computes what becomes of them; the signatures it does verify.
"""

from __future__ import annotations

from typing import Any

from tests.contract.stranger import HEX, Inputs, digest, fields, many, one, sha256, shortest, signed, tagged
from tests.contract.stranger_directory import Replay, kid, replayed

MINUTE, DAY = 60_000, 86_400_000


def entry_id(data: bytes) -> bytes:
    return digest("watchlist-entry", one(data, 1) or one(data, 2), one(data, 8), one(data, 6))[:16]


def entry(i: Inputs) -> Any:
    data = HEX(i["data"])
    account = one(data, 1).decode()
    chain, _, address = account.rpartition(":")
    key = f"eip155:*:{address}" if chain.startswith("eip155:") else account
    return {"id": entry_id(data).hex(), "key": key or None}


def change_set(i: Inputs) -> Any:
    data = HEX(i["data"])
    return {
        "list_id": one(data, 1).hex(),
        "id": one(data, 2).hex(),
        "created": one(data, 3),
        "urgent": bool(one(data, 4, 0)),
        "puts": [entry_id(put).hex() for put in many(data, 5)],
        "removals": [[one(removal, 1).hex(), one(removal, 2)] for removal in many(data, 6)],
        "lifts": [lift.hex() for lift in many(data, 7)],
    }


def blob(number: int, data: bytes) -> bytes:
    return shortest(number << 3 | 2) + shortest(len(data)) + data if data else b""


def number(place: int, value: int) -> bytes:
    return shortest(place << 3) + shortest(value) if value else b""


class Live:
    """What is live: entry, suspended, set and limit by id; and the used sets by id.

    Of these: created, author, limit, digest, changes and time, the last two only while one person answers for it.
    """

    def __init__(self, directory: Replay, owner: str) -> None:
        self.records: dict[bytes, tuple[bytes, bool, bytes, int]] = {}
        self.used: dict[bytes, tuple[int, bytes, int, bytes, int, int]] = {}
        self.directory, self.owner = directory, owner.encode()

    def author(self, key_id: bytes) -> bytes:
        members = ((name.encode(), one(data, 4)) for name, data in self.directory.members.items())
        return next(name for name, key in members if kid(name, b"sign", key) == key_id)

    def verified(self, signature: bytes, purpose: str, body: bytes) -> bytes:
        role = (b"AUTHOR", b"APPROVER")[one(signature, 2) - 1]
        key_id = one(signature, 1)
        assert signed(self.directory.keys[key_id], tagged(purpose, self.owner, body, role), one(signature, 3))
        return self.author(key_id)

    def apply(self, batch: bytes) -> None:
        time = one(batch, 2)
        for each in many(batch, 3):
            body = one(each, 1)
            people = [self.verified(signature, "watchlist-changes", body) for signature in many(each, 2)]
            limit = time + 60 * MINUTE if one(body, 4, 0) and len(people) == 1 else 0
            alone = (sum(len(many(body, n)) for n in (5, 6, 7)), time) if len(people) == 1 else (0, 0)
            self.used[one(body, 2)] = (one(body, 3), people[0], limit, sha256(body), *alone)
            for removal in many(body, 6):
                del self.records[one(removal, 1)]
            for put in many(body, 5):
                before = self.records.get(entry_id(put))
                kept = before is not None and before[1]
                until = before[3] if limit and before is not None and before[3] else limit
                self.records[entry_id(put)] = (put, kept, one(body, 2) if limit else b"", until)
            for lift in many(body, 7):
                self.records[lift] = (self.records[lift][0], False, *self.records[lift][2:])
        for each in many(batch, 4):
            self.verified(one(each, 2), "watchlist-confirm", one(each, 1))
            confirmed = one(one(each, 1), 2)
            assert one(one(each, 1), 4) == self.used[confirmed][3]
            self.used[confirmed] = (*self.used[confirmed][:2], 0, self.used[confirmed][3], 0, 0)
            for key, (put, suspended, set_id, _) in self.records.items():
                if set_id == confirmed:
                    self.records[key] = (put, suspended, b"", 0)
        for key in many(batch, 5):
            self.records[key] = (self.records[key][0], True, *self.records[key][2:])
        for key in many(batch, 6):
            del self.records[key]
        self.used = {k: v for k, v in self.used.items() if max(v[0] + 14 * DAY, v[5] + DAY) >= time}

    def digest(self) -> bytes:
        used = b""
        for key, (created, author, limit, shown, changes, time) in sorted(self.used.items()):
            what = blob(1, key) + number(2, created) + blob(3, author) + number(4, limit) + blob(5, shown)
            used += blob(3, what + number(6, changes) + number(7, time))
        out = sha256(used)
        for _, (put, suspended, set_id, limit) in sorted(self.records.items()):
            out += sha256(blob(1, put) + number(2, suspended) + blob(3, set_id) + number(4, limit))
        return sha256(out)


def follow(i: Inputs) -> Any:
    live, head, steps = Live(replayed(i["entries"])[0], i["owner"]), b"", []
    for sequence, each in enumerate(i["batches"][: i["after"]], start=1):
        batch = HEX(each)
        head = digest("watchlist", HEX(i["list_id"]), sequence.to_bytes(8, "big"), head, batch)
        live.apply(batch)
        stated = live.digest()
        assert one(batch, 7) in (b"", stated)
        steps.append({"sequence": sequence, "head": head.hex(), "digest": stated.hex(), "live": len(live.records)})
    return steps


def snapshot(i: Inputs) -> Any:
    state, frames = HEX(i["state"]), list[bytes]()
    while state:
        length = int.from_bytes(state[:4], "big")
        frames.append(state[4 : 4 + length])
        state = state[4 + length :]
    preamble, *records = frames
    place, batch = i["position"], HEX(i["batch"])
    used = b"".join(blob(n, value) for n, _, value in fields(preamble) if n == 3)
    assert sha256(sha256(used) + b"".join(map(sha256, records))) == one(batch, 7)
    assert len(records) == one(batch, 8) == one(preamble, 4)
    assert [one(preamble, 1).hex(), one(preamble, 2)] == [place["list_id"], place["sequence"]]
    parts = HEX(place["list_id"]), place["sequence"].to_bytes(8, "big"), HEX(place["previous_head"])
    return {
        "sequence": place["sequence"],
        "head": digest("watchlist", *parts, batch).hex(),
        "time": one(batch, 2),
        "used": [one(each, 1).hex() for each in many(preamble, 3)],
        "records": [[entry_id(one(record, 1)).hex(), sha256(record).hex()] for record in records],
    }
