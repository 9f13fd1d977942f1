"""What a caller of a real hub learns when something goes wrong: a documented reason, and nothing of the machine."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import grpc
from comity.errors import Reason
from comity.tls import TlsKey
from comity.v1 import blobs_pb2, directory_pb2, exchange_pb2, feed_pb2, log_pb2
from sqlalchemy import create_engine, text

from hub.schema import metadata
from hub.server import SERVICES
from tests.support.hub import info_of
from tests.support.world import World, make_world
from tests.system.processes import ROOT, hub_home

WORDS = (
    "Traceback",
    'File "',
    ".py",
    "SELECT",
    "INSERT",
    "UPDATE",
    "sqlite",
    "psycopg",
    "postgres",
    "sqlalchemy",
    "relation",
    "no such table",
    "site-packages",
    "Error(",
    "/tmp",
    tempfile.gettempdir(),
    str(ROOT),
    sys.prefix,
    os.path.expanduser("~") + "/",
)
"""What no answer may hold, beside the names of this test's own host, folders, tables and keys."""
EXCHANGE, DIRECTORY = log_pb2.LOG_KIND_EXCHANGE, log_pb2.LOG_KIND_DIRECTORY
DOCUMENTED = {reason.value for reason in Reason}


def methods() -> Iterator[tuple[str, bool, bool]]:
    """Returns (full name, whether the caller streams, whether the hub streams) of every method."""
    for service in SERVICES:
        for method in service.methods:
            yield f"/{service.full_name}/{method.name}", method.client_streaming, method.server_streaming


def requests(world: World, view: Any) -> dict[str, list[bytes]]:
    """Returns serialised requests by method that parse, and are wrong in what they ask for."""
    most, good = (1 << 63) - 1, world.envelope(view)
    broken = world.envelope(view)
    broken.header = broken.header[:-3]
    unsigned = world.envelope(view)
    del unsigned.signatures[:]
    foreign = world.envelope(view, "osr/intake")
    body, sig = world.ack(bytes(32), "hkma/intake")
    wrong: dict[str, list[Any]] = {
        "Submit": [exchange_pb2.SubmitRequest(envelope=e) for e in (broken, unsigned, foreign)],
        "SubmitBatch": [exchange_pb2.SubmitBatchRequest(envelopes=[good] * 257), exchange_pb2.SubmitBatchRequest()],
        "Acknowledge": [
            exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=sig)]),
            exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=b"\xff" * 40, sig=b"")]),
        ],
        "ReadFeed": [feed_pb2.ReadFeedRequest(from_index=most)],
        "GetHead": [directory_pb2.GetHeadRequest(seen=directory_pb2.SignedHead(body=b"x", sig=bytes(64)))],
        "ReadEntries": [directory_pb2.ReadEntriesRequest(from_index=most)],
        "AppendStatements": [
            directory_pb2.AppendStatementsRequest(statements=[directory_pb2.Statement(body=b"\x00\xff")]),
            directory_pb2.AppendStatementsRequest(
                statements=[directory_pb2.Statement.FromString(world.statements[1])] * 2
            ),
        ],
        "IssueCertificate": [
            directory_pb2.IssueCertificateRequest(csr=b"0\x82"),
            directory_pb2.IssueCertificateRequest(csr=TlsKey.generate().request()),
        ],
        "GetCheckpoint": [log_pb2.GetCheckpointRequest(log=cast("log_pb2.LogKind", 9))],
        "GetTile": [
            log_pb2.GetTileRequest(log=EXCHANGE, level=63, index=most, width=1),
            log_pb2.GetTileRequest(log=EXCHANGE),
        ],
        "GetLeaves": [log_pb2.GetLeavesRequest(log=EXCHANGE, start=most, count=most & 0xFFFFFFFF)],
        "GetInclusionProof": [log_pb2.GetInclusionProofRequest(log=EXCHANGE, index=most, size=most)],
        "GetConsistencyProof": [log_pb2.GetConsistencyProofRequest(log=EXCHANGE, first=7, second=3)],
        "GetOpening": [log_pb2.GetOpeningRequest(index=most)],
        "GetUpload": [blobs_pb2.GetUploadRequest(sha256=b"../../etc/passwd")],
        "UploadBlob": [
            blobs_pb2.UploadBlobRequest(sha256=b"\x00" * 32, length=most, offset=0, data=b"x"),
            blobs_pb2.UploadBlobRequest(sha256=b"../../etc/passwd", length=4096, offset=1),
        ],
        "DownloadBlob": [blobs_pb2.DownloadBlobRequest(sha256=b"\x00" * 32, offset=most)],
    }
    return {name: [request.SerializeToString() for request in asked] for name, asked in wrong.items()}


async def call(channel: Any, method: tuple[str, bool, bool], data: bytes) -> tuple[Any, bytes]:
    """Makes a call with any bytes; returns its error or None, and all bytes that were answered."""
    name, from_caller, from_hub = method
    answered = b""

    async def one() -> AsyncIterator[bytes]:
        yield data

    try:
        if from_caller:
            answered = await channel.stream_unary(name)(one(), timeout=60)
        elif from_hub:
            async for answer in channel.unary_stream(name)(data, timeout=60):
                answered += answer
        else:
            answered = await channel.unary_unary(name)(data, timeout=60)
    except grpc.aio.AioRpcError as error:
        return error, answered
    return None, answered


def said(error: grpc.aio.AioRpcError) -> str:
    """Returns everything that came with an error."""
    metadata_pairs = [*(error.trailing_metadata() or ()), *(error.initial_metadata() or ())]
    return repr([error.details(), metadata_pairs])


async def test_I_07_no_answer_of_a_real_hub_to_a_wrong_call_speaks_of_the_machine(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world()
    async with hub_home(migrated_database_url, tmp_path, world, copied=True) as hub:
        await hub.start()
        foreign = [*WORDS, str(tmp_path), hub.home.name + ".sqlite", *metadata.tables]
        # Words that are the protocol's too cannot be told apart from a table's name.
        foreign = [
            word for word in foreign if word not in ("envelopes", "acks", "deliveries", "blobs", "legs", "openings")
        ]
        reasons: dict[str, set[str]] = {}

        def judge(name: str, error: Any, answered: bytes) -> None:
            # An answer holds random bytes, among which a short word turns up by itself.
            for word in (word for word in foreign if len(word) >= 6):
                assert word.encode() not in answered, (name, word)
            if error is None:
                return
            for word in foreign:
                assert word not in said(error), (name, word)
            assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", error.details()), name
            assert len(error.details()) < 200
            assert not re.search(r"0x[0-9a-f]{8,}|line \d+", error.details()), name
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return
            reason = info_of(error).reason
            assert reason in DOCUMENTED
            reasons.setdefault(name.rpartition("/")[2], set()).add(reason)

        garbage = [b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x08", os.urandom(300), b"\x0a\x02\xc3\x28", b"\x0b" * 400]
        view = hub.view()
        wrong = requests(world, view)
        callers = {
            "desk": hub.as_desk("sfc/intake"),
            "operator": hub.as_operator(),
            "nobody": hub.channel(TlsKey.generate()),
        }
        try:
            for kind, channel in callers.items():
                for method in methods():
                    name = method[0]
                    asked = garbage + wrong.get(name.rpartition("/")[2], [])
                    if kind != "desk":
                        asked = asked[-2:]
                    for error, answered in await asyncio.gather(*(call(channel, method, data) for data in asked)):
                        judge(name, error, answered)
                error, answered = await call(channel, ("/comity.v1.LogService/Nothing", False, False), b"")
                assert error is not None
                judge("Nothing", error, answered)
            assert {"MALFORMED"} <= set.union(*reasons.values())
            assert len(reasons) >= 16

            # The tables gone, each call that needs one fails within SQL.
            break_tables(migrated_database_url)
            channel, internal = callers["desk"], []
            fine = requests_that_read()
            for method in methods():
                data = fine.get(method[0].rpartition("/")[2])
                if data is None:
                    continue
                error, answered = await call(channel, method, data)
                judge(method[0], error, answered)
                if error is not None:
                    assert set(info_of(error).metadata) <= {"trace_id"}
                    internal.append(info_of(error).reason)
            good = exchange_pb2.SubmitRequest(envelope=world.envelope(view)).SerializeToString()
            error, answered = await call(channel, ("/comity.v1.ExchangeService/Submit", False, False), good)
            judge("Submit", error, answered)
            assert error is not None
            assert len(internal) >= 5
            assert set(internal) <= {"INTERNAL", "UNAVAILABLE"}
        finally:
            for channel in callers.values():
                await channel.close()


def requests_that_read() -> dict[str, bytes]:
    """Returns a request each that a working hub answers from a table."""
    return {
        "ReadFeed": feed_pb2.ReadFeedRequest().SerializeToString(),
        "GetTile": log_pb2.GetTileRequest(log=DIRECTORY, level=0, index=0, width=4).SerializeToString(),
        "GetLeaves": log_pb2.GetLeavesRequest(log=DIRECTORY, start=0, count=3).SerializeToString(),
        "GetInclusionProof": log_pb2.GetInclusionProofRequest(log=DIRECTORY, index=1, size=5).SerializeToString(),
        "GetConsistencyProof": log_pb2.GetConsistencyProofRequest(log=DIRECTORY, first=2, second=5).SerializeToString(),
        "GetOpening": log_pb2.GetOpeningRequest(index=0).SerializeToString(),
        "GetUpload": blobs_pb2.GetUploadRequest(sha256=bytes(32)).SerializeToString(),
        "DownloadBlob": blobs_pb2.DownloadBlobRequest(sha256=bytes(32)).SerializeToString(),
    }


def break_tables(url: str) -> None:
    """Renames every table but the heads, as a mistaken migration would, while the hub serves."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in metadata.tables:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO gone_{table}"))
    engine.dispose()
