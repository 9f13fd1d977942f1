"""Looks for bytes that a hub must not know in everything that a hub's process leaves, in their common spellings.

Never does: decide what must not be there.
"""

from __future__ import annotations

import base64
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from sqlalchemy import create_engine, inspect

CHUNK = 16 << 20


def spellings(what: bytes) -> set[bytes]:
    """Returns the common spellings of some bytes: raw, hexadecimal, and base64 wherever in a text they begin."""
    found = {what, what.hex().encode(), what.hex().upper().encode()}
    for before in range(3):
        text = base64.b64encode(bytes(before) + what)
        # The ends depend on the neighbours; what lies between does not.
        middle = text[4 if before else 0 :].rstrip(b"=")[:-1]
        found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def spellings_of_text(word: str) -> set[bytes]:
    """Returns the common spellings of a word in either case."""
    found: set[bytes] = set()
    for text in {word, word.upper(), word.lower()}:
        found |= spellings(text.encode()) | {text.encode("utf-16-le"), text.encode("utf-16-be")}
    return found


def hits(places: Iterable[tuple[str, bytes]], needles: Mapping[bytes, str]) -> list[str]:
    """Returns what was found and where; names, never the bytes."""
    return [f"{name} in {place}" for place, data in places for needle, name in needles.items() if needle in data]


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Yields every file below some folders, or the files themselves."""
    for folder in folders:
        for path in [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.is_file()):
            yield str(path), path.read_bytes()
            yield f"the name of {path}", str(path.relative_to(folder.parent)).encode()


def rows(url: str) -> Iterator[tuple[str, bytes]]:
    """Yields every row of every table as bytes, as a dump would hold it."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for table in inspect(connection).get_table_names():
                for number, row in enumerate(connection.exec_driver_sql(f"SELECT * FROM {table}")):
                    yield f"{table}, row {number}", b"\x00".join(map(_plain, row))
    finally:
        engine.dispose()


def _plain(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def process(pid: int) -> Iterator[tuple[str, bytes]]:
    """Yields a process's environment and command line."""
    for name in ("environ", "cmdline"):
        yield f"/proc/{pid}/{name}", Path(f"/proc/{pid}/{name}").read_bytes()


def core_dump_limits(pid: int) -> list[str]:
    """Returns the limits, soft and hard, on the size of a process's core dump."""
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    return next(line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core"))


def memory(pid: int) -> Iterator[tuple[str, bytes]]:
    """Yields what a process may write to of its memory, a run of pages at once.

    Raises:
        PermissionError: this process may not look.
    """
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as mem:
        for line in maps:
            span, allowed, *_ = line.split()
            if not allowed.startswith("rw"):
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            for at in range(begin, end, CHUNK):
                mem.seek(at)
                try:
                    # Neighbours overlap, so that nothing hides on a border.
                    data = mem.read(min(CHUNK + 4096, end - at))
                except OSError:
                    continue  # unmapped since, or not backed by anything
                if data.count(0) == len(data):
                    continue  # never written to
                yield f"memory of process {pid} at {at:x}", data


def exposition(port: int) -> bytes:
    """Returns what the Prometheus endpoint tells."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return bytes(answer.read())


class Collector:
    """A collector for OTLP over gRPC: keeps every export as the bytes that came."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._server = grpc.aio.server()
        for service, answer in (
            ("trace.v1.TraceService", trace_service_pb2.ExportTraceServiceResponse()),
            ("metrics.v1.MetricsService", metrics_service_pb2.ExportMetricsServiceResponse()),
        ):
            handler: Any = grpc.unary_unary_rpc_method_handler(self._keep(answer.SerializeToString()))
            name = f"opentelemetry.proto.collector.{service}"
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": handler}),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def _keep(self, answer: bytes) -> Any:
        async def export(request: bytes, context: Any) -> bytes:
            self.received.append(request)
            return answer

        return export

    async def __aenter__(self) -> Collector:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(0)
