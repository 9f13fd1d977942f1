"""The functions of the vectors of watchlists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from comity.directory import Directory
from comity.errors import MalformedError
from comity.header import WatchlistPosition
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import (
    MemoryRecords,
    Standing,
    StateReader,
    adopt,
    apply_batch,
    digest_after,
    entry_gaps,
    entry_id,
    parse_change_set,
    screening_key,
)
from comity.watchlists import inflate as inflate_stream

Inputs = Mapping[str, Any]


def entry(i: Inputs) -> Any:
    """An entry: its id, and what it is found under."""
    found = pb.WatchEntry.FromString(bytes.fromhex(i["data"]))
    if entry_gaps(found):
        raise MalformedError("not a complete entry")
    return {"id": entry_id(found).hex(), "key": screening_key(found.account) if found.account else None}


def change_set(i: Inputs) -> Any:
    """What people sign: by ids."""
    found = parse_change_set(bytes.fromhex(i["data"]))
    return {
        "list_id": found.list_id.hex(),
        "id": found.id.hex(),
        "created": found.created,
        "urgent": found.urgent,
        "puts": [entry_id(put).hex() for put in found.puts],
        "removals": [[removal.entry_id.hex(), removal.version] for removal in found.removals],
        "lifts": [lift.hex() for lift in found.lifts],
    }


def follow(i: Inputs) -> Any:
    """The first batches of a list and perhaps one more: after each its head, and digest and number of what is live."""
    directory = Directory()
    for each in i["entries"]:
        directory.apply(bytes.fromhex(each))
    standing = Standing(bytes.fromhex(i["list_id"]), i["owner"])
    records, steps = MemoryRecords(), []
    batches = i["batches"][: i["after"]] + ([i["batch"]] if "batch" in i else [])
    for number, each in enumerate(batches, start=1):
        position = _position(i["position"]) if number == len(batches) and "position" in i else None
        effects = apply_batch(standing, bytes.fromhex(each), directory.view(), records, position=position)
        digest, live = digest_after(effects, records)
        records.store(effects)
        standing = effects.standing
        steps.append({"sequence": number, "head": standing.head.hex(), "digest": digest.hex(), "live": live})
    return steps


def snapshot(i: Inputs) -> Any:
    """A snapshot: where the list stands by it, and the digest of every record."""
    reader = StateReader()
    found = reader.feed(bytes.fromhex(i["state"]))
    standing = adopt(reader, bytes.fromhex(i["batch"]), _position(i["position"]), i["owner"])
    return {
        "sequence": standing.sequence,
        "head": standing.head.hex(),
        "time": standing.time,
        "used": sorted(key.hex() for key in standing.used),
        "records": [[record.entry_id.hex(), hashlib.sha256(record.data).hexdigest()] for record in found],
    }


def inflate(i: Inputs) -> str:
    """A packed stream."""
    return inflate_stream(bytes.fromhex(i["deflated"]), i["length"], bytes.fromhex(i["sha256"])).hex()


def _position(given: Inputs) -> WatchlistPosition:
    return WatchlistPosition(
        bytes.fromhex(given["list_id"]),
        given["sequence"],
        bytes.fromhex(given["previous_head"]),
        bytes.fromhex(given["head"]),
    )
