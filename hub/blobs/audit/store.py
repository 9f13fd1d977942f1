"""Rows of attachments as the check reads them.

Never does: judge, touch the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, literal, select, tuple_

from hub.bulk import AnyRow
from hub.schema import blob_totals, blobs, envelope_blobs, envelopes

_ERASED = 4


def kept(connection: Connection) -> dict[str, tuple[int, int, int]]:
    """Returns (bytes, blobs, unfinished ones) of each agency as the totals say, without those who keep nothing."""
    t = blob_totals.c
    rows = connection.execute(select(t.agency, t.stored_bytes, t.stored, t.unfinished))
    return {row[0]: (row[1], row[2], row[3]) for row in rows if any(row[1:])}


def counted(connection: Connection) -> dict[str, tuple[int, int, int]]:
    """Returns the same, counted."""
    b = blobs.c
    rows = connection.execute(
        select(b.agency, func.sum(b.length), func.count(), func.count().filter(~b.complete)).group_by(b.agency)
    )
    return {row[0]: (int(row[1]), row[2], row[3]) for row in rows}


def wrong_offsets(connection: Connection) -> list[str]:
    """Returns agencies with a complete blob that is not as long as it was announced."""
    b = blobs.c
    return list(connection.execute(select(b.agency).where(b.complete, b.offset != b.length).distinct()).scalars())


def naming(connection: Connection, start: int, end: int) -> Sequence[AnyRow]:
    """Returns (index, message hash, header) of envelopes in a range of the log that are not erased."""
    e = envelopes.c
    query = select(e.idx, e.message_hash, e.header).where(e.idx >= start, e.idx < end, e.header.is_not(None))
    return connection.execute(query.order_by(e.idx)).all()


def named(connection: Connection, message_hashes: Sequence[bytes]) -> dict[bytes, list[AnyRow]]:
    """Returns (digest, agency, length or None, complete) of what each of some envelopes names, by message hash."""
    n, b = envelope_blobs.c, blobs.c
    found: dict[bytes, list[Any]] = {}
    rows = connection.execute(
        select(n.message_hash, n.sha256, n.agency, b.length, b.complete)
        .join_from(envelope_blobs, blobs, and_(b.agency == n.agency, b.sha256 == n.sha256), isouter=True)
        .where(n.message_hash.in_(message_hashes))
    )
    for row in rows:
        found.setdefault(bytes(row.message_hash), []).append(row)
    return found


def named_by_nothing(connection: Connection) -> int:
    """Returns how many names of attachments belong to no envelope, or to one that was erased."""
    n, e = envelope_blobs.c, envelopes.c
    query = (
        select(func.count())
        .select_from(envelope_blobs)
        .join(envelopes, e.message_hash == n.message_hash, isouter=True)
        .where((e.idx.is_(None)) | (e.state >= _ERASED))
    )
    return int(connection.execute(query).scalar_one())


def complete(connection: Connection, after: tuple[str, bytes], limit: int) -> Sequence[AnyRow]:
    """Returns (agency, digest, nonce, length) of complete blobs, in the order of their key.

    Args:
        connection: reads.
        after: key that the page begins after.
        limit: greatest number.
    """
    b = blobs.c
    return connection.execute(
        select(b.agency, b.sha256, b.nonce, b.length)
        .where(b.complete, tuple_(b.agency, b.sha256) > tuple_(literal(after[0]), literal(after[1])))
        .order_by(b.agency, b.sha256)
        .limit(limit)
    ).all()


def is_there(connection: Connection, agency: str, sha256: bytes, nonce: bytes) -> bool:
    """Returns whether a blob is still that upload."""
    b = blobs.c
    query = select(b.agency).where(b.agency == agency, b.sha256 == sha256, b.nonce == nonce, b.complete)
    return connection.execute(query).first() is not None
