"""Rows of attachments: how far each upload is, whose it is, which envelopes name it, and what an agency keeps here.

An agency's totals stand in one row, which is locked before any of its blobs is added, completed or removed: so a quota
is checked and taken in one step, on every engine. Where a transaction needs the log's head too, it takes that first.

Never does: touch the bytes (`objects`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)

from hub.log.domain import LogName
from hub.schema import blob_totals, blobs, deliveries, envelope_blobs, envelopes, log_heads

_FIRST_TOTALS = text(
    "INSERT INTO blob_totals (agency, stored_bytes, stored, unfinished) VALUES (:agency, 0, 0, 0)"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One blob of one agency."""

    nonce: bytes
    """In the names of its objects. A row that is made anew has another one, so that nothing meant for it hits this."""
    length: int
    """Bytes announced."""
    offset: int = 0
    """Bytes durable."""
    parts: int = 0
    """Objects that hold them until it is complete."""
    complete: bool = False
    """Whether all are there and have the digest."""
    touched: int = 0
    """When it last moved on, Unix milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What one agency keeps here, with what it has announced."""

    stored_bytes: int = 0
    stored: int = 0
    unfinished: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A complete blob that a desk may read."""

    agency: str
    """Who uploaded it."""
    length: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Stale:
    """A blob that may have to go."""

    agency: str
    sha256: bytes
    complete: bool


def find(connection: Connection, agency: str, sha256: bytes) -> Upload | None:
    """Returns an agency's own blob, or None."""
    b = blobs.c
    row = connection.execute(
        select(b.nonce, b.length, b.offset, b.parts, b.complete, b.created).where(_key(agency, sha256))
    ).one_or_none()
    return None if row is None else Upload(bytes(row[0]), *row[1:])


def totals(connection: Connection, agency: str, *, lock: bool = False) -> Totals:
    """Returns what an agency keeps here.

    Args:
        connection: one that writes, where `lock` is set.
        agency: whose.
        lock: True where no other transaction may change it until this one ends.
    """
    t = blob_totals.c
    query = select(t.stored_bytes, t.stored, t.unfinished).where(t.agency == agency)
    if lock:
        connection.execute(_FIRST_TOTALS, {"agency": agency})
        query = query.with_for_update()
    row = connection.execute(query).one_or_none()
    return Totals() if row is None else Totals(*row)


def begin(connection: Connection, agency: str, sha256: bytes, upload: Upload, desk: str) -> None:
    """Announces a blob. The agency's totals are locked."""
    connection.execute(
        insert(blobs).values(
            agency=agency,
            sha256=sha256,
            nonce=upload.nonce,
            desk=desk,
            length=upload.length,
            offset=0,
            parts=0,
            complete=False,
            created=upload.touched,
        )
    )
    _add(connection, agency, stored_bytes=upload.length, stored=1, unfinished=1)


def touch(connection: Connection, agency: str, sha256: bytes, now: int) -> bool:
    """Says that somebody still wants a complete blob: it is kept as one uploaded now. False where it is gone."""
    done = connection.execute(update(blobs).where(_key(agency, sha256), blobs.c.complete).values(created=now))
    return bool(done.rowcount == 1)


def advance(
    connection: Connection, agency: str, sha256: bytes, nonce: bytes, *, offset: int, to: int, now: int
) -> bool:
    """Moves an upload on; returns False where another call moved it meanwhile, or began it anew."""
    moved = connection.execute(
        update(blobs)
        .where(_unfinished(agency, sha256, nonce), blobs.c.offset == offset)
        .values(offset=to, parts=blobs.c.parts + 1, created=now)
    )
    return bool(moved.rowcount == 1)


def finish(
    connection: Connection, agency: str, sha256: bytes, nonce: bytes, *, length: int, desk: str, now: int
) -> bool:
    """Says that a blob is whole and has its digest; returns False where it is not that upload any more."""
    totals(connection, agency, lock=True)
    done = connection.execute(
        update(blobs)
        .where(_unfinished(agency, sha256, nonce), blobs.c.length == length)
        .values(offset=length, complete=True, desk=desk, created=now)
    )
    if done.rowcount != 1:
        return False
    _add(connection, agency, unfinished=-1)
    return True


def discard(connection: Connection, agency: str, sha256: bytes, nonce: bytes) -> bool:
    """Forgets an upload that is not complete; returns False where it is not that upload any more."""
    totals(connection, agency, lock=True)
    return _delete(connection, agency, _unfinished(agency, sha256, nonce), complete=False) == 1


def readable(connection: Connection, desk: str, agency: str, sha256: bytes) -> Found | None:
    """Returns a complete blob that a desk may read, or None.

    It may where it uploaded the blob itself, sent an envelope that names it, or holds the wrap of one: what was
    withdrawn from it, expired or was erased has none.
    """
    b, e, d = blobs.c, envelopes.c, deliveries.c
    own = connection.execute(
        select(b.agency, b.length, b.nonce).where(_key(agency, sha256), b.complete, b.desk == desk)
    ).one_or_none()
    row = (
        own
        or connection.execute(
            select(b.agency, b.length, b.nonce)
            .select_from(envelope_blobs)
            .join(envelopes, e.message_hash == envelope_blobs.c.message_hash)
            .join(blobs, and_(b.agency == envelope_blobs.c.agency, b.sha256 == envelope_blobs.c.sha256))
            .outerjoin(deliveries, and_(d.desk == desk, d.idx == e.idx))
            .where(envelope_blobs.c.sha256 == sha256, b.complete, or_(e.sender == desk, d.wrap.is_not(None)))
            .limit(1)
        ).one_or_none()
    )
    return None if row is None else Found(row.agency, row.length, bytes(row.nonce))


def stale(connection: Connection, before: int, after: tuple[str, bytes], limit: int) -> list[Stale]:
    """Returns blobs untouched since a moment that are unfinished or that no envelope names, in the order of their key.

    Args:
        connection: reads.
        before: Unix milliseconds UTC.
        after: key that the page begins after.
        limit: greatest number.
    """
    b = blobs.c
    rows = connection.execute(
        select(b.agency, b.sha256, b.complete)
        .where(tuple_(b.agency, b.sha256) > tuple_(literal(after[0]), literal(after[1])))
        .where(b.created < before, or_(~b.complete, ~_named()))
        .order_by(b.agency, b.sha256)
        .limit(limit)
    )
    return [Stale(row.agency, bytes(row.sha256), row.complete) for row in rows]


def forget(connection: Connection, agency: str, some: Sequence[bytes], before: int, *, complete: bool) -> int:
    """Forgets those of an agency's blobs that are still stale; returns how many.

    Args:
        connection: writes.
        agency: whose.
        some: digests, few enough for one transaction.
        before: Unix milliseconds UTC.
        complete: True for complete blobs that no envelope names, False for unfinished uploads.
    """
    which = and_(blobs.c.agency == agency, blobs.c.sha256.in_(some), blobs.c.created < before)
    if complete:
        # The sequencer looks blobs up in a transaction that holds this row: none can be named while it is forgotten.
        # It takes no unfinished one, so that these go without it.
        connection.execute(select(log_heads.c.size).where(log_heads.c.log == int(LogName.EXCHANGE)).with_for_update())
        which = and_(which, blobs.c.complete, ~_named())
    else:
        which = and_(which, ~blobs.c.complete)
    totals(connection, agency, lock=True)
    return _delete(connection, agency, which, complete=complete)


def known(connection: Connection, some: Mapping[str, Iterable[bytes]]) -> dict[tuple[str, bytes], bool]:
    """Returns what is known of these digests of each agency: (agency, nonce) to whether the blob is complete."""
    b = blobs.c
    found: dict[tuple[str, bytes], bool] = {}
    for agency, digests in some.items():
        rows = connection.execute(select(b.nonce, b.complete).where(b.agency == agency, b.sha256.in_(list(digests))))
        found |= {(agency, bytes(row.nonce)): bool(row.complete) for row in rows}
    return found


def _add(connection: Connection, agency: str, *, stored_bytes: int = 0, stored: int = 0, unfinished: int = 0) -> None:
    t = blob_totals.c
    connection.execute(
        update(blob_totals)
        .where(t.agency == agency)
        .values(
            stored_bytes=t.stored_bytes + stored_bytes, stored=t.stored + stored, unfinished=t.unfinished + unfinished
        )
    )


def _delete(connection: Connection, agency: str, which: ColumnElement[bool], *, complete: bool) -> int:
    """Deletes rows of an agency, all complete or none, and takes them off its totals, which are locked."""
    gone = connection.execute(select(blobs.c.sha256, blobs.c.length).where(which).with_for_update()).all()
    if gone:
        digests = [row.sha256 for row in gone]
        connection.execute(delete(blobs).where(blobs.c.agency == agency, blobs.c.sha256.in_(digests)))
        stored_bytes, count = sum(row.length for row in gone), len(gone)
        _add(connection, agency, stored_bytes=-stored_bytes, stored=-count, unfinished=0 if complete else -count)
    return len(gone)


def _named() -> ColumnElement[bool]:
    return exists().where(envelope_blobs.c.agency == blobs.c.agency, envelope_blobs.c.sha256 == blobs.c.sha256)


def _key(agency: str, sha256: bytes) -> ColumnElement[bool]:
    return and_(blobs.c.agency == agency, blobs.c.sha256 == sha256)


def _unfinished(agency: str, sha256: bytes, nonce: bytes) -> ColumnElement[bool]:
    return and_(_key(agency, sha256), blobs.c.nonce == nonce, ~blobs.c.complete)
