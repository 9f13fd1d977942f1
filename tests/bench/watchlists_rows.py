"""The records of a large list, made once a run by every core and kept in a file that all parts read.

Never does: measure.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

from comity.encoding import serialise
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import Standing, StateRecord, entry_id, parse_record

from agents.sync.screening.lists import ListKey, ListStatus, ListTerms, key_of, tail_of
from agents.sync.screening.store import ScreeningStore
from tests.bench.watchlists_wallets import entries

if TYPE_CHECKING:  # what a child of the bench need not load
    from tests.bench.setting import Setting

CHUNK: Final = 25_000
PORTION: Final = 10_000
KEY: Final = ListKey("owner/desk", bytes(16))
Row = tuple[bytes, int, bytes, bytes, int]
"""Entry id, short hash of its key, record, SHA-256 of that, end of its validity."""
_TABLE = """CREATE TABLE rows (id BLOB PRIMARY KEY, tail INTEGER NOT NULL, record BLOB NOT NULL, digest BLOB NOT NULL,
    valid_until INTEGER NOT NULL) WITHOUT ROWID"""


def make_rows(first: int, count: int) -> list[Row]:
    """Returns the rows of entries of numbers in a row."""
    found: list[Row] = []
    for entry in entries(first, count):
        data = serialise(pb.WatchRecord(entry=entry))
        found.append((entry_id(entry), tail_of(key_of(entry)), data, hashlib.sha256(data).digest(), entry.valid_until))
    return found


def rows_file(setting: Setting, count: int) -> Path:
    """Returns a file with the records of so many entries, those of the numbers from 0; made the first time."""
    path = setting.folder / f"wallets-{count}.sqlite"
    if path.exists():
        return path
    setting.say(f"making {count:,} entries")
    beside = path.with_suffix(".new")
    with closing(sqlite3.connect(beside, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute(_TABLE)
        db.execute("BEGIN")
        db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", sorted(_made(count)))
        db.execute("COMMIT")
    beside.replace(path)
    return path


def _made(count: int) -> list[Row]:
    if count <= CHUNK:
        return make_rows(0, count)
    starts = range(0, count, CHUNK)
    sizes = [min(CHUNK, count - at) for at in starts]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return [row for part in pool.map(make_rows, starts, sizes) for row in part]


def portions(path: Path) -> Iterator[list[tuple[bytes, int, bytes]]]:
    """Yields (entry id, short hash, record) of a file in the order of the ids, some thousands at once."""
    with closing(sqlite3.connect(path)) as db:
        cursor = db.execute("SELECT id, tail, record FROM rows ORDER BY id")
        while portion := cursor.fetchmany(PORTION):
            yield portion


def screening_store(setting: Setting, path: Path, now_ms: int) -> None:
    """Makes a screening store that holds the records, as a snapshot leaves it.

    Args:
        setting: the run's.
        path: of the store.
        now_ms: time of the list's newest batch, Unix milliseconds UTC.
    """
    with closing(ScreeningStore.open(path)) as store:
        store.put_list(KEY, ListTerms("Wallets", 2, b"", bytes(16)), ListStatus.SYNCING)
        generation = store.begin_snapshot(KEY)
        for portion in portions(rows_file(setting, setting.size.wallets)):
            records = [StateRecord(found, data, parse_record(data, checked=False)) for found, _, data in portion]
            store.add_records(generation, records)
        standing = Standing(KEY.list_id, KEY.owner, sequence=1, head=bytes(32), time=now_ms)
        store.publish_generation(KEY, generation, standing, heard_at=now_ms)
