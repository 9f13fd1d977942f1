"""Rows of attachments: how far each upload is, whose it is, and which envelopes name it.

Never does: touch the bytes (`objects`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from comity.names import agency_of
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, update

from hub.log.domain import LogName
from hub.schema import blobs, envelope_blobs, envelopes, log_heads


class EnvelopeState(IntEnum):
    """States of an envelope in which its recipients may read what it names."""

    LIVE = 1
    EXPIRED = 3


@dataclass(frozen=True, slots=True)
class Upload:
    """One blob of one agency."""

    length: int
    """Bytes announced."""
    offset: int
    """Bytes durable."""
    complete: bool
    """Whether all are there and have the digest."""


def find(connection: Connection, agency: str, sha256: bytes) -> Upload | None:
    """Returns an agency's own blob, or None."""
    row = connection.execute(
        select(blobs.c.length, blobs.c.offset, blobs.c.complete).where(_key(agency, sha256))
    ).one_or_none()
    return None if row is None else Upload(row.length, row.offset, row.complete)


def stored_bytes(connection: Connection, agency: str) -> int:
    """Returns the bytes an agency keeps here, with those it has announced."""
    total = connection.execute(
        select(func.coalesce(func.sum(blobs.c.length), 0)).where(blobs.c.agency == agency)
    ).scalar_one()
    return int(total)


def begin(connection: Connection, agency: str, sha256: bytes, length: int, now: int) -> None:
    """Announces a blob."""
    connection.execute(
        insert(blobs).values(agency=agency, sha256=sha256, length=length, offset=0, complete=False, created=now)
    )


def advance(connection: Connection, agency: str, sha256: bytes, *, offset: int, to: int, now: int) -> bool:
    """Moves an upload on; returns False where another call moved it meanwhile."""
    moved = connection.execute(
        update(blobs)
        .where(_key(agency, sha256), blobs.c.offset == offset, ~blobs.c.complete)
        .values(offset=to, created=now)
    )
    return bool(moved.rowcount == 1)


def finish(connection: Connection, agency: str, sha256: bytes, now: int) -> bool:
    """Says that a blob is whole and has its digest; returns False where it was collected meanwhile."""
    done = connection.execute(
        update(blobs).where(_key(agency, sha256)).values(offset=blobs.c.length, complete=True, created=now)
    )
    return bool(done.rowcount == 1)


def discard(connection: Connection, agency: str, sha256: bytes) -> None:
    """Forgets an upload that is not complete."""
    connection.execute(delete(blobs).where(_key(agency, sha256), ~blobs.c.complete))


def owner_for(connection: Connection, agency: str, sha256: bytes) -> tuple[str, int] | None:
    """Returns (uploader, length) of a complete blob that an agency may read, or None.

    It may where it uploaded the blob itself, or where an envelope that names it was sent to one of its desks.
    """
    own = find(connection, agency, sha256)
    if own is not None and own.complete:
        return agency, own.length
    rows = connection.execute(
        select(envelope_blobs.c.agency, envelopes.c.recipients, blobs.c.length)
        .join(envelopes, envelopes.c.message_hash == envelope_blobs.c.message_hash)
        .join(
            blobs,
            and_(blobs.c.agency == envelope_blobs.c.agency, blobs.c.sha256 == envelope_blobs.c.sha256),
        )
        .where(envelope_blobs.c.sha256 == sha256, envelopes.c.state.in_(list(EnvelopeState)), blobs.c.complete)
    )
    for uploader, recipients, length in rows:
        if any(agency_of(desk) == agency for desk in recipients.splitlines()):
            return uploader, length
    return None


def collect(connection: Connection, before: int) -> list[tuple[str, bytes]]:
    """Forgets blobs untouched since a moment that are unfinished or not named by any envelope.

    Returns:
        (agency, digest) of each.
    """
    # The sequencer looks blobs up in a transaction that holds this row: none can be named while it is forgotten.
    connection.execute(select(log_heads.c.size).where(log_heads.c.log == int(LogName.EXCHANGE)).with_for_update())
    named = exists().where(envelope_blobs.c.agency == blobs.c.agency, envelope_blobs.c.sha256 == blobs.c.sha256)
    found = [
        (str(row.agency), bytes(row.sha256))
        for row in connection.execute(
            select(blobs.c.agency, blobs.c.sha256).where(blobs.c.created < before, or_(~blobs.c.complete, ~named))
        )
    ]
    for agency, sha256 in found:
        connection.execute(delete(blobs).where(_key(agency, sha256)))
    return found


def known(connection: Connection) -> dict[tuple[str, bytes], bool]:
    """Returns every blob and upload there is: (agency, digest) to whether it is complete."""
    rows = connection.execute(select(blobs.c.agency, blobs.c.sha256, blobs.c.complete))
    return {(row.agency, bytes(row.sha256)): row.complete for row in rows}


def _key(agency: str, sha256: bytes) -> ColumnElement[bool]:
    return and_(blobs.c.agency == agency, blobs.c.sha256 == sha256)
