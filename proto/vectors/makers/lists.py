"""Vectors of watchlists: entries, change sets, batches that follow one another, snapshots, packed streams."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from typing import Any

from comity.encoding import serialise
from comity.header import WatchlistPosition
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import encode_change_set, entry_id, write_state
from vectors.makers.book import Book

from tests.contract.builders import (
    AGENT,
    APPROVER,
    AUTHOR,
    NOW,
    OTHER_DESK,
    SENDER,
    THEIR_AUTHOR,
    Signer,
    secret,
)
from tests.contract.watchlists import (
    ALICE,
    BOB,
    CAROL,
    DAY,
    LIST_ID,
    MINUTE,
    SECOND,
    List,
    batch,
    change_set,
    confirmation,
    entry,
    signed_set,
    world,
)

A, B, C = (entry_id(entry(account)) for account in (ALICE, BOB, CAROL))
TRANSACTION = "eip155:1:tx/0x" + "ab" * 32
BLOCK = 4
HANDLING = payload_pb2.Handling(
    tlp=payload_pb2.TLP_RED,
    code=payload_pb2.HANDLING_CODE_H0,
    source_grade=payload_pb2.SOURCE_GRADE_A,
    information_grade=payload_pb2.INFORMATION_GRADE_1,
    permitted_action=payload_pb2.PERMITTED_ACTION_INTERNAL,
    evidential_use=payload_pb2.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
    onward=payload_pb2.ONWARD_FORBIDDEN,
)


FIRST = change_set("first", puts=[entry(), entry(BOB), entry("", transaction=TRANSACTION)])
URGENT = change_set("urgent", puts=[entry(CAROL, action=BLOCK)], urgent=True)


def removal(found: bytes, version: int = 1, reason: int = 2) -> pb.Removal:
    """A removal."""
    return pb.Removal(entry_id=found, version=version, reason=reason)  # type: ignore[arg-type]


@cache
def story() -> tuple[List, list[str], list[WatchlistPosition]]:
    """A list, its batches and their positions."""
    made, batches, places = List(), list[str](), list[WatchlistPosition]()

    def publish(*sets: pb.SignedChangeSet, **changes: Any) -> None:
        before = made.standing
        batches.append(made.publish(*sets, time=NOW + len(batches) * 15 * MINUTE, **changes).hex())
        places.append(WatchlistPosition(LIST_ID, before.sequence + 1, before.head, made.standing.head))

    publish(signed_set(FIRST))
    publish()
    block = entry(BOB, version=2, action=BLOCK, label="listed", handling=HANDLING)
    publish(signed_set(change_set("block", puts=[block], removals=[removal(A)]), AUTHOR, APPROVER))
    publish(signed_set(URGENT), suspends=[B])
    publish(confirmations=[confirmation(URGENT)])
    publish(signed_set(change_set("lift", lifts=[B]), AUTHOR, APPROVER), stated=False)
    short = entry(giver="un", valid_until=NOW + 100 * MINUTE)
    waiting = change_set("waiting", created=NOW + 90 * MINUTE, puts=[entry(ALICE, giver="eu")], urgent=True)
    publish(signed_set(change_set("short", puts=[short])), signed_set(waiting), suspends=[C])
    publish(drops=[entry_id(short)])
    again = change_set("again", created=NOW + 120 * MINUTE, urgent=True, puts=[entry(ALICE, giver="eu", version=2)])
    publish(signed_set(again, SECOND))
    publish(confirmations=[confirmation(again)])
    return made, batches, places


def lists() -> Book:
    """Watchlists."""
    book = Book(
        "watchlist",
        "Watchlists: entries, change sets, batches that follow one another, snapshots, packed streams (section 12).",
        {
            "entries": [each.hex() for each in world().entries],
            "owner": SENDER,
            "list_id": LIST_ID.hex(),
            "batches": story()[1],
        },
    )
    _entries(book)
    _change_sets(book)
    _batches(book)
    _snapshots(book)
    _streams(book)
    return book


def _entries(book: Book) -> None:
    def case(name: str, found: pb.WatchEntry, *, good: bool = False) -> None:
        inputs = {"data": serialise(found).hex()}
        book.good(name, "entry", input=inputs) if good else book.bad(name, "entry", "MALFORMED", input=inputs)

    case("an entry", entry(), good=True)
    case("another giver", entry(giver="un"), good=True)
    case("another category", entry(category="scam"), good=True)
    case("a Bitcoin account", entry(BOB), good=True)
    case("an account with a tag", entry(CAROL + "-7"), good=True)
    case("an EVM account of no chain", entry("eip155:*:" + ALICE.split(":")[2]), good=True)
    case("a transaction", entry("", transaction=TRANSACTION), good=True)
    case(
        "handling of its own, as received", entry(as_received=ALICE.split(":")[2].lower(), handling=HANDLING), good=True
    )
    for name, found in {
        "no subject": entry(""),
        "two subjects": entry(transaction=TRANSACTION),
        "an account that is not canonical": entry(ALICE.lower()),
        "a wrong checksum": entry(ALICE[:-1] + "D"),
        "as received, another account": entry(as_received=BOB.split(":")[2]),
        "as received, nothing new": entry(as_received=ALICE.split(":")[2]),
        "no giver": entry(giver=""),
        "no category": entry(category=""),
        "a category in capitals": entry(category="Scam"),
        "no confidence": entry(confidence=0),
        "level 101": entry(confidence_level=101),
        "not known and above the lowest": entry(confidence=1, confidence_level=2),
        "no action": entry(action=0),
        "no end": entry(valid_until=0),
        "more than ten years": entry(valid_until=NOW + 3653 * DAY),
        "version 0": entry(version=0),
        "an incomplete handling": entry(handling=payload_pb2.Handling(tlp=payload_pb2.TLP_RED)),
    }.items():
        case(name, found)


def _change_sets(book: Book) -> None:
    good = {
        "a change set": change_set(puts=[entry(), entry(BOB)], removals=[removal(C)], note="monthly"),
        "an urgent set": change_set(puts=[entry()], urgent=True),
        "a lift alone": change_set(lifts=[A]),
    }
    for name, found in good.items():
        book.good(name, "change_set", input={"data": encode_change_set(found).hex()})
    first, last = sorted((entry(), entry(BOB)), key=entry_id)
    for name, found in {
        "no change": change_set(),
        "no list": change_set(list_id=b"", lifts=[A]),
        "a short id": change_set(id=bytes(15), lifts=[A]),
        "no time": change_set(created=0, lifts=[A]),
        "puts out of order": change_set(puts=[last, first]),
        "an entry twice": change_set(puts=[first, first]),
        "put and removed": change_set(puts=[entry()], removals=[removal(A)]),
        "removed and lifted": change_set(removals=[removal(A)], lifts=[A]),
        "an urgent removal": change_set(removals=[removal(A)], urgent=True),
        "a removal without a reason": change_set(removals=[removal(A, reason=0)]),
        "a removal without a version": change_set(removals=[removal(A, 0)]),
        "an incomplete entry": change_set(puts=[entry(giver="")]),
    }.items():
        book.bad(f"change set: {name}", "change_set", "MALFORMED", input={"data": serialise(found).hex()})
    book.bad("change set: a note too long", "change_set", "TOO_LARGE", input={
        "data": serialise(change_set(lifts=[A], note="x" * 1001)).hex()
    })  # fmt: skip


def _batches(book: Book) -> None:
    _, batches, places = story()
    book.good("a list", "follow", input={"after": len(batches)})
    book.good("a list under a header", "follow", like="a list", input={"position": _words(places[-1])})
    late = NOW + 60 * MINUTE

    def case(name: str, expect: str, *sets: pb.SignedChangeSet, after: int = 2, **changes: Any) -> None:
        data = batch(*sets, **{"time": late} | changes)
        book.bad(f"batch: {name}", "follow", expect, input={"after": after, "batch": data.hex()})

    block = change_set("x", puts=[entry(BOB, version=2, action=BLOCK)])
    plain = change_set("x", puts=[entry(BOB, version=2)])
    for name, author, approver, expect in (
        ("BLOCK by one person", AUTHOR, None, "SECOND_PERSON_MISSING"),
        ("a machine as the author", AGENT, None, "WRONG_ROLE"),
        ("an approver as the author", APPROVER, None, "WRONG_ROLE"),
        ("an author as the approver", AUTHOR, AUTHOR, "WRONG_ROLE"),
        ("another agency's author", THEIR_AUTHOR, None, "BAD_SIGNATURE"),
        ("a member that is none", Signer("sfc/m-nobody00"), None, "BAD_SIGNATURE"),
    ):
        case(name, expect, signed_set(block, author, approver))
    forged = signed_set(plain)
    forged.signatures[0].sig = bytes(64)
    case("a forged signature", "BAD_SIGNATURE", forged)
    moved = signed_set(plain, AUTHOR, APPROVER)
    del moved.signatures[0]
    case("an approver alone", "MALFORMED", moved)
    case("before the author was certified", "BAD_SIGNATURE", signed_set(plain), after=0, time=NOW - 3_600_000 + 1)
    many = [entry(f"eip155:*:0x{n:040d}") for n in range(101)]
    case("bulk by one person", "SECOND_PERSON_MISSING", signed_set(change_set("x", puts=many)))
    failed = "VERIFICATION_FAILED"
    case("an earlier time", failed, time=NOW)
    case("a set used again", failed, signed_set(change_set("first", puts=[entry(version=2)])))
    case("a set before its time", failed, signed_set(change_set("x", created=late + 6 * MINUTE, lifts=[A])))
    case("a set after its time", failed, signed_set(change_set("x", created=late - 15 * DAY, lifts=[A])))
    case("a set of another list", failed, signed_set(change_set("x", list_id=bytes(16), puts=[entry(version=2)])))
    case("a version left out", failed, signed_set(change_set("x", puts=[entry(version=3)])))
    case("a version again", failed, signed_set(change_set("x", puts=[entry()])))
    case("a new entry of version 2", failed, signed_set(change_set("x", puts=[entry(CAROL, version=2)])))
    case("a removal of another version", failed, signed_set(change_set("x", removals=[removal(A, 2)])))
    case("a removal of what is not live", failed, signed_set(change_set("x", removals=[removal(C)])))
    case("a lift of what is not suspended", failed, signed_set(change_set("x", lifts=[A])))
    case("suspended twice", failed, after=4, suspends=[B])
    case("a drop before its time", failed, drops=[A])
    case("another state digest", failed, state_digest=bytes(32), live=3)
    case("another number of entries", failed, state_digest=bytes.fromhex(_stated(batches[1])), live=4)
    case("a confirmation of what waits for none", failed, confirmations=[confirmation(FIRST)])
    case(
        "a confirmation too late",
        failed,
        after=4,
        time=NOW + 106 * MINUTE,
        confirmations=[confirmation(URGENT)],
    )
    case("a confirmation by the author", "WRONG_ROLE", after=4, confirmations=[confirmation(URGENT, AUTHOR)])
    _alone(case, late)
    wrong: dict[str, dict[str, Any]] = {
        "another sequence": {"sequence": len(batches) + 1},
        "another list": {"list_id": bytes(16).hex()},
        "another previous head": {"previous_head": bytes(32).hex()},
        "another head": {"head": bytes(32).hex()},
    }
    for name, change in wrong.items():
        position = _words(places[-1]) | change
        book.bad(f"header: {name}", "follow", failed, like="a list", input={"position": position})
    _forms(book)


def _alone(case: Callable[..., None], late: int) -> None:
    """What one person, or a person together with the owner's machine, cannot do."""
    missing, failed = "SECOND_PERSON_MISSING", "VERIFICATION_FAILED"
    plain = change_set("x", puts=[entry(BOB, version=2)])
    many = [entry(f"eip155:*:0x{n:040d}") for n in range(101)]
    portions = [signed_set(change_set(label, puts=puts)) for label, puts in (("x", many[:51]), ("y", many[51:]))]
    hurried = {"created": late, "urgent": True}
    case("bulk by one person in portions", missing, *portions)
    case("urgent bulk", missing, signed_set(change_set("x", puts=many, **hurried)))
    case(
        "an urgent set while the author's last one waits",
        missing,
        signed_set(change_set("x", puts=[entry(giver="un")], **hurried)),
        after=4,
    )
    kept = change_set("x", puts=[entry(giver="un")], urgent=True)
    case("an urgent set kept for later", failed, signed_set(kept), time=late + 1)
    case("a confirmation of other bytes", failed, after=4, confirmations=[confirmation(URGENT, set_sha256=bytes(32))])
    case("signed for another desk's list", "BAD_SIGNATURE", signed_set(plain, desk=OTHER_DESK))
    other = confirmation(URGENT, desk=OTHER_DESK)
    case("confirmed for another desk's list", "BAD_SIGNATURE", after=4, confirmations=[other])
    at = world().time * 1000 + 999
    newest = change_set("x", created=at, puts=[entry()])
    case("in the second of the author's certificate", "BAD_SIGNATURE", signed_set(newest, SECOND), after=0, time=at)


def _forms(book: Book) -> None:
    changes: dict[str, dict[str, Any]] = {
        "no salt": {"salt": b""},
        "no time": {"time": 0},
        "half a digest": {"state_digest": bytes(16)},
        "a number without a digest": {"live": 3},
        "suspensions out of order": {"suspends": sorted((A, B), reverse=True)},
        "an id that is none": {"drops": [b"x"]},
        "65 sets": {"sets": [signed_set(FIRST)] * 65},
        "65 confirmations": {"confirmations": [confirmation(URGENT)] * 65},
    }
    for name, change in changes.items():
        fields: dict[str, Any] = {"salt": secret("salt"), "time": NOW + 60 * MINUTE}
        data = serialise(pb.WatchBatch(**fields | change)).hex()
        book.bad(f"batch: {name}", "follow", "MALFORMED", input={"after": 2, "batch": data})


def _stated(data: str) -> str:
    return pb.WatchBatch.FromString(bytes.fromhex(data)).state_digest.hex()


def _words(position: WatchlistPosition) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(position).items()}


def _snapshots(book: Book) -> None:
    made, batches, places = story()
    records = [made.records.kept[key] for key in made.ids()]
    state = b"".join(write_state(made.standing, records, count=len(records)))
    inputs = {"state": state.hex(), "batch": batches[-1], "position": _words(places[-1])}
    book.good("a snapshot", "snapshot", input=inputs)
    frame = len(state) - len(records[-1]) - 4
    previous = frame - len(records[-2]) - 4
    swapped = state[:previous] + state[frame:] + state[previous:frame]
    other = pb.WatchRecord.FromString(records[-1])
    other.entry.label = "altered"
    data = serialise(other)
    altered = state[:frame] + len(data).to_bytes(4, "big") + data
    for name, expect, change in (
        ("cut off", "MALFORMED", {"state": state[:-1].hex()}),
        ("a record less", "MALFORMED", {"state": state[:frame].hex()}),
        ("a record twice", "MALFORMED", {"state": (state + state[frame:]).hex()}),
        ("records changed places", "MALFORMED", {"state": swapped.hex()}),
        ("a record altered", "VERIFICATION_FAILED", {"state": altered.hex()}),
        ("another batch", "VERIFICATION_FAILED", {"batch": batches[-2]}),
        ("another head", "VERIFICATION_FAILED", {"position": _words(places[-1]) | {"head": bytes(32).hex()}}),
        ("another list", "VERIFICATION_FAILED", {"position": _words(places[-1]) | {"list_id": bytes(16).hex()}}),
    ):
        book.bad(f"snapshot: {name}", "snapshot", expect, like="a snapshot", input=change)


def _streams(book: Book) -> None:
    plain = b"wallet " * 20
    deflated = zlib.compress(plain, 0)  # stored: releases of zlib may deflate differently, and all inflate alike
    inputs = {"deflated": deflated.hex(), "length": len(plain), "sha256": sha256(plain).hexdigest()}
    book.good("a stream", "inflate", input=inputs)
    for name, expect, change in (
        ("cut off", "MALFORMED", {"deflated": deflated[:-1].hex()}),
        ("goes on", "MALFORMED", {"deflated": deflated.hex() + "00"}),
        ("no stream", "MALFORMED", {"deflated": plain.hex()}),
        ("shorter than announced", "MALFORMED", {"length": len(plain) + 1}),
        ("longer than announced", "TOO_LARGE", {"length": len(plain) - 1}),
        ("other bytes", "VERIFICATION_FAILED", {"sha256": bytes(32).hex()}),
    ):
        book.bad(f"stream: {name}", "inflate", expect, like="a stream", input=change)


BOOKS = (lists,)
