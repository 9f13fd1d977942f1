"""The floor of a first sync: the same rows from one process to another over a bare socket, and into SQLite.

The sender reads them from a file of SQLite, as the owner does. The receiver inserts them with the screening store's own
settings, tables and statements, in portions of the same size, and sorts the same keys at the end. Nothing is sealed,
compressed, hashed, parsed or checked; short hashes of keys travel ready made.

Never does: anything for the figure of the product.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from agents.sync.screening import statements as sql
from agents.sync.screening.reading import connect
from tests.bench.watchlists_rows import portions

_FRAME = struct.Struct(">16sII")
_READ = 1 << 20
_GENERATION = 1
Row = tuple[int, bytes, int, bytes]


def send(rows: Path) -> None:
    """Listens, says where, and sends every row to the first that connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        taken, _ = server.accept()
        with taken:
            for portion in portions(rows):
                taken.sendall(b"".join(_FRAME.pack(i, tail, len(data)) + data for i, tail, data in portion))


def receive(port: int, store: Path) -> None:
    """Takes every row into a store that is made for it, and says how long that took."""
    with closing(connect(store.absolute().as_uri())) as db:
        for statement in (*sql.SETTINGS, *sql.TABLES):
            db.execute(statement)
        began, size, count = time.perf_counter(), 0, 0
        with socket.create_connection(("127.0.0.1", port)) as peer:
            for rows in _rows(peer):
                db.execute("BEGIN IMMEDIATE")
                db.executemany(sql.ADD_RECORDS, rows)
                db.execute("COMMIT")
                count += len(rows)
                size += sum(len(row[3]) for row in rows)
        db.execute("BEGIN IMMEDIATE")
        db.execute(sql.SORT_KEYS, (_GENERATION,))
        db.execute("COMMIT")
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "count": count, "record_bytes": size, "store": _size(store)}), flush=True)


def _rows(peer: socket.socket) -> Iterator[list[Row]]:
    rest, waiting = b"", list[Row]()
    while piece := peer.recv(_READ):
        data, at = rest + piece, 0
        while at + _FRAME.size <= len(data):
            found, tail, length = _FRAME.unpack_from(data, at)
            if at + _FRAME.size + length > len(data):
                break
            at += _FRAME.size
            waiting.append((_GENERATION, found, tail, data[at : at + length]))
            at += length
        rest = data[at:]
        if len(waiting) >= 10_000:
            yield waiting
            waiting = []
    yield waiting


def _size(path: Path) -> int:
    return sum(os.stat(one).st_size for one in path.parent.glob(f"{path.name}*"))


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(Path(sys.argv[2]))
    else:
        receive(int(sys.argv[2]), Path(sys.argv[3]))
