"""Part `lookups`: how many wallets a second are screened, in process and over the local API, beside a dict and SQLite.

All ask about the same wallets, one in a thousand listed, of a list of a million; batches are of 10,000. Canonical keys
are what a caller has that keeps keys. Raw text is addresses of every chain as they come in, checksums looked at as the
product does, each answered with a verdict. A set, a dict and a table of SQLite are asked for the same keys; for raw
text the dict is given what anybody would write: white space and the case of hexadecimal put right, no checksum.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, TypeVar

import grpc
from comity.v1 import screening_pb2, screening_pb2_grpc
from comity.v1 import watchlist_pb2 as pb
from comity.wallets.sifting import sift
from comity.watchlists import screening_key

from agents.sync.screening.lists import key_of
from agents.sync.screening.reading import ScreeningReader
from agents.sync.screening.screening import Query, Screener
from tests.bench.figures import Number
from tests.bench.processes import Process
from tests.bench.setting import Setting, Size
from tests.bench.watchlists_rows import portions, rows_file, screening_store
from tests.bench.watchlists_wallets import account, address, texts

T = TypeVar("T")
BATCH: Final = 10_000
CALL: Final = 1_000
"""Questions in one call of the API."""
ROUNDS: Final = 5
ONE_IN: Final = 1_000
"""One in so many is listed."""
UNLISTED: Final = 1 << 40
"""Numbers from here on are of wallets that no list has."""
_API_OPTIONS: Final = (("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20))


def needs(_: Size) -> int:
    """Returns how many envelopes it takes."""
    return 0


def run(setting: Setting) -> list[Number]:
    """Measures."""
    count = setting.size.lookups
    listed = Random(1).sample(range(setting.size.wallets), max(1, count // ONE_IN))
    keys = [screening_key(account(number)) for number in (*listed, *range(UNLISTED, UNLISTED + count - len(listed)))]
    raw = texts(count - len(listed), 2) + [address(number)[1] for number in listed]
    for asked in (keys, raw):
        Random(3).shuffle(asked)
    store = setting.folder / "lookups.db"
    screening_store(setting, store, time.time_ns() // 1_000_000)
    found = {**_of_the_product(store, keys, raw), **_of_the_yardsticks(setting, keys, raw), **_api(setting, store, raw)}
    for path in setting.folder.glob(f"{store.name}*"):
        path.unlink()
    setting.say(f"look-ups/s: {found['batched']:,.0f} in batches, {found['raw_text']:,.0f} from raw text")
    numbers = [Number(f"lookups_per_s_{name}", found[name], what) for name, what in _WORDS]
    numbers.append(Number("lookups_unsifted_share", sum(key is None for key in sift(raw)) / len(raw), ""))
    numbers.append(Number("lookups_index_load_s", found["index_load_s"], "screening: keys of the list into memory, s"))
    return numbers


_WORDS: Final = (
    ("batched", "look-ups/s, keys, in process, 10,000 at once"),
    ("single", "look-ups/s, keys, in process, one at a time"),
    ("raw_text", "look-ups/s, raw text, verdicts, in process, 10,000 at once"),
    ("sift", "raw texts/s read in bulk, checksums and all, no list asked"),
    ("raw_text_single", "look-ups/s, raw text, full answers, in process, one at a time"),
    ("api_stream", "look-ups/s, raw text, full answers, API, stream of 1,000s"),
    ("api_batched", "look-ups/s, raw text, full answers, API, calls of 1,000"),
    ("api_single", "look-ups/s, raw text, full answers, API, one a call"),
    ("set", "look-ups/s, keys, a plain set"),
    ("dict", "look-ups/s, keys, a plain dict"),
    ("dict_raw_text", "look-ups/s, raw text, a plain dict, no checksum looked at"),
    ("sqlite", "look-ups/s, keys, a table of SQLite"),
)


def _of_the_product(store: Path, keys: list[str], raw: list[str]) -> dict[str, float]:
    with closing(ScreeningReader.open(store)) as reader:
        began = time.perf_counter()
        screener = Screener(reader)
        loaded = time.perf_counter() - began
        hits = sum(screener.listed(keys))
        if not hits or hits > len(keys) // ONE_IN + 1:
            raise RuntimeError("other wallets are listed than were put in")
        few, some = keys[: len(keys) // 10], raw[: len(raw) // 20]
        return {
            "batched": _rate(screener.listed, _chunks(keys, BATCH), len(keys)),
            "single": _rate(screener.listed, _chunks(few, 1), len(few)),
            "raw_text": _rate(screener.verdicts, _chunks(raw, BATCH), len(raw)),
            "sift": _rate(sift, _chunks(raw, BATCH), len(raw)),
            "raw_text_single": _rate(screener.screen, [[Query(text)] for text in some], len(some)),
            "index_load_s": loaded,
        }


def _of_the_yardsticks(setting: Setting, keys: list[str], raw: list[str]) -> dict[str, float]:
    held: dict[str, bytes] = {}
    for portion in portions(rows_file(setting, setting.size.wallets)):
        for found, _, data in portion:
            held[key_of(pb.WatchRecord.FromString(data).entry)] = found
    addresses = {key.rpartition(":")[2]: found for key, found in held.items()}
    addresses |= {text.lower(): found for text, found in addresses.items() if text.startswith("0x")}
    alone = held.keys() | set()
    path = setting.folder / "plain.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("CREATE TABLE wallets (key TEXT PRIMARY KEY, id BLOB NOT NULL) WITHOUT ROWID")
        db.execute("BEGIN")
        db.executemany("INSERT INTO wallets VALUES (?, ?)", sorted(held.items()))
        db.execute("COMMIT")
        few = keys[: len(keys) // 4]

        def in_table(key: str) -> bool:
            return db.execute("SELECT id FROM wallets WHERE key = ?", (key,)).fetchone() is not None

        def in_dict(texts: Sequence[str]) -> list[bytes | None]:
            return [
                addresses.get(found.lower() if found.startswith("0x") else found) for found in map(str.strip, texts)
            ]

        rates = {
            "set": _rate(lambda chunk: [key in alone for key in chunk], _chunks(keys, BATCH), len(keys)),
            "dict": _rate(held.get, keys, len(keys)),
            "dict_raw_text": _rate(in_dict, _chunks(raw, BATCH), len(raw)),
            "sqlite": _rate(in_table, few, len(few)),
        }
    path.unlink()
    return rates


def _api(setting: Setting, store: Path, raw: list[str]) -> dict[str, float]:
    address = f"unix:{setting.folder / 'api' / 'screening.sock'}"
    process = Process("tests.bench.watchlists_screening", str(store), address, log=setting.folder / "screening.log")
    some, few = raw[: len(raw) // 4], raw[: len(raw) // 100]
    with ExitStack() as stack:
        stack.enter_context(process)
        channel = stack.enter_context(grpc.insecure_channel(process.line(), options=_API_OPTIONS))
        stub: Any = screening_pb2_grpc.ScreeningServiceStub(channel)
        calls = [
            [screening_pb2.ScreenQuery(address=text) for text in chunk if text.strip()] for chunk in _chunks(some, CALL)
        ]
        requests = [screening_pb2.ScreenRequest(queries=chunk) for chunk in calls]
        streamed = [screening_pb2.ScreenStreamRequest(queries=chunk) for chunk in calls]
        alone = [screening_pb2.ScreenRequest(queries=[screening_pb2.ScreenQuery(address=text)]) for text in few]

        def stream(all_of_them: list[screening_pb2.ScreenStreamRequest]) -> int:
            return sum(len(answer.results) for answer in stub.ScreenStream(iter(all_of_them)))

        stub.Screen(requests[0])
        return {
            "api_stream": _rate(stream, [streamed], len(some), rounds=3),
            "api_batched": _rate(stub.Screen, requests, len(some), rounds=3),
            "api_single": _rate(stub.Screen, alone, len(few), rounds=3),
        }


def _chunks(items: list[str], size: int) -> list[list[str]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _rate(function: Callable[[T], object], asked: Iterable[T], count: int, rounds: int = ROUNDS) -> float:
    """Returns look-ups a second: the median of some rounds over everything."""
    items, rates = list(asked), []
    for _ in range(rounds):
        began = time.perf_counter()
        for item in items:
            function(item)
        rates.append(count / (time.perf_counter() - began))
    return median(rates)
