"""A screening store for the tests: lists, entries, batches that were applied, snapshots that were adopted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from comity.encoding import serialise
from comity.v1 import payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import Effects, Standing, entry_id
from comity.watchlists.snapshots import StateRecord

from agents.sync.screening.lists import ListKey, ListStatus, ListTerms
from agents.sync.screening.reading import ScreeningReader
from agents.sync.screening.screening import Screener
from agents.sync.screening.store import ScreeningStore

OPEN: list[ScreeningReader] = []
"""What the fixture closes when a test ends."""
NOW = 1_790_000_000_000
DAY = 86_400_000
KEY = ListKey("sfc/intake", b"\x11" * 16)
OTHER = ListKey("hkma/intake", b"\x22" * 16)
HANDLING = payload_pb2.Handling(
    tlp=payload_pb2.TLP_AMBER,
    code=payload_pb2.HANDLING_CODE_H0,
    source_grade=payload_pb2.SOURCE_GRADE_A,
    information_grade=payload_pb2.INFORMATION_GRADE_1,
    permitted_action=payload_pb2.PERMITTED_ACTION_INTERNAL,
    evidential_use=payload_pb2.EVIDENTIAL_USE_INTELLIGENCE_ONLY,
    onward=payload_pb2.ONWARD_ASK,
)
BTC = "bip122:000000000019d6689c085ae165831e93"
ETH = "eip155:1:0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
XRP = "xrpl:0:rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY"
SEGWIT = f"{BTC}:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
LEGACY = f"{BTC}:1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"


def wallet(number: int) -> str:
    """A canonical account for a number: digits have no case."""
    return f"eip155:1:0x{number:040d}"


def record(account: str, **changes: object) -> pb.WatchRecord:
    """A record about an account; fields of the record itself are `suspended`, `set_id` and `provisional_until`."""
    own = {name: changes.pop(name) for name in ("suspended", "set_id", "provisional_until") if name in changes}
    fields: dict[str, object] = {
        "account": account,
        "category": "sanctions",
        "giver": "ofac-sdn",
        "confidence": payload_pb2.CONFIDENCE_KIND_OFFICIAL,
        "confidence_level": 90,
        "why": "file 7, page 3",
        "valid_from": NOW - DAY,
        "valid_until": NOW + 300 * DAY,
        "action": payload_pb2.WATCH_ACTION_BLOCK,
        "version": 1,
    }
    return pb.WatchRecord(entry=pb.WatchEntry(**fields | changes), **own)  # type: ignore[arg-type]


def state(records: Sequence[pb.WatchRecord]) -> list[StateRecord]:
    """Records as a snapshot brings them: ascending by entry id."""
    return sorted(StateRecord(entry_id(found.entry), serialise(found), found) for found in records)


def effects(
    sequence: int, puts: Sequence[pb.WatchRecord] = (), removed: Sequence[pb.WatchRecord] = (), time: int = NOW
) -> Effects:
    """What a batch would make of a list."""
    ordered = {item.entry_id: item for item in state(puts)}
    return Effects(
        Standing(KEY.list_id, KEY.owner, sequence, bytes([sequence % 256]) * 32, time),
        {found: item.data for found, item in ordered.items()},
        tuple(sorted(entry_id(found.entry) for found in removed)),
        {found: item.record for found, item in ordered.items()},
        pb.WatchBatch(time=time),
    )


def take_in(
    store: ScreeningStore, records: Sequence[pb.WatchRecord], *, key: ListKey = KEY, sequence: int = 7, time: int = NOW
) -> int:
    """Takes in a snapshot and returns its generation."""
    generation = store.begin_snapshot(key)
    store.add_records(generation, state(records))
    standing = Standing(key.list_id, key.owner, sequence, b"\x07" * 32, time)
    store.publish_generation(key, generation, standing, heard_at=time, applied_index=sequence)
    return generation


def terms(**changes: object) -> ListTerms:
    """What the lists of the tests are offered under."""
    fields: dict[str, object] = {
        "title": "OFAC",
        "default_action": 4,
        "handling": serialise(HANDLING),
        "case_id": bytes(16),
    }
    return ListTerms(**fields | changes)  # type: ignore[arg-type]


def opened(folder: Path, records: Sequence[pb.WatchRecord] | None = None) -> ScreeningStore:
    """A store with one list, and with a snapshot of it where records are given."""
    store = ScreeningStore.open(folder / "screening.db")
    OPEN.append(store)
    store.put_list(KEY, terms(), ListStatus.SYNCING)
    if records is not None:
        take_in(store, records)
    return store


def reading(path: Path) -> ScreeningReader:
    """Opens a store that is only read."""
    OPEN.append(ScreeningReader.open(path))
    return OPEN[-1]


def screener(store: ScreeningStore, now: int = NOW, **options: object) -> Screener:
    """Screens against a store at a moment."""
    return Screener(reading(store.path), clock=lambda: now, **options)  # type: ignore[arg-type]
