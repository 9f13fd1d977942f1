"""What tests of attachments share: callers, uploads, and the sums that must hold after every test."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Connection, func, select

from hub.blobs.service import MAX_PIECE_BYTES, BlobService
from hub.db import Database
from hub.interceptors.identity import Caller
from hub.policy import CallerKind
from hub.schema import blob_totals
from hub.schema import blobs as rows
from hub.telemetry import Telemetry, make_log

QUOTA = 64 << 20


def member(desk: str) -> Caller:
    """A desk that calls."""
    return Caller(CallerKind.MEMBER, desk=desk, agency=desk.partition("/")[0])


SFC = member("sfc/intake")
HKMA = member("hkma/intake")


def make_blobs(
    database: Database, objects: Any, clock: Any, telemetry: Telemetry | None = None, **limits: int
) -> BlobService:
    """One process's service."""
    given = {"agency_bytes": QUOTA, "keep_hours": 24} | limits
    return BlobService(database, objects, clock, telemetry or Telemetry(make_log("error")), **given)


async def pieces(data: bytes, *, then: BaseException | None = None) -> AsyncIterator[bytes]:
    """The data in messages of the greatest size, and an interruption where one is given."""
    for at in range(0, len(data), MAX_PIECE_BYTES):
        yield data[at : at + MAX_PIECE_BYTES]
    if then is not None:
        raise then


async def fetched(blobs: BlobService, who: Caller, sha256: bytes, offset: int = 0) -> bytes:
    """A download."""
    return b"".join([piece async for piece in blobs.download(who, sha256, offset)])


def named(data: bytes) -> bytes:
    """The name of a blob."""
    return hashlib.sha256(data).digest()


def totals_kept(connection: Connection) -> list[tuple[Any, ...]]:
    """What the rows of totals say of each agency that has anything."""
    t = blob_totals
    return [tuple(r) for r in connection.execute(select(t).where(t.c.stored > 0).order_by(t.c.agency))]


def totals_counted(connection: Connection) -> list[tuple[Any, ...]]:
    """The same, counted."""
    count = select(
        rows.c.agency, func.sum(rows.c.length), func.count(), func.count().filter(~rows.c.complete)
    ).group_by(rows.c.agency)
    return [tuple(r) for r in connection.execute(count.order_by(rows.c.agency))]
